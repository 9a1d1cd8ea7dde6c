"""One model's facts for programs: what the list of models says of it, and the file of its own.

Row 7. The meaning of every key is a promise: a key may be added, never changed. Amounts are decimal strings, unknown is
null. It must not hold a fact that is not on the page.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..catalog.proofs import ProofRecord
from ..types import Cost, Endpoint
from .answers import sources
from .bench import Bench
from .offers import Headline, headline, offers
from .parameters import ParameterRow, matrix, reference
from .proofs import Badge, badges
from .size_table import SizeGroup, size_groups, sized_mode

__all__ = ["Facts", "as_json", "facts_of", "model_entry", "model_file", "page_name"]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def as_json(data: Any) -> bytes:
    """Bytes that are the same for the same data."""
    return (json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _cost(cost: Cost) -> dict[str, Any]:
    return {"usd_low": _amount(cost.low), "usd_high": _amount(cost.high), "derivation": cost.derivation}


def _amount(value: Any) -> str | None:
    return None if value is None else f"{value:f}"


def page_name(model_id: str) -> str:
    """The file name of a model's page, without its ending: the id where that is a plain name, else made from it.

    >>> page_name("flux.1-dev"), page_name("a/../b")
    ('flux.1-dev', 'a-..-b-900ea8b7')
    """
    if _SAFE.fullmatch(model_id) and model_id.lower() != "index":
        return model_id
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", model_id).strip(".-") or "model"
    return f"{readable}-{hashlib.sha256(model_id.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What both the page of a model and its file are made of; found once, since compiling is what takes time."""

    bench: Bench
    page: str
    price: Headline | None
    sizes: tuple[SizeGroup, ...]
    proofs: Mapping[str, Badge]


def facts_of(bench: Bench, records: Mapping[str, ProofRecord]) -> Facts:
    """The facts of the bench's model; `records` are results of proofs by endpoint key."""
    mode = sized_mode(bench)
    return Facts(
        bench=bench,
        page=page_name(bench.model.id),
        price=headline(bench),
        sizes=() if mode is None else tuple(size_groups(bench, mode)),
        proofs=badges(bench, records),
    )


def model_entry(facts: Facts) -> dict[str, Any]:
    """What the list of all models says of one."""
    bench, price = facts.bench, facts.price
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
        "page": f"models/{facts.page}/",
    }


def model_file(facts: Facts) -> dict[str, Any]:
    """Everything the page of one model says, as data."""
    bench, model = facts.bench, facts.bench.model
    return {
        **model_entry(facts),
        "summary": model.summary,
        "license": model.license,
        "released": model.released,
        "tags": list(model.tags),
        "endpoints": [_endpoint(one, facts.proofs[one.key]) for one in model.endpoints],
        "parameters": {group: [_parameter(bench, row) for row in rows] for group, rows in reference(bench).items()},
        "crossings": {row.name: [_crossing(cell) for cell in row.cells] for row in matrix(bench)},
        "sizes": [_sizes(group) for group in facts.sizes],
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


def _endpoint(endpoint: Endpoint, proof: Badge) -> dict[str, Any]:
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
        "proof": proof.to_dict(),
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
