"""Loading a catalog: YAML and published JSON, model by model and layer over layer, every rule and size resolved."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pentaprism import Catalog, CatalogError, ModelNotFound
from pentaprism.catalog.documents import overlay, read_documents
from pentaprism.catalog.json_source import read_json
from pentaprism.catalog.publish import publish
from pentaprism.catalog.version import calver
from pentaprism.catalog.yaml_source import read_yaml
from pentaprism.types import FormKind, Mode, Model, Size

HERE = Path(__file__).parent
BASE = HERE / "rejects" / "base"
ON = date(2026, 11, 21)
FLUX = "models/flux.1/flux.1-dev.yaml"

REQUESTS: list[dict[str, Any]] = [
    {"prompt": "a lighthouse"},
    {"prompt": "a lighthouse", "size": "1920x1080", "n": 3, "seed": 7},
    {"prompt": "a lighthouse", "aspect_ratio": "21:9", "resolution": "0.25MP"},
    {"prompt": "a lighthouse", "size": "16:9", "output_format": "avif", "output_compression": 60, "cfg_scale": 4},
    {"prompt": "a lighthouse", "megapixels": "0.25", "num_images": 2, "acceleration": "high"},
    {"prompt": "a lighthouse", "image": "https://pictures.example/a.png", "strength": 0.4, "size": "512x512"},
]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped catalog as one JSON file."""
    file = tmp_path_factory.mktemp("published") / "catalog.json"
    file.write_bytes(publish(read_documents()))
    return file


def layer(folder: Path, **files: str) -> Path:
    """A folder with some files of a catalog in it; `__` in a name stands for a folder."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


# What was resolved --------------------------------------------------------------------------------------------------

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


# One JSON file ------------------------------------------------------------------------------------------------------


def test_publishing_twice_gives_the_same_bytes(published: Path) -> None:
    assert publish(read_documents()) == published.read_bytes()
    assert publish(read_documents(published)) == published.read_bytes()


def test_what_is_published_is_what_was_written(published: Path) -> None:
    data = json.loads(published.read_bytes())
    assert list(data) == ["format", "version", "parameters", "size_tables", "providers", "models", "contracts"]
    assert data["format"] == 1
    assert list(data["parameters"]) == list(Catalog.load().parameters)
    assert list(data["models"]["flux.1-dev"])[:4] == ["name", "family", "creator", "aliases"]
    assert data["models"]["flux.1-dev"]["endpoints"][0]["prices"][0]["usd"] == "0.025"


@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_yaml_and_json_compile_the_same(catalog: Catalog, published: Path, request_: dict[str, Any]) -> None:
    other = Catalog.load(published)
    for model_id in catalog.models:
        request = {"model": model_id, **request_}
        assert catalog.route(request, date=ON) == other.route(request, date=ON)


def test_yaml_and_json_hold_equal_models(catalog: Catalog, published: Path) -> None:
    other = Catalog.load(published)
    assert dict(catalog.models) == dict(other.models)
    assert dict(catalog.providers) == dict(other.providers)
    assert list(catalog.parameters.items()) == list(other.parameters.items())
    assert catalog.version == other.version


def test_the_order_of_files_changes_nothing(catalog: Catalog) -> None:
    documents = read_documents()
    for kind in ("providers", "models", "contracts"):
        setattr(documents, kind, dict(reversed(getattr(documents, kind).items())))
    other = Catalog(documents)
    for request in REQUESTS:
        for model_id in catalog.models:
            asked = {"model": model_id, **request}
            assert other.route(asked, date=ON) == catalog.route(asked, date=ON)


def test_models_of_a_published_catalog_are_built_when_asked_for(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog.load(published)
    built: list[str] = []
    build = catalog._builder.model

    def counted(model_id: str) -> Model:
        built.append(model_id)
        return build(model_id)

    monkeypatch.setattr(catalog._builder, "model", counted)
    assert "flux.1-dev" in list(catalog.models)
    assert built == []
    assert catalog.model("flux-dev") is catalog.models["flux.1-dev"]
    assert catalog.model("flux-dev").name == "FLUX.1 [dev]"
    assert built == ["flux.1-dev"]


def test_a_fault_in_a_published_model_is_told_when_it_is_asked_for(published: Path, tmp_path: Path) -> None:
    data = json.loads(published.read_bytes())
    data["models"]["flux.1-dev"]["endpoints"][0]["prices"][0]["usd"] = "free"
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    catalog = Catalog.load(file)
    with pytest.raises(CatalogError, match=r"catalog\.json#models/flux\.1-dev: not-a-number: 'usd' must be"):
        catalog.model("flux.1-dev")


def test_a_catalog_with_faults_is_not_published(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "contracts" / "acme" / "candle.json").unlink()
    with pytest.raises(CatalogError, match="missing-contract"):
        publish(read_documents(tmp_path))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"format": 2}', "wrong-format"),
        ('{"format": 1, "models": []}', "wrong-type"),
        ("[]", "wrong-type"),
        ("{", "json-syntax"),
    ],
)
def test_a_file_that_is_no_published_catalog(tmp_path: Path, text: str, rule: str) -> None:
    file = tmp_path / "catalog.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        Catalog.load(file)
    assert [finding.rule for finding in caught.value.findings] == [rule]


def test_the_version_is_the_day_of_the_newest_fact(catalog: Catalog) -> None:
    documents = read_documents()
    dates = [document.data.get("x-provenance", {}).get("date", "") for document in documents.contracts.values()]
    dates += [document.data["checked"]["date"] for document in documents.providers.values()]
    assert catalog.version >= max(dates).replace("-", ".")
    assert (
        calver([{"checked": {"date": "2026-01-02"}}, {"shapes": {"checked": {"date": "2026-03-04"}}}, None, 3])
        == "2026.03.04"
    )
    assert calver([]) == calver([{"checked": {"date": "soon"}}]) == "unversioned"


# Layers -------------------------------------------------------------------------------------------------------------

PRIVATE = """
aliases: [house-style, flux-dev]
endpoints:
  - provider: fal
    prices: [{from: 2026-09-01, usd: "0.02", per: megapixel, round: up, source: our contract}]
  - provider: replicate
    status: disabled
