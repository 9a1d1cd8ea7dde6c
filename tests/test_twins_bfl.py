"""Black Forest Labs' twin over plain HTTP, and the exchange and the client against it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from pentaprism import Catalog, Client
from pentaprism.client import ProviderSettings
from pentaprism.errors import Failure, ProviderError
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.media import read_header
from pentaprism.twins import Twins
from pentaprism.twins.bfl import LIMIT
from pentaprism.twins.picture import draw
from pentaprism.types import HttpCall, Media, Size
from quarry import FIELDS, private_layer
from twin_clients import Driver, fetch, picture

PATH = "/v1/slate-1"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.load(extends=[private_layer(tmp_path_factory.mktemp("quarry"))])


@pytest.fixture
def twins(catalog: Catalog) -> Iterator[Twins]:
    with Twins(catalog, ["quarry"]) as running:
        yield running


def keyed(twins: Twins) -> httpx.Client:
    return httpx.Client(verify=False, base_url=twins.bases["quarry"], headers={"x-key": twins.key})


@pytest.fixture
def bfl(twins: Twins) -> Iterator[httpx.Client]:
    with keyed(twins) as client:
        yield client


class Keyed(Driver):
    """The driver of the other twins' tests, with the key where BFL wants it."""

    def __init__(self, twins: Twins) -> None:
        self.headers = {"x-key": twins.key}
        self.events = []
        self.stop_after = None


def ordered(twins: Twins, body: dict[str, Any]) -> HttpCall:
    return HttpCall(method="POST", url=twins.bases["quarry"] + PATH, json=body, submits=True)


def submissions(twins: Twins) -> list[dict[str, Any]]:
    return [entry for entry in twins.requests("quarry") if entry["method"] == "POST"]


def text_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def ended(bfl: httpx.Client, **body: Any) -> dict[str, Any]:
    """Submit a task and ask about it until it waits no longer."""
    ticket = bfl.post(PATH, json=body).raise_for_status().json()
    for _ in range(10):
        told: dict[str, Any] = bfl.get(ticket["polling_url"]).raise_for_status().json()
        if told["status"] != "Pending":
            return told
    raise AssertionError(f"the task still waits: {told}")


# --- tasks ------------------------------------------------------------------------------------------------------


def test_a_task_waits_and_is_ready(twins: Twins, bfl: httpx.Client) -> None:
    body = {"prompt": "a cat", "seed": 5, "width": 640, "height": 480, "output_format": "png"}
    ticket = bfl.post(PATH, json=body).json()
    assert ticket == {
        "id": ticket["id"],
        "polling_url": f"{twins.bases['quarry']}/v1/get_result?id={ticket['id']}",
        "cost": 5.0,
        "input_mp": None,
        "output_mp": 0.29,
    }
    waiting = {"id": ticket["id"], "status": "Pending", "result": None, "progress": None}
    assert bfl.get(ticket["polling_url"]).json() == {**waiting, "details": None, "preview": None}
    told = bfl.get(ticket["polling_url"]).json()
    assert (told["status"], told["result"]["seed"], told["result"]["prompt"]) == ("Ready", 5, "a cat")
    assert told["result"]["duration"] == 0.0
    fetched = fetch(told["result"]["sample"])
    assert fetched.headers["content-type"] == "image/png"
    assert fetched.content == draw("a cat", 5, 0, Size(640, 480), "png", 85)
    assert twins.bill("quarry") == Decimal("0.05")


def test_the_defaults_are_the_contracts(bfl: httpx.Client) -> None:
    header = read_header(fetch(ended(bfl, prompt="x")["result"]["sample"]).content)
    assert (header.width, header.height, header.format) == (1024, 768, "jpeg")


def test_input_images_are_read_from_every_field(twins: Twins, bfl: httpx.Client) -> None:
    stored = picture(1024, 1024)
    body = {
        "prompt": "x",
        "width": 1024,
        "height": 1024,
        "input_image": text_of(picture(2000, 1500)),
        "input_image_2": f"data:image/png;base64,{text_of(stored)}",
        "input_image_4": "https://example.com/a.png",
    }
    assert ended(bfl, **body)["status"] == "Ready"
    [entry] = submissions(twins)
    assert entry["notes"] == ["https://example.com/a.png is not on this machine: taken to be 1024x1024"]
    # One megapixel out; three, one and one in.
    assert twins.bill("quarry") == Decimal("0.30")


