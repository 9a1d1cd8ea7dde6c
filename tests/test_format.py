"""The format is wide enough: a private layer with shapes the built-in catalog has not (yet), compiled and priced.

Its providers are only compiled for; where no exchange speaks to one, its protocol is `none`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from goldens import ON, Goldens, opened_request
from pentaprism import Catalog, CatalogError, CompiledRequest, NoEndpointError, RequestError
from pentaprism.catalog.publish import publish
from pentaprism.catalog.validate import validate
from pentaprism.client import Client, ProviderSettings
from pentaprism.compile.bodies import fields_of
from pentaprism.types import Media, Outcome, Size
from pictures import opened

FOLDER = Path(__file__).parent / "format"
GOLDENS = Goldens(FOLDER)


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[FOLDER])


@pytest.mark.parametrize("name", GOLDENS.requests)
def test_compiles_as_kept(wide: Catalog, name: str) -> None:
    GOLDENS.check(wide, name)


def test_no_golden_is_left_over() -> None:
    assert list(GOLDENS.kept()) == list(GOLDENS.requests)


def test_the_layer_is_valid() -> None:
    assert validate(extends=[FOLDER]) == []


def test_published_it_compiles_the_same(wide: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_bytes(publish(wide.documents))
    published = Catalog.load(file)
    for request in GOLDENS.requests.values():
        body = opened_request(request)
        assert published.route(body, date=ON) == wide.route(body, date=ON)


def test_every_endpoint_of_the_layer_is_in_a_golden(wide: Catalog) -> None:
    layer = {file.stem for file in (FOLDER / "models").rglob("*.yaml")}
    endpoints = {endpoint.key for name in layer for endpoint in wide.models[name].endpoints}
    seen = {candidate["endpoint"] for golden in GOLDENS.kept().values() for candidate in golden["candidates"]}
    assert endpoints <= seen


def _wire(value: Any) -> Any:
    """A body with every image leaf as its field takes it."""
    if isinstance(value, Media):
        return {"mimeType": "image/png", "data": "aGk="} if "inline" in value.encode else "https://example.com/a.png"
    if isinstance(value, dict):
        return {name: _wire(entry) for name, entry in value.items()}
    return [_wire(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", GOLDENS.requests)
def test_every_golden_body_fits_its_contract(wide: Catalog, name: str) -> None:
    for compiled in wide.route(opened_request(GOLDENS.requests[name]), date=ON).candidates:
        endpoint = wide.endpoint(compiled.endpoint)
        contract = endpoint.modes[compiled.mode].contract
        for call in compiled.calls:
            fields = _wire(fields_of(call, endpoint.submission, contract))
            jsonschema.Draft202012Validator(dict(contract.schema)).validate(fields)


def test_a_form_survives_storage(wide: Catalog) -> None:
    image = opened("640x480")
    body = {"model": "gpt-image-2", "prompt": "ein Hut, größer", "image": [image, image], "n": 2}
    compiled = wide.compile(body, "openai/gpt-image-2-edit", date=ON)
    call = compiled.calls[0]
    assert call.json is None
    parts = call.parts or ()
    assert [part.name for part in parts] == ["prompt", "image[]", "image[]", "n", "model"]
    assert parts[0].content.decode() == "ein Hut, größer"
    assert [part.media.encode for part in parts if part.media] == [("file",), ("file",)]
    assert CompiledRequest.from_dict(json.loads(json.dumps(compiled.to_dict()))) == compiled


def test_images_stand_beside_the_prompt_in_the_same_list(wide: Catalog) -> None:
    body = {"model": "gemini-3-pro-image", "prompt": "a hat", "image": [opened("640x480"), opened("64x64")]}
    compiled = wide.compile(body, "google/gemini-3-pro-image", date=ON)
    (content,) = compiled.calls[0].json["contents"]
    text, *images = content["parts"]
    assert text == {"text": "a hat"}
    leaves = [image["inlineData"] for image in images]
    assert all(isinstance(leaf, Media) and leaf.encode == ("inline",) for leaf in leaves)
    assert [leaf.size for leaf in leaves] == [Size(640, 480), Size(64, 64)]


@pytest.mark.parametrize(
    ("key", "body", "sizes", "text"),
    [
        # The tier stands deep inside the body that was sent.
        ("google/gemini-3-pro-image", {"resolution": "4K"}, [Size(4096, 4096)], "from $0.24"),
        ("fal/gpt-image-1.5", {"quality": "medium", "size": "1024x1536"}, [Size(1024, 1536)], "$0.051"),
        # What went in is billed once, for every call: 2 x 0.03, beside 0.07 and 0.07 + 0.03 for what came out.
        ("bfl/flux.2-max", {"n": 2, "image": "640x480"}, [Size(640, 480), Size(1400, 1100)], "$0.23"),
        # Tokens are known to nobody before the reply is read, and never free.
        ("openai/gpt-image-2-edit", {"image": "640x480"}, [Size(1024, 1024)], "unknown"),
    ],
)
def test_what_was_spent_is_read_from_the_call(
    wide: Catalog, key: str, body: dict[str, object], sizes: list[Size | None], text: str
) -> None:
    request = {"model": wide.endpoint(key).model, "prompt": "x", **body}
    if "image" in request:
        request["image"] = opened(request["image"])
    compiled = wide.compile(request, key, date=ON)
    assert wide.settle(compiled, sizes).text == text


def _with(folder: Path, endpoint: str) -> Catalog:
    """The layer with one more over it, which gives keys of gpt-image-2's endpoint for new pictures."""
    file = folder / "models" / "gpt-image" / "gpt-image-2.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"endpoints: [{{provider: openai, {endpoint}}}]\n", encoding="utf-8")
    return Catalog.load(extends=[FOLDER, folder])