"""


def test_a_layer_adds_an_alias_a_price_and_switches_an_endpoint_off(catalog: Catalog, tmp_path: Path) -> None:
    private = Catalog.load(extends=[layer(tmp_path, **{FLUX: PRIVATE})])
    model = private.model("house-style")
    assert model.aliases == ("flux-dev", "house-style")
    assert model.summary == catalog.model("flux.1-dev").summary
    assert [endpoint.key for endpoint in model.endpoints] == [
        endpoint.key for endpoint in catalog.model("flux.1-dev").endpoints
    ]

    route = private.route({"model": "house-style", "prompt": "a lighthouse", "size": "1024x1024"}, date=ON)
    assert [(candidate.endpoint, candidate.cost.high) for candidate in route.candidates] == [
        ("fal/flux.1-dev", Decimal("0.02"))
    ]
    assert "replicate/flux.1-dev" in {refusal.endpoint for refusal in route.refusals}
    assert catalog.route({"model": "flux.1-dev", "prompt": "a lighthouse"}, date=ON).candidates[1:]


def test_a_layer_adds_models_providers_contracts_and_parameters(catalog: Catalog) -> None:
    both = Catalog.load(extends=[BASE])
    assert {"lantern", "candle", "flux.1-dev"} <= set(both.models)
    assert {"acme", "fal"} <= set(both.providers)
    assert both.endpoint("acme/lantern").prices[0].usd == Decimal("0.02")
    assert both.model("lamp").endpoints[0].modes[Mode.TEXT_TO_IMAGE].rules["cfg_scale"].target == "guidance"
    asked = {"model": "flux.1-dev", "prompt": "a lighthouse", "size": "16:9"}
    kept, now = catalog.route(asked, date=ON), both.route(asked, date=ON)
    assert [one.calls for one in now.candidates] == [one.calls for one in kept.candidates]


def test_a_layer_may_bring_an_endpoint(tmp_path: Path) -> None:
    text = """
    endpoints:
      - provider: acme
        name: lantern-twin
        id: lantern
        modes: {text-to-image: {}}
        checked: {source: the manual, date: 2026-01-02, method: page}
        sizes: {default: unknown, forms: []}
    """
    catalog = Catalog.load(BASE, extends=[layer(tmp_path, **{"models/lantern.yaml": text})])
    assert [endpoint.key for endpoint in catalog.model("lantern").endpoints] == ["acme/lantern", "acme/lantern-twin"]


def test_the_later_layer_wins(tmp_path: Path) -> None:
    one = layer(tmp_path / "one", **{"models/lantern.yaml": "summary: One.\naliases: [one]\n"})
    two = layer(tmp_path / "two", **{"models/lantern.yaml": "summary: Two.\naliases: [two]\n"})
    model = Catalog.load(BASE, extends=[one, two]).model("lantern")
    assert (model.summary, model.aliases) == ("Two.", ("lamp", "one", "two"))


def test_layers_lie_over_published_files_too(published: Path, tmp_path: Path) -> None:
    catalog = Catalog.load(published, extends=[layer(tmp_path, **{FLUX: PRIVATE})])
    assert catalog.model("house-style").endpoints[0].prices[0].usd == Decimal("0.02")


def test_a_layer_changes_nothing_below_it(tmp_path: Path) -> None:
    base = read_documents(BASE)
    before = publish(base)
    text = "summary: Other.\nendpoints: [{provider: acme, status: disabled}]\n"
    overlay(base, [read_documents(layer(tmp_path, **{"models/lantern.yaml": text}))])
    assert publish(base) == before


def test_a_faulty_file_tells_everything_at_load(tmp_path: Path) -> None:
    text = "endpoints:\n  - {provider: fall, id: x}\n  - {provider: fal, id: no-such, modes: {}, checked: 3}\n"
    folder = layer(tmp_path, **{"models/new.yaml": text})
    with pytest.raises(CatalogError) as caught:
        Catalog.load(extends=[folder])
    told = sorted((finding.line, finding.rule) for finding in caught.value.findings)
    assert told == [
        (1, "missing-key"),
        (1, "missing-key"),
        (1, "missing-key"),
        (1, "missing-key"),
        (2, "missing-key"),
        (2, "unknown-provider"),
        (3, "missing-contract"),
        (3, "wrong-type"),
    ]
    assert len(set(caught.value.findings)) == len(caught.value.findings)


# Positions ----------------------------------------------------------------------------------------------------------


def test_json_knows_where_everything_stands() -> None:
    document = read_json("c.json", '{\n "a": [1, {"b,]": "}{"}],\n "é\\u0041": {"c": null}\n}')
    assert document.data == {"a": [1, {"b,]": "}{"}], "éA": {"c": None}}
    assert document.where(()) == (1, 1)
    assert document.where(("a",)) == (2, 7)
    assert document.where(("a", 1)) == (2, 11)
    assert document.where(("a", 1, "b,]"), key=True) == (2, 12)
    assert document.where(("a", 1, "b,]")) == (2, 19)
    assert document.where(("éA", "c"), key=True) == (3, 14)
    assert document.where(("éA", "nothing here")) == (3, 13)


def test_yaml_knows_where_everything_stands() -> None:
    document = read_yaml("m.yaml", "a:\n  - 1\n  - {b: x}\nc: |\n  text\n")
    assert document.where(("a", 1, "b"), key=True) == (3, 6)
    assert document.where(("a", 1, "b")) == (3, 9)
    assert document.where(("c",)) == (4, 4)
    assert document.where(("a", 5)) == (2, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: 010", "010"),
        ("x: 0x1F", "0x1F"),
        ("x: 1_000", "1_000"),
        ("x: 2026-07-28", "2026-07-28"),
        ("x: ~", None),
        ("x: True", True),
        ("x: -3", -3),
        ("x: 1e3", 1000.0),
        ("x: .5", 0.5),
        ("x: .inf", ".inf"),
        ('x: "16:9"', "16:9"),
        ("x: '3'", "3"),
        ("x:", None),
    ],
)
def test_scalars_mean_what_they_look_like(text: str, value: Any) -> None:
    document = read_yaml("m.yaml", text)
    assert document.findings == []
    assert document.data == {"x": value}
    assert type(document.data["x"]) is type(value)
