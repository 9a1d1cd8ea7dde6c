"""`site build`: the documentation website. Row 8; it must not render anything itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .loading import load_catalog
from .output import print_text, say, working
from .proofs import prove_all

__all__ = ["build"]


def build(
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the built site goes.")] = Path("build/site"),
    catalog: Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use.")] = None,
    extends: Annotated[
        list[Path] | None, typer.Option("--extends", help="Lay this catalog over it first; may be repeated.")
    ] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="The address the site will have.")] = None,
    prove: Annotated[
        int | None,
        typer.Option("--prove", min=1, help="Prove every endpoint first, with so many requests for each mode."),
    ] = None,
) -> None:
    """Write a page for every model and build the site; prints the path of its front page.

    The pages show the results of proofs that the catalog holds (`pentaprism prove --write`), or those of --prove.
    """
    from ..pages import build_site

    loaded = load_catalog(catalog, extends)
    proofs = None
    if prove is not None:
        found = prove_all(loaded, None, cases=prove)
        say(f"{sum(proof.proved for proof in found)} of {len(found)} endpoints proved")
        proofs = {proof.key: proof.record for proof in found}
    with working(f"building the site for {len(loaded.models)} model{'' if len(loaded.models) == 1 else 's'}"):
        changed = build_site(loaded, output, base_url=base_url, proofs=proofs)
    say(f"{len(changed)} page{'' if len(changed) == 1 else 's'} changed")
    print_text(str(output / "index.html"))
