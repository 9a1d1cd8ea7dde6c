"""Every field of what a catalog holds is compared, and every change of the vocabulary told in its own words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from catalog_strategies import made_of
from pentaprism import Catalog, Mode, Size
from pentaprism.catalog.diff import Difference, Kind, models, shared
from pentaprism.types import Contract, Endpoint, Form, GridCell, Model, ModeSpec, Parameter, Provenance, Provider, Rule
from test_catalog_diff import BASE

FACT = Provenance(source="another", date="2026-06-06", method="sdk")
MODEL = Catalog(made_of(BASE)).models["lantern"]
ENDPOINT = MODEL.endpoints[1]
SPEC = ENDPOINT.modes[Mode.IMAGE_EDIT]
RULE = SPEC.rules["image"]
FREE = SPEC.forms[0]
GRID = MODEL.endpoints[0].modes[Mode.TEXT_TO_IMAGE].forms[0]
PROVIDER = Catalog(made_of(BASE)).providers["acme"]
PARAMETER = Catalog(made_of(BASE)).parameters["output_format"]
# Another value for every field of what a catalog holds; None where a field only names the thing, or says again what
# another one says.
OTHERS: list[tuple[Any, dict[str, Any]]] = [
    (
        MODEL,
        {
            "id": None,
            "name": "x",
            "family": "x",
            "creator": "x",
            "aliases": ("x",),
            "status": "preview",
            "summary": "x",
            "endpoints": (),
            "successor": "x",
            "tags": ("x",),
            "license": "x",
            "released": "2026",
            "prose": {"overview": "x"},
            "dissents": ("x",),
        },
    ),
    (
        ENDPOINT,
        {
            "key": None,
            "id": "x",
            "name": None,
            "provider": None,
            "model": None,
            "modes": {},
            "prices": (),
            "checked": FACT,
            "submission": ENDPOINT.submission._replace(body="multipart"),
            "status": "disabled",
            "native_fields": {"x": ("acme/x",)},
            "absent": {Mode.TEXT_TO_IMAGE: "x"},
        },
    ),
    (
        ENDPOINT.submission,
        {"method": "PUT", "url": "https://x", "body": "multipart", "envelope": "x", "headers": {"x": "1"}},
    ),
    (
        ENDPOINT.prices[0],
        {
            "start": date(2026, 1, 3),
            "usd": Decimal(7),
            "per": "image",
            "source": "x",
            "of": "image_out",
            "unit": 2,
            "round": None,
            "each": False,
            "min": Decimal(2),
            "first": Decimal(1),
            "when": {"mode": ("fine",)},
            "dissent": "x",
        },
    ),
    (
        SPEC,
        {
            "mode": None,
            "contract": Contract(schema={"type": "object", "properties": {}}, provenance=FACT),
            "rules": {**SPEC.rules, "image": RULE._replace(target="x")},
            "forms": (),
            "default_size": Size(1, 1),
            "max_side": 7,
            "constants": {},
            "max_input_images": 7,
        },
    ),
    # Which of the five sources a rule comes from changes nothing; the reason is the unsupported ones'.
    (
        RULE,
        {
            "parameter": None,
            "behaviour": None,
            "verb": "rename",
            "target": "x",
            "options": {**RULE.options, "max": 1},
            "origin": None,
            "reason": None,
        },
    ),
    (
        FREE,
        {
            "kind": None,
            "to": {"width": "x", "height": "y"},
            "set": {"x": 1},
            "side": (1, 2),
            "pixels": (1, 2),
            "ratio": (0.5, 2.0),
            "step": 7,
            "cells": GRID.cells,
            "default_tier": GRID.default_tier,
            "sources": (FACT,),
        },
    ),
    (
        GRID.cells[0],
        {
            "sends": {"x": 1},
            "real": Size(7, 7),
            "nominal": Size(7, 7),
            "inferred": True,
            "ratio": None,
            "ratio_label": None,
            "tier": (GRID.cells[0].tier or GRID.cells[-1].tier)._replace(label="x"),  # type: ignore[type-var]
        },
    ),
    (
        PROVIDER,
        {
            "id": None,
            "name": "x",
            "protocol": "fal",
            "homepage": "https://x",
            "auth_header": "x",
            "auth_scheme": "x",
            "env": "X",
            # Each endpoint has these in its submission.
            "method": None,
            "submit_url": None,
            "body": None,
            "envelope": None,
            "headers": None,
            "hosts": ("x",),
            "returns": "b64_json",
            "bills": {},
            "reserved": ("x",),
            "rules": {},
        },
    ),
    (
        PARAMETER,
        {
            "name": None,
            "group": "x",
            "type": "integer",
            "summary": "x",
            "at": "provider",
            "modes": frozenset([Mode.IMAGE_EDIT]),
            "required": frozenset([Mode.IMAGE_EDIT]),
            "values": ("x",),
            "minimum": 1.0,
            "maximum": 2.0,
            "max_length": 3,
            "default": "x",
            "synonyms": ("x",),
            "spellings": {"x": "png"},
            "emulate": {"emulate": "x"},
            "example": "x",
        },
    ),
]


def _changed_models(one: Any, changed: Any) -> Model:
    """The model with one part of it taken by another."""
    endpoint, spec = ENDPOINT, SPEC
    if isinstance(changed, Model):
        return changed
    if isinstance(one, Endpoint):
        return MODEL._replace(endpoints=(MODEL.endpoints[0], changed))
    if isinstance(one, ModeSpec):
        spec = changed
    elif isinstance(one, Rule):
        spec = SPEC._replace(rules={**SPEC.rules, "image": changed})
    elif isinstance(one, Form):
        spec = SPEC._replace(forms=(changed,))
    elif isinstance(one, GridCell):
        cells = (changed, *GRID.cells[1:])
        first = MODEL.endpoints[0]
        mode = first.modes[Mode.TEXT_TO_IMAGE]
        mode = mode._replace(forms=(GRID._replace(cells=cells),))
        return MODEL._replace(endpoints=(first._replace(modes={mode.mode: mode}), ENDPOINT))
    elif one is ENDPOINT.submission:
        endpoint = ENDPOINT._replace(submission=changed)
    else:
        endpoint = ENDPOINT._replace(prices=(changed,))
    endpoint = endpoint._replace(modes={**endpoint.modes, Mode.IMAGE_EDIT: spec})
    return MODEL._replace(endpoints=(MODEL.endpoints[0], endpoint))


def _differences(one: Any, changed: Any) -> list[Difference]:
    if isinstance(one, Provider):
        return list(shared.provider_differences({"acme": one}, {"acme": changed}))
    if isinstance(one, Parameter):
        return list(shared.vocabulary_differences({one.name: one}, {one.name: changed}))
    return list(models.model_differences(MODEL, _changed_models(one, changed)))


FIELDS = [(one, name, other) for one, others in OTHERS for name, other in others.items()]


@pytest.mark.parametrize("one", [one for one, _ in OTHERS], ids=lambda one: type(one).__name__)
def test_every_field_has_another_value_here(one: Any) -> None:
    (others,) = (others for known, others in OTHERS if known is one)
    assert others.keys() == set(one._fields)


@pytest.mark.parametrize(
    ("one", "name", "other"),
    [field for field in FIELDS if field[2] is not None or field[1] == "round"],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_every_field_is_compared(one: Any, name: str, other: Any) -> None:
    assert getattr(one, name) != other
    found = _differences(one, one._replace(**{name: other}))
    assert found
    assert all(found_one.message for found_one in found)
    assert _differences(one, one) == []


# The vocabulary ------------------------------------------------------------------------------------------------------

WORDS = {
    "a": Parameter(name="a", group="core", type="integer", summary="A.", minimum=1, maximum=10),
    "b": Parameter(name="b", group="core", type="string", summary="B.", values=("x", "y"), spellings={"ex": "x"}),
}


@pytest.mark.parametrize(
    ("changes", "expect"),
    [
        ({"a": None}, ["worse: a is no longer a parameter"]),
        ({"c": {"name": "c"}}, ["better: c is a parameter: A."]),
        ({"a": {"maximum": 8}}, ["worse: a takes 1 to 8, not 1 to 10"]),
        ({"a": {"minimum": 2, "maximum": None}}, ["worse: a takes at least 2, not 1 to 10"]),
        ({"a": {"minimum": None}}, ["better: a takes at most 10, not 1 to 10"]),
        ({"b": {"max_length": 9}}, ["worse: b takes at most 9 characters, not any"]),
        ({"b": {"values": ("y", "z")}}, ["worse: b no longer takes x", "better: b takes z"]),
        ({"b": {"values": ("y", "x")}}, ["other: b takes the same in another order"]),
        ({"b": {"values": None}}, ["better: b takes any value"]),
        ({"a": {"values": ("1",)}}, ["worse: a takes only 1"]),
        ({"b": {"spellings": {}}}, ["worse: b may no longer be spelt ex for x"]),
        ({"b": {"synonyms": ("bee",)}}, ["better: b may be called bee"]),
        ({"b": {"modes": frozenset([Mode.IMAGE_EDIT])}}, ["worse: b no longer belongs to text-to-image"]),
        ({"b": {"required": frozenset([Mode.IMAGE_EDIT])}}, ["worse: b must now be given in image-edit"]),
        (
            {"b": {"at": "provider", "summary": "Bee.", "default": "x"}},
            [
                "other: b: at is provider, not request",
                "other: b: default is x, not none",
                "note: b: summary is worded otherwise",
            ],
        ),
    ],
)
def test_a_change_of_the_vocabulary(changes: dict[str, Any], expect: list[str]) -> None:
    after = dict(WORDS)
    for name, change in changes.items():
        if change is None:
            del after[name]
        else:
            after[name] = (WORDS.get(name, WORDS["a"]))._replace(**change)
    found = shared.vocabulary_differences(WORDS, after)
    assert [f"{one.weight}: {one.message}" for one in found] == expect


def test_the_order_of_the_vocabulary_counts() -> None:
    (found,) = shared.vocabulary_differences(WORDS, dict(reversed(WORDS.items())))
    assert (found.kind, found.about) == (Kind.VOCABULARY_OTHER, "vocabulary")
    assert (found.before, found.after) == (["a", "b"], ["b", "a"])
