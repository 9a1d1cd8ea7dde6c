"""Contracts for tests: those stored, those providers publish, and how two of them are compared."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from pentaprism.catalog.contract_import import Imported, import_contract
from pentaprism.catalog.json_source import read_json

FILES = Path(__file__).resolve().parent / "contracts"
ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "catalog"
STORED = sorted(
    file.relative_to(CATALOG / "contracts").as_posix().removesuffix(".json")
    for file in (CATALOG / "contracts").rglob("*.json")
)
FLUX = "fal/fal-ai/flux/dev"
SIDE = {"type": "integer", "minimum": 1}
DAY = date(2026, 7, 28)


def imported(data: Any, endpoint: str = "x/y", address: str | None = None) -> Imported:
    text = data if isinstance(data, str) else json.dumps(data)
    return import_contract(read_json("given.json", text), endpoint=endpoint, read_on=DAY, address=address)


def fixture(name: str) -> Any:
    return json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))


def stored(name: str) -> Any:
    return json.loads((CATALOG / "contracts" / f"{name}.json").read_text(encoding="utf-8"))


def meaning(node: Any) -> Any:
    """A contract without where it is from and without our own notes, which no provider publishes."""
    if isinstance(node, list):
        return [meaning(one) for one in node]
    if not isinstance(node, dict):
        return node
    properties = {name: meaning(field) for name, field in node.get("properties", {}).items()}
    ours = ("x-provenance", "$comment", "$schema", "title", "description", "properties")
    rest = {key: meaning(value) for key, value in node.items() if key not in ours}
    return rest | ({"properties": properties} if "properties" in node else {})


def field(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}, **more}
