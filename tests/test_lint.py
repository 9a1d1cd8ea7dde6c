"""What keys mean together. Each linter's everyday case is a file in `rejects/`; here are its edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pentaprism.catalog.build import Builder
from pentaprism.catalog.documents import Documents, read_documents
from pentaprism.catalog.lint import LINTERS, Severity, lint, severity_of
from pentaprism.catalog.scene import Scene
from pentaprism.errors import Finding

REJECTS = Path(__file__).parent / "rejects"
TODAY = date(2026, 11, 21)


def found(
    change: Callable[[dict[str, Any]], object], *, today: date = TODAY, marred: str = ""
) -> list[tuple[str, str]]:
    """What the linters say of the small catalog after a change to its data; building must find nothing wrong."""
    documents = read_documents(REJECTS / "base")
    change(_editable(documents))
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
        "fields": documents.contracts["acme/lantern"].data["properties"],
        "candle_contract": documents.contracts["acme/candle"].data,
        "parameters": documents.parameters.data,
        "tables": documents.size_tables.data,
    }


def expected_rules() -> Iterator[str]:
    for file in REJECTS.glob("*.yaml"):
        for line in yaml.safe_load(file.read_text(encoding="utf-8"))["expect"]:
            yield line.split(": ")[1]


@pytest.mark.parametrize("linter", LINTERS, ids=lambda linter: linter.name)
def test_each_linter_has_a_reject(linter: Any) -> None:
    assert linter.name in set(expected_rules())


def test_linters_say_what_must_hold() -> None:
    assert len({linter.name for linter in LINTERS}) == len(LINTERS)
    for linter in LINTERS:
        assert linter.sentence.endswith(".")
        assert severity_of(linter.name) is linter.severity


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
        ("not-in-contract", "none of these is a value of quality in the contract of lantern")
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
        [rule for rule, _ in found(lambda catalog: None, today=today)] == ["future-date"] * 7
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


def test_findings_are_findings_of_a_file() -> None:
    documents = read_documents(REJECTS / "base")
    documents.models["lantern"].data["endpoints"][0]["constants"] = {"sead": 1}
    builder = Builder(documents)
    scene = Scene(documents=documents, builder=builder, models=builder.everything(), today=TODAY)
    (finding,) = lint(scene)
    assert isinstance(finding, Finding)
    assert finding.path.endswith("rejects/base/models/lamps/lantern.yaml")
    assert finding.line > 0
