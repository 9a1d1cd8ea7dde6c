"""The rejects as tests read them: a change to a small sound catalog, and the findings it must bring.

`rejects/lint/` has a file for each linter, named after it (further cases after a dot), `rejects/syntax/` what is wrong
with a file as YAML or JSON, `rejects/format/` what is wrong with keys and names. To add one, copy another.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["BASE", "REJECTS", "Reject", "reject", "rejects"]

REJECTS = Path(__file__).parent / "rejects"
BASE = REJECTS / "base"


@dataclass(frozen=True)
class Reject:
    """One of the files: `changes` to make, each with its `file`, and the findings to `expect`, word by word."""

    name: str
    changes: tuple[dict[str, Any], ...]
    expect: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """The small catalog with the changes made, in a folder."""
        shutil.copytree(BASE, folder, dirs_exist_ok=True)
        for change in self.changes:
            file = folder / change["file"]
            text = file.read_text(encoding="utf-8")
            if "write" in change:
                text = change["write"]
            else:
                assert text.count(change["replace"]) == 1, f"{self.name}: `replace` must stand in the file exactly once"
                text = text.replace(change["replace"], change["with"])
            file.write_bytes(text.encode(change.get("encoding", "utf-8")))


def reject(name: str) -> Reject:
    """The reject of a name such as `syntax/tab`."""
    data = yaml.safe_load((REJECTS / f"{name}.yaml").read_text(encoding="utf-8"))
    expect = tuple(data.pop("expect"))
    return Reject(name, tuple(data.get("changes", [data])), expect)


def rejects() -> list[str]:
    """The names of all of them."""
    files = (file for file in REJECTS.rglob("*.yaml") if BASE not in file.parents)
    return sorted(file.relative_to(REJECTS).as_posix().removesuffix(".yaml") for file in files)
