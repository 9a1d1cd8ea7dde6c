"""Find the one rule of every parameter at an endpoint in a mode.

Row 3. The rule is the first of (CATALOG section 2): the endpoint's own; the provider's whose target the contract has;
passthrough where the contract has a scalar of the same name and a compatible type; the emulation of the vocabulary;
unsupported. It must not apply a rule to a value: `pentaprism.compile` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..types import Behaviour, Contract, Form, FormKind, Mode, Parameter, Provider, Rule
from .node import Node
from .rules import SIZE_PARAMETERS, VERBS

__all__ = ["read_rule", "resolve_rules"]

_COMPATIBLE = {
    "string": frozenset(("string",)),
    "integer": frozenset(("integer", "number")),
    "number": frozenset(("number",)),
    "boolean": frozenset(("boolean",)),
}


def resolve_rules(
    vocabulary: Mapping[str, Parameter],
    mode: Mode,
    contract: Contract,
    forms: tuple[Form, ...],
    provider: Provider,
    own: Node,
) -> dict[str, Rule]:
    """The rule of every parameter that may cross, in vocabulary order; `own` is the endpoint's `rules:`."""
    rules = {}
    for name, parameter in vocabulary.items():
        if parameter.at != "request":
            continue
        if mode not in parameter.modes:
            short = " or ".join(sorted(one.value for one in parameter.modes))
            rules[name] = _unsupported(name, f"only {short} requests have it", "vocabulary")
        elif name in SIZE_PARAMETERS:
            rules[name] = _size_rule(name, forms)
        else:
            rules[name] = _first(parameter, contract, provider, own)
    return rules


def _first(parameter: Parameter, contract: Contract, provider: Provider, own: Node) -> Rule:
    name = parameter.name
    if own.has(name):
        return read_rule(name, own.child(name).data, "endpoint", contract)
    for data in _candidates(provider.rules.get(name)):
        rule = read_rule(name, data, "provider", contract)
        if rule.verb == "unsupported" or (rule.target and contract.at(rule.target) is not None):
            return rule
    schema = contract.fields.get(name)
    if schema is not None and _fits(schema, parameter):
        return Rule(parameter=name, behaviour=Behaviour.PASSTHROUGH, verb="passthrough", target=name, origin="contract")
    if parameter.emulate is not None:
        return read_rule(name, parameter.emulate, "vocabulary", contract)
    return _unsupported(name, "the provider has no such field here", "none")


def _fits(schema: Mapping[str, Any], parameter: Parameter) -> bool:
    """Whether a field takes values of a parameter's type, among others perhaps (null, or a branch of its anyOf)."""
    stated = schema.get("type", ())
    types = {stated} if isinstance(stated, str) else set(stated)
    if not types.isdisjoint(_COMPATIBLE.get(parameter.type, ())):
        return True
    return any(_fits(branch, parameter) for branch in schema.get("anyOf", ()))


def _candidates(data: Any) -> Iterator[Mapping[str, Any]]:
    """A provider states one rule, or several of which the first that fits counts."""
    if isinstance(data, list):
        yield from data
    elif data is not None:
        yield data


def read_rule(name: str, data: Mapping[str, Any], origin: str, contract: Contract) -> Rule:
    """One rule as the author wrote it; `check_rule` has said before whether it is well formed."""
    verb = next(verb for verb in VERBS if verb in data)
    options = {key: value for key, value in data.items() if key != verb}
    if verb == "unsupported":
        return _unsupported(name, str(data[verb]), origin)
    if verb == "passthrough":
        return Rule(
            parameter=name, behaviour=Behaviour.PASSTHROUGH, verb=verb, target=name, options=options, origin=origin
        )
    if verb == "rename":
        target = data[verb]
        return Rule(
            parameter=name, behaviour=Behaviour.RENAMED, verb=verb, target=target, options=options, origin=origin
        )
    options[verb] = data[verb]
    if verb == "convert":
        target = data.get("to", name)
        return Rule(
            parameter=name, behaviour=Behaviour.CONVERTED, verb=verb, target=target, options=options, origin=origin
        )
    native = data.get("native")
    if native and contract.at(native["to"]) is None:
        del options["native"]
        native = None
    target = native["to"] if native else None
    return Rule(parameter=name, behaviour=Behaviour.EMULATED, verb=verb, target=target, options=options, origin=origin)


def _size_rule(name: str, forms: tuple[Form, ...]) -> Rule:
    shapes = [form for form in forms if form.kind is not FormKind.AUTO]
    scales = [form for form in forms if form.default_tier or form.kind in (FormKind.FREE, FormKind.LIST)]
    if not (scales if name == "resolution" else shapes):
        if name == "resolution" and shapes:
            return _unsupported(name, "the provider offers shapes here but only one scale", "none")
        return _unsupported(name, "the provider has no size field here", "none")
    used = scales if name == "resolution" else shapes
    kinds = "+".join(dict.fromkeys(form.kind.value for form in forms if form in used))
    return Rule(parameter=name, behaviour=Behaviour.CONVERTED, verb="form", options={"forms": kinds}, origin="endpoint")


def _unsupported(name: str, reason: str, origin: str) -> Rule:
    return Rule(parameter=name, behaviour=Behaviour.UNSUPPORTED, verb="unsupported", reason=reason, origin=origin)
