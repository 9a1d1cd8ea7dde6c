"""Compile a request for one endpoint: the provider's submission, what was changed, what comes back, what it costs.

Row 3; pure, total and deterministic: it returns a `CompiledRequest` or raises `CompileError`. It must not rank
endpoints, read a clock or send anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from ..errors import CompileError
from ..prices import Usage, tariff
from ..types import (
    NOTHING,
    Behaviour,
    CompiledRequest,
    Contract,
    Cost,
    Endpoint,
    FormKind,
    HttpCall,
    ImageRequest,
    Media,
    Mode,
    Outcome,
    Provider,
    Refusal,
    Size,
)
from .bodies import build_call, fields_of
from .draft import Draft, take
from .forms import Choice, choose, constants_beside, default_size
from .natives import Settled, settle_natives, tell_native_sizes, tell_nested
from .plan import OUTPUT_NAMES, Plan, build_plan
from .request import Vocabulary
from .sizing import SIZE_NAMES, expected_of, tell_size

__all__ = ["Compiler"]


class Compiler:
    """Compiles requests; keeps the plan of each endpoint and mode once it has been built.

    Nothing about a request is kept.
    """

    def __init__(self, vocabulary: Vocabulary, providers: Mapping[str, Provider]) -> None:
        self.vocabulary = vocabulary
        self._providers = providers
        self._plans: dict[tuple[str, Mode], Plan] = {}

    def plan(self, endpoint: Endpoint, mode: Mode) -> Plan:
        """The endpoint's rules made ready for a mode it serves."""
        key = (endpoint.key, mode)
        plan = self._plans.get(key)
        if plan is None or plan.endpoint is not endpoint:
            plan = build_plan(endpoint, endpoint.modes[mode], self._providers[endpoint.provider])
            self._plans[key] = plan
        return plan

    def compile(self, request: ImageRequest, endpoint: Endpoint, on: date) -> CompiledRequest:
        """One request for one endpoint, priced on a date.

        Raises:
            CompileError: the endpoint cannot serve it; every reason is in `.refusals`.
        """
        if request.mode not in endpoint.modes:
            raise CompileError([_wrong_mode(request, endpoint)])
        plan = self.plan(endpoint, request.mode)
        draft = Draft(endpoint.key, request.written)
        if request.extras:
            settled = settle_natives(plan, request, draft, self.vocabulary)
        else:
            settled = Settled(dict(request.values), request.wish)
        inputs = [media.size for media in request.images]
        default = default_size(plan.spec, inputs)
        choice, output = self._write(plan, draft, settled, request, default)
        counts, seeds = plan.counts.apply(draft, settled.values)
        for path, value in plan.spec.constants.items():
            draft.fields.setdefault(path, value)
        draft.fields.update(settled.raw)
        if settled.nested:
            tell_nested(draft, settled, request.extras)
        self._check_required(plan, draft)
        if draft.refusals:
            raise CompileError(draft.refusals)
        delivery, returned_format = output
        expected = expected_of(plan.spec, sum(counts), choice, default, returned_format)
        if settled.unread:
            expected = expected._replace(size=None, basis="unknown", inferred=False)
        return CompiledRequest(
            endpoint=endpoint.key,
            provider=endpoint.provider,
            model=endpoint.model,
            mode=request.mode,
            calls=self._calls(plan, draft.fields, counts, seeds),
            counts=tuple(counts),
            seeds=tuple(seeds),
            adjustments=tuple(draft.adjustments[name] for name in _in_order(request, draft, settled)),
            expected=expected,
            delivery=delivery,
            cost=_cost(plan, draft.fields, expected.count, expected.size, inputs * len(counts), on),
            priced_on=on,
            wish=settled.wish,
            loss=(draft.dropped, draft.aspect_loss, draft.pixels_loss),
            verified=endpoint.status != "unverified",
        )

    def settle(self, compiled: CompiledRequest, endpoint: Endpoint, sizes: Sequence[Size | None]) -> Cost:
        """What was really spent, from the pixels of the pictures that came back (None where they were not read).

        A picture that was not read is taken to have the expected pixels.
        """
        plan = self.plan(endpoint, compiled.mode)
        fields = fields_of(compiled.calls[0], endpoint.submission, plan.spec.contract)
        paths = plan.crossings["image"].paths if "image" in plan.crossings else ()
        inputs = [media.size for path in paths for media in _media(take(fields, path))] * len(compiled.calls)
        groups = Counter(size or compiled.expected.size for size in sizes)
        # What went in is billed once, whatever sizes came out.
        costs = [
            _cost(plan, fields, count, size, () if index else inputs, compiled.priced_on)
            for index, (size, count) in enumerate(groups.items())
        ]
        return costs[0] if len(costs) == 1 else _sum(costs)

    def _write(
        self, plan: Plan, draft: Draft, settled: Settled, request: ImageRequest, default: Size | None
    ) -> tuple[Choice | None, Any]:
        """Write every value in vocabulary order; the groups are written where their first member stands."""
        values = settled.values
        choice: Choice | None = None
        sized = False
        output: Any = None
        for name in sorted(values, key=self.vocabulary.order.__getitem__):
            if name in SIZE_NAMES:
                if not sized:
                    choice, sized = self._size(plan, draft, settled, request, default), True
            elif name in OUTPUT_NAMES:
                output = output or plan.output.apply(draft, values)
            elif name == "image":
                _write_images(plan, draft, values[name])
            elif name in plan.crossings:
                plan.crossings[name].apply(draft, values[name])
            elif name in plan.unsupported:
                rule = plan.unsupported[name]
                draft.adjust(name, values[name], {}, rule.behaviour, Outcome.DROPPED, str(rule.reason))
        if settled.sizes and not sized:
            choice = self._size(plan, draft, settled, request, default)
        return choice, output or plan.output.apply(draft, values)

    @staticmethod
    def _size(plan: Plan, draft: Draft, settled: Settled, request: ImageRequest, default: Size | None) -> Choice | None:
        wish = settled.wish
        choice, beside = None, NOTHING
        if wish or wish.auto:
            choice = choose(plan.spec, wish, default, whole_megapixels=plan.whole_megapixels)
        if choice is not None and settled.sizes and not request.wish:
            # Nothing but the provider's own fields asks for a size: they go out as the caller wrote them.
            beside = constants_beside(plan.spec, settled.sizes)
            choice = replace(choice, sends={**settled.sizes, **beside}, note=None)
        if choice is not None:
            draft.fields.update(choice.sends)
        tolerance = request.preferences.tolerance
        tell_size(draft, plan.spec, settled.values, wish, choice, default, tolerance)
        if settled.sizes:
            tell_native_sizes(draft, settled, choice.sends if choice else NOTHING, beside)
        return choice

    @staticmethod
    def _check_required(plan: Plan, draft: Draft) -> None:
        """A field the contract requires and nothing writes; said at the parameter that would have written it."""
        for field in plan.spec.contract.schema.get("required", ()):
            if field not in draft.fields and not any(Contract.top(path) == field for path in draft.fields):
                behind = (name for path, name in plan.producers.items() if Contract.top(path) == field)
                producer = next(behind, field)
                if producer not in {refusal.param for refusal in draft.refusals}:
                    draft.refuse(producer, "required", f"the provider needs {field}; set {producer}.")

    @staticmethod
    def _calls(
        plan: Plan, fields: Mapping[str, Any], counts: list[int], seeds: list[int | None]
    ) -> tuple[HttpCall, ...]:
        submission = plan.endpoint.submission
        calls = []
        for index, (count, seed) in enumerate(zip(counts, seeds, strict=True)):
            own = fields if index == 0 else {**fields, **plan.counts.leaves(count, seed, fields)}
            calls.append(build_call(submission, own))
        return tuple(calls)


