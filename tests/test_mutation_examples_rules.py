"""Examples of checks, crossings, counts and bodies that small changes of compiling do not survive (`make mutation`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pentaprism.compile.bodies import build_call, fields_of
from pentaprism.compile.checks import build_check
from pentaprism.compile.converters import UNREADABLE, Crossing, build_crossing
from pentaprism.compile.counts import CountPlan, build_counts
from pentaprism.compile.draft import Draft, put, take
from pentaprism.types import (
    Behaviour,
    Contract,
    Outcome,
    Provenance,
    Rule,
    Submission,
)
from pictures import opened

WHOLE = "must be a whole number"
BETWEEN = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 2}
DOES_NOT_FIT: list[tuple[dict[str, Any], Any, str]] = [
    ({"type": "integer", "minimum": 1, "maximum": 4}, 0, "must be 1 to 4, not 0"),
    ({"type": "integer", "minimum": 1, "maximum": 4}, 5, "must be 1 to 4, not 5"),
    ({"type": "integer"}, 1.0, "must be a whole number, not 1.0"),
    ({"type": "number"}, float("inf"), "must be a number, not inf"),
    ({"exclusiveMinimum": 0}, 0, "must be above 0, not 0"),
    ({"exclusiveMaximum": 2}, 2, "must be below 2, not 2"),
    (BETWEEN, 0, "must be above 0 and below 2, not 0"),
    (BETWEEN, 2, "must be above 0 and below 2, not 2"),
    ({"minimum": 1}, 0, "must be at least 1, not 0"),
    ({"maximum": 4}, 5, "must be at most 4, not 5"),
    ({"type": "string"}, 7, "must be a string, not 7"),
    ({"type": "boolean"}, "yes", "must be true or false, not 'yes'"),
    ({"type": "boolean"}, 1, "must be true or false, not 1"),
    ({"type": "string", "minLength": 2}, "x", "must have at least 2 characters, not 1"),
    ({"type": "string", "maxLength": 2}, "xxx", "must have at most 2 characters, not 3"),
    ({"multipleOf": 16}, 24, "must be a multiple of 16, not 24"),
    ({"const": "png"}, "gif", "must be one of png, not 'gif'"),
    ({"type": "string"}, list(range(30)), f"must be a string, not [{', '.join(map(str, range(17)))}..."),
    (
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "x",
        "must be a whole number, not 'x' or must be null, not 'x'",
    ),
    ({"anyOf": [{"type": "integer"}, {"type": "integer"}]}, "x", f"{WHOLE}, not 'x'"),
    ({"type": ["integer", "string"]}, None, "must be a whole number or a string, not None"),
    ({"required": ["width", "height"]}, {}, "must have width and height"),
    ({"items": {"properties": {"x": {"type": "null"}}}}, [{}, {"x": 1}], "[1].x must be null, not 1"),
]
FITS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "integer", "minimum": 1, "maximum": 4}, 1),
    ({"type": "integer", "minimum": 1, "maximum": 4}, 4),
    ({"type": "number"}, 1),
    (BETWEEN, 1.5),
    ({"type": "string", "minLength": 2, "maxLength": 2}, "xx"),
    ({"type": "string", "minLength": 0}, ""),
    ({"maxLength": 2}, 777),
    ({"pattern": "a"}, 7),
    ({"multipleOf": 16}, 32),
    ({"items": {"type": "null"}, "minItems": 1, "maxItems": 1}, (None,)),
    ({"type": "object", "properties": {"x": {"type": "null"}}}, {"y": 1}),
    ({"title": "x", "enum": ["a"]}, "a"),
]


@pytest.mark.parametrize(("schema", "value", "reason"), DOES_NOT_FIT)
def test_a_check_says_what_is_wrong(schema: dict[str, Any], value: Any, reason: str) -> None:
    assert build_check(schema)(value) == reason


@pytest.mark.parametrize(("schema", "value"), FITS)
def test_a_check_passes_what_is_on_the_edge(schema: dict[str, Any], value: Any) -> None:
    assert build_check(schema)(value) is None


def test_a_value_as_long_as_is_shown_is_shown_whole() -> None:
    check = build_check({"type": "integer"})
    assert check("x" * 58) == f"must be a whole number, not '{'x' * 58}'"
    assert check("x" * 59) == f"must be a whole number, not '{'x' * 56}..."


# -- one parameter across ----------------------------------------------------------------------------------------


def crossing(verb: str, schema: Mapping[str, Any], **options: Any) -> Crossing:
    """A rule for `guidance` at a contract whose field `g` has this schema."""
    contract = Contract({"properties": {"g": schema}}, Provenance("a test", "2026-11-21", "page"))
    return build_crossing(Rule("guidance", Behaviour.CONVERTED, verb, "g", options), contract)


def apply(made: Crossing, value: Any, **written: str) -> Draft:
    draft = Draft("fal/x", written)
    made.apply(draft, value)
    return draft


def test_a_value_without_a_counterpart_is_refused_with_those_that_have_one() -> None:
    made = crossing("convert", {"type": "string"}, convert="values", values={"low": "l", "high": "h"})
    assert apply(made, "high").fields == {"g": "h"}
    (refusal,) = apply(made, "medium").refusals
    assert refusal.code == "not-allowed"
    assert refusal.message == "fal/x takes low, high here, not 'medium'."
    assert (made.read("l"), made.read("m")) == ("low", UNREADABLE)


@pytest.mark.parametrize(
    ("asked", "sent", "why"),
    [
        (0.5, 1, "the provider takes 1 to 20; 1 is the nearest to what you asked"),
        (21, 20, "the provider takes 1 to 20; 20 is the nearest to what you asked"),
    ],
)
def test_a_clamped_value_is_told_with_the_range(asked: float, sent: float, why: str) -> None:
    draft = apply(crossing("rename", {"type": "number", "minimum": 1, "maximum": 20}, clamp=True), asked)
    told = draft.adjustments["guidance"]
    assert (told.asked, dict(told.sent), told.why) == (asked, {"g": sent}, why)
    assert (told.behaviour, told.outcome) == (Behaviour.CONVERTED, Outcome.APPROXIMATED)
    assert draft.fields == {"g": sent}


@pytest.mark.parametrize("wire", [True, "x", None])
def test_what_is_no_number_has_no_nearest_one(wire: Any) -> None:
    assert crossing("rename", {"type": "number", "minimum": 2, "maximum": 20}).clamped(wire) is None


def test_only_a_bound_that_fits_is_a_nearest_value() -> None:
    assert crossing("rename", {"minimum": 2}).clamped(1) == 2
    assert crossing("rename", {"maximum": 2}).clamped(3) == 2
    assert crossing("rename", {"minimum": 2, "multipleOf": 3}).clamped(1) is None
    assert crossing("rename", {}).clamped(1) is None
    assert apply(crossing("rename", {"minimum": 2, "multipleOf": 3}, clamp=True), 1).refusals


def test_a_value_out_of_range_is_refused_under_the_name_that_was_written() -> None:
    made = crossing("rename", {"type": "number", "minimum": 1, "maximum": 20})
    (refusal,) = apply(made, 21, guidance="cfg").refusals
    assert (refusal.code, refusal.param, refusal.message) == (
        "out-of-range",
        "cfg",
        "cfg must be 1 to 20 here, not 21.",
    )
    (refusal,) = apply(crossing("rename", {"type": "string", "pattern": "^a"}), "b").refusals
    assert (refusal.code, refusal.param) == ("not-allowed", "guidance")
    assert apply(crossing("rename", {"enum": [1, 2]}), 3).refusals[0].code == "not-allowed"
    assert apply(made, "x").refusals[0].code == "not-allowed"


def test_a_scale_is_linear_both_ways() -> None:
    made = crossing("convert", {"type": "number"}, convert="scale", **{"from": [1, 3], "into": [10, 20]})
    assert [made.write(value) for value in (1, 2, 3)] == [10, 15, 20]
    assert [made.read(value) for value in (10, 15, 20)] == [1, 2, 3]
    whole = crossing("convert", {"type": "integer"}, convert="scale", whole=True, **{"from": [0, 10], "into": [0, 5]})
    assert [whole.write(value) for value in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert isinstance(whole.write(1), int)
    assert (whole.write(10**400), whole.write(-(10**400))) == (math.inf, -math.inf)


def test_an_inversion_counts_from_the_other_end() -> None:
    made = crossing("convert", {"type": "number"}, convert="invert")
    assert (made.write(0.25), made.read(0.25)) == (0.75, 0.75)
    made = crossing("convert", {"type": "number"}, convert="invert", range=[1, 5])
    assert (made.write(2), made.read(2)) == (4, 4)


def test_pictures_cross_one_or_many_with_the_ways_they_may_be_sent() -> None:
    one, two = opened(["8x8", "9x9"])
    made = crossing("convert", {}, convert="image")
    assert made.write((one, two)) == made.write(one) == replace(one, encode=("url", "data_uri"))
    assert made.read(one) == (one,)
    made = crossing("convert", {}, convert="image", shape="list", encode=["base64"])
    assert [media.encode for media in made.write((one, two))] == [("base64",)] * 2
    assert made.read([one, two]) == made.read((one, two)) == (one, two)


# -- counts and seeds ---------------------------------------------------------------------------------------------


def batch(most: int, field: str | None = "num", **seed: Any) -> CountPlan:
    """An endpoint that makes up to so many pictures a call, with a seed of this range."""
    made = build_crossing(
        Rule("seed", Behaviour.PASSTHROUGH, "passthrough"),
        Contract({"properties": {"seed": {"type": "integer", **seed}}}, Provenance("a test", "2026-11-21", "page")),
    )
    return CountPlan(Rule("n", Behaviour.EMULATED, "emulate", field), field, most, made)


def counted(plan: CountPlan, n: int, seed: int | None = None) -> tuple[list[int], list[int | None], Draft]:
    draft = Draft("fal/x", {})
    draft.fields.update({} if seed is None else {"seed": seed})
    counts, seeds = plan.apply(draft, {"n": n} if seed is None else {"n": n, "seed": seed})
    return counts, list(seeds), draft


def test_a_seed_for_each_call_starts_where_the_last_call_ended() -> None:
    assert counted(batch(4), 10, 7)[:2] == ([4, 4, 2], [7, 11, 15])
    assert counted(batch(4), 10)[:2] == ([4, 4, 2], [None, None, None])
    assert counted(batch(4), 4, 7)[:2] == ([4], [7])


def test_only_a_seed_that_was_asked_for_and_is_sent_counts_on() -> None:
    assert batch(1).seeds({"seed": 5}, {}, [1, 1]) == (None, None)
    assert batch(1).seeds({}, {"seed": 5}, [1, 1]) == (None, None)
    assert batch(1).seeds({"seed": 5}, {"seed": 5}, [1, 1]) == (5, 6)


def test_seeds_beyond_the_last_begin_again_at_the_first() -> None:
    assert counted(batch(1, minimum=5, maximum=9), 4, 8)[1] == [8, 9, 5, 6]
    assert counted(batch(1, maximum=2), 7, 1)[1] == [1, 2, 0, 1, 2, 0, 1]
    assert counted(batch(1), 3, 2**31 - 2)[1] == [2**31 - 2, 2**31 - 1, 0]
    assert counted(batch(1), 2, 2**40)[1] == [2**40, 0]


@pytest.mark.parametrize(
    ("plan", "n", "why"),
    [
        (batch(4), 3, "sent as num"),
        (batch(1, None), 1, "one picture is what a call makes"),
        (batch(4), 7, "the provider makes at most 4 pictures a call, so 2 calls run side by side (4 and 3)"),
        (batch(2), 7, "the provider makes at most 2 pictures a call, so 4 calls run side by side (2, 2, 2 and 1)"),
        (batch(2), 9, "the provider makes at most 2 pictures a call, so 5 calls run side by side (2, 2, ... and 1)"),
        (batch(1, None), 2, "the provider makes one picture a call, so 2 calls run side by side"),
    ],
)
def test_a_count_is_told_in_words(plan: CountPlan, n: int, why: str) -> None:
    counts, _, draft = counted(plan, n)
    told = draft.adjustments["n"]
    assert told.why == why
    assert told.outcome is (Outcome.HONORED if len(counts) == 1 else Outcome.EMULATED)
    assert dict(told.sent) == draft.fields == ({} if plan.field is None else {plan.field: counts[0]})


def test_a_call_after_the_first_has_its_own_count_and_seed() -> None:
    plan = batch(4)
    assert plan.leaves(2, 9, {"num": 4, "seed": 5}) == {"num": 2, "seed": 9}
    assert plan.leaves(2, None, {"seed": 5}) == {}


@pytest.mark.parametrize(
    ("schema", "options", "most"),
    [
        ({"maximum": 4}, {}, 4),
        ({"maximum": 4}, {"native": {"max": 2}}, 2),
        ({}, {}, 1),
        ({"maximum": 0}, {}, 1),
    ],
)
def test_a_batch_is_as_large_as_a_source_says(schema: dict[str, Any], options: dict[str, Any], most: int) -> None:
    contract = Contract({"properties": {"num": schema}}, Provenance("a test", "2026-11-21", "page"))
    assert build_counts(Rule("n", Behaviour.EMULATED, "emulate", "num", options), None, contract).most == most
    assert build_counts(Rule("n", Behaviour.EMULATED, "emulate"), None, contract).most == 1


# -- what is sent -------------------------------------------------------------------------------------------------


def test_every_dropped_parameter_counts() -> None:
    draft = Draft("fal/x", {})
    for name in ("style", "user", "moderation"):
        draft.adjust(name, "x", {}, Behaviour.UNSUPPORTED, Outcome.DROPPED, "not here")
    draft.adjust("seed", 1, {}, Behaviour.PASSTHROUGH, Outcome.HONORED, "sent as it is")
    assert draft.dropped == 3


@pytest.mark.parametrize("path", ["a]", "a[x]", "a[1", "a[", "a[]x"])
def test_only_whole_brackets_are_an_index(path: str) -> None:
    body: dict[str, Any] = {}
    put(body, f"top.{path}", 1)
    assert body == {"top": {path: 1}}
    assert take(body, f"top.{path}") == 1


def test_a_list_is_read_by_its_places() -> None:
    body: dict[str, Any] = {"a": [{"b": 1, "c": [1, 2]}, {"b": 2}]}
    assert [take(body, path) for path in ("a[0].b", "a[1].b", "a[2].b", "a[].b", "a[].x", "x[].b", "a.b")] == (
        [1, 2, None, [1, 2], None, None, None]
    )
    assert take(body, "a[0].c") == take(body, "a[0].c[]") == [1, 2]
    assert take({"a": ({"b": 1},)}, "a[0].b") == 1


FORM = Submission(method="POST", url="https://example.com", body="multipart")


def form_contract(**fields: Any) -> Contract:
    return Contract({"properties": fields}, Provenance("a test", "2026-11-21", "page"))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "7"),
        ({"type": ["string", "null"]}, "null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "7"),
        ({}, "7"),
        ({"type": "string"}, "gr\ud800\u00f6\u00dfer"),
        ({"type": "integer"}, 7),
        ({"type": "boolean"}, True),
        ({"type": "object"}, {"a": [1]}),
        ({"type": ["string", "object"]}, {"a": [1]}),
        ({"type": ["string", "array"]}, "[1]"),
        ({"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ({"type": "array", "items": {"type": "string"}}, ["1", "2"]),
        ({"type": "array"}, ["x", "2"]),
    ],
)
def test_what_a_form_holds_is_read_back_as_it_was(schema: dict[str, Any], value: Any) -> None:
    call = build_call(FORM, {"field": value})
    assert call.json is None
    assert fields_of(call, FORM, form_contract(field=schema)) == {"field": value}


def test_a_name_with_brackets_is_a_list_even_of_one() -> None:
    call = build_call(FORM, {"tags[]": ["7"]})
    assert [part.name for part in call.parts or ()] == ["tags[]"]
    assert fields_of(call, FORM, form_contract(tags={"items": {"type": "integer"}})) == {"tags": [7]}
    assert fields_of(call, FORM, form_contract()) == {"tags": ["7"]}
