"""One provider's twin: its jobs, files, key and journal, and the parts of an ASGI app that all protocols share.

Row 7. It must not know a protocol's paths or bodies: `bfl`, `fal`, `openai_images` and `replicate` do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..media import MediaError
from ..types import Provider, Size
from .faults import FAULTS
from .journal import Journal
from .schema_routes import schema_routes
from .studio import CatalogLike, Shelf, Shot, Studio, Violation

__all__ = ["Job", "Stored", "Twin", "application", "body_of", "hosted"]

# How often a job with the fault `slow` is asked in vain, beyond the twin's own `polls`.
SLOW_POLLS = 3
FAILING_POLLS = 2
# What a body at `/_twin/faults` may consist of.
_TELLINGS = ({"name"}, {"faults"}, {"faults", "repeat"}, {"faults", "seed"})


@dataclass(frozen=True, slots=True)
class Stored:
    """A file the twin serves: bytes it was sent, or a picture it draws when somebody fetches it."""

    media_type: str
    content: bytes | None = None
    shot: Shot | None = None
    index: int = 0
    cut: bool = False

    def read(self) -> bytes:
        """The file's bytes."""
        content = self.content if self.shot is None else self.shot.paint(self.index)
        whole = content or b""
        return whole[: len(whole) // 2] if self.cut else whole


@dataclass(slots=True)
class Job:
    """One accepted job. `end` is how it ends: done, invalid, moderated, failed or canceled."""

    id: str
    endpoint_id: str
    body: Any
    polls: int
    ready_at: float
    shot: Shot | None = None
    single: bool = False
    end: str = "done"
    violations: Sequence[Violation] = ()
    fault: str | None = None
    asked: int = 0
    failing: int = 0
    files: list[str] = field(default_factory=list)

    def finished(self) -> bool:
        """Whether enough polls and enough time have passed, or it was canceled."""
        return self.end == "canceled" or (self.asked > self.polls and time.monotonic() >= self.ready_at)

    def finish(self) -> None:
        """Pass over the remaining polls: its end was waited for."""
        self.asked = self.polls + 1


class Twin:
    """The state behind one provider's servers. `latency` is seconds a job takes, `polls` how often it is not ready.

    `contracts` are what it publishes, by the provider's own ids; bodies are checked against the catalog's all the same.
    """

    def __init__(self, catalog: CatalogLike, provider: Provider, *, key: str, latency: float, polls: int) -> None:
        self.provider = provider
        self.studio = Studio(catalog, provider)
        self.contracts: dict[str, Mapping[str, Any]] = {
            name.partition("/")[2]: document.data
            for name, document in catalog.documents.contracts.items()
            if name.partition("/")[0] == provider.id
        }
        self.journal = Journal()
        self.key = key
        self.latency = latency
        self.polls = polls
        self.jobs: dict[str, Job] = {}
        self.files: dict[str, Stored] = {}

    def admits(self, request: Request) -> bool:
        """Whether the request carries the twin's key, the way the provider wants it."""
        scheme = self.provider.auth_scheme
        return request.headers.get(self.provider.auth_header) == (f"{scheme} {self.key}" if scheme else self.key)

    def hurry(self) -> None:
        """Let every job be ready at the next poll, those under way too."""
        self.polls, self.latency = 0, 0.0
        for job in self.jobs.values():
            job.polls, job.ready_at = 0, 0.0

    def fault(self, request: Request) -> str | None:
        """The fault this submission suffers: the one its `x-twin-fault` header names, else the next one armed."""
        named = request.headers.get("x-twin-fault")
        if named is not None and named not in FAULTS:
            raise HTTPException(400, f"x-twin-fault: there is no fault {named!r}; there are {', '.join(FAULTS)}")
        return named or self.journal.take_fault()

    def order(
        self,
        shelf: Shelf,
        job_id: str,
        body: Any,
        *,
        violations: Sequence[Violation],
        fault: str | None,
        notes: list[str],
    ) -> Job:
        """Take a job, and bill it by what the provider says such an end costs; one with violations makes nothing."""
        patience = SLOW_POLLS if fault == "slow" else 0
        job = Job(job_id, shelf.endpoint.id, body, self.polls + patience, time.monotonic() + self.latency)
        job.fault, job.single = fault, shelf.single
        job.failing = FAILING_POLLS if fault == "poll-500" else 0
        job.violations = violations
        self.jobs[job.id] = job
        if job.violations:
            job.end = "invalid"
            return job
        try:
            shot = shelf.read(body, self.journal.number(), self._content)
        except MediaError as error:
            job.end, job.violations = "invalid", (Violation(("image",), "image", None, None, str(error)),)
            return job
        if fault == "wrong-size":
            shot = replace(shot, size=Size(max(1, shot.size.width * 3 // 4), shot.size.height))
        job.shot = shot
        job.end = {"moderation": "moderated", "failed": "failed"}.get(fault or "", "done")
        notes.extend(shot.notes)
        kind = "server_error" if fault == "500-after" else "failed" if job.end != "done" else None
        if kind is None or self.provider.bills.get(kind) is not False:
            self.journal.charge(job.id, shelf.endpoint.key, shot.count, shot.size, shot.cost)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job that is not finished; it stays billed unless the catalog says canceled or failed ones are free."""
        job.end = "canceled"
        bills = self.provider.bills
        if bills.get("canceled", bills.get("failed")) is False:
            self.journal.refund(job.id)

    def publish(self, job: Job, base: str) -> list[str]:
        """The URLs of a finished job's pictures, in order."""
        if job.shot is not None and not job.files:
            kind = "jpg" if job.shot.kind == "jpeg" else job.shot.kind
            for index in range(job.shot.count):
                name = f"{job.id}-{index}.{kind}"
                cut = job.fault == "truncated"
                self.files[name] = Stored(job.shot.media_type, shot=job.shot, index=index, cut=cut)
                job.files.append(name)
        return [f"{base}/files/{name}" for name in job.files]

    def store(self, content: bytes, media_type: str, name: str | None = None) -> str:
        """Keep a file; gives its name."""
        name = name or uuid.uuid4().hex
        self.files[name] = Stored(media_type, content)
        return name

    def _content(self, url: str) -> bytes | None:
        stored = self.files.get(url.rsplit("/", 1)[-1])
        return stored.content if stored is not None else None


def hosted(request: Request) -> str:
    """The origin the request came to, for the URLs in the reply."""
    return str(request.base_url).rstrip("/")


async def body_of(request: Request) -> Any:
    """The request's body as JSON, None where it is not JSON."""
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


def application(twin: Twin, routes: Iterable[BaseRoute], missing: Callable[[], Response]) -> ASGIApp:
    """The ASGI app of these routes, with the files and the journal, and a log line for every other request.

    `missing` makes the provider's own reply to a path that does not exist.
    """

    async def file(request: Request) -> Response:
        stored = twin.files.get(request.path_params["name"])
        if stored is None:
            return missing()
        return Response(await run_in_threadpool(stored.read), media_type=stored.media_type)

    async def requests(_: Request) -> Response:
        return JSONResponse(twin.journal.requests())

    async def bill(_: Request) -> Response:
        charges = [charge.to_dict() for charge in twin.journal.charges()]
        try:
            total: str | None = str(twin.journal.bill())
        except ValueError:
            total = None
        return JSONResponse({"currency": "USD", "total": total, "charges": charges})

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            twin.journal.disarm()
            return Response(status_code=204)
        try:
            _told(twin.journal, await body_of(request))
        except ValueError as error:
            return JSONResponse({"detail": str(error), "faults": FAULTS}, 422)
        return Response(status_code=204)

    async def absent(_: Request, __: Exception) -> Response:
        return missing()

    shared = [
        Route("/_twin/requests", requests),
        Route("/_twin/bill", bill),
        Route("/_twin/faults", faults, methods=["POST", "DELETE"]),
        Route("/files/{name}", file),
        *schema_routes(twin, missing),
    ]
    return _Logged(Starlette(routes=[*shared, *routes], exception_handlers={404: absent, 405: absent}), twin)


def _told(journal: Journal, body: Any) -> None:
    """Do what a body says that came to `/_twin/faults`. Raises ValueError where it says nothing that can be done."""
    told = {"faults": body} if isinstance(body, list) else body
    if not isinstance(told, dict) or set(told) not in _TELLINGS:
        raise ValueError(
            'send one fault as {"name": "429"}, a list as ["429", null, "slow"] or {"faults": [...], "repeat": true},'
            ' or chances as {"faults": {"429": 0.1}, "seed": 7}'
        )
    if "name" in told:
        journal.arm(told["name"])
        return
    steps, repeat, seed = told["faults"], told.get("repeat", False), told.get("seed", 0)
    if not isinstance(steps, list | dict):
        raise ValueError(f"faults must be a list of names or an object of chances, not {steps!r}")
    if not isinstance(repeat, bool) or ("repeat" in told and isinstance(steps, dict)):
        raise ValueError(f"repeat is true or false, and goes with a list, not {repeat!r} with {steps!r}")
    if not isinstance(seed, int) or isinstance(seed, bool) or ("seed" in told and isinstance(steps, list)):
        raise ValueError(f"seed is an integer, and goes with chances, not {seed!r} with {steps!r}")
    journal.schedule(steps, repeat=repeat, seed=seed)


class _Logged:
    """Writes each request to the journal, without the credential, and hands the handler its fault and its notes."""

    def __init__(self, app: ASGIApp, twin: Twin) -> None:
        self.app = app
        self.twin = twin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_twin/"):
            await self.app(scope, receive, send)
            return
        body = await _drained(receive)
        notes: list[str] = []

        unread = [body]

        async def replay() -> Message:
            # Once only: who streams a reply asks again, to learn of a caller that went away.
            return {"type": "http.request", "body": unread.pop(), "more_body": False} if unread else await receive()

        async def watch(message: Message) -> None:
            # Before it is sent: whoever has the reply finds the line.
            if message["type"] == "http.response.start":
                self.twin.journal.note(self._entry(scope, body, message["status"], notes))
            await send(message)

        scope["twin.notes"] = notes
        # The one who cancels is the server that has just cut the connection: there is nobody to answer.
        with contextlib.suppress(asyncio.CancelledError):
            await self.app(scope, replay, watch)

    def _entry(self, scope: Scope, body: bytes, status: int, notes: list[str]) -> dict[str, Any]:
        secret = {self.twin.provider.auth_header.lower(), "authorization"}
        pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        headers = {name: value for name, value in pairs if name not in secret}
        try:
            parsed = json.loads(body) if body else None
        except ValueError:
            parsed = None
        return {
            "method": scope["method"],
            "path": scope["path"],
            "json": parsed,
            "status": status,
            "headers": headers,
            "notes": notes,
        }


async def _drained(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