def _wrong_mode(request: ImageRequest, endpoint: Endpoint) -> Refusal:
    modes = " and ".join(mode.value for mode in endpoint.modes)
    hint = "leave the image out" if request.mode is Mode.IMAGE_EDIT else "send an image with it"
    reason = endpoint.absent.get(request.mode)
    why = f" ({reason})" if reason else ""
    message = f"it does {modes}, and the request is {request.mode.value}{why}; choose another endpoint, or {hint}."
    return Refusal(endpoint=endpoint.key, code="mode", message=message, param="model")


def _write_images(plan: Plan, draft: Draft, images: tuple[Any, ...]) -> None:
    crossing = plan.crossings.get("image")
    most = plan.spec.max_input_images
    if crossing is None:
        draft.refuse("image", "mode", f"{plan.endpoint.key} takes no input image.")
    elif most is not None and len(images) > most:
        many = f"{most} input image{'s' if most > 1 else ''}"
        draft.refuse("image", "too-many-images", f"it takes {many}, and the request has {len(images)}.")
    else:
        sent = crossing.leaves(images)
        draft.fields.update(sent)
        why = f"sent as {', '.join(sent)}"
        draft.adjust("image", images, sent, Behaviour.CONVERTED, Outcome.HONORED, why)


def _in_order(request: ImageRequest, draft: Draft, settled: Settled) -> list[str]:
    """The adjustments in the caller's order. A native field read back is told under the parameter it means."""
    back = {native: canonical for canonical, native in settled.read.items()}
    names = dict.fromkeys(back.get(name, name) for name in request.order)
    return [name for name in names if name in draft.adjustments]


def _cost(
    plan: Plan, fields: Mapping[str, Any], count: int, size: Size | None, inputs: Sequence[Size | None], on: date
) -> Cost:
    known = {}
    for name, default in plan.conditions.items():
        value = take(fields, name)
        if value is not None or default is not None:
            known[name] = default if value is None else value
    known.update(_tier(plan, fields))
    usage = Usage(images=count, size=size, input_sizes=tuple(inputs), fields=known)
    tariffs = plan.tariffs
    if on not in tariffs:
        tariffs[on] = tariff(plan.endpoint.prices, on)
    return tariffs[on].cost(usage)


def _tier(plan: Plan, fields: Mapping[str, Any]) -> dict[str, str]:
    """The provider's scale, for prices `when: {tier: ...}`: what is sent, else what the provider takes by default."""
    for form in plan.spec.forms:
        if form.kind is FormKind.GRID and "tier" in form.to:
            label = take(fields, form.to["tier"]) or (form.default_tier.label if form.default_tier else None)
            return {} if label is None else {"tier": str(label)}
    return {}


def _sum(costs: Sequence[Cost]) -> Cost:
    lows, highs = [cost.low for cost in costs], [cost.high for cost in costs]
    return Cost(
        low=None if None in lows else sum((low for low in lows if low is not None), Decimal(0)),
        high=None if None in highs else sum((high for high in highs if high is not None), Decimal(0)),
        components=tuple(component for cost in costs for component in cost.components),
        derivation=" + ".join(cost.derivation for cost in costs),
    )


def _media(node: Any) -> Iterator[Media]:
    if isinstance(node, Media):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _media(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _media(value)
