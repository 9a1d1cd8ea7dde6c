"""HTTP and protocol steps as plain data, with no library's types and no credentials. Row 1.

`HttpCall.json` and `Part.media` may hold `Media` leaves: the exchange replaces each by what the provider takes.
"""

from __future__ import annotations

import json as _json
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeAlias

from .leaf import Media
from .plain import NOTHING

__all__ = ["Event", "Exchange", "ExchangeResult", "HttpCall", "HttpReply", "Output", "Part", "Step", "Wait"]


class Part(NamedTuple):
    """One part of a multipart body: a field, or a file where `filename` is set.

    `media` is an image whose bytes the exchange puts in the place of `content`, with a filename and a content type.
    """

    name: str
    content: bytes = b""
    filename: str | None = None
    content_type: str | None = None
    media: Media | None = None


class HttpCall(NamedTuple):
    """One HTTP request, as data. The body is `json` or `parts`, never both; both None is no body.

    `submits` marks the one call that makes a provider start billable work: it is never sent twice.

    >>> HttpCall(method="POST", url="https://fal.run/x", json={"prompt": "a cat"}).json["prompt"]
    'a cat'
    """

    method: str
    url: str
    headers: Mapping[str, str] = NOTHING
    json: Any = None
    parts: tuple[Part, ...] | None = None
    submits: bool = False


class HttpReply(NamedTuple):
    """One HTTP response, as data; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body read as JSON, or None where it is not JSON."""
        try:
            return _json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Wait(NamedTuple):
    """Ask the driver to let this many seconds pass."""

    seconds: float


class Event(NamedTuple):
    """Tell the driver what happened.

    `accepted`: the provider holds the job; store `request_id` and `detail`, from which it can be resumed. `queued`,
    `running`: its state. `flagged`: the provider's safety checker replaced pictures; `detail` says which.
    """

    kind: str
    request_id: str | None = None
    detail: str | None = None


class Output(NamedTuple):
    """One picture as a provider hands it over: a URL to fetch or the bytes themselves; its seed where stated."""

    url: str | None = None
    content: bytes | None = None
    seed: int | None = None
    revised_prompt: str | None = None


class ExchangeResult(NamedTuple):
    """What one exchange brought: the pictures in the provider's order, and the provider's request id.

    `tokens` are those the provider says it counted, by the kinds that prices know (`text_in`, `image_in`, `text_out`,
    `image_out`); a kind it does not tell is missing.
    """

    outputs: tuple[Output, ...]
    request_id: str | None = None
    tokens: Mapping[str, int] = NOTHING


Step: TypeAlias = HttpCall | Wait | Event
# Yields steps; receives the HttpReply of each HttpCall and None for the others; returns the result.
Exchange: TypeAlias = Generator[Step, HttpReply | None, ExchangeResult]
