"""How input images go out: by URL, inline, as bytes alone or uploaded, whichever the rule and the image allow."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from bfl_replies import BFL
from exchange_driver import (
    COMPLETED,
    FAL,
    FAL_CALL,
    REPLICATE,
    REPLICATE_CALL,
    TICKET,
    Driver,
    pictures,
    prediction,
    reply,
)
from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.exchange import exchange
from pentaprism.exchange.images import place
from pentaprism.types import HttpReply, Media


def test_a_body_without_images_is_sent_as_it_is() -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a"))])
    driver.run(exchange(FAL_CALL, FAL))
    assert driver.calls[0].json is FAL_CALL.json


@pytest.mark.parametrize(
    ("media", "sent"),
    [
        (Media(url="https://x/a.png", content=b"abc", media_type="image/png"), "https://x/a.png"),
        (Media(content=b"abc", media_type="image/png"), "data:image/png;base64,YWJj"),
        (
            Media(content=b"abc", url="https://x/a.png", encode=("data_uri", "url")),
            "data:application/octet-stream;base64,YWJj",
        ),
        (Media(url="data:image/png;base64,YWJj"), "data:image/png;base64,YWJj"),
    ],
    ids=["url", "bytes", "the rule's order", "a data URI that came as a URL"],
)
def test_fal_images(media: Media, sent: str) -> None:
    driver = Driver([reply(TICKET), reply(COMPLETED), reply(pictures("https://a"))])
    call = FAL_CALL._replace(json={"prompt": "x", "image_urls": [media, media], "nested": {"image": media}})
    driver.run(exchange(call, FAL))
    assert driver.calls[0].json == {"prompt": "x", "image_urls": [sent, sent], "nested": {"image": sent}}


def test_replicate_uploads_each_image_once() -> None:
    media = Media(content=b"abc", media_type="image/png", encode=("url", "upload"))
    stored = reply({"id": "f", "urls": {"get": "https://api.replicate.com/v1/files/f"}}, 201)
    driver = Driver([stored, reply(prediction("succeeded", output="https://a"), 201)])
    driver.run(exchange(REPLICATE_CALL._replace(json={"input": {"image": media, "other": [media]}}), REPLICATE))
    upload, submission = driver.calls
    assert (upload.method, upload.url, upload.submits) == ("POST", "https://api.replicate.com/v1/files", False)
    assert upload.parts is not None
    assert [(part.name, part.filename, part.content, part.content_type) for part in upload.parts] == [
        ("content", "image.png", b"abc", "image/png")
    ]
    url = "https://api.replicate.com/v1/files/f"
    assert submission.json == {"input": {"image": url, "other": [url]}}


@pytest.mark.parametrize(("length", "way"), [(190_000, "inline"), (200_000, "upload")])
def test_replicate_takes_data_uris_up_to_256_kb(length: int, way: str) -> None:
    media = Media(content=b"a" * length, media_type="image/png", encode=("data_uri", "upload"))
    script = [reply({"urls": {"get": "https://f"}}, 201)] if way == "upload" else []
    driver = Driver([*script, reply(prediction("succeeded", output="https://a"), 201)])
    driver.run(exchange(REPLICATE_CALL._replace(json={"input": {"image": media}}), REPLICATE))
    assert len(driver.calls) == (2 if way == "upload" else 1)


@pytest.mark.parametrize(
    ("media", "hint"),
    [
        (Media(url="https://x/a.png", encode=("upload",)), "the image is here as a URL. Send it as a file."),
        (Media(content=b"a" * 300_000, encode=("url", "data_uri")), "takes 256000. Send it smaller or by URL."),
        (Media(content=b"a", encode=("url",)), "the image is here as bytes. Send it smaller or by URL."),
    ],
)
def test_an_image_that_cannot_be_sent_orders_nothing(media: Media, hint: str) -> None:
    driver = Driver([])
    error = driver.fails(exchange(REPLICATE_CALL._replace(json={"input": {"image": media}}), REPLICATE))
    assert not driver.calls
    assert (error.failure, error.code) == (Failure.REJECTED, "INVALID_REQUEST")
    assert hint in str(error)


def test_a_data_uri_may_be_as_long_as_the_provider_takes() -> None:
    media = Media(content=b"abcdef", media_type="image/png", encode=("data_uri",))
    uri = "data:image/png;base64,YWJjZGVm"
    with pytest.raises(StopIteration) as stop:
        next(place([media], REPLICATE, longest_uri=len(uri)))
    assert stop.value.value == [uri]
    with pytest.raises(
        ProviderError, match=rf"its data URI has {len(uri)} characters and Replicate takes {len(uri) - 1}"
    ):
        next(place([media], REPLICATE, longest_uri=len(uri) - 1))


def test_the_image_that_cannot_be_sent_is_named_by_its_number() -> None:
    good, bad = Media(url="https://x/a.png"), Media(url="https://x/b.png", encode=("upload",))
    with pytest.raises(
        ProviderError, match=r"^<image 2: https://x/b\.png> cannot be sent to fal: the field takes upload"
    ):
        next(place({"images": [good, bad, good]}, FAL))


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (TransportError("reset", sent=True), Failure.NOT_SENT),
        (reply(b"<html>", 502), Failure.REJECTED),
        (reply({"id": "f"}, 201), Failure.REJECTED),
        (reply({"detail": "no"}, 401), Failure.REJECTED),
    ],
)
def test_a_failed_upload_is_never_a_job(answer: HttpReply | TransportError, failure: Failure) -> None:
    media = Media(content=b"abc", media_type="image/png", encode=("upload",))
    driver = Driver([answer])
    error = driver.fails(exchange(REPLICATE_CALL._replace(json={"input": {"image": media}}), REPLICATE))
    assert error.failure is failure
    assert not any(call.submits for call in driver.calls)


# --- base64: the bytes alone -------------------------------------------------------------------------------------


def placed(image: Media) -> str:
    """The text that takes an image's place in a body."""
    steps = place({"input_image": image}, BFL)
    with pytest.raises(StopIteration) as stop:
        next(steps)
    body: Mapping[str, str] = stop.value.value
    return body["input_image"]


WAYS = ("url", "base64")


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (Media(content=b"\x89PNG", media_type="image/png", encode=WAYS), base64.b64encode(b"\x89PNG").decode()),
        (Media(content=b"abc", url="https://x/a.png", encode=WAYS), "https://x/a.png"),
        (Media(content=b"abc", url="https://x/a.png", encode=("base64", "url")), "YWJj"),
        (Media(url="data:image/png;base64,YWJj", encode=WAYS), "YWJj"),
        (Media(url="data:image/svg+xml,%3Csvg/%3E", encode=WAYS), base64.b64encode(b"<svg/>").decode()),
    ],
    ids=["bytes", "url", "the rule's order", "a data URI", "a data URI in plain text"],
)
def test_base64_is_the_bytes_alone(image: Media, text: str) -> None:
    assert placed(image) == text


@pytest.mark.parametrize("image", [Media(url="https://x/a.png", encode=("base64",)), Media(url="data:,", encode=WAYS)])
def test_an_image_that_is_not_here_has_no_base64(image: Media) -> None:
    with pytest.raises(ProviderError, match="Send it as a file") as caught:
        next(place({"input_image": image}, BFL))
    assert caught.value.failure is Failure.REJECTED
