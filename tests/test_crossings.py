"""What one value comes to at an endpoint of a few fields: sent, refused with the reason, or left alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from law_subjects import ON
from one_endpoint import catalog_with, compiled
from pentaprism import CompileError, RequestError, media
from pentaprism.types import Mode
from pictures import picture

EDIT: dict[str, Any] = {"modes": {"image-edit": {}}}
LINK = {"type": "string", "format": "uri"}


def refusal(caught: pytest.ExceptionInfo[CompileError]) -> list[tuple[str | None, str, str]]:
    return [(one.param, one.code, one.message) for one in caught.value.refusals]


@pytest.mark.parametrize("kinds", [["string", "null"], None])
def test_a_field_may_have_several_types_or_none(kinds: list[str] | None) -> None:
    field = {"type": kinds} if kinds else {"description": "The name of a look."}
    one = compiled(catalog_with({"style": field}, rules={"style": {"passthrough": True}}), style="noir")
    assert one.calls[0].json == {"prompt": "a cat", "style": "noir"}
    assert one.adjustments[-1].outcome.value == "honored"


def test_a_number_is_never_made_of_words() -> None:
    catalog = catalog_with({"style": {"type": "integer"}}, rules={"style": {"passthrough": True}})
    with pytest.raises(CompileError) as caught:
        compiled(catalog, style="noir")
    assert refusal(caught) == [("style", "not-allowed", "style must be a whole number here, not 'noir'.")]


def test_words_have_no_nearest_to_clamp_to() -> None:
    catalog = catalog_with({"style": {"enum": ["vivid"]}}, rules={"style": {"passthrough": True, "clamp": True}})
    with pytest.raises(CompileError) as caught:
        compiled(catalog, style="noir")
    assert refusal(caught) == [("style", "not-allowed", "style must be one of vivid here, not 'noir'.")]


def test_a_compression_the_provider_does_not_take_is_refused() -> None:
    quality = {"type": "integer", "minimum": 10, "maximum": 100}
    rule = {"emulate": "transcode", "native": {"to": "quality_of_file"}}
    fields = {"quality_of_file": quality, "output_format": {"type": "string", "enum": ["jpeg", "png"]}}
    catalog = catalog_with(fields, rules={"output_compression": rule})
    sent = compiled(catalog, output_format="jpeg", output_compression=10).calls[0].json
    assert sent == {"prompt": "a cat", "output_format": "jpeg", "quality_of_file": 10}
    with pytest.raises(CompileError) as caught:
        compiled(catalog, output_format="jpeg", output_compression=9)
    reason = "output_compression must be 10 to 100, not 9 here."
    assert refusal(caught) == [("output_compression", "out-of-range", reason)]


def test_images_given_under_two_names_are_refused_once() -> None:
    """The provider's own field says the same as `image`; too many are too many only once."""
    rule = {"convert": "image", "to": "references", "shape": "list", "max": 1}
    catalog = catalog_with({"references": {"type": "array", "items": LINK}}, **EDIT, rules={"image": rule})
    pair = [media.from_bytes(picture(64, side)) for side in (48, 64)]
    with pytest.raises(CompileError) as caught:
        compiled(catalog, image=pair, references=pair)
    assert refusal(caught) == [("image", "too-many-images", "it takes 1 input image, and the request has 2.")]
    one = compiled(catalog, image=pair[:1], references=pair[:1])
    assert [entry.parameter for entry in one.adjustments] == ["prompt", "image", "references"]
    assert [leaf.sha256 for leaf in one.calls[0].json["references"]] == [pair[0].sha256]


def test_an_image_is_refused_where_only_words_are_taken() -> None:
    """The caller may insist on a new picture; the image is then no reason to make an edit, and has no place."""
    catalog = catalog_with({})
    route = catalog.route({"model": "alpha", "prompt": "a cat", "image": picture(64, 48)}, mode=Mode.TEXT_TO_IMAGE)
    assert not route.candidates
    assert [(one.param, one.message) for one in route.refusals] == [("image", "north/alpha takes no input image.")]


