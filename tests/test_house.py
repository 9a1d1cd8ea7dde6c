"""The house holds: layers, sizes, names and cycles, read out of the source with `ast` (DESIGN section 3)."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "engine" / "pentaprism"

ROWS = {
    "errors": 1,
    "types": 1,
    "sizes": 2,
    "prices": 2,
    "catalog": 3,
    "compile": 3,
    "route": 4,
    "nearest": 4,
    "explain": 4,
    "exchange": 4,
    "media": 4,
    "api": 5,
    "transcode": 5,
    "client": 6,
    "gateway": 7,
    "impact": 7,
    "twins": 7,
    "pages": 7,
    "prove": 7,
    "cli": 8,
    "__main__": 9,
}
# Outside the standard library, who may import what.
OUTSIDE = {
    "catalog": {"yaml", "jsonschema"},
    "transcode": {"PIL"},
    "client": {"httpx"},
    "gateway": {"starlette", "uvicorn", "orjson", "python_multipart", "httpx", "httpx_aiohttp"},
    "twins": {"starlette", "uvicorn", "orjson", "PIL", "jsonschema"},
    "pages": {"jinja2", "markupsafe"},
    "prove": {"jsonschema"},
    "cli": {"typer", "rich", "click", "openai"},
}
LAST_PURE_ROW = 4
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name below the package, and its tree."""

    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def part(self) -> str:
        return self.name.split(".")[0]

    def imports(self, *, at_import: bool = False) -> Iterator[str]:
        """Dotted names imported; relative ones as `.name` below the package. `at_import`: only what runs on import."""
        for node in _nodes(self.tree, at_import):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield str(node.module)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node.level)
                if node.module:
                    base = [*base, *node.module.split(".")]
                for alias in node.names:
                    whole = [*base, alias.name]
                    yield "." + ".".join(whole if ".".join(whole) in NAMES else base)

    def _base(self, level: int) -> list[str]:
        package = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
        if self.name == "":
            package = []
        return package[: len(package) - (level - 1)]


def _nodes(tree: ast.AST, at_import: bool) -> Iterator[ast.AST]:
    """Every node; without `TYPE_CHECKING` blocks, and without function bodies where only import time counts."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if at_import and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        yield node
        yield from _nodes(node, at_import)


def _read() -> list[Module]:
    modules = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        text = path.read_text(encoding="utf-8")
        modules.append(Module(".".join(parts), path, ast.parse(text), text.count("\n")))
    return modules


NAMES: set[str] = set()
MODULES = _read()
NAMES.update(module.name for module in MODULES)
PARTS = [module for module in MODULES if module.name]


@pytest.mark.parametrize("module", PARTS, ids=lambda module: module.name)
def test_imports_only_from_lower_rows(module: Module) -> None:
    own = ROWS[module.part]
    for name in module.imports():
        if not name.startswith("."):
            continue
        part = name[1:].split(".")[0]
        if part in ("", module.part):
            continue
        assert part in ROWS, f"{module.name} imports {part}, which has no row in the house"
        assert ROWS[part] < own, f"{module.name} (row {own}) imports {part} (row {ROWS[part]})"


@pytest.mark.parametrize("module", PARTS, ids=lambda module: module.name)
def test_imports_from_outside_are_the_allowed_ones(module: Module) -> None:
    allowed = OUTSIDE.get(module.part, set())
    for name in module.imports():
        top = name.split(".")[0]
        if name.startswith(".") or top in sys.stdlib_module_names:
            continue
        assert top in allowed, f"{module.name} imports {top}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name or "pentaprism")
def test_tails_are_short(module: Module) -> None:
    assert module.lines <= LONGEST_MODULE, f"{module.path.name} has {module.lines} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{module.name}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("module", PARTS, ids=lambda module: module.name)
def test_names_explain_themselves(module: Module) -> None:
    assert FORBIDDEN.isdisjoint(module.name.split("."))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name or "pentaprism")
def test_every_module_says_its_job(module: Module) -> None:
    assert ast.get_docstring(module.tree), f"{module.path} has no docstring"


def test_no_import_cycles() -> None:
    edges = {
        module.name: {name[1:] for name in module.imports() if name.startswith(".") and name[1:] in NAMES}
        for module in PARTS
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, "cycle: " + " -> ".join((*path[path.index(name) :], name))
        if name in done:
            return
        for other in edges.get(name, ()):
            # A package's own __init__ lists its modules; that is a table of contents, not a dependency.
            if other and not name.startswith(f"{other}."):
                visit(other, (*path, name))
        done.add(name)

    for name in edges:
        visit(name, ())


def test_every_part_has_a_row() -> None:
    parts = {module.part for module in PARTS}
    assert parts <= set(ROWS), f"without a row: {parts - set(ROWS)}"
    assert "" not in parts


def test_coverage_counts_every_pure_row_and_every_line_of_it() -> None:
    settings = tomllib.loads((PACKAGE.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]
    outer = [part for part, row in ROWS.items() if row > LAST_PURE_ROW]
    left_out = [f"*/pentaprism/{part}/*" if (PACKAGE / part).is_dir() else f"*/pentaprism/{part}.py" for part in outer]
    assert sorted(settings["report"]["omit"]) == sorted(left_out)
    assert not [key for key in settings["report"] if key.startswith("exclude")]
    assert not [module.name for module in MODULES if "pragma: no" in module.path.read_text(encoding="utf-8")]
