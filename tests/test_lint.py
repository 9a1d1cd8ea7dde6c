"""What keys mean together. Each linter's everyday case is a file in `rejects/lint/`; here are its edges."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from pentaprism.catalog.build import Builder
from pentaprism.catalog.documents import Documents, read_documents
from pentaprism.catalog.json_source import read_json
from pentaprism.catalog.lint import LINTERS, Severity, lint, severity_of
from pentaprism.catalog.lint.fields import described
from pentaprism.catalog.lint.files import formatted
from pentaprism.catalog.scene import Scene
from pentaprism.catalog.schema import schema_folder
from pentaprism.errors import Finding
from reject_cases import BASE, reject, rejects

TODAY = date(2026, 11, 21)


def found(
    change: Callable[[dict[str, Any]], object], *, today: date = TODAY, marred: str = ""
) -> list[tuple[str, str]]:
    """What the linters say of the small catalog after a change to its data; building must find nothing wrong."""
    documents = read_documents(BASE)
    change(_editable(documents))
    for document in documents.contracts.values():
        document.text = None  # what the file says is no longer what the data say
    builder = Builder(documents)
    models = builder.everything()
    assert builder.findings == []
    files = {document.name for _, document in documents.each() if marred and document.name.endswith(marred)}
    scene = Scene(documents=documents, builder=builder, models=models, today=today, marred=frozenset(files))
    return [(finding.rule, finding.message) for finding in lint(scene)]


def _editable(documents: Documents) -> dict[str, Any]:
    return {
        "lantern": documents.models["lantern"].data["endpoints"][0],
        "candle": documents.models["candle"].data["endpoints"][0],
        "acme": documents.providers["acme"].data,
        "lantern_model": documents.models["lantern"].data,
        "candle_model": documents.models["candle"].data,
        "lantern_contract": documents.contracts["acme/lantern"].data,
        "fields": documents.contracts["acme/lantern"].data["properties"],
        "candle_contract": documents.contracts["acme/candle"].data,
        "parameters": documents.parameters.data,
        "tables": documents.size_tables.data,
    }


@pytest.mark.parametrize("name", LINTERS)
def test_each_linter_has_a_reject_of_its_name(name: str) -> None:
    """It is the example on the linter's page, so it shows this linter and nothing else."""
    assert {line.split(": ")[1] for line in reject(f"lint/{name}").expect} == {name}


def test_each_reject_of_a_linter_is_of_one() -> None:
    for name in (name.removeprefix("lint/") for name in rejects() if name.startswith("lint/")):
        linter = name.split(".")[0]
        assert linter in LINTERS
        assert linter in {line.split(": ")[1] for line in reject(f"lint/{name}").expect}


def test_linters_say_what_must_hold_why_and_what_to_do() -> None:
    for name, linter in LINTERS.items():
        assert name == linter.name
        assert severity_of(name) is linter.severity
        for text in (linter.sentence, linter.why, linter.fix):
            assert text.endswith("."), f"{name}: {text}"
            assert "  " not in text


def test_the_schema_lists_the_linters_an_author_may_waive() -> None:
    """Editors complete and explain them from there."""
    properties = json.loads((schema_folder() / "ignore.json").read_text(encoding="utf-8"))["properties"]
    described = {name: one["description"] for name, one in properties.items()}
    assert described == {name: linter.sentence for name, linter in LINTERS.items() if linter.waivable}


def test_what_loading_and_schemas_find_is_an_error() -> None:
    assert severity_of("unknown-key") is Severity.ERROR


def test_a_sound_catalog_is_left_in_peace() -> None:
    assert found(lambda catalog: None) == []


def test_an_endpoint_with_other_faults_in_its_files_is_left_in_peace() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["constants"] = {"sead": 1}

    assert [rule for rule, _ in found(change)] == ["unknown-target"]
    for marred in ("lantern.yaml", "acme.yaml", "acme/lantern.json", "parameters.yaml", "size-tables.yaml"):
        assert found(change, marred=marred) == []
    assert [rule for rule, _ in found(change, marred="candle.yaml")] == ["unknown-target"]


def test_a_target_left_out_in_one_mode_is_missing_there_alone() -> None:
    def change(catalog: dict[str, Any]) -> None:
        del catalog["parameters"]["image"]["required"]
        catalog["lantern"]["constants"] = {"quality": "low"}
        catalog["lantern"]["modes"]["image-edit"] = {"without": ["quality"]}

    assert found(change) == [("unknown-target", "the contract of lantern has no field 'quality' for image-edit")]


