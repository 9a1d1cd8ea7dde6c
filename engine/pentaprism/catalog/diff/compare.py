"""Compare two catalogs: everything one says that the other does not, what matters most first.

Row 3, and pure: two loaded catalogs in, differences out. What cannot be named is never passed over: a document that
differs in a way no other line speaks of gets a line of its own, so that no difference means one content hash. It must
not compile a request: `pentaprism.impact` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...types import Model, Parameter, Provider
from ..content_hash import content_hash
from ..documents import Documents
from .difference import Difference, Kind, Weight
from .models import model_differences, models_only_in_one
from .shared import provider_differences, vocabulary_differences
from .written import Texts, written_differences

__all__ = ["CatalogDiff", "Loaded", "Side", "diff"]


class Loaded(Protocol):
    """A catalog that has been loaded: `pentaprism.Catalog` is one."""

    @property
    def documents(self) -> Documents:
        """The documents it was built from."""

    @property
    def providers(self) -> Mapping[str, Provider]:
        """Its providers by id."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Its vocabulary."""

    @property
    def models(self) -> Mapping[str, Model]:
        """Its models by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two catalogs, as a report names it."""

    name: str | None
    version: str
    hash: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {"name": self.name, "version": self.version, "hash": self.hash}


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogDiff:
    """All differences of two catalogs, what matters most first.

    `reach` holds the keys of the endpoints at which a request may now fare otherwise: those a difference names, and
    those that share a model, a provider or a vocabulary it names; words, sources and dates reach nothing.
    """

    before: Side
    after: Side
    differences: tuple[Difference, ...]
    reach: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.differences)

    def of(self, weight: Weight) -> tuple[Difference, ...]:
        """The differences of one weight."""
        return tuple(one for one in self.differences if one.weight is weight)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data: both sides, how many differences of each weight, and all of them."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "counts": {weight.value: len(self.of(weight)) for weight in Weight},
            "differences": [one.to_dict() for one in self.differences],
        }


def diff(before: Loaded, after: Loaded, *, names: tuple[str | None, str | None] = (None, None)) -> CatalogDiff:
    """Everything that two catalogs say differently.

    Args:
        before: the catalog to compare with.
        after: the catalog that is new.
        names: what to call the two in a report; None is the name a catalog has itself, if any.

    Raises:
        CatalogError: a published catalog has a fault, seen only now that its models are built.

    >>> from pentaprism import Catalog
    >>> bool(diff(Catalog.load(), Catalog.load()))
    False
    """
    texts = Texts(before.documents), Texts(after.documents)
    found = [*_shared(before, after, texts), *_of_models(before, after, texts)]
    users = {name: model for one in (before, after) for model in one.models for name in _contracts(one, model)}
    found += written_differences(found, users, *texts)
    kinds = list(Kind)
    found.sort(key=lambda one: (kinds.index(one.kind), one.about))
    return CatalogDiff(
        before=_side(before, names[0]),
        after=_side(after, names[1]),
        differences=tuple(found),
        reach=frozenset(_reach(found, [*_endpoints(before), *_endpoints(after)])),
    )


def _side(catalog: Loaded, name: str | None) -> Side:
    documents = catalog.documents
    return Side(name=name or documents.name, version=documents.version, hash=content_hash(documents))


_Pair = tuple[Texts, Texts]


def _shared(before: Loaded, after: Loaded, texts: _Pair) -> Iterator[Difference]:
    if texts[0].shared != texts[1].shared:
        yield from provider_differences(before.providers, after.providers)
        yield from vocabulary_differences(before.parameters, after.parameters)


def _of_models(before: Loaded, after: Loaded, texts: _Pair) -> Iterator[Difference]:
    """Only what can differ is built: of a thousand published models mostly a few."""
    same = texts[0].shared == texts[1].shared
    ours, theirs = before.models, after.models
    for name in ours:
        if name in theirs and not (same and _model_text(name, before, texts[0]) == _model_text(name, after, texts[1])):
            yield from model_differences(ours[name], theirs[name])
    gone = {name: ours[name] for name in ours if name not in theirs}
    yield from models_only_in_one(gone, {name: theirs[name] for name in theirs if name not in ours})


def _model_text(name: str, catalog: Loaded, texts: Texts) -> list[str | None]:
    """A model's own text with those of its contracts, which say all there is to it beside what is shared."""
    contracts = (("contracts", contract) for contract in _contracts(catalog, name))
    return [texts.of[key] for key in (("models", name), *contracts)]


def _contracts(catalog: Loaded, model: str) -> list[str]:
    entries = catalog.documents.models[model].data["endpoints"]
    return [f"{entry['provider']}/{entry['id']}" for entry in entries]


def _endpoints(catalog: Loaded) -> Iterator[tuple[str, str, str]]:
    """Key, model and provider of every endpoint, out of the documents: nothing need be built to know them."""
    for model, document in catalog.documents.models.items():
        for entry in document.data["endpoints"]:
            yield f"{entry['provider']}/{entry.get('name', model)}", model, entry["provider"]


def _reach(found: list[Difference], endpoints: list[tuple[str, str, str]]) -> Iterator[str]:
    weighty = [one for one in found if one.weight is not Weight.NOTE]
    everywhere = any(one.about == "vocabulary" for one in weighty)
    named = {one.endpoint for one in weighty}
    models = {one.model for one in weighty if one.endpoint is None}
    providers = {one.provider for one in weighty}
    for key, model, provider in endpoints:
        if everywhere or key in named or model in models or provider in providers:
            yield key
