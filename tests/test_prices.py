"""Prices: what the providers' own examples cost, and the laws of CATALOG section 3.

Laws: a cost is at least 0, a Decimal and never a float; rows that match add up, and pictures add up; more pictures,
pixels or a higher rate never cost less; the later row wins on its day and leaves the days before alone; an interval
holds the cost of every value the unknown field may have; what has no price is unknown; file order decides nothing.
"""

from __future__ import annotations

import decimal
import json
import math
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pentaprism.prices import Usage, cost_of, tariff
from pentaprism.sizes import allowed, fit, nominal, shorten
from pentaprism.types import MEGAPIXEL, AspectRatio, Cost, Form, FormKind, Price, Size

START = date(2026, 7, 28)
LATER = date(2026, 9, 1)
FULL_HD = Size(1920, 1080)
ONE_MP = Size(1024, 1024)


def price(
    usd: str, per: str = "image", *, start: date = START, when: Mapping[str, Any] | None = None, **rest: Any
) -> Price:
    listed = {name: value if isinstance(value, tuple) else (value,) for name, value in (when or {}).items()}
    return Price(start=start, usd=Decimal(usd), per=per, source="a test", when=listed, **rest)


def usage(images: int = 1, size: Size | None = ONE_MP, **fields: Any) -> Usage:
    return Usage(images=images, size=size, fields=fields)


def cost(rows: Price | list[Price], used: Usage, on: date = LATER) -> Cost:
    return cost_of([rows] if isinstance(rows, Price) else rows, used, on)


def interval(result: Cost) -> tuple[str | None, str | None]:
    low, high = (None if bound is None else f"{bound.normalize():f}" for bound in (result.low, result.high))
    return low, high


FLUX_DEV = price("0.025", "megapixel", round="up")
FLUX_2_PRO = [
    price("0.03", "megapixel", round="up", first=Decimal(1)),
    price("0.015", "megapixel", round="up"),
    price("0.015", "input_megapixel", round="up", min=Decimal(1)),
]
BY_QUALITY = [price("0.01", when={"quality": "low"}), price("0.04", when={"quality": "medium"})]
BY_QUALITY += [price("0.17", when={"quality": "high"})]
TOKENS = [
    price("5", "token", of="text_in", unit=1_000_000),
    price("8", "token", of="image_in", unit=1_000_000),
    price("30", "token", of="image_out", unit=1_000_000),
]


def amounts() -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal("0.0001"), Decimal(5), places=4)


def pixel_sizes() -> st.SearchStrategy[Size]:
    side = st.integers(1, 5000)
    return st.builds(Size, side, side)


def size_rows() -> st.SearchStrategy[Price]:
    """Any row that counts pictures or pixels, with or without rounding, a minimum and a `first`."""
    units = st.none() | st.integers(1, 5).map(Decimal)
    return st.builds(
        lambda **given: Price(**given),
        start=st.just(START),
        usd=amounts(),
        per=st.sampled_from(["image", "megapixel", "input_megapixel"]),
        source=st.just("drawn"),
        round=st.sampled_from([None, "up"]),
        each=st.booleans(),
        min=units,
        first=units,
    )


def conditional_rows() -> st.SearchStrategy[list[Price]]:
    """Rows of one metric under up to two fields: tables, surcharges, gaps and overlaps."""
    values = {"quality": ["low", "medium", "high"], "tier": ["1K", "2K"]}
    conditions = st.fixed_dictionaries(
        {},
        optional={
            name: st.lists(st.sampled_from(listed), min_size=1, max_size=2, unique=True).map(tuple)
            for name, listed in values.items()
        },
    )
    row = st.builds(lambda usd, when: price(str(usd), when=when), amounts(), conditions)
    return st.lists(row, min_size=1, max_size=5)


# -- the providers' examples --------------------------------------------------------------------------------------


def test_megapixels_are_rounded_up_for_each_picture() -> None:
    result = cost(FLUX_DEV, usage(2, FULL_HD))
    assert interval(result) == ("0.1", "0.1")
    assert result.text == "$0.10"
    assert result.derivation == "2 images x 2 MP x $0.025"
    assert interval(cost(FLUX_DEV, usage(1, Size(512, 512)))) == ("0.025", "0.025")


@pytest.mark.parametrize(("size", "megapixels"), [("1183x887", 2), ("1182x887", 1), ("1024x1024", 1), ("1025x1024", 2)])
def test_a_megapixel_is_two_to_the_twentieth(size: str, megapixels: int) -> None:
    assert cost(FLUX_DEV, usage(1, Size.parse(size))).high == megapixels * FLUX_DEV.usd


