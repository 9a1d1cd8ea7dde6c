"""What loading itself refuses, without any schema: each fault with its rule and sentence, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pentaprism.catalog.build import Builder
from pentaprism.catalog.documents import read_documents
from pentaprism.types import Mode, Rule

BASE = Path(__file__).parent / "rejects" / "base"
Change = Callable[[Any], object]


def built(change: Change) -> Builder:
    """The small catalog built after a change to its data."""
    documents = read_documents(BASE)

    class Data:
        parameters = documents.parameters.data
        tables = documents.size_tables.data
        acme = documents.providers["acme"].data
        lantern = documents.models["lantern"].data
        endpoint = documents.models["lantern"].data["endpoints"][0]
        form = endpoint["sizes"]["forms"][0]
        contract = documents.contracts["acme/lantern"].data
        fields = contract["properties"]

    documents.parameters.data["user"] = {"group": "core", "type": "string", "summary": "Who asks.", "at": "gateway"}
    change(Data)
    builder = Builder(documents)
    builder.everything()
    return builder


def rule(data: Any, parameter: str, written: Any) -> None:
    """Give the endpoint one rule of its own."""
    data.endpoint["rules"] = {parameter: written}


def form(data: Any, **written: Any) -> None:
    """Give the endpoint one form instead of its own."""
    data.endpoint["sizes"]["forms"] = [written]


def rules_of(builder: Builder, model: str) -> Mapping[str, Rule]:
    """How every parameter crosses at a model's only endpoint and mode."""
    assert builder.findings == []
    (endpoint,) = builder.model(model).endpoints
    (spec,) = endpoint.modes.values()
    return spec.rules


def tiered(data: Any, **tiers: Any) -> None:
    """Give the endpoint's grid scales of its own."""
    data.form.update(tiers=tiers)
    data.form["to"]["tier"] = "quality"


