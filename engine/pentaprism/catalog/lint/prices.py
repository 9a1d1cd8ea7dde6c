"""Whether prices are told for everything that is sold, once.

Row 3. How rows are applied is in `pentaprism.prices`; here they are compared with each other and with the contract. It
must not know what anything ought to cost.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ...prices import tariff
from ...prices.rates import OPEN, Metric, Rate, typed
from ...types import Contract, Endpoint, Price
from ..node import shown
from ..scene import Scene
from .fields import described, takes, values_of
from .linter import Remark, Severity, linter, remark
from .targets import hint

__all__ = ["implausible_price", "price_gap", "price_overlap", "unknown_condition"]

_MOST_VALUES = 5_000
"""Combinations of values that are looked through; no price table is larger."""

_MOST_DOLLARS = {
    "image": Decimal(5),
    "megapixel": Decimal(5),
    "input_megapixel": Decimal(5),
    "second": Decimal(1),
    "token": Decimal("0.01"),
}
"""Above this a price is more likely one of another unit, such as a million tokens entered as one."""


_ENDLESS = "a flat rate goes on beside the table that replaces it"


@linter(
    "Every field, value and tier that a price depends on is one the endpoint has.",
    why="The row can never be told to apply, so what it prices is billed as something else, or as unknown.",
    fix="Name the contract's field and value, or a tier of one of the endpoint's forms.",
)
def unknown_condition(scene: Scene) -> Iterator[Remark]:
    for endpoint, entry in scene.written:
        for price in entry.child("prices").entries():
            for name, condition in price.child("when").items():
                values = condition.data if isinstance(condition.data, list) else [condition.data]
                for value in values:
                    message = _unmet(endpoint, name, value)
                    if message:
                        yield remark(condition, message)


def _unmet(endpoint: Endpoint, name: str, value: Any) -> str | None:
    """Why a price row could never be told to apply; None where it could."""
    if name == "tier":
        tiers = _tiers(endpoint)
        known = ", ".join(sorted(tiers)) or "none"
        return None if value in tiers else f"no form here has the tier {shown(value)}; there are {known}"
    contracts = [spec.contract for spec in endpoint.modes.values()]
    schemas = [schema for contract in contracts if (schema := contract.at(name)) is not None]
    if not schemas:
        near = hint(Contract.top(name), [field for contract in contracts for field in contract.fields])
        return f"the contract of {endpoint.id} has no field {name!r}{near}"
    if any(takes(schema, value) for schema in schemas):
        return None
    return f"{name} is one of {described(schemas[0])}, never {shown(value)}"


def _tiers(endpoint: Endpoint) -> dict[str, None]:
    cells = (cell for spec in endpoint.modes.values() for form in spec.forms for cell in form.cells)
    return {cell.tier.label: None for cell in cells if cell.tier is not None}


def _days(endpoint: Endpoint, since: date = date.min) -> Iterator[tuple[date, Sequence[Metric]]]:
    """Every day on which something about the prices changes, with the metrics in force from then on."""
    for day in sorted({max(price.start, since) for price in endpoint.prices}):
        yield day, tariff(endpoint.prices, day).metrics


@linter(
    "Of the rows of one metric only one prices a request, surcharges apart.",
    why="Rows that match a request add up, so what two rows list is billed twice.",
    fix="Give each row values of its own. Where a table replaces a flat rate, end the flat rate with a row of "
    '`usd: "0"` from the same day; where a later row replaces an earlier one, give it the same `when`.',
)
def price_overlap(scene: Scene) -> Iterator[Remark]:
    for endpoint, entry in scene.written:
        # Two rows may say the same, so they are told apart by what they are and not by what they say.
        rows = {id(price): node for price, node in zip(endpoint.prices, entry.child("prices").entries(), strict=True)}
        said = set()
        for day, metrics in _days(endpoint):
            for one, other, words in (found for metric in metrics for found in _overlaps(metric)):
                nodes = [rows[id(rate.price)] for rate in (one, other)]
                if words != _ENDLESS:
                    nodes.sort(key=lambda node: node.path, reverse=True)
                place, beside = nodes
                if (place.path, beside.path) not in said:
                    said.add((place.path, beside.path))
                    line = beside.document.where(beside.path)[0]
                    yield remark(place, f"from {day} this adds to the row in line {line}: {words}")


def _overlaps(metric: Metric) -> Iterator[tuple[Rate, Rate, str]]:
    """Rows that price the same, and what that is; rows of other fields are surcharges on each other."""
    billing = [rate for rate in metric.rates if rate.price.usd]
    for one, other in itertools.combinations(billing, 2):
        if one.price.first == other.price.first and one.when.keys() == other.when.keys():
            shared = {name: values & other.when[name] for name, values in one.when.items()}
            if all(shared.values()):
                words = [f"{name} {', '.join(text for _, text in sorted(values))}" for name, values in shared.items()]
                yield one, other, f"both price {' with '.join(words) or 'every request'}"
    table = [rate for rate in billing if not metric.choices.isdisjoint(rate.when)]
    for flat in (rate for rate in billing if table and not rate.when):
        if flat.price.start < min(rate.price.start for rate in table):
            yield flat, table[0], _ENDLESS


@linter(
    "A price table has a row for everything the endpoint lets a caller choose.",
    why="What no row lists has no price: budgets cannot reserve it, and a limit on the price refuses it.",
    fix="Add the missing row with its source. If the provider does not sell that value, leave it out of the contract's "
    "enum with `narrow:` and say so.",
)
def price_gap(scene: Scene) -> Iterator[Remark]:
    for endpoint, entry in scene.written:
        conditions = [(name, value) for price in endpoint.prices for name, one in price.when.items() for value in one]
        if any(_unmet(endpoint, name, value) for name, value in conditions):
            continue
        said = set()
        # What was not sold yet in the past needs no price there.
        for day, metrics in _days(endpoint, scene.today):
            for gap in _gaps(endpoint, metrics):
                if gap not in said:
                    said.add(gap)
                    start = "" if day == scene.today else f"from {day} "
                    yield remark(entry, f"{start}no row prices {gap}", "prices", at_key=True)


def _gaps(endpoint: Endpoint, metrics: Sequence[Metric]) -> Iterator[str]:
    """What has no price: the rest after a first, what a table leaves out, what no surcharge is about."""
    for rate in (rate for metric in metrics for rate in metric.rates if rate.price.first is not None):
        siblings = [one for metric in metrics for one in metric.rates if _is_sibling(one, rate)]
        if all(one.price.first is not None for one in siblings):
            yield f"what comes after the first {rate.price.first} {rate.noun}"
    flat = [metric for metric in metrics if any(not rate.when for rate in metric.rates)]
    tables = [metric for metric in metrics if metric.choices]
    for metric in tables:
        if metric not in flat:
            yield from _unlisted(endpoint, metric.rates, metric.choices)
    if not flat and not tables:
        rates = [rate for metric in metrics for rate in metric.rates]
        yield from _unlisted(endpoint, rates, {name for rate in rates for name in rate.when})


def _is_sibling(one: Rate, other: Rate) -> bool:
    return one.metric == other.metric and one.when.keys() == other.when.keys()


def _unlisted(endpoint: Endpoint, rates: Sequence[Rate], choices: Collection[str]) -> Iterator[str]:
    """The combinations of a table's values that no row is about, whatever else a caller chooses."""
    names = sorted(choices)
    combinations = itertools.product(*(_choosable(endpoint, rates, name) for name in names))
    missing = []
    for values in itertools.islice(combinations, _MOST_VALUES):
        asked = dict(zip(names, map(typed, values), strict=True))
        if not any(all(asked.get(name) in listed for name, listed in rate.when.items()) for rate in rates):
            missing.append(" and ".join(f"{name} {value}" for name, value in zip(names, values, strict=True)))
    if missing:
        unnamed = sorted({name for rate in rates for name in rate.when}.difference(names))
        others = "".join(f" and another {name}" for name in unnamed)
        more = f", nor {len(missing) - 1} other choices" if len(missing) > 1 else ""
        yield f"the {rates[0].noun} with {missing[0]}{others}{more}"


