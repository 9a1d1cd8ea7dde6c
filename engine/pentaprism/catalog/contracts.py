"""Whether a contract is one the engine can check bodies with: closed, and written in keywords it knows.

Row 3. `catalog/schema/contract.json` says the same to editors and in more words; this is what every load can afford.
It must not know which fields a provider has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .document import DEEPEST, TOO_DEEP
from .node import Node, shown

__all__ = ["KEYWORDS", "TYPES", "is_readable", "shape_fault"]

TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
_NUMERIC = frozenset(("integer", "number"))
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) and value else [value]
    return all(isinstance(name, str) and name in TYPES for name in names)


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except (re.error, OverflowError, RecursionError):
        return False


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_Test = tuple[Callable[[Any], bool], str]
_STRING: _Test = (lambda value: isinstance(value, str), "a string")
_ANYTHING: _Test = (lambda value: True, "anything")
_NUMBER: _Test = (_is_number, "a number")
_COUNT: _Test = (_is_count, "a whole number of at least 0")
_SHAPES: Mapping[str, _Test] = {
    "type": (_is_type, f"one or more of {', '.join(TYPES)}"),
    "enum": (
        lambda value: isinstance(value, list) and bool(value) and all(_is_scalar(one) for one in value),
        "a list of strings, numbers or true and false",
    ),
    "const": (_is_scalar, "a string, a number, true or false"),
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "pattern": (_is_pattern, "a regular expression"),
    "required": (_are_strings, "a list of field names"),
    "additionalProperties": (lambda value: isinstance(value, bool), "false"),
    "properties": (lambda value: isinstance(value, dict), "a mapping of field names to schemas"),
    "items": (lambda value: isinstance(value, dict), "a schema"),
    "anyOf": (lambda value: isinstance(value, list) and bool(value), "a list of schemas"),
    "title": _STRING,
    "description": _STRING,
    "format": _STRING,
    "$comment": _STRING,
    "$schema": _STRING,
    "default": _ANYTHING,
    "examples": _ANYTHING,
    "x-provenance": _ANYTHING,
}

KEYWORDS = frozenset(_SHAPES)
"""What a contract may say; `pentaprism.compile.checks` understands exactly these (a test compares them)."""


def shape_fault(keyword: str, value: Any) -> str | None:
    """Why a keyword's value is none it may have; None where it may, or where a contract has no such keyword.

    >>> shape_fault("minLength", -1)
    "'minLength' must be a whole number of at least 0, not -1"
    """
    if keyword not in _SHAPES or _SHAPES[keyword][0](value):
        return None
    return f"{keyword!r} must be {_SHAPES[keyword][1]}, not {shown(value)}"


def is_readable(node: Node) -> bool:
    """Whether bodies can be checked against this schema; every reason why not is a finding.

    >>> from .document import Document
    >>> node = Node(Document("c.json", {"type": "string", "oneOf": []}), (), [])
    >>> is_readable(node), node.findings[0].rule
    (False, 'unsupported-keyword')
    """
    return node.is_sound(_check)


def _check(node: Node) -> None:
    if not node.is_mapping():
        return
    if len(node.path) > DEEPEST:
        node.report("too-deep", TOO_DEEP)
        return
    for keyword, value in node.data.items():
        if keyword not in _SHAPES:
            message = f"a contract may not use the JSON Schema keyword {keyword!r}; the engine could not check it"
            node.report("unsupported-keyword", message, keyword, key=True)
        elif fault := shape_fault(keyword, value):
            node.report("wrong-type", fault, keyword)
    _check_closed(node)
    _check_bounds(node)
    if isinstance(node.get("properties"), dict):
        for _, child in node.child("properties").items():
            _check(child)
    if isinstance(node.get("anyOf"), list):
        for child in node.child("anyOf").entries():
            _check(child)
    if isinstance(node.get("items"), dict):
        _check(node.child("items"))


def _types(node: Node) -> frozenset[str]:
    stated = node.get("type")
    names = stated if isinstance(stated, list) else [stated]
    return frozenset(name for name in names if isinstance(name, str))


def _check_closed(node: Node) -> None:
    is_object = "object" in _types(node) or node.has("properties")
    if not is_object or node.get("additionalProperties") is False:
        return
    if not (node.get("additionalProperties") is True and node.has("$comment")):
        message = (
            "an object in a contract is closed: say additionalProperties: false (or true, with the source as $comment)"
        )
        node.report("open-object", message)


def _check_bounds(node: Node) -> None:
    bounds = [keyword for keyword in _BOUNDS if node.has(keyword)]
    types = _types(node)
    if bounds and not (types and types <= _NUMERIC):
        message = f"{bounds[0]!r} needs type integer or number beside it, and no other; put other types under anyOf"
        node.report("wrong-type", message)
