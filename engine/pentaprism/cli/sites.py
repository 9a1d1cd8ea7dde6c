"""`site build`: the documentation website. Row 8; it must not render anything itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..api import Catalog
from .output import print_text, say, working

__all__ = ["build"]


def build(
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the built site goes.")] = Path("build/site"),
    catalog: Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use.")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="The address the site will have.")] = None,
) -> None:
    """Write a page for every model and build the site; prints the path of its front page."""
    from ..pages import build_site

    loaded = Catalog.load(catalog)
    with working(f"building the site for {len(loaded.models)} model{'' if len(loaded.models) == 1 else 's'}"):
        changed = build_site(loaded, output, base_url=base_url)
    say(f"{len(changed)} page{'' if len(changed) == 1 else 's'} changed")
    print_text(str(output / "index.html"))
