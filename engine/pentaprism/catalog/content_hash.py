"""The hash of what a catalog says: two catalogs of one hash give every request the same calls at the same price.

Row 3. It covers the documents as they stand once all layers are laid over each other, in the order they were written,
since some of that order counts (the first tier of a grid, the order of the vocabulary). Which folder or file they came
from, the catalog's name and version, and results of proofs have no part in it. It must not read a file.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .documents import Documents

__all__ = ["content", "content_hash"]


def content(documents: Documents) -> dict[str, Any]:
    """What the documents say, kind by kind; those of a kind by their ids, so that no file's place changes the order."""
    data: dict[str, Any] = {"parameters": documents.parameters.data}
    for kind, many in (
        ("size_tables", documents.size_tables.data),
        ("providers", {name: document.data for name, document in documents.providers.items()}),
        ("models", {name: document.data for name, document in documents.models.items()}),
        ("contracts", {name: document.data for name, document in documents.contracts.items()}),
    ):
        data[kind] = {name: many[name] for name in sorted(many)}
    return data


def content_hash(documents: Documents) -> str:
    """The hash of documents in which nothing is wrong: `sha256:` and 64 digits.

    >>> from .documents import read_documents
    >>> content_hash(read_documents()) == content_hash(read_documents())
    True
    """
    text = json.dumps(content(documents), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
