"""One endpoint in one mode, made ready once: every rule a function, every contract field a check.

Row 3. A `Plan` holds nothing of a request. It must not decide about values; its parts do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from ..prices import Tariff, tariff
from ..types import Contract, Endpoint, ModeSpec, Provider, Rule
from .checks import Check, build_check
from .converters import Crossing, build_crossing
from .counts import CountPlan, build_counts
from .output import OutputPlan, build_output
from .sizing import SIZE_NAMES

__all__ = ["OUTPUT_NAMES", "Plan", "build_plan"]

OUTPUT_NAMES = ("response_format", "output_format", "output_compression")
_CROSSING_VERBS = frozenset(("passthrough", "rename", "convert"))


class Plan(NamedTuple):
    """`crossings` by parameter, `producers` the parameter (or `size`) behind each path a rule writes.

    `nested` are the contract's fields that rules write only parts of. `conditions` are the fields prices depend on,
    each with the contract's default for it (None: it has none); `tariffs` the prices of each day asked for so far.
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
    nested: frozenset[str]
    required: tuple[str, ...]
    verified: bool
    conditional: bool
    conditions: Mapping[str, Any]
    tariffs: dict[date, Tariff]

    def tariff(self, on: date) -> Tariff:
        """The endpoint's prices in force on a day."""
        rates = self.tariffs.get(on)
        if rates is None:
            rates = self.tariffs[on] = tariff(self.endpoint.prices, on)
        return rates


def build_plan(endpoint: Endpoint, spec: ModeSpec, provider: Provider) -> Plan:
    """Make an endpoint ready for a mode."""
    contract = spec.contract
    grouped = {*SIZE_NAMES, *OUTPUT_NAMES, "n"}
    crossings = {
        name: build_crossing(rule, contract)
        for name, rule in spec.rules.items()
        if rule.verb in _CROSSING_VERBS and name not in grouped
    }
    producers = _producers(spec, contract, crossings)
    return Plan(
        endpoint=endpoint,
        provider=provider,
        spec=spec,
        crossings=crossings,
        unsupported={name: rule for name, rule in spec.rules.items() if rule.verb == "unsupported"},
        output=build_output(spec.rules, contract, provider),
        counts=build_counts(spec.rules["n"], crossings.get("seed"), contract),
        checks={name: build_check(schema) for name, schema in contract.fields.items()},
        producers=producers,
        nested=frozenset(name for name in contract.fields if any(path.startswith(f"{name}.") for path in producers)),
        required=tuple(contract.schema.get("required", ())),
        verified=endpoint.status != "unverified",
        conditional=any(price.when for price in endpoint.prices),
        conditions={
            name: contract.value_at(name).get("default")
            for price in endpoint.prices
            for name in price.when
            if name != "tier"
        },
        tariffs={},
    )


def _producers(spec: ModeSpec, contract: Contract, crossings: Mapping[str, Crossing]) -> dict[str, str]:
    """Which parameter stands behind each path of the contract, so that a native value can be read back."""
    producers: dict[str, str] = {}
    for form in spec.forms:
        for path in (*form.to.values(), *form.set):
            producers[path] = "size"
    for name, crossing in crossings.items():
        for path in crossing.paths:
            producers.setdefault(path, name)
    for name in ("n", "output_format", "output_compression"):
        target = spec.rules[name].target
        if target is not None:
            producers.setdefault(target, name)
    return {path.removesuffix("[]"): name for path, name in producers.items() if contract.at(path) is not None}