FAULTS: list[tuple[Change, str, str]] = [
    # parameters
    (lambda d: d.parameters.update(x=3), "wrong-type", "'x' must be a mapping, not 3"),
    (lambda d: d.parameters["prompt"].update(at="gateway"), "missing-parameter", "'prompt' must be `at: request`"),
    (lambda d: d.parameters["n"].update(modes=["video"]), "unknown-mode", "there is no mode 'video'"),
    (lambda d: d.parameters["n"].update(max_length=0), "out-of-range", "'max_length' must be at least 1, not 0"),
    (lambda d: d.parameters["n"].update(spellings={"one": 1}), "wrong-type", "'one' must stand for a string"),
    (
        lambda d: d.parameters["n"].update(emulate={"emulate": "deliver"}),
        "bad-rule",
        "deliver emulates response_format",
    ),
    # providers
    (lambda d: d.acme.pop("auth"), "missing-key", "the file needs the key 'auth'"),
    (lambda d: d.acme.update(submit="https://x"), "wrong-type", "'submit' must be a mapping, not 'https://x'"),
    (lambda d: d.acme["submit"].update(headers={"Prefer": 3}), "wrong-type", "the header 'Prefer' must be a string"),
    (lambda d: d.acme["rules"].update(n=[]), "bad-rule", "a list of rules holds at least one"),
    (lambda d: d.acme.update(hosts="acme.example"), "wrong-type", "'hosts' must be a list, not 'acme.example'"),
    (lambda d: d.acme.update(reserved=["webhook", 3]), "wrong-type", "'reserved' must hold strings, not 3"),
    # rules
    (lambda d: rule(d, "user", {"rename": "x"}), "bad-rule", "user is `at: gateway`; a rule for it would not be read"),
    (lambda d: rule(d, "prompt", {"passthrough": False}), "bad-rule", "passthrough is only ever true, not false"),
    (lambda d: rule(d, "prompt", {"rename": "x", "passthrough": True}), "bad-rule", "this has passthrough and rename"),
    (lambda d: rule(d, "prompt", {"renames": "x"}), "bad-rule", "convert, emulate, unsupported; this has renames"),
    (lambda d: rule(d, "prompt", {"rename": ""}), "bad-rule", "rename needs the provider's field"),
    (lambda d: rule(d, "prompt", {"unsupported": 1}), "bad-rule", "unsupported needs the reason, in words, not 1"),
    (lambda d: rule(d, "prompt", {"convert": "image"}), "bad-rule", "convert: image is for images"),
    (lambda d: rule(d, "prompt", {"convert": ["values"]}), "unknown-converter", "there is no converter a list"),
    (lambda d: rule(d, "n", {"emulate": "fan_out", "native": 3}), "wrong-type", "'native' must be a mapping, not 3"),
    (lambda d: rule(d, "n", {"emulate": "fan_out", "native": {"to": ""}}), "bad-rule", "native needs `to:`"),
    (lambda d: rule(d, "n", {"emulate": "fan_out", "native": {"to": "count", "max": 0}}), "out-of-range", "'max' must"),
    (lambda d: rule(d, "n", {"convert": "values", "values": {"1": 1}}), "bad-rule", "n cannot be converted"),
    (
        lambda d: rule(d, "response_format", {"convert": "values", "values": {"url": "link"}}),
        "bad-rule",
        "response_format cannot be converted",
    ),
    (
        lambda d: rule(d, "output_format", {"emulate": "transcode", "native": {"to": "quality", "formats": [3]}}),
        "wrong-type",
        "'formats' must hold strings, not 3",
    ),
    (lambda d: rule(d, "output_format", {"convert": "invert"}), "bad-rule", "output_format is converted by `values`"),
    (lambda d: rule(d, "prompt", {"convert": "values"}), "missing-key", "'prompt' needs the key 'values'"),
    (lambda d: rule(d, "prompt", {"convert": "values", "values": {"a": []}}), "wrong-type", "'a' must be spelt as"),
    (lambda d: rule(d, "cfg_scale", {"convert": "scale", "from": [0, 1]}), "missing-key", "needs the key 'into'"),
    (
        lambda d: rule(d, "cfg_scale", {"convert": "scale", "from": [1, 1], "into": [0, 1]}),
        "not-a-range",
        "'from' must be two different numbers, not a list",
    ),
    (
        lambda d: rule(d, "cfg_scale", {"convert": "invert", "range": [0]}),
        "not-a-range",
        "'range' must be two different",
    ),
    (
        lambda d: rule(d, "cfg_scale", {"convert": "invert", "range": [0, math.inf]}),
        "not-a-range",
        "'range' must be two different",
    ),
    (lambda d: rule(d, "image", {"convert": "image", "encode": ["ftp"]}), "not-allowed", "'encode' must hold some of"),
    # forms
    (lambda d: form(d, form="free", to={"width": "w"}), "bad-form", "a free form writes to {object}, {string} or"),
    (lambda d: form(d, form="free", to={}, side=[1, 9]), "bad-form", "a free form writes to {object}, {string} or"),
    (lambda d: form(d, form="free", to={"string": "shape"}), "bad-form", "nothing bounds this form"),
    (lambda d: form(d, form="free", to={"object": "nowhere"}), "bad-form", "nothing bounds this form"),
    (
        lambda d: (
            d.fields.update(w={"type": "integer", "minimum": 64}),
            form(d, form="free", to={"width": "w", "height": "w"}),
        ),
        "bad-form",
        "nothing bounds this form",
    ),
    (lambda d: form(d, form="free", to={"string": 3}, side=[1, 9]), "wrong-type", "'string' needs the path of a field"),
    (lambda d: form(d, form="free", to={"string": "shape"}, side=[9, 1]), "not-a-range", "'side' must be two whole"),
    (lambda d: form(d, form="free", to={"string": "shape"}, side=[1, 65_536]), "not-a-range", "from 1 to 65535, the"),
    (lambda d: form(d, form="free", to={"string": "shape"}, side=[1, True]), "not-a-range", "'side' must be two whole"),
    (lambda d: form(d, form="free", to={"string": "shape"}, side=[1, 65_535], pixels=[1, 65_535**2]), "", ""),
    (lambda d: form(d, form="free", to={"string": "shape"}, side=[1, 99], ratio=["1:1", "1:1"]), "", ""),
    (lambda d: form(d, form="free", to="shape", side=[1, 9]), "wrong-type", "'to' must be a mapping, not 'shape'"),
    (lambda d: d.endpoint["sizes"].update(forms=3), "wrong-type", "'forms' must be a list, not 3"),
    (lambda d: d.endpoint["sizes"].update(forms=["free"]), "wrong-type", "entry 1 of 'forms' must be a mapping"),
    (lambda d: d.form.pop("to"), "missing-key", "entry 1 of 'forms' needs the key 'to'"),
    (lambda d: d.form.update(to={}), "bad-form", "a grid form needs `to: {ratio: FIELD}` and `ratios:`"),
    (lambda d: d.form.update(to={"tier": "quality"}, tiers={"low": {"area": "1K"}}), "bad-form", "a grid form needs"),
    (lambda d: d.form.pop("ratios"), "bad-form", "a grid form needs `to: {ratio: FIELD}` and `ratios:`"),
    (lambda d: d.form.update(ratios={}), "bad-form", "this grid has no shape in it"),
    (lambda d: d.form.update(ratios={"wide": None}), "not-a-ratio", "'wide' is not an aspect ratio"),
    (lambda d: d.form.update(spell="{w}"), "bad-form", "'spell' must have {w} and {h} in it, not '{w}'"),
    (lambda d: d.form.update(tiers={"1K": {"area": "1K"}}), "bad-form", "`to: {tier: FIELD}` and `tiers:` go together"),
    (lambda d: tiered(d, low=3), "wrong-type", "'low' must be a mapping, not 3"),
    (lambda d: tiered(d, low={"scale": 2}), "missing-key", "'low' needs the key 'area'"),
    (lambda d: d.form.update(modes=["image-edit"], form="auto"), "", ""),
    (lambda d: form(d, form="list"), "missing-key", "entry 1 of 'forms' needs the key 'to'"),
    (lambda d: form(d, form="list", to=""), "bad-form", "the contract's '' lists no WxH values"),
    (lambda d: form(d, form="list", to="guidance"), "bad-form", "the contract's 'guidance' lists no WxH values"),
    (lambda d: form(d, form="list", to="shape", values="shade"), "unknown-table", "no table 'shade'; did you mean"),
    (
        lambda d: form(d, form="list", to="quality", values={"best": "64x64"}),
        "bad-form",
        "none of these is a value of the contract's 'quality' with known pixels",
    ),
    (
        lambda d: form(d, form="list", to="quality", values={"low": None}),
        "bad-form",
        "none of these is a value of the contract's 'quality' with known pixels",
    ),
    (lambda d: form(d, form="auto"), "bad-form", "an auto form needs `set:`"),
    (lambda d: d.tables.update(others=3), "wrong-type", "'others' must be a mapping, not 3"),
    (
        lambda d: d.tables["shapes"].update(area="512"),
        "not-a-tier",
        "'512' would be 512 megapixels; did you mean 0.5K?",
    ),
    (lambda d: d.tables["shapes"]["sizes"].update({"1:2": 3}), "not-a-size", "'3' is not a size"),
    (
        lambda d: d.tables["shapes"]["sizes"].update({"1:2": "1x99999"}),
        "out-of-range",
        "no picture has a side of 99999",
    ),
    # contracts
    (lambda d: d.fields.update(x=3), "wrong-type", "'x' must be a mapping, not 3"),
    (
        lambda d: d.fields.update(x={"oneOf": []}),
        "unsupported-keyword",
        "a contract may not use the JSON Schema keyword",
    ),
    (lambda d: d.fields.update(x={"type": "text"}), "wrong-type", "'type' must be one or more of string, integer"),
    (lambda d: d.fields.update(x={"type": "string", "pattern": "("}), "wrong-type", "'pattern' must be a regular expr"),
    (lambda d: d.fields.update(x={"enum": [[]]}), "wrong-type", "'enum' must be a list of strings, numbers or"),
    (
        lambda d: d.fields.update(x={"type": "array", "items": {"type": "object"}}),
        "open-object",
        "an object in a contract",
    ),
    (
        lambda d: d.fields.update(x={"type": "object", "additionalProperties": True}),
        "open-object",
        "with the source as",
    ),
    (lambda d: d.fields.update(x={"type": "object", "additionalProperties": True, "$comment": "the manual"}), "", ""),
    (lambda d: d.fields.update(x={"maximum": 3}), "wrong-type", "'maximum' needs type integer or number beside it"),
    (lambda d: d.contract["x-provenance"].update(date="2026-13-01"), "not-a-date", "'date' must be a date such as"),
    # endpoints and prices
    (lambda d: d.endpoint.update(modes={}), "missing-key", "an endpoint needs 'modes' with at least one mode"),
    (lambda d: d.endpoint.update(modes={"text-to-image": None}), "wrong-type", "'text-to-image' must be a mapping"),
    (lambda d: d.endpoint.update(absent={"video": "no"}), "unknown-mode", "there is no mode 'video'"),
    (lambda d: d.endpoint.update(absent={"text-to-image": "no"}), "bad-mode", "text-to-image stands under `modes` too"),
    (lambda d: d.endpoint.update(absent={"image-edit": 1}), "wrong-type", "'image-edit' must be a string, not 1"),
    (lambda d: d.endpoint.pop("sizes"), "missing-key", "entry 1 of 'endpoints' needs the key 'sizes'"),
    (lambda d: d.endpoint.update(narrow={"seed": {}}), "unknown-field", "the contract has no field 'seed' to narrow"),
    (lambda d: d.endpoint.update(narrow={"quality": {"not": {}}}), "unsupported-keyword", "a contract may not use"),
    (lambda d: d.endpoint["prices"][0].update(unit=0), "out-of-range", "'unit' must be at least 1, not 0"),
    (lambda d: d.endpoint["prices"][0].update(unit=True), "wrong-type", "'unit' must be a whole number, not true"),
    (lambda d: d.endpoint["prices"][0].update(usd="-1"), "not-a-number", "'usd' must be a decimal number of at least"),
    (lambda d: d.endpoint["prices"][0].update(usd="cheap"), "not-a-number", "'usd' must be a decimal number of at"),
    (lambda d: d.endpoint["prices"][0].update(round="down"), "not-allowed", "'round' must be one of up, not 'down'"),
    (
        lambda d: d.endpoint["prices"][0].update(min="NaN"),
        "not-a-number",
        "'min' must be a decimal number of at least 0",
    ),
    # What the modes of an endpoint share is read for each of them, and told once.
    (
        lambda d: (d.endpoint["modes"].update({"image-edit": {}}), rule(d, "prompt", {"rename": ""})),
        "bad-rule",
        "rename needs the provider's field",
    ),
    (lambda d: d.lantern.update(endpoints=[3]), "wrong-type", "entry 1 of 'endpoints' must be a mapping, not 3"),
]


