"""An impact as text for a terminal and as Markdown for a review.

Row 7. Requests that fare otherwise in the same way are told as one entry, with how many there are and one of them as an
example; the JSON has each. It must not compute a cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..catalog.diff.report import in_markdown
from ..catalog.diff.words import listed, percent, shown
from ..types import Cost
from .requests import RequestLine
from .result import Aspect, Fate, Impact, Replayed, Total

__all__ = ["as_markdown", "as_text"]

HEADINGS = {
    Aspect.REFUSED: "Refused now",
    Aspect.SERVED: "Served at last",
    Aspect.MOVED: "Going elsewhere",
    Aspect.COST: "At another cost",
    Aspect.BODY: "Sent otherwise",
    Aspect.RESULT: "Coming back otherwise",
    Aspect.ADJUSTMENTS: "With other adjustments",
    Aspect.FALLBACKS: "With other fallbacks",
    Aspect.REASON: "Refused for another reason",
}
# So many lines are named, and so many changed values shown, of requests that fare alike.
_MOST_LINES = 5
_MOST_VALUES = 4
# A longer value is told by its beginning.
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class _Entry:
    """Requests that fare otherwise in the same way: which, in which way, and what it does to the first of them."""

    heading: str
    what: str
    lines: str
    details: tuple[str, ...]


def as_text(impact: Impact) -> str:
    """The impact for a terminal."""
    return "\n".join(_text(impact)) + "\n"


def _text(impact: Impact) -> Iterator[str]:
    yield from summary(impact)
    heading = None
    for entry in _entries(impact):
        if entry.heading != heading:
            heading = entry.heading
            yield ""
            yield heading
        yield f"  {entry.what}"
        yield f"    {entry.lines}"
        yield from (f"    {detail}" for detail in entry.details)


def as_markdown(impact: Impact) -> str:
    """The impact for a review: a list of what counts, and a table of the requests that fare otherwise."""
    return "\n".join(_markdown(impact)) + "\n"


def _markdown(impact: Impact) -> Iterator[str]:
    first, *others = summary(impact)
    yield f"#### {in_markdown(first)}"
    yield ""
    # A line of the summary is indented by two spaces for each level.
    yield from (f"{line[: len(line) - len(line.lstrip()) - 2]}- {in_markdown(line.strip())}" for line in others)
    entries = list(_entries(impact))
    if entries:
        yield ""
        yield "| | what | requests | an example |"
        yield "|---|---|---|---|"
    for entry in entries:
        cells = (entry.heading, entry.what, entry.lines, "; ".join(entry.details))
        yield f"| {' | '.join(map(in_markdown, cells))} |"


def summary(impact: Impact) -> Iterator[str]:
    """What happened to all requests together, in a few lines."""
    yield f"{_requests(impact.requests)} replayed at the prices of {impact.on}"
    same = impact.requests - len(impact.changed)
    if not impact.requests:
        yield "  the file holds no request"
    elif impact.changed:
        counts = [f"{impact.count(aspect)} {text.lower()}" for aspect, text in HEADINGS.items() if impact.count(aspect)]
        yield f"  {same} as before, {len(impact.changed)} otherwise: {listed(counts, most=len(counts))}"
    else:
        yield "  all as before"
    yield from (f"  {line}" for line in _costs(impact))
    moved = {key: pair for key, pair in impact.traffic.items() if pair[0] != pair[1]}
    if moved:
        yield f"  requests at {listed((f'{key} {was} -> {now}' for key, (was, now) in moved.items()), most=len(moved))}"
    for told, refusals in zip(("refused now", "no longer refused"), _refused(impact), strict=True):
        if refusals:
            yield f"  {told}, at one endpoint or more: {listed(f'{key} {count}' for key, count in refusals.items())}"
    if impact.later:
        days = listed(map(str, impact.later))
        yield f"  not counted: prices that begin later ({days}); replay with that date to see them"
    yield from _missing("served by neither catalog", impact.unserved)
    yield from _missing("no request, and not replayed", impact.faults)
    if impact.empty:
        yield f"  {impact.empty} empty line{'' if impact.empty == 1 else 's'}"


def _refused(impact: Impact) -> tuple[dict[str, int], dict[str, int]]:
    """How many requests each endpoint refuses now that it would have served before, and the other way round."""
    counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for one in impact.changed:
        pairs = ((one.before, one.after), (one.after, one.before))
        for found, (served, refused) in zip(counts, pairs, strict=True):
            for key in (served.endpoint, *served.fallbacks):
                if key is not None and key in refused.refusals:
                    found[key] = found.get(key, 0) + 1
    return counts


def _missing(what: str, lines: Sequence[RequestLine]) -> Iterator[str]:
    """Lines nothing was compared of, each with the reason."""
    if lines:
        yield f"  {what}: {_lines([one.number for one in lines])}"
        for one in lines[:_MOST_LINES]:
            yield f"    line {one.number}: {one.fault}"


def _requests(count: int) -> str:
    return f"{count:,} request{'' if count == 1 else 's'}"


def _costs(impact: Impact) -> Iterator[str]:
    was, now = impact.before, impact.after
    if was.requests:
        share = percent(was.high, now.high)
        change = "" if was == now else f" ({share})" if share else ""
        yield f"cost of the {_requests(was.requests)} both serve: {_amount(was)} -> {_amount(now)}{change}"
    if impact.unpriced:
        yield f"cost not known, with one of them or with both: {_requests(impact.unpriced)} more that both serve"
    for total, told in zip(impact.alone, ("no longer served", "served at last"), strict=True):
        if total.requests:
            unknown = f", {total.unknown} of them of unknown cost" if total.unknown else ""
            yield f"{_requests(total.requests)} {told}: {_amount(total)}{unknown}"


def _amount(total: Total) -> str:
    return Cost(low=total.low, high=total.high).text


def _entries(impact: Impact) -> Iterator[_Entry]:
    """Requests that fare alike, those with the gravest change first."""
    groups: dict[tuple[Any, ...], list[Replayed]] = {}
    for one in impact.changed:
        groups.setdefault(_likeness(one), []).append(one)
    aspects = list(Aspect)
    for many in sorted(groups.values(), key=lambda many: aspects.index(many[0].aspects[0])):
        first = many[0]
        yield _Entry(
            heading=HEADINGS[first.aspects[0]],
            what=_what(many),
            lines=f"{_requests(len(many))}: {_lines([one.line for one in many])}",
            details=tuple(_details(first)),
        )


def _likeness(one: Replayed) -> tuple[Any, ...]:
    """What requests share that are told as one: the model, where they go, and which values are others."""
    paths = tuple(path for path, _, _ in _values(one.before, one.after))
    reasons = (one.before.reason, one.after.reason)
    return (one.model, one.aspects, one.before.endpoint, one.after.endpoint, paths, reasons)


def _what(many: Sequence[Replayed]) -> str:
    first = many[0]
    was, now = first.before, first.after
    pairs = [(one.before, one.after) for one in many]
    if was.endpoint is None and now.endpoint is None:
        return first.model
    before, after = (_sum([fate.cost for fate in fates if fate.cost]) for fates in zip(*pairs, strict=True))
    together = " together" if len(many) > 1 else ""
    if was.endpoint is None or now.endpoint is None:
        old, new = (
            f"{fate.endpoint}, {cost}{together}" if fate.endpoint else "refused"
            for fate, cost in ((was, before), (now, after))
        )
        return f"{first.model}: {old} -> {new}"
    where = now.endpoint if was.endpoint == now.endpoint else f"{was.endpoint} -> {now.endpoint}"
    cost = after if before == after else f"{before} -> {after}"
    return f"{first.model}: {where}, {cost}{together}"


def _sum(costs: Sequence[Cost]) -> str:
    """What several requests cost together; a bound that one of them lacks is lacking."""
    lows, highs = ([getattr(cost, bound) for cost in costs] for bound in ("low", "high"))
    low, high = (None if None in bounds else sum(bounds, Decimal(0)) for bounds in (lows, highs))
    return Cost(low=low, high=high).text


def _lines(numbers: Sequence[int]) -> str:
    named = listed(map(str, numbers), most=_MOST_LINES)
    return f"line {named}" if len(numbers) == 1 else f"lines {named}"


def _details(one: Replayed) -> Iterator[str]:
    """What is other about one request, value by value."""
    if one.before.reason or one.after.reason:
        yield from (
            f"{when}: {fate.reason}" for when, fate in (("before", one.before), ("now", one.after)) if fate.reason
        )
    values = list(_values(one.before, one.after))
    for path, was, now in values[:_MOST_VALUES]:
        yield f"{path}: {_short(was)} -> {_short(now)}"
    more = len(values) - _MOST_VALUES
    if more > 0:
        yield f"and {more} value{'' if more == 1 else 's'} more"
    yield from _refusals(one.before, one.after)
    if Aspect.FALLBACKS in one.aspects:
        was_now = (listed(fate.fallbacks) or "none" for fate in (one.before, one.after))
        yield f"fallbacks: {' -> '.join(was_now)}"


def _refusals(was: Fate, now: Fate) -> Iterator[str]:
    """The endpoints that refuse what they would have served before, and those that no longer do."""
    before, after = ({fate.endpoint, *fate.fallbacks} for fate in (was, now))
    yield from (f"{key} refuses it now: {why}" for key, why in now.refusals.items() if key in before)
    yield from (f"{key} no longer refuses it: {why}" for key, why in was.refusals.items() if key in after)


def _short(value: Any) -> str:
    text = "nothing" if value is _NOTHING else shown(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


_NOTHING = object()


def _values(was: Fate, now: Fate) -> Iterator[tuple[str, Any, Any]]:
    """Every value of the calls, the result and the adjustments that is another.

    Where one side has no first choice there is none. Where another endpoint is the first choice, its whole body is
    another, and only what comes back is compared.
    """
    if was.compiled is None or now.compiled is None:
        return
    whole = was.endpoint == now.endpoint
    ours, theirs = (dict(_leaves(compiled, whole)) for compiled in (was.compiled, now.compiled))
    for path in dict.fromkeys((*ours, *theirs)):
        before, after = ours.get(path, _NOTHING), theirs.get(path, _NOTHING)
        if before is _NOTHING or after is _NOTHING or json.dumps(before) != json.dumps(after):
            yield path, before, after


def _leaves(compiled: Mapping[str, Any], whole: bool) -> Iterator[tuple[str, Any]]:
    """The values of a compiled request by names a reader knows; the bodies only of the `whole`."""
    calls = compiled["calls"] if whole else ()
    for number, call in enumerate(calls, 1):
        prefix = "" if len(calls) == 1 else f"call {number}: "
        yield from _walk({name: call[name] for name in ("method", "url", "headers") if name in call}, prefix)
        if "parts" in call:
            yield from ((f"{prefix}{part['name']}", part) for part in call["parts"])
        else:
            yield from _walk(call["json"], prefix)
    yield from _walk(compiled["expected"], "comes back: ")
    for one in compiled["adjustments"]:
        yield f"adjustment of {one['parameter']}", f"{one['outcome']}, {one['why']}"


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    dotted = path if not path or path.endswith(" ") else f"{path}."
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _walk(entry, f"{dotted}{key}")
    elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        for number, entry in enumerate(value):
            yield from _walk(entry, f"{path}[{number}]")
    else:
        yield path, value
