"""Replicate's protocol: create a prediction, wait in the same call if it is quick, poll it if it is not.

Row 4: no I/O. Source: replicate 1.0.7 and Replicate's HTTP API documentation, read 2026-11-21.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote as quote_path
from urllib.parse import urlsplit

from ..types import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Media, Part, Provider
from .images import filename, outputs, place
from .replies import (
    Complaint,
    Job,
    Pending,
    Steps,
    Unclear,
    failed,
    mapping,
    passing,
    poll,
    quote,
    send,
    text_at,
    unreadable,
    with_headers,
)

# The longest Replicate holds the reply back for a prediction that is still running.
PREFER = "wait=60"
# Replicate recommends data URIs up to 256 kB; anything larger is uploaded.
LONGEST_URI = 256_000
# How a failed prediction says that it was the content: E005 is the platform's code, the sentence is the FLUX models'.
_MODERATION = re.compile(r"\(E005\)|flagged as sensitive|NSFW content", re.IGNORECASE)
# The FLUX models print the seed they chose, and which pictures of a batch they withheld.
_SEED = re.compile(r"^Using seed: (\d{1,20})\s*$", re.MULTILINE)
_WITHHELD = "NSFW content detected in image"


def run(call: HttpCall, provider: Provider) -> Exchange:
    """Submit, follow and collect."""

    def upload(media: Media) -> Steps[str]:
        return (yield from _upload(media, f"{_origin(call.url)}/v1/files", provider))

    body = yield from place(call.json, provider, upload=upload, longest_uri=LONGEST_URI)
    submission = call._replace(json=body, headers=with_headers(call, Prefer=PREFER), submits=True)
    reply = yield from send(submission, provider, complain)
    prediction = mapping(reply)
    request_id = text_at(prediction, "id")
    if request_id is None:
        raise unreadable(reply, provider, "its reply names no prediction id", submits=True)
    job = Job(provider, request_id, _detail(call.url, request_id))
    yield Event("accepted", request_id, job.detail)
    # A prediction that ended within the wait says `processing` and has its output already; `starting` means that
    # the wait ran out.
    if prediction.get("status") == "processing" and prediction.get("output"):
        return _result(job, prediction)
    answer = _read(job, prediction)
    if isinstance(answer, ExchangeResult):
        return answer
    return (yield from _follow(job, call.url))


def resume(call_url: str, request_id: str, provider: Provider, detail: str | None = None) -> Exchange:
    """Follow a prediction created earlier, and collect it."""
    job = Job(provider, request_id, detail or _detail(call_url, request_id))
    return (yield from _follow(job, call_url, at_once=True))


def cancel(call_url: str, request_id: str, provider: Provider, detail: str | None = None) -> HttpCall:
    """The call that cancels a prediction; Replicate bills the time a canceled one has run."""
    return HttpCall(method="POST", url=_stored(call_url, request_id, detail)["cancel"])


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _detail(call_url: str, request_id: str) -> str:
    prediction = f"{_origin(call_url)}/v1/predictions/{quote_path(request_id, safe='')}"
    return json.dumps({"get": prediction, "cancel": f"{prediction}/cancel"}, separators=(",", ":"))


def _stored(call_url: str, request_id: str, detail: str | None) -> dict[str, str]:
    derived: dict[str, str] = json.loads(_detail(call_url, request_id))
    try:
        given = json.loads(detail or "{}")
    except ValueError:
        given = {}
    named = given if isinstance(given, dict) else {}
    return {key: text_at(named, key) or url for key, url in derived.items()}


def _upload(media: Media, url: str, provider: Provider) -> Steps[str]:
    part = Part(name="content", content=media.content or b"", filename=filename(media), content_type=media.media_type)
    reply = yield from send(HttpCall(method="POST", url=url, parts=(part,)), provider, complain)
    urls = mapping(reply).get("urls")
    stored = text_at(urls, "get") if isinstance(urls, dict) else None
    if stored is None:
        raise unreadable(reply, provider, "its reply does not say where the file is", submits=False)
    return stored


def _follow(job: Job, call_url: str, *, at_once: bool = False) -> Steps[ExchangeResult]:
    def read(reply: HttpReply) -> ExchangeResult | Pending | Unclear:
        return passing(job, reply) or _read(job, mapping(reply))

    url = _stored(call_url, job.request_id or "", job.detail)["get"]
    return (yield from poll(job, HttpCall(method="GET", url=url), read, at_once=at_once))


def _read(job: Job, prediction: Mapping[str, Any]) -> ExchangeResult | Pending | Unclear:
    status = prediction.get("status")
    if status == "starting":
        return Pending("queued")
    if status == "processing":
        # Outside the wait this may be part of a list that is still growing.
        return Pending("running")
    if status == "succeeded":
        return _result(job, prediction)
    if status in ("failed", "aborted"):
        reason = quote(text_at(prediction, "error") or f"the prediction {status} without an explanation")
        raise failed(job, Complaint(reason, _MODERATION.search(reason) is not None))
    if status == "canceled":
        raise failed(job, Complaint("it was canceled"), billed="canceled")
    return Unclear(f"its status reads {quote(repr(status))}")


def _result(job: Job, prediction: Mapping[str, Any]) -> ExchangeResult:
    logs = text_at(prediction, "logs") or ""
    printed = None if _WITHHELD in logs else _SEED.search(logs)
    pictures = outputs(job, prediction.get("output"), int(printed[1]) if printed else None)
    return ExchangeResult(outputs=pictures, request_id=job.request_id)


def complain(reply: HttpReply) -> Complaint:
    """Replicate's problem details (RFC 7807): `detail`, or `title` where there is none."""
    body = mapping(reply)
    text = text_at(body, "detail") or text_at(body, "title") or f"HTTP {reply.status} without an explanation"
    return Complaint(quote(text), _MODERATION.search(text) is not None)
