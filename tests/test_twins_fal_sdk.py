"""fal's twin as fal-client sees it: unchanged, over TLS, led here by the environment it reads when it is imported.

Only its uploads need a hand: the hosts they go to are constants of it, which no setting reaches.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from pentaprism.api import Catalog
from pentaprism.media import read_header
from pentaprism.twins import Twins
from pentaprism.twins.picture import draw
from pentaprism.types import Size
from twin_clients import FAL_EDIT, FAL_FLUX, certified, data_uri, picture, submissions

Certified = tuple[tuple[Path, Path], Path]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def twins(catalog: Catalog, certificate: Certified) -> Iterator[Twins]:
    with Twins(catalog, ["fal"], polls=2, tls=certificate[0]) as running:
        yield running


@pytest.fixture
def sdk(twins: Twins, certificate: Certified, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """fal-client, imported anew under an environment that points it at the twin."""
    monkeypatch.setenv("FAL_RUN_HOST", urlsplit(twins.bases["fal-sync"]).netloc)
    monkeypatch.setenv("FAL_QUEUE_RUN_HOST", urlsplit(twins.bases["fal"]).netloc)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    monkeypatch.setenv("FAL_KEY", twins.key)
    for name in [name for name in sys.modules if name.partition(".")[0] == "fal_client"]:
        monkeypatch.delitem(sys.modules, name)
    # It leaves its connections open, those of uploads for good.
    opened: list[httpx.Client] = []
    start = httpx.Client.__init__

    def remembered(client: httpx.Client, *given: Any, **named: Any) -> None:
        opened.append(client)
        start(client, *given, **named)

    monkeypatch.setattr(httpx.Client, "__init__", remembered)
    yield importlib.import_module("fal_client")
    for client in opened:
        client.close()


@pytest.fixture
def storage(sdk: Any, twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one thing that has to be patched: where fal-client uploads to."""
    monkeypatch.setattr(sdk.client, "REST_URL", twins.bases["fal"])
    monkeypatch.setattr(sdk.client, "CDN_URL", twins.bases["fal"])


def fetched(url: str) -> bytes:
    # With the environment's certificates, as the SDK has them.
    return httpx.get(url).raise_for_status().content


# --- success and queue --------------------------------------------------------------------------------------------


def test_run(sdk: Any, twins: Twins) -> None:
    made = sdk.run(FAL_FLUX, arguments={"prompt": "a cat", "seed": 4, "image_size": "square"})
    assert (made["seed"], made["images"][0]["width"]) == (4, 512)
    assert fetched(made["images"][0]["url"]) == draw("a cat", 4, 0, Size(512, 512), "jpeg", 85)
    [entry] = submissions(twins, "fal")
    assert entry["headers"]["user-agent"].startswith("fal-client/")
    assert twins.key not in str(entry)
    assert twins.bill("fal") == Decimal("0.025")


def test_subscribe_tells_of_every_state(sdk: Any, twins: Twins) -> None:
    ids: list[str] = []
    states: list[Any] = []
    made = sdk.subscribe(
        FAL_FLUX,
        arguments={"prompt": "a cat", "num_images": 2},
        with_logs=True,
        interval=0,
        on_enqueue=ids.append,
        on_queue_update=states.append,
    )
    assert len(made["images"]) == 2
    assert [type(state) for state in states] == [sdk.Queued, sdk.InProgress, sdk.Completed]
    assert (states[0].position, states[1].logs[0]["message"]) == (0, "Drawing")
    assert (states[2].error, states[2].metrics) == (None, {"inference_time": 0.0})
    assert [charge["request_id"] for charge in twins.charges("fal")] == ids


def test_submit_status_result(sdk: Any, twins: Twins) -> None:
    handle = sdk.submit(FAL_FLUX, arguments={"prompt": "a cat"})
    assert handle.status_url == f"{twins.bases['fal']}/fal-ai/flux/requests/{handle.request_id}/status"
    # By its id alone, as a program that was restarted asks.
    states = [sdk.status(FAL_FLUX, handle.request_id) for _ in range(3)]
    assert [type(state) for state in states] == [sdk.Queued, sdk.InProgress, sdk.Completed]
    assert sdk.result(FAL_FLUX, handle.request_id) == handle.get()
    assert len(submissions(twins, "fal")) == len(twins.charges("fal")) == 1


def test_the_asynchronous_client(sdk: Any) -> None:
    async def made() -> Any:
        client = sdk.AsyncClient()
        result = await client.subscribe(FAL_FLUX, arguments={"prompt": "a cat"}, interval=0)
        await (await client._client).aclose()
        return result

    assert asyncio.run(made())["images"][0]["width"] == 1024


