"""The proof holds for every endpoint, and turns red for each way in which it could be false."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from catalog_folders import layer
from pentaprism import Catalog
from pentaprism.prove import EndpointProof, provable, prove
from pentaprism.prove.cases import build_cases
from pentaprism.prove.coverage import Coverage
from pentaprism.prove.goals import Goal, Tracker, goals_of, without
from pentaprism.prove.samples import samples
from pentaprism.types import Mode, ModeSpec
from schema_strategies import contracts

FORMAT = Path(__file__).parent / "format"
LAYER = Catalog.load(extends=[FORMAT])
KEYS = [endpoint.key for model in LAYER.models.values() for endpoint in model.endpoints]
FREE, GRID, NESTED = "fal/flux.1-dev", "replicate/flux.1-dev", "google/gemini-3-pro-image"
IMAGE_CONFIG = "generationConfig.imageConfig"
REACHED_BY_NOTHING = {
    "bfl/flux.2-flex": ["webhook_url: reserved, so that no caller may set it"],
    "google/gemini-3-pro-image": ["contents[].role: reserved, so that no caller may set it"],
    "ideogram/ideogram-v3": ["aspect_ratio 1x1: shadowed by the list form (resolution), which makes the same pixels"],
    "openai/gpt-image-2": [
        "model gpt-image-2-2026-04-21: it is always gpt-image-2",
        "user: for the gateway itself, so that it is never sent",
    ],
    "replicate/flux.2-flex": ["aspect_ratio match_input_image: no form of this mode sends it (text-to-image)"],
}


@cache
def _whole(key: str) -> EndpointProof:
    (proof,) = prove(LAYER, [key], cases=400)
    return proof


@pytest.mark.parametrize("key", KEYS)
def test_every_endpoint_is_proved(key: str) -> None:
    """The built-in ones, and those of the fixtures that try the format."""
    proof = _whole(key)
    assert proof.bodies >= proof.cases >= 400
    assert proof.findings == []
    assert proof.proved


@pytest.mark.parametrize("key", REACHED_BY_NOTHING)
def test_what_nothing_can_reach_is_named_with_the_reason(key: str) -> None:
    assert set(REACHED_BY_NOTHING[key]) <= set(_whole(key).unreached)


def test_fields_without_a_range_are_named_however_deep() -> None:
    unranged = _whole("fal/flux.1-kontext-dev").unproved
    assert unranged == ["guidance_scale", "num_images", "num_inference_steps", "seed"]
    assert _whole(NESTED).unproved == ["generationConfig.seed", "generationConfig.candidateCount"]
    assert "color_palette.members[].color_weight" in _whole("ideogram/ideogram-v3").unproved
    assert "color_palette" in _whole("fal/ideogram-v3").unproved, (
        "an object whose fields nobody names has no known range either"
    )


# The requests -------------------------------------------------------------------------------------------------------


def _cases(key: str, count: int, mode: Mode = Mode.TEXT_TO_IMAGE) -> list[dict[str, Any]]:
    endpoint = LAYER.endpoint(key)
    provider = LAYER.providers[endpoint.provider]
    return list(build_cases(endpoint, endpoint.modes[mode], provider, LAYER.parameters, count))


def test_more_cases_begin_with_the_fewer() -> None:
    assert _cases(NESTED, 100)[:40] == _cases(NESTED, 40)


def test_the_first_request_is_the_smallest_and_the_next_the_fullest() -> None:
    smallest, fullest, *others = _cases(FREE, 200)
    assert set(smallest) == {"model", "prompt"}
    assert all(len(fullest) >= len(other) - 2 for other in others)


def test_fields_are_set_under_the_providers_own_names_too() -> None:
    names = Counter(name for case in _cases(FREE, 400) for name in case)
    assert names["cfg_scale"] >= names["guidance_scale"] > 20
    assert names["size"] > names["image_size"] > 20
    assert Counter(name for case in _cases(NESTED, 400) for name in case)["generationConfig"] > 20


def test_no_request_says_the_same_thing_twice() -> None:
    for case in _cases(FREE, 400):
        assert not {"cfg_scale", "guidance_scale"} <= set(case)
        assert not ("image_size" in case and {"size", "aspect_ratio", "resolution"} & set(case))
    for case in _cases(NESTED, 400):
        assert not ("generationConfig" in case and {"seed", "n", "size", "aspect_ratio", "resolution"} & set(case))


@given(contracts())
def test_samples_fit_and_show_every_value(schema: dict[str, Any]) -> None:
    found = samples(schema)
    validator = Draft202012Validator(schema)
    assert all(validator.is_valid(body) for body in found)
    tracker = Tracker(schema)
    for body in found:
        tracker.add(body)
    if found and "pattern" not in json.dumps(schema):
        assert [str(goal) for goal in tracker.missing] == []


@given(contracts())
def test_a_body_without_what_it_reached_is_refused(schema: dict[str, Any]) -> None:
    tracker = Tracker(schema)
    for body in samples(schema):
        tracker.add(body)
    for goal, body in tracker.reached.items():
        assert not Draft202012Validator(without(schema, goal)).is_valid(body), goal


def test_nothing_is_sampled_as_null_and_patterns_are_met_by_what_the_contract_gives() -> None:
    assert samples({"type": ["string", "null"], "enum": ["a", None]}) == ["a"]
    assert samples({"type": "string", "pattern": "^[A-Z]{12}$"}) == []
    assert samples({"type": "string", "pattern": "^#[0-9a-f]{3}$", "examples": ["#abc", "no"]}) == ["#abc"]
    assert samples({"type": "null"}) == []


def test_a_constant_and_an_open_end_are_goals_too() -> None:
    schema = {"properties": {"a": {"const": "x"}, "b": {"type": "integer", "exclusiveMaximum": 8, "minimum": 1}}}
    assert [str(goal) for goal in goals_of(schema)] == ["a", "a x", "b", "b 1 (minimum)", "b 7 (maximum)"]
    tracker = Tracker(schema)
    for body in samples(schema):
        tracker.add(body)
    assert tracker.missing == []
    for goal, body in tracker.reached.items():
        assert without(schema, goal) != schema
        assert goal.kind == "property" or not Draft202012Validator(without(schema, goal)).is_valid(body)


def test_true_is_not_one_and_alternatives_are_taken_alone() -> None:
    schema = {"properties": {"a": {"anyOf": [{"enum": [1]}, {"type": "boolean"}, {"type": "integer", "minimum": 5}]}}}
    tracker = Tracker(schema)
    tracker.add({"a": True})
    assert [str(goal) for goal in tracker.missing] == [
        "a (alternative 1)",
        "a 1",
        "a false",
        "a (alternative 3)",
        "a 5 (minimum)",
    ]
    assert str(Goal.of(("a", "[]", "b"), "value", True)) == "a[].b true"


def test_an_alternative_that_another_one_covers_is_never_reached() -> None:
    schema = {"properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "number"}]}}}
    tracker = Tracker(schema)
    tracker.add({"a": 1})
    tracker.add({"a": 1.5})
    assert [str(goal) for goal in tracker.missing] == ["a (alternative 1)"]


@given(contracts(), st.data())
def test_without_takes_out_one_goal_and_no_other(schema: dict[str, Any], data: st.DataObject) -> None:
    # An alternative that is gone gives the next one its number.
    goals = [goal for goal in dict.fromkeys(goals_of(schema)) if goal.kind != "alternative"]
    goal = data.draw(st.sampled_from(goals))
    left = set(goals_of(without(schema, goal)))
    assert goal not in left
    below = {one for one in goals if one.steps[: len(goal.steps)] == goal.steps}
    assert set(goals) - left <= below


# Plants: the plan is made first, then the contract changes behind the compiler's back. -------------------------------


@pytest.fixture
def fresh() -> Catalog:
    """A catalog of this test's own, whose contracts it may change."""
    return Catalog.load(extends=[FORMAT])


