"""A catalog for programs: every file below `api/` of the site, which `pentaprism catalog build` writes on its own.

Row 7. The paths are a promise: `v1/catalog.json` loads like the folder it was made from, `v1/models/` and
`v1/providers/` are for those who want one thing, `v1/schema/` says what catalog files hold. A new shape is `v2` beside
it. The same catalog and day give the same bytes. It must not hold a fact that the catalog or the engine does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date as Date
from pathlib import Path
from typing import Any

from ..api import Catalog
from ..catalog.proofs import ProofRecord, read_proofs
from ..catalog.publish import as_published, header
from ..catalog.schema import schema_folder
from ..catalog.version import day_of
from ..errors import PentaprismError
from ..types import Endpoint, Provider
from .bench import Bench
from .machine import Facts, as_json, facts_of, model_entry, model_file, page_name

__all__ = ["PublishError", "all_facts", "api_files", "publish_files", "write_files"]

INDEX = "index.json"
"""What there is, with the digest of each file; written last, so that what it names is there."""


class PublishError(PentaprismError):
    """A catalog could not be published: the folder is somebody else's, or no day says which prices count."""


def publish_files(catalog: Catalog, *, date: Date | None = None) -> dict[str, bytes]:
    """Every file of a published catalog by its path.

    Args:
        catalog: what to publish.
        date: the day whose prices count where a file states a cost; None is the day of the catalog's newest fact, so
            that the same catalog gives the same bytes on any day.

    Raises:
        CatalogError: something is wrong with a model of the catalog.
        PublishError: no day is given, and the catalog does not say one either.

    >>> from pentaprism import Catalog
    >>> sorted(path for path in publish_files(Catalog.load()) if path.count("/") < 2)
    ['index.json', 'v1/catalog.json', 'v1/models.json']
    """
    on = date or day_of(catalog.version)
    if on is None:
        message = (
            f"The catalog's version is {catalog.version!r}, so nothing says which day's prices count; name a day "
            "(--date), or a `version` in the catalog's catalog.yaml."
        )
        raise PublishError(message)
    return api_files(catalog, all_facts(catalog, read_proofs(catalog.documents.proofs), on), on)


def all_facts(catalog: Catalog, records: Mapping[str, ProofRecord], on: Date) -> list[Facts]:
    """The facts of every model, by name."""
    models = sorted(catalog.models.values(), key=lambda one: (one.name.casefold(), one.id))
    return [facts_of(Bench(catalog, model, on), records) for model in models]


def api_files(catalog: Catalog, known: Sequence[Facts], on: Date) -> dict[str, bytes]:
    """Every file by its path, out of facts that are known already."""
    models = {facts.bench.model.id: f"v1/models/{facts.page}.json" for facts in known}
    providers = {name: f"v1/providers/{page_name(name)}.json" for name in sorted(catalog.providers)}
    schemas = {file.stem: f"v1/schema/{file.name}" for file in sorted(schema_folder().glob("*.json"))}
    files = {"v1/catalog.json": as_published(catalog.documents)}
    files["v1/models.json"] = as_json({"catalog": catalog.version, "models": [model_entry(facts) for facts in known]})
    files |= {models[facts.bench.model.id]: as_json(model_file(facts)) for facts in known}
    endpoints = [endpoint for facts in known for endpoint in facts.bench.model.endpoints]
    for name, path in providers.items():
        served = [endpoint for endpoint in endpoints if endpoint.provider == name]
        files[path] = as_json(_provider(catalog.providers[name], served))
    files |= {path: (schema_folder() / f"{kind}.json").read_bytes() for kind, path in schemas.items()}
    index = {
        **header(catalog.documents),
        "priced_on": on.isoformat(),
        "catalog": "v1/catalog.json",
        "models": dict(sorted(models.items())),
        "providers": providers,
        "schemas": schemas,
        "files": {path: _digest(files[path]) for path in sorted(files)},
    }
    files[INDEX] = (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode()
    return dict(sorted(files.items()))


def _provider(provider: Provider, endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    return {
        "id": provider.id,
        "name": provider.name,
        "homepage": provider.homepage,
        "protocol": provider.protocol,
        "submit": {"method": provider.method, "url": provider.submit_url, "body": provider.body},
        "auth": {"header": provider.auth_header, "scheme": provider.auth_scheme, "env": provider.env},
        "hosts": list(provider.hosts),
        "bills": dict(provider.bills),
        "reserved": list(provider.reserved),
        "endpoints": [
            {
                "key": endpoint.key,
                "id": endpoint.id,
                "model": endpoint.model,
                "modes": [mode.value for mode in endpoint.modes],
                "status": endpoint.status,
            }
            for endpoint in sorted(endpoints, key=lambda one: one.key)
        ],
    }


def _digest(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def write_files(files: Mapping[str, bytes], out: Path) -> list[str]:
    """Make a folder hold the published files; gives the paths of those written, which are new or have changed.

    What an index there names and is no longer published goes; a file nobody published here stays.

    Raises:
        PublishError: the folder holds other files and no index, or cannot be written.
    """
    try:
        before = _published(out)
        # The index goes last: until then the old one names what is there.
        changed = [
            path for path in sorted(files, key=lambda one: (one == INDEX, one)) if _write(out / path, files[path])
        ]
        for path in sorted(before - files.keys()):
            (out / path).unlink(missing_ok=True)
    except OSError as error:
        raise PublishError(f"{error.filename or out} cannot be written: {error.strerror}.") from None
    return changed


def _published(out: Path) -> set[str]:
    """The files an earlier run wrote into the folder, by the index it left."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return set()
    try:
        named = json.loads((out / INDEX).read_bytes())["files"].keys()
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        message = f"{out} is not empty and no catalog was published there before; give an empty folder"
        raise PublishError(message) from None
    return {path for path in named if path.startswith("v1/") and ".." not in path}


def _write(file: Path, data: bytes) -> bool:
    if file.is_file() and file.read_bytes() == data:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return True
