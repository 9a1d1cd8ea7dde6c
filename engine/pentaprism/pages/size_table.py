"""The sizes of a model: every shape at every scale, what each provider is sent for it and returns, and at what price.

Row 7. A row is the nominal size of a shape at a tier (`pentaprism.sizes`); everything beside it is what the engine
compiles for a request that asks for that size, once by its pixels and once by its shape and scale. It must not know
how a table looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..sizes import nominal
from ..types import MEGAPIXEL, AspectRatio, Cost, Endpoint, Form, FormKind, Mode, Size
from .bench import Attempt, Bench
from .json_text import text_of

__all__ = [
    "Drawing",
    "Flexible",
    "SizeCell",
    "SizeGroup",
    "SizeLine",
    "SizeRow",
    "Way",
    "drawings",
    "flexible",
    "largest",
    "size_groups",
    "sized_mode",
    "ways",
]

# The shapes of a model whose providers take any pixels: those most tables have.
_COMMON = ("1:1", "5:4", "4:5", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9", "9:21")
_TIERS = (0.5, 1, 2, 4)
_DEFAULT_AREA = MEGAPIXEL


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLine:
    """What one endpoint does for one way of asking: `asked` is either, pixels or shape."""

    asked: str
    sent: str
    returns: Size | None
    inferred: bool
    cost: Cost
    refused: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeCell:
    """One endpoint's lines for one size; two where its pixels and its shape come to different things."""

    key: str
    label: str
    lines: tuple[SizeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRow:
    """One shape at one scale: its nominal pixels, and what becomes of it at every endpoint."""

    ratio: str
    tier: str
    nominal: Size
    cells: tuple[SizeCell, ...]

    @property
    def height(self) -> int:
        """How many lines the row has in all."""
        return sum(len(cell.lines) for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeGroup:
    """The rows of one scale, the largest first."""

    tier: str
    rows: tuple[SizeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flexible:
    """A way to ask an endpoint for a size that is not in the table: any pixels within bounds, or `auto`."""

    label: str
    kind: str
    bounds: str


def sized_mode(bench: Bench) -> Mode | None:
    """The first mode in which a size can be asked for at all."""
    for mode in bench.model.modes:
        if any(endpoint.modes[mode].forms for endpoint in bench.endpoints(mode)):
            return mode
    return None


def _forms(endpoints: Iterable[Endpoint], mode: Mode) -> list[Form]:
    return [form for endpoint in endpoints for form in endpoint.modes[mode].forms]


def size_groups(bench: Bench, mode: Mode) -> tuple[SizeGroup, ...]:
    """Every scale the endpoints have, 1K first and then upwards."""
    forms = _forms(bench.endpoints(mode), mode)
    labels = {cell.ratio_label for form in forms for cell in form.cells if cell.ratio is not None}
    ratios = [AspectRatio.parse(label) for label in _readable(labels)] or [AspectRatio.parse(one) for one in _COMMON]
    areas = {cell.tier.area for form in forms for cell in form.cells if cell.tier is not None} | {_DEFAULT_AREA}
    ordered = sorted(areas, key=lambda area: (area != _DEFAULT_AREA, area))
    return tuple(_group(bench, mode, ratios, area) for area in ordered)


def _readable(labels: Iterable[str | None]) -> list[str]:
    """One label of each shape, as a caller writes it."""
    found: dict[Any, str] = {}
    for label in sorted(label for label in labels if label):
        text = label.replace("x", ":")
        try:
            found.setdefault(AspectRatio.parse(text).value, text)
        except ValueError:
            continue
    return list(found.values())


def _tier_label(area: int) -> str:
    side = math.sqrt(area) / 1024
    return f"{side:g}K" if side in _TIERS else f"{area / MEGAPIXEL:g}MP"


def _group(bench: Bench, mode: Mode, ratios: list[AspectRatio], area: int) -> SizeGroup:
    tier = _tier_label(area)
    rows = [_row(bench, mode, ratio, tier, nominal(ratio.value, area)) for ratio in ratios]
    return SizeGroup(tier=tier, rows=tuple(sorted(rows, key=lambda row: (-row.nominal.pixels, row.nominal.width))))


def _row(bench: Bench, mode: Mode, ratio: AspectRatio, tier: str, size: Size) -> SizeRow:
    endpoints = bench.endpoints(mode)
    by_pixels = bench.attempts(mode, {"size": str(size)})
    by_shape = bench.attempts(mode, {"aspect_ratio": ratio.label, "resolution": tier})
    cells = tuple(
        SizeCell(key=endpoint.key, label=bench.label(endpoint, endpoints), lines=_lines(pixels, shape))
        for endpoint, pixels, shape in zip(endpoints, by_pixels, by_shape, strict=True)
    )
    return SizeRow(ratio=ratio.label, tier=tier, nominal=size, cells=cells)


def _lines(pixels: Attempt, shape: Attempt) -> tuple[SizeLine, ...]:
    first, second = _line(pixels, "pixels"), _line(shape, "shape")
    if (first.sent, first.cost.text, first.refused) == (second.sent, second.cost.text, second.refused):
        return (_line(shape, "either"),)
    return (first, second)


def _line(attempt: Attempt, asked: str) -> SizeLine:
    compiled = attempt.compiled
    if compiled is None:
        return SizeLine(
            asked=asked, sent="", returns=None, inferred=False, cost=Cost(), refused=attempt.refused or "refused"
        )
    return SizeLine(
        asked=asked,
        sent=text_of(sent_for_size(attempt)),
        returns=compiled.expected.size,
        inferred=compiled.expected.inferred,
        cost=compiled.cost,
        refused="",
    )


def sent_for_size(attempt: Attempt) -> Mapping[str, Any]:
    """The leaves that the three size parameters put on the wire."""
    if attempt.compiled is None:
        return {}
    names = ("size", "aspect_ratio", "resolution")
    sent: dict[str, Any] = {}
    for adjustment in attempt.compiled.adjustments:
        if adjustment.parameter in names:
            sent.update(adjustment.sent)
    return sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to ask for a size, as JSON, and what each endpoint sends and returns for it."""

    asked: str
    says: str
    cells: tuple[SizeCell, ...]


def ways(bench: Bench, mode: Mode) -> tuple[Way, ...]:
    """Each way to ask for a size, with what it comes to at this model's endpoints."""
    tried: tuple[tuple[str, dict[str, Any]], ...] = (
        ("Pixels: shape and scale at once", {"size": "1920x1080"}),
        ("A shape in `size`, the same as `aspect_ratio`", {"size": "16:9"}),
        ("The shape alone; the scale is 1K or the provider's own", {"aspect_ratio": "2.39:1"}),
        ("The scale alone; the shape stays the default", {"resolution": "2K"}),
        ("Shape and scale", {"aspect_ratio": "3:2", "resolution": "0.5K"}),
        ("The provider's default", {}),
    )
    endpoints = bench.endpoints(mode)
    return tuple(
        Way(
            asked=text_of(wishes),
            says=says,
            cells=tuple(
                SizeCell(
                    key=attempt.endpoint.key,
                    label=bench.label(attempt.endpoint, endpoints),
                    lines=(_line(attempt, "either"),),
                )
                for attempt in bench.attempts(mode, wishes)
            ),
        )
        for says, wishes in tried
    )


def flexible(bench: Bench, mode: Mode) -> tuple[Flexible, ...]:
    """The endpoints that take pixels of the caller's own choice, with their bounds, named presets, or `auto`."""
    found = []
    endpoints = bench.endpoints(mode)
    for endpoint in endpoints:
        label = bench.label(endpoint, endpoints)
        for form in endpoint.modes[mode].forms:
            if form.kind is FormKind.FREE:
                found.append(Flexible(label=label, kind="custom", bounds=_bounds(form)))
            elif form.kind is FormKind.AUTO:
                found.append(Flexible(label=label, kind="auto", bounds="the provider chooses"))
    return tuple(found)


def _bounds(form: Form) -> str:
    words = []
    if form.side:
        words.append(f"{form.side[0]}\N{EN DASH}{form.side[1]} px per side")
    if form.pixels:
        words.append(f"{form.pixels[0]:,}\N{EN DASH}{form.pixels[1]:,} pixels in all")
    if form.ratio:
        words.append(f"shapes from {form.ratio[0]:.3g} to {form.ratio[1]:.3g}")
    words.append("whole pixels" if form.step == 1 else f"multiples of {form.step}")
    return ", ".join(words)


def largest(bench: Bench, mode: Mode) -> tuple[tuple[str, str], ...]:
    """The largest picture of each endpoint that says so: label and words."""
    found = []
    endpoints = bench.endpoints(mode)
    for endpoint in endpoints:
        spec = endpoint.modes[mode]
        label = bench.label(endpoint, endpoints)
        sides = [form.side[1] for form in spec.forms if form.side]
        cells = [cell.real for form in spec.forms for cell in form.cells]
        if sides:
            found.append((label, f"{max(sides)} pixels a side"))
        elif cells:
            biggest = max(cells, key=lambda size: (size.pixels, size.width))
            found.append((label, f"{biggest.width} × {biggest.height} pixels"))
        elif spec.default_size == "input":
            limit = f", at most {spec.max_side} pixels a side" if spec.max_side else ""
            found.append((label, f"as large as the input{limit}"))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One size drawn to scale: the asked pixels and what each endpoint returns, in units of the drawing's frame."""

    ratio: str
    asked: Size
    returns: tuple[tuple[str, Size, int], ...]
    frame: int

    @property
    def text(self) -> str:
        """The drawing in words, for those who cannot see it."""
        got = [f"{label} returns {size.width} by {size.height}" for label, size, _ in self.returns]
        known = ", ".join(got) or "nobody says what returns"
        return f"{self.ratio}: {self.asked.width} by {self.asked.height} asked; {known}"


def drawings(group: SizeGroup) -> tuple[Drawing, ...]:
    """The rows of a scale as drawings of one frame, so that they can be compared by eye."""
    frame = 0
    found = []
    for row in group.rows:
        returns = []
        for place, cell in enumerate(row.cells):
            size = cell.lines[-1].returns
            if size is not None:
                returns.append((cell.label, size, place))
                frame = max(frame, size.width, size.height)
        frame = max(frame, row.nominal.width, row.nominal.height)
        found.append((row, tuple(returns)))
    return tuple(Drawing(ratio=row.ratio, asked=row.nominal, returns=returns, frame=frame) for row, returns in found)
