"""Printing: data to stdout, everything else to stderr; colour only where a person reads it.

Row 8. rich leaves colour and progress out where the stream is no terminal, and obeys NO_COLOR. It must not compute.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["as_json", "complain", "counting", "print_json", "print_rich", "print_table", "print_text", "say", "working"]


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_text(text: str) -> None:
    """Plain data to stdout, as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def print_rich(text: Text) -> None:
    """Data with colours to stdout; without them where stdout is no terminal."""
    Console(highlight=False, emoji=False, soft_wrap=True).print(text, end="")


def print_json(data: Any) -> None:
    """Data as indented JSON to stdout."""
    print_text(as_json(data))


def as_json(data: Any) -> str:
    """Data as indented JSON, for a person to read as well."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table to stdout; as wide as it needs to be where stdout is no terminal."""
    terminal = Console(highlight=False)
    console = terminal if terminal.is_terminal else Console(highlight=False, width=10_000)
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # As Text, so that the brackets in a name such as FLUX.1 [dev] are not read as markup.
        table.add_row(*(Text(cell) for cell in row))
    with console.capture() as captured:
        console.print(table)
    print_text("\n".join(line.rstrip() for line in captured.get().rstrip().splitlines()))


def say(text: str) -> None:
    """A line of progress to stderr."""
    _stderr().print(text, markup=False)


def complain(text: str) -> None:
    """An error to stderr."""
    console = _stderr()
    console.print("error: ", style="bold red", end="")
    console.print(text, markup=False)


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the seconds that have passed, on stderr, while something takes its time.

    What it gives is told how far the work has come, in a few words that follow `what`.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = _stderr()
    if not console.is_terminal:
        say(f"{what} ...")
        yield lambda step: say(f"{what} {step}")
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda step: progress.update(task, description=f"{what} {step}")


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr for work whose amount is known; what it gives is told how much more is done."""
    from rich.progress import Progress, TimeRemainingColumn

    console = _stderr()
    if not console.is_terminal:
        say(f"{what} ...")
        yield lambda done: None
        return
    with Progress(*Progress.get_default_columns()[:3], TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
