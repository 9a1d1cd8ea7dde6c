"""Values to JSON-able data and back: what is written is read the same, and what is none of ours is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from law_subjects import REAL
from pentaprism import CompiledRequest, Size
from pentaprism.types.plain import from_plain, to_plain


@pytest.mark.parametrize(
    "value",
    [
        {"$": "not a tag", "size": Size(640, 480)},
        {"nested": [{"$": None}, ({"$": ()},)]},
        {"$": "decimal", "value": "0.5"},
    ],
    ids=str,
)
def test_a_mapping_that_has_the_tag_as_a_key_stays_itself(value: Any) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(value))), {"Size": Size}) == value


def test_what_is_no_value_of_this_package_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="set is not one of this package's values"):
        to_plain({"usd": Decimal(1), "tags": {"fog"}})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"$": "Popen", "args": "ls"}, "there is no type 'Popen'"),
        ({"$": "Size", "width": 640}, "Size cannot be made of width"),
    ],
)
def test_only_the_types_named_are_made_and_only_whole(data: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        from_plain(data, {"Size": Size})


def test_a_stored_value_that_is_no_compiled_request_is_refused() -> None:
    compiled = REAL["builtin"].compile({"model": "flux.1-dev", "prompt": "a cat"}, "fal/flux.1-dev")
    assert CompiledRequest.from_dict(compiled.to_dict()) == compiled
    with pytest.raises(ValueError, match="this is a Cost, not a CompiledRequest"):
        CompiledRequest.from_dict(compiled.to_dict()["cost"])
