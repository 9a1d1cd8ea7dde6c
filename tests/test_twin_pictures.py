"""The pictures twins draw: of exactly these pixels, in this format, the same for the same request."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pentaprism.media import read_header
from pentaprism.twins.picture import draw
from pentaprism.types import Size


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("size", [Size(1, 1), Size(7, 300), Size(1023, 5), Size(256, 256), Size(1344, 768)], ids=str)
def test_a_picture_has_its_pixels_and_its_format(size: Size, kind: str) -> None:
    header = read_header(draw("a cat", 1, 0, size, kind))
    assert (header.width, header.height, header.format) == (size.width, size.height, kind)


def test_a_picture_follows_from_prompt_seed_and_index() -> None:
    asked = ("a cat", 1, 0, Size(64, 64), "png")
    first = draw(*asked)
    draw.cache_clear()
    assert draw(*asked) == first
    others = {draw("a dog", *asked[1:]), draw("a cat", 2, *asked[2:]), draw("a cat", 1, 1, *asked[3:])}
    assert len(others | {first}) == 4


def test_a_picture_shows_a_spectrum() -> None:
    image = Image.open(io.BytesIO(draw("a cat", 1, 0, Size(400, 400), "png"))).convert("HSV")
    column = [image.getpixel((380, y)) for y in range(400)]
    vivid = {pixel[0] // 32 for pixel in column if isinstance(pixel, tuple) and pixel[1] > 110 and pixel[2] > 160}
    assert len(vivid) >= 6


def test_quality_changes_the_weight() -> None:
    weights = [len(draw("a cat", 1, 0, Size(300, 300), "webp", quality)) for quality in (5, 50, 95)]
    assert weights == sorted(weights)


def test_an_unusual_prompt_is_drawn_too() -> None:
    for prompt in ("", "\x00\ud800", "猫" * 500, "line\nbreaks\tand " * 60):
        assert read_header(draw(prompt, 0, 0, Size(120, 100), "png")).width == 120


def test_what_cannot_be_drawn_is_named() -> None:
    with pytest.raises(ValueError, match="not 'svg'"):
        draw("a cat", 1, 0, Size(8, 8), "svg")