def test_what_goes_in_is_billed_wherever_it_stands() -> None:
    """Two megapixels in, at a place deep in a list, and one out."""
    leaf = {"type": "object", "additionalProperties": False, "properties": {"picture": LINK}}
    content = {**leaf, "properties": {"parts": {"type": "array", "items": leaf}}}
    rule = {"convert": "image", "to": "contents[0].parts[].picture", "shape": "list"}
    rows = [
        {"from": "2026-01-01", "usd": usd, "per": per, "round": "up", "source": "made up"}
        for usd, per in (("0.10", "megapixel"), ("0.03", "input_megapixel"))
    ]
    catalog = catalog_with(
        {"contents": {"type": "array", "items": content}}, **EDIT, rules={"image": rule}, prices=rows
    )
    one = compiled(catalog, image=[picture(1024, 1024), picture(640, 480)])
    assert [part["picture"].size.pixels for part in one.calls[0].json["contents"][0]["parts"]] == [1024**2, 640 * 480]
    assert one.cost.text == catalog.settle(one, [one.expected.size]).text == "$0.16"
    two = compiled(catalog, image=[picture(1024, 1024), picture(640, 480)], n=2)
    assert len(two.calls) == 2
    # Each call sends them anew; what one of the calls brought is settled without the other's.
    assert two.cost.text == catalog.settle(two, [two.expected.size] * 2).text == "$0.32"
    assert catalog.settle(two, [two.expected.size]).text == "$0.16"
    # More pictures than were asked for are no further calls.
    assert catalog.settle(two, [two.expected.size] * 3).text == "$0.42"


OWN_FORMATS = catalog_with(
    {"file_type": {"type": "string", "enum": ["jpg", "png", "exr"], "default": "png"}},
    rules={"output_format": {"convert": "values", "to": "file_type", "values": {"jpeg": "jpg", "png": "png"}}},
)


@pytest.mark.parametrize(("written", "format"), [("jpg", "jpeg"), ("exr", None)])
def test_a_format_in_the_providers_words_is_read_back(written: str, format: str | None) -> None:
    """One that the vocabulary has no name for is sent all the same, and nobody promises the default."""
    one = compiled(OWN_FORMATS, file_type=written)
    assert one.calls[0].json == {"prompt": "a cat", "file_type": written}
    assert [(entry.parameter, entry.outcome.value) for entry in one.adjustments[1:]] == [("file_type", "honored")]
    assert (one.expected.format, one.delivery.format) == (format, format)


@pytest.mark.parametrize("native", ["png", "exr"])
def test_two_words_for_one_field_that_disagree_are_refused(native: str) -> None:
    """Law 2: only one of the two can be sent, so that neither is told to be honored."""
    with pytest.raises(CompileError, match=r"file_type and output_format (mean|are) the same here") as caught:
        compiled(OWN_FORMATS, output_format="jpeg", file_type=native)
    assert [(one.param, one.code) for one in caught.value.refusals] == [("file_type", "conflict")]
    assert "give one of them" in caught.value.refusals[0].message


def test_a_field_of_the_providers_own_is_checked_against_its_contract() -> None:
    catalog = catalog_with({"sharpness": {"type": "number", "maximum": 2}})
    one = compiled(catalog, sharpness=1.5)
    assert one.calls[0].json == {"prompt": "a cat", "sharpness": 1.5}
    assert compiled(catalog, sharpness=None) == compiled(catalog)
    with pytest.raises(CompileError) as caught:
        compiled(catalog, sharpness=3)
    assert refusal(caught) == [("sharpness", "not-allowed", "sharpness must be at most 2, not 3.")]


class Format(StrEnum):
    """Formats as a caller's program may name them."""

    JPEG = "jpeg"
    JPG = "jpg"


class Words(str):
    """Text as a caller's program may hold it."""


@pytest.mark.parametrize("written", Format)
def test_a_member_of_an_enum_is_the_string_it_is(written: Format) -> None:
    catalog = catalog_with({"output_format": {"type": "string", "enum": ["jpeg", "png"]}})
    parsed = catalog.parse({"model": "alpha", "prompt": Words("a cat"), "output_format": written})
    assert dict(parsed.values) == {"prompt": "a cat", "output_format": "jpeg"}
    body = {"prompt": "a cat", "output_format": "jpeg"}
    assert catalog.compile(parsed, "north/alpha", date=ON).calls[0].json == body
    assert compiled(catalog, output_format=written).calls[0].json == body


def test_a_whole_number_may_be_written_with_a_point() -> None:
    """JSON knows only numbers; some languages write each of them so."""
    one = compiled(catalog_with({"seed": {"type": "integer", "minimum": 0}}), seed=7.0, n=2.0)
    assert [str(call.json["seed"]) for call in one.calls] == ["7", "8"]


def test_a_prompt_has_a_longest() -> None:
    catalog = catalog_with({})
    assert len(compiled(catalog, prompt="x" * 32_000).calls[0].json["prompt"]) == 32_000
    with pytest.raises(RequestError, match="prompt may have 32000 characters; this one has 32001"):
        compiled(catalog, prompt="x" * 32_001)
