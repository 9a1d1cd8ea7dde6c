"""Contracts in and out: read from what providers publish, compared with what they publish now, written readably.

The laws: what a twin publishes of a contract is read back as that contract; whatever is fed to the importer becomes
findings or a contract the engine can check bodies with; a contract has no drift against itself; every change is told
once; and where no change breaks, every body that was right still is.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from replicate.client import Client as Replicate

from pentaprism import Catalog, CatalogError, twins
from pentaprism.catalog.contract_drift import Change, ChangeKind, drift
from pentaprism.catalog.contract_format import WIDTH, format_contract
from pentaprism.catalog.contract_import import LARGEST, Imported, import_contract
from pentaprism.catalog.contract_merge import Unmergeable, merge
from pentaprism.catalog.document import Document
from pentaprism.catalog.documents import Documents
from pentaprism.catalog.json_source import read_json
from pentaprism.catalog.schema import schema_findings
from pentaprism.cli.app import run
from pentaprism.client import ProviderSettings, contracts
from pentaprism.client.contracts import CheckStatus, ContractCheck, check_contracts
from pentaprism.compile.checks import KEYWORDS, build_check
from pentaprism.twins import Twins
from pentaprism.twins.openapi import bfl_document, fal_document, replicate_model
from schema_strategies import contracts as any_contract
from schema_strategies import edits, fields, values

FILES = Path(__file__).resolve().parent / "contracts"
ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "catalog"
STORED = sorted(
    file.relative_to(CATALOG / "contracts").as_posix().removesuffix(".json")
    for file in (CATALOG / "contracts").rglob("*.json")
)
SIDE = {"type": "integer", "minimum": 1}
BOOLEAN = {"type": "boolean"}
DAY = date(2026, 7, 28)
SOURCES = [
    ("fal", "studio/prism/edit", "/studio/prism/edit"),
    ("replicate", "studio/prism", "/v1/models/studio/prism/predictions"),
    ("fastapi", "prism-pro", "/v1/prism-pro"),
    ("schema", "prism", None),
]
Capture = pytest.CaptureFixture[str]


def imported(data: Any, endpoint: str = "x/y", address: str | None = None) -> Imported:
    text = data if isinstance(data, str) else json.dumps(data)
    return import_contract(read_json("given.json", text), endpoint=endpoint, read_on=DAY, address=address)


def fixture(name: str) -> Any:
    return json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))


def stored(name: str) -> Any:
    return json.loads((CATALOG / "contracts" / f"{name}.json").read_text(encoding="utf-8"))


def meaning(node: Any) -> Any:
    """A contract without where it is from and without our own notes, which no provider publishes."""
    if isinstance(node, list):
        return [meaning(one) for one in node]
    if not isinstance(node, dict):
        return node
    properties = {name: meaning(field) for name, field in node.get("properties", {}).items()}
    ours = ("x-provenance", "$comment", "$schema", "title", "description", "properties")
    rest = {key: meaning(value) for key, value in node.items() if key not in ours}
    return rest | ({"properties": properties} if "properties" in node else {})


# Reading what providers publish ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "endpoint", "address"), SOURCES, ids=lambda value: str(value))
def test_golden(name: str, endpoint: str, address: str | None) -> None:
    document = read_json(f"{name}.json", (FILES / f"{name}.json").read_text(encoding="utf-8"))
    made = import_contract(document, endpoint=endpoint, read_on=DAY, address=address).schema
    assert format_contract(made) == (FILES / f"{name}.contract.json").read_text(encoding="utf-8")
    assert schema_findings(Documents(contracts={"p/e": Document("e.json", made)})) == []
    build_check(made)


def test_notes_say_where_a_contract_differs_from_its_source() -> None:
    assert imported(fixture("fal"), "studio/prism/edit").notes == (
        "#/components/schemas/PrismEditInput/properties/loras/items: closed: the source allows fields it does not name",
        "#/components/schemas/PrismEditInput/properties/extra: left open: the source names no fields of this object",
    )
    assert "'oneOf' became 'anyOf'" in imported(fixture("fastapi"), "prism-pro").notes[0]
    assert imported(fixture("replicate"), "studio/prism").notes == ()


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        (True, {}),
        ({"anyOf": [{"type": "string"}, {"type": "string", "title": "Again"}]}, {"type": "string"}),
        ({"anyOf": [{"anyOf": [{"type": "string"}, SIDE]}, {"type": "boolean"}]}, [{"type": "string"}, SIDE, BOOLEAN]),
        ({"oneOf": [True, {"const": None}]}, {}),
        ({"anyOf": [{"type": "null"}]}, {}),
        ({"allOf": [{"const": "a"}, {"type": "string", "const": "a"}]}, {"type": "string", "const": "a"}),
        ({"$ref": "#/x-choice/anyOf/1", "default": 3}, {**SIDE, "default": 3}),
        ({"type": ["null"], "description": "nothing"}, {"type": "null"}),
        ({"exclusiveMaximum": True, "type": "number"}, {"type": "number"}),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": False}),
    ],
)
def test_a_schema_becomes(schema: Any, made: Any) -> None:
    whole = {**field(schema), "x-choice": {"anyOf": [{"type": "string"}, SIDE]}}
    expected = {"anyOf": made} if isinstance(made, list) else made
    assert imported(whole).schema["properties"]["a"] == expected


def test_every_wrapping_of_one_schema_is_the_same_contract() -> None:
    model = fixture("replicate")
    whole = imported(model, "studio/prism").schema
    assert "version 0123456789ab" in whole["x-provenance"]["source"]
    for inner in (model["latest_version"], model["latest_version"]["openapi_schema"]):
        alone = imported(inner, "studio/prism").schema
        assert alone["x-provenance"]["source"] == "OpenAPI document 'Cog' 0.1.0, read from given.json"
        assert meaning(alone) == meaning(whole)
    fal = fixture("fal")
    listed = {"endpoint_id": "studio/prism/edit", "openapi": fal}
    assert meaning(imported(listed, "studio/prism/edit").schema) == meaning(imported(fal, "studio/prism/edit").schema)


def test_an_endpoint_served_under_another_path() -> None:
    document = fixture("fal")
    document["info"]["x-fal-metadata"]["endpointId"] = "alias/prism"
    assert imported(document, "alias/prism").schema["title"] == "alias/prism"
    fastapi = fixture("fastapi")
    fastapi["paths"] = {"/images/generations": fastapi["paths"]["/v1/prism-pro"], "/images/edits": {"post": {}}}
    with pytest.raises(CatalogError, match="no input schema for 'prism-2'"):
        imported(fastapi, "prism-2")
    assert "input_image" in imported(fastapi, "prism-2", "/v1/images/generations").schema["properties"]


def test_a_contract_is_its_own_import() -> None:
    for name in STORED:
        endpoint = name.partition("/")[2]
        again = imported(stored(name), endpoint).schema
        assert meaning(again) == meaning(stored(name))


def field(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}, **more}


PLACE = "#/properties/a"
REJECTS = [
    ("no-json", "{", "json-syntax", "not readable as JSON"),
    ("no-object", "[1]", "wrong-type", "must hold an object"),
    ("twice", '{"type": "object", "type": "object"}', "duplicate-key", "stands here twice"),
    ("nothing-known", {"data": [1]}, "no-input-schema", "neither an OpenAPI document"),
    ("no-fields", {"type": "string"}, "no-input-schema", "no object with properties"),
    ("a-choice-of-bodies", {"anyOf": [field({}), field({"type": "string"})], "type": "object"}, "no-input-schema", "#"),
    (
        "one-of-two-fields",
        field({}, anyOf=[{"required": ["a"]}, {"required": ["b"]}]),
        "unsupported-keyword",
        "'anyOf'",
    ),
    ("swagger", {"swagger": "2.0", "paths": {}}, "unsupported-document", "Swagger 2.0"),
    ("no-post", {"openapi": "3.1.0", "paths": {"/a": {"get": {}}}}, "no-input-schema", "no POST with a body"),
    ("not", field({"not": {"type": "string"}}), "unsupported-keyword", f"{PLACE}/not: a contract may not use"),
    ("unique", field({"type": "array", "uniqueItems": True}), "unsupported-keyword", f"{PLACE}/uniqueItems"),
    ("tuple", field({"type": "array", "items": [{}]}), "wrong-type", f"{PLACE}/items: a schema is an object"),
    ("never", field(False), "wrong-type", f"{PLACE}: a schema is an object, not false"),
    ("elsewhere", field({"$ref": "other.json#/x"}), "unknown-reference", f"{PLACE}/$ref: 'other.json#/x'"),
    ("nowhere", field({"$ref": "#/$defs/x"}), "unknown-reference", "leads to nothing in this document"),
    ("itself", field({"$ref": "#/properties/a"}), "circular-reference", "#/properties/a -> #/properties/a"),
    ("the-root", field({"$ref": "#"}), "circular-reference", "# -> #"),
    ("enum-of-objects", field({"enum": [{}]}), "wrong-type", f"{PLACE}/enum: 'enum' must be a list"),
    ("no-enum", field({"type": "string", "enum": []}), "wrong-type", f"{PLACE}/enum: 'enum' must be a list"),
    (
        "pattern",
        field({"type": "string", "pattern": "("}),
        "wrong-type",
        f"{PLACE}/pattern: 'pattern' must be a regular",
    ),
    ("bound-of-string", field({"type": "string", "minimum": 1}), "wrong-type", f"{PLACE}: 'minimum' needs type"),
    ("type", field({"type": "text"}), "wrong-type", f"{PLACE}/type: 'type' must be"),
    ("required-nowhere", field({}, required=["b"]), "wrong-type", "#/required: 'required' must list fields"),
    ("properties", field({"properties": []}), "wrong-type", f"{PLACE}/properties: 'properties' must be a mapping"),
    ("all-of", field({"allOf": {}}), "wrong-type", f"{PLACE}/allOf: 'allOf' must be a list"),
    ("both", field({"anyOf": [{}], "oneOf": [{}]}), "unsupported-keyword", "stand side by side"),
    (
        "contradiction",
        field({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        "contradiction",
        f"{PLACE}: nothing is both",
    ),
]


@pytest.mark.parametrize(("data", "rule", "words"), [one[1:] for one in REJECTS], ids=[one[0] for one in REJECTS])
def test_what_cannot_be_read_is_a_finding_with_its_place(data: Any, rule: str, words: str) -> None:
    with pytest.raises(CatalogError) as caught:
        imported(data)
    finding = caught.value.findings[0]
    assert finding.rule == rule
    assert words in finding.message
    assert finding.path == "given.json"
    assert finding.line >= 1


def test_every_fault_is_told_at_once_with_line_and_column() -> None:
    text = '{"type": "object", "properties": {\n  "a": {"not": {}},\n  "b": {"$ref": "#/x"}}}'
    with pytest.raises(CatalogError) as caught:
        imported(text)
    assert [(one.rule, one.line, one.column) for one in caught.value.findings] == [
        ("unsupported-keyword", 2, 9),
        ("unknown-reference", 3, 17),
    ]


def test_a_document_about_another_endpoint_is_refused() -> None:
    for name, other in (("fal", "studio/prism/edit"), ("replicate", "studio/prism")):
        with pytest.raises(CatalogError, match=f"about {other}, not studio/else"):
            imported(fixture(name), "studio/else")
    with pytest.raises(CatalogError, match="POST /v1/prism-pro"):
        imported(fixture("fastapi"), "prism-prow")


def test_references_that_multiply_are_stopped() -> None:
    levels = {f"s{n}": {"properties": {k: {"$ref": f"#/$defs/s{n + 1}"} for k in "ab"}} for n in range(16)}
    with pytest.raises(CatalogError, match=f"over {LARGEST} parts"):
        imported({"$ref": "#/$defs/s0", "$defs": {**levels, "s16": {"type": "string"}}})


_KEYWORDS = st.sampled_from([*sorted(KEYWORDS), "$ref", "allOf", "oneOf", "nullable", "x-order", "not", "a", "b"])
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["string", "integer", "object", "array", "null", "a", "b", "#", "#/properties/a", "#/items"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYWORDS, inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(_KEYWORDS, _JSON, max_size=4), st.dictionaries(st.sampled_from("ab"), _JSON, max_size=2))
def test_anything_becomes_findings_or_a_contract_that_can_be_checked_with(data: Any, properties: Any) -> None:
    try:
        made = imported({"type": "object", **data, "properties": properties}).schema
    except CatalogError:
        return
    assert schema_findings(Documents(contracts={"p/e": Document("e.json", made)})) == []
    build_check(made)({"a": 1})
    assert not drift(made, imported(made).schema)


# What twins publish is read back as it is stored ----------------------------------------------------------------------

SHAPES: list[Callable[[str, Any], Any]] = [
    fal_document,
    replicate_model,
    lambda endpoint, contract: bfl_document({"another": field({"type": "string"}), endpoint: contract}),
]


def assert_comes_back(contract: Any, endpoint: str, shape: Callable[[str, Any], Any]) -> None:
    document = shape(endpoint, contract)
    back = imported(document, endpoint).schema
    assert meaning(back) == meaning(contract)
    assert list(back["properties"]) == list(contract["properties"])
    assert back.get("required") == contract.get("required")


@pytest.mark.parametrize("name", STORED)
def test_stored_contracts_come_back(name: str) -> None:
    provider, _, endpoint = name.partition("/")
    shapes = dict(zip(("fal", "replicate", "bfl"), SHAPES, strict=True))
    if provider in shapes:
        assert_comes_back(stored(name), endpoint, shapes[provider])
    for shape in SHAPES:
        assert_comes_back({**stored(name), "title": "x/y"}, "x/y", shape)


@given(any_contract(), st.sampled_from(SHAPES))
def test_any_contract_comes_back(contract: Any, shape: Callable[[str, Any], Any]) -> None:
    assert_comes_back(contract, "x/y", shape)


# Drift ----------------------------------------------------------------------------------------------------------------

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


# Merging --------------------------------------------------------------------------------------------------------------


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


# Writing --------------------------------------------------------------------------------------------------------------


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


# Asking those who publish ---------------------------------------------------------------------------------------------

FLUX = "fal/fal-ai/flux/dev"


@pytest.fixture
def running(catalog: Catalog) -> Iterator[Twins]:
    with Twins(catalog) as one:
        yield one


def settings_of(running: Twins) -> dict[str, ProviderSettings]:
    return {name: ProviderSettings(key=running.key, base_url=base) for name, base in running.bases.items()}


def checked(
    catalog: Catalog, settings: Mapping[str, ProviderSettings], *names: str, **more: Any
) -> list[ContractCheck]:
    return asyncio.run(check_contracts(catalog, names or None, settings=settings, **more))


def test_twins_publish_every_contract(catalog: Catalog, running: Twins) -> None:
    checks = checked(catalog, settings_of(running))
    assert [one.contract for one in checks] == list(catalog.documents.contracts)
    assert {one.status for one in checks} == {CheckStatus.SAME}
    assert all(one.endpoints and not one.notes for one in checks)
    # One document holds all of BFL's endpoints, and is asked for once.
    assert [one["path"] for one in running.requests("bfl")] == ["/openapi.json"]


def test_replicates_sdk_reads_the_schema(running: Twins) -> None:
    client = Replicate(api_token=running.key, base_url=running.bases["replicate"])
    try:
        version = client.models.get("black-forest-labs/flux-dev").latest_version
    finally:
        client._client.close()
    assert version is not None
    fields = version.openapi_schema["components"]["schemas"]["Input"]["properties"]
    assert fields["aspect_ratio"]["allOf"] == [{"$ref": "#/components/schemas/aspect_ratio"}]
    assert fields["prompt"]["x-order"] == 0


def test_twins_answer_for_what_they_have_to_whom_they_know(running: Twins) -> None:
    with httpx.Client(verify=False) as client:
        place = "/api/openapi/queue/openapi.json?endpoint_id="
        assert client.get(running.bases["fal"] + place + "fal-ai/flux/dev").json()["openapi"] == "3.0.4"
        assert client.get(running.bases["fal"] + place + "no/such").status_code == 404
        model = running.bases["replicate"] + "/v1/models/black-forest-labs/flux-dev"
        assert client.get(model).status_code == 401
        headers = {"authorization": f"Bearer {running.key}"}
        assert client.get(model, headers=headers).json()["name"] == "flux-dev"
        assert client.get(f"{model}x", headers=headers).status_code == 404


def test_a_twin_told_to_drift_is_reported(catalog: Catalog) -> None:
    served = copy.deepcopy(catalog.documents.contracts[FLUX].data)
    served["properties"]["num_images"]["maximum"] = 2
    with Twins(catalog, ["fal"], drift={FLUX: served}) as running:
        drifted, same, skipped = checked(
            catalog, settings_of(running), FLUX, f"{FLUX}/image-to-image", "replicate/black-forest-labs/flux-dev"
        )
    assert drifted.status is CheckStatus.DRIFTED
    assert [(one.path, one.severity) for one in drifted.changes] == [("num_images", "break")]
    assert drifted.breaks == drifted.changes
    assert drifted.endpoints == ("fal/flux.1-dev",)
    assert same.status is CheckStatus.SAME
    assert (skipped.status, skipped.reason) == (CheckStatus.SKIPPED, "Replicate is not among the providers asked")
    assert catalog.documents.contracts[FLUX].data["properties"]["num_images"]["maximum"] == 4
    with pytest.raises(ValueError, match="no twin here publishes the contract 'fal/no/such'"):
        Twins(catalog, drift={"fal/no/such": {}})


def answering(replies: Mapping[str, Any]) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A network in which hosts answer with a status, a text or JSON."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        reply = replies[request.url.host]
        if isinstance(reply, int):
            return httpx.Response(reply)
        return httpx.Response(200, text=reply if isinstance(reply, str) else json.dumps(reply))

    return httpx.MockTransport(answer), seen


def test_keys_go_only_where_the_catalog_says(catalog: Catalog) -> None:
    dev = "replicate/black-forest-labs/flux-dev"
    model = replicate_model("black-forest-labs/flux-dev", catalog.documents.contracts[dev].data)
    document = fal_document("fal-ai/flux/dev", catalog.documents.contracts[FLUX].data)
    network, seen = answering({"api.replicate.com": model, "fal.ai": document})
    settings = {name: ProviderSettings(key=f"{name}-key") for name in catalog.providers}
    assert {one.status for one in checked(catalog, settings, FLUX, dev, transport=network)} == {CheckStatus.SAME}
    assert {str(one.url): one.headers.get("authorization") for one in seen} == {
        "https://fal.ai/api/openapi/queue/openapi.json?endpoint_id=fal-ai/flux/dev": None,
        "https://api.replicate.com/v1/models/black-forest-labs/flux-dev": "Bearer replicate-key",
    }
    assert {one.method for one in seen} == {"GET"}


def test_without_a_key_only_open_places_are_asked(catalog: Catalog) -> None:
    network, seen = answering({"fal.ai": 404})
    settings = {name: ProviderSettings() for name in catalog.providers}
    fal, replicate = checked(catalog, settings, FLUX, "replicate/black-forest-labs/flux-dev", transport=network)
    assert (fal.status, replicate.status) == (CheckStatus.FAILED, CheckStatus.SKIPPED)
    assert str(fal.reason).endswith("answers 404: it knows no such endpoint")
    assert "set REPLICATE_API_TOKEN" in str(replicate.reason)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (500, "failed", "answers 500"),
        (302, "failed", "answers 302"),
        ("<html>", "unreadable", "json-syntax"),
        ("\xff\xfe", "unreadable", "json-syntax"),
        ({"detail": "Not Found"}, "unreadable", "no-input-schema"),
    ],
)
def test_answers_that_hold_no_schema(catalog: Catalog, reply: Any, status: str, words: str) -> None:
    network, _ = answering({"fal.ai": reply})
    (one,) = checked(catalog, {"fal": ProviderSettings()}, FLUX, transport=network)
    assert one.status == status
    assert words in str(one.reason)
    assert one.to_dict()["status"] == status


def test_a_provider_that_publishes_nowhere_is_skipped(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "PUBLISHED", {})
    (one,) = checked(catalog, {"fal": ProviderSettings()}, FLUX)
    assert (one.status, one.reason) == (CheckStatus.SKIPPED, "fal is not known to publish its input schemas")
    (one,) = checked(catalog, {}, "nobody/x")
    assert (one.status, one.reason) == (CheckStatus.SKIPPED, "the catalog has no provider 'nobody'")


# The commands ---------------------------------------------------------------------------------------------------------

IMPORT = ["contracts", "import", str(FILES / "fal.json"), "--provider", "fal", "--endpoint", "studio/prism/edit"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog of one's own."""
    return Path(shutil.copytree(CATALOG, tmp_path / "catalog"))


