"""One metric of a tariff applied to a usage: which rows count, how many units each bills, the cheapest and the dearest.

Row 2. It must not add metrics up.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from ..types import Price
from .rates import METRICS, ONE, OPEN, PER_PIXEL, UNLISTED, ZERO, Metric, Rate, Typed, typed
from .usage import Usage
from .words import Line, product_text, unlisted

__all__ = ["Part", "apply_metric"]


class Part(NamedTuple):
    """One metric applied. `low` None: it may cost nothing, `high` None: there is no bound. `lines` cost the most."""

    low: Decimal | None
    high: Decimal | None
    cheap: str
    dear: str
    lines: Sequence[Line]
    why: Sequence[str]


def apply_metric(metric: Metric, usage: Usage) -> Part | None:
    """One metric's part of the cost; None where it surely has none."""
    if not metric.fields:
        return _part([_lines(metric.rates, usage)], usage, ())
    asked = {name: typed(usage.fields.get(name)) for name in metric.fields}
    unset = [name for name, value in asked.items() if value in OPEN and value not in metric.fields[name]]
    selections = _selections(metric, asked, unset)
    if any(selections):
        if metric.choices.issuperset(unset):
            selections = [rates for rates in selections if rates]
        return _part([_lines(rates, usage) for rates in selections], usage, unset)
    if any(_matches(rate, asked, besides=metric.choices.union(unset)) for rate in metric.rates):
        return Part(None, None, "", "", (), (unlisted([metric], usage),))
    return None


def _matches(rate: Rate, asked: Mapping[str, Typed], *, besides: Collection[str] = ()) -> bool:
    return all(name in besides or asked[name] in values for name, values in rate.when.items())


def _selections(metric: Metric, asked: Mapping[str, Typed], unset: Sequence[str]) -> list[list[Rate]]:
    """Every set of rows that may apply together, over all the values the unset fields may turn out to have."""
    candidates = [rate for rate in metric.rates if _matches(rate, asked, besides=unset)]
    if not unset:
        return [candidates]
    selections: list[list[Rate]] = []
    for values in itertools.product(*([*sorted(metric.fields[name]), UNLISTED] for name in unset)):
        fields = {**asked, **dict(zip(unset, values, strict=True))}
        selection = [rate for rate in candidates if _matches(rate, fields)]
        if selection not in selections:
            selections.append(selection)
    return selections


def _lines(rates: Sequence[Rate], usage: Usage) -> list[Line]:
    return [line for rate in rates if (line := _line(rate, _start(rate, rates), usage)) is not None]


def _start(rate: Rate, rates: Sequence[Rate]) -> Decimal:
    """The units before those a row counts: where the `first` of its siblings ends."""
    if len(rates) == 1:
        return ZERO
    own = rate.price.first
    ends = (other.price.first for other in rates if other.when.keys() == rate.when.keys())
    return max((end for end in ends if end is not None and (own is None or end < own)), default=ZERO)


def _line(rate: Rate, start: Decimal, usage: Usage) -> Line | None:
    """One row applied to the counts it is about; None where there is nothing to count."""
    row = rate.price
    counts = _counts(row, usage)
    if not counts:
        return None
    if not row.each:
        total = sum((amount * times for amount, _, times in counts), ZERO)
        counts = [(total, all(known for _, known, _ in counts), 1)]
    quantity = units = ZERO
    bounded = True
    for amount, known, times in counts:
        billed = _billed(row, amount, known)
        if row.first is not None and billed >= row.first:
            billed, known = row.first, True
        if start:
            billed = max(ZERO, billed - start)
        units += billed * times
        quantity += amount * times
        bounded = bounded and known
    if start and bounded and not units:
        return None
    return Line(rate, start, quantity, units, row.usd * units, bounded)


def _counts(row: Price, usage: Usage) -> list[tuple[Decimal, bool, int]]:
    """What a row counts: amounts (0 where not known), whether each is known, and how many there are of it."""
    if row.per == "image":
        return [(Decimal(usage.images), True, 1)]
    if row.per in ("megapixel", "input_megapixel"):
        sizes = [(usage.size, usage.images)] if row.per == "megapixel" else [(size, 1) for size in usage.input_sizes]
        return [(size.pixels * PER_PIXEL if size else ZERO, bool(size) or not times, times) for size, times in sizes]
    if row.per == "second":
        return [(usage.seconds or ZERO, usage.seconds is not None, 1)]
    tokens = usage.tokens if row.of is None else {of: count for of, count in usage.tokens.items() if of == row.of}
    return [(sum(tokens.values(), ZERO), bool(tokens), 1)]


def _billed(row: Price, amount: Decimal, known: bool) -> Decimal:
    """The units one amount is billed as; the least there can be where the amount is not known."""
    if known and not amount:
        return ZERO
    units = amount if row.unit == 1 else amount / row.unit
    if row.round == "up":
        units = max(ONE, units.to_integral_value(ROUND_CEILING))
    return units if row.min is None else max(units, row.min)


def _part(choices: Sequence[list[Line]], usage: Usage, unset: Sequence[str]) -> Part | None:
    """The cheapest and the dearest of the sets of lines that may apply; an empty one costs nothing."""
    billed = [lines for lines in choices if lines]
    if not billed:
        return None
    blind = [line.rate for lines in billed for line in lines if not line.bounded]
    if len(choices) == 1 and not blind:
        total, text = total_of(billed[0]), product_text(billed[0], usage.images)
        return Part(total, total, text, text, billed[0], ())
    cheap, dear = min(billed, key=total_of), max(billed, key=total_of)
    low, high = total_of(cheap) if len(billed) == len(choices) else None, total_of(dear)
    open_fields = () if low == high else unset
    why = [f"{name} is {'auto' if usage.fields.get(name) == 'auto' else 'not known'}" for name in open_fields]
    text = "" if low is None else product_text(cheap, usage.images)
    if not blind:
        return Part(low, high, text, product_text(dear, usage.images), dear, why)
    why += [f"{METRICS[rate.price.per][1]} is not known ({rate.per})" for rate in blind]
    return Part(low or None, None, text if low else "", "", (), why)


def total_of(lines: Sequence[Line]) -> Decimal:
    return lines[0].cost if len(lines) == 1 else sum((line.cost for line in lines), ZERO)
