"""Violations of a contract in pydantic's words, as FastAPI lists them under `detail`. Row 7.

fal's models and Black Forest Labs' API are both pydantic's. It must not know HTTP, nor what a provider adds.
"""

from __future__ import annotations

from typing import Any

from .studio import Violation

__all__ = ["described", "entry"]

# JSON Schema's keyword to pydantic's error type, message and context key.
_LIMITS = {
    "minimum": ("greater_than_equal", "Input should be greater than or equal to {}", "ge"),
    "maximum": ("less_than_equal", "Input should be less than or equal to {}", "le"),
    "exclusiveMinimum": ("greater_than", "Input should be greater than {}", "gt"),
    "exclusiveMaximum": ("less_than", "Input should be less than {}", "lt"),
    "multipleOf": ("multiple_of", "Input should be a multiple of {}", "multiple_of"),
    "minLength": ("string_too_short", "String should have at least {} characters", "min_length"),
    "maxLength": ("string_too_long", "String should have at most {} characters", "max_length"),
    "minItems": ("too_short", "List should have at least {} items after validation", "min_length"),
    "maxItems": ("too_long", "List should have at most {} items after validation", "max_length"),
    "pattern": ("string_pattern_mismatch", "String should match pattern '{}'", "pattern"),
}
_TYPES = {
    "string": ("string_type", "Input should be a valid string"),
    "integer": ("int_type", "Input should be a valid integer"),
    "number": ("float_type", "Input should be a valid number"),
    "boolean": ("bool_type", "Input should be a valid boolean"),
    "array": ("list_type", "Input should be a valid list"),
    "object": ("model_attributes_type", "Input should be a valid dictionary or object to extract fields from"),
}


def described(path: tuple[str | int, ...], kind: str, message: str) -> dict[str, Any]:
    """One entry: where in the body, which type of error, and its message."""
    return {"loc": ["body", *path], "msg": message, "type": kind}


def entry(violation: Violation) -> dict[str, Any]:
    """The entry of one violation.

    >>> entry(Violation(("steps",), "maximum", 50, 51, ""))["msg"]
    'Input should be less than or equal to 50'
    """
    limit, keyword = violation.limit, violation.keyword
    if keyword == "required":
        return {**described(violation.path, "missing", "Field required"), "input": violation.value}
    context: dict[str, Any] = {}
    if keyword == "additionalProperties":
        kind, message = "extra_forbidden", "Extra inputs are not permitted"
    elif keyword in _LIMITS:
        kind, template, name = _LIMITS[keyword]
        message, context = template.format(limit), {"ctx": {name: limit}}
    elif keyword == "enum":
        quoted = [repr(value) for value in limit]
        expected = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
        kind, message, context = "literal_error", f"Input should be {expected}", {"ctx": {"expected": expected}}
    elif keyword == "type" and limit in _TYPES:
        kind, message = _TYPES[limit]
    elif keyword == "image":
        kind, message = "image_load_error", f"Failed to load the image. {violation.message}"
    else:
        kind, message = "value_error", f"Value error, {violation.message}"
    return {**described(violation.path, kind, message), **context, "input": violation.value}
