"""The protocols, driven by hand: no sockets, no clock, every step seen."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.exchange import PROTOCOLS, cancel, exchange, resume
from pentaprism.exchange.replies import DELAYS, LONGEST_PAUSE, PATIENCE, retry_after
from pentaprism.types import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Media, Output, Provider, Wait

FAL = Provider(
    id="fal",
    name="fal",
    protocol="fal",
    homepage="https://fal.ai",
    auth_header="Authorization",
    auth_scheme="Key",
    env="FAL_KEY",
    method="POST",
    submit_url="https://queue.fal.run/{endpoint}",
    hosts=("queue.fal.run",),
    bills={"failed": False, "server_error": False},
)
REPLICATE = replace(
    FAL,
    id="replicate",
    name="Replicate",
    protocol="replicate",
    env="REPLICATE_API_TOKEN",
    bills={"failed": False, "canceled": True},
)
FAL_CALL = HttpCall(method="POST", url="https://queue.fal.run/fal-ai/flux/dev", json={"prompt": "a cat"}, submits=True)
REPLICATE_CALL = HttpCall(
    method="POST",
    url="https://api.replicate.com/v1/models/black-forest-labs/flux-dev/predictions",
    json={"input": {"prompt": "a cat"}},
    submits=True,
)
TICKET = {
    "status": "IN_QUEUE",
    "request_id": "r1",
    "status_url": "https://queue.fal.run/fal-ai/flux/requests/r1/status",
    "response_url": "https://queue.fal.run/fal-ai/flux/requests/r1",
    "cancel_url": "https://queue.fal.run/fal-ai/flux/requests/r1/cancel",
}
COMPLETED: dict[str, Any] = {"status": "COMPLETED", "logs": None, "metrics": {}}
FLAGGED = {"detail": [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]}
CASES = {"fal": (FAL, FAL_CALL), "replicate": (REPLICATE, REPLICATE_CALL)}

both = pytest.mark.parametrize(("provider", "call"), list(CASES.values()), ids=list(CASES))


def reply(body: Any = None, status: int = 200, **headers: str) -> HttpReply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpReply(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=content
    )


@dataclass
class Driver:
    """Answers an exchange's calls from a script, the last answer again and again, and writes down its steps."""

    script: Iterable[HttpReply | TransportError]
    calls: list[HttpCall] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def run(self, steps: Exchange) -> ExchangeResult:
        answers = iter(self.script)
        last: HttpReply | TransportError | None = None
        answer: HttpReply | TransportError | None = None
        try:
            while True:
                step = steps.throw(answer) if isinstance(answer, TransportError) else steps.send(answer)
                answer = None
                if isinstance(step, Wait):
                    self.waits.append(step.seconds)
                elif isinstance(step, Event):
                    self.events.append(step)
                else:
                    self.calls.append(step)
                    answer = last = next(answers, last)
                    assert answer is not None, f"nothing in the script answers {step}"
        except StopIteration as stop:
            result: ExchangeResult = stop.value
            return result

    def fails(self, steps: Exchange) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            self.run(steps)
        return caught.value


def pictures(*urls: str, **more: Any) -> dict[str, Any]:
    return {"images": [{"url": url, "width": 8, "height": 8} for url in urls], **more}


def prediction(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "p1", "status": status, "output": None, "error": None, "logs": "", **more}


# --- the happy ways ---------------------------------------------------------------------------------------------


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


def test_the_callers_own_headers_stay() -> None:
    driver = Driver([reply(prediction("succeeded", output="https://a"))])
    driver.run(exchange(REPLICATE_CALL._replace(headers={"prefer": "wait=5", "x-a": "b"}), REPLICATE))
    assert driver.calls[0].headers == {"prefer": "wait=5", "x-a": "b"}


def test_fal_synchronous_host_answers_at_once() -> None:
    driver = Driver([reply(pictures("https://a"), x_fal_request_id="sync-1")])
    call = FAL_CALL._replace(url="https://fal.run/fal-ai/flux/dev")
    assert driver.run(exchange(call, FAL)) == ExchangeResult(outputs=(Output(url="https://a"),), request_id="sync-1")
    assert not driver.events


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
    flags = {"has_nsfw_concepts": [False, True]}
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a", "https://b", **flags))])
    driver.run(exchange(FAL_CALL, FAL))
    assert driver.events[-1] == Event("flagged", "r1", "picture 2")


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


