"""A catalog as one JSON file, for those who load it without YAML, and faster.

Row 3. The file holds what the authors wrote, as it stands once all layers are laid over each other, and the results of
proofs if there are any. Nothing is computed into it but the version and the hash of what it says, so that loading it
and loading the folder build the same. Two runs over the same files give the same bytes. It must not write anything
anywhere.
"""

from __future__ import annotations

import json
from typing import Any

from .. import __version__
from ..errors import CatalogError
from .build import Builder
from .content_hash import content, content_hash
from .documents import FORMAT, Documents

__all__ = ["as_published", "header", "publish"]


def header(documents: Documents) -> dict[str, Any]:
    """What a published file says of itself: its shape, the catalog's name (if any), version and hash, and the engine.

    >>> from .documents import read_documents
    >>> list(header(read_documents()))
    ['format', 'version', 'hash', 'engine']
    """
    named = {"name": documents.name} if documents.name else {}
    stated = {"version": documents.version, "hash": content_hash(documents), "engine": __version__}
    return {"format": FORMAT, **named, **stated}


def publish(documents: Documents) -> bytes:
    """The published form of a catalog, UTF-8 JSON.

    Raises:
        CatalogError: something is wrong with the catalog; what is published must load.

    >>> from .documents import read_documents
    >>> publish(read_documents())[:12]
    b'{"format":1,'
    """
    builder = Builder(documents)
    builder.everything()
    if builder.findings:
        raise CatalogError(builder.findings)
    return as_published(documents)


def as_published(documents: Documents) -> bytes:
    """The same, of documents that are known to be sound."""
    data = {**header(documents), **content(documents)}
    if documents.proofs.data:
        data["proofs"] = documents.proofs.data
    return (json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode("utf-8")
