"""Read recorded requests: one JSON body a line, as the images API takes it. Row 7; what a body means is not its job."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["RequestLine", "read_requests"]


class RequestLine(NamedTuple):
    """One line of a file, counted from 1: the body it holds, or the fault for which it holds none.

    A line of nothing but spaces has neither.
    """

    number: int
    body: dict[str, Any] | None = None
    fault: str | None = None


def read_requests(lines: Iterable[bytes]) -> Iterator[RequestLine]:
    """Every line of a file as a request, none left out.

    A line of OpenAI's batch format is read as the body it holds.

    >>> lines = [b'{"model": "flux.1-dev", "prompt": "a cat"}', b'{"model": ']
    >>> [(one.number, one.fault) for one in read_requests(lines)]
    [(1, None), (2, 'this is not readable as JSON: Expecting value at column 11')]
    """
    for number, line in enumerate(lines, 1):
        text, fault = _decoded(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        if text is None:
            yield RequestLine(number, fault=fault)
        elif not text.strip():
            yield RequestLine(number)
        else:
            yield _read(number, text.rstrip("\r\n"))


def _decoded(line: bytes) -> tuple[str | None, str | None]:
    try:
        return line.decode("utf-8"), None
    except UnicodeDecodeError as error:
        return None, f"this is not UTF-8 (byte {error.start})"


def _read(number: int, text: str) -> RequestLine:
    try:
        data = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return RequestLine(number, fault=f"this is not readable as JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return RequestLine(number, fault="this is not readable as JSON: it is nested too deep")
    except ValueError as error:
        return RequestLine(number, fault=f"this is not readable as JSON: {error}")
    if isinstance(data, dict) and isinstance(data.get("body"), dict) and "url" in data:
        data = data["body"]
    if not isinstance(data, dict):
        return RequestLine(number, fault=f"a request is an object with `model` and `prompt`, not {_kind(data)}")
    return RequestLine(number, body=data)


def _refuse(token: str) -> Any:
    raise ValueError(f"{token} is not a JSON number")


def _kind(data: Any) -> str:
    kinds = {list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(data), "a number")