def test_nested_targets_are_followed() -> None:
    inner = {"type": "object", "additionalProperties": False, "properties": {"scale": {"type": "string"}}}

    def change(catalog: dict[str, Any], path: str) -> None:
        catalog["fields"]["config"] = inner
        catalog["lantern"]["constants"] = {path: "1K"}

    assert found(lambda catalog: change(catalog, "config.scale")) == []
    assert found(lambda catalog: change(catalog, "config.scales")) == [
        ("unknown-target", "the contract of lantern has no field 'config.scales' for text-to-image")
    ]


def test_a_native_count_that_is_not_there() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["rules"] = {"n": {"emulate": "fan_out", "native": {"to": "counts"}}}

    assert found(change) == [
        ("unknown-target", "the contract of lantern has no field 'counts' for text-to-image; did you mean 'count'?")
    ]


def test_what_passes_through_needs_a_field_of_its_name() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["rules"] = {"cfg_scale": {"passthrough": True}}

    assert found(change)[0] == (
        "unknown-target",
        "the contract of lantern has no field 'cfg_scale' for text-to-image",
    )


def test_values_are_compared_with_what_may_be_null() -> None:
    def change(catalog: dict[str, Any], value: Any) -> None:
        catalog["fields"]["quality"] = {"anyOf": [{"type": "string", "enum": ["low", "high"]}, {"type": "null"}]}
        catalog["lantern"]["constants"] = {"quality": value}

    assert found(lambda catalog: change(catalog, "high")) == []
    assert [rule for rule, _ in found(lambda catalog: change(catalog, "best"))] == ["not-in-contract"]


def test_values_beside_an_open_alternative_are_not_judged() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["quality"] = {"anyOf": [{"type": "string", "enum": ["low"]}, {"type": "string"}]}
        catalog["lantern"]["constants"] = {"quality": "best"}

    assert found(change) == []


def test_true_is_not_one() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["quality"] = {"type": "integer", "enum": [0, 1]}
        catalog["lantern"]["constants"] = {"quality": True}

    assert found(change) == [("not-in-contract", "the contract's quality takes 0, 1, not true")]


def test_of_a_providers_table_one_value_must_land() -> None:
    def change(catalog: dict[str, Any], spelt: str) -> None:
        catalog["parameters"]["quality"] = {"group": "core", "type": "string", "summary": "How well."}
        values = {"low": spelt, "medium": "mid"}
        catalog["acme"]["rules"]["quality"] = {"convert": "values", "to": "quality", "values": values}

    assert found(lambda catalog: change(catalog, "low")) == []
    assert found(lambda catalog: change(catalog, "lo")) == [
        ("not-in-contract", "acme's rule for quality writes lo, mid, and quality takes low, high")
    ]


def test_labels_of_a_list_must_be_in_the_contract() -> None:
    def change(catalog: dict[str, Any]) -> None:
        values = {"1:1": "512x512", "2:1": "512x256"}
        catalog["lantern"]["sizes"]["forms"] = [{"form": "list", "to": "shape", "values": values}]

    assert found(change) == [("not-in-contract", "the contract's shape takes 1:1, 16:9, not '2:1'")]


def test_scales_of_a_grid_must_be_in_the_contract() -> None:
    def change(catalog: dict[str, Any]) -> None:
        form = catalog["lantern"]["sizes"]["forms"][0]
        form["to"]["tier"] = "quality"
        form["tiers"] = {"low": {"area": "1K"}, "higher": {"area": "2K"}}

    assert found(change) == [("not-in-contract", "the contract's quality takes low, high, not 'higher'")]


def test_a_constant_satisfies_what_the_contract_requires() -> None:
    def change(catalog: dict[str, Any], constants: dict[str, Any]) -> None:
        catalog["candle_contract"]["properties"]["mode"] = {"type": "string"}
        catalog["candle_contract"]["required"].append("mode")
        catalog["candle"]["constants"] = constants

    assert found(lambda catalog: change(catalog, {"mode": "edit"})) == []
    assert [rule for rule, _ in found(lambda catalog: change(catalog, {}))] == ["unproduced-field"]


def test_a_reason_settles_a_synonym() -> None:
    def change(catalog: dict[str, Any], rules: dict[str, Any]) -> None:
        del catalog["acme"]["rules"]["cfg_scale"]
        catalog["lantern"]["rules"] = rules

    assert [rule for rule, _ in found(lambda catalog: change(catalog, {}))] == ["unclaimed-synonym"]
    assert found(lambda catalog: change(catalog, {"cfg_scale": {"unsupported": "the field is ignored"}})) == []
    assert found(lambda catalog: change(catalog, {"cfg_scale": {"rename": "guidance"}})) == []