def test_per_image() -> None:
    result = cost(price("0.04"), usage(3, None))
    assert (result.text, result.derivation) == ("$0.12", "3 images x $0.04")
    assert cost(price("0.04"), usage(1)).derivation == "1 image x $0.04"


def test_megapixels_not_rounded_are_exact() -> None:
    """DeepInfra: 0.01 x (width / 1024) x (height / 1024)."""
    result = cost(price("0.01", "megapixel"), usage(3, FULL_HD))
    assert result.low is not None
    assert Fraction(result.low) == Fraction(3 * 1920 * 1080, 2**20 * 100)
    assert result.derivation == "3 images x 1.978 MP x $0.01"


def test_first_megapixel_and_each_further_one() -> None:
    result = cost(FLUX_2_PRO, usage(2, FULL_HD))
    assert interval(result) == ("0.09", "0.09")
    assert result.derivation == "2 images x 1 MP x $0.03 + 2 images x 1 further MP x $0.015"
    assert cost(FLUX_2_PRO, usage(1)).derivation == "1 image x 1 MP x $0.03"


def test_input_megapixels_are_rounded_for_each_input() -> None:
    used = Usage(images=1, size=ONE_MP, fields={}, input_sizes=(Size(512, 512), FULL_HD))
    result = cost(FLUX_2_PRO, used)
    assert interval(result) == ("0.075", "0.075")
    assert result.derivation == "1 image x 1 MP x $0.03 + 3 input MP x $0.015"
    assert [(row.type, row.metric) for row in result.components] == [
        ("output", "megapixel"),
        ("input", "input_megapixel"),
    ]


def test_bands_in_three_steps() -> None:
    rows = [
        price(usd, "megapixel", round="up", first=first)
        for usd, first in (("3", Decimal(1)), ("2", Decimal(3)), ("1", None))
    ]
    totals = [cost(rows, usage(1, Size(1024, 1024 * count))).high for count in range(1, 6)]
    assert totals == [3, 5, 7, 8, 9]


def test_a_surcharge_counts_the_first_unit_too() -> None:
    """`first` divides the units among rows of the same `when` fields; another row counts all of its own."""
    rows = [*FLUX_2_PRO, price("0.01", "megapixel", round="up", when={"web": True})]
    assert interval(cost(rows, usage(1, FULL_HD, web=True))) == ("0.065", "0.065")


def test_first_image_of_a_request() -> None:
    rows = [price("0.04", first=Decimal(1)), price("0.02")]
    assert cost(rows, usage(3)).high == Decimal("0.08")
    assert cost(rows, usage(3)).derivation == "1 image x $0.04 + 2 further images x $0.02"


def test_a_minimum_is_billed_for_each_picture_or_for_all() -> None:
    small = usage(3, Size(512, 512))
    assert cost(price("1", "megapixel", min=Decimal(1)), small).high == 3
    assert cost(price("1", "megapixel", min=Decimal(1), each=False), small).high == 1
    assert cost(price("1", "megapixel", round="up", each=False), small).high == 1
    assert cost(price("1", "megapixel", each=False), small).high == Decimal("0.75")
    assert cost(price("1", "megapixel", round="up", each=False), small).derivation == "1 MP x $1"


def test_tokens() -> None:
    counts = {"text_in": Decimal(100), "image_in": Decimal(0), "image_out": Decimal(4160)}
    result = cost(TOKENS, Usage(images=1, size=None, fields={}, tokens=counts))
    assert interval(result) == ("0.1253", "0.1253")
    assert "4160 image_out tokens x $30 per million" in result.derivation
    assert {(row.type, row.metric) for row in result.components} == {
        ("input", "token_text"),
        ("input", "token_image"),
        ("output", "token_image"),
    }
    any_token = price("2", "token", unit=1000)
    assert cost(any_token, Usage(images=1, size=None, fields={}, tokens=counts)).high == Decimal("8.52")


def test_tokens_that_are_not_known_leave_the_cost_open() -> None:
    assert cost(TOKENS, usage()).text == "unknown"
    rates = "$8 per million image_in tokens, $30 per million image_out tokens, $5 per million text_in tokens"
    assert cost(TOKENS, usage()).derivation == f"the number of tokens is not known ({rates})"
    known = Usage(images=1, size=None, fields={}, tokens={"text_in": Decimal(100)})
    assert interval(cost(TOKENS, known)) == ("0.0005", None)
    assert cost(TOKENS, known).derivation.startswith("at least 100 text_in tokens x $5 per million; ")