def test_import_writes_into_the_catalog(folder: Path, capsys: Capture) -> None:
    command = [*IMPORT, "--catalog", str(folder), "--date", "2026-07-28", "--source", "a made-up document"]
    assert run(command) == 0
    told = capsys.readouterr()
    file = folder / "contracts" / "fal" / "studio" / "prism" / "edit.json"
    assert told.out.strip() == str(file)
    assert "wrote 8 fields" in told.err
    assert "note: #/components/schemas/PrismEditInput/properties/extra: left open" in told.err
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["x-provenance"] == {
        "source": "a made-up document",
        "date": "2026-07-28",
        "method": "schema-imported",
    }
    assert run(["validate", str(folder)]) == 0


def test_import_says_what_changed_and_does_not_overwrite(folder: Path, capsys: Capture) -> None:
    command = [*IMPORT, "--catalog", str(folder)]
    file = folder / "contracts" / "fal" / "studio" / "prism" / "edit.json"
    assert run(command) == 0
    first = file.read_text(encoding="utf-8")
    capsys.readouterr()
    assert run([*command, "--source", "another day"]) == 0
    assert "says the same already and was left as it is" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == first
    file.write_text(first.replace('"maximum": 20', '"maximum": 30'), encoding="utf-8")
    assert run(command) == 1
    told = capsys.readouterr()
    assert "guidance_scale" in told.out
    assert "takes above 1, at most 20 now, not above 1, at most 30" in told.out
    assert "--force overwrites it" in told.err
    assert '"maximum": 30' in file.read_text(encoding="utf-8")
    assert run([*command, "--force"]) == 0
    assert file.read_text(encoding="utf-8") == first


