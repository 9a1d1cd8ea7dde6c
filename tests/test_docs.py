"""Pages that are worked examples: their files are written, their commands run, and what they print is compared.

Files are code blocks with a title; YAML without one is a file that a command has written. Of a command's output a page
may show less than there is, with `...` for what is left out; versions of catalogs and content hashes differ from day to
day and count as equal.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pentaprism.catalog.documents import builtin_path
from pentaprism.cli.app import run

DOCS = Path(__file__).resolve().parent.parent / "site" / "docs"
PAGES = ("add-a-model.md", "private-catalogs.md", "catalog-changes.md")
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
VARIES = re.compile(r"\d{4}\.\d{2}\.\d{2}|sha256:[0-9a-f]+(\.\.\.)?")


def alike(text: str) -> list[str]:
    """The lines of a text, but for what differs from day to day."""
    return [VARIES.sub("#", line.rstrip()) for line in text.splitlines()]


def follows(shown: list[str], printed: list[str]) -> bool:
    """Whether every line shown is printed, in that order; without `...` between them, one right after the other."""
    place, gap = 0, False
    for line in shown:
        if line == "...":
            gap = True
            continue
        found = next((at for at in range(place, len(printed)) if printed[at] == line), None) if gap else place
        if found is None or found >= len(printed) or printed[found] != line:
            return False
        place, gap = found + 1, False
    return gap or place == len(printed)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the built-in catalog in it, and nobody at the keyboard."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PENTAPRISM_LOCK", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    shutil.copytree(builtin_path(), tmp_path / "catalog")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    for command in (("init", "-b", "main", "."), ("add", "."), ("commit", "-m", "one")):
        subprocess.run(["git", *who, *command], check=True, capture_output=True)
    return tmp_path


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """Language, title and text of every code block of a page."""
    yield from BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_the_page_does_what_it_shows(page: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed: list[str] = []
    for language, title, text in blocks(page):
        if title:
            (folder / title).parent.mkdir(parents=True, exist_ok=True)
            (folder / title).write_text(text, encoding="utf-8")
        elif language == "console":
            command, *shown = text.splitlines()
            code, printed = _ran(command, capsys)
            assert follows(alike("\n".join(shown)), printed) or not shown, "\n".join(printed)
            assert code == _expected(command, shown)
        elif language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(text, page, "exec"), {})
            printed = alike(out.getvalue())
        elif language == "text":
            assert alike(text) == printed
        elif language == "yaml":
            # Shown without a title is what a command has written.
            assert alike(text) in [alike(file.read_text(encoding="utf-8")) for file in folder.rglob("*.yaml")]


def _ran(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """The exit code of a command, and what it prints on both streams."""
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "pentaprism"
    code = run(arguments)
    captured = capsys.readouterr()
    return code, alike(captured.err + captured.out)


def _expected(command: str, shown: list[str]) -> int:
    """The exit code a page lets one expect: an error it shows is one, and an upgrade nobody confirms is none."""
    if shown and shown[0].startswith("error: "):
        return 1
    return 4 if " catalog upgrade" in command and "--yes" not in command else 0


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (DOCS / link).exists() or link.startswith("api/"), link


def test_lines_must_follow_each_other_unless_some_are_left_out() -> None:
    assert follows(["a", "b"], ["a", "b"])
    assert follows(["a", "...", "c", "..."], ["a", "b", "c", "d"])
    assert not follows(["a"], ["a", "b"])
    assert not follows(["a", "c"], ["a", "b", "c"])
    assert not follows(["...", "d"], ["a"])
