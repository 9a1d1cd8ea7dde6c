"""Golden requests: a folder with `requests.yaml` and what each compiles to in `compiled.json`.

The goldens were read by a person; a difference is either a mistake or a decision that belongs in the changelog. To add
one, write it into `requests.yaml`, run its test with PENTAPRISM_WRITE_GOLDENS=1, and read the difference line by line.
`image` and `mask` as `WxH` stand for a PNG of those pixels.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pentaprism import Catalog
from pictures import opened

ON = date(2026, 11, 21)
_IMAGES = ("image", "mask")


class Goldens:
    """The requests of one folder, by name, and the file that keeps what they compile to."""

    def __init__(self, folder: Path) -> None:
        self.requests: dict[str, Any] = yaml.safe_load((folder / "requests.yaml").read_text(encoding="utf-8"))
        self._file = folder / "compiled.json"

    def kept(self) -> dict[str, Any]:
        """What is kept, by the name of the request."""
        return dict(json.loads(self._file.read_text(encoding="utf-8"))) if self._file.exists() else {}

    def check(self, catalog: Catalog, name: str) -> None:
        """Compile one request and compare; with PENTAPRISM_WRITE_GOLDENS, keep it and fail."""
        explained = _explained(catalog, self.requests[name])
        if os.environ.get("PENTAPRISM_WRITE_GOLDENS"):
            kept = {**self.kept(), name: explained}
            ordered = {one: kept[one] for one in self.requests if one in kept}
            self._file.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            pytest.fail("goldens rewritten: read the difference, then run without PENTAPRISM_WRITE_GOLDENS")
        assert explained == self.kept()[name]


def opened_request(request: dict[str, Any]) -> dict[str, Any]:
    """A golden request with its pictures made."""
    return {name: opened(value) if name in _IMAGES else value for name, value in request.items()}


def _explained(catalog: Catalog, request: dict[str, Any]) -> dict[str, Any]:
    explained = catalog.explain(opened_request(request), date=ON)
    for entry in (*explained["candidates"], *explained["nearest"]):
        entry["cost"] = f"{entry['cost']['text']}: {entry['cost']['derivation']}"
    if explained["candidates"]:
        # Nothing is searched for where something serves; only then is it worth a line in the golden.
        assert explained.pop("nearest") == []
    return explained
