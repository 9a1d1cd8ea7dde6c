"""What changed between a contract as stored and as the provider serves it now, field by field.

Row 3, and pure. A change `breaks` where a body that the stored contract allows could now be refused; everything else
is worth knowing. Names, descriptions and notes are no change, nor is null, since no body holds one. This module must
not know who serves a contract.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from .contract_merge import Unmergeable, implied_type, is_same, merge

__all__ = ["Change", "ChangeKind", "drift"]

Schema = Mapping[str, Any]


class ChangeKind(StrEnum):
    """The ways one field can change."""

    FIELD_ADDED = "field-added"
    FIELD_REMOVED = "field-removed"
    TYPE_CHANGED = "type-changed"
    TYPE_WIDENED = "type-widened"
    ALTERNATIVE_ADDED = "alternative-added"
    ALTERNATIVE_REMOVED = "alternative-removed"
    VALUES_ADDED = "values-added"
    VALUES_REMOVED = "values-removed"
    RANGE_WIDENED = "range-widened"
    RANGE_NARROWED = "range-narrowed"
    DEFAULT_CHANGED = "default-changed"
    NOW_REQUIRED = "now-required"
    NO_LONGER_REQUIRED = "no-longer-required"
    PATTERN_CHANGED = "pattern-changed"
    FORMAT_CHANGED = "format-changed"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field.

    `path` is the field's, dotted, with `[]` for the entries of a list, and empty for the request as a whole. `before`
    and `after` are JSON-able: values, a default, or a type or range in words; None is "nothing stated".
    """

    path: str
    kind: ChangeKind
    breaks: bool
    before: Any = None
    after: Any = None

    @property
    def severity(self) -> str:
        """`break` where bodies that were right could now be refused, else `note`."""
        return "break" if self.breaks else "note"

    @property
    def message(self) -> str:
        """The change as a clause that reads on from the field's name."""
        return _MESSAGES[self.kind](self.before, self.after)

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON-able data."""
        return {
            "field": self.path,
            "change": self.kind.value,
            "severity": self.severity,
            "before": self.before,
            "after": self.after,
            "message": self.message,
        }


def drift(stored: Schema, served: Schema) -> tuple[Change, ...]:
    """Every change from the stored contract to the one served, in the order of the stored fields, then of new ones.

    >>> old = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 4}}}
    >>> new = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 2}}}
    >>> [(one.path, one.severity, one.message) for one in drift(old, new)]
    [('n', 'break', 'takes 1 to 2 now, not 1 to 4')]
    """
    return tuple(_between("", stored, served))


def _between(path: str, stored: Schema, served: Schema) -> Iterator[Change]:
    """The changes of one field: its default, its types, and then each alternative it had before and has now."""
    before, after = stored.get("default"), served.get("default")
    if not is_same(before, after):
        yield Change(path, ChangeKind.DEFAULT_CHANGED, False, before, after)
    ours, theirs = _by_type(stored), _by_type(served)
    lost = [name for name in ours if not _is_covered(name, theirs)]
    gained = [name for name in theirs if not _is_covered(name, ours)]
    if lost or gained:
        kind = ChangeKind.TYPE_CHANGED if lost else ChangeKind.TYPE_WIDENED
        yield Change(path, kind, bool(lost), " or ".join(ours), " or ".join(theirs))
    for name, alternatives in ours.items():
        # 3 is a number as well as a whole number, so a range is compared across the two.
        other = {"integer": "number", "number": "integer"}.get(name, name)
        counterpart = name if name in theirs else other if other in theirs and other not in ours else None
        if counterpart is not None:
            yield from _alternatives(path, [{**one, "type": counterpart} for one in alternatives], theirs[counterpart])


def _by_type(schema: Schema) -> dict[str, list[Schema]]:
    """The alternatives of a schema by their type; `any` where a type is neither named nor implied."""
    found: dict[str, list[Schema]] = {}
    for one in _spread(schema):
        name = one.get("type") or implied_type(one) or "any"
        if name != "null":
            found.setdefault(name, []).append({**one, "type": name})
    return found


def _spread(schema: Schema) -> Iterator[Schema]:
    """A schema as alternatives of one type each."""
    beside = {keyword: value for keyword, value in schema.items() if keyword not in ("anyOf", "default")}
    if "anyOf" in schema:
        for branch in schema["anyOf"]:
            try:
                yield from _spread(merge(beside, branch))
            except Unmergeable:
                continue  # no value fits this alternative and what stands beside it
    elif isinstance(schema.get("type"), list):
        for name in schema["type"]:
            yield {**beside, "type": name}
    else:
        yield beside


def _is_covered(name: str, types: Mapping[str, Any]) -> bool:
    return name in types or "any" in types or (name == "integer" and "number" in types)


def _alternatives(path: str, stored: Sequence[Schema], served: Sequence[Schema]) -> Iterator[Change]:
    """The changes among alternatives of one type: equal ones pair off first, then those left, in order."""
    left = [one for one in stored if not any(_is_unchanged(one, other) for other in served)]
    new = [other for other in served if not any(_is_unchanged(one, other) for one in stored)]
    for one, other in zip(left, new, strict=False):
        yield from _within(path, one, other)
    for one in left[len(new) :]:
        yield Change(path, ChangeKind.ALTERNATIVE_REMOVED, True, _outline(one), None)
    for other in new[len(left) :]:
        yield Change(path, ChangeKind.ALTERNATIVE_ADDED, False, None, _outline(other))


def _is_unchanged(stored: Schema, served: Schema) -> bool:
    return next(_within("", stored, served), None) is None


def _within(path: str, stored: Schema, served: Schema) -> Iterator[Change]:
    """The changes between two schemas of one type."""
    yield from _values(path, stored, served)
    for before, after in ((_range(stored), _range(served)), (_count(stored), _count(served))):
        yield from _bounds(path, before, after)
    pattern, now = stored.get("pattern"), served.get("pattern")
    if pattern != now:
        yield Change(path, ChangeKind.PATTERN_CHANGED, now is not None, pattern, now)
    if stored.get("format") != served.get("format"):
        yield Change(path, ChangeKind.FORMAT_CHANGED, False, stored.get("format"), served.get("format"))
    if "items" in stored or "items" in served:
        yield from _between(f"{path}[]", stored.get("items", {}), served.get("items", {}))
    yield from _fields(path, stored, served)


def _fields(path: str, stored: Schema, served: Schema) -> Iterator[Change]:
    was_open, is_open = (one.get("additionalProperties") is True for one in (stored, served))
    if was_open != is_open:
        yield Change(path, ChangeKind.OPENED if is_open else ChangeKind.CLOSED, was_open)
    ours, theirs = stored.get("properties", {}), served.get("properties", {})
    needed, needs = stored.get("required", ()), served.get("required", ())
    for name, field in ours.items():
        place = f"{path}.{name}" if path else name
        if name not in theirs:
            yield Change(place, ChangeKind.FIELD_REMOVED, not is_open, _outline(field), None)
            continue
        yield from _between(place, field, theirs[name])
        if (name in needed) != (name in needs):
            kind = ChangeKind.NOW_REQUIRED if name in needs else ChangeKind.NO_LONGER_REQUIRED
            yield Change(place, kind, name in needs)
    for name, field in theirs.items():
        if name not in ours:
            place, outline = f"{path}.{name}" if path else name, _outline(field)
            yield Change(
                place, ChangeKind.FIELD_ADDED, name in needs, None, f"required, {outline}" if name in needs else outline
            )


def _values(path: str, stored: Schema, served: Schema) -> Iterator[Change]:
    ours, theirs = _listed(stored), _listed(served)
    if ours is None and theirs is not None:
        yield Change(path, ChangeKind.VALUES_REMOVED, True, None, theirs)
    elif ours is not None and theirs is None:
        yield Change(path, ChangeKind.VALUES_ADDED, False, ours, None)
    elif ours is not None and theirs is not None:
        gone = [one for one in ours if not any(is_same(one, other) for other in theirs)]
        new = [one for one in theirs if not any(is_same(one, other) for other in ours)]
        if gone:
            yield Change(path, ChangeKind.VALUES_REMOVED, True, gone, theirs)
        if new:
            yield Change(path, ChangeKind.VALUES_ADDED, False, ours, new)


def _listed(schema: Schema) -> list[Any] | None:
    if "enum" in schema:
        return list(schema["enum"])
    return [schema["const"]] if "const" in schema else None


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The numbers allowed: from `low` (beyond it where `above`) to `high`, in multiples of `step`; and it in words."""

    low: Fraction | None
    above: bool
    high: Fraction | None
    below: bool
    step: Fraction | None
    words: str | None

    def holds(self, other: _Bounds) -> bool:
        """Whether all numbers of the other are among these."""
        if self.low is not None and (other.low is None or (other.low, other.above) < (self.low, self.above)):
            return False
        if self.high is not None and (other.high is None or (-other.high, other.below) < (-self.high, self.below)):
            return False
        return self.step is None or (other.step is not None and other.step % self.step == 0)


