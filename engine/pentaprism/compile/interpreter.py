"""What a request means at an endpoint, step by step: the plain reading of its rules.

Row 3. `specialised` does the same faster for most requests, and a law holds the two equal; what is unusual comes here.
It must not rank endpoints, read a clock or send anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ..errors import CompileError
from ..types import NOTHING, Behaviour, CompiledRequest, Contract, Expected, HttpCall, ImageRequest, Outcome, Size
from .billing import price_fields
from .bodies import build_call
from .draft import Draft
from .forms import Choice, choose, constants_beside, default_size
from .natives import Settled, settle_natives, tell_native_sizes, tell_nested
from .output import Ready
from .plan import OUTPUT_NAMES, Plan
from .request import Vocabulary
from .sizing import SIZE_NAMES, expected_of, tell_size

__all__ = ["build_calls", "check_required", "interpret", "write_images", "write_unsupported"]


def interpret(plan: Plan, vocabulary: Vocabulary, request: ImageRequest, on: date) -> CompiledRequest:
    """Compile a request for the endpoint and mode of a plan, priced on a date.

    Raises:
        CompileError: the endpoint cannot serve it; every reason is in `.refusals`.
    """
    draft = Draft(plan.endpoint.key, request.written)
    if request.extras:
        settled = settle_natives(plan, request, draft, vocabulary)
    else:
        settled = Settled(dict(request.values), request.wish)
    inputs = [media.size for media in request.images]
    default = default_size(plan.spec, inputs)
    choice, output = _write(plan, vocabulary, draft, settled, request, default, on)
    counts, seeds = plan.counts.apply(draft, settled.values)
    plan.counts.tell_seeds(draft.adjustments, seeds)
    for path, value in plan.spec.constants.items():
        draft.fields.setdefault(path, value)
    draft.fields.update(settled.raw)
    if settled.nested:
        tell_nested(draft, settled, request.extras)
    check_required(plan, draft)
    if draft.refusals:
        raise CompileError(draft.refusals)
    # A parameter that is not refused has been told of, so that what says it again is told the same.
    for native, canonical in settled.twice.items():
        draft.adjustments[native] = draft.adjustments[canonical]._replace(parameter=native)
    told = tuple(draft.adjustments[name] for name in _in_order(request, draft, settled))
    # A part of an object may be dropped as a parameter is; it is told of, and counts, once.
    dropped = sum(entry.outcome is Outcome.DROPPED for entry in told)
    expected = _expect(plan, settled, sum(counts), choice, default, output)
    return CompiledRequest(
        endpoint=plan.endpoint.key,
        provider=plan.endpoint.provider,
        model=plan.endpoint.model,
        mode=request.mode,
        calls=build_calls(plan, draft.fields, counts, seeds),
        counts=tuple(counts),
        seeds=tuple(seeds),
        adjustments=told,
        expected=expected,
        delivery=output.delivery,
        cost=price_fields(plan, draft.fields, expected.count, expected.size, inputs * len(counts), on),
        priced_on=on,
        wish=settled.wish,
        loss=(dropped, draft.aspect_loss, draft.pixels_loss),
        verified=plan.verified,
    )


def _expect(
    plan: Plan, settled: Settled, count: int, choice: Choice | None, default: Size | None, output: Ready
) -> Expected:
    """What should come back; of a size or a format in words that only the provider knows, nothing is promised."""
    expected = expected_of(plan.spec, count, choice, default, output.returned)
    if settled.unread:
        expected = expected._replace(size=None, basis="unknown", inferred=False)
    return expected._replace(format=None) if plan.output.field in settled.raw else expected


def _write(
    plan: Plan,
    vocabulary: Vocabulary,
    draft: Draft,
    settled: Settled,
    request: ImageRequest,
    default: Size | None,
    on: date,
) -> tuple[Choice | None, Ready]:
    """Write every value in vocabulary order; the groups are written where their first member stands."""
    values = settled.values
    choice: Choice | None = None
    sized = False
    output: Ready | None = None
    for name in sorted(values, key=vocabulary.order.__getitem__):
        if name in SIZE_NAMES:
            if not sized:
                choice, sized = _size(plan, draft, settled, request, default, on), True
        elif name in OUTPUT_NAMES:
            output = output or plan.output.apply(draft, values)
        elif name == "image":
            write_images(plan, draft, values[name])
        elif name in plan.crossings:
            plan.crossings[name].apply(draft, values[name])
        elif name in plan.unsupported:
            write_unsupported(plan, draft, name, values[name])
    if settled.sizes and not sized:
        choice = _size(plan, draft, settled, request, default, on)
    return choice, output or plan.output.apply(draft, values)


def _size(
    plan: Plan, draft: Draft, settled: Settled, request: ImageRequest, default: Size | None, on: date
) -> Choice | None:
    wish = settled.wish
    choice, beside = None, NOTHING
    if wish or wish.auto:
        choice = choose(plan.spec, wish, default, whole_megapixels=plan.tariff(on).whole_megapixels)
    if choice is not None and settled.sizes and not request.wish:
        # Nothing but the provider's own fields asks for a size: they go out as the caller wrote them.
        beside = constants_beside(plan.spec, settled.sizes)
        choice = choice._replace(sends={**settled.sizes, **beside}, note=None)
    if choice is not None:
        draft.fields.update(choice.sends)
    tell_size(draft, plan.spec, settled.values, wish, choice, default, request.preferences.tolerance)
    if settled.sizes:
        tell_native_sizes(draft, settled, choice.sends if choice else NOTHING, beside)
    return choice


def write_images(plan: Plan, draft: Draft, images: tuple[Any, ...]) -> None:
    """Put the input images where the endpoint takes them, or refuse what it does not take."""
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


def write_unsupported(plan: Plan, draft: Draft, name: str, value: Any) -> None:
    """Say that a parameter cannot cross here."""
    rule = plan.unsupported[name]
    draft.adjust(name, value, {}, rule.behaviour, Outcome.DROPPED, str(rule.reason))


def check_required(plan: Plan, draft: Draft) -> None:
    """A field the contract requires and nothing writes; said at the parameter that would have written it."""
    for field in plan.required:
        if field not in draft.fields and not any(Contract.top(path) == field for path in draft.fields):
            behind = (name for path, name in plan.producers.items() if Contract.top(path) == field)
            producer = next(behind, field)
            if draft.written.get(producer, producer) not in {refusal.param for refusal in draft.refusals}:
                draft.refuse(producer, "required", f"the provider needs {field}; set {producer}.")


def build_calls(
    plan: Plan, fields: Mapping[str, Any], counts: Sequence[int], seeds: Sequence[int | None]
) -> tuple[HttpCall, ...]:
    """The submissions: each has the fields of the first but for its own count and seed."""
    submission = plan.endpoint.submission
    calls = []
    for index, (count, seed) in enumerate(zip(counts, seeds, strict=True)):
        own = fields if index == 0 else {**fields, **plan.counts.leaves(count, seed, fields)}
        calls.append(build_call(submission, own))
    return tuple(calls)


def _in_order(request: ImageRequest, draft: Draft, settled: Settled) -> list[str]:
    """The adjustments in the caller's order. A native field read back is told under the parameter it means."""
    back = {native: canonical for canonical, native in settled.read.items()}
    names = dict.fromkeys(back.get(name, name) for name in request.order)
    return [name for name in names if name in draft.adjustments]
