"""`prove`: every body the compiler can produce, validated against the provider's contract. Row 8; it must not judge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..api import Catalog
from ..prove import prove as prove_endpoints
from .output import print_json, print_table, print_text, say, working

__all__ = ["prove"]


def prove(
    endpoint: Annotated[list[str] | None, typer.Option("--endpoint", help="An endpoint key; may be repeated.")] = None,
    cases: Annotated[int, typer.Option("--cases", min=1, help="Compiled requests for each mode.")] = 2000,
    catalog: Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Prove that every body the compiler makes is one the provider's own schema accepts; exit code 1 if one is not."""
    loaded = Catalog.load(catalog)
    with working("proving"):
        proofs = prove_endpoints(loaded, endpoint, cases=cases)
    if as_json:
        print_json({"endpoints": [proof.to_dict() for proof in proofs]})
    else:
        rows = [
            (proof.key, f"{proof.cases:,}", str(len(proof.violations)), ", ".join(proof.unproved), proof.contract_date)
            for proof in proofs
        ]
        print_table(("endpoint", "bodies", "violations", "range unproved", "contract of"), rows)
        for proof in proofs:
            for finding in proof.to_dict()["findings"][:10]:
                print_text(f"{proof.key}: {finding}")
    whole = sum(proof.proved for proof in proofs)
    say(f"{whole} of {len(proofs)} endpoints proved")
    if whole < len(proofs):
        raise typer.Exit(1)
