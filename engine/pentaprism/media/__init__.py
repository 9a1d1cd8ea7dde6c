"""Images as bytes: what they are, how large, and whether what came back is what was asked. Row 4.

The standard library only, and no pixel is decoded: type and size are read from the header, so that a picture too
large to hold is refused before anybody tries.

`header` reads a format and a size · `intake` makes a `Media` of what a caller gives, within the limits · `verdict`
judges what came back.
"""

from __future__ import annotations

from .header import FORMATS, Header, MediaError, is_complete, read_header
from .intake import (
    DEFAULT_LIMITS,
    MAX_BYTES,
    MAX_PIXELS,
    ImageLimits,
    check_pixels,
    from_bytes,
    from_path,
    from_text,
    to_data_uri,
)
from .verdict import receipt

__all__ = [
    "DEFAULT_LIMITS",
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "Header",
    "ImageLimits",
    "MediaError",
    "check_pixels",
    "from_bytes",
    "from_path",
    "from_text",
    "is_complete",
    "read_header",
    "receipt",
    "to_data_uri",
]
