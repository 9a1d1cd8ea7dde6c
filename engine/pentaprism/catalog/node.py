"""A part of a document, read with its type checked and every fault collected with its place.

Row 3. The catalog builders read through `Node`, so that a missing or mistyped key is a finding with file, line and
column instead of a KeyError. It must not know which keys exist: the JSON Schemas in `catalog/schema/` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ..errors import Finding
from .document import Document, Path

__all__ = ["Node", "shown"]

_WORDS = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


def shown(value: Any) -> str:
    """A value as a message shows it: as its author wrote it, shortened.

    >>> shown(True), shown(None), shown("x"), shown({"a": 1})
    ('true', 'nothing', "'x'", 'a mapping')
    """
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Node:
    """One value at one place of one document; `findings` is shared by all nodes of a load.

    >>> findings: list[Finding] = []
    >>> Node(Document("a.yaml", {"id": 3}), (), findings).text("id")
    ''
    >>> print(findings[0])
    a.yaml: wrong-type: 'id' must be a string, not 3
    """

    __slots__ = ("data", "document", "findings", "path")

    def __init__(self, document: Document, path: Path, findings: list[Finding], data: Any = None) -> None:
        self.document = document
        self.path = path
        self.findings = findings
        self.data = document.data if not path and data is None else data

    def finding(self, rule: str, message: str, *keys: str | int, key: bool = False) -> Finding:
        """A finding at this node, or at a place below it."""
        return self.document.finding((*self.path, *keys), rule, message, key=key)

    def report(self, rule: str, message: str, *keys: str | int, key: bool = False) -> None:
        """Record a finding at this node, or at a place below it."""
        self._record(self.finding(rule, message, *keys, key=key))

    def is_sound(self, check: Callable[[Node], None]) -> bool:
        """Whether a check finds nothing at this node; what it finds is recorded."""
        aside = Node(self.document, self.path, [], self.data)
        check(aside)
        for finding in aside.findings:
            self._record(finding)
        return not aside.findings

    def _record(self, finding: Finding) -> None:
        # An endpoint's own keys are read for each of its modes, and a contract for each endpoint that has it.
        if finding not in self.findings:
            self.findings.append(finding)

    def get(self, key: str) -> Any:
        """The value under a key as it stands; None where there is nothing, or where this is no mapping."""
        return self.data.get(key) if isinstance(self.data, dict) else None

    def child(self, key: str | int) -> Node:
        """The node under a key or index; its data is None where there is nothing."""
        data = self.data[key] if isinstance(self.data, list) and isinstance(key, int) else self.get(str(key))
        return Node(self.document, (*self.path, key), self.findings, data)

    def section(self, key: str) -> Node:
        """The mapping under a key; where it is missing or no mapping, one finding and a node that says no more."""
        child = self.child(key)
        if not self.has(key):
            self.report("missing-key", f"{self.label} needs the key {key!r}")
        elif child.is_mapping():
            return child
        return Node(self.document, child.path, [], {})

    def has(self, key: str) -> bool:
        """Whether the key stands in the file, whatever its value."""
        return isinstance(self.data, dict) and key in self.data

    def is_mapping(self) -> bool:
        """Whether this is a mapping; a finding where it is not."""
        if not isinstance(self.data, dict):
            self.report("wrong-type", f"{self.label} must be a mapping, not {shown(self.data)}")
            return False
        return True

    def items(self) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping; a finding and nothing where this is no mapping."""
        if self.data is not None and self.is_mapping():
            for key in self.data:
                yield key, self.child(key)

    def entries(self) -> Iterator[Node]:
        """The items of a list; a finding and nothing where this is no list."""
        if self.data is None:
            return
        if not isinstance(self.data, list):
            self.report("wrong-type", f"{self.label} must be a list, not {shown(self.data)}")
            return
        for index in range(len(self.data)):
            yield self.child(index)

    @property
    def label(self) -> str:
        """What a message calls this node."""
        if not self.path:
            return "the file"
        last = self.path[-1]
        if isinstance(last, str):
            return repr(last)
        return f"entry {last + 1} of {self.path[-2]!r}" if len(self.path) > 1 else f"entry {last + 1}"

    def optional(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """The value under a key, `default` where it is absent or (with a finding) of another type."""
        if not self.has(key):
            return default
        value = self.data[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        if not fits:
            wanted = " or ".join(_WORDS[one] for one in kinds)
            self.report("wrong-type", f"{key!r} must be {wanted}, not {shown(value)}", key)
            return default
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A string; a finding and the empty string where it is missing and has no default."""
        if not self.has(key) and default is None:
            self.report("missing-key", f"{self.label} needs the key {key!r}")
            return ""
        value: str = self.optional(key, str, default if default is not None else "")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings, empty where absent."""
        values = self.optional(key, list, [])
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.report("wrong-type", f"{key!r} must hold strings, not {shown(value)}", key, index)
        return tuple(value for value in values if isinstance(value, str))

    def count(self, key: str, default: int | None = None) -> int | None:
        """A whole number of at least 1; `default` where it is absent or (with a finding) anything else."""
        value: int | None = self.optional(key, int, default)
        if value is not None and value < 1:
            self.report("out-of-range", f"{key!r} must be at least 1, not {value}", key)
            return default
        return value

    def decimal(self, key: str) -> Decimal | None:
        """A number of at least 0 written as a string or an integer, exactly; None where absent."""
        value = self.optional(key, (str, int))
        if value is None:
            return None
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0:
            message = f"{key!r} must be a decimal number of at least 0, in quotes, not {shown(value)}"
            self.report("not-a-number", message, key)
            return None
        return number

    def day(self, key: str) -> date | None:
        """A date written as 2026-07-28; a finding and None where it is missing or none."""
        text = self.text(key)
        try:
            return date.fromisoformat(text)
        except ValueError:
            if text:
                self.report("not-a-date", f"{key!r} must be a date such as 2026-07-28, not {shown(text)}", key)
            return None

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """A string out of a closed set; a finding that lists the set where it is another one."""
        value = self.text(key, default)
        if value and value not in allowed:
            self.report("not-allowed", f"{key!r} must be one of {', '.join(allowed)}, not {shown(value)}", key)
        return value
