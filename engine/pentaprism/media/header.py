"""What an image's first bytes say: its format, its stored pixels, whether it may be transparent. Row 4.

PNG, JPEG, WebP, GIF and AVIF, told by their magic numbers and never by a name or a stated type. No pixel is decoded
here, and nothing is refused for its size: `pentaprism.media.intake` sets the limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ..errors import PentaprismError
from ..types import Size

__all__ = ["FORMATS", "Header", "MediaError", "is_complete", "read_header"]

FORMATS = ("png", "jpeg", "webp", "gif", "avif")
"""The formats read and written, by the names of `output_format`."""

# No real header needs a hundredth of these reads; a hostile one could ask for millions.
_MAX_READS = 100_000
# A JPEG segment that carries a length: neither stuffing (00), filling (FF), TEM (01), restarts (D0-D7) nor SOI (D8).
_JPEG_SEGMENT = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# The two names AVIF 1.1 (section 4.1) and HEIF give an alpha plane.
_ALPHA_PLANES = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


class MediaError(PentaprismError, ValueError):
    """Bytes or text that are no image this package takes; the message is a sentence fit for the caller."""


class Header(NamedTuple):
    """What the first bytes of an image say.

    `width` and `height` are the stored pixels; an EXIF orientation that turns them is not applied. `has_alpha` says
    whether the file has room for transparency, None where the header leaves that to each frame (GIF).
    """

    media_type: str
    width: int
    height: int
    has_alpha: bool | None

    @property
    def format(self) -> str:
        """One of `FORMATS`.

        >>> Header("image/jpeg", 4, 3, False).format
        'jpeg'
        """
        return self.media_type.removeprefix("image/")

    @property
    def size(self) -> Size:
        """The stored pixels."""
        return Size(self.width, self.height)


class _Reader:
    """Bytes that cannot be read past their end, nor read for ever: both raise MediaError."""

    __slots__ = ("content", "name", "reads")

    def __init__(self, content: bytes, name: str) -> None:
        self.content = content
        self.name = name
        self.reads = 0

    def slice(self, at: int, length: int) -> bytes:
        self.reads += 1
        if self.reads > _MAX_READS:
            raise MediaError(f"The {self.name}'s header has too many parts to be a picture's.")
        if at + length > len(self.content):
            raise self.truncated()
        return self.content[at : at + length]

    def number(self, at: int, length: int, order: Literal["big", "little"] = "big") -> int:
        return int.from_bytes(self.slice(at, length), order)

    def truncated(self) -> MediaError:
        return MediaError(f"The {self.name} is truncated: it ends at byte {len(self.content)}, inside its header.")

    def damaged(self, why: str) -> MediaError:
        return MediaError(f"The {self.name} is damaged: {why}.")


def read_header(content: bytes) -> Header:
    """The type and size of an image, from its first bytes alone; says nothing of the pixels after them.

    Raises MediaError where the bytes are no PNG, JPEG, WebP, GIF or AVIF, end within the header, or state a side of
    zero. Never reads beyond the bytes, and takes a bounded number of steps whatever they hold.

    >>> read_header(b"GIF89a" + bytes([64, 1, 200, 0]))
    Header(media_type='image/gif', width=320, height=200, has_alpha=None)
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        header = _png(_Reader(content, "PNG"))
    elif content.startswith(b"\xff\xd8\xff"):
        header = _jpeg(_Reader(content, "JPEG"))
    elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        header = _webp(_Reader(content, "WebP"))
    elif content.startswith((b"GIF87a", b"GIF89a")):
        reader = _Reader(content, "GIF")
        header = Header("image/gif", reader.number(6, 2, "little"), reader.number(8, 2, "little"), None)
    elif content[4:8] == b"ftyp":
        header = _avif(_Reader(content, "AVIF"))
    else:
        raise MediaError("The bytes are not an image this takes: png, jpeg, webp, gif or avif.")
    if not header.width or not header.height:
        raise MediaError(f"The {header.format} says it is {header.width}x{header.height}: a picture has no empty side.")
    return header


def _png(reader: _Reader) -> Header:
    if reader.slice(8, 8) != b"\0\0\0\rIHDR":
        raise reader.damaged("its first chunk is not IHDR")
    width, height, colour = reader.number(16, 4), reader.number(20, 4), reader.number(25, 1)
    alpha = colour in (4, 6)
    at = 8 + 25
    while not alpha and (kind := reader.slice(at + 4, 4)) != b"IDAT":
        if kind == b"IEND":
            raise reader.damaged("it has no image data")
        alpha = kind == b"tRNS"
        at += 12 + reader.number(at, 4)
    return Header("image/png", width, height, alpha)


def _jpeg(reader: _Reader) -> Header:
    at = 2
    while segment := _JPEG_SEGMENT.search(reader.content, at):
        marker, at = segment[1][0], segment.end()
        if marker in _JPEG_SIZES:
            return Header("image/jpeg", reader.number(at + 5, 2), reader.number(at + 3, 2), False)
        if marker in (0xD9, 0xDA):
            raise reader.damaged("its image data starts, or it ends, before its size is stated")
        length = reader.number(at, 2)
        if length < 2:
            raise reader.damaged(f"a segment states a length of {length}")
        # The segment is stepped over whole, and so is the thumbnail with a size of its own that EXIF puts in it.
        at += length
    raise reader.truncated()


