"""From the fields of one call to its body, and back: JSON (in an envelope or not), or the parts of a form.

Row 3. `build_call` and `fields_of` are each other's inverse, so that a stored call can be priced and a body be held
against its contract. It must not decide what is sent, and encodes no image: a `Media` stays one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..types import CompiledRequest, Contract, HttpCall, Media, Part, Submission
from .draft import put

__all__ = ["build_call", "fields_of", "without_words"]

_JSON = "application/json"


def build_call(submission: Submission, fields: Mapping[str, Any]) -> HttpCall:
    """The call that submits these fields, by path.

    >>> submission = Submission(method="POST", url="https://api.ideogram.ai/v1/x", body="multipart")
    >>> [(part.name, part.content) for part in build_call(submission, {"prompt": "a cat", "seed": 7}).parts]
    [('prompt', b'a cat'), ('seed', b'7')]
    """
    body: dict[str, Any] = {}
    for path, value in fields.items():
        put(body, path, value)
    parts = None
    if submission.body == "multipart":
        parts, body = tuple(_parts(body, fields)), {}
    elif submission.envelope is not None:
        body = {submission.envelope: body}
    return HttpCall(
        method=submission.method,
        url=submission.url,
        headers=submission.headers,
        json=body if parts is None else None,
        parts=parts,
        submits=True,
    )


def fields_of(call: HttpCall, submission: Submission, contract: Contract) -> dict[str, Any]:
    """The fields a call was built from, nested as in a JSON body; the texts of a form are read by the contract.

    >>> from pentaprism.types import Provenance
    >>> schema = {"properties": {"seed": {"type": "integer"}}}
    >>> contract = Contract(schema=schema, provenance=Provenance(source="", date="2026-11-21", method="page"))
    >>> form = Submission(method="POST", url="", body="multipart")
    >>> fields_of(build_call(form, {"seed": 7}), form, contract)
    {'seed': 7}
    """
    if call.parts is None:
        body: dict[str, Any] = call.json if submission.envelope is None else call.json[submission.envelope]
        return body
    fields: dict[str, Any] = {}
    for part in call.parts:
        name = part.name.removesuffix("[]")
        schema = contract.fields.get(name, {})
        if schema.get("type") == "array" or name != part.name:
            fields.setdefault(name, []).append(_read(part, schema.get("items", {})))
        else:
            fields[name] = _read(part, schema)
    return fields


def without_words(compiled: CompiledRequest, submission: Submission, contract: Contract) -> CompiledRequest:
    """The same without prompts, pictures and any other text of the caller's: what may be kept of a request.

    It is enough to follow an accepted job, to finish its pictures and to price them: options that a contract lists are
    kept, and so are the pixels of input images.
    """
    calls = []
    for call in compiled.calls:
        fields = fields_of(call, submission, contract)
        kept = {name: _wordless(value, contract.value_at(name)) for name, value in fields.items()}
        calls.append(build_call(submission, {name: value for name, value in kept.items() if value is not None}))
    return compiled._replace(calls=tuple(calls), adjustments=())


def _wordless(value: Any, schema: Mapping[str, Any]) -> Any:
    """A value without words, None where nothing is left of it."""
    if isinstance(value, Media):
        return replace(value, content=None, url=None)
    if isinstance(value, str):
        listed = [one for branch in (schema, *schema.get("anyOf", ())) for one in branch.get("enum", ())]
        return value if value in listed else None
    if isinstance(value, Mapping):
        parts = schema.get("properties", {})
        kept = {name: _wordless(entry, parts.get(name, {})) for name, entry in value.items()}
        return {name: entry for name, entry in kept.items() if entry is not None}
    if isinstance(value, (list, tuple)):
        entries = (_wordless(entry, schema.get("items", {})) for entry in value)
        return [entry for entry in entries if entry is not None]
    return value


def _parts(body: Mapping[str, Any], paths: Mapping[str, Any]) -> Iterator[Part]:
    """A part for each field; a list is as many parts of one name, which keeps the brackets of its path."""
    for field, value in body.items():
        name = f"{field}[]" if f"{field}[]" in paths else field
        for entry in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(entry, Media):
                yield Part(name=name, media=entry)
            elif isinstance(entry, str):
                yield Part(name=name, content=entry.encode("utf-8", "surrogatepass"))
            else:
                kind = _JSON if isinstance(entry, (dict, list)) else None
                yield Part(name=name, content=json.dumps(entry, allow_nan=False).encode(), content_type=kind)


def _read(part: Part, schema: Mapping[str, Any]) -> Any:
    if part.media is not None:
        return part.media
    text = part.content.decode("utf-8", "surrogatepass")
    branches = (schema, *schema.get("anyOf", ()))
    types = {name for branch in branches for name in _types(branch)}
    if part.content_type != _JSON and ("string" in types or not types):
        return text
    return json.loads(text)


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    stated = schema.get("type", ())
    return (stated,) if isinstance(stated, str) else tuple(stated)
