"""The ledger by itself: what is written stays, counts once, and adds up without a float."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways import gateway_rig
from pentaprism import Catalog
from pentaprism.client import Attempt
from pentaprism.errors import Failure, PentaprismError
from pentaprism.gateway import SqliteLedger
from pentaprism.types import CompiledRequest, Cost, micros

UNBILLED = (Failure.NOT_SENT, Failure.REJECTED)


@pytest.fixture(scope="module")
def compiled(catalog: Catalog) -> CompiledRequest:
    return catalog.compile({"model": "flux.1-dev", "prompt": "a canary"}, "replicate/flux.1-dev")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    opened = SqliteLedger(path)
    yield opened
    opened.close()


def usd(amount: str | Decimal) -> Cost:
    return Cost(low=Decimal(amount), high=Decimal(amount))


def attempt(compiled: CompiledRequest, name: str = "a1", reserved: Cost | None = None) -> Attempt:
    return Attempt(id=name, request_id="req_1", compiled=compiled, call=0, reserved=reserved or usd("0.025"))


def test_an_attempt_from_submission_to_settlement(ledger: SqliteLedger, compiled: CompiledRequest) -> None:
    one = attempt(compiled)
    ledger.received("req_1", model="flux.1-dev", mode="text-to-image", n=1, user=None)
    ledger.submitting(one)
    assert (ledger.totals().unsettled, ledger.totals().reserved) == (1, 25_000)
    ledger.accepted(one, "provider-id", '{"get": "https://..."}')
    assert ledger.totals().unsettled == 1
    ledger.settled(one, usd("0.025"))
    ledger.answered("req_1", code=None, milliseconds=5)
    totals = ledger.totals()
    assert (totals.low, totals.high, totals.unsettled, totals.reserved) == (25_000, 25_000, 0, 0)
    events = ledger.record("req_1")
    assert [event["kind"] for event in events] == ["received", "submitting", "accepted", "settled", "answered"]
    # Enough to ask the provider again after a crash.
    assert events[1]["data"]["url"] == compiled.calls[0].url
    assert (events[2]["provider_request_id"], events[2]["data"]["detail"]) == ("provider-id", '{"get": "https://..."}')


@pytest.mark.parametrize("failure", list(Failure))
def test_only_what_bills_nothing_releases_the_reservation(
    ledger: SqliteLedger, compiled: CompiledRequest, failure: Failure
) -> None:
    one = attempt(compiled)
    ledger.submitting(one)
    ledger.failed(one, failure, "Replicate refused the content: a canary sings")
    assert ledger.totals().unsettled == (0 if failure in UNBILLED else 1)
    assert ledger.record("req_1")[-1]["data"]["message"] == "Replicate refused the content"


def test_a_late_settlement_settles(ledger: SqliteLedger, compiled: CompiledRequest) -> None:
    one = attempt(compiled)
    ledger.submitting(one)
    ledger.failed(one, Failure.ACCEPTED, "It took too long.")
    ledger.settled(one, usd("0.02"))
    assert (ledger.totals().unsettled, ledger.totals().high) == (0, 20_000)


@pytest.mark.parametrize("again", ["submitting", "settled"])
def test_nothing_counts_twice(ledger: SqliteLedger, compiled: CompiledRequest, again: str) -> None:
    one = attempt(compiled)
    ledger.submitting(one)
    ledger.settled(one, usd("0.02"))
    repeat: Any = {"submitting": lambda: ledger.submitting(one), "settled": lambda: ledger.settled(one, usd("0.02"))}
    with pytest.raises(sqlite3.IntegrityError):
        repeat[again]()
    assert ledger.totals().high == 20_000


@pytest.mark.parametrize("statement", ["UPDATE events SET high_micros = 0", "DELETE FROM events"])
def test_what_is_written_stays(ledger: SqliteLedger, compiled: CompiledRequest, path: Path, statement: str) -> None:
    ledger.submitting(attempt(compiled))
    other = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    other.close()
    assert len(ledger.record("req_1")) == 1


def test_no_prompt_is_kept(ledger: SqliteLedger, compiled: CompiledRequest, path: Path) -> None:
    one = attempt(compiled)
    ledger.submitting(one)
    ledger.accepted(one, "id", None)
    ledger.failed(one, Failure.REFUSED, "Replicate refused the content: a canary sings")
    ledger.close()
    assert b"canary" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_unknown_prices_are_counted_and_not_zero(ledger: SqliteLedger, compiled: CompiledRequest) -> None:
    unknown = attempt(compiled, "a1", Cost())
    between = attempt(compiled, "a2", Cost(low=Decimal("0.01"), high=Decimal("0.04")))
    for one in (unknown, between):
        ledger.submitting(one)
        ledger.settled(one, one.reserved)
    totals = ledger.totals()
    assert (totals.low, totals.high, totals.unpriced) == (10_000, 40_000, 1)


def test_a_closed_ledger_is_said_so(ledger: SqliteLedger) -> None:
    ledger.check()
    ledger.close()
    with pytest.raises(PentaprismError, match="does not answer"):
        ledger.check()


@given(
    ends=st.lists(
        st.tuples(st.decimals("0", "1", places=6), st.sampled_from([None, *Failure]), st.booleans()), max_size=12
    )
)
def test_settled_and_unsettled_are_all_there_is(
    compiled: CompiledRequest, ends: list[tuple[Decimal, Failure | None, bool]]
) -> None:
    ledger = SqliteLedger(Path(":memory:"))
    settled = held = 0
    for index, (amount, failure, ended) in enumerate(ends):
        one = attempt(compiled, f"a{index}", usd(amount))
        ledger.submitting(one)
        if not ended or (failure is not None and failure not in UNBILLED):
            held += micros(amount)
        elif failure is None:
            settled += micros(amount)
        if ended and failure is None:
            ledger.settled(one, usd(amount))
        elif ended and failure is not None:
            ledger.failed(one, failure, "It failed.")
    totals = ledger.totals()
    assert (totals.low, totals.high, totals.reserved) == (settled, settled, held)
    ledger.close()


def test_a_request_cut_short_by_a_crash_is_shown_so(
    catalog: Catalog, compiled: CompiledRequest, tmp_path: Path
) -> None:
    before = SqliteLedger(tmp_path / "ledger.sqlite3")
    before.received("req_1", model="flux.1-dev", mode="text-to-image", n=1, user=None)
    one = attempt(compiled)
    before.submitting(one)
    before.accepted(one, "provider-id", None)
    before.close()
    with gateway_rig(catalog, tmp_path) as rig:
        record = rig.http.get("/v1/requests/req_1").json()
    assert (record["status"], record["cost_micros"], record["unsettled_micros"]) == ("interrupted", 0, 25_000)
    assert record["attempts"][0]["outcome"] == "accepted"
    assert record["attempts"][0]["provider_request_id"] == "provider-id"
