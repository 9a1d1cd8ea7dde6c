"""The gateway through the official `openai` SDK, unchanged but for its base URL."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from PIL import Image

from gateways import Rig, gateway_rig
from pentaprism import Catalog
from pictures import picture


@pytest.fixture(scope="module")
def rig(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with gateway_rig(catalog, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture(params=["/openai/v1", "/v1"])
def client(rig: Rig, request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any key will do", base_url=f"{rig.base}{request.param}", max_retries=0) as made:
        yield made


@pytest.fixture
def retrying(rig: Rig) -> Iterator[openai.OpenAI]:
    """The SDK as it comes: two retries."""
    with openai.OpenAI(api_key="any key will do", base_url=f"{rig.base}/openai/v1") as made:
        yield made


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def fetched(rig: Rig, url: str | None) -> Image.Image:
    assert url is not None
    return opened(rig.http.get(url).content)


def test_generate_by_url(client: openai.OpenAI, rig: Rig) -> None:
    reply = client.images.generate(model="flux.1-dev", prompt="a lighthouse", size="1920x1080")
    assert reply.created > 0
    (image,) = reply.data or []
    assert image.b64_json is None
    assert fetched(rig, image.url).size == (1920, 1080)
    assert reply._request_id == reply.to_dict()["id"]


def test_generate_three_as_webp(client: openai.OpenAI, rig: Rig) -> None:
    reply = client.images.generate(model="flux.1-dev", prompt="a lighthouse", n=3, output_format="webp")
    assert reply.data
    pictures = [fetched(rig, image.url) for image in reply.data]
    assert [one.format for one in pictures] == ["WEBP"] * 3
    assert len({one.tobytes() for one in pictures}) == 3
    assert reply.output_format == "webp"


def test_generate_as_base64(client: openai.OpenAI) -> None:
    reply = client.images.generate(
        model="flux.1-dev", prompt="a lighthouse", response_format="b64_json", size="512x512", output_format="png"
    )
    assert reply.data
    assert reply.data[0].url is None
    image = opened(base64.b64decode(reply.data[0].b64_json or ""))
    assert (image.format, image.size) == ("PNG", (512, 512))


def test_edit_one_image(client: openai.OpenAI, rig: Rig) -> None:
    reply = client.images.edit(
        model="flux.1-dev",
        prompt="a hat",
        image=("cat.png", picture(320, 192), "image/png"),
        extra_body={"strength": 0.5, "provider": {"only": ["fal"], "require_parameters": True, "max_price": 0.5}},
    )
    assert reply.data
    assert fetched(rig, reply.data[0].url).size == (320, 192)
    sent = rig.submissions()[-1]
    assert (sent[0], sent[1]["strength"]) == ("fal", 0.5)


def test_edit_two_images_where_one_is_taken(client: openai.OpenAI) -> None:
    images = [("a.png", picture(64, 64), "image/png"), ("b.png", picture(64, 64), "image/png")]
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(model="flux.1-dev", prompt="a hat", image=images)
    assert caught.value.param == "image"


def test_the_cost_and_every_change_are_in_reach(client: openai.OpenAI) -> None:
    raw = client.images.with_raw_response.generate(
        model="replicate/flux.1-dev", prompt="a lighthouse", extra_body={"aspect_ratio": "7:1"}
    )
    assert raw.headers["x-pentaprism-cost-usd"] == "0.025"
    metadata = raw.parse().to_dict()["metadata"]
    assert isinstance(metadata, dict)
    outcomes = {entry["parameter"]: entry["outcome"] for entry in metadata["adjustments"]}
    assert outcomes == {"prompt": "honored", "aspect_ratio": "approximated"}


def test_models(client: openai.OpenAI) -> None:
    assert "flux.1-dev" in [model.id for model in client.models.list()]
    assert client.models.retrieve("flux-dev").owned_by == "black-forest-labs"
    assert client.models.retrieve("fal/flux.1-dev").id == "flux.1-dev"


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.images.generate(model="flux.1-dv", prompt="a lighthouse")
    assert (caught.value.code, caught.value.param) == ("MODEL_NOT_FOUND", "model")
    assert "Did you mean 'flux.1-dev'" in str(caught.value)


def test_a_bad_request_names_its_parameter(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model="flux.1-dev", prompt="a lighthouse", n=11)
    assert (caught.value.code, caught.value.param) == ("INVALID_REQUEST", "n")
    assert caught.value.type == "invalid_request_error"
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["errors"][0]["param"] == "n"
    assert caught.value.request_id


def test_refused_content_is_a_bad_request(client: openai.OpenAI, rig: Rig) -> None:
    rig.twins.fail_next("fal", "moderation")
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model="flux.1-dev", prompt="a lighthouse")
    assert caught.value.code == "CONTENT_POLICY_VIOLATION"


def test_the_sdk_does_not_repeat_what_may_be_billed(retrying: openai.OpenAI, rig: Rig) -> None:
    before = len(rig.submissions())
    rig.twins.fail_next("replicate", "500-after")
    with pytest.raises(openai.InternalServerError) as caught:
        retrying.images.generate(model="replicate/flux.1-dev", prompt="a lighthouse")
    assert (caught.value.status_code, caught.value.code) == (502, "OUTCOME_UNKNOWN")
    assert len(rig.submissions()) == before + 1


def test_the_asynchronous_sdk_runs_many_at_once(catalog: Catalog, tmp_path: Path) -> None:
    async def many(base: str) -> list[str | None]:
        async with openai.AsyncOpenAI(api_key="x", base_url=f"{base}/v1", max_retries=0) as client:
            replies = await asyncio.gather(
                *(
                    client.images.generate(
                        model="flux.1-dev",
                        prompt=f"lighthouse {index}",
                        size="64x64",
                        response_format="b64_json",
                    )
                    for index in range(16)
                )
            )
            return [reply.data[0].b64_json for reply in replies if reply.data]

    with gateway_rig(catalog, tmp_path, latency=0.1) as rig:
        made = asyncio.run(many(rig.base))
        assert len(set(made)) == 16
        assert rig.ledger.totals().high == 16 * 25_000
