"""A stored contract compared with what the provider publishes now.

The laws: a contract has no drift against itself; every change is told once; and where no change breaks, every body that
was right still is.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contract_cases import SIDE, STORED, field, stored
from pentaprism.catalog.contract_drift import Change, ChangeKind, drift
from schema_strategies import contracts as any_contract
from schema_strategies import edits, fields, values

BASE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "minLength": 1, "maxLength": 100},
        "format": {"type": "string", "enum": ["jpeg", "png"], "default": "jpeg"},
        "steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 28},
        "scale": {"type": "number", "exclusiveMinimum": 0, "maximum": 20, "multipleOf": 0.5},
        "color": {"type": "string", "pattern": "^#"},
        "seed": {"type": "integer"},
        "images": {"type": "array", "items": {"type": "string", "format": "uri"}, "minItems": 1, "maxItems": 4},
        "size": {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["width"],
                    "properties": {"width": dict(SIDE), "height": dict(SIDE)},
                },
                {"type": "string", "enum": ["square", "wide"]},
            ]
        },
        "extra": {"type": "object", "additionalProperties": True, "$comment": "a source"},
    },
}
GONE = object()
Keys = tuple[str | int, ...]


def mutated(keys: Keys, value: Any) -> Any:
    """The base with one place changed or (`GONE`) taken away."""
    changed = copy.deepcopy(BASE)
    node: Any = changed
    for key in keys[:-1]:
        node = node[key]
    if value is GONE:
        del node[keys[-1]]
    else:
        node[keys[-1]] = value
    return changed


P = "properties"
SIZE: Keys = (P, "size", "anyOf")

# What is changed; the field, kind and class it must be told as; and a part of the sentence.
MUTATIONS: list[tuple[Keys, Any, str, str, bool, str]] = [
    ((P, "seed"), GONE, "seed", "field-removed", True, "is gone; it took integer"),
    ((P, "new"), {"type": "boolean"}, "new", "field-added", False, "is new: boolean"),
    ((P, "seed", "type"), "string", "seed", "type-changed", True, "takes string now, not integer"),
    ((P, "seed", "type"), "number", "seed", "type-widened", False, "takes number now, not only integer"),
    ((P, "scale", "type"), "integer", "scale", "type-changed", True, "takes integer now, not number"),
    ((P, "seed"), {}, "seed", "type-widened", False, "takes any now, not only integer"),
    ((P, "seed", "type"), ["integer", "string"], "seed", "type-widened", False, "integer or string"),
    ((P, "size"), {"anyOf": BASE[P]["size"]["anyOf"][:1]}, "size", "type-changed", True, "takes object now"),
    ((P, "format", "enum"), ["jpeg"], "format", "values-removed", True, "no longer takes png"),
    ((P, "format", "enum"), ["webp", "png", "jpeg"], "format", "values-added", False, "also takes webp"),
    ((P, "format", "enum"), GONE, "format", "values-added", False, "takes any value now, not only jpeg, png"),
    ((P, "color", "enum"), ["#f", "#0"], "color", "values-removed", True, "takes only #f, #0 now"),
    ((P, "color", "const"), "#f", "color", "values-removed", True, "takes only #f now"),
    ((P, "steps", "maximum"), 30, "steps", "range-narrowed", True, "takes 1 to 30 now, not 1 to 50"),
    ((P, "steps", "maximum"), 80, "steps", "range-widened", False, "takes 1 to 80 now, not only 1 to 50"),
    ((P, "steps", "minimum"), 4, "steps", "range-narrowed", True, "takes 4 to 50 now"),
    ((P, "steps", "minimum"), GONE, "steps", "range-widened", False, "takes at most 50 now"),
    ((P, "steps", "multipleOf"), 2, "steps", "range-narrowed", True, "in multiples of 2"),
    ((P, "seed", "maximum"), 9, "seed", "range-narrowed", True, "takes at most 9 now, not any"),
    ((P, "scale", "exclusiveMinimum"), GONE, "scale", "range-widened", False, "at most 20"),
    ((P, "scale", "multipleOf"), 0.25, "scale", "range-widened", False, "in multiples of 0.25"),
    ((P, "scale", "multipleOf"), 0.75, "scale", "range-narrowed", True, "above 0, at most 20, in multiples of 0.75"),
    ((P, "scale", "minimum"), 1, "scale", "range-narrowed", True, "1 to 20"),
    ((P, "prompt", "maxLength"), 50, "prompt", "range-narrowed", True, "1 to 50 characters"),
    ((P, "prompt", "minLength"), GONE, "prompt", "range-widened", False, "at most 100 characters"),
    ((P, "images", "maxItems"), 1, "images", "range-narrowed", True, "takes 1 to 1 entries now, not 1 to 4 entries"),
    ((P, "images", "maxItems"), 8, "images", "range-widened", False, "1 to 8 entries"),
    ((P, "images", "items", "maxLength"), 9, "images[]", "range-narrowed", True, "takes at most 9 characters"),
    ((P, "images", "items"), GONE, "images[]", "type-widened", False, "takes any now"),
    ((P, "steps", "default"), 20, "steps", "default-changed", False, "has the default 20 now, not 28"),
    ((P, "steps", "default"), GONE, "steps", "default-changed", False, "has the default none now, not 28"),
    ((P, "seed", "default"), 0, "seed", "default-changed", False, "has the default 0 now, not none"),
    (("required",), ["prompt", "seed"], "seed", "now-required", True, "is required now"),
    (("required",), [], "prompt", "no-longer-required", False, "is no longer required"),
    ((P, "color", "pattern"), "^#[0-9a-f]", "color", "pattern-changed", True, "has the pattern ^#[0-9a-f] now, not ^#"),
    ((P, "color", "pattern"), GONE, "color", "pattern-changed", False, "has the pattern none now"),
    ((P, "images", "items", "format"), GONE, "images[]", "format-changed", False, "has the format none now, not uri"),
    ((*SIZE, 0, P, "width", "maximum"), 9, "size.width", "range-narrowed", True, "takes 1 to 9 now, not at least 1"),
    ((*SIZE, 0, "required"), ["width", "height"], "size.height", "now-required", True, "is required now"),
    ((*SIZE, 0, P, "height"), GONE, "size.height", "field-removed", True, "it took integer (at least 1)"),
    ((*SIZE, 1, "enum"), ["square"], "size", "values-removed", True, "no longer takes wide"),
    ((P, "extra", "additionalProperties"), False, "extra", "closed", True, "takes only the fields it names now"),
    (("additionalProperties",), True, "", "opened", False, "takes fields without names now"),
    (
        SIZE,
        [*BASE[P]["size"]["anyOf"], {"type": "string", "format": "uri"}],
        "size",
        "alternative-added",
        False,
        "also takes string",
    ),
]


def _label(mutation: tuple[Keys, Any, str, str, bool, str]) -> str:
    return f"{mutation[2] or 'request'}-{mutation[3]}-{mutation[5][:24]}"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=_label)
def test_a_single_change_is_told_once(mutation: tuple[Keys, Any, str, str, bool, str]) -> None:
    keys, value, path, kind, breaks, words = mutation
    (change,) = drift(BASE, mutated(keys, value))
    assert (change.path, change.kind, change.breaks) == (path, ChangeKind(kind), breaks)
    assert words in change.message
    told = change.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["severity"] == ("break" if breaks else "note")


def test_the_mutations_try_every_kind() -> None:
    tried = {ChangeKind(one[3]) for one in MUTATIONS}
    # That an alternative is gone is the same change the other way round.
    (gone,) = drift(mutated(*MUTATIONS[-1][:2]), BASE)
    assert (gone.kind, gone.breaks) == (ChangeKind.ALTERNATIVE_REMOVED, True)
    assert tried | {gone.kind} == set(ChangeKind)


def test_a_new_field_that_must_be_sent_breaks() -> None:
    served = {**BASE, P: {**BASE[P], "new": SIDE}, "required": ["prompt", "new"]}
    assert drift(BASE, served) == (Change("new", ChangeKind.FIELD_ADDED, True, None, "required, integer (at least 1)"),)


def test_changes_come_in_the_order_of_the_fields() -> None:
    served = copy.deepcopy(BASE)
    served[P]["steps"] = {"type": "integer", "minimum": 2, "maximum": 60, "default": 1}
    served[P]["format"]["enum"] = ["png", "avif"]
    served[P]["fresh"] = {"type": "string"}
    assert [(one.path, one.kind.value) for one in drift(BASE, served)] == [
        ("format", "values-removed"),
        ("format", "values-added"),
        ("steps", "default-changed"),
        ("steps", "range-narrowed"),
        ("fresh", "field-added"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
        ({"type": "integer", "minimum": 0.5, "multipleOf": 1}, {"type": "integer", "minimum": 1}),
        ({"type": "integer", "exclusiveMaximum": 5}, {"type": "integer", "maximum": 4.5}),
        ({"type": "number", "minimum": 1, "maximum": 3}, {"type": "number", "minimum": 1.0, "maximum": 3.0}),
        ({"type": ["string", "null"]}, {"type": "string"}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "title": "A"}),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"enum": ["a"]}, {"type": "string", "const": "a"}),
        ({"type": "string", "minLength": 0}, {"type": "string", "$comment": "b", "description": "c"}),
        ({"anyOf": [{"type": "string", "enum": ["a"]}, SIDE]}, {"anyOf": [SIDE, {"type": "string", "enum": ["a"]}]}),
    ],
)
def test_two_ways_to_say_the_same_are_no_drift(one: Any, other: Any) -> None:
    assert drift(field(one), field(other)) == ()
    assert drift(field(other), field(one)) == ()


def test_an_alternative_no_value_fits_is_none() -> None:
    impossible = {"type": "string", "anyOf": [{"type": "integer"}, {"enum": ["a"]}, {"minLength": 9}]}
    assert drift(field(impossible), field({"anyOf": [{"type": "string", "minLength": 9}, {"enum": ["a"]}]})) == ()
    (gone,) = drift(field({"type": "string"}), field({"type": "string", "anyOf": [{"type": "integer"}]}))
    assert (gone.kind, gone.message) == (ChangeKind.TYPE_CHANGED, "takes nothing now, not string")


@given(any_contract())
def test_no_contract_drifts_from_itself(contract: Any) -> None:
    assert drift(contract, contract) == ()


@pytest.mark.parametrize("name", STORED)
def test_no_stored_contract_drifts_from_itself(name: str) -> None:
    assert drift(stored(name), copy.deepcopy(stored(name))) == ()


@given(st.data())
def test_without_a_break_every_body_that_was_right_still_is(data: st.DataObject) -> None:
    before = field(data.draw(fields()), additionalProperties=False)
    after = data.draw(edits(before))
    if any(change.breaks for change in drift(before, after)):
        return
    body = {"a": data.draw(values(before["properties"]["a"]))}
    assert Draft202012Validator(before).is_valid(body)
    assert Draft202012Validator(after).is_valid(body)


@given(st.data(), st.sampled_from([one for one in MUTATIONS if not one[4]]))
def test_without_a_break_the_base_takes_what_it_took(data: st.DataObject, mutation: Any) -> None:
    spelt = {**BASE, P: {name: part for name, part in BASE[P].items() if name not in ("color", "scale")}}
    body = data.draw(values(spelt))
    assert Draft202012Validator(BASE).is_valid(body)
    assert Draft202012Validator(mutated(*mutation[:2])).is_valid(body)
