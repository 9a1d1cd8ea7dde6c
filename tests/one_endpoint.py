"""A catalog of one endpoint, for what needs no more of it than a few fields and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from catalog_strategies import made_of
from endpoint_sketch import PROVENANCE
from law_subjects import ON
from pentaprism import Catalog, CompiledRequest

__all__ = ["catalog_with", "compiled"]


def catalog_with(fields: dict[str, Any], *, required: Sequence[str] = (), **entry: Any) -> Catalog:
    """A model with one endpoint, whose contract has a prompt and these fields."""
    endpoint = {
        "provider": "north",
        "id": "one",
        "modes": {"text-to-image": {}},
        "checked": PROVENANCE,
        "sizes": {"default": "1024x1024", "forms": []},
        **entry,
    }
    provider = {
        "name": "North",
        "homepage": "https://north.example",
        "protocol": "none",
        "auth": {"header": "Authorization", "env": "NORTH_KEY"},
        "submit": {"url": "https://api.north.example/{endpoint}"},
        "hosts": ["api.north.example"],
        "bills": {},
        "checked": PROVENANCE,
    }
    contract = {
        "x-provenance": PROVENANCE,
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {"prompt": {"type": "string"}, **fields},
    }
    model = {"name": "Alpha", "family": "drawn", "creator": "nobody", "summary": "One.", "endpoints": [endpoint]}
    data = {
        "size_tables": {},
        "providers": {"north": provider},
        "models": {"alpha": model},
        "contracts": {"north/one": contract},
    }
    return Catalog(made_of(data))


def compiled(catalog: Catalog, *, on: date = ON, **asked: Any) -> CompiledRequest:
    """A request to it for a cat, and what else is asked."""
    return catalog.compile({"model": "alpha", "prompt": "a cat", **asked}, "north/alpha", date=on)
