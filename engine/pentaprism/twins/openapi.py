"""The documents in which providers publish their input schemas, made of stored contracts.

Row 7, and pure. Each provider has its own way to write a schema down: what is a component, how a field that may be
left out is marked, in which order fields stand. So whoever reads these has read the like of the real ones. It must not
know HTTP, and must not say anything of an endpoint that its contract does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

__all__ = ["bfl_document", "fal_document", "replicate_model", "version_of"]

Schema = Mapping[str, Any]

# What our contracts say and a provider's own document does not.
_OURS = frozenset(("$schema", "$comment", "x-provenance", "title", "description", "additionalProperties"))


class _Components:
    """The named schemas of one document, each name once."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}

    def put(self, name: str, schema: Any) -> dict[str, str]:
        """Keep a schema under a name; a second one of that name gets a number. Gives the reference to it."""
        free, count = name, 1
        while self.schemas.get(free, schema) != schema:
            count += 1
            free = f"{name}{count}"
        self.schemas[free] = schema
        return {"$ref": f"#/components/schemas/{free}"}


def fal_document(endpoint_id: str, contract: Schema) -> dict[str, Any]:
    """The queue's OpenAPI of one endpoint as fal serves it: objects as components, fields by name with their order
    beside them.

    >>> document = fal_document("x/y", {"type": "object", "properties": {"seed": {"type": "integer"}}})
    >>> document["components"]["schemas"]["XYInput"]["properties"]
    {'seed': {'title': 'Seed', 'type': 'integer'}}
    """
    components = _Components()
    components.put("QueueStatus", _QUEUE_STATUS)
    name = _camel(endpoint_id)
    body = components.put(f"{name}Input", _fal_object(f"{name}Input", contract, components))
    queued = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/QueueStatus"}}}}
    image = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
    images = {"images": {"type": "array", "items": components.put("Image", image)}}
    made = components.put(f"{name}Output", {"type": "object", "properties": images, "required": ["images"]})
    request_id = {"name": "request_id", "in": "path", "required": True, "schema": {"type": "string"}}
    base = f"/{endpoint_id}"
    return {
        "openapi": "3.0.4",
        "info": {
            "title": f"Queue OpenAPI for {endpoint_id}",
            "version": "1.0.0",
            "x-fal-metadata": {"endpointId": endpoint_id, "playgroundUrl": f"https://fal.ai/models/{endpoint_id}"},
        },
        "components": {
            "securitySchemes": {"apiKeyAuth": {"type": "apiKey", "in": "header", "name": "Authorization"}},
            "schemas": components.schemas,
        },
        "paths": {
            f"{base}/requests/{{request_id}}/status": {
                "get": {"parameters": [request_id], "responses": {"200": queued}}
            },
            f"{base}/requests/{{request_id}}/cancel": {"put": {"parameters": [request_id], "responses": {"200": {}}}},
            base: {"post": {"requestBody": _body(body), "responses": {"200": queued}}},
            f"{base}/requests/{{request_id}}": {
                "get": {"parameters": [request_id], "responses": {"200": _body(made)}},
            },
        },
        "servers": [{"url": "https://queue.fal.run"}],
        "security": [{"apiKeyAuth": []}],
    }


_QUEUE_STATUS = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]},
        "request_id": {"type": "string"},
        "logs": {"type": "object", "additionalProperties": True},
        "queue_position": {"type": "integer"},
    },
    "required": ["status", "request_id"],
}


def _fal_object(name: str, schema: Schema, components: _Components) -> dict[str, Any]:
    fields = schema.get("properties", {})
    written = {
        field: {"title": _title(field), **_fal_field(_camel(field), fields[field], components)}
        for field in sorted(fields)
    }
    made = {"title": name, "type": "object", "x-fal-order-properties": list(fields), "properties": written}
    return {**made, "required": list(schema["required"])} if schema.get("required") else made


def _fal_field(name: str, schema: Schema, components: _Components) -> dict[str, Any]:
    own = _bare(schema, "items", "anyOf", "properties", "required")
    if "properties" in schema:
        own.pop("type", None)
        return {**components.put(name, _fal_object(name, schema, components)), **own}
    if "anyOf" in schema:
        own["anyOf"] = [_fal_field(name, one, components) for one in schema["anyOf"]]
    if "items" in schema:
        own["items"] = _fal_field(name, schema["items"], components)
    return own


def version_of(endpoint_id: str) -> str:
    """The version id under which the twin knows an endpoint; Replicate's are 64 hexadecimal digits too."""
    return hashlib.sha256(endpoint_id.encode()).hexdigest()


