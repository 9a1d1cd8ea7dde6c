"""OpenAI's images protocol: one call, whose reply is the pictures, at once or as a stream of events.

Row 4: no I/O. Source: openai 3.54.0 and OpenAI's OpenAPI document of 2026-08-21, read 2026-11-21; what a refusal of the
content looks like is from copies of real replies. There is no job to poll, resume or cancel, so none is announced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..types import Exchange, ExchangeResult, HttpCall, HttpReply, Output, Part, Provider
from .images import from_base64, outputs, place, place_parts
from .replies import Complaint, Job, failed, lost, mapping, quote, send, text_at, unreadable, whole
from .sse import EventReader, ServerSentEvent

__all__ = ["ImageStream", "PartialImage", "complain", "preview", "run"]

_MODERATED = frozenset({"moderation_blocked", "content_policy_violation"})
# A 429 of this kind does not pass by waiting.
_UNPAID = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_PARTIAL = ("image_generation.partial_image", "image_edit.partial_image")
_COMPLETED = ("image_generation.completed", "image_edit.completed")


def run(call: HttpCall, provider: Provider) -> Exchange:
    """Submit, and read the pictures in the reply."""
    body = yield from place(call.json, provider)
    parts = None if call.parts is None else (yield from place_parts(call.parts, provider))
    reply = yield from send(call._replace(json=body, parts=parts, submits=True), provider, complain)
    request_id = reply.headers.get("x-request-id")
    if reply.headers.get("content-type", "").lower().startswith("text/event-stream"):
        stream = ImageStream(provider, request_id)
        stream.feed(reply.body)
        return stream.finish()
    answer = mapping(reply)
    if "data" not in answer:
        raise unreadable(reply, provider, "its reply holds no pictures", submits=True)
    job = Job(provider, request_id)
    entries = answer["data"]
    if not isinstance(entries, list) or not entries:
        raise lost(job, "its reply holds no pictures")
    made = tuple(_output(job, entry) for entry in entries)
    return ExchangeResult(outputs=made, request_id=request_id, tokens=_tokens(answer.get("usage")))


def preview(call: HttpCall, most: int) -> HttpCall:
    """The same submission, answered as a stream with up to so many unfinished pictures before the finished one.

    >>> preview(HttpCall(method="POST", url="https://api.openai.com/v1/images/generations", json={"n": 1}), 2).json
    {'n': 1, 'stream': True, 'partial_images': 2}
    """
    if call.parts is None:
        return call._replace(json={**call.json, "stream": True, "partial_images": most})
    asked = (Part(name="stream", content=b"true"), Part(name="partial_images", content=str(most).encode()))
    return call._replace(parts=(*call.parts, *asked))


class PartialImage(NamedTuple):
    """An unfinished picture that a stream shows on the way; `number` counts them from 0."""

    number: int
    content: bytes


class ImageStream:
    """A streamed reply, read as it comes: `feed` gives the unfinished pictures in a piece, `finish` the result.

    Both raise ProviderError: `feed` for an error before the first finished picture and for one that cannot be read,
    `finish` for a stream that ended without any.

    >>> from pentaprism.types import Provider
    >>> openai = Provider(id="openai", name="OpenAI", protocol="openai", homepage="", auth_header="Authorization",
    ...                   auth_scheme="Bearer", env="OPENAI_API_KEY", method="POST", submit_url="", hosts=())
    >>> stream = ImageStream(openai)
    >>> stream.feed(b'data: {"type": "image_edit.partial_image", "partial_image_index": 0, "b64_json": "YQ=="}\\n\\n')
    [PartialImage(number=0, content=b'a')]
    >>> stream.feed(b'data: {"type": "image_edit.completed", "b64_json": "YWI="}\\n\\n')
    []
    >>> stream.finish().outputs[0].content
    b'ab'
    """

    def __init__(self, provider: Provider, request_id: str | None = None) -> None:
        self._job = Job(provider, request_id)
        self._reader = EventReader()
        self._outputs: list[Output] = []
        self._tokens: dict[str, int] = {}

    def feed(self, piece: bytes) -> list[PartialImage]:
        """Take in a piece of the body, cut anywhere."""
        shown = []
        for event in self._reader.feed(piece):
            partial = self._read(_object(event), event.type)
            if partial is not None:
                shown.append(partial)
        return shown

    def finish(self) -> ExchangeResult:
        """The pictures, once the body has ended."""
        if not self._outputs:
            raise lost(self._job, "its stream ended without a picture")
        return ExchangeResult(outputs=tuple(self._outputs), request_id=self._job.request_id, tokens=self._tokens)

    def _read(self, event: Mapping[str, Any], name: str) -> PartialImage | None:
        kind = text_at(event, "type") or name
        if kind == "error" or event.get("error"):
            # Pictures that are here already are paid and kept; whoever asked for more sees how many came.
            if not self._outputs:
                raise failed(self._job, _complaint(event.get("error") or event, "an error without an explanation"))
        elif kind in _COMPLETED:
            self._outputs.append(_output(self._job, event))
            for counted, tokens in _tokens(event.get("usage")).items():
                self._tokens[counted] = self._tokens.get(counted, 0) + tokens
        elif kind in _PARTIAL:
            number, content = whole(event.get("partial_image_index")), from_base64(text_at(event, "b64_json") or "")
            # One that cannot be read is no loss: the finished picture is still to come.
            return PartialImage(number, content) if number is not None and content else None
        return None


def _object(event: ServerSentEvent) -> Mapping[str, Any]:
    """The event's data; empty where it is no object, as the `[DONE]` that ends other streams of OpenAI's."""
    try:
        data = json.loads(event.data)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _output(job: Job, entry: object) -> Output:
    """One entry of `data`, or a completed event: its bytes, or its URL."""
    if not isinstance(entry, Mapping):
        raise lost(job, "it returned a picture that is no object")
    content = from_base64(text_at(entry, "b64_json") or "")
    made = Output(content=content) if content else outputs(job, entry)[0]
    return made._replace(revised_prompt=text_at(entry, "revised_prompt"))


def _tokens(usage: object) -> dict[str, int]:
    """The counts of a `usage`, by kind. What goes out without details is all pictures, as OpenAI describes it."""
    given = usage if isinstance(usage, dict) else {}
    taken, made = given.get("input_tokens_details"), given.get("output_tokens_details")
    details = {"in": taken if isinstance(taken, dict) else {}, "out": made if isinstance(made, dict) else {}}
    counts = {
        f"{kind}_{way}": whole(parts.get(f"{kind}_tokens"))
        for way, parts in details.items()
        for kind in ("text", "image")
    }
    if not details["out"]:
        counts["image_out"] = whole(given.get("output_tokens"))
    return {name: count for name, count in counts.items() if count is not None and count >= 0}


def complain(reply: HttpReply) -> Complaint:
    """OpenAI's error: a `message` with a `code` and a `type`, under `error`."""
    return _complaint(mapping(reply).get("error"), f"HTTP {reply.status} without an explanation")


def _complaint(error: object, otherwise: str) -> Complaint:
    told = error if isinstance(error, dict) else {"message": error}
    marks = {text_at(told, "code"), text_at(told, "type")}
    text = text_at(told, "message") or text_at(told, "code") or otherwise
    details = told.get("moderation_details")
    if isinstance(details, dict):
        categories = details.get("categories")
        named = [str(one) for one in categories] if isinstance(categories, list) else []
        where = text_at(details, "moderation_stage")
        reasons = ": ".join(part for part in (where, ", ".join(named)) if part)
        text += f" ({reasons})" if reasons else ""
    return Complaint(quote(text), moderated=not marks.isdisjoint(_MODERATED), unpaid=not marks.isdisjoint(_UNPAID))