def test_seconds() -> None:
    row = price("0.00125", "second")
    result = cost(row, Usage(images=1, size=None, fields={}, seconds=Decimal("8.4")))
    assert (interval(result), result.derivation) == (("0.0105", "0.0105"), "8.4 s x $0.00125")
    assert cost(row, usage()).text == "unknown"
    assert cost(row, usage()).derivation == "the compute time is not known ($0.00125 per s)"


# -- dates --------------------------------------------------------------------------------------------------------


def test_the_latest_row_in_force_wins_and_earlier_days_keep_theirs() -> None:
    rows = [price("0.025"), price("0.02", start=LATER)]
    for order in (rows, rows[::-1]):
        assert cost(order, usage(), LATER - timedelta(days=1)).high == Decimal("0.025")
        assert cost(order, usage(), LATER).high == Decimal("0.02")
        assert cost(order, usage(), LATER + timedelta(days=400)).high == Decimal("0.02")


def test_a_later_row_replaces_only_its_own_series() -> None:
    rows = [*BY_QUALITY, price("0.15", start=LATER, when={"quality": ("high",)}), price("0.001", "input_megapixel")]
    assert cost(rows, usage(quality="high")).high == Decimal("0.15")
    assert cost(rows, usage(quality="high"), START).high == Decimal("0.17")
    assert cost(rows, usage(quality="low")).high == Decimal("0.01")
    pair = [
        price("1", when={"quality": ("low", "medium")}),
        price("2", start=LATER, when={"quality": ("medium", "low")}),
    ]
    assert cost(pair, usage(quality="low")).high == 2
    rounding = [price("1", "megapixel"), price("1", "megapixel", round="up", start=LATER)]
    assert cost(rounding, usage(1, FULL_HD)).high == 2


def test_a_flat_rate_that_a_table_replaces_is_ended_by_zero() -> None:
    rows = [
        price("0.05"),
        price("0", start=LATER),
        *(price(str(row.usd), start=LATER, when=row.when) for row in BY_QUALITY),
    ]
    assert cost(rows, usage(quality="high"), START).high == Decimal("0.05")
    assert interval(cost(rows, usage(quality="high"))) == ("0.17", "0.17")
    assert interval(cost(rows, usage())) == ("0.01", "0.17")


def test_no_price_in_force_is_unknown_and_says_when_there_is_one() -> None:
    result = cost(FLUX_DEV, usage(), date(2026, 1, 1))
    assert (result.low, result.high, result.components) == (None, None, ())
    assert result.derivation == "no price is in force on 2026-01-01 (the first starts 2026-07-28)"
    assert cost([], usage(), date(2026, 1, 1)).derivation == "no price is in force on 2026-01-01 (none is known)"
    assert cost([], usage()).text == "unknown"


def test_a_tariff_is_the_rows_in_force() -> None:
    rows = [price("0.025"), price("0.02", start=LATER), price("1", "second", start=LATER + timedelta(days=1))]
    assert [row.usd for row in tariff(rows, LATER).prices] == [Decimal("0.02")]


