"""Rows of prices made ready: those in force on a day, gathered by metric, with the words for a bill.

Row 2. It must not know what a request uses.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Any, NamedTuple, TypeAlias

from ..types import MEGAPIXEL, Price

__all__ = [
    *("EXACT", "METRICS", "ONE", "OPEN", "PER_PIXEL", "UNLISTED", "ZERO"),
    *("Metric", "Rate", "Typed", "metrics_in_force", "typed"),
]

# Pixels over 2**20 take 20 decimals; 60 digits leave room for any count, rate and sum of them to be exact.
EXACT = Context(prec=60)
ZERO = Decimal(0)
ONE = Decimal(1)
PER_PIXEL = EXACT.divide(ONE, MEGAPIXEL)
# What each metric counts: the unit in a derivation, and the name of the count where it is not known.
METRICS = {
    "image": ("image", "the number of images"),
    "megapixel": ("MP", "the output size"),
    "input_megapixel": ("input MP", "the size of an input image"),
    "token": ("tokens", "the number of tokens"),
    "second": ("s", "the compute time"),
}
# A JSON value as (type, text): true is not 1, "1" is not 1, but 1 is 1.0.
Typed: TypeAlias = tuple[str, str]
# A value no price row gives: what an unset field may turn out to be.
UNLISTED: Typed = ("", "")
# What a field holds while its value is still the provider's to choose.
OPEN: frozenset[Typed] = frozenset([("NoneType", "None"), ("str", "auto")])


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """One row in force: the values its `when` lists, and its words in a component and in a derivation."""

    price: Price
    when: Mapping[str, frozenset[Typed]]
    kind: str
    metric: str
    noun: str
    text: str
    per: str


class Metric(NamedTuple):
    """The rows of one metric in force, the values they list of each field, the fields they list alternatives of."""

    rates: tuple[Rate, ...]
    fields: Mapping[str, frozenset[Typed]]
    choices: frozenset[str]


def metrics_in_force(prices: Sequence[Price], on: date) -> tuple[tuple[Price, ...], tuple[Metric, ...]]:
    """The rows in force on a day, and the same by metric. Raises ValueError on what is not in the format."""
    in_force = _in_force(prices, on)
    metrics: dict[tuple[str, str | None], list[Price]] = {}
    for price in in_force:
        metrics.setdefault((price.per, price.of), []).append(price)
    return in_force, tuple(_read_metric(rows) for rows in metrics.values())


def _in_force(prices: Sequence[Price], on: date) -> tuple[Price, ...]:
    """The rows in force, in an order that does not depend on theirs."""
    series: dict[tuple[Any, ...], list[Price]] = {}
    for price in prices:
        if price.per not in METRICS:
            raise ValueError(f"no price can be per {price.per!r}; it is per {', '.join(METRICS)}")
        if price.round not in (None, "up"):
            raise ValueError(f"no price can be rounded {price.round!r}; it is rounded 'up' or not at all")
        if price.start <= on:
            series.setdefault(_series(price), []).append(price)
    in_force: list[Price] = []
    for _, rows in sorted(series.items()):
        latest = max(row.start for row in rows)
        in_force += sorted((row for row in rows if row.start == latest), key=repr)
    return tuple(in_force)


def _series(price: Price) -> tuple[Any, ...]:
    """What two rows share when the later one replaces the earlier; sortable."""
    when = tuple(sorted((name, tuple(sorted(map(typed, values)))) for name, values in price.when.items()))
    return (list(METRICS).index(price.per), price.of or "", len(when), when, price.first or Decimal("Infinity"))


def typed(value: Any) -> Typed:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return ("number", str(float(value)))
    return (type(value).__name__, str(value))


def _read_metric(rows: Sequence[Price]) -> Metric:
    rates = tuple(_rate(row) for row in rows)
    alternatives: dict[str, set[frozenset[Typed]]] = {}
    for rate in rates:
        for name, values in rate.when.items():
            alternatives.setdefault(name, set()).add(values)
    fields = {name: frozenset(itertools.chain(*sets)) for name, sets in alternatives.items()}
    choices = frozenset(name for name, sets in alternatives.items() if len(sets) > 1)
    # Beside a table, a flat rate of 0 says that the flat rate before the table has ended.
    rates = tuple(rate for rate in rates if rate.when or rate.price.usd or not choices)
    return Metric(rates, fields, choices)


def _rate(row: Price) -> Rate:
    when = {name: frozenset(map(typed, values)) for name, values in row.when.items()}
    of, _, direction = (row.of or "").rpartition("_")
    kind = "input" if row.per == "input_megapixel" or direction == "in" else "output"
    metric, noun = (f"token_{of}", f"{row.of} tokens") if row.per == "token" and of else (row.per, METRICS[row.per][0])
    unit = "million" if row.unit == 1_000_000 else f"{row.unit:,}"
    text = f"${row.usd:f}" if row.unit == 1 else f"${row.usd:f} per {unit}"
    return Rate(row, when, kind, metric, noun, text, f"{text} per {noun}" if row.unit == 1 else f"{text} {noun}")
