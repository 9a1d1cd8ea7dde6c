"""The twins as their providers' own clients see them: the official replicate SDK, and fal's queue over plain HTTP.

The laws: a twin refuses what its provider refuses; a picture has exactly the pixels and the format the catalog says;
the bill is the sum of what was made; and the exchanges get through, whatever fault is armed, without ordering twice.
"""

from __future__ import annotations

import base64
import importlib
import io
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from PIL import Image
from replicate.client import Client as Replicate
from replicate.exceptions import ModelError, ReplicateError

from pentaprism.api import Catalog
from pentaprism.errors import Failure, MissingDependency, ProviderError, TransportError
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.media import read_header
from pentaprism.twins import FAULTS, Twins
from pentaprism.twins.journal import Journal
from pentaprism.twins.picture import draw
from pentaprism.twins.studio import Shelf, Shot
from pentaprism.types import (
    Endpoint,
    Event,
    Exchange,
    ExchangeResult,
    Form,
    FormKind,
    HttpCall,
    HttpReply,
    Media,
    Mode,
    Size,
    Wait,
)

FLUX = "black-forest-labs/flux-dev"
FAL_FLUX = "fal-ai/flux/dev"
FAL_EDIT = "fal-ai/flux/dev/image-to-image"
SCHEMES = {"fal": "Key", "replicate": "Bearer"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


@pytest.fixture
def twins(catalog: Catalog) -> Iterator[Twins]:
    with Twins(catalog) as running:
        yield running


def keyed(twins: Twins, host: str) -> httpx.Client:
    return httpx.Client(verify=False, base_url=twins.bases[host], headers={"authorization": f"Key {twins.key}"})


@pytest.fixture
def fal(twins: Twins) -> Iterator[httpx.Client]:
    with keyed(twins, "fal") as client:
        yield client


@contextmanager
def connected(twins: Twins, token: str | None = None) -> Iterator[Replicate]:
    """The official SDK, pointed at the twin."""
    client = Replicate(api_token=token or twins.key, base_url=twins.bases["replicate"])
    try:
        yield client
    finally:
        client._client.close()


@pytest.fixture
def sdk(twins: Twins) -> Iterator[Replicate]:
    with connected(twins) as client:
        yield client


def fetch(url: str) -> httpx.Response:
    # Plain HTTP: loading certificates would take longer than everything else here.
    return httpx.get(url, verify=False)


def picture(width: int = 40, height: int = 30) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(stream, "PNG")
    return stream.getvalue()


def data_uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def finished(fal: httpx.Client, endpoint: str, **body: Any) -> httpx.Response:
    """Submit to the queue, poll until it is complete, and fetch the result."""
    ticket = fal.post(f"/{endpoint}", json=body).raise_for_status().json()
    for _ in range(10):
        if fal.get(ticket["status_url"]).json()["status"] == "COMPLETED":
            break
    return fal.get(ticket["response_url"])


class Driver:
    """The smallest driver there can be: makes the calls, adds the key, lets no time pass."""

    def __init__(self, twins: Twins, provider: str) -> None:
        self.headers = {"authorization": f"{SCHEMES[provider]} {twins.key}"}
        self.events: list[Event] = []
        self.stop_after: str | None = None

    def run(self, steps: Exchange) -> ExchangeResult:
        with httpx.Client(verify=False, headers=self.headers) as client:
            return self._run(steps, client)

    def _run(self, steps: Exchange, client: httpx.Client) -> ExchangeResult:
        answer: HttpReply | TransportError | None = None
        try:
            while True:
                step = steps.throw(answer) if isinstance(answer, TransportError) else steps.send(answer)
                answer = self._make(step, client) if isinstance(step, HttpCall) else None
                if isinstance(step, Event):
                    self.events.append(step)
                    if step.kind == self.stop_after:
                        raise InterruptedError(step.kind)
                assert isinstance(step, HttpCall | Wait | Event)
        except StopIteration as stop:
            result: ExchangeResult = stop.value
            return result

    @staticmethod
    def _make(call: HttpCall, client: httpx.Client) -> HttpReply | TransportError:
        files = [(part.name, (part.filename, part.content, part.content_type)) for part in call.parts or ()]
        try:
            reply = client.request(
                call.method, call.url, headers=dict(call.headers), json=call.json, files=files or None
            )
        except httpx.ConnectError as error:
            return TransportError(str(error), sent=False)
        return HttpReply(status=reply.status_code, headers=dict(reply.headers), body=reply.content)


def ordered(twins: Twins, provider: str, body: Any, **headers: str) -> HttpCall:
    """The submission of a body to the provider's text-to-image endpoint."""
    path = f"/{FAL_FLUX}" if provider == "fal" else f"/v1/models/{FLUX}/predictions"
    wrapped = body if provider == "fal" else {"input": body}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpCall(method="POST", url=twins.bases[provider] + path, headers=named, json=wrapped, submits=True)


both = pytest.mark.parametrize("name", ["fal", "replicate"])


def submissions(twins: Twins, name: str) -> list[dict[str, Any]]:
    return [entry for entry in twins.requests(name) if entry["method"] == "POST"]


# --- the picture ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("size", [Size(1, 1), Size(7, 300), Size(1023, 5), Size(256, 256), Size(1344, 768)], ids=str)
def test_a_picture_has_its_pixels_and_its_format(size: Size, kind: str) -> None:
    header = read_header(draw("a cat", 1, 0, size, kind))
    assert (header.width, header.height, header.format) == (size.width, size.height, kind)


def test_a_picture_follows_from_prompt_seed_and_index() -> None:
    asked = ("a cat", 1, 0, Size(64, 64), "png")
    first = draw(*asked)
    draw.cache_clear()
    assert draw(*asked) == first
    others = {draw("a dog", *asked[1:]), draw("a cat", 2, *asked[2:]), draw("a cat", 1, 1, *asked[3:])}
    assert len(others | {first}) == 4


def test_a_picture_shows_a_spectrum() -> None:
    image = Image.open(io.BytesIO(draw("a cat", 1, 0, Size(400, 400), "png"))).convert("HSV")
    column = [image.getpixel((380, y)) for y in range(400)]
    vivid = {pixel[0] // 32 for pixel in column if isinstance(pixel, tuple) and pixel[1] > 110 and pixel[2] > 160}
    assert len(vivid) >= 6


def test_quality_changes_the_weight() -> None:
    weights = [len(draw("a cat", 1, 0, Size(300, 300), "webp", quality)) for quality in (5, 50, 95)]
    assert weights == sorted(weights)


def test_an_unusual_prompt_is_drawn_too() -> None:
    for prompt in ("", "\x00\ud800", "猫" * 500, "line\nbreaks\tand " * 60):
        assert read_header(draw(prompt, 0, 0, Size(120, 100), "png")).width == 120


def test_what_cannot_be_drawn_is_named() -> None:
    with pytest.raises(ValueError, match="not 'svg'"):
        draw("a cat", 1, 0, Size(8, 8), "svg")


# --- replicate through its own SDK ------------------------------------------------------------------------------


def test_replicate_run(twins: Twins, sdk: Replicate) -> None:
    given = {"prompt": "a cat", "aspect_ratio": "16:9", "num_outputs": 2, "output_format": "jpg", "seed": 5}
    urls = list(sdk.run(FLUX, input=given, use_file_output=False))
    assert len(urls) == 2
    for index, url in enumerate(urls):
        fetched = fetch(url)
        assert fetched.headers["content-type"] == "image/jpeg"
        assert fetched.content == draw("a cat", 5, index, Size(1344, 768), "jpeg", 80)
    assert twins.bill("replicate") == Decimal("0.05")
    [entry] = submissions(twins, "replicate")
    assert (entry["status"], entry["json"]["input"], entry["headers"]["prefer"]) == (201, given, "wait")
    assert twins.key not in str(entry)


def test_replicate_prefer_wait_says_processing_and_then_succeeded(sdk: Replicate) -> None:
    made = sdk.models.predictions.create(FLUX, input={"prompt": "a cat"}, wait=True)
    assert (made.status, len(made.output or []), made.completed_at) == ("processing", 1, None)
    assert sdk.predictions.get(made.id).status == "succeeded"
    assert made.logs is not None
    assert made.logs.startswith("Using seed: ")


def test_replicate_without_a_wait_is_polled(catalog: Catalog) -> None:
    with Twins(catalog, ["replicate"], polls=2) as twins, connected(twins) as sdk:
        made = sdk.models.predictions.create(FLUX, input={"prompt": "a cat"})
        statuses = [made.status]
        for _ in range(3):
            made.reload()
            statuses.append(made.status)
    assert statuses == ["starting", "starting", "processing", "succeeded"]


def test_replicate_a_wait_that_runs_out_says_starting(twins: Twins, sdk: Replicate) -> None:
    twins.fail_next("replicate", "slow")
    made = sdk.models.predictions.create(FLUX, input={"prompt": "a cat"}, wait=60)
    assert (made.status, made.output) == ("starting", None)
    assert submissions(twins, "replicate")[0]["status"] == 202


def test_replicate_latency_is_waited_for(catalog: Catalog) -> None:
    with Twins(catalog, ["replicate"], latency=0.05) as twins, connected(twins) as sdk:
        before = time.monotonic()
        made = sdk.models.predictions.create(FLUX, input={"prompt": "a cat"}, wait=True)
        assert (made.status, time.monotonic() - before >= 0.05) == ("processing", True)


def test_replicate_versions(sdk: Replicate) -> None:
    by_name = sdk.predictions.create(version=FLUX, input={"prompt": "a cat"})
    again = sdk.predictions.create(version=by_name.version, input={"prompt": "a cat"})
    assert (again.model, len(again.version)) == (FLUX, 64)


def test_replicate_files_become_the_input(twins: Twins, sdk: Replicate) -> None:
    urls = list(sdk.run(FLUX, input={"prompt": "x", "image": io.BytesIO(picture(640, 480))}, use_file_output=False))
    header = read_header(fetch(urls[0]).content)
    assert (header.width, header.height) == (640, 480)
    [upload, submission] = submissions(twins, "replicate")
    assert (upload["path"], upload["json"]) == ("/v1/files", None)
    stored = sdk.files.get(submission["json"]["input"]["image"].rsplit("/", 1)[-1])
    assert (stored.size, submission["notes"]) == (len(picture(640, 480)), [])


def test_a_foreign_image_is_assumed_and_said_so(twins: Twins, sdk: Replicate) -> None:
    sdk.run(FLUX, input={"prompt": "x", "image": "https://example.com/a.png"}, use_file_output=False)
    [entry] = submissions(twins, "replicate")
    assert entry["notes"] == ["https://example.com/a.png is not on this machine: taken to be 1024x1024"]


def test_replicate_cancel(twins: Twins, sdk: Replicate) -> None:
    made = sdk.models.predictions.create(FLUX, input={"prompt": "a cat"})
    assert sdk.predictions.cancel(made.id).status == "canceled"
    assert sdk.predictions.get(made.id).output is None
    assert twins.bill("replicate") == Decimal("0.025")


REPLICATE_REJECTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "missing required": ({}, "required", "input"),
    "extra key": ({"prompt": "x", "size": "1x1"}, "additional_property_not_allowed", "input"),
    "out of range": ({"prompt": "x", "num_outputs": 5}, "number_lte", "input.num_outputs"),
    "below range": ({"prompt": "x", "num_inference_steps": 0}, "number_gte", "input.num_inference_steps"),
    "not of the list": ({"prompt": "x", "aspect_ratio": "7:1"}, "enum", "input.aspect_ratio"),
    "wrong type": ({"prompt": 7}, "invalid_type", "input.prompt"),
    "not of the edit": (
        {"prompt": "x", "image": data_uri(picture()), "megapixels": "1"},
        "additional_property_not_allowed",
        "input",
    ),
}


@pytest.mark.parametrize("case", REPLICATE_REJECTS)
def test_replicate_rejects(case: str, twins: Twins, sdk: Replicate) -> None:
    given, kind, field = REPLICATE_REJECTS[case]
    with pytest.raises(ReplicateError) as caught:
        sdk.run(FLUX, input=given)
    assert (caught.value.status, caught.value.title) == (422, "Input validation failed")
    assert f"- {field}: " in str(caught.value.detail)
    url = f"{twins.bases['replicate']}/v1/models/{FLUX}/predictions"
    raw = httpx.post(url, json={"input": given}, headers={"authorization": f"Bearer {twins.key}"}).json()
    assert [(one["type"], one["field"]) for one in raw["invalid_fields"]] == [(kind, field)]
    assert twins.bill("replicate") == 0


def test_replicate_a_native_field_of_the_other_mode_is_told_apart(sdk: Replicate) -> None:
    assert sdk.run(FLUX, input={"prompt": "x", "megapixels": "0.25"}, use_file_output=False)


def test_replicate_bodies_that_are_no_prediction(twins: Twins, sdk: Replicate) -> None:
    url = f"{twins.bases['replicate']}/v1/models/{FLUX}/predictions"
    cases = {
        b"not JSON": (400, "Bad request"),
        b"[]": (400, "Bad request"),
        b"{}": (422, "Input validation failed"),
        b'{"input": 7}': (422, "Input validation failed"),
        b'{"input": {"prompt": "x"}, "colour": 1}': (422, "Input validation failed"),
    }
    for content, expected in cases.items():
        answer = httpx.post(url, content=content, headers={"authorization": f"Bearer {twins.key}"}, verify=False)
        assert (answer.status_code, answer.json()["title"]) == expected
    assert twins.charges("replicate") == []


@pytest.mark.parametrize("broken", ["data:image/png;base64,%%%", "data:image/png;base64,bm8gaW1hZ2U="])
def test_an_image_that_cannot_be_read_fails_the_job(
    broken: str, twins: Twins, sdk: Replicate, fal: httpx.Client
) -> None:
    with pytest.raises(ModelError, match="cannot identify image file"):
        sdk.run(FLUX, input={"prompt": "x", "image": broken})
    answer = finished(fal, FAL_EDIT, prompt="x", image_url=broken)
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "image_load_error")
    assert twins.charges("replicate") == twins.charges("fal") == []


