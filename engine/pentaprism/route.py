"""Rank the endpoints of a model for one request: compile for each, sort, and say why the others cannot.

Row 4; pure. An endpoint can serve a request if and only if compiling for it succeeds; there is no second notion of
"supported" (DESIGN section 5). It must not send anything or read a clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from .errors import CompileError
from .types import CompiledRequest, Endpoint, ImageRequest, Model, Outcome, ProviderPreferences, Refusal, Route

__all__ = ["CompileFunction", "Observed", "route_request", "serve"]

CompileFunction = Callable[[ImageRequest, Endpoint, date], CompiledRequest]
_ZERO = Decimal(0)
_SIZES = frozenset(("size", "aspect_ratio", "resolution"))


class Observed(TypedDict, total=False):
    """What is known of an endpoint right now: whether its circuit is open, and its median time in seconds."""

    open: bool
    p50_s: float


def route_request(
    request: ImageRequest,
    model: Model,
    compile_for: CompileFunction,
    on: date,
    *,
    chosen: Iterable[str] | None = None,
    observed: Mapping[str, Observed] | None = None,
    unavailable: Mapping[str, str] | None = None,
) -> Route:
    """Every endpoint of `model` as a candidate, best first, or as a refusal.

    `chosen` holds the keys the caller's model name allows (None: all of them); `unavailable` maps providers that
    cannot be used here to a sentence why.
    """
    preferences = request.preferences
    keys = None if chosen is None else frozenset(chosen)
    picky = keys is not None or preferences.only is not None or bool(preferences.ignore or unavailable)
    bounded = preferences.max_price is not None or preferences.require_parameters
    candidates: list[CompiledRequest] = []
    refusals: list[Refusal] = []
    for endpoint in model.endpoints:
        if picky or endpoint.status == "disabled":
            filtered = _filter(endpoint, request, keys, unavailable or {})
            if filtered is not None:
                refusals.append(filtered)
                continue
        try:
            compiled = serve(request, endpoint, on, compile_for) if bounded else compile_for(request, endpoint, on)
        except CompileError as error:
            refusals.extend(error.refusals)
        else:
            candidates.append(compiled)
    if len(candidates) > 1:
        candidates.sort(key=_ranking(preferences, observed or {}))
        if not preferences.allow_fallbacks:
            message = f"provider.allow_fallbacks is false, and {candidates[0].endpoint} ranks before it."
            refusals.extend(_refuse(one.endpoint, "filtered", message) for one in candidates[1:])
            del candidates[1:]
    return Route(request=request, model=model.id, candidates=tuple(candidates), refusals=tuple(refusals))


def serve(request: ImageRequest, endpoint: Endpoint, on: date, compile_for: CompileFunction) -> CompiledRequest:
    """What one endpoint would be sent, if the caller's `max_price` and `require_parameters` allow it.

    Raises:
        CompileError: the endpoint cannot serve the request, or not within those bounds.
    """
    compiled = compile_for(request, endpoint, on)
    forbidden = [*_too_dear(compiled, request.preferences), *_too_far(compiled, request)]
    if forbidden:
        raise CompileError(forbidden)
    return compiled


def _refuse(key: str, code: str, message: str, param: str = "provider") -> Refusal:
    return Refusal(endpoint=key, code=code, message=message, param=param)


def _filter(
    endpoint: Endpoint, request: ImageRequest, keys: frozenset[str] | None, unavailable: Mapping[str, str]
) -> Refusal | None:
    """Why an endpoint is not even tried, None where it is."""
    preferences = request.preferences
    key, provider = endpoint.key, endpoint.provider
    if endpoint.status == "disabled":
        return _refuse(key, "filtered", "the catalog has this endpoint disabled.", "model")
    if keys is not None and key not in keys:
        return _refuse(key, "filtered", f"the request names {request.model}.", "model")
    if preferences.only is not None and not _names(preferences.only, endpoint):
        return _refuse(key, "filtered", f"provider.only is {', '.join(preferences.only) or 'empty'}.")
    if provider in unavailable:
        return _refuse(key, "no-credential", unavailable[provider])
    if _names(preferences.ignore, endpoint):
        return _refuse(key, "filtered", f"provider.ignore is {', '.join(preferences.ignore)}.")
    return None


def _names(names: Sequence[str], endpoint: Endpoint) -> bool:
    """Whether one of the names is the endpoint's: its provider, its key, or its model at its provider."""
    provider = endpoint.provider
    return bool(names) and (provider in names or endpoint.key in names or f"{provider}/{endpoint.model}" in names)


def _too_dear(compiled: CompiledRequest, preferences: ProviderPreferences) -> list[Refusal]:
    most, high = preferences.max_price, compiled.cost.high
    if most is None or (high is not None and high <= most):
        return []
    if high is None:
        known = "" if compiled.cost.low is None else f" ({compiled.cost.text})"
        message = f"the most it can cost is not known{known}, and provider.max_price is set."
    else:
        message = f"it costs {compiled.cost.text}, and provider.max_price is ${most}."
    return [_refuse(compiled.endpoint, "max-price", message, "provider.max_price")]


def _too_far(compiled: CompiledRequest, request: ImageRequest) -> list[Refusal]:
    """What `require_parameters` forbids: a parameter not sent, sent unchecked, or approximated beyond tolerance."""
    if not request.preferences.require_parameters:
        return []
    beyond = any(compiled.loss[1:])
    far = [
        one
        for one in compiled.adjustments
        if one.outcome in (Outcome.DROPPED, Outcome.UNVERIFIED)
        or (one.outcome is Outcome.APPROXIMATED and (beyond or not _is_size(one.parameter, request)))
    ]
    if not far:
        return []
    reasons = "; ".join(f"{one.parameter} would be {one.outcome} ({one.why})" for one in far)
    message = f"provider.require_parameters is set, and {reasons}."
    return [_refuse(compiled.endpoint, "require-parameters", message, far[0].parameter)]


def _is_size(parameter: str, request: ImageRequest) -> bool:
    """Whether the tolerance, which is of shape and pixels, is about this one; a number brought into range has none."""
    return parameter in _SIZES or parameter in request.extras


def _ranking(
    preferences: ProviderPreferences, observed: Mapping[str, Observed]
) -> Callable[[CompiledRequest], tuple[Any, ...]]:
    """The sort key: closed circuits, verified facts, least loss, then the policy (DESIGN section 5)."""
    sort, order = preferences.sort, preferences.order
    unseen = Observed()

    def key(one: CompiledRequest) -> tuple[Any, ...]:
        place: float = 0
        if sort == "latency":
            place = observed.get(one.endpoint, unseen).get("p50_s", math.inf)
        elif sort == "order":
            names = (one.endpoint, one.provider, f"{one.provider}/{one.model}")
            place = next((index for index, name in enumerate(order) if name in names), len(order))
        is_open = bool(observed) and observed.get(one.endpoint, unseen).get("open", False)
        low, high = one.cost.low, one.cost.high
        return (is_open, not one.verified, one.loss, place, high is None, high or _ZERO, low or _ZERO, _Tie(one))

    return key


class _Tie:
    """What decides between two candidates that rank the same by everything else; worked out only then.

    At one price what is exact comes before what is nearly so. The key is last, so that the order of files never
    matters.
    """

    __slots__ = ("_one",)

    def __init__(self, one: CompiledRequest) -> None:
        self._one = one

    def __lt__(self, other: _Tie) -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[int, str]:
        nearly = [entry.outcome for entry in self._one.adjustments].count(Outcome.APPROXIMATED)
        return (nearly, self._one.endpoint)
