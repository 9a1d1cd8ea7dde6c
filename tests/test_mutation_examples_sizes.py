"""Examples of sizes that small changes of the arithmetic do not survive (`make mutation`)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from pentaprism.sizes import (
    allowed,
    aspect_error,
    fit,
    nearest_cell,
    nearest_shape,
    nearest_tier,
    nominal,
    pixels_error,
    preferred,
    shorten,
    within_side,
)
from pentaprism.types import AspectRatio, Form, FormKind, GridCell, Size, TierSpec


def free(**bounds: Any) -> Form:
    return Form(FormKind.FREE, **bounds)


@pytest.mark.parametrize(
    ("shape", "area", "size"),
    [
        (Fraction(1), 1, "1x1"),
        (Fraction(1), 2, "1x1"),
        (Fraction(1), 3, "2x2"),  # the root is 1.73
        (Fraction(1, 100), 1, "1x10"),
        (Fraction(100), 1, "100x1"),
        (Fraction(3, 2), 6, "3x2"),
        (Fraction(1, 2), 9, "2x4"),  # 4.24 high, half of 4 wide
        (Fraction(5, 4), 4, "3x2"),  # 2 high, 2.5 wide: a half goes up
        (1.5, 6, "3x2"),
    ],
)
def test_nominal_rounds_half_up(shape: Fraction | float, area: int, size: str) -> None:
    assert str(nominal(shape, area)) == size


@pytest.mark.parametrize(("shape", "area"), [(0, 1), (-1, 1), (1, 0), (math.inf, 1), (math.nan, 1)])
def test_what_is_no_size_is_named(shape: float, area: int) -> None:
    with pytest.raises(ValueError, match=f"^a shape of {shape} at {area} pixels is no size; both must be above 0$"):
        nominal(shape, area)


def test_errors_are_shares_of_the_smaller() -> None:
    assert (aspect_error(2, 1), aspect_error(1, 2), aspect_error(1, 1)) == (1, 1, 0)
    assert (pixels_error(100, 150), pixels_error(150, 100), pixels_error(7, 7)) == (0.5, 0.5, 0)


@pytest.mark.parametrize(
    ("bounds", "inside", "outside"),
    [
        ({"side": (16, 64)}, ["16x16", "64x64", "16x64"], ["15x16", "16x15", "65x64", "64x65"]),
        ({"pixels": (100, 200)}, ["10x10", "10x20"], ["9x11", "11x19", "201x1"]),
        ({"ratio": (0.5, 2.0)}, ["1x2", "2x1"], ["10x21", "21x10"]),
        ({"step": 8}, ["8x8", "16x8"], ["8x9", "9x8", "12x8"]),
        ({}, ["1x1"], ["0x1", "1x0"]),
    ],
)
def test_bounds_belong_to_what_is_allowed(bounds: dict[str, Any], inside: list[str], outside: list[str]) -> None:
    form = free(**bounds)
    pixels = [Size(*map(int, text.split("x"))) for text in (*inside, *outside)]
    assert [allowed(size, form) for size in pixels] == [True] * len(inside) + [False] * len(outside)


@pytest.mark.parametrize(
    ("asked", "bounds", "got"),
    [
        ("5x5", {"step": 4}, "4x4"),
        ("7x7", {"step": 4}, "8x8"),
        ("1x1", {"side": (1, 4)}, "1x1"),
        ("10x1", {"side": (1, 4)}, "4x1"),
        ("1x10", {"side": (1, 4)}, "1x4"),
        ("3x3", {"pixels": (16, 25)}, "4x4"),
        ("9x9", {"pixels": (16, 25)}, "5x5"),
        ("20x10", {"side": (1, 8)}, "8x4"),
        ("2x1", {"side": (4, 8)}, "8x4"),
        ("12x4", {"ratio": (0.5, 2.0)}, "10x5"),
        ("4x12", {"ratio": (0.5, 2.0)}, "5x10"),
        ("100x100", {"side": (1, 50), "pixels": (1, 400)}, "20x20"),
        ("2x2", {"side": (3, 50), "pixels": (100, 400)}, "10x10"),
        ("30x34", {"side": (1, 2000), "pixels": (1009, 1009)}, "1x1009"),
        ("32x32", {"side": (1, 2000), "pixels": (1009, 1009)}, "1009x1"),  # of two as near, the wider
        ("45x153", {"side": (18, 39), "step": 2, "pixels": (1389, 1580), "ratio": (0.6, 1.88)}, "38x38"),
        ("40x193", {"side": (8, 46), "step": 3, "pixels": (678, 870)}, "18x45"),
        ("1000x1000", {"side": (64, 2048), "step": 64, "ratio": (1.599, 1.601)}, "1024x640"),
        ("7x5", {"pixels": (12, 12)}, "4x3"),
        ("5x7", {"pixels": (12, 12)}, "3x4"),
        ("7x5", {"pixels": (11, 11)}, "11x1"),
        ("11x13", {"side": (1, 30), "pixels": (146, 146)}, "None"),
        ("50x20", {"step": 16, "pixels": (256, 4096)}, "48x16"),
        ("333x333", {"step": 64, "side": (64, 320), "ratio": (0.79, 0.81)}, "256x320"),
        ("333x334", {"step": 10, "ratio": (1.24, 1.26)}, "360x290"),
    ],
)
def test_fit_finds_the_nearest_that_is_allowed(asked: str, bounds: dict[str, Any], got: str) -> None:
    width, height = map(int, asked.split("x"))
    try:
        found = str(fit(width, height, free(**bounds)))
    except ValueError:
        found = "None"
    assert found == got


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"side": (2, 50), "pixels": (53, 53)}, "side [2, 50], pixels [53, 53], step 1"),
        ({"ratio": (2.0, 1.0), "step": 8}, "ratio [2.0, 1.0], step 8"),
        ({"side": (100, 127), "step": 64}, "side [100, 127], step 64"),
    ],
)
def test_bounds_that_contradict_each_other_are_named(bounds: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        fit(10, 10, free(**bounds))
    assert str(caught.value) == f"no size satisfies {words}; the bounds contradict each other"
    with pytest.raises(ValueError, match=r"^0 x 10 is no size; both sides must be above 0 pixels$"):
        fit(0, 10, free(**bounds))


def test_fractions_of_a_pixel_go_to_the_nearest() -> None:
    assert str(fit(10.4, 20.6, free())) == "10x20"
    assert str(fit(10.0, 20.0, free())) == "10x20"
    assert str(fit(0.4, 0.4, free())) == "1x1"
    assert (str(fit(10.6, 20, free())), str(fit(10, 20.6, free()))) == ("11x20", "10x21")


@pytest.mark.parametrize(
    ("size", "area", "bounds", "got"),
    [
        ("10x5", 50, {}, "10x5"),
        ("10x5", 49, {}, "9x5"),
        ("5x10", 49, {}, "5x9"),
        ("16x8", 100, {"step": 4}, "12x8"),
        ("8x8", 63, {}, "8x7"),
        ("10x5", 4, {}, "10x5"),
    ],
)
def test_shorten_cuts_the_longer_side(size: str, area: int, bounds: dict[str, Any], got: str) -> None:
    assert str(shorten(Size.parse(size), area, free(**bounds))) == got


@pytest.mark.parametrize(
    ("size", "most", "got"),
    [
        ("100x50", None, "100x50"),
        ("100x50", 100, "100x50"),
        ("100x50", 99, "99x50"),
        ("100x50", 1, "1x1"),
        ("50x100", 3, "2x3"),  # half of 3: a half goes up
        ("1000x1", 10, "10x1"),
    ],
)
def test_a_longest_side_scales_both(size: str, most: int | None, got: str) -> None:
    assert str(within_side(Size.parse(size), most)) == got


def test_no_side_is_shorter_than_a_pixel() -> None:
    with pytest.raises(ValueError, match=r"^no side can be as short as 0 pixels; max_side must be at least 1$"):
        within_side(Size(2, 2), 0)


def made(text: str, *, inferred: bool = False, **more: Any) -> GridCell:
    size = Size.parse(text)
    return GridCell(sends=more.pop("sends", {}), real=size, nominal=size, inferred=inferred, **more)


def reals(*texts: str) -> list[GridCell]:
    return [made(text) for text in texts]


@pytest.mark.parametrize(
    ("table", "asked", "got"),
    [
        (["100x100", "200x200"], "130x130", "100x100"),
        (["100x100", "200x200"], "150x150", "200x200"),
        (["100x100", "200x100"], "200x120", "200x100"),
        # 1 % off in shape and nearer in area; 3 % off is another shape.
        (["100x100", "202x200"], "200x200", "202x200"),
        (["100x100", "206x200"], "200x200", "100x100"),
        # As near in area: then in shape.
        (["101x100", "100x101", "100x100"], "100x100", "100x100"),
        # The asked orientation, then the wider.
        (["200x100", "100x200"], "100x100", "200x100"),
        (["101x100", "100x101"], "1001x1000", "101x100"),
        (["101x100", "100x101"], "1000x1001", "100x101"),
        (["50x50", "200x200"], "100x100", "200x200"),
    ],
)
def test_the_nearest_cell_is_so_in_shape_then_in_area(table: list[str], asked: str, got: str) -> None:
    for cells in (reals(*table), reals(*table[::-1])):
        assert str(nearest_cell(cells, Size.parse(asked)).real) == got
        assert cells[preferred(Size.parse(asked), [(FormKind.LIST, cell.real) for cell in cells])].real == Size.parse(
            got
        )


@pytest.mark.parametrize(
    ("table", "asked", "got"),
    [
        (["100x100", "200x100"], "3:2", "200x100"),
        (["100x100", "200x100"], "4:3", "100x100"),
        (["200x100", "100x200"], "1:1", "200x100"),
        (["100x100", "200x200"], "1:1", "200x200"),
        (["100x200", "200x100"], "1:9", "100x200"),
    ],
)
def test_the_nearest_shape_ignores_the_scale(table: list[str], asked: str, got: str) -> None:
    for cells in (reals(*table), reals(*table[::-1])):
        assert str(nearest_shape(cells, AspectRatio.parse(asked)).real) == got


def test_cells_of_the_same_pixels_are_told_apart_by_what_they_say() -> None:
    square, size = AspectRatio.parse("1:1"), Size(10, 10)
    tiers = [TierSpec(label, 100) for label in ("1K", "2K")]
    in_order = [
        made("10x10", sends={"a": 2}),
        made("10x10", sends={"b": 1}),
        made("10x10", tier=tiers[0]),
        made("10x10", tier=tiers[1]),
        made("10x10", ratio=square),
        made("10x10", ratio=square, ratio_label="square"),
        made("10x10", inferred=True),
    ]
    for first in range(len(in_order)):
        left = in_order[first:]
        assert nearest_cell(left[::-1], size) is left[0]
        assert nearest_cell([*left[::-1], made("90x10")], Size(11, 11)) is left[0]
    assert nearest_shape(in_order[::-1], square) is in_order[4]
    assert nearest_shape([*in_order[:4][::-1], made("90x10")], square) is in_order[0]


def test_a_label_that_says_the_ratio_wins() -> None:
    labelled = made("130x100", ratio=AspectRatio.parse("4:3"))
    assert nearest_shape([made("400x300"), labelled], AspectRatio.parse("8:6")) is labelled
    assert nearest_shape([made("400x300"), labelled], AspectRatio.parse("1:1")) is labelled


def test_the_nearest_tier_is_so_by_the_logarithm() -> None:
    tiers = [TierSpec("1K", 100), TierSpec("2K", 400), TierSpec("4K", 1600)]
    assert [nearest_tier(tiers, area).label for area in (1, 199, 200, 201, 799, 800, 9999)] == (
        ["1K", "1K", "2K", "2K", "2K", "4K", "4K"]
    )
    twins = [TierSpec("b", 100), TierSpec("a", 100)]
    assert nearest_tier(twins, 100).label == "a"


def test_of_forms_as_near_the_freer_then_the_first_wins() -> None:
    size = Size(10, 10)
    kinds = [FormKind.GRID, FormKind.LIST, FormKind.FREE]
    assert preferred(size, [(kind, size) for kind in kinds]) == 2
    assert preferred(size, [(kind, size) for kind in kinds[:2]]) == 1
    assert preferred(size, [(FormKind.GRID, size), (FormKind.GRID, size)]) == 0
    assert preferred(size, [(FormKind.FREE, Size(12, 10)), (FormKind.GRID, size)]) == 1


@pytest.mark.parametrize(
    ("choose", "words"),
    [
        (lambda: nearest_cell([], Size(1, 1)), "there is no size to choose from; the form's table is empty"),
        (lambda: preferred(Size(1, 1), []), "there is no size to choose from; the form's table is empty"),
        (
            lambda: nearest_shape([], AspectRatio.parse("1:1")),
            "there is no cell to choose from; the form's table is empty",
        ),
        (lambda: nearest_tier([], 1), "there is no tier to choose from; the form has none"),
    ],
)
def test_nothing_to_choose_from_is_an_error(choose: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        choose()
