"""Whether what rules, forms and constants write has a place in the contract: the field, its type, its values.

Row 3. It must not judge which fields ought to be written: `rules` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import did_you_mean
from ...types import Contract, FormKind, Parameter, Rule
from ..node import Node, shown
from ..scene import Scene, Served
from .fields import KINDS, described, kind_of, taken, takes, types_of
from .linter import Remark, linter, remark

__all__ = ["hint", "not_in_contract", "unknown_target", "wrong_target_type"]

# What a form writes, by the role of the field.
_ROLES = {
    "object": "object",
    "string": "string",
    "width": "integer",
    "height": "integer",
    "ratio": "string",
    "tier": "string",
    "value": "string",
}


@linter(
    "Every path that a rule, a form or a constant writes is in the contract.",
    waivable=False,
    why="The provider refuses a body with a field it does not know, or ignores it, and the caller pays for a picture "
    "that is not what was asked.",
    fix="Write the provider's own name for the field; `contracts/` has it. Where a mode lacks the field, leave the "
    "parameter out there with `without:` or `unsupported: reason`.",
)
def unknown_target(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        for name, rule in served.rules.items():
            native = rule.child("native")
            if native.has("to"):
                yield from _missing(served, native, native.get("to"), "to")
            elif rule.has("rename"):
                yield from _missing(served, rule, rule.get("rename"), "rename")
            elif rule.has("convert"):
                yield from _missing(served, rule, rule.get("to") or name, "to")
            elif rule.has("passthrough"):
                yield from _missing(served, rule, name, "passthrough")
        for form in served.forms:
            to = form.get("to")
            for role, path in to.items() if isinstance(to, dict) else ():
                yield from _missing(served, form, path, "to", role)
            if isinstance(to, str):
                yield from _missing(served, form, to, "to")
        for constants in served.constants:
            for path in constants.data:
                yield from _missing(served, constants, path, path, at_key=True)


def _missing(served: Served, node: Node, path: str, *place: str, at_key: bool = False) -> Iterator[Remark]:
    if served.contract.at(path) is None:
        near = hint(Contract.top(path), served.contract.fields)
        message = f"the contract of {served.endpoint.id} has no field {path!r} for {served.mode.value}{near}"
        yield remark(node, message, *place, at_key=at_key)


def hint(name: str, known: Iterable[str]) -> str:
    """The end of a message that says which name may have been meant; empty where none is near."""
    near = [one for one in did_you_mean(name, known, count=1) if one != name]
    return f"; did you mean {near[0]!r}?" if near else ""


@linter(
    "What a rule or a form writes is of a type that the field takes.",
    waivable=False,
    why="The provider refuses the body, and every request that sets the parameter fails at this endpoint.",
    fix="Convert the value: `convert: values` spells it otherwise, `convert: scale` with `whole: true` makes whole "
    "numbers, `shape: list` sends images as a list. Where only this endpoint differs from its provider's other ones, "
    "write a rule at the endpoint.",
)
def wrong_target_type(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        for rule in served.spec.rules.values():
            schema = served.contract.at(rule.target) if rule.target else None
            if schema is not None:
                parameter = scene.builder.parameters[rule.parameter]
                yield from _wrong_type(served, rule, schema, _written_kinds(rule, parameter))
        for form, written in zip(served.spec.forms, served.forms, strict=True):
            for role, path in form.to.items():
                schema = served.contract.at(path)
                if schema is not None and not taken(_ROLES[role], types_of(schema)):
                    keys = ("to",) if isinstance(written.get("to"), str) else ("to", role)
                    message = f"this form writes {KINDS[_ROLES[role]]}, and {path} takes {described(schema)}"
                    yield remark(written, message, *keys)


def _wrong_type(served: Served, rule: Rule, schema: Mapping[str, Any], kinds: Iterable[str]) -> Iterator[Remark]:
    place, target = served.place(rule), rule.target or rule.parameter
    if rule.options.get("convert") == "image" and rule.options.get("shape") == "list" and "[" not in target:
        if not taken("array", types_of(schema)):
            message = f"the images of {rule.parameter} are sent as a list, and {target} takes {described(schema)}"
            yield remark(place, message, at_key=True)
            return
        schema = schema.get("items", {})
    types = types_of(schema)
    if rule.verb in ("passthrough", "rename") and "integer" in types:
        # Of numbers sent as they are the whole ones are taken, and the others refused with the reason.
        types |= {"number"}
    for kind in kinds:
        if not taken(kind, types):
            message = f"{rule.parameter} is sent as {KINDS[kind]}, and {target} takes {described(schema)}"
            yield remark(place, message, at_key=True)


def _written_kinds(rule: Rule, parameter: Parameter) -> frozenset[str]:
    """The types of what a rule writes; none where its values are judged one by one."""
    options = rule.options
    if options.get("convert") == "image":
        encodings = options.get("encode", ("url",))
        return frozenset("object" if encoding == "inline" else "string" for encoding in encodings)
    if "values" in options or "values" in options.get("native", {}):
        return frozenset()
    if options.get("convert") == "scale":
        return frozenset(["integer" if options.get("whole") else "number"])
    return frozenset([parameter.type])


@linter(
    "Every value that a table, a form or a constant writes is one the contract takes.",
    waivable=False,
    why="A value that the provider does not know is refused, or quietly replaced by its default.",
    fix="Take the value from the contract, exactly as it is spelt there, capitals included.",
)
def not_in_contract(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        for constants in served.constants:
            for path, value in constants.data.items():
                yield from _foreign(served.contract, constants, path, value, path)
        yield from _own_tables(served)
        yield from _provider_tables(served)
        yield from _form_values(served)


def _foreign(contract: Contract, node: Node, path: str, value: Any, *keys: str | int) -> Iterator[Remark]:
    schema = contract.at(path)
    if schema is not None and not takes(schema, value):
        yield remark(node, f"the contract's {path} takes {described(schema)}, not {shown(value)}", *keys)


def _own_tables(served: Served) -> Iterator[Remark]:
    """An endpoint's own `values:` must land in its contract, every one of them."""
    for name, rule in served.rules.items():
        native = rule.child("native")
        holder, target = (native, native.get("to")) if native.has("values") else (rule, rule.get("to") or name)
        if holder.has("values"):
            values = holder.child("values")
            for value, wire in values.data.items():
                yield from _foreign(served.contract, values, target, wire, value)


