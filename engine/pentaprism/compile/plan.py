"""One endpoint in one mode, made ready once: every rule a function, every contract field a check.

Row 3. A `Plan` holds nothing of a request. It must not decide about values; its parts do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..prices import Tariff
from ..types import Contract, Endpoint, ModeSpec, Provider, Rule
from .checks import Check, build_check
from .converters import Crossing, build_crossing
from .counts import CountPlan, build_counts
from .output import OutputPlan, build_output
from .sizing import SIZE_NAMES

__all__ = ["OUTPUT_NAMES", "Plan", "build_plan"]

OUTPUT_NAMES = ("response_format", "output_format", "output_compression")
_CROSSING_VERBS = frozenset(("passthrough", "rename", "convert"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`crossings` by parameter, `producers` the parameter (or `size`) behind each contract field a rule writes.

    `defaults` are the contract's, which count for prices where a field is not set; `tariffs` the prices of each day
    asked for so far.
    """

    endpoint: Endpoint
    provider: Provider
    spec: ModeSpec
    crossings: Mapping[str, Crossing]
    unsupported: Mapping[str, Rule]
    output: OutputPlan
    counts: CountPlan
    checks: Mapping[str, Check]
    producers: Mapping[str, str]
    whole_megapixels: bool
    url: str
    defaults: Mapping[str, Any]
    tariffs: dict[date, Tariff] = field(default_factory=dict)


def build_plan(endpoint: Endpoint, spec: ModeSpec, provider: Provider) -> Plan:
    """Make an endpoint ready for a mode."""
    contract = spec.contract
    grouped = {*SIZE_NAMES, *OUTPUT_NAMES, "n"}
    crossings = {
        name: build_crossing(rule, contract)
        for name, rule in spec.rules.items()
        if rule.verb in _CROSSING_VERBS and name not in grouped
    }
    return Plan(
        endpoint=endpoint,
        provider=provider,
        spec=spec,
        crossings=crossings,
        unsupported={name: rule for name, rule in spec.rules.items() if rule.verb == "unsupported"},
        output=build_output(spec.rules, contract, provider),
        counts=build_counts(spec.rules["n"], crossings.get("seed"), contract),
        checks={name: build_check(schema) for name, schema in contract.fields.items()},
        producers=_producers(spec, contract, crossings),
        whole_megapixels=any(price.per == "megapixel" and price.round == "up" for price in endpoint.prices),
        defaults={name: schema["default"] for name, schema in contract.fields.items() if "default" in schema},
        url=provider.submit_url.replace("{endpoint}", endpoint.id),
    )


def _producers(spec: ModeSpec, contract: Contract, crossings: Mapping[str, Crossing]) -> dict[str, str]:
    """Which parameter stands behind each top-level contract field, so that a native value can be read back."""
    producers: dict[str, str] = {}
    for form in spec.forms:
        for path in (*form.to.values(), *form.set):
            producers[_head(path)] = "size"
    for name, crossing in crossings.items():
        producers.setdefault(_head(crossing.path), name)
    for name in ("n", "output_format", "output_compression"):
        target = spec.rules[name].target
        if target is not None:
            producers.setdefault(_head(target), name)
    return {field: name for field, name in producers.items() if field in contract.fields}


def _head(path: str) -> str:
    return path.split(".", 1)[0].removesuffix("[]")
