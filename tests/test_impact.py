"""Recorded requests replayed with two catalogs: which fare otherwise, in which way, at what cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from catalog_strategies import made_of
from pentaprism import Catalog
from pentaprism.impact import Aspect, Impact, Replayed, RequestLine, Total, read_requests, replay, report
from pentaprism.types import Cost
from test_catalog_diff import BASE, HERE, edited

ON = date(2026, 11, 21)
LANTERN: dict[str, Any] = {"model": "lantern", "prompt": "a harbour"}
RAISED = {"models/lantern/endpoints/0/prices/+": {"from": "2026-03-01", "usd": "0.05", "per": "image", "source": "x"}}


def impact_of(bodies: list[dict[str, Any]], put: dict[str, Any], cut: list[str] | None = None, on: date = ON) -> Impact:
    """What changes at these places do to requests for the small catalog."""
    lines = [RequestLine(number, body) for number, body in enumerate(bodies, 1)]
    before, after = (Catalog(made_of(data)) for data in (BASE, edited(BASE, put, cut or [])))
    return replay(before, after, lines, on=on)


def only(impact: Impact) -> Replayed:
    """The one request that fares otherwise."""
    (one,) = impact.changed
    return one


# Reading --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"model": "x"', "this is not readable as JSON: Expecting ',' delimiter at column 14"),
        (b"not json", "this is not readable as JSON: Expecting value at column 1"),
        (b'{"n": NaN}', "this is not readable as JSON: NaN is not a JSON number"),
        (b'{"n": Infinity}', "this is not readable as JSON: Infinity is not a JSON number"),
        (b"1" * 5000, "this is not readable as JSON: Exceeds the limit"),
        (b"[" * 100_000, "this is not readable as JSON: it is nested too deep"),
        (b'{"prompt": "\xff"}', "this is not UTF-8 (byte 12)"),
        (b'["model"]', "a request is an object with `model` and `prompt`, not a list"),
        (b'"model"', "a request is an object with `model` and `prompt`, not text"),
        (b"true", "a request is an object with `model` and `prompt`, not true or false"),
        (b"null", "a request is an object with `model` and `prompt`, not null"),
        (b"3", "a request is an object with `model` and `prompt`, not a number"),
    ],
)
def test_a_line_that_holds_no_request_says_why(line: bytes, told: str) -> None:
    (one,) = read_requests([line])
    assert (one.number, one.body) == (1, None)
    assert one.fault is not None
    assert one.fault.startswith(told)


def test_every_line_is_accounted_for() -> None:
    batch = b'{"url": "/v1/images/edits", "body": {"model": "b"}}'
    lines = [b'\xef\xbb\xbf{"model": "a"}\r\n', b"\n", b"   \n", b"{\n", batch]
    read = list(read_requests(lines))
    assert [one.number for one in read] == [1, 2, 3, 4, 5]
    assert [one.body for one in read] == [{"model": "a"}, None, None, None, {"model": "b"}]
    assert [one.fault is None for one in read] == [True, True, True, False, True]


# What fares otherwise -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("put", "cut", "request_", "aspects", "endpoints"),
    [
        ({"models/lantern/summary": "x"}, [], {}, [], None),
        (
            RAISED,
            [],
            {"size": "1024x1024"},
            ["moved", "cost", "result", "adjustments", "fallbacks"],
            ("acme/lantern", "acme/lantern-edit"),
        ),
        (RAISED, [], {"model": "acme/lantern"}, ["cost"], None),
        (
            {"models/lantern/endpoints/0/constants": {"seed": 7}},
            [],
            {"provider": {"only": ["acme/lantern"]}},
            ["body"],
            ("acme/lantern", "acme/lantern"),
        ),
        (
            {"size_tables/shapes/sizes/16:9": "1344x768"},
            [],
            {"size": "16:9", "provider": {"only": ["acme/lantern"]}},
            ["result", "adjustments"],
            ("acme/lantern", "acme/lantern"),
        ),
        (
            {"models/lantern/endpoints/1/status": "disabled"},
            [],
            {},
            ["fallbacks"],
            ("acme/lantern", "acme/lantern"),
        ),
        ({"models/lantern/status": "disabled"}, [], {}, ["refused"], ("acme/lantern", None)),
        (
            {"models/lantern/endpoints/1/rules/image/max": 1},
            [],
            {"image": ["https://x.example/a.png", "https://x.example/b.png"]},
            ["refused"],
            ("acme/lantern-edit", None),
        ),
        (
            {"contracts/acme|lantern/properties/guidance/maximum": 10},
            [],
            {"cfg_scale": 15},
            ["moved", "cost", "result", "adjustments", "fallbacks"],
            ("acme/lantern", "acme/lantern-edit"),
        ),
    ],
)  # fmt: skip
def test_a_request_fares_otherwise_in_these_ways(
    put: dict[str, Any],
    cut: list[str],
    request_: dict[str, Any],
    aspects: list[str],
    endpoints: tuple[str | None, str | None] | None,
) -> None:
    impact = impact_of([{**LANTERN, **request_}], put, cut)
    assert [aspect.value for one in impact.changed for aspect in one.aspects] == aspects
    assert bool(impact) == bool(aspects)
    if endpoints is not None:
        one = only(impact)
        assert (one.before.endpoint, one.after.endpoint) == endpoints


def test_a_request_that_nobody_served_may_be_served_at_last() -> None:
    asked = {**LANTERN, "model": "lampion"}
    one = only(impact_of([asked], {"models/lantern/aliases": ["lampion"]}))
    assert (one.aspects, one.model, one.line) == ((Aspect.SERVED,), "lampion", 1)
    assert one.before.fault is not None
    assert one.before.reason.startswith("There is no model 'lampion'.")
    assert (one.before.endpoint, one.after.endpoint, one.after.reason) == (None, "acme/lantern", "")


def test_refusals_that_appear_are_told_with_their_reason() -> None:
    put = {"contracts/acme|lantern/properties/guidance/maximum": 10}
    one = only(impact_of([{**LANTERN, "cfg_scale": 15}], put))
    assert list(one.before.refusals) == []
    assert one.after.refusals["acme/lantern"].startswith("cfg_scale must be 0 to 10")
    assert one.after.fallbacks == ()


def test_requests_that_neither_serves_are_listed_with_the_reason() -> None:
    asked = [
        {**LANTERN, "n": 99},
        {**LANTERN, "provider": {"max_price": "0.0001"}},
        {"model": "x"},
    ]
    impact = impact_of(asked, {"models/lantern/summary": "x"})
    assert [one.number for one in impact.unserved] == [1, 2, 3]
    assert impact.unserved[0].fault == "n must be 1 to 10, not 99."
    assert "acme/lantern: it costs $0.02" in str(impact.unserved[1].fault)
    assert not impact


def test_another_reason_for_a_refusal_is_told() -> None:
    asked = {**LANTERN, "provider": {"max_price": "0.0001"}}
    one = only(impact_of([asked], RAISED))
    assert one.aspects == (Aspect.REASON,)
    assert (one.before.endpoint, one.after.endpoint) == (None, None)


# What it costs --------------------------------------------------------------------------------------------------------

ELSEWHERE = {"provider": {"only": ["acme/lantern"]}}


def test_costs_are_added_up_over_what_both_serve() -> None:
    impact = impact_of([{**LANTERN, **ELSEWHERE, "n": count} for count in (1, 2, 3)], RAISED)
    assert impact.before == Total(requests=3, low=Decimal("0.12"), high=Decimal("0.12"))
    assert impact.after == Total(requests=3, low=Decimal("0.30"), high=Decimal("0.30"))
    assert (impact.unpriced, impact.alone) == (0, (Total(), Total()))
    assert impact.traffic == {"acme/lantern": (3, 3)}


def test_the_day_decides_which_prices_count() -> None:
    asked = [{**LANTERN, **ELSEWHERE}]
    assert not impact_of(asked, RAISED, on=date(2026, 2, 28))
    assert impact_of(asked, RAISED, on=date(2026, 2, 28)).later == (date(2026, 3, 1),)
    assert impact_of(asked, RAISED, on=date(2026, 3, 1)).later == ()
    assert impact_of(asked, RAISED, on=date(2026, 3, 1)).count(Aspect.COST) == 1


def test_what_one_alone_serves_is_added_up_apart() -> None:
    put = {"models/lantern/status": "retired", "models/candle/aliases": ["taper"]}
    impact = impact_of([LANTERN, {**LANTERN, "n": 2}, {**LANTERN, "model": "taper"}], put)
    gone, new = impact.alone
    assert (gone.requests, gone.high, gone.unknown) == (2, Decimal("0.06"), 0)
    assert (new.requests, new.high, new.unknown) == (1, Decimal(0), 1)
    assert impact.before == impact.after == Total()
    assert impact.traffic == {"acme/candle": (0, 1), "acme/lantern": (2, 0)}


def test_a_cost_that_is_not_known_is_in_no_total() -> None:
    candle = {**LANTERN, "model": "candle"}
    price = {"from": "2026-01-02", "usd": "1", "per": "image", "source": "x"}
    impact = impact_of([candle, LANTERN], {"models/candle/endpoints/0/prices/+": price})
    assert (impact.unpriced, impact.before, impact.before == impact.after) == (1, impact.after, True)
    assert impact.before.requests == 1
    assert only(impact).aspects == (Aspect.COST,)


def test_a_total_of_intervals_is_one() -> None:
    total = Total().plus(Cost(low=Decimal(1), high=Decimal(3))).plus(Cost(low=Decimal(2), high=Decimal(2)))
    assert (total.low, total.high, total.requests) == (Decimal(3), Decimal(5), 2)
    assert Total().plus(Cost(low=Decimal(1))).unknown == Total().plus(Cost(high=Decimal(1))).unknown == 1


def test_progress_is_told_line_by_line() -> None:
    told: list[int] = []
    catalog = Catalog(made_of(BASE))
    lines = read_requests([b"", b"{", json.dumps(LANTERN).encode()])
    impact = replay(catalog, catalog, lines, on=ON, report=told.append)
    assert told == [1, 2, 3]
    assert (impact.requests, impact.empty, [one.number for one in impact.faults]) == (1, 1, [2])


# Reports --------------------------------------------------------------------------------------------------------------

MANY: list[dict[str, Any]] = [
    *({**LANTERN, **ELSEWHERE, "seed": seed} for seed in range(8)),
    {**LANTERN, "size": "1024x1024"},
    {**LANTERN, "size": "16:9", "cfg_scale": 15, "n": 2},
    {**LANTERN, "model": "lamp", "prompt": "|<b>|"},
    {**LANTERN, "model": "candle"},
    {**LANTERN, "n": 99},
    {**LANTERN, "provider": {"only": ["acme/lantern-edit"]}, "size": "1024x1024"},
]
CHANGES: dict[str, Any] = {
    **RAISED,
    "models/lantern/endpoints/0/prices/++": {"from": "2027-01-01", "usd": "9", "per": "image", "source": "x"},
    "contracts/acme|lantern/properties/guidance/maximum": 10,
    "models/lantern/aliases": [],
    "models/lantern/endpoints/1/constants": {"mode": "coarse"},
}


@pytest.mark.parametrize(("write", "name"), [(report.as_text, "impact.txt"), (report.as_markdown, "impact.md")])
def test_a_report_reads_as_kept(write: Callable[[Impact], str], name: str) -> None:
    lines = [json.dumps(body).encode() for body in MANY] + [b"", b"{]"]
    before, after = (Catalog(made_of(data)) for data in (BASE, edited(BASE, CHANGES, [])))
    assert write(replay(before, after, read_requests(lines), on=ON)) == (HERE / name).read_text(encoding="utf-8")


def test_no_impact_is_said_in_so_many_words() -> None:
    impact = impact_of([LANTERN], {})
    assert report.as_text(impact).splitlines() == [
        "1 request replayed at the prices of 2026-11-21",
        "  all as before",
        "  cost of the 1 request both serve: $0.02 -> $0.02",
    ]
    assert report.as_markdown(impact).splitlines()[2] == "- all as before"


def test_a_file_without_a_request_is_not_taken_for_no_impact() -> None:
    catalog = Catalog(made_of(BASE))
    impact = replay(catalog, catalog, read_requests([b"", b"{]"]), on=ON)
    assert report.as_text(impact).splitlines()[:2] == [
        "0 requests replayed at the prices of 2026-11-21",
        "  the file holds no request",
    ]


def test_the_data_holds_every_request_that_fares_otherwise() -> None:
    impact = impact_of(MANY, CHANGES)
    data = json.loads(json.dumps(impact.to_dict()))
    assert data["priced_on"] == "2026-11-21"
    assert data["later_prices"] == ["2027-01-01"]
    assert data["requests"] == len(MANY)
    assert data["unchanged"] + len(data["changed"]) == len(MANY)
    assert data["aspects"]["cost"] == impact.count(Aspect.COST) > 0
    assert [one["line"] for one in data["unserved_lines"]] == [13]
    first = data["changed"][0]
    assert (first["line"], first["model"], first["aspects"]) == (1, "lantern", ["cost"])
    assert (first["before"]["compiled"]["cost"]["low"], first["after"]["compiled"]["cost"]["low"]) == ("0.02", "0.05")
    assert data["cost"]["before"]["usd_high"] == f"{impact.before.high:f}"
    assert data["traffic"]["acme/lantern"] == {"before": 11, "after": 8}
