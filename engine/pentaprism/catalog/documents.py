"""Find and read the files of a catalog: a folder of YAML and JSON contracts, or one published JSON file.

Row 3, and the only module that reads a catalog's files. Layers (`extends`) are laid over each other here. This module
must not know what a model or a rule means: `pentaprism.catalog.build` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ..errors import CatalogError, Finding
from .document import Document, Path
from .json_source import read_json
from .version import calver
from .yaml_source import read_yaml

__all__ = ["FORMAT", "Documents", "builtin_path", "overlay", "read_documents"]

FORMAT = 1
"""The number of the published JSON's shape; a new shape is a new number beside the old one."""


@dataclass(slots=True)
class Documents:
    """Every document of a catalog, by kind and id; `published` where they came out of one JSON file."""

    parameters: Document = field(default_factory=lambda: Document("parameters.yaml", {}))
    size_tables: Document = field(default_factory=lambda: Document("size-tables.yaml", {}))
    providers: dict[str, Document] = field(default_factory=dict)
    models: dict[str, Document] = field(default_factory=dict)
    contracts: dict[str, Document] = field(default_factory=dict)
    version: str = "unversioned"
    published: bool = False

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the files as YAML or JSON, in file order."""
        return [finding for _, document in self.each() for finding in document.findings]

    def each(self) -> Iterator[tuple[str, Document]]:
        """Every document with its kind: parameters, size-tables, provider, model or contract."""
        yield "parameters", self.parameters
        yield "size-tables", self.size_tables
        for kind, many in (("provider", self.providers), ("model", self.models), ("contract", self.contracts)):
            for document in many.values():
                yield kind, document


def builtin_path() -> FilePath:
    """Where the catalog that came with this package lies: inside the wheel, or beside `engine/` in a checkout.

    >>> builtin_path().name in ("catalog", "catalog.json")
    True
    """
    package = FilePath(__file__).resolve().parent.parent
    for candidate in (package / "data" / "catalog.json", package / "data" / "catalog"):
        if candidate.exists():
            return candidate
    return package.parent.parent / "catalog"


def read_documents(path: str | FilePath | None = None) -> Documents:
    """Read a catalog folder or a published JSON file; None is the catalog that came with this package.

    Raises:
        CatalogError: there is nothing at that path, or it is not a catalog.
    """
    root = FilePath(path) if path is not None else builtin_path()
    if root.is_dir():
        return _read_folder(root)
    if root.is_file() and root.suffix == ".json":
        return _read_published(root)
    if root.is_file():
        message = "a catalog is a folder with models/ and providers/ in it, or a published .json file; this is one file"
    else:
        message = "there is no such folder or file; give a catalog folder or a published .json file"
    raise CatalogError([Finding(str(root), 0, 0, "no-catalog", message)])


def _read_folder(root: FilePath) -> Documents:
    documents = Documents()
    known = [root / name for name in ("models", "providers", "contracts", "parameters.yaml", "size-tables.yaml")]
    if not any(place.exists() for place in known):
        message = "nothing in this folder is part of a catalog (models/, providers/, contracts/, parameters.yaml)"
        raise CatalogError([Finding(str(root), 0, 0, "no-catalog", message)])
    for name, attribute in (("parameters.yaml", "parameters"), ("size-tables.yaml", "size_tables")):
        if (root / name).is_file():
            setattr(documents, attribute, _read(root / name))
    for file in sorted((root / "providers").glob("*.yaml")):
        documents.providers[file.stem] = _read(file)
    for file in sorted((root / "models").rglob("*.yaml")):
        document = _read(file)
        first = documents.models.setdefault(file.stem, document)
        if first is not document:
            message = f"{first.name} describes a model of this id too; the file name is the id, so rename one"
            first.findings += [*document.findings, Finding(document.name, 1, 1, "duplicate-name", message)]
    contracts = root / "contracts"
    for file in sorted(contracts.rglob("*.json")):
        documents.contracts[file.relative_to(contracts).as_posix().removesuffix(".json")] = _read_json(file)
    documents.version = calver(document.data for _, document in documents.each())
    return documents


def _shown(file: FilePath) -> str:
    """A path as the person at the terminal would write it."""
    try:
        return file.relative_to(FilePath.cwd()).as_posix()
    except ValueError:
        return file.as_posix()


def _text(file: FilePath, document: Document) -> str | None:
    """A file's text; None, and why in the document, where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        read, byte = error.object[: error.start], error.object[error.start]
        line, column = read.count(b"\n") + 1, len(read) - read.rfind(b"\n")
        message = f"this file is not UTF-8 (byte {error.start} is {byte:#x}); save it as UTF-8"
        document.refuse("not-utf-8", message, line, column)
    except OSError as error:
        document.refuse("unreadable", f"this file cannot be read: {error.strerror}", 0, 0)
    return None


