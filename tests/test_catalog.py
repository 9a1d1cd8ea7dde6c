"""Loading a catalog: every rule and every size resolved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from catalog_folders import BASE, HERE
from pentaprism import Catalog, ModelNotFound
from pentaprism.catalog.yaml_source import read_yaml
from pentaprism.types import FormKind, Mode, Size

RULES: dict[str, dict[str, list[str]]] = read_yaml(
    "resolved_rules.yaml", (HERE / "resolved_rules.yaml").read_text(encoding="utf-8")
).data


@pytest.mark.parametrize("place", RULES)
def test_rules_resolve_as_kept(catalog: Catalog, place: str) -> None:
    key, mode = place.split()
    rules = catalog.endpoint(key).modes[Mode(mode)].rules
    resolved = {name: [rule.behaviour.value, rule.target or "-", rule.origin] for name, rule in rules.items()}
    assert resolved == RULES[place]
    assert list(resolved) == list(RULES[place])


def test_every_endpoint_of_the_model_is_in_the_table(catalog: Catalog) -> None:
    endpoints = catalog.model("flux.1-dev").endpoints
    assert list(RULES) == [f"{endpoint.key} {mode.value}" for endpoint in endpoints for mode in endpoint.modes]


ELEVEN = {
    "1:1": ("1024x1024", "512x512"),
    "16:9": ("1344x768", "672x384"),
    "21:9": ("1536x640", "768x320"),
    "3:2": ("1216x832", "608x416"),
    "2:3": ("832x1216", "416x608"),
    "4:5": ("896x1088", "448x544"),
    "5:4": ("1088x896", "544x448"),
    "3:4": ("896x1152", "448x576"),
    "4:3": ("1152x896", "576x448"),
    "9:16": ("768x1344", "384x672"),
    "9:21": ("640x1536", "320x768"),
}


def test_the_grid_at_replicate_returns_these_pixels(catalog: Catalog) -> None:
    (form,) = catalog.endpoint("replicate/flux.1-dev").modes[Mode.TEXT_TO_IMAGE].forms
    assert form.kind is FormKind.GRID
    assert form.default_tier is not None
    assert form.default_tier.label == "1"
    cells = {(cell.ratio_label, cell.tier.label if cell.tier else None): cell for cell in form.cells}
    assert len(cells) == len(form.cells) == 22
    for ratio, (large, small) in ELEVEN.items():
        for tier, pixels in (("1", large), ("0.25", small)):
            cell = cells[ratio, tier]
            assert str(cell.real) == pixels
            assert cell.sends == {"aspect_ratio": ratio, "megapixels": tier}
            assert not cell.inferred


def test_the_forms_at_fal(catalog: Catalog) -> None:
    free, presets = catalog.endpoint("fal/flux.1-dev").modes[Mode.TEXT_TO_IMAGE].forms
    assert (free.kind, free.to, free.side) == (FormKind.FREE, {"object": "image_size"}, (1, 14142))
    assert presets.kind is FormKind.LIST
    assert {str(cell.sends["image_size"]): str(cell.real) for cell in presets.cells}["landscape_16_9"] == "1024x576"


def test_a_mode_sees_its_own_contract_and_sizes(catalog: Catalog) -> None:
    modes = catalog.endpoint("replicate/flux.1-dev").modes
    assert "megapixels" in modes[Mode.TEXT_TO_IMAGE].contract.fields
    assert "megapixels" not in modes[Mode.IMAGE_EDIT].contract.fields
    assert modes[Mode.TEXT_TO_IMAGE].default_size == Size(1024, 1024)
    assert (modes[Mode.IMAGE_EDIT].default_size, modes[Mode.IMAGE_EDIT].max_side) == ("input", 1440)
    assert modes[Mode.IMAGE_EDIT].forms == ()


def test_names(catalog: Catalog) -> None:
    assert catalog.model("flux-dev") is catalog.model("flux.1-dev")
    with pytest.raises(ModelNotFound) as caught:
        catalog.model("flux.1-dv")
    assert caught.value.suggestions[0] == "flux.1-dev"


FORMS: list[tuple[str, str, list[str]]] = [
    ("a list reads the pixels out of the contract", "{form: list, to: size}", ["512x512", "1024x768"]),
    (
        "a shape without known pixels is inferred",
        '{form: grid, to: {ratio: shape}, ratios: {"2:1": null}}',
        ["1448x724?"],
    ),
    (
        "a scale without a factor is inferred",
        '{form: grid, to: {ratio: shape, tier: tier}, ratios: {"1:1": 1000x1000}, '
        "tiers: {1K: {area: 1K}, 2K: {area: 2K}}}",
        ["1000x1000", "2048x2048?"],
    ),
    (
        "a longest side holds for every cell",
        '{form: grid, to: {ratio: shape}, ratios: {"2:1": 3000x1500}, max_side: 2048}',
        ["2048x1024"],
    ),
]


@pytest.mark.parametrize(("why", "form", "pixels"), FORMS, ids=[why for why, _, _ in FORMS])
def test_cells(tmp_path: Path, why: str, form: str, pixels: list[str]) -> None:
    del why
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    contract = tmp_path / "contracts" / "acme" / "lantern.json"
    schema = json.loads(contract.read_text(encoding="utf-8"))
    schema["properties"] |= {
        "size": {"type": "string", "enum": ["auto", "match_x", "512x512", "1024x768"]},
        "shape": {"type": "string"},
        "tier": {"type": "string"},
    }
    contract.write_text(json.dumps(schema), encoding="utf-8")
    model = tmp_path / "models" / "lamps" / "lantern.yaml"
    text = model.read_text(encoding="utf-8")
    model.write_text(text.replace("{form: grid, to: {ratio: shape}, ratios: shapes}", form), encoding="utf-8")
    (built,) = Catalog.load(tmp_path).endpoint("acme/lantern").modes[Mode.TEXT_TO_IMAGE].forms
    assert [f"{cell.real}{'?' if cell.inferred else ''}" for cell in built.cells] == pixels
