"""Values that fit a schema: every one of its enum, both ends of its range, every alternative, every nested field.

Row 7. What fits is for jsonschema to say and not for the engine's own checks, or a check that refuses too much would
never be noticed. It must not know what a field means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from .validator import build_validator

__all__ = ["Fits", "samples", "spread"]

Fits: TypeAlias = Callable[[str, Any], bool]
"""Whether a value may be used at a path (`a.b`, `a[]`), beyond what the schema says."""

_TEXTS = ("a", "some text")
# Beyond this a text is only slow; no contract asks for more.
_LONGEST_TEXT = 32_000
_LONGEST_LIST = 20
# A range is tried at its ends and at this many places between.
_BETWEEN = 5
# Where nothing bounds a number: up to what a 32-bit integer holds, since nobody can say where it ends.
_UNBOUNDED = 2**31 - 1


def _anything(path: str, value: Any) -> bool:
    return True


def samples(schema: Mapping[str, Any], path: str = "", fits: Fits = _anything) -> list[Any]:
    """A few values of a schema that between them show all it allows by name; none where only a pattern would tell.

    Each is valid. A null is none of them, because no body holds one.

    >>> samples({"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["auto"]}]})
    [True, False, 'auto']
    """
    valid = build_validator(schema).is_valid
    found: list[Any] = []
    for value in (*_stated(schema), *_made(schema, path, fits)):
        known = any(type(value) is type(one) and value == one for one in found)
        if value is not None and not known and valid(value) and fits(path, value):
            found.append(value)
    return found


def _stated(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values the schema itself gives: all it allows, or those that help where a pattern stands in the way."""
    if "const" in schema:
        yield schema["const"]
    yield from schema.get("enum", ())
    if "pattern" in schema:
        yield from schema.get("examples", ())
        yield schema.get("default")


def _made(schema: Mapping[str, Any], path: str, fits: Fits) -> Iterator[Any]:
    for part in schema.get("anyOf", ()):
        yield from samples(part, path, fits)
    if "enum" in schema or "const" in schema:
        return
    stated = schema.get("type", "object" if "properties" in schema else ())
    for kind in (stated,) if isinstance(stated, str) else stated:
        if kind in _MAKERS:
            yield from _MAKERS[kind](schema, path, fits)


def spread(low: float, high: float, *, whole: bool) -> list[Any]:
    """Both ends of a range and a few places between.

    >>> spread(1, 4, whole=True)
    [1, 2, 3, 4]
    """
    places = [low + (high - low) * step / (_BETWEEN + 1) for step in range(_BETWEEN + 1)]
    return list(dict.fromkeys([*map(int, places), int(high)])) if whole else [*places, high]


def _integers(schema: Mapping[str, Any], path: str, fits: Fits) -> list[Any]:
    return _range(schema, below=1)


def _numbers(schema: Mapping[str, Any], path: str, fits: Fits) -> list[Any]:
    return _range(schema, below=0)


def _range(schema: Mapping[str, Any], *, below: int) -> list[Any]:
    """Numbers of a schema; `below` is how far the first number that fits stands from an exclusive bound."""
    low = schema.get("minimum", schema.get("exclusiveMinimum", -below) + below)
    high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, _UNBOUNDED) + below) - below)
    step = schema.get("multipleOf")
    values = spread(low, high, whole=below == 1)
    return values if step is None else [type(step)(round(value / step) * step) for value in values]


def _strings(schema: Mapping[str, Any], path: str, fits: Fits) -> Iterator[str]:
    yield from _TEXTS
    for length in (schema.get("minLength", 0), schema.get("maxLength", 0)):
        if 0 < length <= _LONGEST_TEXT:
            yield "x" * length


def _lists(schema: Mapping[str, Any], path: str, fits: Fits) -> Iterator[list[Any]]:
    """Each entry there can be on its own, and the longest list that is allowed."""
    entries = samples(schema.get("items", {}), f"{path}[]", fits)
    fewest = max(1, schema.get("minItems", 1))
    for entry in entries:
        yield [entry] * fewest
    if entries:
        longest = min(schema.get("maxItems", len(entries)), _LONGEST_LIST)
        yield [entries[index % len(entries)] for index in range(longest)]


def _objects(schema: Mapping[str, Any], path: str, fits: Fits) -> Iterator[dict[str, Any]]:
    """What is required alone, and as many objects with every field as it takes to show every value of each."""
    fields = {
        name: values
        for name, part in schema.get("properties", {}).items()
        if (values := samples(part, f"{path}.{name}" if path else name, fits))
    }
    yield {name: fields[name][0] for name in schema.get("required", ()) if name in fields}
    for index in range(max((len(values) for values in fields.values()), default=0)):
        yield {name: values[index % len(values)] for name, values in fields.items()}


_MAKERS: Mapping[str, Callable[[Mapping[str, Any], str, Fits], Any]] = {
    "boolean": lambda schema, path, fits: (True, False),
    "integer": _integers,
    "number": _numbers,
    "string": _strings,
    "array": _lists,
    "object": _objects,
}
