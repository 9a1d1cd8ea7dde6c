"""The value nearest to one a schema does not take: what is found fits, and what is far is not found."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.nearest.values import Repair, among, repairs, takes

STEPS = {"type": "integer", "minimum": 1, "maximum": 50}
SPEED = {"type": "string", "enum": ["none", "regular", "high"]}
SIDES = {"width": {"type": "integer", "minimum": 64}, "height": {"type": "integer", "maximum": 4096}}
SIZE = {"type": "object", "properties": SIDES, "required": ["width", "height"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "value", "after", "why"),
    [
        (STEPS, 60, 50, "its largest"),
        (STEPS, 0, 1, "its smallest"),
        (STEPS, 2.4, 2, "it takes whole numbers"),
        (STEPS, 2.5, 3, "it takes whole numbers"),
        (STEPS, "30", 30, "it takes whole numbers"),
        (STEPS, 1e300, 50, "its largest"),
        ({"type": "number", "minimum": 0.1, "maximum": 1}, 0, 0.1, "its smallest"),
        ({"type": "number", "minimum": 0, "maximum": 1}, 1.5, 1, "its largest"),
        ({"type": ["number", "null"], "maximum": 20.5}, 21, 20.5, "its largest"),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10}, -3, 1, "its smallest"),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10}, 99, 9, "its largest"),
        (
            {"type": "integer", "multipleOf": 16, "minimum": 250, "maximum": 2050},
            1000,
            1008,
            "it counts in steps of 16",
        ),
        ({"type": "integer", "multipleOf": 16, "minimum": 250, "maximum": 2050}, 3, 256, "its smallest"),
        ({"type": "integer", "multipleOf": 16, "minimum": 250, "maximum": 2050}, 4000, 2048, "its largest"),
        ({"type": "integer", "multipleOf": 16, "maximum": 2060}, 2059, 2048, "it counts in steps of 16"),
        ({"type": "integer", "multipleOf": 16, "minimum": 250, "maximum": 2050}, 251, 256, "it counts in steps of 16"),
        (
            {"type": "integer", "multipleOf": 16, "minimum": 250, "maximum": 2050},
            2050,
            2048,
            "it counts in steps of 16",
        ),
        ({"type": "number", "multipleOf": 0.5}, 0.8, 1, "it counts in steps of 0.5"),
        ({"type": "number", "multipleOf": 0.25}, 0.3, 0.25, "it counts in steps of 0.25"),
        ({"type": "integer", "multipleOf": 1.5}, 4, 3, "it counts in steps of 1.5"),
        ({"type": "number", "maximum": 1}, "0.5", 0.5, "it takes numbers"),
        (SPEED, "hihg", "high", "it takes none, regular or high"),
        (SPEED, "HIGH", "high", "it takes none, regular or high"),
        ({"enum": ["1", "0.25"]}, 1, "1", "it takes 1 or 0.25"),
        ({"const": "custom"}, "Custom", "custom", "it takes custom"),
        ({"enum": [5, 10]}, 7, 5, "it takes 5 or 10"),
        ({"enum": [5, 10]}, "10", 10, "it takes 5 or 10"),
        ({"enum": [f"{n}:1" for n in range(1, 11)]}, "12:1", "10:1", "the nearest of the 10 it takes"),
        ({"type": "boolean"}, "True", True, "it takes true or false"),
        ({"type": "string", "maxLength": 3}, "abcd", "abc", "its longest"),
        ({"type": "string"}, 7, "7", "it takes text"),
        ({"anyOf": [SIZE, SPEED]}, "hi", "high", "it takes none, regular or high"),
        ({"anyOf": [{"type": "null"}, STEPS]}, 51, 50, "its largest"),
    ],
)
def test_the_nearest_value_and_why(schema: dict[str, Any], value: Any, after: Any, why: str) -> None:
    assert repairs(schema, value) == [Repair((), after, why)]
    assert type(repairs(schema, value)[0].after) is type(after)
    jsonschema.validate(after, schema)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (SPEED, "ludicrous"),
        (SPEED, None),
        (STEPS, "many"),
        (STEPS, float("nan")),
        (STEPS, [1]),
        (STEPS, True),
        ({"type": "boolean"}, "perhaps"),
        ({"type": "boolean"}, 1),
        # An open end has no nearest number.
        ({"type": "number", "exclusiveMinimum": 0}, -1),
        ({"type": "number", "exclusiveMaximum": 1}, 1),
        ({"type": "string", "pattern": "^a"}, "b"),
        ({"type": "string"}, ["a"]),
        ({"type": "array"}, "a"),
        ({"anyOf": [SPEED, {"type": "boolean"}]}, 40),
        # Nobody knows the height that was meant.
        (SIZE, {"width": 640}),
        (SIZE, {"width": "wide", "height": 480}),
        ({"type": "object"}, {"a": 1}),
    ],
)
def test_what_is_far_is_not_found(schema: dict[str, Any], value: Any) -> None:
    assert repairs(schema, value) == []


def test_an_object_is_mended_part_by_part() -> None:
    assert repairs(SIZE, {"width": 1, "height": 9000, "depth": 3}) == [
        Repair(("width",), 64, "its smallest"),
        Repair(("height",), 4096, "its largest"),
        Repair(("depth",), None, "there is no such field"),
    ]
    nested = {"type": "object", "properties": {"size": SIZE, "speed": SPEED, "seed": {"type": "integer"}}}
    assert repairs(nested, {"size": {"width": 1, "height": 1}, "speed": "ludicrous", "seed": "x"}) == [
        Repair(("size", "width"), 64, "its smallest"),
        Repair(("speed",), None, "it takes none, regular or high"),
        Repair(("seed",), None, "its value does not fit"),
    ]


@pytest.mark.parametrize(
    ("allowed", "value", "nearest"),
    [
        # By what they mean: shapes, sizes in shape and then area, scales.
        (["1:1", "16:9", "9:16", "4:1"], "7:1", "4:1"),
        (["1:1", "16:9", "9:16"], "2:3.4", "9:16"),
        (["1024x1024", "1365x768", "768x1365"], "1920x1080", "1365x768"),
        (["512x512", "1024x1024"], "1000x1000", "1024x1024"),
        (["1K", "2K", "4K"], "3K", "4K"),
        (["1K", "2K", "4K"], "0.5K", "1K"),
        # By their letters.
        (["landscape_16_9", "square_hd"], "landscape_4_3", "landscape_16_9"),
        (["low", "high"], "ultra", None),
        ([], "x", None),
        ([True, False], 2, None),
    ],
)
def test_among_some_values(allowed: list[Any], value: Any, nearest: Any) -> None:
    assert among(allowed, value) == nearest


def test_what_a_schema_takes_is_said_where_it_is_short() -> None:
    assert takes(SPEED) == "it takes none, regular or high"
    assert takes({"const": 1}) == "it takes 1"
    assert takes({"enum": list(range(9))}) == ""
    assert takes(STEPS) == ""


BOUNDS = st.integers(-40, 40) | st.sampled_from([-7.5, 0.25, 19.5])
NUMBERS = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number", ["number", "null"]])},
    optional={
        "minimum": BOUNDS,
        "maximum": BOUNDS.map(lambda bound: bound + 90),
        "exclusiveMinimum": BOUNDS,
        "exclusiveMaximum": BOUNDS.map(lambda bound: bound + 90),
        "multipleOf": st.sampled_from([1, 4, 0.5]),
    },
).filter(lambda schema: not ({"minimum", "exclusiveMinimum"} <= schema.keys()))
ONE_UPPER = NUMBERS.filter(lambda schema: not ({"maximum", "exclusiveMaximum"} <= schema.keys()))


@given(ONE_UPPER, st.integers(-500, 500) | st.floats(-500, 500).map(lambda number: round(number, 3)))
def test_a_number_found_fits_and_no_allowed_step_is_nearer(schema: dict[str, Any], number: float) -> None:
    fits = jsonschema.Draft202012Validator(schema).is_valid
    for one in repairs(schema, number):
        assert fits(one.after)
        nearer = abs(one.after - number) - 1e-9
        assert not any(fits(other) for other in range(-600, 600) if abs(other - number) < nearer)


@given(
    st.lists(st.sampled_from([*range(9), "1:1", "2:1", "low", "high", "2K", "64x64"]), min_size=1),
    st.text() | st.integers(),
)
def test_what_is_found_among_values_is_one_of_them(allowed: list[Any], value: Any) -> None:
    assert among(allowed, value) in [*allowed, None]
    assert among(allowed, allowed[0]) == allowed[0]