def _choosable(endpoint: Endpoint, rates: Sequence[Rate], name: str) -> Sequence[Any]:
    """The values of a field that a price table must list: all the contract has; those it lists where that is open."""
    if name == "tier":
        return list(_tiers(endpoint))
    schemas = [schema for spec in endpoint.modes.values() if (schema := spec.contract.at(name)) is not None]
    closed = [values_of(schema) for schema in schemas]
    listed = [rate.price.when.get(name) for rate in rates]
    values = dict.fromkeys(value for one in (listed if None in closed else closed) for value in one or ())
    return [value for value in values if typed(value) not in OPEN]


@linter(
    "No price is far beyond what pictures cost.",
    severity=Severity.WARNING,
    why="A rate for a million tokens that is entered for one, or cents entered as dollars, makes every estimate and "
    "every budget wrong.",
    fix="Say what the rate is for with `unit: 1000000`, and write dollars. If the price is real, waive this.",
)
def implausible_price(scene: Scene) -> Iterator[Remark]:
    for endpoint, entry in scene.written:
        for price, node in zip(endpoint.prices, entry.child("prices").entries(), strict=True):
            if price.usd / price.unit > _MOST_DOLLARS[price.per]:
                yield remark(node, f"{_words(price)} is more than any known provider asks; is it another unit?", "usd")


def _words(price: Price) -> str:
    one = {"input_megapixel": "an input megapixel", "image": "an image"}.get(price.per, f"a {price.per}")
    return f"${price.usd:f} for {one if price.unit == 1 else f'{price.unit} {price.per}s'}"
