"""`lints`: what validation looks for beyond the shape of a file. Row 8; it must not check anything itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..catalog.lint import LINTERS, Linter
from ..errors import Fault, RequestError, did_you_mean
from .output import print_json, print_table, print_text

__all__ = ["lints"]


def lints(
    name: Annotated[str | None, typer.Argument(help="The linter to explain; without it, all are listed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the linters, or explain one: what it checks, why, how to fix what it finds, and how to waive it."""
    if name is None:
        rows = [_row(linter) for linter in LINTERS.values()]
        if as_json:
            print_json(rows)
        else:
            print_table(("linter", "severity", "what must hold"), [(*list(row.values())[:3],) for row in rows])
        return
    if name not in LINTERS:
        near = did_you_mean(name, LINTERS, count=1)
        hint = f"Did you mean {near[0]!r}?" if near else "`pentaprism lints` lists them."
        raise RequestError([Fault("name", f"There is no linter {name!r}. {hint}")])
    if as_json:
        print_json(_row(LINTERS[name]))
    else:
        print_text(_explained(LINTERS[name]))


def _row(linter: Linter) -> dict[str, Any]:
    return {
        "name": linter.name,
        "severity": linter.severity.value,
        "sentence": linter.sentence,
        "why": linter.why,
        "fix": linter.fix,
        "waivable": linter.waivable,
    }


def _explained(linter: Linter) -> str:
    waiver = f'at the endpoint or the model, `ignore: {{{linter.name}: "the reason, in words"}}`'
    return "\n\n".join(
        (
            f"{linter.name} ({linter.severity})\n{linter.sentence}",
            f"Why: {linter.why}",
            f"Fix: {linter.fix}",
            f"Waive: {waiver if linter.waivable else 'this cannot be waived.'}",
        )
    )
