"""Every golden request compiles to what `golden/compiled.json` keeps: bodies, adjustments, expected pictures, cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldens import Goldens
from pentaprism import Catalog

GOLDENS = Goldens(Path(__file__).parent / "golden")


@pytest.mark.parametrize("name", GOLDENS.requests)
def test_compiles_as_kept(catalog: Catalog, name: str) -> None:
    GOLDENS.check(catalog, name)


def test_no_golden_is_left_over() -> None:
    assert list(GOLDENS.kept()) == list(GOLDENS.requests)
