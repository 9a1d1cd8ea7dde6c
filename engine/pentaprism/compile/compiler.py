"""Compile a request for one endpoint: the provider's submission, what was changed, what comes back, what it costs.

Row 3; pure, total and deterministic: it returns a `CompiledRequest` or raises `CompileError`. It must not rank
endpoints, read a clock or send anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from ..errors import CompileError
from ..types import (
    NOTHING,
    CompiledRequest,
    Cost,
    Endpoint,
    ImageRequest,
    Mode,
    Provider,
    Refusal,
    Size,
    Tolerance,
)
from .billing import settle
from .interpreter import interpret
from .plan import Plan, build_plan
from .request import Vocabulary
from .specialised import Specialised, specialise

__all__ = ["Compiler"]

_TOLERANCE = Tolerance()


class Compiler:
    """Compiles requests; each endpoint's rules become one function for each of its modes when first used.

    Nothing about a request is kept.
    """

    def __init__(self, vocabulary: Vocabulary, providers: Mapping[str, Provider]) -> None:
        self.vocabulary = vocabulary
        self._providers = providers
        self._plans: dict[tuple[str, Mode], Plan] = {}
        self._refused: dict[tuple[str, Mode], Refusal] = {}
        self._specialised: dict[tuple[str, Mode], Specialised] = {}

    def plan(self, endpoint: Endpoint, mode: Mode) -> Plan:
        """The endpoint's rules made ready for a mode it serves."""
        key = (endpoint.key, mode)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = build_plan(endpoint, endpoint.modes[mode], self._providers[endpoint.provider])
        return plan

    def compile(self, request: ImageRequest, endpoint: Endpoint, on: date) -> CompiledRequest:
        """One request for one endpoint, priced on a date.

        Raises:
            CompileError: the endpoint cannot serve it; every reason is in `.refusals`.
        """
        specialised = self._specialised.get((endpoint.key, request.mode)) or self.specialise(endpoint, request.mode)
        given, written, extras = request.values, request.written, request.extras
        if extras or written:
            both = {**extras, **given}
            given = {written.get(name, name): both[name] for name in request.order}
        compiled = specialised(given, request.preferences.tolerance, on)
        return self.interpret(request, endpoint, on) if compiled is None else compiled

    def plain(self, endpoint: Endpoint, mode: Mode) -> Callable[[Mapping[str, Any], date], CompiledRequest | None]:
        """What compiles a body as the caller wrote it, if it is a plain one; it gives None where it must be parsed."""
        if mode not in endpoint.modes:
            # The parsed request is refused, with the reason.
            return lambda body, on: None
        specialised = self.specialise(endpoint, mode)
        return lambda body, on: specialised(body, _TOLERANCE, on)

    def specialise(self, endpoint: Endpoint, mode: Mode) -> Specialised:
        """The function that an endpoint's rules become; kept from the first time on.

        Raises:
            CompileError: the endpoint does not serve the mode.
        """
        if mode not in endpoint.modes:
            raise CompileError([self._wrong_mode(endpoint, mode)])
        function = specialise(self.plan(endpoint, mode), self.vocabulary)
        self._specialised[endpoint.key, mode] = function
        return function

    def _wrong_mode(self, endpoint: Endpoint, mode: Mode) -> Refusal:
        refusal = self._refused.get((endpoint.key, mode))
        if refusal is None:
            refusal = self._refused[endpoint.key, mode] = _refuse_mode(endpoint, mode)
        return refusal

    def interpret(self, request: ImageRequest, endpoint: Endpoint, on: date) -> CompiledRequest:
        """The same as `compile`, by the plain reading of the rules: what a specialised function must equal.

        Raises:
            CompileError: as `compile` does.
        """
        if request.mode not in endpoint.modes:
            raise CompileError([self._wrong_mode(endpoint, request.mode)])
        return interpret(self.plan(endpoint, request.mode), self.vocabulary, request, on)

    def settle(
        self,
        compiled: CompiledRequest,
        endpoint: Endpoint,
        sizes: Sequence[Size | None],
        tokens: Mapping[str, int] = NOTHING,
    ) -> Cost:
        """What was really spent, from the pixels of the pictures that came back (None where they were not read)."""
        return settle(self.plan(endpoint, compiled.mode), compiled, sizes, tokens)


def _refuse_mode(endpoint: Endpoint, mode: Mode) -> Refusal:
    modes = " and ".join(one.value for one in endpoint.modes)
    hint = "leave the image out" if mode is Mode.IMAGE_EDIT else "send an image with it"
    reason = endpoint.absent.get(mode)
    why = f" ({reason})" if reason else ""
    message = f"it does {modes}, and the request is {mode.value}{why}; choose another endpoint, or {hint}."
    return Refusal(endpoint=endpoint.key, code="mode", message=message, param="model")
