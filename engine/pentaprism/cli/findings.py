"""Findings as a person, a program or GitHub reads them. Row 8; it must not look for any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from ..catalog.diff.report import in_markdown
from ..catalog.lint import Severity, severity_of
from ..errors import Fault, Finding, RequestError
from .output import as_json, print_json, print_rich, print_text

__all__ = ["Format", "check_report", "counted", "counted_words", "print_findings", "write_report"]

_WIDEST = 100
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def counted(findings: Sequence[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity."""
    severities = [severity_of(finding.rule) for finding in findings]
    return {severity: severities.count(severity) for severity in Severity}


def counted_words(findings: Sequence[Finding]) -> str:
    """How many there are, in words; empty where there is none."""
    return " and ".join(
        f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counted(findings).items() if count
    )


def print_findings(findings: Sequence[Finding], form: Format) -> None:
    """All findings to stdout, in their order."""
    if form is Format.JSON:
        print_json(_data(findings))
    for finding in findings if form is Format.GITHUB else ():
        print_text(_workflow_command(finding))
    lines_of = cache(_read_lines)
    for finding in findings if form is Format.TEXT else ():
        print_rich(_told(finding, lines_of(finding.path) if finding.line else ()))


def _data(findings: Sequence[Finding]) -> dict[str, Any]:
    told = [{**finding.to_dict(), "severity": severity_of(finding.rule).value} for finding in findings]
    return {**{f"{severity}s": count for severity, count in counted(findings).items()}, "findings": told}


def check_report(file: Path) -> None:
    """Nothing, where a report can be written under this name.

    Raises:
        RequestError: its form cannot be told from the name.
    """
    if file.suffix not in (".json", ".md"):
        raise RequestError([Fault("--report", f"--report writes JSON (.json) or Markdown (.md), not {file.name!r}.")])


def write_report(findings: Sequence[Finding], file: Path) -> None:
    """All findings into a file, as JSON or Markdown, whichever its name says.

    Raises:
        RequestError: the file cannot be written.
    """
    text = as_json(_data(findings)) if file.suffix == ".json" else "\n".join(_markdown(findings))
    try:
        file.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise RequestError([Fault("--report", f"{file} cannot be written: {error.strerror}.")]) from None


def _markdown(findings: Sequence[Finding]) -> Iterator[str]:
    yield f"### Catalog: {counted_words(findings) or 'sound'}"
    if findings:
        yield ""
        yield "| where | what | |"
        yield "|---|---|---|"
    for one in findings:
        cells = (_place(one), f"{severity_of(one.rule)}: {one.rule}", one.message)
        yield f"| {' | '.join(map(in_markdown, cells))} |"


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.line}:{finding.column}" if finding.line else finding.path


def _told(finding: Finding, lines: Sequence[str]) -> Text:
    """`file:line:column: severity: rule: message`, as editors and terminals know it, and the line itself below."""
    severity = severity_of(finding.rule)
    told = Text.assemble(
        (_printable(_place(finding)), "bold"),
        ": ",
        (severity.value, _COLOURS[severity]),
        ": ",
        (finding.rule, "bold"),
        f": {_printable(finding.message)}\n",
    )
    if 0 < finding.line <= len(lines):
        told.append(_fragment(lines[finding.line - 1], finding))
    if finding.help:
        told.append(f"    Documentation for this field: {_printable(finding.help)}\n")
    return told


def _read_lines(path: str) -> Sequence[str]:
    """The lines of a file as the person who wrote it sees them."""
    return Path(path).read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff").split("\n")


def _fragment(line: str, finding: Finding) -> Text:
    """The line with its number and, below it, a mark at the column; as much of it as fits."""
    start = max(0, min(finding.column - 1 - _WIDEST // 2, len(line) - _WIDEST))
    end = start + _WIDEST
    shown = _printable(line[start:end])
    lead, tail = ("..." if start else ""), ("..." if end < len(line) else "")
    before = lead + shown[: finding.column - 1 - start]
    # A tab is as wide as the terminal makes it, so the mark must follow one as well.
    space = "".join("\t" if sign == "\t" else " " * cell_len(sign) for sign in before)
    number = f"{finding.line:>6} | "
    return Text.assemble(
        (number, "dim"),
        f"{lead}{shown}{tail}\n",
        (" " * (len(number) - 2) + "| ", "dim"),
        space,
        ("^\n", _COLOURS[severity_of(finding.rule)]),
    )


def _printable(text: str) -> str:
    """What a file holds may not steer the terminal it is shown on."""
    return "".join(sign if sign.isprintable() or sign == "\t" else "\ufffd" for sign in text)


def _workflow_command(finding: Finding) -> str:
    """A line that GitHub Actions shows beside the line of the file, in the check and in the pull request."""
    place = {"file": finding.path, "line": finding.line, "col": finding.column, "title": finding.rule}
    properties = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in place.items() if value)
    message = finding.message
    if finding.help:
        message += f"\nDocumentation for this field: {finding.help}"
    return f"::{severity_of(finding.rule)} {properties}::{_escaped(message)}"


def _escaped(value: Any, further: str = "") -> str:
    """Text in a workflow command: per cent signs and line ends are escaped, in a property its separators too."""
    text = str(value)
    for sign in f"%\r\n{further}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
