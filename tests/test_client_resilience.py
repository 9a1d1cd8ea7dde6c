"""What a client does about providers that are down: retries out of a budget, breakers, places, one deadline."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fault_proxy import FaultProxy
from pentaprism import AsyncClient, Catalog, Client, Failure, ProviderError
from pentaprism.client import ProviderSettings, Resilience
from pentaprism.client.breaker import BreakerPolicy, Breakers, is_provider_fault
from pentaprism.client.resilience import Slots
from pentaprism.client.retries import RetryBudget, RetryPolicy
from pentaprism.twins import Twins

Settings = dict[str, ProviderSettings]
QUICK = RetryPolicy(rounds=3, base=0.01)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def failure(kind: Failure, status: int | None = None, code: str = "UPSTREAM_ERROR") -> ProviderError:
    return ProviderError("it failed", provider="fal", failure=kind, status=status, code=code)


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (failure(Failure.NOT_SENT), True),
        (failure(Failure.AMBIGUOUS), True),
        (failure(Failure.REJECTED, 503), True),
        (failure(Failure.REJECTED, 429), True),
        (failure(Failure.ACCEPTED, 500), True),
        (failure(Failure.ACCEPTED), False),
        (failure(Failure.REJECTED, 422), False),
        (failure(Failure.REFUSED, 500), False),
        (failure(Failure.NOT_SENT, code="OVERLOADED"), False),
    ],
)
def test_only_the_providers_own_faults_count(error: ProviderError, counts: bool) -> None:
    assert is_provider_fault(error) is counts


def test_a_breaker_opens_lets_one_probe_through_and_closes() -> None:
    clock = Clock()
    breakers = Breakers(BreakerPolicy(faults=2, seconds=30), clock=clock)
    breakers.ended("fal", failure(Failure.REJECTED, 503))
    assert breakers.admits("fal")
    breakers.ended("fal", failure(Failure.NOT_SENT))
    assert (breakers.admits("fal"), breakers.seconds_left("fal"), breakers.admits("bfl")) == (False, 30, True)
    clock.now = 30
    assert (breakers.admits("fal"), breakers.admits("fal")) == (True, False)
    breakers.fault("fal")
    assert (breakers.admits("fal"), breakers.seconds_left("fal")) == (False, 30)
    clock.now = 60
    assert breakers.admits("fal")
    breakers.ended("fal", failure(Failure.REJECTED, 422))
    assert (breakers.admits("fal"), breakers.admits("fal"), breakers.seconds_left("fal")) == (True, True, 0)


def test_a_probe_that_tells_nothing_leaves_room_for_another() -> None:
    clock = Clock()
    breakers = Breakers(BreakerPolicy(faults=1, seconds=30), clock=clock)
    breakers.fault("fal")
    clock.now = 30
    assert breakers.admits("fal")
    breakers.ended("fal", failure(Failure.ACCEPTED))
    assert breakers.admits("fal")
    breakers.gave_up("bfl")
    assert breakers.admits("bfl")


@given(st.lists(st.sampled_from(["fault", "answer", "nothing", "second", "minute"]), max_size=60))
def test_a_breaker_is_open_only_after_faults_in_a_row(events: list[str]) -> None:
    """It never shuts out a provider whose last faults are fewer than the policy's, nor for longer than it says."""
    clock = Clock()
    breakers = Breakers(BreakerPolicy(faults=3, seconds=30), clock=clock)
    in_a_row, last = 0, 0.0
    for event in events:
        clock.now += {"second": 1, "minute": 60}.get(event, 0)
        if event in ("fault", "answer", "nothing") and breakers.admits("fal"):
            if event == "fault":
                in_a_row, last = in_a_row + 1, clock.now
                breakers.fault("fal")
            elif event == "answer":
                in_a_row = 0
                breakers.answered("fal")
            else:
                breakers.gave_up("fal")
        shut = breakers.seconds_left("fal") > 0
        assert shut == (in_a_row >= 3 and clock.now < last + 30)


@given(st.integers(1, 6), st.none() | st.floats(0, 60), st.floats(0, 1))
def test_a_pause_is_what_was_asked_or_drawn_and_never_too_long(again: int, asked: float | None, drawn: float) -> None:
    policy = RetryPolicy(rounds=4, base=0.5, longest=20)
    pause = policy.pause(again, asked, draw=lambda: drawn)
    if again >= 4 or (asked or 0) > 20:
        assert pause is None
    else:
        assert pause == max(asked or 0, drawn * min(20, 0.5 * 2 ** (again - 1)))


def test_the_budget_ends_and_comes_back() -> None:
    budget = RetryBudget(tokens=5)
    assert (budget.take(), budget.take()) == (True, False)
    for _ in range(9):
        budget.give_back()
    assert (budget.take(), budget.take()) == (True, False)


def test_who_finds_no_place_in_time_was_not_sent() -> None:
    async def two() -> None:
        slots = Slots(1)
        loop = asyncio.get_running_loop()
        async with slots.one("fal", loop.time() + 1), slots.one("bfl", loop.time() + 1):
            with pytest.raises(
                ProviderError, match="1 requests are under way at fal, and none ended in time"
            ) as caught:
                async with slots.one("fal", loop.time() + 0.01):
                    raise AssertionError("there was no place")
        assert (caught.value.failure, caught.value.code) == (Failure.NOT_SENT, "OVERLOADED")
        async with slots.one("fal", loop.time() + 1):
            pass

    asyncio.run(two())


