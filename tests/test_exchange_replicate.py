"""Replicate's protocol, driven by hand: its wait, its predictions and what their logs say."""

from __future__ import annotations

import pytest

from exchange_driver import ACCEPTED, FINISHED, REPLICATE, REPLICATE_CALL, Driver, prediction, reply, with_bills
from pentaprism.errors import Failure
from pentaprism.exchange import cancel, exchange, resume
from pentaprism.types import HttpCall, Output


def test_the_callers_own_headers_stay() -> None:
    driver = Driver([reply(prediction("succeeded", output="https://a"))])
    driver.run(exchange(REPLICATE_CALL._replace(headers={"prefer": "wait=5", "x-a": "b"}), REPLICATE))
    assert driver.calls[0].headers == {"prefer": "wait=5", "x-a": "b"}


def test_replicate_within_the_wait_is_one_call() -> None:
    body = prediction("processing", output=["https://a", "https://b"], logs="Using seed: 41\n")
    driver = Driver([reply(body, 201)])
    result = driver.run(exchange(REPLICATE_CALL, REPLICATE))
    assert result.outputs == (Output(url="https://a", seed=41), Output(url="https://b"))
    assert [call.headers for call in driver.calls] == [{"Prefer": "wait=60"}]
    assert [(event.kind, event.request_id) for event in driver.events] == [("accepted", "p1")]


def test_replicate_after_the_wait_is_polled() -> None:
    driver = Driver(
        [
            reply(prediction("starting"), 202),
            reply(prediction("starting")),
            # What has come so far of a list that is still growing is not the answer.
            reply(prediction("processing", output=["https://a"])),
            reply(prediction("succeeded", output=["https://a", "https://b"])),
        ]
    )
    result = driver.run(exchange(REPLICATE_CALL, REPLICATE))
    assert [output.url for output in result.outputs] == ["https://a", "https://b"]
    assert {call.url for call in driver.calls[1:]} == {"https://api.replicate.com/v1/predictions/p1"}
    assert [event.kind for event in driver.events] == ["accepted", "queued", "running"]


@pytest.mark.parametrize("status", ["processing", "starting"])
def test_replicate_without_an_output_is_not_done(status: str) -> None:
    driver = Driver([reply(prediction(status), 201), reply(prediction("succeeded", output="https://a"))])
    assert driver.run(exchange(REPLICATE_CALL, REPLICATE)).outputs == (Output(url="https://a"),)


def test_replicate_a_failed_prediction_with_an_output_has_failed() -> None:
    driver = Driver([reply(prediction("failed", output=["https://a"], error="oops"), 201)])
    assert driver.fails(exchange(REPLICATE_CALL, REPLICATE)).request_id == "p1"


@pytest.mark.parametrize(
    ("logs", "seed"),
    [
        ("Loading\nUsing seed: 41\nDone\n", 41),
        ("Using seed: 41", 41),
        ("Using seed: 41 for the first\n", None),
        ("Not using seed: 41\n", None),
        ("prompt: Using seed: 41\n", None),
        (None, None),
    ],
)
def test_a_seed_is_a_line_of_the_logs(logs: str | None, seed: int | None) -> None:
    driver = Driver([reply(prediction("succeeded", output="https://a", logs=logs), 201)])
    assert driver.run(exchange(REPLICATE_CALL, REPLICATE)).outputs == (Output(url="https://a", seed=seed),)


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ({"title": "Bad request", "detail": "input.n is too large", "status": 400}, "input.n is too large"),
        ({"title": "Bad request", "status": 400}, "Bad request"),
        ({"status": 400}, "HTTP 400 without an explanation"),
    ],
)
def test_a_problem_is_told_by_its_detail_or_else_its_title(problem: dict[str, object], told: str) -> None:
    error = Driver([reply(problem, 400)]).fails(exchange(REPLICATE_CALL, REPLICATE))
    assert str(error) == f"Replicate found the request invalid: {told}"


@pytest.mark.parametrize("words", ["flagged as sensitive", "Flagged as sensitive", "(E005)", "nsfw content detected"])
def test_words_about_the_content_are_known_in_any_case(words: str) -> None:
    driver = Driver([ACCEPTED["replicate"], reply(prediction("failed", error=f"It was {words}."))])
    assert driver.fails(exchange(REPLICATE_CALL, REPLICATE)).failure is Failure.REFUSED


def test_a_withheld_picture_leaves_the_seed_unknown() -> None:
    logs = "Using seed: 41\nNSFW content detected in image 0\n"
    driver = Driver([reply(prediction("succeeded", output=["https://b"], logs=logs), 201)])
    assert driver.run(exchange(REPLICATE_CALL, REPLICATE)).outputs == (Output(url="https://b"),)


def test_a_canceled_prediction_is_billed() -> None:
    script = [ACCEPTED["replicate"], reply(prediction("canceled"))]
    assert Driver(script).fails(exchange(REPLICATE_CALL, REPLICATE)).failure is Failure.ACCEPTED
    free = with_bills(REPLICATE, canceled=False)
    assert Driver(script).fails(exchange(REPLICATE_CALL, free)).failure is Failure.REJECTED


def test_a_resumed_prediction_is_asked_for_where_it_was_made() -> None:
    again = Driver(FINISHED["replicate"])
    detail = '{"get":"https://eu.replicate.com/v1/predictions/p1"}'
    again.run(resume(REPLICATE_CALL.url, "p1", REPLICATE, detail=detail))
    assert again.calls[0].url == "https://eu.replicate.com/v1/predictions/p1"


def test_replicate_cancel() -> None:
    expected = HttpCall(method="POST", url="https://api.replicate.com/v1/predictions/p1/cancel")
    assert cancel(REPLICATE_CALL.url, "p1", REPLICATE) == expected
    # An id is a provider's word, and no way to another address.
    odd = cancel(REPLICATE_CALL.url, "../p/1", REPLICATE)
    assert odd == HttpCall(method="POST", url="https://api.replicate.com/v1/predictions/..%2Fp%2F1/cancel")