def test_a_withheld_picture_leaves_the_seed_unknown() -> None:
    logs = "Using seed: 41\nNSFW content detected in image 0\n"
    driver = Driver([reply(prediction("succeeded", output=["https://b"], logs=logs), 201)])
    assert driver.run(exchange(REPLICATE_CALL, REPLICATE)).outputs == (Output(url="https://b"),)


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


# --- input images -----------------------------------------------------------------------------------------------


def test_a_body_without_images_is_sent_as_it_is() -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a"))])
    driver.run(exchange(FAL_CALL, FAL))
    assert driver.calls[0].json is FAL_CALL.json


@pytest.mark.parametrize(
    ("media", "sent"),
    [
        (Media(url="https://x/a.png", content=b"abc", media_type="image/png"), "https://x/a.png"),
        (Media(content=b"abc", media_type="image/png"), "data:image/png;base64,YWJj"),
        (
            Media(content=b"abc", url="https://x/a.png", encode=("data_uri", "url")),
            "data:application/octet-stream;base64,YWJj",
        ),
        (Media(url="data:image/png;base64,YWJj"), "data:image/png;base64,YWJj"),
    ],
    ids=["url", "bytes", "the rule's order", "a data URI that came as a URL"],
)
def test_fal_images(media: Media, sent: str) -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a"))])
    call = FAL_CALL._replace(json={"prompt": "x", "image_urls": [media, media], "nested": {"image": media}})
    driver.run(exchange(call, FAL))
    assert driver.calls[0].json == {"prompt": "x", "image_urls": [sent, sent], "nested": {"image": sent}}


def test_replicate_uploads_each_image_once() -> None:
    media = Media(content=b"abc", media_type="image/png", encode=("url", "upload"))
    stored = reply({"id": "f", "urls": {"get": "https://api.replicate.com/v1/files/f"}}, 201)
    driver = Driver([stored, reply(prediction("succeeded", output="https://a"), 201)])
    driver.run(exchange(REPLICATE_CALL._replace(json={"input": {"image": media, "other": [media]}}), REPLICATE))
    upload, submission = driver.calls
    assert (upload.method, upload.url, upload.submits) == ("POST", "https://api.replicate.com/v1/files", False)
    assert upload.parts is not None
    assert [(part.name, part.filename, part.content, part.content_type) for part in upload.parts] == [
        ("content", "image.png", b"abc", "image/png")
    ]
    url = "https://api.replicate.com/v1/files/f"
    assert submission.json == {"input": {"image": url, "other": [url]}}


@pytest.mark.parametrize(("length", "way"), [(190_000, "inline"), (200_000, "upload")])
def test_replicate_takes_data_uris_up_to_256_kb(length: int, way: str) -> None:
    media = Media(content=b"a" * length, media_type="image/png", encode=("data_uri", "upload"))
    script = [reply({"urls": {"get": "https://f"}}, 201)] if way == "upload" else []
    driver = Driver([*script, reply(prediction("succeeded", output="https://a"), 201)])
    driver.run(exchange(REPLICATE_CALL._replace(json={"input": {"image": media}}), REPLICATE))
    assert len(driver.calls) == (2 if way == "upload" else 1)


@pytest.mark.parametrize(
    ("media", "hint"),
    [
        (Media(url="https://x/a.png", encode=("upload",)), "the image is here as a URL. Send it as a file."),
        (Media(content=b"a" * 300_000, encode=("url", "data_uri")), "takes 256000. Send it smaller or by URL."),
        (Media(content=b"a", encode=("url",)), "the image is here as bytes. Send it smaller or by URL."),
    ],
)
def test_an_image_that_cannot_be_sent_orders_nothing(media: Media, hint: str) -> None:
    driver = Driver([])
    error = driver.fails(exchange(REPLICATE_CALL._replace(json={"input": {"image": media}}), REPLICATE))
    assert not driver.calls
    assert (error.failure, error.code) == (Failure.REJECTED, "INVALID_REQUEST")
    assert hint in str(error)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (TransportError("reset", sent=True), Failure.NOT_SENT),
        (reply(b"<html>", 502), Failure.REJECTED),
        (reply({"id": "f"}, 201), Failure.REJECTED),
        (reply({"detail": "no"}, 401), Failure.REJECTED),
    ],
)
def test_a_failed_upload_is_never_a_job(answer: HttpReply | TransportError, failure: Failure) -> None:
    media = Media(content=b"abc", media_type="image/png", encode=("upload",))
    driver = Driver([answer])
    error = driver.fails(exchange(REPLICATE_CALL._replace(json={"input": {"image": media}}), REPLICATE))
    assert error.failure is failure
    assert not any(call.submits for call in driver.calls)


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
    undocumented = replace(FAL, bills={"failed": False})
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


