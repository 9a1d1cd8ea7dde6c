"""Small real pictures for tests, made with Pillow."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

from PIL import Image

from pentaprism import media

_PIXELS = re.compile(r"(\d+)x(\d+)")


@cache
def picture(width: int, height: int, format: str = "PNG") -> bytes:
    """A plain picture of these pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(buffer, format)
    return buffer.getvalue()


def opened(value: Any) -> Any:
    """The image leaves of a golden request: `WxH` as a picture of those pixels."""
    if isinstance(value, list):
        return [opened(entry) for entry in value]
    match = _PIXELS.fullmatch(value)
    return media.from_bytes(picture(int(match[1]), int(match[2]))) if match else value
