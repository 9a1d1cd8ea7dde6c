"""JSON in and out: orjson, with a bound on depth and nothing that a reply can fail on. Row 7.

It must not know what the values mean.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from starlette.responses import Response

from ..errors import Fault, RequestError

__all__ = ["MAX_DEPTH", "MAX_VALUES", "JsonResponse", "encode", "parse"]

MAX_DEPTH = 32
"""How deep a body may nest; the deepest legitimate one, an object in a list in an object, has three levels."""

MAX_VALUES = 10_000
"""How many values a body may hold in all: what a request needs is far fewer, and walking millions blocks the loop."""


def parse(content: bytes, param: str | None = None) -> Any:
    """The value of a JSON text. Raises RequestError where it is none, nests too deep or holds too much.

    >>> parse(b'{"n": 2}')
    {'n': 2}
    >>> parse(b'{"n": ')
    Traceback (most recent call last):
    pentaprism.errors.RequestError: The body is not valid JSON (line 1, column 7).
    """
    what = param or "The body"
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RequestError([Fault(param, f"{what} is not valid JSON ({place}).")]) from None
    depth, count, level = 0, 0, [value]
    while level := [node for node in level if isinstance(node, (dict, list))]:
        depth += 1
        count += sum(map(len, level))
        if depth > MAX_DEPTH or count > MAX_VALUES:
            bound = f"nests deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"holds over {MAX_VALUES} values"
            raise RequestError([Fault(param, f"{what} {bound}; no image request needs that.")])
        level = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]
    return value


def encode(value: Any) -> bytes:
    """A value as JSON. Never fails on what this package makes: a paid picture must not be lost to a strange number.

    orjson takes neither integers beyond 64 bits nor lone surrogates; the standard library takes both.
    """
    try:
        return orjson.dumps(value, default=str)
    except TypeError:
        return json.dumps(value, default=str).encode("ascii")


class JsonResponse(Response):
    """A reply of JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return encode(content)
