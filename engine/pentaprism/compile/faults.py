"""Faults of a request as they are found, and values as a message shows them. Row 3; it must not raise."""

from __future__ import annotations

from typing import Any

from ..errors import Fault

__all__ = ["Faults", "shown"]


class Faults(list[Fault]):
    """Every fault found so far; a request is refused with all of them at once."""

    def add(self, param: str | None, message: str) -> None:
        """Record a fault of one parameter, or of the body as a whole."""
        self.append(Fault(param, message))


def shown(value: Any) -> str:
    """A value as a message quotes it, cut where it is long.

    >>> shown("x" * 100)[-5:]
    'xx...'
    """
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
