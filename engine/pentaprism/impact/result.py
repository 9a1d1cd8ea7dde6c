"""What a replay finds, as frozen data that turns into JSON. Row 7; it must not route anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ..types import Cost
from .requests import RequestLine

__all__ = ["Aspect", "Fate", "Impact", "Replayed", "Total"]


class Aspect(StrEnum):
    """The ways in which a request can fare otherwise, the gravest first; several may hold of one request.

    `refused`, `served`: no endpoint serves it now, or one does at last. `moved`: another endpoint is the first choice.
    `body`: what the same endpoint is sent. `result`: what should come back. `cost`. `adjustments`: what is told of its
    parameters. `fallbacks`: the endpoints that would serve it besides. `reason`: why it is refused, before and now.
    """

    REFUSED = "refused"
    SERVED = "served"
    MOVED = "moved"
    COST = "cost"
    BODY = "body"
    RESULT = "result"
    ADJUSTMENTS = "adjustments"
    FALLBACKS = "fallbacks"
    REASON = "reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What one catalog does with one request.

    `compiled` is the first choice as JSON-able data (`pentaprism.explain`), `cost` what it costs; both None where
    nobody serves it. `fallbacks` are the keys that would serve it besides, in order; `refusals` maps the keys that
    would not to their reasons. `fault` says why the request is wrong whoever is asked.
    """

    compiled: Mapping[str, Any] | None = None
    cost: Cost | None = None
    fallbacks: tuple[str, ...] = ()
    refusals: Mapping[str, str]
    fault: str | None = None

    @property
    def endpoint(self) -> str | None:
        """The key of the first choice."""
        return None if self.compiled is None else self.compiled["endpoint"]

    @property
    def reason(self) -> str:
        """Why nobody serves it, in a line; empty where somebody does."""
        if self.compiled is not None:
            return ""
        return self.fault or "; ".join(f"{key}: {why}" for key, why in self.refusals.items())

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {
            "endpoint": self.endpoint,
            "compiled": None if self.compiled is None else dict(self.compiled),
            "fallbacks": list(self.fallbacks),
            "refusals": dict(self.refusals),
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One request that fares otherwise: where it stands in the file, in which ways, and both fates."""

    line: int
    model: str
    aspects: tuple[Aspect, ...]
    before: Fate
    after: Fate

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {
            "line": self.line,
            "model": self.model,
            "aspects": [aspect.value for aspect in self.aspects],
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What many requests cost together, in US dollars: at least `low`, at most `high`; `unknown` more are not in it."""

    requests: int = 0
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    unknown: int = 0

    def plus(self, cost: Cost) -> Total:
        """With one more request; one whose least or most is not known counts as unknown.

        >>> Total().plus(Cost(low=Decimal("0.02"), high=Decimal("0.03"))).plus(Cost()).to_dict()
        {'requests': 2, 'usd_low': '0.02', 'usd_high': '0.03', 'unknown': 1}
        """
        if cost.low is None or cost.high is None:
            return Total(requests=self.requests + 1, low=self.low, high=self.high, unknown=self.unknown + 1)
        low, high = self.low + cost.low, self.high + cost.high
        return Total(requests=self.requests + 1, low=low, high=high, unknown=self.unknown)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data, amounts as decimal strings."""
        low, high = f"{self.low:f}", f"{self.high:f}"
        return {"requests": self.requests, "usd_low": low, "usd_high": high, "unknown": self.unknown}


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What another catalog does to a file of requests.

    `empty` lines are blank, `faults` hold no request, `unserved` are requests that neither catalog serves, with the
    reason as their fault. `on` is the day whose prices count; `later` are days after it on which a price of the models
    asked for begins. `before` and `after` are what the requests cost that both catalogs serve at a known price, so that
    the two compare; `unpriced` more are served by both. `alone` is what those cost that only one of them serves:
    before, and now. `traffic` maps each endpoint that is a first choice to how many requests it gets, before and now.
    """

    on: date
    requests: int
    empty: int
    faults: tuple[RequestLine, ...]
    unserved: tuple[RequestLine, ...]
    changed: tuple[Replayed, ...]
    before: Total
    after: Total
    unpriced: int
    alone: tuple[Total, Total]
    traffic: Mapping[str, tuple[int, int]]
    later: tuple[date, ...]

    def __bool__(self) -> bool:
        return bool(self.changed)

    def count(self, aspect: Aspect) -> int:
        """How many requests fare otherwise in this way."""
        return sum(aspect in one.aspects for one in self.changed)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data, with every changed request and every line that holds none."""
        return {
            "priced_on": self.on.isoformat(),
            "later_prices": [day.isoformat() for day in self.later],
            "requests": self.requests,
            "empty_lines": self.empty,
            "bad_lines": [{"line": one.number, "fault": one.fault} for one in self.faults],
            "unserved_lines": [{"line": one.number, "reason": one.fault} for one in self.unserved],
            "unchanged": self.requests - len(self.changed),
            "aspects": {aspect.value: self.count(aspect) for aspect in Aspect},
            "cost": {
                "before": self.before.to_dict(),
                "after": self.after.to_dict(),
                "unpriced": self.unpriced,
                "no_longer_served": self.alone[0].to_dict(),
                "newly_served": self.alone[1].to_dict(),
            },
            "traffic": {key: {"before": was, "after": now} for key, (was, now) in self.traffic.items()},
            "changed": [one.to_dict() for one in self.changed],
        }
