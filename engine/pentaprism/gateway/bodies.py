"""A request's body, JSON or a form, into the `ImageRequest` it means, with every fault at once. Row 7.

Text for an image is an http(s) URL or a data URI and nothing else: no caller can make this machine read a file of its
own, and no URL is fetched here. Every image is held to the limits of `settings.pictures` by its header, before any of
it is decoded. This module must not compile or run anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request

from .. import media
from ..errors import Fault, RequestError
from ..types import ImageRequest, Media, Mode
from .codec import parse
from .envelope import GatewayError
from .fields import body_of_parts
from .multipart import MAX_FILES, read_parts
from .state import Gateway, gateway_of

__all__ = ["read_request", "wants_dry_run"]

JSON = "application/json"
FORM = "multipart/form-data"
# Stands in for an image that could not be opened, so that the other faults are found too; it never goes anywhere.
_UNOPENED = Media(url="")
_SWITCH = {"true": True, "1": True, "": True, "false": False, "0": False}


async def read_request(request: Request, mode: Mode | None, *, takes: tuple[str, ...] = (JSON, FORM)) -> ImageRequest:
    """The request a body means; `mode` None lets an image in it decide.

    Raises RequestError with every fault, GatewayError where the body is of a kind this path does not take.
    """
    gateway = gateway_of(request)
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in takes:
        came = f"as {kind}" if kind else "without a Content-Type"
        message = f"Send the body as {' or '.join(takes)}; this one came {came}."
        raise GatewayError("INVALID_REQUEST", message, status=415)
    content = await request.body()
    faults: list[Fault] = []
    if kind == FORM:
        parts = await asyncio.to_thread(read_parts, content, content_type)
        body, faults = body_of_parts(parts, gateway.catalog, gateway.by_name)
    else:
        body = parse(content)
    if not isinstance(body, dict):
        raise RequestError([Fault(None, "The body must be a JSON object with `model` and `prompt`.")])
    body, found = await _open_images(gateway, body, mode)
    return _parse(gateway, body, mode, [*faults, *found, *_switches(body)])


def wants_dry_run(query: Mapping[str, str]) -> bool:
    """Whether the query asks for a price instead of a picture, however it spells `dryRun`.

    Raises RequestError where its value is neither true nor false: guessing could cost money.

    >>> wants_dry_run({"dryRun": "true"}), wants_dry_run({"dry_run": "0"}), wants_dry_run({})
    (True, False, False)
    """
    for name, value in query.items():
        if _is_dry_run(name):
            if value.lower() not in _SWITCH:
                raise RequestError([Fault(name, f"{name} must be true or false, not {value!r}.")])
            return _SWITCH[value.lower()]
    return False


def _is_dry_run(name: str) -> bool:
    return name.lower().replace("_", "").replace("-", "") == "dryrun"


def _switches(body: Mapping[str, Any]) -> Iterable[Fault]:
    """What asks for another way of answering than this gateway has."""
    if body.get("stream") is True and body.get("response_format") == "url":
        yield Fault("response_format", "stream sends the pictures themselves; leave response_format out.")
    if body.get("partial_images") and not body.get("stream"):
        yield Fault("partial_images", "partial_images are previews of a stream; set stream too, or leave it out.")
    for name in body:
        if _is_dry_run(name):
            yield Fault(name, f"{name} belongs into the query: POST ...?dryRun=true. Nothing was run.")


def _parse(gateway: Gateway, body: Mapping[str, Any], mode: Mode | None, faults: list[Fault]) -> ImageRequest:
    try:
        parsed = gateway.catalog.parse(body, mode=mode)
    except RequestError as error:
        # A code of its own, such as MODEL_NOT_FOUND, decides the status: it goes first.
        every = sorted([*faults, *error.faults], key=lambda fault: fault.code == "INVALID_REQUEST")
        raise RequestError(every) from None
    if faults:
        raise RequestError(faults)
    return parsed


async def _open_images(gateway: Gateway, body: dict[str, Any], mode: Mode | None) -> tuple[dict[str, Any], list[Fault]]:
    """The body with `Media` for its image leaves; on the path that takes none, without them."""
    names = [name for name in body if body[name] is not None and _is_image(gateway, name)]
    if not names:
        return body, []
    if mode is Mode.TEXT_TO_IMAGE:
        rest = {name: value for name, value in body.items() if name not in names}
        return rest, [
            Fault(name, f"{name}: pictures are changed at POST /images/edits; /images/generations takes none.")
            for name in names
        ]
    return await asyncio.to_thread(_open_leaves, body, names, gateway.settings.pictures.limits)


def _is_image(gateway: Gateway, name: str) -> bool:
    parameter = gateway.by_name.get(name)
    return parameter is not None and parameter.type == "image"


def _open_leaves(
    body: Mapping[str, Any], names: Iterable[str], limits: media.ImageLimits
) -> tuple[dict[str, Any], list[Fault]]:
    opened, faults = dict(body), []
    for name in names:
        leaves = body[name] if isinstance(body[name], list) else [body[name]]
        if len(leaves) > MAX_FILES:
            faults.append(Fault(name, f"{name} takes at most {MAX_FILES} images, not {len(leaves)}."))
            leaves = leaves[:1]
        made = []
        for leaf in leaves:
            try:
                made.append(_open_leaf(leaf, limits))
            except media.MediaError as error:
                faults.append(Fault(name, f"{name}: {error}"))
                made.append(_UNOPENED)
        opened[name] = made
    return opened, faults


def _open_leaf(leaf: Any, limits: media.ImageLimits) -> Media:
    if isinstance(leaf, bytes):
        return media.from_bytes(leaf, limits)
    if isinstance(leaf, str):
        return media.from_text(leaf, limits)
    raise media.MediaError("An image in JSON is an http(s) URL or a data: URI, as a string.")
