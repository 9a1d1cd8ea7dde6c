"""What a drawn endpoint costs: rows of every shape, some of which depend on a field or a tier."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from endpoint_sketch import Dice, chance, pick, some

__all__ = ["draw_prices", "rows"]

_AMOUNTS = ("0.025", "0.04", "0.003", "0.1337", "1")
# Every fact was read before the day the laws ask on.
_DAYS = ("2026-01-01", "2026-07-28", "2026-09-01")


def draw_prices(dice: Dice, conditions: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """An endpoint's `prices:`; `conditions` are the fields (or the tier) they may depend on, with their values."""
    kind = pick(dice, "flat", "table", "further", "unknown", "surcharge")
    if kind == "unknown":
        return []
    if kind == "further":
        return _first_and_further(dice)
    rows = [_draw_row(dice)]
    if chance(dice, 3):
        rows.append(_draw_row(dice))
    if conditions and kind != "flat":
        name = pick(dice, *conditions)
        values = tuple(conditions[name])
        listed = values if kind == "table" else values[:1]
        base = _draw_row(dice)
        when = [{**base, "usd": pick(dice, *_AMOUNTS), "when": {name: value}} for value in listed]
        if len(values) > 1 and chance(dice, 3):
            when = [{**base, "when": {name: some(dice, values)}}]
        rows = [*when, *rows] if kind == "surcharge" else when
    return rows


@st.composite
def rows(draw: DrawFn, start: str) -> dict[str, Any]:
    """A row in force from a day on."""
    return _draw_row(Dice(draw), start)


def _draw_row(dice: Dice, start: str | None = None) -> dict[str, Any]:
    """One row without a condition, in force from a day or from one of the days before all requests."""
    row: dict[str, Any] = {
        "from": start or pick(dice, *_DAYS),
        "usd": pick(dice, *_AMOUNTS),
        "per": pick(dice, "image", "megapixel", "megapixel", "input_megapixel"),
        "source": "made up",
    }
    if row["per"] != "image" and not chance(dice, 3):
        row["round"] = "up"
        if chance(dice, 4):
            row["each"] = False
    if chance(dice, 6):
        row["min"] = pick(dice, "1", "2")
    if chance(dice, 12):
        row = {**row, "per": "token", "of": pick(dice, "text_in", "image_out"), "unit": 1_000_000}
        row.pop("round", None)
        row.pop("each", None)
    return row


def _first_and_further(dice: Dice) -> list[dict[str, Any]]:
    row = {"from": pick(dice, *_DAYS), "per": "megapixel", "round": "up", "source": "made up"}
    first = {**row, "usd": "0.07", "first": pick(dice, "1", "2")}
    inputs = {**row, "usd": "0.03", "per": "input_megapixel"}
    rows = [first, {**row, "usd": "0.03"}]
    return [*rows, inputs] if chance(dice, 2) else rows