def test_a_field_of_a_parameters_own_name_but_another_type_is_unclaimed() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["resolution"] = {"type": "integer"}

    assert found(change) == [
        (
            "unclaimed-synonym",
            "resolution is unsupported here, but the contract has 'resolution'; write a form for it",
        )
    ]


def test_a_tier_a_price_depends_on() -> None:
    def change(catalog: dict[str, Any], tier: str) -> None:
        form = catalog["lantern"]["sizes"]["forms"][0]
        form["to"]["tier"] = "quality"
        form["tiers"] = {"low": {"area": "1K"}, "high": {"area": "2K"}}
        catalog["lantern"]["prices"][0]["when"] = {"tier": ["low", tier]}

    assert found(lambda catalog: change(catalog, "high")) == []
    assert found(lambda catalog: change(catalog, "2K")) == [
        ("unknown-condition", "no form here has the tier '2K'; there are high, low")
    ]


@pytest.mark.parametrize(("today", "told"), [(date(2026, 1, 1), True), (date(2026, 1, 2), False)])
def test_facts_of_the_day_itself_are_fine(today: date, told: bool) -> None:
    assert (
        [rule for rule, _ in found(lambda catalog: None, today=today)] == ["future-date"] * 6
        if told
        else not found(lambda catalog: None, today=today)
    )


@pytest.mark.parametrize(
    ("host", "rules"),
    [("*.acme.example", []), ("*.example", ["unlisted-host"]), ("*.api.acme.example", ["unlisted-host"])],
)
def test_a_wildcard_stands_for_the_hosts_below_a_domain(host: str, rules: list[str]) -> None:
    assert [rule for rule, _ in found(lambda catalog: catalog["acme"].update(hosts=[host]))] == rules


def test_a_host_is_compared_whole() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["acme"]["submit"]["url"] = "https://api.acme.example.evil.example/{endpoint}"

    assert [rule for rule, _ in found(change)] == ["unlisted-host"]


def test_an_endpoint_called_elsewhere_is_called_at_a_host_that_may_see_the_key() -> None:
    def change(catalog: dict[str, Any], host: str) -> None:
        catalog["lantern"]["submit"] = {"url": f"https://{host}/{{endpoint}}"}

    assert found(lambda catalog: change(catalog, "api.acme.example")) == []
    assert [rule for rule, _ in found(lambda catalog: change(catalog, "acme.example"))] == ["unlisted-host"]


def test_findings_are_findings_of_a_file() -> None:
    documents = read_documents(BASE)
    documents.models["lantern"].data["endpoints"][0]["constants"] = {"sead": 1}
    builder = Builder(documents)
    scene = Scene(documents=documents, builder=builder, models=builder.everything(), today=TODAY)
    (finding,) = lint(scene)
    assert isinstance(finding, Finding)
    assert finding.path.endswith("rejects/base/models/lamps/lantern.yaml")
    assert finding.line > 0


# Types and ranges ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "field", "rules"),
    [
        ({"rename": "guidance"}, {"type": "integer"}, []),
        ({"rename": "guidance"}, {"type": "boolean"}, ["wrong-target-type"]),
        ({"convert": "invert", "to": "guidance"}, {"type": "integer"}, ["wrong-target-type"]),
        ({"rename": "guidance"}, {"type": ["number", "null"]}, []),
        ({"rename": "guidance"}, {}, []),
        ({"rename": "guidance"}, {"anyOf": [{"type": "string"}, {"type": "number"}]}, []),
        ({"convert": "invert", "to": "guidance"}, {"type": "string"}, ["wrong-target-type"]),
        (
            {"convert": "scale", "to": "guidance", "from": [0, 1], "into": [1, 9]},
            {"type": "integer"},
            ["wrong-target-type"],
        ),
        (
            {"convert": "scale", "to": "guidance", "from": [0, 1], "into": [1, 9], "whole": True},
            {"type": "integer"},
            [],
        ),
        ({"convert": "values", "to": "guidance", "values": {"1": "low"}}, {"enum": ["low"]}, []),
        ({"convert": "invert", "to": "guidance"}, {"type": "number", "minimum": 0.5}, ["range-mismatch"]),
        (
            {"convert": "invert", "to": "guidance", "range": [0, 20]},
            {"type": "number", "maximum": 10},
            ["range-mismatch"],
        ),
        ({"convert": "invert", "to": "guidance", "range": [0, 10]}, {"type": "number", "maximum": 10}, []),
        ({"convert": "invert", "to": "guidance"}, {"type": "number", "minimum": -1}, []),
    ],
)
def test_what_is_sent_fits_the_field(rule: dict[str, Any], field: dict[str, Any], rules: list[str]) -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["guidance"] = field
        catalog["lantern"]["rules"] = {"cfg_scale": rule}

    assert [name for name, _ in found(change)] == rules