def _planned(catalog: Catalog, key: str) -> tuple[ModeSpec, dict[str, Any]]:
    """The first mode of an endpoint that has compiled already, and its contract's fields."""
    catalog.compile({"model": key, "prompt": "x"}, key)
    spec = next(iter(catalog.endpoint(key).modes.values()))
    fields: dict[str, Any] = spec.contract.schema["properties"]
    return spec, fields


def _proved(catalog: Catalog, key: str, cases: int = 150) -> EndpointProof:
    (proof,) = prove(catalog, [key], cases=cases)
    return proof


def test_a_value_the_contract_lacks_is_a_violation(fresh: Catalog) -> None:
    _planned(fresh, GRID)[1]["aspect_ratio"]["enum"].remove("16:9")
    proof = _proved(fresh, GRID)
    assert any("'16:9' is not one of" in violation for violation in proof.violations)
    assert not proof.proved


def test_a_nested_property_the_contract_lacks_is_a_violation(fresh: Catalog) -> None:
    fields = _planned(fresh, FREE)[1]
    del fields["image_size"]["anyOf"][0]["properties"]["width"]
    fields["image_size"]["anyOf"][0]["required"].remove("width")
    assert any("is not valid under any of the given schemas" in one for one in _proved(fresh, FREE).violations)


