"""Build the site: sources and generated pages into a work folder, mkdocs over it, the result into the site's folder.

Row 7; the part of this package that writes files. Pages lie on disk before mkdocs starts, so no plugin and no hook is
needed; only changed bytes are written, so that a server watching the folder settles; a manifest says which files are
ours, so that a page whose model is gone goes too and nobody else's file does. It must not change a page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date as Date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MissingDependency, PentaprismError
from .places import mkdocs_file, site_folder

if TYPE_CHECKING:
    from ..api import Catalog
    from ..catalog.proofs import ProofRecord

__all__ = ["SiteBuildError", "build_site", "site_files"]

_NEEDED = ("jinja2", "mkdocs", "material")


class SiteBuildError(PentaprismError):
    """The site could not be built: the folder is somebody else's, or mkdocs found something wrong."""


def _silent(line: str) -> None:
    """Where nobody asked to be told."""


def build_site(
    catalog: Catalog,
    out: str | os.PathLike[str],
    *,
    base_url: str | None = None,
    report: Callable[[str], None] = _silent,
    proofs: Mapping[str, ProofRecord] | None = None,
    date: Date | None = None,
) -> list[Path]:
    """Build the whole site into a folder; gives the files of it that are new or changed, sorted.

    What mkdocs reads and writes lies beside the folder, in one of the same name with `-work` after it.

    Args:
        catalog: whose models get pages.
        out: the folder to write; it must be empty, or hold a site built here before.
        base_url: where the site will be served, for canonical links and the sitemap; None leaves those out.
        report: told in a line what happens.
        proofs: as in `render`.
        date: as in `render`.

    Raises:
        MissingDependency: jinja2, mkdocs or mkdocs-material is not installed.
        SiteBuildError: the folder holds other files, or mkdocs refused; the message is its own.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise MissingDependency("Building the site", "site")
    target = Path(out).resolve()
    work = target.with_name(f"{target.name}-work")
    _refuse_foreign(target, work)
    files = site_files(catalog, proofs=proofs, date=date)
    changed = _sync(work / "docs", files, work / "docs.json")
    report(f"{len(files)} source files, {len(changed)} of them changed")
    _write_config(work, base_url)
    _run_mkdocs(work)
    built = {
        path.relative_to(work / "site").as_posix(): path.read_bytes()
        for path in sorted((work / "site").rglob("*"))
        if path.is_file()
    }
    written = _sync(target, built, work / "site.json")
    report(f"{len(built)} files in {target}, {len(written)} of them changed")
    return written


def site_files(
    catalog: Catalog, *, proofs: Mapping[str, ProofRecord] | None = None, date: Date | None = None
) -> dict[str, bytes]:
    """Everything mkdocs reads, by its path below the docs folder: hand-written pages, assets, generated files.

    Raises:
        SiteBuildError: a hand-written page has the path of a generated one.
    """
    from . import render

    source = site_folder()
    files = dict(_read(source / "docs"))
    files.update({f"assets/{path}": data for path, data in _read(source / "assets")})
    generated = render(catalog, proofs, date=date)
    twice = sorted(files.keys() & generated.keys())
    if twice:
        raise SiteBuildError(f"{', '.join(twice)} is both written by hand and generated; rename the file in site/docs")
    return files | generated


def _read(folder: Path) -> Iterable[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _refuse_foreign(target: Path, work: Path) -> None:
    if target.exists() and not target.is_dir():
        raise SiteBuildError(f"{target} is a file; give a folder for the site")
    if target.is_dir() and any(target.iterdir()) and not (work / "site.json").is_file():
        message = f"{target} is not empty and no site was built there before; give an empty folder, or delete it first"
        raise SiteBuildError(message)


def _sync(folder: Path, files: Mapping[str, bytes], manifest: Path) -> list[Path]:
    """Make `folder` hold these files; gives those written. What it held by the manifest and has no more is removed."""
    before: set[str] = set(json.loads(manifest.read_text(encoding="utf-8"))) if manifest.is_file() else set()
    # The manifest names a file before it exists: after a crash we know it as ours.
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps(sorted(before | files.keys())), encoding="utf-8")
    written = []
    for name, data in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written.append(path)
    for name in before - files.keys():
        _remove(folder, folder / name)
    manifest.write_text(json.dumps(sorted(files)), encoding="utf-8")
    return sorted(written)


def _remove(folder: Path, path: Path) -> None:
    """Delete a file, and the folders that are empty without it."""
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()


def _write_config(work: Path, base_url: str | None) -> None:
    """A configuration that takes the project's own and moves its folders here; JSON is YAML too."""
    config = {"INHERIT": str(mkdocs_file()), "docs_dir": str(work / "docs"), "site_dir": str(work / "site")}
    if base_url is not None:
        config["site_url"] = base_url.rstrip("/") + "/"
    text = json.dumps(config, indent=1, ensure_ascii=False)
    path = work / "mkdocs.yml"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _run_mkdocs(work: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(work / "mkdocs.yml")]
    # Material prints a notice about MkDocs 2 into every build unless this is set.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise SiteBuildError(f"mkdocs refused to build the site:\n{done.stdout.strip()}")
