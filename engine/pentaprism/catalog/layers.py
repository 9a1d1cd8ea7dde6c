"""Catalogs laid over each other: a private one over that which it extends.

Row 3. What a catalog extends stands in its manifest (`extends: builtin`, or a path), and is read here with it. Data are
amended as they were written; what they mean is nobody's business here. It must not read a catalog's own files:
`pentaprism.catalog.documents` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any

from ..errors import CatalogError, did_you_mean
from .document import Document, Path
from .documents import Documents, builtin_path, read_documents
from .version import UNVERSIONED

__all__ = ["BUILTIN", "overlay", "read_catalog", "read_layers"]

BUILTIN = "builtin"
"""What `extends` calls the catalog that came with this package."""


def read_catalog(
    path: str | os.PathLike[str] | None = None, extends: Iterable[str | os.PathLike[str]] = ()
) -> Documents:
    """A catalog and all that it extends, as one.

    Args:
        path: a folder or a published JSON file; None is the catalog that came with this package.
        extends: further catalogs to lay over it in order.

    Raises:
        CatalogError: there is no catalog at a path, or one of them extends itself.

    >>> len(read_catalog().models) == len(read_documents().models)
    True
    """
    lowest, *layers = read_layers(path, extends)
    return overlay(lowest, layers)


def read_layers(
    path: str | os.PathLike[str] | None = None, extends: Iterable[str | os.PathLike[str]] = ()
) -> list[Documents]:
    """The same, each catalog on its own: the lowest first, each once, however many extend it."""
    read: dict[FilePath, Documents] = {}
    for one in (path, *extends):
        _collect(builtin_path() if one is None else FilePath(one), read, ())
    return list(read.values())


def _collect(root: FilePath, read: dict[FilePath, Documents], above: tuple[FilePath, ...]) -> None:
    """Read a catalog after those it extends; `above` are those that extend it."""
    place = root.resolve()
    if place in read:
        return
    documents = read_documents(root)
    for manifest, path, name in _bases(documents):
        base = builtin_path() if name == BUILTIN else FilePath(os.path.normpath(root / name))
        if base.resolve() in (place, *above):
            raise CatalogError([manifest.finding(path, "extends-itself", f"{name!r} extends this catalog in turn")])
        if not base.exists():
            message = f"there is no catalog at {name!r}, seen from this file's folder; give a path, or {BUILTIN!r}"
            raise CatalogError([manifest.finding(path, "no-catalog", message)])
        _collect(base, read, (place, *above))
    read[place] = documents


def _bases(documents: Documents) -> Iterator[tuple[Document, Path, str]]:
    """What the manifest says the catalog extends, each with its place; what is no text is a finding."""
    for manifest in documents.manifests:
        stated = manifest.data.get("extends", [])
        listed = isinstance(stated, list)
        for index, name in enumerate(stated if listed else [stated]):
            path: Path = ("extends", index) if listed else ("extends",)
            if isinstance(name, str) and name:
                yield manifest, path, name
            else:
                message = f"'extends' names catalogs: {BUILTIN!r} or a path, not {name!r}"
                manifest.findings.append(manifest.finding(path, "wrong-type", message))


def overlay(base: Documents, layers: Iterable[Documents]) -> Documents:
    """Lay catalogs over each other: later ones add models, providers, contracts and parameters, and amend those of
    the same id. An amended model keeps what the layer does not say, and all its aliases, since a name once given out
    must go on meaning what it meant; an endpoint is amended by its key, its prices from the day the layer's begin.

    >>> documents = read_documents()
    >>> overlay(documents, [documents]).models.keys() == documents.models.keys()
    True
    """
    for layer in layers:
        base = Documents(
            parameters=_amend(base.parameters, layer.parameters),
            size_tables=_amend(base.size_tables, layer.size_tables),
            providers=_amend_each(base.providers, layer.providers),
            models=_amend_models(base.models, layer.models),
            contracts={**base.contracts, **layer.contracts},
            proofs=_amend_proofs(base.proofs, layer.proofs),
            manifests=(*base.manifests, *layer.manifests),
            name=layer.name or base.name,
            version=_version(base, layer),
            published=base.published and layer.published,
        )
    return base


def _version(base: Documents, layer: Documents) -> str:
    """The one the layer states, else the later: the day of the newest fact of both."""
    if any(manifest.data.get("version") == layer.version for manifest in layer.manifests):
        return layer.version
    dated = [one.version for one in (base, layer) if one.version != UNVERSIONED]
    return max(dated, default=UNVERSIONED)


def _amend_proofs(base: Document, layer: Document) -> Document:
    """The results of both; a layer's own stand for the endpoints it has results of."""
    merged = _amend(base, layer)
    ours, theirs = base.data.get("endpoints"), layer.data.get("endpoints")
    if merged is not base and isinstance(ours, dict) and isinstance(theirs, dict):
        merged.data["endpoints"] = {**ours, **theirs}
    return merged


def _amend_each(base: dict[str, Document], layer: dict[str, Document]) -> dict[str, Document]:
    merged = dict(base)
    for name, document in layer.items():
        merged[name] = _amend(base[name], document, name) if name in base else document
    return merged


