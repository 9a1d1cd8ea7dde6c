"""Black Forest Labs' protocol: submit a task, poll the URL it returns until the picture is ready.

Row 4: no I/O. Source: BFL's own client (black-forest-labs/blackforest at fef56d5) and its API documentation, read
2026-11-21; `Reasoning`, `Generating` and `Failed` only other clients know. No way to cancel a task is documented, so
there is none here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from ..types import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Provider
from .images import outputs, place
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
    sentences,
    text_at,
    unreadable,
    violations,
    whole,
)

_WAITING = {"Pending": "queued", "Reasoning": "running", "Generating": "running"}
_MODERATED = ("Request Moderated", "Content Moderated")
_FAILED = ("Error", "Failed")
# The error code of a task that failed because of what it shows.
MODERATION = "content_policy_violation"


def run(call: HttpCall, provider: Provider) -> Exchange:
    """Submit, follow and collect."""
    body = yield from place(call.json, provider)
    reply = yield from send(call._replace(json=body, submits=True), provider, complain)
    task = mapping(reply)
    request_id = text_at(task, "id")
    if request_id is None:
        raise unreadable(reply, provider, "its reply names no task id", submits=True)
    job = _job(call.url, request_id, provider, text_at(task, "polling_url"))
    yield Event("accepted", request_id, job.detail)
    # A request that is flagged before the work begins may end in this reply.
    answer = _read(job, task)
    return answer if isinstance(answer, ExchangeResult) else (yield from _follow(job))


def resume(call_url: str, request_id: str, provider: Provider, detail: str | None = None) -> Exchange:
    """Follow a task submitted earlier, and collect its picture."""
    return (yield from _follow(_job(call_url, request_id, provider, _stored(detail)), at_once=True))


def _job(call_url: str, request_id: str, provider: Provider, given: str | None) -> Job:
    """The task, to be asked about where BFL said; its regions know of their own tasks only."""
    documented = f"{call_url.partition('/v1/')[0]}/v1/get_result?{urlencode({'id': request_id})}"
    url = _with_id(given, request_id) or documented
    return Job(provider, request_id, json.dumps({"polling_url": url}, separators=(",", ":")))


def _with_id(url: str | None, request_id: str) -> str | None:
    """A returned URL with the task's id in its query; None where it is no address."""
    if url is None or not url.startswith(("https://", "http://")):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if "id" in parse_qs(parts.query):
        return url
    query = "&".join(part for part in (parts.query, urlencode({"id": request_id})) if part)
    return urlunsplit(parts._replace(query=query, fragment=""))


def _stored(detail: str | None) -> str | None:
    try:
        stored = json.loads(detail or "{}")
    except ValueError:
        return None
    return text_at(stored, "polling_url") if isinstance(stored, dict) else None


def _follow(job: Job, *, at_once: bool = False) -> Steps[ExchangeResult]:
    def read(reply: HttpReply) -> ExchangeResult | Pending | Unclear:
        return passing(job, reply) or _read(job, mapping(reply))

    call = HttpCall(method="GET", url=_stored(job.detail) or "")
    return (yield from poll(job, call, read, at_once=at_once))


def _read(job: Job, task: Mapping[str, Any]) -> ExchangeResult | Pending | Unclear:
    status = text_at(task, "status")
    if status == "Ready":
        return _result(job, task)
    if status in _WAITING:
        return Pending(_WAITING[status])
    if status in _MODERATED:
        raise failed(job, Complaint(_explained(task), moderated=True))
    if status in _FAILED:
        raise failed(job, Complaint(_explained(task), moderated=task.get("error") == MODERATION))
    # "Task not found" too: a region says so of a task that it has not heard of yet.
    return Unclear(f"its status reads {quote(repr(task.get('status')))}")


def _result(job: Job, task: Mapping[str, Any]) -> ExchangeResult:
    result = task.get("result")
    made = result if isinstance(result, dict) else {}
    pictures = outputs(job, made.get("sample"), whole(made.get("seed")))
    prompt = text_at(made, "prompt")
    named = tuple(picture._replace(revised_prompt=prompt) for picture in pictures)
    return ExchangeResult(outputs=named, request_id=job.request_id)


def _explained(task: Mapping[str, Any]) -> str:
    """A status and whatever stands beside it as its reason."""
    details = task.get("details")
    reasons = details.get("Moderation Reasons") if isinstance(details, dict) else None
    listed = ", ".join(str(reason) for reason in reasons) if isinstance(reasons, list) else None
    words = listed or text_at(task, "message") or text_at(task, "error") or details
    return quote(f"{task['status']} ({words})" if words else task["status"])


def complain(reply: HttpReply) -> Complaint:
    """BFL's error shapes: FastAPI's list or a sentence under `detail`, or a `message` beside a code under `error`."""
    body = mapping(reply)
    text = sentences(violations(body)) or text_at(body, "detail") or text_at(body, "message") or text_at(body, "error")
    told = quote(text or f"HTTP {reply.status} without an explanation")
    return Complaint(told, moderated=body.get("error") == MODERATION or body.get("status") in _MODERATED)
