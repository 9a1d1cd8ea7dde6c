"""The two catalogs of a comparison: `builtin`, a folder, a published file, or either as a git revision has it.

Row 8. A revision's files are laid into a folder that is gone afterwards; messages name them as git does. It must not
change the repository.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..api import Catalog
from ..catalog.documents import MANIFEST, builtin_path
from ..catalog.layers import BUILTIN
from ..catalog.yaml_source import read_yaml
from ..errors import CatalogError, Fault, Finding, RequestError

__all__ = ["FOLDER", "open_source", "shown_source"]

FOLDER = "catalog"
"""Where a repository keeps its catalog, if a revision is named without a path."""


@contextmanager
def open_source(text: str, *, folder: str = FOLDER) -> Iterator[Catalog]:
    """The catalog somebody names on a command line, for as long as it is looked at.

    Args:
        text: `builtin`; the path of a folder or a published file; `REVISION:PATH`; or `REVISION` alone.
        folder: the path of a revision that is named alone, from the repository's root.

    Raises:
        RequestError: it is none of these.
        CatalogError: the catalog there has faults.
    """
    if text == BUILTIN:
        yield Catalog.load()
    elif Path(text).exists():
        yield Catalog.load(text)
    else:
        revision, colon, path = text.partition(":")
        with tempfile.TemporaryDirectory(prefix="pentaprism-") as temporary:
            root = Path(temporary).resolve()
            path = _inside(path) if colon else folder
            _lay_out(root, _commit(text, revision), path, revision)
            try:
                yield Catalog.load(root / path)
            except CatalogError as error:
                raise CatalogError(_as_git_names(error.findings, root, revision)) from None


def _as_git_names(findings: Iterable[Finding], root: Path, revision: str) -> Iterator[Finding]:
    """The same findings, in files of a revision rather than of the folder it was laid out in."""
    for one in findings:
        path = Path(one.path)
        inside = path.relative_to(root).as_posix() if path.is_relative_to(root) else None
        yield one if inside is None else one._replace(path=f"{revision}:{inside}")


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise RequestError([Fault(None, "Comparing revisions needs git, which is not installed.")]) from None


def _commit(text: str, revision: str) -> str:
    """The commit of a revision; the message names everything the text could have been."""
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode != 0:
        message = (
            f"{text!r} is no catalog: it is not {BUILTIN!r}, there is no such folder or file, and git knows no "
            f"revision {revision!r} of this folder. A revision's catalog is REVISION:PATH, such as main:{FOLDER}."
        )
        raise RequestError([Fault(None, message)])
    return done.stdout.decode().strip()


def _inside(path: str) -> str:
    """A path from the root of the repository; `./x` is seen from the folder we are in, as git has it."""
    if path.startswith(("./", "../")):
        prefix = _git("rev-parse", "--show-prefix").stdout.decode().strip()
        path = os.path.join(prefix, path)
    return os.path.normpath(path or ".").replace(os.sep, "/")


def _lay_out(root: Path, commit: str, path: str, revision: str) -> None:
    """Put a path of a commit below `root`, and the catalogs its manifest extends that are in the repository too."""
    if path.startswith("../") or (root / path / MANIFEST).exists():
        return
    listed = [] if path == "." else ["--", path]
    top = _git("rev-parse", "--show-toplevel").stdout.decode().strip()
    done = _git("-C", top, "archive", "--format=tar", commit, *listed)
    if done.returncode != 0:
        message = (
            f"{revision!r} (commit {commit[:12]}) has no {path!r}. A revision's catalog is REVISION:PATH, such as "
            f"{revision}:{FOLDER}, and what it extends must be there too."
        )
        raise RequestError([Fault(None, message)])
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(root, filter="data")
    manifest = root / path / MANIFEST
    if manifest.is_file():
        stated = read_yaml(MANIFEST, manifest.read_text(encoding="utf-8")).data
        bases = stated.get("extends", []) if isinstance(stated, dict) else []
        for base in bases if isinstance(bases, list) else [bases]:
            if isinstance(base, str) and base != BUILTIN and not os.path.isabs(base):
                _lay_out(root, commit, os.path.normpath(f"{path}/{base}"), revision)


def shown_source(text: str) -> str:
    """How a report names it: the built-in one by its own word, a path or revision as it was given."""
    return BUILTIN if text == BUILTIN or Path(text).resolve() == builtin_path() else text
