"""The pure rows run anywhere: with nothing but the standard library, and in a browser's Python.

Rows 1 to 4 of the house and `api` are copied away from everything else, beside a published catalog, and a program that
compiles, routes, explains and follows an exchange must see the same there as here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.publish import publish
from portable_program import run
from test_house import OUTSIDE, PACKAGE, ROWS

HERE = Path(__file__).resolve().parent
NODE = HERE.parent / "build" / "node"
PURE = [part for part, row in ROWS.items() if row <= 4 or part == "api"]
# Of the standard library, what loading a published catalog must not pay for: each is slow to load, or a sign of I/O.
NOT_TO_LOAD = {"asyncio", "difflib", "hashlib", "http", "multiprocessing", "sqlite3", "ssl", "subprocess", "xml"}


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pure rows, the published catalog and the program, and nothing else."""
    folder = tmp_path_factory.mktemp("portable")
    package = folder / "pentaprism"
    package.mkdir()
    for name in ("__init__", *PURE):
        if (PACKAGE / name).is_dir():
            shutil.copytree(PACKAGE / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PACKAGE / f"{name}.py", package)
    (folder / "catalog.json").write_bytes(publish(read_documents()))
    shutil.copy(HERE / "portable_program.py", folder)
    return folder


@pytest.fixture(scope="module")
def seen_here(portable: Path) -> Any:
    """What the program sees in this process, where everything is installed."""
    return json.loads(json.dumps(run(str(portable / "catalog.json"))))


def isolated(*arguments: str) -> str:
    """What a Python prints that has the standard library alone."""
    done = subprocess.run([sys.executable, "-S", "-I", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_does_what_it_is_for(seen_here: Any) -> None:
    # Otherwise the places could agree on nothing at all.
    (call,) = seen_here["explained"]["candidates"][0]["calls"]
    assert call["json"]["image_size"] == {"width": 1920, "height": 1080}
    assert seen_here["cost"].startswith("$")
    assert len(seen_here["route"]) == len(seen_here["explained"]["candidates"]) >= 2
    assert "<image 1: gif 320x200" in json.dumps(seen_here["edit"])
    assert seen_here["refused"]["candidates"] == []
    assert len(seen_here["errors"]) == 2
    assert "https://v3.fal.media/files/a.webp" in seen_here["exchange"][-1]


def test_nothing_outside_can_be_imported_there() -> None:
    outside = sorted({name for names in OUTSIDE.values() for name in names})
    code = f"from importlib.util import find_spec; print([name for name in {outside} if find_spec(name)])"
    assert isolated("-c", code).strip() == "[]"


def test_the_standard_library_is_enough(portable: Path, seen_here: Any) -> None:
    said = json.loads(isolated(*(str(portable / name) for name in ("portable_program.py", "", "catalog.json"))))
    assert said["seen"] == seen_here
    loaded = {name.partition(".")[0] for name in said["loaded"]}
    assert loaded <= {*sys.stdlib_module_names, "__main__", "pentaprism"}


def test_loading_a_published_catalog_loads_little_else(portable: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(portable)!r})\n"
        f"import pentaprism; pentaprism.Catalog.load({str(portable / 'catalog.json')!r}); print(*sys.modules)"
    )
    loaded = set(isolated("-c", code).split())
    assert loaded & NOT_TO_LOAD == set()
    assert "pentaprism.compile" in loaded


def test_a_browser_sees_the_same(portable: Path, seen_here: Any, tmp_path: Path) -> None:
    node, pyodide = shutil.which("node"), NODE / "node_modules" / "pyodide"
    assert node is not None, "this test needs Node.js: `make test` installs it, or see https://nodejs.org"
    assert pyodide.is_dir(), f"this test needs Pyodide: `make {NODE.relative_to(HERE.parent)}/ready` installs it"
    archive = shutil.make_archive(str(tmp_path / "portable"), "zip", portable)
    command = [node, str(HERE / "browser" / "run.mjs"), str(NODE / "node_modules"), archive]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["platform"] == "emscripten"
    assert said["seen"] == seen_here