def _range(schema: Schema) -> _Bounds:
    low, above = _tighter(schema, "minimum", "exclusiveMinimum", 1)
    high, below = _tighter(schema, "maximum", "exclusiveMaximum", -1)
    step = schema.get("multipleOf")
    whole = schema.get("type") == "integer"
    return _Bounds(
        low=low,
        above=above,
        high=high,
        below=below,
        step=_exact(step) if step is not None else Fraction(1) if whole else None,
        words=_spoken(low, above, high, below, step),
    )


def _tighter(schema: Schema, bound: str, exclusive: str, sign: int) -> tuple[Fraction | None, bool]:
    """The bound of one side and whether it is itself left out; for whole numbers it never is."""
    found = [(_exact(schema[key]), key == exclusive) for key in (bound, exclusive) if schema.get(key) is not None]
    if not found:
        return None, False
    value, beyond = max(found, key=lambda one: (sign * one[0], one[1]))
    if schema.get("type") == "integer":
        whole = Fraction(sign * math.ceil(sign * value))
        return (whole + sign if beyond and whole == value else whole), False
    return value, beyond


def _count(schema: Schema) -> _Bounds:
    """How many characters, or entries, are allowed."""
    noun = "entries" if schema.get("type") == "array" else "characters"
    low, high = (schema.get(f"{side}{'Items' if noun == 'entries' else 'Length'}") for side in ("min", "max"))
    least, most = Fraction(low or 0), None if high is None else Fraction(high)
    words = _spoken(least or None, False, most, False, None)
    return _Bounds(least, False, most, False, None, f"{words} {noun}" if words else None)