def test_an_image_in_a_later_field_alone_is_an_edit(twins: Twins, bfl: httpx.Client) -> None:
    assert ended(bfl, prompt="x", width=512, height=512, input_image_3=text_of(picture()))["status"] == "Ready"
    assert twins.charges("quarry")[0]["size"] == "512x512"


@pytest.mark.parametrize("broken", ["%%%", text_of(b"no image"), "data:image/png;base64,%%%", "/v1/get_result"])
def test_an_image_that_cannot_be_read_ends_the_task(broken: str, twins: Twins, bfl: httpx.Client) -> None:
    told = ended(bfl, prompt="x", input_image=broken)
    assert (told["status"], told["error"], told["result"]) == ("Error", "invalid_image", None)
    assert twins.charges("quarry") == []


# --- what is refused --------------------------------------------------------------------------------------------

REJECTS: dict[str, tuple[Any, list[Any], str]] = {
    "missing required": ({}, ["body", "prompt"], "missing"),
    "extra key": ({"prompt": "x", "size": "1x1"}, ["body", "size"], "extra_forbidden"),
    "out of range": ({"prompt": "x", "guidance": 11}, ["body", "guidance"], "less_than_equal"),
    "below range": ({"prompt": "x", "width": 63}, ["body", "width"], "greater_than_equal"),
    "not of the list": ({"prompt": "x", "output_format": "gif"}, ["body", "output_format"], "literal_error"),
    "wrong type": ({"prompt": 7}, ["body", "prompt"], "string_type"),
    "wrong type of an image": ({"prompt": "x", "input_image": 7}, ["body", "input_image"], "string_type"),
    "not an object": ([], ["body"], "model_attributes_type"),
}


@pytest.mark.parametrize("case", REJECTS)
def test_rejects(case: str, twins: Twins, bfl: httpx.Client) -> None:
    body, place, kind = REJECTS[case]
    answer = bfl.post(PATH, json=body)
    assert answer.status_code == 422
    assert [(one["loc"], one["type"]) for one in answer.json()["detail"]] == [(place, kind)]
    assert all(one["msg"] and "url" not in one for one in answer.json()["detail"])
    assert twins.charges("quarry") == []


def test_every_violation_is_listed(bfl: httpx.Client) -> None:
    detail = bfl.post(PATH, json={"width": 1, "height": 1}).json()["detail"]
    assert sorted(one["loc"][-1] for one in detail) == ["height", "prompt", "width"]
    assert bfl.post(PATH, content=b"not JSON").status_code == 422


def test_wrong_ids_and_keys(twins: Twins, bfl: httpx.Client) -> None:
    nobody = bfl.get("/v1/get_result", params={"id": "nobody"})
    assert (nobody.status_code, nobody.json()["status"], nobody.json()["id"]) == (404, "Task not found", "nobody")
    unasked = bfl.get("/v1/get_result")
    assert (unasked.status_code, unasked.json()["detail"][0]["loc"]) == (422, ["query", "id"])
    for path in ("/v1/nothing", "/v1/get_result", "/v2/slate-1"):
        answer = bfl.post(path, json={"prompt": "x"})
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    ticket = bfl.post(PATH, json={"prompt": "x"}).json()
    for headers, detail in (
        ({}, "Not authenticated"),
        ({"x-key": "wrong"}, "Not authenticated - Invalid Authentication"),
        ({"x-key": f"Bearer {twins.key}"}, "Not authenticated - Invalid Authentication"),
        ({"authorization": f"Bearer {twins.key}"}, "Not authenticated"),
    ):
        for method, url in (("POST", twins.bases["quarry"] + PATH), ("GET", ticket["polling_url"])):
            answer = httpx.request(method, url, headers=headers)
            assert (answer.status_code, answer.json()) == (403, {"detail": detail})
    assert len(twins.charges("quarry")) == 1


