"""Black Forest Labs' protocol, driven by hand; where its key may go; and input images in numbered fields."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism import Catalog, CatalogError, CompileError, media
from pentaprism.client import ProviderSettings
from pentaprism.client.settings import is_trusted, origin_of
from pentaprism.client.transport import Transport
from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.exchange.images import place
from pentaprism.exchange.replies import DELAYS, PATIENCE, retry_after
from pentaprism.types import ExchangeResult, HttpCall, HttpReply, Media, Mode, Output, Provider
from pictures import picture
from test_exchange import Driver, reply

BFL = Provider(
    id="bfl",
    name="Black Forest Labs",
    protocol="bfl",
    homepage="https://bfl.ai",
    auth_header="x-key",
    auth_scheme=None,
    env="BFL_API_KEY",
    method="POST",
    submit_url="https://api.bfl.ai/v1/{endpoint}",
    hosts=("api.bfl.ai", "*.bfl.ai"),
    bills={"failed": True},
)
CALL = HttpCall(method="POST", url="https://api.bfl.ai/v1/flux-2-flex", json={"prompt": "a cat"}, submits=True)
POLLING = "https://api.eu2.bfl.ai/v1/get_result?id=t1"
TICKET = {"id": "t1", "polling_url": POLLING, "cost": 5.0, "input_mp": 0.0, "output_mp": 0.75}
MODERATED = {"details": {"Moderation Reasons": ["Derivative Works Filter", "Safety Filter"]}}
ON = date(2026, 11, 21)


def task(status: Any, **more: Any) -> dict[str, Any]:
    return {"id": "t1", "status": status, "result": None, "progress": None, "details": None, "preview": None, **more}


def ready(sample: Any = "https://delivery.example/a.jpeg", **more: Any) -> HttpReply:
    return reply(task("Ready", result={"sample": sample, **more}))


# --- the happy way ----------------------------------------------------------------------------------------------


def test_a_task_is_polled_where_bfl_says() -> None:
    driver = Driver(
        [
            reply(TICKET),
            reply(task("Pending")),
            reply(task("Reasoning")),
            reply(task("Generating", progress=0.5)),
            ready(seed=7, prompt="a fluffy cat"),
        ]
    )
    result = driver.run(exchange(CALL, BFL))
    made = Output(url="https://delivery.example/a.jpeg", seed=7, revised_prompt="a fluffy cat")
    assert result == ExchangeResult(outputs=(made,), request_id="t1")
    assert driver.calls[0] == CALL
    assert driver.calls[1:] == [HttpCall(method="GET", url=POLLING)] * 4
    assert [(event.kind, event.request_id) for event in driver.events] == [
        ("accepted", "t1"),
        ("queued", "t1"),
        ("running", "t1"),
    ]
    assert driver.waits == list(DELAYS[:4])


@pytest.mark.parametrize(
    ("given_url", "asked"),
    [
        (POLLING, POLLING),
        ("https://gateway.bfl.ai/v1/get_result", "https://gateway.bfl.ai/v1/get_result?id=t1"),
        ("https://gateway.bfl.ai/r?sig=a%2Fb&x=", "https://gateway.bfl.ai/r?sig=a%2Fb&x=&id=t1"),
        (None, "https://api.bfl.ai/v1/get_result?id=t1"),
        (7, "https://api.bfl.ai/v1/get_result?id=t1"),
        ("file:///etc/passwd", "https://api.bfl.ai/v1/get_result?id=t1"),
        ("https://[::1/v1/get_result", "https://api.bfl.ai/v1/get_result?id=t1"),
    ],
)
def test_the_address_to_poll(given_url: Any, asked: str) -> None:
    driver = Driver([reply({**TICKET, "polling_url": given_url}), ready()])
    driver.run(exchange(CALL, BFL))
    assert driver.calls[1].url == asked


def test_the_documented_address_is_below_the_base_url() -> None:
    call = CALL._replace(url="http://127.0.0.1:9/proxy/v1/flux-tools/vto-v1")
    driver = Driver([reply({"id": "t/1"}), ready()])
    driver.run(exchange(call, BFL))
    assert driver.calls[1].url == "http://127.0.0.1:9/proxy/v1/get_result?id=t%2F1"


def test_a_picture_may_be_in_the_first_reply() -> None:
    driver = Driver([reply(task("Ready", result={"sample": "https://a"}))])
    assert driver.run(exchange(CALL, BFL)).outputs == (Output(url="https://a"),)
    assert [event.kind for event in driver.events] == ["accepted"]


@pytest.mark.parametrize(("seed", "known"), [(7.0, 7), (0, 0), (True, None), ("7", None)])
def test_a_seed_is_a_whole_number(seed: Any, known: int | None) -> None:
    assert Driver([reply(TICKET), ready(seed=seed)]).run(exchange(CALL, BFL)).outputs[0].seed == known


# --- failures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "failure", "code", "words"),
    [
        (
            reply({"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]}, 422),
            Failure.REJECTED,
            "INVALID_REQUEST",
            "prompt: Field required",
        ),
        (
            reply({"detail": "Not authenticated - Invalid Authentication"}, 403),
            Failure.REJECTED,
            "UPSTREAM_ERROR",
            "own key (BFL_API_KEY): Not authenticated - Invalid Authentication",
        ),
        (
            reply({"error": "invalid_api_key", "message": "The key is expired"}, 401),
            Failure.REJECTED,
            "UPSTREAM_ERROR",
            "own key (BFL_API_KEY): The key is expired",
        ),
        (
            reply({"error": "insufficient_credits"}, 402),
            Failure.REJECTED,
            "UPSTREAM_ERROR",
            "cannot pay: insufficient_credits",
        ),
        (
            reply({"error": "rate_limit_exceeded", "message": "Too many concurrent requests", "retry_after": 5}, 429),
            Failure.REJECTED,
            "RATE_LIMITED",
            "Too many concurrent requests",
        ),
        (reply({"detail": "Not Found"}, 404), Failure.REJECTED, "UPSTREAM_ERROR", "Not Found"),
        (reply(b"", 500), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "without an explanation"),
        (reply({"detail": "maintenance"}, 503), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "maintenance"),
        (
            reply({"error": "content_policy_violation", "message": "no"}, 400),
            Failure.REFUSED,
            "CONTENT_POLICY_VIOLATION",
            "refused the content: no",
        ),
        (
            reply(task("Request Moderated"), 400),
            Failure.REFUSED,
            "CONTENT_POLICY_VIOLATION",
            "refused the content",
        ),
        (TransportError("read timed out", sent=True), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "not repeated"),
        (TransportError("refused", sent=False), Failure.NOT_SENT, "UPSTREAM_ERROR", "nothing was ordered"),
        (reply({"polling_url": POLLING}), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "names no task id"),
        (reply(b"<html>"), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "names no task id"),
    ],
)
def test_failed_submissions(answer: HttpReply | TransportError, failure: Failure, code: str, words: str) -> None:
    driver = Driver([answer])
    error = driver.fails(exchange(CALL, BFL))
    assert (error.failure, error.code, error.request_id, len(driver.calls)) == (failure, code, None, 1)
    assert words in str(error)
    assert not driver.events


@pytest.mark.parametrize(
    ("body", "seconds"),
    [({"retry_after": 5}, 5.0), ({"retry_after": 2.5}, 2.5), ({"retry_after": "5"}, None), ({}, None)],
)
def test_a_pause_may_be_stated_in_the_body(body: dict[str, Any], seconds: float | None) -> None:
    assert retry_after(reply(body, 429)) == seconds
    assert retry_after(reply(body, 503)) is None
    assert retry_after(reply(body, 429, retry_after="9")) == 9.0


@pytest.mark.parametrize("status", ["Request Moderated", "Content Moderated"])
@pytest.mark.parametrize(
    ("more", "words"),
    [(MODERATED, " (Derivative Works Filter, Safety Filter)."), ({}, "."), ({"details": {"x": 1}}, " ({'x': 1}).")],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_moderation(status: str, more: dict[str, Any], words: str, at_once: bool) -> None:
    told = reply(task(status, **more))
    driver = Driver([told] if at_once else [reply(TICKET), told])
    error = driver.fails(exchange(CALL, BFL))
    assert (error.failure, error.code, error.request_id) == (Failure.REFUSED, "CONTENT_POLICY_VIOLATION", "t1")
    assert f"{error}." == f"Black Forest Labs refused the content of request t1: {status}{words}"


@pytest.mark.parametrize("status", ["Error", "Failed"])
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"error": "internal_error", "message": "Out of memory"}, "(Out of memory)"),
        ({"error": "internal_error"}, "(internal_error)"),
        ({"details": {"error": "boom"}}, "({'error': 'boom'})"),
        ({"details": {"Moderation Reasons": "odd"}}, "odd"),
        ({}, ""),
    ],
)
def test_a_failed_task_is_billed_until_a_catalog_knows_better(status: str, more: dict[str, Any], words: str) -> None:
    script = [reply(TICKET), reply(task(status, **more))]
    error = Driver(script).fails(exchange(CALL, BFL))
    assert (error.failure, error.code, error.request_id) == (Failure.ACCEPTED, "UPSTREAM_ERROR", "t1")
    assert f"could not finish it: {status}" in str(error)
    assert words in str(error)
    assert Driver(script).fails(exchange(CALL, replace(BFL, bills={}))).failure is Failure.ACCEPTED
    free = replace(BFL, bills={"failed": False})
    assert Driver(script).fails(exchange(CALL, free)).failure is Failure.REJECTED


def test_an_error_may_be_about_the_content() -> None:
    told = reply(task("Error", error="content_policy_violation", message="The prompt violated the policy"))
    error = Driver([reply(TICKET), told]).fails(exchange(CALL, BFL))
    assert (error.failure, error.code) == (Failure.REFUSED, "CONTENT_POLICY_VIOLATION")


@pytest.mark.parametrize(
    "hiccup",
    [
        reply(task("Task not found"), 404),
        reply(task("Task not found")),
        reply(task("Dancing")),
        reply(task(["Ready"])),
        reply(task({})),
        reply(b"", 500),
        reply(b"<html>"),
        TransportError("reset", sent=True),
    ],
    ids=["404", "not found", "unknown", "a list", "an object", "500", "garbage", "reset"],
)
def test_what_says_nothing_about_the_task_is_asked_again_and_never_ordered_again(
    hiccup: HttpReply | TransportError,
) -> None:
    driver = Driver([reply(TICKET), hiccup, hiccup, ready()])
    assert driver.run(exchange(CALL, BFL)).request_id == "t1"
    lost = Driver([reply(TICKET), hiccup])
    error = lost.fails(exchange(CALL, BFL))
    assert (error.failure, error.code, error.request_id) == (Failure.ACCEPTED, "OUTCOME_UNKNOWN", "t1")
    assert len(lost.calls) == 1 + PATIENCE
    assert [call.submits for call in lost.calls].count(True) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_poll_does_not_lose_the_task(status: int) -> None:
    error = Driver([reply(TICKET), reply({"detail": "Not authenticated"}, status)]).fails(exchange(CALL, BFL))
    assert (error.failure, error.status, error.request_id) == (Failure.ACCEPTED, status, "t1")


@pytest.mark.parametrize(
    "result", [None, [], "x", {}, {"sample": None}, {"sample": 7}, {"sample": "file:///etc/passwd"}, {"sample": [1]}]
)
def test_a_ready_task_without_a_picture_is_paid_and_lost(result: Any) -> None:
    error = Driver([reply(TICKET), reply(task("Ready", result=result))]).fails(exchange(CALL, BFL))
    assert (error.failure, error.code) == (Failure.ACCEPTED, "OUTCOME_UNKNOWN")


NAMES = [
    *("id", "polling_url", "status", "result", "sample", "seed", "prompt", "details", "Moderation Reasons"),
    *("error", "message", "detail", "loc", "msg", "retry_after"),
]
SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
WORDS = st.sampled_from(["t1", "Ready", "Error", "Content Moderated", "Pending", "https://[x", "https://a", "\ud800"])
BODIES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)


@pytest.mark.parametrize("status", [200, 401, 404, 422, 429, 500])
@given(body=st.binary(max_size=40) | BODIES)
def test_no_body_is_more_than_a_provider_error(status: int, body: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    outcome: ExchangeResult | ProviderError
    for script in ([], [reply(TICKET)]):
        try:
            # The last reply again and again: what is told as pending would have no end.
            outcome = Driver([*script, reply(content, status), reply(b"", 401)]).run(exchange(CALL, BFL))
        except ProviderError as error:
            outcome = error
        assert isinstance(outcome, ProviderError) or outcome.outputs


# --- resuming and canceling -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "asked"),
    [
        ("the event's", POLLING),
        (None, "https://api.bfl.ai/v1/get_result?id=t1"),
        ("not JSON", "https://api.bfl.ai/v1/get_result?id=t1"),
        ("[]", "https://api.bfl.ai/v1/get_result?id=t1"),
    ],
)
def test_a_task_is_resumed_from_its_accepted_event(detail: str | None, asked: str) -> None:
    first = Driver([reply(TICKET), ready(seed=3, prompt="x")])
    result = first.run(exchange(CALL, BFL))
    stored = first.events[0].detail if detail == "the event's" else detail
    again = Driver([ready(seed=3, prompt="x")])
    assert again.run(resume(CALL.url, "t1", BFL, detail=stored)) == result
    assert again.calls == [HttpCall(method="GET", url=asked)]
    assert not again.waits


def test_bfl_documents_no_way_to_cancel() -> None:
    assert cancel(CALL.url, "t1", BFL) is None


# --- where the key may go ---------------------------------------------------------------------------------------

SAFE = [
    "https://api.bfl.ai/v1/flux-2-flex",
    "https://API.BFL.AI/v1/flux-2-flex",
    "https://gateway.bfl.ai/v1/get_result?id=1",
    "https://api.eu2.bfl.ai/v1/get_result?id=1",
]
UNSAFE = [
    "http://api.bfl.ai/v1/x",
    "ftp://api.bfl.ai/v1/x",
    "//api.bfl.ai/v1/x",
    "https://bfl.ai/v1/x",
    "https://evilbfl.ai/v1/x",
    "https://api.evilbfl.ai/v1/x",
    "https://bfl.ai.evil.com/v1/x",
    "https://api.bfl.ai.evil.com/v1/x",
    "https://evil.com/api.bfl.ai",
    "https://evil.com?x=.bfl.ai",
    "https://evil.com#.bfl.ai",
    "https://evil.com\\.bfl.ai/",
    "https://evil.com%2f.bfl.ai/",
    "https://evil.com;.bfl.ai/",
    "https://api.bfl.ai@evil.com/",
    "https://user@api.bfl.ai/",
    "https://user:word@gateway.bfl.ai/",
    "https://api.bfl.ai:443/",
    "https://gateway.bfl.ai:8443/",
    "https://.bfl.ai/",
    "https://a..bfl.ai/",
    "https://-.bfl.ai/",
    "https://*.bfl.ai/",
    "https://gateway.bfl.ai./",
    "https://gateway.bfl.aı/",
    "https://gateway。bfl.ai/",
    "https://[::1]/.bfl.ai",
    "https://[::1",
    "",
]


@pytest.mark.parametrize("url", SAFE)
def test_the_key_goes_to_bfls_hosts(url: str) -> None:
    assert is_trusted(url, BFL, None)


@pytest.mark.parametrize("url", UNSAFE)
def test_the_key_goes_to_no_look_alike(url: str) -> None:
    assert not is_trusted(url, BFL, None)


def test_the_catalogs_own_hosts_are_these() -> None:
    provider = Catalog.load().providers["bfl"]
    assert all(is_trusted(url, provider, None) for url in SAFE)
    assert not any(is_trusted(url, provider, None) for url in UNSAFE)


@pytest.mark.parametrize("hosts", [("*.ai",), ("*.",), ("*",), ("*bfl.ai",), (".bfl.ai",), ()])
def test_only_whole_domains_can_be_wildcards(hosts: tuple[str, ...]) -> None:
    assert not is_trusted("https://gateway.bfl.ai/", replace(BFL, hosts=hosts), None)


def test_an_exact_host_trusts_nothing_below_it() -> None:
    exact = replace(BFL, hosts=("api.bfl.ai",))
    assert is_trusted("https://api.bfl.ai/", exact, None)
    assert not is_trusted("https://eu.api.bfl.ai/", exact, None)


def test_a_base_url_is_the_only_place_there_is() -> None:
    base = "http://127.0.0.1:9/proxy"
    assert is_trusted("http://127.0.0.1:9/v1/x", BFL, base)
    for url in (*SAFE, "http://127.0.0.1:90/v1/x", "https://127.0.0.1:9/v1/x", "http://u@127.0.0.1:9/", "https://[::1"):
        assert not is_trusted(url, BFL, base)


LABELS = st.from_regex(r"[a-z0-9-]{1,4}(\.[a-z0-9]{1,3})?", fullmatch=True)


@given(LABELS | st.text("abfl.i@:/\\?#%[]*- \t", max_size=16))
def test_whatever_is_trusted_is_read_by_httpx_as_a_host_of_bfl(text: str) -> None:
    url = f"https://{text}.bfl.ai/x"
    if is_trusted(url, BFL, None):
        try:
            host = httpx.URL(url).host
        except httpx.InvalidURL:
            return
        assert host.endswith(".bfl.ai")
        assert httpx.URL(url).port is None


def sent(url: str, provider: Provider = BFL) -> list[httpx.Request]:
    """What goes out when a poll of this address is sent."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    async def poll() -> None:
        settings = {"bfl": ProviderSettings(key="secret")}
        transport = Transport({"bfl": provider}, settings, httpx.MockTransport(answer))
        try:
            await transport.send(HttpCall(method="GET", url=url), "bfl")
        finally:
            await transport.close()

    asyncio.run(poll())
    return seen


