"""Who fetches an input image: the provider where it takes links, this machine where it takes bytes only, never both."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import re
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from image_files import SAMPLES, png
from pentaprism import AsyncClient, Catalog, Failure, ProviderError
from pentaprism.client import PictureSettings
from pentaprism.client.transport import Transport
from pentaprism.gateway.multipart import MAX_FILES
from pentaprism.media import DEFAULT_LIMITS, ImageLimits
from pentaprism.twins import Twins
from pentaprism.types import HttpCall, Media, Part
from picture_hosts import LOOPBACK, Host, host, leading, reply, trusting
from twin_clients import settings_of

NAME = "pictures.example"
# The two ways in which providers take no links: in the body as text, and as a file of a form.
BYTES_ONLY = """
endpoints:
  - provider: fal
    name: flux.1-dev-edit
    rules: {image: {convert: image, to: image_url, shape: one, encode: [data_uri]}}
"""


@pytest.fixture
def bytes_only(tmp_path: Path) -> Catalog:
    """The catalog, with a fal that takes no links."""
    folder = tmp_path / "models" / "flux.1"
    folder.mkdir(parents=True)
    (folder / "flux.1-dev.yaml").write_text(BYTES_ONLY, encoding="utf-8")
    return Catalog.load(extends=[tmp_path])


@pytest.fixture
def own_twins(bytes_only: Catalog) -> Iterator[Twins]:
    with Twins(bytes_only) as running:
        yield running


def reaching(**changes: Any) -> PictureSettings:
    return PictureSettings(
        **{
            "private_networks": LOOPBACK,
            "ssl_context": trusting(),
            "resolve": leading({NAME: ["127.0.0.1"]}),
            **changes,
        }
    )


async def edited(catalog: Catalog, twins: Twins, url: str, pictures: PictureSettings, **more: Any) -> Any:
    async with AsyncClient(catalog, providers=settings_of(twins), pictures=pictures) as client:
        parameters = {"model": "fal/flux.1-dev", "prompt": "a hat", "image": url, **more}
        return await client.images.edit(**parameters)


def posted(twins: Twins, provider: str) -> list[Any]:
    return [entry["json"] for entry in twins.requests(provider) if entry["method"] == "POST"]


def test_a_link_goes_to_a_provider_that_takes_links_unread(catalog: Catalog, twins: Twins) -> None:
    async def work() -> Host:
        async with host({"/a.png": reply(SAMPLES["png"])}, names=[NAME]) as pictures:
            await edited(catalog, twins, f"https://{NAME}:{pictures.port}/a.png", reaching())
            return pictures

    pictures = asyncio.run(work())
    [body] = posted(twins, "fal")
    assert body["image_url"] == f"https://{NAME}:{pictures.port}/a.png"
    assert pictures.connections == 0


def test_a_provider_that_takes_bytes_only_gets_them(bytes_only: Catalog, own_twins: Twins) -> None:
    async def work() -> Host:
        async with host({"/a.png": reply(SAMPLES["webp"])}, names=[NAME]) as pictures:
            # Two calls of one request: the picture is fetched once.
            await edited(bytes_only, own_twins, f"https://{NAME}:{pictures.port}/a.png", reaching(), n=5)
            return pictures

    pictures = asyncio.run(work())
    bodies = posted(own_twins, "fal")
    expected = f"data:image/webp;base64,{base64.b64encode(SAMPLES['webp']).decode()}"
    assert [body["image_url"] for body in bodies] == [expected] * 2
    assert pictures.paths == ["/a.png"]
    assert own_twins.key not in "".join(pictures.requests)


@pytest.mark.parametrize(
    ("content", "changes", "words"),
    [
        (SAMPLES["png"], {"private_networks": ()}, "is not on the public internet"),
        (SAMPLES["png"], {"limits": ImageLimits(max_bytes=100)}, "has more than 0.0001 MB; compress or shrink it"),
        (SAMPLES["png"], {"limits": ImageLimits(max_pixels=100)}, "40x30, 0.0 million pixels; at most 0.0001 million"),
        (SAMPLES["png"], {"limits": ImageLimits(formats=("jpeg",))}, "The image is png; send it as jpeg."),
        (SAMPLES["png"], {"max_input_bytes": 100}, "have more than 0.0001 MB together"),
        (png(60_000, 60_000), {}, "60000x60000, 3600.0 million pixels; at most 50 million"),
        (b"<html>", {}, "cannot be read."),
    ],
)
def test_an_image_that_cannot_be_read_is_never_submitted(
    bytes_only: Catalog, own_twins: Twins, content: bytes, changes: dict[str, Any], words: str
) -> None:
    async def work() -> None:
        async with host({"/a.png": reply(content)}, names=[NAME]) as pictures:
            url = f"https://{NAME}:{pictures.port}/a.png"
            await edited(bytes_only, own_twins, url, reaching(**changes), provider={"allow_fallbacks": False})

    error = failing(work())
    assert words in str(error)
    assert "Send the image itself, as a file or a data URI." in str(error)
    assert own_twins.requests("fal") == []
    assert own_twins.bill("fal") == 0


def test_another_provider_may_take_the_link_itself(bytes_only: Catalog, own_twins: Twins) -> None:
    """fal takes bytes and they cannot be had; Replicate takes the link. Nobody is billed twice, or for nothing."""
    url = "https://inside.example/a.png"
    pictures = reaching(resolve=leading({"inside.example": ["10.0.0.1"]}))
    order = {"order": ["fal", "replicate"]}
    response = asyncio.run(edited(bytes_only, own_twins, url, pictures, model="flux.1-dev", provider=order))
    assert [record.outcome for record in response.attempts] == ["rejected", "served"]
    [body] = posted(own_twins, "replicate")
    assert body["input"]["image"] == url
    assert own_twins.bill("fal") == 0


def test_an_image_in_a_form_is_filled_in_where_it_stands(catalog: Catalog) -> None:
    """As a file of a form, and one leaf in two places stays one."""

    async def work() -> HttpCall:
        async with host({"/a.png": reply(SAMPLES["jpeg"]), "/b.png": reply(SAMPLES["png"])}, names=[NAME]) as pictures:
            base = f"https://{NAME}:{pictures.port}"
            file, text = (Media(url=f"{base}/{name}.png", encode=("file",)) for name in "ab")
            linked = Media(url=f"{base}/c.png", encode=("url", "file"))
            call = HttpCall(
                method="POST",
                url="https://api.example/x",
                json={"one": text, "more": [text, linked], "n": 1},
                parts=(Part(name="prompt", content=b"x"), Part(name="image", media=file)),
            )
            compiled = catalog.compile({"model": "flux.1-dev", "prompt": "x"}, "fal/flux.1-dev")
            transport = Transport(catalog.providers, {}, pictures=reaching())
            deadline = asyncio.get_running_loop().time() + 10
            ready = await transport.read_inputs(compiled._replace(calls=(call,)), deadline)
            await transport.close()
            assert pictures.paths == ["/b.png", "/a.png"]
            return ready.calls[0]

    call = asyncio.run(work())
    assert call.parts is not None
    assert call.parts[0] == Part(name="prompt", content=b"x")
    assert call.parts[1].media is not None
    assert call.parts[1].media.content == SAMPLES["jpeg"]
    assert call.parts[1].media.encode == ("file",)
    assert call.json["one"] is call.json["more"][0]
    assert call.json["one"].content == SAMPLES["png"]
    assert call.json["more"][1].content is None
    assert call.json["n"] == 1


def failing(work: Coroutine[Any, Any, Any]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        asyncio.run(work)
    assert caught.value.failure is Failure.REJECTED
    return caught.value


def test_the_page_names_every_setting_and_its_default() -> None:
    page = (Path(__file__).resolve().parent.parent / "site" / "docs" / "images-in.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| (`[^|]+`) \| ([^|]+) \|", page))
    named = [name for cell in rows for name in re.findall(r"`(\w+)`", cell)]
    assert named == [field.name for field in dataclasses.fields(PictureSettings)]
    settings, limits = PictureSettings(), DEFAULT_LIMITS
    assert rows["`max_input_bytes`"] == f"{settings.max_input_bytes // 10**6} MB"
    assert rows["`max_result_bytes`"] == f"{settings.max_result_bytes // 2**20} MiB"
    assert rows["`input_seconds`, `result_seconds`"] == f"{settings.input_seconds:g}, {settings.result_seconds:g}"
    assert f"| bytes of one image | {limits.max_bytes // 10**6} MB |" in page
    assert f"| pixels of one image | {limits.max_pixels // 10**6} million |" in page
    assert f"| formats | {', '.join(limits.formats)} |" in page
    assert f"| files of one body sent to the gateway | {MAX_FILES} |" in page
