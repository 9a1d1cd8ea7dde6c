"""What a ledger is told, and when: before a submission, at acceptance, at settlement, at failure.

Row 6. The client calls a `Ledger` at each of the four moments and goes on only when the call has returned, so that an
accepted job is on record before anybody waits for it (DESIGN section 6). It must not store anything itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..errors import Failure
from ..types import CompiledRequest, Cost

__all__ = ["Attempt", "Ledger", "NoLedger", "OnMismatch"]


class OnMismatch(StrEnum):
    """What is done where a picture is not what was asked: tell of it, fail, or crop and resize it."""

    WARN = "warn"
    ERROR = "error"
    FIX = "fix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One submission to one provider: its own id, the request it belongs to, and which call of how many it is.

    `reserved` is what it may cost at the most; the cost of a request is shared evenly among its calls by pictures.
    `on_mismatch` is what the caller wants done with a picture that is not what was asked, whoever collects it.
    """

    id: str
    request_id: str
    compiled: CompiledRequest
    call: int
    reserved: Cost
    on_mismatch: OnMismatch = OnMismatch.WARN


class Ledger(Protocol):
    """Anything that keeps account of attempts. Each method returns only when the fact is stored."""

    def submitting(self, attempt: Attempt) -> None:
        """A submission is about to be sent."""

    def accepted(self, attempt: Attempt, provider_request_id: str | None, detail: str | None) -> None:
        """The provider took the job; with these two it can be resumed after a crash."""

    def settled(self, attempt: Attempt, cost: Cost) -> None:
        """The pictures are here; this is what they cost."""

    def failed(self, attempt: Attempt, failure: Failure, message: str) -> None:
        """The attempt failed; the class says whether it may have been billed."""


class NoLedger:
    """A ledger that keeps nothing: the library's default."""

    def submitting(self, attempt: Attempt) -> None:
        """Keep nothing."""

    def accepted(self, attempt: Attempt, provider_request_id: str | None, detail: str | None) -> None:
        """Keep nothing."""

    def settled(self, attempt: Attempt, cost: Cost) -> None:
        """Keep nothing."""

    def failed(self, attempt: Attempt, failure: Failure, message: str) -> None:
        """Keep nothing."""
