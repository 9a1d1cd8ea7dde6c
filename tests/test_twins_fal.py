"""fal's twin over plain HTTP: the queue, the synchronous host, uploads and wrong requests.

The laws: it refuses what fal refuses; a picture has the pixels and the format the catalog says; the bill is the sum of
what was made.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import httpx
import pytest

from pentaprism.api import Catalog
from pentaprism.media import read_header
from pentaprism.twins import Twins
from pentaprism.twins.picture import draw
from pentaprism.types import Size
from twin_clients import FAL_EDIT, FAL_FLUX, data_uri, fetch, finished, keyed, picture


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


def test_an_upload_in_parts_needs_its_parts_and_the_key(twins: Twins, fal: httpx.Client) -> None:
    bearer = {"authorization": f"Bearer {twins.key}", "content-type": "image/png"}
    begun = fal.post("/files/upload/multipart", headers=bearer).json()
    parts = f"{begun['access_url']}/multipart/{begun['uploadId']}"
    # The last part first, as an upload with several connections may send them.
    tags = [fal.put(f"{parts}/{number}", content=text, headers=bearer) for number, text in ((2, b"b"), (1, b"a"))]
    assert all(tag.headers["etag"] for tag in tags)
    for body in ({"parts": [{"partNumber": 3}]}, {"parts": []}, {"parts": 7}, {"parts": ["1"]}, ["parts"]):
        answer = fal.post(f"{parts}/complete", json=body, headers=bearer)
        assert (answer.status_code, answer.json()) == (400, {"detail": "The upload does not have these parts"})
    stranger = {"authorization": "Bearer wrong"}
    for method, url in (("POST", "/files/upload/multipart"), ("PUT", f"{parts}/1"), ("POST", f"{parts}/complete")):
        assert fal.request(method, url, headers=stranger).status_code == 401
    done = fal.post(f"{parts}/complete", json={"parts": [{"partNumber": 2}, {"partNumber": 1}]}, headers=bearer)
    assert (done.status_code, fetch(begun["access_url"]).content) == (200, b"ab")
