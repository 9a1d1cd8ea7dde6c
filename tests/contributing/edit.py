"""An editor for `$EDITOR`: does to a draft what its author would, as `edits.yaml` beside this says."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

EDITS = Path(__file__).parent / "edits.yaml"


def edited(draft: str) -> str:
    """The draft with its remarks confirmed, which takes them out, and the author's own words and facts put in."""
    first, *rest = draft.splitlines(keepends=True)
    text = first + "".join(line for line in rest if not line.lstrip().startswith("#"))
    for change in yaml.safe_load(EDITS.read_text(encoding="utf-8"))["changes"]:
        # A block in YAML ends with a line end, which is no part of a line that goes on.
        before, after = change["replace"], change["with"]
        if before not in text:
            before, after = before.rstrip("\n"), after.rstrip("\n")
        if text.count(before) != 1:
            sys.exit(f"this must stand in the draft exactly once:\n{before}")
        text = text.replace(before, after)
    return text


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(edited(file.read_text(encoding="utf-8")), encoding="utf-8")
