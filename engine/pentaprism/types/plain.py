"""Types to plain JSON-able data and back, without losing a bit. Row 1.

Every value type of this package becomes `{"$": name, ...fields}`; decimals, dates, bytes and enum members are tagged
likewise, so that `from_plain(json.loads(json.dumps(to_plain(x))), classes) == x`. It must not know which types there
are: whoever reads says which may be made.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

__all__ = ["NOTHING", "from_plain", "make", "to_plain"]

NOTHING: Mapping[Any, Any] = MappingProxyType({})
"""The empty mapping that nobody can fill: what a field of a value is where nothing was given for it."""

_TAG = "$"
_SCALARS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "decimal": (Decimal, str, Decimal),
    "fraction": (Fraction, str, Fraction),
    "date": (date, date.isoformat, date.fromisoformat),
    "bytes": (bytes, lambda value: base64.b64encode(value).decode("ascii"), base64.b64decode),
}

make = tuple.__new__
"""A named tuple out of a tuple that holds all its fields: `make(Size, (4, 3))`, in half the time of `Size(4, 3)`."""


def to_plain(value: Any) -> Any:
    """Anything made of this package's types, JSON values, decimals, dates and bytes, as JSON-able data.

    >>> to_plain({"usd": Decimal("0.025"), "on": date(2026, 7, 28)})
    {'usd': {'$': 'decimal', 'value': '0.025'}, 'on': {'$': 'date', 'value': '2026-07-28'}}
    """
    if isinstance(value, Enum):
        return {_TAG: type(value).__name__, "value": value.value}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    names = _field_names(value)
    if names is not None:
        return {_TAG: type(value).__name__, **{name: to_plain(getattr(value, name)) for name in names}}
    if isinstance(value, Mapping):
        plain = {key: to_plain(entry) for key, entry in value.items()}
        return {_TAG: "mapping", "value": plain} if _TAG in plain else plain
    if isinstance(value, tuple):
        return {_TAG: "tuple", "value": [to_plain(entry) for entry in value]}
    if isinstance(value, list):
        return [to_plain(entry) for entry in value]
    for name, (kind, write, _) in _SCALARS.items():
        if isinstance(value, kind):
            return {_TAG: name, "value": write(value)}
    raise TypeError(f"{type(value).__name__} is not one of this package's values")


def _field_names(value: Any) -> tuple[str, ...] | None:
    """The fields of one of this package's values, None where it is none."""
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(field.name for field in fields(value))
    # Values that are made for every request are named tuples: they are made several times faster.
    return getattr(value, "_fields", None) if isinstance(value, tuple) else None


def from_plain(data: Any, classes: Mapping[str, Any]) -> Any:
    """What `to_plain` was given; `classes` are the types that may be made, by name.

    Raises:
        ValueError: the data names a type that is not among them, or lacks a field.

    >>> from_plain({"$": "tuple", "value": [1, {"$": "decimal", "value": "0.5"}]}, {})
    (1, Decimal('0.5'))
    """
    if isinstance(data, list):
        return [from_plain(entry, classes) for entry in data]
    if not isinstance(data, Mapping):
        return data
    name = data.get(_TAG)
    if name is None:
        return {key: from_plain(entry, classes) for key, entry in data.items()}
    if name == "mapping":
        return {key: from_plain(entry, classes) for key, entry in data["value"].items()}
    if name == "tuple":
        return tuple(from_plain(entry, classes) for entry in data["value"])
    if name in _SCALARS:
        return _SCALARS[name][2](data["value"])
    kind = classes.get(name)
    if kind is None:
        raise ValueError(f"there is no type {name!r}")
    values = {key: from_plain(entry, classes) for key, entry in data.items() if key != _TAG}
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{name} cannot be made of {', '.join(values)}") from error
