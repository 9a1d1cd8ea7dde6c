"""Pictures on the wire: input images into what a body or a form takes, a provider's outputs into URLs or bytes.

Row 4: no I/O; an upload is yielded as a call. It must not choose which ways a field takes (the rule did, in
`Media.encode`); it takes the first of them that works.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from ..errors import Failure, ProviderError
from ..types import Media, Output, Part, Provider
from .replies import Job, Steps, lost

Upload = Callable[[Media], Steps[str]]
# What a field takes where its rule does not say.
WAYS = ("url", "data_uri", "upload")


def place(body: Any, provider: Provider, *, upload: Upload | None = None, longest_uri: int | None = None) -> Steps[Any]:
    """The body with a string in the place of every `Media`; the body itself where it holds none.

    `upload` is how the protocol stores a file (None: it cannot); `longest_uri` the most characters it takes of a
    data URI. Raises ProviderError (rejected: nothing was ordered) where no way works.
    """
    found = {id(media): media for media in _leaves(body)}
    if not found:
        return body
    written: dict[int, str] = {}
    for number, (key, media) in enumerate(found.items(), 1):
        written[key] = yield from _write(media, number, provider, upload, longest_uri)
    return _replaced(body, written)


def place_parts(parts: tuple[Part, ...], provider: Provider) -> Steps[tuple[Part, ...]]:
    """The parts of a form with a file, or a text, in the place of every `Media`. Raises as `place` does."""
    placed, number = [], 0
    for part in parts:
        if part.media is not None:
            number += 1
            part = yield from _fill(part.name, part.media, number, provider)
        placed.append(part)
    return tuple(placed)


def _fill(name: str, media: Media, number: int, provider: Provider) -> Steps[Part]:
    # Files are what a form is for, so that is what its field takes where the rule does not say.
    ways = media.encode or ("file",)
    for way in ways:
        if way == "file" and (content := _content(media)):
            return Part(name, content, filename(media), _type_of(media))
        text = yield from _text(way, media, provider, None, None, [])
        if text is not None:
            return Part(name, text.encode())
    raise _unsendable(media, number, provider, ways, ())


def _write(media: Media, number: int, provider: Provider, upload: Upload | None, longest_uri: int | None) -> Steps[str]:
    ways = media.encode or WAYS
    problems: list[str] = []
    for way in ways:
        text = yield from _text(way, media, provider, upload, longest_uri, problems)
        if text is not None:
            return text
    raise _unsendable(media, number, provider, ways, problems)


def _text(
    way: str,
    media: Media,
    provider: Provider,
    upload: Upload | None,
    longest_uri: int | None,
    problems: list[str],
) -> Steps[str | None]:
    """The text that stands for an image sent one way, None where it cannot go that way."""
    inline = media.url is not None and media.url.startswith("data:")
    if way == "url" and not inline:
        return media.url
    if way == "data_uri" and (media.content is not None or inline):
        uri = data_uri(media)
        if longest_uri is None or len(uri) <= longest_uri:
            return uri
        problems.append(f"its data URI has {len(uri)} characters and {provider.name} takes {longest_uri}")
    if way == "base64" and (content := _content(media)):
        return base64.b64encode(content).decode("ascii")
    if way == "upload" and media.content is not None and upload is not None:
        return (yield from upload(media))
    return None


def _unsendable(
    media: Media, number: int, provider: Provider, ways: Iterable[str], problems: Iterable[str]
) -> ProviderError:
    held = "a URL" if media.content is None else "bytes"
    reasons = "".join(f"; {problem}" for problem in problems)
    return ProviderError(
        f"{media.describe(number)} cannot be sent to {provider.name}: the field takes {', '.join(ways)}, and the "
        f"image is here as {held}{reasons}. Send it {'as a file' if media.content is None else 'smaller or by URL'}.",
        provider=provider.id,
        failure=Failure.REJECTED,
        code="INVALID_REQUEST",
    )


def _content(media: Media) -> bytes | None:
    """The bytes of an image that is here, be it inside its URL; None where they are elsewhere, or not readable."""
    if media.content is None and media.url is not None and media.url.startswith("data:"):
        return _bytes_of(media.url)
    return media.content


def _leaves(node: Any) -> Iterator[Media]:
    if isinstance(node, Media):
        yield node
    elif isinstance(node, Mapping):
        for item in node.values():
            yield from _leaves(item)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _leaves(item)


def _replaced(node: Any, written: Mapping[int, str]) -> Any:
    if isinstance(node, Media):
        return written[id(node)]
    if isinstance(node, Mapping):
        return {key: _replaced(item, written) for key, item in node.items()}
    if isinstance(node, (list, tuple)):
        return [_replaced(item, written) for item in node]
    return node


def data_uri(media: Media) -> str:
    """The image as a `data:` URI.

    >>> data_uri(Media(content=b"GIF89a", media_type="image/gif"))
    'data:image/gif;base64,R0lGODlh'
    """
    if media.content is None:
        return media.url or ""
    encoded = base64.b64encode(media.content).decode("ascii")
    return f"data:{media.media_type or 'application/octet-stream'};base64,{encoded}"


def filename(media: Media) -> str:
    """A name for an uploaded image; its ending is what some hosts derive the type from."""
    kind = (_type_of(media) or "").removeprefix("image/") or "bin"
    return f"image.{kind}"


def _type_of(media: Media) -> str | None:
    """The media type, where it is known or stands in the image's own data URI."""
    if media.media_type is None and media.content is None and media.url is not None:
        return media.url.removeprefix("data:").partition(",")[0].partition(";")[0] or None
    return media.media_type


def outputs(job: Job, values: object, seed: int | None = None) -> tuple[Output, ...]:
    """The pictures of a finished job, in the provider's order: URLs as returned, data URIs as bytes.

    `seed` belongs to the first of them. Raises ProviderError (accepted: the work is done and paid) where a picture
    is neither.
    """
    if isinstance(values, (str, Mapping)):
        values = [values]
    if not isinstance(values, list) or not values:
        raise lost(job, "it finished without a picture (a provider deletes them after a time)")
    return tuple(_output(job, value, seed if index == 0 else None) for index, value in enumerate(values))


def _output(job: Job, value: object, seed: int | None) -> Output:
    url = value.get("url") if isinstance(value, Mapping) else value
    if isinstance(url, str) and url.startswith("data:"):
        content = _bytes_of(url)
        if content:
            return Output(content=content, seed=seed)
    elif isinstance(url, str) and url.startswith(("https://", "http://")):
        return Output(url=url, seed=seed)
    raise lost(job, "it returned a picture that is neither a URL nor a readable data URI")


def _bytes_of(uri: str) -> bytes | None:
    head, comma, data = uri.partition(",")
    if not comma:
        return None
    return from_base64(unquote_to_bytes(data)) if head.endswith(";base64") else unquote_to_bytes(data)


def from_base64(text: str | bytes) -> bytes | None:
    """The bytes behind base64, None where it is not base64.

    >>> from_base64("YWJj"), from_base64("YWJj$")
    (b'abc', None)
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