def test_replicate_wrong_ids_and_keys(twins: Twins, sdk: Replicate) -> None:
    base = twins.bases["replicate"]
    with connected(twins, "wrong") as stranger, pytest.raises(ReplicateError) as caught:
        stranger.run(FLUX, input={"prompt": "x"})
    assert (caught.value.status, caught.value.title) == (401, "Unauthenticated")
    assert "did not pass" in httpx.get(f"{base}/v1/predictions/x").json()["detail"]
    for call in (
        lambda: sdk.run("black-forest-labs/flux-2000", input={"prompt": "x"}),
        lambda: sdk.predictions.get("nobody"),
        lambda: sdk.files.get("nobody"),
    ):
        with pytest.raises(ReplicateError) as caught:
            call()
        assert caught.value.status == 404
    with pytest.raises(ReplicateError) as caught:
        sdk.predictions.create(version="0" * 64, input={"prompt": "x"})
    assert (caught.value.status, caught.value.title) == (422, "Invalid version or not permitted")


def test_replicate_faults_through_the_sdk(twins: Twins, sdk: Replicate) -> None:
    for fault, status in (("429", 429), ("500-before", 500), ("500-after", 500)):
        twins.fail_next("replicate", fault)
        with pytest.raises(ReplicateError) as caught:
            sdk.run(FLUX, input={"prompt": "x"})
        assert caught.value.status == status
    for fault, words in (("moderation", "(E005)"), ("failed", "CUDA")):
        twins.fail_next("replicate", fault)
        with pytest.raises(ModelError, match=r"CUDA|E005") as failed:
            sdk.run(FLUX, input={"prompt": "x"})
        assert words in str(failed.value)
    # Only the job behind the 500 that came after acceptance ran; failed ones are free.
    assert twins.bill("replicate") == Decimal("0.025")


