"""Reads replies and failures as far as all protocols agree, and polls an accepted job with patience.

Row 4: no I/O; it yields steps and is sent replies. It must not know any one provider's bodies: each protocol hands
in how its complaints are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import chain, repeat
from typing import Any, TypeAlias, TypeVar

from ..errors import Failure, ProviderError, TransportError
from ..types import Event, HttpCall, HttpReply, Provider, Step, Wait

T = TypeVar("T")
# A piece of an exchange: yields steps, receives replies, returns its own result.
Steps: TypeAlias = Generator[Step, HttpReply | None, T]

# Seconds between polls: fal's own client asks every 0.1 s, which a picture of one second deserves and a picture of a
# minute does not; so each pause is about half longer than the last, and 2 s is the most a finished picture waits.
DELAYS = (0.1, 0.15, 0.22, 0.34, 0.5, 0.76, 1.1, 1.7, 2.0)
# Polls that may fail in a row before the exchange gives up on the job: about a minute of a provider being away.
PATIENCE = 32
# The longest pause a reply may ask for; a wrong Retry-After must not park a job for a day.
LONGEST_PAUSE = 60.0
# Enough of a provider's words to act on, not enough to echo a whole data URI back.
LONGEST_QUOTE = 400
# Statuses that say "not now" about a poll: the job is still there.
PASSING = frozenset({404, 408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Complaint:
    """A provider's words about what went wrong: whether it objects to the content, or to the state of the account."""

    text: str
    moderated: bool = False
    unpaid: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A job a provider has accepted: whose it is, its id, and where it can be asked about (compact JSON).

    Without `detail` it cannot be asked about: the reply to the submission is all there is.
    """

    provider: Provider
    request_id: str | None
    detail: str | None = None

    @property
    def named(self) -> str:
        """The job in a sentence."""
        return "the request" if self.request_id is None else f"the request {self.request_id}"


@dataclass(frozen=True, slots=True)
class Pending:
    """A poll's answer: not finished. `kind` is queued or running."""

    kind: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """A poll's answer that says nothing about the job: ask again."""

    problem: str
    pause: float | None = None


def ask(call: HttpCall) -> Steps[HttpReply]:
    """Have one call made. Raises what the driver throws in (TransportError)."""
    reply = yield call
    if reply is None:
        raise TypeError("the driver must send an HttpReply for every HttpCall it is given")
    return reply


def send(call: HttpCall, provider: Provider, complain: Callable[[HttpReply], Complaint]) -> Steps[HttpReply]:
    """Make a call that is never repeated, and return its 2xx reply.

    Raises ProviderError: not-sent, ambiguous (a submission that may have arrived), rejected or refused.
    """
    try:
        reply = yield from ask(call)
    except TransportError as error:
        unknown = call.submits and error.sent
        outcome = "it may have arrived, so it was not repeated" if unknown else "nothing was ordered"
        raise ProviderError(
            f"{provider.name} did not answer: {error}; {outcome}.",
            provider=provider.id,
            failure=Failure.AMBIGUOUS if unknown else Failure.NOT_SENT,
            code="OUTCOME_UNKNOWN" if unknown else "UPSTREAM_ERROR",
        ) from error
    if 200 <= reply.status < 300:
        return reply
    raise declined(reply, provider, complain(reply), submits=call.submits)


def declined(reply: HttpReply, provider: Provider, complaint: Complaint, *, submits: bool) -> ProviderError:
    """The error for a reply outside 2xx to a call that was not a poll."""
    status, text = reply.status, complaint.text
    failure, code = Failure.REJECTED, "UPSTREAM_ERROR"
    if complaint.moderated:
        failure, code = Failure.REFUSED, "CONTENT_POLICY_VIOLATION"
        message = f"{provider.name} refused the content: {text}"
    elif status == 402 or complaint.unpaid:
        message = f"{provider.name} says the account of this gateway's own key ({provider.env}) cannot pay: {text}"
    elif status == 429:
        code = "RATE_LIMITED"
        message = f"{provider.name} limits the rate of requests: {text}"
    elif status in (401, 403):
        message = f"{provider.name} refused this gateway's own key ({provider.env}): {text}"
    elif status in (400, 413, 422):
        code = "INVALID_REQUEST"
        message = f"{provider.name} found the request invalid: {text}"
    elif 400 <= status < 500 or not submits or (status >= 500 and provider.bills.get("server_error") is False):
        message = f"{provider.name} answered HTTP {status}: {text}"
    else:
        failure, code = Failure.AMBIGUOUS, "OUTCOME_UNKNOWN"
        message = f"{provider.name} answered HTTP {status}: {text}; it may have started, so it was not repeated."
    return ProviderError(
        message, provider=provider.id, failure=failure, code=code, status=status, retry_after=retry_after(reply)
    )


def unreadable(reply: HttpReply, provider: Provider, problem: str, *, submits: bool) -> ProviderError:
    """The error for a 2xx reply without what it must hold: a submitted job may be running where none can find it."""
    outcome = "it may be running, so it was not repeated" if submits else "nothing was ordered"
    return ProviderError(
        f"{provider.name} accepted the call (HTTP {reply.status}) but {problem}; {outcome}.",
        provider=provider.id,
        failure=Failure.AMBIGUOUS if submits else Failure.REJECTED,
        code="OUTCOME_UNKNOWN" if submits else "UPSTREAM_ERROR",
        status=reply.status,
    )


