"""Read one YAML file into plain data that remembers where everything stands.

Row 3. A catalog file is data a stranger may edit, so only a plain subset of YAML is read: mappings with string keys,
lists, strings, numbers, true, false and null. What YAML would silently turn into something else (`no`, `16:9`), what
hides a value elsewhere (anchors, tags) and what loses one (duplicate keys) is a finding with line and column.

This module must not know what the data means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from ..errors import Finding
from .document import BYTE_ORDER_MARK, DEEPEST, MARKED, TOO_DEEP, Document, Path

__all__ = ["read_yaml"]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)?\.[0-9]+([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
# YAML 1.1 reads these as base 60 (16:9 is 969) and those as booleans; both are meant as text in a catalog.
_SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-9]+(\.[0-9]*)?)+")
_NORWAY = frozenset(("yes", "no", "on", "off"))
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Python refuses to read longer integers; nothing in a catalog has a tenth of these digits.
_MOST_DIGITS = 300


def read_yaml(name: str, text: str) -> Document:
    """Read a file's text. Faults are in `.findings` of what comes back, all of them unless the syntax is broken.

    >>> document = read_yaml("a.yaml", "name: x\\nratio: 16:9\\n")
    >>> print(document.findings[0])
    a.yaml:2:8: unquoted-ratio: 16:9 without quotes is the number 969 to YAML; write "16:9"
    """
    document = Document(name)
    if text.startswith(BYTE_ORDER_MARK):
        # It is in no column of an editor, so what follows it must not count it.
        text = text.removeprefix(BYTE_ORDER_MARK)
        document.findings.append(Finding(name, 1, 1, "byte-order-mark", MARKED))
    try:
        events = iter(yaml.parse(text, Loader=_LOADER))
        document.data = _Reader(document).read(events)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        document.refuse(*_syntax(error, text, line), line, column)
    except yaml.YAMLError:
        document.refuse("yaml-character", *_unprintable(text))
    return document


def _unprintable(text: str) -> tuple[str, int, int]:
    """What and where the first character is that YAML does not allow, which is all a reader error can be about."""
    match = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]", text)
    before = text[: match.start()] if match else ""
    character = f"the character U+{ord(match[0]):04X}" if match else "a character"
    return f"{character} has no place in a text file", before.count("\n") + 1, len(before) - before.rfind("\n")


def _syntax(error: yaml.MarkedYAMLError, text: str, line: int) -> tuple[str, str]:
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())] or "'\\t'" in str(error.problem):
        return "yaml-tab", "a tab indents this line; YAML allows only spaces for that"
    problem = error.problem or error.context or "the text breaks off"
    if problem == TOO_DEEP:
        return "too-deep", problem
    return "yaml-syntax", f"this is not readable as YAML: {problem}"


class _Reader:
    """Builds data from parse events; unlike PyYAML's constructor it sees styles, anchors, tags and duplicates."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def read(self, events: Iterator[Any]) -> Any:
        for event in events:
            if isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent, yaml.AliasEvent)):
                data = self.node(event, events, ())
                for rest in events:
                    if isinstance(rest, yaml.DocumentStartEvent):
                        return self.refuse_second(rest)
                return data
        self.document.refuse("yaml-empty", "the file is empty")
        return {}

    def refuse_second(self, event: Any) -> dict[str, Any]:
        mark = event.start_mark
        message = "a second document begins here; one file is one document"
        self.document.refuse("yaml-documents", message, mark.line + 1, mark.column + 1)
        return {}

    def report(self, event: Any, rule: str, message: str) -> None:
        mark = event.start_mark
        self.document.findings.append(Finding(self.document.name, mark.line + 1, mark.column + 1, rule, message))

    def node(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        if len(path) > DEEPEST:
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=event.start_mark)
        self.document.values[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            self.report(event, "yaml-alias", f"*{event.anchor} points to a value elsewhere; write the value out here")
            return None
        self.check_marks(event)
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self.document.numerals[path] = event.value
            return value
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(events, path)
        return self.mapping(events, path)

    def check_marks(self, event: Any) -> None:
        if event.anchor:
            message = f"&{event.anchor} names a value for reuse; catalog files write values out"
            self.report(event, "yaml-anchor", message)
        if event.tag:
            self.report(event, "yaml-tag", f"the tag {event.tag} is not used in catalog files; remove it")

    def sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self.node(event, events, (*path, len(items))))
        return items

    def mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self.key(event, events, path)
            value_event = next(events)
            place = (*path, key)
            if key in data:
                line, _ = self.document.where(place, key=True)
                self.report(event, "duplicate-key", f"{key!r} stands here twice (first in line {line}); keep one")
            else:
                self.document.keys[place] = (event.start_mark.line + 1, event.start_mark.column + 1)
            data[key] = self.node(value_event, events, place)
        return data

    def key(self, event: Any, events: Iterator[Any], path: Path) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self.node(event, events, (*path, "?"))
            self.report(event, "yaml-key", "a key must be a plain word or a quoted string")
            return "?"
        self.check_marks(event)
        if event.value == "<<" and event.implicit[0]:
            self.report(event, "yaml-merge", "<< merges another mapping into this one; write its keys out here")
        value = self.scalar(event)
        return event.value if not isinstance(value, str) else value

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text.lower() in _NORWAY:
            meaning = "true" if text.lower() in ("yes", "on") else "false"
            message = f'{text} without quotes is {meaning} to YAML; write "{text}" for the word, or {meaning}'
            self.report(event, "ambiguous-boolean", message)
            return text
        if _SEXAGESIMAL.fullmatch(text):
            self.report(event, "unquoted-ratio", _sexagesimal_message(text))
            return text
        whole = _INTEGER.fullmatch(text)
        if whole and len(text) <= _MOST_DIGITS:
            return int(text)
        if whole or _FLOAT.fullmatch(text):
            number = math.inf if whole else float(text)
            if math.isfinite(number):
                return number
            self.report(event, "too-large", f"{text[:20]} is too large a number")
        return text


def _sexagesimal_message(text: str) -> str:
    value = 0.0
    for part in text.lstrip("+-").split(":"):
        value = value * 60 + float(part or 0)
    return f'{text} without quotes is the number {value:g} to YAML; write "{text}"'
