"""fal's protocol: submit to the queue, poll the URLs it returns, fetch the result.

Row 4: no I/O. Source: fal-client 1.0.3 and fal's queue documentation, read 2026-11-21. Where the submit URL is that of
the synchronous host (`https://fal.run/{endpoint}`), the reply to the submission is the result: no job is announced, and
a connection that is lost before it came leaves nothing to ask about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote as quote_path
from urllib.parse import urlsplit

from ..errors import ProviderError, TransportError
from ..types import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Provider
from .images import outputs, place
from .replies import (
    Complaint,
    Job,
    Pending,
    Steps,
    Unclear,
    ask,
    failed,
    lost,
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
    with_headers,
)

# Endpoints under these first parts have one part more before the request's own path (fal-client APP_NAMESPACES).
NAMESPACES = ("workflows", "comfy")
MODERATION = "content_policy_violation"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where fal answers about one request."""

    status_url: str
    response_url: str
    cancel_url: str

    @property
    def detail(self) -> str:
        """The three URLs as compact JSON, to be stored with the request id."""
        urls = {"status_url": self.status_url, "response_url": self.response_url, "cancel_url": self.cancel_url}
        return json.dumps(urls, separators=(",", ":"))


def run(call: HttpCall, provider: Provider) -> Exchange:
    """Submit, follow and collect. `x-fal-no-retry` keeps fal from repeating billable work on its own account."""
    body = yield from place(call.json, provider)
    submission = call._replace(json=body, headers=with_headers(call, x_fal_no_retry="1"), submits=True)
    reply = yield from send(submission, provider, complain)
    answer = mapping(reply)
    if "images" in answer or "image" in answer:
        return (yield from _collect(Job(provider, reply.headers.get("x-fal-request-id")), answer))
    request_id = text_at(answer, "request_id")
    if request_id is None:
        raise unreadable(reply, provider, "its reply names no request id", submits=True)
    ticket = _ticket(call.url, request_id, answer)
    yield Event("accepted", request_id, ticket.detail)
    return (yield from _follow(Job(provider, request_id, ticket.detail), ticket))


def resume(call_url: str, request_id: str, provider: Provider, detail: str | None = None) -> Exchange:
    """Follow a request submitted earlier, and collect it."""
    ticket = _stored(call_url, request_id, detail)
    return (yield from _follow(Job(provider, request_id, ticket.detail), ticket, at_once=True))


def cancel(call_url: str, request_id: str, provider: Provider, detail: str | None = None) -> HttpCall:
    """The call that takes a request out of the queue, or asks its runner to stop."""
    return HttpCall(method="PUT", url=_stored(call_url, request_id, detail).cancel_url)


def _ticket(call_url: str, request_id: str, given: Mapping[str, Any]) -> Ticket:
    # The documented URLs have owner and app only: fal-ai/flux/dev answers under fal-ai/flux.
    where = urlsplit(call_url)
    parts = where.path.strip("/").split("/")
    app = "/".join(parts[: 3 if parts[0] in NAMESPACES else 2])
    base = f"{where.scheme}://{where.netloc}/{app}/requests/{quote_path(request_id, safe='')}"

    def url(name: str, derived: str) -> str:
        returned = text_at(given, name)
        return returned if returned and returned.startswith(("https://", "http://")) else derived

    return Ticket(url("status_url", f"{base}/status"), url("response_url", base), url("cancel_url", f"{base}/cancel"))


def _stored(call_url: str, request_id: str, detail: str | None) -> Ticket:
    try:
        stored = json.loads(detail or "{}")
    except ValueError:
        stored = {}
    return _ticket(call_url, request_id, stored if isinstance(stored, dict) else {})


def _follow(job: Job, ticket: Ticket, *, at_once: bool = False) -> Steps[ExchangeResult]:
    def state(reply: HttpReply) -> Mapping[str, Any] | Pending | Unclear:
        return passing(job, reply) or _state(mapping(reply))

    def result(reply: HttpReply) -> Mapping[str, Any] | Unclear:
        if reply.status >= 400 and _is_final(reply):
            raise _failure(job, reply)
        if reply.status == 400:
            # Another of fal's machines may not know yet that the job is complete.
            return Unclear("its result is not ready")
        return passing(job, reply) or mapping(reply) or Unclear("its result cannot be read")

    status = yield from poll(job, HttpCall(method="GET", url=ticket.status_url), state, at_once=at_once)
    fetch = HttpCall(method="GET", url=ticket.response_url)
    if status.get("error"):
        raise (yield from _explained(job, fetch, status))
    answer = yield from poll(job, fetch, result, at_once=True)
    return (yield from _collect(job, answer))


def _state(body: Mapping[str, Any]) -> Mapping[str, Any] | Pending | Unclear:
    status = body.get("status")
    if status == "COMPLETED":
        return body
    if status == "IN_QUEUE":
        position = body.get("queue_position")
        return Pending("queued", None if position is None else f"position {quote(position)}")
    if status == "IN_PROGRESS":
        return Pending("running")
    return Unclear(f"its status reads {quote(repr(status))}")


def _explained(job: Job, fetch: HttpCall, status: Mapping[str, Any]) -> Steps[ProviderError]:
    # The status names the error; only the result says whether it was the content, so it is asked once.
    said = Complaint(quote(status["error"]), status.get("error_type") == MODERATION)
    try:
        reply = yield from ask(fetch)
    except TransportError:
        return failed(job, said)
    return _failure(job, reply) if _is_final(reply) else failed(job, said)


def _is_final(reply: HttpReply) -> bool:
    # A model's own error has a list under `detail`, a runner's has a type; a bare 5xx is the way to fal failing.
    body = mapping(reply)
    typed = text_at(body, "error_type") or "x-fal-error-type" in reply.headers
    return bool(typed) or isinstance(body.get("detail"), list) or reply.status == 422


def _failure(job: Job, reply: HttpReply) -> ProviderError:
    invalid = reply.status in (400, 413, 422)
    code = "INVALID_REQUEST" if invalid else "UPSTREAM_ERROR"
    billed = "failed" if reply.status < 500 else "server_error"
    return failed(job, complain(reply), billed=billed, status=reply.status, code=code)


def complain(reply: HttpReply) -> Complaint:
    """fal's two error shapes: a list of `{loc, msg, type}` under `detail`, or a sentence there."""
    body = mapping(reply)
    entries = violations(body)
    if entries:
        return Complaint(quote(sentences(entries)), any(entry.get("type") == MODERATION for entry in entries))
    text = text_at(body, "detail") or text_at(body, "error") or f"HTTP {reply.status} without an explanation"
    kind = text_at(body, "error_type") or reply.headers.get("x-fal-error-type")
    return Complaint(quote(f"{text} ({kind})" if kind else text), kind == MODERATION)


def _collect(job: Job, body: Mapping[str, Any]) -> Steps[ExchangeResult]:
    images = body.get("images", body.get("image"))
    if images is None:
        raise lost(job, "its result holds no pictures")
    flags = body.get("has_nsfw_concepts")
    flagged = [str(number) for number, flag in enumerate(flags, 1) if flag is True] if isinstance(flags, list) else []
    if flagged:
        # fal blackens such a picture, returns it as any other, and bills it.
        yield Event("flagged", job.request_id, f"picture {', '.join(flagged)}")
    return ExchangeResult(outputs=outputs(job, images, whole(body.get("seed"))), request_id=job.request_id)
