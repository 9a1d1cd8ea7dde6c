"""What is billed: counts of pictures, pixels, tokens and seconds, and the fields that prices depend on. Row 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..types import Size

__all__ = ["Usage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What is billed: known before a request is sent, or read from what came back.

    `images` counts the pictures and `size` is theirs in pixels (None where unknown). `input_sizes` has each input
    picture once for every call it is sent in. `fields` are the values sent, with the contract's defaults for what is
    not, and `tier` for the tier's label; a missing name is unknown. `tokens` counts by kind (`text_in`, `image_in`,
    `text_out`, `image_out`), `seconds` is compute time. Raises ValueError on a negative count of images.

    >>> Usage(images=2, size=Size(1024, 768), fields={"quality": "high"}).input_sizes
    ()
    """

    images: int
    size: Size | None
    fields: Mapping[str, Any]
    input_sizes: tuple[Size | None, ...] = ()
    tokens: Mapping[str, Decimal] = field(default_factory=dict)
    seconds: Decimal | None = None

    def __post_init__(self) -> None:
        if self.images < 0:
            raise ValueError(f"{self.images} images cannot be billed; the count must be 0 or more")
