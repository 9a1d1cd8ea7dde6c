"""A route as plain data and as text a person reads: the dry run is the product (DESIGN section 5).

Row 4. Images are described, never repeated; nothing here has a credential in it. It must not compile or rank.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .types import CompiledRequest, HttpCall, Part, Route, describe_media

__all__ = ["explain_compiled", "explain_parts", "explain_route", "explain_text"]


def explain_route(route: Route) -> dict[str, Any]:
    """Everything a route knows, as JSON-able data: candidates best first, and refusals.

    >>> from pentaprism import Catalog
    >>> explained = explain_route(Catalog.load().route({"model": "flux.1-dev", "prompt": "a cat"}))
    >>> [candidate["endpoint"] for candidate in explained["candidates"]]
    ['fal/flux.1-dev', 'replicate/flux.1-dev']
    """
    return {
        "model": route.model,
        "mode": route.request.mode.value,
        "candidates": [explain_compiled(candidate) for candidate in route.candidates],
        "refusals": [refusal.to_dict() for refusal in route.refusals],
    }


def explain_compiled(compiled: CompiledRequest) -> dict[str, Any]:
    """One compiled request as JSON-able data: its calls, adjustments, expected pictures and cost."""
    expected, delivery = compiled.expected, compiled.delivery
    return {
        "endpoint": compiled.endpoint,
        "provider": compiled.provider,
        "verified": compiled.verified,
        "calls": [_call(call) for call in compiled.calls],
        "adjustments": [adjustment.to_dict() for adjustment in compiled.adjustments],
        "expected": {
            "count": expected.count,
            "size": str(expected.size) if expected.size else None,
            "basis": expected.basis,
            "inferred": expected.inferred,
            "provider_format": expected.format,
            "format": delivery.format or expected.format,
        },
        "cost": compiled.cost.to_dict(),
    }


def _call(call: HttpCall) -> dict[str, Any]:
    data: dict[str, Any] = {"method": call.method, "url": call.url}
    if call.headers:
        data["headers"] = dict(call.headers)
    if call.parts is not None:
        data["parts"] = explain_parts(call.parts)
    else:
        data["json"] = describe_media(call.json)
    return data


def explain_parts(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """The parts of a form as JSON-able data, every file described.

    >>> explain_parts([Part(name="n", content=b"2")])
    [{'name': 'n', 'value': '2'}]
    """
    numbers = itertools.count(1)
    return [_part(part, numbers) for part in parts]


def _part(part: Part, numbers: Iterator[int]) -> dict[str, Any]:
    if part.media is not None:
        return {"name": part.name, "file": part.media.describe(next(numbers))}
    if part.filename is None:
        return {"name": part.name, "value": part.content.decode("utf-8", "replace")}
    return {"name": part.name, "filename": part.filename, "bytes": len(part.content)}


def explain_text(explained: Mapping[str, Any]) -> str:
    """What `explain_route` gives, for a terminal: one block for each candidate, then the refusals."""
    return "\n".join(_lines(explained)) + "\n"


def _lines(explained: Mapping[str, Any]) -> Iterator[str]:
    candidates, refusals = explained["candidates"], explained["refusals"]
    count = f"{len(candidates)} endpoint{'' if len(candidates) == 1 else 's'} can serve it"
    yield f"{explained['model']}, {explained['mode']}: {count}"
    for rank, candidate in enumerate(candidates, 1):
        yield ""
        yield from _candidate(rank, candidate)
    if refusals:
        yield ""
        yield "Cannot serve it:"
        for refusal in refusals:
            yield f"  {refusal['endpoint']}: {refusal['message']}"


def _candidate(rank: int, candidate: Mapping[str, Any]) -> Iterator[str]:
    expected, cost = candidate["expected"], candidate["cost"]
    unverified = "" if candidate["verified"] else "  (unverified: see its page)"
    yield f"{rank}. {candidate['endpoint']}{unverified}"
    size = expected["size"] or "size chosen by the provider"
    about = "about " if expected["inferred"] and expected["size"] else ""
    kind = expected["format"] or "provider's format"
    pictures = f"{expected['count']} picture{'' if expected['count'] == 1 else 's'}"
    yield f"   comes back   {pictures}, {about}{size}, {kind}"
    yield f"   costs        {cost['text']} ({cost['derivation']})"
    for call in candidate["calls"]:
        yield f"   sends        {call['method']} {call['url']}"
        for line in json.dumps(call.get("json", call.get("parts")), indent=2, ensure_ascii=False).splitlines():
            yield f"                {line}"
    if candidate["adjustments"]:
        width = max(len(entry["parameter"]) for entry in candidate["adjustments"])
        yield "   parameters"
        for entry in candidate["adjustments"]:
            name = entry["parameter"].ljust(width)
            yield f"     {name}  {entry['behaviour']:<11}  {entry['outcome']:<12}  {entry['why']}"
