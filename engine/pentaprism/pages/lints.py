"""A page for each linter, made of what the linter says of itself and of the reject of its name.

Row 7. The reject is the example, so that what a page shows is refused in exactly these words. It must not word what
the linters say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..catalog.lint import LINTERS
from ..catalog.yaml_source import read_yaml
from . import templates
from .places import lint_examples

__all__ = ["lint_pages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Changes to a small catalog, by file, and what is said of it then."""

    changes: tuple[Mapping[str, Any], ...]
    findings: tuple[str, ...]


def lint_pages() -> dict[str, bytes]:
    """The page of every linter and the index of them all, by path below the docs folder."""
    files = {"lints/index.md": templates.page("lints.md.jinja", linters=LINTERS.values())}
    for name, linter in LINTERS.items():
        files[f"lints/{name}.md"] = templates.page("lint.md.jinja", linter=linter, example=_example(name))
    return files


def _example(name: str) -> Example:
    file = lint_examples() / f"{name}.yaml"
    data = read_yaml(file.name, file.read_text(encoding="utf-8")).data
    changes = data.get("changes", [data])
    return Example(changes=tuple(map(_shown, changes)), findings=tuple(data["expect"]))


def _shown(change: Mapping[str, Any]) -> dict[str, str]:
    """A change as a code block: the lines that make the fault, without the margin they have in their file."""
    lines = change["with"].rstrip().splitlines()
    if len(lines) > 1 and change["replace"].endswith(lines[-1]):
        # Something was put before this line, which only says where.
        lines.pop()
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    language = "json" if change["file"].endswith(".json") else "yaml"
    return {
        "code": "\n".join(line[margin:] for line in lines),
        "language": f'{language} title="{change["file"]}"',
    }
