"""The same facts for programs: `api/v1/models.json` and one file per model.

Row 7. The paths and the meaning of every key are a promise: a key may be added, never changed. Amounts are decimal
strings, unknown is null. It must not hold a fact that is not on the page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..types import Cost
from .answers import sources
from .bench import Bench
from .offers import Headline, offers
from .parameters import ParameterRow, matrix, reference
from .size_table import SizeGroup

__all__ = ["as_json", "model_entry", "model_file"]


def as_json(data: Any) -> bytes:
    """Bytes that are the same for the same data."""
    return (json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _cost(cost: Cost) -> dict[str, Any]:
    return {"usd_low": _amount(cost.low), "usd_high": _amount(cost.high), "derivation": cost.derivation}


def _amount(value: Any) -> str | None:
    return None if value is None else f"{value:f}"


def model_entry(bench: Bench, price: Headline | None, page: str) -> dict[str, Any]:
    """What the list of all models says of one."""
    model = bench.model
    return {
        "id": model.id,
        "name": model.name,
        "aliases": list(model.aliases),
        "family": model.family,
        "creator": model.creator,
        "status": model.status,
        "successor": model.successor,
        "modes": [mode.value for mode in model.modes],
        "providers": [offer.provider.id for offer in offers(bench)],
        "endpoints": [endpoint.key for endpoint in model.endpoints],
        "price_1024x1024": None if price is None else _cost(price.cost),
        "page": page,
    }


def model_file(bench: Bench, price: Headline | None, page: str, groups: Sequence[SizeGroup]) -> dict[str, Any]:
    """Everything the page of one model says, as data."""
    model = bench.model
    return {
        **model_entry(bench, price, page),
        "summary": model.summary,
        "license": model.license,
        "released": model.released,
        "tags": list(model.tags),
        "endpoints": [_endpoint(bench, index) for index in range(len(model.endpoints))],
        "parameters": {group: [_parameter(bench, row) for row in rows] for group, rows in reference(bench).items()},
        "crossings": {row.name: [_crossing(cell) for cell in row.cells] for row in matrix(bench)},
        "sizes": [_sizes(group) for group in groups],
        "sources": [
            {
                "endpoint": one.endpoint,
                "fact": one.fact,
                "source": one.source,
                "date": one.date,
                "method": one.method,
                "dissent": one.dissent,
            }
            for one in sources(bench)
        ],
    }


def _crossing(cell: Any) -> dict[str, str | None]:
    return {"behaviour": cell.behaviour, "field": cell.field or None}


def _endpoint(bench: Bench, index: int) -> dict[str, Any]:
    endpoint = bench.model.endpoints[index]
    return {
        "key": endpoint.key,
        "provider": endpoint.provider,
        "id": endpoint.id,
        "modes": [mode.value for mode in endpoint.modes],
        "status": endpoint.status,
        "prices": [
            {
                "from": price.start.isoformat(),
                "usd": f"{price.usd:f}",
                "per": price.per,
                "of": price.of,
                "unit": price.unit,
                "round": price.round,
                "when": {name: list(values) for name, values in price.when.items()},
                "source": price.source,
                "dissent": price.dissent,
            }
            for price in endpoint.prices
        ],
    }


def _parameter(bench: Bench, row: ParameterRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type,
        "summary": row.summary,
        "modes": {mode.value: state for mode, state in row.modes},
        "only": list(row.only),
        "values": list(row.values),
        "default": None if row.default is None else json.loads(row.default),
        "range": row.range,
        "limits": [{"at": who or None, "text": text} for who, text in row.limits],
        "synonyms": list(row.synonyms),
    }


def _sizes(group: SizeGroup) -> Mapping[str, Any]:
    return {
        "resolution": group.tier,
        "rows": [
            {
                "aspect_ratio": row.ratio,
                "size": str(row.nominal),
                "endpoints": {
                    cell.key: [
                        {
                            "asked_by": line.asked,
                            "sent": line.sent,
                            "returns": str(line.returns) if line.returns else None,
                            "inferred": line.inferred,
                            "refused": line.refused or None,
                            **_cost(line.cost),
                        }
                        for line in cell.lines
                    ]
                    for cell in row.cells
                },
            }
            for row in group.rows
        ],
    }
