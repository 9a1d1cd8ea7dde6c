"""How an image comes in: bytes, a URL, a data URI or a file made a `Media`, within the limits. Row 4.

`from_path` is the only function of the package that touches a file for an image, and none fetches a URL. This module
must not raise `RequestError`: it does not know which parameter an image stood in; its callers do.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from ..types import Media
from .header import FORMATS, Header, MediaError, read_header

__all__ = [
    "DEFAULT_LIMITS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "ImageLimits",
    "check_pixels",
    "digest",
    "from_bytes",
    "from_path",
    "from_text",
    "to_data_uri",
]

MAX_BYTES = 25_000_000
"""The largest input image, in bytes, where nobody sets another limit. Our own bound.

A 4096x4096 photograph is some 8 MB of JPEG; as PNG it can be larger than this, and then travels better as JPEG or WebP.
"""

MAX_PIXELS = 50_000_000
"""The largest picture, in pixels, where nobody sets another limit, and the largest that is ever decoded.

Our own bound: three times a 4K square, and 200 MB once decoded to RGBA. Pillow only warns above 89 million pixels and
refuses above 179 million (`PIL.Image.MAX_IMAGE_PIXELS`), while a PNG of 196 million pixels of one colour weighs 24 kB.
"""

_DATA_URI = re.compile(r"data:([^,]*),", re.IGNORECASE)


class ImageLimits(NamedTuple):
    """What an input image may be: its bytes, the pixels its header states, and its format by its magic numbers.

    The limits hold for every way an image comes in, be it bytes, a file, a data URI or a URL read here; an image
    beyond them is refused before a pixel is decoded. A URL that is passed on unread is the provider's to judge.
    `formats` are some of `FORMATS`; a provider may take fewer, and says so itself.

    >>> ImageLimits(max_pixels=1_000_000).check(Header("image/png", 2000, 1000, False))
    Traceback (most recent call last):
    pentaprism.media.header.MediaError: The image is 2000x1000, 2.0 million pixels; at most 1 million. Shrink it.
    """

    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    formats: tuple[str, ...] = FORMATS

    def check(self, header: Header) -> None:
        """Raise MediaError where the header states a format or a number of pixels that is not taken."""
        if header.format not in self.formats:
            raise MediaError(f"The image is {header.format}; send it as {_listed(self.formats)}.")
        if header.width * header.height > self.max_pixels:
            raise MediaError(
                f"The image is {header.size}, {header.size.pixels / 1e6:.1f} million pixels; "
                f"at most {self.max_pixels / 1e6:g} million. Shrink it."
            )

    def check_bytes(self, amount: int) -> None:
        """Raise MediaError where an image of so many bytes is not taken."""
        if amount > self.max_bytes:
            raise MediaError(
                f"The image is {amount / 1e6:.1f} MB; at most {self.max_bytes / 1e6:g} MB. Compress or shrink it."
            )


DEFAULT_LIMITS = ImageLimits()
"""The limits where nobody sets others."""


def check_pixels(header: Header) -> None:
    """Refuse a picture of more than MAX_PIXELS pixels with a MediaError that names both numbers.

    What every picture passes before it is decoded, whoever made it.

    >>> check_pixels(Header("image/png", 9000, 9000, False))
    Traceback (most recent call last):
    pentaprism.media.header.MediaError: The image is 9000x9000, 81.0 million pixels; at most 50 million. Shrink it.
    """
    DEFAULT_LIMITS.check(header)


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def digest(content: bytes) -> str:
    """The SHA-256 of a picture's bytes, as 64 hexadecimal digits.

    >>> digest(b"GIF89a")[:8]
    '610f5ae4'
    """
    # Imported here because it loads OpenSSL, and most programs that load a catalog have no picture in their hands.
    import hashlib

    return hashlib.sha256(content).hexdigest()


def from_bytes(content: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Media:
    """The image these bytes are. Raises MediaError where they are none, or beyond the limits.

    >>> from_bytes(b"GIF89a" + bytes([64, 1, 200, 0])).size
    Size(width=320, height=200)
    """
    limits.check_bytes(len(content))
    header = read_header(content)
    limits.check(header)
    return Media(
        content=content,
        sha256=digest(content),
        media_type=header.media_type,
        width=header.width,
        height=header.height,
    )


def from_text(value: str, limits: ImageLimits = DEFAULT_LIMITS) -> Media:
    """The image a text stands for: an http(s) URL, kept unread, or a `data:` URI, read here and now.

    A data URI may be base64 or percent-encoded; its bytes decide its type, whatever type it states. A path is never
    read: text comes from callers who must not reach this machine's files. Raises MediaError.

    >>> from_text("https://example.com/cat.png").url
    'https://example.com/cat.png'
    """
    if match := _DATA_URI.match(value):
        return from_bytes(_decode(value[match.end() :], match[1], limits), limits)
    if re.match(r"https?:", value, re.IGNORECASE):
        try:
            host = urlsplit(value).hostname
        except ValueError:
            host = None
        if not host or not value.isprintable() or " " in value:
            raise MediaError(f"{_shown(value)} is not a URL that can be fetched: check its host and its spaces.")
        return Media(url=value)
    raise MediaError(f"An image is an http(s) URL or a data: URI (data:image/png;base64,...), not {_shown(value)}.")


def _shown(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:57] + "...")


def _decode(payload: str, declared: str, limits: ImageLimits) -> bytes:
    # No encoding spends more than four characters on a byte; the exact check follows once the bytes are there.
    if len(payload) > 4 * limits.max_bytes:
        raise MediaError(
            f"The data URI holds {len(payload) / 1e6:.1f} million characters, more than any image of "
            f"{limits.max_bytes / 1e6:g} MB needs. Compress or shrink the image."
        )
    raw = unquote_to_bytes(payload)
    if not declared.lower().replace(" ", "").endswith(";base64"):
        return raw
    raw = b"".join(raw.split())
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except binascii.Error as error:
        raise MediaError("The data URI says that it is base64, but its data are not.") from error


def from_path(path: str | Path, limits: ImageLimits = DEFAULT_LIMITS) -> Media:
    """The image in a file: the one function here that reads one, for a caller at their own machine.

    Raises MediaError where there is no such file, it cannot be read, or it is no image within the limits.

    >>> from_path("no-such.png")
    Traceback (most recent call last):
    pentaprism.media.header.MediaError: There is no file no-such.png.
    """
    file = Path(path)
    try:
        if not file.exists():
            raise MediaError(f"There is no file {path}.")
        if not file.is_file():
            raise MediaError(
                f"{path} is {'a directory' if file.is_dir() else 'not a regular file'}: name an image file."
            )
        limits.check_bytes(file.stat().st_size)
        content = file.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from error
    return from_bytes(content, limits)


def to_data_uri(media: Media) -> str:
    """The image as a base64 data URI. Raises MediaError where only its URL is known.

    >>> to_data_uri(from_bytes(b"GIF89a" + bytes([64, 1, 200, 0])))
    'data:image/gif;base64,R0lGODlhQAHIAA=='
    """
    if media.content is None:
        raise MediaError(f"The image at {media.url} was passed on unread, so there are no bytes to encode.")
    media_type = media.media_type or read_header(media.content).media_type
    return f"data:{media_type};base64,{base64.b64encode(media.content).decode('ascii')}"
