"""The three size parameters: choose a form, say what to send and which pixels come back.

Row 3. The semantics are CATALOG section 6; the arithmetic is `pentaprism.sizes`. Between forms the same comparison
decides as within one, so the order of forms in a file never matters. It must not know other parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ..sizes import allowed, fit, nearest_cell, nearest_shape, nearest_tier, nominal, preferred, shorten, within_side
from ..types import MEGAPIXEL, AspectRatio, Form, FormKind, GridCell, ModeSpec, Size, SizeWish, Tier, TierSpec
from .draft import take

__all__ = ["Choice", "choose", "constants_beside", "default_size", "read_wish", "returned_size"]

_DEFAULT_AREA = 1024 * 1024


class Choice(NamedTuple):
    """What one form would do for a wish: the leaves to send, the pixels to expect, and a note where one is due.

    `size` is None where the provider decides; then `tier` is the scale it was told, if any. `inferred` where the size
    is computed rather than stated by a source.
    """

    kind: FormKind
    sends: Mapping[str, Any]
    size: Size | None
    inferred: bool = False
    note: str | None = None
    tier: TierSpec | None = None


def default_size(spec: ModeSpec, inputs: Sequence[Size | None]) -> Size | None:
    """What comes back where no size is asked; None where nobody can know."""
    if spec.default_size == "input":
        return within_side(inputs[0], spec.max_side) if inputs and inputs[0] else None
    return spec.default_size if isinstance(spec.default_size, Size) else None


def choose(spec: ModeSpec, wish: SizeWish, default: Size | None, *, whole_megapixels: bool) -> Choice | None:
    """The best form for a wish, or None where no form can express it.

    `whole_megapixels` says that the endpoint bills megapixels rounded up, so that a shape at a tier must not spill
    over into another one.
    """
    if wish.auto:
        auto = next((form for form in _autos(spec) if form.default_tier is None), None)
        return None if auto is None else Choice(kind=FormKind.AUTO, sends=auto.set, size=None)
    choices = []
    for form in spec.forms:
        choice = _CHOOSERS[form.kind](form, wish, default, whole_megapixels) if form.kind in _CHOOSERS else None
        if choice is None:
            continue
        if choice.size is not None and choice.size == wish.size and form.kind is FormKind.FREE:
            return choice
        choices.append(choice)
    if len(choices) < 2:
        return choices[0] if choices else _choose_scale(spec, wish)
    target = wish.size or _target(wish, default)
    sized = [choice for choice in choices if choice.size is not None]
    if target is None:
        return _choose_among_scales(choices, wish)
    return sized[preferred(target, [(choice.kind, choice.size) for choice in sized if choice.size])]


def _autos(spec: ModeSpec) -> list[Form]:
    """The forms that leave the shape to the provider, in an order that does not depend on the file's."""
    return sorted((form for form in spec.forms if form.kind is FormKind.AUTO), key=lambda form: repr(dict(form.set)))


def _choose_scale(spec: ModeSpec, wish: SizeWish) -> Choice | None:
    """Scale only, where no form knows which shape to take: the provider chooses the shape at that scale."""
    if wish.tier is None or wish.ratio is not None:
        return None
    scales = {form.default_tier: form for form in _autos(spec) if form.default_tier}
    if not scales:
        return None
    tier = nearest_tier(list(scales), wish.tier.area)
    return Choice(kind=FormKind.AUTO, sends=scales[tier].set, size=None, tier=tier)


def _choose_among_scales(choices: Sequence[Choice], wish: SizeWish) -> Choice:
    """Scale only and no size to keep the shape of: the grid with the nearest scale, whatever the order in the file."""
    scales = [choice.tier for choice in choices if choice.tier is not None]
    area = nearest_tier(scales, wish.tier.area if wish.tier else _DEFAULT_AREA).area
    near = [choice for choice in choices if choice.tier is not None and choice.tier.area == area]
    return min(near, key=lambda choice: repr(dict(choice.sends)))


def _target(wish: SizeWish, default: Size | None) -> Size | None:
    """The nominal pixels of a shape or scale ask; None where the shape is unknown."""
    area = wish.tier.area if wish.tier else _DEFAULT_AREA
    if wish.ratio is not None:
        return nominal(wish.ratio.value, area)
    return nominal(Fraction(default.width, default.height), area) if default else None


def _choose_free(form: Form, wish: SizeWish, default: Size | None, whole_megapixels: bool) -> Choice | None:
    note = None
    if wish.size is not None:
        size = wish.size if allowed(wish.size, form) else fit(wish.size.width, wish.size.height, form)
    else:
        target = _target(wish, default)
        if target is None:
            return None
        size = target if allowed(target, form) else fit(target.width, target.height, form)
        area = wish.tier.area if wish.tier else _DEFAULT_AREA
        if whole_megapixels and _megapixels(size.pixels) > _megapixels(area):
            shorter = shorten(size, area, form)
            if shorter != size:
                tier = wish.tier.label if wish.tier else "1K"
                note = f"{size} would be {size.pixels - area} pixels over {tier} and bill another megapixel"
                size = shorter
    return Choice(kind=FormKind.FREE, sends=write_free(form, size), size=size, note=note)


