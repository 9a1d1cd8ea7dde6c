"""CONTRIBUTING.md is the way: its commands are run as they stand there, in a copy of this checkout.

They add `flux.1-schnell`, which is taken out of the copy first: from schemas of the shape their providers publish (in
`contributing/`, with what an author writes into the draft), to a model that is valid, proved and has a page. What comes
out is the catalog's own file, to the byte.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "contributing"
MODEL = "catalog/models/flux.1/flux.1-schnell.yaml"
CONTRACTS = (
    "catalog/contracts/fal/fal-ai/flux/schnell.json",
    "catalog/contracts/replicate/black-forest-labs/flux-schnell.json",
)
KEYS = ("fal/flux.1-schnell", "replicate/flux.1-schnell")
PROOFS = "catalog/proofs.json"
GOLDENS = "PENTAPRISM_WRITE_GOLDENS=1 .venv/bin/python -m pytest tests/test_golden.py"
# Commands that are not run here, with the reason; that make has these targets is checked.
NOT_RUN = {
    "make check": "installs from the network; continuous integration runs it",
    "make test": "would run this test again",
    "make coverage": "would run this test again",
}
# Commands that end with another exit code than 0, on purpose.
ENDS_WITH = {GOLDENS: 1}
# What `curl` gives in the copy, by what its last argument ends with.
PUBLISHED = {"fal-ai/flux/schnell": "fal.json", "black-forest-labs/flux-schnell": "replicate.json"}


def commands() -> Iterator[str]:
    """Every command of CONTRIBUTING.md's console blocks, without its prompt; with the lines it goes on in."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE):
            yield str(command)


def words(command: str) -> str:
    """A command without the remark behind it."""
    return " ".join(shlex.split(command, comments=True))


def git(folder: Path, *arguments: str) -> str:
    told = ("-c", "user.name=A contributor", "-c", "user.email=contributor@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *told, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def script(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)


class Copy:
    """A copy of the working tree as a repository of its own, without the model, and a shell in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pentaprism"
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("PENTAPRISM_", "GIT_"))}
        # The working tree with what is not committed yet; it need not be a repository itself.
        ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
        shutil.copytree(ROOT, self.folder, ignore=shutil.ignore_patterns(".git", *filter(None, ignored)))
        for name in (MODEL, *CONTRACTS):
            (self.folder / name).unlink()
        proofs = json.loads((ROOT / PROOFS).read_text(encoding="utf-8"))["endpoints"]
        kept = [f'"{key}": {json.dumps(proof)}' for key, proof in proofs.items() if key not in KEYS]
        text = '{\n"format": 1,\n"endpoints": {\n' + ",\n".join(kept) + "\n}\n}\n"
        (self.folder / PROOFS).write_text(text, encoding="utf-8")
        git(self.folder, "init", "--quiet")
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "-m", "The project before the contribution")
        self._prepare_shell(folder / "bin")

    def _prepare_shell(self, bin_folder: Path) -> None:
        """The programs that the commands name: this Python with the copy's code, an editor, and no network."""
        bin_folder.mkdir()
        script(bin_folder, "pentaprism", f'exec {shlex.quote(sys.executable)} -m pentaprism "$@"')
        cases = "\n".join(f"*{end}) cat {shlex.quote(str(DATA / name))} ;;" for end, name in PUBLISHED.items())
        script(bin_folder, "curl", f'for last; do :; done\ncase "$last" in\n{cases}\n*) exit 6 ;;\nesac')
        (self.folder / ".venv").symlink_to(sys.prefix)
        self.env |= {
            "PATH": f"{bin_folder}{os.pathsep}{self.env['PATH']}",
            "PYTHONPATH": str(self.folder / "engine"),
            "EDITOR": f"{shlex.quote(sys.executable)} {shlex.quote(str(DATA / 'edit.py'))}",
            "REPLICATE_API_TOKEN": "none",
            "NO_COLOR": "1",
        }

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=600
        )

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def contributed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, dict[str, str]]:
    """The copy after every command, and what each printed."""
    copy = Copy(tmp_path_factory.mktemp("contributing"))
    told = {}
    for command in commands():
        if words(command) in NOT_RUN:
            continue
        done = copy.run(command)
        wanted = ENDS_WITH.get(words(command), 0)
        assert done.returncode == wanted, f"{command}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        told[words(command)] = done.stdout + done.stderr
    return copy, told


def test_what_is_not_run_is_there() -> None:
    there = {words(command) for command in commands()}
    assert NOT_RUN.keys() | ENDS_WITH.keys() <= there
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for command in NOT_RUN:
        assert command.removeprefix("make ") in targets


def test_the_copy_runs_its_own_code(contributed: tuple[Copy, dict[str, str]]) -> None:
    copy, _ = contributed
    asked = "from pentaprism import __file__ as code; from pentaprism.catalog.documents import builtin_path as catalog"
    assert copy.run(f"{shlex.quote(sys.executable)} -c '{asked}; print(code, catalog())'").stdout.split() == [
        str(copy.folder / "engine" / "pentaprism" / "__init__.py"),
        str(copy.folder / "catalog"),
    ]


def test_the_model_is_the_one_in_the_catalog(contributed: tuple[Copy, dict[str, str]]) -> None:
    copy, _ = contributed
    for name in (MODEL, *CONTRACTS):
        assert copy.text(name) == (ROOT / name).read_text(encoding="utf-8")
    assert json.loads(copy.text(PROOFS)) == json.loads((ROOT / PROOFS).read_text(encoding="utf-8"))


def test_nothing_else_was_touched(contributed: tuple[Copy, dict[str, str]]) -> None:
    copy, _ = contributed
    changed = {line[3:] for line in git(copy.folder, "status", "--porcelain", "--untracked-files=all").splitlines()}
    # `.venv` is a link in the copy, which .gitignore does not mean.
    assert changed - {".venv"} == {MODEL, *CONTRACTS, PROOFS, "fal.json", "replicate.json"}


def test_it_is_valid_proved_and_has_a_page(contributed: tuple[Copy, dict[str, str]]) -> None:
    copy, told = contributed
    assert "0 findings: the catalog is sound" in told["pentaprism validate"]
    assert "guidance_scale" in told["pentaprism catalog show fal/flux.1-schnell"]
    [proved] = [text for command, text in told.items() if command.startswith("pentaprism prove")]
    assert "2 of 2 endpoints proved" in proved
    page = copy.text("build/site/models/flux.1-schnell/index.html")
    assert "FLUX.1 [schnell]" in page
    assert page.count("pp-proof-proved") >= len(KEYS)


def test_the_draft_asks_for_what_no_schema_says(contributed: tuple[Copy, dict[str, str]]) -> None:
    _, told = contributed
    first, second = (text for command, text in told.items() if command.startswith("pentaprism catalog new"))
    assert "what does it cost?" in first
    assert "what does it cost?" not in second
    assert "which size comes when none is asked for?" in second
    assert "(`creator`)" not in first
