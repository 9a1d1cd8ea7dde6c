"""Whether an endpoint writes what its contract wants and has: required fields, and fields nobody claimed.

Row 3. It must not judge what is written into a field: `targets` and `ranges` do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...types import Behaviour, Contract, Rule
from ..rules import SIZE_PARAMETERS
from ..scene import Scene, Served
from .linter import Remark, linter, remark

__all__ = ["unclaimed_synonym", "unproduced_field"]

_INDEX = re.compile(r"\[\d*\]")


@linter(
    "Every field the contract requires is written by something, in every mode.",
    waivable=False,
    why="The provider refuses each request for want of a field that no caller can name.",
    fix="Add a rule for the parameter that means it, or a constant under `constants:`. Where only one mode requires "
    "it, write it under that mode.",
)
def unproduced_field(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        written = {_INDEX.sub("[]", path) for path in _written_paths(served)}
        for field in _required(served.contract.schema, "", written):
            if not any(_is_at_or_below(path, field) for path in written):
                message = f"the contract requires {field!r} and nothing here writes it; add a rule or a constant"
                yield remark(served.overlay, message, at_key=True)


def _written_paths(served: Served) -> Iterator[str]:
    spec = served.spec
    yield from spec.constants
    yield from (rule.target for rule in spec.rules.values() if rule.target)
    for form in spec.forms:
        yield from (*form.to.values(), *form.set)


def _required(schema: Mapping[str, Any], prefix: str, written: set[str]) -> Iterator[str]:
    """The required fields of an object, and of those objects inside it of which only a part is written."""
    for name in schema.get("required", ()):
        yield prefix + name
    for name, field in schema.get("properties", {}).items():
        for end, inner in ((".", field), ("[].", field.get("items", {}))):
            if any(path.startswith(prefix + name + end) for path in written):
                yield from _required(inner, prefix + name + end, written)


def _is_at_or_below(path: str, field: str) -> bool:
    return path == field or path.startswith((f"{field}.", f"{field}["))


@linter(
    "No parameter goes without while the contract has a field by one of its names.",
    why="The parameter is dropped, or emulated at a cost, though the provider takes it under a name we know.",
    fix="Write a rule (for sizes, a form) that uses the field. If the field is something else by the same name, say so "
    "with `unsupported: reason`.",
)
def unclaimed_synonym(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        claimed = {Contract.top(rule.target) for rule in served.spec.rules.values() if rule.target}
        claimed |= {Contract.top(path) for form in served.spec.forms for path in form.to.values()}
        for rule in served.spec.rules.values():
            if not _has_nothing_native(rule):
                continue
            parameter = scene.builder.parameters[rule.parameter]
            for name in (parameter.name, *parameter.synonyms):
                if name in served.contract.fields and name not in claimed:
                    became = "is unsupported" if rule.behaviour is Behaviour.UNSUPPORTED else "is emulated"
                    what = "a form" if rule.parameter in SIZE_PARAMETERS else "a rule"
                    message = f"{rule.parameter} {became} here, but the contract has {name!r}; write {what} for it"
                    yield remark(served.overlay, message, at_key=True)


def _has_nothing_native(rule: Rule) -> bool:
    """Whether a parameter found no field: nobody wrote why, and the vocabulary's emulation is all there is."""
    if rule.behaviour is Behaviour.UNSUPPORTED:
        return rule.origin == "none"
    return rule.behaviour is Behaviour.EMULATED and rule.origin == "vocabulary"
