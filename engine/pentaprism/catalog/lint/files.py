"""Whether files are written the way the programs that write them do.

Row 3. It must not judge what a file says.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from ..contract_format import format_contract
from ..document import Document
from ..scene import Scene
from .linter import Remark, Severity, linter, remark

__all__ = ["contract_format", "formatted"]

_WIDEST = 60


@linter(
    "A contract is laid out as the importer lays it out.",
    severity=Severity.WARNING,
    waivable=False,
    why="When a provider changes its schema, the difference should show what changed and not who wrote the file.",
    fix="`pentaprism validate --fix` writes it so; nothing it says changes.",
)
def contract_format(scene: Scene) -> Iterator[Remark]:
    for document in scene.documents.contracts.values():
        text = document.text
        if text is not None and scene.sound(document) and text != (wanted := formatted(document)):
            number, line = next(
                (number, want or "nothing")
                for number, (have, want) in enumerate(zip_longest(text.split("\n"), wanted.split("\n")), start=1)
                if have != want
            )
            message = f"the importer would write {line.strip()[:_WIDEST]!r} here; `pentaprism validate --fix` does"
            yield remark(scene.root(document), message, at=(number, 1))


def formatted(document: Document) -> str:
    """The text a contract's file ought to have."""
    return format_contract(document.data)