def test_import_from_and_to_a_pipe(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (FILES / "replicate.json").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
    command = ["contracts", "import", "-", "--provider", "replicate", "--endpoint", "studio/prism", "-o", "-"]
    assert run([*command, "--date", "2026-07-28"]) == 0
    told = capsys.readouterr().out
    expected = (FILES / "replicate.contract.json").read_text(encoding="utf-8")
    assert told == expected.replace("read from replicate.json", "read from stdin")


def test_import_into_a_catalog_still_to_be_written(tmp_path: Path, capsys: Capture) -> None:
    command = ["contracts", "import", str(FILES / "schema.json"), "--endpoint", "prism", "--catalog", str(tmp_path)]
    assert run([*command, "--provider", "replicat"]) == 0
    assert "no provider 'replicat' yet; did you mean 'replicate'?" in capsys.readouterr().err
    model = tmp_path / "models" / "prism.yaml"
    model.parent.mkdir()
    # A model whose contract is missing is why one imports a contract.
    model.write_text("name: Prism\nendpoints: [{provider: fal, id: prism}]\n", encoding="utf-8")
    assert run([*command, "--provider", "fal"]) == 0
    assert (tmp_path / "contracts" / "fal" / "prism.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.json"], 2, "nowhere.json cannot be read"),
        (["--endpoint", "../../x"], 2, "cannot be the name of a file"),
        (["--provider", "a/b"], 2, "--provider 'a/b' cannot be the name"),
        (["--date", "yesterday"], 2, "must be a day such as 2026-07-28"),
        (["--catalog", "no-such-folder"], 2, "not a catalog folder"),
        (["--endpoint", "studio/else"], 1, "wrong-endpoint: this document is about studio/prism/edit"),
    ],
)
def test_import_refuses(arguments: list[str], code: int, words: str, capsys: Capture, tmp_path: Path) -> None:
    command = [*IMPORT, "-o", str(tmp_path / "out.json")]
    if "--catalog" in arguments:
        command = list(IMPORT)
    if arguments[0].endswith(".json"):
        command[2] = arguments[0]
        arguments = []
    assert run([*command, *arguments]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert not (tmp_path / "out.json").exists()


def test_import_over_what_is_no_contract(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "out.json"
    target.write_text("[]", encoding="utf-8")
    assert run([*IMPORT, "-o", str(target)]) == 1
    assert "out.json:1:1: wrong-type" in capsys.readouterr().err
    assert run([*IMPORT, "-o", str(target), "--force"]) == 0
    assert run([*IMPORT, "-o", str(target / "below.json")]) == 2


def test_check_against_twins(capsys: Capture) -> None:
    assert run(["contracts", "check"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{len(STORED)} same (asked offline twins" in told.err


@pytest.mark.parametrize(
    ("maximum", "code", "severity", "words"),
    [(2, 1, "break", "takes 1 to 2 now, not 1 to 4"), (8, 0, "note", "takes 1 to 8 now, not only 1 to 4")],
)
def test_check_reports_drift(
    maximum: int, code: int, severity: str, words: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = stored(FLUX)
    served["properties"]["num_images"]["maximum"] = maximum
    monkeypatch.setattr(twins, "Twins", functools.partial(Twins, drift={FLUX: served}))
    assert run(["contracts", "check"]) == code
    told = capsys.readouterr()
    (line,) = [line for line in told.out.splitlines() if line.startswith(FLUX)]
    assert line.split()[1:3] == ["num_images", severity]
    assert words in line
    assert "1 drifted" in told.err
    assert run(["contracts", "check", "--endpoint", "fal/flux.1-dev", "--json"]) == code
    data = json.loads(capsys.readouterr().out)
    assert (data["live"], data["breaks"]) == (False, 1 if code else 0)
    (only,) = data["contracts"]
    assert (only["contract"], only["endpoints"], only["status"]) == (FLUX, ["fal/flux.1-dev"], "drifted")
    assert only["changes"][0]["severity"] == severity
    assert run(["contracts", "check", "--endpoint", "replicate/flux.1-dev"]) == 0


def test_check_of_an_endpoint_there_is_not(capsys: Capture) -> None:
    assert run(["contracts", "check", "--endpoint", "fal/flux-1-dev"]) == 2
    assert "Did you mean" in capsys.readouterr().err


def test_check_live(capsys: Capture, monkeypatch: pytest.MonkeyPatch, running: Twins) -> None:
    """The real places are stood in for by the loopback: a twin, and a port where nobody listens."""
    for name in ("FAL_KEY", "REPLICATE_API_TOKEN", "BFL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    near = contracts.Place(running.bases["fal"] + "/api/openapi/queue/openapi.json?endpoint_id={endpoint}", keyed=False)
    monkeypatch.setattr(contracts, "PUBLISHED", {**contracts.PUBLISHED, "fal": near})
    assert run(["contracts", "check", "--live", "--endpoint", "fal/flux.1-dev"]) == 0
    assert "1 same (asked the providers)" in capsys.readouterr().err
    assert run(["contracts", "check", "--live", "--endpoint", "replicate/flux.1-dev"]) == 0
    assert "skipped: Replicate shows its schemas to customers only" in capsys.readouterr().err
    away = contracts.Place("https://127.0.0.1:9/{endpoint}", keyed=False)
    monkeypatch.setattr(contracts, "PUBLISHED", {"fal": away})
    assert run(["contracts", "check", "--live", "--endpoint", "fal/flux.1-dev"]) == 3
    assert "got no answer" in capsys.readouterr().err


def test_check_tells_what_the_importer_noted(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    served = stored(FLUX)
    served["properties"]["extra"] = {"type": "object", "additionalProperties": True}
    monkeypatch.setattr(twins, "Twins", functools.partial(Twins, drift={FLUX: served}))
    assert run(["contracts", "check", "--endpoint", "fal/flux.1-dev"]) == 0
    told = capsys.readouterr()
    assert "is new: object" in told.out
    assert f"{FLUX}: #/components/schemas/FalAiFluxDevInput/properties/extra: left open" in told.err


def test_a_schema_nobody_can_read_counts_as_a_break(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    served = stored(FLUX)
    served["properties"]["seed"] = {"type": "array", "uniqueItems": True}
    monkeypatch.setattr(twins, "Twins", functools.partial(Twins, drift={FLUX: served}))
    assert run(["contracts", "check", "--endpoint", "fal/flux.1-dev"]) == 1
    assert "unreadable" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["contracts"], ["contracts", "import"], ["contracts", "check"]])
def test_help(command: list[str], capsys: Capture) -> None:
    assert run([*command, "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: ")