# -- conditions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"quality": "low"}, ("0.01", "0.01")),
        ({"quality": "high"}, ("0.17", "0.17")),
        ({"quality": "auto"}, ("0.01", "0.17")),
        ({"quality": None}, ("0.01", "0.17")),
        ({}, ("0.01", "0.17")),
        ({"quality": "ultra"}, (None, None)),
    ],
)
def test_a_rate_table(fields: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    assert interval(cost(BY_QUALITY, usage(**fields))) == expected


def test_an_interval_says_what_it_depends_on() -> None:
    assert cost(BY_QUALITY, usage(2)).derivation == "2 images x $0.01 to 2 images x $0.17, as quality is not known"
    assert cost(BY_QUALITY, usage(quality="auto")).derivation.endswith("as quality is auto")
    assert cost(BY_QUALITY, usage(quality="ultra")).derivation == "no price is listed for quality = ultra"
    assert cost(BY_QUALITY, usage()).text == "$0.01 to $0.17"


def test_the_components_are_the_dearest_case_and_their_lows_the_cheapest() -> None:
    (component,) = cost(BY_QUALITY, usage(2)).components
    assert (component.unit_price, component.total, component.low) == (Decimal("0.17"), Decimal("0.34"), Decimal("0.02"))
    assert component.to_dict()["total_cost"] == 340_000


def test_a_price_for_auto_itself_is_no_interval() -> None:
    rows = [*BY_QUALITY, price("0.05", when={"quality": "auto"})]
    assert interval(cost(rows, usage(quality="auto"))) == ("0.05", "0.05")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tier": "4K", "web": True}, ("0.315", "0.315")),
        ({"tier": "1K", "web": False}, ("0.15", "0.15")),
        ({"tier": "1K"}, ("0.15", "0.165")),
        ({"web": False}, ("0.15", "0.3")),
        ({}, ("0.15", "0.315")),
    ],
)
def test_rows_that_match_add_up_and_a_surcharge_may_not_apply(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    rows = [price("0.15"), price("0.15", when={"tier": "4K"}), price("0.015", when={"web": True})]
    assert interval(cost(rows, usage(**fields))) == expected


def test_a_surcharge_alone_is_never_taken_for_the_price() -> None:
    """Unknown whether it applies: there may be no price at all, so there is no lower bound."""
    row = price("0.03", when={"quality": "high"})
    assert interval(cost(row, usage())) == (None, "0.03")
    assert cost(row, usage()).derivation == "up to 1 image x $0.03, as quality is not known"
    assert interval(cost(row, usage(quality="low"))) == (None, None)
    assert cost(row, usage(quality="low")).derivation == "no price is listed for quality = low"


def test_a_table_over_two_fields() -> None:
    rows = [
        price(usd, when={"quality": quality, "image_size": size})
        for usd, quality, size in [
            ("0.009", "low", "1024x1024"),
            ("0.013", "low", ("1024x1536", "1536x1024")),
            ("0.133", "high", "1024x1024"),
            ("0.2", "high", ("1024x1536", "1536x1024")),
        ]
    ]
    assert interval(cost(rows, usage(quality="low", image_size="1536x1024"))) == ("0.013", "0.013")
    assert interval(cost(rows, usage(quality="low"))) == ("0.009", "0.013")
    assert interval(cost(rows, usage(image_size="1024x1024"))) == ("0.009", "0.133")
    assert interval(cost(rows, usage())) == ("0.009", "0.2")
    assert interval(cost(rows, usage(quality="low", image_size="512x512"))) == (None, None)


def test_a_table_of_unlike_depth() -> None:
    rows = [price("0.03", when={"quality": "standard"})]
    rows += [price(usd, when={"quality": "hd", "tier": tier}) for usd, tier in (("0.05", "1K"), ("0.06", "2K"))]
    assert interval(cost(rows, usage(quality="standard"))) == ("0.03", "0.03")
    assert interval(cost(rows, usage(quality="hd"))) == ("0.05", "0.06")
    assert interval(cost(rows, usage())) == ("0.03", "0.06")


def test_a_table_without_the_value_is_unknown_even_beside_another_price() -> None:
    rows = [*BY_QUALITY, price("0.01", "input_megapixel")]
    used = Usage(images=1, size=ONE_MP, fields={"quality": "ultra"}, input_sizes=(ONE_MP,))
    assert interval(cost(rows, used)) == ("0.01", None)
    assert cost(rows, used).derivation == "at least 1 input MP x $0.01; no price is listed for quality = ultra"


def test_true_is_not_one_and_one_is_not_the_text_one() -> None:
    row = price("1", when={"flag": True})
    assert cost(row, usage(flag=True)).high == 1
    assert cost(row, usage(flag=1)).high is None
    count = price("1", when={"count": 1})
    assert cost(count, usage(count=1.0)).high == 1
    assert cost(count, usage(count="1")).high is None
    assert cost(count, usage(count=True)).high is None


@given(conditional_rows(), st.sampled_from(["low", "medium", "high", None]), st.sampled_from(["1K", "2K", None]))
def test_an_interval_holds_the_cost_of_every_value(rows: list[Price], quality: str | None, tier: str | None) -> None:
    known: dict[str, Any] = {name: value for name, value in (("quality", quality), ("tier", tier)) if value is not None}
    result = cost(rows, usage(**known))
    for one in ("low", "medium", "high") if quality is None else (quality,):
        for other in ("1K", "2K") if tier is None else (tier,):
            exact = cost(rows, usage(quality=one, tier=other))
            matching = [
                row
                for row in rows
                if one in row.when.get("quality", (one,)) and other in row.when.get("tier", (other,))
            ]
            assert exact.high == (sum(row.usd for row in matching) if matching else None)
            if exact.high is not None:
                assert result.high is not None
                assert (result.low or 0) <= exact.high <= result.high


# -- sizes that are not known -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected", "derivation"),
    [
        (
            FLUX_DEV,
            ("0.05", None),
            "at least 2 images x 1 MP x $0.025; the output size is not known ($0.025 per MP)",
        ),
        (
            price("0.025", "megapixel", min=Decimal(2)),
            ("0.1", None),
            "at least 2 images x 2 MP x $0.025; the output size is not known ($0.025 per MP)",
        ),
        (price("0.025", "megapixel"), (None, None), "the output size is not known ($0.025 per MP)"),
    ],
)
def test_an_unknown_size_has_a_lower_bound_only_where_a_unit_is_sure(
    row: Price, expected: tuple[str | None, str | None], derivation: str
) -> None:
    result = cost(row, usage(2, None))
    assert interval(result) == expected
    assert result.derivation == derivation
    assert result.components == ()


