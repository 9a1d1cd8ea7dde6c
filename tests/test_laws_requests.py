"""What parsing owes the caller: it is total, it tells every fault, and a parameter means the same by all its names."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from law_subjects import REAL, Asked, ask, every_catalog
from pentaprism import Catalog, RequestError
from pentaprism.errors import Fault
from strategies import json_bodies

BUILTIN = REAL["builtin"]


def _faults(catalog: Catalog, body: dict[str, Any]) -> tuple[Fault, ...]:
    """What is wrong with a body; nothing where it can be read."""
    try:
        catalog.parse(body)
    except RequestError as error:
        return error.faults or (Fault(None, "refused without a reason"),)
    return ()


@given(json_bodies(BUILTIN))
def test_parsing_is_total(body: dict[str, Any]) -> None:
    """Any JSON object is read, or refused with what is wrong about it; twice the same."""
    faults = _faults(BUILTIN, body)
    assert _faults(BUILTIN, body) == faults
    for fault in faults:
        assert fault.message.endswith((".", "?")), fault
        assert fault.code
    if not body.get("model"):
        assert any(fault.param == "model" for fault in faults)


@given(json_bodies(BUILTIN), st.sampled_from(sorted(BUILTIN.models)))
def test_every_fault_is_told_at_once(body: dict[str, Any], model: str) -> None:
    """What is wrong with a parameter alone is told of it in company too."""
    base = {"model": model, "prompt": "a cat"}
    told = {fault.message for fault in _faults(BUILTIN, {**base, **body, **base})}
    for name, value in body.items():
        if name not in base:
            assert {fault.message for fault in _faults(BUILTIN, {**base, name: value})} <= told


@given(st.data())
def test_a_request_that_parses_compiles_or_is_refused(data: st.DataObject) -> None:
    """No JSON object gets further than parsing and then fails otherwise than by a refusal."""
    body = {**data.draw(json_bodies(BUILTIN)), "model": data.draw(st.sampled_from(sorted(BUILTIN.models)))}
    body.setdefault("prompt", "a cat")
    assume(not _faults(BUILTIN, body))
    route = Asked(BUILTIN, body).route()
    assert route.candidates or route.refusals


@every_catalog
@given(st.data())
def test_a_parameter_means_the_same_by_any_of_its_names(which: str, data: st.DataObject) -> None:
    """The same calls, cost and losses, told under the name the caller used."""
    asked = ask(data, which)
    spelt = {
        name: data.draw(st.sampled_from([name, *asked.catalog.parameters[name].synonyms]))
        for name in asked.body
        if name in asked.catalog.parameters
    }
    assume(any(name != other for name, other in spelt.items()))
    one = asked.route()
    other = Asked(asked.catalog, {spelt.get(name, name): value for name, value in asked.body.items()}).route()
    renamed = [
        candidate._replace(
            adjustments=tuple(
                entry._replace(parameter=spelt.get(entry.parameter, entry.parameter)) for entry in candidate.adjustments
            )
        )
        for candidate in one.candidates
    ]
    assert list(other.candidates) == renamed
    assert [(refusal.endpoint, refusal.code, refusal.param) for refusal in other.refusals] == [
        (refusal.endpoint, refusal.code, spelt.get(refusal.param or "", refusal.param)) for refusal in one.refusals
    ]
