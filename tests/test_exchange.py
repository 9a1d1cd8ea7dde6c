"""What holds of every protocol, driven by hand: no sockets, no clock, every step seen.

The laws: k pictures come back in order; nothing is submitted twice; whatever a provider answers becomes pictures or a
ProviderError that says what the provider may have done.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_driver import (
    ACCEPTED,
    CASES,
    COMPLETED,
    FAL,
    FAL_CALL,
    FINISHED,
    FLAGGED,
    REPLICATE,
    REPLICATE_CALL,
    TICKET,
    Driver,
    both,
    pictures,
    prediction,
    reply,
    with_bills,
)
from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.exchange import PROTOCOLS, exchange, resume
from pentaprism.exchange.replies import DELAYS, LONGEST_QUOTE, PATIENCE, quote, retry_after
from pentaprism.types import ExchangeResult, HttpCall, HttpReply, Provider


@given(st.lists(st.sampled_from(["https://a/%d", "data:image/png;base64,%s"]), min_size=1, max_size=6))
def test_k_pictures_come_back_in_order(templates: list[str]) -> None:
    urls = [
        template % (base64.b64encode(b"%d" % index).decode() if "%s" in template else index)
        for index, template in enumerate(templates)
    ]
    scripts = {
        "fal": [reply(TICKET), reply(COMPLETED), reply(pictures(*urls))],
        "replicate": [reply(prediction("succeeded", output=urls), 201)],
    }
    for name, script in scripts.items():
        provider, call = CASES[name]
        outputs = Driver(script).run(exchange(call, provider)).outputs
        assert [output.url or output.content for output in outputs] == [
            url if url.startswith("https") else b"%d" % index for index, url in enumerate(urls)
        ]


def test_an_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(
        ValueError,
        match=r"providers/fal\.yaml: there is no protocol 'smoke'; write one of: bfl, fal, openai, replicate",
    ):
        exchange(FAL_CALL, FAL._replace(protocol="smoke"))
    assert set(PROTOCOLS) == {"bfl", "fal", "openai", "replicate"}


def test_a_driver_that_sends_no_reply_is_told() -> None:
    steps = exchange(FAL_CALL, FAL)
    next(steps)
    with pytest.raises(TypeError, match="HttpReply for every HttpCall"):
        steps.send(None)


# --- failed submissions -----------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(("sent", "failure"), [(False, Failure.NOT_SENT), (True, Failure.AMBIGUOUS)])
def test_no_reply_to_a_submission(provider: Provider, call: HttpCall, sent: bool, failure: Failure) -> None:
    driver = Driver([TransportError("read timed out", sent=sent)])
    error = driver.fails(exchange(call, provider))
    assert (error.failure, error.request_id, len(driver.calls)) == (failure, None, 1)
    assert "read timed out" in str(error)


@both
@pytest.mark.parametrize(
    ("status", "failure", "code", "words"),
    [
        (400, Failure.REJECTED, "INVALID_REQUEST", "invalid"),
        (401, Failure.REJECTED, "UPSTREAM_ERROR", "this gateway's own key"),
        (402, Failure.REJECTED, "UPSTREAM_ERROR", "this gateway's own key"),
        (403, Failure.REJECTED, "UPSTREAM_ERROR", "this gateway's own key"),
        (404, Failure.REJECTED, "UPSTREAM_ERROR", "HTTP 404"),
        (413, Failure.REJECTED, "INVALID_REQUEST", "invalid"),
        (422, Failure.REJECTED, "INVALID_REQUEST", "invalid"),
        (429, Failure.REJECTED, "RATE_LIMITED", "limits the rate"),
        (302, Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "not repeated"),
    ],
)
def test_declined_submissions(
    provider: Provider, call: HttpCall, status: int, failure: Failure, code: str, words: str
) -> None:
    driver = Driver([reply({"detail": "because"}, status)])
    error = driver.fails(exchange(call, provider))
    assert (error.failure, error.code, error.status, error.provider) == (failure, code, status, provider.id)
    assert words in str(error)
    assert "because" in str(error)
    assert len(driver.calls) == 1
    assert not driver.events


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_is_ambiguous_unless_documented_as_free(status: int) -> None:
    assert Driver([reply(b"oops", status)]).fails(exchange(FAL_CALL, FAL)).failure is Failure.REJECTED
    undocumented = FAL._replace(bills={"failed": False})
    assert Driver([reply(b"oops", status)]).fails(exchange(FAL_CALL, undocumented)).failure is Failure.AMBIGUOUS
    assert Driver([reply(b"oops", status)]).fails(exchange(REPLICATE_CALL, REPLICATE)).failure is Failure.AMBIGUOUS


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply({}, 429, retry_after="12"), 12.0),
        (reply({"detail": "Request was throttled. Your rate limit resets in ~30s."}, 429), 30.0),
        (reply({}, 429, retry_after="Sat, 21 Nov 2026 10:00:30 GMT", date="Sat, 21 Nov 2026 10:00:00 GMT"), 30.0),
        (reply({}, 429, retry_after="Sat, 21 Nov 2026 10:00:00 GMT", date="Sat, 21 Nov 2026 10:00:30 GMT"), 0.0),
        (reply({}, 429, retry_after="soon"), None),
        (reply({}, 429, retry_after="9" * 400), None),
        (reply({}, 429, retry_after_ms="1500", retry_after="2"), 1.5),
        (reply({}, 429, retry_after_ms="soon", retry_after="2"), 2.0),
        (reply({}, 429), None),
    ],
)
def test_retry_after(answer: HttpReply, seconds: float | None) -> None:
    assert retry_after(answer) == seconds
    assert Driver([answer]).fails(exchange(REPLICATE_CALL, REPLICATE)).retry_after == seconds


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("fal", reply(FLAGGED, 422)),
        ("replicate", reply({"detail": "The input was flagged as sensitive. (E005)"}, 422)),
    ],
)
def test_moderation_at_the_door(name: str, answer: HttpReply) -> None:
    provider, call = CASES[name]
    error = Driver([answer]).fails(exchange(call, provider))
    assert (error.failure, error.code) == (Failure.REFUSED, "CONTENT_POLICY_VIOLATION")


def test_a_providers_words_are_cut_to_length() -> None:
    assert quote("x" * LONGEST_QUOTE) == "x" * LONGEST_QUOTE
    assert quote("x" * (LONGEST_QUOTE + 1)) == "x" * LONGEST_QUOTE + "…"
    assert quote(" two\n\tlines ") == "two lines"
    error = Driver([reply({"detail": "word " * 10_000}, 422)]).fails(exchange(FAL_CALL, FAL))
    assert len(str(error)) < 500


GARBAGE = [
    b"",
    b"<html>",
    b"null",
    b"[]",
    b"42",
    b'"x"',
    b"{}",
    b'{"id": 7, "request_id": []}',
    b"\xff\xfe",
    b"[" * 10_000,
]


@both
@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_after_a_submission_may_be_a_running_job(provider: Provider, call: HttpCall, body: bytes) -> None:
    error = Driver([reply(body)]).fails(exchange(call, provider))
    assert (error.failure, error.code) == (Failure.AMBIGUOUS, "OUTCOME_UNKNOWN")


@both
@pytest.mark.parametrize("status", [200, 401, 422, 429, 500])
@given(
    body=st.one_of(
        st.binary(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "detail",
                            "error",
                            "error_type",
                            "status",
                            "id",
                            "request_id",
                            "images",
                            "output",
                            "seed",
                            "url",
                            "logs",
                            "status_url",
                            "loc",
                            "msg",
                            "type",
                            "has_nsfw_concepts",
                            "queue_position",
                        ]
                    ),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=12,
        ),
    )
)
def test_no_body_is_more_than_a_provider_error(provider: Provider, call: HttpCall, status: int, body: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    first = reply(TICKET) if provider is FAL else reply(prediction("starting"), 202)
    outcome: ExchangeResult | ProviderError
    for script in ([], [first], [first, reply(COMPLETED)]):
        try:
            outcome = Driver([*script, reply(content, status)]).run(exchange(call, provider))
        except ProviderError as error:
            outcome = error
        assert isinstance(outcome, ProviderError) or outcome.outputs


# --- accepted jobs ----------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    "hiccup",
    [
        TransportError("reset", sent=True),
        reply(b"", 500),
        reply(b"<html>", 504),
        *(reply({}, status) for status in (404, 408, 409, 425, 429)),
        reply(b"<html>"),
    ],
    ids=["reset", "500", "504", "404", "408", "409", "425", "429", "garbage"],
)
def test_a_poll_that_fails_is_made_again(
    provider: Provider, call: HttpCall, hiccup: HttpReply | TransportError
) -> None:
    driver = Driver([ACCEPTED[provider.id], hiccup, hiccup, *FINISHED[provider.id]])
    assert driver.run(exchange(call, provider)).outputs[0].url == "https://a"
    assert [call.submits for call in driver.calls].count(True) == 1


@both
@pytest.mark.parametrize(
    "hiccup", [TransportError("reset", sent=True), reply(b"", 503), reply(b"<html>"), reply({"status": "DANCING"})]
)
def test_polls_that_keep_failing_leave_the_job_accepted(
    provider: Provider, call: HttpCall, hiccup: HttpReply | TransportError
) -> None:
    driver = Driver([ACCEPTED[provider.id], hiccup])
    error = driver.fails(exchange(call, provider))
    assert (error.failure, error.code) == (Failure.ACCEPTED, "OUTCOME_UNKNOWN")
    assert error.request_id == driver.events[0].request_id
    assert len(driver.calls) == 1 + PATIENCE
    assert sum(driver.waits) > 30


def test_a_slow_job_is_followed_for_as_long_as_the_driver_cares() -> None:
    running = [reply({"status": "IN_PROGRESS", "logs": None}, 202)] * 500
    driver = Driver([reply(TICKET), *running, reply(COMPLETED), reply(pictures("https://a"))])
    driver.run(exchange(FAL_CALL, FAL))
    assert len(driver.events) == 2
    assert max(driver.waits) == 2.0


def test_hiccups_between_answers_are_forgotten() -> None:
    mixed = [reply(b"", 502), reply({"status": "IN_PROGRESS", "logs": None}, 202)] * (2 * PATIENCE)
    driver = Driver([reply(TICKET), *mixed, reply(COMPLETED), reply(pictures("https://a"))])
    assert driver.run(exchange(FAL_CALL, FAL)).request_id == "r1"


def test_a_poll_obeys_retry_after_within_reason() -> None:
    throttled = [reply({}, 429, retry_after="5"), reply({}, 429, retry_after="86400")]
    driver = Driver([reply(prediction("starting"), 202), *throttled, *FINISHED["replicate"]])
    driver.run(exchange(REPLICATE_CALL, REPLICATE))
    assert sum(driver.waits) == pytest.approx(5 + 60 + DELAYS[2])


def test_a_shorter_pause_than_the_next_poll_is_away_changes_nothing() -> None:
    soon = reply({"retry_after": 0.01}, 429)
    driver = Driver([reply(prediction("starting"), 202), soon, soon, *FINISHED["replicate"]])
    driver.run(exchange(REPLICATE_CALL, REPLICATE))
    assert driver.waits == list(DELAYS[:3])


@both
@pytest.mark.parametrize("status", [401, 403, 410])
def test_a_refused_poll_does_not_lose_the_job(provider: Provider, call: HttpCall, status: int) -> None:
    error = Driver([ACCEPTED[provider.id], reply({"detail": "no"}, status)]).fails(exchange(call, provider))
    assert (error.failure, error.status) == (Failure.ACCEPTED, status)
    assert error.request_id


FAILED: dict[str, tuple[Provider, HttpCall, Callable[[], list[HttpReply]]]] = {
    "replicate failed": (REPLICATE, REPLICATE_CALL, lambda: [reply(prediction("failed", error="CUDA out of memory"))]),
    "replicate aborted": (REPLICATE, REPLICATE_CALL, lambda: [reply(prediction("aborted"))]),
    "fal validation at the result": (
        FAL,
        FAL_CALL,
        lambda: [
            reply(COMPLETED),
            reply({"detail": [{"loc": ["body", "prompt"], "msg": "required", "type": "missing"}]}, 422),
        ],
    ),
    "fal error in the status": (
        FAL,
        FAL_CALL,
        lambda: [reply({**COMPLETED, "error": "gone", "error_type": "runner_disconnected"}), reply(b"", 500)],
    ),
    "fal error in the status, no result": (
        FAL,
        FAL_CALL,
        lambda: [reply({**COMPLETED, "error": "gone"}), TransportError("reset", sent=True)],  # type: ignore[list-item]
    ),
    "fal typed 5xx at the result": (
        FAL,
        FAL_CALL,
        lambda: [reply(COMPLETED), reply({"detail": "x", "error_type": "runner_connection_timeout"}, 503)],
    ),
}


@pytest.mark.parametrize("case", FAILED)
def test_a_failed_job_is_rejected_only_where_failures_are_free(case: str) -> None:
    provider, call, script = FAILED[case]
    error = Driver([ACCEPTED[provider.id], *script()]).fails(exchange(call, provider))
    assert error.failure is Failure.REJECTED
    assert error.request_id
    billed = Driver([ACCEPTED[provider.id], *script()]).fails(exchange(call, with_bills(provider, failed=True)))
    assert (billed.failure, billed.request_id) == (Failure.ACCEPTED, error.request_id)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("fal", [reply(COMPLETED), reply(FLAGGED, 422)]),
        ("fal", [reply({**COMPLETED, "error": "Unprocessable"}), reply(FLAGGED, 422)]),
        ("fal", [reply({**COMPLETED, "error": "no", "error_type": "content_policy_violation"}), reply(b"", 500)]),
        ("replicate", [reply(prediction("failed", error="The output was flagged as sensitive. (E005)"))]),
        ("replicate", [reply(prediction("failed", error="All generated images contained NSFW content. Try again."))]),
    ],
)
def test_moderation_after_acceptance_is_no_reason_to_ask_elsewhere(name: str, script: list[HttpReply]) -> None:
    provider, call = CASES[name]
    error = Driver([ACCEPTED[name], *script]).fails(exchange(call, provider))
    assert (error.failure, error.code) == (Failure.REFUSED, "CONTENT_POLICY_VIOLATION")
    assert error.request_id


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("fal", [reply(COMPLETED), reply({"seed": 1})]),
        ("fal", [reply(COMPLETED), reply({"images": []})]),
        ("fal", [reply(COMPLETED), reply({"images": [{"width": 1}]})]),
        ("fal", [reply(COMPLETED), reply(pictures("data:image/png;base64,%%%"))]),
        ("fal", [reply(COMPLETED), reply(pictures("data:image/png;base64"))]),
        ("fal", [reply(COMPLETED), reply(pictures("data:image/png;base64,YWJj$$$$"))]),
        ("fal", [reply(COMPLETED), reply(pictures("file:///etc/passwd"))]),
        ("replicate", [reply(prediction("succeeded", output=None))]),
        ("replicate", [reply(prediction("succeeded", output=[None]))]),
    ],
)
def test_a_finished_job_without_pictures_is_paid_and_lost(name: str, script: list[HttpReply]) -> None:
    provider, call = CASES[name]
    error = Driver([ACCEPTED[name], *script]).fails(exchange(call, provider))
    assert (error.failure, error.code) == (Failure.ACCEPTED, "OUTCOME_UNKNOWN")
    assert error.request_id


@both
@pytest.mark.parametrize("stored", [True, False, "not JSON"])
def test_a_job_is_resumed_from_its_accepted_event(provider: Provider, call: HttpCall, stored: bool | str) -> None:
    first = Driver([ACCEPTED[provider.id], *FINISHED[provider.id]])
    result = first.run(exchange(call, provider))
    accepted = first.events[0]
    assert accepted.kind == "accepted"
    assert accepted.request_id
    detail = stored if isinstance(stored, str) else accepted.detail if stored else None
    again = Driver(FINISHED[provider.id])
    assert again.run(resume(call.url, accepted.request_id, provider, detail=detail)) == result
    assert [call.url for call in again.calls] == [call.url for call in first.calls[1:]]
    assert not any(call.submits for call in again.calls)
    assert not again.waits