def test_a_poll_carries_the_key_without_a_scheme_and_nowhere_else() -> None:
    assert [request.headers["x-key"] for request in sent("https://gateway.bfl.ai/v1/get_result?id=1")] == ["secret"]
    [elsewhere] = sent("https://bfl.ai.evil.com/v1/get_result?id=1")
    assert "secret" not in str(elsewhere.headers)


@pytest.mark.parametrize("url", ["https://gateway.bfl.ai\n/x", "https://[::1", "https://gateway.bfl.ai:x/"])
def test_an_address_that_is_none_is_never_sent(url: str) -> None:
    with pytest.raises(TransportError, match="no address") as caught:
        sent(url)
    assert not caught.value.sent


def test_a_picture_at_no_address_is_an_error_of_the_provider() -> None:
    async def fetch(url: str) -> bytes:
        transport = Transport({"bfl": BFL}, {"bfl": ProviderSettings(key="secret")})
        try:
            return await transport.download(url, "bfl")
        finally:
            await transport.close()

    for url in ("https://a\nb/x", "http://[::1"):
        with pytest.raises(ProviderError) as caught:
            asyncio.run(fetch(url))
        assert caught.value.failure is Failure.ACCEPTED
    assert origin_of("http://[::1") == ""


# --- input images -----------------------------------------------------------------------------------------------


