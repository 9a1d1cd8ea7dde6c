"""Whether the ranges that rules, forms and the vocabulary state fit those of the contract.

Row 3. A value outside a range is refused at that endpoint when it is asked for; this finds ranges that could never
have been meant. It must not read a range from anywhere but the catalog.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ...types import Form, FormKind, Parameter, Rule
from ..node import Node
from ..scene import Scene, Served
from .fields import Bounds, bounds_of
from .linter import Remark, linter, remark

__all__ = ["range_mismatch"]

_ANOTHER_UNIT = 10
"""Ranges of which one is this many times as wide as the other count in different units."""


@linter(
    "The ranges that rules, forms and the vocabulary state fit the contract's.",
    why="Beyond the contract's range every request is refused; and a share of 0 to 1 sent where the provider counts "
    "from 0 to 100 is accepted, and means nothing.",
    fix="Leave out what the contract says already, since limits are read from it. Where the provider counts in another "
    "unit, write `convert: scale` with both ranges.",
)
def range_mismatch(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        for rule in served.spec.rules.values():
            schema = served.contract.at(rule.target) if rule.target else None
            if schema is not None:
                yield from _repeated_maximum(served, rule, schema)
                yield from _unit(served, rule, scene.builder.parameters[rule.parameter], bounds_of(schema))
                yield from _image_of_range(served, rule, bounds_of(schema))
        for form, written in zip(served.spec.forms, served.forms, strict=True):
            yield from _form(served, form, written)


def _repeated_maximum(served: Served, rule: Rule, schema: Mapping[str, Any]) -> Iterator[Remark]:
    """`max` stands only where the contract lacks it, or below what it says."""
    holder = rule.options.get("native", rule.options)
    stated, limit = holder.get("max"), schema.get("maximum", schema.get("maxItems"))
    if rule.origin == "endpoint" and stated is not None and limit is not None and stated >= limit:
        message = f"the contract takes at most {limit} in {rule.target}, so max: {stated} says nothing; leave it out"
        yield remark(served.place(rule), message, at_key=True)


def _unit(served: Served, rule: Rule, parameter: Parameter, bounds: Bounds | None) -> Iterator[Remark]:
    """A value sent as it is must mean the same at both ends."""
    if rule.verb not in ("passthrough", "rename") or bounds is None:
        return
    low, high = bounds
    own_low = -math.inf if parameter.minimum is None else parameter.minimum
    own_high = math.inf if parameter.maximum is None else parameter.maximum
    ours, theirs = _words((own_low, own_high)), _words(bounds)
    if own_high < low or high < own_low:
        message = f"{rule.parameter} is {ours}, and {rule.target} takes {theirs}; no value is both"
        yield remark(served.place(rule), message, at_key=True)
    elif not 1 / _ANOTHER_UNIT < _ratio(own_high - own_low, high - low) < _ANOTHER_UNIT:
        message = f"{rule.parameter} is {ours}, and {rule.target} takes {theirs}; write convert: scale"
        yield remark(served.place(rule), message, at_key=True)


def _ratio(one: float, other: float) -> float:
    """How many times as wide one range is as another; 1 where that cannot be said."""
    is_known = 0 < one < math.inf and 0 < other < math.inf
    return one / other if is_known else 1


def _image_of_range(served: Served, rule: Rule, bounds: Bounds | None) -> Iterator[Remark]:
    """What a conversion makes of its range must be within the contract's."""
    converter = rule.options.get("convert")
    key = {"scale": "into", "invert": "range"}.get(str(converter))
    if key is None or bounds is None:
        return
    start, end = rule.options.get(key, (0, 1))
    if min(start, end) < bounds[0] or max(start, end) > bounds[1]:
        message = f"{key}: [{start}, {end}] goes beyond the contract, where {rule.target} takes {_words(bounds)}"
        place = served.place(rule)
        yield remark(place, message, key) if place.has(key) else remark(place, message, at_key=True)


def _form(served: Served, form: Form, written: Node) -> Iterator[Remark]:
    """The sides and steps of a free form must be ones the contract's fields take."""
    if form.kind is not FormKind.FREE or form.side is None:
        return
    for role, path in form.to.items():
        for name, schema in _sides(role, served.contract.at(path) or {}):
            bounds = bounds_of(schema)
            if written.has("side") and bounds and (form.side[0] < bounds[0] or form.side[1] > bounds[1]):
                low, high = form.side
                message = f"side: [{low}, {high}] goes beyond the contract, where {name or path} takes {_words(bounds)}"
                yield remark(written, message, "side")
            unit = schema.get("multipleOf", 1)
            if form.step % unit:
                message = f"step: {form.step} leaves the contract's steps of {unit} in {name or path}"
                yield remark(written, message, *(("step",) if written.has("step") else ()))


def _sides(role: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schemas of the width and the height that a role stands for, by name inside an object."""
    if role != "object":
        yield "", schema
    for variant in (schema, *schema.get("anyOf", ())):
        for name in ("width", "height"):
            if name in variant.get("properties", {}):
                yield name, variant["properties"][name]


def _words(bounds: Bounds) -> str:
    low, high = bounds
    if low == -math.inf:
        return f"at most {high}"
    return f"at least {low}" if high == math.inf else f"{low} to {high}"
