"""The laws of compile and route (architecture, "The laws"), over every real endpoint, those of `tests/format`, and
catalogs drawn for the purpose.

Each test's name and docstring say which law it is. Law 6 is in `test_laws_sizes`, 8 in `test_laws_costs`, 10 in
`test_laws_replies`, 11 in `test_laws_catalogs`; what parsing owes the caller is in `test_laws_requests`. `strategies`
draws the requests and the catalogs.
"""

from __future__ import annotations

import json
import math
from operator import itemgetter
from typing import Any

import jsonschema
from hypothesis import assume, given
from hypothesis import strategies as st

from law_subjects import ON, ask, every_catalog, leaves, take, wire
from pentaprism import CompiledRequest, CompileError, Outcome
from pentaprism.types import Behaviour

# The parameters that stand or fall together: removing one group removes exactly its leaves.
GROUPS = [
    {"size", "aspect_ratio", "resolution"},
    {"n", "seed"},
    {"output_format", "output_compression"},
]

_AS_IT_IS = (Behaviour.PASSTHROUGH, Behaviour.RENAMED)
_SEEDS = st.integers(0, 999) | st.integers(2**31 - 5, 2**31 - 1)


@every_catalog
@given(st.data())
def test_law_1_total_and_deterministic(which: str, data: st.DataObject) -> None:
    """A well-formed request compiles or is refused with reasons, twice the same."""
    asked = ask(data, which)
    first, second = asked.route(), asked.route()
    assert first == second
    for refusal in first.refusals:
        assert refusal.message.endswith(".")


@every_catalog
@given(st.data())
def test_law_2_nothing_lost(which: str, data: st.DataObject) -> None:
    """Every parameter that was set has exactly one adjustment, in the caller's order; what it says was sent is sent,
    and what it says was dropped is counted."""
    asked = ask(data, which)
    told = {name for name, parameter in asked.catalog.parameters.items() if parameter.at == "gateway"}
    for candidate in asked.route().candidates:
        names = [entry.parameter for entry in candidate.adjustments]
        # A parameter and the provider's own field for it, with one value for both, are told of once.
        rules = asked.spec(candidate).rules.values()
        twice = {
            frozenset((rule.parameter, rule.target)) for rule in rules if rule.target not in (None, rule.parameter)
        }
        once = {name for pair in twice if pair <= asked.body.keys() for name in pair if name not in names}
        assert names == [name for name in asked.body if name not in told | once]
        assert not any(pair <= once for pair in twice)
        assert candidate.loss[0] == sum(entry.outcome is Outcome.DROPPED for entry in candidate.adjustments)
        sent = list(leaves(asked.fields(candidate)))
        for entry in candidate.adjustments:
            assert entry.why
            # Of an object, a part may be dropped and the rest be sent.
            if entry.outcome in (Outcome.DROPPED, Outcome.SUPERSEDED) and not isinstance(entry.asked, dict):
                assert not entry.sent
            for path, value in leaves(entry.sent):
                # A name no contract has is text in a form, whatever it was.
                assert (path, value) in sent or (entry.outcome is Outcome.UNVERIFIED and path in dict(sent))


@every_catalog
@given(st.data())
def test_law_2_what_is_honored_is_what_was_asked(which: str, data: st.DataObject) -> None:
    """What crosses as it is has the caller's value, every input image is sent, in order, and the delivery is the one
    that was asked for."""
    asked = ask(data, which)
    route = asked.route()
    values = route.request.values
    for candidate in route.candidates:
        assert candidate.delivery.response_format == values.get("response_format", "url")
        assert candidate.delivery.format == values.get("output_format", candidate.delivery.format)
        for entry in candidate.adjustments:
            sent = [value for _, value in leaves(entry.sent)]
            if entry.parameter == "image" and entry.outcome is Outcome.HONORED:
                assert [(one.url, one.content) for one in sent] == [(one.url, one.content) for one in values["image"]]
            elif entry.parameter in values and entry.outcome is Outcome.HONORED and entry.behaviour in _AS_IT_IS:
                assert sent == [values[entry.parameter]]


@every_catalog
@given(st.data())
def test_law_3_nothing_invented(which: str, data: st.DataObject) -> None:
    """Each leaf on the wire is one that an adjustment names, or a constant of the catalog."""
    asked = ask(data, which)
    for candidate in asked.route().candidates:
        named = {path for entry in candidate.adjustments for path, _ in leaves(entry.sent)}
        constants = {path for path, _ in leaves(asked.spec(candidate).constants)}
        assert {path for path, _ in leaves(asked.fields(candidate))} <= named | constants


@every_catalog
@given(st.data())
def test_law_4_removing_a_group_removes_its_leaves(which: str, data: st.DataObject) -> None:
    """Without a group of parameters, the body is what it was without that group's leaves."""
    asked = ask(data, which, native=False)
    names = [name for name in asked.body if name not in ("model", "prompt", "image", "provider")]
    assume(names)
    chosen = data.draw(st.sampled_from(names))
    group = next((group for group in GROUPS if chosen in group), {chosen})
    # A name without a value counts as not set.
    after = {one.endpoint: one for one in asked.route(**dict.fromkeys(group)).candidates}
    for candidate in asked.route().candidates:
        if candidate.endpoint not in after:
            continue
        own = {path for entry in candidate.adjustments if entry.parameter in group for path, _ in leaves(entry.sent)}
        before = [leaf for leaf in leaves(asked.fields(candidate)) if leaf[0] not in own]
        # Objects that several parameters write into stand where the first of them put it.
        remaining = leaves(asked.fields(after[candidate.endpoint]))
        assert sorted(before, key=itemgetter(0)) == sorted(remaining, key=itemgetter(0))


