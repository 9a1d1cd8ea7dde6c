"""Hosts of pictures on loopback sockets: each answers as it is told, over TLS where it has a certificate, and keeps
what it was asked. Names lead to them by a resolver out of the settings, as an operator would give one."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import trustme

__all__ = ["AUTHORITY", "LOOPBACK", "Answer", "Host", "certified", "host", "leading", "reply", "trusting"]

AUTHORITY = trustme.CA()
LOOPBACK = ("127.0.0.0/8", "::1/128")
Answer: TypeAlias = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(content: bytes = b"", *, status: int = 200, **headers: str) -> bytes:
    """A whole HTTP reply; a header's underscores are hyphens."""
    fields = {"content-length": str(len(content)), **{name.replace("_", "-"): text for name, text in headers.items()}}
    head = "".join(f"{name}: {text}\r\n" for name, text in fields.items() if text)
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + content


def certified(*names: str) -> ssl.SSLContext:
    """What a server needs to be believed under these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    """What a client needs to believe them."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@dataclass
class Host:
    """A running server: its port, the heads of the requests it has read, and how many connections it has seen."""

    port: int
    answers: dict[str, Answer]
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def paths(self) -> list[str]:
        return [request.split(" ")[1] for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests.append(head)
                if length := re.search(r"content-length: (\d+)", head, re.IGNORECASE):
                    await reader.readexactly(int(length[1]))
                answer = self.answers.get(self.paths[-1], reply(status=404))
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(writer)
        except (OSError, EOFError, asyncio.CancelledError):
            # The other side has gone, or the test is over.
            pass
        finally:
            writer.close()


@asynccontextmanager
async def host(
    answers: dict[str, Answer], *, names: Sequence[str] = (), at: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Host]:
    """A server of these paths at a loopback address; over TLS where it has names."""
    running = Host(port, answers)
    server = await asyncio.start_server(running.serve, at, port, ssl=certified(*names) if names else None)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()


def leading(places: Mapping[str, Sequence[str]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that knows these names and no others."""

    async def resolve(name: str, port: int) -> Sequence[str]:
        if name not in places:
            raise OSError(f"no address for {name}:{port}")
        return places[name]

    return resolve