def placed(image: Media) -> str:
    """The text that takes an image's place in a body."""
    steps = place({"input_image": image}, BFL)
    with pytest.raises(StopIteration) as stop:
        next(steps)
    body: Mapping[str, str] = stop.value.value
    return body["input_image"]


WAYS = ("url", "base64")


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (Media(content=b"\x89PNG", media_type="image/png", encode=WAYS), base64.b64encode(b"\x89PNG").decode()),
        (Media(content=b"abc", url="https://x/a.png", encode=WAYS), "https://x/a.png"),
        (Media(content=b"abc", url="https://x/a.png", encode=("base64", "url")), "YWJj"),
        (Media(url="data:image/png;base64,YWJj", encode=WAYS), "YWJj"),
        (Media(url="data:image/svg+xml,%3Csvg/%3E", encode=WAYS), base64.b64encode(b"<svg/>").decode()),
    ],
    ids=["bytes", "url", "the rule's order", "a data URI", "a data URI in plain text"],
)
def test_base64_is_the_bytes_alone(image: Media, text: str) -> None:
    assert placed(image) == text


@pytest.mark.parametrize("image", [Media(url="https://x/a.png", encode=("base64",)), Media(url="data:,", encode=WAYS)])
def test_an_image_that_is_not_here_has_no_base64(image: Media) -> None:
    with pytest.raises(ProviderError, match="Send it as a file") as caught:
        next(place({"input_image": image}, BFL))
    assert caught.value.failure is Failure.REJECTED


