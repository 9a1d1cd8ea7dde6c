"""What changed of one model: its names and status, its endpoints, what is written about it. Row 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...types import Mode, Model
from .difference import Difference, Kind
from .endpoints import endpoint_differences, gone_endpoint, new_endpoint
from .words import listed, shown

__all__ = ["model_differences", "models_only_in_one"]

_STATUSES = ("active", "preview", "deprecated", "retired", "disabled")
_CLOSED = ("retired", "disabled")
_ATTRIBUTES = ("name", "family", "creator", "successor", "license", "released")
_PROSE = ("summary", "tags", "dissents")


def model_differences(before: Model, after: Model) -> Iterator[Difference]:
    """Everything that is another of a model both catalogs have."""
    for one in (*_status(before, after), *_aliases(before, after)):
        yield replace(one, model=after.id)
    ours, theirs = ({endpoint.key: endpoint for endpoint in one.endpoints} for one in (before, after))
    for key, endpoint in ours.items():
        if key in theirs:
            yield from endpoint_differences(endpoint, theirs[key])
        else:
            yield gone_endpoint(endpoint)
    yield from (new_endpoint(endpoint) for key, endpoint in theirs.items() if key not in ours)
    for one in (*_attributes(before, after), *_prose(before, after)):
        yield replace(one, model=after.id)


def models_only_in_one(before: Mapping[str, Model], after: Mapping[str, Model]) -> Iterator[Difference]:
    """Models that are gone, and those that are new, each with its endpoints."""
    for model in (one for name, one in before.items() if name not in after):
        told = f"is gone, with {_endpoints(model)}"
        keys = [endpoint.key for endpoint in model.endpoints]
        yield Difference(kind=Kind.MODEL_GONE, message=told, model=model.id, before=keys)
    for model in (one for name, one in after.items() if name not in before):
        modes = listed(mode.short for mode in Mode if mode in model.modes)
        named = f"; also named {listed(model.aliases)}" if model.aliases else ""
        told = f"is new: {model.name}, {modes}{named}"
        keys = [endpoint.key for endpoint in model.endpoints]
        yield Difference(kind=Kind.MODEL_NEW, message=told, model=model.id, after=keys)
        yield from map(new_endpoint, model.endpoints)


def _endpoints(model: Model) -> str:
    return listed(endpoint.key for endpoint in model.endpoints)


def _difference(kind: Kind, message: str, subject: str, before: Any, after: Any) -> Difference:
    return Difference(kind=kind, message=message, subject=subject, before=before, after=after)


def _status(before: Model, after: Model) -> Iterator[Difference]:
    was, now = before.status, after.status
    if was == now:
        return
    worse = _STATUSES.index(now) > _STATUSES.index(was)
    closed = [status in _CLOSED for status in (was, now)]
    kind = Kind.STATUS_WORSE if worse else Kind.STATUS_BETTER
    if closed[0] != closed[1]:
        kind = Kind.MODEL_CLOSED if closed[1] else Kind.MODEL_OPEN
    instead = f"; its successor is {after.successor}" if after.successor else ""
    refused = ", so that requests are refused" if closed[1] and not closed[0] else ""
    yield _difference(kind, f"is {now}, not {was}{refused}{instead}", "status", was, now)


def _aliases(before: Model, after: Model) -> Iterator[Difference]:
    for alias in before.aliases:
        if alias not in after.aliases:
            yield _difference(Kind.NAME_GONE, f"can no longer be asked for as {alias}", "aliases", alias, None)
    for alias in after.aliases:
        if alias not in before.aliases:
            yield _difference(Kind.NAME_NEW, f"can be asked for as {alias}", "aliases", None, alias)


def _attributes(before: Model, after: Model) -> Iterator[Difference]:
    for name in _ATTRIBUTES:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield _difference(Kind.PROSE, f"{name} is {shown(now)}, not {shown(was)}", name, was, now)


def _prose(before: Model, after: Model) -> Iterator[Difference]:
    texts = [{name: getattr(one, name) for name in _PROSE} | dict(one.prose) for one in (before, after)]
    for name in dict.fromkeys((*texts[0], *texts[1])):
        was, now = ((list(text) if isinstance(text, tuple) else text) for text in (one.get(name) for one in texts))
        if was != now:
            verb = "reworded" if was and now else "new" if now else "gone"
            subject = name.replace("_", " ")
            yield _difference(Kind.PROSE, f"{subject}: {verb}", name, was, now)
