"""Waivers: `ignore: {linter: reason}` at a model, an endpoint or a size table overrules a linter there.

Row 3. A waiver that waives nothing is a fault itself, so that none outlives its reason; one that names no linter is
found by the schemas, which list them. This module must not know what linters look for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..node import Node
from ..scene import Scene
from .linter import Remark, linter, remark

__all__ = ["is_waived", "unused_waiver"]


def is_waived(scene: Scene, said: Remark, name: str) -> bool:
    """Whether an author has overruled a remark of a linter, nearest to it first; that waiver counts as used."""
    for node in (said.node, *said.concerns):
        for depth in range(len(node.path), -1, -1):
            path = node.path[:depth]
            if name in _ignored(_at(node.document.data, path)):
                scene.used_waivers.add((node.document.name, path, name))
                return True
    return False


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


def _ignored(data: Any) -> dict[str, Any]:
    ignored = data.get("ignore") if isinstance(data, dict) else None
    return ignored if isinstance(ignored, dict) else {}


@linter(
    "Every waiver waives something.",
    waivable=False,
    why="Its reason is gone, and the day the fault comes back for another reason nobody is told.",
    fix="Take the line out.",
)
def unused_waiver(scene: Scene) -> Iterator[Remark]:
    for holder in _holders(scene):
        for name in _ignored(holder.data):
            if (holder.document.name, holder.path, name) not in scene.used_waivers:
                message = f"{name} finds nothing here any more; take this waiver out"
                yield remark(holder, message, "ignore", name, at_key=True)


def _holders(scene: Scene) -> Iterator[Node]:
    """Whatever may hold waivers, as far as linters have looked at all of it."""
    seen = [entry for _, entry in scene.written]
    yield from seen
    for _, root in scene.roots:
        if len(root.data["endpoints"]) == sum(entry.document is root.document for entry in seen):
            yield root
    if scene.sound(scene.documents.size_tables):
        for _, table in scene.root(scene.documents.size_tables).items():
            yield table