def test_a_format_field_without_a_list_takes_every_format(tmp_path: Path) -> None:
    wide = _with(tmp_path, "narrow: {without: [style, response_format], output_format: {type: string}}")
    compiled = wide.compile({"model": "gpt-image-2", "prompt": "x", "output_format": "gif"}, "openai/gpt-image-2")
    assert compiled.calls[0].json["output_format"] == "gif"
    assert not compiled.delivery.transcode


def test_an_endpoint_may_be_called_another_way_than_its_provider(tmp_path: Path) -> None:
    wide = _with(tmp_path, 'submit: {url: "https://api.openai.com/v2/{endpoint}", body: multipart}')
    (call,) = wide.compile({"model": "gpt-image-2", "prompt": "x"}, "openai/gpt-image-2").calls
    assert (call.url, call.json) == ("https://api.openai.com/v2/images/generations", None)
    assert [part.content for part in call.parts or ()] == [b"x", b"gpt-image-2"]


def test_an_endpoint_goes_to_a_host_that_may_see_the_key(tmp_path: Path) -> None:
    _with(tmp_path, 'submit: {url: "https://images.example.com/{endpoint}"}')
    (finding,) = validate(extends=[FOLDER, tmp_path])
    assert finding.rule == "unlisted-host"
    assert "images.example.com is not among `hosts`" in finding.message


def test_a_form_has_no_envelope(tmp_path: Path) -> None:
    file = tmp_path / "models" / "seedream" / "seedream-4.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("endpoints: [{provider: replicate, submit: {body: multipart}}]\n", encoding="utf-8")
    with pytest.raises(CatalogError, match="a form has no envelope, and replicate puts its bodies under one"):
        Catalog.load(extends=[FOLDER, tmp_path])


def test_what_no_exchange_speaks_to_is_not_called(wide: Catalog) -> None:
    with (
        Client(wide, providers={"google": ProviderSettings(key="k")}) as client,
        pytest.raises(NoEndpointError, match="no exchange speaks to it yet"),
    ):
        client.images.generate(model="google/gemini-3-pro-image", prompt="x")


def test_a_mask_is_one_picture(wide: Catalog) -> None:
    image = opened("8x8")
    with pytest.raises(RequestError, match="mask takes one image, not 2"):
        wide.route({"model": "gpt-image-2", "prompt": "x", "image": image, "mask": [image, image]})


def test_a_native_size_that_cannot_be_read_is_sent_and_told_as_unknown(wide: Catalog) -> None:
    body = {"model": "fal/seedream-4", "prompt": "x", "image_size": "square_hd"}
    compiled = wide.compile(body, "fal/seedream-4")
    assert (compiled.expected.size, compiled.expected.basis) == (None, "unknown")
    assert compiled.calls[0].json == {"prompt": "x", "image_size": "square_hd"}
    (refusal,) = (one for one in wide.route({**body, "size": "1:1"}).refusals if one.endpoint == "fal/seedream-4")
    assert refusal.code == "conflict"


def test_a_scale_no_form_has_counts_as_a_loss(wide: Catalog) -> None:
    compiled = wide.compile({"model": "seedream-4", "prompt": "x", "resolution": "1K"}, "fal/seedream-4")
    assert compiled.adjustments[1].outcome is Outcome.APPROXIMATED
    assert compiled.loss == (0, 0.0, 3.0)


def test_a_native_object_of_the_caller_is_left_alone(wide: Catalog) -> None:
    asked = {"seed": 4, "imageConfig": {"aspectRatio": "4:5"}}
    body = {"model": "google/gemini-3-pro-image", "prompt": "x", "generationConfig": asked, "resolution": "2K"}
    compiled = wide.compile(body, "google/gemini-3-pro-image")
    assert asked == {"seed": 4, "imageConfig": {"aspectRatio": "4:5"}}
    sent = compiled.calls[0].json["generationConfig"]
    assert sent["imageConfig"] == {"aspectRatio": "4:5", "imageSize": "2K"}
    assert compiled.expected.size == Size(1856, 2304)
