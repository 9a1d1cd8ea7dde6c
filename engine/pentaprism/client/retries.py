"""When a request may be sent again: how often, after which pause, and out of which budget.

Row 6. Whether it may be sent again at all is decided by what the provider may have done; this module only says when.
The budget keeps retries from multiplying the load of a provider that is down. It must not sleep or send.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["RetryBudget", "RetryPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often the endpoints of a request are gone through, and how long is waited in between.

    `rounds` counts the first one too; AWS's standard mode makes 3 attempts. The pause before round k is anything up to
    `base` times 2**(k-1) seconds, evenly drawn (AWS's full jitter), at most `longest`; where a provider said how long
    to wait, no less than that, and where that is more than `longest` there is no further round.
    """

    rounds: int = 3
    base: float = 0.5
    longest: float = 20.0

    def pause(self, again: int, asked: float | None, *, draw: Callable[[], float] = random.random) -> float | None:
        """Seconds to wait before going through the endpoints for the `again`-th time more; None: do not.

        `asked` is what a provider's `Retry-After` asks for. `draw` gives a number from 0 to 1.

        >>> policy = RetryPolicy(rounds=3, base=0.5, longest=20)
        >>> policy.pause(1, None, draw=lambda: 1.0), policy.pause(2, 3.0, draw=lambda: 1.0), policy.pause(3, None)
        (0.5, 3.0, None)
        """
        if again >= self.rounds or (asked is not None and asked > self.longest):
            return None
        drawn: float = min(self.longest, self.base * 2 ** (again - 1)) * draw()
        return max(drawn, asked or 0.0)


class RetryBudget:
    """Tokens that retries cost and successes bring back (AWS: 500 of them, 5 for a retry, 1 back for a success).

    >>> budget = RetryBudget(tokens=6)
    >>> budget.take(), budget.take()
    (True, False)
    """

    _COST = 5

    def __init__(self, tokens: int = 500) -> None:
        self._most = self._left = tokens

    def take(self) -> bool:
        """Whether there is enough for one more retry; it is taken."""
        if self._left < self._COST:
            return False
        self._left -= self._COST
        return True

    def give_back(self) -> None:
        """A request succeeded."""
        self._left = min(self._most, self._left + 1)
