"""Input images that a provider takes as bytes only, and the caller gave as a URL: fetched before anything is sent.

Row 6. Wherever the field takes a URL, the URL goes to the provider unread and nothing is fetched here. It must not
choose how an image is written: its rule did (`Media.encode`), and the exchange writes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .. import media
from ..errors import Failure, ProviderError
from ..types import CompiledRequest, HttpCall, Media
from .fetch import Fetcher, FetchError
from .settings import PictureSettings

__all__ = ["read_inputs"]


async def read_inputs(
    compiled: CompiledRequest, fetcher: Fetcher, settings: PictureSettings, deadline: float
) -> CompiledRequest:
    """The same request with the bytes of every image that its field does not take by URL; each URL is fetched once.

    By the event loop's clock, none is fetched after `deadline`.

    Raises ProviderError (rejected: nothing was sent, and another endpoint may take the URL itself) where one cannot
    be had, or is beyond the limits.
    """
    urls = list(dict.fromkeys(leaf.url for call in compiled.calls for leaf in _leaves(call) if _is_missing(leaf)))
    if not urls:
        return compiled
    found: dict[str | None, Media] = {}
    amount = 0
    for url in urls:
        try:
            image = await _read(str(url), fetcher, settings, deadline)
        except (FetchError, media.MediaError) as error:
            # A MediaError does not say which image it speaks of.
            named = str(error) if isinstance(error, FetchError) else f"{Media(url=url).describe()}: {error}"
            raise _unread(compiled, named) from error
        found[url] = image
        amount += len(image.content or b"")
        if amount > settings.max_input_bytes:
            most = f"{settings.max_input_bytes / 1e6:g} MB"
            raise _unread(compiled, f"The images of this request have more than {most} together; at most that is read.")
    return compiled._replace(calls=tuple(_filled(call, found) for call in compiled.calls))


async def _read(url: str, fetcher: Fetcher, settings: PictureSettings, deadline: float) -> Media:
    seconds = max(0.0, min(settings.input_seconds, deadline - asyncio.get_running_loop().time()))
    content = await fetcher.fetch(url, max_bytes=settings.limits.max_bytes, seconds=seconds)
    # Hashing 25 MB takes longer than an event loop may be held up.
    image = await asyncio.to_thread(media.from_bytes, content, settings.limits)
    return replace(image, url=url)


def _unread(compiled: CompiledRequest, why: str) -> ProviderError:
    message = (
        f"{compiled.provider} takes this image as bytes only, so its link was to be read here, and could not be. {why} "
        "Nothing was sent. Send the image itself, as a file or a data URI."
    )
    return ProviderError(message, provider=compiled.provider, failure=Failure.REJECTED, code="INVALID_REQUEST")


def _is_missing(leaf: Media) -> bool:
    """Whether a leaf's bytes are elsewhere, and its field does not take the URL."""
    if leaf.content is not None or leaf.url is None or leaf.url.startswith("data:"):
        return False
    return bool(leaf.encode) and "url" not in leaf.encode


def _leaves(node: Any) -> Iterator[Media]:
    """Every image in a call, in order."""
    if isinstance(node, Media):
        yield node
    elif isinstance(node, Mapping):
        for item in node.values():
            yield from _leaves(item)
    elif isinstance(node, HttpCall):
        yield from _leaves(node.json)
        yield from _leaves([part.media for part in node.parts or ()])
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _leaves(item)


def _filled(call: HttpCall, found: Mapping[str | None, Media]) -> HttpCall:
    # One leaf stays one: the exchange uploads an image once, however often a body names it.
    leaves = {id(leaf): replace(found[leaf.url], encode=leaf.encode) for leaf in _leaves(call) if _is_missing(leaf)}

    def filled(node: Any) -> Any:
        if isinstance(node, Media):
            return leaves.get(id(node), node)
        if isinstance(node, Mapping):
            return {key: filled(item) for key, item in node.items()}
        if isinstance(node, (list, tuple)):
            return [filled(item) for item in node]
        return node

    parts = None if call.parts is None else tuple(one._replace(media=filled(one.media)) for one in call.parts)
    return call._replace(json=filled(call.json), parts=parts)
