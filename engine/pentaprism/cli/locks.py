"""`catalog lock` and `catalog upgrade`: pin a catalog, and move the pin once its effect has been seen.

Row 8; it must not compare or replay anything itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..api import Catalog, today
from ..catalog.content_hash import content_hash
from ..catalog.diff import diff
from ..catalog.layers import BUILTIN
from ..catalog.lock import LOCK_FILE, Lock, lock_file, lock_of, read_lock, snapshot_path
from ..catalog.publish import publish
from ..errors import CatalogError, Fault, Finding, RequestError
from .comparing import Form, ReplayFile, ReportForm, replayed, show
from .output import print_text, say
from .publishing import day

__all__ = ["NOT_CONFIRMED", "lock", "upgrade"]

NOT_CONFIRMED = 4
"""The exit code where the pin could be moved and nobody has said yes."""

LockFile = Annotated[Path, typer.Option("--file", help="The lock file.")]


def lock(
    catalog: Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to pin.")] = None,
    extends: Annotated[
        list[Path] | None, typer.Option("--extends", help="Lay this catalog over it first; may be repeated.")
    ] = None,
    file: LockFile = Path(LOCK_FILE),
    snapshot: Annotated[
        bool, typer.Option(help="Keep the pinned catalog beside the lock, so that changes can be shown later.")
    ] = True,
) -> None:
    """Pin a catalog by the hash of what it says; `pentaprism --lock FILE ...` then refuses any other.

    A lock that pins something else is left alone: `catalog upgrade` moves it.
    """
    loaded = Catalog.load(catalog, extends or ())
    pin = lock_of(loaded.documents, catalog=_seen_from(file, catalog), extends=_all_seen_from(file, extends))
    if file.exists() and (old := read_lock(file)).hash != pin.hash:
        named = "" if file == Path(LOCK_FILE) else f" --file {file}"
        message = (
            f"{file} pins {old.catalog} {old.version}; `pentaprism catalog upgrade{named}` shows what changed and "
            "moves the pin."
        )
        raise RequestError([Fault("--file", message)])
    _write(file, pin, loaded if snapshot else None)
    say(f"pinned {pin.catalog} {pin.version}, {pin.hash}")
    print_text(str(file))


def upgrade(
    catalog: Annotated[Path | None, typer.Option("--catalog", help="Pin this one instead of what was pinned.")] = None,
    extends: Annotated[
        list[Path] | None, typer.Option("--extends", help="With --catalog or alone: laid over it; may be repeated.")
    ] = None,
    file: LockFile = Path(LOCK_FILE),
    replay: ReplayFile = None,
    on: Annotated[
        str | None, typer.Option("--date", help="With --replay: the day whose prices count; else today.")
    ] = None,
    form: ReportForm = Form.TEXT,
    yes: Annotated[bool, typer.Option("--yes", help="Move the pin without asking.")] = False,
) -> None:
    """Show what changed since a catalog was pinned, and what that does to recorded requests; then move the pin.

    Without --yes it asks, and where nobody can be asked it leaves the pin and exits with 4.
    """
    old = read_lock(file)
    given = catalog is not None or bool(extends)
    loaded = Catalog.load(catalog, extends or ()) if given else Catalog.load(*_pinned(file, old))
    if content_hash(loaded.documents) == old.hash:
        say(f"{file} pins the catalog as it is: {old.catalog} {old.version}")
        return
    pinned = _snapshot(file, old)
    pin = lock_of(
        loaded.documents,
        catalog=_seen_from(file, catalog) if given else old.catalog,
        extends=_all_seen_from(file, extends) if given else old.extends,
    )
    found = diff(pinned, loaded, names=(f"{old.catalog} as pinned", pin.catalog))
    impact = None if replay is None else replayed(pinned, loaded, replay, day(on) or today())
    show(found, impact, form)
    if old.engine != __version__:
        say(f"the pin is of Pentaprism {old.engine}; here {__version__} reads both catalogs")
    if not yes and not _confirmed(f"Move the pin in {file} to {pin.version}?"):
        say(f"{file} is as it was; --yes moves the pin")
        raise typer.Exit(NOT_CONFIRMED)
    _write(file, pin, loaded)
    say(f"pinned {pin.catalog} {pin.version}, {pin.hash}")


def _confirmed(question: str) -> bool:
    return sys.stdin.isatty() and typer.confirm(question, err=True)


def _pinned(file: Path, pin: Lock) -> tuple[Path | None, list[Path]]:
    """What a lock pins, as paths from here."""

    def seen(name: str) -> Path:
        return Path(os.path.normpath(file.parent / name))

    return None if pin.catalog == BUILTIN else seen(pin.catalog), [seen(name) for name in pin.extends]


def _snapshot(file: Path, pin: Lock) -> Catalog:
    """The catalog as it was pinned.

    Raises:
        RequestError: it was not kept.
        CatalogError: what lies there is not what was pinned.
    """
    path = snapshot_path(file)
    if not path.exists():
        message = (
            f"{path} is not there, so what changed cannot be shown. Compare with another revision by `pentaprism "
            f"catalog diff`; then delete {file} and pin anew with `pentaprism catalog lock`."
        )
        raise RequestError([Fault("--file", message)])
    kept = Catalog.load(path)
    if content_hash(kept.documents) != pin.hash:
        message = f"this is not the catalog that {file} pins; take both from the same commit"
        raise CatalogError([Finding(str(path), 0, 0, "locked", message)])
    return kept


def _write(file: Path, pin: Lock, snapshot: Catalog | None) -> None:
    try:
        if snapshot is None:
            # One that is left from before would belong to another pin.
            snapshot_path(file).unlink(missing_ok=True)
        else:
            snapshot_path(file).write_bytes(publish(snapshot.documents))
        file.write_bytes(lock_file(pin))
    except OSError as error:
        message = f"{error.filename or file} cannot be written: {error.strerror}."
        raise RequestError([Fault("--file", message)]) from None


def _seen_from(file: Path, path: Path | None) -> str:
    """A path as the lock states it: from its own folder, so that both can move together."""
    return BUILTIN if path is None else os.path.relpath(path, file.parent).replace(os.sep, "/")


def _all_seen_from(file: Path, paths: list[Path] | None) -> tuple[str, ...]:
    return tuple(_seen_from(file, path) for path in paths or ())
