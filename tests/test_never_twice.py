"""Nobody is billed twice: random schedules of faults between the client and the providers, and the books compared.

The twins keep a bill of their own, so that the ledger is held against what was really made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fault_proxy import FAULTS, FaultProxy
from gateways import wait_until
from pentaprism import Catalog, Client, Failure, ProviderError
from pentaprism.client import ProviderSettings, Resilience
from pentaprism.client.breaker import BreakerPolicy
from pentaprism.client.retries import RetryPolicy
from pentaprism.gateway import SqliteLedger
from pentaprism.twins import FAULTS as TWIN_FAULTS
from pentaprism.twins import Twins
from pentaprism.types import micros

MODELS = ("flux.1-dev", "fal/flux.1-dev", "replicate/flux.1-dev", "bfl/flux.2-flex", "flux.2-flex")
NAMES = ("fal", "replicate", "bfl")
SCHEDULES = 2_000 if os.environ.get("PENTAPRISM_THOROUGH") else 200
# A request that hangs must be given up soon; nothing here waits on a clock otherwise.
TIMEOUT = 0.4
POLICY = Resilience(breaker=BreakerPolicy(faults=1_000), retry=RetryPolicy(rounds=2, base=0.005, longest=0.01))


@dataclass(frozen=True)
class World:
    """Twins, and a proxy in front of each of them."""

    catalog: Catalog
    twins: Twins
    proxies: Mapping[str, FaultProxy]

    def client(self, ledger: SqliteLedger, policy: Resilience = POLICY) -> Client:
        keyed = {name: ProviderSettings(key=self.twins.key, base_url=one.base) for name, one in self.proxies.items()}
        return Client(self.catalog, providers=keyed, ledger=ledger, timeout=TIMEOUT, resilience=policy)

    def settle_down(self) -> None:
        """Wait until no provider works on a request whose client has given up: its job would count for the next."""
        for _ in range(2):
            wait_until(lambda: not any(proxy.asking for proxy in self.proxies.values()))
            time.sleep(0.005)

    def bill(self) -> int:
        """What all providers charge, in micro-dollars."""
        return sum(micros(self.twins.bill(name)) for name in NAMES)

    def made(self) -> int:
        """How many pictures all providers made and charge for."""
        return sum(charge["images"] for name in NAMES for charge in self.twins.charges(name) if not charge["refunded"])


@pytest.fixture(scope="module")
def world(catalog: Catalog) -> Iterator[World]:
    with ExitStack() as stack:
        twins = stack.enter_context(Twins(catalog))
        proxies = {name: stack.enter_context(FaultProxy(twins.bases[name])) for name in NAMES}
        yield World(catalog, twins, proxies)


NETWORK = st.lists(st.sampled_from([*FAULTS, "none", "none"]), max_size=6)
ASKED = st.fixed_dictionaries(
    {"model": st.sampled_from(MODELS), "n": st.integers(1, 6)},
    optional={
        "size": st.sampled_from(["64x64", "512x512"]),
        "output_format": st.sampled_from(["png", "webp"]),
        "seed": st.integers(0, 99),
    },
)
MISHAPS = ("429", "500-before", "500-after", "moderation", "failed", "poll-500", "fewer", "truncated")
TWIN_FAULT = st.sampled_from(MISHAPS)
ORDER = st.tuples(ASKED, st.dictionaries(st.sampled_from(NAMES), NETWORK), st.none() | TWIN_FAULT)


@settings(max_examples=SCHEDULES)
@given(orders=st.lists(ORDER, min_size=1, max_size=3))
def test_the_books_agree_whatever_the_network_does(
    world: World, orders: list[tuple[dict[str, object], dict[str, list[str]], str | None]]
) -> None:
    """What is settled is billed; what is billed is settled or held as unsettled; and no picture is made twice."""
    ledger = SqliteLedger(Path(":memory:"))
    before = world.bill()
    with world.client(ledger) as client:
        for asked, network, fault in orders:
            for name, proxy in world.proxies.items():
                proxy.arm(network.get(name, ()))
            world.twins.disarm()
            if fault is not None:
                for name in NAMES:
                    world.twins.fail_next(name, fault)
            made = world.made()
            try:
                came = len(client.images.generate(prompt="x", **asked).data)
            except ProviderError:
                came = 0
            world.settle_down()
            wanted = asked["n"]
            assert isinstance(wanted, int)
            assert came <= wanted
            # One job for each picture asked, at whichever provider: `fewer` makes what it does not return.
            assert world.made() - made <= wanted
    totals = ledger.totals()
    billed = world.bill() - before
    assert totals.low <= billed <= totals.high + totals.reserved
    # An interval says that fewer pictures came than were asked for.
    assert totals.unsettled or billed == totals.high
    assert totals.low == totals.high or "fewer" in [fault for _, _, fault in orders]
    ledger.close()


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "truncated", "half-open"])
@pytest.mark.parametrize("name", NAMES)
def test_a_submission_that_is_lost_is_not_sent_again(world: World, name: str, fault: str) -> None:
    """Each fault of the network on the submission itself: at most one job, and the books say what may be owed."""
    model = {"fal": "fal/flux.1-dev", "replicate": "replicate/flux.1-dev", "bfl": "bfl/flux.2-flex"}[name]
    ledger = SqliteLedger(Path(":memory:"))
    made, billed = world.made(), world.bill()
    world.twins.disarm()
    for proxy in world.proxies.values():
        proxy.arm([])
    world.proxies[name].arm([fault])
    with world.client(ledger) as client, pytest.raises(ProviderError) as caught:
        client.images.generate(model=model, prompt="x", size="512x512")
    world.settle_down()
    seen = world.made() - made
    assert caught.value.failure is Failure.AMBIGUOUS
    assert seen == (0 if fault == "reset-before" else 1)
    totals = ledger.totals()
    assert (totals.high, totals.unsettled) == (0, 1)
    assert world.bill() - billed <= totals.reserved
    ledger.close()


def test_a_lost_submission_is_sent_again_only_by_whoever_says_so(world: World) -> None:
    opted = Resilience(breaker=POLICY.breaker, retry=POLICY.retry, retry_ambiguous=True)
    ledger = SqliteLedger(Path(":memory:"))
    made = world.made()
    world.twins.disarm()
    world.proxies["fal"].arm(["reset-after"])
    with world.client(ledger, opted) as client:
        response = client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64")
    assert [record.outcome for record in response.attempts] == ["ambiguous", "served"]
    assert world.made() - made == 2
    assert ledger.totals().unsettled == 1
    ledger.close()


def test_every_fault_named_here_is_one_of_the_twins() -> None:
    assert set(MISHAPS) <= set(TWIN_FAULTS)
