"""A proxy between a client and a twin that makes the network misbehave, one request at a time.

Faults are taken from a schedule, one for each request that comes in, whatever it is: a submission, a poll, a download.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable
from typing import Self
from urllib.parse import urlsplit

__all__ = ["FAULTS", "FaultProxy"]

FAULTS = {
    "none": "the request and its reply go through",
    "latency": "the reply comes late, but in time",
    "refused": "the connection is reset before anything is read",
    "reset-before": "the connection is reset when the head is read, and the provider sees nothing",
    "reset-after": "the provider gets the whole request, and the connection is reset instead of its reply",
    "drip": "the reply comes in small pieces",
    "truncated": "the connection ends in the middle of the reply",
    "half-open": "the provider gets the whole request, and nothing comes back until the caller gives up",
}

_LATE = 0.05
_PIECES = 8
_NO_LINGER = struct.pack("ii", 1, 0)


class FaultProxy:
    """One proxy in front of one address, in a thread of its own.

    `schedule` holds the faults of the next requests; where it is empty, they go through. `asking` counts the requests
    that the upstream has not answered yet, whether their client still waits or not.
    """

    def __init__(self, upstream: str) -> None:
        place = urlsplit(upstream)
        self._upstream = place.hostname, place.port
        self.schedule: deque[str] = deque()
        self.passed = 0
        self.asking = 0
        # The event loop itself holds on to none of them.
        self._tasks: set[asyncio.Task[None] | None] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        opening = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def arm(self, faults: Iterable[str]) -> None:
        """Let the next requests suffer these, in turn, and nothing that was armed before."""
        self.schedule.clear()
        self.schedule.extend(faults)

    async def _close(self) -> None:
        self._server.close()
        tasks = [task for task in self._tasks if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._pass_on(reader, writer)
        finally:
            await _close(writer)
            self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its reply; the connection ends with it."""
        if self.schedule and self.schedule[0] == "refused":
            self.schedule.popleft()
            return _reset(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        fault = self.schedule.popleft() if self.schedule else "none"
        if fault in ("reset-before", "refused"):
            return _reset(writer)
        self.asking += 1
        try:
            reply = await self._ask(head, await reader.readexactly(_length(head)))
        finally:
            self.asking -= 1
        if fault == "reset-after":
            return _reset(writer)
        if fault == "half-open":
            await reader.read()
        elif fault == "truncated":
            writer.write(reply[: len(reply) // 2])
            await writer.drain()
        elif fault == "drip":
            for start in range(0, len(reply), size := max(1, len(reply) // _PIECES)):
                writer.write(reply[start : start + size])
                await writer.drain()
                await asyncio.sleep(0.001)
        else:
            await asyncio.sleep(_LATE if fault == "latency" else 0)
            writer.write(reply)
            await writer.drain()
        return None

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        """What the upstream answers."""
        first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith(b"connection:")]
        reader, writer = await asyncio.open_connection(*self._upstream)
        try:
            writer.write(b"\r\n".join([first, *kept, b"connection: close", b"", b""]) + body)
            await writer.drain()
            self.passed += 1
            return await reader.read()
        finally:
            await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection so that the other side sees a reset, not an end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