def _provider_tables(served: Served) -> Iterator[Remark]:
    """A provider's `values:` serve many endpoints; at each of them one at least must land."""
    for rule in served.spec.rules.values():
        table = rule.options.get("native", rule.options).get("values")
        schema = served.contract.at(rule.target) if rule.target and rule.origin == "provider" and table else None
        if schema is not None and not any(takes(schema, wire) for wire in table.values()):
            provider, words = served.endpoint.provider, ", ".join(str(wire) for wire in table.values())
            message = (
                f"{provider}'s rule for {rule.parameter} writes {words}, and {rule.target} takes {described(schema)}"
            )
            yield remark(served.overlay, message, at_key=True)


def _form_values(served: Served) -> Iterator[Remark]:
    for form, written in zip(served.spec.forms, served.forms, strict=True):
        if form.kind is FormKind.LIST and isinstance(written.get("values"), dict):
            for label in written.get("values"):
                yield from _foreign(served.contract, written, form.to["value"], label, "values", label)
        if form.kind is FormKind.GRID:
            for role, key in (("ratio", "ratios"), ("tier", "tiers")):
                path = form.to.get(role, "")
                for value in dict.fromkeys(cell.sends[path] for cell in form.cells) if path else ():
                    if taken(kind_of(value), types_of(served.contract.at(path) or {})):
                        yield from _foreign(served.contract, written, path, value, key)