@pytest.mark.parametrize(("change", "rule", "start"), FAULTS, ids=[f"{rule} {start}" for _, rule, start in FAULTS])
def test_loading_refuses(change: Change, rule: str, start: str) -> None:
    findings = built(change).findings
    told = [finding for finding in findings if finding.message != "a model needs at least one entry under 'endpoints'"]
    if not rule:
        assert told == []
        return
    (finding,) = told
    assert (finding.rule, start in finding.message) == (rule, True), str(finding)


def test_one_scale_takes_its_pixels_from_another() -> None:
    def change(data: Any) -> None:
        tiered(data, low={"area": "1MP"}, high={"area": "4MP", "scale": "2/1"})

    (grid,) = built(change).model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].forms
    assert [str(cell.real) for cell in grid.cells] == ["1024x1024", "1344x768", "2048x2048", "2688x1536"]


def test_a_scale_of_its_own_counts_at_the_tables_own_area_too_and_cuts_parts_of_pixels_off() -> None:
    def change(data: Any) -> None:
        data.tables["shapes"]["sizes"]["16:9"] = "1347x767"
        tiered(data, low={"area": "1MP", "scale": "1/2"}, high={"area": "1MP"})

    (grid,) = built(change).model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].forms
    assert [str(cell.real) for cell in grid.cells] == ["512x512", "673x383", "1024x1024", "1347x767"]
    assert not any(cell.inferred for cell in grid.cells)


