"""What a person reads of a route, word for word; and as data, with nothing in it that is not JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given

from goldens import ON, opened_request
from pentaprism import Catalog, RequestError
from pentaprism.explain import explain_compiled, explain_parts, explain_route, explain_text
from pentaprism.types import Part
from strategies import requests

WIDE = Catalog.load(extends=[Path(__file__).parent / "format"])


def explained(body: dict[str, Any]) -> dict[str, Any]:
    return WIDE.explain(opened_request({"prompt": "a cat", **body}), date=ON)


def shown(**body: Any) -> list[str]:
    return explain_text(explained(body)).splitlines()


def test_a_simple_request() -> None:
    assert shown(model="flux.1-dev", provider={"only": ["replicate"]}) == [
        "flux.1-dev, text-to-image: 1 endpoint can serve this request",
        "",
        "1. replicate/flux.1-dev",
        "   comes back   1 picture, 1024x1024 by default, webp",
        "   costs        $0.025 (1 image x $0.025)",
        "   sends        POST https://api.replicate.com/v1/models/black-forest-labs/flux-dev/predictions",
        "                {",
        '                  "input": {',
        '                    "prompt": "a cat"',
        "                  }",
        "                }",
        "   parameters   (how each crosses, what becomes of it, why)",
        "     prompt  passthrough  honored       sent as it is",
        "",
        "Cannot serve it:",
        "  fal/flux.1-dev: provider.only is replicate.",
        "  fal/flux.1-dev-edit: provider.only is replicate.",
    ]


def test_a_size_at_several_providers() -> None:
    lines = shown(model="flux.2-flex", size="1920x1080")
    assert lines[0] == "flux.2-flex, text-to-image: 3 endpoints can serve this request, best first"
    assert [line for line in lines if line[:1].isdigit()] == [
        "1. fal/flux.2-flex",
        "2. bfl/flux.2-flex",
        "3. replicate/flux.2-flex",
    ]
    assert "   comes back   1 picture, 1920x1080, jpeg" in lines
    nearly = "1920x1088 comes back, the nearest this provider makes: 0.7% narrower in shape and 1% more pixels"
    assert f"     size    converted    approximated  {nearly}" in lines


def test_equal_calls_are_shown_once() -> None:
    lines = shown(model="fal/gpt-image-1.5", n=3)
    (sends,) = (line for line in lines if line.startswith("   sends"))
    assert sends.endswith(", 3 times")
    # With a seed each call is another one.
    lines = shown(model="fal/flux.1-dev", n=9, seed=10)
    assert len([line for line in lines if line.startswith("   sends")]) == 3
    assert not any("times" in line for line in lines)


def test_an_edit_describes_its_picture() -> None:
    lines = shown(model="fal/flux.1-dev", image="640x480")
    assert '                  "image_url": "<image 1: png 640x480, 1.9 kB>"' in lines
    assert "   comes back   1 picture, about 640x480 like the input, jpeg" in lines


def test_a_form_is_shown_field_by_field() -> None:
    lines = shown(model="gpt-image-2", image=["640x480", "8x8"], n=2)
    start = lines.index("                (a form)")
    assert lines[start + 1 : start + 6] == [
        "                prompt: a cat",
        "                image[]: <image 1: png 640x480, 1.9 kB>",
        "                image[]: <image 2: png 8x8, 0.1 kB>",
        "                n: 2",
        "                model: gpt-image-2",
    ]
    # What nobody knows before the call is said so.
    assert "   comes back   2 pictures, size chosen by the provider, png" in lines
    assert any(line.startswith("   costs        unknown (") for line in lines)


def test_what_is_not_verified_says_so() -> None:
    lines = shown(model="fal/flux.1-kontext-dev")
    assert "1. fal/flux.1-kontext-dev  (what is known of it is not verified)" in lines


def test_a_refused_request_shows_what_is_nearest() -> None:
    assert shown(model="flux.1-dev", cfg_scale=21, size="1920x1080") == [
        "flux.1-dev, text-to-image: no endpoints can serve this request",
        "",
        "Cannot serve it:",
        "  fal/flux.1-dev: cfg_scale must be 1 to 20 here, not 21.",
        "  fal/flux.1-dev-edit: it does image-edit, and the request is text-to-image; choose another endpoint, "
        "or send an image with it.",
        "  replicate/flux.1-dev: cfg_scale must be 0 to 10 here, not 21.",
        "",
        "Would serve it with a change, the least first:",
        "",
        "1. fal/flux.1-dev",
        "   change       cfg_scale 21 -> 20 (its largest)",
        "   comes back   1 picture, 1920x1080, jpeg",
        "   costs        $0.05 (1 image x 2 MP x $0.025)",
        "",
        "2. replicate/flux.1-dev",
        "   change       cfg_scale 21 -> 10 (its largest)",
        "   comes back   1 picture, 1344x768, webp",
        "   costs        $0.025 (1 image x $0.025)",
        "   not simply as asked",
        "     size  converted    approximated  1344x768 comes back, the nearest this provider makes: "
        "1.6% narrower in shape and 50% fewer pixels",
    ]


def test_a_forced_name_nobody_knows() -> None:
    lines = shown(model="fal/flux.1-dev", num_cats=9)
    why = "no catalog knows this name; sent untouched because you chose the provider"
    assert f"     num_cats  passthrough  unverified    {why}" in lines
    assert "  replicate/flux.1-dev: the request names fal/flux.1-dev." in lines


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (Part(name="n", content=b"2"), {"name": "n", "value": "2"}),
        (Part(name="prompt", content=b"\xff"), {"name": "prompt", "value": "\ufffd"}),
        (Part(name="file", content=b"abc", filename="a.png"), {"name": "file", "filename": "a.png", "bytes": 3}),
    ],
)
def test_a_part_is_described(part: Part, told: dict[str, Any]) -> None:
    assert explain_parts([part]) == [told]
    call = {"method": "POST", "url": "https://example.com", "parts": [told]}
    candidate = {**explained({"model": "fal/flux.1-dev"})["candidates"][0], "calls": [call], "adjustments": []}
    route = {"model": "m", "mode": "image-edit", "candidates": [candidate], "refusals": [], "nearest": []}
    text = explain_text(route)
    assert f"                {told['name']}: {', '.join(str(told[key]) for key in told if key != 'name')}\n" in text
    assert "parameters" not in text
    assert "Cannot serve it" not in text


def test_a_call_that_has_headers_shows_them() -> None:
    compiled = WIDE.compile({"model": "fal/flux.1-dev", "prompt": "x"}, "fal/flux.1-dev", date=ON)
    assert "headers" not in explain_compiled(compiled)["calls"][0]
    call = compiled.calls[0]._replace(headers={"Prefer": "wait"})
    assert explain_compiled(compiled._replace(calls=(call,)))["calls"][0]["headers"] == {"Prefer": "wait"}


@given(requests(WIDE))
def test_what_is_explained_is_json_and_reads_as_text(body: dict[str, Any]) -> None:
    try:
        route = WIDE.route(body, date=ON)
    except RequestError:
        assume(False)
    told = explain_route(route)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    text = explain_text(told)
    for entry in (*told["candidates"], *told["nearest"], *told["refusals"]):
        assert entry["endpoint"] in text
    for candidate in told["candidates"]:
        assert candidate["cost"]["text"] in text
        for adjustment in candidate["adjustments"]:
            assert adjustment["why"] in text
