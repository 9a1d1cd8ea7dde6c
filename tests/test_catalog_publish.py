"""A catalog as one JSON file: the same bytes each time, and the same catalog when it is loaded."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalog_folders import BASE, FLUX, ON, PRIVATE, layer
from pentaprism import Catalog, CatalogError, __version__
from pentaprism.catalog.content_hash import content_hash
from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.publish import publish
from pentaprism.catalog.version import calver
from pentaprism.types import Model

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


def test_publishing_twice_gives_the_same_bytes(published: Path) -> None:
    assert publish(read_documents()) == published.read_bytes()
    assert publish(read_documents(published)) == published.read_bytes()


def test_what_is_published_is_what_was_written(published: Path) -> None:
    data = json.loads(published.read_bytes())
    assert list(data)[:4] == ["format", "version", "hash", "engine"]
    assert list(data)[4:] == ["parameters", "size_tables", "providers", "models", "contracts", "proofs"]
    assert (data["version"], data["hash"], data["engine"]) == (
        Catalog.load().version,
        content_hash(read_documents()),
        __version__,
    )
    assert [list(data[kind]) for kind in ("providers", "models", "contracts")] == [
        sorted(data[kind]) for kind in ("providers", "models", "contracts")
    ]
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


def test_layers_lie_over_published_files_too(published: Path, tmp_path: Path) -> None:
    catalog = Catalog.load(published, extends=[layer(tmp_path, **{FLUX: PRIVATE})])
    assert [row.usd for row in catalog.model("house-style").endpoints[0].prices] == [Decimal("0.025"), Decimal("0.02")]


def test_a_folder_over_a_published_file_tells_its_faults_at_load(published: Path, tmp_path: Path) -> None:
    folder = layer(tmp_path, **{"models/new.yaml": "name: New\nendpoints: [{provider: fal, id: no-such}]\n"})
    with pytest.raises(
        CatalogError, match=r"models/new\.yaml:2:33: missing-contract: there is no contract for 'no-such'"
    ):
        Catalog.load(published, extends=[folder])
