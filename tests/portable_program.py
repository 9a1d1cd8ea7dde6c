"""A program for which the pure rows must be enough: no pip, no YAML, no network.

It compiles, routes and explains, follows an exchange to its pictures, reads one, and returns all it saw as JSON-able
data. It imports nothing but `pentaprism` and the standard library: `test_portable` runs it in this process, under
`python -S -I` and in a browser. As a script: `portable_program.py FOLDER CATALOG`, the package lying in that folder.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pentaprism.types import Exchange, HttpCall, HttpReply

DAY = date(2026, 11, 21)
GIF = b"GIF89a" + bytes([64, 1, 200, 0]) + b";"
"""The header of a picture of 320x200, and an end: all that anything here reads of it."""

REQUEST = {
    "model": "flux.1-dev",
    "prompt": "a lighthouse at dusk",
    "n": 3,
    "size": "1920x1080",
    "seed": 7,
    "cfg_scale": 3.5,
    "output_format": "webp",
    "output_compression": 80,
    "quality": "high",
}
EDIT = {"model": "flux.1-dev", "prompt": "by night", "image": GIF, "size": "16:9"}
TOO_CHEAP = {"model": "flux.1-dev", "prompt": "x", "provider": {"max_price": "0.0001"}}
FAULTY = ({"model": "flux-1-dev", "prompt": "x"}, {"model": "flux.1-dev", "n": 0, "size": "9by9"})
_JOB = "https://queue.fal.run/fal-ai/flux/requests/r1"
_ANSWERS: dict[str, dict[str, Any]] = {
    "https://queue.fal.run/fal-ai/flux/dev": {
        "request_id": "r1",
        "status_url": f"{_JOB}/status",
        "response_url": _JOB,
        "cancel_url": f"{_JOB}/cancel",
    },
    f"{_JOB}/status": {"status": "COMPLETED"},
    _JOB: {"images": [{"url": "https://v3.fal.media/files/a.webp", "content_type": "image/webp"}], "seed": 7},
}


def answer(call: HttpCall) -> HttpReply:
    """What fal says to each call of one job that is done at once."""
    from pentaprism import HttpReply

    body = _ANSWERS[call.url.partition("?")[0]]
    return HttpReply(status=200, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def converse(steps: Exchange) -> list[str]:
    """Every step of an exchange and what it returns, written out."""
    from pentaprism import HttpCall

    said: list[str] = []
    reply: HttpReply | None = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration as end:
            return [*said, repr(end.value)]
        said.append(repr(step))
        reply = answer(step) if isinstance(step, HttpCall) else None


def run(catalog_file: str) -> dict[str, Any]:
    """Everything, with the catalog in that file."""
    from pentaprism import Catalog, RequestError, Size
    from pentaprism.exchange import exchange
    from pentaprism.media import receipt

    catalog = Catalog.load(catalog_file)
    compiled = catalog.compile(REQUEST, "fal/flux.1-dev", date=DAY)
    errors = []
    for request in FAULTY:
        try:
            catalog.parse(request)
        except RequestError as error:
            errors.append(f"{type(error).__name__}: {error}")
    return {
        "compiled": compiled.to_dict(),
        "cost": compiled.cost.text,
        "route": [candidate.to_dict() for candidate in catalog.route(REQUEST, date=DAY).candidates],
        "explained": catalog.explain(REQUEST, date=DAY),
        "edit": catalog.explain(EDIT, date=DAY),
        "refused": catalog.explain(TOO_CHEAP, date=DAY),
        "errors": errors,
        "exchange": converse(exchange(compiled.calls[0], catalog.providers["fal"])),
        "receipt": repr(receipt(GIF, asked_size=Size(320, 200), asked_format="webp")),
    }


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    seen = run(sys.argv[2])
    print(json.dumps({"seen": seen, "loaded": sorted(sys.modules)}))
