"""Each linter has a page, each page a linter, and what a page shows is really refused in those words."""

from __future__ import annotations

import re
from html import unescape

import pytest
import yaml

from pentaprism.catalog.lint import LINTERS
from pentaprism.pages.lints import lint_pages
from pentaprism.pages.places import mkdocs_file
from reject_cases import reject, rejects

PAGES = {path: data.decode() for path, data in lint_pages().items()}


def plain(page: str) -> str:
    """A page's words without markup."""
    return unescape(re.sub(r"</?code>", "`", page))


def test_every_linter_has_a_page_and_every_page_a_linter() -> None:
    assert set(PAGES) == {"lints/index.md", *(f"lints/{name}.md" for name in LINTERS)}


@pytest.mark.parametrize("name", LINTERS)
def test_a_page_says_what_the_linter_says(name: str) -> None:
    page, linter = plain(PAGES[f"lints/{name}.md"]), LINTERS[name]
    for text in (linter.sentence, linter.why, linter.fix, linter.severity.value):
        assert text in page
    assert (f"ignore: {{{name}: " in page) is linter.waivable


@pytest.mark.parametrize("name", LINTERS)
def test_the_example_is_the_reject(name: str) -> None:
    page = PAGES[f"lints/{name}.md"]
    trap = reject(f"lint/{name}")
    for finding in trap.expect:
        assert f"\n{finding}\n" in page
    shown = re.findall(r"(?ms)^```(?:yaml|json) title=\"([^\"]+)\"\n(.*?)\n```$", page)
    assert [file for file, _ in shown] == [change["file"] for change in trap.changes]
    for (_, code), change in zip(shown, trap.changes, strict=True):
        assert code
        lines = [line.strip() for line in change["with"].splitlines()]
        assert [line.strip() for line in code.splitlines()] == lines[: len(code.splitlines())]


def test_the_index_lists_them_all() -> None:
    index = plain(PAGES["lints/index.md"])
    for name, linter in LINTERS.items():
        assert f"| [`{name}`]({name}.md) | {linter.severity} | {linter.sentence} |" in index
    sections = yaml.safe_load(mkdocs_file().read_text(encoding="utf-8"))["nav"]
    (catalogs,) = [section["Catalogs"] for section in sections if "Catalogs" in section]
    assert {"Validation": "lints/index.md"} in catalogs


def test_the_index_names_every_trap_of_yaml_and_json() -> None:
    traps = {line.split(": ")[1] for name in rejects() if name.startswith("syntax/") for line in reject(name).expect}
    assert traps <= set(re.findall(r"`([a-z0-9-]+)`", PAGES["lints/index.md"]))
