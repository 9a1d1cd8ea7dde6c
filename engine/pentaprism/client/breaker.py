"""Which providers are worth asking: a circuit breaker for each, opened by faults of the provider alone.

Row 6. A breaker opens after some faults in a row, and is then left alone for a while; after that one request, the
probe, may try it, and its end decides. What callers do wrong, and refusals of content, say nothing about a provider and
count for nothing. It must not send anything, and has no clock but the one it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Failure, ProviderError

__all__ = ["BreakerPolicy", "Breakers", "is_provider_fault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """`faults` in a row open a breaker for `seconds`.

    Envoy's outlier detection has the same two numbers by default (`consecutive_5xx` 5, base ejection time 30 s).
    """

    faults: int = 5
    seconds: float = 30.0


@dataclass(slots=True)
class _Breaker:
    """`faults` in a row so far; open until the clock reads `until`, None where it is closed."""

    faults: int = 0
    until: float | None = None
    probing: bool = False


def is_provider_fault(error: ProviderError) -> bool:
    """Whether a failure says something about the provider: it was not reached, answered 429 or 5xx, or not at all.

    >>> is_provider_fault(ProviderError("busy", provider="fal", failure=Failure.REJECTED, status=429))
    True
    >>> is_provider_fault(ProviderError("no such field", provider="fal", failure=Failure.REJECTED, status=422))
    False
    """
    if error.code == "OVERLOADED":
        # It was this client that had no room.
        return False
    if error.failure in (Failure.NOT_SENT, Failure.AMBIGUOUS):
        return True
    if error.failure is Failure.REFUSED or error.status is None:
        return False
    return error.status == 429 or error.status >= 500


class Breakers:
    """The breakers of the providers one client asks, each with the one credential that the client has for it.

    >>> now = 0.0
    >>> breakers = Breakers(BreakerPolicy(faults=1, seconds=30), clock=lambda: now)
    >>> breakers.fault("fal")
    >>> breakers.admits("fal"), breakers.admits("bfl")
    (False, True)
    >>> now = 30.0
    >>> breakers.admits("fal"), breakers.admits("fal")  # one probe, and nobody else until it is back
    (True, False)
    """

    def __init__(self, policy: BreakerPolicy, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._of: dict[str, _Breaker] = {}

    def admits(self, provider: str) -> bool:
        """Whether a request may go to the provider now; whoever is let in says how it ended.

        Of those that come once the time is over, the first is let in, as the probe.
        """
        breaker = self._of.get(provider)
        if breaker is None or breaker.until is None:
            return True
        if breaker.probing or self._clock() < breaker.until:
            return False
        breaker.probing = True
        return True

    def opens_at(self, provider: str) -> float:
        """When the provider may be probed, by the clock; the past where its breaker is closed."""
        breaker = self._of.get(provider)
        return float("-inf") if breaker is None or breaker.until is None else breaker.until

    def seconds_left(self, provider: str) -> float:
        """Seconds until the provider may be probed; 0 where that is now."""
        return max(0.0, self.opens_at(provider) - self._clock())

    def fault(self, provider: str) -> None:
        """A request failed by a fault of the provider's. A probe that failed opens the breaker again, for as long."""
        breaker = self._of.setdefault(provider, _Breaker())
        breaker.faults += 1
        if breaker.probing or breaker.until is not None or breaker.faults >= self._policy.faults:
            breaker.until = self._clock() + self._policy.seconds
        breaker.probing = False

    def ended(self, provider: str, error: ProviderError) -> None:
        """A request failed: count it against the provider, or for it, or as saying nothing."""
        if is_provider_fault(error):
            self.fault(provider)
        elif error.failure in (Failure.REJECTED, Failure.REFUSED):
            self.answered(provider)
        else:
            self.gave_up(provider)

    def answered(self, provider: str) -> None:
        """The provider answered as one that works does, be it with a refusal: the breaker is closed."""
        self._of.pop(provider, None)

    def gave_up(self, provider: str) -> None:
        """The request ended in a way that says nothing about the provider; the next may be the probe."""
        if provider in self._of:
            self._of[provider].probing = False
