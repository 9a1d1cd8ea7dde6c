"""Wrong requests get every fault at once, each with its parameter and a sentence that says what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pentaprism import Catalog, CompileError, ModelNotFound, RequestError
from pentaprism.compile import parse_request
from pentaprism.compile.request import Vocabulary
from pentaprism.types import AspectRatio, Mode, Size, Tier
from pictures import opened, picture

REJECTED: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "golden" / "rejected.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", REJECTED)
def test_every_fault_is_told(catalog: Catalog, name: str) -> None:
    case = REJECTED[name]
    body = {
        key: opened(value) if key == "image" and isinstance(value, str) else value
        for key, value in case["request"].items()
    }
    with pytest.raises(RequestError) as caught:
        catalog.route(body)
    faults = caught.value.faults
    assert [fault.param for fault in faults] == [param for param, _ in case["faults"]]
    for fault, (_, words) in zip(faults, case["faults"], strict=True):
        assert words in fault.message
    assert caught.value.param == faults[0].param
    assert caught.value.code == ("MODEL_NOT_FOUND" if "no model" in faults[0].message else "INVALID_REQUEST")


def test_a_body_must_be_an_object(catalog: Catalog) -> None:
    with pytest.raises(RequestError, match="must be an object"):
        catalog.route(["flux.1-dev"])  # type: ignore[arg-type]


def test_none_counts_as_not_set(catalog: Catalog) -> None:
    parsed = catalog.parse({"model": "flux.1-dev", "prompt": "x", "n": None, "size": None})
    assert list(parsed.values) == ["prompt"]
    assert parsed.order == ("prompt",)


def test_an_image_makes_it_an_edit(catalog: Catalog) -> None:
    body = {"model": "flux.1-dev", "prompt": "x"}
    assert catalog.parse(body).mode is Mode.TEXT_TO_IMAGE
    assert catalog.parse({**body, "image": picture(8, 8)}).mode is Mode.IMAGE_EDIT
    with pytest.raises(RequestError, match="image is required: every image-edit request needs an image to edit"):
        catalog.parse(body, mode=Mode.IMAGE_EDIT)


def test_image_leaves_of_every_kind(catalog: Catalog, tmp_path: Path) -> None:
    content = picture(20, 10)
    file = tmp_path / "cat.png"
    file.write_bytes(content)
    for leaf in (content, bytearray(content), file, str(file), ("cat.png", content), [content]):
        media = catalog.parse({"model": "flux.1-dev", "prompt": "x", "image": leaf}).images[0]
        assert media.size == Size(20, 10)
        assert media.media_type == "image/png"
    with file.open("rb") as stream:
        assert catalog.parse({"model": "flux.1-dev", "prompt": "x", "image": stream}).images[0].size == Size(20, 10)
    by_url = catalog.parse({"model": "flux.1-dev", "prompt": "x", "image": "https://example.com/a.png"}).images[0]
    assert (by_url.url, by_url.content, by_url.size) == ("https://example.com/a.png", None, None)


@pytest.mark.parametrize(
    ("body", "size", "ratio", "tier", "overruled"),
    [
        (
            {"size": "640x480", "aspect_ratio": "1:1", "resolution": "2K"},
            "640x480",
            None,
            None,
            ["aspect_ratio", "resolution"],
        ),
        ({"size": "3:2", "aspect_ratio": "1:1", "resolution": "2K"}, None, "3:2", "2K", ["aspect_ratio"]),
        ({"size": "auto", "aspect_ratio": "1:1"}, None, "1:1", None, []),
        ({"aspect_ratio": "2.39:1", "resolution": "auto"}, None, "2.39:1", None, []),
        ({"resolution": "0.25"}, None, None, "0.25MP", []),
        ({"resolution": 1}, None, None, "1MP", []),
        ({"resolution": "4k"}, None, None, "4K", []),
    ],
)
def test_priority_of_sizes(
    catalog: Catalog, body: dict[str, Any], size: str | None, ratio: str | None, tier: str | None, overruled: list[str]
) -> None:
    wish = catalog.parse({"model": "flux.1-dev", "prompt": "x", **body}).wish
    assert wish.size == (Size.parse(size) if size else None)
    assert wish.ratio == (AspectRatio.parse(ratio) if ratio else None)
    assert wish.tier == (Tier.parse(tier) if tier else None)
    assert sorted(wish.by) == overruled


def test_unknown_endpoint_key(catalog: Catalog) -> None:
    with pytest.raises(ModelNotFound, match=r"fal/flux\.1-dev"):
        catalog.compile({"model": "flux.1-dev", "prompt": "x"}, "fal/flux-1-dev")


def test_parsing_opens_no_image(catalog: Catalog) -> None:
    """Who parses a body without the catalog has to open its images first; a path is none."""
    body = {"model": "flux.1-dev", "prompt": "x", "image": "cat.png"}
    with pytest.raises(RequestError, match="image must be an image: its bytes, a file, an http") as caught:
        parse_request(body, Vocabulary(catalog.parameters))
    assert [fault.param for fault in caught.value.faults] == ["image"]


def test_compile_refuses_the_wrong_mode(catalog: Catalog) -> None:
    with pytest.raises(CompileError, match="it does image-edit, and the request is text-to-image") as caught:
        catalog.compile({"model": "flux.1-dev", "prompt": "x"}, "fal/flux.1-dev-edit")
    assert (caught.value.code, caught.value.param) == ("mode", "model")
    parsed, endpoint = catalog.parse({"model": "flux.1-dev", "prompt": "x"}), catalog.endpoint("fal/flux.1-dev-edit")
    with pytest.raises(CompileError) as plainly:
        catalog._compiler.interpret(parsed, endpoint, date(2026, 11, 21))
    assert plainly.value.refusals == caught.value.refusals
