"""Whether every fact says where it is from, and whether that was read on a day that can be believed.

Row 3. What the keys of a provenance are is the schemas' affair. It must not know what a source says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ..node import Node
from ..scene import Scene
from .linter import Remark, Severity, linter, remark

__all__ = ["future_date", "stale_check", "vague_source"]

_STALE_DAYS = 365
_PLACEHOLDERS = frozenset(
    ("todo", "tbd", "fixme", "xxx", "unknown", "none", "na", "no", "source", "thesource", "web", "internet", "online")
)


@linter(
    "No fact was read on a day still to come.",
    why="A date is a promise that somebody looked. One in the future is a slip, and hides how old the fact is.",
    fix="Write the day on which you read the source. An announced price is another matter: its `from` may lie ahead.",
)
def future_date(scene: Scene) -> Iterator[Remark]:
    for node, day, concerns in _read_on(scene):
        if day > scene.today:
            message = f"{day} is still to come (today is {scene.today}); nobody can have read that yet"
            yield remark(node, message, "date", concerns=concerns)


@linter(
    "Every fact was checked within a year.",
    severity=Severity.WARNING,
    why="Providers change prices and schemas without a word; after a year a fact is a memory.",
    fix="Read the source again and write today's date. If it cannot be read any more, waive this with the reason.",
)
def stale_check(scene: Scene) -> Iterator[Remark]:
    for node, day, concerns in _read_on(scene):
        age = (scene.today - day).days
        if age > _STALE_DAYS:
            message = f"this was checked {age} days ago, on {day}; look again whether it still holds"
            yield remark(node, message, "date", concerns=concerns)


def _read_on(scene: Scene) -> Iterator[tuple[Node, date, tuple[Node, ...]]]:
    for node, concerns in scene.provenances():
        try:
            yield node, date.fromisoformat(node.get("date")), concerns
        except (TypeError, ValueError):
            continue


@linter(
    "A source is named so that somebody else can find it.",
    why="Nobody can check a fact whose source is a placeholder, so nobody can tell when it stops being true.",
    fix="Name the page, the package and its version, or the file and its commit. If there is no source, the fact stays "
    "out; if it is inferred, `method: inferred` and the reasoning are its source.",
)
def vague_source(scene: Scene) -> Iterator[Remark]:
    for node, concerns in scene.provenances():
        yield from _vague(node, concerns)
    for _, entry in scene.written:
        for price in entry.child("prices").entries():
            yield from _vague(price)
        for holder in (entry, *(mode for _, mode in entry.child("modes").items())):
            for _, rule in holder.child("rules").items():
                yield from _vague(rule)
                yield from _vague(rule.child("native"))
    for document in scene.documents.providers.values():
        yield from _vague(scene.root(document).child("bills"))


def _vague(node: Node, concerns: tuple[Node, ...] = ()) -> Iterator[Remark]:
    source = node.get("source")
    if isinstance(source, str):
        letters = re.sub(r"[\W_]", "", source).lower()
        if len(letters) < 3 or letters in _PLACEHOLDERS:
            yield remark(node, f"{source!r} is no source that anybody could look up", "source", concerns=concerns)
