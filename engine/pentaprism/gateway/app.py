"""The ASGI app: which handler answers which path, inside which layers. Row 7; it must not answer anything itself.

Nobody is asked for a key yet: any `Authorization` header is taken and ignored, which is why `run` binds the loopback
alone and `Gate` keeps foreign pages out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..api import Catalog
from ..errors import PentaprismError
from .codec import JsonResponse
from .envelope import GatewayError, answer
from .frame import Frame, Gate
from .images import edit, explain, generate
from .models import list_models, retrieve_model
from .records import list_requests, retrieve_request
from .settings import GatewaySettings
from .state import Gateway, check_settings, gateway_of

__all__ = ["create_app"]


def create_app(catalog: Catalog, *, settings: GatewaySettings) -> Starlette:
    """The gateway over a catalog. Its ledger, folder and connections are opened when a server starts it.

    >>> from pathlib import Path
    >>> app = create_app(Catalog.load(), settings=GatewaySettings(data=Path("build/gateway")))
    >>> "/v1/images/generations" in {route.path for route in app.routes}
    True
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        gateway = app.state.gateway = Gateway(catalog, settings)
        try:
            yield
        finally:
            await gateway.close()

    surface = [
        ("/images/generations", generate, "POST"),
        ("/images/edits", edit, "POST"),
        ("/models", list_models, "GET"),
        ("/models/{id:path}", retrieve_model, "GET"),
    ]
    routes = [
        Route(f"{prefix}{path}", handler, methods=[method])
        for prefix in ("/openai/v1", "/v1")
        for path, handler, method in surface
    ]
    routes += [
        Route("/v1/explain", explain, methods=["POST"]),
        Route("/v1/requests", list_requests),
        Route("/v1/requests/{id}", retrieve_request),
        Route("/media/{name}", _media),
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Frame),
            Middleware(ExceptionMiddleware, handlers={Exception: answer, HTTPException: answer}),
            Middleware(Gate, hosts=settings.hosts, max_body_bytes=settings.max_body_bytes),
        ],
        exception_handlers={HTTPException: answer},
        lifespan=lifespan,
    )
    app.state.check = partial(check_settings, settings)
    # A redirect would be a reply outside 2xx that is no envelope.
    app.router.redirect_slashes = False
    return app


async def _media(request: Request) -> Response:
    """A picture behind a signed link."""
    folder = gateway_of(request).media
    name, query = request.path_params["name"], request.query_params
    left = folder.verify(name, query.get("expires", ""), query.get("signature", ""))
    content = await asyncio.to_thread(folder.read, name)
    if content is None:
        raise GatewayError("NOT_FOUND", "This picture is no longer kept.")
    headers = {"cache-control": f"private, max-age={left}, immutable", "content-disposition": "inline"}
    return Response(content, media_type=f"image/{name.rpartition('.')[2]}", headers=headers)


async def _healthz(_: Request) -> Response:
    """The process answers; nothing else is said here."""
    return JsonResponse({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """The catalog is loaded, and the ledger and the folder of pictures answer."""
    gateway = gateway_of(request)
    try:
        gateway.ledger.check()
        await asyncio.to_thread(gateway.media.check)
    except PentaprismError as error:
        raise GatewayError("OVERLOADED", str(error)) from error
    return JsonResponse({"status": "ready", "models": len(gateway.catalog.models), "running": len(gateway.running)})
