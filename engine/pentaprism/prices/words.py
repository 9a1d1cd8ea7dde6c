"""What a cost is made of, in words: `2 images x 2 MP x $0.025`. Row 2; it must not compute an amount."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from .rates import Metric, Rate
from .usage import Usage

__all__ = ["Line", "product_text", "unlisted"]


class Line(NamedTuple):
    """One row applied to the units after `start`. Unless `bounded`, `units` and the cost are only the least."""

    rate: Rate
    start: Decimal
    quantity: Decimal
    units: Decimal
    cost: Decimal
    bounded: bool


def product_text(lines: Sequence[Line], images: int) -> str:
    """What the lines multiply, as in `2 images x 2 MP x $0.025`."""
    terms = []
    for line in lines:
        row, count, lead = line.rate.price, line.units, ""
        if not count and len(lines) > 1:
            continue
        if row.per == "megapixel" and row.each and images:
            count, lead = count / images, f"{images} image{'s' if images > 1 else ''} x "
        if row.unit != 1:
            count *= row.unit
        number = f"{count:.0f}" if count == count.to_integral_value() else f"{count:.3f}".rstrip("0")
        noun = f"{line.rate.noun}s" if row.per == "image" and count != 1 else line.rate.noun
        terms.append(f"{lead}{number} {'further ' if line.start else ''}{noun} x {line.rate.text}")
    return " + ".join(terms)


def unlisted(metrics: Iterable[Metric], usage: Usage) -> str:
    names = {name: usage.fields[name] for metric in metrics for name in metric.fields if name in usage.fields}
    asked = " and ".join(f"{name} = {value}" for name, value in names.items())
    return f"no price is listed for {asked}" if asked else "no price in force applies to this request"