# --- fal over plain HTTP ----------------------------------------------------------------------------------------


def test_fal_queue(catalog: Catalog) -> None:
    with Twins(catalog, ["fal"], polls=2) as twins, keyed(twins, "fal") as fal:
        submitted = fal.post(
            f"/{FAL_FLUX}", json={"prompt": "a cat", "seed": 9, "num_images": 3, "output_format": "png"}
        )
        ticket = submitted.json()
        assert (submitted.status_code, ticket["status"], ticket["queue_position"]) == (200, "IN_QUEUE", 0)
        assert ticket["status_url"] == f"{twins.bases['fal']}/fal-ai/flux/requests/{ticket['request_id']}/status"
        early = fal.get(ticket["response_url"])
        assert (early.status_code, early.json()) == (400, {"detail": "Request is still in progress"})
        polls = [fal.get(ticket["status_url"], params={"logs": True}) for _ in range(3)]
        assert [poll.status_code for poll in polls] == [202, 202, 200]
        queued, running, done = (poll.json() for poll in polls)
        assert (queued["status"], queued["queue_position"]) == ("IN_QUEUE", 0)
        assert (running["status"], running["logs"][0]["message"]) == ("IN_PROGRESS", "Drawing")
        assert (done["status"], done["logs"], done["metrics"]) == (
            "COMPLETED",
            running["logs"],
            {"inference_time": 0.0},
        )
        assert fal.get(ticket["status_url"]).json()["logs"] is None
        result = fal.get(ticket["response_url"]).json()
    assert (result["seed"], result["prompt"], result["has_nsfw_concepts"]) == (9, "a cat", [False] * 3)
    assert [(one["width"], one["height"], one["content_type"]) for one in result["images"]] == [
        (1024, 768, "image/png")
    ] * 3
    assert twins.bill("fal") == Decimal("0.075")


