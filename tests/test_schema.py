"""The schemas describe what the engine reads, no more and no less, and every fault comes out as a plain sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pentaprism.catalog import contracts, rules
from pentaprism.catalog.documents import Documents, builtin_path, read_documents
from pentaprism.catalog.schema import KINDS, bundled_schema, schema_findings, schema_folder
from pentaprism.catalog.yaml_source import read_yaml
from pentaprism.compile.checks import KEYWORDS
from pentaprism.compile.converters import CONVERSIONS
from pentaprism.exchange import PROTOCOLS

FILES = sorted(file.name for file in schema_folder().glob("*.json"))


def _read(file: str) -> Any:
    return json.loads((schema_folder() / file).read_text(encoding="utf-8"))


def _schemas(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema of a schema, with a path for the message."""
    if not isinstance(node, dict):
        return
    yield where, node
    for keyword in ("properties", "$defs"):
        for name, below in node.get(keyword, {}).items():
            yield from _schemas(below, f"{where}/{keyword}/{name}")
    for keyword in ("items", "additionalProperties", "then", "propertyNames"):
        yield from _schemas(node.get(keyword), f"{where}/{keyword}")
    for keyword in ("oneOf", "anyOf", "allOf"):
        for number, below in enumerate(node.get(keyword, ())):
            yield from _schemas(below, f"{where}/{keyword}/{number}")


# The schemas themselves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_every_property_is_described_with_examples(file: str) -> None:
    for where, node in _schemas(_read(file), file):
        if where.endswith(("/then", "/anyOf/0", "/anyOf/1")):
            continue
        for name, part in node.get("properties", {}).items():
            assert part.get("description"), f"{where}: {name} has no description"
            assert part.get("examples"), f"{where}: {name} has no examples"


@pytest.mark.parametrize("file", FILES)
def test_every_mapping_is_closed(file: str) -> None:
    for where, node in _schemas(_read(file), file):
        if node.get("type") == "object":
            assert "additionalProperties" in node, f"{where} lets any key through"


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_one(kind: str) -> None:
    whole = bundled_schema(kind)
    Draft202012Validator.check_schema(whole)
    for where, node in _schemas(whole, kind):
        check = Draft202012Validator({**node, "$defs": whole["$defs"]})
        for example in node.get("examples", ()):
            faults = [error.message for error in check.iter_errors(example)]
            assert not faults, f"{where}: the example {example!r} is none: {faults}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundled_schema_stands_alone(kind: str) -> None:
    references = re.findall(r'"\$ref": "([^"]*)"', json.dumps(bundled_schema(kind)))
    assert all(reference.startswith("#/$defs/") for reference in references)


def test_every_file_of_the_catalog_points_an_editor_at_its_schema() -> None:
    root = builtin_path()
    for file in sorted(root.rglob("*.yaml")):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        pointed = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert pointed, f"{file} does not begin with the line editors look for"
        kind = {"models": "model", "providers": "provider"}.get(file.relative_to(root).parts[0], file.stem)
        assert (file.parent / pointed[1]).resolve() == (root / "schema" / f"{kind}.json").resolve()


# The schemas and the engine -----------------------------------------------------------------------------------------


def test_contracts_are_closed_over_the_keywords_the_engine_checks() -> None:
    contract = _read("contract.json")
    assert {*contract["properties"], *contract["$defs"]["field"]["properties"]} == KEYWORDS
    assert contracts.KEYWORDS == KEYWORDS


def test_rules_have_the_verbs_and_options_the_engine_has() -> None:
    branches = _read("rule.json")["oneOf"]
    verbs = {branch["required"][0] for branch in branches}
    assert verbs == set(rules.VERBS)

    def named(verb: str) -> set[str]:
        return {branch["properties"][verb]["const"] for branch in branches if verb in branch["required"]}

    assert named("convert") == rules.CONVERTERS == set(CONVERSIONS)
    assert named("emulate") == set(rules.EMULATIONS)
    image = next(branch["properties"] for branch in branches if branch["title"] == "convert: image")
    assert image["shape"]["enum"] == list(rules.IMAGE_SHAPES)
    assert image["encode"]["items"]["enum"] == list(rules.ENCODINGS)


