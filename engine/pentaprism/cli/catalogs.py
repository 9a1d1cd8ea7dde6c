"""`models`, `validate` and `catalog show`: what the catalog holds and whether it is sound. Row 8; it must not check
anything itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..api import Catalog
from ..types import Endpoint, Model, ModeSpec, Provider, Rule
from .output import print_json, print_table, print_text, say

__all__ = ["models", "show", "validate"]

CatalogPath = Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use instead.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def models(catalog: CatalogPath = None, as_json: AsJson = False) -> None:
    """List the models: modes, providers, and what a standard picture costs."""
    loaded = Catalog.load(catalog)
    rows = [_model_row(loaded, model) for model in loaded.models.values()]
    if as_json:
        print_json(rows)
        return
    columns = ("model", "name", "modes", "providers", "1024x1024")
    print_table(
        columns,
        [
            (row["id"], row["name"], ", ".join(row["modes"]), ", ".join(row["providers"]), row["standard_cost"])
            for row in rows
        ],
    )


def _model_row(catalog: Catalog, model: Model) -> dict[str, Any]:
    route = catalog.route({"model": model.id, "prompt": "a picture", "size": "1024x1024"})
    return {
        "id": model.id,
        "name": model.name,
        "aliases": list(model.aliases),
        "status": model.status,
        "modes": [mode.value for mode in model.modes],
        "providers": list(dict.fromkeys(endpoint.provider for endpoint in model.endpoints)),
        "endpoints": [endpoint.key for endpoint in model.endpoints],
        "standard_cost": route.candidates[0].cost.text if route.candidates else "-",
    }


def validate(
    path: Annotated[Path | None, typer.Argument(help="A catalog folder; without it, the built-in catalog.")] = None,
    extends: Annotated[
        list[Path] | None, typer.Option("--extends", help="Lay this catalog over PATH first; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a catalog: syntax, schema, meaning. Findings have file, line and column; exit code 1 if there are any."""
    from ..catalog.validate import validate as check

    findings = check(path, tuple(extends or ()))
    if as_json:
        print_json({"findings": [finding.to_dict() for finding in findings]})
    else:
        for finding in findings:
            print_text(str(finding))
        count = len(findings)
        say(f"{count} finding{'' if count == 1 else 's'}" if count else "0 findings: the catalog is sound")
    if findings:
        raise typer.Exit(1)


def show(
    key: Annotated[str, typer.Argument(help="An endpoint key, such as fal/flux.1-dev.")],
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> None:
    """Print how every parameter crosses at an endpoint, where each rule comes from, its sizes and prices."""
    loaded = Catalog.load(catalog)
    endpoint = loaded.endpoint(key)
    provider = loaded.providers[endpoint.provider]
    if as_json:
        print_json(_endpoint_data(endpoint, provider))
        return
    print_text(f"{endpoint.key}: {loaded.models[endpoint.model].name} at {provider.name}, id {endpoint.id}")
    print_text(f"checked {endpoint.checked.date} ({endpoint.checked.method}): {endpoint.checked.source}")
    for spec in endpoint.modes.values():
        print_text(f"\n{spec.mode.value}")
        print_table(
            ("parameter", "behaviour", "writes", "from", "takes"),
            [_rule_row(spec, rule) for rule in spec.rules.values()],
        )
        native = ", ".join(_native(spec, provider.reserved)) or "none"
        print_text(f"own fields, under their own names: {native}")
        print_text(f"size when none is asked: {spec.default_size or 'unknown'}; forms: {_forms(spec)}")
    print_text("\nprices")
    print_table(
        ("from", "usd", "per", "source"),
        [(price.start.isoformat(), f"${price.usd}", price.per, price.source) for price in endpoint.prices],
    )


def _rule_row(spec: ModeSpec, rule: Rule) -> tuple[str, str, str, str, str]:
    from ..compile.checks import describe_range

    schema = (spec.contract.at(rule.target) if rule.target else None) or {}
    takes = describe_range(schema) or ", ".join(str(value) for value in schema.get("enum", ()))
    writes = rule.target or (rule.options.get("forms", "") if rule.verb == "form" else "")
    origin = "" if rule.origin == "none" else rule.origin
    return rule.parameter, rule.behaviour.value, writes or "-", origin or "-", takes or rule.reason or ""


def _native(spec: ModeSpec, reserved: tuple[str, ...]) -> list[str]:
    written = {path.split(".")[0].removesuffix("[]") for name in spec.rules for path in spec.targets(name)}
    for form in spec.forms:
        written |= {path.split(".")[0] for path in (*form.to.values(), *form.set)}
    return [name for name in spec.contract.fields if name not in written and name not in reserved]


def _forms(spec: ModeSpec) -> str:
    return ", ".join(form.kind.value for form in spec.forms) or "none, the size cannot be chosen"


def _endpoint_data(endpoint: Endpoint, provider: Provider) -> dict[str, Any]:
    return {
        "key": endpoint.key,
        "id": endpoint.id,
        "provider": endpoint.provider,
        "model": endpoint.model,
        "status": endpoint.status,
        "checked": {
            "source": endpoint.checked.source,
            "date": endpoint.checked.date,
            "method": endpoint.checked.method,
        },
        "modes": {
            mode.value: {
                "rules": {
                    rule.parameter: {
                        "behaviour": rule.behaviour.value,
                        "target": rule.target,
                        "origin": rule.origin,
                        "options": dict(rule.options),
                        "reason": rule.reason,
                    }
                    for rule in spec.rules.values()
                },
                "native": _native(spec, provider.reserved),
                "default_size": str(spec.default_size) if spec.default_size else None,
                "forms": [form.kind.value for form in spec.forms],
            }
            for mode, spec in endpoint.modes.items()
        },
        "prices": [
            {"from": price.start.isoformat(), "usd": str(price.usd), "per": price.per, "source": price.source}
            for price in endpoint.prices
        ],
    }
