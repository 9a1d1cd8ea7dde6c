"""The exchanges against the twins: they get through whatever fault is armed, and never order twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

from pentaprism.api import Catalog
from pentaprism.errors import Failure, ProviderError
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.media import read_header
from pentaprism.twins import Twins
from pentaprism.twins.picture import draw
from pentaprism.types import HttpCall, Media, Size
from twin_clients import FAL_EDIT, Driver, fetch, ordered, picture, submissions

both = pytest.mark.parametrize("name", ["fal", "replicate"])


@both
def test_an_exchange_gets_its_pictures(name: str, catalog: Catalog, twins: Twins) -> None:
    driver = Driver(twins, name)
    count = {"fal": "num_images", "replicate": "num_outputs"}[name]
    call = ordered(twins, name, {"prompt": "a cat", "seed": 11, count: 2})
    result = driver.run(exchange(call, catalog.providers[name]))
    assert [output.seed for output in result.outputs] == [11, None]
    assert all(read_header(fetch(str(output.url)).content) for output in result.outputs)
    assert driver.events[0].request_id == result.request_id
    assert len(submissions(twins, name)) == 1
    assert [charge["request_id"] for charge in twins.charges(name)] == [result.request_id]


@both
def test_an_exchange_sends_an_image(name: str, catalog: Catalog, twins: Twins) -> None:
    media = Media(content=picture(160, 96), media_type="image/png", encode=("url", "data_uri", "upload"))
    field = {"fal": "image_url", "replicate": "image"}[name]
    call = ordered(twins, name, {"prompt": "x", field: media})
    if name == "fal":
        call = HttpCall(method="POST", url=f"{twins.bases['fal']}/{FAL_EDIT}", json=call.json)
    [output] = Driver(twins, name).run(exchange(call, catalog.providers[name])).outputs
    header = read_header(fetch(str(output.url)).content)
    assert (header.width, header.height) == (160, 96)


@both
@pytest.mark.parametrize("fault", ["poll-500", "slow", "wrong-size", "truncated"])
def test_faults_an_exchange_gets_through(name: str, fault: str, catalog: Catalog, twins: Twins) -> None:
    call = ordered(twins, name, {"prompt": "x", "seed": 1}, x_twin_fault=fault, prefer="respond-async")
    [output] = Driver(twins, name).run(exchange(call, catalog.providers[name])).outputs
    content = fetch(str(output.url)).content
    kind, width = {"fal": ("jpeg", 1024), "replicate": ("webp", 1024)}[name]
    height = {"fal": 768, "replicate": 1024}[name]
    quality = {"fal": 85, "replicate": 80}[name]
    size = Size(768 if fault == "wrong-size" else width, height)
    whole = draw("x", 1, 0, size, kind, quality)
    assert content == (whole[: len(whole) // 2] if fault == "truncated" else whole)
    assert len(submissions(twins, name)) == 1
    assert twins.bill(name) == Decimal("0.025")


@both
@pytest.mark.parametrize(
    ("fault", "failure", "code"),
    [
        ("429", Failure.REJECTED, "RATE_LIMITED"),
        ("moderation", Failure.REFUSED, "CONTENT_POLICY_VIOLATION"),
        ("failed", Failure.REJECTED, "UPSTREAM_ERROR"),
        ("500-before", None, None),
        ("500-after", None, None),
    ],
)
def test_faults_an_exchange_reports(
    name: str, fault: str, failure: Failure | None, code: str | None, catalog: Catalog, twins: Twins
) -> None:
    provider = catalog.providers[name]
    twins.fail_next(name, fault)
    with pytest.raises(ProviderError) as caught:
        Driver(twins, name).run(exchange(ordered(twins, name, {"prompt": "x"}), provider))
    # A 5xx tells fal's callers that nothing is billed, and Replicate's nothing at all.
    free = provider.bills.get("server_error") is False
    expected = failure or (Failure.REJECTED if free else Failure.AMBIGUOUS)
    assert (caught.value.failure, caught.value.code) == (expected, code or caught.value.code)
    assert twins.bill(name) == (Decimal("0.025") if fault == "500-after" and not free else 0)
    assert (caught.value.retry_after == 1.0) == (fault == "429")


@both
def test_what_is_rejected_was_never_billed(name: str, catalog: Catalog, twins: Twins) -> None:
    for body in ({}, {"prompt": "x", "nonsense": 1}):
        with pytest.raises(ProviderError) as caught:
            Driver(twins, name).run(exchange(ordered(twins, name, body), catalog.providers[name]))
        assert (caught.value.failure, caught.value.code) == (Failure.REJECTED, "INVALID_REQUEST")
    assert twins.bill(name) == 0


@both
def test_a_crash_after_acceptance_is_resumed_for_one_price(name: str, catalog: Catalog, twins: Twins) -> None:
    provider = catalog.providers[name]
    call = ordered(twins, name, {"prompt": "x"}, prefer="respond-async")
    first = Driver(twins, name)
    first.stop_after = "accepted"
    with pytest.raises(InterruptedError):
        first.run(exchange(call, provider))
    [accepted] = first.events
    assert accepted.request_id
    result = Driver(twins, name).run(resume(call.url, accepted.request_id, provider, detail=accepted.detail))
    assert (len(result.outputs), len(submissions(twins, name))) == (1, 1)
    assert twins.bill(name) == Decimal("0.025")


@both
def test_a_cancel_call_cancels(name: str, catalog: Catalog, twins: Twins) -> None:
    provider = catalog.providers[name]
    call = ordered(twins, name, {"prompt": "x"}, prefer="respond-async")
    driver = Driver(twins, name)
    driver.stop_after = "accepted"
    with pytest.raises(InterruptedError):
        driver.run(exchange(call, provider))
    request_id = str(driver.events[0].request_id)
    stop = cancel(call.url, request_id, provider, detail=driver.events[0].detail)
    assert stop is not None
    assert httpx.request(stop.method, stop.url, headers=driver.headers).is_success
    with pytest.raises(ProviderError, match="cancel") as caught:
        Driver(twins, name).run(resume(call.url, request_id, provider))
    billed = provider.bills.get("canceled") is True
    assert caught.value.failure is (Failure.ACCEPTED if billed else Failure.REJECTED)
    assert twins.bill(name) == (Decimal("0.025") if billed else 0)


@both
def test_a_stopped_provider_is_gone_and_its_bill_stays(name: str, catalog: Catalog, twins: Twins) -> None:
    provider = catalog.providers[name]
    call = ordered(twins, name, {"prompt": "x"})
    Driver(twins, name).run(exchange(call, provider))
    twins.stop(name)
    with pytest.raises(ProviderError) as caught:
        Driver(twins, name).run(exchange(call, provider))
    assert caught.value.failure is Failure.NOT_SENT
    assert twins.bill(name) == Decimal("0.025")
    other = {"fal": "replicate", "replicate": "fal"}[name]
    assert httpx.get(f"{twins.bases[other]}/_twin/bill").status_code == 200


def test_a_provider_that_goes_away_cuts_its_connections(catalog: Catalog) -> None:
    with Twins(catalog, ["replicate"], latency=60.0) as twins, ThreadPoolExecutor(1) as pool:
        call = ordered(twins, "replicate", {"prompt": "x"}, prefer="wait")
        headers = {"authorization": f"Bearer {twins.key}", "prefer": "wait"}
        pending = pool.submit(httpx.post, call.url, json=call.json, headers=headers)
        pause = threading.Event()
        for _ in range(1000):
            if twins.charges("replicate"):
                break
            pause.wait(0.005)
        twins.stop("replicate")
        with pytest.raises(httpx.TransportError):
            pending.result(10)
        assert twins.bill("replicate") == Decimal("0.025")
