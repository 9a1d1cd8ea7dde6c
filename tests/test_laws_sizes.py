"""Law 6, the laws of sizes (CATALOG section 6), as a caller meets them: what is asked, and the pixels that come back.

The arithmetic below them - fitting, tables, ties - has laws of its own in `test_sizes`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from catalog_variants import shuffled
from law_subjects import ON, every_catalog, in_use, unordered, varied
from pentaprism import Catalog, CompiledRequest, CompileError, Outcome
from pentaprism.sizes import fit, nominal, shorten
from pentaprism.types import AspectRatio, Endpoint, Form, FormKind, ModeSpec, Size, Tier
from strategies import bare, ratios, sizes

_SIZES = st.builds(Size, st.integers(16, 5000), st.integers(16, 5000))
_TIERS = st.sampled_from(["0.25MP", "0.5MP", "1K", "2MP", "2K", "4K"])
_COMMON = st.sampled_from(["4:3", "3:4", "3:2", "2:3", "16:9", "9:16"])


def _compile(catalog: Catalog, endpoint: Endpoint, spec: ModeSpec, **asked: Any) -> CompiledRequest:
    """The least request with these parameters; one the endpoint refuses for want of another is another example's."""
    try:
        return catalog.compile({**bare(endpoint, spec), **asked}, endpoint.key, date=ON)
    except CompileError:
        assume(False)
        raise


def _makes(form: Form, size: Size) -> Size:
    """What a form makes of pixels, by trying everything it has."""
    if form.kind is FormKind.FREE:
        return fit(size.width, size.height, form)
    return _nearest(size, [cell.real for cell in form.cells])


def _nearest(asked: Size, options: Iterable[Size]) -> Size:
    """The choice as CATALOG section 6 words it."""

    def apart(one: Fraction) -> Fraction:
        return max(one, 1 / one)

    def shape_off(size: Size) -> Fraction:
        return apart(Fraction(size.width * asked.height, size.height * asked.width))

    def orientation(size: Size) -> int:
        return (size.width > size.height) - (size.width < size.height)

    known = list(options)
    best = min(math.log(shape_off(size)) for size in known)
    return min(
        (size for size in known if math.log(shape_off(size)) <= best + 0.02),
        key=lambda size: (
            apart(Fraction(size.pixels, asked.pixels)),
            shape_off(size),
            orientation(size) != orientation(asked),
            -Fraction(size.width, size.height),
            -size.pixels,
        ),
    )


def _sizing(spec: ModeSpec) -> list[Form]:
    """The forms that take pixels."""
    forms = [form for form in spec.forms if form.kind is not FormKind.AUTO]
    assume(forms)
    return forms


@every_catalog
@given(st.data())
def test_law_6_pixels_an_endpoint_returns_are_returned_for_them(which: str, data: st.DataObject) -> None:
    """Asking for pixels that an endpoint returns gives those pixels."""
    catalog, endpoint, spec = in_use(data, which)
    form = data.draw(st.sampled_from(_sizing(spec)))
    known = [cell.real for cell in form.cells]
    size = data.draw(st.sampled_from(known)) if known else _makes(form, data.draw(_SIZES))
    compiled = _compile(catalog, endpoint, spec, size=str(size))
    assert compiled.expected.size == size
    assert [entry.outcome for entry in compiled.adjustments if entry.parameter == "size"] == [Outcome.HONORED]


@every_catalog
@given(st.data())
def test_law_6_choosing_twice_changes_nothing(which: str, data: st.DataObject) -> None:
    """What a wish comes to is, asked for by its pixels, what it is."""
    catalog, endpoint, spec = in_use(data, which)
    asked: dict[str, st.SearchStrategy[str]] = {"size": sizes(), "aspect_ratio": ratios(), "resolution": _TIERS}
    names = data.draw(st.lists(st.sampled_from(sorted(asked)), min_size=1, unique=True))
    once = _compile(catalog, endpoint, spec, **{name: data.draw(asked[name]) for name in names})
    assume(once.expected.basis == "asked")
    twice = _compile(catalog, endpoint, spec, size=str(once.expected.size))
    assert twice.expected.size == once.expected.size
    assert twice.loss == (0, 0, 0)


@every_catalog
@given(st.data(), _SIZES)
def test_law_6_the_choice_for_pixels_is_brute_force(which: str, data: st.DataObject, asked: Size) -> None:
    """The best that each form has, and the best of those, by comparing all there is."""
    catalog, endpoint, spec = in_use(data, which)
    best = _nearest(asked, [_makes(form, asked) for form in _sizing(spec)])
    assert _compile(catalog, endpoint, spec, size=str(asked)).expected.size == best


