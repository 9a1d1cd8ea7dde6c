"""Catalogs laid over each other: what a layer says counts, and what it does not say stays."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from catalog_folders import BASE, FLUX, ON, PRIVATE, layer
from pentaprism import Catalog, CatalogError, RequestError
from pentaprism.catalog.content_hash import content_hash
from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.layers import overlay, read_catalog, read_layers
from pentaprism.catalog.publish import publish
from pentaprism.catalog.validate import validate
from pentaprism.catalog.version import calver
from pentaprism.types import Mode


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


def test_a_layers_contract_stands_for_the_one_below(tmp_path: Path) -> None:
    schema = json.loads((BASE / "contracts" / "acme" / "lantern.json").read_text(encoding="utf-8"))
    schema["properties"]["count"]["maximum"] = 2
    catalog = Catalog.load(BASE, extends=[layer(tmp_path, **{"contracts/acme/lantern.json": json.dumps(schema)})])
    contract = catalog.endpoint("acme/lantern").modes[Mode.TEXT_TO_IMAGE].contract
    assert contract.fields["count"]["maximum"] == 2


def test_the_later_layer_wins(tmp_path: Path) -> None:
    one = layer(tmp_path / "one", **{"models/lantern.yaml": "summary: One.\naliases: [one]\n"})
    two = layer(tmp_path / "two", **{"models/lantern.yaml": "summary: Two.\naliases: [two]\n"})
    model = Catalog.load(BASE, extends=[one, two]).model("lantern")
    assert (model.summary, model.aliases) == ("Two.", ("lamp", "one", "two"))


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


# Prices of a layer ----------------------------------------------------------------------------------------------------


LISTED = [("2026-01-02", "0.02"), ("2026-10-01", "0.04")]


def priced(folder: Path, prices: str) -> Catalog:
    """The small catalog, whose lantern costs $0.02 from 2026-01-02 on, with other prices over it."""
    text = f"endpoints:\n  - provider: acme\n    prices: {prices}\n"
    return Catalog.load(BASE, extends=[layer(folder, **{"models/lantern.yaml": text})])


def costs(catalog: Catalog, *days: date) -> list[str]:
    """What a picture of the lantern costs on each of some days."""
    asked = {"model": "lantern", "prompt": "a lighthouse"}
    return [catalog.compile(asked, "acme/lantern", date=day).cost.text for day in days]


def test_a_price_takes_over_on_its_first_day(tmp_path: Path) -> None:
    catalog = priced(tmp_path, '[{from: 2026-09-01, usd: "0.01", per: image, source: our contract}]')
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2027, 9, 1)]
    assert costs(catalog, *days) == ["$0.02", "$0.01", "$0.01"]


def test_a_price_list_announced_for_later_does_not_end_what_was_agreed(tmp_path: Path) -> None:
    rows = ", ".join(f'{{from: {day}, usd: "{usd}", per: image, source: x}}' for day, usd in LISTED)
    below = layer(tmp_path / "below", **{"models/lantern.yaml": f"endpoints: [{{provider: acme, prices: [{rows}]}}]\n"})
    ours = '[{from: 2026-09-01, usd: "0.01", per: image, source: our contract}]'
    above = layer(tmp_path / "above", **{"models/lantern.yaml": f"endpoints: [{{provider: acme, prices: {ours}}}]\n"})
    days = [date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 1)]
    assert costs(Catalog.load(BASE, extends=[below]), *days) == ["$0.02", "$0.02", "$0.04"]
    assert costs(Catalog.load(BASE, extends=[below, above]), *days) == ["$0.02", "$0.01", "$0.01"]


def test_a_price_with_an_early_day_replaces_all_before_it(tmp_path: Path) -> None:
    catalog = priced(tmp_path, '[{from: 2020-01-01, usd: "0.01", per: image, source: our contract}]')
    assert costs(catalog, date(2026, 3, 1)) == ["$0.01"]
    assert len(catalog.endpoint("acme/lantern").prices) == 1


def test_no_prices_are_no_prices(tmp_path: Path) -> None:
    assert costs(priced(tmp_path, "[]"), ON) == ["unknown"]


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        ("[{from: 2026-09-01, usd: free, per: image, source: x}]", (3, 38, "not-a-number")),
        ("[{from: soon, usd: '1', per: image, source: x}]", (3, 21, "not-a-date")),
        ("[{usd: '1', per: image, source: x}]", (3, 14, "missing-key")),
        ("[3]", (3, 14, "wrong-type")),
        ("3", (3, 13, "wrong-type")),
    ],
)
def test_a_fault_of_a_price_is_told_where_it_stands(tmp_path: Path, prices: str, told: tuple[int, int, str]) -> None:
    with pytest.raises(CatalogError) as caught:
        priced(tmp_path, prices)
    (finding,) = caught.value.findings
    assert finding.path.endswith("models/lantern.yaml")
    assert str(tmp_path) in finding.path
    assert (finding.line, finding.column, finding.rule) == told


# Manifests ------------------------------------------------------------------------------------------------------------


def test_a_manifest_says_what_a_catalog_extends(tmp_path: Path) -> None:
    folder = layer(tmp_path, **{"catalog.yaml": "name: Acme\nextends: builtin\n", FLUX: PRIVATE})
    catalog = Catalog.load(folder)
    assert catalog.model("house-style").id == "flux.1-dev"
    assert content_hash(catalog.documents) == content_hash(Catalog.load(extends=[folder]).documents)
    assert (catalog.documents.name, Catalog.load().documents.name) == ("Acme", None)
    assert validate(folder) == validate()


def test_layers_may_stand_on_layers(tmp_path: Path) -> None:
    """A diamond: two catalogs extend one, a third extends both; the one at the bottom is read once."""
    shared = layer(
        tmp_path / "shared", **{"catalog.yaml": f"extends: {BASE}\n", "models/lantern.yaml": "summary: One.\n"}
    )
    layer(tmp_path / "left", **{"catalog.yaml": "extends: ../shared\n", "models/lantern.yaml": "summary: Left.\n"})
    layer(tmp_path / "right", **{"catalog.yaml": "extends: [../shared]\n", "models/lantern.yaml": "aliases: [right]\n"})
    top = layer(tmp_path / "top", **{"catalog.yaml": "extends: [../left, ../right]\n"})
    model = Catalog.load(top).model("lantern")
    assert (model.summary, model.aliases) == ("Left.", ("lamp", "right"))
    assert [len(one.manifests) for one in read_layers(top)] == [0, 1, 1, 1, 1]
    assert read_catalog(top, [shared]).models["lantern"].data["summary"] == "Left."


def test_a_manifest_may_extend_a_published_file(tmp_path: Path) -> None:
    (tmp_path / "base.json").write_bytes(publish(read_documents(BASE)))
    folder = layer(
        tmp_path / "mine", **{"catalog.yaml": "extends: ../base.json\n", "models/lantern.yaml": "aliases: [mine]\n"}
    )
    assert Catalog.load(folder).model("mine").id == "lantern"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "models/flux1-dev.yaml",
            "aliases: [ours]\n",
            "flux1-dev.yaml:1:1: unknown-model: there is no model 'flux1-dev' below for this file to amend (did you "
            "mean 'flux.1-dev'?); a new one has a name",
        ),
        (
            "models/zzz.yaml",
            "status: disabled\n",
            "there is no model 'zzz' below for this file to amend; a new one has a name",
        ),
        (
            FLUX,
            "endpoints:\n  - {provider: fal, status: disabled}\n  - {provider: fal, name: flux.1-edit, prices: []}\n",
            "flux.1-dev.yaml:3:5: unknown-endpoint: there is no endpoint fal/flux.1-edit below to amend (did you mean "
            "'fal/flux.1-dev-edit'?); a new one has an 'id'",
        ),
    ],
)
def test_a_layer_that_amends_what_there_is_not_is_told_that_alone(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    mine = layer(tmp_path / "mine", **{"catalog.yaml": "extends: builtin\n", name: text})
    with pytest.raises(CatalogError) as caught:
        Catalog.load(mine)
    (finding,) = caught.value.findings
    assert told in str(finding)
    assert validate(mine) == [finding]


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ("extends: ../nowhere\n", "catalog.yaml:1:10: no-catalog: there is no catalog at '../nowhere', seen from"),
        ("name: x\nextends: [builtin, .]\n", "catalog.yaml:2:20: extends-itself: '.' extends this catalog in turn"),
        ("extends: ../other\n", "other/catalog.yaml:1:10: extends-itself: '../mine' extends this catalog in turn"),
        ("extends: [builtin, 3]\n", "catalog.yaml:1:20: wrong-type: 'extends' names catalogs: 'builtin' or a path"),
        ("extends: {a: b}\n", "catalog.yaml:1:10: wrong-type: 'extends' names catalogs: 'builtin' or a path"),
        ("extends: builtin\nname: 3\n", "catalog.yaml:2:7: wrong-type: 'name' must be text, not 3"),
    ],
)
def test_a_manifest_that_cannot_be_followed(tmp_path: Path, manifest: str, told: str) -> None:
    mine = layer(tmp_path / "mine", **{"catalog.yaml": manifest})
    layer(tmp_path / "other", **{"catalog.yaml": "extends: ../mine\n"})
    with pytest.raises(CatalogError) as caught:
        Catalog.load(mine)
    assert any(told in str(finding) for finding in caught.value.findings), str(caught.value)


def test_the_version_is_the_one_stated_else_the_later(tmp_path: Path) -> None:
    dated = calver([{"checked": {"date": "2026-01-02"}}])
    plain = layer(tmp_path / "plain", **{"catalog.yaml": f"extends: {BASE}\n"})
    assert Catalog.load(plain).version == Catalog.load(BASE).version == dated
    stated = layer(tmp_path / "stated", **{"catalog.yaml": f"extends: {BASE}\nversion: 2025.12.31.2\n"})
    assert Catalog.load(stated).version == "2025.12.31.2"
    later = layer(tmp_path / "later", **{"catalog.yaml": "extends: ../stated\n"})
    assert Catalog.load(later).version == "2025.12.31.2"
    bare = layer(tmp_path / "bare", **{"models/lantern.yaml": "summary: x\n"})
    assert read_documents(bare).version == "unversioned"
    assert read_catalog(BASE, [bare]).version == dated


# Models that are switched off -----------------------------------------------------------------------------------------


def test_a_model_can_be_switched_off(tmp_path: Path) -> None:
    folder = layer(
        tmp_path, **{"catalog.yaml": "extends: builtin\n", FLUX: "status: disabled\nsuccessor: flux.2-flex\n"}
    )
    catalog = Catalog.load(folder)
    asked = {"model": "flux-dev", "prompt": "a lighthouse"}
    message = "The model 'flux.1-dev' is disabled by the catalog in use here. Its successor is 'flux.2-flex'."
    for ask in (catalog.route, lambda body: catalog.compile(body, "fal/flux.1-dev")):
        with pytest.raises(RequestError) as caught:
            ask(asked)
        assert (caught.value.code, str(caught.value)) == ("MODEL_DISABLED", message)
