"""What two catalogs say differently, as a reviewer wants to read it. Row 3, pure.

`compare` both as a whole · `models`, `endpoints`, `rules`, `sizes`, `contracts`, `prices` what changed of each ·
`shared` providers and vocabulary · `written` files that only read otherwise · `difference` what is found · `words` its
phrases · `report` text and Markdown.
It must not compile a request: `pentaprism.impact` says what would be sent otherwise.
"""

from __future__ import annotations

from .compare import CatalogDiff, Loaded, Side, diff
from .difference import Difference, Kind, Weight

__all__ = ["CatalogDiff", "Difference", "Kind", "Loaded", "Side", "Weight", "diff"]
