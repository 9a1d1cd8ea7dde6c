"""Every row of five public model pages has its home in the catalog; the named dissents are the only differences."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from pentaprism import Catalog
from pentaprism.sizes import nominal
from pentaprism.types import AspectRatio, Endpoint, FormKind, Mode, ModeSpec, Size

PAGES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "seed_pages.yaml").read_text(encoding="utf-8"))
MODELS: dict[str, Any] = PAGES["models"]
# The parameters that a page lists for a mode in which no provider's schema has a field for them.
DROPPED = {
    (dissent["model"], dissent["mode"], name) for dissent in PAGES["dissents"] for name in dissent.get("parameters", ())
}
ROWS = [
    (model, name, row)
    for model, page in MODELS.items()
    for name, row in {**PAGES["common"], **page["parameters"]}.items()
]


def _specs(catalog: Catalog, model: str, provider: str | None = None) -> list[tuple[Endpoint, ModeSpec]]:
    return [
        (endpoint, spec)
        for endpoint in catalog.models[model].endpoints
        if provider in (None, endpoint.provider)
        for spec in endpoint.modes.values()
    ]


@pytest.mark.parametrize(("model", "name", "row"), ROWS, ids=[f"{model}-{name}" for model, name, _ in ROWS])
def test_every_parameter_row(catalog: Catalog, model: str, name: str, row: dict[str, Any]) -> None:
    parameter = catalog.parameters[name]
    assert (parameter.group, parameter.type) == (row["group"], row["type"])
    assert parameter.summary
    if "provider" in row:
        _check_own_field(catalog, model, name, row)
        return
    assert set(row.get("values", ())) == set(parameter.values or ())
    assert row.get("default") == parameter.default
    assert bool(row.get("required")) == bool(parameter.required)
    for mode in catalog.models[model].modes:
        if mode in parameter.modes:
            rules = [spec.rules[name] for _, spec in _specs(catalog, model) if spec.mode is mode]
            crosses = any(rule.verb != "unsupported" for rule in rules)
            assert crosses == ((model, mode.value, name) not in DROPPED), f"{name} in {mode}"


def _check_own_field(catalog: Catalog, model: str, name: str, row: dict[str, Any]) -> None:
    """A field with a provider's chip: at that provider's endpoints only, with the page's values and range."""
    having = {endpoint.provider for endpoint, spec in _specs(catalog, model) if name in spec.contract.fields}
    assert having == {row["provider"]}
    fields = [spec.contract.fields for _, spec in _specs(catalog, model, row["provider"])]
    schemas = [own[name] for own in fields if name in own]
    assert {schema["type"] for schema in schemas} == {row["type"]}
    assert set(row.get("values", ())) <= {value for schema in schemas for value in schema.get("enum", ())}
    if "range" in row:
        assert all([schema["minimum"], schema["maximum"]] == row["range"] for schema in schemas)


@pytest.mark.parametrize("name", PAGES["behaviours"])
def test_every_behaviour_row(catalog: Catalog, name: str) -> None:
    for model in MODELS:
        for endpoint, spec in _specs(catalog, model):
            assert spec.rules[name].behaviour.value in PAGES["behaviours"][name], endpoint.key


@pytest.mark.parametrize(("ratio", "pixels"), PAGES["sizes"])
def test_every_size_row(catalog: Catalog, ratio: str, pixels: str) -> None:
    assert nominal(AspectRatio.parse(ratio).value, 1024 * 1024) == Size.parse(pixels)
    for model, page in MODELS.items():
        if page.get("has_sizes"):
            request = {"model": model, "prompt": "x", "aspect_ratio": ratio, "resolution": "1K"}
            assert catalog.route(request).candidates, f"{model} makes no {ratio}"
            made = catalog.route({"model": model, "prompt": "x", "size": pixels}).candidates
            assert pixels in {str(candidate.expected.size) for candidate in made}


@pytest.mark.parametrize("model", MODELS)
def test_details(catalog: Catalog, model: str) -> None:
    page, entry = MODELS[model], catalog.models[model]
    assert page.get("alias", model) in (*entry.aliases, model)
    assert entry.family == page.get("family", entry.family)
    assert entry.status == page.get("status", "active")
    assert set(page.get("tags", ())) <= set(entry.tags)
    assert [mode.value for mode in entry.modes] == page.get("modes", ["text-to-image", "image-edit"])
    assert entry.summary
    assert {"overview", "strengths", "limitations", "best_for"} <= set(entry.prose)
    free = [form for _, spec in _specs(catalog, model) for form in spec.forms if form.kind is FormKind.FREE]
    if "custom_sides" in page:
        assert tuple(page["custom_sides"]) in [form.side for form in free]
    if page.get("has_auto"):
        assert any(form.kind is FormKind.AUTO for _, spec in _specs(catalog, model) for form in spec.forms)
    if "max_megapixels" in page:
        routed = catalog.route({"model": model, "prompt": "x", "resolution": f"{page['max_megapixels']}MP"})
        assert routed.candidates[0].loss == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    "row", [row for page in MODELS.values() for row in page.get("providers", ())], ids=lambda row: row["key"]
)
def test_every_provider_row(catalog: Catalog, row: dict[str, Any]) -> None:
    endpoint = catalog.endpoint(row["key"])
    assert endpoint.id == row["id"]
    assert [(price.usd, price.per) for price in endpoint.prices] == [(Decimal(row["usd"]), row["per"])]
    served = [mode.value for mode in endpoint.modes]
    assert served == [mode for mode in row["modes"] if Mode(mode) not in endpoint.absent]


def test_the_headline_price(catalog: Catalog) -> None:
    costs = [
        candidate.cost.high
        for candidate in catalog.route({"model": "flux.1-kontext-dev", "prompt": "x", "size": "1024x1024"}).candidates
    ]
    assert costs[0] == Decimal(MODELS["flux.1-kontext-dev"]["price_from"])


def test_the_dissents_are_what_the_catalog_says(catalog: Catalog) -> None:
    assert len(PAGES["dissents"]) == 8
    kontext = catalog.models["flux.1-kontext-dev"]
    replicate = catalog.endpoint("replicate/flux.1-kontext-dev")
    assert list(replicate.modes) == [Mode.IMAGE_EDIT]
    assert "requires input_image" in replicate.absent[Mode.TEXT_TO_IMAGE]
    assert {spec.max_input_images for _, spec in _specs(catalog, kontext.id) if spec.mode is Mode.IMAGE_EDIT} == {1}
    assert len({endpoint.provider for endpoint in kontext.endpoints}) == 2
    assert len(kontext.endpoints) == 3
    assert any("4 input images" in dissent for dissent in kontext.dissents)
    assert any("2048x2048" in dissent for dissent in kontext.dissents)
    assert any("three providers" in dissent for dissent in kontext.dissents)
    for model in MODELS:
        named = [dissent for dissent in PAGES["dissents"] if dissent["model"] == model]
        assert len(catalog.models[model].dissents) >= len(named)
    assert catalog.parameters["image"].required == {Mode.IMAGE_EDIT}


def test_kontext_from_text(catalog: Catalog) -> None:
    """Replicate refuses with the reason; fal's endpoint is used as the only one and is marked unverified."""
    route = catalog.route({"model": "flux.1-kontext-dev", "prompt": "x"})
    assert [(one.endpoint, one.verified) for one in route.candidates] == [("fal/flux.1-kontext-dev", False)]
    refused = {refusal.endpoint: refusal.message for refusal in route.refusals}
    assert "the provider's schema requires input_image" in refused["replicate/flux.1-kontext-dev"]
