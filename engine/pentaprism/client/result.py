"""What a request brought, in the shape of OpenAI's SDK, with everything that was changed beside it.

Row 6. It must not fetch or convert anything.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..types import Adjustment, CompiledRequest, Cost, Receipt

__all__ = ["AttemptRecord", "Image", "ImagesResponse"]

# A whole number of base64's groups of three bytes; about a millisecond's work.
_PIECE = 3 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One endpoint that was tried: whether it succeeded, and otherwise what went wrong and of which class."""

    endpoint: str
    provider: str
    outcome: str
    request_ids: tuple[str, ...] = ()
    message: str | None = None
    status: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {
            "endpoint": self.endpoint,
            "provider": self.provider,
            "outcome": self.outcome,
            "request_ids": list(self.request_ids),
            "message": self.message,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture. `content` are its bytes; `url` and `b64_json` are as in OpenAI's reply, one of them set.

    `url` is the provider's own link where the picture is exactly what it returned, else a data URI.
    """

    content: bytes = field(repr=False)
    media_type: str
    receipt: Receipt
    url: str | None = field(default=None, repr=False)
    b64_json: str | None = field(default=None, repr=False)
    revised_prompt: str | None = None
    seed: int | None = None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file and give its path."""
        file = Path(path)
        file.write_bytes(self.content)
        return file


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesResponse:
    """OpenAI's `created` and `data`, and what only this client knows.

    `cost` is what the pictures really cost; `estimate` what was expected before the call. `failures` names the calls
    of a fan-out that brought nothing, where others did; `flagged` the pictures a provider marked as unsafe.
    """

    created: int
    data: list[Image]
    id: str
    executed: CompiledRequest
    model: str
    cost: Cost
    attempts: tuple[AttemptRecord, ...]
    failures: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """What became of each parameter the caller set."""
        return self.executed.adjustments

    @property
    def changes(self) -> tuple[Adjustment, ...]:
        """The adjustments that are not simply `honored`."""
        return self.executed.changes

    @property
    def estimate(self) -> Cost:
        """What the request was expected to cost."""
        return self.executed.cost

    @property
    def size(self) -> str | None:
        """The pixels of the first picture, as `WxH`."""
        first = self.data[0].receipt.size if self.data else None
        return str(first) if first else None

    @property
    def output_format(self) -> str | None:
        """The file format of the first picture."""
        return self.data[0].receipt.format if self.data else None

    @property
    def metadata(self) -> dict[str, Any]:
        """What the gateway puts beside OpenAI's fields: who served it, the cost, every change and every receipt."""
        amount = self.cost.high
        return {
            "model": self.model,
            "executed_model": self.executed.endpoint,
            "provider": self.executed.provider,
            "verified": self.executed.verified,
            "cost": None if amount is None else float(amount),
            "cost_currency": "USD",
            "estimate": self.estimate.to_dict(),
            "attempts": [attempt.to_dict() for attempt in self.attempts],
            "adjustments": [adjustment.to_dict() for adjustment in self.adjustments],
            "receipt": [image.receipt.to_dict() for image in self.data],
            "seeds": [image.seed for image in self.data],
            "failures": list(self.failures),
            "flagged": list(self.flagged),
        }


def to_base64(content: bytes) -> str:
    """Bytes as the text of a `b64_json` field."""
    # In pieces, because the codec holds the interpreter's lock: in between other threads get their turn.
    view = memoryview(content)
    pieces = (view[start : start + _PIECE] for start in range(0, len(view), _PIECE))
    return "".join(base64.b64encode(piece).decode("ascii") for piece in pieces)
