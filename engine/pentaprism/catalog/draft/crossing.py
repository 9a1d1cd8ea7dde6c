"""How the parameters that are neither sizes nor pictures cross: by the provider's rules, by name, or by a rule of ours.

Row 3. A field is claimed by a name of the vocabulary only; whatever else the contract has stays native. It must not
decide which way a scale runs or what a word means: those it leaves to the author.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...types import Contract, Mode, Parameter, Rule
from ..document import Document
from ..lint.fields import bounds_of, described, taken, types_of, values_of
from ..node import Node
from ..resolve import resolve_rules
from ..rules import SIZE_PARAMETERS
from .inference import Inference, Setting, by_rule, crossing_words

__all__ = ["Crossing", "read_crossing"]

_ANOTHER_UNIT = 10
"""A field whose range is this many times as wide as the parameter's, or as narrow, counts in another unit."""


@dataclass(slots=True)
class Crossing:
    """Own rules by parameter, each with its reason; the fields written by any rule; what crosses without a line."""

    rules: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    by_provider: list[str] = field(default_factory=list)
    by_name: list[str] = field(default_factory=list)
    inferences: list[Inference] = field(default_factory=list)

    def edit_only(self, vocabulary: Mapping[str, Parameter]) -> list[str]:
        """The fields of parameters that a request for a new picture cannot have."""
        return [name for name, one in self.fields.items() if Mode.TEXT_TO_IMAGE not in vocabulary[one].modes]


def read_crossing(setting: Setting, modes: tuple[Mode, ...], taken_by_others: Mapping[str, None]) -> Crossing:
    """The rules that a draft needs beyond those that apply anyway."""
    found = Crossing()
    nothing = Node(Document("", {}), (), [])
    resolved: dict[str, Rule] = {}
    for mode in modes:
        rules = resolve_rules(setting.vocabulary, mode, setting.contract, (), setting.provider, nothing)
        resolved |= {name: rule for name, rule in rules.items() if mode in setting.vocabulary[name].modes}
    for name, parameter in setting.vocabulary.items():
        if name in resolved and parameter.type != "image" and name not in SIZE_PARAMETERS:
            _cross(setting, found, parameter, resolved[name], taken_by_others)
    return found


def _cross(setting: Setting, found: Crossing, parameter: Parameter, rule: Rule, others: Mapping[str, None]) -> None:
    contract, name = setting.contract, parameter.name
    if rule.target is not None and _suits(contract, parameter, rule):
        top = Contract.top(rule.target)
        found.fields[top] = name
        if rule.origin == "provider":
            found.by_provider.append(crossing_words(rule.target, name))
            found.inferences.append(Inference(rule.target, name, by_rule(setting.provider, name)))
        else:
            found.by_name.append(name)
            found.inferences.append(Inference(top, name, "it has the parameter's name and type"))
        return
    written = [Contract.top(rule.target)] if rule.target is not None else []
    free = [one for one in (name, *parameter.synonyms) if one in contract.fields and one not in others]
    target = next(iter([*written, *free]), None)
    if target is None:
        return
    if target in others:
        own, because = _fallback(parameter, f"{target} takes something else")
    else:
        own, because = _own_rule(parameter, target, contract.fields[target])
    found.rules[name] = own, because
    found.inferences.append(Inference(target, name, because))
    if "unsupported" not in own and own != parameter.emulate:
        found.fields[target] = name


def _suits(contract: Contract, parameter: Parameter, rule: Rule) -> bool:
    """Whether the rule that applies anyway is one to keep."""
    schema = contract.at(rule.target or "") or {}
    if parameter.name == "output_format" and values_of(schema) is not None:
        # By name alone, formats the provider lacks would be refused instead of made.
        table = rule.options.get("native", {}).get("values")
        spelt = _spellings(parameter, schema)
        fits = all((table.get(one) if table else one) == word for one, word in spelt.items())
        return rule.verb == "emulate" and bool(spelt) and fits
    return rule.verb == "convert" or _sent_as_it_is(parameter, schema)


def _spellings(parameter: Parameter, schema: Mapping[str, Any]) -> dict[str, str]:
    """The values of a parameter that a field takes, each as the field spells it."""
    words = {
        parameter.spellings.get(str(value).lower(), str(value).lower()): value for value in values_of(schema) or ()
    }
    return {value: words[value] for value in parameter.values or () if value in words}


def _sent_as_it_is(parameter: Parameter, schema: Mapping[str, Any]) -> bool:
    """Whether a value means the same at both ends: the types fit, and the ranges count in one unit."""
    types = types_of(schema)
    if "integer" in types:
        types |= {"number"}
    bounds = bounds_of(schema)
    if not taken(parameter.type, types) or bounds is None:
        return taken(parameter.type, types)
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    if high < bounds[0] or bounds[1] < low:
        return False
    ours, theirs = high - low, bounds[1] - bounds[0]
    known = 0 < ours < math.inf and 0 < theirs < math.inf
    return not known or 1 / _ANOTHER_UNIT < ours / theirs < _ANOTHER_UNIT


def _own_rule(parameter: Parameter, target: str, schema: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The rule that writes a field, and why it is this one."""
    name = parameter.name
    takes = f"{target} takes {described(schema)}"
    if name == "output_format" and _spellings(parameter, schema):
        return _transcoded(parameter, target, schema), f"{takes}; other formats are made of what it gives"
    if _sent_as_it_is(parameter, schema) and name != "output_format":
        if name == "n":
            batch = {"emulate": "fan_out", "native": {"to": target}}
            return batch, f"{target} is a name for n; beyond its maximum come further calls"
        return {"rename": target}, f"{target} is a name for {name}"
    bounds = bounds_of(schema)
    spans = None not in (parameter.minimum, parameter.maximum) and bounds and all(map(math.isfinite, bounds))
    if spans and bounds and bounds[0] < bounds[1] and name not in ("n", "output_compression"):
        whole = {"whole": True} if "integer" in types_of(schema) else {}
        span = {"from": [parameter.minimum, parameter.maximum], "into": list(bounds)}
        return {"convert": "scale", "to": target, **span, **whole}, f"{takes}; whether it runs the same way is not said"
    return _fallback(parameter, takes)


def _fallback(parameter: Parameter, takes: str) -> tuple[dict[str, Any], str]:
    """The rule of a parameter whose field means something else."""
    because = f"{takes}, which {parameter.name} is not"
    if parameter.emulate is not None:
        return dict(parameter.emulate), f"{because}; so it is emulated"
    return {"unsupported": because}, because


def _transcoded(parameter: Parameter, target: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    spellings = _spellings(parameter, schema)
    native: dict[str, Any] = {"to": target}
    if any(value != word for value, word in spellings.items()):
        native["values"] = spellings
    # What is converted further is best fetched without loss.
    via = {"via": "png"} if "png" in spellings else {}
    return {"emulate": "transcode", "native": native, **via}
