"""Prices and costs as values, in `Decimal` US dollars. Row 1: `pentaprism.prices` computes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from .plain import NOTHING

__all__ = ["Cost", "CostComponent", "Price", "add_costs", "micros"]


def micros(usd: Decimal) -> int:
    """US dollars as whole millionths, the ledger's unit; halves round up.

    >>> micros(Decimal("0.025"))
    25000
    """
    return int((usd * 1_000_000).to_integral_value(rounding="ROUND_HALF_UP"))


class Price(NamedTuple):
    """One dated rate of one endpoint: `usd` for `unit` of what `per` counts (CATALOG section 3).

    `per`: image, megapixel (of output), input_megapixel, token or second. `of`: which tokens. `round`: "up" where
    the provider rounds to whole units, for each image on its own if `each`. `min`: least units billed. `first`: this
    row counts only the first unit. `when`: fields (or `tier`) and the value or values under which the row applies.
    """

    start: date
    usd: Decimal
    per: str
    source: str
    of: str | None = None
    unit: int = 1
    round: str | None = None
    each: bool = True
    min: Decimal | None = None
    first: Decimal | None = None
    when: Mapping[str, tuple[Any, ...]] = NOTHING
    dissent: str | None = None

    @property
    def in_whole_megapixels(self) -> bool:
        """Whether it bills megapixels of output rounded up, so that a few pixels more may cost another one."""
        return self.per == "megapixel" and self.round == "up"


class CostComponent(NamedTuple):
    """One line of a bill: `quantity` of `metric` counted, `billable` after rounding, at `unit_price`, in all `total`.

    `type` is input or output. Where the count is not known before the call, `billable` and `total` are the most that
    can be billed and `low` the least; `low` equals `total` where both are the same.
    """

    type: str
    metric: str
    quantity: Decimal
    billable: Decimal
    unit_price: Decimal
    total: Decimal
    low: Decimal

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data: quantities as numbers, `unit_price` in USD, `total_cost` in whole micro-dollars."""
        return {
            "type": self.type,
            "metric": self.metric,
            "quantity": _number(self.quantity),
            "billable_quantity": _number(self.billable),
            "unit_price": float(self.unit_price),
            "total_cost": micros(self.total),
        }


class Cost(NamedTuple):
    """What a request costs in USD: exact, an interval, or unknown (both bounds None). Unknown is never zero.

    >>> Cost(low=Decimal("0.05"), high=Decimal("0.05"), derivation="2 images at $0.025").text
    '$0.05'
    """

    low: Decimal | None = None
    high: Decimal | None = None
    components: tuple[CostComponent, ...] = ()
    derivation: str = ""

    @property
    def exact(self) -> bool:
        """Whether the amount is known to the cent before the call."""
        return self.low is not None and self.low == self.high

    @property
    def text(self) -> str:
        """The cost as a person reads it: `$0.05`, `$0.02 to $0.04`, `from $0.02` or `unknown`."""
        if self.low is None:
            return "unknown" if self.high is None else f"up to {_dollars(self.high)}"
        if self.high is None:
            return f"from {_dollars(self.low)}"
        return _dollars(self.low) if self.exact else f"{_dollars(self.low)} to {_dollars(self.high)}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data; amounts as decimal strings (or null), so that nothing is lost to binary floats."""
        return {
            "low": None if self.low is None else str(self.low),
            "high": None if self.high is None else str(self.high),
            "currency": "USD",
            "text": self.text,
            "exact": self.exact,
            "derivation": self.derivation,
            "components": [component.to_dict() for component in self.components],
        }


def add_costs(costs: Sequence[Cost]) -> Cost:
    """What several things cost together; a bound that one of them lacks, the whole lacks.

    >>> one = Cost(low=Decimal("0.02"), high=Decimal("0.03"), derivation="1 image")
    >>> add_costs([one, one]).text, add_costs([one, Cost(low=Decimal(0))]).high
    ('$0.04 to $0.06', None)
    """
    if len(costs) == 1:
        return costs[0]
    lows, highs = [cost.low for cost in costs], [cost.high for cost in costs]
    return Cost(
        low=None if None in lows else sum((low for low in lows if low is not None), Decimal(0)),
        high=None if None in highs else sum((high for high in highs if high is not None), Decimal(0)),
        components=tuple(component for cost in costs for component in cost.components),
        derivation=" + ".join(cost.derivation for cost in costs),
    )


def _number(amount: Decimal) -> int | float:
    """A count as JSON has it: two pictures are 2 and not 2.0, which a client may read as an integer."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _dollars(amount: Decimal) -> str:
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"
