"""A tariff of one flat rate, which most endpoints have: per image, or per megapixel of output.

Row 2. The same amounts and words as the general way, several times faster; a law of the tests holds them equal. It
must not know rates that depend on anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from ..types import MEGAPIXEL, Cost, CostComponent, Size, make
from .rates import EXACT, PER_PIXEL, Metric, Rate

__all__ = ["SingleRate", "single_rate"]

SingleRate: TypeAlias = "Callable[[int, Size | None], Cost | None]"
"""The count of pictures and their size, to what they cost; None where the general way is needed."""

_multiply = EXACT.multiply


def single_rate(metrics: Sequence[Metric]) -> SingleRate | None:
    """The function that prices by the only rate there is; None where the general way is needed."""
    rates = [rate for metric in metrics for rate in metric.rates]
    if len(rates) != 1 or metrics[0].fields:
        return None
    row = rates[0].price
    if row.unit != 1 or row.min is not None or row.first is not None:
        return None
    if row.per == "image":
        return _per_image(rates[0])
    return _per_whole_megapixel(rates[0]) if row.per == "megapixel" and row.round == "up" and row.each else None


def _per_image(rate: Rate) -> SingleRate:
    usd, kind, metric, text = rate.price.usd, rate.kind, rate.metric, rate.text

    def price(images: int, size: Size | None) -> Cost | None:
        if not images:
            return None
        count = Decimal(images)
        total = _multiply(usd, count)
        derivation = f"{images} {'images' if images != 1 else 'image'} x {text}"
        component = make(CostComponent, (kind, metric, count, count, usd, total, total))
        return make(Cost, (total, total, (component,), derivation))

    return price


def _per_whole_megapixel(rate: Rate) -> SingleRate:
    usd, kind, metric, text = rate.price.usd, rate.kind, rate.metric, rate.text

    def bill(images: int, megapixels: int) -> tuple[Decimal, Decimal, str]:
        billable = Decimal(megapixels * images)
        derivation = f"{images} image{'s' if images > 1 else ''} x {megapixels} MP x {text}"
        return billable, _multiply(usd, billable), derivation

    table = {(images, megapixels): bill(images, megapixels) for images in range(1, 11) for megapixels in range(1, 5)}

    def price(images: int, size: Size | None) -> Cost | None:
        if size is None or not images:
            return None
        pixels = size[0] * size[1]
        key = (images, -(-pixels // MEGAPIXEL))
        billable, total, derivation = table.get(key) or bill(*key)
        quantity = _multiply(PER_PIXEL, pixels * images)
        component = make(CostComponent, (kind, metric, quantity, billable, usd, total, total))
        return make(Cost, (total, total, (component,), derivation))

    return price