@every_catalog
@given(st.data(), ratios().map(AspectRatio.parse))
def test_law_6_the_choice_for_a_shape_is_brute_force(which: str, data: st.DataObject, asked: AspectRatio) -> None:
    """In a table: the label that equals the shape, else the nearest real shape; 7:1 goes to 8:1 and not to 4:1."""
    catalog, endpoint, spec = in_use(data, which)
    forms = _sizing(spec)
    assume(len(forms) == 1 and forms[0].kind in (FormKind.GRID, FormKind.LIST))
    cells = [cell for cell in forms[0].cells if cell.tier == forms[0].default_tier]
    labelled = [cell for cell in cells if cell.ratio is not None and cell.ratio.value == asked.value]
    size = _compile(catalog, endpoint, spec, aspect_ratio=str(asked)).expected.size
    assert size is not None

    def shape_off(real: Size) -> Fraction:
        shape = Fraction(real.width, real.height) / asked.value
        return max(shape, 1 / shape)

    assert size in [cell.real for cell in labelled or cells]
    assert shape_off(size) == min(shape_off(cell.real) for cell in labelled or cells)


@every_catalog
@given(st.data(), ratios() | _COMMON, st.none() | _TIERS)
def test_law_6_a_shape_at_free_pixels_is_its_nominal_size(
    which: str, data: st.DataObject, ratio: str, tier: str | None
) -> None:
    """The shape at the scale asked for, else at 1K, fitted to the bounds, and cut where it would cost more."""
    catalog, endpoint, spec = in_use(data, which, where=_is_free)
    form, area = _sizing(spec)[0], Tier.parse(tier or "1K").area
    ideal = nominal(AspectRatio.parse(ratio).value, area)
    fitted = fit(ideal.width, ideal.height, form)
    asked = {"aspect_ratio": ratio} if tier is None else {"aspect_ratio": ratio, "resolution": tier}
    assert _compile(catalog, endpoint, spec, **asked).expected.size in (fitted, shorten(fitted, area, form))


def _is_free(spec: ModeSpec) -> bool:
    """Whether any pixels within bounds are the only way to ask for a size here."""
    return [form.kind for form in spec.forms if form.kind is not FormKind.AUTO] == [FormKind.FREE]


@every_catalog
@given(st.data(), ratios(), _TIERS)
def test_law_6_no_shape_of_a_tier_costs_more_than_its_square(
    which: str, data: st.DataObject, ratio: str, tier: str
) -> None:
    """Where megapixels are billed rounded up and pixels are free, cost(ratio, tier) <= cost(square of that tier)."""
    catalog, endpoint, spec = in_use(data, which, where=_is_free)
    by_area = [price for price in endpoint.prices if price.per == "megapixel"]
    assume(by_area and all(price.round == "up" for price in by_area))
    forms = _sizing(spec)
    assume([form.kind for form in forms] == [FormKind.FREE])
    square = _compile(catalog, endpoint, spec, aspect_ratio="1:1", resolution=tier)
    shaped = _compile(catalog, endpoint, spec, aspect_ratio=ratio, resolution=tier)
    area = Tier.parse(tier).area
    assume(square.expected.size is not None and square.expected.size.pixels == area)
    assume(shaped.expected.size is not None and _has_room(forms[0], shaped.expected.size, area))
    assume(square.cost.high is not None)
    assert (shaped.cost.high or 0) <= (square.cost.high or 0)


def _has_room(form: Form, size: Size, area: int) -> bool:
    """Whether the bounds leave room for a size of about this shape that is not over the area."""
    return size.pixels <= area or shorten(size, area, form) != size


@every_catalog
@given(st.data())
def test_law_6_the_order_of_forms_and_cells_decides_nothing(which: str, data: st.DataObject) -> None:
    """The same wish, with the forms and their tables written in another order."""
    catalog, endpoint, spec = in_use(data, which)
    other = varied(data, which, catalog, shuffled)
    asked = {"size": data.draw(sizes())} if data.draw(st.booleans()) else {"aspect_ratio": data.draw(ratios())}
    if data.draw(st.booleans()):
        asked["resolution"] = data.draw(_TIERS)
    compiled = _compile(catalog, endpoint, spec, **asked)
    assert unordered(_compile(other, endpoint, spec, **asked)) == unordered(compiled)
