"""The laws of compile and route (architecture, "The laws"), over every real endpoint and those of `tests/format`.

Each test's name and docstring say which law it is; `strategies.py` builds the requests.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pentaprism import Catalog, CompiledRequest, CompileError, Outcome, RequestError, Route
from pentaprism.compile.bodies import fields_of
from pentaprism.compile.draft import take
from pentaprism.types import Media
from strategies import requests

FORMAT = Path(__file__).parent / "format"
CATALOGS = {"builtin": Catalog.load(), "wide": Catalog.load(extends=[FORMAT])}
# The private layer's own models; the built-in ones are drawn beside the other catalog.
DRAWN = {"builtin": None, "wide": sorted(file.stem for file in (FORMAT / "models").rglob("*.yaml"))}
ON = date(2026, 11, 21)
every_catalog = pytest.mark.parametrize("which", CATALOGS)
# The parameters that stand or fall together: removing one group removes exactly its leaves.
GROUPS = [
    {"size", "aspect_ratio", "resolution"},
    {"n", "seed"},
    {"output_format", "output_compression"},
]


def _bodies(data: st.DataObject, which: str, *, native: bool = True) -> dict[str, Any]:
    return data.draw(requests(CATALOGS[which], native=native, models=DRAWN[which]))


def _route(which: str, body: dict[str, Any]) -> Route:
    try:
        return CATALOGS[which].route(body, date=ON)
    except RequestError:
        assume(False)
        raise


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; `a`, `a[]` and `a[0]` all count as `a`."""
    if isinstance(value, dict):
        for key, entry in value.items():
            name = re.sub(r"\[\d*\]", "", key)
            yield from _leaves(entry, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for entry in value:
            yield from _leaves(entry, path)
    else:
        yield path, value


def _fields(which: str, compiled: CompiledRequest, call: int = 0) -> dict[str, Any]:
    """A call's fields, without an envelope and whether it is JSON or a form."""
    endpoint = CATALOGS[which].endpoint(compiled.endpoint)
    return fields_of(compiled.calls[call], endpoint.submission, endpoint.modes[compiled.mode].contract)


def _wire(value: Any) -> Any:
    """The body as it goes out: every image leaf a link, or what else its field takes."""
    if isinstance(value, Media):
        inline = {"mimeType": "image/png", "data": "iVBORw0KGgo="}
        return inline if "inline" in value.encode else "https://example.com/image.png"
    if isinstance(value, dict):
        return {key: _wire(entry) for key, entry in value.items()}
    return [_wire(entry) for entry in value] if isinstance(value, list) else value


@cache
def _validator(which: str, key: str, mode: str) -> jsonschema.Draft202012Validator:
    spec = next(spec for one, spec in CATALOGS[which].endpoint(key).modes.items() if one.value == mode)
    return jsonschema.Draft202012Validator(dict(spec.contract.schema))


@every_catalog
@given(st.data())
def test_law_1_total_and_deterministic(which: str, data: st.DataObject) -> None:
    """A well-formed request compiles or is refused with reasons, twice the same."""
    body = _bodies(data, which)
    first, second = _route(which, body), _route(which, body)
    assert first == second
    for refusal in first.refusals:
        assert refusal.message.endswith(".")


@every_catalog
@given(st.data())
def test_law_2_nothing_lost(which: str, data: st.DataObject) -> None:
    """Every parameter that was set has exactly one adjustment, in the caller's order; what it says was sent is sent."""
    body = _bodies(data, which)
    route = _route(which, body)
    told = {name for name, parameter in CATALOGS[which].parameters.items() if parameter.at == "gateway"}
    for candidate in route.candidates:
        names = [entry.parameter for entry in candidate.adjustments]
        assert names == [name for name in body if name not in told]
        sent = list(_leaves(_fields(which, candidate)))
        for entry in candidate.adjustments:
            assert entry.why
            assert (entry.outcome in (Outcome.DROPPED, Outcome.SUPERSEDED)) <= (not entry.sent)
            for path, value in _leaves(dict(entry.sent)):
                # A name no contract has is text in a form, whatever it was.
                assert (path, value) in sent or (entry.outcome is Outcome.UNVERIFIED and path in dict(sent))


@every_catalog
@given(st.data())
def test_law_3_nothing_invented(which: str, data: st.DataObject) -> None:
    """Each leaf on the wire is one that an adjustment names, or a constant of the catalog."""
    body = _bodies(data, which)
    for candidate in _route(which, body).candidates:
        spec = CATALOGS[which].endpoint(candidate.endpoint).modes[candidate.mode]
        named = {path for entry in candidate.adjustments for path, _ in _leaves(dict(entry.sent))}
        constants = {path for path, _ in _leaves(dict(spec.constants))}
        assert {path for path, _ in _leaves(_fields(which, candidate))} <= named | constants


@every_catalog
@given(st.data())
def test_law_4_removing_a_group_removes_its_leaves(which: str, data: st.DataObject) -> None:
    """Without a group of parameters, the body is what it was without that group's leaves."""
    body = _bodies(data, which, native=False)
    names = [name for name in body if name not in ("model", "prompt", "image", "provider")]
    assume(names)
    chosen = data.draw(st.sampled_from(names))
    group = next((group for group in GROUPS if chosen in group), {chosen})
    without = {name: value for name, value in body.items() if name not in group}
    after = {candidate.endpoint: candidate for candidate in _route(which, without).candidates}
    for candidate in _route(which, body).candidates:
        if candidate.endpoint not in after:
            continue
        own = {
            path for entry in candidate.adjustments if entry.parameter in group for path, _ in _leaves(dict(entry.sent))
        }
        before = [leaf for leaf in _leaves(_fields(which, candidate)) if leaf[0] not in own]
        assert before == list(_leaves(_fields(which, after[candidate.endpoint])))


@every_catalog
@given(st.data())
def test_law_5_count_conserved_over_fan_out(which: str, data: st.DataObject) -> None:
    """The calls together make n pictures, none more than the provider's batch, each with a seed of its own."""
    body = _bodies(data, which)
    for candidate in _route(which, body).candidates:
        assert sum(candidate.counts) == body.get("n", 1) == candidate.expected.count
        assert len(candidate.counts) == len(candidate.calls) == len(candidate.seeds)
        field = CATALOGS[which].endpoint(candidate.endpoint).modes[candidate.mode].rules["n"].target
        if "n" in body and field:
            assert [take(_fields(which, candidate, index), field) for index in range(len(candidate.calls))] == list(
                candidate.counts
            )
        seeds = [seed for seed in candidate.seeds if seed is not None]
        assert len(set(seeds)) == len(seeds)


@every_catalog
@given(st.data())
def test_law_7_strict_is_a_subset_of_lenient(which: str, data: st.DataObject) -> None:
    """What is served under require_parameters is served without it too, and compiled the same."""
    body = _bodies(data, which)
    preferences = {name: value for name, value in body.get("provider", {}).items() if name != "require_parameters"}
    lenient = _route(which, {**body, "provider": {**preferences, "allow_fallbacks": True}})
    strict = _route(which, {**body, "provider": {**preferences, "allow_fallbacks": True, "require_parameters": True}})
    calls = {candidate.endpoint: candidate.calls for candidate in lenient.candidates}
    for candidate in strict.candidates:
        assert calls[candidate.endpoint] == candidate.calls
        assert all(entry.outcome is not Outcome.DROPPED for entry in candidate.adjustments)


@every_catalog
@given(st.data())
def test_law_8_cost_is_decimal_and_never_negative(which: str, data: st.DataObject) -> None:
    """A cost is a Decimal interval, low to high, at least zero."""
    body = _bodies(data, which)
    for candidate in _route(which, body).candidates:
        for bound in (candidate.cost.low, candidate.cost.high):
            assert bound is None or (isinstance(bound, Decimal) and bound >= 0)
        if candidate.cost.low is not None and candidate.cost.high is not None:
            assert candidate.cost.low <= candidate.cost.high
        assert candidate.cost.derivation


@every_catalog
@given(st.data())
def test_law_9_bodies_survive_json_and_storage(which: str, data: st.DataObject) -> None:
    """No None, no NaN; a compiled request stored and read again is equal."""
    body = _bodies(data, which)
    for candidate in _route(which, body).candidates:
        for call in candidate.calls:
            assert (call.json is None) != (call.parts is None)
            assert all(isinstance(part.content, bytes) for part in call.parts or ())
        for index in range(len(candidate.calls)):
            body = _wire(_fields(which, candidate, index))
            for _, value in _leaves(body):
                assert value is not None
                assert not (isinstance(value, float) and not math.isfinite(value))
            assert json.loads(json.dumps(body, allow_nan=False)) == body
        assert CompiledRequest.from_dict(json.loads(json.dumps(candidate.to_dict()))) == candidate


@every_catalog
@given(st.data())
def test_law_12_the_winner_is_minimal_and_nobody_is_forgotten(which: str, data: st.DataObject) -> None:
    """Candidates and refusals are all endpoints; no candidate loses less than the first."""
    body = _bodies(data, which)
    route = _route(which, body)
    every = {endpoint.key for endpoint in CATALOGS[which].models[route.model].endpoints}
    candidates = {candidate.endpoint for candidate in route.candidates}
    refused = {refusal.endpoint for refusal in route.refusals}
    assert candidates | refused == every
    assert not candidates & refused
    for candidate in route.candidates:
        assert route.candidates[0].loss <= candidate.loss
    for key in candidates:
        assert CATALOGS[which].compile(body, key, date=ON).endpoint == key
    for refusal in route.refusals:
        if refusal.code not in ("filtered", "max-price", "require-parameters"):
            try:
                CATALOGS[which].compile(body, refusal.endpoint, date=ON)
            except CompileError:
                continue
            raise AssertionError(f"{refusal} and yet it compiles")


@every_catalog
@given(st.data())
def test_law_13_every_body_validates_against_the_contract(which: str, data: st.DataObject) -> None:
    """The proof: an independent validator accepts every body, but for names the caller forced through unverified."""
    body = _bodies(data, which)
    for candidate in _route(which, body).candidates:
        forced = {entry.parameter for entry in candidate.adjustments if entry.outcome is Outcome.UNVERIFIED}
        for index in range(len(candidate.calls)):
            wire = {
                name: value for name, value in _wire(_fields(which, candidate, index)).items() if name not in forced
            }
            _validator(which, candidate.endpoint, candidate.mode.value).validate(wire)
