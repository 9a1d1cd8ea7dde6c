"""Contract schemas as functions: a value in, None or the reason it does not fit out.

Row 3. Covers the keywords contracts may use (`catalog/schema/contract.json` is closed over the same set); an unknown
keyword is an error when the check is built, never a silent pass. It must not know what a parameter means.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..types import Media

__all__ = ["KEYWORDS", "PLAIN_RANGE", "Check", "build_check", "describe_range", "located"]

Check: TypeAlias = Callable[[Any], "str | None"]

_ANNOTATIONS = frozenset(
    ("title", "description", "default", "format", "$comment", "$schema", "examples", "x-provenance")
)
_TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "string": ("a string", (str, Media)),
    "integer": ("a whole number", (int,)),
    "number": ("a number", (int, float)),
    "boolean": ("true or false", (bool,)),
    "object": ("an object", (dict,)),
    "array": ("a list", (list, tuple)),
    "null": ("null", (type(None),)),
}


def build_check(schema: Mapping[str, Any]) -> Check:
    """The function that checks a value against a schema.

    The reason reads on from a name: `must be 1 to 20, not 25`.

    Raises:
        ValueError: the schema has a keyword this module does not know.

    >>> build_check({"type": "integer", "minimum": 1, "maximum": 4})(7)
    'must be 1 to 4, not 7'
    """
    checks: list[Check] = []
    for keyword in schema:
        if keyword in _ANNOTATIONS or keyword in _COMPANIONS:
            continue
        if keyword not in _BUILDERS:
            raise ValueError(f"a contract may not use the JSON Schema keyword {keyword!r}")
    for keyword, build in _BUILDERS.items():
        if keyword in schema:
            checks.append(build(schema))
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    if any(keyword in schema for keyword in bounds):
        checks.append(_bounds(schema))

    def check(value: Any) -> str | None:
        for one in checks:
            reason = one(value)
            if reason is not None:
                return reason
        return None

    return _at_a_glance(schema, check)


def _at_a_glance(schema: Mapping[str, Any], check: Check) -> Check:
    """The same check, quicker where a plain type, enum or range is all there is and the value fits."""
    limits = schema.keys() - _ANNOTATIONS - {"type"}
    kind = schema.get("type")
    if kind in ("integer", "number") and limits <= {"minimum", "maximum"}:
        kinds = (int,) if kind == "integer" else (int, float)
        low, high = schema.get("minimum", -sys.float_info.max), schema.get("maximum", sys.float_info.max)
        return lambda value: None if type(value) in kinds and low <= value <= high else check(value)
    if kind == "string" and not limits:
        return lambda value: None if type(value) is str else check(value)
    if kind == "boolean" and not limits:
        return lambda value: None if value is True or value is False else check(value)
    words = frozenset(word for word in schema.get("enum", ()) if isinstance(word, str))
    if words and limits == {"enum"} and kind in ("string", None):
        return lambda value: None if type(value) is str and value in words else check(value)
    return check


def located(name: str, reason: str) -> str:
    """A reason said of a name: `seed must be ...`, or of a part of it: `image_size.width must be ...`.

    >>> located("image_size", located(".width", "must be 1 to 4096, not 0"))
    'image_size.width must be 1 to 4096, not 0'
    """
    return f"{name}{reason}" if reason[0] in ".[" else f"{name} {reason}"


def _shown(value: Any) -> str:
    text = value.describe() if isinstance(value, Media) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _type(schema: Mapping[str, Any]) -> Check:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kinds = tuple(kind for name in names for kind in _TYPES[name][1])
    wording = " or ".join(_TYPES[name][0] for name in names)
    booleans = bool in kinds

    def check(value: Any) -> str | None:
        fits = isinstance(value, kinds) and (booleans or not isinstance(value, bool))
        if fits and isinstance(value, float):
            fits = math.isfinite(value)
        return None if fits else f"must be {wording}, not {_shown(value)}"

    return check


def describe_range(schema: Mapping[str, Any]) -> str:
    """A schema's range in words: `1 to 20`, `at least 1`, `above 0 and at most 14142`; empty where it has none.

    >>> describe_range({"exclusiveMinimum": 0, "maximum": 14142})
    'above 0 and at most 14142'
    """
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{low} to {high}"
    words = [
        f"{word} {bound}"
        for word, bound in (("at least", low), ("above", above), ("at most", high), ("below", below))
        if bound is not None
    ]
    return " and ".join(words)


def _bounds(schema: Mapping[str, Any]) -> Check:
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    words = describe_range(schema)

    def check(value: Any) -> str | None:
        return None if low <= value <= high and above < value < below else f"must be {words}, not {_shown(value)}"

    return check


def _enum(schema: Mapping[str, Any]) -> Check:
    allowed = tuple(schema["enum"])
    wording = ", ".join(str(value) for value in allowed)
    # True == 1 in Python but not in JSON, so the types are compared too.
    pairs = frozenset((type(value), value) for value in allowed)

    def check(value: Any) -> str | None:
        try:
            found = (type(value), value) in pairs
        except TypeError:
            found = False
        return None if found else f"must be one of {wording}, not {_shown(value)}"

    return check


def _const(schema: Mapping[str, Any]) -> Check:
    return _enum({"enum": [schema["const"]]})


def _length(schema: Mapping[str, Any]) -> Check:
    low, high = schema.get("minLength", 0), schema.get("maxLength", math.inf)

    def check(value: Any) -> str | None:
        if not isinstance(value, str) or low <= len(value) <= high:
            return None
        bound = f"at most {high}" if len(value) > high else f"at least {low}"
        return f"must have {bound} characters, not {len(value)}"

    return check


def _pattern(schema: Mapping[str, Any]) -> Check:
    pattern = re.compile(schema["pattern"])

    def check(value: Any) -> str | None:
        if not isinstance(value, str) or pattern.search(value):
            return None
        return f"must match {pattern.pattern}, which {_shown(value)} does not"

    return check


def _multiple(schema: Mapping[str, Any]) -> Check:
    step = schema["multipleOf"]

    def check(value: Any) -> str | None:
        return None if value % step == 0 else f"must be a multiple of {step}, not {_shown(value)}"

    return check


def _items(schema: Mapping[str, Any]) -> Check:
    item = build_check(schema.get("items", {}))
    low, high = schema.get("minItems", 0), schema.get("maxItems", math.inf)

    def check(value: Any) -> str | None:
        if not isinstance(value, (list, tuple)):
            return None
        if not low <= len(value) <= high:
            bound = f"at most {high}" if len(value) > high else f"at least {low}"
            return f"must have {bound} items, not {len(value)}"
        for index, entry in enumerate(value):
            reason = item(entry)
            if reason is not None:
                return located(f"[{index}]", reason)
        return None

    return check


def _properties(schema: Mapping[str, Any]) -> Check:
    checks = {name: build_check(part) for name, part in schema.get("properties", {}).items()}
    required = tuple(schema.get("required", ()))
    closed = schema.get("additionalProperties") is False

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return None
        missing = [name for name in required if name not in value]
        if missing:
            return f"must have {' and '.join(missing)}"
        for name, entry in value.items():
            one = checks.get(name)
            if one is None:
                if closed:
                    return f"has no field {name!r}; it has {', '.join(sorted(checks))}"
                continue
            reason = one(entry)
            if reason is not None:
                return located(f".{name}", reason)
        return None

    return check


def _any_of(schema: Mapping[str, Any]) -> Check:
    checks = [build_check(part) for part in schema["anyOf"]]

    def check(value: Any) -> str | None:
        reasons = [one(value) for one in checks]
        return None if None in reasons else " or ".join(str(reason) for reason in dict.fromkeys(reasons))

    return check


# In this order: what a value is comes before how large it is.
_BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], Check]] = {
    "type": _type,
    "anyOf": _any_of,
    "const": _const,
    "enum": _enum,
    "multipleOf": _multiple,
    "pattern": _pattern,
    "minLength": _length,
    "maxLength": _length,
    "items": _items,
    "minItems": _items,
    "maxItems": _items,
    "properties": _properties,
    "required": _properties,
}
_COMPANIONS = frozenset(("additionalProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))

PLAIN_RANGE = _ANNOTATIONS | {"type", "minimum", "maximum"}
"""The keywords of a schema that says no more than a type and a closed range."""

KEYWORDS = frozenset((*_BUILDERS, *_COMPANIONS, *_ANNOTATIONS))
"""Every JSON Schema keyword a contract may use."""
