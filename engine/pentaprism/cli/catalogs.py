"""`models`, `validate` and `catalog show`: what the catalog holds and whether it is sound. Row 8; it must not check
anything itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..api import Catalog, today
from ..types import Model
from .output import print_json, print_table, print_text, say
from .resolved import print_resolved, resolved

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
    data = resolved(endpoint, provider, today())
    if as_json:
        print_json(data)
    else:
        print_resolved(data, f"{loaded.models[endpoint.model].name} at {provider.name}")
