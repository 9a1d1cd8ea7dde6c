"""Examples of prices that small changes of the arithmetic do not survive (`make mutation`)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pentaprism.prices import Usage, cost_of, tariff
from pentaprism.types import Cost, Price, Size

FROM = date(2026, 7, 28)
ON = date(2026, 9, 1)
FULL_HD, SMALL, ONE_MP = Size(1920, 1080), Size(512, 512), Size(1024, 1024)


def price(usd: str, per: str = "image", **more: Any) -> Price:
    when = {name: value if isinstance(value, tuple) else (value,) for name, value in more.pop("when", {}).items()}
    return Price(start=more.pop("start", FROM), usd=Decimal(usd), per=per, source="a test", when=when, **more)


def bill(rows: Price | list[Price], images: int = 1, size: Size | None = ONE_MP, **more: Any) -> Cost:
    used = {name: more.pop(name) for name in ("input_sizes", "tokens", "seconds") if name in more}
    listed = [rows] if isinstance(rows, Price) else rows
    cost = cost_of(listed, Usage(images=images, size=size, fields=more, **used), ON)
    assert tariff(listed, ON).general_cost(Usage(images=images, size=size, fields=more, **used)) == cost
    return cost


def bounds(cost: Cost) -> tuple[str | None, str | None]:
    low, high = (None if bound is None else f"{bound.normalize():f}" for bound in (cost.low, cost.high))
    return low, high


MP = price("0.03", "megapixel", round="up", first=Decimal(1))
FURTHER = price("0.015", "megapixel", round="up")
INPUT = price("0.015", "input_megapixel", round="up", min=Decimal(1))


@pytest.mark.parametrize(
    ("rows", "used", "words"),
    [
        (price("0.04"), {"images": 1}, "1 image x $0.04"),
        (price("0.04"), {"images": 2}, "2 images x $0.04"),
        (price("40", unit=1000), {"images": 2}, "2 images x $40 per 1,000"),
        (price("0.025", "megapixel", round="up"), {"images": 2, "size": FULL_HD}, "2 images x 2 MP x $0.025"),
        (price("3", "second", unit=2), {"seconds": Decimal(5)}, "5 s x $3 per 2"),
        (price("0.025", "megapixel"), {"size": SMALL}, "1 image x 0.25 MP x $0.025"),
        (price("0.025", "megapixel"), {"size": FULL_HD}, "1 image x 1.978 MP x $0.025"),
        (price("1", "megapixel", each=False), {"images": 2, "size": SMALL}, "0.5 MP x $1"),
        ([MP, FURTHER], {"size": FULL_HD}, "1 image x 1 MP x $0.03 + 1 image x 1 further MP x $0.015"),
        ([MP, FURTHER], {"size": SMALL}, "1 image x 1 MP x $0.03"),
        (INPUT, {"input_sizes": (SMALL, FULL_HD)}, "3 input MP x $0.015"),
        (price("0.001", "second"), {"seconds": Decimal("8.5")}, "8.5 s x $0.001"),
        (price("2", "token", unit=1000), {"tokens": {"text_in": Decimal(1500)}}, "1500 tokens x $2 per 1,000"),
        (
            price("5", "token", of="text_in", unit=1_000_000),
            {"tokens": {"text_in": Decimal(100)}},
            "100 text_in tokens x $5 per million",
        ),
    ],
)
def test_a_bill_is_told_as_what_is_multiplied(rows: Any, used: dict[str, Any], words: str) -> None:
    assert bill(rows, **used).derivation == words


@pytest.mark.parametrize(
    ("rows", "used", "expected"),
    [
        ([MP, FURTHER], {"size": None}, ("0.03", None)),
        (price("0.025", "megapixel", round="up"), {"size": None, "images": 2}, ("0.05", None)),
        (price("0.025", "megapixel"), {"size": None}, (None, None)),
        (price("0.025", "megapixel", first=Decimal(1), round="up"), {"size": None}, ("0.025", "0.025")),
        (INPUT, {"input_sizes": (None,)}, ("0.015", None)),
        (INPUT, {"input_sizes": ()}, (None, None)),
        ([price("0.04"), INPUT], {"input_sizes": ()}, ("0.04", "0.04")),
        (price("0.04"), {"images": 0}, ("0", "0")),
        (price("0.025", "megapixel", round="up"), {"images": 0, "size": None}, ("0", "0")),
        (price("1", "megapixel", min=Decimal(2)), {"size": ONE_MP}, ("2", "2")),
        (price("1", "megapixel", min=Decimal(2)), {"size": Size(2048, 2048)}, ("4", "4")),
        (price("1", "megapixel", round="up", each=False), {"images": 3, "size": SMALL}, ("1", "1")),
        (price("1", "megapixel", round="up", unit=2), {"size": Size(1024, 3072)}, ("2", "2")),
        ([price("0.04", first=Decimal(1)), price("0.02")], {"images": 1}, ("0.04", "0.04")),
        ([price("0.04", first=Decimal(1)), price("0.02")], {"images": 3}, ("0.08", "0.08")),
        ([price("0.04", first=Decimal(2)), price("0.02")], {"images": 2}, ("0.08", "0.08")),
        (price("0.001", "second"), {"seconds": Decimal(0)}, ("0", "0")),
        (price("0.001", "second"), {}, (None, None)),
        (price("1", "token"), {"tokens": {"a": Decimal(2), "b": Decimal(3)}}, ("5", "5")),
        (price("1", "token", of="b"), {"tokens": {"a": Decimal(2), "b": Decimal(3)}}, ("3", "3")),
        (price("1", "token", of="c"), {"tokens": {"a": Decimal(2)}}, (None, None)),
    ],
)
def test_a_row_bills_its_units(rows: Any, used: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    assert bounds(bill(rows, **used)) == expected


TABLE = [price(usd, when={"quality": quality}) for usd, quality in (("0.01", "low"), ("0.04", "high"))]
SURCHARGE = price("0.005", when={"web": True})


@pytest.mark.parametrize(
    ("rows", "used", "expected", "words"),
    [
        (TABLE, {"quality": "low"}, ("0.01", "0.01"), "1 image x $0.01"),
        (TABLE, {}, ("0.01", "0.04"), "1 image x $0.01 to 1 image x $0.04, as quality is not known"),
        (TABLE, {"quality": "auto"}, ("0.01", "0.04"), "1 image x $0.01 to 1 image x $0.04, as quality is auto"),
        ([TABLE[0], price("0.01", when={"quality": "high"})], {}, ("0.01", "0.01"), "1 image x $0.01"),
        (
            [price("1", "megapixel", round="up", when={"quality": one}) for one in ("low", "high")],
            {"size": None},
            ("1", None),
            "at least 1 image x 1 MP x $1; the output size is not known ($1 per MP)",
        ),
        (
            [price(usd, "megapixel", round="up", when={"quality": one}) for usd, one in (("1", "low"), ("2", "high"))],
            {"size": None},
            ("1", None),
            "at least 1 image x 1 MP x $1; quality is not known "
            "and the output size is not known ($2 per MP, $1 per MP)",
        ),
        (TABLE, {"quality": "x"}, (None, None), "no price is listed for quality = x"),
        (
            [price("0.1"), SURCHARGE],
            {},
            ("0.1", "0.105"),
            "1 image x $0.1 to 1 image x $0.1 + 1 image x $0.005, as web is not known",
        ),
        ([price("0.1"), SURCHARGE], {"web": False}, ("0.1", "0.1"), "1 image x $0.1"),
        ([SURCHARGE], {}, (None, "0.005"), "up to 1 image x $0.005, as web is not known"),
        ([SURCHARGE], {"web": False}, (None, None), "no price is listed for web = False"),
        (
            [*TABLE, price("0.02", "input_megapixel")],
            {"input_sizes": (None,)},
            ("0.01", None),
            "at least 1 image x $0.01; quality is not known and the size of an input image is not known "
            "($0.02 per input MP)",
        ),
        ([price("1", "second"), price("2", "token")], {}, (None, None), "the compute time is not known ($1 per s)"),
    ],
)
def test_what_is_not_known_makes_an_interval(
    rows: list[Price], used: dict[str, Any], expected: tuple[str | None, str | None], words: str
) -> None:
    cost = bill(rows, **used)
    assert bounds(cost) == expected
    assert words in cost.derivation


def test_the_lines_of_the_dearest_case_add_up() -> None:
    cost = bill([MP, FURTHER, INPUT, *TABLE], 2, FULL_HD, input_sizes=(SMALL,), quality="high")
    assert sum(line.total for line in cost.components) == cost.high == cost.low
    lines = [(line.type, line.metric, line.billable, line.unit_price, line.low) for line in cost.components]
    assert lines == [
        ("output", "image", Decimal(2), Decimal("0.04"), Decimal("0.08")),
        ("output", "megapixel", Decimal(2), Decimal("0.03"), Decimal("0.06")),
        ("output", "megapixel", Decimal(2), Decimal("0.015"), Decimal("0.03")),
        ("input", "input_megapixel", Decimal(1), Decimal("0.015"), Decimal("0.015")),
    ]
    (line,) = bill(TABLE, 3).components
    assert (line.total, line.low) == (Decimal("0.12"), Decimal("0.03"))


def test_a_later_row_ends_the_series_of_the_same_conditions() -> None:
    later = date(2026, 8, 1)
    rows = [
        price("1", when={"q": ("a", 1)}),
        price("2", start=later, when={"q": (1.0, "a")}),
        price("4", when={"q": "b"}),
    ]
    assert [bounds(bill(rows, q=q)) for q in ("a", 1, "b")] == [("2", "2"), ("2", "2"), ("4", "4")]
    rows = [price("1", first=Decimal(1)), price("2"), price("3", start=later)]
    assert bounds(bill(rows, 2)) == ("4", "4")
    rows = [price("5"), price("0", start=later), *TABLE]
    assert bounds(bill(rows, quality="low")) == ("0.01", "0.01")
    assert bounds(bill([price("0")])) == ("0", "0")


def test_rows_of_one_day_and_series_add_up_in_any_order() -> None:
    rows = [price("1", "megapixel", min=Decimal(2)), price("1", "megapixel")]
    assert bounds(bill(rows)) == bounds(bill(rows[::-1])) == ("3", "3")
    assert bill(rows) == bill(rows[::-1])


def test_no_price_in_force_says_from_when() -> None:
    rows = [price("1", start=date(2027, 1, 2)), price("1", start=date(2027, 1, 1))]
    cost = bill(rows)
    assert (bounds(cost), cost.components) == ((None, None), ())
    assert cost.derivation == "no price is in force on 2026-09-01 (the first starts 2027-01-01)"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            price("1", "pixel"),
            "no price can be per 'pixel'; it is per image, megapixel, input_megapixel, token, second",
        ),
        (price("1", round="down"), "no price can be rounded 'down'; it is rounded 'up' or not at all"),
    ],
)
def test_a_price_that_is_not_in_the_format_is_an_error(row: Price, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        tariff([row], ON)


def test_whole_megapixels_are_those_rounded_up() -> None:
    rows = {"up": FURTHER, "exact": price("1", "megapixel"), "image": price("1", round="up"), "input": INPUT}
    assert {name: tariff([row], ON).whole_megapixels for name, row in rows.items()} == {
        "up": True,
        "exact": False,
        "image": False,
        "input": False,
    }


def test_fewer_than_no_images_cannot_be_billed() -> None:
    with pytest.raises(ValueError, match=r"^-1 images cannot be billed; the count must be 0 or more$"):
        Usage(images=-1, size=None, fields={})
