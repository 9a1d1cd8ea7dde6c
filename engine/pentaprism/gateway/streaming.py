"""`stream: true`: each picture as a server-sent event as soon as it is there, in OpenAI's words. Row 7.

The events are `image_generation.completed` (of an edit `image_edit.completed`), one for each picture with its place in
`index`, and at the end `pentaprism.completed` with what else a reply holds: id, cost, adjustments, receipts. A failure
after the first event is an event `error` with the usual envelope; one before it is an ordinary reply. With
`partial_images`, unfinished pictures come before as `image_generation.partial_image`, where the provider sends any;
where none came, an adjustment says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.responses import Response, StreamingResponse

from .. import media
from ..client import Image, ImagesResponse
from ..client.result import to_base64
from ..client.run import OnImage, OnPreview
from ..errors import PentaprismError
from ..types import Adjustment, Behaviour, Mode, Outcome, Route
from .codec import encode
from .envelope import envelope
from .state import Gateway

__all__ = ["stream_pictures"]

Run = Callable[[OnImage, OnPreview], Awaitable[ImagesResponse]]
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


async def stream_pictures(gateway: Gateway, route: Route, request_id: str, run: Run) -> Response:
    """The reply that sends the pictures of a route; `run` runs it and tells of each as it lands.

    What was started is finished and booked whether the caller stays or not.

    Raises:
        PentaprismError: it failed before any picture was there.
    """
    events: asyncio.Queue[dict[str, Any] | Exception | None] = asyncio.Queue()
    kind = "image_generation" if route.request.mode is Mode.TEXT_TO_IMAGE else "image_edit"

    previews = 0

    def show(index: int, number: int, content: bytes) -> None:
        nonlocal previews
        previews += 1
        events.put_nowait(_preview(kind, index, number, content, route))

    async def work() -> None:
        try:
            response = await run(lambda index, image: events.put_nowait(_picture(kind, index, image, route)), show)
            events.put_nowait(_rest(response, route, previews))
        except PentaprismError as error:
            events.put_nowait(error)
        except Exception as error:
            events.put_nowait(error)
            raise
        finally:
            events.put_nowait(None)

    gateway.start(request_id, work())
    first = await events.get()
    if isinstance(first, Exception):
        raise first
    if first is None:
        raise RuntimeError("the request ended without a picture or a failure")

    async def told() -> AsyncIterator[bytes]:
        event: dict[str, Any] | Exception | None = first
        while event is not None:
            if isinstance(event, Exception):
                event = {"type": "error", **envelope(event, request_id).body}
            yield b"event: %b\ndata: %b\n\n" % (event["type"].encode(), encode(event))
            event = await events.get()

    return StreamingResponse(told(), media_type="text/event-stream", headers=_HEADERS)


def _picture(kind: str, index: int, image: Image, route: Route) -> dict[str, Any]:
    """One picture in the fields of OpenAI's event; what a provider does not know of is `auto`."""
    return {
        "type": f"{kind}.completed",
        "index": index,
        "b64_json": image.b64_json or to_base64(image.content),
        "size": str(image.receipt.size),
        "output_format": image.receipt.format,
        **_asked(route),
        "revised_prompt": image.revised_prompt,
        "usage": None,
    }


def _preview(kind: str, index: int, number: int, content: bytes, route: Route) -> dict[str, Any]:
    """One unfinished picture, as the provider sent it."""
    try:
        header = media.read_header(content)
    except media.MediaError:
        header = None
    return {
        "type": f"{kind}.partial_image",
        "index": index,
        "partial_image_index": number,
        "b64_json": to_base64(content),
        "size": str(header.size) if header else "auto",
        "output_format": header.format if header else None,
        **_asked(route),
    }


def _asked(route: Route) -> dict[str, Any]:
    values = route.request.values
    asked = {name: values.get(name, "auto") for name in ("background", "quality")}
    return {"created_at": int(time.time()), **asked}


def _rest(response: ImagesResponse, route: Route, previews: int) -> dict[str, Any]:
    metadata = response.metadata
    asked = route.request.values.get("partial_images")
    if asked and not previews:
        why = "the provider sent no unfinished pictures; each came when it was done"
        partial = Adjustment("partial_images", asked, {}, Behaviour.UNSUPPORTED, Outcome.DROPPED, why)
        metadata["adjustments"] = [*metadata["adjustments"], partial.to_dict()]
    return {
        "type": "pentaprism.completed",
        "created": response.created,
        "id": response.id,
        "size": response.size,
        "output_format": response.output_format,
        "metadata": metadata,
    }
