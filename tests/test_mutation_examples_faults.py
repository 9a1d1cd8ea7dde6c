"""Examples of what a request says, well and badly, that small changes of parsing do not survive (`make mutation`)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pentaprism import Catalog, RequestError
from pentaprism.types import Size
from pictures import opened

ON = date(2026, 11, 21)
FORMAT = Path(__file__).parent / "format"


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[FORMAT])


FORMATS = "output_format must be one of png, jpeg, gif, webp, avif"
OPTIONS = "order, only, ignore, sort, allow_fallbacks, require_parameters, max_price, tolerance"
SHARES = "provider.tolerance must be {aspect, pixels}, each 0 or more (0.05 is 5 %)."
WRITE = "Write WIDTHxHEIGHT (1024x768), WIDTH:HEIGHT (4:3) or auto."


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"n": 11}, "n must be 1 to 10, not 11."),
        ({"n": "2"}, "n must be a whole number, not '2'."),
        ({"guidance": True}, "guidance must be a number, not True."),
        ({"seed": 10**400}, f"seed must be a whole number, not {'1' + '0' * 56}...."),
        ({"prompt": " "}, "prompt must not be empty."),
        ({"prompt": 7}, "prompt must be a string, not 7."),
        ({"output_format": "tiff"}, f"{FORMATS}, not 'tiff'."),
        ({"provider": {"x": 1}}, f"provider has no option 'x'. It takes {OPTIONS}."),
        ({"provider": {"sorted": 1}}, "provider has no option 'sorted'. Did you mean 'sort'?"),
        ({"provider": {"sort": "x"}}, "provider.sort must be one of price, latency, order, not 'x'."),
        ({"provider": {"only": "fal"}}, "provider.only must be a list of provider ids, not 'fal'."),
        ({"provider": {"order": [1]}}, "provider.order must be a list of provider ids, not [1]."),
        ({"provider": {"allow_fallbacks": 1}}, "provider.allow_fallbacks must be true or false, not 1."),
        ({"provider": {"require_parameters": "no"}}, "provider.require_parameters must be true or false, not 'no'."),
        ({"provider": {"max_price": -1}}, "provider.max_price must be US dollars, 0 or more, not -1."),
        ({"provider": {"max_price": "x"}}, "provider.max_price must be US dollars, 0 or more, not 'x'."),
        ({"provider": {"max_price": True}}, "provider.max_price must be US dollars, 0 or more, not True."),
        ({"provider": {"max_price": "inf"}}, "provider.max_price must be US dollars, 0 or more, not 'inf'."),
        ({"provider": {"tolerance": {"aspect": -1}}}, SHARES),
        ({"provider": {"tolerance": {"aspect": True}}}, SHARES),
        ({"provider": {"tolerance": {"aspects": 1}}}, SHARES),
        ({"provider": {"tolerance": 0.5}}, SHARES),
        ({"provider": "fal"}, "provider must be an object, not 'fal'."),
        ({"size": 7}, "size must be a string such as 1024x768, not 7."),
        ({"size": "wide"}, f"size: 'wide' is neither pixels nor a shape. {WRITE}"),
        ({"size": "12x"}, f"size: '12x' is not a size; write it as WIDTHxHEIGHT, such as 1024x768. {WRITE}"),
        ({"image": "8x8", "mask": ["8x8", "8x8"]}, "mask takes one image, not 2."),
        ({"image": ["8x8"] * 17}, "image takes 1 to 16 images, not 17."),
        ({"guidance": 3, "cfg_scale": 4}, "guidance and cfg_scale mean the same and disagree; give one of them."),
        ({"cfg_scale": 4, "guidance": 3}, "guidance and cfg_scale mean the same and disagree; give one of them."),
        ({"stream": "yes"}, "stream must be true or false, not 'yes'."),
        (
            {"output_format": "jpge"},
            "output_format must be one of png, jpeg, gif, webp, avif, not 'jpge'. Did you mean 'jpeg'?",
        ),
        ({"strength": 1.5}, "strength must be 0 to 1, not 1.5."),
        ({"strength": -0.5}, "strength must be 0 to 1, not -0.5."),
        ({"steps": 0}, "steps must be at least 1, not 0."),
        ({"seed": -1}, "seed must be at least 0, not -1."),
        ({"resolution": "x"}, "resolution: 'x' is not a resolution; write a tier such as 1K, 2K or 0.25MP."),
        ({"resolution": ["1K"]}, "resolution: '' is not a resolution; write a tier such as 1K, 2K or 0.25MP."),
        ({"mask": "8x8"}, "image is required: every image-edit request needs an image to edit."),
        ({"prompt": None}, "prompt is required: every text-to-image request needs a prompt."),
    ],
)
def test_a_fault_is_told_word_for_word(wide: Catalog, asked: dict[str, Any], message: str) -> None:
    pictures = {name: opened(value) for name, value in asked.items() if name in ("image", "mask")}
    with pytest.raises(RequestError) as caught:
        wide.parse({"model": "flux.1-dev", "prompt": "x", **asked, **pictures})
    assert [fault.message for fault in caught.value.faults] == [message]


def test_preferences_are_read_as_they_were_written(wide: Catalog) -> None:
    def read(**options: Any) -> Any:
        return wide.parse({"model": "flux.1-dev", "prompt": "x", "provider": options}).preferences

    nothing = read()
    assert (nothing.order, nothing.only, nothing.ignore, nothing.sort) == ((), None, (), "price")
    assert (nothing.allow_fallbacks, nothing.require_parameters, nothing.max_price) == (True, False, None)
    assert read(order=["fal", "bfl"]) == nothing._replace(order=("fal", "bfl"), sort="order")
    assert read(order=["fal"], sort="latency").sort == "latency"
    assert read(only=["fal"], ignore=["bfl"]) == nothing._replace(only=("fal",), ignore=("bfl",))
    assert read(allow_fallbacks=False, require_parameters=True) == nothing._replace(
        allow_fallbacks=False, require_parameters=True
    )
    assert str(read(max_price="0.05").max_price) == str(read(max_price=0.05).max_price) == "0.05"
    assert read(max_price=0).max_price == 0
    tolerance = read(tolerance={"aspect": 0, "pixels": 1}).tolerance
    assert (tolerance.aspect, tolerance.pixels) == (0.0, 1.0)
    assert type(tolerance.aspect) is float


class Word(str):
    """What a caller's own library may hand over for a string."""


@pytest.mark.parametrize(
    ("asked", "name", "value"),
    [
        ({"size": "1024x768"}, "size", Size(1024, 768)),
        ({"size": "1x1"}, "size", Size(1, 1)),
        ({"size": " 1024X768 "}, "size", Size(1024, 768)),
        ({"size": "AUTO"}, "size", "auto"),
        ({"resolution": "Auto"}, "resolution", "auto"),
        ({"n": 2.0}, "n", 2),
        ({"n": 10.0}, "n", 10),
        ({"n": 1.0}, "n", 1),
        ({"strength": 1}, "strength", 1),
        ({"size": "100000x1"}, "size", Size(100000, 1)),
        ({"output_format": Word("jpg")}, "output_format", "jpeg"),
        ({"output_format": Word("png")}, "output_format", "png"),
        ({"output_format": "jpg"}, "output_format", "jpeg"),
        ({"guidance": 3}, "cfg_scale", 3),
    ],
)
def test_a_value_is_read_however_it_is_written(wide: Catalog, asked: dict[str, Any], name: str, value: Any) -> None:
    found = wide.parse({"model": "flux.1-dev", "prompt": "x", **asked}).values[name]
    assert found == value
    assert isinstance(found, type(value))
