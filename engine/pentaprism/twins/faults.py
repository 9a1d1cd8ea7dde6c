"""The faults a twin can make, and which of them the next submissions suffer. Row 7.

They are armed one by one, laid down as a list, or drawn by chance from a seed. It must not know how a protocol shows a
fault, and takes no lock: `Journal` does.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterable, Mapping

__all__ = ["FAULTS", "NONE", "Faults"]

FAULTS = {
    "429": "the rate limit is reached; nothing is started",
    "500-before": "HTTP 500, and nothing is started",
    "500-after": "HTTP 500, although the job runs, and is billed if the provider bills such replies",
    "moderation": "the content is refused",
    "failed": "the job is accepted and then fails",
    "slow": "the job takes three polls more, and outlives any wait in the submission",
    "poll-500": "the first two polls of the job answer HTTP 500",
    "wrong-size": "the pictures come three quarters as wide as they should be",
    "truncated": "each picture's file ends half way",
    "fewer": "one picture fewer comes back than was made and billed, at fal and OpenAI",
    "flagged": "the pictures come marked as unsafe, where the protocol has a field for it",
}
"""The faults a twin can make, by the name that `fail_next`, a schedule and the header `x-twin-fault` take."""

NONE = "none"
"""How a schedule spells a request that goes through, where it cannot say None."""


class Faults:
    """What one provider's next submissions suffer: first the faults armed one by one, then the schedule.

    >>> faults = Faults()
    >>> faults.follow(["429", None, "slow"])
    >>> [faults.take() for _ in range(4)]
    ['429', None, 'slow', None]
    """

    def __init__(self) -> None:
        self._armed: deque[str] = deque()
        self._steps: deque[str | None] = deque()
        self._repeat = False
        self._chances: Mapping[str, float] = {}
        self._random = random.Random(0)

    def arm(self, name: str) -> None:
        """Make the next submission fail this way; several are used up in turn. Raises ValueError for no such fault."""
        self._armed.append(_known(name))

    def follow(self, steps: Iterable[str | None], *, repeat: bool = False) -> None:
        """One step for each submission from now on, None or "none" for one that goes through.

        With `repeat` the list starts over when it is used up. It takes the place of any other schedule. Raises
        ValueError for a name not in `FAULTS`, and for an empty list.
        """
        if isinstance(steps, str):
            raise ValueError(f"a schedule is a list of faults, not the text {steps!r}")
        read = [None if step in (None, NONE) else _known(step) for step in steps]
        if not read:
            raise ValueError("a schedule needs at least one step")
        self._unplan()
        self._steps, self._repeat = deque(read), repeat

    def draw(self, chances: Mapping[str, float], *, seed: int = 0) -> None:
        """Let chance decide for each submission from now on: the probability of each fault, 0 to 1.

        The same seed draws the same faults. It takes the place of any other schedule. Raises ValueError for a name
        not in `FAULTS`, for an empty table, and for probabilities that are none or add up to more than 1.

        >>> first, second = Faults(), Faults()
        >>> first.draw({"429": 0.3, "slow": 0.2}, seed=7)
        >>> second.draw({"429": 0.3, "slow": 0.2}, seed=7)
        >>> [first.take() for _ in range(50)] == [second.take() for _ in range(50)]
        True
        """
        if not chances:
            raise ValueError("a table of chances needs at least one fault")
        for name, chance in chances.items():
            _known(name)
            if isinstance(chance, bool) or not isinstance(chance, (int, float)) or not 0 <= chance <= 1:
                raise ValueError(f"the chance of {name} must be a number from 0 to 1, not {chance!r}")
        # Tenths do not add up exactly.
        if (total := math.fsum(chances.values())) > 1 + 1e-9:
            raise ValueError(f"the chances add up to {total:g}, which is more than 1")
        self._unplan()
        self._chances, self._random = dict(chances), random.Random(seed)

    def disarm(self) -> None:
        """Forget every fault that has not struck yet, and the schedule."""
        self._armed.clear()
        self._unplan()

    def take(self) -> str | None:
        """The fault the submission at hand is to suffer, if any."""
        if self._armed:
            return self._armed.popleft()
        if self._steps:
            step = self._steps.popleft()
            if self._repeat:
                self._steps.append(step)
            return step
        if not self._chances:
            return None
        left = self._random.random()
        for name, chance in self._chances.items():
            if left < chance:
                return name
            left -= chance
        return None

    def _unplan(self) -> None:
        self._steps.clear()
        self._repeat, self._chances = False, {}


def _known(name: object) -> str:
    if not isinstance(name, str) or name not in FAULTS:
        raise ValueError(f"there is no fault {name!r}; there are {', '.join(FAULTS)}")
    return name
