"""The laws of compile and route (architecture, "The laws"), over every real endpoint.

Each test's name and docstring say which law it is; `strategies.py` builds the requests.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import jsonschema
from hypothesis import assume, given
from hypothesis import strategies as st

from pentaprism import Catalog, CompiledRequest, CompileError, Outcome, RequestError, Route
from pentaprism.types import Media
from strategies import requests

CATALOG = Catalog.load()
ON = date(2026, 11, 21)
# The parameters that stand or fall together: removing one group removes exactly its leaves.
GROUPS = [
    {"size", "aspect_ratio", "resolution"},
    {"n", "seed"},
    {"output_format", "output_compression"},
]


def _route(body: dict[str, Any]) -> Route:
    try:
        return CATALOG.route(body, date=ON)
    except RequestError:
        assume(False)
        raise


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _leaves(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for entry in value:
            yield from _leaves(entry, f"{path}[]")
    else:
        yield path, value


def _fields(compiled: CompiledRequest, call: int = 0) -> dict[str, Any]:
    """A call's body without its envelope."""
    envelope = CATALOG.providers[compiled.provider].envelope
    body: dict[str, Any] = compiled.calls[call].json
    return body[envelope] if envelope else body


def _wire(value: Any) -> Any:
    """The body as it goes out: every image leaf a link."""
    if isinstance(value, Media):
        return "https://example.com/image.png"
    if isinstance(value, dict):
        return {key: _wire(entry) for key, entry in value.items()}
    return [_wire(entry) for entry in value] if isinstance(value, list) else value


@cache
def _validator(key: str, mode: str) -> jsonschema.Draft202012Validator:
    spec = next(spec for one, spec in CATALOG.endpoint(key).modes.items() if one.value == mode)
    return jsonschema.Draft202012Validator(dict(spec.contract.schema))


@given(requests(CATALOG))
def test_law_1_total_and_deterministic(body: dict[str, Any]) -> None:
    """A well-formed request compiles or is refused with reasons, twice the same."""
    first, second = _route(body), _route(body)
    assert first == second
    for refusal in first.refusals:
        assert refusal.message.endswith(".")


@given(requests(CATALOG))
def test_law_2_nothing_lost(body: dict[str, Any]) -> None:
    """Every parameter that was set has exactly one adjustment, in the caller's order; what it says was sent is sent."""
    route = _route(body)
    told = {name for name, parameter in CATALOG.parameters.items() if parameter.at == "gateway"}
    for candidate in route.candidates:
        names = [entry.parameter for entry in candidate.adjustments]
        assert names == [name for name in body if name not in told]
        sent = dict(_leaves(_fields(candidate)))
        for entry in candidate.adjustments:
            assert entry.why
            assert (entry.outcome in (Outcome.DROPPED, Outcome.SUPERSEDED)) <= (not entry.sent)
            for path, value in _leaves(dict(entry.sent)):
                assert sent[path] == value


@given(requests(CATALOG))
def test_law_3_nothing_invented(body: dict[str, Any]) -> None:
    """Each leaf on the wire is one that an adjustment names, or a constant of the catalog."""
    for candidate in _route(body).candidates:
        spec = CATALOG.endpoint(candidate.endpoint).modes[candidate.mode]
        named = {path for entry in candidate.adjustments for path, _ in _leaves(dict(entry.sent))}
        constants = {path for path, _ in _leaves(dict(spec.constants))}
        assert {path for path, _ in _leaves(_fields(candidate))} <= named | constants


@given(requests(CATALOG, native=False), st.data())
def test_law_4_removing_a_group_removes_its_leaves(body: dict[str, Any], data: st.DataObject) -> None:
    """Without a group of parameters, the body is what it was without that group's leaves."""
    names = [name for name in body if name not in ("model", "prompt", "image", "provider")]
    assume(names)
    chosen = data.draw(st.sampled_from(names))
    group = next((group for group in GROUPS if chosen in group), {chosen})
    without = {name: value for name, value in body.items() if name not in group}
    after = {candidate.endpoint: candidate for candidate in _route(without).candidates}
    for candidate in _route(body).candidates:
        if candidate.endpoint not in after:
            continue
        own = {
            path for entry in candidate.adjustments if entry.parameter in group for path, _ in _leaves(dict(entry.sent))
        }
        before = [leaf for leaf in _leaves(_fields(candidate)) if leaf[0] not in own]
        assert before == list(_leaves(_fields(after[candidate.endpoint])))