def _webp(reader: _Reader) -> Header:
    kind = reader.slice(12, 4)
    if kind == b"VP8X":
        flags = reader.number(20, 1)
        width, height = reader.number(24, 3, "little") + 1, reader.number(27, 3, "little") + 1
        return Header("image/webp", width, height, bool(flags & 0x10))
    if kind == b"VP8L":
        if reader.number(20, 1) != 0x2F:
            raise reader.damaged("its lossless data lack their signature")
        bits = reader.number(21, 4, "little")
        return Header("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1))
    if kind == b"VP8 ":
        if reader.slice(23, 3) != b"\x9d\x01\x2a":
            raise reader.damaged("its first frame lacks the start code of a key frame")
        width, height = reader.number(26, 2, "little"), reader.number(28, 2, "little")
        return Header("image/webp", width & 0x3FFF, height & 0x3FFF, False)
    raise reader.damaged("its first chunk is none of VP8, VP8L and VP8X")


_Span = tuple[int, int]


def _boxes(reader: _Reader, span: _Span) -> Iterator[tuple[bytes, _Span]]:
    """The boxes (ISO/IEC 14496-12) between two offsets: each kind with the span of its body."""
    at, end = span
    while at < end:
        length, kind, head = reader.number(at, 4), reader.slice(at + 4, 4), 8
        if length == 1:
            length, head = reader.number(at + 8, 8), 16
        elif length == 0:
            length = end - at
        if length < head:
            raise reader.damaged(f"a box states a length of {length}")
        if at + length > end:
            raise reader.truncated()
        yield kind, (at + head, at + length)
        at += length


def _child(reader: _Reader, span: _Span, wanted: bytes) -> _Span:
    for kind, body in _boxes(reader, span):
        if kind == wanted:
            return body
    raise reader.damaged(f"it has no {wanted.decode()} box")


def _avif(reader: _Reader) -> Header:
    start, end = next(_boxes(reader, (0, len(reader.content))))[1]
    brands = [reader.slice(at, 4) for at in range(start, end - 3, 4)]
    if b"avif" not in brands and b"avis" not in brands:
        raise MediaError("The file is of AVIF's family, such as HEIC or MP4, but not AVIF: convert it first.")
    # meta, pitm, ipma and ispe are full boxes: four bytes of version and flags come before what they say.
    meta_start, meta_end = _child(reader, (0, len(reader.content)), b"meta")
    meta = (meta_start + 4, meta_end)
    properties = _child(reader, meta, b"iprp")
    listed = list(_boxes(reader, _child(reader, properties, b"ipco")))
    sizes = {
        index: (reader.number(body[0] + 4, 4), reader.number(body[0] + 8, 4))
        for index, (kind, body) in enumerate(listed, 1)
        if kind == b"ispe"
    }
    if not sizes:
        raise reader.damaged("it states no size")
    mine = [sizes[index] for index in _primary_properties(reader, meta, properties) if index in sizes]
    width, height = mine[0] if mine else max(sizes.values(), key=lambda pair: pair[0] * pair[1])
    extras = [reader.slice(body[0] + 4, body[1] - body[0] - 4) for kind, body in listed if kind == b"auxC"]
    alpha = any(extra.partition(b"\0")[0] in _ALPHA_PLANES for extra in extras)
    return Header("image/avif", width, height, alpha)


def _primary_properties(reader: _Reader, meta: _Span, properties: _Span) -> list[int]:
    """Which properties, counted from 1, belong to the primary item; none where the file does not say."""
    kinds = dict(_boxes(reader, meta)) | dict(_boxes(reader, properties))
    if b"pitm" not in kinds or b"ipma" not in kinds:
        return []
    at = kinds[b"pitm"][0]
    primary = reader.number(at + 4, 2 if reader.number(at, 1) == 0 else 4)
    at = kinds[b"ipma"][0]
    item_width = 2 if reader.number(at, 1) == 0 else 4
    index_width = 2 if reader.number(at + 3, 1) & 1 else 1
    entries, at = reader.number(at + 4, 4), at + 8
    for _ in range(entries):
        item, count = reader.number(at, item_width), reader.number(at + item_width, 1)
        at += item_width + 1
        if item == primary:
            # The top bit says that a reader must know the property; the rest is its index.
            top = 1 << (8 * index_width - 1)
            return [reader.number(at + step * index_width, index_width) % top for step in range(count)]
        at += count * index_width
    return []


def is_complete(content: bytes) -> bool:
    """Whether an image goes on to its own end: False where a transfer or a disk cut it off.

    Looks at end marks and stated lengths only. Raises MediaError where `read_header` does.

    >>> is_complete(b"GIF89a" + bytes([64, 1, 200, 0]))
    False
    """
    match read_header(content).format:
        case "png":
            return b"IEND\xaeB`\x82" in content
        case "jpeg":
            # Neither mark can stand inside image data; a thumbnail's own pair comes before the picture's.
            return content.rfind(b"\xff\xd9") > content.rfind(b"\xff\xda")
        case "webp":
            return 8 + int.from_bytes(content[4:8], "little") <= len(content)
        case "gif":
            return content.rstrip(b"\0").endswith(b";")
    try:
        kinds = {kind for kind, _ in _boxes(_Reader(content, "AVIF"), (0, len(content)))}
    except MediaError:
        return False
    # The coded picture lies in a box of its own, or, rarely, within meta.
    return b"mdat" in kinds or b"idat" in content
