"""Route each recorded request with two catalogs and keep what fares otherwise.

Row 7. Both catalogs are asked with the same engine on the same day, so that whatever differs is the catalogs' doing. It
must not send anything, and not word a report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..api import Catalog
from ..errors import RequestError
from ..explain import explain_compiled
from ..types import Route
from .requests import RequestLine
from .result import Aspect, Fate, Impact, Replayed, Total

__all__ = ["replay"]


def _silent(line: int) -> None:
    """Where nobody asked to be told."""


def replay(
    before: Catalog,
    after: Catalog,
    lines: Iterable[RequestLine],
    *,
    on: date,
    report: Callable[[int], None] = _silent,
) -> Impact:
    """What the second catalog does to requests otherwise than the first.

    Args:
        before: the catalog in use.
        after: the catalog that may take its place.
        lines: the requests, from `read_requests`.
        on: the day whose prices count, with both.
        report: told the number of each line that is done.

    Raises:
        CatalogError: a published catalog has a fault in a model that is asked for.

    >>> from pentaprism.impact import read_requests
    >>> catalog = Catalog.load()
    >>> lines = read_requests([b'{"model": "flux.1-dev", "prompt": "a cat"}'])
    >>> bool(replay(catalog, catalog, lines, on=date(2026, 11, 21)))
    False
    """
    tally = _Tally(before, after, on)
    for line in lines:
        tally.add(line)
        report(line.number)
    return tally.result()


@dataclass(slots=True)
class _Tally:
    """What is counted while the lines go by."""

    before: Catalog
    after: Catalog
    on: date
    requests: int = 0
    empty: int = 0
    unpriced: int = 0
    faults: list[RequestLine] = field(default_factory=list)
    unserved: list[RequestLine] = field(default_factory=list)
    changed: list[Replayed] = field(default_factory=list)
    totals: tuple[Total, Total] = (Total(), Total())
    alone: tuple[Total, Total] = (Total(), Total())
    traffic: dict[str, list[int]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)

    def add(self, line: RequestLine) -> None:
        if line.body is None:
            self.empty += line.fault is None
            self.faults += [line] if line.fault is not None else []
            return
        self.requests += 1
        fates = tuple(self._fate(catalog, line.body) for catalog in (self.before, self.after))
        was, now = fates
        for side, fate in enumerate(fates):
            if fate.endpoint is not None:
                self.traffic.setdefault(fate.endpoint, [0, 0])[side] += 1
        if was.compiled is None and now.compiled is None:
            self.unserved.append(RequestLine(line.number, line.body, now.reason))
        self._add_costs(was, now)
        aspects = tuple(_aspects(was, now))
        if aspects:
            model = str(line.body.get("model"))
            self.changed.append(Replayed(line=line.number, model=model, aspects=aspects, before=was, after=now))

    def _fate(self, catalog: Catalog, body: Mapping[str, Any]) -> Fate:
        try:
            route = catalog.route(body, date=self.on)
        except RequestError as error:
            return Fate(refusals={}, fault=str(error))
        self.models.add(route.model)
        return _fate_of(route)

    def _add_costs(self, was: Fate, now: Fate) -> None:
        if was.cost is not None and now.cost is not None:
            pair = (self.totals[0].plus(was.cost), self.totals[1].plus(now.cost))
            if pair[0].unknown or pair[1].unknown:
                self.unpriced += 1
            else:
                self.totals = pair
        elif was.cost is not None:
            self.alone = (self.alone[0].plus(was.cost), self.alone[1])
        elif now.cost is not None:
            self.alone = (self.alone[0], self.alone[1].plus(now.cost))

    def result(self) -> Impact:
        return Impact(
            on=self.on,
            requests=self.requests,
            empty=self.empty,
            faults=tuple(self.faults),
            unserved=tuple(self.unserved),
            changed=tuple(self.changed),
            before=self.totals[0],
            after=self.totals[1],
            unpriced=self.unpriced,
            alone=self.alone,
            traffic={key: (counts[0], counts[1]) for key, counts in sorted(self.traffic.items())},
            later=tuple(sorted(set(self._later()))),
        )

    def _later(self) -> Iterator[date]:
        """The days on which a price begins that no request was priced with."""
        for catalog in (self.before, self.after):
            for name in self.models & catalog.models.keys():
                for endpoint in catalog.models[name].endpoints:
                    yield from (row.start for row in endpoint.prices if row.start > self.on)


def _fate_of(route: Route) -> Fate:
    refusals: dict[str, str] = {}
    for refusal in route.refusals:
        said = refusals.get(refusal.endpoint)
        refusals[refusal.endpoint] = refusal.message if said is None else f"{said} {refusal.message}"
    if not route.candidates:
        return Fate(refusals=refusals)
    first, *others = route.candidates
    keys = tuple(one.endpoint for one in others)
    return Fate(compiled=explain_compiled(first), cost=first.cost, fallbacks=keys, refusals=refusals)


def _aspects(was: Fate, now: Fate) -> Iterator[Aspect]:
    """In which ways a request fares otherwise, in the order of `Aspect`."""
    if was.compiled is None and now.compiled is None:
        if (was.fault, was.refusals) != (now.fault, now.refusals):
            yield Aspect.REASON
    elif was.compiled is None or now.compiled is None:
        yield Aspect.SERVED if was.compiled is None else Aspect.REFUSED
    else:
        old, new = was.compiled, now.compiled
        moved = was.endpoint != now.endpoint
        if moved:
            yield Aspect.MOVED
        if _amounts(old) != _amounts(new):
            yield Aspect.COST
        # Another endpoint has a body of its own, which is no news.
        for aspect, key in _READ[moved:]:
            if _text(old[key]) != _text(new[key]):
                yield aspect
        if was.fallbacks != now.fallbacks:
            yield Aspect.FALLBACKS


# Which part of a compiled request each aspect is about.
_READ = (
    (Aspect.BODY, "calls"),
    (Aspect.RESULT, "expected"),
    (Aspect.ADJUSTMENTS, "adjustments"),
)


def _amounts(compiled: Mapping[str, Any]) -> tuple[Any, Any]:
    return compiled["cost"]["low"], compiled["cost"]["high"]


def _text(value: Any) -> str:
    """A value as text, so that 1, 1.0 and true are three."""
    return json.dumps(value, ensure_ascii=False, default=str)