@pytest.mark.parametrize("scale", ["1/0", "two", 0, -1, 1e9, [2]])
def test_a_scale_that_is_none(scale: Any) -> None:
    (finding,) = built(lambda d: tiered(d, low={"area": "1MP", "scale": scale})).findings
    assert finding.rule in ("not-a-number", "out-of-range", "wrong-type")


def test_a_side_is_read_out_of_the_contract() -> None:
    side = {"type": "integer", "exclusiveMinimum": 63, "exclusiveMaximum": 1025}
    sides = {"type": "object", "additionalProperties": False, "properties": {"width": side, "height": side}}

    def change(data: Any) -> None:
        data.fields["box"] = {"anyOf": [{"type": "string"}, sides]}
        data.fields["width"] = data.fields["height"] = {"type": "integer", "minimum": 256, "maximum": 2048}
        free = {"form": "free", "ratio": ["1:2", "2:1"]}
        data.endpoint["sizes"]["forms"] = [
            {**free, "to": {"object": "box"}},
            {**free, "to": {"width": "width", "height": "height"}, "pixels": [65536, 4194304]},
        ]

    builder = built(change)
    assert builder.findings == []
    box, pair = builder.model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].forms
    assert (box.side, box.ratio) == ((64, 1024), (0.5, 2.0))
    assert (pair.side, pair.pixels) == ((256, 2048), (65536, 4194304))