def test_cancel(sdk: Any, twins: Twins) -> None:
    handle = sdk.submit(FAL_FLUX, arguments={"prompt": "a cat"})
    handle.cancel()
    assert handle.status().error_type == "client_cancelled"
    with pytest.raises(sdk.client.FalClientHTTPError, match="cancelled") as caught:
        handle.get()
    assert caught.value.error_type == "client_cancelled"
    assert twins.bill("fal") == 0
    with pytest.raises(sdk.client.FalClientHTTPError) as caught:
        sdk.cancel(FAL_FLUX, handle.request_id)
    assert (caught.value.status_code, caught.value.response.json()) == (400, {"status": "ALREADY_COMPLETED"})


# --- uploads ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("repository", ["fal_v3", "fal"])
def test_an_upload_becomes_the_input(repository: str, sdk: Any, twins: Twins) -> None:
    url = sdk.upload(picture(333, 222), "image/png", "a.png", repository=repository, fallback_repository=[])
    assert fetched(url) == picture(333, 222)
    made = sdk.subscribe(FAL_EDIT, arguments={"prompt": "x", "image_url": url}, interval=0)
    assert (made["images"][0]["width"], made["images"][0]["height"]) == (333, 222)
    # The twin knew the picture, and so assumed nothing.
    assert all(entry["notes"] == [] for entry in twins.requests("fal"))


@pytest.mark.usefixtures("storage")
def test_files_and_pictures_are_uploaded(sdk: Any, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(50, 60))
    assert fetched(sdk.upload_file(tmp_path / "a.png")) == picture(50, 60)
    header = read_header(fetched(sdk.upload_image(Image.open(io.BytesIO(picture(70, 80))), format="png")))
    assert (header.width, header.height) == (70, 80)


