"""Server-sent events out of a body that comes in pieces, as the HTML standard reads them.

Row 4: no I/O. Fields that only matter to who reconnects (`id`, `retry`) are passed over: an exchange never submits
twice. It must not know what the events mean.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["EventReader", "ServerSentEvent"]

_LINE_END = re.compile(rb"\r\n|\r|\n")


class ServerSentEvent(NamedTuple):
    """One event: its type, `message` where it names none, and its data with line feeds between the lines."""

    type: str
    data: str


class EventReader:
    """Reads events out of pieces of a body; an event is there once the blank line after it is.

    >>> reader = EventReader()
    >>> reader.feed(b"event: done\\ndata: {}"), reader.feed(b"\\n\\n")
    ([], [ServerSentEvent(type='done', data='{}')])
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._ended_in_return = False
        self._started = False
        self._type = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that this piece of the body completes, in order; it may end anywhere, in a character too."""
        if self._ended_in_return and piece:
            # The other half of a line end that the last piece ended in.
            piece = piece.removeprefix(b"\n")
            self._ended_in_return = False
        if not piece:
            return []
        self._ended_in_return = piece.endswith(b"\r")
        *ended, rest = _LINE_END.split(piece)
        events = []
        for end in ended:
            line = b"".join((*self._pieces, end))
            self._pieces = []
            event = self._read(line.decode("utf-8", "replace"))
            if event is not None:
                events.append(event)
        self._pieces.append(rest)
        return events

    def _read(self, line: str) -> ServerSentEvent | None:
        if not self._started:
            self._started = True
            line = line.removeprefix("\ufeff")
        if not line:
            event = ServerSentEvent(self._type or "message", "\n".join(self._data)) if self._data else None
            self._type, self._data = "", []
            return event
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        return None
