"""Two catalogs compared: a case for every kind of difference, and every field of what a catalog holds looked at."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_strategies import PARAMETERS, made_of
from pentaprism import Catalog, CatalogError, Mode, Size
from pentaprism.catalog.diff import CatalogDiff, Difference, Kind, Weight, diff, report
from pentaprism.catalog.diff.words import listed, number, percent, shown
from pentaprism.catalog.document import Document
from pentaprism.catalog.documents import Documents
from pentaprism.types import Contract, Endpoint, Form, GridCell, Model, ModeSpec, Parameter, Provenance, Provider, Rule

HERE = Path(__file__).parent / "diffs"
# Through JSON, so that what YAML's anchors share is one place each.
BASE: dict[str, Any] = json.loads(json.dumps(yaml.safe_load((HERE / "base.yaml").read_text(encoding="utf-8"))))
CASES: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))


def edited(data: dict[str, Any], put: dict[str, Any], cut: list[str]) -> dict[str, Any]:
    """The data with values put at paths, and others cut out of it; `$path` is a copy of what stands there."""
    changed = copy.deepcopy(data)
    for path, value in put.items():
        node, last = _place(changed, path)
        value = copy.deepcopy(_at(changed, value[1:])) if str(value).startswith("$") and "/" in str(value) else value
        if isinstance(node, list) and last.startswith("+"):
            node.append(value)
        else:
            node[int(last) if isinstance(node, list) else last] = value
    for path in cut:
        node, last = _place(changed, path)
        del node[int(last) if isinstance(node, list) else last]
    return changed


def _place(data: Any, path: str) -> tuple[Any, str]:
    """What holds a path's last key, and that key; `|` stands for a slash within a key."""
    *keys, last = (key.replace("|", "/") for key in path.split("/"))
    node = data
    for key in keys:
        node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
    return node, last


def _at(data: Any, path: str) -> Any:
    node, last = _place(data, path)
    return node[last]


def lines(found: CatalogDiff) -> list[str]:
    """Every difference in a line: weight, kind, what it is about, mode, message."""
    told = []
    for one in found.differences:
        mode = "" if one.mode is None else f"{one.mode.short}: "
        told.append(f"{one.weight} {one.kind} {one.about}: {mode}{one.message}")
    return told


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_told_in_these_lines(name: str) -> None:
    case = CASES[name]
    before = edited(BASE, case.get("base", {}), [])
    after = edited(before, case.get("put", {}), case.get("cut", []))
    pair = [Catalog(made_of(data)) for data in (before, after)]
    assert lines(diff(*(pair[::-1] if case.get("back") else pair))) == case["expect"]