def test_a_single_endpoint_is_asked_again_where_nothing_was_started(
    catalog: Catalog, twins: Twins, twin_settings: Settings
) -> None:
    for _ in range(2):
        twins.fail_next("fal", "500-before")
    with Client(catalog, providers=twin_settings, resilience=Resilience(retry=QUICK)) as client:
        response = client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64")
    assert [record.outcome for record in response.attempts] == ["rejected", "rejected", "served"]
    assert response.cost.high == twins.bill("fal")


def test_what_the_caller_did_wrong_is_not_sent_again(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    wrong = {**twin_settings, "fal": ProviderSettings(key="no key", base_url=twin_settings["fal"].base_url)}
    quick = Resilience(retry=QUICK)
    with Client(catalog, providers=wrong, resilience=quick) as client, pytest.raises(ProviderError) as caught:
        client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64")
    assert [record.status for record in caught.value.attempts] == [401]


def test_a_provider_that_fails_again_and_again_is_left_alone(
    catalog: Catalog, twins: Twins, twin_settings: Settings
) -> None:
    policy = Resilience(breaker=BreakerPolicy(faults=2, seconds=60), retry=QUICK)
    with Client(catalog, providers=twin_settings, resilience=policy) as client:
        for _ in range(2):
            twins.fail_next("fal", "500-before")
            client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
        asked = len(twins.requests("fal"))
        third = client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
        assert len(twins.requests("fal")) == asked
        assert [record.outcome for record in third.attempts] == ["skipped", "served"]
        assert third.attempts[0].message == "fal failed several times in a row and is left alone for 60 s more."
        # Where every breaker is open, the one that opened first is asked all the same.
        last = client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64")
    assert last.executed.endpoint == "fal/flux.1-dev"


def test_an_ambiguous_failure_is_sent_again_only_where_that_was_asked_for(
    catalog: Catalog, twins: Twins, twin_settings: Settings
) -> None:
    twins.fail_next("replicate", "500-after")
    opted = Resilience(retry=QUICK, retry_ambiguous=True)
    with Client(catalog, providers=twin_settings, resilience=opted) as client:
        response = client.images.generate(model="replicate/flux.1-dev", prompt="x")
    assert [record.outcome for record in response.attempts] == ["ambiguous", "served"]


def test_so_many_submissions_are_under_way_at_once(catalog: Catalog) -> None:
    """With two places, five calls of one picture never have more than two jobs open at the provider."""
    with Twins(catalog, latency=0.05) as twins:
        settings = {name: ProviderSettings(key=twins.key, base_url=base) for name, base in twins.bases.items()}
        began = time.monotonic()
        with Client(catalog, providers=settings, resilience=Resilience(concurrency=2)) as client:
            response = client.images.generate(model="fal/flux.1-krea-dev", prompt="x", size="64x64", n=9)
        assert len(response.data) == 9
        # Three calls (4, 4 and 1 pictures) in two places take two turns of the twin's latency.
        assert len(response.executed.calls) == 3
        assert time.monotonic() - began >= 0.1


def test_a_caller_that_goes_away_leaves_an_accepted_job_as_accepted(catalog: Catalog) -> None:
    told: list[str] = []

    class Book:
        def submitting(self, attempt: object) -> None:
            told.append("submitting")

        def accepted(self, attempt: object, provider_request_id: str | None, detail: str | None) -> None:
            told.append("accepted")

        def settled(self, attempt: object, cost: object) -> None:
            told.append("settled")

        def failed(self, attempt: object, failure: Failure, message: str) -> None:
            told.append(f"failed {failure}")

    async def leave(settings: Settings) -> None:
        async with AsyncClient(catalog, providers=settings, ledger=Book()) as client:
            task = asyncio.create_task(client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64"))
            while "accepted" not in told:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with Twins(catalog, polls=10_000) as twins:
        asyncio.run(leave({n: ProviderSettings(key=twins.key, base_url=base) for n, base in twins.bases.items()}))
    assert told == ["submitting", "accepted"]


@pytest.mark.parametrize("faults", [["truncated"], ["reset-after", "reset-after"]])
def test_a_paid_picture_is_asked_for_again_where_the_network_fails(
    catalog: Catalog, twins: Twins, faults: list[str]
) -> None:
    with FaultProxy(twins.bases["fal"]) as proxy:
        own = {"fal": ProviderSettings(key=twins.key, base_url=proxy.base)}
        # Two polls and the result go through; what follows is the picture.
        proxy.arm(["none"] * 4 + faults)
        with Client(catalog, providers=own) as client:
            response = client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64")
    files = [entry for entry in twins.requests("fal") if entry["path"].startswith("/files/")]
    assert len(files) == len(faults) + 1
    assert str(response.data[0].receipt.size) == "64x64"
    assert len([entry for entry in twins.requests("fal") if entry["method"] == "POST"]) == 1


def test_a_job_that_can_be_canceled_for_nothing_is_and_nobody_else_is_asked_too_late(
    tmp_path: Path,
) -> None:
    """At the deadline nobody waits any more: what is canceled is free, and the next endpoint is left alone."""
    (tmp_path / "catalog.yaml").write_text("name: Free\nextends: builtin\n")
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "fal.yaml").write_text("bills: {canceled: false}\n")
    free = Catalog.load(tmp_path)
    with Twins(free, polls=10_000) as twins:
        settings = {name: ProviderSettings(key=twins.key, base_url=twins.bases[name]) for name in free.providers}
        with Client(free, providers=settings, timeout=0.15) as client, pytest.raises(ProviderError) as caught:
            client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
        canceled = [entry["path"] for entry in twins.requests("fal") if entry["method"] == "PUT"]
        assert len(canceled) == 1
        assert twins.requests("replicate") == []
    assert [record.outcome for record in caught.value.attempts] == ["rejected"]
    assert "the job was canceled, which fal does not bill" in str(caught.value)
