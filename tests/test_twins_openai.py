"""OpenAI's twin as the official SDK sees it: generations, edits, streams, wrong requests and faults.

The laws: it refuses what OpenAI refuses; a picture has the pixels and the format asked for; the bill follows from the
tokens it replies with. The models and prices are those of the layer in `tests/format`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from pentaprism.api import Catalog
from pentaprism.media import read_header
from pentaprism.twins import Twins
from twin_clients import picture

FOLDER = Path(__file__).parent / "format"
MODEL = "gpt-image-2"
# US dollars for a million tokens, as the layer has them.
RATES = {"text_in": Decimal(5), "image_in": Decimal(8), "image_out": Decimal(30)}


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[FOLDER])


@pytest.fixture
def twins(wide: Catalog) -> Iterator[Twins]:
    with Twins(wide, ["openai"]) as running:
        yield running


@pytest.fixture
def sdk(twins: Twins) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=twins.key, base_url=f"{twins.bases['openai']}/v1", max_retries=0) as client:
        yield client


def header_of(text: str | None) -> tuple[int, int, str]:
    header = read_header(base64.b64decode(text or ""))
    return header.width, header.height, header.format


def price(usage: Any) -> Decimal:
    taken = usage.input_tokens_details
    counts = {"text_in": taken.text_tokens, "image_in": taken.image_tokens, "image_out": usage.output_tokens}
    return sum((RATES[kind] * count for kind, count in counts.items()), Decimal(0)) / 1_000_000


def post(twins: Twins, path: str, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {twins.key}", **more.pop("headers", {})}
    return httpx.post(f"{twins.bases['openai']}/v1/{path}", headers=headers, verify=False, **more)


# --- generations, edits, streams ----------------------------------------------------------------------------------


def test_a_generation(twins: Twins, sdk: openai.OpenAI) -> None:
    made = sdk.images.generate(
        model=MODEL, prompt="a cat", n=2, size="1536x1024", quality="low", output_format="webp", output_compression=40
    )
    assert [header_of(one.b64_json) for one in made.data or []] == [(1536, 1024, "webp")] * 2
    assert (made.size, made.quality, made.output_format, made.background) == ("1536x1024", "low", "webp", "opaque")
    assert made.usage is not None
    assert (made.usage.input_tokens, made.usage.output_tokens, made.usage.total_tokens) == (2, 816, 818)
    assert twins.bill("openai") == price(made.usage) == Decimal("0.02449")
    [entry] = twins.requests("openai")
    assert (entry["path"], entry["status"], entry["json"]["n"]) == ("/v1/images/generations", 200, 2)
    assert twins.key not in str(entry)
    [charge] = twins.charges("openai")
    assert made._request_id == charge["request_id"]


@pytest.mark.parametrize("count", [1, 3])
def test_an_edit(count: int, twins: Twins, sdk: openai.OpenAI) -> None:
    files = [("a.png", picture(64, 32), "image/png") for _ in range(count)]
    made = sdk.images.edit(
        model=MODEL,
        prompt="größer",
        image=files if count > 1 else files[0],
        mask=("mask.png", picture(64, 32), "image/png"),
        size="1024x1536",
        n=1,
    )
    assert header_of((made.data or [])[0].b64_json) == (1024, 1536, "png")
    assert made.usage is not None
    assert made.usage.input_tokens_details.image_tokens == 2 * count
    assert twins.bill("openai") == price(made.usage)


def test_auto_is_a_size_of_the_twins_choice(twins: Twins, sdk: openai.OpenAI) -> None:
    made = sdk.images.generate(model=MODEL, prompt="x", size="auto", background="transparent")
    assert (made.size, made.quality, made.background) == ("1024x1024", "medium", "transparent")
    [entry] = twins.requests("openai")
    assert entry["notes"] == ["size not known to the catalog: drawn at 1024x1024"]


def test_a_stream_shows_unfinished_pictures_and_then_the_picture(twins: Twins, sdk: openai.OpenAI) -> None:
    stream = sdk.images.generate(model=MODEL, prompt="a cat", size="1024x1024", stream=True, partial_images=2)
    events = list(stream)
    partial, completed = "image_generation.partial_image", "image_generation.completed"
    assert [event.type for event in events] == [partial, partial, completed]
    assert [getattr(event, "partial_image_index", None) for event in events] == [0, 1, None]
    assert {header_of(event.b64_json) for event in events} == {(1024, 1024, "png")}
    assert len({event.b64_json for event in events}) == 3
    assert events[2].type == "image_generation.completed"
    assert twins.bill("openai") == price(events[2].usage)


def test_an_edit_is_streamed_too(twins: Twins, sdk: openai.OpenAI) -> None:
    image = ("a.png", picture(64, 32), "image/png")
    stream = sdk.images.edit(model=MODEL, prompt="x", image=image, n=2, stream=True, partial_images=1)
    events = list(stream)
    partial, completed = "image_edit.partial_image", "image_edit.completed"
    assert [event.type for event in events] == [partial, completed] * 2
    finished = [event for event in events if event.type == "image_edit.completed"]
    assert twins.bill("openai") == sum((price(event.usage) for event in finished), Decimal(0))
    assert len({event.b64_json for event in finished}) == 2


def test_the_asynchronous_sdk_streams_too(twins: Twins) -> None:
    async def kinds() -> list[str]:
        async with openai.AsyncOpenAI(api_key=twins.key, base_url=f"{twins.bases['openai']}/v1") as client:
            stream = await client.images.generate(model=MODEL, prompt="x", stream=True, partial_images=0)
            return [event.type async for event in stream]

    assert asyncio.run(kinds()) == ["image_generation.completed"]


# --- wrong requests -----------------------------------------------------------------------------------------------


REJECTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "missing required": ({"prompt": openai.omit}, "prompt", "missing_required_parameter"),
    "extra key": ({"extra_body": {"colour": 1}}, "colour", "unknown_parameter"),
    "a parameter of other models": ({"style": "vivid"}, "style", "unknown_parameter"),
    "out of range": ({"n": 11}, "n", "integer_above_max_value"),
    "below range": ({"n": 0}, "n", "integer_below_min_value"),
    "not of the list": ({"quality": "hd"}, "quality", "invalid_value"),
    "one of two": ({"moderation": "none"}, "moderation", "invalid_value"),
    "wrong type": ({"n": "two"}, "n", "invalid_type"),
    "too long": ({"prompt": "x" * 32_001}, "prompt", "string_above_max_length"),
    "bad id": ({"model": "gpt-image-0"}, "model", "invalid_value"),
    "off the step": ({"size": "1000x1000"}, "size", "invalid_value"),
    "too few pixels": ({"size": "512x512"}, "size", "invalid_value"),
    "too many pixels": ({"size": "3840x3840"}, "size", "invalid_value"),
    "too wide": ({"size": "3072x512"}, "size", "invalid_value"),
    "too long a side": ({"size": "4096x2048"}, "size", "invalid_value"),
    "no size": ({"size": "large"}, "size", "invalid_value"),
}


@pytest.mark.parametrize("case", REJECTS)
def test_rejects(case: str, twins: Twins, sdk: openai.OpenAI) -> None:
    given, param, code = REJECTS[case]
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.generate(**{"model": MODEL, "prompt": "x", **given})
    assert (caught.value.param, caught.value.code, caught.value.type) == (param, code, "invalid_request_error")
    assert f"'{param}'" in caught.value.message or code == "invalid_value"
    assert caught.value.request_id
    assert twins.charges("openai") == []


EDIT_REJECTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no image": ({"image": []}, "image", "missing_required_parameter"),
    "too many images": ({"image": [picture()] * 17}, "image", "array_above_max_length"),
    "no picture": ({"image": b"not a picture"}, "image", "invalid_image_file"),
    "a number in words": ({"n": "two"}, "n", "invalid_type"),
    "half a picture": ({"n": 1.5}, "n", "invalid_type"),
    "not of this model": ({"input_fidelity": "high"}, "input_fidelity", "unknown_parameter"),
    "out of range": ({"output_compression": 101}, "output_compression", "integer_above_max_value"),
}


@pytest.mark.parametrize("case", EDIT_REJECTS)
def test_edits_are_rejected_too(case: str, twins: Twins, sdk: openai.OpenAI) -> None:
    given, param, code = EDIT_REJECTS[case]
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.edit(**{"model": MODEL, "prompt": "x", "image": picture(), **given})
    assert (caught.value.param, caught.value.code) == (param, code)
    assert twins.charges("openai") == []


def test_a_text_is_no_file(twins: Twins) -> None:
    form = {"model": (None, MODEL), "prompt": (None, "x"), "image": (None, "https://example.com/a.png")}
    error = post(twins, "images/edits", files=form).json()["error"]
    assert error["message"] == "Invalid type for 'image': expected a file, but got a string instead."


def test_bodies_that_are_no_request(twins: Twins) -> None:
    boundary = {"content-type": "multipart/form-data; boundary=x"}
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("generations", {"content": b"not JSON", "headers": {"content-type": "application/json"}}, "could not parse"),
        ("generations", {"json": ["prompt"]}, "could not parse"),
        ("generations", {"data": {"prompt": "x"}}, "expected application/json"),
        ("generations", {"json": {"prompt": "x"}}, "must provide a model"),
        ("edits", {"json": {"prompt": "x"}}, "expected multipart/form-data"),
        ("edits", {"content": b"nothing like a form", "headers": boundary}, "as multipart/form-data"),
    ]
    for path, body, words in cases:
        answer = post(twins, f"images/{path}", **body)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
        assert words in answer.json()["error"]["message"]
    assert twins.charges("openai") == []


def test_wrong_keys_and_addresses(twins: Twins) -> None:
    base = f"{twins.bases['openai']}/v1"
    with openai.OpenAI(api_key="wrong", base_url=base, max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as caught:
            stranger.images.generate(model=MODEL, prompt="x")
        assert caught.value.code == "invalid_api_key"
    nobody = httpx.post(f"{base}/images/generations", json={}, verify=False)
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, None)
    assert post(twins, "images/variations", json={"prompt": "x"}).status_code == 404
    assert httpx.get(f"{base}/images/generations", verify=False).json()["error"]["message"] == "Invalid URL"
    assert twins.charges("openai") == []


# --- faults -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "code", "billed"),
    [
        ("429", openai.RateLimitError, "rate_limit_exceeded", False),
        ("moderation", openai.BadRequestError, "moderation_blocked", False),
        ("500-before", openai.InternalServerError, None, False),
        # Nothing is written about what such an end costs, so the twin bills it.
        ("500-after", openai.InternalServerError, None, True),
        ("failed", openai.InternalServerError, None, True),
    ],
)
def test_faults_through_the_sdk(
    fault: str, kind: type[openai.APIStatusError], code: str | None, billed: bool, twins: Twins, sdk: openai.OpenAI
) -> None:
    twins.fail_next("openai", fault)
    with pytest.raises(kind) as caught:
        sdk.images.generate(model=MODEL, prompt="x")
    assert caught.value.code == code
    assert caught.value.request_id
    assert (caught.value.response.headers.get("retry-after") == "1") == (fault == "429")
    assert bool(twins.charges("openai")) == billed


def test_a_refusal_says_where_and_why(twins: Twins, sdk: openai.OpenAI) -> None:
    twins.fail_next("openai", "moderation")
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.generate(model=MODEL, prompt="x")
    assert caught.value.type == "image_generation_user_error"
    body: Any = caught.value.body
    assert body["moderation_details"] == {"moderation_stage": "input", "categories": ["violence"]}


def test_a_stream_may_fail_on_the_way(twins: Twins, sdk: openai.OpenAI) -> None:
    twins.fail_next("openai", "failed")
    stream = sdk.images.generate(model=MODEL, prompt="x", stream=True, partial_images=1)
    assert next(stream).type == "image_generation.partial_image"
    with pytest.raises(openai.APIError, match="had an error") as caught:
        next(stream)
    assert caught.value.code == "image_generation_failed"


def test_pictures_may_come_wrong(twins: Twins, sdk: openai.OpenAI) -> None:
    def data(fault: str, **more: Any) -> list[Any]:
        twins.fail_next("openai", fault)
        return sdk.images.generate(model=MODEL, prompt="x", size="1024x1024", **more).data or []

    [narrow] = data("wrong-size")
    assert header_of(narrow.b64_json) == (768, 1024, "png")
    [cut] = data("truncated")
    [whole] = sdk.images.generate(model=MODEL, prompt="x", size="1024x1024").data or []
    assert len(cut.b64_json) < 0.6 * len(whole.b64_json or "")
    assert len(data("fewer", n=3)) == 2
    assert [charge["images"] for charge in twins.charges("openai")] == [1, 1, 1, 3]


# --- more than one model at one address ---------------------------------------------------------------------------


LINKED = """
name: Linked
family: gpt-image
creator: openai
summary: A model that answers with links.
endpoints:
  - provider: openai
    id: images/generations
    modes: {text-to-image: {}}
    checked: {date: 2026-11-21, source: "this test", method: inferred}
    constants: {model: dall-e-3}
    narrow: {model: {type: string, enum: [dall-e-3]}}
    prices: [{from: 2026-11-21, usd: "0.04", per: image, source: "this test"}]
    sizes: {default: 1024x1024, forms: [{form: list, to: size, values: {1024x1024: 1024x1024, 1792x1024: 1792x1024}}]}