@given(requests(CATALOG))
def test_law_5_count_conserved_over_fan_out(body: dict[str, Any]) -> None:
    """The calls together make n pictures, none more than the provider's batch, each with a seed of its own."""
    for candidate in _route(body).candidates:
        assert sum(candidate.counts) == body.get("n", 1) == candidate.expected.count
        assert len(candidate.counts) == len(candidate.calls) == len(candidate.seeds)
        field = CATALOG.endpoint(candidate.endpoint).modes[candidate.mode].rules["n"].target
        if "n" in body and field:
            assert [_fields(candidate, index)[field] for index in range(len(candidate.calls))] == list(candidate.counts)
        seeds = [seed for seed in candidate.seeds if seed is not None]
        assert len(set(seeds)) == len(seeds)


@given(requests(CATALOG))
def test_law_7_strict_is_a_subset_of_lenient(body: dict[str, Any]) -> None:
    """What is served under require_parameters is served without it too, and compiled the same."""
    preferences = {name: value for name, value in body.get("provider", {}).items() if name != "require_parameters"}
    lenient = _route({**body, "provider": {**preferences, "allow_fallbacks": True}})
    strict = _route({**body, "provider": {**preferences, "allow_fallbacks": True, "require_parameters": True}})
    calls = {candidate.endpoint: candidate.calls for candidate in lenient.candidates}
    for candidate in strict.candidates:
        assert calls[candidate.endpoint] == candidate.calls
        assert all(entry.outcome is not Outcome.DROPPED for entry in candidate.adjustments)


@given(requests(CATALOG))
def test_law_8_cost_is_decimal_and_never_negative(body: dict[str, Any]) -> None:
    """A cost is a Decimal interval, low to high, at least zero."""
    for candidate in _route(body).candidates:
        for bound in (candidate.cost.low, candidate.cost.high):
            assert bound is None or (isinstance(bound, Decimal) and bound >= 0)
        if candidate.cost.low is not None and candidate.cost.high is not None:
            assert candidate.cost.low <= candidate.cost.high
        assert candidate.cost.derivation


@given(requests(CATALOG))
def test_law_9_bodies_survive_json_and_storage(body: dict[str, Any]) -> None:
    """No None, no NaN; a compiled request stored and read again is equal."""
    for candidate in _route(body).candidates:
        for call in candidate.calls:
            for _, value in _leaves(_wire(call.json)):
                assert value is not None
                assert not (isinstance(value, float) and not math.isfinite(value))
            assert json.loads(json.dumps(_wire(call.json), allow_nan=False)) == _wire(call.json)
        assert CompiledRequest.from_dict(json.loads(json.dumps(candidate.to_dict()))) == candidate


@given(requests(CATALOG))
def test_law_12_the_winner_is_minimal_and_nobody_is_forgotten(body: dict[str, Any]) -> None:
    """Candidates and refusals are all endpoints; no candidate loses less than the first."""
    route = _route(body)
    every = {endpoint.key for endpoint in CATALOG.models[route.model].endpoints}
    candidates = {candidate.endpoint for candidate in route.candidates}
    refused = {refusal.endpoint for refusal in route.refusals}
    assert candidates | refused == every
    assert not candidates & refused
    for candidate in route.candidates:
        assert route.candidates[0].loss <= candidate.loss
    for key in candidates:
        assert CATALOG.compile(body, key, date=ON).endpoint == key
    for refusal in route.refusals:
        if refusal.code not in ("filtered", "max-price", "require-parameters"):
            try:
                CATALOG.compile(body, refusal.endpoint, date=ON)
            except CompileError:
                continue
            raise AssertionError(f"{refusal} and yet it compiles")


@given(requests(CATALOG))
def test_law_13_every_body_validates_against_the_contract(body: dict[str, Any]) -> None:
    """The proof: an independent validator accepts every body, but for names the caller forced through unverified."""
    for candidate in _route(body).candidates:
        forced = {entry.parameter for entry in candidate.adjustments if entry.outcome is Outcome.UNVERIFIED}
        for index in range(len(candidate.calls)):
            wire = {name: value for name, value in _wire(_fields(candidate, index)).items() if name not in forced}
            _validator(candidate.endpoint, candidate.mode.value).validate(wire)
