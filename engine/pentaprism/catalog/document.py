"""One document of a catalog: its data, and where in which file every part of it stands.

Row 3. `yaml_source` and `json_source` make them, `documents` lays one over another. This module must not know what the
data means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import Finding

__all__ = ["BYTE_ORDER_MARK", "DEEPEST", "MARKED", "TOO_DEEP", "Document", "Path", "is_too_deep"]

Path = tuple["str | int", ...]

DEEPEST = 40
"""How deep the data of a file may be nested; the deepest provider schema has about twelve levels."""

TOO_DEEP = f"this is nested deeper than {DEEPEST} levels"
"""What is said of data nested deeper."""

BYTE_ORDER_MARK = "\ufeff"
MARKED = "a byte order mark, which no editor shows, stands before the text; save the file as UTF-8 without it"
"""What is said of a file that begins with that character."""


class Document:
    """The data of one file, and the line and column of every part of it.

    `where(path)` finds the value at a path such as `("endpoints", 0, "id")`, or the nearest thing above it that
    stands in the file; lines and columns count from 1, and are 0 for a document without positions (published JSON).
    `broken` says that the file could not be read at all, so that `data` is empty and nothing else need be said of it.
    `sources` names the file of those parts that a layer added. `numerals` are the numbers of a YAML file as they are
    written there, since 1.10 is read as 1.1. `text` is the whole of a JSON file that people keep. `locate` fills the
    positions when they are first asked for, because most contracts are never complained about.
    """

    __slots__ = ("broken", "data", "findings", "keys", "locate", "name", "numerals", "sources", "text", "values")

    def __init__(self, name: str, data: Any = None) -> None:
        self.name = name
        self.data = data
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.sources: dict[Path, str] = {}
        self.numerals: dict[Path, str] = {}
        self.text: str | None = None
        self.findings: list[Finding] = []
        self.broken = False
        self.locate: Callable[[Document], None] | None = None

    def where(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """The line and column of a value (or of its key), falling back to what encloses it."""
        return self._find(path, key)[1]

    def _find(self, path: Path, key: bool) -> tuple[Path, tuple[int, int]]:
        if self.locate is not None:
            locate, self.locate = self.locate, None
            locate(self)
        table = self.keys if key else self.values
        while path and path not in table:
            path = path[:-1]
        return path, table.get(path) or self.values.get(path) or (0, 0)

    def finding(self, path: Path, rule: str, message: str, *, key: bool = False, help: str = "") -> Finding:
        """A finding at that place, in the file that place stands in."""
        found, (line, column) = self._find(path, key)
        return Finding(self.sources.get(found, self.name), line, column, rule, message, help)

    def refuse(self, rule: str, message: str, line: int = 1, column: int = 1) -> None:
        """Record why the file cannot be read; its data counts as empty from here on."""
        self.findings.append(Finding(self.name, line, column, rule, message))
        self.broken = True
        self.data = {}


def is_too_deep(data: dict[str, Any] | list[Any]) -> bool:
    """Whether data are nested deeper than `DEEPEST` levels; looks no further than that.

    >>> is_too_deep({"a": [{}]}), is_too_deep(__import__("functools").reduce(lambda inner, _: [inner], range(41), []))
    (False, True)
    """
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True
