"""A size among an endpoint's forms, and the provider's own size fields read back through them."""

from __future__ import annotations

from typing import Any

import pytest

from one_endpoint import catalog_with, compiled
from pentaprism import CompiledRequest, CompileError, Size

SIDE = {"type": "integer", "minimum": 1, "maximum": 4096}
TEXT = {"type": "string"}


def told(one: CompiledRequest) -> dict[str, tuple[str, str]]:
    """The outcome and the sentence of each adjustment but the prompt's."""
    return {entry.parameter: (entry.outcome.value, entry.why) for entry in one.adjustments[1:]}


def grid(ratio: str, tier: str, *scales: str) -> dict[str, Any]:
    tiers = {scale: {"area": scale} for scale in scales}
    return {"form": "grid", "to": {"ratio": ratio, "tier": tier}, "ratios": {"1:1": "1024x1024"}, "tiers": tiers}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("asked", "sent"), [("1K", {"scale": "1K"}), ("4K", {"area": "4K"}), ("2K", {"area": "2K"})])
def test_of_two_grids_the_nearest_scale_is_taken_whichever_stands_first(
    asked: str, sent: dict[str, str], turned: bool
) -> None:
    """Law 6: where nothing is known of the shape, the scale alone decides between grids; then what is sent."""
    fields = dict.fromkeys(("ratio", "area", "shape", "scale"), TEXT)
    grids = [grid("ratio", "area", "2K", "4K"), grid("shape", "scale", "1K", "2K")]
    catalog = catalog_with(fields, sizes={"default": "unknown", "forms": grids[::-1] if turned else grids})
    one = compiled(catalog, resolution=asked)
    assert one.calls[0].json == {"prompt": "a cat", **sent}
    assert told(one) == {"resolution": ("honored", "sent; the provider chooses the shape at that scale")}
    assert one.expected.size is None


def test_a_grid_of_one_scale_takes_no_scale() -> None:
    form = {"form": "grid", "to": {"ratio": "shape"}, "ratios": {"1:1": "1024x1024", "4:3": "1152x896"}}
    catalog = catalog_with({"shape": TEXT}, sizes={"default": "1024x1024", "forms": [form]})
    alone = compiled(catalog, resolution="2K")
    assert (alone.calls[0].json, told(alone)["resolution"][0]) == ({"prompt": "a cat"}, "dropped")
    both = compiled(catalog, resolution="2K", aspect_ratio="4:3")
    assert both.calls[0].json == {"prompt": "a cat", "shape": "4:3"}
    assert (both.expected.size, told(both)["resolution"][0]) == (Size(1152, 896), "approximated")


@pytest.mark.parametrize(
    ("bounds", "size", "cut", "usd"),
    [
        ({"side": [64, 4096]}, "1182x887", True, "0.01"),
        ({"pixels": [1_100_000, 4_000_000]}, "1212x909", False, "0.02"),
    ],
)
def test_a_shape_keeps_within_its_megapixel_unless_the_bounds_forbid(
    bounds: dict[str, Any], size: str, cut: bool, usd: str
) -> None:
    """Where no size is as small, the megapixel more is in the price, and no sentence says it was spared."""
    form = {"form": "free", "to": {"width": "width", "height": "height"}, **bounds}
    price = {"from": "2026-01-01", "usd": "0.01", "per": "megapixel", "round": "up", "source": "made up"}
    sizes = {"default": "1024x1024", "forms": [form]}
    one = compiled(catalog_with({"width": SIDE, "height": SIDE}, sizes=sizes, prices=[price]), aspect_ratio="4:3")
    assert str(one.expected.size) == size
    assert ("would be 745 pixels over 1K and bill another megapixel" in told(one)["aspect_ratio"][1]) is cut
    assert one.cost.text == f"${usd}"


FREE_TEXT = {"form": "free", "to": {"string": "canvas"}, "side": [64, 2048]}


@pytest.mark.parametrize(("written", "size"), [("640x480", Size(640, 480)), ("poster", None)])
def test_pixels_in_one_string_are_read_back(written: str, size: Size | None) -> None:
    """What is no WxH there may be a name that the provider knows: it is sent, and nobody knows what comes back."""
    one = compiled(catalog_with({"canvas": TEXT}, sizes={"default": "1024x1024", "forms": [FREE_TEXT]}), canvas=written)
    assert one.calls[0].json == {"prompt": "a cat", "canvas": written}
    assert told(one) == {"canvas": ("honored", "sent as it is")}
    assert (one.expected.size, one.expected.basis) == (size, "asked" if size else "unknown")


def test_native_fields_of_two_forms_go_out_as_they_were_written() -> None:
    """No one form writes both, so that no constant of either is added."""
    sides = {"form": "free", "to": {"width": "width", "height": "height"}, "set": {"preset": "custom"}}
    presets = {"form": "list", "to": "preset", "values": {"square": "512x512"}}
    fields = {"width": SIDE, "height": SIDE, "preset": {"enum": ["custom", "square"]}, "canvas": TEXT}
    catalog = catalog_with(fields, sizes={"default": "1024x1024", "forms": [sides, presets, FREE_TEXT]})
    written: dict[str, Any] = {"width": 640, "height": 480, "canvas": "640x480"}
    one = compiled(catalog, **written)
    assert one.calls[0].json == {"prompt": "a cat", **written}
    assert told(one) == dict.fromkeys(written, ("honored", "sent as it is"))
    # Alone, the sides bring the constant that goes with them.
    assert compiled(catalog, width=640, height=480).calls[0].json["preset"] == "custom"


def test_auto_beside_a_shape_leaves_it_to_the_shape() -> None:
    form = {"form": "free", "to": {"width": "width", "height": "height"}}
    catalog = catalog_with({"width": SIDE, "height": SIDE}, sizes={"default": "1024x1024", "forms": [form]})
    one = compiled(catalog, size="auto", aspect_ratio="1:1")
    assert one.calls[0].json == {"prompt": "a cat", "width": 1024, "height": 1024}
    assert told(one)["size"] == ("honored", "auto leaves it to the other size parameters")


def test_a_width_needs_a_height() -> None:
    sides = {"form": "free", "to": {"width": "width", "height": "height"}}
    catalog = catalog_with({"width": SIDE, "height": SIDE}, sizes={"default": "1024x1024", "forms": [sides]})
    with pytest.raises(CompileError, match="width: give both width and height, in pixels"):
        compiled(catalog, width=640)
