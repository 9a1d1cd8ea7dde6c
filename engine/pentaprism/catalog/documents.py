"""Find and read the files of one catalog: a folder of YAML and JSON contracts, or one published JSON file.

Row 3, and the only module that reads a catalog's files. What a catalog extends is read and laid below it by
`pentaprism.catalog.layers`. This module must not know what a model or a rule means: `pentaprism.catalog.build` does.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ..errors import CatalogError, Finding
from .document import Document
from .json_source import read_json
from .version import UNVERSIONED, calver

__all__ = ["FORMAT", "MANIFEST", "Documents", "builtin_path", "read_documents"]

FORMAT = 1
"""The number of the published JSON's shape; a new shape is a new number beside the old one."""

MANIFEST = "catalog.yaml"
"""The file at the root of a folder that names the catalog and what it extends; a catalog may do without."""


@dataclass(slots=True)
class Documents:
    """Every document of a catalog, by kind and id; `published` where they came out of one JSON file.

    `manifests` holds one for each layer that has one. `name` and `version` are those of the topmost layer that states
    them; without a stated version it is the day of the newest fact.
    """

    parameters: Document = field(default_factory=lambda: Document("parameters.yaml", {}))
    size_tables: Document = field(default_factory=lambda: Document("size-tables.yaml", {}))
    providers: dict[str, Document] = field(default_factory=dict)
    models: dict[str, Document] = field(default_factory=dict)
    contracts: dict[str, Document] = field(default_factory=dict)
    proofs: Document = field(default_factory=lambda: Document("proofs.json", {}))
    manifests: tuple[Document, ...] = ()
    name: str | None = None
    version: str = UNVERSIONED
    published: bool = False

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the files as YAML or JSON, in file order."""
        return [finding for _, document in self.each() for finding in document.findings]

    def each(self) -> Iterator[tuple[str, Document]]:
        """Every document with its kind: parameters, size-tables, provider, model, contract, manifest or proofs."""
        yield "parameters", self.parameters
        yield "size-tables", self.size_tables
        for kind, many in (("provider", self.providers), ("model", self.models), ("contract", self.contracts)):
            for document in many.values():
                yield kind, document
        for document in self.manifests:
            yield "manifest", document
        if self.proofs.data or self.proofs.findings:
            yield "proofs", self.proofs


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
    known = ("models", "providers", "contracts", "parameters.yaml", "size-tables.yaml", MANIFEST)
    if not any((root / name).exists() for name in known):
        message = f"nothing in this folder is part of a catalog (models/, providers/, contracts/, {MANIFEST})"
        raise CatalogError([Finding(str(root), 0, 0, "no-catalog", message)])
    for name, attribute in (("parameters.yaml", "parameters"), ("size-tables.yaml", "size_tables")):
        if (root / name).is_file():
            setattr(documents, attribute, _read(root / name))
    for file in sorted((root / "providers").glob("*.yaml")):
        documents.providers[file.stem] = _read(file)
    # By id, as in the published file: which family a model is filed under changes no order.
    for file in sorted((root / "models").rglob("*.yaml"), key=lambda one: (one.stem, one)):
        document = _read(file)
        first = documents.models.setdefault(file.stem, document)
        if first is not document:
            message = f"{first.name} describes a model of this id too; the file name is the id, so rename one"
            first.findings += [*document.findings, Finding(document.name, 1, 1, "duplicate-name", message)]
    contracts = root / "contracts"
    names = {file.relative_to(contracts).as_posix().removesuffix(".json"): file for file in contracts.rglob("*.json")}
    documents.contracts = {name: _read_json(names[name]) for name in sorted(names)}
    if (root / "proofs.json").is_file():
        documents.proofs = _read_json(root / "proofs.json")
        if documents.proofs.broken:
            # A program writes this file, so nobody has to mend it.
            again = "; delete the file and run `pentaprism prove --write`"
            fault = documents.proofs.findings[0]
            documents.proofs.findings[0] = fault._replace(message=fault.message + again)
    documents.version = calver(document.data for _, document in documents.each())
    if (root / MANIFEST).is_file():
        manifest = _read(root / MANIFEST)
        documents.manifests = (manifest,)
        documents.name, documents.version = _stated(manifest, "name"), _stated(manifest, "version") or documents.version
    return documents


def _stated(manifest: Document, key: str) -> str | None:
    """What a manifest says under a key; a finding where that is no text."""
    value = manifest.data.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    manifest.findings.append(manifest.finding((key,), "wrong-type", f"{key!r} must be text, not {value!r}"))
    return None


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
    # A published catalog needs no YAML, and to import PyYAML takes a quarter of what importing this package does.
    from .yaml_source import read_yaml

    document = read_yaml(document.name, text)
    if not isinstance(document.data, dict):
        shown = "a list" if isinstance(document.data, list) else repr(document.data)
        document.refuse("wrong-type", f"the file must hold a mapping (key: value), not {shown}")
    return document


def _read_json(file: FilePath, *, authored: bool = True) -> Document:
    document = Document(_shown(file), {})
    text = _text(file, document)
    return document if text is None else read_json(document.name, text, authored=authored)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Let the garbage collector rest: it would look through all that was read so far again and again, for cycles that
    JSON cannot hold, and a large catalog would take half as long again to read, a very large one four times.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            # What was read is there to stay. This makes it old without a look at it; it would also thaw what a program
            # has frozen for its own reasons, so then the collector has to look.
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@_without_collecting()
def _read_published(file: FilePath) -> Documents:
    document = _read_json(file, authored=False)
    data = document.data
    if not document.findings and data.get("format") != FORMAT:
        message = f'a published catalog says "format": {FORMAT}; this one says {data.get("format")!r}'
        document.findings.append(document.finding(("format",), "wrong-format", message))
    for kind in ("parameters", "size_tables", "providers", "models", "contracts", "proofs"):
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
        proofs=one("proofs", data.get("proofs", {})),
        name=str(data["name"]) if data.get("name") else None,
        version=str(data.get("version", UNVERSIONED)),
        published=True,
    )
