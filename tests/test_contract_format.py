"""Contracts written readably, and as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from contract_cases import STORED, field, stored
from pentaprism.catalog.contract_format import WIDTH, format_contract
from schema_strategies import contracts as any_contract


def keys_of(node: Any) -> Any:
    """The keys of a value in their order, at every depth."""
    if isinstance(node, dict):
        return [(key, keys_of(value)) for key, value in node.items()]
    return [keys_of(one) for one in node] if isinstance(node, list) else None


@given(any_contract())
def test_a_contract_is_printed_as_it_is(contract: Any) -> None:
    text = format_contract(contract)
    assert json.loads(text) == contract
    assert keys_of(json.loads(text)) == keys_of(contract)
    assert format_contract(json.loads(text)) == text


@pytest.mark.parametrize("name", STORED)
def test_lines_are_short_and_whole_fields(name: str) -> None:
    text = format_contract(stored(name))
    for line in text.splitlines():
        if len(line) > WIDTH:
            # A single string cannot be broken.
            (value,) = json.loads("{" + line.rstrip(",") + "}").values()
            assert isinstance(value, str)
    assert json.loads(text) == stored(name)


def test_lists_of_many_values_fill_lines() -> None:
    listed = [f"{n}x{n}" for n in range(1000, 1060)]
    lines = format_contract(field({"type": "string", "enum": listed})).splitlines()
    assert len(lines) < 20
    assert max(map(len, lines)) <= WIDTH
    assert json.loads("\n".join(lines))["properties"]["a"]["enum"] == listed
