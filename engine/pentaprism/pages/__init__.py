"""The website out of the catalog: pages as bytes, and the build around them. Row 7; needs the extra [site].

`render` is pure: a catalog in, `{path: bytes}` out. `contents` which files there are · `bench` compiles example
requests · `offers` prices and providers · `size_table` sizes and drawings · `parameters` the reference and the matrix ·
`received` what a provider gets · `proofs` what was proved of it · `snippets` code · `answers` questions and sources ·
`machine` JSON · `lints` linters · `escape` keeps data inert · `templates` jinja2 · `places` where the sources lie ·
`build` mkdocs. It must not compute a price, a size or a body itself: the engine does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Date
from typing import TYPE_CHECKING

from ..catalog.proofs import ProofRecord, read_proofs
from ..errors import MissingDependency
from .build import SiteBuildError, build_site

if TYPE_CHECKING:
    from ..api import Catalog

__all__ = ["SiteBuildError", "build_site", "render"]


def render(
    catalog: Catalog, proofs: Mapping[str, ProofRecord] | None = None, *, date: Date | None = None
) -> dict[str, bytes]:
    """Every generated file of the site, by its path below the docs folder.

    Args:
        catalog: whose models get pages.
        proofs: for an endpoint key, the result of its proof, shown as a badge; None is what the catalog itself holds.
        date: the day whose prices count; None is today in UTC. The same day gives the same bytes.

    Raises:
        MissingDependency: jinja2 is not installed.
        CatalogError: what the catalog holds of proofs is not readable.

    >>> from pentaprism import Catalog
    >>> "models/flux.1-dev.md" in render(Catalog.load())
    True
    """
    try:
        from .contents import render_pages
    except ModuleNotFoundError as error:
        if error.name not in ("jinja2", "markupsafe"):
            raise
        raise MissingDependency("Rendering the pages", "site") from None
    return render_pages(catalog, read_proofs(catalog.documents.proofs) if proofs is None else proofs, date)
