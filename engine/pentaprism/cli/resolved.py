"""The resolved view of an endpoint: every rule and where it came from, forms, native fields, prices, provenance.

Row 8: `catalog show` prints it. One dictionary feeds the text and `--json`, so that both say the same. It must not
resolve anything: the catalog has.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from ..compile.checks import describe_range
from ..prices import tariff
from ..types import Endpoint, Form, FormKind, ModeSpec, Price, Provenance, Provider, Rule
from .output import print_table, print_text

__all__ = ["print_resolved", "resolved"]


def resolved(endpoint: Endpoint, provider: Provider, on: date) -> dict[str, Any]:
    """Everything the catalog says of an endpoint once resolved, as JSON-able data; prices are those of the day."""
    in_force = tariff(endpoint.prices, on).prices
    contract = next(iter(endpoint.modes.values())).contract
    return {
        "key": endpoint.key,
        "id": endpoint.id,
        "provider": endpoint.provider,
        "model": endpoint.model,
        "status": endpoint.status,
        "checked": _provenance(endpoint.checked),
        "contract": _provenance(contract.provenance),
        "absent": {mode.value: reason for mode, reason in endpoint.absent.items()},
        "modes": {mode.value: _mode(spec, provider) for mode, spec in endpoint.modes.items()},
        "prices": [_price(price, price in in_force) for price in endpoint.prices],
    }


def _provenance(fact: Provenance) -> dict[str, Any]:
    return {"source": fact.source, "date": fact.date, "method": fact.method, "dissent": fact.dissent}


def _mode(spec: ModeSpec, provider: Provider) -> dict[str, Any]:
    return {
        "rules": {name: _rule(spec, rule) for name, rule in spec.rules.items()},
        "native": list(_native(spec, provider.reserved)),
        "default_size": str(spec.default_size) if spec.default_size else None,
        "max_input_images": spec.max_input_images,
        "constants": dict(spec.constants),
        "forms": [_form(form) for form in spec.forms],
    }


def _rule(spec: ModeSpec, rule: Rule) -> dict[str, Any]:
    targets = spec.targets(rule.parameter)
    schema = spec.contract.value_at(targets[0]) if targets else {}
    return {
        "behaviour": rule.behaviour.value,
        "target": rule.target,
        "targets": list(targets),
        "origin": rule.origin,
        "range": describe_range(schema) or None,
        "values": list(schema.get("enum", ())) or None,
        "options": dict(rule.options),
        "reason": rule.reason,
    }


def _native(spec: ModeSpec, reserved: tuple[str, ...]) -> Iterator[str]:
    """The contract's fields that no rule and no form writes; they are accepted under their own names."""
    written = {path for name in spec.rules for path in spec.targets(name)}
    written |= {path for form in spec.forms for path in (*form.to.values(), *form.set)}
    heads = {path.partition(".")[0].partition("[")[0] for path in written}
    return (name for name in spec.contract.fields if name not in heads and name not in reserved)


def _form(form: Form) -> dict[str, Any]:
    data: dict[str, Any] = {"form": form.kind.value, "to": dict(form.to), "set": dict(form.set)}
    if form.kind is FormKind.FREE:
        data |= {"side": form.side, "pixels": form.pixels, "ratio": form.ratio, "step": form.step}
    if form.cells:
        data["cells"] = [
            {"sends": dict(cell.sends), "returns": str(cell.real), "inferred": cell.inferred} for cell in form.cells
        ]
        data["sources"] = [_provenance(source) for source in form.sources]
    return data


def _price(price: Price, in_force: bool) -> dict[str, Any]:
    return {
        "from": price.start.isoformat(),
        "in_force": in_force,
        "usd": str(price.usd),
        "per": price.per,
        "of": price.of,
        "unit": price.unit,
        "round": price.round,
        "when": {name: list(values) for name, values in price.when.items()},
        "source": price.source,
        "dissent": price.dissent,
    }


def print_resolved(data: dict[str, Any], title: str) -> None:
    """The same as text: a table of rules for each mode, then forms, prices and where the facts come from."""
    print_text(
        f"{data['key']}: {title}, id {data['id']}" + ("" if data["status"] == "active" else f" ({data['status']})")
    )
    for mode, spec in data["modes"].items():
        print_text(f"\n{mode}")
        rules = [_rule_row(name, rule) for name, rule in spec["rules"].items()]
        print_table(("parameter", "behaviour", "writes", "from", "takes"), rules)
        print_text(f"own fields, under their own names: {', '.join(spec['native']) or 'none'}")
        print_text(f"size when none is asked: {spec['default_size'] or 'unknown'}")
        for form in spec["forms"]:
            print_text(f"form {_form_line(form)}")
        if not spec["forms"]:
            print_text("no forms: the size cannot be chosen")
    for mode, reason in data["absent"].items():
        print_text(f"\nnot here: {mode}, because {reason}")
    print_text("\nprices")
    prices = [_price_row(price) for price in data["prices"]]
    print_table(("from", "in force", "usd", "per", "when", "source"), prices)
    print_text("\nwhere the facts come from")
    for name in ("checked", "contract"):
        _print_provenance(name, data[name])


def _rule_row(name: str, rule: dict[str, Any]) -> tuple[str, str, str, str, str]:
    takes = rule["range"] or ", ".join(map(str, rule["values"] or ())) or rule["reason"] or ""
    targets = rule["targets"]
    writes = rule["options"].get("forms") or (targets[0] if targets else "-")
    writes += f" and {len(targets) - 1} more" if len(targets) > 1 else ""
    return name, rule["behaviour"], writes, rule["origin"] if rule["origin"] != "none" else "-", takes


def _form_line(form: dict[str, Any]) -> str:
    to = ", ".join(f"{role} at {path}" for role, path in form["to"].items())
    parts = [form["form"], to] if to else [form["form"]]
    if form["set"]:
        parts.append("with " + ", ".join(f"{path} = {value!r}" for path, value in form["set"].items()))
    if form.get("side"):
        parts.append(f"sides {form['side'][0]} to {form['side'][1]}")
    if form.get("pixels"):
        parts.append(f"area {form['pixels'][0]} to {form['pixels'][1]} pixels")
    if form.get("ratio"):
        parts.append(f"shapes {form['ratio'][0]:.3g} to {form['ratio'][1]:.3g}")
    if form.get("step", 1) > 1:
        parts.append(f"steps of {form['step']}")
    if "cells" in form:
        guessed = sum(cell["inferred"] for cell in form["cells"])
        inferred = f", {guessed} of them inferred" if guessed else ""
        parts.append(f"{len(form['cells'])} sizes{inferred}")
    return "; ".join(parts)


def _price_row(price: dict[str, Any]) -> tuple[str, str, str, str, str, str]:
    per = (
        price["per"]
        + (f" {price['of']}" if price["of"] else "")
        + (f" x {price['unit']}" if price["unit"] != 1 else "")
    )
    per += f", rounded {price['round']}" if price["round"] else ""
    when = "; ".join(f"{name} is {' or '.join(map(str, values))}" for name, values in price["when"].items()) or "always"
    source = price["source"] + (f" (but: {price['dissent']})" if price["dissent"] else "")
    return price["from"], "yes" if price["in_force"] else "no", f"${price['usd']}", per, when, source


def _print_provenance(name: str, fact: dict[str, Any]) -> None:
    print_text(f"  {name}: {fact['date']}, {fact['method']}, {fact['source']}")
    if fact["dissent"]:
        print_text(f"    but: {fact['dissent']}")