@pytest.mark.parametrize(
    ("field", "encode", "rules"),
    [
        ({"type": "array", "items": {"type": "string"}, "maxItems": 4}, ["url"], []),
        ({"type": "array", "maxItems": 4}, ["url"], []),
        ({"type": "array", "items": {"type": "object", "additionalProperties": False}}, ["inline"], []),
        ({"type": "array", "items": {"type": "object", "additionalProperties": False}}, ["url"], ["wrong-target-type"]),
        ({"type": "array", "items": {"type": "string"}}, ["inline"], ["wrong-target-type"]),
    ],
)
def test_pictures_fit_the_list_they_are_sent_in(field: dict[str, Any], encode: list[str], rules: list[str]) -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["candle_contract"]["properties"]["picture"] = field
        rule = {"convert": "image", "to": "picture", "shape": "list", "encode": encode}
        catalog["candle"]["rules"] = {"image": rule}

    assert [name for name, _ in found(change)] == rules


def test_a_path_into_a_list_takes_each_picture() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["candle_contract"]["properties"]["picture"] = {"type": "array", "items": {"type": "string"}}
        catalog["candle"]["rules"] = {"image": {"convert": "image", "to": "picture[]", "shape": "list"}}

    assert found(change) == []


def test_a_list_of_sizes_goes_where_words_go() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["count"] = {"type": "integer", "enum": [512]}
        catalog["fields"]["shape"] = {"anyOf": [{"type": "integer"}, {"enum": ["512x512"]}]}
        catalog["lantern"]["sizes"]["forms"] = [{"form": "list", "to": "shape"}]

    assert found(change) == []


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        (2, []),
        ("2", ["not-in-contract"]),
        (2.0, ["not-in-contract"]),
        (9, ["not-in-contract"]),
        (None, ["not-in-contract"]),
    ],
)
def test_a_constant_is_of_the_fields_type_and_range(value: Any, rules: list[str]) -> None:
    assert [name for name, _ in found(lambda catalog: catalog["lantern"].update(constants={"count": value}))] == rules


def test_a_constant_list_holds_what_the_list_takes() -> None:
    def change(catalog: dict[str, Any], value: str) -> None:
        catalog["fields"]["kinds"] = {"type": "array", "items": {"type": "string", "enum": ["IMAGE"]}}
        catalog["lantern"]["constants"] = {"kinds": [value]}

    assert found(lambda catalog: change(catalog, "IMAGE")) == []
    assert [name for name, _ in found(lambda catalog: change(catalog, "IMAGES"))] == ["not-in-contract"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 3}, "a whole number of at least 3"),
        ({"type": "number", "exclusiveMaximum": 1}, "a number of at most 1"),
        ({"type": "boolean"}, "true or false"),
        ({"type": ["string", "array"]}, "a string or a list"),
        ({"enum": [False]}, "false"),
        ({"const": "a"}, "a"),
    ],
)
def test_what_a_field_takes_is_told(schema: dict[str, Any], words: str) -> None:
    assert described(schema) == words


@pytest.mark.parametrize(("most", "rules"), [(3, []), (4, ["range-mismatch"]), (5, ["range-mismatch"])])
def test_a_maximum_below_the_contracts_is_a_fact_of_its_own(most: int, rules: list[str]) -> None:
    def change(catalog: dict[str, Any]) -> None:
        rule = {"emulate": "fan_out", "native": {"to": "count", "max": most, "source": "the manual"}}
        catalog["lantern"]["rules"] = {"n": rule}

    assert [name for name, _ in found(change)] == rules


def test_a_providers_maximum_is_for_contracts_without_one() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["acme"]["rules"]["n"]["native"].update(max=9, source="the manual")

    assert found(change) == []