def _read(file: FilePath) -> Document:
    document = Document(_shown(file), {})
    text = _text(file, document)
    if text is None:
        return document
    document = read_yaml(document.name, text)
    if not isinstance(document.data, dict):
        shown = "a list" if isinstance(document.data, list) else repr(document.data)
        document.refuse("wrong-type", f"the file must hold a mapping (key: value), not {shown}")
    return document


def _read_json(file: FilePath, *, authored: bool = True) -> Document:
    document = Document(_shown(file), {})
    text = _text(file, document)
    return document if text is None else read_json(document.name, text, authored=authored)


def _read_published(file: FilePath) -> Documents:
    document = _read_json(file, authored=False)
    data = document.data
    if not document.findings and data.get("format") != FORMAT:
        message = f'a published catalog says "format": {FORMAT}; this one says {data.get("format")!r}'
        document.findings.append(document.finding(("format",), "wrong-format", message))
    for kind in ("parameters", "size_tables", "providers", "models", "contracts"):
        if not isinstance(data.get(kind, {}), dict):
            document.findings.append(document.finding((kind,), "wrong-type", f"{kind!r} must be an object"))
    if document.findings:
        raise CatalogError(document.findings)

    def one(place: str, value: Any) -> Document:
        part = Document(f"{document.name}#{place}", value)
        if not isinstance(value, dict):
            part.refuse("wrong-type", f"this must be an object, not {value!r}", 0, 0)
        return part

    def many(kind: str) -> dict[str, Document]:
        return {name: one(f"{kind}/{name}", value) for name, value in data.get(kind, {}).items()}

    return Documents(
        parameters=one("parameters", data.get("parameters", {})),
        size_tables=one("size_tables", data.get("size_tables", {})),
        providers=many("providers"),
        models=many("models"),
        contracts=many("contracts"),
        version=str(data.get("version", "unversioned")),
        published=True,
    )


def overlay(base: Documents, layers: Iterable[Documents]) -> Documents:
    """Lay catalogs over each other: later ones add models, providers, contracts and parameters, and amend those of
    the same id. An amended model keeps what the layer does not say, and all its aliases, since a name once given out
    must go on meaning what it meant; an endpoint is amended by its key.
    """
    for layer in layers:
        base = Documents(
            parameters=_amend(base.parameters, layer.parameters),
            size_tables=_amend(base.size_tables, layer.size_tables),
            providers=_amend_each(base.providers, layer.providers),
            models=_amend_each(base.models, layer.models),
            contracts={**base.contracts, **layer.contracts},
            version=base.version,
            published=base.published and layer.published,
        )
    return base


def _amend_each(base: dict[str, Document], layer: dict[str, Document]) -> dict[str, Document]:
    merged = dict(base)
    for name, document in layer.items():
        merged[name] = _amend(base[name], document, name) if name in base else document
    return merged


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
        place = keys.index(key) if key is not None and key in keys else len(endpoints)
        if place < len(endpoints):
            endpoints[place] = {**endpoints[place], **entry}
            for name in entry:
                _copy_positions(layer, merged, ("endpoints", index, name), ("endpoints", place, name))
        else:
            endpoints.append(entry)
            _copy_positions(layer, merged, ("endpoints", index), ("endpoints", place))
    merged.data["endpoints"] = endpoints


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
