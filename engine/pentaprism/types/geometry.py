"""Sizes, shapes and scales as values. Row 1: arithmetic that fits them to a provider is in `pentaprism.sizes`.

1 MP is 2**20 pixels (1024x1024): every provider's price text in the facts counts so. A tier nK is a square of
1024 n pixels a side (CATALOG section 6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

__all__ = ["MEGAPIXEL", "AspectRatio", "Size", "Tier"]

MEGAPIXEL = 2**20
_SIZE = re.compile(r"\s*(\d{1,9})\s*[xX×]\s*(\d{1,9})\s*")
_RATIO = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*:\s*(\d{1,6}(?:\.\d{1,6})?)\s*")
_TIER = re.compile(r"\s*(\d{1,4}(?:\.\d{1,4})?)\s*(k|mp|)\s*", re.IGNORECASE)
# A bare number up to this is megapixels; "512" or "1024" would be pixels a side, which is not a scale.
_LARGEST_BARE_MEGAPIXELS = 64


class Size(NamedTuple):
    """Width and height in pixels, both at least 1.

    >>> size = Size.parse("1920x1080")
    >>> str(size), size.pixels, round(size.shape, 3)
    ('1920x1080', 2073600, 1.778)
    """

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        """The area in pixels."""
        return self.width * self.height

    @property
    def shape(self) -> float:
        """Width over height."""
        return self.width / self.height

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read `WxH`. Raises ValueError with the reason where the text is no size."""
        match = _SIZE.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not a size; write it as WIDTHxHEIGHT, such as 1024x768")
        size = cls(int(match[1]), int(match[2]))
        if not size[0] or not size[1]:
            raise ValueError(f"{text!r} has no area; both sides must be at least 1 pixel")
        return size


@dataclass(frozen=True, slots=True)
class AspectRatio:
    """A shape, width to height; equal to any other spelling of the same shape.

    >>> AspectRatio.parse("2:1") == AspectRatio.parse("4:2"), str(AspectRatio.parse("2.39:1"))
    (True, '2.39:1')
    """

    value: Fraction
    label: str = field(compare=False)

    def __str__(self) -> str:
        return self.label

    @property
    def shape(self) -> float:
        """Width over height."""
        return float(self.value)

    @classmethod
    def parse(cls, text: str) -> AspectRatio:
        """Read `W:H`, decimals allowed. Raises ValueError with the reason where the text is no ratio."""
        match = _RATIO.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not an aspect ratio; write it as WIDTH:HEIGHT, such as 16:9")
        width, height = Fraction(match[1]), Fraction(match[2])
        if not width or not height:
            raise ValueError(f"{text!r} has a side of zero; both numbers must be above 0")
        return cls(width / height, f"{match[1]}:{match[2]}")


@dataclass(frozen=True, slots=True)
class Tier:
    """A scale without a shape: `area` in pixels.

    >>> Tier.parse("2k").area, Tier.parse("0.25MP").area, Tier.parse("1").label
    (4194304, 262144, '1MP')
    """

    label: str
    area: int

    def __str__(self) -> str:
        return self.label

    @classmethod
    def parse(cls, text: str) -> Tier:
        """Read `<n>K`, `<n>MP` or a bare number of megapixels. Raises ValueError with the reason."""
        match = _TIER.fullmatch(text)
        number = Fraction(match[1]) if match else Fraction(0)
        if not match or not number:
            raise ValueError(f"{text!r} is not a resolution; write a tier such as 1K, 2K or 0.25MP")
        if match[2].lower() == "k":
            return cls(f"{match[1]}K", int((1024 * number) ** 2))
        if not match[2] and number > _LARGEST_BARE_MEGAPIXELS:
            tier = f"{float(number / 1024):g}K"
            raise ValueError(f"{text!r} would be {match[1]} megapixels; did you mean {tier}?")
        return cls(f"{match[1]}MP", int(MEGAPIXEL * number))
