"""`GET /v1/requests` and `GET /v1/requests/{id}`: what became of each request, told by the ledger. Row 7.

It must not write to the ledger, nor show more than it holds: no prompts, and pictures only as links while they live.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..errors import Failure, Fault, RequestError
from .codec import JsonResponse
from .envelope import GatewayError
from .images import base_url
from .state import Gateway, gateway_of

__all__ = ["list_requests", "retrieve_request"]

Events = Sequence[Mapping[str, Any]]
MAX_LIMIT = 100
_UNSETTLED = (Failure.ACCEPTED, Failure.AMBIGUOUS, Failure.REFUSED)


async def list_requests(request: Request) -> Response:
    """The newest requests first: `limit` (1 to 100, by default 20) of them, `starting_after` the id of one."""
    gateway = gateway_of(request)
    limit = request.query_params.get("limit", "20")
    if not limit.isdecimal() or not 1 <= int(limit[:9]) <= MAX_LIMIT:
        raise RequestError([Fault("limit", f"limit must be 1 to {MAX_LIMIT}, not {limit!r}.")])
    after = request.query_params.get("starting_after")
    try:
        # One more than asked for says whether there are more.
        found = gateway.ledger.records(limit=int(limit) + 1, after=after)
    except KeyError:
        raise RequestError([Fault("starting_after", f"There is no request {after!r}.")]) from None
    shown = found[: int(limit)]
    return JsonResponse(
        {
            "object": "list",
            "data": [_record(gateway, events) for events in shown],
            "has_more": len(found) > len(shown),
        }
    )


async def retrieve_request(request: Request) -> Response:
    """One request, with its attempts, and with fresh links to its pictures for as long as they are kept."""
    gateway = gateway_of(request)
    request_id = request.path_params["id"]
    events = gateway.ledger.record(request_id)
    if not events:
        raise GatewayError("NOT_FOUND", f"There is no request {request_id!r}. GET /v1/requests lists them all.")
    ended = _of_kind(events, "answered")
    images = []
    for name in ended["data"]["media"] if ended else ():
        expires = gateway.media.expires(name)
        if expires is not None:
            images.append({"url": gateway.media.link(base_url(request), name, expires), "expires_at": expires})
    attempts = _attempts(events)
    return JsonResponse({**_record(gateway, events), "images": images, "attempts": attempts})


def _of_kind(events: Events, kind: str) -> Mapping[str, Any] | None:
    return next((event for event in events if event["kind"] == kind), None)


def _record(gateway: Gateway, events: Events) -> dict[str, Any]:
    """One request in short; `cost_micros` counts what is settled, `unsettled_micros` what may be billed beyond it."""
    first, ended = events[0], _of_kind(events, "answered")
    attempts = _attempts(events)
    settled = [attempt for attempt in attempts if attempt["outcome"] == "settled"]
    unsettled = [attempt for attempt in attempts if attempt["unsettled"]]
    served = settled[0] if settled else None
    return {
        "id": first["request_id"],
        "object": "request",
        "created_at": datetime.fromtimestamp(first["at_ms"] / 1000, UTC).isoformat(timespec="milliseconds"),
        "model": first["data"]["model"],
        "mode": first["data"]["mode"],
        "n": first["data"]["n"],
        "user": first["data"]["user"],
        "status": _status(gateway, first["request_id"], ended, bool(unsettled)),
        "executed_model": served["endpoint"] if served else None,
        "provider": served["provider"] if served else None,
        "cost_micros": _sum(settled, "cost_micros"),
        "unsettled_micros": _sum(unsettled, "reserved_micros"),
        "currency": "USD",
        "duration_ms": ended["data"]["ms"] if ended else None,
        "error_code": ended["data"]["code"] if ended else None,
    }


def _status(gateway: Gateway, request_id: str, ended: Mapping[str, Any] | None, unsettled: bool) -> str:
    """completed, failed, running; outcome_unknown where it may have been billed; interrupted by a crash."""
    if ended is None:
        return "running" if request_id in gateway.running else "interrupted"
    if ended["data"]["code"] is None:
        return "completed"
    return "outcome_unknown" if unsettled else "failed"


def _sum(attempts: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """The sum, None where one of them is unknown."""
    amounts = [attempt[name] for attempt in attempts]
    return None if None in amounts else sum(amounts)


def _attempts(events: Events) -> list[dict[str, Any]]:
    """The submissions in order. `outcome` is submitting, accepted, settled, or how it failed."""
    attempts: dict[str, dict[str, Any]] = {}
    for event in events:
        kind, key = event["kind"], event["attempt_id"]
        if kind == "submitting":
            attempts[key] = {
                "id": key,
                "endpoint": event["endpoint"],
                "provider": event["provider"],
                "call": event["data"]["call"],
                "outcome": kind,
                "unsettled": True,
                "message": None,
                "provider_request_id": None,
                "reserved_micros": event["high_micros"],
                "cost_micros": None,
            }
        elif kind == "accepted":
            attempts[key].update(outcome=kind, provider_request_id=event["provider_request_id"])
        elif kind == "settled":
            attempts[key].update(outcome=kind, unsettled=False, cost_micros=event["high_micros"])
        elif kind == "failed":
            unsettled = event["failure"] in _UNSETTLED
            attempts[key].update(outcome=event["failure"], unsettled=unsettled, message=event["data"]["message"])
    return list(attempts.values())