def _amend_models(base: dict[str, Document], layer: dict[str, Document]) -> dict[str, Document]:
    """The same of models; a file that amends one there is not is told so, rather than of all that a new one needs."""
    lost = {name: _lost(name, one, base) for name, one in layer.items() if name not in base and _amends(one)}
    return _amend_each(base, {**layer, **lost})


def _amends(model: Document) -> bool:
    """Whether a model's file says nothing of what any new model must: then it is meant to amend one."""
    entries = model.data.get("endpoints")
    new = isinstance(entries, list) and any(isinstance(entry, dict) and "id" in entry for entry in entries)
    return bool(model.data) and not new and not model.data.keys() & {"name", "family", "creator", "summary"}


def _lost(name: str, model: Document, base: dict[str, Document]) -> Document:
    told = f"there is no model {name!r} below for this file to amend{_near(name, base)}; a new one has a name"
    document = Document(model.name, {})
    document.broken = True
    document.findings = [*model.findings, model.finding((), "unknown-model", told)]
    return document


def _near(name: str, known: Iterable[str]) -> str:
    """What may have been meant."""
    near = did_you_mean(name, known, count=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _amend(base: Document, layer: Document, model_id: str | None = None) -> Document:
    """One document over another, key by key; what the layer says is reported at the layer's own place."""
    if not layer.data and not layer.findings:
        return base
    merged = Document(base.name, {**base.data, **layer.data})
    merged.findings = [*base.findings, *layer.findings]
    merged.broken = base.broken or layer.broken
    _copy_positions(base, merged, (), ())
    for key in layer.data:
        _copy_positions(layer, merged, (key,), (key,))
    if model_id is not None:
        _append(base, layer, merged, "aliases")
        _amend_endpoints(base, layer, merged, model_id)
    return merged


def _append(base: Document, layer: Document, merged: Document, key: str) -> None:
    """The layer's entries after the base's, each once."""
    ours, theirs = base.data.get(key), layer.data.get(key)
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return
    entries = list(ours)
    _copy_positions(base, merged, (key,), (key,))
    for index, entry in enumerate(theirs):
        if entry not in entries:
            _copy_positions(layer, merged, (key, index), (key, len(entries)))
            entries.append(entry)
    merged.data[key] = entries


def _amend_endpoints(base: Document, layer: Document, merged: Document, model_id: str) -> None:
    ours, theirs = base.data.get("endpoints"), layer.data.get("endpoints")
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return
    endpoints = list(ours)
    keys = [_endpoint_key(entry, model_id) for entry in ours]
    _copy_positions(base, merged, ("endpoints",), ("endpoints",))
    for index, entry in enumerate(theirs):
        key = _endpoint_key(entry, model_id)
        if key is not None and key not in keys and "id" not in entry:
            told = f"there is no endpoint {key} below to amend{_near(key, filter(None, keys))}; a new one has an 'id'"
            merged.findings.append(layer.finding(("endpoints", index), "unknown-endpoint", told))
            continue
        place = keys.index(key) if key is not None and key in keys else len(endpoints)
        if place < len(endpoints):
            below = endpoints[place]
            endpoints[place] = {**below, **entry}
            for name in entry:
                _copy_positions(layer, merged, ("endpoints", index, name), ("endpoints", place, name))
            if "prices" in below and "prices" in entry:
                endpoints[place]["prices"] = _amend_prices(base, layer, merged, (index, place))
        else:
            endpoints.append(entry)
            _copy_positions(layer, merged, ("endpoints", index), ("endpoints", place))
    merged.data["endpoints"] = endpoints


def _amend_prices(base: Document, layer: Document, merged: Document, places: tuple[int, int]) -> Any:
    """The layer's rows, after those from below that begin before the first of them.

    So a request of an earlier day keeps the price of that day, and a list price announced for later does not end what
    was agreed. Rows without a day are left to whoever checks them.
    """
    theirs, ours = ("endpoints", places[0], "prices"), ("endpoints", places[1], "prices")
    rows, below = layer.data["endpoints"][places[0]]["prices"], base.data["endpoints"][places[1]]["prices"]
    days = [_day(row) for row in rows] if isinstance(rows, list) else []
    if not isinstance(below, list) or not days or None in days:
        return rows
    first = min(day for day in days if day)
    kept = [index for index, row in enumerate(below) if (_day(row) or first) < first]
    for number, index in enumerate(kept):
        _copy_positions(base, merged, (*ours, index), (*ours, number))
    for number in range(len(rows)):
        _copy_positions(layer, merged, (*theirs, number), (*ours, len(kept) + number))
    return [*(below[index] for index in kept), *rows]


def _day(row: Any) -> str | None:
    day = row.get("from") if isinstance(row, dict) else None
    return day if isinstance(day, str) else None


def _endpoint_key(entry: Any, model_id: str) -> str | None:
    return f"{entry.get('provider')}/{entry.get('name', model_id)}" if isinstance(entry, dict) else None


def _copy_positions(source: Document, target: Document, under: Path, to: Path) -> None:
    """The positions of one part of a document, to where that part stands in another; what stood there is forgotten."""
    depth, reach = len(under), len(to)
    for table, copies in ((source.keys, target.keys), (source.values, target.values)):
        for path in [path for path in copies if to and path[:reach] == to]:
            del copies[path]
        for path, place in table.items():
            if path[:depth] == under:
                moved = (*to, *path[depth:])
                copies[moved] = place
                target.sources[moved] = source.sources.get(path, source.name)
