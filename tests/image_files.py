"""Image files of every kind and of every fault: as Pillow writes them, and byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

SIDES = [(1, 1), (1, 300), (257, 2), (64, 64), (1183, 887)]


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    return Image.effect_noise(size, 60).convert(mode)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, interlace: int = 0, data: bytes = b"") -> bytes:
    """A PNG that states any size; without data it is a header and nothing to decode."""
    ihdr = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    chunks = [(b"IHDR", ihdr), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def avif(*, sizes: list[tuple[int, int]], primary: bytes = b"", associations: bytes = b"") -> bytes:
    """The boxes of an AVIF that a size is read from."""
    ispe = [box(b"ispe", bytes(4), struct.pack(">II", *size)) for size in sizes]
    iprp = box(b"iprp", box(b"ipco", *ispe), associations)
    return box(b"ftyp", b"avif", bytes(4), b"mif1") + box(b"meta", bytes(4), primary, iprp) + box(b"mdat", b"\0")


def samples() -> dict[str, bytes]:
    """One picture of each kind a provider sends, and of the stranger ones a caller may."""
    size = (40, 30)
    colour, alpha = noise(size), noise(size, "RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(size))
    exif = Image.Exif()
    exif[0x010E] = "an entry"
    return {
        "png": written(colour, "PNG"),
        "png alpha": written(alpha, "PNG"),
        "png grey alpha": written(alpha.convert("LA"), "PNG"),
        "png palette": written(colour.quantize(16), "PNG"),
        "png palette alpha": written(colour.quantize(16), "PNG", transparency=3),
        "png 16 bit": written(Image.new("I;16", size, 40_000), "PNG"),
        "png 1 bit": written(colour.convert("1"), "PNG"),
        "png interlaced": png(40, 30, interlace=1, data=bytes(2000)),
        "png animated": written(colour, "PNG", save_all=True, append_images=[alpha.convert("RGB")]),
        "png with exif and icc": written(colour, "PNG", exif=exif, icc_profile=b"profile"),
        "jpeg": written(colour, "JPEG"),
        "jpeg progressive": written(colour, "JPEG", progressive=True),
        "jpeg optimised": written(colour, "JPEG", optimize=True, quality=100),
        "jpeg restarts": written(colour, "JPEG", restart_marker_blocks=1),
        "jpeg grey": written(colour.convert("L"), "JPEG"),
        "jpeg cmyk": written(colour.convert("CMYK"), "JPEG"),
        "jpeg with exif, icc, comment": written(colour, "JPEG", exif=exif, icc_profile=bytes(70_000), comment="hello"),
        "webp": written(colour, "WEBP"),
        "webp alpha": written(alpha, "WEBP"),
        "webp lossless": written(colour, "WEBP", lossless=True),
        "webp lossless alpha": written(alpha, "WEBP", lossless=True),
        "webp extended": written(colour, "WEBP", exif=exif),
        "webp animated": written(colour, "WEBP", save_all=True, append_images=[alpha]),
        "gif": written(colour, "GIF"),
        "gif interlaced": written(colour, "GIF", interlace=1),
        "gif animated": written(colour, "GIF", save_all=True, append_images=[alpha.convert("RGB")]),
        "avif": written(colour, "AVIF", speed=10),
        "avif alpha": written(alpha, "AVIF", speed=10),
        "avif grey with exif": written(colour.convert("L"), "AVIF", speed=10, exif=exif),
        "avif animated": written(colour, "AVIF", speed=10, save_all=True, append_images=[alpha.convert("RGB")]),
    }


SAMPLES = samples()
