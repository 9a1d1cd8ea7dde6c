"""What a field of a contract takes: its types, its values and its range, read out of its schema.

Row 3. Bodies are checked by `pentaprism.compile.checks`; this is about schemas, before there is a body. It must not
judge what a rule writes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["KINDS", "bounds_of", "described", "kind_of", "taken", "takes", "types_of", "values_of"]

KINDS: Mapping[str, str] = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
"""The types of JSON Schema, in words."""

Bounds = tuple[float, float]


def _branches(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The alternatives of a schema, other than null."""
    if "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from _branches(branch)
    elif schema.get("type") != "null":
        yield schema


def types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types a value may have; empty where it may have any.

    >>> sorted(types_of({"anyOf": [{"type": "integer"}, {"enum": ["auto"]}, {"type": "null"}]}))
    ['integer', 'string']
    """
    names: set[str] = set()
    for branch in _branches(schema):
        listed = values_of(branch)
        stated = branch.get("type", None if listed is None else [kind_of(value) for value in listed])
        if stated is None:
            return frozenset()
        names.update([stated] if isinstance(stated, str) else stated)
    return frozenset(names)


def kind_of(value: Any) -> str:
    """The narrowest type of JSON Schema a value has.

    >>> kind_of(True), kind_of(1), kind_of("x")
    ('boolean', 'integer', 'string')
    """
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def taken(kind: str, types: frozenset[str]) -> bool:
    """Whether a value of a type is one of some types: whole numbers are numbers, and no types are all.

    >>> taken("integer", frozenset(["number"])), taken("number", frozenset(["integer"]))
    (True, False)
    """
    return not types or kind in types or (kind == "integer" and "number" in types)


def values_of(schema: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The closed set a field takes, None where it takes more than a list.

    >>> values_of({"anyOf": [{"enum": ["a"]}, {"const": "b"}]}), values_of({"type": "string"})
    (('a', 'b'), None)
    """
    listed: list[Any] = []
    for branch in _branches(schema):
        if "enum" not in branch and "const" not in branch:
            return None
        listed += branch.get("enum", [branch.get("const")])
    return tuple(listed)


def bounds_of(schema: Mapping[str, Any]) -> Bounds | None:
    """The smallest and the largest number a field takes, infinite where nothing is said; None where it takes none.

    >>> bounds_of({"type": "integer", "minimum": 1}), bounds_of({"type": "string"})
    ((1, inf), None)
    """
    ranges = []
    for branch in _branches(schema):
        stated = branch.get("type")
        if not {"integer", "number"}.isdisjoint([stated] if isinstance(stated, str) else stated or ()):
            low = branch.get("minimum", branch.get("exclusiveMinimum", -math.inf))
            ranges.append((low, branch.get("maximum", branch.get("exclusiveMaximum", math.inf))))
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None


def takes(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a field takes a value, as far as types, lists of values and ranges tell.

    >>> takes({"type": "integer", "enum": [0, 1]}, True), takes({"type": "integer", "maximum": 4}, 5)
    (False, False)
    """
    return any(_fits(branch, value) for branch in _branches(schema))


def _fits(branch: Mapping[str, Any], value: Any) -> bool:
    if not taken(kind_of(value), types_of(branch)):
        return False
    listed = values_of(branch)
    if listed is not None and not any(
        value == one and isinstance(value, bool) == isinstance(one, bool) for one in listed
    ):
        return False
    if isinstance(value, (int, float)) and (bounds := bounds_of(branch)):
        return bounds[0] <= value <= bounds[1]
    if isinstance(value, list) and "items" in branch:
        return all(takes(branch["items"], entry) for entry in value)
    return True


def described(schema: Mapping[str, Any]) -> str:
    """What a field takes, in words.

    >>> described({"enum": ["low", "high"]}), described({"type": "integer", "minimum": 1, "maximum": 4})
    ('low, high', 'a whole number of 1 to 4')
    """
    listed = values_of(schema)
    if listed is not None:
        return ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in listed)
    kinds = " or ".join(words for kind, words in KINDS.items() if kind in types_of(schema) and kind != "null")
    low, high = bounds_of(schema) or (-math.inf, math.inf)
    if low > -math.inf and high < math.inf:
        return f"{kinds} of {low} to {high}"
    if low > -math.inf:
        return f"{kinds} of at least {low}"
    return f"{kinds} of at most {high}" if high < math.inf else kinds
