"""Where the input schema of one endpoint stands in what a provider publishes.

Row 3. It knows the wrappings: an OpenAPI document with a POST for each endpoint (fal, BFL), Cog's OpenAPI with its
`Input` component, alone or inside Replicate's model object, and a JSON Schema by itself. It must not read the schema:
`contract_import` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ..errors import CatalogError, did_you_mean
from .document import Document, Path

__all__ = ["InputSchema", "find_input", "pointer", "target_of"]

# Where providers put the document inside a larger object: Replicate's model, its version, fal's model.
_WRAPPINGS: tuple[Path, ...] = (("latest_version", "openapi_schema"), ("openapi_schema",), ("openapi",))
_BODIES = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")
_COG: Path = ("components", "schemas", "Input")


@dataclass(frozen=True, slots=True)
class InputSchema:
    """Where an input schema stands: at `path`, its references counting from `root`; `kind` says what was read."""

    path: Path
    root: Path
    kind: str


def pointer(path: Path) -> str:
    """A place as a JSON pointer.

    >>> pointer(("paths", "/fal-ai/flux/dev", "post"))
    '#/paths/~1fal-ai~1flux~1dev/post'
    """
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def target_of(reference: str, root: Path, data: Any) -> Path | None:
    """The place a `$ref` leads to; None where it leads to nothing in this document.

    >>> target_of("#/$defs/size", (), {"$defs": {"size": {"type": "string"}}})
    ('$defs', 'size')
    """
    if not reference.startswith("#"):
        return None
    words = [unquote(part).replace("~1", "/").replace("~0", "~") for part in reference.removeprefix("#").split("/")[1:]]
    path: list[str | int] = []
    for word in words:
        node = _at(data, (*root, *path))
        path.append(int(word) if isinstance(node, list) and word.isdecimal() else word)
    found = (*root, *path)
    return found if _at(data, found) is not None else None


def find_input(document: Document, endpoint: str, *, address: str | None = None) -> InputSchema:
    """The input schema of an endpoint.

    Args:
        document: what the provider publishes, as `read_json` read it.
        endpoint: the provider's own id of the endpoint.
        address: the path requests are submitted to, for documents that know an endpoint by that alone.

    Raises:
        CatalogError: there is none, or the document is about another endpoint.

    >>> find_input(Document("a.json", {"type": "object", "properties": {"prompt": {}}}), "x").kind
    'JSON Schema'
    """
    root = next((path for path in _WRAPPINGS if isinstance(_at(document.data, path), dict)), ())
    data = _at(document.data, root)
    if "swagger" in data:
        message = "this is a Swagger 2.0 document; convert it to OpenAPI 3 first"
        raise CatalogError([document.finding((*root, "swagger"), "unsupported-document", message)])
    if isinstance(data.get("openapi"), str) or isinstance(data.get("paths"), dict) or _at(data, _COG) is not None:
        return _in_openapi(document, root, endpoint, address)
    if not {"properties", "type", "$ref", "allOf"} & set(data):
        message = (
            "there is no input schema in this: it is neither an OpenAPI document, nor a model object with one under "
            "latest_version.openapi_schema, nor a JSON Schema with `properties`"
        )
        raise CatalogError([document.finding(root, "no-input-schema", message)])
    return InputSchema((), (), "JSON Schema")


def _in_openapi(document: Document, root: Path, endpoint: str, address: str | None) -> InputSchema:
    data = _at(document.data, root)
    kind = _kind(document.data, root)
    bodies = dict(_posts(data))
    by_id = _ending(bodies, f"/{endpoint.strip('/')}")
    stated, whose = _at(data, ("info", "x-fal-metadata", "endpointId")), _owner(document.data)
    if by_id is None and stated == endpoint and len(bodies) == 1:
        # An alias: fal serves some endpoints under a path that is not their id.
        by_id = next(iter(bodies))
    if by_id is not None:
        return InputSchema((*root, *bodies[by_id]), root, kind)
    about = stated or whose
    if isinstance(about, str) and about != endpoint:
        message = f"this document is about {about}, not {endpoint}"
        raise CatalogError([document.finding(root, "wrong-endpoint", message)])
    if isinstance(_at(data, _COG), dict):
        return InputSchema((*root, *_COG), root, kind)
    by_address = _ending(bodies, address) if address else None
    if by_address is not None:
        return InputSchema((*root, *bodies[by_address]), root, kind)
    near = did_you_mean(f"/{endpoint}", bodies, count=3) or tuple(bodies)[:3]
    hint = f"; it has POST {', POST '.join(near)}" if near else "; it has no POST with a body"
    message = f"there is no input schema for {endpoint!r} in this OpenAPI document{hint}"
    raise CatalogError([document.finding((*root, "paths"), "no-input-schema", message)])


def _ending(bodies: Mapping[str, Path], wanted: str) -> str | None:
    """The path that is the one wanted, or has more before it, or has its first part in the document's server."""
    if wanted in bodies:
        return wanted
    longer = [path for path in bodies if path.endswith(wanted)]
    shorter = [path for path in bodies if len(path) > 1 and wanted.endswith(path)]
    return min(longer, key=len) if longer else max(shorter, key=len) if shorter else None


def _posts(data: Any) -> Iterator[tuple[str, Path]]:
    paths = data.get("paths")
    for name in paths if isinstance(paths, dict) else ():
        body: Path = ("paths", name, "post", "requestBody")
        reference = _at(data, (*body, "$ref"))
        if isinstance(reference, str):
            body = target_of(reference, (), data) or body
        for media_type in _BODIES:
            schema = (*body, "content", media_type, "schema")
            if isinstance(_at(data, schema), dict):
                yield name, schema
                break


def _owner(data: Any) -> str | None:
    """The model a Replicate object is about."""
    owner, name = data.get("owner"), data.get("name")
    return f"{owner}/{name}" if isinstance(owner, str) and isinstance(name, str) else None


def _kind(data: Any, root: Path) -> str:
    """What was read, for provenance: a document by its title, a Replicate model by its version."""
    owner, version = _owner(data), _at(data, ("latest_version", "id"))
    if owner and isinstance(version, str):
        return f"Replicate model {owner}, version {version[:12]}"
    title, number = (_at(data, (*root, "info", key)) for key in ("title", "version"))
    named = f" {title!r}" if isinstance(title, str) else ""
    return re.sub(r"\s+", " ", f"OpenAPI document{named} {number if isinstance(number, str) else ''}").strip()


def _at(data: Any, path: Path) -> Any:
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data
