"""Form parts into the body they mean: lists, objects, numbers and booleans out of text. Row 7.

JSON has types and a form has none, so each field gets the type the vocabulary gives it, or, being a provider's own,
the contracts of the model. A text that does not read as that type stays text: the catalog then says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..api import Catalog
from ..errors import Fault, ModelNotFound, RequestError
from ..types import Parameter
from .codec import parse
from .models import find_model
from .multipart import FormPart

__all__ = ["body_of_parts"]

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})([eE][+-]?\d{1,3})?")
_BOOLEANS = {"true": True, "false": False}
# A key of an object whose keys no schema lists: `provider[allow_fallbacks]=false` means the boolean.
_LITERAL: Mapping[str, Any] = {"type": ["boolean", "number"]}


def body_of_parts(
    parts: Iterable[FormPart], catalog: Catalog, by_name: Mapping[str, Parameter]
) -> tuple[dict[str, Any], list[Fault]]:
    """The body a form means, with image leaves as bytes or text, and the faults found.

    `name[]` and `name[0]` append to a list, `name[key]` sets a key: how OpenAI's SDKs write lists and objects.
    `by_name` are the vocabulary's parameters by every name they answer to.
    """
    body: dict[str, Any] = {}
    faults: list[Fault] = []
    for part in parts:
        match = _NAME.fullmatch(part.name)
        if match is None:
            faults.append(Fault(part.name, f"{part.name!r} is not the name of a field."))
            continue
        name, keys = match[1], _KEY.findall(match[2])
        parameter = by_name.get(name)
        try:
            if parameter is not None and parameter.type == "image":
                _add_image(body, name, keys, part)
            else:
                _add(body, name, keys, _text(name, part))
        except ValueError as error:
            faults.append(Fault(name, f"{name}: {error}."))
    contracts = _contract_fields(catalog, body.get("model"))
    for name, value in body.items():
        parameter = by_name.get(name)
        own = parameter is not None and parameter.at != "provider"
        schemas = [{"type": parameter.type}] if own and parameter else contracts.get(name, [])
        try:
            body[name] = _typed(name, value, schemas)
        except RequestError as error:
            faults.extend(error.faults)
    return body, faults


def _text(name: str, part: FormPart) -> str:
    if part.filename is not None:
        raise ValueError("it came as a file; send it as a plain field")
    try:
        return part.content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None


def _add_image(body: dict[str, Any], name: str, keys: list[str], part: FormPart) -> None:
    if any(key and not key.isdecimal() for key in keys) or len(keys) > 1:
        raise ValueError("several images are sent as `image[]`, once for each")
    if part.filename == "" and not part.content:
        # What a browser sends for a file input left empty.
        return
    try:
        leaf: bytes | str = bytes(part.content) if part.filename is not None else part.content.decode("utf-8")
    except UnicodeDecodeError:
        leaf = bytes(part.content)
    body.setdefault(name, []).append(leaf)


def _add(body: dict[str, Any], name: str, keys: list[str], text: str) -> None:
    """Put a text where its bracketed keys say."""
    node: Any = body
    path: list[str] = [name, *keys]
    for key, following in zip(path, [*path[1:], None], strict=True):
        is_list = isinstance(node, list)
        if is_list != (key == "" or (node is not body and key.isdecimal())):
            raise ValueError("it is written as a list and as something else")
        if following is None:
            if is_list:
                node.append(text)
            elif key in node:
                raise ValueError("it is given more than once; give it once, or as a list with `[]`")
            else:
                node[key] = text
            return
        if is_list:
            raise ValueError("a list of objects is sent as JSON")
        fresh: Any = [] if following == "" or following.isdecimal() else {}
        node = node.setdefault(key, fresh)
        if isinstance(node, str):
            raise ValueError("it is given more than once, once with brackets and once without")


def _contract_fields(catalog: Catalog, name: Any) -> Mapping[str, list[Mapping[str, Any]]]:
    """The schemas of each field of the contracts that the model's name allows; none where there is no such model."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    try:
        _, endpoints = find_model(catalog, name if isinstance(name, str) else "")
    except ModelNotFound:
        return found
    for endpoint in endpoints:
        for spec in endpoint.modes.values():
            for field, schema in spec.contract.fields.items():
                found.setdefault(field, []).append(schema)
    return found


def _branches(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    for word in ("anyOf", "oneOf", "allOf"):
        for branch in schema.get(word, ()):
            yield from _branches(branch)


def _kinds(schema: Mapping[str, Any]) -> Iterator[str]:
    """The JSON types one branch of a schema takes."""
    stated = schema.get("type", ())
    yield from [stated] if isinstance(stated, str) else stated
    yield from ({bool: "boolean", int: "integer", float: "number"}.get(type(one), "string") for one in _enum(schema))


def _enum(schema: Mapping[str, Any]) -> list[Any]:
    return [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]


def _typed(name: str, value: Any, schemas: Iterable[Mapping[str, Any]]) -> Any:
    """A value with its texts as the first of the types, in any of these schemas, that they read as."""
    branches = [branch for schema in schemas for branch in _branches(schema)]
    if isinstance(value, list):
        items = [branch["items"] for branch in branches if isinstance(branch.get("items"), Mapping)]
        return [_typed(name, entry, items) for entry in value]
    if isinstance(value, dict):
        return {
            key: _typed(name, entry, [branch.get("properties", {}).get(key, _LITERAL) for branch in branches])
            for key, entry in value.items()
        }
    if not isinstance(value, str) or any(value in _enum(branch) for branch in branches):
        return value
    return _read(name, value, {kind for branch in branches for kind in _kinds(branch)})


def _read(name: str, text: str, kinds: set[str]) -> Any:
    bare = text.strip()
    if kinds & {"object", "array"} and bare[:1] in ("{", "["):
        return parse(text.encode("utf-8"), name)
    if "string" in kinds:
        return text
    if "boolean" in kinds and bare.lower() in _BOOLEANS:
        return _BOOLEANS[bare.lower()]
    if kinds & {"integer", "number"} and _INTEGER.fullmatch(bare):
        return int(bare)
    if "number" in kinds and _NUMBER.fullmatch(bare):
        return float(bare)
    return text
