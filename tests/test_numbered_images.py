"""Input images in numbered fields, compiled and sent, through a private layer of the catalog."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bfl_replies import TICKET, ready
from exchange_driver import Driver, reply
from pentaprism import Catalog, CatalogError, CompileError, media
from pentaprism.exchange import exchange
from pentaprism.types import Media, Mode
from pictures import picture
from quarry import CONTRACT, FIELDS, private_layer

ON = date(2026, 11, 21)


@pytest.fixture(scope="module")
def quarry(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.load(extends=[private_layer(tmp_path_factory.mktemp("quarry"))])


def images(count: int) -> list[Media]:
    return [media.from_bytes(picture(64 + index, 48)) for index in range(count)]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_each_image_has_a_field_of_its_own(quarry: Catalog, count: int) -> None:
    given_images = images(count)
    compiled = quarry.compile({"model": "slate-1", "prompt": "x", "image": given_images}, "quarry/slate-1", date=ON)
    body = compiled.calls[0].json
    assert list(body) == ["prompt", *FIELDS[:count]]
    assert [body[field].sha256 for field in FIELDS[:count]] == [image.sha256 for image in given_images]
    assert {body[field].encode for field in FIELDS[:count]} == {("url", "base64")}
    told = compiled.adjustments[1]
    assert (told.parameter, dict(told.sent)) == ("image", {field: body[field] for field in FIELDS[:count]})
    assert told.why == f"sent as {', '.join(FIELDS[:count])}"
    # One megapixel for the picture, one for each input.
    assert str(compiled.cost.low) == str(compiled.cost.high) == f"0.{5 + 5 * count:02d}"


def test_more_images_than_fields_are_refused(quarry: Catalog) -> None:
    assert quarry.endpoint("quarry/slate-1").modes[Mode.IMAGE_EDIT].max_input_images == 4
    body = {"model": "slate-1", "prompt": "x", "image": images(5)}
    with pytest.raises(CompileError, match="it takes 4 input images, and the request has 5") as caught:
        quarry.compile(body, "quarry/slate-1", date=ON)
    assert caught.value.code == "too-many-images"


def test_a_stated_maximum_counts_where_it_is_lower(tmp_path: Path) -> None:
    for number, (most, expected) in enumerate([(2, 2), (9, 4)]):
        rule = f"{{convert: image, to: input_image, shape: numbered, max: {most}, source: the manual}}"
        catalog = Catalog.load(extends=[private_layer(tmp_path / str(number), rule)])
        assert catalog.endpoint("quarry/slate-1").modes[Mode.IMAGE_EDIT].max_input_images == expected


def test_one_field_is_enough_for_the_shape(tmp_path: Path) -> None:
    rule = "{convert: image, to: input_image_6, shape: numbered, encode: [base64]}"
    catalog = Catalog.load(extends=[private_layer(tmp_path, rule)])
    compiled = catalog.compile({"model": "slate-1", "prompt": "x", "image": images(1)}, "quarry/slate-1", date=ON)
    assert list(compiled.calls[0].json) == ["prompt", "input_image_6"]


def test_a_shape_the_format_does_not_have_is_refused(tmp_path: Path) -> None:
    rule = "{convert: image, to: input_image, shape: nummered}"
    with pytest.raises(CatalogError, match="'shape' must be one of one, list, numbered, not 'nummered'"):
        Catalog.load(extends=[private_layer(tmp_path, rule)])


def test_every_numbered_field_belongs_to_the_images(quarry: Catalog) -> None:
    spec = quarry.endpoint("quarry/slate-1").modes[Mode.IMAGE_EDIT]
    assert spec.targets("image") == FIELDS
    assert (spec.targets("cfg_scale"), spec.targets("strength"), spec.targets("nobody")) == (("guidance",), (), ())
    body = {"model": "slate-1", "prompt": "x", "image": images(1)}
    for field in FIELDS[1:]:
        with pytest.raises(CompileError) as caught:
            quarry.compile({**body, field: "https://x/b.png"}, "quarry/slate-1", date=ON)
        assert (caught.value.code, caught.value.param) == ("conflict", field)
    with pytest.raises(CompileError) as caught:
        quarry.compile({**body, "webhook_url": "https://x"}, "quarry/slate-1", date=ON)
    assert caught.value.code == "reserved"


def test_what_is_no_numbered_field_is_sent_as_it_is(quarry: Catalog) -> None:
    body = {"model": "slate-1", "prompt": "x", "image": images(1), "input_image_6": "https://x/b.png"}
    compiled = quarry.compile(body, "quarry/slate-1", date=ON)
    assert compiled.calls[0].json["input_image_6"] == "https://x/b.png"


def test_without_an_image_a_numbered_field_is_dropped_and_said_so(quarry: Catalog) -> None:
    compiled = quarry.compile({"model": "slate-1", "prompt": "x", "input_image_2": "https://x"}, "quarry/slate-1")
    assert list(compiled.calls[0].json) == ["prompt"]
    assert [(entry.parameter, entry.outcome.value) for entry in compiled.changes] == [("input_image_2", "dropped")]


@given(count=st.integers(1, 4), n=st.integers(1, 3))
def test_compiled_stored_and_sent_the_bodies_keep_the_contract(count: int, n: int, quarry: Catalog) -> None:
    body = {"model": "slate-1", "prompt": "x", "image": images(count), "size": "1000x500", "n": n, "seed": 5}
    compiled = quarry.compile(body, "quarry/slate-1", date=ON)
    assert type(compiled).from_dict(json.loads(json.dumps(compiled.to_dict()))) == compiled
    for call in compiled.calls:
        driver = Driver([reply(TICKET), ready()])
        driver.run(exchange(call, quarry.providers["quarry"]))
        jsonschema.validate(driver.calls[0].json, CONTRACT)
        texts = [driver.calls[0].json[field] for field in FIELDS[:count]]
        assert [base64.b64decode(text) for text in texts] == [image.content for image in images(count)]
