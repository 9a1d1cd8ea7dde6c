"""Contracts read from what providers publish.

The laws: what a twin publishes of a contract is read back as that contract; whatever is fed to the importer becomes
findings or a contract the engine can check bodies with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_cases import DAY, FILES, SIDE, STORED, field, fixture, imported, meaning, stored
from pentaprism import CatalogError
from pentaprism.catalog.contract_drift import drift
from pentaprism.catalog.contract_format import format_contract
from pentaprism.catalog.contract_import import LARGEST, import_contract
from pentaprism.catalog.document import Document
from pentaprism.catalog.documents import Documents
from pentaprism.catalog.json_source import read_json
from pentaprism.catalog.schema import schema_findings
from pentaprism.compile.checks import KEYWORDS, build_check
from pentaprism.twins.openapi import bfl_document, fal_document, replicate_model
from schema_strategies import contracts as any_contract

BOOLEAN = {"type": "boolean"}
SOURCES = [
    ("fal", "studio/prism/edit", "/studio/prism/edit"),
    ("replicate", "studio/prism", "/v1/models/studio/prism/predictions"),
    ("fastapi", "prism-pro", "/v1/prism-pro"),
    ("schema", "prism", None),
]


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
