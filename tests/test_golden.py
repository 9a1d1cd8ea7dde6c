"""Every golden request compiles to what `golden/compiled.json` keeps: bodies, adjustments, expected pictures, cost.

The goldens were read by a person; a difference is either a mistake or a decision that belongs in the changelog.
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

FOLDER = Path(__file__).parent / "golden"
REQUESTS: dict[str, Any] = yaml.safe_load((FOLDER / "requests.yaml").read_text(encoding="utf-8"))
KEPT = FOLDER / "compiled.json"
ON = date(2026, 11, 21)


def _explained(catalog: Catalog, request: dict[str, Any]) -> dict[str, Any]:
    body = {name: opened(value) if name == "image" else value for name, value in request.items()}
    explained = catalog.explain(body, date=ON)
    for candidate in explained["candidates"]:
        candidate["cost"] = f"{candidate['cost']['text']}: {candidate['cost']['derivation']}"
    return explained


@pytest.mark.parametrize("name", REQUESTS)
def test_compiles_as_kept(catalog: Catalog, name: str) -> None:
    explained = _explained(catalog, REQUESTS[name])
    if os.environ.get("PENTAPRISM_WRITE_GOLDENS"):
        kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
        kept[name] = explained
        ordered = {one: kept[one] for one in REQUESTS if one in kept}
        KEPT.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail("goldens rewritten: read the difference, then run without PENTAPRISM_WRITE_GOLDENS")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert explained == kept[name]


def test_no_golden_is_left_over() -> None:
    assert list(json.loads(KEPT.read_text(encoding="utf-8"))) == list(REQUESTS)
