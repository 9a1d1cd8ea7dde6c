"""Law 8: a cost is a Decimal, never below zero, additive, and dated.

The arithmetic of single rows has laws of its own in `test_prices`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from catalog_variants import later_price
from law_subjects import DRAWN, ON, REAL, Asked, ask, every_catalog
from pentaprism import Catalog, CompiledRequest
from pentaprism.types import Price
from strategies import rows

LATER = "2027-03-01"
BEFORE = (date(2025, 12, 31), date(2026, 8, 1), ON, date(2027, 2, 28))


@every_catalog
@given(st.data())
def test_law_8_cost_is_decimal_and_never_negative(which: str, data: st.DataObject) -> None:
    """A cost is a Decimal interval, low to high, at least zero, and the sum of its components."""
    for candidate in ask(data, which).route().candidates:
        cost = candidate.cost
        for bound in (cost.low, cost.high):
            assert bound is None or (isinstance(bound, Decimal) and bound >= 0)
        if cost.low is not None and cost.high is not None:
            assert cost.low <= cost.high
        if cost.high is not None:
            # What no row is about is unknown, which is never 0.
            assert cost.components
            assert cost.high == sum((component.total for component in cost.components), Decimal(0))
        assert cost.derivation


@every_catalog
@given(st.data())
def test_law_8_n_pictures_cost_n_times_one(which: str, data: st.DataObject) -> None:
    """Where the amount is known, and no row counts across pictures, or what all of them share."""
    asked = ask(data, which)
    assume("image" not in asked.body and not any(name in asked.body for name in ("max_price", "provider")))
    several = asked.route(n=data.draw(st.integers(2, 10)))
    alone = {one.endpoint: one for one in asked.route(n=1).candidates}
    for candidate in several.candidates:
        one = alone.get(candidate.endpoint)
        prices = [price for price in asked.catalog.endpoint(candidate.endpoint).prices if price.start <= ON]
        if one is None or not one.cost.exact or not all(map(_counts_each_picture, prices)):
            continue
        assert one.cost.high is not None
        assert candidate.cost.high == candidate.cost.low == candidate.expected.count * one.cost.high


def _counts_each_picture(price: Price) -> bool:
    """Whether a row bills each picture by itself: no first of all, no rounding or least amount over all of them."""
    whole = price.each or (price.round is None and price.min is None)
    return price.per in ("image", "megapixel") and price.first is None and whole and price.min is None


@every_catalog
@given(st.data(), rows(LATER))
def test_law_8_a_later_price_changes_nothing_before_its_day(
    which: str, data: st.DataObject, row: dict[str, object]
) -> None:
    """Prices are appended with the day from which they hold; up to then a request is what it was, and costs it."""
    asked = ask(data, which)
    asked.route()
    other = later_price(asked.catalog, row) if which == DRAWN else _with_later_price(which)
    for day in BEFORE:
        before, after = (catalog.route(asked.body, date=day) for catalog in (asked.catalog, other))
        assert list(map(_without_prospects, after.candidates)) == list(map(_without_prospects, before.candidates))
        assert after.refusals == before.refusals


def _without_prospects(compiled: CompiledRequest) -> CompiledRequest:
    """The same without the sentence that an unknown cost may be known later."""
    unknown = compiled.cost.low is None and compiled.cost.high is None
    return compiled._replace(cost=compiled.cost._replace(derivation="")) if unknown else compiled


_LATER: dict[str, Catalog] = {}


def _with_later_price(which: str) -> Catalog:
    """A real catalog with a new rate of another kind at every endpoint; built once, because it takes a while."""
    if which not in _LATER:
        row = {"from": LATER, "usd": "0.01", "per": "megapixel", "source": "made up"}
        _LATER[which] = later_price(REAL[which], row)
    return _LATER[which]


def test_a_later_price_holds_from_its_day() -> None:
    """What the law above compares with does cost otherwise once the day has come."""
    asked = Asked(REAL["builtin"], {"model": "flux.1-dev", "prompt": "a cat"})
    cost = {day: _with_later_price("builtin").route(asked.body, date=day).candidates[0].cost for day in (ON, LATER_DAY)}
    assert cost[ON] == asked.route().candidates[0].cost != cost[LATER_DAY]


LATER_DAY = date.fromisoformat(LATER)
