"""What the fields of a call cost: before it is sent, and from the pictures that came back.

Row 3. The arithmetic is `pentaprism.prices`; this module says what counts as used. It must not write a field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from ..prices import Usage
from ..types import NOTHING, CompiledRequest, Cost, FormKind, Media, Size, add_costs
from .bodies import fields_of
from .draft import take
from .plan import Plan

__all__ = ["price_fields", "settle"]


def settle(
    plan: Plan, compiled: CompiledRequest, sizes: Sequence[Size | None], tokens: Mapping[str, int] = NOTHING
) -> Cost:
    """What was really spent, from the pixels of the pictures that came back (None where they were not read).

    The pictures may be those of all calls or of some: what goes in is billed once for each call that they take. A
    picture that was not read is taken to have the expected pixels. `tokens` are those the provider says it counted
    for all of them, by kind.
    """
    fields = fields_of(compiled.calls[0], plan.endpoint.submission, plan.spec.contract)
    paths = plan.crossings["image"].paths if "image" in plan.crossings else ()
    inputs = [media.size for path in paths for media in _media(take(fields, path))]
    inputs *= next(
        (calls for calls, made in enumerate(accumulate(compiled.counts), 1) if made >= len(sizes)), len(compiled.calls)
    )
    groups = Counter(size or compiled.expected.size for size in sizes)
    costs: list[Cost] = []
    for size, count in groups.items():
        # What went in, and what was counted for all, is billed once, whatever sizes came out.
        counted = {kind: Decimal(0 if costs else number) for kind, number in tokens.items()}
        came_in = () if costs else inputs
        costs.append(price_fields(plan, fields, count, size, came_in, compiled.priced_on, counted))
    return add_costs(costs)


def price_fields(
    plan: Plan,
    fields: Mapping[str, Any],
    count: int,
    size: Size | None,
    inputs: Sequence[Size | None],
    on: date,
    tokens: Mapping[str, Decimal] = NOTHING,
) -> Cost:
    """What so many pictures of a size cost, made from these fields, at the prices of a day."""
    rates = plan.tariff(on)
    if rates.single is not None and (cost := rates.single(count, size)) is not None:
        return cost
    known = _known(plan, fields) if plan.conditional else NOTHING
    return rates.general_cost(Usage(images=count, size=size, input_sizes=tuple(inputs), fields=known, tokens=tokens))


def _known(plan: Plan, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that prices depend on, as they are sent or as the contract has them by default."""
    known: dict[str, Any] = {}
    for name, default in plan.conditions.items():
        value = take(fields, name)
        if value is not None or default is not None:
            known[name] = default if value is None else value
    return {**known, **_tier(plan, fields)}


def _tier(plan: Plan, fields: Mapping[str, Any]) -> dict[str, str]:
    """The provider's scale, for prices `when: {tier: ...}`: what is sent, else what the provider takes by default."""
    for form in plan.spec.forms:
        if form.kind is FormKind.GRID and "tier" in form.to:
            label = take(fields, form.to["tier"]) or (form.default_tier.label if form.default_tier else None)
            return {} if label is None else {"tier": str(label)}
    return {}


def _media(node: Any) -> Iterator[Media]:
    if isinstance(node, Media):
        yield node
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _media(value)
