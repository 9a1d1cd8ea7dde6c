"""A route as plain data and as text a person reads: the dry run is the product (DESIGN section 5).

Row 4. Images are described, never repeated; nothing here has a credential in it. It must not compile or rank.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .errors import NoEndpointError
from .types import (
    Change,
    CompiledRequest,
    HttpCall,
    Model,
    Nearest,
    Outcome,
    Part,
    Refusal,
    Route,
    describe_media,
)

__all__ = [
    "explain_compiled",
    "explain_failure",
    "explain_nearest",
    "explain_parts",
    "explain_route",
    "explain_text",
    "nearest_line",
    "require_candidate",
    "telling",
]

# What an adjustment loses; the others give what was asked in another way.
_LOSSES = (Outcome.APPROXIMATED, Outcome.DROPPED, Outcome.UNVERIFIED)
# Where the pixels come from, if not from what was asked.
_BASIS = {"default": " by default", "input": " like the input"}
# Longer text is told by its length: whoever reads it has it.
_LONGEST_TEXT = 120
# How many proposals an error's message holds; the error itself has them all.
_MOST_NEAREST = 3


def explain_route(route: Route) -> dict[str, Any]:
    """Everything a route knows, as JSON-able data: candidates best first, refusals, and the nearest where none can.

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
        "nearest": [explain_nearest(one) for one in route.nearest],
    }


def explain_compiled(compiled: CompiledRequest) -> dict[str, Any]:
    """One compiled request as JSON-able data: its calls, adjustments, expected pictures and cost."""
    return {
        "endpoint": compiled.endpoint,
        "provider": compiled.provider,
        "verified": compiled.verified,
        "calls": [_call(call) for call in compiled.calls],
        "adjustments": [adjustment.to_dict() for adjustment in compiled.adjustments],
        "expected": _expected(compiled),
        "cost": compiled.cost.to_dict(),
    }


def explain_nearest(nearest: Nearest) -> dict[str, Any]:
    """One proposal as JSON-able data: what to change, and what then is not as asked, comes back and is paid.

    A change is a `parameter`, its value `from` and `to` (null: leave it out) and `why`.

    >>> from pentaprism import Catalog
    >>> route = Catalog.load().route({"model": "flux.1-dev", "prompt": "a cat", "cfg_scale": 21})
    >>> explain_nearest(route.nearest[0])["changes"]
    [{'parameter': 'cfg_scale', 'from': 21, 'to': 20, 'why': 'its largest'}]
    """
    compiled = nearest.compiled
    return {
        "endpoint": compiled.endpoint,
        "provider": compiled.provider,
        "verified": compiled.verified,
        "changes": [_change(change) for change in nearest.changes],
        "adjustments": [adjustment.to_dict() for adjustment in compiled.changes],
        "expected": _expected(compiled),
        "cost": compiled.cost.to_dict(),
    }


def nearest_line(explained: Mapping[str, Any]) -> str:
    """What `explain_nearest` gives, in a line: the endpoint, the changes, what comes back, its cost, what is lost.

    >>> from pentaprism import Catalog
    >>> route = Catalog.load().route({"model": "fal/flux.1-dev", "prompt": "a cat", "cfg_scale": 21})
    >>> nearest_line(explain_nearest(route.nearest[0]))
    'fal/flux.1-dev: cfg_scale 21 -> 20 (its largest); gives 1 picture, 1024x768 by default, jpeg; costs $0.025'
    """
    changes = " and ".join(_change_text(change) for change in explained["changes"])
    losses = [f"{one['parameter']} {one['outcome']}" for one in explained["adjustments"] if one["outcome"] in _LOSSES]
    lost = f"; {', '.join(losses)}" if losses else ""
    return f"{explained['endpoint']}: {changes}; gives {_pictures(explained['expected'])}; {_price(explained)}{lost}"


def telling(route: Route) -> Sequence[Refusal]:
    """The refusals that tell a caller most: all but those of another mode and what they struck out, if any are left."""
    return [refusal for refusal in route.refusals if refusal.code not in ("mode", "filtered")] or route.refusals


def explain_failure(route: Route) -> str:
    """Why no endpoint serves a request, for an error: a line for each reason, and for what would be nearest."""
    told = telling(route)
    lines = [f"No endpoint of {route.model} can serve this request.", *map(str, told)]
    lines += [f"Not tried: {one}" for one in route.refusals if one.code == "filtered" and one not in told]
    lines += [f"Nearest: {nearest_line(explain_nearest(one))}." for one in route.nearest[:_MOST_NEAREST]]
    return "\n  ".join(lines)


def _expected(compiled: CompiledRequest) -> dict[str, Any]:
    expected, delivery = compiled.expected, compiled.delivery
    return {
        "count": expected.count,
        "size": str(expected.size) if expected.size else None,
        "basis": expected.basis,
        "inferred": expected.inferred,
        "provider_format": expected.format,
        "format": delivery.format or expected.format,
    }


