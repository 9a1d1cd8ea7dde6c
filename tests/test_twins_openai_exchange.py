"""OpenAI's exchange and the client against its twin: what was asked comes back once, and is billed once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from pentaprism.api import Catalog
from pentaprism.client import Client
from pentaprism.client.settings import rebase
from pentaprism.errors import Failure, ProviderError
from pentaprism.exchange import exchange
from pentaprism.exchange.openai import ImageStream
from pentaprism.media import read_header
from pentaprism.prices import Usage, cost_of
from pentaprism.twins import Twins
from pentaprism.types import ExchangeResult, HttpCall, Size
from pictures import opened
from twin_clients import Driver, settings_of

FOLDER = Path(__file__).parent / "format"
ON = date(2026, 11, 21)


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[FOLDER])


@pytest.fixture
def twins(wide: Catalog) -> Iterator[Twins]:
    with Twins(wide, ["openai"]) as running:
        yield running


def compiled(wide: Catalog, twins: Twins, key: str = "openai/gpt-image-2", **body: Any) -> HttpCall:
    """The one call of a request, at the twin."""
    (call,) = wide.compile({"model": "gpt-image-2", "prompt": "a cat", **body}, key, date=ON).calls
    return rebase(call, twins.bases["openai"])


def run(wide: Catalog, twins: Twins, call: HttpCall) -> ExchangeResult:
    driver = Driver(twins, "openai")
    result = driver.run(exchange(call, wide.providers["openai"]))
    assert driver.events == []
    return result


def sizes(result: ExchangeResult) -> list[Size]:
    headers = [read_header(output.content or b"") for output in result.outputs]
    return [Size(header.width, header.height) for header in headers]


def test_a_generation(wide: Catalog, twins: Twins) -> None:
    result = run(wide, twins, compiled(wide, twins, n=3, size="1536x1024", quality="low"))
    assert sizes(result) == [Size(1536, 1024)] * 3
    [charge] = twins.charges("openai")
    assert (charge["request_id"], charge["images"]) == (result.request_id, 3)


def test_an_edit_sends_its_pictures_as_files(wide: Catalog, twins: Twins) -> None:
    image = opened("640x480")
    body = {"image": [image, image], "mask": image, "size": "1024x1024", "output_format": "jpeg"}
    result = run(wide, twins, compiled(wide, twins, "openai/gpt-image-2-edit", **body))
    assert sizes(result) == [Size(1024, 1024)]
    assert result.tokens == {"text_in": 2, "image_in": 600, "text_out": 0, "image_out": 1056}
    [entry] = twins.requests("openai")
    assert (entry["path"], entry["status"], entry["notes"]) == ("/v1/images/edits", 200, [])


@pytest.mark.parametrize("key", ["openai/gpt-image-2", "openai/gpt-image-2-edit"])
def test_the_tokens_told_are_the_tokens_billed(key: str, wide: Catalog, twins: Twins) -> None:
    image = {"image": [opened("640x480")]} if key.endswith("edit") else {}
    result = run(wide, twins, compiled(wide, twins, key, n=2, size="2048x1152", quality="high", **image))
    tokens = {kind: Decimal(count) for kind, count in result.tokens.items()}
    usage = Usage(images=2, size=Size(2048, 1152), fields={}, tokens=tokens)
    cost = cost_of(wide.endpoint(key).prices, usage, ON)
    assert cost.exact
    assert twins.bill("openai") == cost.low


def test_a_stream_is_collected(wide: Catalog, twins: Twins) -> None:
    call = compiled(wide, twins, size="1024x1024")
    result = run(wide, twins, call._replace(json={**call.json, "stream": True, "partial_images": 2}))
    assert sizes(result) == [Size(1024, 1024)]
    assert result.request_id == twins.charges("openai")[0]["request_id"]
    assert result.tokens["image_out"] == 1056


def test_a_stream_is_read_as_it_comes(wide: Catalog, twins: Twins) -> None:
    call = compiled(wide, twins, size="1024x1024")
    stream = ImageStream(wide.providers["openai"])
    body = {**call.json, "stream": True, "partial_images": 2}
    headers = {"authorization": f"Bearer {twins.key}"}
    with httpx.stream("POST", call.url, json=body, headers=headers, verify=False) as reply:
        shown = [partial for piece in reply.iter_raw(1000) for partial in stream.feed(piece)]
    assert [partial.number for partial in shown] == [0, 1]
    assert {read_header(partial.content).width for partial in shown} == {1024}
    assert sizes(stream.finish()) == [Size(1024, 1024)]


@pytest.mark.parametrize(
    ("fault", "failure", "code", "billed"),
    [
        ("429", Failure.REJECTED, "RATE_LIMITED", False),
        ("moderation", Failure.REFUSED, "CONTENT_POLICY_VIOLATION", False),
        ("500-before", Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", False),
        ("500-after", Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", True),
        ("failed", Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", True),
    ],
)
@pytest.mark.parametrize("streaming", [False, True])
def test_faults_an_exchange_reports(
    fault: str, failure: Failure, code: str, billed: bool, streaming: bool, wide: Catalog, twins: Twins
) -> None:
    call = compiled(wide, twins)
    twins.fail_next("openai", fault)
    with pytest.raises(ProviderError) as caught:
        run(wide, twins, call._replace(json={**call.json, "stream": streaming}))
    if streaming and fault == "failed":
        # The events say that it had begun.
        failure, code = Failure.ACCEPTED, "UPSTREAM_ERROR"
    assert (caught.value.failure, caught.value.code) == (failure, code)
    assert (caught.value.retry_after == 1.0) == (fault == "429")
    assert bool(twins.charges("openai")) == billed
    assert len(twins.requests("openai")) == 1


@pytest.mark.parametrize(("body", "words"), [({"colour": 1}, "Unknown parameter: 'colour'."), ({"n": 11}, "<= 10")])
def test_what_is_rejected_was_never_billed(body: dict[str, Any], words: str, wide: Catalog, twins: Twins) -> None:
    call = compiled(wide, twins)
    with pytest.raises(ProviderError) as caught:
        run(wide, twins, call._replace(json={**call.json, **body}))
    assert (caught.value.failure, caught.value.code) == (Failure.REJECTED, "INVALID_REQUEST")
    assert words in str(caught.value)
    assert twins.charges("openai") == []


def test_a_connection_lost_under_way_may_have_ordered(wide: Catalog) -> None:
    with Twins(wide, ["openai"], latency=60.0) as twins, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(run, wide, twins, compiled(wide, twins))
        pause = threading.Event()
        for _ in range(1000):
            if twins.charges("openai"):
                break
            pause.wait(0.005)
        twins.stop("openai")
        with pytest.raises(ProviderError) as caught:
            pending.result(10)
        assert caught.value.failure is Failure.AMBIGUOUS
        assert len(twins.charges("openai")) == 1
        with pytest.raises(ProviderError) as caught:
            run(wide, twins, compiled(wide, twins))
        assert caught.value.failure is Failure.NOT_SENT


def test_the_client_runs_it(wide: Catalog, twins: Twins) -> None:
    with Client(wide, providers=settings_of(twins)) as client:
        made = client.images.generate(model="gpt-image-2", prompt="a cat", n=2, size="1:1", output_format="webp")
        edited = client.images.edit(model="gpt-image-2", prompt="a hat", image=opened("640x480"), size="1024x1536")
    assert [(image.receipt.size, image.receipt.format) for image in made.data] == [(Size(1024, 1024), "webp")] * 2
    assert [image.receipt.size for image in edited.data] == [Size(1024, 1536)]
    assert [entry["status"] for entry in twins.requests("openai")] == [200, 200]
