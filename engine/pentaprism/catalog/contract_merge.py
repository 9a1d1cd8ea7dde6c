"""Two schemas as one: what fits both, in the keywords of a contract.

Row 3. This is how `allOf`, and what stands beside a `$ref`, becomes a single schema. It must not choose: where the two
cannot both hold, it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .node import shown

__all__ = ["Unmergeable", "implied_type", "is_same", "merge"]


class Unmergeable(ValueError):
    """Two schemas that no single contract schema stands for; the message says which keyword and why."""


def merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of values that fit both; of `default`, `format` and `$comment`, which restrict nothing, the second.

    Raises:
        Unmergeable: nothing fits both, or it cannot be said in one schema.

    >>> merge({"type": "string", "enum": ["a", "b"]}, {"enum": ["b", "c"], "default": "b"})
    {'type': 'string', 'enum': ['b'], 'default': 'b'}
    >>> merge({"type": "number", "minimum": 0}, {"type": "integer", "minimum": 1})
    {'type': 'integer', 'minimum': 1}
    """
    merged = dict(first)
    for keyword, value in second.items():
        if keyword not in merged or (merged[keyword] == value and keyword not in ("enum", "const")):
            merged[keyword] = value
            continue
        join = _JOINS.get(keyword)
        if join is None:
            raise Unmergeable(f"two values of {keyword!r} stand together: {shown(merged[keyword])} and {shown(value)}")
        try:
            merged[keyword] = join(merged[keyword], value)
        except TypeError:
            message = f"{keyword!r} cannot be read: {shown(merged[keyword])} beside {shown(value)}"
            raise Unmergeable(message) from None
    return merged


def is_same(one: Any, other: Any) -> bool:
    """JSON's equality of two plain values: 1 and 1.0 are one number, and true is none.

    >>> is_same(1, 1.0), is_same(1, True)
    (True, False)
    """
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def implied_type(schema: Mapping[str, Any]) -> str | None:
    """The type of what names none and can only be of one: an object by its fields, a list by its items, values by
    themselves.

    >>> implied_type({"enum": ["jpeg", "png"]}), implied_type({"default": 3})
    ('string', None)
    """
    if "properties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = {type(one) for one in values} if isinstance(values, list) else set()
    words = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return words.get(kinds.pop()) if len(kinds) == 1 else "number" if kinds == {int, float} else None


def _types(first: Any, second: Any) -> Any:
    """The types both have; whole numbers are numbers."""
    ours, theirs = ([one] if isinstance(one, str) else list(one) for one in (first, second))
    both = [name for name in ours if name in theirs or (name == "integer" and "number" in theirs)]
    both += [name for name in theirs if name not in both and name == "integer" and "number" in ours]
    if not both:
        raise Unmergeable(f"nothing is both {' or '.join(ours)} and {' or '.join(theirs)}")
    return both[0] if len(both) == 1 else both


def _values(first: list[Any], second: list[Any]) -> list[Any]:
    both = [one for one in first if any(is_same(one, other) for other in second)]
    if not both:
        raise Unmergeable(f"no value is in both {first!r} and {second!r}")
    return both


def _value(first: Any, second: Any) -> Any:
    return _values([first], [second])[0]


def _step(first: float, second: float) -> float:
    small, large = sorted((first, second))
    if large % small:
        raise Unmergeable(f"a multiple of {first} and of {second} cannot be asked for at once")
    return large


def _fields(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for name, field in second.items():
        merged[name] = merge(merged[name], field) if name in merged else field
    return merged


def _either(first: list[str], second: list[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _second(_: Any, second: Any) -> Any:
    return second


_JOINS: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "enum": _values,
    "const": _value,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), min),
    "multipleOf": _step,
    "properties": _fields,
    "required": _either,
    "items": merge,
    # An object is closed once its parts are together; a part that says so counts.
    "additionalProperties": lambda first, second: first and second,
    "default": _second,
    "format": _second,
    "$comment": _second,
}
