"""fal's synchronous host: a layer that moves the endpoints there, run against its twin.

One POST brings the pictures. There is no job to ask about, so what is lost on the way stays unknown.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from pentaprism.api import Catalog
from pentaprism.catalog.validate import validate
from pentaprism.client import Client, ProviderSettings
from pentaprism.client.settings import rebase
from pentaprism.errors import Failure, ProviderError
from pentaprism.exchange import exchange
from pentaprism.media import read_header
from pentaprism.twins import Twins
from pentaprism.types import ExchangeResult, HttpCall, Size
from twin_clients import Driver, fetch

KEY = "fal/flux.1-dev"


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "fal.yaml").write_text('submit: {url: "https://fal.run/{endpoint}"}\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def direct(layer: Path) -> Catalog:
    return Catalog.load(extends=[layer])


@pytest.fixture
def served(direct: Catalog) -> Iterator[Twins]:
    with Twins(direct, ["fal"]) as running:
        yield running


def compiled(direct: Catalog, served: Twins) -> HttpCall:
    body = {"model": "flux.1-dev", "prompt": "a cat", "n": 2, "seed": 3, "size": "512x512"}
    (call,) = direct.compile(body, KEY).calls
    return rebase(call, served.bases["fal-sync"])


def run(direct: Catalog, served: Twins) -> ExchangeResult:
    driver = Driver(served, "fal")
    result = driver.run(exchange(compiled(direct, served), direct.providers["fal"]))
    assert driver.events == []
    return result


def test_the_layer_is_valid(layer: Path) -> None:
    assert validate(extends=[layer]) == []


def test_one_call_brings_the_pictures(direct: Catalog, served: Twins) -> None:
    result = run(direct, served)
    headers = [read_header(fetch(str(output.url)).content) for output in result.outputs]
    assert [Size(header.width, header.height) for header in headers] == [Size(512, 512)] * 2
    [charge] = served.charges("fal")
    assert charge["request_id"] == result.request_id
    posts = [(entry["method"], entry["path"]) for entry in served.requests("fal") if "/files/" not in entry["path"]]
    assert posts == [("POST", "/fal-ai/flux/dev")]


@pytest.mark.parametrize(
    ("fault", "failure", "code"),
    [
        ("429", Failure.REJECTED, "RATE_LIMITED"),
        ("moderation", Failure.REFUSED, "CONTENT_POLICY_VIOLATION"),
        ("failed", Failure.REJECTED, "UPSTREAM_ERROR"),
        ("500-before", Failure.REJECTED, "UPSTREAM_ERROR"),
        ("500-after", Failure.REJECTED, "UPSTREAM_ERROR"),
    ],
)
def test_faults_at_the_synchronous_host(
    fault: str, failure: Failure, code: str, direct: Catalog, served: Twins
) -> None:
    served.fail_next("fal", fault)
    with pytest.raises(ProviderError) as caught:
        run(direct, served)
    assert (caught.value.failure, caught.value.code) == (failure, code)
    # fal bills no failure, so another endpoint may be asked.
    assert served.bill("fal") == 0


def test_a_connection_lost_under_way_may_have_ordered(direct: Catalog) -> None:
    with Twins(direct, ["fal"], latency=60.0) as served, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(run, direct, served)
        pause = threading.Event()
        for _ in range(1000):
            if served.charges("fal"):
                break
            pause.wait(0.005)
        served.stop("fal")
        with pytest.raises(ProviderError) as caught:
            pending.result(10)
        assert (caught.value.failure, caught.value.code) == (Failure.AMBIGUOUS, "OUTCOME_UNKNOWN")
        assert len(served.charges("fal")) == 1
        with pytest.raises(ProviderError) as caught:
            run(direct, served)
        assert caught.value.failure is Failure.NOT_SENT


def test_the_client_runs_it(direct: Catalog, served: Twins) -> None:
    settings = {"fal": ProviderSettings(key=served.key, base_url=served.bases["fal-sync"])}
    with Client(direct, providers=settings) as client:
        made = client.images.generate(model=KEY, prompt="a cat", size="512x512")
    assert made.data[0].receipt.size == Size(512, 512)
    assert served.bill("fal") == Decimal("0.025")
