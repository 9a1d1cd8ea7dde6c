"""Pictures that providers point to: their links are believed no more than a caller's, and what is paid is accepted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

import pytest

from image_files import SAMPLES, png
from pentaprism import AsyncClient, Catalog, Failure, ProviderError
from pentaprism.client import PictureSettings, ProviderSettings
from pentaprism.client.transport import Transport
from picture_hosts import LOOPBACK, Answer, Host, host, leading, reply, trusting

PNG = SAMPLES["png"]
CDN = "cdn.example"
KEY = "the-key-of-fal"


async def downloaded(catalog: Catalog, url: str, base_url: str | None = None, **pictures: Any) -> bytes:
    settings = {"fal": ProviderSettings(key=KEY, base_url=base_url)}
    known = {"ssl_context": trusting(), "resolve": leading({CDN: ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"]})}
    transport = Transport(catalog.providers, settings, pictures=PictureSettings(**{**known, **pictures}))
    try:
        return await transport.download(url, "fal")
    finally:
        await transport.close()


def lost(work: Coroutine[Any, Any, Any]) -> ProviderError:
    """The error of a picture that was made, and so paid, and cannot be had."""
    with pytest.raises(ProviderError) as caught:
        asyncio.run(work)
    assert caught.value.failure is Failure.ACCEPTED
    assert KEY not in str(caught.value)
    return caught.value


def test_the_configured_base_is_trusted_and_nothing_beside_it(catalog: Catalog) -> None:
    async def work(other: bool) -> tuple[bytes, Host]:
        async with host({"/a.png": reply(PNG)}) as base, host({"/a.png": reply(PNG)}) as beside:
            port = beside.port if other else base.port
            url = f"http://127.0.0.1:{port}/a.png"
            return await downloaded(catalog, url, f"http://127.0.0.1:{base.port}"), base

    content, base = asyncio.run(work(other=False))
    assert content == PNG
    assert "authorization" not in base.requests[0].lower()
    error = lost(work(other=True))
    assert str(error).startswith("fal made the picture, but it could not be fetched. The picture at http://127.0.0.1:")
    assert "is http, and pictures are fetched over https only" in str(error)


def test_a_link_to_a_host_of_files_carries_no_key(catalog: Catalog) -> None:
    async def work() -> tuple[bytes, Host]:
        async with host({"/a.png?sig=1": reply(PNG)}, names=[CDN]) as files:
            url = f"https://{CDN}:{files.port}/a.png?sig=1"
            return await downloaded(catalog, url, private_networks=LOOPBACK), files

    content, files = asyncio.run(work())
    assert content == PNG
    assert KEY not in "".join(files.requests)
    assert "authorization" not in files.requests[0].lower()


def test_a_link_to_the_inside_is_not_followed(catalog: Catalog) -> None:
    async def work() -> None:
        async with host({"/a.png": reply(PNG)}, names=[CDN]) as files:
            try:
                await downloaded(catalog, f"https://{CDN}:{files.port}/a.png")
            finally:
                assert files.connections == 0

    assert "is not on the public internet" in str(lost(work()))


@pytest.mark.parametrize(
    ("answer", "settings", "words"),
    [
        (reply(status=403), {}, "answers 403"),
        (reply(status=302, location="https://elsewhere.example/a.png"), {}, "redirects to https://elsewhere.example"),
        (reply(PNG), {"max_result_bytes": len(PNG) - 1}, "has more than"),
        (reply(b"<html>gone</html>", content_type="image/png"), {}, "cannot be read."),
        (reply(PNG, content_length=str(len(PNG) + 1)), {"result_seconds": 0.2}, "did not come whole within 0.2 s"),
    ],
)
def test_what_is_no_picture_or_none_to_be_had(
    catalog: Catalog, answer: Answer, settings: dict[str, Any], words: str
) -> None:
    async def work() -> bytes:
        async with host({"/a.png": answer}, names=[CDN]) as files:
            url = f"https://{CDN}:{files.port}/a.png"
            return await downloaded(catalog, url, private_networks=LOOPBACK, **settings)

    assert words in str(lost(work()))


async def generated(catalog: Catalog, content: bytes, **parameters: Any) -> Any:
    """A request to a provider that speaks fal's protocol and hands over this picture."""

    def answer(value: Any) -> bytes:
        return reply(json.dumps(value).encode(), content_type="application/json")

    async with host({}) as fal:
        base = f"http://127.0.0.1:{fal.port}"
        links = {f"{name}_url": f"{base}/{name}" for name in ("status", "response", "cancel")}
        fal.answers["/fal-ai/flux/dev"] = answer({"request_id": "r-1", **links})
        fal.answers["/status"] = fal.answers["/status?logs=0"] = answer({"status": "COMPLETED"})
        fal.answers["/response"] = answer({"images": [{"url": f"{base}/files/a.png"}], "seed": 1})
        fal.answers["/files/a.png"] = reply(content, content_type="image/png")
        async with AsyncClient(catalog, providers={"fal": ProviderSettings(key=KEY, base_url=base)}) as client:
            return await client.images.generate(model="fal/flux.1-dev", prompt="x", **parameters)


def test_a_result_of_absurd_size_is_refused_before_it_is_decoded(catalog: Catalog) -> None:
    bomb = png(60_000, 60_000, data=bytes(1000))
    # To be converted, it would have to be decoded; its header forbids that.
    error = lost(generated(catalog, bomb, output_format="webp"))
    assert "60000x60000, 3600.0 million pixels; at most 50 million" in str(error)
    # Nothing needs to be decoded to hand it over as it came: the receipt says what it is.
    [image] = asyncio.run(generated(catalog, bomb, output_format="png")).data
    assert image.content == bomb
    assert str(image.receipt.size) == "60000x60000"


def test_a_result_as_it_should_be(catalog: Catalog) -> None:
    response = asyncio.run(generated(catalog, PNG, output_format="webp"))
    assert [str(image.receipt.size) for image in response.data] == ["40x30"]
    assert response.cost.high == Decimal("0.025")
