"""All metrics of an endpoint's prices on one day, applied and added up. Row 2; the rules are in the package's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext

from ..types import Cost, CostComponent, Price
from .bill import Part, apply_metric
from .rates import EXACT, ZERO, Metric, metrics_in_force
from .single_rate import SingleRate, single_rate
from .usage import Usage
from .words import unlisted

__all__ = ["Tariff", "cost_of", "tariff"]


def cost_of(prices: Sequence[Price], usage: Usage, on: date) -> Cost:
    """What `usage` costs in US dollars at the prices in force on a date; to price many requests, keep the `tariff`.

    Raises ValueError on a metric or a rounding that is not in the format.

    >>> from pentaprism.types import Size
    >>> row = Price(start=date(2026, 7, 28), usd=Decimal("0.025"), per="megapixel", round="up", source="fal.ai")
    >>> cost = cost_of([row], Usage(images=2, size=Size(1920, 1080), fields={}), date(2026, 8, 1))
    >>> cost.text, cost.derivation
    ('$0.10', '2 images x 2 MP x $0.025')
    """
    return tariff(prices, on).cost(usage)


def tariff(prices: Sequence[Price], on: date) -> Tariff:
    """The prices of one endpoint in force on a date, ready to be applied. Raises ValueError as `cost_of` does.

    >>> rows = [Price(start=date(2026, 1, day), usd=Decimal(day), per="image", source="x") for day in (1, 9)]
    >>> [price.usd for price in tariff(rows, date(2026, 1, 8)).prices]
    [Decimal('1')]
    """
    rows, metrics = metrics_in_force(prices, on)
    if not rows:
        first = min((f"the first starts {price.start}" for price in prices), default="none is known")
        return Tariff(prices=(), metrics=(), reason=f"no price is in force on {on} ({first})")
    return Tariff(prices=rows, metrics=metrics, single=single_rate(metrics))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The prices of one endpoint in force on one day; `reason` says why there are none. Built by `tariff`."""

    prices: tuple[Price, ...]
    metrics: tuple[Metric, ...] = field(repr=False)
    reason: str = ""
    single: SingleRate | None = field(default=None, repr=False, compare=False)

    @property
    def whole_megapixels(self) -> bool:
        """Whether megapixels are billed rounded up, so that a few pixels more may cost another one."""
        return any(price.in_whole_megapixels for price in self.prices)

    def cost(self, usage: Usage) -> Cost:
        """What `usage` costs in US dollars: exact, an interval, or unknown; `derivation` says how in a sentence.

        The components are the dearest case; a metric without an upper bound has none.

        >>> row = Price(start=date(2026, 1, 1), usd=Decimal("0.04"), per="image", source="x")
        >>> tariff([row], date(2026, 2, 1)).cost(Usage(images=3, size=None, fields={})).text
        '$0.12'
        """
        cost = self.single(usage.images, usage.size) if self.single is not None else None
        return self.general_cost(usage) if cost is None else cost

    def general_cost(self, usage: Usage) -> Cost:
        """The same as `cost`, always the general way: what the short way for a single rate must equal."""
        if not self.metrics:
            return Cost(derivation=self.reason)
        with localcontext(EXACT):
            parts = [part for metric in self.metrics if (part := apply_metric(metric, usage)) is not None]
            if not parts:
                return Cost(derivation=unlisted(self.metrics, usage))
            lows = [part.low for part in parts if part.low is not None]
            highs = [part.high for part in parts if part.high is not None]
            high = sum(highs, ZERO) if len(highs) == len(parts) else None
            low = sum(lows, ZERO) if any(lows) or (lows and high is not None) else None
            return Cost(low=low, high=high, components=_components(parts), derivation=_sentence(low, high, parts))


def _components(parts: Sequence[Part]) -> tuple[CostComponent, ...]:
    """The lines of the dearest case, whose lows add up to the cheapest."""
    components = []
    for part in parts:
        rest = ZERO if part.low is None else part.low
        for line in part.lines:
            low = min(rest, line.cost)
            rest -= low
            component = CostComponent(
                type=line.rate.kind,
                metric=line.rate.metric,
                quantity=line.quantity,
                billable=line.units,
                unit_price=line.rate.price.usd,
                total=line.cost,
                low=low,
            )
            components.append(component)
    return tuple(components)


def _sentence(low: Decimal | None, high: Decimal | None, parts: Sequence[Part]) -> str:
    dear = " + ".join(part.dear for part in parts)
    if low is not None and low == high:
        return dear
    cheap = " + ".join(part.cheap for part in parts if part.cheap)
    why = " and ".join(_gathered(reason for part in parts for reason in part.why))
    if high is None:
        return f"at least {cheap}; {why}" if low is not None else why
    return f"{cheap} to {dear}, as {why}" if low is not None else f"up to {dear}, as {why}"


def _gathered(reasons: Iterable[str]) -> Iterator[str]:
    """The reasons, one for each thing that is not known, with every rate it is billed at."""
    gathered: dict[str, list[str]] = {}
    for reason in dict.fromkeys(reasons):
        what, _, rate = reason.partition(" (")
        gathered.setdefault(what, []).extend([rate.removesuffix(")")] if rate else [])
    for what, rates in gathered.items():
        yield f"{what} ({', '.join(rates)})" if rates else what
