"""Whether what came back is what was asked, read from the picture's own bytes. Row 4.

The provider's word on size and format counts for nothing here, and no pixel is decoded.
"""

from __future__ import annotations

from ..types import Receipt, Size, Tolerance
from .header import Header, MediaError, is_complete, read_header
from .intake import digest

__all__ = ["receipt"]

# How far a returned shape may be from the one asked and still be it: rounding to whole pixels stays well within.
_SHAPE_TOLERANCE = 0.005


def receipt(
    content: bytes,
    *,
    asked_size: Size | None = None,
    asked_shape: float | None = None,
    asked_area: int | None = None,
    expected: Size | None = None,
    asked_format: str | None = None,
) -> Receipt:
    """One returned picture against what was asked, from its bytes; never raises.

    The size is `honored` where it is what was asked: the pixels of `asked_size`; else the shape (width over height)
    of `asked_shape` within 0.5 % and the pixel count of `asked_area` within 10 %, whichever were given. It is
    `approximated` where it is not, but equals `expected`, as the caller was told; else `mismatch`. Where no size was
    asked there is a verdict only if `expected` is known and was not met: `mismatch`. The format is `honored` or
    `mismatch`, and has no verdict where none was asked.

    `read` is False where the bytes are no whole picture: cut off, or not an image. Then every verdict that is due is
    `mismatch`, and the format and size are what the header still says, if it says anything.

    >>> gif = b"GIF89a" + bytes([64, 1, 200, 0]) + b";"
    >>> dict(receipt(gif, asked_shape=1.5, expected=Size(320, 200), asked_format="gif").verdicts)
    {'size': 'approximated', 'format': 'honored'}
    """
    header: Header | None = None
    whole = False
    try:
        header = read_header(content)
        whole = is_complete(content)
    except MediaError:
        pass
    verdicts: dict[str, str] = {}
    asked = asked_size is not None or asked_shape is not None or asked_area is not None
    got = header.size if header and whole else None
    if asked:
        met = got is not None and _meets(got, asked_size, asked_shape, asked_area)
        verdicts["size"] = "honored" if met else "approximated" if got and got == expected else "mismatch"
    elif expected is not None and got != expected:
        verdicts["size"] = "mismatch"
    if asked_format is not None:
        met = header is not None and whole and header.format == asked_format
        verdicts["format"] = "honored" if met else "mismatch"
    return Receipt(
        read=whole,
        format=header.format if header else None,
        size=header.size if header else None,
        bytes=len(content),
        sha256=digest(content),
        verdicts=verdicts,
    )


def _meets(got: Size, size: Size | None, shape: float | None, area: int | None) -> bool:
    if size is not None:
        return got == size
    near_shape = shape is None or abs(got.shape / shape - 1) <= _SHAPE_TOLERANCE
    return near_shape and (area is None or abs(got.pixels / area - 1) <= Tolerance().pixels)
