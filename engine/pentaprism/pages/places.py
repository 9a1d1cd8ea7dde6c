"""Where the site's sources lie: inside the wheel, or two levels up in a checkout.

Row 7. It must not read any of them.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["lint_examples", "mkdocs_file", "site_folder"]

_PACKAGE = Path(__file__).resolve().parent.parent


def site_folder() -> Path:
    """The folder with `docs`, `templates` and `assets` in it.

    >>> sorted(path.name for path in site_folder().iterdir() if path.is_dir())
    ['assets', 'docs', 'templates']
    """
    inside = _PACKAGE / "data" / "site"
    return inside if inside.is_dir() else _PACKAGE.parent.parent / "site"


def lint_examples() -> Path:
    """The folder with what each linter refuses, a file of its name for each.

    >>> (lint_examples() / "price-overlap.yaml").is_file()
    True
    """
    inside = _PACKAGE / "data" / "lints"
    return inside if inside.is_dir() else _PACKAGE.parent.parent / "tests" / "rejects" / "lint"


def mkdocs_file() -> Path:
    """The mkdocs configuration.

    >>> mkdocs_file().name
    'mkdocs.yml'
    """
    inside = _PACKAGE / "data" / "mkdocs.yml"
    return inside if inside.is_file() else _PACKAGE.parent.parent / "mkdocs.yml"