@pytest.mark.parametrize(
    ("minimum", "maximum", "told"),
    [
        (11, None, ["cfg_scale is at least 11, and guidance takes 0 to 10; no value is both"]),
        (None, -1, ["cfg_scale is at most -1, and guidance takes 0 to 10; no value is both"]),
        (0, 100, ["cfg_scale is 0 to 100, and guidance takes 0 to 10; write convert: scale"]),
        (0, 2, []),
        (0, None, []),
    ],
)
def test_a_value_sent_as_it_is_means_the_same(minimum: int | None, maximum: int | None, told: list[str]) -> None:
    def change(catalog: dict[str, Any]) -> None:
        bounds = {"minimum": minimum, "maximum": maximum}
        catalog["parameters"]["cfg_scale"].update({name: one for name, one in bounds.items() if one is not None})

    assert found(change) == [("range-mismatch", message) for message in told]


@pytest.mark.parametrize(
    ("schema", "form", "told"),
    [
        ({"minimum": 64, "maximum": 2048}, {"side": [64, 2048]}, []),
        ({"minimum": 64, "maximum": 2048}, {"side": [64, 4096]}, ["side", "side"]),
        ({"minimum": 64, "maximum": 2048}, {"side": [32, 2048]}, ["side", "side"]),
        ({"minimum": 64}, {"side": [32, 2048]}, ["side", "side"]),
        ({"maximum": 2048}, {"side": [64, 4096]}, ["side", "side"]),
        ({"maximum": 2048, "multipleOf": 16}, {"step": 16}, []),
        ({"maximum": 2048, "multipleOf": 16}, {"step": 8}, ["step", "step"]),
        ({"maximum": 2048, "multipleOf": 16}, {}, ["step", "step"]),
        ({"maximum": 2048}, {"pixels": [4096, 65536]}, []),
        ({}, {"pixels": [4096, 65536]}, []),
    ],
)
@pytest.mark.parametrize("role", ["object", "width"])
def test_sides_and_steps_are_the_contracts(
    role: str, schema: dict[str, Any], form: dict[str, Any], told: list[str]
) -> None:
    def change(catalog: dict[str, Any]) -> None:
        side = {"type": "integer", **schema}
        if role == "object":
            size = {"type": "object", "additionalProperties": False, "properties": {"width": side, "height": side}}
            catalog["fields"]["size"] = {"anyOf": [size, {"type": "string"}]}
            to = {"object": "size"}
        else:
            catalog["fields"].update(width=side, height=side)
            to = {"width": "width", "height": "height"}
        catalog["lantern"]["sizes"]["forms"] = [{"form": "free", "to": to, **form}]

    messages = [message for name, message in found(change) if name == "range-mismatch"]
    assert [message.split(":")[0] for message in messages] == told


def test_a_size_in_one_string_has_no_range() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["size"] = {"type": "string"}
        form = {"form": "free", "to": {"string": "size"}, "side": [64, 2048], "step": 16}
        catalog["lantern"]["sizes"]["forms"] = [form]

    assert found(change) == []


# Modes --------------------------------------------------------------------------------------------------------------


def test_a_reason_settles_a_mode() -> None:
    def change(catalog: dict[str, Any], **settled: Any) -> None:
        catalog["fields"]["picture"] = {"type": "string"}
        catalog["lantern"].update(settled)

    assert [name for name, _ in found(change)] == ["unserved-mode"]
    assert found(lambda catalog: change(catalog, absent={"image-edit": "the picture is a watermark"})) == []
    assert found(lambda catalog: change(catalog, narrow={"without": ["picture"]})) == []


def test_of_a_providers_rules_each_may_take_the_picture() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["scene"] = {"type": "string"}
        taken = {"convert": "image", "to": "scene", "shape": "one", "encode": ["url"]}
        catalog["acme"]["rules"]["image"] = [
            catalog["acme"]["rules"]["image"],
            taken,
            {"unsupported": "there is no more"},
        ]

    assert [message.split(",")[0] for _, message in found(change)] == ["the contract has 'scene'"]


def test_a_picture_that_need_not_be_sent_is_one_by_any_rule() -> None:
    """The endpoint's own rule says which field takes it, in whatever it is inside."""

    def change(catalog: dict[str, Any]) -> None:
        field = {"type": "object", "additionalProperties": False, "properties": {"data": {"type": "string"}}}
        catalog["candle_contract"]["properties"] = {"prompt": {"type": "string"}, "sheet": field}
        catalog["candle_contract"]["required"] = ["prompt"]
        catalog["candle"]["rules"] = {"image": {"convert": "image", "to": "sheet.data"}}

    assert [message.split(",")[0] for _, message in found(change)] == ["the contract does not require 'sheet'"]


