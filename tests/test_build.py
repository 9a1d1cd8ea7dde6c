"""What loading itself refuses, without any schema: each fault with its rule and sentence, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pentaprism.catalog.build import Builder
from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.json_source import read_json
from pentaprism.catalog.yaml_source import read_yaml
from pentaprism.types import Mode

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
    # rules
    (lambda d: rule(d, "prompt", {"passthrough": False}), "bad-rule", "passthrough is only ever true, not false"),
    (lambda d: rule(d, "prompt", {"rename": ""}), "bad-rule", "rename needs the provider's field"),
    (lambda d: rule(d, "prompt", {"unsupported": 1}), "bad-rule", "unsupported needs the reason, in words, not 1"),
    (lambda d: rule(d, "prompt", {"convert": "image"}), "bad-rule", "convert: image is for images"),
    (lambda d: rule(d, "prompt", {"convert": ["values"]}), "unknown-converter", "there is no converter a list"),
    (lambda d: rule(d, "n", {"emulate": "fan_out", "native": 3}), "wrong-type", "'native' must be a mapping, not 3"),
    (lambda d: rule(d, "n", {"emulate": "fan_out", "native": {"to": ""}}), "bad-rule", "native needs `to:`"),
    (lambda d: rule(d, "n", {"emulate": "fan_out", "native": {"to": "count", "max": 0}}), "out-of-range", "'max' must"),
    (lambda d: rule(d, "n", {"convert": "values", "values": {"1": 1}}), "bad-rule", "n cannot be converted"),
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
    (lambda d: rule(d, "image", {"convert": "image", "encode": ["ftp"]}), "not-allowed", "'encode' must hold some of"),
    # forms
    (lambda d: form(d, form="free", to={"width": "w"}), "bad-form", "a free form writes to {object}, {string} or"),
    (lambda d: form(d, form="free", to={"string": "shape"}), "bad-form", "nothing bounds this form"),
    (lambda d: form(d, form="free", to={"string": 3}, side=[1, 9]), "wrong-type", "'string' needs the path of a field"),
    (lambda d: form(d, form="free", to={"string": "shape"}, side=[9, 1]), "not-a-range", "'side' must be two whole"),
    (lambda d: d.form.pop("to"), "missing-key", "entry 1 of 'forms' needs the key 'to'"),
    (lambda d: d.form.pop("ratios"), "bad-form", "a grid form needs `to: {ratio: FIELD}` and `ratios:`"),
    (lambda d: d.form.update(ratios={}), "bad-form", "this grid has no shape in it"),
    (lambda d: d.form.update(ratios={"wide": None}), "not-a-ratio", "'wide' is not an aspect ratio"),
    (lambda d: d.form.update(spell="{w}"), "bad-form", "'spell' must have {w} and {h} in it, not '{w}'"),
    (lambda d: d.form.update(tiers={"1K": {"area": "1K"}}), "bad-form", "`to: {tier: FIELD}` and `tiers:` go together"),
    (lambda d: d.form.update(modes=["image-edit"], form="auto"), "", ""),
    (lambda d: form(d, form="list", to="guidance"), "bad-form", "the contract's 'guidance' lists no WxH values"),
    (lambda d: form(d, form="auto"), "bad-form", "an auto form needs `set:`"),
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
    (lambda d: d.endpoint["prices"][0].update(round="down"), "not-allowed", "'round' must be one of up, not 'down'"),
    (
        lambda d: d.endpoint["prices"][0].update(min="NaN"),
        "not-a-number",
        "'min' must be a decimal number of at least 0",
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
        data.form.update(tiers={"low": {"area": "1MP"}, "high": {"area": "4MP", "scale": "2/1"}})
        data.form["to"]["tier"] = "quality"

    (grid,) = built(change).model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].forms
    assert [str(cell.real) for cell in grid.cells] == ["1024x1024", "1344x768", "2048x2048", "2688x1536"]


@pytest.mark.parametrize("scale", ["1/0", "two", 0, -1, 1e9, [2]])
def test_a_scale_that_is_none(scale: Any) -> None:
    def change(data: Any) -> None:
        data.form.update(tiers={"low": {"area": "1MP", "scale": scale}})
        data.form["to"]["tier"] = "quality"

    (finding,) = built(change).findings
    assert finding.rule in ("not-a-number", "out-of-range", "wrong-type")


def test_a_side_is_read_out_of_the_contract() -> None:
    side = {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 1025}
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
    assert (box.side, box.ratio) == ((1, 1024), (0.5, 2.0))
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


def test_a_provider_passes_nothing_to_a_field_that_is_not_there() -> None:
    def change(data: Any) -> None:
        data.acme["rules"]["cfg_scale"] = {"passthrough": True}

    resolved = built(change).model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].rules["cfg_scale"]
    assert (resolved.verb, resolved.origin) == ("unsupported", "none")


def test_options_of_a_passthrough_are_kept() -> None:
    resolved = built(lambda d: rule(d, "prompt", {"passthrough": True, "clamp": True}))
    rules = resolved.model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].rules
    assert rules["prompt"].options == {"clamp": True}


def test_a_narrowed_contract_has_the_tighter_schema_and_the_others_do_not() -> None:
    def change(data: Any) -> None:
        data.endpoint["narrow"] = {"without": ["count"], "quality": {"type": "string", "enum": ["low"]}}

    builder = built(change)
    contract = builder.model("lantern").endpoints[0].modes[Mode.TEXT_TO_IMAGE].contract
    assert "count" not in contract.fields
    assert contract.fields["quality"] == {"type": "string", "enum": ["low"]}
    assert list(contract.fields) == ["prompt", "shape", "guidance", "quality"]
    assert "count" in builder.documents.contracts["acme/lantern"].data["properties"]


SYNTAX: list[tuple[str, str, tuple[int, int]]] = [
    ("x: ? [a]\n", "yaml-syntax", (1, 4)),
    ("? [a]\n: 1\n", "yaml-key", (1, 3)),
    ("a: 1e999\n", "too-large", (1, 4)),
    (f"a: {'9' * 400}\n", "too-large", (1, 4)),
    ("a: 12:30:59\n", "unquoted-ratio", (1, 4)),
    ("Off: 1\n", "ambiguous-boolean", (1, 1)),
    ("&k a: 1\n", "yaml-anchor", (1, 1)),
]


@pytest.mark.parametrize(("text", "rule", "place"), SYNTAX)
def test_yaml_that_means_something_else_than_it_looks(text: str, rule: str, place: tuple[int, int]) -> None:
    finding = read_yaml("a.yaml", text).findings[0]
    assert (finding.rule, (finding.line, finding.column)) == (rule, place)


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ('{"a": 1e999}', "json-syntax", (1, 7)),
        (f'{{\n"a": {"9" * 5000}}}', "json-syntax", (1, 1)),
        ('{"a": "\\ud800"}', "json-syntax", (1, 1)),
        ('{"a": "\\ud83d\\ude00"}', "", (0, 0)),
        ('{"a": Infinity, "b": "Infinity"}', "json-syntax", (1, 7)),
        ("[1]", "wrong-type", (1, 1)),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "too-deep", (1, 1)),
        ("[" * 100_000, "too-deep", (1, 1)),
    ],
)
def test_json_that_is_none(text: str, rule: str, place: tuple[int, int]) -> None:
    document = read_json("a.json", text)
    assert document.broken == bool(rule)
    assert [(one.rule, (one.line, one.column)) for one in document.findings] == ([(rule, place)] if rule else [])