def test_an_unknown_size_under_first_and_further() -> None:
    result = cost(FLUX_2_PRO, usage(2, None))
    assert interval(result) == ("0.06", None)
    assert result.derivation == "at least 2 images x 1 MP x $0.03; the output size is not known ($0.015 per MP)"
    flat = price("0.03", "megapixel", round="up", first=Decimal(1))
    assert interval(cost(flat, usage(2, None))) == ("0.06", "0.06")


def test_an_unknown_input_size() -> None:
    used = Usage(images=1, size=ONE_MP, fields={}, input_sizes=(None, FULL_HD))
    assert interval(cost(FLUX_2_PRO, used)) == ("0.075", None)
    assert "the size of an input image is not known" in cost(FLUX_2_PRO, used).derivation


@given(size_rows(), st.integers(1, 4), pixel_sizes())
def test_a_known_size_never_costs_less_than_an_unknown_one_says(row: Price, images: int, size: Size) -> None:
    open_cost = cost(row, Usage(images=images, size=None, fields={}, input_sizes=(None,) * images))
    exact = cost(row, Usage(images=images, size=size, fields={}, input_sizes=(size,) * images))
    assert exact.high is not None
    assert open_cost.low is None or 0 < open_cost.low <= exact.high
    assert open_cost.high is None or open_cost.high == exact.high


# -- laws ---------------------------------------------------------------------------------------------------------


def reference_units(row: Price, pixels: list[int]) -> Fraction:
    """The units a row bills, in fractions and straight from the format's text."""

    def billed(amount: Fraction) -> Fraction:
        units = Fraction(math.ceil(amount)) if row.round == "up" else amount
        units = units if row.min is None else max(units, Fraction(row.min))
        return units if row.first is None else min(units, Fraction(row.first))

    amounts = [Fraction(count, 2**20) for count in pixels]
    return sum(map(billed, amounts), Fraction()) if row.each else billed(sum(amounts, Fraction()))


@given(size_rows(), st.integers(1, 12), pixel_sizes(), st.lists(pixel_sizes(), min_size=1, max_size=4))
def test_a_row_bills_what_the_format_says(row: Price, images: int, size: Size, inputs: list[Size]) -> None:
    result = cost(row, Usage(images=images, size=size, fields={}, input_sizes=tuple(inputs)))
    if row.per == "image":
        units = Fraction(images) if row.min is None else max(Fraction(images), Fraction(row.min))
        units = units if row.first is None else min(units, Fraction(row.first))
    else:
        units = reference_units(
            row, [size.pixels] * images if row.per == "megapixel" else [one.pixels for one in inputs]
        )
    assert result.exact
    assert result.high is not None
    assert Fraction(result.high) == Fraction(row.usd) * units
    assert [Fraction(component.billable) for component in result.components] == [units]


@given(st.lists(size_rows(), max_size=4), st.integers(0, 12), pixel_sizes() | st.none(), st.permutations(range(4)))
def test_a_cost_is_a_decimal_never_below_zero_and_the_sum_of_its_components(
    rows: list[Price], images: int, size: Size | None, order: list[int]
) -> None:
    used = Usage(images=images, size=size, fields={}, input_sizes=(ONE_MP,))
    result = cost(rows, used)
    for bound in (result.low, result.high):
        assert bound is None or (type(bound) is Decimal and bound.is_finite() and bound >= 0)
    for component in result.components:
        parts = (component.quantity, component.billable, component.unit_price, component.total, component.low)
        assert all(type(part) is Decimal for part in parts)
    if result.high is not None:
        assert sum(component.total for component in result.components) == result.high
        assert sum(component.low for component in result.components) == (result.low or 0)
        assert (result.low or 0) <= result.high
    assert (result.low is None and result.high is None) or rows
    assert cost([rows[index] for index in order if index < len(rows)], used) == result
    assert json.loads(json.dumps(result.to_dict()))["derivation"] == result.derivation