def test_an_account_has_a_limit_of_running_tasks(catalog: Catalog) -> None:
    with Twins(catalog, ["quarry"], latency=60.0) as twins, keyed(twins) as bfl:
        codes = [bfl.post(PATH, json={"prompt": "x"}).status_code for _ in range(LIMIT + 1)]
        assert codes == [200] * LIMIT + [429]
        assert len(twins.charges("quarry")) == LIMIT
        told = bfl.post(PATH, json={"prompt": "x"})
        assert (told.headers["retry-after"], told.json()["error"]) == ("1", "rate_limit_exceeded")


def test_tasks_that_are_done_do_not_count(twins: Twins, bfl: httpx.Client) -> None:
    for _ in range(LIMIT + 2):
        assert bfl.post(PATH, json={"prompt": "x"}).status_code == 200


def test_latency_is_waited_for(catalog: Catalog) -> None:
    with Twins(catalog, ["quarry"], latency=0.05, polls=0) as twins, keyed(twins) as bfl:
        before = time.monotonic()
        ticket = bfl.post(PATH, json={"prompt": "x"}).json()
        assert bfl.get(ticket["polling_url"]).json()["status"] == "Pending"
        while bfl.get(ticket["polling_url"]).json()["status"] == "Pending":
            assert time.monotonic() - before < 5.0
        assert time.monotonic() - before >= 0.05


def test_no_log_line_holds_the_key(twins: Twins, bfl: httpx.Client) -> None:
    ended(bfl, prompt="x")
    assert len(twins.requests("quarry")) == 3
    assert twins.key not in str(twins.requests("quarry"))


# --- the exchange against the twin ------------------------------------------------------------------------------


def test_an_exchange_gets_its_picture(catalog: Catalog, twins: Twins) -> None:
    driver = Keyed(twins)
    result = driver.run(exchange(ordered(twins, {"prompt": "a cat", "seed": 11}), catalog.providers["quarry"]))
    [output] = result.outputs
    assert (output.seed, output.revised_prompt) == (11, "a cat")
    assert fetch(str(output.url)).content == draw("a cat", 11, 0, Size(1024, 768), "jpeg", 85)
    assert [event.kind for event in driver.events] == ["accepted", "queued"]
    assert [charge["request_id"] for charge in twins.charges("quarry")] == [result.request_id]


def test_an_exchange_sends_images_as_base64(catalog: Catalog, twins: Twins) -> None:
    media = Media(content=picture(160, 96), media_type="image/png", encode=("url", "base64"))
    call = ordered(twins, {"prompt": "x", "width": 64, "height": 64, "input_image": media})
    assert Keyed(twins).run(exchange(call, catalog.providers["quarry"])).outputs
    assert submissions(twins)[0]["json"]["input_image"] == text_of(picture(160, 96))
    assert twins.bill("quarry") == Decimal("0.10")


