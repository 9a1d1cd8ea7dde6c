"""A provider's own fields under their own names, and names nobody knows (CATALOG section 4).

Row 3. A native value of a field that a rule writes is read back through the rule, so that count, size and cost stay
true; any other native field is checked against the contract and sent as it is. It must not drop anything unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import did_you_mean
from ..types import NOTHING, Behaviour, ImageRequest, Outcome, SizeWish
from .checks import located
from .converters import UNREADABLE
from .draft import Draft
from .faults import Faults
from .forms import read_wish
from .plan import Plan
from .request import Vocabulary

__all__ = ["Settled", "settle_natives", "tell_native_sizes", "tell_nested", "why_elsewhere"]


@dataclass(slots=True)
class Settled:
    """The request as this endpoint understands it: canonical values, the size wish, and fields to send as they are.

    `sizes` are the native size fields that were read into the wish, by path; `read` the canonical parameters other
    native fields were read as, with the name of each; `twice` the fields that say again what a parameter says;
    `nested` the paths inside each object that rules write parts of, and the parameter (or `size`) behind each path,
    empty where there is none. `unread`: a native size is sent that nobody here can read, so that nobody knows which
    pixels come back.
    """

    values: dict[str, Any]
    wish: SizeWish
    raw: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, Any] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)
    twice: dict[str, str] = field(default_factory=dict)
    nested: dict[str, dict[str, str]] = field(default_factory=dict)
    unread: bool = False


def settle_natives(plan: Plan, request: ImageRequest, draft: Draft, vocabulary: Vocabulary) -> Settled:
    """Sort every extra name of a request into read back, sent as it is, dropped or refused."""
    settled = Settled(values=dict(request.values), wish=request.wish)
    for name, value in request.extras.items():
        if name in plan.provider.reserved:
            draft.refuse(name, "reserved", f"{name} is set by the gateway itself; leave it out.")
        elif name in plan.checks:
            _settle_field(plan, draft, settled, vocabulary, name, value)
        elif name in plan.endpoint.native_fields:
            _drop(draft, name, value, why_elsewhere(plan, name))
        elif request.forced and name not in vocabulary.by_name:
            settled.raw[name] = value
            why = "no catalog knows this name; sent untouched because you chose the provider"
            draft.adjust(name, value, {name: value}, Behaviour.PASSTHROUGH, Outcome.UNVERIFIED, why)
        else:
            _drop(draft, name, value, _unknown(plan, name, vocabulary))
    if settled.sizes and not draft.refusals:
        _settle_sizes(plan, draft, settled)
    return settled


def why_elsewhere(plan: Plan, name: str) -> str:
    """Why a field of some endpoint of the model is dropped at this one."""
    others = [key for key in plan.endpoint.native_fields[name] if key != plan.endpoint.key]
    verb = "has" if len(others) == 1 else "have"
    where = f"only {' and '.join(others)} {verb} it" if others else f"not in {plan.spec.mode.value}"
    return f"the provider has no {name} here ({where})"


def _drop(draft: Draft, name: str, value: Any, why: str) -> None:
    draft.adjust(name, value, {}, Behaviour.UNSUPPORTED, Outcome.DROPPED, why)


def _unknown(plan: Plan, name: str, vocabulary: Vocabulary) -> str:
    if name in vocabulary.by_name:
        return f"no provider of {plan.endpoint.model} has {name}"
    near = did_you_mean(name, {*vocabulary.by_name, *plan.endpoint.native_fields}, count=1)
    model = plan.endpoint.model
    hint = f"did you mean {near[0]}? To" if near else "to"
    forced = f"`model: {plan.endpoint.provider}/{model}`"
    return f"no provider of {model} has this name; {hint} send it untouched, name the provider: {forced}"


def _settle_field(plan: Plan, draft: Draft, settled: Settled, vocabulary: Vocabulary, name: str, value: Any) -> None:
    reason = plan.checks[name](value)
    if reason is not None:
        draft.refuse(name, "not-allowed", f"{located(name, reason)}.")
    elif name in plan.nested:
        leaves = dict(_leaves(name, value))
        settled.nested[name] = {path: plan.producers.get(path, "") for path in leaves}
        for path, leaf in leaves.items():
            if not _settle_leaf(plan, draft, settled, vocabulary, path, leaf, told=name):
                settled.raw[path] = leaf
    elif not _settle_leaf(plan, draft, settled, vocabulary, name, value, told=name):
        settled.raw[name] = value
        draft.adjust(name, value, {name: value}, Behaviour.PASSTHROUGH, Outcome.HONORED, "sent as it is")


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What an object holds, by path: other fields of it may be written beside these."""
    if not isinstance(value, Mapping):
        yield path, value
        return
    for name, entry in value.items():
        yield from _leaves(f"{path}.{name}", entry)


