"""Draws the picture a twin returns: white light enters a prism and leaves as a spectrum. Row 7.

The same prompt, seed, index, size and format give the same bytes with the same Pillow. Everything soft is drawn small
and enlarged, so that a megapixel takes a few tens of milliseconds. It must not know a provider, a request or a price.
"""

from __future__ import annotations

import colorsys
import hashlib
import io
import math
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from ..types import Size

__all__ = ["draw"]

# The longest side everything soft is drawn at; larger pictures are enlarged from it.
SKETCH = 600
# Edges are drawn this many times larger than the sketch and averaged down, so that they have no steps.
FINE = 2
# Below this many pixels a side, a line of text would only be noise.
SMALLEST_WITH_TEXT = 96
RAYS = 42
Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Scene:
    """What the prompt and the seed decide: numbers from 0 to 1, drawn from their hash."""

    hue: float
    tilt: float
    drift: float
    spread: float
    stars: bytes

    @classmethod
    def of(cls, prompt: str, seed: int, index: int) -> Scene:
        """The scene of one picture of one request."""
        digest = hashlib.sha512(f"{seed}\0{index}\0{prompt}".encode("utf-8", "surrogatepass")).digest()
        hue, tilt, drift, spread = (byte / 255 for byte in digest[:4])
        return cls(hue, tilt, drift, spread, digest[4:])


@lru_cache(maxsize=16)
def draw(prompt: str, seed: int, index: int, size: Size, kind: str, quality: int = 85, haze: float = 0.0) -> bytes:
    """The picture as the bytes of a file, exactly `size` pixels; `kind` is jpeg, png or webp, `quality` 0 to 100.

    With `haze` it is not finished: blurred over that part of its longer side, and without its caption.

    >>> draw("a cat", 7, 0, Size(64, 48), "png")[:4]
    b'\\x89PNG'
    """
    scale = min(1.0, SKETCH / max(size.width, size.height))
    small = (max(1, round(size.width * scale)), max(1, round(size.height * scale)))
    image = _sketch(Scene.of(prompt, seed, index), small)
    if haze:
        image = image.filter(ImageFilter.GaussianBlur(haze * max(small)))
    if small != (size.width, size.height):
        image = image.resize((size.width, size.height), Image.Resampling.BICUBIC)
    if not haze:
        _caption(image, prompt)
    stream = io.BytesIO()
    if kind == "jpeg":
        image.save(stream, "JPEG", quality=max(1, quality))
    elif kind == "webp":
        image.save(stream, "WEBP", quality=quality, method=0)
    elif kind == "png":
        image.save(stream, "PNG", compress_level=1)
    else:
        raise ValueError(f"a twin draws jpeg, png and webp, not {kind!r}")
    return stream.getvalue()


