"""OpenAI's error bodies: its envelope, and a broken contract in its words. Row 7.

The words are those of copies of real replies, as far as there are any; where there are none they follow the same
pattern. It must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .studio import Violation

__all__ = ["MODERATED", "envelope", "explained"]

_USER = "image_generation_user_error"
MODERATED: Mapping[str, Any] = {
    "message": "Your request was rejected by the safety system. safety_violations=[violence].",
    "type": _USER,
    "param": None,
    "code": "moderation_blocked",
    "moderation_details": {"moderation_stage": "input", "categories": ["violence"]},
}
"""The error of a request whose content is refused."""

_NOUNS = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
_KINDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal number",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
    "file": "a file",
}


def envelope(
    message: str, *, param: str | None = None, code: str | None = None, kind: str = "invalid_request_error"
) -> dict[str, Any]:
    """An error in OpenAI's envelope."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def explained(violation: Violation) -> dict[str, Any]:
    """The error for one broken rule of the contract.

    >>> explained(Violation(("n",), "maximum", 10, 11, ""))["error"]["code"]
    'integer_above_max_value'
    """
    name = _place(violation.path)
    keyword, limit, value = violation.keyword, violation.limit, violation.value
    if keyword == "required":
        return envelope(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    if keyword == "additionalProperties":
        return envelope(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if keyword == "enum":
        message = f"Invalid value: '{value}'. Supported values are: {_listed(limit)}."
        return envelope(message, param=name, code="invalid_value")
    if keyword == "type":
        expected = _KINDS.get(str(limit), str(limit))
        message = f"Invalid type for '{name}': expected {expected}, but got {_NOUNS[type(value)]} instead."
        return envelope(message, param=name, code="invalid_type")
    if keyword == "image":
        message = "Invalid image file or mode for image 1, please check your image file."
        return envelope(message, param="image", code="invalid_image_file", kind=_USER)
    if keyword in _BOUNDS:
        noun, beyond, sign, code = _BOUNDS[keyword]
        got = value if noun == "integer" else f"{_NOUNS[type(value)]} with length {len(value)}"
        expected = f"a value {sign} {limit}" if noun == "integer" else f"{_KINDS[noun]} with {sign} length {limit}"
        message = f"Invalid '{name}': {noun} {beyond}. Expected {expected}, but got {got} instead."
        return envelope(message, param=name, code=code)
    return envelope(f"Invalid value for '{name}': {violation.message}", param=name, code="invalid_value")


_BOUNDS = {
    "minimum": ("integer", "below minimum value", ">=", "integer_below_min_value"),
    "maximum": ("integer", "above maximum value", "<=", "integer_above_max_value"),
    "minLength": ("string", "too short", "minimum", "string_below_min_length"),
    "maxLength": ("string", "too long", "maximum", "string_above_max_length"),
    "minItems": ("array", "too short", "minimum", "array_below_min_length"),
    "maxItems": ("array", "too long", "maximum", "array_above_max_length"),
}


def _place(path: tuple[str | int, ...]) -> str:
    """A path as OpenAI writes it: `image[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _listed(values: list[Any]) -> str:
    quoted = [f"'{value}'" for value in values]
    return " and ".join(quoted) if len(quoted) < 3 else f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