def test_validation_errors_name_the_field() -> None:
    entries = [{"loc": ["body", "image_size", "width"], "msg": "too big", "type": "x"}, {"msg": "and more"}, "noise"]
    error = Driver([reply({"detail": entries}, 422)]).fails(exchange(FAL_CALL, FAL))
    assert str(error) == "fal found the request invalid: image_size.width: too big; and more"


def test_a_providers_words_are_cut_to_length() -> None:
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

ACCEPTED = {"fal": reply(TICKET), "replicate": reply(prediction("starting"), 202)}
FINISHED = {
    "fal": [reply(COMPLETED), reply(pictures("https://a"))],
    "replicate": [reply(prediction("succeeded", output="https://a"))],
}


@both
@pytest.mark.parametrize(
    "hiccup",
    [
        TransportError("reset", sent=True),
        reply(b"", 500),
        reply(b"<html>", 504),
        reply({}, 404),
        reply({}, 429),
        reply(b"<html>"),
    ],
    ids=["reset", "500", "504", "404", "429", "garbage"],
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
    assert sum(driver.waits) == pytest.approx(5 + LONGEST_PAUSE + DELAYS[2])


@both
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_poll_does_not_lose_the_job(provider: Provider, call: HttpCall, status: int) -> None:
    error = Driver([ACCEPTED[provider.id], reply({"detail": "no"}, status)]).fails(exchange(call, provider))
    assert (error.failure, error.status) == (Failure.ACCEPTED, status)
    assert error.request_id


def with_bills(provider: Provider, **bills: bool) -> Provider:
    return replace(provider, bills=bills)


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
    ("answer", "code", "words"),
    [
        (
            reply({"detail": [{"loc": ["body", "prompt"], "msg": "required"}]}, 422),
            "INVALID_REQUEST",
            "prompt: required",
        ),
        (reply({"detail": [{"msg": "bad"}]}, 400), "INVALID_REQUEST", "bad"),
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


def test_a_canceled_prediction_is_billed() -> None:
    script = [ACCEPTED["replicate"], reply(prediction("canceled"))]
    assert Driver(script).fails(exchange(REPLICATE_CALL, REPLICATE)).failure is Failure.ACCEPTED
    free = with_bills(REPLICATE, canceled=False)
    assert Driver(script).fails(exchange(REPLICATE_CALL, free)).failure is Failure.REJECTED


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


# --- resuming and canceling -------------------------------------------------------------------------------------


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


def test_a_resumed_prediction_is_asked_for_where_it_was_made() -> None:
    again = Driver(FINISHED["replicate"])
    detail = '{"get":"https://eu.replicate.com/v1/predictions/p1"}'
    again.run(resume(REPLICATE_CALL.url, "p1", REPLICATE, detail=detail))
    assert again.calls[0].url == "https://eu.replicate.com/v1/predictions/p1"


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


def test_replicate_cancel() -> None:
    expected = HttpCall(method="POST", url="https://api.replicate.com/v1/predictions/p1/cancel")
    assert cancel(REPLICATE_CALL.url, "p1", REPLICATE) == expected


def test_an_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"providers/fal\.yaml: there is no protocol 'smoke'; write one of: bfl, fal, replicate"
    ):
        exchange(FAL_CALL, replace(FAL, protocol="smoke"))
    assert set(PROTOCOLS) == {"bfl", "fal", "replicate"}


def test_a_driver_that_sends_no_reply_is_told() -> None:
    steps = exchange(FAL_CALL, FAL)
    next(steps)
    with pytest.raises(TypeError, match="HttpReply for every HttpCall"):
        steps.send(None)
