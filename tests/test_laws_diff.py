"""The laws of comparing catalogs, over drawn catalogs and changes anywhere in them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from catalog_mutations import pairs
from catalog_variants import from_json, shuffled
from law_subjects import ON, REAL, every_catalog, subject
from pentaprism import Catalog, CompiledRequest, CompileError, RequestError
from pentaprism.catalog.content_hash import content_hash
from pentaprism.catalog.diff import Kind, Weight, diff
from pentaprism.catalog.publish import publish
from pentaprism.impact import RequestLine, replay
from strategies import catalogs, requests

_MIRRORED = {
    Kind.PRICE_UP: Kind.PRICE_DOWN,
    Kind.PRICE_UNKNOWN: Kind.PRICE_KNOWN,
    Kind.MODEL_GONE: Kind.MODEL_NEW,
    Kind.MODEL_CLOSED: Kind.MODEL_OPEN,
    Kind.ENDPOINT_GONE: Kind.ENDPOINT_NEW,
    Kind.STATUS_WORSE: Kind.STATUS_BETTER,
    Kind.MODE_GONE: Kind.MODE_NEW,
    Kind.PARAMETER_LOST: Kind.PARAMETER_GAINED,
    Kind.NAME_GONE: Kind.NAME_NEW,
    Kind.PROVIDER_GONE: Kind.PROVIDER_NEW,
    Kind.IMAGES_FEWER: Kind.IMAGES_MORE,
}


@every_catalog
@given(data=st.data())
def test_a_catalog_differs_in_nothing_from_itself(data: st.DataObject, which: str) -> None:
    catalog = subject(data, which)
    found = diff(catalog, from_json(catalog))
    assert found.differences == ()
    assert found.reach == frozenset()
    assert found.before.hash == found.after.hash


@given(pair=pairs())
def test_no_difference_is_one_content_hash(pair: tuple[Catalog, Catalog]) -> None:
    found = diff(*pair)
    assert bool(found) == (content_hash(pair[0].documents) != content_hash(pair[1].documents))
    assert (found.before.hash == found.after.hash) == (not found)


@given(catalog=catalogs(), seed=st.integers(0, 2**16))
def test_another_order_is_only_a_note(catalog: Catalog, seed: int) -> None:
    found = diff(catalog, shuffled(catalog, seed))
    assert [one.message for one in found.differences if one.weight is not Weight.NOTE] == []
    assert found.reach == frozenset()


@given(pair=pairs())
def test_what_one_way_takes_the_other_way_gives(pair: tuple[Catalog, Catalog]) -> None:
    there, back = (_counted(diff(*one)) for one in (pair, pair[::-1]))
    for kind, mirror in _MIRRORED.items():
        assert there[kind] == back[mirror]
        assert there[mirror] == back[kind]


def _counted(found: Any) -> Counter[Kind]:
    """How often each kind is told of something both catalogs have, or as a whole."""
    counted = Counter(one.kind for one in found.differences)
    # A whole model that comes is told with its endpoints, one that goes without.
    whole = {one.model for one in found.differences if one.kind is Kind.MODEL_NEW}
    counted[Kind.ENDPOINT_NEW] -= sum(one.kind is Kind.ENDPOINT_NEW and one.model in whole for one in found.differences)
    return counted


@given(pair=pairs(), data=st.data())
def test_every_endpoint_that_fares_otherwise_is_named(pair: tuple[Catalog, Catalog], data: st.DataObject) -> None:
    reach = diff(*pair).reach
    body = data.draw(requests(pair[data.draw(st.integers(0, 1))]))
    forced = data.draw(st.booleans())
    for key, model in (_keys(pair[0]) | _keys(pair[1])).items():
        asked = {**body, "model": key if forced else model}
        if _fate(pair[0], asked, key) != _fate(pair[1], asked, key):
            assert key in reach


def _keys(catalog: Catalog) -> dict[str, str]:
    """Every endpoint with its model."""
    return {endpoint.key: model.id for model in catalog.models.values() for endpoint in model.endpoints}


def _fate(catalog: Catalog, body: dict[str, Any], key: str) -> Any:
    """What an endpoint makes of a body, but for the sentences about it."""
    try:
        compiled = catalog.compile(body, key, date=ON)
    except CompileError as error:
        return sorted(refusal.code for refusal in error.refusals)
    except RequestError as error:
        return error.code
    return _sent(compiled)


def _sent(one: CompiledRequest) -> Any:
    told = [(entry.parameter, entry.sent, entry.behaviour, entry.outcome) for entry in one.adjustments]
    cost = (one.cost.low, one.cost.high)
    return (one.calls, one.counts, one.seeds, told, one.expected, one.delivery, cost, one.loss, one.verified)


@given(pair=pairs(), data=st.data())
def test_an_impact_is_of_endpoints_the_difference_names(pair: tuple[Catalog, Catalog], data: st.DataObject) -> None:
    found = diff(*pair)
    bodies = [data.draw(requests(catalog)) for catalog in pair]
    lines = [RequestLine(number, body) for number, body in enumerate(bodies, 1)]
    impact = replay(*pair, lines, on=ON)
    assert impact.requests == len(lines)
    for one in impact.changed:
        served = {one.before.endpoint, one.after.endpoint, *one.before.fallbacks, *one.after.fallbacks}
        touched = served | one.before.refusals.keys() | one.after.refusals.keys()
        assert touched & found.reach or one.before.fault or one.after.fault or not touched - {None}
    if not found:
        assert not impact


@every_catalog
@given(data=st.data())
def test_publishing_twice_gives_the_same_bytes(data: st.DataObject, which: str) -> None:
    catalog = subject(data, which)
    assert publish(catalog.documents) == publish(from_json(catalog).documents)
    assert content_hash(catalog.documents) == content_hash(from_json(catalog).documents)


def test_the_wide_catalog_adds_to_the_builtin_one() -> None:
    found = diff(REAL["builtin"], REAL["wide"])
    assert {one.weight for one in found.differences} <= {Weight.BETTER, Weight.OTHER, Weight.NOTE}
    assert {one.model for one in found.differences if one.kind is Kind.MODEL_NEW} == set(REAL["wide"].models) - set(
        REAL["builtin"].models
    )