"""


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Twins]:
    file = tmp_path / "models" / "gpt-image" / "linked.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(LINKED, encoding="utf-8")
    with Twins(Catalog.load(extends=[FOLDER, tmp_path]), ["openai"]) as running:
        yield running


def test_models_at_one_address_are_told_apart_and_may_answer_with_links(linked: Twins) -> None:
    base = linked.bases["openai"]
    with openai.OpenAI(api_key=linked.key, base_url=f"{base}/v1", max_retries=0) as sdk:
        ask: Callable[..., Any] = sdk.images.generate
        [link] = ask(model="dall-e-3", prompt="x", size="1792x1024").data
        assert (link.b64_json, link.url.startswith(f"{base}/files/")) == (None, True)
        header = read_header(httpx.get(link.url, verify=False).content)
        assert (header.width, header.height) == (1792, 1024)
        [inline] = ask(model="dall-e-3", prompt="x", response_format="b64_json").data
        assert header_of(inline.b64_json) == (1024, 1024, "png")
        ask(model=MODEL, prompt="x", size="2048x2048")
        with pytest.raises(openai.BadRequestError, match="'gpt-image-2-2026-04-21', and 'dall-e-3'"):
            ask(model="dall-e-2", prompt="x")
    assert [charge["endpoint"] for charge in linked.charges("openai")] == [
        "openai/linked",
        "openai/linked",
        "openai/gpt-image-2",
    ]
