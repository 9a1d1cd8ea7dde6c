"""Law 10: decoding a reply of k pictures gives those k in order, whatever the protocol and however long it takes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bfl_replies import BFL, ready, task
from bfl_replies import CALL as BFL_CALL
from bfl_replies import TICKET as BFL_TICKET
from exchange_driver import (
    COMPLETED,
    FAL,
    FAL_CALL,
    OPENAI,
    OPENAI_CALL,
    REPLICATE,
    REPLICATE_CALL,
    TICKET,
    Driver,
    prediction,
    reply,
    streamed,
)
from pentaprism.exchange import PROTOCOLS, resume
from pentaprism.types import HttpCall, HttpReply, Output, Provider

_URLS = st.integers(0, 10**6).map("https://delivery.example/{}.png".format)
_BYTES = st.binary(min_size=1, max_size=24)


def _uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


# A picture as a provider writes it, and as it must come out.
_PICTURES = st.one_of(
    _URLS.map(lambda url: (url, Output(url=url))),
    _BYTES.map(lambda content: (_uri(content), Output(content=content))),
)


def _fal(draw: Callable[[Any], Any], pictures: list[str]) -> list[HttpReply]:
    """fal's queue: a ticket, some waiting, and the result as a list of objects, or as one."""
    states = draw(st.lists(st.sampled_from(["IN_QUEUE", "IN_PROGRESS"]), max_size=3))
    entries = [{"url": picture, "width": 8, "height": 8, "content_type": "image/png"} for picture in pictures]
    body: dict[str, Any] = {"images": entries, "timings": {}}
    if len(entries) == 1 and draw(st.booleans()):
        body = {"image": entries[0]}
    return [reply(TICKET), *(reply({"status": state}, 202) for state in states), reply(COMPLETED), reply(body)]


def _replicate(draw: Callable[[Any], Any], pictures: list[str]) -> list[HttpReply]:
    """Replicate: done within the wait, or polled; a list of pictures, or one by itself. A list grows while it runs."""
    output: Any = pictures[0] if len(pictures) == 1 and draw(st.booleans()) else pictures
    done = reply(prediction("succeeded", output=output))
    if draw(st.integers(0, 4)) == 4:
        return [done]
    partial = pictures[: draw(st.integers(0, len(pictures)))]
    running = reply(prediction("processing", output=partial))
    waiting = draw(st.lists(st.sampled_from([reply(prediction("starting")), running]), max_size=3))
    return [reply(prediction("starting"), 202), *waiting, done]


def _bfl(draw: Callable[[Any], Any], pictures: list[str]) -> list[HttpReply]:
    """BFL: a task with a picture of its own."""
    states = draw(st.lists(st.sampled_from(["Pending", "Reasoning", "Generating", "Task not found"]), max_size=3))
    return [reply(BFL_TICKET), *(reply(task(state)) for state in states), ready(pictures[0])]


def _openai(draw: Callable[[Any], Any], pictures: list[str]) -> list[HttpReply]:
    """OpenAI: base64 or URLs in one reply, or base64 in a stream, with unfinished pictures before each."""
    entries = [
        {"url": picture} if picture.startswith("https") else {"b64_json": picture.partition(",")[2]}
        for picture in pictures
    ]
    if any("url" in entry for entry in entries) or draw(st.booleans()):
        return [reply({"created": 1, "data": entries})]
    events: list[dict[str, Any]] = []
    for entry in entries:
        for number in range(draw(st.integers(0, 3))):
            events.append({"type": "image_edit.partial_image", "partial_image_index": number, "b64_json": "YQ=="})
        events.append({"type": "image_edit.completed", **entry})
    return [streamed(*events)]


_WORDS: dict[str, tuple[Provider, HttpCall, Callable[[Callable[[Any], Any], list[str]], list[HttpReply]], int]] = {
    "fal": (FAL, FAL_CALL, _fal, 12),
    "replicate": (REPLICATE, REPLICATE_CALL, _replicate, 12),
    "bfl": (BFL, BFL_CALL, _bfl, 1),
    "openai": (OPENAI, OPENAI_CALL, _openai, 10),
}
_WITH_JOBS = [name for name, protocol in PROTOCOLS.items() if protocol.resume is not None]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(st.data())
def test_law_10_k_pictures_come_back_in_order(protocol: str, data: st.DataObject) -> None:
    """The provider's order is kept, a picture stays what it was, and the job, where there is one, announced once."""
    provider, call, answers, most = _WORDS[protocol]
    pictures = data.draw(st.lists(_PICTURES, min_size=1, max_size=most))
    driver = Driver(answers(data.draw, [written for written, _ in pictures]))
    result = driver.run(PROTOCOLS[protocol].run(call, provider))
    assert result.outputs == tuple(output for _, output in pictures)
    assert [event.kind for event in driver.events].count("accepted") == (protocol in _WITH_JOBS)
    assert [step.submits for step in driver.calls] == [True, *[False] * (len(driver.calls) - 1)]


@pytest.mark.parametrize("protocol", _WITH_JOBS)
@given(st.data())
def test_law_10_a_job_resumed_gives_the_same_pictures(protocol: str, data: st.DataObject) -> None:
    """Whoever has the accepted event gets what the first driver would have got, without submitting again."""
    provider, call, answers, most = _WORDS[protocol]
    pictures = data.draw(st.lists(_PICTURES, min_size=1, max_size=most))
    script = answers(data.draw, [written for written, _ in pictures])
    first = Driver(script)
    result = first.run(PROTOCOLS[protocol].run(call, provider))
    accepted = next(event for event in first.events if event.kind == "accepted")
    # What follows the submission; where that brought the pictures at once, the same is read again.
    again = Driver(script[1:] or script)
    resumed = again.run(resume(call.url, str(accepted.request_id), provider, detail=accepted.detail))
    assert resumed == result
    assert not any(step.submits for step in again.calls)