@given(size_rows(), st.integers(1, 6), st.integers(1, 6), pixel_sizes())
def test_pictures_add_up(row: Price, some: int, more: int, size: Size) -> None:
    """Where pictures are billed one by one: not with a minimum or a `first` over all of them."""
    row = row._replace(per="megapixel", each=True)
    parts = [cost(row, usage(images, size)).high or 0 for images in (some, more)]
    assert cost(row, usage(some + more, size)).high == sum(parts)


@given(size_rows(), st.integers(1, 6), pixel_sizes(), st.integers(0, 500), st.integers(0, 500), st.integers(0, 3))
def test_more_never_costs_less(row: Price, images: int, size: Size, wider: int, higher: int, extra: int) -> None:
    larger = Size(size.width + wider, size.height + higher)
    less = cost(row, Usage(images=images, size=size, fields={}, input_sizes=(size,)))
    more = cost(row, Usage(images=images + extra, size=larger, fields={}, input_sizes=(larger,) * (1 + extra)))
    assert less.high is not None
    assert more.high is not None
    assert less.high <= more.high


@given(st.lists(amounts(), min_size=2, max_size=4, unique=True), st.data())
def test_a_row_appended_later_leaves_the_days_before_alone(rates: list[Decimal], data: st.DataObject) -> None:
    rows = [price(str(usd), start=START + timedelta(days=10 * index)) for index, usd in enumerate(rates)]
    shuffled = data.draw(st.permutations(rows))
    for day in range(-1, 10 * len(rates) + 1):
        on = START + timedelta(days=day)
        expected = rates[min(day // 10, len(rates) - 1)] if day >= 0 else None
        assert cost(shuffled, usage(), on).high == expected


def test_the_decimal_context_of_the_program_changes_nothing() -> None:
    used = usage(7, Size(1919, 1079))
    row = price("0.0398", "megapixel")
    exact = cost(row, used)
    with decimal.localcontext(decimal.Context(prec=3, rounding=decimal.ROUND_DOWN)):
        narrow = cost(row, used)
        assert decimal.getcontext().prec == 3
    assert narrow == exact
    assert Fraction(exact.high or 0) == Fraction(7 * 1919 * 1079 * 398, 2**20 * 10_000)


@given(
    st.sampled_from(["4:3", "16:9", "9:21", "5:4", "2.39:1", "3:1", "1:3"]),
    st.sampled_from([MEGAPIXEL // 4, MEGAPIXEL, 4 * MEGAPIXEL]),
    st.sampled_from([1, 8, 16, 32, 64]),
    st.integers(1, 8),
)
def test_no_shape_of_a_tier_costs_more_than_its_square(label: str, area: int, step: int, sides: int) -> None:
    """CATALOG section 6: cost(ratio, tier) <= cost(square of that tier), megapixels rounded up, free pixels."""
    form = Form(kind=FormKind.FREE, side=(64 * sides, 8192), step=step)
    square = nominal(1.0, area)
    assume(allowed(square, form))
    ideal = nominal(AspectRatio.parse(label).value, area)
    size = shorten(fit(ideal.width, ideal.height, form), area, form)
    dearest = cost(FLUX_DEV, usage(1, square)).high
    shaped = cost(FLUX_DEV, usage(1, size)).high
    assert dearest is not None
    assert shaped is not None
    assert shaped <= dearest


def test_nothing_made_costs_nothing() -> None:
    assert cost(FLUX_DEV, usage(0)).high == cost(FLUX_DEV, usage(0, None)).high == 0


# -- what is not in the format ------------------------------------------------------------------------------------


def test_what_is_not_in_the_format_is_an_error() -> None:
    with pytest.raises(ValueError, match="no price can be per 'pixel'; it is per image, megapixel"):
        cost(price("1", "pixel"), usage())
    with pytest.raises(ValueError, match="no price can be rounded 'down'"):
        cost(price("1", "megapixel", round="down"), usage())
    with pytest.raises(ValueError, match="-1 images cannot be billed"):
        usage(-1)