@pytest.mark.parametrize(
    ("path", "value"),
    [("imageConfig.aspectRatio", "16:9"), ("imageConfig.imageSize", "2K"), ("responseModalities[]", "IMAGE")],
)
def test_a_nested_value_the_contract_lacks_is_a_violation(fresh: Catalog, path: str, value: str) -> None:
    spec, _ = _planned(fresh, NESTED)
    schema: Any = spec.contract.at(f"generationConfig.{path}")
    schema["enum"].remove(value)
    assert any(f"{value!r} is not one of" in violation for violation in _proved(fresh, NESTED).violations)


def test_a_narrower_range_is_a_violation(fresh: Catalog) -> None:
    _planned(fresh, FREE)[1]["num_inference_steps"]["maximum"] = 49
    # Requests are made from the contract as it is now, so they stay below; the size was fitted to the one before.
    _planned(fresh, FREE)[1]["image_size"]["anyOf"][0]["properties"]["width"]["maximum"] = 4000
    assert any("is not valid under any of the given schemas" in one for one in _proved(fresh, FREE).violations)


def test_a_request_within_the_ranges_that_is_refused_breaks_the_proof(fresh: Catalog) -> None:
    _planned(fresh, FREE)[1]["num_inference_steps"]["maximum"] = 60
    proof = _proved(fresh, FREE)
    assert any("num_inference_steps must be 1 to 50 here, not 60" in refusal for refusal in proof.refusals)
    assert proof.violations == []
    assert not proof.proved


def test_a_request_that_is_wrong_everywhere_breaks_the_proof_too(tmp_path: Path) -> None:
    retired = layer(tmp_path, **{"models/flux.1/flux.1-dev.yaml": "status: retired\n"})
    catalog = Catalog.load(extends=[retired])
    proof = _proved(catalog, FREE, 10)
    assert len(proof.refusals) == 10
    assert "is retired" in proof.refusals[0]
    assert FREE not in provable(catalog)
    assert [one.key for one in prove(catalog, cases=2)] == provable(catalog)


@pytest.mark.parametrize("path", ["", IMAGE_CONFIG, "generationConfig", "contents[].parts[]"])
def test_an_open_contract_is_insensitive_wherever_it_is_open(fresh: Catalog, path: str) -> None:
    spec, _ = _planned(fresh, NESTED)
    node: Any = spec.contract.at(path) if path else spec.contract.schema
    node["additionalProperties"] = True
    proof = _proved(fresh, NESTED)
    unnoticed = {"": "contents", IMAGE_CONFIG: f"{IMAGE_CONFIG}.aspectRatio", "generationConfig": IMAGE_CONFIG}
    expected = unnoticed.get(path, "contents[].parts[].text")
    assert f"text-to-image: {expected} could be taken out unnoticed" in proof.insensitive
    assert not proof.proved


def test_an_alternative_that_takes_everything_is_insensitive(fresh: Catalog) -> None:
    _planned(fresh, FREE)[1]["image_size"]["anyOf"].append({"type": "object"})
    insensitive = _proved(fresh, FREE).insensitive
    assert "text-to-image: image_size.width could be taken out unnoticed" in insensitive
    assert not any("square_hd" in one for one in insensitive), "the object says nothing of a string"


def test_what_is_never_reached_is_a_gap(catalog: Catalog) -> None:
    gaps = _proved(catalog, GRID, 3).gaps
    assert "text-to-image: aspect_ratio 9:21 was never sent" in gaps
    assert "text-to-image: go_fast was set in 0% of the bodies" not in gaps, "the fullest request sets everything"


