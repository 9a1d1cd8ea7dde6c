"""`catalog diff`: what two catalogs say differently, and what that does to recorded requests.

Row 8; it must not compare anything itself.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..api import Catalog, today
from ..catalog.diff import CatalogDiff, diff
from ..catalog.diff import report as diff_report
from ..errors import Fault, RequestError
from ..impact import Impact, read_requests, replay
from ..impact import report as impact_report
from .output import counting, print_json, print_text, say
from .publishing import day
from .sources import FOLDER, open_source, shown_source

__all__ = ["Form", "compare", "replayed", "show"]


class Form(StrEnum):
    """The forms of a report."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


ReportForm = Annotated[Form, typer.Option("--format", help="markdown is for reviews, json for programs.")]
ReplayFile = Annotated[
    Path | None, typer.Option("--replay", help="Recorded requests, one JSON body a line: what becomes of each.")
]


def compare(
    before: Annotated[str, typer.Argument(help="builtin, a folder, a published file, REVISION:PATH or REVISION.")],
    after: Annotated[str, typer.Argument(help="What to compare it with, named in the same way.")] = "builtin",
    form: ReportForm = Form.TEXT,
    replay: ReplayFile = None,
    on: Annotated[
        str | None, typer.Option("--date", help="With --replay: the day whose prices count; else today.")
    ] = None,
    folder: Annotated[str, typer.Option("--path", help="The catalog's path in a REVISION without one.")] = FOLDER,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if there is a difference.")] = False,
) -> None:
    """Show what two catalogs say differently, what matters most first: prices, endpoints, parameters, sizes.

    With --replay also what becomes of requests that were made: where each would go now, as what, at what cost. A line
    that holds no request is reported, and the exit code is 1.
    """
    priced_on = day(on) or today()
    with ExitStack() as stack:
        pair = [stack.enter_context(open_source(text, folder=folder)) for text in (before, after)]
        found = diff(pair[0], pair[1], names=(shown_source(before), shown_source(after)))
        impact = None if replay is None else replayed(pair[0], pair[1], replay, priced_on)
    show(found, impact, form)
    if (impact is not None and impact.faults) or (exit_code and found):
        raise typer.Exit(1)


def replayed(before: Catalog, after: Catalog, file: Path, on: date) -> Impact:
    """Replay a file of requests with both catalogs, and show how far it has come.

    Raises:
        RequestError: the file cannot be read.
    """
    try:
        with file.open("rb") as lines, counting("replaying", file.stat().st_size) as advance:

            def measured() -> Any:
                for line in lines:
                    yield line
                    advance(len(line))

            return replay(before, after, read_requests(measured()), on=on)
    except OSError as error:
        raise RequestError([Fault("--replay", f"{file} cannot be read: {error.strerror}.")]) from None


def show(found: CatalogDiff, impact: Impact | None, form: Form) -> None:
    """Print a comparison and, if there is one, the impact; lines without a request are told on stderr too."""
    if form is Form.JSON:
        print_json(found.to_dict() | ({} if impact is None else {"impact": impact.to_dict()}))
    elif form is Form.MARKDOWN:
        print_text(diff_report.as_markdown(found))
        if impact is not None:
            print_text("\n" + impact_report.as_markdown(impact))
    else:
        print_text(diff_report.as_text(found))
        if impact is not None:
            print_text("\n" + impact_report.as_text(impact))
    if impact is not None and impact.faults:
        count = len(impact.faults)
        say(f"not replayed, since they hold no request: {count} line{'' if count == 1 else 's'} of the file")
