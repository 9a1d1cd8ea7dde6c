"""What a linter is, and what it says.

Row 3. To add one: write the function in the module of its subject, decorate it, add it to `LINTERS` in the package's
own module, and put a reject of its name into `tests/rejects/lint/`. Its page is made of these. This module must not
know any catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ...errors import Finding
from ..document import Path
from ..node import Node
from ..scene import Scene

__all__ = ["Linter", "Remark", "Severity", "linter", "remark"]


class Severity(StrEnum):
    """Whether the engine would do wrong with it (error), or an author should look again (warning)."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a linter dislikes: a place, a sentence, and the endpoints concerned where the place is in none of them.

    `at` is the line and column where the fault is in the text of a file rather than in its data.
    """

    node: Node
    message: str
    keys: Path = ()
    at_key: bool = False
    concerns: tuple[Node, ...] = ()
    at: tuple[int, int] | None = None

    def finding(self, name: str) -> Finding:
        """The remark as a finding of the linter of that name."""
        if self.at is not None:
            return Finding(self.node.document.name, *self.at, name, self.message)
        return self.node.finding(name, self.message, *self.keys, key=self.at_key)


def remark(
    node: Node,
    message: str,
    *keys: str | int,
    at_key: bool = False,
    concerns: tuple[Node, ...] = (),
    at: tuple[int, int] | None = None,
) -> Remark:
    """A remark on a node, or on a place below it; `at_key` points to the key instead of the value."""
    return Remark(node=node, message=message, keys=keys, at_key=at_key, concerns=concerns, at=at)


Check = Callable[[Scene], Iterator[Remark]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linter:
    """One check. `sentence` says what must hold, `why` what goes wrong otherwise, `fix` what to do about it.

    `waivable`: whether an author may overrule it with `ignore:` and a reason.
    """

    name: str
    sentence: str
    why: str
    fix: str
    severity: Severity
    waivable: bool
    check: Check


def linter(
    sentence: str, *, why: str, fix: str, severity: Severity = Severity.ERROR, waivable: bool = True
) -> Callable[[Check], Linter]:
    """Make a linter of a function that yields remarks; its name is the function's, with dashes.

    >>> @linter("Nothing is wrong.", why="It would be.", fix="Mend it.")
    ... def nothing_wrong(scene: Scene) -> Iterator[Remark]:
    ...     yield from ()
    >>> nothing_wrong.name
    'nothing-wrong'
    """

    def make(check: Check) -> Linter:
        name = check.__name__.replace("_", "-")
        return Linter(name=name, sentence=sentence, why=why, fix=fix, severity=severity, waivable=waivable, check=check)

    return make
