"""How every command loads its catalog: from `--catalog` and `--extends`, and only the one `--lock` pins. Row 8."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path

from ..api import Catalog

__all__ = ["LOCK", "load_catalog"]

LOCK: ContextVar[Path | None] = ContextVar("LOCK", default=None)
"""The lock file the command line names; it stands before the command, so that it holds for all of them."""


def load_catalog(catalog: Path | None = None, extends: Iterable[Path] | None = None) -> Catalog:
    """The catalog a command was told to use; None is the built-in one.

    Raises:
        CatalogError: it has faults, or `pentaprism --lock` pins another.
    """
    return Catalog.load(catalog, extends or (), lock=LOCK.get())
