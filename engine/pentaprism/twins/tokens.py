"""How many tokens a twin counts for a request and its pictures. Row 7.

No provider's own counting is at hand, so this is the twin's: what matters is that its bill follows from the counts it
replies with. The pictures' are near those OpenAI publishes for GPT Image 1. It must not know prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

from ..types import MEGAPIXEL, Size

__all__ = ["counted", "detail_of"]

# Tokens of a finished picture of 1024x1024.
_MADE = {"low": 272, "medium": 1056, "high": 4160}
# Bytes of text, and pixels of an input picture, that one token stands for.
_BYTES = 4
_PIXELS = 1024


def detail_of(quality: Any) -> str:
    """What a `quality` comes to; `auto` and any unknown one is medium.

    >>> detail_of("high"), detail_of("auto")
    ('high', 'medium')
    """
    return quality if quality in ("low", "medium", "high") else "medium"


def counted(prompt: str, inputs: Sequence[Size], images: int, size: Size, quality: Any) -> Mapping[str, int]:
    """Tokens by the kinds that prices know.

    >>> counted("a cat", [Size(640, 480)], 2, Size(1024, 1024), "low")
    {'text_in': 2, 'image_in': 300, 'image_out': 544}
    """
    return {
        "text_in": _whole(len(prompt.encode("utf-8", "surrogatepass")), _BYTES),
        "image_in": sum(_whole(one.pixels, _PIXELS) for one in inputs),
        "image_out": images * _whole(size.pixels * _MADE[detail_of(quality)], MEGAPIXEL),
    }


def _whole(amount: int, unit: int) -> int:
    return int((Decimal(amount) / unit).to_integral_value(ROUND_CEILING))
