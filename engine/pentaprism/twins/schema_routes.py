"""Where each provider serves its input schemas: the routes of a twin that answer with `openapi`'s documents. Row 7.

The places are those the providers document: fal `fal.ai/api/openapi/queue/openapi.json?endpoint_id=` and BFL
`api.bfl.ai/openapi.json`, both without a key, and Replicate `GET /v1/models/{owner}/{name}` with one. A twin answers
for all its provider's hosts, so each stands in its one app. It must not make documents itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..types import Provider
from .openapi import bfl_document, fal_document, replicate_model

__all__ = ["Publisher", "schema_routes"]


class Publisher(Protocol):
    """What is needed of a twin: its provider, the contracts it serves by the provider's own ids, and its key."""

    @property
    def provider(self) -> Provider: ...

    @property
    def contracts(self) -> Mapping[str, Mapping[str, Any]]: ...

    def admits(self, request: Request) -> bool: ...


def schema_routes(twin: Publisher, missing: Callable[[], Response]) -> list[Route]:
    """The routes of this twin's protocol; none where its provider is not known to publish its schemas."""
    make = _ROUTES.get(twin.provider.protocol)
    return [] if make is None else [make(twin, missing)]


def _fal(twin: Publisher, missing: Callable[[], Response]) -> Route:
    async def document(request: Request) -> Response:
        endpoint_id = request.query_params.get("endpoint_id", "")
        contract = twin.contracts.get(endpoint_id)
        return missing() if contract is None else JSONResponse(fal_document(endpoint_id, contract))

    return Route("/api/openapi/queue/openapi.json", document)


def _replicate(twin: Publisher, missing: Callable[[], Response]) -> Route:
    async def model(request: Request) -> Response:
        if not twin.admits(request):
            problem = {"title": "Unauthenticated", "detail": "Invalid or expired API token.", "status": 401}
            return JSONResponse(problem, 401)
        endpoint_id = "{owner}/{name}".format(**request.path_params)
        contract = twin.contracts.get(endpoint_id)
        if contract is None:
            return missing()
        return JSONResponse(replicate_model(endpoint_id, contract))

    return Route("/v1/models/{owner}/{name}", model)


def _bfl(twin: Publisher, _: Callable[[], Response]) -> Route:
    async def document(_: Request) -> Response:
        return JSONResponse(bfl_document(twin.contracts))

    return Route("/openapi.json", document)


_ROUTES: Mapping[str, Callable[[Publisher, Callable[[], Response]], Route]] = {
    "bfl": _bfl,
    "fal": _fal,
    "replicate": _replicate,
}
