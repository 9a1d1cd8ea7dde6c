"""The proof holds for every endpoint, and turns red for each way in which it could be false."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pentaprism import Catalog
from pentaprism.cli.app import run
from pentaprism.prove import prove

LAYER = Catalog.load(extends=[Path(__file__).parent / "format"])
KEYS = [endpoint.key for model in LAYER.models.values() for endpoint in model.endpoints]


@pytest.mark.parametrize("key", KEYS)
def test_every_endpoint_is_proved(key: str) -> None:
    """The built-in ones, and those of the fixtures that try the format."""
    (proof,) = prove(LAYER, [key], cases=400)
    assert proof.cases >= 400
    assert (proof.violations, proof.refusals, proof.gaps, proof.insensitive) == ([], [], [], [])


@pytest.fixture
def fresh() -> Catalog:
    """A catalog of this test's own, whose contracts it may change behind the compiler's back."""
    return Catalog.load()


def test_a_value_the_contract_lacks_is_a_violation(fresh: Catalog) -> None:
    # The plans are made first, then the contract loses a value: what the compiler sends is no longer allowed.
    fresh.compile({"model": "flux.1-dev", "prompt": "x"}, "replicate/flux.1-dev")
    spec = next(iter(fresh.endpoint("replicate/flux.1-dev").modes.values()))
    spec.contract.schema["properties"]["aspect_ratio"]["enum"].remove("16:9")
    (proof,) = prove(fresh, ["replicate/flux.1-dev"], cases=200)
    assert any("'16:9' is not one of" in violation for violation in proof.violations)
    assert not proof.proved


def test_an_open_contract_is_insensitive(fresh: Catalog) -> None:
    spec = next(iter(fresh.endpoint("fal/flux.1-dev").modes.values()))
    spec.contract.schema["additionalProperties"] = True  # type: ignore[index]
    (proof,) = prove(fresh, ["fal/flux.1-dev"], cases=100)
    assert any("prompt could be taken out of the contract unnoticed" in one for one in proof.insensitive)


def test_what_is_never_reached_is_a_gap(catalog: Catalog) -> None:
    (proof,) = prove(catalog, ["replicate/flux.1-dev"], cases=3)
    assert any("aspect_ratio never had" in gap for gap in proof.gaps)


def test_fields_without_a_range_are_named(catalog: Catalog) -> None:
    (proof,) = prove(catalog, ["fal/flux.1-kontext-dev"], cases=100)
    assert proof.unproved == ["guidance_scale", "num_images", "num_inference_steps", "seed"]
    assert proof.sentence.endswith("range unproved: guidance_scale, num_images, num_inference_steps, seed")


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "--endpoint", "fal/flux.1-dev", "--cases", "300", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["endpoints"]
    assert {"key", "cases", "violations", "unproved", "contract_date"} <= set(entry)
    assert (entry["key"], entry["violations"], entry["contract_date"]) == ("fal/flux.1-dev", 0, "2026-07-28")
    assert run(["prove", "--endpoint", "replicate/flux.1-dev", "--cases", "2"]) == 1
    captured = capsys.readouterr()
    assert "never had" in captured.out
    assert "0 of 1 endpoints proved" in captured.err
    assert run(["prove", "--endpoint", "no/such"]) == 2
