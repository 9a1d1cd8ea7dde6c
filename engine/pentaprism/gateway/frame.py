"""What stands around every request: an id, a line in the log, whom it may come from, how large it may be. Row 7.

Two ASGI layers. `Frame` is outermost and touches every reply; `Gate` refuses what must not reach a handler, by raising
what `envelope` turns into a reply. They must not look into a body, and log neither bodies nor queries: a prompt stands
in the one, a signature in the other.

Callers need no key here, so the browser is what must be kept out: a page from elsewhere can send a form to a loopback
port (its `Origin` tells), and a name that points to the loopback makes it same-origin (its `Host` tells).
"""

from __future__ import annotations

import logging
import time
import uuid
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .envelope import GatewayError

__all__ = ["Frame", "Gate"]

_LOG = logging.getLogger("pentaprism.gateway")


class Frame:
    """Gives each request an id, says it in the reply, and logs one line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = f"req_{uuid.uuid4().hex}"
        began = time.perf_counter()
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        try:
            await self._app(scope, receive, framed)
        finally:
            spent = round((time.perf_counter() - began) * 1000)
            # Quoted, because a path may hold a line break.
            _LOG.info("%s %s %s %d %d ms", request_id, scope["method"], quote(scope["path"]), status, spent)


class Gate:
    """Refuses foreign hosts and origins, and counts a body as it comes in."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], max_body_bytes: int) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._limit = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self._check_origin(headers)
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit:
            raise self._too_large()
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _check_origin(self, headers: Headers) -> None:
        host = _hostname(f"//{headers.get('host', '')}")
        if host not in self._hosts:
            raise GatewayError(
                "FORBIDDEN",
                f"This gateway does not answer to the host {host!r}. It runs without keys, so only names of this "
                "machine reach it; set `public_url` where it is served under another.",
            )
        origin = headers.get("origin")
        if origin is not None and _hostname(origin) not in self._hosts:
            raise GatewayError("FORBIDDEN", f"Pages of {origin!r} may not use this gateway.")

    def _too_large(self) -> GatewayError:
        message = f"The body is larger than {self._limit:,} bytes. Send images by URL, or smaller."
        return GatewayError("INVALID_REQUEST", message, status=413)


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