def test_what_a_mode_writes_counts_in_that_mode() -> None:
    def change(catalog: dict[str, Any], mode: dict[str, Any]) -> None:
        catalog["candle"]["modes"]["image-edit"] = mode

    rule = {"convert": "image", "to": "picture"}
    assert found(lambda catalog: change(catalog, {"rules": {"image": rule}})) == []
    form = {"form": "auto", "set": {"prompt": "x"}, "modes": ["text-to-image"]}
    sizes = {"default": "input", "forms": [form]}
    assert found(lambda catalog: change(catalog, {"sizes": sizes})) == [
        ("idle-entry", "this form is for text-to-image, which is not served here")
    ]


# Pixels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "pixels", "told"),
    [
        ("16:9", "1328x800", False),
        ("16:9", "800x1328", True),
        ("16:9", None, False),
        ("square_hd", "1024x768", False),
        ("landscape_4_3", "1024x768", False),
        ("landscape_4_3", "768x1024", True),
        ("portrait_16_9", "576x1024", False),
        ("portrait_16_9", "1024x576", True),
        ("sixteen_16_9", "576x1024", False),
        ("sixteen_16_9", "1024x1024", True),
        ("v0_1", "1024x576", False),
        ("1024x576", "1024x576", False),
        ("1024x576", "1024x1024", True),
    ],
)
def test_pixels_are_of_the_shape_they_are_named_after(label: str, pixels: str | None, told: bool) -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["tables"]["others"] = {**catalog["tables"]["shapes"], "sizes": {label: pixels}}
        del catalog["tables"]["others"]["area"]

    assert [name for name, _ in found(change)] == ["table-shape"] * told


def test_pixels_written_into_a_form_are_looked_at_too() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["sizes"]["forms"][0]["ratios"] = {"1:1": "1024x1024", "16:9": "768x1344"}

    assert found(change) == [("table-shape", "768x1344 is 0.57:1, and '16:9' is 1.78:1")]


def test_tables_with_other_faults_are_left_in_peace() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["tables"]["shapes"]["sizes"]["16:9"] = "672x1344"

    assert [name for name, _ in found(change)] == ["table-shape"]
    assert found(change, marred="size-tables.yaml") == []


@pytest.mark.parametrize(("scale", "told"), [("1/2", False), (None, False), ("2", True)])
def test_scales_make_the_areas_they_are_for(scale: str | None, told: bool) -> None:
    def change(catalog: dict[str, Any]) -> None:
        form = catalog["lantern"]["sizes"]["forms"][0]
        form["to"]["tier"] = "quality"
        form["ratios"] = {"1:1": "1024x1024", "16:9": None}
        form["tiers"] = {"high": {"area": "1K"}, "low": {"area": "0.25MP", **({"scale": scale} if scale else {})}}

    assert [name for name, _ in found(change)] == ["tier-scale"] * told


# Prices -------------------------------------------------------------------------------------------------------------


def priced(*rows: dict[str, Any]) -> list[tuple[str, str]]:
    """What is said of these prices, each by default 0.02 for an image since January."""
    full = [{"from": "2026-01-02", "usd": "0.02", "per": "image", "source": "the price list", **row} for row in rows]

    def change(catalog: dict[str, Any]) -> None:
        catalog["fields"]["search"] = {"type": "boolean"}
        catalog["fields"]["note"] = {"type": "string"}
        catalog["fields"]["effort"] = {"type": "string", "enum": ["auto", "low", "high"]}
        catalog["lantern"]["prices"] = full

    return found(change)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([{}], id="flat"),
        pytest.param([{}, {"from": "2026-12-24", "usd": "0.03"}], id="announced"),
        pytest.param([{}, {"per": "input_megapixel"}], id="two metrics"),
        pytest.param([{}, {"when": {"search": True}}], id="a surcharge"),
        pytest.param([{}, {"when": {"quality": "low"}}, {"when": {"quality": "high"}}], id="two surcharges at once"),
        pytest.param(
            [{}, {"from": "2026-03-01", "usd": "0"}]
            + [{"from": "2026-03-01", "when": {"quality": one}} for one in ("low", "high")],
            id="a flat rate ended by a table",
        ),
        pytest.param([{"when": {"effort": "low"}}, {"when": {"effort": "high"}}], id="auto is an interval"),
        pytest.param([{"when": {"note": "a"}}, {"when": {"note": "b"}}], id="an open field"),
        pytest.param([{"per": "megapixel", "first": "1"}, {"per": "megapixel"}], id="a first and the rest"),
        pytest.param(
            [{"when": {"quality": "low"}}, {"when": {"quality": "high"}}, {"when": {"search": True}}],
            id="a table and a surcharge",
        ),
        pytest.param(
            [{"when": {"quality": [one], "shape": shape}} for one in ("low", "high") for shape in ("1:1", "16:9")],
            id="a table of two fields",
        ),
        pytest.param(
            [{"when": {"quality": ["low", "high"]}}, {"from": "2026-03-01", "when": {"quality": ["low", "high"]}}],
            id="all values in one row, replaced later",
        ),
        pytest.param(
            [{"when": {"quality": "low"}}, {"from": "2026-03-01", "when": {"quality": "high"}}],
            id="a quality that was not sold at first",
        ),
        pytest.param([{"usd": "5", "per": "token", "of": "text_in", "unit": 1_000_000}], id="a million tokens"),
    ],
)
def test_prices_that_are_right(rows: list[dict[str, Any]]) -> None:
    assert priced(*rows) == []