def failed(
    job: Job, complaint: Complaint, *, billed: str = "failed", status: int | None = None, code: str = "UPSTREAM_ERROR"
) -> ProviderError:
    """The error for an accepted job that ended without a picture.

    `billed` is the key of `Provider.bills` that says what such an end costs; only a documented False makes it
    rejected, so that another endpoint may be asked.
    """
    free = job.provider.bills.get(billed) is False
    failure = Failure.REJECTED if free else Failure.ACCEPTED
    message = f"{job.provider.name} took {job.named} and could not finish it: {complaint.text}"
    if complaint.moderated:
        failure, code = Failure.REFUSED, "CONTENT_POLICY_VIOLATION"
        message = f"{job.provider.name} refused the content of {job.named}: {complaint.text}"
    return ProviderError(
        message, provider=job.provider.id, failure=failure, code=code, status=status, request_id=job.request_id
    )


def lost(job: Job, problem: str, status: int | None = None) -> ProviderError:
    """The error for an accepted job that cannot be followed: resume it by its id if it can be asked about.

    It must never be submitted again.
    """
    after = "it answers only once, and may bill it" if job.detail is None else "ask again by that id"
    return ProviderError(
        f"{job.provider.name} took {job.named}, but {problem}; {after}.",
        provider=job.provider.id,
        failure=Failure.ACCEPTED,
        code="OUTCOME_UNKNOWN",
        status=status,
        request_id=job.request_id,
    )


def passing(job: Job, reply: HttpReply) -> Unclear | None:
    """None for a 2xx reply to a poll, Unclear for one that may pass. Raises ProviderError for any other."""
    if 200 <= reply.status < 300:
        return None
    problem = f"its status cannot be read (HTTP {reply.status})"
    if reply.status >= 500 or reply.status in PASSING:
        return Unclear(problem, retry_after(reply))
    raise lost(job, problem, reply.status)


def poll(
    job: Job, call: HttpCall, read: Callable[[HttpReply], T | Pending | Unclear], *, at_once: bool = False
) -> Steps[T]:
    """Ask until `read` finds an answer in a reply; report each change of state.

    A job that is merely slow is followed for as long as the driver cares to; `PATIENCE` polls that fail in a row
    raise ProviderError of class accepted.
    """
    failures, state, delays = 0, None, _delays(at_once)
    while True:
        delay = next(delays)
        if delay:
            yield Wait(delay)
        try:
            answer = read((yield from ask(call)))
        except TransportError as error:
            answer = Unclear(f"it does not answer: {error}")
        if isinstance(answer, Pending):
            failures = 0
            if answer.kind != state:
                state = answer.kind
                yield Event(answer.kind, job.request_id, answer.detail)
        elif isinstance(answer, Unclear):
            failures += 1
            if failures == PATIENCE:
                raise lost(job, f"{answer.problem} after {failures} tries")
            if answer.pause and answer.pause > delay:
                yield Wait(min(answer.pause, LONGEST_PAUSE) - delay)
        else:
            return answer


def _delays(at_once: bool) -> Iterator[float]:
    """The pauses between polls; they have no end."""
    return chain((0.0,) if at_once else (), DELAYS, repeat(DELAYS[-1]))


_SECONDS = re.compile(r"[0-9]{1,6}")
_MILLISECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
# Replicate's sentence, and Black Forest Labs' field.
_STATED = re.compile(rb'resets in ~?(\d{1,6})\s*s|"retry_after"\s*:\s*(\d{1,6}(?:\.\d{1,6})?)')


def retry_after(reply: HttpReply) -> float | None:
    """Seconds to wait before another try, where the reply says so: by header, or in the body of a 429.

    >>> retry_after(HttpReply(status=429, headers={"retry-after": "7"}, body=b""))
    7.0
    """
    exact = reply.headers.get("retry-after-ms", "").strip()
    if _MILLISECONDS.fullmatch(exact):
        return float(exact) / 1000
    said = reply.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    try:
        # The clock is the server's own `Date`, so that nothing here reads one.
        pause = parsedate_to_datetime(said) - parsedate_to_datetime(reply.headers.get("date", ""))
        return max(0.0, pause.total_seconds())
    except (ValueError, TypeError):
        pass
    stated = _STATED.search(reply.body) if reply.status == 429 else None
    return float(stated[1] or stated[2]) if stated else None


def mapping(reply: HttpReply) -> Mapping[str, Any]:
    """The reply's JSON object; empty where the body is anything else."""
    body = reply.json()
    return body if isinstance(body, dict) else {}


def text_at(body: Mapping[str, Any], key: str) -> str | None:
    """A string that is not empty, or None."""
    value = body.get(key)
    return value if isinstance(value, str) and value else None


def whole(value: object) -> int | None:
    """A whole number, however JSON wrote it, or None."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def violations(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """FastAPI's list of what is invalid in a request, `{loc, msg, type}` under `detail`; empty where there is none."""
    detail = body.get("detail")
    return [entry for entry in detail if isinstance(entry, dict)] if isinstance(detail, list) else []


def sentences(entries: Iterable[Mapping[str, Any]]) -> str:
    """What `violations` gave, as text.

    >>> sentences([{"loc": ["body", "size", "width"], "msg": "too big"}, {"msg": "and more"}])
    'size.width: too big; and more'
    """
    return "; ".join(_sentence(entry) for entry in entries)


def _sentence(entry: Mapping[str, Any]) -> str:
    location = entry.get("loc")
    parts = location if isinstance(location, list) else []
    place = ".".join(str(part) for part in parts if part != "body")
    message = entry.get("msg", "invalid")
    return f"{place}: {message}" if place else str(message)


def quote(text: object) -> str:
    """A provider's words on one line and short enough to repeat."""
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}…"


def with_headers(call: HttpCall, **extra: str) -> dict[str, str]:
    """The call's headers and these (`_` for `-`) where the call does not have them, whatever their case."""
    present = {name.lower() for name in call.headers}
    added = {name.replace("_", "-"): value for name, value in extra.items()}
    return {**call.headers, **{name: value for name, value in added.items() if name.lower() not in present}}
