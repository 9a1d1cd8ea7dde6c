"""`prove`: every body the compiler can produce, validated against the provider's contract. Row 8; it must not judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..api import Catalog
from ..catalog.documents import builtin_path
from ..catalog.layers import overlay, read_layers
from ..catalog.proofs import PROOFS_FILE, ProofRecord, proofs_file, read_proofs
from ..prove import EndpointProof, provable
from ..prove import prove as prove_endpoints
from .loading import load_catalog
from .output import print_json, print_table, print_text, say, working

__all__ = ["prove", "prove_all"]

# So many findings of one endpoint are printed; the rest are most likely more of the same, and --json has them all.
_MOST_FINDINGS = 10


def prove(
    endpoint: Annotated[list[str] | None, typer.Option("--endpoint", help="An endpoint key; may be repeated.")] = None,
    cases: Annotated[int, typer.Option("--cases", min=1, help="Compiled requests for each mode.")] = 2000,
    catalog: Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use.")] = None,
    extends: Annotated[
        list[Path] | None, typer.Option("--extends", help="Lay this catalog over it first; may be repeated.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Keep the results in the catalog's proofs.json, where the site finds them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Prove that every body the compiler makes is one the provider's own schema accepts; exit code 1 if one is not."""
    folder = _folder([catalog or builtin_path(), *(extends or ())]) if write else None
    loaded = load_catalog(catalog, extends)
    proofs = prove_all(loaded, endpoint, cases=cases)
    if folder is not None:
        kept = read_proofs(loaded.documents.proofs) if endpoint else {}
        lower = read_layers(catalog, extends or ())[:-1]
        below = read_proofs(overlay(lower[0], lower[1:]).proofs) if lower else {}
        _write(folder, loaded, {**kept, **{proof.key: proof.record for proof in proofs}}, below)
    if as_json:
        print_json({"endpoints": [proof.to_dict() for proof in proofs]})
    else:
        _print(proofs)
    whole = sum(proof.proved for proof in proofs)
    say(f"{whole} of {len(proofs)} endpoint{'' if len(proofs) == 1 else 's'} proved")
    if whole < len(proofs):
        raise typer.Exit(1)


def prove_all(catalog: Catalog, keys: Sequence[str] | None, *, cases: int) -> list[EndpointProof]:
    """Prove endpoints (None: all of a catalog), showing which one it is at."""
    wanted = list(dict.fromkeys(keys)) if keys else provable(catalog)
    done = 0
    with working("proving") as tell:

        def report(key: str) -> None:
            nonlocal done
            done += 1
            tell(f"{key} ({done} of {len(wanted)})")

        return prove_endpoints(catalog, wanted, cases=cases, report=report)


def _print(proofs: Sequence[EndpointProof]) -> None:
    columns = ("endpoint", "requests", "bodies", "violations", "refusals", "gaps", "insensitive", "contract of")
    rows = [
        (
            proof.key,
            f"{proof.cases:,}",
            f"{proof.bodies:,}",
            str(len(proof.violations)),
            str(len(proof.refusals)),
            str(len(proof.gaps)),
            str(len(proof.insensitive)),
            proof.contract_date,
        )
        for proof in proofs
    ]
    print_table(columns, rows)
    for proof in proofs:
        for finding in proof.findings[:_MOST_FINDINGS]:
            print_text(f"{proof.key}: {finding}")
        if len(proof.findings) > _MOST_FINDINGS:
            print_text(f"{proof.key}: and {len(proof.findings) - _MOST_FINDINGS} more; --json has them all")
    for proof in proofs:
        if proof.unproved:
            print_text(f"{proof.key}: range unproved: {', '.join(proof.unproved)}")
        for one in proof.unreached:
            print_text(f"{proof.key}: never sent: {one}")


def _folder(layers: Sequence[Path]) -> Path:
    """Where results belong: with the uppermost catalog."""
    if not layers[-1].is_dir():
        reason = "a published catalog carries the results of the folder it came from; prove that folder"
        raise typer.BadParameter(f"{layers[-1]} is no folder to write into; {reason}", param_hint="--write")
    return layers[-1]


def _write(folder: Path, loaded: Catalog, results: Mapping[str, ProofRecord], below: Mapping[str, ProofRecord]) -> None:
    """Write the results of the endpoints there are, but for those that stand in a layer below already."""
    known = {endpoint.key for model in loaded.models.values() for endpoint in model.endpoints}
    records = {key: record for key, record in results.items() if key in known and below.get(key) != record}
    file = folder / PROOFS_FILE
    try:
        file.write_bytes(proofs_file(records))
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written: {error.strerror}", param_hint="--write") from None
    say(f"{len(records)} result{'' if len(records) == 1 else 's'} in {file}")
