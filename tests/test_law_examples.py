"""What the laws found in drawn catalogs, each at its smallest, so that it stays found."""

from __future__ import annotations

import pytest

from law_subjects import ON, REAL
from one_endpoint import catalog_with, compiled
from pentaprism import CompileError, RequestError

BUILTIN = REAL["builtin"]
TOO_LARGE_FOR_A_FLOAT = 10**400


def test_a_number_that_scales_beyond_all_bounds_is_refused() -> None:
    """Law 1: times four, 1e308 is no number any more."""
    rule = {"convert": "scale", "to": "guidance", "from": [0, 25], "into": [0, 100], "whole": True}
    field = {"guidance": {"type": "integer", "minimum": 0, "maximum": 100}}
    with pytest.raises(CompileError, match="cfg_scale must be a whole number here"):
        compiled(catalog_with(field, rules={"cfg_scale": rule}), cfg_scale=1e308)


@pytest.mark.parametrize("name", ["cfg_scale", "num_inference_steps"])
def test_a_number_too_large_for_a_float_is_refused(name: str) -> None:
    """Law 1: JSON has whole numbers of any length."""
    body = {"model": "flux.1-dev", "prompt": "a cat", name: TOO_LARGE_FOR_A_FLOAT}
    try:
        route = BUILTIN.route(body, date=ON)
    except RequestError:
        return
    assert not route.candidates


def test_a_tolerance_too_large_for_a_float_is_a_fault() -> None:
    """Parsing is total."""
    tolerance = {"aspect": TOO_LARGE_FOR_A_FLOAT}
    body = {"model": "flux.1-dev", "prompt": "a cat", "provider": {"tolerance": tolerance}}
    with pytest.raises(RequestError, match="tolerance"):
        BUILTIN.parse(body)


@pytest.mark.parametrize(("seed", "seeds"), [(0, (5, 6)), (5_000, (999, 5))])
def test_a_clamped_seed_is_the_one_that_is_told_and_counted_from(seed: int, seeds: tuple[int, ...]) -> None:
    """Laws 5 and 13: every call sends the seed it is said to send, within the contract's range."""
    field = {"seed": {"type": "integer", "minimum": 5, "maximum": 999}}
    two = compiled(catalog_with(field, rules={"seed": {"passthrough": True, "clamp": True}}), seed=seed, n=2)
    assert two.seeds == seeds
    assert tuple(call.json["seed"] for call in two.calls) == seeds


@pytest.mark.parametrize(("ratio", "size"), [("21:9", "1552x672"), ("3:1", "1760x592")])
def test_a_step_does_not_take_a_shape_over_the_megapixel(ratio: str, size: str) -> None:
    """Law 6: the nominal size was within a megapixel and the multiple of 16 next to it was not, so it cost two."""
    request = {"model": "flux.2-flex", "prompt": "a cat", "resolution": "1K"}
    square, shaped = (
        BUILTIN.compile({**request, "aspect_ratio": one}, "bfl/flux.2-flex", date=ON) for one in ("1:1", ratio)
    )
    assert str(shaped.expected.size) == size
    assert shaped.cost.high == square.cost.high


def test_a_refused_synonym_is_refused_once() -> None:
    """The same request by another name has the same refusals."""
    images = ["https://pictures.example/1.png", "https://pictures.example/2.png"]
    codes = [
        [
            (refusal.endpoint, refusal.code)
            for refusal in BUILTIN.route({"model": "flux.1-dev", "prompt": "a cat", name: images}, date=ON).refusals
        ]
        for name in ("image", "image_url")
    ]
    assert codes[0] == codes[1]


def test_formats_in_a_choice_are_the_formats_there_are() -> None:
    """Law 13: a format the contract does not list is converted to, not sent."""
    field = {"output_format": {"anyOf": [{"type": "string", "enum": ["webp"]}, {"type": "null"}]}}
    one = compiled(catalog_with(field), output_format="png")
    assert one.calls[0].json == {"prompt": "a cat", "output_format": "webp"}
    assert one.delivery.transcode


def test_seeds_keep_to_bounds_in_a_choice() -> None:
    """Law 13: beyond the maximum a seed wraps, wherever the contract says it."""
    field = {"seed": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 10}, {"type": "null"}]}}
    three = compiled(catalog_with(field), seed=9, n=3)
    assert [call.json["seed"] for call in three.calls] == [9, 10, 0]


