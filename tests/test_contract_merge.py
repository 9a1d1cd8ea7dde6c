"""Two schemas as one: what fits both, or why nothing can be said that does."""

from __future__ import annotations

from typing import Any

import pytest

from pentaprism.catalog.contract_merge import Unmergeable, implied_type, merge


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ({"minimum": 1, "maximum": 9}, {"minimum": 2, "maximum": 8}, {"minimum": 2, "maximum": 8}),
        ({"type": "integer"}, {"type": "number"}, {"type": "integer"}),
        ({"type": ["string", "integer"]}, {"type": ["integer", "string"]}, {"type": ["string", "integer"]}),
        ({"multipleOf": 8}, {"multipleOf": 16}, {"multipleOf": 16}),
        ({"required": ["a"]}, {"required": ["b", "a"]}, {"required": ["a", "b"]}),
        ({"properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"minimum": 2}, "b": {}}}, None),
        ({"default": 1}, {"default": 2}, {"default": 2}),
    ],
)
def test_merge(first: Any, second: Any, both: Any) -> None:
    assert merge(first, second) == (both or {"properties": {"a": {"minimum": 2}, "b": {}}})


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({"enum": ["a"]}, {"enum": ["b"]}, "no value is in both"),
        ({"enum": [1]}, {"enum": [True]}, "no value is in both"),
        ({"pattern": "a"}, {"pattern": "b"}, "two values of 'pattern' stand together: 'a' and 'b'"),
        ({"multipleOf": 4}, {"multipleOf": 6}, "a multiple of 4 and of 6"),
        ({"minimum": 1}, {"minimum": "2"}, "'minimum' cannot be read: 1 beside '2'"),
    ],
)
def test_what_cannot_be_merged(first: Any, second: Any, words: str) -> None:
    with pytest.raises(Unmergeable, match=words):
        merge(first, second)


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({"properties": {}}, "object"),
        ({"items": {}}, "array"),
        ({"enum": ["a", "b"]}, "string"),
        ({"const": True}, "boolean"),
        ({"enum": [1, 2]}, "integer"),
        ({"enum": [1, 0.5]}, "number"),
        ({"enum": [1, "a"]}, None),
        ({"enum": [1, True]}, None),
        ({"enum": "a"}, None),
        ({"minimum": 1}, None),
    ],
)
def test_a_type_is_implied_by_what_can_only_be_of_one(schema: Any, name: str | None) -> None:
    assert implied_type(schema) == name
