"""A provider's own fields under their own names, and names nobody knows (CATALOG section 4).

Row 3. A native value of a field that a rule writes is read back through the rule, so that count, size and cost stay
true; any other native field is checked against the contract and sent as it is. It must not drop anything unsaid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import did_you_mean
from ..types import Behaviour, ImageRequest, Outcome, SizeWish
from .converters import UNREADABLE
from .draft import Draft
from .forms import read_wish
from .plan import Plan
from .request import Vocabulary

__all__ = ["Settled", "settle_natives"]


@dataclass(slots=True)
class Settled:
    """The request as this endpoint understands it: canonical values, the size wish, and fields to send as they are.

    `sizes` are the native size fields that were read into the wish, by name.
    """

    values: dict[str, Any]
    wish: SizeWish
    raw: dict[str, Any]
    sizes: dict[str, Any]
    read: dict[str, str]


def settle_natives(plan: Plan, request: ImageRequest, draft: Draft, vocabulary: Vocabulary) -> Settled:
    """Sort every extra name of a request into read back, sent as it is, dropped or refused."""
    settled = Settled(values=dict(request.values), wish=request.wish, raw={}, sizes={}, read={})
    for name, value in request.extras.items():
        if name in plan.provider.reserved:
            draft.refuse(name, "reserved", f"{name} is set by the gateway itself; leave it out.")
        elif name in plan.checks:
            _settle_field(plan, draft, settled, name, value)
        elif name in plan.endpoint.native_fields:
            others = [key for key in plan.endpoint.native_fields[name] if key != plan.endpoint.key]
            verb = "has" if len(others) == 1 else "have"
            where = f"only {' and '.join(others)} {verb} it" if others else f"not in {plan.spec.mode.value}"
            _drop(draft, name, value, f"the provider has no {name} here ({where})")
        elif request.forced and name not in vocabulary.by_name:
            settled.raw[name] = value
            why = "no catalog knows this name; sent untouched because you chose the provider"
            draft.adjust(name, value, {name: value}, Behaviour.PASSTHROUGH, Outcome.UNVERIFIED, why)
        else:
            _drop(draft, name, value, _unknown(plan, name, vocabulary))
    if settled.sizes:
        _settle_sizes(plan, draft, settled)
    return settled


def _drop(draft: Draft, name: str, value: Any, why: str) -> None:
    draft.adjust(name, value, {}, Behaviour.UNSUPPORTED, Outcome.DROPPED, why)


def _unknown(plan: Plan, name: str, vocabulary: Vocabulary) -> str:
    if name in vocabulary.by_name:
        return f"no provider of {plan.endpoint.model} has {name}"
    near = did_you_mean(name, {*vocabulary.by_name, *plan.endpoint.native_fields}, count=1)
    hint = f"did you mean {near[0]}? " if near else ""
    provider = plan.endpoint.provider
    return f"nobody here knows this name; {hint}`model: {provider}/{plan.endpoint.model}` would send it untouched"


def _settle_field(plan: Plan, draft: Draft, settled: Settled, name: str, value: Any) -> None:
    reason = plan.checks[name](value)
    if reason is not None:
        draft.refuse(name, "not-allowed", f"{name} {reason}.")
        return
    producer = plan.producers.get(name)
    if producer == "size":
        settled.sizes[name] = value
        return
    canonical = _read_back(plan, producer, value) if producer else UNREADABLE
    if producer is None or canonical is UNREADABLE:
        settled.raw[name] = value
        draft.adjust(name, value, {name: value}, Behaviour.PASSTHROUGH, Outcome.HONORED, "sent as it is")
    elif producer in settled.values and settled.values[producer] != canonical:
        other = draft.written.get(producer, producer)
        both = f"{value!r} and {settled.values[producer]!r}"
        message = f"{name} and {other} mean the same here and disagree ({both}); give one of them."
        draft.refuse(name, "conflict", message)
    else:
        settled.values[producer] = canonical
        settled.read[producer] = name
        draft.written[producer] = name


def _read_back(plan: Plan, producer: str, value: Any) -> Any:
    """The canonical value a native one stands for."""
    if producer in plan.crossings:
        return plan.crossings[producer].read(value)
    if producer == "output_format":
        return next((ours for ours, theirs in plan.output.native.items() if theirs == value), UNREADABLE)
    return value


def _settle_sizes(plan: Plan, draft: Draft, settled: Settled) -> None:
    """Read native size fields into the wish; where the wish has a say already, both must agree."""
    names = " and ".join(settled.sizes)
    first = next(iter(settled.sizes))
    try:
        native = read_wish(plan.spec, settled.sizes)
    except ValueError as error:
        draft.refuse(first, "required", f"{names}: {error}.")
        return
    if native is None:
        settled.raw.update(settled.sizes)
        for name, value in settled.sizes.items():
            draft.adjust(name, value, {name: value}, Behaviour.PASSTHROUGH, Outcome.HONORED, "sent as it is")
        settled.sizes.clear()
        return
    wish = settled.wish
    clash = wish.size is not None and native.size != wish.size
    clash = clash or (wish.ratio is not None and native.ratio not in (None, wish.ratio))
    clash = clash or (wish.tier is not None and native.tier is not None and native.tier.area != wish.tier.area)
    clash = clash or (native.size is not None and (wish.ratio is not None or wish.tier is not None))
    if clash:
        message = f"{names} and the size parameters ask for different things; give one of them."
        draft.refuse(first, "conflict", message)
        return
    settled.wish = replace(
        wish,
        size=wish.size or native.size,
        ratio=wish.ratio or native.ratio,
        tier=wish.tier or native.tier,
        auto=native.auto and not wish,
    )


def tell_native_sizes(draft: Draft, settled: Settled, sends: Mapping[str, Any]) -> None:
    """Record what became of native size fields once a form was chosen."""
    for name, value in settled.sizes.items():
        got = {path: sent for path, sent in sends.items() if path.split(".", 1)[0] == name}
        same = got == {name: value}
        outcome = Outcome.HONORED if same or not got else Outcome.APPROXIMATED
        why = "sent as it is" if same else "read as a size; what is sent means the same pixels"
        draft.adjust(name, value, got or dict(sends), Behaviour.PASSTHROUGH, outcome, why)
