"""What callers get wrong, and how a form becomes a body: every refusal is one envelope, and nothing is sent."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways import Rig, gateway_rig
from image_files import SAMPLES, png
from pentaprism import Catalog
from pentaprism.client import PictureSettings
from pentaprism.errors import RequestError
from pentaprism.gateway.codec import MAX_DEPTH, MAX_VALUES, encode, parse
from pentaprism.gateway.multipart import MAX_FIELDS, MAX_FILES, MAX_TEXT, read_parts
from pentaprism.media import ImageLimits
from pictures import picture

GENERATIONS, EDITS, EXPLAIN = "/v1/images/generations", "/v1/images/edits", "/v1/explain"
LIMIT = 3_000_000
PNG = picture(64, 64)
URI = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
WORDS_ONLY = """
name: Words Only
family: private
creator: us
status: active
summary: Makes pictures from words alone.
endpoints:
  - provider: fal
    id: fal-ai/flux/dev
    modes: {text-to-image: {}}
    checked: {date: 2026-07-28, source: "a test", method: inferred}
    prices: [{from: 2026-07-28, usd: "0.025", per: megapixel, round: up, source: "a test"}]
    sizes: {default: 1024x768, forms: [{form: free, to: {object: image_size}}]}
"""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    layer = tmp_path_factory.mktemp("layer")
    folder = layer / "models" / "private"
    folder.mkdir(parents=True)
    (folder / "words-only.yaml").write_text(WORDS_ONLY)
    data = tmp_path_factory.mktemp("gateway")
    with gateway_rig(Catalog.load(extends=[layer]), data, max_body_bytes=LIMIT) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_sent(rig: Rig) -> Iterator[None]:
    """No test here may reach a provider."""
    yield
    assert rig.submissions() == []


def refused(reply: httpx.Response) -> dict[str, Any]:
    """The error object of an envelope, its shape checked."""
    assert reply.status_code >= 400, reply.text
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"].startswith("req_")
    body = reply.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert error["message"].endswith((".", "?", "allow")), error["message"]
    for word in ("Traceback", "orjson", "multipart.py", "File \\"):
        assert word not in reply.text
    return error


def body(**changes: Any) -> dict[str, Any]:
    whole = {"model": "flux.1-dev", "prompt": "a lighthouse", **changes}
    return {name: value for name, value in whole.items() if value is not None}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


# --- JSON bodies ----------------------------------------------------------------------------------------------

JSON_CASES = [
    (GENERATIONS, body(model="flux.1-dv"), 404, "model", "MODEL_NOT_FOUND", "Did you mean 'flux.1-dev'"),
    (GENERATIONS, body(model=None), 400, "model", "INVALID_REQUEST", "model is required"),
    (GENERATIONS, body(model=7), 400, "model", "INVALID_REQUEST", "must be a string"),
    (GENERATIONS, body(prompt=None), 400, "prompt", "INVALID_REQUEST", "prompt is required"),
    (GENERATIONS, body(prompt="  "), 400, "prompt", "INVALID_REQUEST", "must not be empty"),
    (GENERATIONS, body(n=0), 400, "n", "INVALID_REQUEST", "n must be 1 to 10, not 0"),
    (GENERATIONS, body(n=11), 400, "n", "INVALID_REQUEST", "n must be 1 to 10, not 11"),
    (GENERATIONS, body(n="2"), 400, "n", "INVALID_REQUEST", "whole number"),
    (GENERATIONS, body(size="12x"), 400, "size", "INVALID_REQUEST", "'12x'"),
    (GENERATIONS, body(size="0x0"), 400, "size", "INVALID_REQUEST", "no area"),
    (GENERATIONS, body(size="16:0"), 400, "size", "INVALID_REQUEST", "side of zero"),
    (GENERATIONS, body(size="banana"), 400, "size", "INVALID_REQUEST", "'banana'"),
    (GENERATIONS, body(image=URI), 400, "image", "INVALID_REQUEST", "/images/edits"),
    (GENERATIONS, body(input_images=[URI, URI]), 400, "input_images", "INVALID_REQUEST", "/images/edits"),
    (GENERATIONS, body(mask=URI), 400, "mask", "INVALID_REQUEST", "/images/edits"),
    (GENERATIONS, body(stream=True, response_format="url"), 400, "response_format", "INVALID_REQUEST", "stream"),
    (GENERATIONS, body(partial_images=2), 400, "partial_images", "INVALID_REQUEST", "stream"),
    (GENERATIONS, body(dryRun=True), 400, "dryRun", "INVALID_REQUEST", "query"),
    (f"{GENERATIONS}?dryRun=perhaps", body(), 400, "dryRun", "INVALID_REQUEST", "'perhaps'"),
    (GENERATIONS, body(provider={"onli": ["fal"]}), 400, "provider.onli", "INVALID_REQUEST", "'only'"),
    (GENERATIONS, body(output_format="bmp"), 400, "output_format", "INVALID_REQUEST", "png, jpeg"),
    (GENERATIONS, [1, 2], 400, None, "INVALID_REQUEST", "JSON object"),
    (GENERATIONS, body(extra=nested(40)), 400, None, "INVALID_REQUEST", "nests deeper than 32"),
    (GENERATIONS, body(extra=[0] * MAX_VALUES), 400, None, "INVALID_REQUEST", "values"),
    (EDITS, body(model="words-only", image=URI), 400, "model", "INVALID_REQUEST", "does not do image-edit"),
    (EDITS, body(), 400, "image", "INVALID_REQUEST", "image is required"),
    (EDITS, body(image=[]), 400, "image", "INVALID_REQUEST", "image is required"),
    (EDITS, body(image="/etc/passwd"), 400, "image", "INVALID_REQUEST", "http(s) URL or a data: URI"),
    (EDITS, body(image="file:///etc/passwd"), 400, "image", "INVALID_REQUEST", "http(s) URL or a data: URI"),
    (EDITS, body(image="cat.png"), 400, "image", "INVALID_REQUEST", "http(s) URL or a data: URI"),
    (EDITS, body(image=""), 400, "image", "INVALID_REQUEST", "http(s) URL or a data: URI"),
    (EDITS, body(image="https://"), 400, "image", "INVALID_REQUEST", "not a URL"),
    (EDITS, body(image={"url": "https://x/y"}), 400, "image", "INVALID_REQUEST", "as a string"),
    (EDITS, body(image=7), 400, "image", "INVALID_REQUEST", "as a string"),
    (EDITS, body(image="data:image/png;base64,@@@"), 400, "image", "INVALID_REQUEST", "base64"),
    (EDITS, body(image="data:image/png;base64,aGVsbG8="), 400, "image", "INVALID_REQUEST", "image"),
    (EDITS, body(image=URI, mask="/etc/shadow"), 400, "mask", "INVALID_REQUEST", "http(s) URL or a data: URI"),
    (EDITS, body(image=[URI] * 17), 400, "image", "INVALID_REQUEST", "at most 16 images, not 17"),
    (EDITS, body(image=[URI] * 2), 400, "image", "INVALID_REQUEST", "image"),
    (EXPLAIN, body(image="/etc/passwd"), 400, "image", "INVALID_REQUEST", "http(s) URL or a data: URI"),
]


@pytest.mark.parametrize(("path", "sent", "status", "param", "code", "words"), JSON_CASES)
def test_json_that_is_refused(
    rig: Rig, path: str, sent: Any, status: int, param: str | None, code: str, words: str
) -> None:
    reply = rig.post(path, sent)
    error = refused(reply)
    assert (reply.status_code, error["param"], error["code"]) == (status, param, code)
    assert words in error["message"]


def test_every_fault_is_told_at_once(rig: Rig) -> None:
    sent = {"model": "flux.1-dev", "n": 0, "size": "12x", "image": ["/etc/passwd", "cat.png"], "partial_images": 1}
    error = refused(rig.post(EDITS, sent))
    assert [fault["param"] for fault in error["errors"]] == ["image", "image", "partial_images", "n", "size", "prompt"]
    assert error["message"] == error["errors"][0]["message"]


def test_what_no_endpoint_can_serve_names_each(rig: Rig) -> None:
    error = refused(rig.post(GENERATIONS, body(num_inference_steps=1000)))
    assert error["param"] == "num_inference_steps"
    assert {refusal["endpoint"] for refusal in error["refusals"]} == {
        "fal/flux.1-dev",
        "fal/flux.1-dev-edit",
        "replicate/flux.1-dev",
    }


def test_an_unset_value_is_no_fault(rig: Rig) -> None:
    reply = rig.post(f"{GENERATIONS}?dryRun=true", {"model": "flux.1-dev", "prompt": "x", "image": None, "mask": None})
    assert reply.status_code == 200


RAW_CASES = [
    (b"{", "application/json", 400, "line 1, column"),
    (b"", "application/json", 400, "not valid JSON"),
    (b"\xff\xfe", "application/json", 400, "not valid JSON"),
    (b'{"model": NaN}', "application/json", 400, "not valid JSON"),
    (b"[" * 100_000, "application/json", 400, "JSON"),
    (json.dumps(body()).encode(), "text/plain", 415, "came as text/plain"),
    (json.dumps(body()).encode(), "", 415, "came without a Content-Type"),
    (b"model=flux.1-dev", "application/x-www-form-urlencoded", 415, "x-www-form-urlencoded"),
    (b"--x--", "multipart/form-data; boundary=x", 415, "Send the body as application/json;"),
    (b" " * (LIMIT + 1), "application/json", 413, "larger than 3,000,000 bytes"),
]


@pytest.mark.parametrize(("content", "kind", "status", "words"), RAW_CASES)
def test_bodies_that_are_refused(rig: Rig, content: bytes, kind: str, status: int, words: str) -> None:
    reply = rig.http.post(GENERATIONS, content=content, headers={"content-type": kind} if kind else {})
    error = refused(reply)
    assert (reply.status_code, error["code"]) == (status, "INVALID_REQUEST")
    assert words in error["message"]


def test_a_body_of_unsaid_length_is_counted(rig: Rig) -> None:
    chunks = (b" " * 100_000 for _ in range(LIMIT // 100_000 + 1))
    reply = rig.http.post(GENERATIONS, content=chunks, headers={"content-type": "application/json"})
    assert reply.status_code == 413
    refused(reply)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", GENERATIONS, 405),
        ("DELETE", "/v1/models", 405),
        ("PUT", "/healthz", 405),
        ("OPTIONS", EDITS, 405),
        ("GET", "/", 404),
        ("GET", "/v1/images/variations", 404),
        ("POST", "/openai/v1/explain", 404),
        ("GET", "/v1/models/", 404),
        ("GET", "//v1/models", 404),
    ],
)
def test_paths_and_methods_that_are_not_there(rig: Rig, method: str, path: str, status: int) -> None:
    reply = rig.http.request(method, path)
    refused(reply)
    assert reply.status_code == status
    assert ("allow" in reply.headers) == (status == 405)


# --- forms ----------------------------------------------------------------------------------------------------


def explained(rig: Rig, fields: list[tuple[str, Any]], model: str = "replicate/flux.1-dev") -> dict[str, Any]:
    """The body the first endpoint would get for a form of these fields and an image."""
    parts = [("model", (None, model)), ("prompt", (None, "a hat")), *fields]
    reply = rig.http.post(EXPLAIN, files=parts)
    assert reply.status_code == 200, reply.text
    sent: dict[str, Any] = reply.json()["candidates"][0]["calls"][0]["json"]
    return sent


def test_a_form_has_the_types_the_vocabulary_and_the_contracts_give(rig: Rig) -> None:
    sent = explained(
        rig,
        [
            ("image", ("cat.png", PNG, "image/png")),
            ("n", (None, "2")),
            ("strength", (None, "0.5")),
            ("cfg_scale", (None, "4")),
            ("seed", (None, " 7 ")),
            ("go_fast", (None, "True")),
            ("output_quality", (None, "80")),
        ],
    )["input"]
    assert sent.pop("image").startswith("<image 1: png 64x64")
    assert sent == {
        "prompt": "a hat",
        "num_outputs": 2,
        "prompt_strength": 0.5,
        "guidance": 4,
        "seed": 7,
        "go_fast": True,
        "output_quality": 80,
    }
    assert [type(sent[name]) for name in ("num_outputs", "prompt_strength", "go_fast")] == [int, float, bool]


def test_a_providers_enumeration_of_strings_stays_strings(rig: Rig) -> None:
    assert explained(rig, [("megapixels", (None, "0.25"))])["input"]["megapixels"] == "0.25"


def test_a_providers_object_comes_as_json_or_by_key(rig: Rig) -> None:
    by_key = [("image_size[width]", (None, "640")), ("image_size[height]", (None, "480"))]
    as_json = [("image_size", (None, '{"width": 640, "height": 480}'))]
    preset = [("image_size", (None, "square_hd"))]
    for fields in (by_key, as_json):
        assert explained(rig, fields, "fal/flux.1-dev")["image_size"] == {"width": 640, "height": 480}
    assert explained(rig, preset, "fal/flux.1-dev")["image_size"] in ("square_hd", {"width": 1024, "height": 1024})


@pytest.mark.parametrize(
    "fields",
    [
        [("provider", '{"only": ["replicate"], "allow_fallbacks": false, "max_price": 0.5}')],
        [("provider[only][]", "replicate"), ("provider[allow_fallbacks]", "false"), ("provider[max_price]", "0.5")],
        [("provider[only][0]", "replicate"), ("provider[tolerance][aspect]", "0.1")],
    ],
)
def test_the_provider_object_in_a_form(rig: Rig, fields: list[tuple[str, str]]) -> None:
    parts: list[tuple[str, Any]] = [("model", (None, "flux.1-dev")), ("prompt", (None, "x"))]
    parts.append(("image[]", ("a.png", PNG, "image/png")))
    reply = rig.http.post(f"{EDITS}?dryRun=true", files=[*parts, *((name, (None, text)) for name, text in fields)])
    assert reply.json().get("provider") == "replicate", reply.text


@pytest.mark.parametrize("names", [["image", "image"], ["image[]", "image[]"], ["image[0]", "image[1]"]])
def test_several_images_in_a_form_are_several_images(rig: Rig, names: list[str]) -> None:
    files = [(name, (f"{index}.png", picture(8 + index, 8), "image/png")) for index, name in enumerate(names)]
    reply = rig.http.post(EDITS, files=[("model", (None, "flux.1-dev")), ("prompt", (None, "x")), *files])
    error = refused(reply)
    assert error["param"] == "image"
    assert {refusal["code"] for refusal in error["refusals"]} >= {"too-many-images"}


def test_an_image_in_a_form_may_be_a_url(rig: Rig) -> None:
    parts = {"model": "flux.1-dev", "prompt": "x", "image": "https://example.com/cat.png"}
    reply = rig.http.post(f"{EDITS}?dryRun=true", files=[(name, (None, text)) for name, text in parts.items()])
    assert reply.status_code == 200


def test_a_file_input_left_empty_is_no_image(rig: Rig) -> None:
    fields = [("model", "flux.1-dev"), ("prompt", "x"), ("image", "https://example.com/cat.png")]
    lines = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields]
    empty = '--b\r\nContent-Disposition: form-data; name="{}"; filename=""\r\n\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    with_image = "".join([*lines, empty.format("mask"), "--b--\r\n"])
    assert rig.http.post(f"{EDITS}?dryRun=true", content=with_image, headers=headers).status_code == 200
    without = "".join([*lines[:2], empty.format("image"), "--b--\r\n"])
    assert refused(rig.http.post(EDITS, content=without, headers=headers))["message"].startswith("image is required")


FORM_CASES: list[tuple[list[tuple[str, Any]], str | None, str]] = [
    ([("image", ("a.png", b"not an image at all", "image/png"))], "image", "image"),
    ([("image", ("a.png", PNG[:20], "image/png"))], "image", "image"),
    ([("image", (None, "/etc/passwd"))], "image", "http(s) URL or a data: URI"),
    ([("image[a]", ("a.png", PNG, "image/png"))], "image", "image[]"),
    ([("n", (None, "two"))], "n", "whole number"),
    ([("n", (None, "1")), ("n", (None, "2"))], "n", "more than once"),
    ([("n[]", (None, "1"))], "n", "whole number"),
    ([("size", ("size.txt", b"64x64", "text/plain"))], "size", "came as a file"),
    ([("style", (None, b"\xff\xfe"))], "style", "UTF-8"),
    ([("provider", (None, "{only: fal}"))], "provider", "not valid JSON"),
    ([("provider", (None, "fal"))], "provider", "must be an object"),
    ([("provider[only]", (None, "fal")), ("provider[only][]", (None, "fal"))], "provider", "more than once"),
    ([("provider[only][]", (None, "fal")), ("provider[only][x]", (None, "fal"))], "provider", "as a list"),
    ([("provider[only][][x]", (None, "fal"))], "provider", "as JSON"),
    ([("pro]vider", (None, "fal"))], "pro]vider", "not the name of a field"),
    ([("stream", (None, "true")), ("response_format", (None, "url"))], "response_format", "stream"),
    ([(f"field{index}", (None, "x")) for index in range(MAX_FIELDS + 1)], None, f"more than {MAX_FIELDS} fields"),
    ([("image", (f"{index}.png", b"x", "image/png")) for index in range(MAX_FILES + 1)], None, "more than 16 files"),
    ([("negative_prompt", (None, "x" * (MAX_TEXT + 1)))], None, "1,000,000 bytes (negative_prompt)"),
    ([("prompt", (None, ""))], "prompt", "prompt"),
    ([("model", (None, "flux.1-dv"))], "model", "Did you mean"),
    ([("image", (None, b"\xff\xd8\xff"))], "image", "image"),
]


@pytest.mark.parametrize(("fields", "param", "words"), FORM_CASES)
def test_forms_that_are_refused(rig: Rig, fields: list[tuple[str, Any]], param: str | None, words: str) -> None:
    given = {name for name, _ in fields}
    usual: list[tuple[str, Any]] = [("model", (None, "flux.1-dev")), ("prompt", (None, "x"))]
    if not any(name.startswith("image") for name in given):
        usual.append(("image", ("cat.png", PNG, "image/png")))
    parts = [*(entry for entry in usual if entry[0] not in given), *fields]
    error = refused(rig.http.post(EDITS, files=parts))
    assert param in [fault["param"] for fault in error["errors"]]
    assert any(words in fault["message"] for fault in error["errors"]), error


PART = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nflux.1-dev\r\n'


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (PART, "multipart/form-data; boundary=x", "closing boundary"),
        (b"", "multipart/form-data; boundary=x", "closing boundary"),
        (PART[:40], "multipart/form-data; boundary=x", "closing boundary"),
        (PART + b"--x--\r\n", "multipart/form-data", "no boundary"),
        (PART + b"--x--\r\n", "multipart/form-data; boundary=y", "malformed"),
        (b"--x\r\nContent-Type: text/plain\r\n\r\nz\r\n--x--\r\n", "multipart/form-data; boundary=x", "without a name"),
        (PART + b"--x--\r\n", f"multipart/form-data; boundary={'b' * 400}", "malformed"),
    ],
)
def test_forms_that_are_broken(rig: Rig, content: bytes, kind: str, words: str) -> None:
    reply = rig.http.post(EDITS, content=content, headers={"content-type": kind})
    assert reply.status_code == 400
    assert words in refused(reply)["message"]


# --- limits of images -----------------------------------------------------------------------------------------

# Some hundred bytes that say they are 3.6 thousand million pixels.
BOMB = png(60_000, 60_000, data=bytes(1000))
LIMITS = PictureSettings(limits=ImageLimits(max_bytes=50_000, max_pixels=4096, formats=("png", "webp")))
TOO_MUCH = [
    (png(65, 64), "65x64, 0.0 million pixels; at most 0.004096 million"),
    (PNG + bytes(50_000), "0.1 MB; at most 0.05 MB"),
    (SAMPLES["jpeg"], "is jpeg; send it as png or webp"),
]


def as_json(rig: Rig, content: bytes) -> httpx.Response:
    uri = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return rig.post(f"{EDITS}?dryRun=true", body(image=uri))


def as_form(rig: Rig, content: bytes) -> httpx.Response:
    parts = [("model", (None, b"flux.1-dev")), ("prompt", (None, b"x")), ("image", ("a.png", content))]
    return rig.http.post(f"{EDITS}?dryRun=true", files=parts)


def as_text_in_a_form(rig: Rig, content: bytes) -> httpx.Response:
    uri = f"data:;base64,{base64.b64encode(content).decode()}".encode()
    parts = [("model", (None, b"flux.1-dev")), ("prompt", (None, b"x")), ("image", (None, uri))]
    return rig.http.post(f"{EDITS}?dryRun=true", files=parts)


WAYS = [as_json, as_form, as_text_in_a_form]


@pytest.mark.parametrize("way", WAYS)
def test_a_bomb_is_refused_by_its_header(rig: Rig, way: Callable[[Rig, bytes], httpx.Response]) -> None:
    assert len(BOMB) < 1000
    error = refused(way(rig, BOMB))
    assert (error["param"], error["code"]) == ("image", "INVALID_REQUEST")
    assert "60000x60000, 3600.0 million pixels; at most 50 million. Shrink it." in error["message"]


def test_an_operators_limits_hold_for_every_way_in(catalog: Catalog, tmp_path: Path) -> None:
    with gateway_rig(catalog, tmp_path, pictures=LIMITS) as strict:
        for way in WAYS:
            assert way(strict, PNG).status_code == 200
            for content, words in TOO_MUCH:
                error = refused(way(strict, content))
                assert error["param"] == "image"
                assert words in error["message"]


def test_an_operator_may_take_more(catalog: Catalog, tmp_path: Path) -> None:
    wide = PictureSettings(limits=ImageLimits(max_pixels=10**10))
    with gateway_rig(catalog, tmp_path, pictures=wide) as rig:
        assert as_json(rig, BOMB).status_code == 200


# --- any bytes at all -----------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["model", "prompt", "n", "size", "image", "mask", "provider", "seed", "stream", "dryRun", "go_fast", "image_size"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["flux.1-dev", "fal/flux.1-dev", "1024x1024", URI, "https://x.y/z.png", "square_hd"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    sent=st.fixed_dictionaries({"model": st.just("fal/flux.1-dev"), "prompt": st.just("x")}).flatmap(
        lambda whole: st.dictionaries(NAMES | st.text(), VALUES, max_size=6).map(lambda more: {**more, **whole})
    )
)
def test_any_json_gets_a_route_or_an_envelope(rig: Rig, sent: dict[str, Any]) -> None:
    reply = rig.http.post(EXPLAIN, content=json.dumps(sent), headers={"content-type": "application/json"})
    if reply.status_code == 200:
        assert reply.json()["model"] == "flux.1-dev"
    else:
        assert reply.status_code == 400, reply.text
        refused(reply)


@given(
    parts=st.lists(st.tuples(NAMES | st.text(min_size=1), st.sampled_from(["", "[]", "[0]", "[a]", "[a][]"]), VALUES)),
    cut=st.integers(min_value=0, max_value=40),
)
def test_any_form_gets_a_route_or_an_envelope(rig: Rig, parts: list[tuple[str, str, Any]], cut: int) -> None:
    whole = io.BytesIO()
    for name, keys, value in [("model", "", "fal/flux.1-dev"), ("prompt", "", "x"), *parts]:
        text = value if isinstance(value, str) else json.dumps(value)
        named = f"{name}{keys}".replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        whole.write(b'--b\r\nContent-Disposition: form-data; name="' + named.encode("utf-8", "replace") + b'"\r\n\r\n')
        whole.write(text.encode("utf-8", "replace") + b"\r\n")
    whole.write(b"--b--\r\n")
    content = whole.getvalue()
    content = content[: len(content) - cut] if cut > 20 else content
    reply = rig.http.post(EXPLAIN, content=content, headers={"content-type": "multipart/form-data; boundary=b"})
    if reply.status_code != 200:
        assert reply.status_code == 400, reply.text
        refused(reply)


LINES = st.sampled_from(
    [b"--b\r\n", b"--b--\r\n", b"\r\n", b'Content-Disposition: form-data; name="n"\r\n\r\n', b"1\r\n"]
)


@given(st.lists(LINES | st.binary(max_size=8), max_size=20).map(b"".join))
def test_parts_of_any_bytes_are_parts_or_a_fault(content: bytes) -> None:
    if b"--b--" in content:
        with suppress(RequestError):
            assert len(read_parts(content, "multipart/form-data; boundary=b")) <= content.count(b"--b")
    else:
        with pytest.raises(RequestError, match="The multipart body "):
            read_parts(content, "multipart/form-data; boundary=b")


# --- JSON in and out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [2**70, {"a": [2**64]}, "\ud800", {1: 2}])
def test_a_reply_is_written_whatever_it_holds(value: Any) -> None:
    with pytest.raises(TypeError):
        orjson.dumps(value)
    assert json.loads(encode(value)) == json.loads(json.dumps(value))


def test_depth_counts_containers() -> None:
    assert parse(json.dumps(nested(MAX_DEPTH)).encode()) == nested(MAX_DEPTH)
    with pytest.raises(RequestError, match="nests deeper"):
        parse(json.dumps(nested(MAX_DEPTH + 1)).encode())


def test_a_large_image_in_json_is_no_great_number_of_values() -> None:
    assert len(parse(orjson.dumps({"image": "x" * 5_000_000}))["image"]) == 5_000_000


def test_the_data_folder_is_made_where_it_is_missing(catalog: Catalog, tmp_path: Path) -> None:
    with gateway_rig(catalog, tmp_path / "deep" / "folder") as rig:
        assert rig.http.get("/readyz").status_code == 200
        assert rig.settings.ledger.exists()
