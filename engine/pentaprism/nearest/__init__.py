"""What a caller could change where no endpoint serves a request. Row 4; pure.

`search` changes the request until an endpoint serves it · `values` finds the value nearest to one that does not fit.
"""

from .search import MOST_COMPILES, nearest_requests

__all__ = ["MOST_COMPILES", "nearest_requests"]