@pytest.mark.parametrize(
    ("asked", "size", "usd"),
    [
        (None, Size(1024, 768), "0.025"),
        ({"width": 64, "height": 32}, Size(64, 32), "0.025"),
        ({"width": 1183, "height": 887}, Size(1183, 887), "0.05"),
        ("square", Size(512, 512), "0.025"),
        ("portrait_16_9", Size(576, 1024), "0.025"),
    ],
    ids=str,
)
def test_fal_sizes(asked: Any, size: Size, usd: str, twins: Twins, fal: httpx.Client) -> None:
    body = {"prompt": "x"} if asked is None else {"prompt": "x", "image_size": asked}
    [image] = finished(fal, FAL_FLUX, **body).json()["images"]
    header = read_header(fetch(image["url"]).content)
    assert (header.width, header.height, header.format) == (size.width, size.height, "jpeg")
    assert twins.bill("fal") == Decimal(usd)


def test_fal_edit_follows_its_input(fal: httpx.Client) -> None:
    [image] = finished(fal, FAL_EDIT, prompt="x", image_url=data_uri(picture(333, 222))).json()["images"]
    assert (image["width"], image["height"]) == (333, 222)


def test_fal_sync_mode_brings_the_bytes(fal: httpx.Client) -> None:
    [image] = finished(fal, FAL_FLUX, prompt="x", seed=3, sync_mode=True, image_size="square").json()["images"]
    head, _, data = image["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data) == draw("x", 3, 0, Size(512, 512), "jpeg", 85)


def test_fal_synchronous_host(twins: Twins) -> None:
    with keyed(twins, "fal-sync") as fal:
        answer = fal.post(f"/{FAL_FLUX}", json={"prompt": "x", "image_size": "square"})
        assert (answer.status_code, answer.json()["images"][0]["width"]) == (200, 512)
        assert fal.post(f"/{FAL_FLUX}", json={}).json()["detail"][0]["type"] == "missing"
    assert [entry["path"] for entry in twins.requests("fal")] == [f"/{FAL_FLUX}"] * 2


FAL_REJECTS = {
    "missing required": ({}, ["body", "prompt"], "missing"),
    "extra key": ({"prompt": "x", "size": "1x1"}, ["body", "size"], "extra_forbidden"),
    "out of range": ({"prompt": "x", "num_images": 5}, ["body", "num_images"], "less_than_equal"),
    "below range": ({"prompt": "x", "guidance_scale": 0.5}, ["body", "guidance_scale"], "greater_than_equal"),
    "not of the list": ({"prompt": "x", "output_format": "webp"}, ["body", "output_format"], "literal_error"),
    "wrong type": ({"prompt": 7}, ["body", "prompt"], "string_type"),
    "not an integer": ({"prompt": "x", "seed": "7"}, ["body", "seed"], "int_type"),
    "half a size": ({"prompt": "x", "image_size": {"width": 7}}, ["body", "image_size", "height"], "missing"),
    "no area": (
        {"prompt": "x", "image_size": {"width": 0, "height": 1}},
        ["body", "image_size", "width"],
        "greater_than",
    ),
    "no object": (["prompt"], ["body"], "model_attributes_type"),
}


@pytest.mark.parametrize("case", FAL_REJECTS)
def test_fal_rejects_at_the_result(case: str, twins: Twins, fal: httpx.Client) -> None:
    given, loc, kind = FAL_REJECTS[case]
    ticket = fal.post(f"/{FAL_FLUX}", json=given).json()
    for _ in range(2):
        status = fal.get(ticket["status_url"]).json()
    assert status["status"] == "COMPLETED"
    answer = fal.get(ticket["response_url"])
    assert (answer.status_code, answer.headers["x-fal-retryable"]) == (422, "false")
    assert [(one["loc"], one["type"]) for one in answer.json()["detail"]] == [(loc, kind)]
    assert all(one["msg"] and one["url"].endswith(kind) for one in answer.json()["detail"])
    assert twins.bill("fal") == 0


def test_fal_wrong_ids_and_keys(twins: Twins, fal: httpx.Client) -> None:
    assert fal.post("/fal-ai/nothing", json={"prompt": "x"}).status_code == 404
    assert fal.get("/fal-ai/flux/requests/nobody/status").json() == {"detail": "Request not found"}
    request_id = fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}).json()["request_id"]
    assert fal.get(f"/fal-ai/other/requests/{request_id}/status").status_code == 404
    assert fal.get("/files/nobody.png").status_code == 404
    for header in ("Key wrong", f"Bearer {twins.key}", twins.key):
        answer = httpx.post(f"{twins.bases['fal']}/{FAL_FLUX}", json={}, headers={"authorization": header})
        assert (answer.status_code, answer.json()) == (401, {"detail": "No user found for Key ID and Secret"})
    for method, path in (
        ("POST", f"/{FAL_FLUX}"),
        ("GET", f"/fal-ai/flux/requests/{request_id}"),
        ("POST", "/storage/auth/token"),
    ):
        assert httpx.request(method, twins.bases["fal"] + path).status_code == 401
    assert [charge["request_id"] for charge in twins.charges("fal")] == [request_id]


