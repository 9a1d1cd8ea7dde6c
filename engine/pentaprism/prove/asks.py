"""Ways to ask an endpoint for a size: pixels, shapes, scales, and the provider's own size fields.

Row 7. Every cell of every grid and list, the bounds of free forms, shapes and scales of all kinds. It must not choose
which of them a request makes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import Any, TypeAlias

from ..types import Contract, Form, FormKind, ModeSpec
from .samples import samples

__all__ = ["Asks", "native_sizes", "pixels", "scales", "shapes", "shapes_at_scales"]

Asks: TypeAlias = list[dict[str, Any]]

_SHAPES = ("1:1", "16:9", "9:16", "4:3", "3:4", "2.39:1", "21:9", "1:3", "7:1")
_TIERS = ("0.25MP", "0.5K", "1K", "2K", "4K", "1", "2MP")
_SIDES = (64, 256, 512, 768, 1000, 1024, 1080, 1344, 1536, 1920, 2048, 4096)


def pixels(spec: ModeSpec) -> Asks:
    """`size` in pixels: what each form makes, the bounds of free forms, common sides; and `auto` among them."""
    return [
        {"size": "auto"},
        {"size": "1024x1024", "aspect_ratio": "16:9", "resolution": "2K"},
        *({"size": str(cell.real)} for form in spec.forms for cell in form.cells),
        *({"size": size} for form in spec.forms if form.kind is FormKind.FREE for size in _bounds(form)),
        *({"size": f"{width}x{height}"} for width in _SIDES for height in _SIDES),
    ]


def _bounds(form: Form) -> Iterator[str]:
    low, high = form.side or (1, 4096)
    for width in (low, high, max(1, low - 1), high + 1):
        for height in (low, high):
            yield f"{width}x{height}"


def shapes(spec: ModeSpec) -> Asks:
    """A shape alone, as `aspect_ratio` and as `size`."""
    labels = [cell.ratio.label for form in spec.forms for cell in form.cells if cell.ratio is not None]
    return [{name: shape} for shape in dict.fromkeys((*_SHAPES, *labels)) for name in ("aspect_ratio", "size")]


def shapes_at_scales(spec: ModeSpec) -> Asks:
    """A shape and a scale: those of every grid, and others; and the shapes of grids alone between them."""
    cells = [
        {"aspect_ratio": cell.ratio.label, "resolution": f"{cell.tier.area / 2**20:g}MP"}
        for form in spec.forms
        for cell in form.cells
        if cell.ratio is not None and cell.tier is not None
    ]
    alone = ({"aspect_ratio": cell.ratio.label} for form in spec.forms for cell in form.cells if cell.ratio is not None)
    both = ({"aspect_ratio": shape, "resolution": tier} for shape in _SHAPES for tier in _TIERS)
    # By turns, so that few requests already hold some of each.
    return [*cells, *(ask for pair in zip_longest(both, alone) for ask in pair if ask)]


def scales() -> Asks:
    """A scale alone, and `auto`."""
    return [*({"resolution": tier} for tier in _TIERS), {"resolution": "auto"}]


def native_sizes(spec: ModeSpec, taken: Collection[str]) -> Asks:
    """The provider's own size fields under their own names, but for names in `taken`; a width never without a height.

    A field inside an object is asked for with the whole object, and so not here.
    """
    asks: Asks = []
    done = set(taken)
    for form in spec.forms:
        width, height = form.to.get("width", ""), form.to.get("height", "")
        if width and height and not {width, height} & done and "." not in width + height:
            done |= {width, height}
            asks += _pairs(spec.contract, width, height)
    for form in spec.forms:
        for path in (*form.to.values(), *form.set):
            if path not in done and "." not in path and "[" not in path:
                done.add(path)
                asks += [{path: value} for value in samples(spec.contract.fields.get(path, {}), path)]
    return asks


def _pairs(contract: Contract, width: str, height: str) -> Iterator[dict[str, Any]]:
    tall = samples(contract.fields.get(height, {}), height)
    for index, wide in enumerate(samples(contract.fields.get(width, {}), width)):
        yield {width: wide, height: wide if wide in tall else tall[index % len(tall)]}
        yield {width: wide, height: tall[-1 - index % len(tall)]}
