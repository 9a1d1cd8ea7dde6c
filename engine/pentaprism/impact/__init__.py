"""What another catalog would do to requests that were really made: where each goes, as what, at what cost. Row 7.

`requests` reads them, one a line · `replay` routes each with both catalogs and compares · `result` what is found ·
`report` text and Markdown. Nothing is sent. It must not compare the catalogs: `pentaprism.catalog.diff` does.
"""

from __future__ import annotations

from .replay import replay
from .requests import RequestLine, read_requests
from .result import Aspect, Fate, Impact, Replayed, Total

__all__ = ["Aspect", "Fate", "Impact", "Replayed", "RequestLine", "Total", "read_requests", "replay"]
