"""What changed at one endpoint, or a whole one that came or went.

Row 3. What is so in every mode is told once, and one that is new in a few lines rather than in fifty. It must not look
at other endpoints, but for the names of their fields that a model's endpoints share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ...types import Behaviour, Endpoint, Mode, ModeSpec, Price, Provenance
from .contracts import contract_differences
from .difference import Difference, Kind
from .prices import price_differences
from .rules import rule_differences
from .sizes import size_differences
from .words import form_words, listed, mode_words, rate_words, rates_words, shown

__all__ = ["endpoint_differences", "gone_endpoint", "new_endpoint"]

_STATUSES = ("active", "unverified", "disabled")


def endpoint_differences(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    """Everything that is another at an endpoint both catalogs have."""
    yield from price_differences(before, after)
    for one in (*_statuses(before, after), *_modes(before, after), *_call(before, after), *_known(before, after)):
        yield replace(one, model=after.model, endpoint=after.key)
    yield from _in_modes(before, after)
    for one in _provenance(before, after):
        yield replace(one, model=after.model, endpoint=after.key)


def new_endpoint(endpoint: Endpoint) -> Difference:
    """An endpoint that is new, in a sentence: modes, rates, ways to give a size; the data also has what it lacks."""
    ways = _ways(endpoint)
    sizes = f"a size is given as {listed(ways, last='or')}" if ways else "the size cannot be chosen"
    status = "" if endpoint.status == "active" else f" ({endpoint.status})"
    rates = _rates(endpoint.prices)
    told = f"is new{status}: {mode_words(endpoint.modes)} as {endpoint.id}; {rates}; {sizes}"
    return Difference(
        kind=Kind.ENDPOINT_NEW, message=told, model=endpoint.model, endpoint=endpoint.key, after=_outline(endpoint)
    )


def gone_endpoint(endpoint: Endpoint) -> Difference:
    """An endpoint that is gone."""
    told = f"is gone; it did {mode_words(endpoint.modes)} as {endpoint.id}"
    return Difference(
        kind=Kind.ENDPOINT_GONE, message=told, model=endpoint.model, endpoint=endpoint.key, before=_outline(endpoint)
    )


def _outline(endpoint: Endpoint) -> dict[str, Any]:
    specs = endpoint.modes.values()
    return {
        "id": endpoint.id,
        "status": endpoint.status,
        "modes": [mode.value for mode in endpoint.modes],
        "prices": [{"from": row.start.isoformat(), "rate": rate_words(row)} for row in endpoint.prices],
        "sizes": _ways(endpoint),
        "unsupported": [
            name
            for name in dict.fromkeys(name for spec in specs for name in spec.rules)
            if all(spec.rules[name].behaviour is Behaviour.UNSUPPORTED for spec in specs if name in spec.rules)
        ],
    }


def _ways(endpoint: Endpoint) -> list[str]:
    return list(dict.fromkeys(form_words(form) for spec in endpoint.modes.values() for form in spec.forms))


def _rates(prices: Sequence[Price]) -> str:
    """The rates of an endpoint, day by day where they begin on several."""
    days = sorted({row.start for row in prices})
    words = [rates_words(row for row in prices if row.start == day) for day in days]
    if len(days) > 1:
        return "; ".join(f"from {day}: {rates}" for day, rates in zip(days, words, strict=True))
    return words[0] if words else "no price is known"


def _difference(kind: Kind, message: str, subject: str, before: Any, after: Any) -> Difference:
    return Difference(kind=kind, message=message, subject=subject, before=before, after=after)


def _statuses(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    was, now = before.status, after.status
    if was != now:
        worse = _STATUSES.index(now) > _STATUSES.index(was)
        yield _difference(
            Kind.STATUS_WORSE if worse else Kind.STATUS_BETTER, f"is {now}, not {was}", "status", was, now
        )


def _modes(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    for mode in Mode:
        if mode in before.modes and mode not in after.modes:
            why = f": {after.absent[mode]}" if mode in after.absent else ""
            yield _difference(Kind.MODE_GONE, f"no longer does {mode}{why}", mode.value, mode.value, None)
        elif mode in after.modes and mode not in before.modes:
            yield _difference(Kind.MODE_NEW, f"does {mode}", mode.value, None, mode.value)
    if before.absent != after.absent:
        was, now = ({mode.value: why for mode, why in one.absent.items()} for one in (before, after))
        yield _difference(Kind.PROSE, "says otherwise why it lacks a mode", "absent", was, now)


def _call(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    """How it is called: its provider's id for it, the address, the form of the body."""
    was, now = before.submission, after.submission
    pairs: list[tuple[str, Any, Any]] = [("id", before.id, after.id)]
    names = ("method", "url", "body", "envelope")
    pairs += [(name, getattr(was, name), getattr(now, name)) for name in names]
    pairs.append(("headers", dict(was.headers), dict(now.headers)))
    for name, old, new in pairs:
        if old != new:
            verb = "are" if name == "headers" else "is"
            yield _difference(Kind.CALL_OTHER, f"{name} {verb} {shown(new)}, not {shown(old)}", name, old, new)


def _known(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    """Fields that other endpoints of the model have: they are dropped here, an unknown name may be sent as it is."""
    own = {name for one in (before, after) for spec in one.modes.values() for name in spec.contract.fields}
    ours, theirs = (
        {name for name, keys in one.native_fields.items() if one.key not in keys} - own for one in (before, after)
    )
    new, gone = listed(sorted(theirs - ours)), listed(sorted(ours - theirs))
    pairs = (
        (new, f"drops {new}, which another endpoint of the model takes"),
        (gone, f"no other endpoint of the model takes {gone} now, so that it is an unknown name here"),
    )
    for names, sentence in pairs:
        if names:
            yield _difference(Kind.CALL_OTHER, sentence, "fields", sorted(ours), sorted(theirs))


def _in_modes(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    """What is another in the modes both have; without a mode where it is so in all of them."""
    both = [mode for mode in before.modes if mode in after.modes]
    found: dict[str, tuple[Difference, list[Mode]]] = {}
    for mode in both:
        for one in _in_mode(before.modes[mode], after.modes[mode]):
            found.setdefault(repr(one), (one, []))[1].append(mode)
    for one, modes in found.values():
        everywhere: list[Mode | None] = [None]
        for told in everywhere if modes == both else modes:
            yield replace(one, model=after.model, endpoint=after.key, mode=told)


def _in_mode(before: ModeSpec, after: ModeSpec) -> Iterable[Difference]:
    told = [*size_differences(before, after), *rule_differences(before, after)]
    return [*told, *contract_differences(before, after, told)]


def _provenance(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    pairs = [("checked", before.checked, after.checked)]
    contracts = [next((spec.contract.provenance for spec in one.modes.values()), None) for one in (before, after)]
    if contracts[0] is not None and contracts[1] is not None:
        pairs.append(("contract", contracts[0], contracts[1]))
    for name, was, now in pairs:
        if was != now:
            dated = f"on {now.date}, before on {was.date}" if was.date != now.date else f"on {now.date}"
            verb = {"checked": "was checked", "contract": "has a contract read"}[name]
            other = ", from another source" if (was.source, was.method) != (now.source, now.method) else ""
            yield _difference(Kind.PROVENANCE, f"{verb} {dated}{other}", name, _plain(was), _plain(now))


def _plain(fact: Provenance) -> dict[str, Any]:
    return {"source": fact.source, "date": fact.date, "method": fact.method, "dissent": fact.dissent}
