"""Examples of native fields and of costs that small changes of compiling do not survive (`make mutation`)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pentaprism import Catalog, CompiledRequest, CompileError
from pentaprism.compile.billing import price_fields
from pentaprism.compile.draft import Draft
from pentaprism.compile.interpreter import interpret, write_images
from pentaprism.compile.plan import build_plan
from pentaprism.types import Behaviour, Mode, ModeSpec, Outcome, Rule, Size
from pictures import opened

ON = date(2026, 11, 21)
FORMAT = Path(__file__).parent / "format"


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[FORMAT])


# -- a provider's own fields --------------------------------------------------------------------------------------

FAL, REPLICATE, BFL, GOOGLE = "fal/flux.1-dev", "replicate/flux.1-dev", "bfl/flux.2-flex", "google/gemini-3-pro-image"
AS_IT_IS = "sent as it is"
NOT_LOSSY = "png has no lossy compression; ask for jpeg, webp or avif"


@pytest.mark.parametrize(
    ("key", "asked", "tells", "sent"),
    [
        (FAL, {"sync_mode": True}, [("sync_mode", "honored", AS_IT_IS)], {"sync_mode": True}),
        (FAL, {"acceleration": "none"}, [("acceleration", "honored", AS_IT_IS)], {"acceleration": "none"}),
        (
            FAL,
            {"go_fast": True},
            [("go_fast", "dropped", "the provider has no go_fast here (only replicate/flux.1-dev has it)")],
            {},
        ),
        (
            REPLICATE,
            {"acceleration": "none", "aspect_ratio": "1:1"},
            [
                (
                    "acceleration",
                    "dropped",
                    "the provider has no acceleration here (only fal/flux.1-dev and fal/flux.1-dev-edit have it)",
                ),
                ("aspect_ratio", "honored", "1024x1024 comes back"),
            ],
            {"aspect_ratio": "1:1"},
        ),
        (
            FAL,
            {"go_fst": 1},
            [("go_fst", "unverified", "no catalog knows this name; sent untouched because you chose the provider")],
            {"go_fst": 1},
        ),
        (
            FAL,
            {"guidance_scale": 4, "guidance": 4},
            [("guidance", "honored", "sent as guidance_scale")],
            {"guidance_scale": 4},
        ),
        (
            FAL,
            {"image_size": {"width": 640, "height": 480}, "size": "640x480"},
            [("image_size", "honored", AS_IT_IS), ("size", "honored", "640x480 comes back")],
            {"image_size": {"width": 640, "height": 480}},
        ),
        (
            FAL,
            {"image_size": "square", "size": "512x512"},
            [
                ("image_size", "approximated", "read as a size; what is sent means the same pixels"),
                ("size", "honored", "512x512 comes back"),
            ],
            {"image_size": {"width": 512, "height": 512}},
        ),
        (
            REPLICATE,
            {"megapixels": "0.25", "resolution": "0.25MP", "aspect_ratio": "1:1"},
            [
                ("megapixels", "honored", AS_IT_IS),
                ("resolution", "honored", "512x512 comes back"),
                ("aspect_ratio", "honored", "512x512 comes back"),
            ],
            {"aspect_ratio": "1:1", "megapixels": "0.25"},
        ),
        (
            REPLICATE,
            {"output_format": "png", "output_quality": 50},
            [
                ("output_format", "honored", AS_IT_IS),
                ("output_quality", "dropped", NOT_LOSSY),
            ],
            {"output_format": "png"},
        ),
        (
            BFL,
            {"width": 640, "height": 480},
            [("width", "honored", AS_IT_IS), ("height", "honored", AS_IT_IS)],
            {"width": 640, "height": 480},
        ),
    ],
)
def test_each_field_of_a_provider_is_told_of(
    wide: Catalog, key: str, asked: dict[str, Any], tells: list[tuple[str, str, str]], sent: dict[str, Any]
) -> None:
    endpoint = wide.endpoint(key)
    compiled = wide._compiler.interpret(wide.parse({"model": key, "prompt": "x", **asked}), endpoint, ON)
    found = [(entry.parameter, entry.outcome.value, entry.why) for entry in compiled.adjustments]
    assert found == [("prompt", "honored", AS_IT_IS), *tells]
    for entry in compiled.adjustments[1:]:
        wish = asked[entry.parameter]
        assert entry.asked == wish or str(entry.asked) == wish
        assert dict(entry.sent).items() <= {**sent, **entry.sent}.items()
        assert bool(entry.sent) == (entry.outcome is not Outcome.DROPPED)
    body = compiled.calls[0].json
    assert (body["input"] if key == REPLICATE else body) == {"prompt": "x", **sent}
    assert compiled.loss[0] == sum(outcome == "dropped" for _, outcome, _ in tells)


@pytest.mark.parametrize(
    ("key", "asked", "code", "param", "message"),
    [
        (FAL, {"acceleration": "x"}, "not-allowed", "acceleration", "must be one of none, regular, high, not 'x'."),
        (REPLICATE, {"webhook": "x"}, "reserved", "webhook", "is set by the gateway itself; leave it out."),
        (BFL, {"width": 640}, "required", "width", "width: give both width and height, in pixels."),
        (
            FAL,
            {"image_size": {"width": 640, "height": 480}, "size": "641x480"},
            "conflict",
            "image_size",
            "and the size parameters ask for different things; give one of them.",
        ),
        (
            REPLICATE,
            {"megapixels": "0.25", "resolution": "1MP"},
            "conflict",
            "megapixels",
            "and the size parameters ask for different things; give one of them.",
        ),
        (
            REPLICATE,
            {"aspect_ratio": "1:1", "size": "16:9", "megapixels": "0.25", "resolution": "1MP"},
            "conflict",
            "megapixels",
            "and the size parameters ask for different things; give one of them.",
        ),
        (
            FAL,
            {"image_size": "square", "aspect_ratio": "1:1"},
            "conflict",
            "image_size",
            "and the size parameters ask for different things; give one of them.",
        ),
        (
            FAL,
            {"image_size": "square", "resolution": "1K"},
            "conflict",
            "image_size",
            "and the size parameters ask for different things; give one of them.",
        ),
        (
            "fal/seedream-4",
            {"image_size": "square_hd", "size": "1:1"},
            "conflict",
            "image_size",
            "cannot be read as a size, and the size parameters ask for one; give one of them.",
        ),
        (
            GOOGLE,
            {"generationConfig": {"seed": 3}, "seed": 4},
            "conflict",
            "generationConfig",
            ".seed and seed mean the same here and disagree (3 and 4); give one of them.",
        ),
        (
            GOOGLE,
            {"generationConfig": {"seed": 3, "candidateCount": 0}},
            "out-of-range",
            "generationConfig",
            ".candidateCount must be 1 to 10, not 0.",
        ),
        (
            GOOGLE,
            {"generationConfig": {"temperature": 1}},
            "not-allowed",
            "generationConfig",
            "has no field 'temperature'; it has candidateCount, imageConfig, responseModalities, seed.",
        ),
    ],
)
def test_a_field_that_cannot_be_sent_is_refused(
    wide: Catalog, key: str, asked: dict[str, Any], code: str, param: str, message: str
) -> None:
    request = wide.parse({"model": key, "prompt": "x", **asked})
    with pytest.raises(CompileError) as caught:
        wide._compiler.interpret(request, wide.endpoint(key), ON)
    (refusal,) = caught.value.refusals
    whole = message if message.startswith(param) else f"{param}{'' if message[0] == '.' else ' '}{message}"
    assert (refusal.endpoint, refusal.code, refusal.param, refusal.message) == (key, code, param, whole)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"acceleration": "regular", "quality": "low"},
            "acceleration and quality are the same here, and quality has no value for 'regular'; give one of them.",
        ),
        (
            {"acceleration": "high", "quality": "low"},
            "acceleration and quality mean the same here and disagree ('high' and 'low'); give one of them.",
        ),
    ],
)
def test_a_converted_field_is_read_back_as_its_parameter(wide: Catalog, asked: dict[str, Any], message: str) -> None:
    endpoint = wide.endpoint(FAL)
    spec = endpoint.modes[Mode.TEXT_TO_IMAGE]
    options = {"convert": "values", "values": {"low": "none", "medium": "high"}}
    rule = Rule("quality", Behaviour.CONVERTED, "convert", "acceleration", options)
    plan = build_plan(endpoint, spec._replace(rules={**spec.rules, "quality": rule}), wide._compiler._providers["fal"])

    def interpreted(**names: Any) -> CompiledRequest:
        request = wide.parse({"model": FAL, "prompt": "x", **names})
        return interpret(plan, wide._compiler.vocabulary, request, ON)

    with pytest.raises(CompileError) as caught:
        interpreted(**asked)
    assert [(one.code, one.param, one.message) for one in caught.value.refusals] == [
        ("conflict", "acceleration", message)
    ]
    entry = interpreted(acceleration="high").adjustments[1]
    assert (entry.parameter, entry.asked, dict(entry.sent)) == ("acceleration", "medium", {"acceleration": "high"})
    assert entry.why == "sent as acceleration 'high', which means the same there"
    assert interpreted(acceleration="regular").calls[0].json == {"prompt": "x", "acceleration": "regular"}


def test_a_native_size_nobody_can_read_promises_no_pixels(wide: Catalog) -> None:
    body = {"model": "fal/seedream-4", "prompt": "x", "image_size": "square_hd"}
    compiled = wide._compiler.interpret(wide.parse(body), wide.endpoint("fal/seedream-4"), ON)
    entry = compiled.adjustments[1]
    assert (entry.asked, entry.why, entry.outcome) == ("square_hd", AS_IT_IS, Outcome.HONORED)
    expected = compiled.expected
    assert (expected.size, expected.basis, expected.inferred) == (None, "unknown", False)


def test_an_unknown_name_is_dropped_with_the_nearest_that_is_known(wide: Catalog) -> None:
    def why(name: str) -> str:
        request = wide.parse({"model": "flux.1-dev", "prompt": "x", name: 1})
        compiled = wide._compiler.interpret(request, wide.endpoint(FAL), ON)
        entry = compiled.adjustments[1]
        assert (entry.parameter, entry.outcome, dict(entry.sent)) == (name, Outcome.DROPPED, {})
        assert entry.behaviour is Behaviour.UNSUPPORTED
        return entry.why

    start = "no provider of flux.1-dev has this name; "
    end = "send it untouched, name the provider: `model: fal/flux.1-dev`"
    assert why("acceleratoin") == f"{start}did you mean acceleration? To {end}"
    assert why("zzzzzz") == f"{start}to {end}"
    assert why("resolution_mode") == "no provider of flux.1-dev has resolution_mode"


def test_pictures_are_refused_by_their_number(wide: Catalog) -> None:
    def refusal(key: str, images: int) -> tuple[str, str | None, str]:
        request = wide.parse({"model": key, "prompt": "x", "image": [opened("8x8")] * images})
        with pytest.raises(CompileError) as caught:
            wide._compiler.interpret(request, wide.endpoint(key), ON)
        (found,) = caught.value.refusals
        return found.code, found.param, found.message

    why = "it takes 1 input image, and the request has 2."
    assert refusal("fal/flux.1-dev-edit", 2) == ("too-many-images", "image", why)
    why = "it takes 2 input images, and the request has 3."
    endpoint = wide.endpoint("fal/flux.1-dev-edit")
    spec = endpoint.modes[Mode.IMAGE_EDIT]
    provider = wide._compiler._providers["fal"]
    draft = Draft(endpoint.key, {})
    two = build_plan(endpoint, spec._replace(max_input_images=2), provider)
    write_images(two, draft, tuple(opened(["8x8"] * 3)))
    bare = spec._replace(rules={name: rule for name, rule in spec.rules.items() if name != "image"})
    write_images(build_plan(endpoint, bare, provider), draft, (opened("8x8"),))
    assert [(one.code, one.param, one.message) for one in draft.refusals] == [
        ("too-many-images", "image", why),
        ("mode", "image", "fal/flux.1-dev-edit takes no input image."),
    ]
    code, param, _ = refusal(FAL, 1)
    assert (code, param) == ("mode", "model")


def test_several_calls_share_all_but_count_and_seed(wide: Catalog) -> None:
    body = {"model": REPLICATE, "prompt": "x", "n": 6, "seed": 9, "steps": 20}
    compiled = wide._compiler.interpret(wide.parse(body), wide.endpoint(REPLICATE), ON)
    first, second = (call.json["input"] for call in compiled.calls)
    assert first == {"prompt": "x", "seed": 9, "num_inference_steps": 20, "num_outputs": 4}
    assert second == {**first, "seed": 13, "num_outputs": 2}


# -- what it costs ------------------------------------------------------------------------------------------------


def test_what_comes_back_in_several_sizes_is_billed_size_by_size(wide: Catalog) -> None:
    compiled = wide.compile({"model": FAL, "prompt": "x", "n": 3}, FAL, date=ON)
    cost = wide.settle(compiled, [Size(1024, 1024), Size(2048, 1024), None])
    assert (cost.low, cost.high) == (cost.low, cost.low)
    assert cost.text == "$0.10"
    assert cost.derivation == "1 image x 1 MP x $0.025 + 1 image x 2 MP x $0.025 + 1 image x 1 MP x $0.025"
    assert sum(line.total for line in cost.components) == cost.high
    assert wide.settle(compiled, [None] * 3).derivation == "3 images x 1 MP x $0.025"


def test_a_scale_that_nobody_knows_makes_an_interval_of_prices(wide: Catalog) -> None:
    endpoint = wide.endpoint(GOOGLE)
    spec = endpoint.modes[Mode.TEXT_TO_IMAGE]
    provider = wide._compiler._providers["google"]

    def text(spec: ModeSpec, **fields: str) -> str:
        tier = {f"generationConfig.imageConfig.{name}": value for name, value in fields.items()}
        return price_fields(build_plan(endpoint, spec, provider), tier, 1, None, (), ON).text

    assert [text(spec, imageSize=label) for label in ("1K", "4K")] == ["from $0.134", "from $0.24"]
    assert text(spec) == "from $0.134"
    unknown = spec._replace(forms=tuple(form._replace(default_tier=None) for form in spec.forms))
    assert text(unknown) == "from $0.134"
    only = [price._replace(when={"tier": ("2K",)}) for price in endpoint.prices if price.when][:1]
    endpoint = endpoint._replace(prices=tuple(only))
    assert price_fields(build_plan(endpoint, unknown, provider), {}, 1, None, (), ON).high == only[0].usd
    assert price_fields(build_plan(endpoint, spec, provider), {}, 1, None, (), ON).high is None


def test_a_contract_may_require_nothing(wide: Catalog) -> None:
    endpoint = wide.endpoint(FAL)
    spec = endpoint.modes[Mode.TEXT_TO_IMAGE]
    schema = {key: value for key, value in spec.contract.schema.items() if key != "required"}
    loose = spec._replace(contract=spec.contract._replace(schema=schema))
    assert build_plan(endpoint, loose, wide._compiler._providers["fal"]).required == ()
    assert build_plan(endpoint, spec, wide._compiler._providers["fal"]).required == ("prompt",)


def test_a_mode_the_endpoint_lacks_is_refused_with_its_name(wide: Catalog) -> None:
    request = wide.parse({"model": FAL, "prompt": "x", "image": opened("8x8")})
    endpoint = wide.endpoint(FAL)
    for compile in (wide._compiler.interpret, wide._compiler.compile):
        for _ in range(2):
            with pytest.raises(CompileError) as caught:
                compile(request, endpoint, ON)
            (refusal,) = caught.value.refusals
            assert (refusal.endpoint, refusal.code, refusal.param) == (FAL, "mode", "model")
            assert refusal.message.startswith("it does text-to-image, and the request is image-edit")
            assert refusal.message.endswith("; choose another endpoint, or leave the image out.")
    assert wide._compiler.plain(endpoint, Mode.IMAGE_EDIT)({}, ON) is None


# -- what may be kept ---------------------------------------------------------------------------------------------


def test_what_is_kept_of_a_request_has_no_words_and_no_picture(wide: Catalog) -> None:
    body = {"model": FAL, "prompt": "a secret", "acceleration": "high", "image_size": "square", "seed": 7, "n": 2}
    kept = wide.without_words(wide.compile(body, FAL, date=ON))
    assert kept.calls[0].json == {"acceleration": "high", "image_size": "square", "seed": 7, "num_images": 2}
    assert kept.adjustments == ()
    sized = wide.without_words(wide.compile({"model": FAL, "prompt": "x", "size": "640x480"}, FAL, date=ON))
    assert sized.calls[0].json == {"image_size": {"width": 640, "height": 480}}


@pytest.mark.parametrize("key", ["fal/flux.1-dev-edit", "openai/gpt-image-2-edit", GOOGLE])
def test_the_pixels_of_a_picture_are_kept_and_nothing_else_of_it(wide: Catalog, key: str) -> None:
    compiled = wide.compile({"model": key, "prompt": "a secret", "image": opened("640x480")}, key, date=ON)
    kept = wide.without_words(compiled)
    assert "secret" not in repr(kept.calls)
    stored = repr(kept.calls)
    assert "width=640, height=480" in stored
    assert "url=None" in stored
    sizes = [Size(1024, 1024)]
    assert wide.settle(kept, sizes) == wide.settle(compiled, sizes)


def test_a_link_to_a_picture_is_words_too(wide: Catalog) -> None:
    key = "fal/flux.1-dev-edit"
    link = "https://example.com/secret.png"
    kept = wide.without_words(wide.compile({"model": key, "prompt": "x", "image": link}, key, date=ON))
    assert "secret" not in repr(kept.calls)
    (media,) = kept.calls[0].json.values()
    assert (media.url, media.content) == (None, None)