def _change(change: Change) -> dict[str, Any]:
    before, after = _plain(change.before), _plain(change.after)
    return {"parameter": change.parameter, "from": before, "to": after, "why": change.why}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"<text of {len(value)} characters>"
    return describe_media(value)


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
    """What `explain_route` gives, for a terminal: a block for each candidate, the refusals, what would be nearest."""
    return "\n".join(_lines(explained)) + "\n"


def _lines(explained: Mapping[str, Any]) -> Iterator[str]:
    candidates, refusals, nearest = explained["candidates"], explained["refusals"], explained["nearest"]
    count = len(candidates)
    serve = f"{count or 'no'} endpoint{'' if count == 1 else 's'} can serve this request"
    yield f"{explained['model']}, {explained['mode']}: {serve}{', best first' if count > 1 else ''}"
    for rank, candidate in enumerate(candidates, 1):
        yield ""
        yield from _candidate(rank, candidate)
    if refusals:
        yield ""
        yield "Cannot serve it:"
        for refusal in refusals:
            yield f"  {refusal['endpoint']}: {refusal['message']}"
    if nearest:
        yield ""
        yield "Would serve it with a change, the least first:"
    for rank, one in enumerate(nearest, 1):
        yield ""
        yield from _proposal(rank, one)


def _candidate(rank: int, candidate: Mapping[str, Any]) -> Iterator[str]:
    yield _heading(rank, candidate)
    yield from _outcome(candidate)
    for call, times in itertools.groupby(candidate["calls"]):
        count = len(list(times))
        yield f"   sends        {call['method']} {call['url']}{f', {count} times' if count > 1 else ''}"
        yield from (f"                {line}" for line in _body(call))
    if candidate["adjustments"]:
        yield "   parameters   (how each crosses, what becomes of it, why)"
        yield from _adjustments(candidate["adjustments"])


def _proposal(rank: int, nearest: Mapping[str, Any]) -> Iterator[str]:
    yield _heading(rank, nearest)
    for change in nearest["changes"]:
        yield f"   change       {_change_text(change)}"
    yield from _outcome(nearest)
    if nearest["adjustments"]:
        yield "   not simply as asked"
        yield from _adjustments(nearest["adjustments"])


def _heading(rank: int, entry: Mapping[str, Any]) -> str:
    return f"{rank}. {entry['endpoint']}{'' if entry['verified'] else '  (what is known of it is not verified)'}"


def _outcome(entry: Mapping[str, Any]) -> Iterator[str]:
    yield f"   comes back   {_pictures(entry['expected'])}"
    yield f"   costs        {entry['cost']['text']} ({entry['cost']['derivation']})"


def _pictures(expected: Mapping[str, Any]) -> str:
    size = expected["size"] or "size chosen by the provider"
    about = "about " if expected["inferred"] and expected["size"] else ""
    basis = _BASIS.get(expected["basis"], "") if expected["size"] else ""
    kind = expected["format"] or "format chosen by the provider"
    return f"{expected['count']} picture{'' if expected['count'] == 1 else 's'}, {about}{size}{basis}, {kind}"


def _body(call: Mapping[str, Any]) -> Sequence[str]:
    """What a call carries: JSON as it is, a form field by field."""
    if "parts" not in call:
        return json.dumps(call["json"], indent=2, ensure_ascii=False).splitlines()
    fields = ({key: str(value) for key, value in part.items()} for part in call["parts"])
    return ["(a form)", *(f"{field.pop('name')}: {', '.join(field.values())}" for field in fields)]


def _price(entry: Mapping[str, Any]) -> str:
    text = entry["cost"]["text"]
    return "cost unknown" if text == "unknown" else f"costs {text}"


def _change_text(change: Mapping[str, Any]) -> str:
    name, before, after, why = change["parameter"], change["from"], change["to"], change["why"]
    if after is None:
        return f"leave {name} out ({why})"
    if isinstance(after, list):
        first = "the first" if len(after) == 1 else f"the first {len(after)}"
        return f"send only {first} of {len(before)} in {name} ({why})"
    # Where one of them is no text, quotes tell "1" from 1.
    plain = isinstance(before, str) and isinstance(after, str)
    old, new = (str(one) if plain else json.dumps(one, ensure_ascii=False) for one in (before, after))
    return f"{name} {old} -> {new} ({why})"


def _adjustments(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max(len(entry["parameter"]) for entry in entries)
    for entry in entries:
        name = entry["parameter"].ljust(width)
        yield f"     {name}  {entry['behaviour']:<11}  {entry['outcome']:<12}  {entry['why']}"


def require_candidate(route: Route, model: Model) -> CompiledRequest:
    """The best candidate of a route.

    Raises:
        NoEndpointError: there is none; the message says what stands in the way, and what would be the least to change.
    """
    if route.candidates:
        return route.candidates[0]
    mode = route.request.mode
    if mode not in model.modes:
        modes = " and ".join(one.value for one in model.modes)
        message = f"{model.id} does not do {mode.value}; it does {modes}."
        raise NoEndpointError(message, route.refusals, "model")
    params = {refusal.param for refusal in telling(route)}
    param = params.pop() if len(params) == 1 else None
    raise NoEndpointError(explain_failure(route), route.refusals, param, route.nearest)
