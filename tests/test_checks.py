"""A contract's schema as a function: None for what fits, else a reason that reads on from the field's name."""

from __future__ import annotations

from typing import Any

import pytest

from pentaprism.compile.checks import build_check

SIZE = {
    "type": ["object", "string"],
    "additionalProperties": False,
    "required": ["width"],
    "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}},
}
OPEN = {"type": "object", "additionalProperties": True, "properties": {"width": {"type": "integer"}}}
TAGS = {"type": ["array", "null"], "items": {"type": "string", "pattern": "^[a-z]+$"}, "minItems": 1, "maxItems": 2}
COLOR = {"type": ["string", "null"], "pattern": "^#[0-9a-f]{6}$"}
FORMAT = {"enum": ["png", "webp", 1]}

FITS: list[tuple[dict[str, Any], Any]] = [
    (COLOR, "#00ff7f"),
    # A keyword is about the values of its own type; what others may be is the type's word.
    (COLOR, None),
    (TAGS, ["fog", "sea"]),
    (TAGS, None),
    (SIZE, {"width": 640}),
    (SIZE, "square"),
    (OPEN, {"width": 640, "depth": 8}),
    (FORMAT, "png"),
    (FORMAT, 1),
]
DOES_NOT_FIT: list[tuple[dict[str, Any], Any, str]] = [
    (COLOR, "teal", "must match ^#[0-9a-f]{6}$, which 'teal' does not"),
    (TAGS, [], "must have at least 1 items, not 0"),
    (TAGS, ["a", "b", "c"], "must have at most 2 items, not 3"),
    (TAGS, ["fog", "SEA"], "[1] must match ^[a-z]+$, which 'SEA' does not"),
    (SIZE, {"height": 480}, "must have width"),
    (SIZE, {"width": 640, "depth": 8}, "has no field 'depth'; it has height, width"),
    (SIZE, {"width": "wide"}, ".width must be a whole number, not 'wide'"),
    (OPEN, {"width": "wide", "depth": 8}, ".width must be a whole number, not 'wide'"),
    (FORMAT, "gif", "must be one of png, webp, 1, not 'gif'"),
    # True is 1 in Python, and a list cannot be looked up.
    (FORMAT, True, "must be one of png, webp, 1, not True"),
    (FORMAT, ["png"], "must be one of png, webp, 1, not ['png']"),
]


@pytest.mark.parametrize(("schema", "value"), FITS)
def test_what_fits_has_no_reason(schema: dict[str, Any], value: Any) -> None:
    assert build_check(schema)(value) is None


@pytest.mark.parametrize(("schema", "value", "reason"), DOES_NOT_FIT)
def test_what_does_not_fit_is_told_why(schema: dict[str, Any], value: Any, reason: str) -> None:
    assert build_check(schema)(value) == reason


def test_a_keyword_that_no_check_covers_is_never_passed_over() -> None:
    with pytest.raises(ValueError, match="may not use the JSON Schema keyword 'uniqueItems'"):
        build_check({"type": "array", "uniqueItems": True})
