"""Whether the pixels a table gives are those of the shapes and scales it gives them for.

Row 3. A provider's real pixels differ a little from the shape they are named after; only what no rounding explains is
remarked on. It must not know where a table comes from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ...types import AspectRatio, FormKind, Size, Tier
from ..forms import DEFAULT_TIER
from ..node import Node
from ..scene import Scene
from .linter import Remark, linter, remark

__all__ = ["table_area", "table_shape", "tier_scale"]

_SHAPE_TOLERANCE = 0.1
"""How far a shape may be off, as a natural logarithm. The widest known: a 16:9 of 1328x800, off by 0.07."""

_AREA_TOLERANCE = 0.25
"""The same for areas. Rounding to steps of 64 pixels makes 5 percent, rarely more."""

_PRESET = re.compile(r"(\d{1,4})[_x-](\d{1,4})")


@linter(
    "The pixels in a table have the shape of their label.",
    why="A size is chosen by the pixels in the table: with two rows mixed up, a caller who asks for a wide picture "
    "pays for a tall one.",
    fix="Look the row up at its source. If the provider really returns these pixels, waive this with the source.",
)
def table_shape(scene: Scene) -> Iterator[Remark]:
    for table in _tables(scene):
        for label, size in _rows(table):
            shapes = _shapes(label)
            if shapes and not any(abs(math.log(size.shape / shape)) <= _SHAPE_TOLERANCE for shape in shapes):
                yield remark(table, f"{size} is {size.shape:.2f}:1, and {label!r} is {shapes[0]:.2f}:1", label)


def _tables(scene: Scene) -> Iterator[Node]:
    """Every mapping of labels to pixels: those of the shared file, and those written into forms."""
    if scene.sound(scene.documents.size_tables):
        for _, table in scene.root(scene.documents.size_tables).items():
            yield table.child("sizes")
    for served in scene.served:
        for form in served.forms:
            yield from (form.child(key) for key in ("ratios", "values") if isinstance(form.get(key), dict))


def _rows(table: Node) -> Iterator[tuple[str, Size]]:
    for label, pixels in table.data.items():
        if pixels is not None:
            yield label, Size.parse(pixels)


def _shapes(label: str) -> tuple[float, ...]:
    """The shapes a label may mean: none where it names none, two where it does not say which side comes first."""
    try:
        return (AspectRatio.parse(label).shape,)
    except ValueError:
        pass
    preset = _PRESET.search(label)
    if preset is None or "0" in (preset[1], preset[2]):
        return ()
    shape = int(preset[1]) / int(preset[2])
    if "portrait" in label:
        return (min(shape, 1 / shape),)
    return (max(shape, 1 / shape),) if "landscape" in label else (shape, 1 / shape)


@linter(
    "The pixels in a table have about the area that the table states.",
    why="The scale of a picture is told by the table's area, so a row of another area makes a request for 1K come back "
    "as something else, at another price.",
    fix="Look the row up at its source, or state the table's real `area`. If the provider really returns these pixels, "
    "waive this with the source.",
)
def table_area(scene: Scene) -> Iterator[Remark]:
    if not scene.sound(scene.documents.size_tables):
        return
    for _, table in scene.root(scene.documents.size_tables).items():
        if not table.has("area"):
            continue
        area = Tier.parse(str(table.get("area"))).area
        for label, size in _rows(table.child("sizes")):
            if abs(math.log(size.pixels / area)) > _AREA_TOLERANCE:
                times = size.pixels / area
                message = f"{size} has {times:.2f} times the pixels of {table.get('area')}, the area of this table"
                yield remark(table, message, "sizes", label)


@linter(
    "What a tier does to the sides of a table gives the tier's area.",
    why="Real pixels are the table's, scaled: with a wrong scale every size of the tier is expected and priced wrong.",
    fix="Sides grow by the square root of the area: from 1K to 2K the scale is 2, from 1MP to 0.25MP it is 1/2.",
)
def tier_scale(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        for form, written in zip(served.spec.forms, served.forms, strict=True):
            if form.kind is not FormKind.GRID:
                continue
            name = written.get("ratios")
            base = scene.builder.tables[name].area if isinstance(name, str) else DEFAULT_TIER.area
            for tier in {cell.tier.label: cell.tier for cell in form.cells if cell.tier}.values():
                area = base * (tier.scale or 1) ** 2
                if tier.scale is not None and abs(math.log(area / tier.area)) > _AREA_TOLERANCE:
                    words = written.child("tiers").child(tier.label)
                    times = f"{area / tier.area:.2f} times the area {words.get('area')}"
                    yield remark(words, f"the table's sides times {words.get('scale')} make {times}", "scale")
