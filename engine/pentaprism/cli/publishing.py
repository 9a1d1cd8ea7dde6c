"""`catalog build`: a catalog as files for programs. Row 8; it must not write a file's content itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Fault, RequestError
from .loading import load_catalog
from .output import print_text, say, working

__all__ = ["build", "day"]


def build(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to publish into.")],
    catalog: Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use.")] = None,
    extends: Annotated[
        list[Path] | None, typer.Option("--extends", help="Lay this catalog over it first; may be repeated.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--date", help="The day whose prices count; else that of the newest fact.")
    ] = None,
) -> None:
    """Publish a catalog as JSON: one file that loads like the folder, one for each model and provider, the schemas.

    The same catalog gives the same bytes. Prints the path of the index, which names all the others.
    """
    from ..pages.published import INDEX, publish_files, write_files

    priced_on = day(on)
    loaded = load_catalog(catalog, extends)
    with working(f"publishing {len(loaded.models)} model{'' if len(loaded.models) == 1 else 's'}"):
        files = publish_files(loaded, date=priced_on)
        changed = write_files(files, output)
    say(f"{len(files)} files, {len(changed)} of them changed")
    print_text(str(output / INDEX))


def day(text: str | None) -> date | None:
    """A day from an option; None where it was not given.

    Raises:
        RequestError: it is no day.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise RequestError([Fault("--date", f"--date must be a day such as 2026-07-28, not {text!r}.")]) from None