def _exact(number: float) -> Fraction:
    return Fraction(str(number))


def _spoken(low: Fraction | None, above: bool, high: Fraction | None, below: bool, step: Any) -> str | None:
    def number(value: Fraction) -> str:
        return str(value.numerator) if value.denominator == 1 else str(float(value))

    words = []
    if low is not None and high is not None and not above and not below:
        words.append(f"{number(low)} to {number(high)}")
    else:
        words += [f"{'above' if above else 'at least'} {number(low)}"] if low is not None else []
        words += [f"{'below' if below else 'at most'} {number(high)}"] if high is not None else []
    words += [f"in multiples of {step}"] if step is not None else []
    return ", ".join(words) or None


def _bounds(path: str, before: _Bounds, after: _Bounds) -> Iterator[Change]:
    if not after.holds(before):
        yield Change(path, ChangeKind.RANGE_NARROWED, True, before.words, after.words)
    elif not before.holds(after):
        yield Change(path, ChangeKind.RANGE_WIDENED, False, before.words, after.words)


def _outline(schema: Schema) -> str:
    """A schema in a few words: what it takes, of which range or values."""
    return " or ".join(dict.fromkeys(_outlined(one) for one in _spread(schema))) or "nothing"


def _outlined(schema: Schema) -> str:
    name = schema.get("type") or implied_type(schema) or "any value"
    values = _listed(schema)
    more = ", ".join(_words(one) for one in values) if values else _range(schema).words or _count(schema).words
    return f"{name} ({more})" if more else name


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


_MESSAGES: Mapping[ChangeKind, Callable[[Any, Any], str]] = {
    ChangeKind.FIELD_ADDED: lambda _, after: f"is new: {after}",
    ChangeKind.FIELD_REMOVED: lambda before, _: f"is gone; it took {before}",
    ChangeKind.TYPE_CHANGED: lambda before, after: f"takes {after or 'nothing'} now, not {before}",
    ChangeKind.TYPE_WIDENED: lambda before, after: f"takes {after} now, not only {before or 'nothing'}",
    ChangeKind.ALTERNATIVE_ADDED: lambda _, after: f"also takes {after}",
    ChangeKind.ALTERNATIVE_REMOVED: lambda before, _: f"no longer takes {before}",
    ChangeKind.VALUES_ADDED: lambda before, after: (
        f"also takes {_words(after)}" if after else f"takes any value now, not only {_words(before)}"
    ),
    ChangeKind.VALUES_REMOVED: lambda before, after: (
        f"no longer takes {_words(before)}" if before else f"takes only {_words(after)} now"
    ),
    ChangeKind.RANGE_WIDENED: lambda before, after: f"takes {after or 'any'} now, not only {before}",
    ChangeKind.RANGE_NARROWED: lambda before, after: f"takes {after} now, not {before or 'any'}",
    ChangeKind.DEFAULT_CHANGED: lambda before, after: f"has the default {_stated(after)} now, not {_stated(before)}",
    ChangeKind.NOW_REQUIRED: lambda _, __: "is required now",
    ChangeKind.NO_LONGER_REQUIRED: lambda _, __: "is no longer required",
    ChangeKind.PATTERN_CHANGED: lambda before, after: f"has the pattern {_stated(after)} now, not {_stated(before)}",
    ChangeKind.FORMAT_CHANGED: lambda before, after: f"has the format {_stated(after)} now, not {_stated(before)}",
    ChangeKind.OPENED: lambda _, __: "takes fields without names now",
    ChangeKind.CLOSED: lambda _, __: "takes only the fields it names now",
}


def _stated(value: Any) -> str:
    return "none" if value is None else _words(value)
