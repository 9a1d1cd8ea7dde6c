"""Who serves a model and at what price: the headline, the providers with their endpoints, and totals for sizes and n.

Row 7. The headline is the price of a real request (one 1024x1024 picture), not the smallest number in a price list; a
provider counts once however many endpoints it has. It must not multiply a price itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import Any

from ..prices import tariff
from ..types import Cost, Endpoint, Mode, Price, Provider, Size
from .bench import Attempt, Bench, sample_image

__all__ = ["COUNTS", "STANDARD_SIZE", "Headline", "Offer", "PriceRow", "Total", "headline", "offers", "totals"]

STANDARD_SIZE = Size(1024, 1024)
COUNTS = (1, 4)
_POPULAR = ("512x512", "1024x1024", "1280x720", "1920x1080", "2048x2048", "3840x2160")
_UNITS = {
    "image": "image",
    "megapixel": "megapixel",
    "input_megapixel": "megapixel of input",
    "token": "token",
    "second": "second of computing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What one standard picture costs, where, and what comes back; `providers` are those that take the same price."""

    mode: Mode
    cost: Cost
    providers: tuple[Provider, ...]
    returns: Size | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """One dated rate in words, with where it comes from; `in_force` on the day of the page."""

    text: str
    start: Date
    in_force: bool
    source: str
    dissent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One provider with the endpoints it serves the model at, and the price rows of each."""

    provider: Provider
    endpoints: tuple[tuple[Endpoint, tuple[PriceRow, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What one asked size comes to at one endpoint: an attempt for each of `COUNTS`."""

    label: str
    attempts: tuple[Attempt, ...]
    differs: bool


def headline(bench: Bench) -> Headline | None:
    """The price of a standard picture at the endpoint a request for it would go to; None where nobody serves it."""
    mode = bench.model.modes[0]
    wishes = {"size": str(STANDARD_SIZE)} if mode is Mode.TEXT_TO_IMAGE else {}
    image = sample_image(STANDARD_SIZE.width, STANDARD_SIZE.height)
    route = bench.route(mode, wishes, image=image)
    if route is None or not route.candidates:
        return None
    best = route.candidates[0]
    same = [one for one in route.candidates if one.cost == best.cost or _bounds(one.cost) == _bounds(best.cost)]
    providers = dict.fromkeys(one.provider for one in same)
    return Headline(
        mode=mode,
        cost=best.cost,
        providers=tuple(bench.catalog.providers[name] for name in providers),
        returns=best.expected.size,
    )


def _bounds(cost: Cost) -> tuple[Any, Any]:
    return cost.low, cost.high


def offers(bench: Bench) -> tuple[Offer, ...]:
    """Every provider once, in the order of its first endpoint."""
    names = dict.fromkeys(endpoint.provider for endpoint in bench.model.endpoints)
    return tuple(
        Offer(
            provider=bench.catalog.providers[name],
            endpoints=tuple(
                (endpoint, price_rows(endpoint, bench.on))
                for endpoint in bench.model.endpoints
                if endpoint.provider == name
            ),
        )
        for name in names
    )


def price_rows(endpoint: Endpoint, on: Date) -> tuple[PriceRow, ...]:
    """An endpoint's rates in words, in file order."""
    now = tariff(endpoint.prices, on).prices
    return tuple(
        PriceRow(
            text=_rate(price), start=price.start, in_force=price in now, source=price.source, dissent=price.dissent
        )
        for price in endpoint.prices
    )


def _rate(price: Price) -> str:
    """A rate as one reads it: `$0.025 per megapixel, rounded up for each picture`."""
    unit = _UNITS[price.per]
    if price.of:
        unit = f"{price.of} {unit}"
    words = [f"${price.usd:f} per {f'{price.unit:,} {unit}s' if price.unit != 1 else unit}"]
    if price.round == "up":
        words.append(f"rounded up {'for each picture' if price.each else 'over all pictures'}")
    if price.min is not None:
        words.append(f"at least {price.min:f} billed")
    if price.first is not None:
        words.append(f"for the first {price.first:f}")
    words.extend(f"where {name} is {_values(values)}" for name, values in price.when.items())
    return ", ".join(words)


def _values(values: tuple[Any, ...]) -> str:
    return " or ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


def totals(bench: Bench, mode: Mode) -> Mapping[str, tuple[Total, ...]]:
    """For each popular size, what every endpoint of the mode returns and takes for each of `COUNTS`."""
    endpoints = bench.endpoints(mode)
    labels = [bench.label(endpoint, endpoints) for endpoint in endpoints]
    table: dict[str, tuple[Total, ...]] = {}
    for size in _POPULAR:
        tried = [bench.attempts(mode, {"size": size, "n": count}) for count in COUNTS]
        table[size] = tuple(
            Total(label=label, attempts=attempts, differs=_returns(attempts[0]) != size)
            for label, attempts in zip(labels, zip(*tried, strict=True), strict=True)
        )
    return table


def _returns(attempt: Attempt) -> str:
    """The pixels that come back, as a caller would ask for them; empty where that is not known."""
    size = attempt.compiled.expected.size if attempt.compiled else None
    return str(size) if size else ""