@pytest.mark.parametrize("ratio", [["1:2"], ["2:1", "1:2"], ["wide", "2:1"]])
def test_bounds_of_a_shape_that_are_none(ratio: list[str]) -> None:
    (finding,) = built(lambda d: form(d, form="free", to={"string": "shape"}, side=[1, 99], ratio=ratio)).findings
    assert finding.rule == "not-a-range"


def test_a_field_passes_where_null_or_another_type_is_also_taken() -> None:
    def change(data: Any) -> None:
        data.fields["output_compression"] = {"type": ["integer", "null"]}
        data.fields["cfg_scale"] = {"anyOf": [{"type": "number"}, {"type": "null"}]}
        del data.acme["rules"]["cfg_scale"]

    rules = built(change).model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].rules
    assert (rules["output_compression"].verb, rules["cfg_scale"].verb) == ("passthrough", "passthrough")


@pytest.mark.parametrize(
    ("parameter", "schema", "verb"),
    [
        ("output_compression", {"type": "integer"}, "passthrough"),
        ("output_compression", {"type": "number"}, "passthrough"),
        ("output_compression", {"type": "string"}, "emulate"),
        ("cfg_scale", {"type": "number"}, "passthrough"),
        ("cfg_scale", {"type": "integer"}, "unsupported"),
        ("cfg_scale", {"anyOf": [{"type": "string"}, {"type": "boolean"}]}, "unsupported"),
        ("output_format", {"type": "string"}, "passthrough"),
        ("output_format", {"enum": ["png"]}, "emulate"),
    ],
)
def test_a_field_of_the_same_name_is_passed_what_it_can_take(parameter: str, schema: Any, verb: str) -> None:
    def change(data: Any) -> None:
        data.fields[parameter] = schema
        data.acme["rules"].pop(parameter, None)

    resolved = rules_of(built(change), "lantern")[parameter]
    assert (resolved.verb, resolved.target) == (verb, parameter if verb == "passthrough" else None)


def test_a_provider_may_say_that_a_field_does_nothing() -> None:
    def change(data: Any) -> None:
        data.fields["cfg_scale"] = {"type": "number"}
        data.acme["rules"]["cfg_scale"] = {"unsupported": "the field is ignored"}

    resolved = rules_of(built(change), "lantern")["cfg_scale"]
    assert (resolved.verb, resolved.reason, resolved.origin) == ("unsupported", "the field is ignored", "provider")


