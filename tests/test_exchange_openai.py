"""OpenAI's images protocol, driven by hand: its bodies and forms, its replies at once and streamed, its words."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_driver import OPENAI, OPENAI_CALL, Driver, events, reply, streamed, with_bills
from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.exchange.openai import ImageStream, PartialImage
from pentaprism.types import ExchangeResult, HttpCall, HttpReply, Media, Output, Part

USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens": 272,
    "total_tokens": 322,
}
EDIT = HttpCall(method="POST", url="https://api.openai.com/v1/images/edits", submits=True)


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def made(*contents: bytes, **more: Any) -> dict[str, Any]:
    return {"created": 1, "data": [{"b64_json": b64(content)} for content in contents], **more}


def refusal(status: int, message: str = "because", **more: Any) -> HttpReply:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}
    return reply({"error": error}, status)


# --- what goes out ----------------------------------------------------------------------------------------------


def test_a_generation_is_one_call() -> None:
    driver = Driver([reply(made(b"abc", b"def", usage=USAGE), x_request_id="req_1")])
    result = driver.run(exchange(OPENAI_CALL._replace(submits=False), OPENAI))
    assert result == ExchangeResult(
        outputs=(Output(content=b"abc"), Output(content=b"def")),
        request_id="req_1",
        tokens={"text_in": 10, "image_in": 40, "image_out": 272},
    )
    assert driver.calls == [OPENAI_CALL]
    assert driver.events == []


def test_a_form_holds_files_in_the_places_of_images() -> None:
    png = Media(content=b"\x89PNG", media_type="image/png", encode=("file",))
    inline = Media(url="data:image/webp;base64,YWJj", encode=("file",))
    parts = (
        Part("prompt", "größer".encode()),
        Part("image[]", media=png),
        Part("image[]", media=inline),
        Part("mask", media=Media(content=b"m")),
        Part("n", b"2"),
    )
    driver = Driver([reply(made(b"abc"))])
    driver.run(exchange(EDIT._replace(parts=parts), OPENAI))
    assert driver.calls[0].json is None
    assert driver.calls[0].parts == (
        Part("prompt", "größer".encode()),
        Part("image[]", b"\x89PNG", "image.png", "image/png"),
        Part("image[]", b"abc", "image.webp", "image/webp"),
        Part("mask", b"m", "image.bin", None),
        Part("n", b"2"),
    )


@pytest.mark.parametrize(
    ("media", "part"),
    [
        (Media(content=b"abc", url="https://x/a.png", encode=("url", "file")), Part("image", b"https://x/a.png")),
        (Media(content=b"abc", encode=("url", "file")), Part("image", b"abc", "image.bin")),
        (Media(url="https://x/a.png", encode=("file", "url")), Part("image", b"https://x/a.png")),
        (Media(content=b"abc", encode=("base64",)), Part("image", b"YWJj")),
    ],
    ids=["the rule's order", "no URL", "no file", "a text"],
)
def test_a_field_of_a_form_takes_what_its_rule_says(media: Media, part: Part) -> None:
    driver = Driver([reply(made(b"abc"))])
    driver.run(exchange(EDIT._replace(parts=(Part("image", media=media),)), OPENAI))
    assert driver.calls[0].parts == (part,)


@pytest.mark.parametrize(
    ("media", "words"),
    [
        (Media(url="https://x/a.png", encode=("file",)), "<image 2: https://x/a.png> cannot be sent to OpenAI"),
        (Media(url="https://x/a.png"), "the field takes file, and the image is here as a URL. Send it as a file."),
    ],
)
def test_an_image_that_cannot_be_a_file_orders_nothing(media: Media, words: str) -> None:
    good = Part("image[]", media=Media(content=b"abc", encode=("file",)))
    driver = Driver([])
    error = driver.fails(exchange(EDIT._replace(parts=(good, Part("image[]", media=media))), OPENAI))
    assert (error.failure, error.code, driver.calls) == (Failure.REJECTED, "INVALID_REQUEST", [])
    assert words in str(error)


def test_an_image_in_a_json_body_is_a_data_uri() -> None:
    call = EDIT._replace(json={"images": [{"image_url": Media(content=b"abc", media_type="image/png")}]})
    driver = Driver([reply(made(b"abc"))])
    driver.run(exchange(call, OPENAI))
    assert driver.calls[0].json == {"images": [{"image_url": "data:image/png;base64,YWJj"}]}


# --- what comes back --------------------------------------------------------------------------------------------


def test_a_picture_may_come_as_a_url_with_the_prompt_that_was_used() -> None:
    data = [{"url": "https://a", "revised_prompt": "a better cat"}, {"b64_json": "YWJj", "url": None}]
    result = Driver([reply({"created": 1, "data": data})]).run(exchange(OPENAI_CALL, OPENAI))
    assert result.outputs == (Output(url="https://a", revised_prompt="a better cat"), Output(content=b"abc"))
    assert (result.tokens, result.request_id) == ({}, None)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({}, {}),
        (None, {}),
        ({"output_tokens": 7}, {"image_out": 7}),
        (
            {"output_tokens": 9, "output_tokens_details": {"image_tokens": 7, "text_tokens": 2}},
            {"image_out": 7, "text_out": 2},
        ),
        ({"input_tokens": 9, "input_tokens_details": {"text_tokens": 9}}, {"text_in": 9}),
        ({"input_tokens": 9}, {}),
        ({"output_tokens": -1, "input_tokens_details": {"text_tokens": "9", "image_tokens": True}}, {}),
        ({"output_tokens": 7.0, "output_tokens_details": [], "input_tokens_details": 3}, {"image_out": 7}),
    ],
)
def test_tokens_are_told_as_far_as_they_are_known(usage: Any, tokens: dict[str, int]) -> None:
    result = Driver([reply(made(b"a", usage=usage))]).run(exchange(OPENAI_CALL, OPENAI))
    assert result.tokens == tokens


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "its reply holds no pictures"),
        ({}, "its reply holds no pictures"),
        (None, "its reply holds no pictures"),
        ([7], "a picture that is no object"),
        ([{}], "neither a URL nor a readable data URI"),
        ([{"b64_json": "YWJj"}, {"b64_json": "%%%"}], "neither a URL nor a readable data URI"),
        ([{"url": "file:///etc/passwd"}], "neither a URL nor a readable data URI"),
    ],
)
def test_a_reply_without_its_pictures_is_paid_and_lost(data: Any, words: str) -> None:
    error = Driver([reply({"data": data}, x_request_id="req_1")]).fails(exchange(OPENAI_CALL, OPENAI))
    assert (error.failure, error.code, error.request_id) == (Failure.ACCEPTED, "OUTCOME_UNKNOWN", "req_1")
    assert str(error).startswith("OpenAI took the request req_1, but ")
    assert words in str(error)
    assert str(error).endswith("; it answers only once, and may bill it.")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'"data"', b"\xff"])
def test_a_reply_that_is_something_else_may_be_running(body: bytes) -> None:
    error = Driver([reply(body)]).fails(exchange(OPENAI_CALL, OPENAI))
    assert (error.failure, error.code) == (Failure.AMBIGUOUS, "OUTCOME_UNKNOWN")


# --- streamed ---------------------------------------------------------------------------------------------------


PARTIAL = {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": b64(b"half")}
COMPLETED = {"type": "image_generation.completed", "b64_json": b64(b"whole"), "usage": USAGE}


def test_a_stream_is_read_once_it_is_here() -> None:
    driver = Driver([reply(events(PARTIAL, COMPLETED), content_type="Text/Event-Stream", x_request_id="req_1")])
    result = driver.run(exchange(OPENAI_CALL, OPENAI))
    assert result == ExchangeResult(
        outputs=(Output(content=b"whole"),),
        request_id="req_1",
        tokens={"text_in": 10, "image_in": 40, "image_out": 272},
    )


@given(cuts=st.lists(st.integers(0, 400), max_size=6), kind=st.sampled_from(["image_generation", "image_edit"]))
def test_a_stream_shows_its_unfinished_pictures_as_they_come(cuts: list[int], kind: str) -> None:
    partials = [{"type": f"{kind}.partial_image", "partial_image_index": n, "b64_json": b64(b"%d" % n)} for n in (0, 1)]
    body = events(*partials, {"type": f"{kind}.completed", "b64_json": b64(b"whole")}) + b"data: [DONE]\n\n"
    stream = ImageStream(OPENAI)
    places = [0, *sorted(cuts), len(body)]
    shown = [one for start, end in itertools.pairwise(places) for one in stream.feed(body[start:end])]
    assert shown == [PartialImage(0, b"0"), PartialImage(1, b"1")]
    assert stream.finish().outputs == (Output(content=b"whole"),)


def test_an_event_may_be_named_outside_its_data_only() -> None:
    stream = ImageStream(OPENAI)
    stream.feed(b'event: image_edit.completed\ndata: {"b64_json": "YWJj"}\n\n')
    assert stream.finish().outputs == (Output(content=b"abc"),)


def test_tokens_of_several_pictures_add_up() -> None:
    result = Driver([streamed(COMPLETED, COMPLETED)]).run(exchange(OPENAI_CALL, OPENAI))
    assert result.tokens == {"text_in": 20, "image_in": 80, "image_out": 544}
    assert len(result.outputs) == 2


@pytest.mark.parametrize(
    "event",
    [
        {**PARTIAL, "b64_json": "%%%"},
        {**PARTIAL, "b64_json": None},
        {**PARTIAL, "partial_image_index": "first"},
        {"type": "image_generation.keepalive"},
        {"type": 7},
        {},
    ],
)
def test_what_is_no_finished_picture_is_passed_over(event: dict[str, Any]) -> None:
    stream = ImageStream(OPENAI)
    assert stream.feed(events(event) + b"data: [7]\n\ndata: " + b"[" * 10_000 + b"\n\n" + events(COMPLETED)) == []
    assert stream.finish().outputs == (Output(content=b"whole"),)


@pytest.mark.parametrize("body", [b"", events(PARTIAL), events(COMPLETED)[:-2]])
def test_a_stream_that_ends_early_is_paid_and_lost(body: bytes) -> None:
    error = Driver([reply(body, content_type="text/event-stream")]).fails(exchange(OPENAI_CALL, OPENAI))
    assert (error.failure, error.code) == (Failure.ACCEPTED, "OUTCOME_UNKNOWN")
    assert str(error).startswith("OpenAI took the request, but its stream ended without a picture; it answers only")


@pytest.mark.parametrize(
    ("event", "failure", "code", "words"),
    [
        ({"type": "error", "error": {"message": "broke"}}, Failure.ACCEPTED, "UPSTREAM_ERROR", "not finish it: broke"),
        ({"error": {"code": "image_generation_failed"}}, Failure.ACCEPTED, "UPSTREAM_ERROR", "image_generation_failed"),
        ({"type": "error", "message": "broke"}, Failure.ACCEPTED, "UPSTREAM_ERROR", "not finish it: broke"),
        ({"type": "error"}, Failure.ACCEPTED, "UPSTREAM_ERROR", "an error without an explanation"),
        (
            {"type": "error", "error": {"code": "moderation_blocked", "message": "no"}},
            Failure.REFUSED,
            "CONTENT_POLICY_VIOLATION",
            "OpenAI refused the content of the request: no",
        ),
    ],
)
def test_a_stream_may_end_in_an_error(event: dict[str, Any], failure: Failure, code: str, words: str) -> None:
    error = Driver([streamed(PARTIAL, event)]).fails(exchange(OPENAI_CALL, OPENAI))
    assert (error.failure, error.code) == (failure, code)
    assert words in str(error)
    free = Driver([streamed(PARTIAL, event)]).fails(exchange(OPENAI_CALL, with_bills(OPENAI, failed=False)))
    assert free.failure is (Failure.REFUSED if failure is Failure.REFUSED else Failure.REJECTED)


def test_an_error_does_not_take_back_the_pictures_before_it() -> None:
    body = streamed(COMPLETED, {"type": "error", "error": {"message": "broke"}})
    assert Driver([body]).run(exchange(OPENAI_CALL, OPENAI)).outputs == (Output(content=b"whole"),)


# --- failures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "failure"), [(False, Failure.NOT_SENT), (True, Failure.AMBIGUOUS)])
def test_no_reply_to_a_submission(sent: bool, failure: Failure) -> None:
    driver = Driver([TransportError("reset", sent=sent)])
    error = driver.fails(exchange(OPENAI_CALL, OPENAI))
    assert (error.failure, len(driver.calls)) == (failure, 1)


MODERATED = refusal(
    400,
    "Your request was rejected by the safety system.",
    type="image_generation_user_error",
    code="moderation_blocked",
    moderation_details={"moderation_stage": "output", "categories": ["violence", "self-harm"]},
)


@pytest.mark.parametrize(
    ("answer", "failure", "code", "words"),
    [
        (refusal(400), Failure.REJECTED, "INVALID_REQUEST", "OpenAI found the request invalid: because"),
        (refusal(401), Failure.REJECTED, "UPSTREAM_ERROR", "refused this gateway's own key (OPENAI_API_KEY): because"),
        (refusal(403), Failure.REJECTED, "UPSTREAM_ERROR", "refused this gateway's own key"),
        (refusal(404), Failure.REJECTED, "UPSTREAM_ERROR", "HTTP 404: because"),
        (refusal(409), Failure.REJECTED, "UPSTREAM_ERROR", "HTTP 409: because"),
        (refusal(429, code="rate_limit_exceeded"), Failure.REJECTED, "RATE_LIMITED", "limits the rate of requests"),
        (refusal(429, code="insufficient_quota"), Failure.REJECTED, "UPSTREAM_ERROR", "(OPENAI_API_KEY) cannot pay: b"),
        (refusal(429, type="insufficient_quota"), Failure.REJECTED, "UPSTREAM_ERROR", "cannot pay: because"),
        (refusal(400, code="billing_hard_limit_reached"), Failure.REJECTED, "UPSTREAM_ERROR", "cannot pay: because"),
        (refusal(500), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "it may have started, so it was not repeated"),
        (refusal(503), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "HTTP 503: because"),
        (reply(b"<html>", 502), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "HTTP 502 without an explanation"),
        (reply({"error": "plain"}, 400), Failure.REJECTED, "INVALID_REQUEST", "invalid: plain"),
        (reply({"error": {"code": "bad"}}, 400), Failure.REJECTED, "INVALID_REQUEST", "invalid: bad"),
        (reply({"error": [7]}, 400), Failure.REJECTED, "INVALID_REQUEST", "HTTP 400 without an explanation"),
        (
            refusal(400, code="content_policy_violation"),
            Failure.REFUSED,
            "CONTENT_POLICY_VIOLATION",
            "refused the content",
        ),
        (MODERATED, Failure.REFUSED, "CONTENT_POLICY_VIOLATION", "safety system. (output: violence, self-harm)"),
        (
            refusal(400, code="moderation_blocked", moderation_details={"categories": ["violence"]}),
            Failure.REFUSED,
            "CONTENT_POLICY_VIOLATION",
            "because (violence)",
        ),
        (
            refusal(400, code="moderation_blocked", moderation_details={"moderation_stage": 1, "categories": 2}),
            Failure.REFUSED,
            "CONTENT_POLICY_VIOLATION",
            "refused the content: because",
        ),
    ],
)
def test_what_openai_says_of_a_failure(answer: HttpReply, failure: Failure, code: str, words: str) -> None:
    driver = Driver([answer])
    error = driver.fails(exchange(OPENAI_CALL, OPENAI))
    assert (error.failure, error.code, error.status, len(driver.calls)) == (failure, code, answer.status, 1)
    assert words in str(error)


def test_a_5xx_is_free_only_where_a_source_says_so() -> None:
    error = Driver([refusal(500)]).fails(exchange(OPENAI_CALL, with_bills(OPENAI, server_error=False)))
    assert error.failure is Failure.REJECTED


def test_a_rate_limit_says_how_long() -> None:
    error = Driver([reply({"error": {}}, 429, retry_after_ms="1250")]).fails(exchange(OPENAI_CALL, OPENAI))
    assert error.retry_after == 1.25


def test_there_is_no_job_to_resume_or_to_cancel() -> None:
    with pytest.raises(ValueError, match="OpenAI has no jobs to resume: it answers a submission with the pictures"):
        resume(OPENAI_CALL.url, "req_1", OPENAI)
    assert cancel(OPENAI_CALL.url, "req_1", OPENAI) is None


NAMES = [
    "data",
    "b64_json",
    "url",
    "error",
    "message",
    "code",
    "type",
    "usage",
    "input_tokens_details",
    "output_tokens",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from([*NAMES, "YWJj", "https://a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@given(body=ANYTHING, streaming=st.booleans())
def test_no_body_is_more_than_a_provider_error(status: int, body: Any, streaming: bool) -> None:
    text = json.dumps(body).encode()
    answer = reply(text, status)
    if streaming:
        answer = reply(b"data: " + text + b"\n\n", status, content_type="text/event-stream")
    outcome: ExchangeResult | ProviderError
    try:
        outcome = Driver([answer]).run(exchange(OPENAI_CALL, OPENAI))
    except ProviderError as error:
        outcome = error
    assert isinstance(outcome, ProviderError) or outcome.outputs