def test_a_format_that_comes_anyway_is_told_of() -> None:
    """Law 2: `default` says what comes back unasked, and asking for it is honored."""
    catalog = catalog_with({}, rules={"output_format": {"emulate": "transcode", "default": "jpeg"}})
    assert compiled(catalog).expected.format == "jpeg"
    asked = compiled(catalog, output_format="jpeg")
    assert [(entry.parameter, entry.outcome.value) for entry in asked.adjustments] == [
        ("prompt", "honored"),
        ("output_format", "honored"),
    ]


def test_a_part_dropped_of_an_object_counts_once() -> None:
    """Law 2: the loss is as many parameters as are told to be dropped."""
    options = {"type": "object", "additionalProperties": False, "properties": {"q": {"type": "integer", "minimum": 0}}}
    rule = {"emulate": "transcode", "native": {"to": "options.q"}}
    one = compiled(catalog_with({"options": options}, rules={"output_compression": rule}), options={"q": 5})
    assert [entry.outcome.value for entry in one.adjustments] == ["honored", "dropped"]
    assert one.loss == (1, 0, 0)


def test_an_announced_rate_changes_no_size() -> None:
    """Law 8: a price with a later date changes nothing before it, and neither does the pixels' cut to a megapixel."""
    side = {"type": "integer", "minimum": 1, "maximum": 4096}
    fields = {"width": side, "height": side}
    sizes = {"default": "unknown", "forms": [{"form": "free", "to": {"width": "width", "height": "height"}}]}
    row = {"from": "2026-01-01", "usd": "0.04", "per": "image", "source": "made up"}
    later = {"from": "2027-03-01", "usd": "0.04", "per": "megapixel", "round": "up", "source": "made up"}
    got = [
        compiled(catalog_with(fields, sizes=sizes, prices=rows), size="4:3").expected.size
        for rows in ([row], [row, later])
    ]
    assert got[0] == got[1]


def test_what_is_no_image_is_told_in_a_sentence() -> None:
    """Every fault ends as a sentence does, so that several read on."""
    with pytest.raises(RequestError, match=r"not dict\.$"):
        BUILTIN.parse({"model": "flux.1-dev", "prompt": "a cat", "image": {}})


def test_what_an_object_of_sizes_needs_beside_it_is_told_of() -> None:
    """Law 3: a constant that goes with pixels is named where they stand in an object of the caller's."""
    side = {"type": "integer", "minimum": 1, "maximum": 4096}
    canvas = {"type": "object", "additionalProperties": False, "properties": {"width": side, "height": side}}
    fields = {"canvas": canvas, "aspect_ratio": {"enum": ["custom"]}}
    to = {"width": "canvas.width", "height": "canvas.height"}
    sizes = {"default": "1024x1024", "forms": [{"form": "free", "to": to, "set": {"aspect_ratio": "custom"}}]}
    one = compiled(catalog_with(fields, sizes=sizes), canvas={"width": 640, "height": 480})
    sent = {"canvas.width": 640, "canvas.height": 480, "aspect_ratio": "custom"}
    assert one.adjustments[-1].sent == sent


def test_the_order_of_forms_that_leave_the_shape_to_the_provider_decides_nothing() -> None:
    """Law 11: of two ways to say auto, the same is taken whichever stands first in the file."""
    fields = {"aspect_ratio": {"enum": ["auto"]}, "image_size": {"enum": ["auto"]}}
    forms = [{"form": "auto", "set": {name: "auto"}} for name in fields]
    bodies = [
        compiled(catalog_with(fields, sizes={"default": "1024x1024", "forms": order}), size="auto").calls[0].json
        for order in (forms, forms[::-1])
    ]
    assert bodies[0] == bodies[1]


def test_a_parameter_that_an_object_repeats_keeps_its_name() -> None:
    """Law 2: each is told of under the name the caller wrote."""
    kind = {"type": "string", "enum": ["auto", "opaque"]}
    options = {"type": "object", "additionalProperties": False, "properties": {"background": kind}}
    catalog = catalog_with({"options": options}, rules={"background": {"rename": "options.background"}})
    one = compiled(catalog, background="auto", options={"background": "auto"})
    assert [entry.parameter for entry in one.adjustments] == ["prompt", "background", "options"]
    assert one.calls[0].json == {"prompt": "a cat", "options": {"background": "auto"}}
