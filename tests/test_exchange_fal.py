"""fal's protocol, driven by hand: its queue, its synchronous host, its URLs and its words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from exchange_driver import COMPLETED, FAL, FAL_CALL, FINISHED, FLAGGED, TICKET, Driver, pictures, reply, with_bills
from pentaprism.errors import Failure, TransportError
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.exchange.replies import DELAYS
from pentaprism.types import Event, ExchangeResult, HttpCall, HttpReply, Output

SYNC_CALL = FAL_CALL._replace(url="https://fal.run/fal-ai/flux/dev")


def test_fal_follows_the_urls_it_was_given() -> None:
    driver = Driver(
        [
            reply({**TICKET, "status_url": "https://queue.fal.run/elsewhere/status"}),
            reply({"status": "IN_QUEUE", "queue_position": 3}, 202),
            reply({"status": "IN_PROGRESS", "logs": None}, 202),
            reply({"status": "IN_PROGRESS", "logs": None}, 202),
            reply(COMPLETED),
            reply(pictures("https://v3.fal.media/a.png", "https://v3.fal.media/b.png", seed=7)),
        ]
    )
    result = driver.run(exchange(FAL_CALL, FAL))
    assert result.outputs == (
        Output(url="https://v3.fal.media/a.png", seed=7),
        Output(url="https://v3.fal.media/b.png"),
    )
    assert result.request_id == "r1"
    assert [(call.method, call.url) for call in driver.calls] == [
        ("POST", FAL_CALL.url),
        *[("GET", "https://queue.fal.run/elsewhere/status")] * 4,
        ("GET", TICKET["response_url"]),
    ]
    assert [(event.kind, event.detail) for event in driver.events[1:]] == [("queued", "position 3"), ("running", None)]
    assert driver.waits == list(DELAYS[:4])


def test_only_the_submission_submits() -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a"))])
    driver.run(exchange(FAL_CALL._replace(submits=False), FAL))
    assert [call.submits for call in driver.calls] == [True, False, False]
    assert driver.calls[0].headers == {"x-fal-no-retry": "1"}


def test_fal_synchronous_host_answers_at_once() -> None:
    driver = Driver([reply(pictures("https://a"), x_fal_request_id="sync-1")])
    made = ExchangeResult(outputs=(Output(url="https://a"),), request_id="sync-1")
    assert driver.run(exchange(SYNC_CALL, FAL)) == made
    assert [(call.method, call.url, call.submits) for call in driver.calls] == [("POST", SYNC_CALL.url, True)]
    assert not driver.events


@pytest.mark.parametrize("named", ["request_id", "status_url"])
def test_a_result_at_once_is_no_ticket_whatever_else_it_holds(named: str) -> None:
    driver = Driver([reply(pictures("https://a", **{named: "https://b"}))])
    assert driver.run(exchange(SYNC_CALL, FAL)).outputs == (Output(url="https://a"),)
    assert len(driver.calls) == 1


@pytest.mark.parametrize(
    ("answer", "failure", "code", "words"),
    [
        (TransportError("refused", sent=False), Failure.NOT_SENT, "UPSTREAM_ERROR", "nothing was ordered"),
        (TransportError("reset", sent=True), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "it may have arrived"),
        (reply(b"<html>"), Failure.AMBIGUOUS, "OUTCOME_UNKNOWN", "it may be running, so it was not repeated"),
        (reply(FLAGGED, 422), Failure.REFUSED, "CONTENT_POLICY_VIOLATION", "prompt: flagged"),
        (reply({"detail": [{"msg": "bad"}]}, 422), Failure.REJECTED, "INVALID_REQUEST", "bad"),
        (
            reply({"detail": "late"}, 504, x_fal_error_type="request_timeout"),
            Failure.REJECTED,
            "UPSTREAM_ERROR",
            "late",
        ),
        (
            reply({"images": None}, x_fal_request_id="sync-1"),
            Failure.ACCEPTED,
            "OUTCOME_UNKNOWN",
            "took the request sync-1, but its result holds no pictures; it answers only once, and may bill it.",
        ),
        (
            reply({"images": []}),
            Failure.ACCEPTED,
            "OUTCOME_UNKNOWN",
            "fal took the request, but it finished without a picture",
        ),
    ],
    ids=["not sent", "lost", "garbage", "moderated", "invalid", "timed out", "no list", "no pictures"],
)
def test_what_goes_wrong_at_the_synchronous_host(
    answer: HttpReply | TransportError, failure: Failure, code: str, words: str
) -> None:
    driver = Driver([answer])
    error = driver.fails(exchange(SYNC_CALL, FAL))
    assert (error.failure, error.code, len(driver.calls)) == (failure, code, 1)
    assert words in str(error)
    assert not driver.events


def test_a_place_in_the_queue_is_told_where_it_is_known() -> None:
    waiting = [reply({"status": "IN_QUEUE"}, 202), reply({"status": "IN_PROGRESS"}, 202)]
    driver = Driver([reply(TICKET), *waiting, reply(COMPLETED), reply(pictures("https://a"))])
    driver.run(exchange(FAL_CALL, FAL))
    assert driver.events[1:] == [Event("queued", "r1", None), Event("running", "r1", None)]


def test_one_entry_about_the_content_is_enough() -> None:
    entries = [{"loc": ["body", "seed"], "msg": "odd", "type": "value_error"}, *FLAGGED["detail"]]
    error = Driver([reply({"detail": entries}, 422)]).fails(exchange(FAL_CALL, FAL))
    assert (error.failure, error.code) == (Failure.REFUSED, "CONTENT_POLICY_VIOLATION")
    assert str(error) == "fal refused the content: seed: odd; prompt: flagged"


def test_a_fal_model_may_return_one_image() -> None:
    one = {"image": {"url": "https://a", "width": 8}, "seed": 3}
    made = (Output(url="https://a", seed=3),)
    assert Driver([reply(one)]).run(exchange(FAL_CALL, FAL)).outputs == made
    assert Driver([reply(TICKET), reply(COMPLETED), reply(one)]).run(exchange(FAL_CALL, FAL)).outputs == made


def test_fal_data_uris_become_bytes() -> None:
    uri = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures(uri))])
    assert driver.run(exchange(FAL_CALL, FAL)).outputs == (Output(content=b"\x89PNG"),)


@pytest.mark.parametrize(
    ("uri", "content"),
    [
        ("data:text/plain,a%20b", b"a b"),
        ("data:image/svg+xml;utf8,%3Csvg/%3E", b"<svg/>"),
        ("data:image/png;base64,YWJj%2F%2F%3D%3D", b"abc\xff"),
    ],
)
def test_a_data_uri_has_more_than_one_spelling(uri: str, content: bytes) -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures(uri))])
    assert driver.run(exchange(FAL_CALL, FAL)).outputs == (Output(content=content),)


@pytest.mark.parametrize(("seed", "known"), [(7.0, 7), (0, 0), (True, None), (7.5, None), (None, None), ("7", None)])
def test_a_seed_is_a_whole_number(seed: Any, known: int | None) -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a", seed=seed))])
    assert driver.run(exchange(FAL_CALL, FAL)).outputs[0].seed == known


def test_fal_says_which_pictures_its_checker_replaced() -> None:
    urls = [f"https://{name}" for name in "abcde"]
    flags = {"has_nsfw_concepts": [False, True, "false", None, True]}
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures(*urls, **flags))])
    driver.run(exchange(FAL_CALL, FAL))
    assert driver.events[-1] == Event("flagged", "r1", "picture 2, 5")


def test_validation_errors_name_the_field() -> None:
    entries = [{"loc": ["body", "image_size", "width"], "msg": "too big", "type": "x"}, {"msg": "and more"}, "noise"]
    error = Driver([reply({"detail": entries}, 422)]).fails(exchange(FAL_CALL, FAL))
    assert str(error) == "fal found the request invalid: image_size.width: too big; and more"


@pytest.mark.parametrize(
    "hiccup", [reply(b"", 502), reply({"detail": "Request is still in progress"}, 400), reply(b"<html>")], ids=str
)
def test_a_fal_result_that_is_not_there_yet_is_asked_for_again(hiccup: HttpReply) -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), hiccup, hiccup, *FINISHED["fal"][1:]])
    assert driver.run(exchange(FAL_CALL, FAL)).outputs == (Output(url="https://a"),)
    assert [call.url for call in driver.calls[2:]] == [TICKET["response_url"]] * 3


def test_a_fal_result_may_say_that_nothing_is_wrong() -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a", error_type=None, detail=[]))])
    assert driver.run(exchange(FAL_CALL, FAL)).outputs == (Output(url="https://a"),)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (
            reply({"detail": [{"loc": ["body", "prompt"], "msg": "required"}]}, 422),
            "INVALID_REQUEST",
            "prompt: required",
        ),
        (reply({"detail": [{"msg": "bad"}]}, 400), "INVALID_REQUEST", "bad"),
        (reply({"detail": [{"msg": "too large"}]}, 413), "INVALID_REQUEST", "too large"),
        (reply({"detail": "Unprocessable"}, 422), "INVALID_REQUEST", "Unprocessable"),
        (reply({"detail": "gone"}, 503, x_fal_error_type="runner_disconnected"), "UPSTREAM_ERROR", "gone (runner_disc"),
        (reply({"detail": "late", "error_type": "request_timeout"}, 504), "UPSTREAM_ERROR", "late (request_timeout)"),
    ],
)
def test_fal_says_why_a_job_failed(answer: HttpReply, code: str, words: str) -> None:
    error = Driver([reply(TICKET), reply(COMPLETED), answer]).fails(exchange(FAL_CALL, FAL))
    assert (error.code, error.status) == (code, answer.status)
    assert words in str(error)


def test_fal_bills_its_own_failures_apart_from_the_models() -> None:
    provider = with_bills(FAL, failed=True, server_error=False)
    ours = reply({"detail": [{"msg": "no"}]}, 422)
    theirs = reply({"detail": "gone", "error_type": "internal_error"}, 500)
    failures = [
        Driver([reply(TICKET), reply(COMPLETED), answer]).fails(exchange(FAL_CALL, provider)).failure
        for answer in (ours, theirs)
    ]
    assert failures == [Failure.ACCEPTED, Failure.REJECTED]


def test_a_resumed_job_keeps_the_urls_the_provider_gave() -> None:
    given_urls = {**TICKET, "status_url": "https://queue.fal.run/s", "response_url": "https://queue.fal.run/r"}
    first = Driver([reply(given_urls), *FINISHED["fal"]])
    first.run(exchange(FAL_CALL, FAL))
    again = Driver(FINISHED["fal"])
    again.run(resume(FAL_CALL.url, "r1", FAL, detail=first.events[0].detail))
    assert [call.url for call in again.calls] == ["https://queue.fal.run/s", "https://queue.fal.run/r"]


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://queue.fal.run/fal-ai/flux/dev", "https://queue.fal.run/fal-ai/flux"),
        ("https://queue.fal.run/fal-ai/flux-kontext/dev/text-to-image", "https://queue.fal.run/fal-ai/flux-kontext"),
        ("https://queue.fal.run/workflows/me/mine/x", "https://queue.fal.run/workflows/me/mine"),
        ("http://127.0.0.1:9/fal-ai/flux/dev", "http://127.0.0.1:9/fal-ai/flux"),
    ],
)
def test_fal_urls_have_owner_and_app_only(url: str, base: str) -> None:
    assert cancel(url, "a/b", FAL) == HttpCall(method="PUT", url=f"{base}/requests/a%2Fb/cancel")


def test_a_returned_url_of_another_kind_is_not_called() -> None:
    driver = Driver([reply({**TICKET, "status_url": "file:///etc/passwd"}), *FINISHED["fal"]])
    driver.run(exchange(FAL_CALL, FAL))
    assert driver.calls[1].url == TICKET["status_url"]