# --- numbered fields --------------------------------------------------------------------------------------------

FIELDS = ("input_image", "input_image_2", "input_image_3", "input_image_4")
PROVIDER = """
name: Quarry
homepage: https://quarry.example
protocol: bfl
auth: {header: x-key, env: QUARRY_API_KEY}
submit: {url: "https://api.quarry.example/v1/{endpoint}"}
hosts: [api.quarry.example, "*.quarry.example"]
bills: {source: no statement was found}
reserved: [webhook_url]
checked: {source: the manual, date: 2026-11-21, method: page}
rules:
  cfg_scale: {rename: guidance}
  output_format: {emulate: transcode, native: {to: output_format}, via: png}
  image: {convert: image, to: input_image, shape: numbered, encode: [url, base64]}
"""
MODEL = """
name: Slate
family: slate
creator: quarry
summary: It draws on slate.
endpoints:
  - provider: quarry
    id: slate-1
    modes:
      text-to-image: {without: [input_image, input_image_2, input_image_3, input_image_4, input_image_6]}
      image-edit: {}
    checked: {source: the manual, date: 2026-11-21, method: page}
    prices:
      - {from: 2026-11-21, usd: "0.05", per: megapixel, round: up, source: the manual}
      - {from: 2026-11-21, usd: "0.05", per: input_megapixel, round: up, source: the manual}
    sizes:
      default: 1024x768
      forms: [{form: free, to: {width: width, height: height}, step: 16, pixels: [4096, 4194304]}]
"""
CONTRACT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "slate-1",
    "x-provenance": {"source": "the manual", "date": "2026-11-21", "method": "page"},
    "type": "object",
    "additionalProperties": False,
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "seed": {"type": "integer"},
        "width": {"type": "integer", "minimum": 64, "maximum": 2048},
        "height": {"type": "integer", "minimum": 64, "maximum": 2048},
        "guidance": {"type": "number", "minimum": 1.5, "maximum": 10, "default": 4.5},
        "output_format": {"type": "string", "enum": ["jpeg", "png"], "default": "jpeg"},
        "webhook_url": {"type": "string"},
        # A gap ends the row: the sixth is a field of its own.
        **{name: {"type": "string"} for name in (*FIELDS, "input_image_6")},
    },
}