def replicate_model(endpoint_id: str, contract: Schema) -> dict[str, Any]:
    """The model object Replicate serves, with Cog's OpenAPI of its latest version: each list of values a component
    behind `allOf`, fields ordered by `x-order`, those that may be left out and have no default `nullable`.

    >>> contract = {"type": "object", "properties": {"size": {"type": "string", "enum": ["1K"], "default": "1K"}}}
    >>> model = replicate_model("o/n", contract)
    >>> model["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]["properties"]
    {'size': {'x-order': 0, 'default': '1K', 'allOf': [{'$ref': '#/components/schemas/size'}]}}
    """
    owner, _, name = endpoint_id.partition("/")
    components = _Components()
    fields, required = contract.get("properties", {}), contract.get("required", [])
    written = {
        # As a column of jsonb gives keys back: short names first.
        field: {"x-order": list(fields).index(field), **_cog_field(field, fields[field], components, field in required)}
        for field in sorted(fields, key=lambda field: (len(field), field))
    }
    given = {"type": "object", "title": "Input", "properties": written}
    body = components.put("Input", {**given, "required": list(required)} if required else given)
    components.put("Output", {"type": "array", "items": {"type": "string", "format": "uri"}, "title": "Output"})
    prediction = {
        "type": "object",
        "title": "PredictionRequest",
        "properties": {"input": body, "id": {"type": "string"}},
    }
    request = components.put("PredictionRequest", prediction)
    schema = {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0"},
        "paths": {"/": {"get": {}}, "/predictions": {"post": {"requestBody": _body(request)}}},
        "components": {"schemas": components.schemas},
    }
    return {
        "url": f"https://replicate.com/{endpoint_id}",
        "owner": owner,
        "name": name,
        "visibility": "public",
        **dict.fromkeys(("description", "github_url", "paper_url", "license_url", "cover_image_url"), None),
        "run_count": 0,
        "default_example": None,
        "latest_version": {
            "id": version_of(endpoint_id),
            # A twin's version is as old as what is known of the endpoint.
            "created_at": f"{contract.get('x-provenance', {}).get('date', '2026-01-01')}T00:00:00Z",
            "cog_version": "0.16.0",
            "openapi_schema": schema,
        },
    }


def _cog_field(name: str, schema: Schema, components: _Components, required: bool) -> dict[str, Any]:
    own = _bare(schema, "enum")
    if not required and "default" not in schema:
        own["nullable"] = True
    if "enum" not in schema:
        return {"title": _title(name), **own}
    listed = {
        "type": own.pop("type", "string"),
        "enum": schema["enum"],
        "title": name,
        "description": "An enumeration.",
    }
    return {**own, "allOf": [components.put(name, listed)]}


def bfl_document(contracts: Mapping[str, Schema]) -> dict[str, Any]:
    """The one OpenAPI document of BFL's API, as FastAPI writes it: each list of values a component, and null an
    alternative of every field that may be left out.

    >>> document = bfl_document({"flux": {"type": "object", "properties": {"seed": {"type": "integer"}}}})
    >>> document["components"]["schemas"]["FluxInputs"]["properties"]
    {'seed': {'title': 'Seed', 'anyOf': [{'type': 'integer'}, {'type': 'null'}]}}
    """
    components = _Components()
    paths: dict[str, Any] = {}
    for endpoint_id, contract in contracts.items():
        fields, required = contract.get("properties", {}), contract.get("required", [])
        written = {name: _fastapi_field(name, fields[name], components, name in required) for name in fields}
        title = f"{_camel(endpoint_id)}Inputs"
        made: dict[str, Any] = {"type": "object", "title": title, "properties": written}
        body = components.put(title, {**made, "required": list(required)} if required else made)
        paths[f"/v1/{endpoint_id}"] = {"post": {"operationId": _camel(endpoint_id), "requestBody": _body(body)}}
    paths["/v1/get_result"] = {"get": {"parameters": [{"name": "id", "in": "query", "schema": {"type": "string"}}]}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "BFL API", "version": "0.0.1"},
        "paths": paths,
        "components": {"schemas": components.schemas},
    }


def _fastapi_field(name: str, schema: Schema, components: _Components, required: bool) -> dict[str, Any]:
    own = _bare(schema, "default", "enum")
    if "enum" in schema:
        own = dict(components.put(_camel(name), {**own, "enum": schema["enum"], "title": _camel(name)}))
    stated = {"default": schema["default"]} if "default" in schema else {}
    if required:
        return {"title": _title(name), **own, **stated}
    alternatives = own["anyOf"] if set(own) == {"anyOf"} else [own]
    return {"title": _title(name), "anyOf": [*alternatives, {"type": "null"}], **stated}


def _bare(schema: Schema, *without: str) -> dict[str, Any]:
    """A schema as a provider would state it: without what only our contracts say, at any depth, and these keywords."""
    made: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in without or (keyword in _OURS and not (keyword == "additionalProperties" and value is True)):
            continue
        if keyword == "properties":
            made[keyword] = {name: _bare(field) for name, field in value.items()}
        elif keyword == "items":
            made[keyword] = _bare(value)
        elif keyword == "anyOf":
            made[keyword] = [_bare(one) for one in value]
        else:
            made[keyword] = value
    return made


def _body(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _title(name: str) -> str:
    return " ".join(word.capitalize() for word in name.split("_"))


def _camel(name: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in name).split()
    return "".join(word[:1].upper() + word[1:] for word in words)
