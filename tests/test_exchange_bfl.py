"""Black Forest Labs' protocol, driven by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bfl_replies import BFL, CALL, POLLING, TICKET, ready, task
from exchange_driver import Driver, reply
from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.exchange.replies import DELAYS, PATIENCE, retry_after
from pentaprism.types import ExchangeResult, HttpCall, HttpReply, Output

MODERATED = {"details": {"Moderation Reasons": ["Derivative Works Filter", "Safety Filter"]}}


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
        ("https://gateway.bfl.ai/r#part", "https://gateway.bfl.ai/r?id=t1"),
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
    assert f"{error}." == f"Black Forest Labs refused the content of the request t1: {status}{words}"


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
    assert Driver(script).fails(exchange(CALL, BFL._replace(bills={}))).failure is Failure.ACCEPTED
    free = BFL._replace(bills={"failed": False})
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