def private_layer(folder: Path, rule: str = "") -> Path:
    """A catalog's files for one provider that speaks BFL's protocol; `rule` is the endpoint's own for `image`."""
    files = {
        "providers/quarry.yaml": PROVIDER,
        "models/slate/slate-1.yaml": MODEL + (f"    rules: {{image: {rule}}}\n" if rule else ""),
        "contracts/quarry/slate-1.json": json.dumps(CONTRACT),
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def quarry(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.load(extends=[private_layer(tmp_path_factory.mktemp("quarry"))])


def images(count: int) -> list[Media]:
    return [media.from_bytes(picture(64 + index, 48)) for index in range(count)]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_each_image_has_a_field_of_its_own(quarry: Catalog, count: int) -> None:
    given_images = images(count)
    compiled = quarry.compile({"model": "slate-1", "prompt": "x", "image": given_images}, "quarry/slate-1", date=ON)
    body = compiled.calls[0].json
    assert list(body) == ["prompt", *FIELDS[:count]]
    assert [body[field].sha256 for field in FIELDS[:count]] == [image.sha256 for image in given_images]
    assert {body[field].encode for field in FIELDS[:count]} == {("url", "base64")}
    told = compiled.adjustments[1]
    assert (told.parameter, dict(told.sent)) == ("image", {field: body[field] for field in FIELDS[:count]})
    assert told.why == f"sent as {', '.join(FIELDS[:count])}"
    # One megapixel for the picture, one for each input.
    assert str(compiled.cost.low) == str(compiled.cost.high) == f"0.{5 + 5 * count:02d}"


def test_more_images_than_fields_are_refused(quarry: Catalog) -> None:
    assert quarry.endpoint("quarry/slate-1").modes[Mode.IMAGE_EDIT].max_input_images == 4
    body = {"model": "slate-1", "prompt": "x", "image": images(5)}
    with pytest.raises(CompileError, match="it takes 4 input images, and the request has 5") as caught:
        quarry.compile(body, "quarry/slate-1", date=ON)
    assert caught.value.code == "too-many-images"


def test_a_stated_maximum_counts_where_it_is_lower(tmp_path: Path) -> None:
    for number, (most, expected) in enumerate([(2, 2), (9, 4)]):
        rule = f"{{convert: image, to: input_image, shape: numbered, max: {most}, source: the manual}}"
        catalog = Catalog.load(extends=[private_layer(tmp_path / str(number), rule)])
        assert catalog.endpoint("quarry/slate-1").modes[Mode.IMAGE_EDIT].max_input_images == expected


def test_one_field_is_enough_for_the_shape(tmp_path: Path) -> None:
    rule = "{convert: image, to: input_image_6, shape: numbered, encode: [base64]}"
    catalog = Catalog.load(extends=[private_layer(tmp_path, rule)])
    compiled = catalog.compile({"model": "slate-1", "prompt": "x", "image": images(1)}, "quarry/slate-1", date=ON)
    assert list(compiled.calls[0].json) == ["prompt", "input_image_6"]


def test_a_shape_the_format_does_not_have_is_refused(tmp_path: Path) -> None:
    rule = "{convert: image, to: input_image, shape: nummered}"
    with pytest.raises(CatalogError, match="'shape' must be one of one, list, numbered, not 'nummered'"):
        Catalog.load(extends=[private_layer(tmp_path, rule)])


def test_every_numbered_field_belongs_to_the_images(quarry: Catalog) -> None:
    spec = quarry.endpoint("quarry/slate-1").modes[Mode.IMAGE_EDIT]
    assert spec.targets("image") == FIELDS
    assert (spec.targets("cfg_scale"), spec.targets("strength"), spec.targets("nobody")) == (("guidance",), (), ())
    body = {"model": "slate-1", "prompt": "x", "image": images(1)}
    for field in FIELDS[1:]:
        with pytest.raises(CompileError) as caught:
            quarry.compile({**body, field: "https://x/b.png"}, "quarry/slate-1", date=ON)
        assert (caught.value.code, caught.value.param) == ("conflict", field)
    with pytest.raises(CompileError) as caught:
        quarry.compile({**body, "webhook_url": "https://x"}, "quarry/slate-1", date=ON)
    assert caught.value.code == "reserved"


def test_what_is_no_numbered_field_is_sent_as_it_is(quarry: Catalog) -> None:
    body = {"model": "slate-1", "prompt": "x", "image": images(1), "input_image_6": "https://x/b.png"}
    compiled = quarry.compile(body, "quarry/slate-1", date=ON)
    assert compiled.calls[0].json["input_image_6"] == "https://x/b.png"


def test_without_an_image_a_numbered_field_is_dropped_and_said_so(quarry: Catalog) -> None:
    compiled = quarry.compile({"model": "slate-1", "prompt": "x", "input_image_2": "https://x"}, "quarry/slate-1")
    assert list(compiled.calls[0].json) == ["prompt"]
    assert [(entry.parameter, entry.outcome.value) for entry in compiled.changes] == [("input_image_2", "dropped")]


@given(count=st.integers(1, 4), n=st.integers(1, 3))
def test_compiled_stored_and_sent_the_bodies_keep_the_contract(count: int, n: int, quarry: Catalog) -> None:
    body = {"model": "slate-1", "prompt": "x", "image": images(count), "size": "1000x500", "n": n, "seed": 5}
    compiled = quarry.compile(body, "quarry/slate-1", date=ON)
    assert type(compiled).from_dict(json.loads(json.dumps(compiled.to_dict()))) == compiled
    for call in compiled.calls:
        driver = Driver([reply(TICKET), ready()])
        driver.run(exchange(call, quarry.providers["quarry"]))
        jsonschema.validate(driver.calls[0].json, CONTRACT)
        texts = [driver.calls[0].json[field] for field in FIELDS[:count]]
        assert [base64.b64decode(text) for text in texts] == [image.content for image in images(count)]
