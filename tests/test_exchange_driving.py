"""What drivers share: the next step with the events told on the way, and a call as the bytes that are sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_driver import COMPLETED, FAL, FAL_CALL, TICKET, pictures, reply
from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.exchange import advance, encode, exchange
from pentaprism.gateway.multipart import read_parts
from pentaprism.types import Event, ExchangeResult, HttpCall, Part, Wait


def test_events_are_told_before_what_follows_them() -> None:
    steps = exchange(FAL_CALL, FAL)
    told: list[Event] = []
    submission = advance(steps, None, told.append)
    assert isinstance(submission, HttpCall)
    assert (submission.submits, told) == (True, [])
    assert isinstance(advance(steps, reply(TICKET), told.append), Wait)
    assert [event.kind for event in told] == ["accepted"]
    assert isinstance(advance(steps, None, told.append), HttpCall)
    assert isinstance(advance(steps, reply({"status": "IN_PROGRESS"}, 202), told.append), Wait)
    assert [event.kind for event in told] == ["accepted", "running"]
    assert isinstance(advance(steps, None, told.append), HttpCall)
    assert isinstance(advance(steps, reply(COMPLETED), told.append), HttpCall)
    flagged = pictures("https://a", has_nsfw_concepts=[True])
    result = advance(steps, reply(flagged), told.append)
    assert isinstance(result, ExchangeResult)
    assert (result.request_id, told[-1].kind) == ("r1", "flagged")


def test_what_the_network_did_reaches_the_exchange() -> None:
    steps = exchange(FAL_CALL, FAL)
    advance(steps, None, print)
    with pytest.raises(ProviderError, match="reset") as caught:
        advance(steps, TransportError("reset", sent=True), print)
    assert caught.value.failure is Failure.AMBIGUOUS


def test_a_poll_has_no_body() -> None:
    assert encode(HttpCall(method="GET", url="https://a", headers={"x": "y"})) == ({"x": "y"}, None)


def test_a_number_that_json_does_not_have_is_not_sent() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        encode(FAL_CALL._replace(json={"guidance_scale": float("nan")}))


NAMES = st.text("aä猫 []._-'(1", min_size=1)
PARTS = st.builds(
    Part,
    name=NAMES,
    content=st.binary(max_size=60),
    filename=st.none() | NAMES,
    content_type=st.sampled_from([None, "image/png"]),
)


@given(st.lists(PARTS, min_size=1, max_size=6))
def test_a_form_is_read_as_it_was_written(parts: list[Part]) -> None:
    headers, body = encode(HttpCall(method="POST", url="https://a", headers={"x": "y"}, parts=tuple(parts)))
    assert headers["x"] == "y"
    assert body is not None
    read = read_parts(body, headers["content-type"])
    assert [(part.name, part.filename, bytes(part.content)) for part in read] == [
        (part.name, part.filename, part.content) for part in parts
    ]


def test_a_form_on_the_wire() -> None:
    parts = (Part("prompt", b"a cat"), Part('a"b\r\n', b"x", "c.png"), Part("d", b"y", "e.png", "image/png"))
    headers, body = encode(HttpCall(method="POST", url="https://a", parts=parts))
    boundary = headers["content-type"].removeprefix("multipart/form-data; boundary=")
    assert (body or b"").decode().replace(boundary, "B").split("\r\n") == [
        "--B",
        'Content-Disposition: form-data; name="prompt"',
        "",
        "a cat",
        "--B",
        'Content-Disposition: form-data; name="a%22b%0D%0A"; filename="c.png"',
        "Content-Type: application/octet-stream",
        "",
        "x",
        "--B",
        'Content-Disposition: form-data; name="d"; filename="e.png"',
        "Content-Type: image/png",
        "",
        "y",
        "--B--",
        "",
    ]
