"""Replicate's twin as the official SDK sees it.

The laws: it refuses what Replicate refuses; a picture has the pixels and the format the catalog says; the bill is the
sum of what was made.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from replicate.client import Client as Replicate
from replicate.exceptions import ModelError, ReplicateError

from pentaprism.api import Catalog
from pentaprism.media import read_header
from pentaprism.twins import Twins
from pentaprism.twins.picture import draw
from pentaprism.types import Size
from twin_clients import FAL_EDIT, FLUX, certified, connected, data_uri, fetch, finished, picture, submissions


@pytest.fixture
def sdk(twins: Twins) -> Iterator[Replicate]:
    with connected(twins) as client:
        yield client


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


def stranger(twins: Twins, sdk: Replicate) -> Any:
    with connected(twins, "wrong") as unknown:
        return unknown.run(FLUX, input={"prompt": "x"})


CALLS: dict[str, tuple[Callable[[Twins, Replicate], Any], int, str]] = {
    "wrong auth": (stranger, 401, "Unauthenticated"),
    "bad id of a model": (
        lambda twins, sdk: sdk.run("black-forest-labs/flux-2000", input={"prompt": "x"}),
        404,
        "Not found",
    ),
    "bad id of a version": (
        lambda twins, sdk: sdk.predictions.create(version="0" * 64, input={"prompt": "x"}),
        422,
        "Invalid version or not permitted",
    ),
    "bad id of a prediction": (lambda twins, sdk: sdk.predictions.get("nobody"), 404, "Not found"),
    "bad id of what to cancel": (lambda twins, sdk: sdk.predictions.cancel("nobody"), 404, "Not found"),
    "bad id of a file": (lambda twins, sdk: sdk.files.get("nobody"), 404, "Not found"),
}


@pytest.mark.parametrize("case", CALLS)
def test_replicate_calls_that_are_refused(case: str, twins: Twins, sdk: Replicate) -> None:
    call, status, title = CALLS[case]
    with pytest.raises(ReplicateError) as caught:
        call(twins, sdk)
    assert (caught.value.status, caught.value.title) == (status, title)
    assert twins.charges("replicate") == []


def test_replicate_without_a_key(twins: Twins) -> None:
    answer = httpx.get(f"{twins.bases['replicate']}/v1/predictions/x", verify=False)
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthenticated")
    assert "did not pass" in answer.json()["detail"]


def test_replicate_has_no_output_before_it_is_ready(catalog: Catalog) -> None:
    with Twins(catalog, ["replicate"], polls=3) as twins, connected(twins) as sdk:
        made = sdk.models.predictions.create(FLUX, input={"prompt": "a cat"})
        early = [sdk.predictions.get(made.id) for _ in range(3)]
        assert [(one.status, one.output, one.completed_at) for one in early] == [
            ("starting", None, None),
            ("processing", None, None),
            ("processing", None, None),
        ]
        assert sdk.predictions.get(made.id).output
        # What is done stays done.
        assert sdk.predictions.cancel(made.id).status == "succeeded"
        assert twins.bill("replicate") == Decimal("0.025")


def test_replicate_polls_until_it_is_done(twins: Twins, sdk: Replicate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "poll_interval", 0)
    made = sdk.models.predictions.create(FLUX, input={"prompt": "a cat"})
    made.wait()
    assert (made.status, len(made.output or [])) == ("succeeded", 1)
    # A wait that runs out is followed by polls, all by the SDK itself.
    twins.fail_next("replicate", "slow")
    [url] = sdk.run(FLUX, input={"prompt": "x"}, use_file_output=False)
    assert fetch(url).status_code == 200
    assert [entry["status"] for entry in submissions(twins, "replicate")] == [201, 202]


def test_replicate_over_tls_gives_files(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK makes files of addresses that begin with https: alone.
    certificate, authority = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with Twins(catalog, ["replicate"], tls=certificate) as twins, connected(twins) as sdk:
        [output] = sdk.run(FLUX, input={"prompt": "a cat", "seed": 5, "output_format": "png"})
        assert output.read() == draw("a cat", 5, 0, Size(1024, 1024), "png", 80)
        assert output.url.startswith(twins.bases["replicate"])


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


def test_replicate_faults_by_schedule(twins: Twins, sdk: Replicate) -> None:
    twins.schedule("replicate", ["429", "none", "moderation", None])
    told: list[Any] = []
    for _ in range(4):
        try:
            told.append(len(list(sdk.run(FLUX, input={"prompt": "x"}, use_file_output=False))))
        except (ReplicateError, ModelError) as error:
            told.append(type(error))
    assert told == [ReplicateError, 1, ModelError, 1]
    assert twins.bill("replicate") == Decimal("0.05")


def test_replicate_polls_may_fail(twins: Twins, sdk: Replicate) -> None:
    twins.fail_next("replicate", "poll-500")
    made = sdk.models.predictions.create(FLUX, input={"prompt": "x"})
    for _ in range(2):
        with pytest.raises(ReplicateError) as caught:
            made.reload()
        assert caught.value.status == 500
    made.reload()
    assert made.status == "processing"