@pytest.mark.usefixtures("storage")
def test_a_large_upload_goes_in_parts(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    content = picture(640, 480)
    monkeypatch.setattr(sdk.client, "MULTIPART_THRESHOLD", 100)
    monkeypatch.setattr(sdk.client, "MULTIPART_CHUNK_SIZE", len(content) // 3)
    url = sdk.upload(content, "image/png", "large.png")
    assert fetched(url) == content
    assert httpx.get(url).headers["content-type"] == "image/png"


@pytest.mark.usefixtures("storage")
def test_an_upload_without_the_key_is_refused(sdk: Any) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        sdk.SyncClient(key="wrong").upload(b"x", "image/png")


# --- wrong requests -----------------------------------------------------------------------------------------------


REJECTS: dict[str, tuple[Any, list[Any], str]] = {
    "missing required": ({}, ["body", "prompt"], "missing"),
    "extra key": ({"prompt": "x", "size": "1x1"}, ["body", "size"], "extra_forbidden"),
    "out of range": ({"prompt": "x", "num_images": 5}, ["body", "num_images"], "less_than_equal"),
    "below range": ({"prompt": "x", "num_images": 0}, ["body", "num_images"], "greater_than_equal"),
    "not of the list": ({"prompt": "x", "output_format": "webp"}, ["body", "output_format"], "literal_error"),
    "wrong type": ({"prompt": 7}, ["body", "prompt"], "string_type"),
    "half a size": ({"prompt": "x", "image_size": {"width": 7}}, ["body", "image_size", "height"], "missing"),
    "no object": (["prompt"], ["body"], "model_attributes_type"),
    "no picture": (
        {"prompt": "x", "image_url": data_uri(b"not a picture")},
        ["body", "image"],
        "image_load_error",
    ),
}


@pytest.mark.parametrize("case", REJECTS)
@pytest.mark.parametrize("way", ["run", "subscribe"])
def test_rejects(way: str, case: str, sdk: Any, twins: Twins) -> None:
    arguments, place, kind = REJECTS[case]
    endpoint = FAL_EDIT if case == "no picture" else FAL_FLUX
    with pytest.raises(sdk.client.FalClientHTTPError) as caught:
        sdk.run(endpoint, arguments) if way == "run" else sdk.subscribe(endpoint, arguments, interval=0)
    assert caught.value.status_code == 422
    details: Any = caught.value.message
    assert [(one["loc"], one["type"]) for one in details] == [(place, kind)]
    assert all(one["msg"] and one["url"].endswith(kind) for one in details)
    assert caught.value.response_headers["x-fal-retryable"] == "false"
    assert twins.charges("fal") == []


def early(sdk: Any, twins: Twins) -> Any:
    """The result before it is ready, which the SDK itself never asks for."""
    handle = sdk.submit(FAL_FLUX, {"prompt": "x"})
    return sdk.client._request(handle.client, "GET", handle.response_url)


def cut_off(sdk: Any, twins: Twins) -> Any:
    """A request without its credential, by the SDK's own connection."""
    headers = {"authorization": ""}
    return sdk.client._request(sdk.sync_client._client, "POST", f"{twins.bases['fal']}/{FAL_FLUX}", headers=headers)


CALLS: dict[str, tuple[Callable[[Any, Twins], Any], int, str]] = {
    "wrong auth": (
        lambda sdk, twins: sdk.SyncClient(key="wrong").submit(FAL_FLUX, {"prompt": "x"}),
        401,
        "No user found for Key ID and Secret",
    ),
    "wrong auth at the synchronous host": (
        lambda sdk, twins: sdk.SyncClient(key="wrong").run(FAL_FLUX, {"prompt": "x"}),
        401,
        "No user found for Key ID and Secret",
    ),
    "no auth": (cut_off, 401, "Authentication is required to access this application"),
    "bad id of a request": (lambda sdk, twins: sdk.status(FAL_FLUX, "nobody"), 404, "Request not found"),
    "bad id of a result": (lambda sdk, twins: sdk.result(FAL_FLUX, "nobody"), 404, "Request not found"),
    "bad id of what to cancel": (lambda sdk, twins: sdk.cancel(FAL_FLUX, "nobody"), 404, "Request not found"),
    "bad id of an application": (
        lambda sdk, twins: sdk.submit("fal-ai/nothing", {"prompt": "x"}),
        404,
        "Application 'fal-ai/nothing' not found",
    ),
    "result before ready": (early, 400, "Request is still in progress"),
}


@pytest.mark.parametrize("case", CALLS)
def test_calls_that_are_refused(case: str, sdk: Any, twins: Twins) -> None:
    call, status, detail = CALLS[case]
    with pytest.raises(sdk.client.FalClientHTTPError) as caught:
        call(sdk, twins)
    assert (caught.value.status_code, caught.value.message) == (status, detail)
    assert len(twins.charges("fal")) == (case == "result before ready")


# --- faults -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "kind", "words"),
    [
        ("500-before", 500, None, "Internal Server Error"),
        ("500-after", 500, None, "Internal Server Error"),
        ("moderation", 422, None, "content_policy_violation"),
        ("failed", 503, "runner_disconnected", "Runner disconnected"),
    ],
)
def test_faults_by_name(fault: str, status: int, kind: str | None, words: str, sdk: Any, twins: Twins) -> None:
    with pytest.raises(sdk.client.FalClientHTTPError, match=words) as caught:
        sdk.subscribe(FAL_FLUX, arguments={"prompt": "x"}, interval=0, headers={"x-twin-fault": fault})
    assert (caught.value.status_code, caught.value.error_type) == (status, kind)
    # fal bills no failure.
    assert twins.bill("fal") == 0


def test_the_status_of_a_failed_job_says_why(sdk: Any) -> None:
    handle = sdk.submit(FAL_FLUX, arguments={"prompt": "x"}, headers={"x-twin-fault": "failed"})
    *_, last = handle.iter_events(interval=0)
    assert (last.error, last.error_type) == ("Runner disconnected", "runner_disconnected")


def test_faults_by_schedule(sdk: Any, twins: Twins) -> None:
    twins.schedule("fal", ["429", None, "moderation", None])
    # The SDK tries again by itself after the first.
    assert sdk.subscribe(FAL_FLUX, arguments={"prompt": "x"}, interval=0)["images"]
    with pytest.raises(sdk.client.FalClientHTTPError, match="content_policy_violation"):
        sdk.subscribe(FAL_FLUX, arguments={"prompt": "x"}, interval=0)
    assert sdk.subscribe(FAL_FLUX, arguments={"prompt": "x"}, interval=0)["images"]
    assert [entry["status"] for entry in submissions(twins, "fal")] == [429, 200, 200, 200]
    assert twins.bill("fal") == Decimal("0.05")


def test_pictures_may_come_wrong(sdk: Any, twins: Twins) -> None:
    twins.schedule("fal", ["wrong-size", "truncated", "fewer", "flagged"])
    body = {"prompt": "x", "seed": 1, "num_images": 2, "image_size": "square"}
    narrow, cut, fewer, flagged = (sdk.subscribe(FAL_FLUX, body, interval=0) for _ in range(4))
    assert read_header(fetched(narrow["images"][0]["url"])).width == 384
    whole = draw("x", 1, 0, Size(512, 512), "jpeg", 85)
    assert fetched(cut["images"][0]["url"]) == whole[: len(whole) // 2]
    assert (len(fewer["images"]), flagged["has_nsfw_concepts"]) == (1, [True, True])
    assert twins.bill("fal") == Decimal("0.20")
