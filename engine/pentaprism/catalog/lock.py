"""The lock file that pins a catalog by the hash of what it says, so that a price never changes unseen.

Row 3. `pentaprism catalog lock` writes it, `Catalog.load(lock=...)` obeys it. Beside the pin lies a snapshot of the
pinned catalog, so that what changed since can be shown. It must not write a file, and not judge a change.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import CatalogError, Finding
from .content_hash import content_hash
from .documents import Documents
from .json_source import read_json

__all__ = ["LOCK_FILE", "LOCK_FORMAT", "Lock", "check_lock", "lock_file", "lock_of", "read_lock", "snapshot_path"]

LOCK_FILE = "catalog.lock"
"""What a lock is called where nobody says otherwise."""

LOCK_FORMAT = 1
"""The number of the file's shape; a new shape is a new number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The pin of one catalog.

    `catalog` and `extends` say what was pinned: `builtin`, or paths seen from the lock's folder. `version` and `hash`
    are the catalog's; `engine` is the version of Pentaprism that wrote the lock. `file` is the lock's own path, for
    messages.
    """

    catalog: str
    extends: tuple[str, ...]
    version: str
    hash: str
    engine: str
    file: str = LOCK_FILE


def lock_of(documents: Documents, *, catalog: str, extends: tuple[str, ...] = ()) -> Lock:
    """The pin of a catalog as it is now.

    >>> from .documents import read_documents
    >>> lock_of(read_documents(), catalog="builtin").hash.partition(":")[0]
    'sha256'
    """
    stated = {"version": documents.version, "hash": content_hash(documents), "engine": __version__}
    return Lock(catalog=catalog, extends=extends, **stated)


def lock_file(lock: Lock) -> bytes:
    """The bytes of the file; the same for the same pin.

    >>> pin = Lock(catalog="builtin", extends=(), version="2026.11.21", hash="sha256:0", engine="0.1.0")
    >>> print(lock_file(pin).decode(), end="")
    {
      "format": 1,
      "catalog": "builtin",
      "extends": [],
      "version": "2026.11.21",
      "hash": "sha256:0",
      "engine": "0.1.0"
    }
    """
    data: dict[str, Any] = {"format": LOCK_FORMAT, "catalog": lock.catalog, "extends": list(lock.extends)}
    data |= {"version": lock.version, "hash": lock.hash, "engine": lock.engine}
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def snapshot_path(lock: str | os.PathLike[str]) -> Path:
    """Where the pinned catalog lies in its published form: beside the lock, and loaded like any published file.

    >>> snapshot_path("deploy/catalog.lock").as_posix()
    'deploy/catalog.lock.json'
    """
    return Path(f"{os.fspath(lock)}.json")


def read_lock(path: str | os.PathLike[str]) -> Lock:
    """The pin in a file.

    Raises:
        CatalogError: there is no such file, or no lock in it.
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise _refusal(file, f"this lock cannot be read: {error.strerror}; write one with {_LOCK}") from None
    except UnicodeDecodeError:
        raise _refusal(file, f"this is no lock; write one with {_LOCK}") from None
    document = read_json(str(path), text)
    if document.findings:
        raise CatalogError(document.findings)
    data = document.data
    if data.get("format") != LOCK_FORMAT:
        said = f"this one says {json.dumps(data['format'])}" if "format" in data else "this one does not"
        message = f'a lock says "format": {LOCK_FORMAT}; {said}; write it again with {_LOCK}'
        raise CatalogError([document.finding(("format",), "wrong-format", message)])
    texts = [data.get(key) for key in ("catalog", "version", "hash", "engine")]
    extends = data.get("extends", [])
    if not isinstance(extends, list) or not all(isinstance(one, str) for one in (*texts, *extends)):
        message = f"this is no lock: it needs 'catalog', 'version', 'hash' and 'engine'; write it again with {_LOCK}"
        raise CatalogError([document.finding((), "wrong-type", message)])
    catalog, version, digest, engine = map(str, texts)
    return Lock(catalog=catalog, extends=tuple(extends), version=version, hash=digest, engine=engine, file=str(path))


_LOCK = "`pentaprism catalog lock`"


def check_lock(documents: Documents, lock: Lock) -> None:
    """Nothing, where the catalog is the one pinned.

    Raises:
        CatalogError: it is another; the message says which, and how to see what changed.
    """
    found = content_hash(documents)
    if found == lock.hash:
        return
    upgrade = "pentaprism catalog upgrade" + ("" if Path(lock.file) == Path(LOCK_FILE) else f" --file {lock.file}")
    message = (
        f"this pins {lock.catalog} {lock.version} ({lock.hash[:19]}...), and the catalog at hand is "
        f"{documents.version} ({found[:19]}...); `{upgrade}` shows what changed and moves the pin, and "
        f"{snapshot_path(lock.file).name} is the catalog as it was pinned"
    )
    raise _refusal(Path(lock.file), message)


def _refusal(file: Path, message: str) -> CatalogError:
    return CatalogError([Finding(str(file), 0, 0, "locked", message)])
