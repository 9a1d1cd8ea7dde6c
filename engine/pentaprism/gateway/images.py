"""`POST images/generations`, `POST images/edits` and `POST explain`: price it, explain it, or run it and reply. Row 7.

The reply is OpenAI's, with more beside it. It must not rank, compile or send: the catalog and the client do.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..client import ImagesResponse, MismatchError
from ..client.run import OnImage, OnPreview
from ..errors import PentaprismError
from ..explain import explain_route, require_candidate
from ..types import CompiledRequest, Mode, Route, micros
from .bodies import FORM, JSON, read_request, wants_dry_run
from .codec import JsonResponse
from .envelope import envelope
from .state import Gateway, gateway_of
from .streaming import stream_pictures

__all__ = ["edit", "explain", "generate"]


async def generate(request: Request) -> Response:
    """Pictures from words. With `?dryRun=true`, what they would cost."""
    return await _serve(request, Mode.TEXT_TO_IMAGE, (JSON,))


async def edit(request: Request) -> Response:
    """A changed picture. With `?dryRun=true`, what it would cost."""
    return await _serve(request, Mode.IMAGE_EDIT, (FORM, JSON))


async def explain(request: Request) -> Response:
    """The whole route of a request: what each endpoint would be sent, and why the others cannot serve it."""
    parsed = await read_request(request, None)
    return JsonResponse(explain_route(gateway_of(request).catalog.route(parsed)))


async def _serve(request: Request, mode: Mode, takes: tuple[str, ...]) -> Response:
    gateway = gateway_of(request)
    dry = wants_dry_run(request.query_params)
    route = gateway.client.route(await read_request(request, mode, takes=takes))
    best = require_candidate(route, gateway.catalog.models[route.model])
    if dry:
        return _priced(best)
    request_id: str = request.scope["request_id"]
    if route.request.values.get("stream"):

        async def run(on_image: OnImage, on_preview: OnPreview) -> ImagesResponse:
            return (await _execute(gateway, request, route, request_id, on_image, on_preview))[0]

        return await stream_pictures(gateway, route, request_id, run)
    return await gateway.finish(request_id, _run(gateway, request, route, request_id))


def _named(compiled: CompiledRequest) -> dict[str, str]:
    return {"x-pentaprism-provider": compiled.provider, "x-pentaprism-model": compiled.model}


def _priced(compiled: CompiledRequest) -> Response:
    """A dry run's reply: the most the best endpoint would cost in `total_cost_micros` (null: unknown), and why."""
    cost = compiled.cost
    body = {
        "estimated": True,
        "model": compiled.model,
        "provider": compiled.provider,
        "endpoint": compiled.endpoint,
        "total_cost_micros": None if cost.high is None else micros(cost.high),
        "currency": "USD",
        "components": [component.to_dict() for component in cost.components],
        "cost": cost.to_dict(),
        "adjustments": [adjustment.to_dict() for adjustment in compiled.adjustments],
    }
    return JsonResponse(body, headers=_named(compiled))


async def _run(gateway: Gateway, request: Request, route: Route, request_id: str) -> Response:
    response, names = await _execute(gateway, request, route, request_id)
    return _reply(gateway, request, response, names)


async def _execute(
    gateway: Gateway,
    request: Request,
    route: Route,
    request_id: str,
    on_image: OnImage | None = None,
    on_preview: OnPreview | None = None,
) -> tuple[ImagesResponse, list[str]]:
    """Run a route and keep account of it; pictures for links are kept here, so that a paid one is not lost."""
    wish = route.request
    user = wish.values.get("user")
    began = time.perf_counter()
    gateway.ledger.received(request_id, model=route.model, mode=wish.mode.value, n=wish.n, user=user)
    names: list[str] = []
    code: str | None = "INTERNAL_ERROR"
    try:
        response = await gateway.client.run(route, request_id=request_id, on_image=on_image, on_preview=on_preview)
        sent = on_image is not None or wish.values.get("response_format") == "b64_json"
        if not sent or await request.is_disconnected():
            names = await _keep(gateway, response)
        code = None
    except MismatchError as error:
        # They are paid for, so that they can be had from the request's record.
        names = await _keep(gateway, error.response)
        code = error.code
        raise
    except PentaprismError as error:
        code = envelope(error, request_id).code
        raise
    finally:
        spent = round((time.perf_counter() - began) * 1000)
        gateway.ledger.answered(request_id, code=code, milliseconds=spent, media=tuple(names))
    return response, names


async def _keep(gateway: Gateway, response: ImagesResponse) -> list[str]:
    """Keep the pictures for as long as links live, and name their files."""
    return [
        await asyncio.to_thread(gateway.media.save, image.content, image.receipt.format or "png")
        for image in response.data
    ]


def _reply(gateway: Gateway, request: Request, response: ImagesResponse, names: list[str]) -> Response:
    base = base_url(request)
    data: list[dict[str, Any]] = []
    for index, image in enumerate(response.data):
        entry: dict[str, Any]
        if image.b64_json is None:
            entry = {"url": gateway.media.link(base, names[index])}
        else:
            entry = {"b64_json": image.b64_json}
        if image.revised_prompt is not None:
            entry["revised_prompt"] = image.revised_prompt
        data.append(entry)
    body = {
        "created": response.created,
        "data": data,
        "id": response.id,
        "size": response.size,
        "output_format": response.output_format,
        "metadata": response.metadata,
    }
    headers = _named(response.executed)
    if response.cost.exact:
        headers["x-pentaprism-cost-usd"] = f"{response.cost.high:f}"
    return JsonResponse(body, headers=headers)


def base_url(request: Request) -> str:
    """The origin for links: the configured one, else the one the request came to (`Gate` has checked its host)."""
    configured = gateway_of(request).settings.public_url
    return configured.rstrip("/") if configured else f"{request.scope['scheme']}://{request.headers['host']}"
