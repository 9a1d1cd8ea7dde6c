"""Compare two catalogs: everything one says that the other does not, what matters most first.

Row 3, and pure: two loaded catalogs in, differences out. What cannot be named is never passed over: a document that
differs in a way no other line speaks of gets a line of its own, so that no difference means one content hash. It must
not compile a request: `pentaprism.impact` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...types import Model, Parameter, Provider
from ..content_hash import content, content_hash
from ..documents import Documents
from .difference import Difference, Kind, Weight
from .models import model_differences, models_only_in_one
from .shared import provider_differences, vocabulary_differences

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
    texts = _Texts(before.documents), _Texts(after.documents)
    found = [*_shared(before, after, texts), *_of_models(before, after, texts)]
    found += _untold(found, before, after, texts)
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


class _Texts:
    """Every document of a catalog as text, to see at once which are the same."""

    def __init__(self, documents: Documents) -> None:
        data = content(documents)
        self.of = {
            (kind, name): json.dumps(document, ensure_ascii=False)
            for kind in ("providers", "models", "contracts", "size_tables")
            for name, document in data[kind].items()
        }
        self.of["parameters", ""] = json.dumps(data["parameters"], ensure_ascii=False)
        self.shared = {key: text for key, text in self.of.items() if key[0] not in ("models", "contracts")}


_Pair = tuple[_Texts, _Texts]


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


def _model_text(name: str, catalog: Loaded, texts: _Texts) -> list[str | None]:
    """A model's own text with those of its contracts, which say all there is to it beside what is shared."""
    contracts = (("contracts", contract) for contract in _contracts(catalog, name))
    return [texts.of[key] for key in (("models", name), *contracts)]


def _contracts(catalog: Loaded, model: str) -> list[str]:
    entries = catalog.documents.models[model].data["endpoints"]
    return [f"{entry['provider']}/{entry['id']}" for entry in entries]


def _untold(found: list[Difference], before: Loaded, after: Loaded, texts: _Pair) -> Iterator[Difference]:
    """A line for each document that differs and that no other line is about: only its wording or its order is other."""
    told = {(one.model, one.provider) for one in found}
    models = {model for model, _ in told}
    providers = {provider for _, provider in told} | {(one.endpoint or "").partition("/")[0] for one in found}
    users = {name: model for one in (before, after) for model in one.models for name in _contracts(one, model)}
    for kind, name in dict.fromkeys((*texts[0].of, *texts[1].of)):
        if texts[0].of.get((kind, name)) == texts[1].of.get((kind, name)):
            continue
        if kind == "models" and name not in models:
            yield _written("is written otherwise; nothing about it is different", model=name)
        elif kind == "contracts" and users.get(name) not in models:
            told_so = f"the contract of {name} is written otherwise" + (
                "" if name in users else "; no endpoint uses it"
            )
            yield _written(told_so, model=users.get(name))
        elif kind == "providers" and name not in providers:
            yield _written("is written otherwise; nothing about it is different", provider=name)
        elif kind in ("parameters", "size_tables") and not found:
            yield _written(f"{name or 'parameters'} is written otherwise; nothing that is in use is different")


def _written(message: str, *, model: str | None = None, provider: str | None = None) -> Difference:
    return Difference(kind=Kind.WRITTEN, message=message, model=model, provider=provider)


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