def test_a_field_no_value_is_known_for_is_a_gap(fresh: Catalog) -> None:
    fields = _planned(fresh, FREE)[1]
    fields["token"] = {"type": "string", "pattern": "^[A-Z]{40}$"}
    gaps = _proved(fresh, FREE).gaps
    assert gaps == ["text-to-image: token was set in 0% of the bodies", "text-to-image: token was never sent"]


def test_a_parameter_that_is_always_dropped_is_a_gap(tmp_path: Path) -> None:
    """A format that has no compression is all this endpoint returns, and yet it has a field for one."""
    contract = json.loads((FORMAT.parent.parent / "catalog/contracts/replicate" / _FLEX).read_text(encoding="utf-8"))
    contract["properties"]["output_format"]["enum"] = ["png"]
    contract["properties"]["output_format"]["default"] = "png"
    files = {f"contracts/replicate/{_FLEX}": json.dumps(contract), "parameters.yaml": _ONLY_PNG}
    catalog = Catalog.load(extends=[layer(tmp_path, **files)])
    gaps = _proved(catalog, "replicate/flux.2-flex", 400).gaps
    assert "text-to-image: output_compression was set in 0% of the bodies" in gaps


_FLEX = "black-forest-labs/flux-2-flex.json"
_ONLY_PNG = """
output_format:
  group: output
  type: string
  values: [png]
  summary: The format of the picture.
  emulate: {emulate: transcode}
"""


def _with_form(form: str) -> str:
    """A model file that gives an endpoint a second form of size beside a grid."""
    tiers = '{"1 MP": {area: 1MP}}'
    grid = f"{{form: grid, to: {{ratio: aspect_ratio, tier: resolution}}, ratios: flux2-ratios, tiers: {tiers}}}"
    return f"endpoints: [{{provider: replicate, sizes: {{default: 1024x1024, forms: [{grid}, {{form: {form}}}]}}}}]\n"


@pytest.mark.parametrize(
    ("form", "gaps"),
    [
        # Where the shape of the default is known and a form has scales, none is left for the second form.
        (
            "free, to: {width: width, height: height}, side: [1024, 1024], set: {aspect_ratio: custom}",
            [],
        ),
        (
            "auto, tier: 2K, set: {aspect_ratio: match_input_image}",
            [
                "aspect_ratio match_input_image was never sent",
                "the auto form (aspect_ratio match_input_image) was never used",
            ],
        ),
    ],
)
def test_a_dead_form_is_a_gap(tmp_path: Path, form: str, gaps: list[str]) -> None:
    catalog = Catalog.load(extends=[layer(tmp_path, **{"models/flux.2/flux.2-flex.yaml": _with_form(form)})])
    proof = _proved(catalog, "replicate/flux.2-flex", 400)
    found = [gap.removeprefix("text-to-image: ") for gap in proof.gaps if gap.startswith("text-to-image: ")]
    assert found == gaps


def test_a_null_among_the_values_is_named(fresh: Catalog) -> None:
    fields = _planned(fresh, FREE)[1]
    fields["acceleration"]["enum"].append(None)
    proof = _proved(fresh, FREE)
    assert proof.unreached == ["acceleration None: no body ever holds a null"]
    assert proof.proved


def _covered(key: str, mode: Mode, *bodies: dict[str, Any]) -> Coverage:
    """What is covered where a broken compiler sent these bodies only."""
    endpoint = LAYER.endpoint(key)
    coverage = Coverage(endpoint.modes[mode], LAYER.providers[endpoint.provider], LAYER.parameters)
    for body in bodies:
        coverage.goals.add(body)
    return coverage


def test_a_reason_excuses_nothing_that_a_rule_or_a_constant_sends() -> None:
    words = {"contents": [{"parts": [{"text": "x"}]}]}
    for mode, expected in ((Mode.TEXT_TO_IMAGE, False), (Mode.IMAGE_EDIT, True)):
        assert "contents was never sent" in _covered(NESTED, mode).gaps()
        gaps = _covered(NESTED, mode, words).gaps()
        assert ("contents[].parts[].inlineData was never sent" in gaps) is expected
        assert "contents[].role was never sent" not in gaps
        assert "generationConfig was never sent" in gaps
    constant = _covered("openai/gpt-image-2", Mode.TEXT_TO_IMAGE)
    assert "model was never sent" in constant.gaps()
    assert "user: for the gateway itself, so that it is never sent" in constant.unreached()
    other = _covered("openai/gpt-image-2", Mode.TEXT_TO_IMAGE, {"model": "gpt-image-2-2026-04-21"})
    assert "model gpt-image-2 was never sent" in other.gaps()


