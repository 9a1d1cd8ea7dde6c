"""`models`, `validate` and `catalog show`: what the catalog holds and whether it is sound. Row 8; it must not check
anything itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..api import CLOSED, Catalog, today
from ..catalog.json_source import read_json
from ..catalog.lint import LINTERS, Severity
from ..catalog.lint.files import contract_format, formatted
from ..errors import CatalogError, Finding
from ..types import CompiledRequest, Model
from .findings import Format, check_report, counted, counted_words, print_findings, write_report
from .loading import load_catalog
from .output import print_json, print_table, say
from .resolved import print_resolved, resolved

__all__ = ["models", "show", "validate"]

CatalogPath = Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use instead.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def models(catalog: CatalogPath = None, as_json: AsJson = False) -> None:
    """List the models: modes, providers, and what a standard picture costs."""
    loaded = load_catalog(catalog)
    rows = [_model_row(loaded, model) for model in loaded.models.values()]
    if as_json:
        print_json(rows)
        return
    columns = ("model", "name", "modes", "providers", "1024x1024")
    print_table(
        columns,
        [(row["id"], row["name"], ", ".join(row["modes"]), ", ".join(row["providers"]), _cost(row)) for row in rows],
    )


def _cost(row: dict[str, Any]) -> str:
    """What a standard picture costs, or why there is none to be had."""
    return str(row["status"] if row["status"] in CLOSED else row["standard_cost"])


def _model_row(catalog: Catalog, model: Model) -> dict[str, Any]:
    candidates: tuple[CompiledRequest, ...] = ()
    if model.status not in CLOSED:
        candidates = catalog.route({"model": model.id, "prompt": "a picture", "size": "1024x1024"}).candidates
    return {
        "id": model.id,
        "name": model.name,
        "aliases": list(model.aliases),
        "status": model.status,
        "modes": [mode.value for mode in model.modes],
        "providers": list(dict.fromkeys(endpoint.provider for endpoint in model.endpoints)),
        "endpoints": [endpoint.key for endpoint in model.endpoints],
        "standard_cost": candidates[0].cost.text if candidates else "-",
    }


def validate(
    path: Annotated[Path | None, typer.Argument(help="A catalog folder; without it, the built-in catalog.")] = None,
    extends: Annotated[
        list[Path] | None, typer.Option("--extends", help="Lay this catalog over PATH first; may be repeated.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="github: workflow commands, which GitHub shows beside the lines.")
    ] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="First lay contracts out as they ought to be.")] = False,
    reports: Annotated[
        list[Path] | None,
        typer.Option("--report", help="Write the findings to this file too, a .json or .md; may be repeated."),
    ] = None,
) -> None:
    """Check a catalog: syntax, schema, meaning. Findings have file, line and column; exit code 1 if one is an error."""
    for file in reports or ():
        check_report(file)
    layers = tuple(extends or ())
    findings = _findings(path, layers)
    if fix and (laid_out := _lay_out(findings)):
        say("\n".join(f"laid out {file}" for file in laid_out))
        findings = _findings(path, layers)
    print_findings(findings, Format.JSON if as_json else form)
    for file in reports or ():
        write_report(findings, file)
    if not findings:
        say("0 findings: the catalog is sound")
        return
    explained = "" if LINTERS.keys().isdisjoint(one.rule for one in findings) else "; `pentaprism lints NAME` explains"
    say(f"{counted_words(findings)}{explained}")
    if counted(findings)[Severity.ERROR] or strict:
        raise typer.Exit(1)


def _findings(path: Path | None, extends: tuple[Path, ...]) -> Sequence[Finding]:
    """Everything wrong with a catalog; that there is none is a finding too, told in the form asked for."""
    from ..catalog.validate import validate as check

    try:
        return check(path, extends)
    except CatalogError as error:
        return error.findings


def _lay_out(findings: Sequence[Finding]) -> list[str]:
    """Rewrite the contracts that say the right thing in another layout; gives their names."""
    files = [finding.path for finding in findings if finding.rule == contract_format.name]
    for file in files:
        document = read_json(file, Path(file).read_text(encoding="utf-8"))
        Path(file).write_text(formatted(document), encoding="utf-8", newline="\n")
    return files


def show(
    key: Annotated[str, typer.Argument(help="An endpoint key, such as fal/flux.1-dev.")],
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> None:
    """Print how every parameter crosses at an endpoint, where each rule comes from, its sizes and prices."""
    loaded = load_catalog(catalog)
    endpoint = loaded.endpoint(key)
    provider = loaded.providers[endpoint.provider]
    data = resolved(endpoint, provider, today())
    if as_json:
        print_json(data)
    else:
        print_resolved(data, f"{loaded.models[endpoint.model].name} at {provider.name}")