def test_fal_cancel(twins: Twins, fal: httpx.Client) -> None:
    ticket = fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}).json()
    assert twins.bill("fal") == Decimal("0.025")
    asked = fal.put(ticket["cancel_url"])
    assert (asked.status_code, asked.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    assert fal.get(ticket["status_url"]).json()["error_type"] == "client_cancelled"
    assert fal.get(ticket["response_url"]).status_code == 400
    again = fal.put(ticket["cancel_url"])
    assert (again.status_code, again.json()) == (400, {"status": "ALREADY_COMPLETED"})
    assert twins.bill("fal") == 0


def test_fal_uploads(twins: Twins, fal: httpx.Client) -> None:
    token = fal.post("/storage/auth/token", params={"storage_type": "fal-cdn-v3"}).json()
    bearer = {"authorization": f"{token['token_type']} {token['token']}", "content-type": "image/png"}
    stored = httpx.post(f"{token['base_url']}/files/upload", content=picture(50, 60), headers=bearer).json()
    assert httpx.get(stored["access_url"]).content == picture(50, 60)
    assert httpx.post(f"{token['base_url']}/files/upload", content=b"x").status_code == 401
    spot = fal.post("/storage/upload/initiate", json={"file_name": "a.png", "content_type": "image/png"}).json()
    assert httpx.put(spot["upload_url"], content=picture(70, 80)).status_code == 200
    sizes = [
        finished(fal, FAL_EDIT, prompt="x", image_url=url).json()["images"][0]["width"]
        for url in (stored["access_url"], spot["file_url"])
    ]
    assert sizes == [50, 70]


# --- the exchanges against the twins ----------------------------------------------------------------------------


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


# --- what no real endpoint shows yet ----------------------------------------------------------------------------


def endpoint_of(catalog: Catalog, **changes: Any) -> Endpoint:
    """fal's text-to-image endpoint with another mode specification and other prices."""
    real = catalog.endpoint("fal/flux.1-dev")
    prices = changes.pop("prices", real.prices)
    spec = replace(real.modes[Mode.TEXT_TO_IMAGE], **changes)
    return replace(real, modes={Mode.TEXT_TO_IMAGE: spec}, prices=prices)


def shot_of(endpoint: Endpoint, body: dict[str, Any]) -> Shot:
    return Shelf(endpoint, endpoint.modes[Mode.TEXT_TO_IMAGE]).read(body, 1, lambda url: None)


def test_a_size_the_catalog_does_not_know_is_assumed_and_said_so(catalog: Catalog) -> None:
    shot = shot_of(endpoint_of(catalog, default_size=None), {"prompt": "x"})
    assert (shot.size, shot.notes) == (Size(1024, 1024), ("size not known to the catalog: drawn at 1024x1024",))


def test_half_a_size_is_said_to_be_no_size(catalog: Catalog) -> None:
    form = Form(kind=FormKind.FREE, to={"width": "width", "height": "height"})
    shot = shot_of(endpoint_of(catalog, forms=(form,), default_size=None), {"prompt": "x", "width": 7})
    assert shot.notes[0].startswith("size not readable: give both width and height")


def test_a_format_that_cannot_be_drawn_is_said_so(catalog: Catalog) -> None:
    shot = shot_of(endpoint_of(catalog), {"prompt": "x", "output_format": "tiff"})
    assert (shot.kind, shot.notes) == ("png", ("the twin cannot draw 'tiff': drawn as png",))


def test_what_has_no_price_makes_no_bill(catalog: Catalog) -> None:
    journal = Journal()
    shot = shot_of(endpoint_of(catalog, prices=()), {"prompt": "x"})
    journal.charge("r1", "fal/x", shot.count, shot.size, shot.cost)
    with pytest.raises(ValueError, match="no exact price in the catalog for what was made at fal/x"):
        journal.bill()
    journal.refund("r1")
    assert journal.bill() == 0


def test_a_twin_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("pentaprism.twins")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingDependency, match=r'pip install "pentaprism\[gateway\]"'):
        importlib.import_module("pentaprism.twins")


