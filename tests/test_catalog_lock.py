"""A lock pins a catalog by the hash of what it says, and nothing else loads under it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog_folders import BASE, FLUX, PRIVATE, layer
from pentaprism import Catalog, CatalogError, __version__
from pentaprism.catalog.content_hash import content_hash
from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.layers import read_catalog
from pentaprism.catalog.lock import Lock, check_lock, lock_file, lock_of, read_lock, snapshot_path
from pentaprism.catalog.publish import publish


def locked(folder: Path, path: Path | None = BASE) -> Path:
    """A lock file that pins a catalog."""
    folder.mkdir(exist_ok=True)
    file = folder / "catalog.lock"
    file.write_bytes(lock_file(lock_of(read_catalog(path), catalog="../base")))
    return file


def test_a_lock_reads_as_it_was_written(tmp_path: Path) -> None:
    lock = lock_of(read_documents(BASE), catalog="../base", extends=("../mine", "ours"))
    file = tmp_path / "catalog.lock"
    file.write_bytes(lock_file(lock))
    assert read_lock(file) == Lock(
        catalog="../base",
        extends=("../mine", "ours"),
        version="2026.01.02",
        hash=content_hash(read_documents(BASE)),
        engine=__version__,
        file=str(file),
    )


def test_the_pinned_catalog_loads_from_wherever_it_lies(tmp_path: Path) -> None:
    file = locked(tmp_path)
    published = tmp_path / "published.json"
    published.write_bytes(publish(read_documents(BASE)))
    for path in (BASE, published):
        assert Catalog.load(path, lock=file).model("lamp").id == "lantern"
    manifest = layer(tmp_path / "mine", **{"catalog.yaml": f"extends: {BASE}\nname: Another name\n"})
    assert Catalog.load(manifest, lock=str(file)).documents.name == "Another name"


def test_another_catalog_is_refused(tmp_path: Path) -> None:
    file = locked(tmp_path)
    pinned, found = content_hash(read_documents(BASE)), content_hash(read_documents())
    with pytest.raises(CatalogError) as caught:
        Catalog.load(lock=file)
    assert str(caught.value) == (
        f"{file}: locked: this pins ../base 2026.01.02 ({pinned[:19]}...), and the catalog at hand is "
        f"{Catalog.load().version} ({found[:19]}...); `pentaprism catalog upgrade --file {file}` shows what "
        "changed and moves the pin, and catalog.lock.json is the catalog as it was pinned"
    )


@pytest.mark.parametrize("change", ["summary: Other.\n", "aliases: [other]\n"])
def test_the_least_change_is_another_catalog(tmp_path: Path, change: str) -> None:
    file = locked(tmp_path / "lock")
    folder = layer(tmp_path / "mine", **{"models/lantern.yaml": change})
    with pytest.raises(CatalogError, match="locked"):
        Catalog.load(BASE, extends=[folder], lock=file)


def test_proofs_and_comments_change_no_hash(tmp_path: Path) -> None:
    kept = layer(tmp_path, **{"catalog.yaml": "extends: builtin\n", FLUX: PRIVATE})
    before = content_hash(read_catalog(kept))
    layer(kept, **{"proofs.json": '{"format": 1, "endpoints": {}}', FLUX: "# A comment.\n" + PRIVATE})
    assert content_hash(read_catalog(kept)) == before
    check_lock(read_catalog(kept), lock_of(read_catalog(kept), catalog="."))


def test_the_snapshot_lies_beside_the_lock() -> None:
    assert snapshot_path(Path("a") / "b.lock") == Path("a") / "b.lock.json"


SOUND: dict[str, Any] = {"format": 1, "catalog": "builtin", "version": "1", "hash": "sha256:0", "engine": "0"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "catalog.lock: locked: this lock cannot be read: No such file or directory; write one with"),
        (b"\xff", "catalog.lock: locked: this is no lock; write one with `pentaprism catalog lock`"),
        (b"{", "catalog.lock:1:2: json-syntax"),
        (b"[]", "wrong-type: the file must hold an object"),
        ({**SOUND, "format": 2}, '1:12: wrong-format: a lock says "format": 1; this one says 2; write it again with'),
        ({**SOUND, "hash": 3}, "wrong-type: this is no lock: it needs 'catalog', 'version', 'hash' and 'engine'"),
        ({}, '1:1: wrong-format: a lock says "format": 1; this one does not; write it again with'),
        ({"format": 1}, "wrong-type: this is no lock"),
        ({**SOUND, "extends": "x"}, "wrong-type: this is no lock"),
        ({**SOUND, "extends": [3]}, "wrong-type: this is no lock"),
    ],
)
def test_what_is_no_lock_is_told_so(tmp_path: Path, content: Any, told: str) -> None:
    file = tmp_path / "catalog.lock"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(CatalogError) as caught:
        Catalog.load(lock=file)
    assert told in str(caught.value)


def test_a_lock_without_layers_may_leave_them_out(tmp_path: Path) -> None:
    file = tmp_path / "catalog.lock"
    file.write_text(json.dumps(SOUND), encoding="utf-8")
    assert read_lock(file).extends == ()
