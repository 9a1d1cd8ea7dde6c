"""What a comparison of two catalogs finds: one difference, its kind, and how much the kind matters.

Row 3, plain data. The order of `Kind` is the order of a report: what costs or takes away comes first. It must not
compare anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ...types import Mode

__all__ = ["Difference", "Kind", "Weight"]


class Weight(StrEnum):
    """What a difference means to those who send requests, the weightiest first.

    `worse`: something is dearer, gone or narrower. `other`: something is sent, paid or comes back in another way.
    `better`: something is new, cheaper or wider. `note`: only words, sources and dates.
    """

    WORSE = "worse"
    OTHER = "other"
    BETTER = "better"
    NOTE = "note"


class Kind(StrEnum):
    """Every way two catalogs can differ, in the order of a report."""

    PRICE_UP = "price-up"
    PRICE_UNKNOWN = "price-unknown"
    MODEL_GONE = "model-gone"
    MODEL_CLOSED = "model-closed"
    ENDPOINT_GONE = "endpoint-gone"
    STATUS_WORSE = "status-worse"
    MODE_GONE = "mode-gone"
    PARAMETER_LOST = "parameter-lost"
    NAME_GONE = "name-gone"
    PROVIDER_GONE = "provider-gone"
    IMAGES_FEWER = "images-fewer"
    SIZE_GONE = "size-gone"
    FIELD_NARROWED = "field-narrowed"
    VOCABULARY_NARROWED = "vocabulary-narrowed"

    PRICE_OTHER = "price-other"
    RULE_OTHER = "rule-other"
    SIZE_OTHER = "size-other"
    FIELD_OTHER = "field-other"
    CALL_OTHER = "call-other"
    PROVIDER_OTHER = "provider-other"
    VOCABULARY_OTHER = "vocabulary-other"

    PRICE_DOWN = "price-down"
    PRICE_KNOWN = "price-known"
    MODEL_NEW = "model-new"
    MODEL_OPEN = "model-open"
    ENDPOINT_NEW = "endpoint-new"
    STATUS_BETTER = "status-better"
    MODE_NEW = "mode-new"
    PARAMETER_GAINED = "parameter-gained"
    NAME_NEW = "name-new"
    PROVIDER_NEW = "provider-new"
    IMAGES_MORE = "images-more"
    SIZE_NEW = "size-new"
    FIELD_WIDENED = "field-widened"
    VOCABULARY_WIDENED = "vocabulary-widened"

    PROSE = "prose"
    PROVENANCE = "provenance"
    WRITTEN = "written"

    @property
    def weight(self) -> Weight:
        """How much it matters.

        >>> Kind.PRICE_UP.weight.value, Kind.PROSE.weight.value
        ('worse', 'note')
        """
        return _WEIGHTS[self]


# The first kind of each weight; those after it, up to the next, have the same.
_FIRST = {
    Kind.PRICE_UP: Weight.WORSE,
    Kind.PRICE_OTHER: Weight.OTHER,
    Kind.PRICE_DOWN: Weight.BETTER,
    Kind.PROSE: Weight.NOTE,
}


def _weights() -> Mapping[Kind, Weight]:
    weights, weight = {}, Weight.WORSE
    for kind in Kind:
        weight = _FIRST.get(kind, weight)
        weights[kind] = weight
    return weights


_WEIGHTS = _weights()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two catalogs say differently.

    `model`, `endpoint` and `provider` say what it is about, as far as it is about one; all three are None where it is
    the vocabulary's or the catalog's. `mode` is None where it is so in every mode. `subject` is a parameter, field,
    size or key. `before` and `after` are JSON-able, None for "nothing". `message` is a clause that needs no other to be
    understood.
    """

    kind: Kind
    message: str
    model: str | None = None
    endpoint: str | None = None
    provider: str | None = None
    mode: Mode | None = None
    subject: str | None = None
    before: Any = None
    after: Any = None

    @property
    def weight(self) -> Weight:
        """How much it matters."""
        return self.kind.weight

    @property
    def about(self) -> str:
        """What it is about, as a heading: an endpoint, a model, a provider, or what all of them share."""
        shared = "catalog" if self.kind is Kind.WRITTEN else "vocabulary"
        return self.endpoint or self.model or self.provider or shared

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data; what does not apply is null."""
        return {
            "weight": self.weight.value,
            "kind": self.kind.value,
            "model": self.model,
            "endpoint": self.endpoint,
            "provider": self.provider,
            "mode": None if self.mode is None else self.mode.value,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "message": self.message,
        }