def test_an_emulation_goes_without_the_native_field_where_there_is_none() -> None:
    native = {"to": "count", "max": 4}
    builder = built(lambda d: (rule(d, "n", {"emulate": "fan_out", "native": native}), d.fields.pop("count")))
    there = rules_of(built(lambda d: rule(d, "n", {"emulate": "fan_out", "native": native})), "lantern")["n"]
    assert (there.target, there.options) == ("count", {"emulate": "fan_out", "native": native})
    away = rules_of(builder, "lantern")["n"]
    assert (away.target, away.options, away.origin) == (None, {"emulate": "fan_out"}, "endpoint")


def test_a_conversion_goes_to_the_field_of_the_parameters_name_unless_it_says() -> None:
    plain = rules_of(built(lambda d: rule(d, "cfg_scale", {"convert": "invert"})), "lantern")["cfg_scale"]
    told = rules_of(built(lambda d: rule(d, "cfg_scale", {"convert": "invert", "to": "guidance"})), "lantern")
    assert (plain.target, told["cfg_scale"].target) == ("cfg_scale", "guidance")


def test_a_provider_passes_nothing_to_a_field_that_is_not_there() -> None:
    def change(data: Any) -> None:
        data.acme["rules"]["cfg_scale"] = {"passthrough": True}

    resolved = built(change).model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].rules["cfg_scale"]
    assert (resolved.verb, resolved.origin) == ("unsupported", "none")


def test_a_providers_headers_go_with_every_submission() -> None:
    builder = built(lambda d: d.acme["submit"].update(headers={"Prefer": "wait=60", "X-Client": "pentaprism"}))
    assert builder.findings == []
    for model in ("lantern", "candle"):
        (endpoint,) = builder.model(model).endpoints
        assert endpoint.submission.headers == {"Prefer": "wait=60", "X-Client": "pentaprism"}


def test_options_of_a_passthrough_are_kept() -> None:
    resolved = built(lambda d: rule(d, "prompt", {"passthrough": True, "clamp": True}))
    rules = resolved.model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].rules
    assert rules["prompt"].options == {"clamp": True}


def test_a_field_left_out_is_not_required_either() -> None:
    def change(data: Any) -> None:
        data.contract["required"] = ["prompt", "quality", "count"]
        data.endpoint["narrow"] = {"without": ["count"]}
        data.endpoint["modes"]["image-edit"] = {"without": ["quality"]}

    modes = built(change).model("lantern").endpoints[0].modes
    assert modes[Mode.TEXT_TO_IMAGE].contract.schema["required"] == ["prompt", "quality"]
    assert modes[Mode.IMAGE_EDIT].contract.schema["required"] == ["prompt"]


def test_what_a_mode_says_counts_before_what_its_endpoint_says() -> None:
    def change(data: Any) -> None:
        data.endpoint["constants"] = {"quality": "low", "count": 1}
        data.endpoint["rules"] = {"prompt": {"rename": "shape"}, "cfg_scale": {"unsupported": "ignored"}}
        over = {"constants": {"quality": "high"}, "rules": {"prompt": {"passthrough": True}}}
        data.endpoint["modes"] = {"text-to-image": over, "image-edit": {}}

    modes = built(change).model("lantern").endpoints[0].modes
    over, plain = modes[Mode.TEXT_TO_IMAGE], modes[Mode.IMAGE_EDIT]
    assert (over.constants, plain.constants) == ({"quality": "high", "count": 1}, {"quality": "low", "count": 1})
    assert (over.rules["prompt"].target, plain.rules["prompt"].target) == ("prompt", "shape")
    assert over.rules["cfg_scale"].reason == plain.rules["cfg_scale"].reason == "ignored"


def test_a_narrowed_contract_has_the_tighter_schema_and_the_others_do_not() -> None:
    def change(data: Any) -> None:
        data.endpoint["narrow"] = {"without": ["count"], "quality": {"type": "string", "enum": ["low"]}}

    builder = built(change)
    contract = builder.model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].contract
    assert "count" not in contract.fields
    assert contract.fields["quality"] == {"type": "string", "enum": ["low"]}
    assert list(contract.fields) == ["prompt", "shape", "guidance", "quality"]
    assert "count" in builder.documents.contracts["acme/lantern"].data["properties"]