def _rgb(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _sketch(scene: Scene, size: tuple[int, int]) -> Image.Image:
    width, height = size
    unit = min(width, height)
    # A wide picture has its prism left of the middle, so that the spectrum gets the room.
    centre = (width * (0.42 + 0.06 * scene.drift), height * 0.5 + unit * 0.03)
    image = _sky(scene, size, centre)
    corners = _triangle(centre, unit * 0.62, math.radians(10 * scene.tilt - 5))
    light = Image.new("RGB", (width * FINE, height * FINE))
    _spectrum(light, scene, [(x * FINE, y * FINE) for x, y in corners], unit * FINE)
    light = light.reduce(FINE)
    glow = light.resize((max(1, width // 4), max(1, height // 4)), Image.Resampling.BOX)
    glow = glow.filter(ImageFilter.GaussianBlur(max(1.0, unit / 60))).resize(size, Image.Resampling.BILINEAR)
    image = ImageChops.screen(image, glow)
    image = ImageChops.screen(image, light)
    return _glass(image, corners, unit)


def _sky(scene: Scene, size: tuple[int, int], centre: Point) -> Image.Image:
    width, height = size
    slope = Image.linear_gradient("L").resize(size, Image.Resampling.BILINEAR)
    hue = 0.55 + 0.3 * scene.hue
    sky = ImageOps.colorize(slope, _rgb(hue, 0.75, 0.10), _rgb(hue + 0.12, 0.62, 0.42), _rgb(hue + 0.05, 0.7, 0.20))
    reach = 2 * round(max(centre[0], width - centre[0], centre[1], height - centre[1])) + 2
    halo = ImageOps.invert(Image.radial_gradient("L")).resize((reach, reach), Image.Resampling.BILINEAR)
    around = Image.new("L", size)
    around.paste(halo, (round(centre[0] - reach / 2), round(centre[1] - reach / 2)))
    sky = ImageChops.screen(sky, ImageOps.colorize(around, (0, 0, 0), _rgb(hue + 0.1, 0.5, 0.34)))
    pen = ImageDraw.Draw(sky)
    for across, down in zip(scene.stars[::2], scene.stars[1::2], strict=True):
        brightness = 90 + (across * down) % 120
        x, y = across / 256 * width, (down / 256) ** 1.6 * height
        pen.point((x, y), fill=(brightness, brightness, min(255, brightness + 25)))
    return sky


def _triangle(centre: Point, side: float, turn: float) -> list[Point]:
    radius = side / math.sqrt(3)
    angles = (turn - math.pi / 2, turn + math.pi / 6, turn + 5 * math.pi / 6)
    return [(centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)) for angle in angles]


def _between(start: Point, end: Point, part: float) -> Point:
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _spectrum(light: Image.Image, scene: Scene, corners: list[Point], unit: float) -> None:
    top, right, left = corners
    pen = ImageDraw.Draw(light)
    enter = _between(top, left, 0.52)
    thin = unit * 0.007
    fall = min(enter[0] * (0.18 + 0.12 * scene.tilt), unit * 0.38)
    start = (-thin, enter[1] + fall)
    pen.polygon(_band(start, enter, thin, thin), fill=(255, 252, 245))
    leave = [_between(top, right, 0.40 + 0.20 * ray / RAYS) for ray in range(RAYS + 1)]
    span = 0.30 + 0.16 * scene.spread
    slopes = [0.04 + span * ray / RAYS for ray in range(RAYS + 1)]
    edge = light.width + 2.0
    far = [(edge, point[1] + (edge - point[0]) * slope) for point, slope in zip(leave, slopes, strict=True)]
    for ray in range(RAYS):
        part = ray / (RAYS - 1)
        inside = _rgb(part * 0.78, 0.28, 0.55)
        pen.polygon([enter, leave[ray], leave[ray + 1]], fill=inside)
        pen.polygon([leave[ray], far[ray], far[ray + 1], leave[ray + 1]], fill=_rgb(part * 0.78, 0.88, 0.97))


def _band(start: Point, end: Point, at_start: float, at_end: float) -> list[Point]:
    return [
        (start[0], start[1] - at_start / 2),
        (end[0], end[1] - at_end / 2),
        (end[0], end[1] + at_end / 2),
        (start[0], start[1] + at_start / 2),
    ]


def _glass(image: Image.Image, corners: list[Point], unit: float) -> Image.Image:
    fine = [(x * FINE, y * FINE) for x, y in corners]
    shape = Image.new("L", (image.width * FINE, image.height * FINE))
    ImageDraw.Draw(shape).polygon(fine, fill=255)
    outline = Image.new("L", shape.size)
    line = max(2, round(unit * FINE / 300))
    ImageDraw.Draw(outline).line([*fine, *fine[:2]], fill=235, width=line, joint="curve")
    shape, outline = shape.reduce(FINE), outline.reduce(FINE)
    # Brighter towards the edges, as glass is: the shape less its own blur.
    rim = ImageChops.subtract(shape, shape.filter(ImageFilter.BoxBlur(unit / 16)))
    body = ImageChops.add(rim.point(_dimmed(0.75)), shape.point(_dimmed(0.07)))
    lit = ImageChops.screen(image, ImageOps.colorize(body, (0, 0, 0), (196, 220, 255)))
    lit.paste((226, 238, 255), mask=outline)
    return lit


def _dimmed(factor: float) -> list[int]:
    return [round(level * factor) for level in range(256)]


def _caption(image: Image.Image, prompt: str) -> None:
    width, height = image.size
    if min(width, height) < SMALLEST_WITH_TEXT:
        return
    points = max(9, min(width, height) // 44)
    font = ImageFont.load_default(points)
    pen = ImageDraw.Draw(image)
    room = width - 4 * points
    words = " ".join(prompt.split())[:240]
    while words and pen.textlength(words, font=font) > room:
        words = words[: int(len(words) * 0.9)].rstrip(" …") + "…" if len(words) > 4 else ""
    pen.text((width / 2, height - 1.6 * points), words, font=font, anchor="mm", fill=(206, 214, 232))
