"""What changed in the prices of an endpoint: which rates hold from which day on, before and now.

Row 3. Rows are dated and appended, so two lists of rows are compared by what is in force on each day that any of them
begins. What a picture costs is computed elsewhere (`pentaprism.impact`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from ...prices import tariff
from ...types import Endpoint, Price
from .difference import Difference, Kind
from .words import percent, rate_words, rates_words

__all__ = ["price_differences"]

# What rows share when the later one replaces the earlier: what they count, and under which conditions.
_Series: TypeAlias = tuple[Any, ...]
_Rates: TypeAlias = dict[_Series, tuple[Price, ...]]


@dataclass(frozen=True, slots=True)
class _Span:
    """Days on which one set of rates was in force before, and another is now."""

    start: date
    until: date | None
    before: _Rates
    after: _Rates

    @property
    def when(self) -> str:
        return f"from {self.start}" + (f" until {self.until}" if self.until else "")


def price_differences(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    """Every rate that is another on some day, and every row whose source alone is."""
    for span in _spans(before.prices, after.prices):
        yield from _between(span, after)
    known = {_identity(row): row for row in before.prices}
    for row in after.prices:
        old = known.get(_identity(row))
        if old is not None and (old.source, old.dissent) != (row.source, row.dissent):
            yield Difference(
                kind=Kind.PROVENANCE,
                message=f"the price from {row.start} has another source",
                model=after.model,
                endpoint=after.key,
                subject="prices",
                before={"source": old.source, "dissent": old.dissent},
                after={"source": row.source, "dissent": row.dissent},
            )


def _spans(before: Sequence[Price], after: Sequence[Price]) -> Iterator[_Span]:
    """The spans of days whose rates differ; each begins on a day on which a row begins."""
    days = sorted({row.start for row in (*before, *after)})
    rates = [(day, _rates(before, day), _rates(after, day)) for day in days]
    span: _Span | None = None
    for day, was, now in rates:
        differs = _charges(was) != _charges(now)
        if span is not None:
            if differs and (_charges(span.before), _charges(span.after)) == (_charges(was), _charges(now)):
                continue
            yield _Span(span.start, day, span.before, span.after)
        span = _Span(day, None, was, now) if differs else None
    if span is not None:
        yield span


def _rates(rows: Sequence[Price], on: date) -> _Rates:
    """What is in force on a day. Where something else is charged, a rate of zero only says that one has ended."""
    rates: _Rates = {}
    for row in tariff(rows, on).prices:
        rates[_series(row)] = (*rates.get(_series(row), ()), row)
    if any(row.usd for many in rates.values() for row in many):
        rates = {series: many for series, many in rates.items() if any(row.usd for row in many)}
    return rates


def _series(row: Price) -> _Series:
    when = tuple(sorted((name, tuple(sorted(map(repr, values)))) for name, values in row.when.items()))
    return (row.per, row.of, row.first, when)


def _charge(row: Price) -> tuple[Any, ...]:
    return (row.usd, row.unit, row.round, row.each, row.min)


def _charges(rates: _Rates) -> dict[_Series, list[str]]:
    return {series: sorted(str(_charge(row)) for row in rows) for series, rows in rates.items()}


def _identity(row: Price) -> tuple[Any, ...]:
    return (row.start, _series(row), _charge(row))


def _between(span: _Span, endpoint: Endpoint) -> Iterator[Difference]:
    was, now = span.before, span.after
    if not was or not now:
        kind, told = (
            (Kind.PRICE_KNOWN, f"{_words(now)}, where no price was known")
            if now
            else (
                Kind.PRICE_UNKNOWN,
                f"no price is known, it was {_words(was)}",
            )
        )
        yield _difference(kind, span, endpoint, told, was, now)
        return
    for series in (one for one in was if one in now):
        old, new = {series: was[series]}, {series: now[series]}
        if _charges(old) != _charges(new):
            kind, told = _moved(was[series], now[series])
            yield _difference(kind, span, endpoint, told, old, new)
    gone = {series: rows for series, rows in was.items() if series not in now}
    new = {series: rows for series, rows in now.items() if series not in was}
    if gone and new:
        yield _difference(Kind.PRICE_OTHER, span, endpoint, f"{_words(new)} instead of {_words(gone)}", gone, new)
    elif gone:
        kind = Kind.PRICE_DOWN if _apart(gone, now) else Kind.PRICE_OTHER
        yield _difference(kind, span, endpoint, f"no longer {_words(gone)}", gone, {})
    elif new:
        kind = Kind.PRICE_UP if _apart(new, was) else Kind.PRICE_OTHER
        yield _difference(kind, span, endpoint, f"also {_words(new)}", {}, new)


def _apart(rates: _Rates, others: _Rates) -> bool:
    """Whether rates are charged on top of all others: they count what none of those counts, and cost something."""
    counted = {(row.per, row.of) for many in others.values() for row in many}
    rows = [row for many in rates.values() for row in many]
    return any(row.usd for row in rows) and not any((row.per, row.of) in counted for row in rows)


def _moved(was: tuple[Price, ...], now: tuple[Price, ...]) -> tuple[Kind, str]:
    """The rate of one series against what it was; a percentage where only the amount is another."""
    told = f"{rates_words(now)} instead of "
    if len(was) > 1 or len(now) > 1 or _charge(was[0])[2:] != _charge(now[0])[2:]:
        return Kind.PRICE_OTHER, told + rates_words(was)
    old, new = was[0].usd / was[0].unit, now[0].usd / now[0].unit
    share = percent(old, new) if old != new else "the same"
    alike = was[0].unit == now[0].unit
    rewritten = ", in a row that was rewritten" if was[0].start == now[0].start else ""
    told += (f"${was[0].usd:f}" if alike else rate_words(was[0])) + (f" ({share}{rewritten})" if share else "")
    return (Kind.PRICE_OTHER if old == new else Kind.PRICE_UP if new > old else Kind.PRICE_DOWN), told


def _words(rates: _Rates) -> str:
    return rates_words(row for rows in rates.values() for row in rows)


def _difference(kind: Kind, span: _Span, endpoint: Endpoint, told: str, before: _Rates, after: _Rates) -> Difference:
    return Difference(
        kind=kind,
        message=f"{span.when}: {told}",
        model=endpoint.model,
        endpoint=endpoint.key,
        subject="prices",
        before=_plain(before),
        after=_plain(after),
    )


def _plain(rates: _Rates) -> list[dict[str, Any]] | None:
    """Rates as JSON-able data, amounts as decimal strings."""
    rows = [row for many in rates.values() for row in many]
    return [
        {
            "from": row.start.isoformat(),
            "usd": f"{row.usd:f}",
            "per": row.per,
            "of": row.of,
            "unit": row.unit,
            "round": row.round,
            "when": {name: list(values) for name, values in row.when.items()},
        }
        for row in rows
    ] or None
