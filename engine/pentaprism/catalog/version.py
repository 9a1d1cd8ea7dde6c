"""The version of a catalog: the calendar day of its newest fact.

Row 3. Data has a version of its own, so that prices can ship without a release of the engine. It is read from the data
and never from a clock, so that building the same catalog twice gives the same bytes. It must not judge a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

__all__ = ["UNVERSIONED", "calver", "day_of"]

UNVERSIONED = "unversioned"
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def calver(parts: Iterable[Any]) -> str:
    """The newest day on which anything in these documents was checked, as `YYYY.MM.DD`.

    Days on which prices start do not count: a price may be announced for a day to come. Results of proofs have no day
    and do not count either: proving again what is known makes nothing newer.

    >>> calver([{"endpoints": [{"checked": {"date": "2026-07-28"}, "prices": [{"from": "2027-01-01"}]}]}])
    '2026.07.28'
    """
    newest = max((day for part in parts for day in _checked(part)), default=None)
    return UNVERSIONED if newest is None else newest.replace("-", ".")


def day_of(version: str) -> date | None:
    """The day a version names; None where it names none.

    >>> day_of("2026.07.28.2"), day_of(UNVERSIONED)
    (datetime.date(2026, 7, 28), None)
    """
    try:
        return date.fromisoformat("-".join(version.split(".")[:3]))
    except ValueError:
        return None


def _checked(part: Any) -> Iterator[str]:
    """The dates of a document's provenance: its own, its entries' and its contract's."""
    if not isinstance(part, dict):
        return
    endpoints = part.get("endpoints")
    entries = endpoints if isinstance(endpoints, list) else part.values()
    for holder in (part, *entries):
        if isinstance(holder, dict):
            for key in ("checked", "x-provenance"):
                provenance = holder.get(key)
                day = provenance.get("date") if isinstance(provenance, dict) else None
                if isinstance(day, str) and _DATE.fullmatch(day):
                    yield day