def test_a_fault_that_lasts_is_told_once() -> None:
    rows = [{"when": {"quality": ["low"]}}, {"when": {"quality": ["low", "high"], "shape": "1:1"}}]
    twice: list[dict[str, Any]] = [{}, {}, {"per": "second"}, {"per": "second", "from": "2026-12-24"}]
    assert [name for name, _ in priced(*rows, {"per": "second", "from": "2026-12-24"})] == ["price-gap"]
    assert [name for name, _ in priced(*twice)] == ["price-overlap"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [{"when": {"quality": ["low", "high"]}}, {"from": "2026-03-01", "when": {"quality": "high"}}],
            ["price-overlap: from 2026-03-01 this adds to the row in line 13: both price quality high"],
        ),
        (
            [
                {"when": {"quality": "low", "shape": "1:1"}},
                {"when": {"quality": ["low"], "shape": ["1:1", "16:9"]}},
                {"when": {"quality": "high", "shape": ["1:1", "16:9"]}},
            ],
            ["price-overlap: from 2026-01-02 this adds to the row in line 13: both price quality low with shape 1:1"],
        ),
        (
            [{"when": {"quality": "low", "shape": "1:1"}}, {"when": {"quality": "high", "shape": "16:9"}}],
            ["price-gap: no row prices the image with quality low and shape 16:9, nor 1 other choices"],
        ),
        (
            [{"when": {"quality": "low"}}, {"from": "2026-12-24", "when": {"quality": "high"}}],
            ["price-gap: no row prices the image with quality high"],
        ),
        (
            [
                {"usd": "0"},
                {"from": "2026-12-24", "when": {"quality": "low"}},
                {"from": "2026-12-24", "when": {"quality": "high", "shape": "1:1"}},
            ],
            ["price-gap: from 2026-12-24 no row prices the image with quality high and another shape"],
        ),
        (
            [{"usd": "5", "per": "token", "of": "text_in"}],
            ["implausible-price: $5 for a token is more than any known provider asks; is it another unit?"],
        ),
        (
            [{"usd": "11", "per": "megapixel", "unit": 2}],
            ["implausible-price: $11 for 2 megapixels is more than any known provider asks; is it another unit?"],
        ),
    ],
)
def test_prices_that_are_wrong(rows: list[dict[str, Any]], told: list[str]) -> None:
    assert [f"{name}: {message}" for name, message in priced(*rows)] == told


# Sources, names, waivers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["todo", " - ", "N/A", "The source", "web"])
def test_a_placeholder_is_no_source_wherever_it_stands(source: str) -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["prices"][0]["source"] = source
        catalog["lantern"]["checked"]["source"] = source
        catalog["acme"]["bills"]["source"] = source
        native = {"to": "count", "max": 2, "source": source}
        catalog["lantern"]["modes"]["text-to-image"] = {"rules": {"n": {"emulate": "fan_out", "native": native}}}
        catalog["candle"]["rules"] = {"image": {"convert": "image", "to": "picture", "max": 2, "source": source}}

    assert [name for name, _ in found(change)] == ["vague-source"] * 5


def test_what_nobody_uses_may_have_no_date() -> None:
    """A contract without an endpoint is not read; that its date is none is for the schemas to say."""
    documents = read_documents(BASE)
    spare = read_json("spare.json", '{"x-provenance": {"date": "soon"}, "type": "object", "properties": {}}\n')
    documents.contracts["acme/spare"] = spare
    builder = Builder(documents)
    scene = Scene(documents=documents, builder=builder, models=builder.everything(), today=TODAY)
    assert [finding.rule for finding in lint(scene)] == ["contract-format"]


