"""Folders with catalogs in them: the small one the rejects start from, and layers to lay over another."""

from __future__ import annotations

from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
BASE = HERE / "rejects" / "base"
ON = date(2026, 11, 21)
FLUX = "models/flux.1/flux.1-dev.yaml"
# What a company lays over the shipped catalog: a name and a price of its own, and an endpoint it does not use.
PRIVATE = """
aliases: [house-style, flux-dev]
endpoints:
  - provider: fal
    prices: [{from: 2026-09-01, usd: "0.02", per: megapixel, round: up, source: our contract}]
  - provider: replicate
    status: disabled
"""


def layer(folder: Path, **files: str) -> Path:
    """A folder with some files of a catalog in it, by their paths."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
