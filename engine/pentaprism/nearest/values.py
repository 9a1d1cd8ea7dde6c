"""The value nearest to one that a schema does not take. Row 4.

It knows JSON Schema, sizes and shapes, and no parameter. What it finds is a proposal: whoever asks must check it. It
must not make anything up: where nothing is near, it finds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ..compile.checks import build_check
from ..errors import did_you_mean
from ..types import AspectRatio, Size, Tier

__all__ = ["Repair", "among", "repairs", "takes"]

# A sentence does not list more values than a person reads.
_MOST_LISTED = 8


class Repair(NamedTuple):
    """One value to put in place of another: where inside the value, what (None: leave it out), and why this."""

    path: tuple[str, ...]
    after: Any
    why: str


def repairs(schema: Mapping[str, Any], value: Any) -> list[Repair]:
    """What to change for a schema to take a value; empty where nothing near is known.

    >>> repairs({"type": "integer", "minimum": 1, "maximum": 50}, 60)
    [Repair(path=(), after=50, why='its largest')]
    >>> repairs({"enum": ["none", "regular", "high"]}, "hihg")
    [Repair(path=(), after='high', why='it takes none, regular or high')]
    """
    if "anyOf" in schema:
        found = [one for branch in schema["anyOf"] if (one := repairs(branch, value))]
        return min(found, key=len, default=[])
    if isinstance(value, Mapping):
        return _inside(schema, value)
    near = _scalar(schema, value)
    return [] if near is None else [Repair((), *near)]


def takes(schema: Mapping[str, Any]) -> str:
    """What a schema takes, where it is a list short enough to read: `it takes none, regular or high`; else empty."""
    listed = _listed(schema)
    if not listed or len(listed) > _MOST_LISTED:
        return ""
    words = [str(value) for value in listed]
    return f"it takes {words[0] if len(words) == 1 else ', '.join(words[:-1]) + ' or ' + words[-1]}"


def among(allowed: Sequence[Any], value: Any) -> Any:
    """The one of some values that is nearest to another, None where none is near.

    Numbers, sizes, shapes and scales are compared by what they mean, other text by its letters.

    >>> among(["1:1", "16:9", "4:1"], "7:1"), among(["1", "0.25"], 1), among(["low", "high"], "ultra")
    ('4:1', '1', None)
    """
    if value is None:
        return None
    same = [one for one in allowed if str(one).lower() == str(value).lower()]
    if same:
        return same[0]
    numbers = [one for one in allowed if _is_number(one)]
    if _is_number(value) and numbers:
        return min(numbers, key=lambda one: abs(one - value))
    texts = [one for one in allowed if isinstance(one, str)]
    near = _by_meaning(texts, str(value))
    return near if near is not None else next(iter(did_you_mean(str(value), texts, count=1)), None)


def _listed(schema: Mapping[str, Any]) -> Sequence[Any]:
    listed: Sequence[Any] = schema.get("enum", [schema["const"]] if "const" in schema else ())
    return listed


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _by_meaning(texts: Sequence[str], value: str) -> str | None:
    """The nearest of some texts that are all read the same way as the one asked for."""
    for read, apart in _READERS:
        asked = _read(read, value)
        known = [(text, meant) for text in texts if (meant := _read(read, text)) is not None]
        if asked is not None and known:
            return min(known, key=lambda one: apart(asked, one[1]))[0]
    return None


def _read(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return None


def _sizes_apart(one: Size, other: Size) -> tuple[float, float]:
    return (abs(math.log(one.shape / other.shape)), abs(math.log(one.pixels / other.pixels)))


def _shapes_apart(one: AspectRatio, other: AspectRatio) -> float:
    return abs(math.log(one.shape / other.shape))


def _scales_apart(one: Tier, other: Tier) -> float:
    return abs(math.log(one.area / other.area))


_READERS: tuple[tuple[Callable[[str], Any], Callable[[Any, Any], Any]], ...] = (
    (Size.parse, _sizes_apart),
    (AspectRatio.parse, _shapes_apart),
    (Tier.parse, _scales_apart),
)


def _inside(schema: Mapping[str, Any], value: Mapping[str, Any]) -> list[Repair]:
    """The parts of an object that do not fit, each repaired or left out; nothing where a part it needs is missing."""
    parts, required = schema.get("properties", {}), schema.get("required", ())
    if not parts or any(name not in value for name in required):
        return []
    found: list[Repair] = []
    for name, entry in value.items():
        if name not in parts:
            found.append(Repair((name,), None, "there is no such field"))
        elif build_check(parts[name])(entry) is not None:
            mended = repairs(parts[name], entry)
            if not mended and name in required:
                return []
            mended = mended or [Repair((), None, takes(parts[name]) or "its value does not fit")]
            found.extend(Repair((name, *one.path), one.after, one.why) for one in mended)
    return found


def _scalar(schema: Mapping[str, Any], value: Any) -> tuple[Any, str] | None:
    """The nearest single value and why it is, None where none is near."""
    listed = _listed(schema)
    if listed:
        near = among(listed, value)
        return None if near is None else (near, takes(schema) or f"the nearest of the {len(listed)} it takes")
    kinds = schema.get("type", ())
    if "boolean" in kinds:
        truth = {"true": True, "false": False}.get(str(value).lower())
        return None if truth is None else (truth, "it takes true or false")
    if "integer" in kinds or "number" in kinds:
        number = value if _is_number(value) else _read(float, str(value))
        return None if number is None or not math.isfinite(number) else _within(schema, number)
    longest = schema.get("maxLength")
    if isinstance(value, str) and longest is not None and len(value) > longest:
        return value[:longest], "its longest"
    return (str(value), "it takes text") if "string" in kinds and _is_number(value) else None


def _within(schema: Mapping[str, Any], number: float) -> tuple[Any, str] | None:
    """The nearest number in the schema's range and on its steps; None beside a bound that is not itself allowed."""
    step, why = _step(schema)
    near = Fraction(str(number))
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    above, below = _bound(schema, "exclusiveMinimum"), _bound(schema, "exclusiveMaximum")
    if step is not None:
        low = low if above is None else (above // step + 1) * step
        high = high if below is None else (-(-below // step) - 1) * step
    elif (above is not None and near <= above) or (below is not None and near >= below):
        return None
    if low is not None and near < low:
        near, why = low, "its smallest"
    elif high is not None and near > high:
        near, why = high, "its largest"
    near = near if step is None else _on_step(near, step, low, high)
    return (int(near) if near.denominator == 1 else float(near)), why


def _step(schema: Mapping[str, Any]) -> tuple[Fraction | None, str]:
    """What every number is a multiple of, None where of nothing; and how that is said."""
    whole, step = "number" not in schema["type"], schema.get("multipleOf")
    if step is None:
        return (Fraction(1), "it takes whole numbers") if whole else (None, "it takes numbers")
    multiple = Fraction(str(step))
    # Of the multiples of a fraction, the whole ones are the multiples of its numerator.
    return Fraction(multiple.numerator) if whole else multiple, f"it counts in steps of {step}"


def _bound(schema: Mapping[str, Any], name: str) -> Fraction | None:
    return Fraction(str(schema[name])) if name in schema else None


def _on_step(near: Fraction, step: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    """The nearest multiple of a step, inside the bounds where one of the two around it is."""
    down = near // step * step
    up = down if down == near else down + step
    nearer = up if up - near <= near - down else down
    if high is not None and nearer > high:
        return down
    return up if low is not None and nearer < low else nearer
