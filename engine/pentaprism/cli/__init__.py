"""The `pentaprism` command. Row 8: it reads arguments and prints; everything it does is done below.

Data goes to stdout, progress and errors to stderr. Exit codes: 0 ok, 1 findings, 2 usage, 3 provider, 4 not confirmed.
`app` the command and its errors · `loading` how every command loads its catalog · `output` printing · `requests`
explain and generate · `catalogs` models, validate, catalog show · `findings` what validate prints · `lints` what it
looks for · `publishing` catalog build · `comparing` catalog diff · `sources` what it compares · `locks` catalog lock
and upgrade · `contracts` contracts import and check · `servers` serve and twins · `sites` site build · `demo` the first
picture.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; says what to install where the extra is missing."""
    try:
        from .app import run
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "click"):
            raise
        sys.exit('The pentaprism command needs an extra: pip install "pentaprism[cli]"')
    sys.exit(run(sys.argv[1:]))