def _settle_leaf(
    plan: Plan, draft: Draft, settled: Settled, vocabulary: Vocabulary, path: str, value: Any, *, told: str
) -> bool:
    """Read one native value back as what it means; False where it means nothing but itself."""
    producer = plan.producers.get(path)
    if producer == "size":
        settled.sizes[path] = value
        return True
    if producer is None:
        return False
    canonical = _read_back(plan, producer, value)
    if canonical is UNREADABLE:
        if producer not in settled.values:
            return False
        other = draft.written.get(producer, producer)
        message = f"{path} and {other} are the same here, and {other} has no value for {value!r}; give one of them."
        draft.refuse(told, "conflict", message)
        return True
    faults = Faults()
    if producer == "n":
        # A count decides how many calls are paid, so that the vocabulary's bounds hold for it under every name.
        vocabulary.readers["n"](path, value, faults)
    if faults:
        draft.refuse(told, "out-of-range", faults[0].message)
    elif producer in settled.values and settled.values[producer] != canonical:
        other = draft.written.get(producer, producer)
        both = f"{value!r} and {settled.values[producer]!r}"
        message = f"{path} and {other} mean the same here and disagree ({both}); give one of them."
        draft.refuse(told, "conflict", message)
    elif producer in settled.values:
        # A part of an object is told of with the object.
        if path == told:
            settled.twice[told] = producer
    else:
        settled.values[producer] = canonical
        if path == told:
            settled.read[producer] = told
        draft.written = {**draft.written, producer: told}
    return True


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
    first = plan.spec.contract.top(next(iter(settled.sizes)))
    try:
        native = read_wish(plan.spec, settled.sizes)
    except ValueError as error:
        draft.refuse(first, "required", f"{names}: {error}.")
        return
    wish = settled.wish
    if native is None and wish:
        message = f"{names} cannot be read as a size, and the size parameters ask for one; give one of them."
        draft.refuse(first, "conflict", message)
        return
    if native is None:
        settled.raw.update(settled.sizes)
        for name, value in settled.sizes.items():
            draft.adjust(name, value, {name: value}, Behaviour.PASSTHROUGH, Outcome.HONORED, "sent as it is")
        settled.sizes.clear()
        settled.wish, settled.unread = wish._replace(auto=False), True
        return
    clash = wish.size is not None and native.size != wish.size
    clash = clash or (wish.ratio is not None and native.ratio not in (None, wish.ratio))
    clash = clash or (wish.tier is not None and native.tier is not None and native.tier.area != wish.tier.area)
    clash = clash or (native.size is not None and (wish.ratio is not None or wish.tier is not None))
    if clash:
        message = f"{names} and the size parameters ask for different things; give one of them."
        draft.refuse(first, "conflict", message)
        return
    settled.wish = wish._replace(
        size=wish.size or native.size,
        ratio=wish.ratio or native.ratio,
        tier=wish.tier or native.tier,
        auto=native.auto and not wish,
    )


def tell_native_sizes(
    draft: Draft, settled: Settled, sends: Mapping[str, Any], beside: Mapping[str, Any] = NOTHING
) -> None:
    """Record what became of native size fields once a form was chosen; `beside` are constants sent because of them."""
    for name, value in settled.sizes.items():
        got = {path: sent for path, sent in sends.items() if _within(path, name)}
        same = got == {name: value}
        outcome = Outcome.HONORED if same or not got else Outcome.APPROXIMATED
        why = "sent as it is" if same else "read as a size; what is sent means the same pixels"
        sent = {**(got or sends), **beside}
        draft.adjust(name, value, sent, Behaviour.PASSTHROUGH, outcome, why)


def _within(path: str, name: str) -> bool:
    return path == name or path.startswith(f"{name}.")


def tell_nested(draft: Draft, settled: Settled, asked: Mapping[str, Any]) -> None:
    """Record what became of each native object once every field is written: parts of it may mean parameters."""
    for name, producers in settled.nested.items():
        sent = {path: draft.fields[path] for path in producers if path in draft.fields}
        outcome, reasons = Outcome.HONORED, []
        for path, producer in producers.items():
            told = draft.adjustments.get(path if producer == "size" else producer)
            # A size may need more than the fields the caller wrote.
            sent.update(told.sent if told is not None and producer == "size" else {})
            if producer and told is not None and told.outcome is not Outcome.HONORED:
                outcome = told.outcome
                reasons.append(f"{path}: {told.why}")
        draft.adjust(name, asked[name], sent, Behaviour.PASSTHROUGH, outcome, "; ".join(reasons) or "sent as it is")