@every_catalog
@given(st.data())
def test_law_5_count_conserved_over_fan_out(which: str, data: st.DataObject) -> None:
    """The calls together make n pictures, none more than the provider's batch, each with a seed of its own."""
    asked = ask(data, which)
    # Left to chance, hardly a request asks for several pictures and a seed.
    asked.body.update(data.draw(st.fixed_dictionaries({}, optional={"n": st.integers(1, 10), "seed": _SEEDS})))
    for candidate in asked.route().candidates:
        assert sum(candidate.counts) == candidate.expected.count
        assert len(candidate.counts) == len(candidate.calls) == len(candidate.seeds)
        calls = [asked.fields(candidate, index) for index in range(len(candidate.calls))]
        rules = asked.spec(candidate).rules
        field = rules["n"].target
        if field is None:
            assert max(candidate.counts) == 1
        elif take(calls[0], field) is not None:
            assert [take(fields, field) for fields in calls] == list(candidate.counts)
        if "n" in asked.body:
            assert candidate.expected.count == asked.body["n"]
        if rules["seed"].verb in ("passthrough", "rename"):
            assert [take(fields, str(rules["seed"].target)) for fields in calls] == list(candidate.seeds)
        seeds = [seed for seed in candidate.seeds if seed is not None]
        assert len(set(seeds)) == len(seeds)


@every_catalog
@given(st.data())
def test_law_7_strict_is_a_subset_of_lenient(which: str, data: st.DataObject) -> None:
    """What is served under require_parameters is served without it too, and compiled the same."""
    asked = ask(data, which)
    preferences = {**asked.body.get("provider", {}), "allow_fallbacks": True, "require_parameters": False}
    lenient = asked.route(provider=preferences)
    strict = asked.route(provider={**preferences, "require_parameters": True})
    calls = {candidate.endpoint: candidate.calls for candidate in lenient.candidates}
    for candidate in strict.candidates:
        assert calls[candidate.endpoint] == candidate.calls
        assert all(entry.outcome is not Outcome.DROPPED for entry in candidate.adjustments)


@every_catalog
@given(st.data())
def test_law_9_bodies_survive_json_and_storage(which: str, data: st.DataObject) -> None:
    """No None, no NaN; a compiled request stored and read again is equal."""
    asked = ask(data, which)
    for candidate in asked.route().candidates:
        for call in candidate.calls:
            assert (call.json is None) != (call.parts is None)
            assert all(isinstance(part.content, bytes) for part in call.parts or ())
        for index in range(len(candidate.calls)):
            body = wire(asked.fields(candidate, index))
            for _, value in leaves(body):
                assert value is not None
                assert not (isinstance(value, float) and not math.isfinite(value))
            assert json.loads(json.dumps(body, allow_nan=False)) == body
        assert CompiledRequest.from_dict(json.loads(json.dumps(candidate.to_dict()))) == candidate


@every_catalog
@given(st.data())
def test_law_12_the_winner_is_minimal_and_nobody_is_forgotten(which: str, data: st.DataObject) -> None:
    """Candidates and refusals are all endpoints; no verified candidate loses less than the first of them; an endpoint
    alone makes of the request what it makes of it in the route."""
    asked = ask(data, which)
    route = asked.route()
    every = {endpoint.key for endpoint in asked.catalog.models[route.model].endpoints}
    candidates = {candidate.endpoint for candidate in route.candidates}
    refused = {refusal.endpoint for refusal in route.refusals}
    assert candidates | refused == every
    assert not candidates & refused
    for candidate in route.candidates:
        first = route.candidates[0]
        assert (not first.verified, first.loss) <= (not candidate.verified, candidate.loss)
        assert asked.catalog.compile(asked.body, candidate.endpoint, date=ON) == candidate
    for refusal in route.refusals:
        if refusal.code not in ("filtered", "max-price", "require-parameters"):
            try:
                asked.catalog.compile(asked.body, refusal.endpoint, date=ON)
            except CompileError:
                continue
            raise AssertionError(f"{refusal} and yet it compiles")


@every_catalog
@given(st.data())
def test_law_13_every_body_validates_against_the_contract(which: str, data: st.DataObject) -> None:
    """The proof: an independent validator accepts every body, but for names the caller forced through unverified."""
    asked = ask(data, which)
    for candidate in asked.route().candidates:
        forced = {entry.parameter for entry in candidate.adjustments if entry.outcome is Outcome.UNVERIFIED}
        validator = jsonschema.Draft202012Validator(dict(asked.spec(candidate).contract.schema))
        for index in range(len(candidate.calls)):
            body: dict[str, Any] = wire(asked.fields(candidate, index))
            known = {name: value for name, value in body.items() if name not in forced}
            assert [error.message for error in validator.iter_errors(known)] == []