def test_a_form_that_was_not_asked_is_not_called_shadowed() -> None:
    coverage = _covered("ideogram/ideogram-v3", Mode.TEXT_TO_IMAGE, {"aspect_ratio": "16x9", "resolution": "1024x1024"})
    assert "aspect_ratio 1x1 was never sent" in coverage.gaps()
    assert not any("shadowed" in one for one in coverage.unreached())


@pytest.mark.parametrize(("name", "value"), [("quality", "ultra"), ("output_format", "heic")])
def test_a_value_no_value_of_ours_means_is_named(fresh: Catalog, name: str, value: str) -> None:
    _planned(fresh, "fal/gpt-image-1.5")[1][name]["enum"].append(value)
    proof = _proved(fresh, "fal/gpt-image-1.5")
    assert proof.unreached == [f"{name} {value}: no value of {name} means it"]
    assert proof.proved


def test_a_field_that_is_unsupported_on_purpose_is_named(tmp_path: Path) -> None:
    text = "endpoints: [{provider: fal, rules: {seed: {unsupported: it does nothing here}}}]\n"
    catalog = Catalog.load(extends=[layer(tmp_path, **{"models/flux.1/flux.1-dev.yaml": text})])
    assert _proved(catalog, FREE).unreached == ["seed: seed is unsupported here"]


def test_a_field_whose_name_means_a_parameter_that_goes_elsewhere_is_named(fresh: Catalog) -> None:
    _planned(fresh, "ideogram/ideogram-v3")[1]["style"] = {"type": "string"}
    unreached = _proved(fresh, "ideogram/ideogram-v3").unreached
    assert "style: style goes into another field here" in unreached


def test_a_label_is_a_gap_though_the_contract_lists_none(tmp_path: Path) -> None:
    contract = json.loads((FORMAT.parent.parent / "catalog/contracts/replicate" / _FLEX).read_text(encoding="utf-8"))
    del contract["properties"]["aspect_ratio"]["enum"]
    dead = "auto, tier: 2K, set: {aspect_ratio: match_input_image}"
    files = {f"contracts/replicate/{_FLEX}": json.dumps(contract), "models/flux.2/flux.2-flex.yaml": _with_form(dead)}
    gaps = _proved(Catalog.load(extends=[layer(tmp_path, **files)]), "replicate/flux.2-flex", 400).gaps
    assert "text-to-image: aspect_ratio match_input_image was never sent" in gaps


# The result ---------------------------------------------------------------------------------------------------------


def test_the_result_is_the_same_in_every_process(catalog: Catalog) -> None:
    command = [sys.executable, "-m", "pentaprism", "prove", "--endpoint", "fal/flux.2-flex-edit", "--cases", "60"]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    (entry,) = json.loads(done.stdout)["endpoints"]
    assert entry == _proved(catalog, "fal/flux.2-flex-edit", 60).to_dict()


def test_the_words_of_a_result(catalog: Catalog) -> None:
    entry = _proved(catalog, FREE, 400).to_dict()
    assert list(entry) == [
        "key",
        "proved",
        "engine",
        "digest",
        "contract_date",
        "contract_source",
        "cases",
        "bodies",
        "violations",
        "refusals",
        "gaps",
        "insensitive",
        "unproved",
        "unreached",
        "findings",
    ]
    assert (entry["key"], entry["cases"], entry["violations"], entry["contract_date"]) == (FREE, 400, 0, "2026-07-28")
    assert json.loads(json.dumps(entry)) == entry


def test_each_key_is_proved_once_and_told_before(catalog: Catalog) -> None:
    told: list[str] = []
    assert [one.key for one in prove(catalog, [FREE, GRID, FREE], cases=1, report=told.append)] == [FREE, GRID]
    assert told == [FREE, GRID]
