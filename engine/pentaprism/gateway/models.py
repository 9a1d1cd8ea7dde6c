"""`GET models` and `GET models/{id}`: OpenAI's shape, and beside it what the catalog knows. Row 7.

It must not price or compile anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..api import Catalog
from ..errors import ModelNotFound
from ..types import Endpoint, Mode, Model
from .codec import JsonResponse
from .state import gateway_of

__all__ = ["find_model", "list_models", "retrieve_model"]


def find_model(catalog: Catalog, name: str) -> tuple[Model, Sequence[Endpoint]]:
    """The model a name means, and the endpoints the name allows: an id, an alias, `provider/model` or a key.

    Raises ModelNotFound with the nearest names.

    >>> model, endpoints = find_model(Catalog.load(), "replicate/flux-dev")
    >>> model.id, [endpoint.key for endpoint in endpoints]
    ('flux.1-dev', ['replicate/flux.1-dev'])
    """
    provider, slash, rest = name.partition("/")
    if not slash or provider not in catalog.providers:
        model = catalog.model(name)
        return model, model.endpoints
    try:
        model = catalog.model(rest)
    except ModelNotFound:
        endpoint = catalog.endpoint(name)
        return catalog.models[endpoint.model], (endpoint,)
    chosen = tuple(endpoint for endpoint in model.endpoints if endpoint.provider == provider)
    return (model, chosen) if chosen else (model, (catalog.endpoint(name),))


async def list_models(request: Request) -> Response:
    """Every model of the catalog."""
    gateway = gateway_of(request)
    if gateway.model_list is None:
        # The catalog never changes under a running gateway.
        cards = [_card(model, model.endpoints) for model in gateway.catalog.models.values()]
        gateway.model_list = JsonResponse({"object": "list", "data": cards}).body
    return Response(bytes(gateway.model_list), media_type="application/json")


async def retrieve_model(request: Request) -> Response:
    """One model, by any name a request may use; a name with a provider shows that provider's endpoints alone."""
    model, endpoints = find_model(gateway_of(request).catalog, request.path_params["id"])
    details = {
        "summary": model.summary,
        "successor": model.successor,
        "tags": list(model.tags),
        "license": model.license,
        "endpoints": [_endpoint(endpoint) for endpoint in endpoints],
    }
    return JsonResponse({**_card(model, endpoints), **details})


def _card(model: Model, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    modes = [mode for mode in Mode if any(mode in endpoint.modes for endpoint in endpoints)]
    takes = ["text", "image"] if Mode.IMAGE_EDIT in modes else ["text"]
    return {
        "id": model.id,
        "object": "model",
        "created": _created(model.released),
        "owned_by": model.creator,
        "name": model.name,
        "family": model.family,
        "status": model.status,
        "released": model.released,
        "aliases": list(model.aliases),
        "modes": [mode.value for mode in modes],
        "modalities": {"input": takes, "output": ["image"]},
        "providers": list(dict.fromkeys(endpoint.provider for endpoint in endpoints)),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "key": endpoint.key,
        "id": endpoint.id,
        "provider": endpoint.provider,
        "status": endpoint.status,
        "modes": [mode.value for mode in endpoint.modes],
        "checked": {"date": endpoint.checked.date, "source": endpoint.checked.source},
    }


def _created(released: str | None) -> int:
    """OpenAI's `created`, a Unix time; 0 where the catalog does not know when the model came out."""
    year, month, day = (*(released or "").split("-"), "01", "01")[:3]
    try:
        return int(datetime(int(year), int(month), int(day), tzinfo=UTC).timestamp())
    except ValueError:
        return 0
