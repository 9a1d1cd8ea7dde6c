"""The `provider` object of a request: which endpoints may serve it and how to rank them (OpenRouter's names).

Row 3. It must not know which providers there are: `pentaprism.route` matches the names.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ..errors import did_you_mean
from ..types import ProviderPreferences, Tolerance
from .faults import Faults, shown

__all__ = ["parse_preferences"]

_SORTS = ("price", "latency", "order")


def parse_preferences(value: Any, faults: Faults) -> ProviderPreferences:
    if not isinstance(value, Mapping):
        return ProviderPreferences()
    known = ("order", "only", "ignore", "sort", "allow_fallbacks", "require_parameters", "max_price", "tolerance")
    for key in value:
        if key not in known:
            near = did_you_mean(str(key), known, count=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" It takes {', '.join(known)}."
            faults.add(f"provider.{key}", f"provider has no option {key!r}.{hint}")
    given = {key: value[key] for key in known if value.get(key) is not None}
    lists = {key: _names(key, given[key], faults) for key in ("order", "only", "ignore") if key in given}
    for key in ("allow_fallbacks", "require_parameters"):
        if key in given and not isinstance(given[key], bool):
            faults.add(f"provider.{key}", f"provider.{key} must be true or false, not {shown(given[key])}.")
    sort = given.get("sort", "order" if "order" in lists else "price")
    if sort not in _SORTS:
        faults.add("provider.sort", f"provider.sort must be one of {', '.join(_SORTS)}, not {shown(sort)}.")
    return ProviderPreferences(
        order=lists.get("order", ()),
        only=lists.get("only"),
        ignore=lists.get("ignore", ()),
        sort=sort if isinstance(sort, str) else "price",
        allow_fallbacks=given.get("allow_fallbacks", True) is not False,
        require_parameters=given.get("require_parameters", False) is True,
        max_price=_max_price(given.get("max_price"), faults),
        tolerance=_tolerance(given.get("tolerance"), faults),
    )


def _names(key: str, value: Any, faults: Faults) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        faults.add(f"provider.{key}", f"provider.{key} must be a list of provider ids, not {shown(value)}.")
        return ()
    return tuple(value)


def _max_price(value: Any, faults: Faults) -> Decimal | None:
    if value is None:
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal(-1)
    if isinstance(value, bool) or not price.is_finite() or price < 0:
        faults.add("provider.max_price", f"provider.max_price must be US dollars, 0 or more, not {shown(value)}.")
        return None
    return price


def _tolerance(value: Any, faults: Faults) -> Tolerance:
    if value is None:
        return Tolerance()
    fits = isinstance(value, Mapping) and set(value) <= {"aspect", "pixels"}
    numbers = list(value.values()) if isinstance(value, Mapping) else []
    if not fits or not all(map(_is_share, numbers)):
        faults.add("provider.tolerance", "provider.tolerance must be {aspect, pixels}, each 0 or more (0.05 is 5 %).")
        return Tolerance()
    return Tolerance(**{key: float(one) for key, one in value.items()})


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= sys.float_info.max
