"""Rank the endpoints of a model for one request: compile for each, sort, and say why the others cannot.

Row 4; pure. An endpoint can serve a request if and only if compiling for it succeeds; there is no second notion of
"supported" (DESIGN section 5). It must not send anything or read a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from .errors import CompileError
from .types import CompiledRequest, Endpoint, ImageRequest, Model, Outcome, ProviderPreferences, Refusal, Route

__all__ = ["Observed", "route_request"]

CompileFunction = Callable[[ImageRequest, Endpoint, date], CompiledRequest]


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
    keys = None if chosen is None else frozenset(chosen)
    candidates: list[CompiledRequest] = []
    refusals: list[Refusal] = []
    for endpoint in model.endpoints:
        filtered = _filter(endpoint, request, keys, unavailable or {})
        if filtered is not None:
            refusals.append(filtered)
            continue
        try:
            compiled = compile_for(request, endpoint, on)
        except CompileError as error:
            refusals.extend(error.refusals)
            continue
        refused = _forbid(compiled, request.preferences)
        if refused is None:
            candidates.append(compiled)
        else:
            refusals.append(refused)
    candidates.sort(key=_ranking(request.preferences, observed or {}))
    if not request.preferences.allow_fallbacks:
        refusals.extend(_refuse(one.endpoint, "filtered", "allow_fallbacks is false.") for one in candidates[1:])
        candidates = candidates[:1]
    return Route(request=request, model=model.id, candidates=tuple(candidates), refusals=tuple(refusals))


def _refuse(key: str, code: str, message: str, param: str = "provider") -> Refusal:
    return Refusal(endpoint=key, code=code, message=message, param=param)


def _filter(
    endpoint: Endpoint, request: ImageRequest, keys: frozenset[str] | None, unavailable: Mapping[str, str]
) -> Refusal | None:
    """Why an endpoint is not even tried, None where it is."""
    preferences = request.preferences
    names = {endpoint.provider, endpoint.key, f"{endpoint.provider}/{endpoint.model}"}
    if endpoint.status == "disabled":
        return _refuse(endpoint.key, "filtered", "the catalog has this endpoint disabled.", "model")
    if keys is not None and endpoint.key not in keys:
        return _refuse(endpoint.key, "filtered", f"the request names {request.model}.", "model")
    if preferences.only is not None and names.isdisjoint(preferences.only):
        return _refuse(endpoint.key, "filtered", f"provider.only is {', '.join(preferences.only)}.")
    if endpoint.provider in unavailable:
        return _refuse(endpoint.key, "no-credential", unavailable[endpoint.provider])
    if not names.isdisjoint(preferences.ignore):
        return _refuse(endpoint.key, "filtered", f"provider.ignore is {', '.join(preferences.ignore)}.")
    return None


def _forbid(compiled: CompiledRequest, preferences: ProviderPreferences) -> Refusal | None:
    """Why a compiled request is not acceptable to the caller, None where it is."""
    if preferences.max_price is not None:
        high = compiled.cost.high
        if high is None:
            return _refuse(compiled.endpoint, "max-price", "its price is unknown, and provider.max_price is set.")
        if high > preferences.max_price:
            message = f"it costs {compiled.cost.text}, and provider.max_price is ${preferences.max_price}."
            return _refuse(compiled.endpoint, "max-price", message)
    if preferences.require_parameters:
        lost = [one.parameter for one in compiled.adjustments if one.outcome in (Outcome.DROPPED, Outcome.UNVERIFIED)]
        far = [one.parameter for one in compiled.adjustments if one.outcome is Outcome.APPROXIMATED]
        if lost or (far and any(compiled.loss[1:])):
            reasons = "; ".join(
                f"{one.parameter}: {one.why}" for one in compiled.changes if one.parameter in lost + far
            )
            message = f"require_parameters is set, and it would change {reasons}."
            return Refusal(
                endpoint=compiled.endpoint, code="require-parameters", message=message, param=(lost or far)[0]
            )
    return None


def _ranking(
    preferences: ProviderPreferences, observed: Mapping[str, Observed]
) -> Callable[[CompiledRequest], tuple[Any, ...]]:
    """The sort key: closed circuits, verified facts, least loss, then the policy (DESIGN section 5)."""

    def price(one: CompiledRequest) -> tuple[Any, ...]:
        high, low = one.cost.high, one.cost.low
        return (high is None, high or Decimal(0), low or Decimal(0))

    def policy(one: CompiledRequest) -> tuple[Any, ...]:
        if preferences.sort == "latency":
            seconds = observed.get(one.endpoint, {}).get("p50_s")
            return (seconds is None, seconds or 0.0, *price(one))
        if preferences.sort == "order":
            names = (one.endpoint, one.provider, f"{one.provider}/{one.model}")
            places = [preferences.order.index(name) for name in names if name in preferences.order]
            return (min(places, default=len(preferences.order)), *price(one))
        return price(one)

    def key(one: CompiledRequest) -> tuple[Any, ...]:
        is_open = bool(observed.get(one.endpoint, {}).get("open", False))
        # The key comes last so that two equal endpoints rank the same whatever the order of files.
        return (is_open, not one.verified, one.loss, policy(one), one.endpoint)

    return key
