"""A jpeg has no transparency: what is see-through comes on white, and the caller is told, whoever makes the jpeg."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as PillowImage
from PIL import ImageStat

from goldens import ON
from pentaprism import Catalog
from pentaprism.client.hooks import Attempt
from pentaprism.client.pictures import Pictures
from pentaprism.client.result import Image
from pentaprism.client.settings import read_settings
from pentaprism.client.transport import Transport
from pentaprism.client.workers import Workers
from pentaprism.types import Outcome, Output

LAYER = Path(__file__).parent / "format"
ON_WHITE = ", on white where it is transparent"
NONE_IN_JPEG = "; a jpeg has no transparency, so the background cannot have it"


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[LAYER])


def see_through() -> bytes:
    """Red in the left half; in the right half nothing, or green if one looks at the colour alone."""
    image = PillowImage.new("RGBA", (64, 32), (200, 0, 0, 255))
    image.paste((0, 200, 0, 0), (32, 0, 64, 32))
    image.save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


def near(found: Sequence[float], wanted: Sequence[float]) -> bool:
    return all(abs(one - other) < 10 for one, other in zip(found, wanted, strict=True))


def finish(catalog: Catalog, content: bytes, **asked: Any) -> tuple[Image, list[str]]:
    """A picture as the client delivers it, and every sentence about the request."""
    body = {"model": "fal/flux.1-dev", "prompt": "a cat", "size": "64x32", **asked}
    compiled = catalog.compile(body, "fal/flux.1-dev", date=ON)
    attempt = Attempt(id="1", request_id="1", compiled=compiled, call=0, reserved=compiled.cost)

    async def run() -> Image:
        nowhere = httpx.MockTransport(lambda _: httpx.Response(404))
        transport = Transport(catalog.providers, read_settings(catalog.providers, None), nowhere)
        workers = Workers()
        image, _ = await Pictures(transport, workers).finish(attempt, 0, Output(content=content))
        workers.close()
        await transport.close()
        return image

    return asyncio.run(run()), [entry.why for entry in compiled.adjustments]


@pytest.mark.parametrize("asked", [{"output_format": "jpeg", "output_compression": 95}, {"output_compression": 95}])
def test_what_is_converted_to_jpeg_is_on_white_and_says_so(catalog: Catalog, asked: dict[str, Any]) -> None:
    image, told = finish(catalog, see_through(), **asked)
    with PillowImage.open(io.BytesIO(image.content)) as opened:
        assert (opened.format, opened.mode) == ("JPEG", "RGB")
        clear, red = opened.crop((34, 2, 62, 30)), opened.crop((2, 2, 30, 30))
    assert min(ImageStat.Stat(clear).mean) > 250
    assert near(ImageStat.Stat(red).mean, (200, 0, 0))
    assert len([why for why in told if why.endswith(ON_WHITE)]) == 1


@pytest.mark.parametrize("to", ["webp", "avif"])
def test_other_formats_keep_it_and_say_nothing(catalog: Catalog, to: str) -> None:
    image, told = finish(catalog, see_through(), output_format=to)
    with PillowImage.open(io.BytesIO(image.content)) as opened:
        assert opened.format == to.upper()
        alpha = opened.convert("RGBA").getchannel("A")
        assert (alpha.getpixel((10, 10)), alpha.getpixel((50, 10))) == (255, 0)
    assert not [why for why in told if "transparent" in why]


def test_a_transparent_background_in_the_providers_own_jpeg_is_told_of(wide: Catalog) -> None:
    asked = {"model": "gpt-image-2", "prompt": "a cat", "output_format": "jpeg", "background": "transparent"}
    for body in (asked, {**asked, "output_compression": 80}):
        told = wide.compile(body, "openai/gpt-image-2", date=ON).adjustments
        (format,) = (entry for entry in told if entry.parameter == "output_format")
        assert (format.outcome, format.why) == (Outcome.HONORED, f"sent as it is{NONE_IN_JPEG}")


@pytest.mark.parametrize("asked", [{"output_format": "png"}, {"background": "opaque"}, {"background": "auto"}])
def test_without_one_of_the_two_there_is_nothing_to_tell(wide: Catalog, asked: dict[str, Any]) -> None:
    body = {"model": "gpt-image-2", "prompt": "a cat", "output_format": "jpeg", "background": "transparent", **asked}
    told = wide.compile(body, "openai/gpt-image-2", date=ON).adjustments
    assert not [entry for entry in told if "no transparency" in entry.why]


@pytest.mark.parametrize("format", ["png", "jpeg"])
@pytest.mark.parametrize("background", ["transparent", "opaque"])
@pytest.mark.parametrize("key", ["openai/gpt-image-2", "fal/gpt-image-1.5"])
def test_a_specialised_function_tells_the_same(wide: Catalog, format: str, background: str, key: str) -> None:
    model = key.partition("/")[2]
    body = {"model": model, "prompt": "a cat", "output_format": format, "background": background}
    request, endpoint = wide.parse(body), wide.endpoint(key)
    assert wide.compile(body, key, date=ON) == wide._compiler.interpret(request, endpoint, ON)
