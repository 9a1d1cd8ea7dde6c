"""What a twin remembers: every request, its own bill, and the faults it was told to make. Row 7.

Written by a server's thread and read by a test's, so every access takes the lock. It must not know HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Any

from ..types import Cost, Size
from .faults import Faults

__all__ = ["Charge", "Journal"]

# Requests kept; a soak test makes more, and the newest are those it looks at.
LONGEST_LOG = 10_000


@dataclass(slots=True)
class Charge:
    """One line of the twin's bill: `usd` is None where the catalog has no exact price for what was made."""

    request_id: str
    endpoint: str
    images: int
    size: Size
    usd: Decimal | None
    derivation: str
    refunded: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data; the amount as a decimal string."""
        return {
            "request_id": self.request_id,
            "endpoint": self.endpoint,
            "images": self.images,
            "size": str(self.size),
            "usd": None if self.usd is None else str(self.usd),
            "derivation": self.derivation,
            "refunded": self.refunded,
        }


class Journal:
    """One provider's log, bill and faults.

    >>> journal = Journal()
    >>> journal.arm("429")
    >>> journal.take_fault(), journal.take_fault()
    ('429', None)
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: deque[dict[str, Any]] = deque(maxlen=LONGEST_LOG)
        self._charges: list[Charge] = []
        self._faults = Faults()
        self._count = 0

    def note(self, entry: dict[str, Any]) -> None:
        """Add one request to the log."""
        with self._lock:
            self._requests.append(entry)

    def requests(self) -> list[dict[str, Any]]:
        """The newest 10,000 requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def charge(self, request_id: str, endpoint: str, images: int, size: Size, cost: Cost) -> None:
        """Bill one job."""
        usd = cost.low if cost.exact else None
        with self._lock:
            self._charges.append(Charge(request_id, endpoint, images, size, usd, cost.derivation))

    def refund(self, request_id: str) -> None:
        """Take one job's charges back."""
        with self._lock:
            for charge in self._charges:
                if charge.request_id == request_id:
                    charge.refunded = True

    def bill(self) -> Decimal:
        """US dollars owed for everything made and not refunded.

        Raises ValueError where something was made that the catalog has no exact price for: a sum without it would
        look like a whole one.
        """
        with self._lock:
            owed = [charge for charge in self._charges if not charge.refunded]
        unknown = sorted({charge.endpoint for charge in owed if charge.usd is None})
        if unknown:
            raise ValueError(f"no exact price in the catalog for what was made at {', '.join(unknown)}")
        return sum((charge.usd for charge in owed if charge.usd is not None), Decimal(0))

    def charges(self) -> list[Charge]:
        """The bill, line by line."""
        with self._lock:
            return list(self._charges)

    def arm(self, name: str) -> None:
        """`Faults.arm`."""
        with self._lock:
            self._faults.arm(name)

    def schedule(
        self, faults: Iterable[str | None] | Mapping[str, float], *, repeat: bool = False, seed: int = 0
    ) -> None:
        """`Faults.draw` for a table of chances, `Faults.follow` for a list of steps."""
        with self._lock:
            if isinstance(faults, Mapping):
                self._faults.draw(faults, seed=seed)
            else:
                self._faults.follow(faults, repeat=repeat)

    def disarm(self) -> None:
        """`Faults.disarm`."""
        with self._lock:
            self._faults.disarm()

    def take_fault(self) -> str | None:
        """`Faults.take`."""
        with self._lock:
            return self._faults.take()

    def number(self) -> int:
        """A number no other job of this provider has."""
        with self._lock:
            self._count += 1
            return self._count
