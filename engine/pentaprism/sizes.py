"""Arithmetic on sizes: which pixels a shape and an area mean, and what a provider has that is nearest to a wish.

Row 2: imports only the nouns. It computes; it never decides what is sent, words no adjustment, and reads no file.
The rules are CATALOG section 6. Distances are of logarithms there; here they are kept as quotients (the larger number
over the smaller, 1 where equal), because the order is the same and a quotient of whole numbers is exact: what ties
on paper ties here, and a wish turned on its side gets its answer turned on its side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from .types import AspectRatio, Form, FormKind, GridCell, Size, TierSpec

__all__ = [
    "allowed",
    "aspect_error",
    "fit",
    "nearest_cell",
    "nearest_shape",
    "nearest_tier",
    "nominal",
    "pixels_error",
    "preferred",
    "shorten",
    "within_side",
]

# Shapes whose logarithms differ by no more than 0.02 (2 %) count as equally near; the scale decides among them.
_AS_NEAR = math.exp(0.02)
# Far above rounding noise, far below the distance of two shapes or multiples that are really different.
_NOISE = 1e-9
# How far to look where a form states neither a largest side nor a largest area; JPEG holds no longer side.
_LARGEST_SIDE = 65_535
_FORM_ORDER = {FormKind.FREE: 0, FormKind.LIST: 1, FormKind.GRID: 2, FormKind.AUTO: 3}


def nominal(shape: Fraction | float, area: int) -> Size:
    """The pixels that width over height `shape` means at `area` pixels: height by the area, width by the shape.

    Both are rounded half up, and are at least 1. Raises ValueError where the shape or the area is not above 0.

    >>> str(nominal(Fraction(4, 3), 1024**2)), str(nominal(Fraction(3, 4), 1024**2))
    ('1183x887', '887x1182')
    """
    if not (0 < shape < math.inf and area > 0):
        raise ValueError(f"a shape of {shape} at {area} pixels is no size; both must be above 0")
    wide, high = shape.as_integer_ratio()
    # floor(sqrt(area / shape) + 1/2), in whole numbers so that a half is a half.
    height = max(1, (math.isqrt(4 * area * high // wide) + 1) // 2)
    return Size(max(1, (2 * height * wide + high) // (2 * high)), height)


def aspect_error(asked: float, got: float) -> float:
    """How far a shape (width over height) is from the one asked for: relative, and the same in both directions.

    >>> round(aspect_error(1.5, 1.2), 9), round(aspect_error(1.2, 1.5), 9)
    (0.25, 0.25)
    """
    return _apart(asked, got) - 1


def pixels_error(asked: int, got: int) -> float:
    """How far an area in pixels is from the one asked for: relative, and the same in both directions.

    >>> pixels_error(1_000_000, 1_100_000) == pixels_error(1_100_000, 1_000_000) == 1.1 - 1
    True
    """
    return _apart(asked, got) - 1


def allowed(size: Size, form: Form) -> bool:
    """Whether `form` can be asked for exactly these pixels: within the bounds if it is free, else one of its cells.

    >>> form = Form(kind=FormKind.FREE, side=(256, 2048), step=16)
    >>> allowed(Size(1024, 768), form), allowed(Size(1000, 768), form)
    (True, False)
    """
    width, height = size.width, size.height
    if form.kind is not FormKind.FREE:
        return any(cell.real.width == width and cell.real.height == height for cell in form.cells)
    if width < 1 or height < 1 or width % form.step or height % form.step:
        return False
    if form.side is not None:
        least, most = form.side
        if width < least or height < least or width > most or height > most:
            return False
    if form.pixels is not None and not form.pixels[0] <= width * height <= form.pixels[1]:
        return False
    return form.ratio is None or form.ratio[0] <= width / height <= form.ratio[1]


def fit(width: float, height: float, form: Form) -> Size:
    """The size nearest to `width` x `height` pixels that a free form's bounds allow; one they allow stays as it is.

    The shape goes first to the nearest the bounds leave room for, at the same area; one factor then brings both
    sides within `side` and `pixels`; of the multiples of `step` around that point the nearest in shape, then in area,
    is taken, or of the first wider ring that holds an allowed size. Raises ValueError where no size is allowed.

    >>> str(fit(1920, 1080, Form(kind=FormKind.FREE, side=(256, 1440), step=32)))
    '1440x800'
    """
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise ValueError(f"{width} x {height} is no size; both sides must be above 0 pixels")
    if width == int(width) and height == int(height):
        asked = Size(int(width), int(height))
        if allowed(asked, form):
            return asked
    wide, high, shape = _into_bounds(width, height, form)
    columns, rows = _around(wide, form.step), _around(high, form.step)
    corners = {Size(column, row) for column in columns for row in rows}
    for ring in _rings(corners, columns, rows, shape[0] / shape[1], form):
        fitting = [size for size in ring if allowed(size, form)]
        if fitting:
            return min(fitting, key=lambda size: _off_target(size, shape, wide * high))
    raise ValueError(f"no size satisfies {_bounds_text(form)}")


def shorten(size: Size, area: int, form: Form) -> Size:
    """A size over `area` pixels with its longer side cut to the largest multiple of `step` that keeps within it.

    It comes back unchanged where it is not over, and where the bounds forbid the shorter one.

    >>> str(shorten(Size(1183, 887), 1024**2, Form(kind=FormKind.FREE, side=(1, 14142))))
    '1182x887'
    """
    if size.pixels <= area:
        return size
    kept = min(size.width, size.height)
    cut = area // kept // form.step * form.step
    shorter = Size(cut, kept) if size.width > size.height else Size(kept, cut)
    return shorter if allowed(shorter, form) else size


def nearest_cell(cells: Sequence[GridCell], size: Size) -> GridCell:
    """The cell whose real pixels are nearest to a `WxH` wish.

    Among those within 2 % of the nearest shape, the nearest in area, then in shape, then of the asked orientation,
    then the wider shape, then the larger. Cells that return the same pixels are told apart by what they are called
    (a stated size before an inferred one), so their order in a file decides nothing. Raises ValueError on no cells.

    >>> sizes = [Size(1024, 1024), Size(1344, 768), Size(1216, 832)]
    >>> cells = [GridCell(sends={}, real=size, nominal=size, inferred=False) for size in sizes]
    >>> str(nearest_cell(cells, Size(1920, 1080)).real)
    '1344x768'
    """
    width, height = size.width, size.height
    hits = [cell for cell in cells if cell.real.width == width and cell.real.height == height]
    if not hits:
        hits = [cells[index] for index in _nearest([cell.real for cell in cells], size)]
    return hits[0] if len(hits) == 1 else min(hits, key=_spelling)


def nearest_shape(cells: Sequence[GridCell], ratio: AspectRatio) -> GridCell:
    """The cell for a `W:H` wish: one labelled with that ratio, else the nearest real shape.

    Ties go to the asked orientation, then to the wider shape, then to the larger picture. Give it the cells of one
    tier to keep the scale. Raises ValueError on no cells.

    >>> sizes = {"4:1": Size(2048, 512), "8:1": Size(3072, 384)}
    >>> cells = [GridCell(sends={}, real=size, nominal=size, inferred=False) for size in sizes.values()]
    >>> str(nearest_shape(cells, AspectRatio.parse("7:1")).real)
    '3072x384'
    """
    candidates = [cell for cell in cells if cell.ratio is not None and cell.ratio.value == ratio.value] or cells
    if not candidates:
        raise ValueError("there is no cell to choose from; the form's table is empty")
    wide, high = ratio.value.as_integer_ratio()
    off_shapes = [_apart(cell.real.width * high, cell.real.height * wide) for cell in candidates]
    best = min(off_shapes)
    hits = [cell for cell, off_shape in zip(candidates, off_shapes, strict=True) if off_shape == best]
    return min(hits, key=lambda cell: (_preference(cell.real, wide, high), _spelling(cell)))


def nearest_tier(tiers: Sequence[TierSpec], area: int) -> TierSpec:
    """The tier whose area is nearest to `area` pixels, by the logarithm; of two as near, the larger.

    Raises ValueError on no tiers.

    >>> nearest_tier([TierSpec(label="1K", area=1024**2), TierSpec(label="4K", area=4096**2)], 2048**2).label
    '4K'
    """
    if not tiers:
        raise ValueError("there is no tier to choose from; the form has none")
    return min(tiers, key=lambda tier: (_apart(tier.area, area), -tier.area, tier.label))


def within_side(size: Size, max_side: int | None) -> Size:
    """The size scaled down, by one factor and half up, so that no side is longer than `max_side` pixels.

    >>> str(within_side(Size(4000, 3000), 1440)), str(within_side(Size(800, 600), 1440))
    ('1440x1080', '800x600')
    """
    longer = max(size.width, size.height)
    if max_side is None or longer <= max_side:
        return size
    if max_side < 1:
        raise ValueError(f"no side can be as short as {max_side} pixels; max_side must be at least 1")
    width, height = ((2 * side * max_side + longer) // (2 * longer) for side in (size.width, size.height))
    return Size(max(1, width), max(1, height))


def preferred(asked: Size, options: Sequence[tuple[FormKind, Size]]) -> int:
    """The index of the form that comes nearest to `asked`, each option being a form and the best it can return.

    The comparison is that of `nearest_cell`; of forms that return the same pixels, free goes before list before grid.
    Raises ValueError on no options.

    >>> preferred(Size(1024, 768), [(FormKind.GRID, Size(1152, 896)), (FormKind.FREE, Size(1024, 768))])
    1
    """
    hits = _nearest([size for _, size in options], asked)
    return min(hits, key=lambda index: (_FORM_ORDER[options[index][0]], index))


def _apart(one: float, other: float) -> float:
    """The larger of two positive numbers over the smaller: exp(|ln(one / other)|)."""
    return one / other if one > other else other / one


def _nearest(sizes: Sequence[Size], asked: Size) -> list[int]:
    """Where the size nearest to the one asked for stands; several places only where the same pixels stand in them."""
    if not sizes:
        raise ValueError("there is no size to choose from; the form's table is empty")
    wide, high, area = asked.width, asked.height, asked.pixels
    # `_apart`, written out: this runs over every cell of a grid.
    off_shapes = [a / b if (a := width * high) > (b := height * wide) else b / a for width, height in sizes]
    limit = min(off_shapes) * _AS_NEAR
    ranks = {
        index: (_apart(sizes[index].pixels, area), off_shape, *_preference(sizes[index], wide, high))
        for index, off_shape in enumerate(off_shapes)
        if off_shape <= limit
    }
    best = min(ranks.values())
    return [index for index, rank in ranks.items() if rank == best]


def _preference(size: Size, wide: int, high: int) -> tuple[bool, float, int]:
    """The order among equally near sizes: the asked orientation, then the wider shape, then the larger."""
    turned = (size.width > size.height) != (wide > high) or (size.width < size.height) != (wide < high)
    return (turned, -size.width / size.height, -size.pixels)


def _spelling(cell: GridCell) -> tuple[bool, str, str, str]:
    """An order among cells that return the same pixels, from what they say alone."""
    tier = cell.tier.label if cell.tier else ""
    return (cell.inferred, cell.ratio_label or str(cell.ratio or ""), tier, repr(sorted(cell.sends.items(), key=repr)))


def _into_bounds(width: float, height: float, form: Form) -> tuple[float, float, tuple[float, float]]:
    """Width and height brought into the bounds but not yet onto the step, and their shape as a pair (w, h)."""
    short, long = form.side or (1, math.inf)
    least, most = form.pixels or (1, math.inf)
    # How far from square a picture can be: a side at either end, or the area at its end with one side at its own.
    stretch = min(long / short, long * long / least, most / (short * short))
    low, high = 1 / stretch, stretch
    if form.ratio is not None:
        low, high = max(low, form.ratio[0]), min(high, form.ratio[1])
    if low > high * (1 + _NOISE):
        raise ValueError(f"no size satisfies {_bounds_text(form)}")
    shape: tuple[float, float] = (width, height)
    if not low <= width / height <= high:
        shape = (high if width / height > high else low, 1.0)
        area = width * height
        width, height = math.sqrt(area * shape[0]), math.sqrt(area / shape[0])
    grow = max(short / min(width, height), math.sqrt(least / (width * height)))
    shrink = min(long / max(width, height), math.sqrt(most / (width * height)))
    factor = min(max(1.0, grow), shrink)
    return width * factor, height * factor, shape


def _around(length: float, step: int) -> tuple[int, int]:
    """The multiples of `step` on either side of a length; twice the same one where the length is one."""
    count = length / step
    whole = round(count)
    if abs(count - whole) <= _NOISE * count:
        return whole * step, whole * step
    below = math.floor(count)
    return below * step, (below + 1) * step


def _off_target(size: Size, shape: tuple[float, float], area: float) -> tuple[float, float, float, int]:
    """How far a size is from a shape, then from an area; of two as near, the wider, then the larger, goes first."""
    # In lowest terms, so that two sizes of one shape are equally far from it to the last bit.
    common = math.gcd(size.width, size.height)
    off_shape = _apart(size.width // common * shape[1], size.height // common * shape[0])
    return (off_shape, _apart(size.pixels, area), -size.width / size.height, -size.pixels)


def _rings(
    corners: Iterable[Size], columns: tuple[int, int], rows: tuple[int, int], shape: float, form: Form
) -> Iterator[Iterable[Size]]:
    """The sizes to try, ring by ring outwards; the last ring is the first that lies wholly beyond the bounds."""
    yield corners
    step, reach = form.step, _longest_side(form, beyond=max(columns[1], rows[1]))
    (left, right), (bottom, top) = columns, rows
    while right < reach or top < reach or left > step or bottom > step:
        left, right, bottom, top = left - step, right + step, bottom - step, top + step
        yield _ring(left, right, bottom, top, shape, form)


def _longest_side(form: Form, *, beyond: int) -> float:
    """No allowed size has a side longer than this; where the form leaves it open, no size worth asking for has."""
    longest: float = form.side[1] if form.side else _LARGEST_SIDE + beyond
    if form.pixels is None:
        return longest
    most = form.pixels[1]
    stretch = max(form.ratio[1], 1 / form.ratio[0]) if form.ratio and form.ratio[0] else math.inf
    return min(longest, most / form.step, math.sqrt(most * stretch) + 1)


def _ring(left: int, right: int, bottom: int, top: int, shape: float, form: Form) -> set[Size]:
    """Of each of the four edges, the sizes nearest in shape that may be allowed: two, not the whole edge."""
    short, long = form.side or (1, math.inf)
    least, most = form.pixels or (1, math.inf)
    narrow, wide = form.ratio or (0.0, math.inf)
    sizes: set[Size] = set()
    for width in (left, right):
        if width > 0:
            low = max(bottom, short, least / width, width / wide)
            high = min(top, long, most / width, width / narrow if narrow else math.inf)
            heights = _multiples(min(max(width / shape, low), high), form.step)
            sizes.update(Size(width, height) for height in heights if bottom <= height <= top)
    for height in (bottom, top):
        if height > 0:
            low = max(left, short, least / height, height * narrow)
            high = min(right, long, most / height, height * wide)
            widths = _multiples(min(max(height * shape, low), high), form.step)
            sizes.update(Size(width, height) for width in widths if left <= width <= right)
    return sizes


def _multiples(length: float, step: int) -> tuple[int, int]:
    """The multiples of `step` at or below and at or above a length."""
    return math.floor(length / step) * step, math.ceil(length / step) * step


def _bounds_text(form: Form) -> str:
    """A free form's bounds, as its author wrote them."""
    bounds = {"side": form.side, "pixels": form.pixels, "ratio": form.ratio}
    stated = [f"{name} {list(pair)}" for name, pair in bounds.items() if pair is not None]
    return ", ".join([*stated, f"step {form.step}"]) + "; the bounds contradict each other"