@pytest.mark.parametrize(
    ("status", "successor", "rules"),
    [
        ("retired", "candle", []),
        ("deprecated", None, []),
        ("retired", "taper", ["unknown-successor"]),
        ("active", "nobody", ["unknown-successor"]),
    ],
)
def test_a_retired_model_sends_its_callers_on(status: str, successor: str | None, rules: list[str]) -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern_model"]["status"] = status
        if successor:
            catalog["lantern_model"]["successor"] = successor

    assert [name for name, _ in found(change)] == rules


@pytest.mark.parametrize(("name", "rules"), [("lamp", []), ("taper-two", []), ("candle", ["shadowed-key"])])
def test_a_name_of_its_own_model_shadows_nothing(name: str, rules: list[str]) -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["name"] = name
        catalog["candle"]["name"] = "wick"

    assert [rule for rule, _ in found(change)] == rules


def test_a_sentence_too_short_to_be_copied_is_not() -> None:
    def change(catalog: dict[str, Any], text: str) -> None:
        catalog["lantern_model"]["strengths"] = ["**Bright**: it is bright.", text]
        catalog["candle_model"]["strengths"] = ["**Bright**: it is bright.", f"Also: {text.upper()}"]

    sentence = "it lights a room as wide as a barn"
    assert found(lambda catalog: change(catalog, "it lights a room as wide")) == []
    assert [rule for rule, _ in found(lambda catalog: change(catalog, sentence))] == ["repeated-prose"]


REASON = "the manual has been out of print since"


@pytest.mark.parametrize("holder", ["lantern", "lantern_model"])
def test_a_waiver_stands_at_the_endpoint_or_the_model(holder: str) -> None:
    def change(catalog: dict[str, Any], waiver: dict[str, str]) -> None:
        catalog["lantern"]["checked"]["date"] = "2025-01-02"
        catalog["lantern_contract"]["x-provenance"]["date"] = "2025-01-02"
        catalog[holder]["ignore"] = waiver

    assert [rule for rule, _ in found(lambda catalog: change(catalog, {}))] == ["stale-check"] * 2
    assert found(lambda catalog: change(catalog, {"stale-check": REASON})) == []
    assert found(lambda catalog: change(catalog, {"stale-check": REASON, "price-gap": REASON})) == [
        ("unused-waiver", "price-gap finds nothing here any more; take this waiver out")
    ]


def test_a_table_is_waived_where_it_stands() -> None:
    def change(catalog: dict[str, Any], label: str) -> None:
        catalog["tables"]["shapes"]["sizes"][label] = "1344x768"
        catalog["tables"]["shapes"]["ignore"] = {"table-shape": REASON}

    assert [rule for rule, _ in found(lambda catalog: change(catalog, "1:1"))] == []
    assert [rule for rule, _ in found(lambda catalog: change(catalog, "16:9"))] == ["unused-waiver"]


def test_what_proofs_rest_on_is_not_waived() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["constants"] = {"sead": 1}
        catalog["lantern"]["ignore"] = {"unknown-target": REASON}

    assert [rule for rule, _ in found(change)] == ["unknown-target", "unused-waiver"]


def test_where_nobody_looked_no_waiver_is_unused() -> None:
    def change(catalog: dict[str, Any]) -> None:
        catalog["lantern"]["ignore"] = {"price-gap": REASON}
        catalog["lantern_model"]["ignore"] = {"price-gap": REASON}
        catalog["tables"]["shapes"]["ignore"] = {"table-shape": REASON}

    assert [rule for rule, _ in found(change)] == ["unused-waiver"] * 3
    assert [rule for rule, _ in found(change, marred="acme/lantern.json")] == ["unused-waiver"]
    assert found(change, marred="size-tables.yaml") == []


def test_an_announced_price_is_no_date_in_the_future() -> None:
    assert found(lambda catalog: catalog["lantern"]["prices"][0].update({"from": "2027-01-01"})) == []


def test_a_contract_is_laid_out_by_a_program() -> None:
    documents = read_documents(BASE)
    contract = documents.contracts["acme/lantern"]
    assert contract.text == formatted(contract)
    for text in (f"{contract.text}\n", str(contract.text).rstrip(), str(contract.text).replace("  ", "    ")):
        documents.contracts["acme/lantern"] = read_json("lantern.json", text)
        builder = Builder(documents)
        scene = Scene(documents=documents, builder=builder, models=builder.everything(), today=TODAY)
        (finding,) = lint(scene)
        assert (finding.path, finding.rule) == ("lantern.json", "contract-format")
        assert formatted(documents.contracts["acme/lantern"]) == contract.text
