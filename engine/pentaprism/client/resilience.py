"""What a client does about providers that are slow, busy or down: breakers, retries, and how much it asks at once.

Row 6. `Resilience` is the settings, `Slots` the bound on what is under way at each provider. It must not send anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ..errors import Failure, ProviderError
from .breaker import BreakerPolicy
from .retries import RetryPolicy

__all__ = ["Resilience", "Slots"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience:
    """How a client meets trouble.

    `concurrency` bounds the submissions under way at one provider, from sending to the last poll; whoever finds no
    room waits for as long as the request's deadline lets it.
    `retry_ambiguous` lets a request be sent again although nobody knows whether the provider took the first one: it
    may then be billed twice, so it is off.

    >>> Resilience(concurrency=8).retry.rounds
    3
    """

    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    concurrency: int = 256
    retry_ambiguous: bool = False

    def may_ask_again(self, failure: Failure) -> bool:
        """Whether another endpoint, or the same one later, may be asked after such a failure."""
        if failure is Failure.AMBIGUOUS:
            return self.retry_ambiguous
        return failure in (Failure.NOT_SENT, Failure.REJECTED)


class Slots:
    """So many places at each provider, taken in turn."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def one(self, provider: str, deadline: float) -> AsyncIterator[None]:
        """A place at a provider, by the event loop's clock at the latest at `deadline`.

        Raises ProviderError (not sent) where none came free in time.
        """
        slots = self._of.setdefault(provider, asyncio.Semaphore(self._most))
        try:
            async with asyncio.timeout_at(deadline):
                await slots.acquire()
        except TimeoutError:
            message = f"{self._most} requests are under way at {provider}, and none ended in time; ask again later."
            raise ProviderError(message, provider=provider, failure=Failure.NOT_SENT, code="OVERLOADED") from None
        try:
            yield
        finally:
            slots.release()
