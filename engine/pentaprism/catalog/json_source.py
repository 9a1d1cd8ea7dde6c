"""Read one JSON file into plain data that knows, when asked, where everything stands.

Row 3. Contracts are JSON because they are copied from providers' own schemas. What JSON readers pass over in silence
(a key twice, NaN, a number too large to be one) is a finding here. This module must not know what the data means.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from typing import Any

from ..errors import Finding
from .document import BYTE_ORDER_MARK, MARKED, TOO_DEEP, Document, Path, is_too_deep

__all__ = ["read_json"]

_TOKEN = re.compile(r'[{}\[\],:]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}\[\],:"]+')


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _NoNumber(ValueError):
    def __init__(self, token: str, reason: str) -> None:
        self.token = token
        super().__init__(f"{token[:20]} {reason}")


def read_json(name: str, text: str, *, authored: bool = True) -> Document:
    """Read a file's text, which must hold one object. Faults are in `.findings` of what comes back.

    A file that is not `authored` was written by a program: it may be long, so it is read as fast as can be, and no key
    is looked for twice.

    >>> print(read_json("a.json", '{"type": "object",\\n "type": "string"}').findings[0])
    a.json:2:2: duplicate-key: 'type' stands here twice (first in line 1); keep one
    """
    document = Document(name, {})
    repeated = False

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        data = dict(pairs)
        repeated = repeated or len(data) != len(pairs)
        return data

    hooks: dict[str, Any] = {"object_pairs_hook": collect, "parse_float": _finite} if authored else {}
    if text.startswith(BYTE_ORDER_MARK):
        document.refuse("byte-order-mark", MARKED)
        return document
    try:
        data = json.loads(text, parse_constant=_refuse_constant, **hooks)
    except json.JSONDecodeError as error:
        document.refuse("json-syntax", f"this is not readable as JSON: {error.msg}", error.lineno, error.colno)
    except _NoNumber as error:
        document.refuse("json-syntax", f"this is not readable as JSON: {error}", *_place(text, error.token))
    except ValueError:
        document.refuse("json-syntax", "this is not readable as JSON: a number has too many digits")
    except RecursionError:
        document.refuse("too-deep", TOO_DEEP)
    else:
        _accept(document, data, text, repeated, authored)
    return document


def _accept(document: Document, data: Any, text: str, repeated: bool, authored: bool) -> None:
    if not isinstance(data, dict):
        document.refuse("wrong-type", f"the file must hold an object ({{...}}), not {str(data)[:60]!r}")
    elif authored and is_too_deep(data):
        document.refuse("too-deep", TOO_DEEP)
    elif _half_characters(text, data):
        document.refuse("json-syntax", "a \\ud800 to \\udfff escape stands alone; it is half of a character")
    else:
        document.data = data
        document.text = text if authored else None
        if repeated:
            _locate(document, text)
        else:
            document.locate = lambda one: _locate(one, text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NoNumber(text, "is too large a number")
    return number


def _refuse_constant(text: str) -> Any:
    raise _NoNumber(text, "is not a JSON number")


def _place(text: str, token: str) -> tuple[int, int]:
    """Where a token first stands, outside of strings."""
    at = next((match.start() for match in _TOKEN.finditer(text) if match[0] == token), 0)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _half_characters(text: str, data: Any) -> bool:
    if not _SURROGATE.search(text):
        return False
    try:
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _locate(document: Document, text: str) -> None:
    """Fill the positions of every key and value; a key that stands twice is a finding. The text is known to be JSON."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(offset: int) -> tuple[int, int]:
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    # One [is an object, current key or index] for each open bracket; None is a key still to come.
    frames: list[list[Any]] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == ":":
            continue
        if token == ",":
            frames[-1][1] = None if frames[-1][0] else frames[-1][1] + 1
        elif token in "}]":
            frames.pop()
        elif frames and frames[-1][1] is None:
            frames[-1][1] = json.loads(token)
            _note_key(document, tuple(frame[1] for frame in frames), place(match.start()))
        else:
            document.values[tuple(frame[1] for frame in frames)] = place(match.start())
            if token in "{[":
                frames.append([True, None] if token == "{" else [False, 0])


def _note_key(document: Document, path: Path, place: tuple[int, int]) -> None:
    if path in document.keys:
        message = f"{path[-1]!r} stands here twice (first in line {document.keys[path][0]}); keep one"
        document.findings.append(Finding(document.name, *place, "duplicate-key", message))
        # What stands below is that of the second key from here on, as in the data.
        for below in [one for one in document.keys if one[: len(path)] == path]:
            del document.keys[below]
    document.keys[path] = place