def _megapixels(pixels: int) -> int:
    """Whole megapixels billed for an area, rounded up."""
    return -(-pixels // MEGAPIXEL)


def write_free(form: Form, size: Size) -> dict[str, Any]:
    """The leaves of a free form for one size."""
    to, (width, height) = form.to, size
    if "object" in to:
        return {to["object"]: {"width": width, "height": height}, **form.set}
    if "string" in to:
        return {to["string"]: f"{width}x{height}", **form.set}
    return {to["width"]: width, to["height"]: height, **form.set}


def _choose_grid(form: Form, wish: SizeWish, default: Size | None, whole_megapixels: bool) -> Choice | None:
    if wish.size is not None:
        return _cell_choice(form, nearest_cell(form.cells, wish.size))
    tiers = list(dict.fromkeys(cell.tier for cell in form.cells if cell.tier is not None))
    asked = nearest_tier(tiers, wish.tier.area) if wish.tier is not None and tiers else None
    tier = asked or form.default_tier
    cells = [cell for cell in form.cells if cell.tier == tier]
    if wish.ratio is not None:
        return _cell_choice(form, nearest_shape(cells, wish.ratio), without=None if asked else "tier")
    # Scale only: the provider keeps its own shape, whose pixels are those of the default size's shape at this tier.
    if tier is None:
        return None
    if default is None:
        return Choice(kind=form.kind, sends={form.to["tier"]: tier.label, **form.set}, size=None, tier=tier)
    cell = nearest_cell(cells, nominal(Fraction(default.width, default.height), tier.area))
    return _cell_choice(form, cell, without="ratio")


def _cell_choice(form: Form, cell: GridCell, without: str | None = None) -> Choice:
    sends = {path: value for path, value in cell.sends.items() if without is None or path != form.to.get(without)}
    sends.update(form.set)
    return Choice(kind=form.kind, sends=sends, size=cell.real, inferred=cell.inferred)


def _choose_list(form: Form, wish: SizeWish, default: Size | None, whole_megapixels: bool) -> Choice | None:
    if wish.size is not None:
        return _cell_choice(form, nearest_cell(form.cells, wish.size))
    if wish.tier is None and wish.ratio is not None:
        return _cell_choice(form, nearest_shape(form.cells, wish.ratio))
    target = _target(wish, default)
    return None if target is None else _cell_choice(form, nearest_cell(form.cells, target))


_CHOOSERS = {FormKind.FREE: _choose_free, FormKind.GRID: _choose_grid, FormKind.LIST: _choose_list}


def read_wish(spec: ModeSpec, fields: Mapping[str, Any]) -> SizeWish | None:
    """What size leaves on the wire ask for, read back through the forms; None where they ask for nothing.

    Raises:
        ValueError: a form needs a leaf that is not there, such as a width without a height.
    """
    for form in spec.forms:
        if form.kind is FormKind.FREE:
            size = _read_free(form, fields)
            if size is not None:
                return SizeWish(size=size)
        elif form.kind is FormKind.LIST:
            value = take(fields, form.to["value"])
            cell = next((one for one in form.cells if isinstance(value, str) and value in one.sends.values()), None)
            if cell is not None:
                return SizeWish(size=cell.real)
        elif form.kind is FormKind.GRID:
            ratio, tier = _read_grid(form, fields)
            if ratio is not None or tier is not None:
                scale = None if tier is None else Tier(tier.label, tier.area)
                return SizeWish(ratio=ratio, tier=scale)
        elif form.set and all(take(fields, path) == value for path, value in form.set.items()):
            tier = form.default_tier
            return SizeWish(tier=Tier(tier.label, tier.area)) if tier else SizeWish(auto=True)
    return None


def constants_beside(spec: ModeSpec, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the form that writes these size fields sends along with them, where they do not say it themselves."""
    for form in spec.forms:
        if fields.keys() <= {*form.to.values(), *form.set}:
            return {path: value for path, value in form.set.items() if path not in fields}
    return {}


def _read_free(form: Form, fields: Mapping[str, Any]) -> Size | None:
    if "string" in form.to:
        value = take(fields, form.to["string"])
        try:
            return Size.parse(value) if isinstance(value, str) else None
        except ValueError:
            return None
    if "object" in form.to:
        value = take(fields, form.to["object"])
        if not isinstance(value, Mapping):
            return None
        width, height = value.get("width"), value.get("height")
        names = "width and height"
    else:
        width, height = take(fields, form.to["width"]), take(fields, form.to["height"])
        names = f"{form.to['width']} and {form.to['height']}"
    if width is None and height is None:
        return None
    if not isinstance(width, int) or not isinstance(height, int) or width < 1 or height < 1:
        raise ValueError(f"give both {names}, in pixels")
    return Size(width, height)


def _read_grid(form: Form, fields: Mapping[str, Any]) -> tuple[AspectRatio | None, TierSpec | None]:
    label = take(fields, form.to["ratio"])
    ratio = next((cell.ratio for cell in form.cells if cell.ratio_label == label), None)
    written = take(fields, form.to["tier"]) if "tier" in form.to else None
    tier = next((cell.tier for cell in form.cells if cell.tier is not None and cell.tier.label == written), None)
    return ratio, tier


def returned_size(spec: ModeSpec, fields: Mapping[str, Any], inputs: Sequence[Size | None]) -> Size | None:
    """The pixels a provider returns for a wire body (without its envelope); None where nobody can know.

    This reads the body alone, so it tells for any body, whoever compiled it.
    """
    default = default_size(spec, inputs)
    wish = read_wish(spec, fields)
    if wish is None or wish.auto:
        return default
    if wish.size is not None:
        return wish.size
    choice = choose(spec, wish, default, whole_megapixels=False)
    return choice.size if choice else default