def test_protocols_are_those_the_engine_speaks() -> None:
    assert set(_read("provider.json")["properties"]["protocol"]["enum"]) == {*PROTOCOLS, "none"}


# What the format must carry -----------------------------------------------------------------------------------------

MODEL = """
name: Lantern
family: lamps
creator: acme
summary: It makes pictures.
endpoints:
  - provider: acme
    id: lantern
    modes: {text-to-image: {}, image-edit: {}}
    checked: {source: the manual, date: 2026-01-02, method: page}
    sizes: {default: unknown, forms: []}
"""

SHAPES: dict[str, dict[str, Any]] = read_yaml(
    "shapes.yaml", (Path(__file__).parent / "shapes.yaml").read_text(encoding="utf-8")
).data


def _model(endpoint: str = "", model: str = "") -> Documents:
    """One model, with a line of its endpoint given at the end of it, and lines added to the model."""
    key = endpoint.partition(":")[0]
    lines = [line for line in MODEL.strip().splitlines() if not endpoint or not line.startswith(f"    {key}:")]
    text = "\n".join([*lines, *([f"    {endpoint}"] if endpoint else []), model])
    documents = Documents()
    documents.models["lantern"] = read_yaml("m.yaml", text)
    assert not documents.findings
    return documents


@pytest.mark.parametrize("shape", SHAPES)
def test_the_format_carries(shape: str) -> None:
    documents = _model()
    documents.models["lantern"].data["endpoints"][0].update(SHAPES[shape])
    assert schema_findings(documents) == []


def test_the_format_carries_a_whole_model() -> None:
    model = (
        "aliases: [lamp, the-lamp]\nstatus: retired\nsuccessor: candle\ntags: [text-to-image]\nlicense: MIT\n"
        "released: 2024-08\noverview: A lamp.\nstrengths: [light]\nlimitations: [heat]\n"
        "technical_background: A wick.\nbest_for: Nights.\ndissents: [Some call it a torch.]"
    )
    assert schema_findings(_model(model=model)) == []


def test_the_shipped_catalog_fits() -> None:
    assert schema_findings(read_documents()) == []


# What is said of a fault --------------------------------------------------------------------------------------------