@pytest.mark.parametrize("fault", ["poll-500", "slow", "wrong-size", "truncated"])
def test_faults_an_exchange_gets_through(fault: str, catalog: Catalog, twins: Twins) -> None:
    twins.fail_next("quarry", fault)
    call = ordered(twins, {"prompt": "x", "seed": 1})
    [output] = Keyed(twins).run(exchange(call, catalog.providers["quarry"])).outputs
    whole = draw("x", 1, 0, Size(768 if fault == "wrong-size" else 1024, 768), "jpeg", 85)
    content = fetch(str(output.url)).content
    assert content == (whole[: len(whole) // 2] if fault == "truncated" else whole)
    assert len(submissions(twins)) == 1
    assert twins.bill("quarry") == Decimal("0.05")


@pytest.mark.parametrize(
    ("fault", "failure", "code", "billed"),
    [
        ("429", Failure.REJECTED, "RATE_LIMITED", "0"),
        ("500-before", Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "0"),
        ("500-after", Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "0.05"),
        ("moderation", Failure.REFUSED, "CONTENT_POLICY_VIOLATION", "0.05"),
        ("failed", Failure.ACCEPTED, "UPSTREAM_ERROR", "0.05"),
    ],
)
def test_faults_an_exchange_reports(
    fault: str, failure: Failure, code: str, billed: str, catalog: Catalog, twins: Twins
) -> None:
    twins.fail_next("quarry", fault)
    with pytest.raises(ProviderError) as caught:
        Keyed(twins).run(exchange(ordered(twins, {"prompt": "x"}), catalog.providers["quarry"]))
    assert (caught.value.failure, caught.value.code) == (failure, code)
    # Nobody says what such an end costs, so the twin's bill has it.
    assert twins.bill("quarry") == Decimal(billed)
    assert (caught.value.retry_after == 1.0) == (fault == "429")
    assert ("Safety Filter" in str(caught.value)) == (fault == "moderation")


def test_what_is_rejected_was_never_billed(catalog: Catalog, twins: Twins) -> None:
    for body in ({}, {"prompt": "x", "nonsense": 1}):
        with pytest.raises(ProviderError) as caught:
            Keyed(twins).run(exchange(ordered(twins, body), catalog.providers["quarry"]))
        assert (caught.value.failure, caught.value.code) == (Failure.REJECTED, "INVALID_REQUEST")
    assert twins.bill("quarry") == 0


@pytest.mark.parametrize("stored", [True, False])
def test_a_crash_after_acceptance_is_resumed_for_one_price(stored: bool, catalog: Catalog, twins: Twins) -> None:
    provider = catalog.providers["quarry"]
    call = ordered(twins, {"prompt": "x"})
    first = Keyed(twins)
    first.stop_after = "accepted"
    with pytest.raises(InterruptedError):
        first.run(exchange(call, provider))
    [accepted] = first.events
    assert accepted.request_id
    detail = accepted.detail if stored else None
    result = Keyed(twins).run(resume(call.url, accepted.request_id, provider, detail=detail))
    assert (len(result.outputs), len(submissions(twins))) == (1, 1)
    assert twins.bill("quarry") == Decimal("0.05")
    assert cancel(call.url, accepted.request_id, provider) is None


# --- the client against the twin --------------------------------------------------------------------------------


def client_of(catalog: Catalog, twins: Twins) -> Client:
    return Client(catalog, providers={"quarry": ProviderSettings(key=twins.key, base_url=twins.bases["quarry"])})


def test_the_client_generates(catalog: Catalog, twins: Twins) -> None:
    with client_of(catalog, twins) as client:
        response = client.images.generate(model="slate-1", prompt="x", size="640x480", n=2, seed=7, output_format="png")
    assert [image.receipt.verdicts["size"] for image in response.data] == ["honored", "honored"]
    assert [image.seed for image in response.data] == [7, 8]
    assert response.output_format == "png"
    assert response.cost.high == twins.bill("quarry") == Decimal("0.10")
    polls = [entry for entry in twins.requests("quarry") if entry["path"] == "/v1/get_result"]
    assert [entry["status"] for entry in polls] == [200] * 4


def test_the_client_edits_with_several_images(catalog: Catalog, twins: Twins) -> None:
    given = [picture(300, 200), picture(200, 300), picture(100, 100)]
    with client_of(catalog, twins) as client:
        response = client.images.edit(model="slate-1", prompt="x", image=given, size="512x512")
    assert response.size == "512x512"
    [entry] = submissions(twins)
    assert [entry["json"][field] for field in FIELDS[:3]] == [text_of(content) for content in given]
    assert response.estimate.high == response.cost.high == twins.bill("quarry") == Decimal("0.20")


def test_the_catalogs_own_endpoint_end_to_end(catalog: Catalog) -> None:
    with Twins(catalog, ["bfl"]) as twins:
        settings = {"bfl": ProviderSettings(key=twins.key, base_url=twins.bases["bfl"])}
        with Client(catalog, providers=settings) as client:
            made = client.images.generate(model="bfl/flux.2-flex", prompt="x", size="1024x1024", cfg_scale=3)
            edited = client.images.edit(
                model="bfl/flux.2-flex", prompt="x", image=[picture(64 + side, 64) for side in range(8)], size="512x512"
            )
        first, second = [entry["json"] for entry in twins.requests("bfl") if entry["method"] == "POST"]
        assert (made.size, first["guidance"], edited.size) == ("1024x1024", 3, "512x512")
        sent = [second[name] for name in ("input_image", *(f"input_image_{number}" for number in range(2, 9)))]
        assert sent == [text_of(picture(64 + side, 64)) for side in range(8)]
        assert made.cost.high is not None
        assert edited.cost.high is not None
        assert made.cost.high + edited.cost.high == twins.bill("bfl")
