"""Data as the lines of a catalog file: one key a line, what is below it in brackets, a comment above.

Row 3. What is written reads back as the same data, with nothing that reading would misread. It must not know what the
data means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..yaml_source import read_yaml

__all__ = ["Entry", "comment", "flow", "lines"]

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@/-]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value and the comments above it; `items` instead of the value where each gets a line of its own.

    In a list the key is `-`. Without a key there are only the comments.
    """

    key: str
    value: Any = None
    comments: tuple[str, ...] = ()
    items: tuple[Entry, ...] = ()


def lines(entries: Sequence[Entry], indent: int) -> Iterator[str]:
    """The lines of some entries, without line ends.

    >>> print("\\n".join(lines([Entry("a", [1, "16:9"], ("why",)), Entry("b", items=(Entry("-", {"c": "d"}),))], 2)))
      # why
      a: [1, "16:9"]
      b:
        - {c: d}
    """
    margin = " " * indent
    for entry in entries:
        for words in entry.comments:
            yield f"{margin}# {comment(words)}"
        if not entry.key:
            continue
        lead = "- " if entry.key == "-" else f"{flow(entry.key)}:"
        if entry.items:
            yield f"{margin}{lead}"
            yield from lines(entry.items, indent + 2)
        else:
            yield f"{margin}{lead}{flow(entry.value)}" if entry.key == "-" else f"{margin}{lead} {_block(entry.value)}"


def _block(value: Any) -> str:
    """A value behind its key: with nothing around it, text needs fewer quotes than within brackets."""
    if isinstance(value, str) and value.isprintable():
        document = read_yaml("", f"key: {value}")
        if document.data == {"key": value} and not document.findings:
            return value
    return flow(value)


def comment(words: str) -> str:
    """Words that stay within their comment, whatever characters a contract has in its names."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in words)


def flow(value: Any) -> str:
    """A value on one line; text without quotes only where it reads back as itself.

    >>> flow({"tiers": {"1": {"area": "1MP"}, "1K": None}}), flow(["no", "1024x768", True, 0.5])
    ('{tiers: {"1": {area: 1MP}, 1K: null}}', '["no", 1024x768, true, 0.5]')
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and _reads_back(value) else _quoted(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def _reads_back(text: str) -> bool:
    document = read_yaml("", f"[{text}]")
    return document.data == [text] and not document.findings


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in escaped) + '"'