FAULTS = [
    ("priices: []", "unknown-key", "'priices' is not a key here; did you mean 'prices'? - What it costs;"),
    ("status: gone", "not-allowed", "'status' must be one of active, unverified, disabled, not 'gone' - active;"),
    ("prices: {}", "wrong-type", "'prices' must be a list, not a mapping - What it costs;"),
    ("prices: [3]", "wrong-type", "entry 1 of 'prices' must be a mapping, not 3 - One dated rate."),
    ("modes: {}", "empty", "'modes' must not be empty - What it does"),
    ("checked: page", "wrong-type", "'checked' must be a mapping, not 'page' - Where the facts"),
    (
        "id: a b",
        "bad-name",
        "'id' must be the provider's own id, such as fal-ai/flux/dev, not 'a b' - The provider's own",
    ),
    ("rules: {Seed: {rename: x}}", "bad-name", "'Seed' must be a name in lower case, such as cfg_scale, not 'Seed'"),
    ("rules: {seed: [{rename: x}]}", "bad-rule", "'seed' must be a mapping, not a list - How one parameter"),
    (
        "rules: {seed: {}}",
        "bad-rule",
        "a rule has exactly one of passthrough, rename, convert, emulate, unsupported; this has none",
    ),
    ("rules: {seed: {passthrough: false}}", "bad-rule", "'passthrough' must be true, not false"),
    ("rules: {seed: {rename: a..b}}", "not-a-path", "'rename' must be the path of a field, such as size,"),
    ("rules: {seed: {convert: scale, from: [0, 1]}}", "missing-key", "'seed' needs the key 'into' - The provider"),
    (
        "rules: {seed: {convert: scale, from: [0], into: [0, 1]}}",
        "wrong-count",
        "'from' must have at least 2 entries, not 1",
    ),
    (
        "rules: {image: {convert: image, max: 0, source: x}}",
        "out-of-range",
        "'max' must be at least 1, not 0 - The largest",
    ),
    (
        "rules: {image: {convert: image, encode: [url, url]}}",
        "duplicate-entry",
        "'encode' must hold each entry once, and has 'url' twice",
    ),
    (
        "sizes: {default: unknown, forms: [{form: free}]}",
        "missing-key",
        "entry 1 of 'forms' needs the key 'to' - Where the size",
    ),
    ("sizes: {default: unknown, forms: [free]}", "wrong-type", "entry 1 of 'forms' must be a mapping, not 'free'"),
    (
        "sizes: {default: unknown, forms: [{form: free, to: {string: size}, step: 1.0}]}",
        "wrong-type",
        "'step' must be a whole number, not 1.0",
    ),
    (
        'sizes: {default: unknown, forms: [{form: free, to: {string: size}, ratio: ["1x3", "3:1"]}]}',
        "not-a-range",
        "entry 1 of 'ratio' must be a shape",
    ),
    (
        "sizes: {default: unknown, forms: [{form: grid, to: {ratio: r}, ratios: 3}]}",
        "wrong-type",
        "'ratios' must be a string or a mapping, not 3",
    ),
    (
        "sizes: {default: unknown, forms: [{form: grid, to: {ratio: r}, ratios: {wide: 3x2}}]}",
        "not-a-ratio",
        "'wide' must be a shape",
    ),
    (
        "narrow: {size: {type: strin}}",
        "not-allowed",
        "'type' must be one of string, integer, number, boolean, object, array, null, not 'strin'; did",
    ),
    ("narrow: {size: {type: [string, strin]}}", "not-allowed", "entry 2 of 'type' must be one of string,"),
    ("narrow: {size: {minimum: 1}}", "wrong-type", "a range needs type integer or number beside it"),
    (
        "narrow: {size: {type: [object, 'null']}}",
        "open-object",
        "an object in a contract is closed: say additionalProperties: false",
    ),
]


@pytest.mark.parametrize(("endpoint", "rule", "start"), FAULTS)
def test_a_fault_is_one_plain_sentence(endpoint: str, rule: str, start: str) -> None:
    documents = _model(endpoint)
    (finding,) = schema_findings(documents)
    assert finding.rule == rule
    assert f"{finding.message} - {finding.help}".startswith(start)
    assert finding.line == documents.models["lantern"].where(("endpoints", 0, endpoint.partition(":")[0]), key=True)[0]
    assert "valid under" not in finding.message


def test_the_place_is_the_key_of_an_unknown_key_and_else_the_value() -> None:
    unknown, wrong = schema_findings(_model("status: 3\n    statsu: 4"))
    assert (unknown.line, unknown.column) == (12, 5)
    assert (wrong.line, wrong.column) == (11, 13)


def test_all_faults_of_a_file_are_told() -> None:
    found = schema_findings(_model("id: 7\n    name: 8\n    prices: 9\n    regions: []", "tags: lamp"))
    assert sorted(finding.line for finding in found) == [10, 11, 12, 13, 14]


def test_an_object_may_be_open_where_its_source_is_given() -> None:
    field = "{type: object, additionalProperties: true, $comment: 'the manual, page 3: any key'}"
    assert schema_findings(_model(f"narrow: {{extras: {field}}}")) == []


def test_the_text_of_schemas_is_ours() -> None:
    """Descriptions are sentences for people: no keyword of JSON Schema stands for an explanation."""
    for file in FILES:
        for where, node in _schemas(_read(file), file):
            text = node.get("description", "")
            assert "http://json-schema.org" not in text, where
            assert text == text.strip(), where


def test_the_folder_is_beside_the_catalog() -> None:
    assert schema_folder() == Path(builtin_path()) / "schema"