# --- the journal ------------------------------------------------------------------------------------------------


def test_the_journal_over_http(twins: Twins, fal: httpx.Client) -> None:
    assert fal.post("/_twin/faults", json={"name": "429"}).status_code == 204
    assert fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}).status_code == 429
    finished(fal, FAL_FLUX, prompt="x")
    assert httpx.get(f"{twins.bases['fal']}/_twin/requests").json() == twins.requests("fal")
    bill = httpx.get(f"{twins.bases['fal']}/_twin/bill").json()
    assert (bill["total"], bill["charges"]) == ("0.025", twins.charges("fal"))
    assert not [entry for entry in twins.requests("fal") if entry["path"].startswith("/_twin")]
    unknown = fal.post("/_twin/faults", json={"name": "flood"})
    assert (unknown.status_code, set(unknown.json()["faults"])) == (422, set(FAULTS))


def test_no_log_line_holds_the_key(twins: Twins, fal: httpx.Client) -> None:
    finished(fal, FAL_FLUX, prompt="x")
    fal.post("/storage/auth/token")
    fal.post(f"/{FAL_FLUX}", content=b"not JSON")
    assert len(twins.requests("fal")) == 6
    assert twins.key not in str(twins.requests("fal"))


def test_an_unknown_fault_is_named(twins: Twins, fal: httpx.Client) -> None:
    with pytest.raises(ValueError, match="no fault 'flood'"):
        twins.fail_next("fal", "flood")
    assert fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}, headers={"x-twin-fault": "flood"}).status_code == 400
    assert twins.bill("fal") == 0


def test_only_providers_with_a_twin_are_served(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match=r"no twin for nobody; there are .*fal"):
        Twins(catalog, ["nobody"])
    assert sorted(Twins(catalog, ["fal"]).apps) == ["fal", "fal-sync"]


def test_twins_start_and_stop_quickly(catalog: Catalog) -> None:
    before = time.monotonic()
    for _ in range(3):
        with Twins(catalog) as twins, httpx.Client() as client:
            assert client.get(f"{twins.bases['fal']}/_twin/bill").json()["total"] == "0"
    assert time.monotonic() - before < 3.0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{twins.bases['fal']}/_twin/bill")


def test_a_port_that_is_taken_leaves_nothing_running(catalog: Catalog, twins: Twins) -> None:
    taken = httpx.URL(twins.bases["replicate"]).port
    assert taken
    second = Twins(catalog, ports={"replicate": taken})
    with pytest.raises(OSError, match="in use"):
        second.__enter__()
    assert second.bases == {}
