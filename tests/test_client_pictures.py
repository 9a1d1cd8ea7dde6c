"""Pictures that are not what was asked, and those that cannot be had, each judged on its own."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image as PillowImage

from pentaprism import Catalog, Client, Failure, ProviderError, RequestError
from pentaprism.client import Image, MismatchError, ProviderSettings
from pentaprism.client.result import to_base64
from pentaprism.client.workers import Workers
from pentaprism.transcode import Frame, transcode
from pentaprism.twins import Twins
from pentaprism.types import Size
from pictures import picture

Settings = dict[str, ProviderSettings]


def pixels(content: bytes) -> tuple[str | None, tuple[int, int]]:
    with PillowImage.open(io.BytesIO(content)) as opened:
        opened.load()
        return opened.format, opened.size


@pytest.mark.parametrize(
    ("size", "frame", "expected"),
    [
        ((640, 480), Frame(size=Size(320, 240)), (320, 240)),
        ((640, 480), Frame(size=Size(300, 300)), (300, 300)),
        ((640, 480), Frame(shape=1.0), (480, 480)),
        ((480, 640), Frame(shape=16 / 9), (480, 270)),
        ((640, 480), Frame(shape=0.5), (240, 480)),
        ((30, 20), Frame(size=Size(600, 400)), (600, 400)),
        ((640, 480), Frame(), (640, 480)),
        ((3, 500), Frame(shape=400.0), (3, 1)),
    ],
)
def test_a_frame_cuts_and_scales(size: tuple[int, int], frame: Frame, expected: tuple[int, int]) -> None:
    assert pixels(transcode(picture(*size), to="png", frame=frame)) == ("PNG", expected)


def test_a_frame_keeps_the_middle_and_stretches_nothing() -> None:
    wide = PillowImage.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    wide.save(written := io.BytesIO(), "PNG")
    with PillowImage.open(io.BytesIO(transcode(written.getvalue(), to="png", frame=Frame(size=Size(50, 50))))) as cut:
        assert cut.size == (50, 50)
        assert {cut.getpixel(place) for place in ((2, 2), (47, 2), (25, 25), (2, 47))} == {(0, 0, 255)}


@pytest.mark.parametrize("asked", [{"size": "640x480"}, {"aspect_ratio": "4:3"}])
def test_a_picture_that_is_not_what_was_asked_is_mended(
    catalog: Catalog, twins: Twins, twin_settings: Settings, asked: dict[str, Any]
) -> None:
    twins.fail_next("fal", "wrong-size")
    with Client(catalog, providers=twin_settings) as client:
        response = client.images.generate(model="fal/flux.1-dev", prompt="x", on_mismatch="fix", **asked)
    (image,) = response.data
    assert image.receipt.verdicts["size"] == "honored"
    width, height = pixels(image.content)[1]
    assert abs(width / height - 4 / 3) < 0.01
    assert image.url is not None
    assert image.url.startswith("data:image/")
    # What was made is what is billed, not what is left of it.
    assert response.cost.high == twins.bill("fal")


def test_a_size_that_was_only_approximated_is_mended_too(
    catalog: Catalog, twins: Twins, twin_settings: Settings
) -> None:
    with Client(catalog, providers=twin_settings) as client:
        asked: dict[str, Any] = {"model": "replicate/flux.1-dev", "prompt": "x", "size": "1000x700"}
        told = client.images.generate(**asked).data[0]
        mended = client.images.generate(**asked, on_mismatch="fix", output_format="png").data[0]
    assert told.receipt.verdicts["size"] == "approximated"
    assert pixels(mended.content) == ("PNG", (1000, 700))
    assert mended.receipt.verdicts == {"size": "honored", "format": "honored"}


def test_a_size_nobody_asked_for_is_not_mended(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.fail_next("fal", "wrong-size")
    with Client(catalog, providers=twin_settings) as client:
        (image,) = client.images.generate(model="fal/flux.1-dev", prompt="x", on_mismatch="fix").data
    assert image.receipt.verdicts["size"] == "mismatch"
    assert image.url is not None
    assert image.url.startswith("http://127.0.0.1")


def test_what_is_as_asked_is_not_touched(catalog: Catalog, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        (image,) = client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64", on_mismatch="fix").data
    assert image.url is not None
    assert image.url.startswith("http://127.0.0.1")


def test_a_mismatch_can_fail_the_request_and_loses_nothing(
    catalog: Catalog, twins: Twins, twin_settings: Settings
) -> None:
    twins.fail_next("fal", "wrong-size")
    with Client(catalog, providers=twin_settings) as client, pytest.raises(MismatchError) as caught:
        client.images.generate(model="fal/flux.1-dev", prompt="x", size="640x640", on_mismatch="error")
    assert str(caught.value) == (
        "fal/flux.1-dev was paid, but picture 1 has the size 480x640, which is not what was asked or expected."
    )
    assert (caught.value.code, caught.value.failure) == ("OUTPUT_MISMATCH", Failure.ACCEPTED)
    assert pixels(caught.value.response.data[0].content)[1] == (480, 640)
    assert caught.value.response.cost.high == twins.bill("fal")


def test_a_request_whose_pictures_match_does_not_fail(catalog: Catalog, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        asked: dict[str, Any] = {"model": "replicate/flux.1-dev", "prompt": "x", "size": "1000x700"}
        assert client.images.generate(**asked, on_mismatch="error").data


def test_a_mismatch_nobody_knows_how_to_meet_is_a_fault_of_the_request(
    catalog: Catalog, twin_settings: Settings
) -> None:
    with Client(catalog, providers=twin_settings) as client, pytest.raises(RequestError, match="warn, error, fix"):
        client.images.generate(model="fal/flux.1-dev", prompt="x", on_mismatch="stretch")


def test_pictures_are_told_of_as_they_land(catalog: Catalog, twin_settings: Settings) -> None:
    landed: dict[int, Image] = {}
    with Client(catalog, providers=twin_settings) as client:
        asynchronous = client.asynchronous
        route = asynchronous.route({"model": "fal/flux.1-dev", "prompt": "x", "size": "64x64", "n": 6})
        response = client.wait_for(asynchronous.run(route, on_image=landed.__setitem__))
    assert [landed[index].content for index in range(6)] == [image.content for image in response.data]


def test_a_file_that_is_cut_off_is_named_and_paid(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.fail_next("fal", "truncated")
    with Client(catalog, providers=twin_settings) as client, pytest.raises(ProviderError) as caught:
        client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64", output_format="webp")
    assert caught.value.failure is Failure.ACCEPTED
    assert twins.bill("fal") == Decimal("0.025")


@pytest.mark.parametrize("size", [0, 1, 2, 3, (3 << 18) - 1, 3 << 18, (3 << 18) + 1, 2_000_000])
def test_base64_is_the_same_in_pieces(size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    assert to_base64(content) == base64.b64encode(content).decode()


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_reading_a_picture_waits_for_nobodys_conversion(size: int) -> None:
    workers, busy, done = Workers(threads=1), threading.Event(), threading.Event()

    def convert() -> bool:
        busy.set()
        return done.wait(10)

    async def read() -> tuple[int, bool]:
        conversion = asyncio.ensure_future(workers.run(convert))
        while not busy.is_set():
            await asyncio.sleep(0)
        length = await workers.read(len, bytes(size))
        early = not conversion.done()
        done.set()
        assert await conversion
        return length, early

    assert asyncio.run(read()) == (size, True)
    workers.close()


def test_many_bytes_are_not_read_on_the_event_loop() -> None:
    workers = Workers(threads=1)

    async def readers() -> list[bool]:
        here = threading.get_ident()
        return [await workers.read(lambda _: threading.get_ident() == here, bytes(size)) for size in (100, 1_000_000)]

    assert asyncio.run(readers()) == [True, False]
    workers.close()


def test_a_large_picture_is_mended_and_delivered(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.fail_next("fal", "wrong-size")
    asked: dict[str, Any] = {"size": "2048x1536", "output_format": "png", "response_format": "b64_json"}
    with Client(catalog, providers=twin_settings) as client:
        response = client.images.generate(model="fal/flux.1-dev", prompt="x", on_mismatch="fix", **asked)
    (image,) = response.data
    assert len(image.content) > 256 << 10
    assert pixels(base64.b64decode(image.b64_json or "")) == ("PNG", (2048, 1536))
    assert image.receipt.verdicts == {"size": "honored", "format": "honored"}
