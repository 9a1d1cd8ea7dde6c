"""What a driver of an exchange needs whatever its HTTP client: the next thing to do, and a call as bytes.

Row 4: no I/O. It must not add a credential: which URLs may have it is the driver's to know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

from ..errors import TransportError
from ..types import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Part, Wait

__all__ = ["Answer", "advance", "encode"]

Answer: TypeAlias = HttpReply | TransportError | None
"""What became of a step: the reply to a call or why there is none, and None for a wait and for the start."""


def advance(steps: Exchange, answer: Answer, note: Callable[[Event], object]) -> HttpCall | Wait | ExchangeResult:
    """Hand an exchange the answer to its last step; gives what to do next, or the result where it has ended.

    Events go to `note`, in order, before what follows them is asked for: an `accepted` job is stored before anybody
    waits for it. Raises what the exchange raises, ProviderError above all.

    >>> from pentaprism.types import Output
    >>> def waits():
    ...     yield Event("accepted", "r1")
    ...     yield Wait(0.1)
    ...     return ExchangeResult(outputs=(Output(url="https://a"),))
    >>> steps, seen = waits(), []
    >>> advance(steps, None, seen.append), seen
    (Wait(seconds=0.1), [Event(kind='accepted', request_id='r1', detail=None)])
    >>> advance(steps, None, seen.append).outputs[0].url
    'https://a'
    """
    try:
        step = steps.throw(answer) if isinstance(answer, TransportError) else steps.send(answer)
        while isinstance(step, Event):
            note(step)
            step = steps.send(None)
        return step
    except StopIteration as stop:
        result: ExchangeResult = stop.value
        return result


def encode(call: HttpCall) -> tuple[dict[str, str], bytes | None]:
    """A call's headers, with the content type, and its body as bytes; None where it has none.

    The parts of a form keep their order. Raises ValueError for a number that JSON does not have.

    >>> encode(HttpCall(method="POST", url="https://fal.run/x", json={"prompt": "a cat"}))
    ({'content-type': 'application/json'}, b'{"prompt":"a cat"}')
    """
    if call.parts is not None:
        # The boundary follows from what it separates, so no content can have been made to hold it.
        boundary = hashlib.sha256(b"".join(part.content for part in call.parts)).hexdigest()
        body = b"".join(_lines(call.parts, boundary))
        return {**call.headers, "content-type": f"multipart/form-data; boundary={boundary}"}, body
    if call.json is None:
        return dict(call.headers), None
    body = json.dumps(call.json, allow_nan=False, separators=(",", ":")).encode()
    return {**call.headers, "content-type": "application/json"}, body


def _lines(parts: tuple[Part, ...], boundary: str) -> Iterator[bytes]:
    for part in parts:
        file = "" if part.filename is None else f'; filename="{_quoted(part.filename)}"'
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"{file}\r\n'.encode()
        kind = part.content_type or ("application/octet-stream" if file else None)
        yield f"Content-Type: {kind}\r\n\r\n".encode() if kind else b"\r\n"
        yield part.content + b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _quoted(name: str) -> str:
    """A name between quotes, as the HTML standard writes it."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
