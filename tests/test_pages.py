"""The site: pure pages, the engine's own numbers on them, hostile catalogs, and a strict build that settles."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import yaml

from pentaprism import Catalog, Mode, Size, __version__
from pentaprism.catalog.proofs import ProofRecord, proof_digest
from pentaprism.errors import MissingDependency
from pentaprism.pages import SiteBuildError, build, build_site, escape, machine, places, render
from pentaprism.pages.bench import Bench
from pentaprism.pages.lints import lint_pages
from pentaprism.pages.offers import headline
from pentaprism.pages.published import publish_files
from pentaprism.pages.received import example_wishes, plain_body
from pentaprism.pages.size_table import size_groups

DAY = date(2026, 11, 21)
ROOT = Path(__file__).resolve().parent.parent
PAGE = "models/flux.1-dev.md"

# The eleven 1K rows of the model's page at the product this is modelled on, in its order.
SEED_ROWS = [
    ("1183x887", "4:3"),
    ("916x1145", "4:5"),
    ("1145x916", "5:4"),
    ("1024x1024", "1:1"),
    ("887x1182", "3:4"),
    ("836x1254", "2:3"),
    ("1254x836", "3:2"),
    ("768x1365", "9:16"),
    ("1365x768", "16:9"),
    ("670x1564", "9:21"),
    ("1563x670", "21:9"),
]

HOSTILE = "<b>&|pipe| {{ 7*7 }} <script> *y* [z](javascript:)"
# Inside such an element a browser would act on text; a catalog may never make one.
FORBIDDEN = {"b", "em", "iframe", "object", "embed", "style"}


class Page(HTMLParser):
    """A built page: its elements, its ids, its links and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.text += data

    def attributes(self, name: str) -> Iterator[str]:
        for _, attributes in self.tags:
            if attributes.get(name) is not None:
                yield str(attributes[name])


@pytest.fixture(scope="module")
def pages(catalog: Catalog) -> dict[str, bytes]:
    return render(catalog, date=DAY)


@pytest.fixture(scope="module")
def page(pages: Mapping[str, bytes]) -> str:
    return pages[PAGE].decode()


@pytest.fixture(scope="module")
def site(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site of this checkout, built once."""
    out = tmp_path_factory.mktemp("site") / "public"
    build_site(catalog, out, base_url="https://pentaprism.example/docs", date=DAY)
    return out


def private(folder: Path, models: Mapping[str, Mapping[str, Any]], **others: Any) -> Catalog:
    """The shipped catalog with another one over it. `others`: providers, contracts, parameters by their names."""
    for model_id, data in models.items():
        path = folder / "models" / "private" / f"{model_id}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    for name, data in others.get("providers", {}).items():
        path = folder / "providers" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
    for name, data in others.get("contracts", {}).items():
        path = folder / "contracts" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data), encoding="utf-8")
    if "parameters" in others:
        (folder / "parameters.yaml").write_text(yaml.safe_dump(others["parameters"]), encoding="utf-8")
    return Catalog.load(extends=[folder])


def model_of(**changes: Any) -> dict[str, Any]:
    """A small model at fal's real endpoint."""
    return {
        "name": "Small",
        "family": "small",
        "creator": "somebody",
        "summary": "A model.",
        "endpoints": [
            {
                "provider": "fal",
                "id": "fal-ai/flux/dev",
                "modes": {"text-to-image": {}},
                "checked": {"date": "2026-01-01", "source": "here", "method": "page"},
                "prices": [{"from": "2026-01-01", "usd": "0.5", "per": "image", "source": "here"}],
                "sizes": {"default": "1024x768", "forms": [{"form": "free", "to": {"object": "image_size"}}]},
            }
        ],
    } | changes


# Purity.


def test_render_is_pure_and_deterministic(catalog: Catalog, pages: Mapping[str, bytes]) -> None:
    again = render(Catalog.load(), date=DAY)
    assert again == pages
    assert list(again) == sorted(again)
    per_model = {path for name in catalog.models for path in (f"api/v1/models/{name}.json", f"models/{name}.md")}
    published = {f"api/{path}" for path in publish_files(catalog)}
    assert set(pages) == {"llms.txt", "models/index.md"} | per_model | published | set(lint_pages())


def test_without_a_date_today_counts(catalog: Catalog, pages: Mapping[str, bytes]) -> None:
    assert set(render(catalog)) == set(pages)


def test_the_day_decides_the_price(catalog: Catalog) -> None:
    before = render(catalog, date=date(2026, 1, 1))[PAGE].decode()
    assert '<dd class="pp-price">unknown</dd>' in before
    assert "not in force" in before


# The numbers.


def test_the_1k_rows_are_the_seeds(page: str) -> None:
    table = page.split('data-tier="1K"')[1].split("</table>")[0]
    rows = re.findall(r'<tbody data-size="([^"]+)" data-ratio="([^"]+)">', table)
    assert rows == SEED_ROWS
    for size, ratio in SEED_ROWS:
        width, height = size.split("x")
        assert f'{width}&nbsp;×&nbsp;{height}<br><code>"{size}"</code>' in table
        assert f'<code>"{ratio}"</code> + <code>"1K"</code>' in table


def test_each_size_line_is_what_the_engine_compiles(catalog: Catalog) -> None:
    group = size_groups(Bench(catalog, catalog.model("flux.1-dev"), DAY), Mode.TEXT_TO_IMAGE)[0]
    for row in group.rows:
        bodies = {
            "pixels": {"size": str(row.nominal)},
            "shape": {"aspect_ratio": row.ratio, "resolution": "1K"},
            "either": {"aspect_ratio": row.ratio, "resolution": "1K"},
        }
        for cell in row.cells:
            assert {line.asked for line in cell.lines} in ({"either"}, {"pixels", "shape"})
            for line in cell.lines:
                body = {"model": "flux.1-dev", "prompt": "x", **bodies[line.asked]}
                compiled = catalog.compile(body, cell.key, date=DAY)
                assert (line.returns, line.cost) == (compiled.expected.size, compiled.cost)
                sent = json.loads("{" + re.sub(r"(^|, )(\w+): ", r'\1"\2": ', line.sent) + "}")
                wire = compiled.calls[0].json
                assert sent.items() <= wire.get("input", wire).items()


def test_a_shape_stays_within_its_megapixel_and_pixels_do_not(catalog: Catalog) -> None:
    group = size_groups(Bench(catalog, catalog.model("flux.1-dev"), DAY), Mode.TEXT_TO_IMAGE)[0]
    lines = {line.asked: line for line in group.rows[0].cells[0].lines}
    assert (lines["pixels"].returns, lines["pixels"].cost.text) == (Size(1183, 887), "$0.05")
    assert (lines["shape"].returns, lines["shape"].cost.text) == (Size(1182, 887), "$0.025")


def test_the_headline_is_the_price_of_a_real_request(catalog: Catalog, page: str) -> None:
    route = catalog.route({"model": "flux.1-dev", "prompt": "x", "size": "1024x1024"}, date=DAY)
    assert f'<dd class="pp-price">{route.candidates[0].cost.text}</dd>' in page
    price = headline(Bench(catalog, catalog.model("flux.1-dev"), DAY))
    assert price is not None
    assert [provider.id for provider in price.providers] == ["fal", "replicate"]


def test_totals_are_compiled(catalog: Catalog, page: str) -> None:
    table = page.split("pp-totals")[1]
    for size, n in (("1920x1080", 4), ("512x512", 1), ("3840x2160", 4)):
        row = table.split(f'"{size}"')[1].split("</tbody>")[0]
        for key in ("fal/flux.1-dev", "replicate/flux.1-dev"):
            body = {"model": "flux.1-dev", "prompt": "x", "size": size, "n": n}
            compiled = catalog.compile(body, key, date=DAY)
            assert f">{compiled.cost.text}</td>" in row


def test_providers_are_not_endpoints(page: str) -> None:
    assert "2 providers, 3 endpoints" in page
    assert "3 providers" not in page


@pytest.mark.parametrize("mode", list(Mode))
def test_the_bodies_on_the_page_are_those_the_engine_sends(catalog: Catalog, page: str, mode: Mode) -> None:
    model = catalog.model("flux.1-dev")
    bench = Bench(catalog, model, DAY)
    heading = {Mode.TEXT_TO_IMAGE: "### Text to image, by provider", Mode.IMAGE_EDIT: "### Image edit, by provider"}
    section = page.split(heading[mode])[1].split("\n##")[0]
    shown = [json.loads(code) for code in re.findall(r"(?ms)^ *```json\n(.*?)^ *```$", section)]
    body = bench.body(mode, example_wishes(bench, mode))
    assert plain_body(body) in shown
    keys = [endpoint.key for endpoint in bench.endpoints(mode)]
    assert len({key.split("/")[0] for key in keys}) == 2
    for key in keys:
        compiled = catalog.compile(body, key, date=DAY)
        assert plain_body(compiled.calls[0].json) in shown
        tab = section.split(f'=== "{key}"')[1]
        assert compiled.calls[0].url in tab
        for adjustment in compiled.adjustments:
            cell = f"| <code>{adjustment.parameter}</code> |"
            line = next(line for line in tab.splitlines() if cell in line)
            assert f">{adjustment.behaviour}<" in line
            assert f">{adjustment.outcome}<" in line
        assert f"**Costs:** {escape.in_markdown(compiled.cost.text)}" in tab


def test_several_calls_are_all_shown(tmp_path: Path) -> None:
    endpoint = model_of()["endpoints"][0] | {"rules": {"n": {"emulate": "fan_out"}}}
    catalog = private(tmp_path, {"small": model_of(endpoints=[endpoint])})
    text = render(catalog, date=DAY)["models/small.md"].decode()
    assert "Call 1 of 2:" in text
    assert "Call 2 of 2:" in text
    assert '"seed": 43' in text


def test_every_parameter_says_where_it_works(page: str) -> None:
    matrix = page.split("pp-matrix")[1].split("</table>")[0]
    row = matrix.split("<code>cfg_scale</code>")[1].split("</tr>")[0]
    assert re.findall(r'pp-word pp-\S+">([^<]+)<', row) == ["renamed"] * 4
    assert re.findall(r"<code>(\w+)</code>", row) == ["guidance_scale", "guidance_scale", "guidance", "guidance"]
    image = matrix.split('<th scope="row"><code>image</code>')[1].split("</tr>")[0]
    assert re.findall(r'pp-word pp-\S+">([^<]+)<', image) == ["not here", "converted", "not here", "converted"]
    assert "negative_prompt" not in page


def test_ranges_and_chips_come_from_the_contracts(page: str) -> None:
    reference = page.split("## Parameters {")[1].split("\n## ")[0]
    assert "<strong>fal:</strong> 1 to 20; default 3.5" in reference
    assert "<strong>Replicate:</strong> 0 to 10; default 3" in reference
    assert "<strong>fal Edit:</strong> 10 to 50; default 40" in reference
    for name, who in (("go_fast", "Replicate"), ("acceleration", "fal"), ("megapixels", "Replicate")):
        assert f'<code>{name}</code> <span class="pp-only" title="only at {who}">{who}</span>' in reference
    titles = [unescape(title) for title in re.findall(r"(?m)^### (.+) \{", reference)]
    assert titles == ["Core", "Size & layout", "Media inputs", "Output & format", "Additional"]


def test_provenance_and_dissent_are_on_the_page(catalog: Catalog, page: str) -> None:
    sources = page.split("pp-sources")[1]
    for endpoint in catalog.model("flux.1-dev").endpoints:
        assert str(escape.inert(endpoint.checked.source)) in sources
        for price in endpoint.prices:
            assert str(escape.inert(price.source)) in sources
            assert price.dissent is None or str(escape.as_prose(price.dissent)) in sources


# Other models.


def test_a_retired_model_says_so_and_promises_nothing(tmp_path: Path) -> None:
    catalog = private(tmp_path, {"small": model_of(status="retired", successor="flux.1-dev")})
    text = render(catalog, date=DAY)["models/small.md"].decode()
    assert "pp-status-retired" in text
    assert '<dd class="pp-price">unknown</dd>' in text
    assert "is retired" in text


def test_a_model_without_sizes_has_no_size_table(tmp_path: Path) -> None:
    endpoint = model_of()["endpoints"][0] | {"sizes": {"forms": []}}
    catalog = private(tmp_path, {"small": model_of(endpoints=[endpoint])})
    text = render(catalog, date=DAY)["models/small.md"].decode()
    assert "data-tier" not in text
    assert "No endpoint of this model takes a size" in text


def test_free_pixels_alone_get_the_common_shapes(tmp_path: Path) -> None:
    catalog = private(tmp_path, {"small": model_of()})
    groups = size_groups(Bench(catalog, catalog.model("small"), DAY), Mode.TEXT_TO_IMAGE)
    assert [(str(row.nominal), row.ratio) for row in groups[0].rows] == SEED_ROWS
    assert [group.tier for group in groups] == ["1K"]


def test_bounds_and_auto_are_told(tmp_path: Path) -> None:
    forms = [
        {"form": "free", "to": {"object": "image_size"}, "side": [256, 2048], "step": 16, "pixels": [65536, 2097152]}
        | {"ratio": ["1:3", "3:1"]},
        {"form": "auto", "set": {"image_size": "square_hd"}},
    ]
    endpoint = model_of()["endpoints"][0] | {"sizes": {"default": "1024x768", "forms": forms}}
    text = render(private(tmp_path, {"small": model_of(endpoints=[endpoint])}), date=DAY)["models/small.md"].decode()
    assert "256–2048 px per side, 65,536–2,097,152 pixels in all, shapes from 0.333 to 3, multiples of 16" in text
    assert '<th scope="row">Auto</th><td><code>&#34;auto&#34;</code></td>' in text
    assert "2048 pixels a side" in text


def test_shapes_by_the_providers_own_names_become_ratios(tmp_path: Path) -> None:
    grid = {"form": "grid", "to": {"ratio": "shape"}, "spell": "{w}x{h}", "ratios": {"1:3": None, "16:9": "1280x720"}}
    endpoint = model_of()["endpoints"][0] | {"provider": "fal", "id": "shapes", "sizes": {"forms": [grid]}}
    contract = {
        "x-provenance": {"source": "here", "date": "2026-01-01", "method": "page"},
        "type": "object",
        "additionalProperties": False,
        "required": ["prompt", "tint"],
        "properties": {
            "prompt": {"type": "string"},
            "shape": {"type": "string", "enum": ["1x3", "16x9"]},
            "tint": {"type": "string"},
        },
    }
    catalog = private(tmp_path, {"small": model_of(endpoints=[endpoint])}, contracts={"fal/shapes": contract})
    bench = Bench(catalog, catalog.model("small"), DAY)
    rows = size_groups(bench, Mode.TEXT_TO_IMAGE)[0].rows
    assert sorted(row.ratio for row in rows) == ["16:9", "1:3"]
    # The contract needs a field that nothing writes: the page shows the refusal in place of numbers.
    assert all("tint" in line.refused for row in rows for cell in row.cells for line in cell.lines)
    text = render(catalog, date=DAY)["models/small.md"].decode()
    assert "This endpoint refuses the request: the provider needs tint" in text
    assert '<td colspan="3">refused: the provider needs tint' in text
    assert headline(bench) is None


def test_prices_are_read_as_they_are_meant(tmp_path: Path) -> None:
    prices = [
        {"from": "2026-01-01", "usd": "0.04", "per": "megapixel", "round": "up", "first": "1", "source": "here"},
        {"from": "2026-01-01", "usd": "0.02", "per": "token", "of": "image_out", "unit": 1000000, "source": "here"},
        {"from": "2026-01-01", "usd": "0.1", "per": "image", "when": {"acceleration": ["high", "none"]}, "source": "x"},
        {"from": "2030-01-01", "usd": "0.2", "per": "second", "min": "2", "each": False, "source": "here"},
    ]
    catalog = private(tmp_path, {"small": model_of(endpoints=[model_of()["endpoints"][0] | {"prices": prices}])})
    text = render(catalog, date=DAY)["models/small.md"].decode()
    assert "$0.04 per megapixel, rounded up for each picture, for the first 1" in text
    assert "$0.02 per 1,000,000 image_out tokens" in text
    assert "$0.1 per image, where acceleration is high or none" in text
    assert "$0.2 per second of computing, at least 2 billed" in text
    assert "not in force" in text


def test_no_price_is_unknown(tmp_path: Path) -> None:
    catalog = private(tmp_path, {"small": model_of(endpoints=[model_of()["endpoints"][0] | {"prices": []}])})
    pages = render(catalog, date=DAY)
    assert '<dd class="pp-price">unknown</dd>' in pages["models/small.md"].decode()
    assert json.loads(pages["api/v1/models/small.json"])["price_1024x1024"]["usd_high"] is None


def test_page_names_stay_inside_the_folder(tmp_path: Path) -> None:
    assert machine.page_name("flux.1-dev") == "flux.1-dev"
    for strange in ("../../etc/passwd", "index", "Index", ".hidden", "a b", "a/b", "", HOSTILE):
        name = machine.page_name(strange)
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name), name
        assert name.lower() != "index"
    assert machine.page_name("a b") != machine.page_name("a/b")


# Machines.


def test_the_data_says_what_the_page_says(catalog: Catalog, pages: Mapping[str, bytes]) -> None:
    listed = json.loads(pages["api/v1/models.json"])["models"]
    assert [entry["id"] for entry in listed] == sorted(
        catalog.models, key=lambda one: catalog.models[one].name.casefold()
    )
    assert listed[0]["id"] == "flux.1-dev"
    assert listed[0]["price_1024x1024"]["usd_high"] == "0.025"
    data = json.loads(pages["api/v1/models/flux.1-dev.json"])
    assert data.items() >= {key: listed[0][key] for key in ("id", "modes", "page", "price_1024x1024")}.items()
    assert [(row["size"], row["aspect_ratio"]) for row in data["sizes"][0]["rows"]] == SEED_ROWS
    assert [endpoint["key"] for endpoint in data["endpoints"]] == [
        "fal/flux.1-dev",
        "fal/flux.1-dev-edit",
        "replicate/flux.1-dev",
    ]
    assert {row["name"] for row in data["parameters"]["additional"]} >= {"cfg_scale", "strength", "go_fast"}


def test_llms_txt_names_every_model(pages: Mapping[str, bytes]) -> None:
    text = pages["llms.txt"].decode()
    assert text.startswith("# Pentaprism\n\n> ")
    assert "[FLUX.1 \\[dev\\]](models/flux.1-dev/): `flux.1-dev`" in text


# Hostile catalogs.


def hostile_catalog(folder: Path) -> Catalog:
    """A model, provider, parameter and contract whose every text is hostile; its id too."""
    proof = {"source": HOSTILE, "date": "2026-01-01", "method": "page", "dissent": HOSTILE}
    endpoint = {
        "provider": "evil",
        "id": HOSTILE,
        "status": "unverified",
        "modes": {"text-to-image": {}},
        "checked": proof,
        "prices": [
            {"from": "2026-01-01", "usd": "1", "per": "image", "source": HOSTILE, "dissent": HOSTILE}
            | {"when": {HOSTILE: HOSTILE}},
            {"from": "2026-01-01", "usd": "1", "per": "image", "source": HOSTILE},
        ],
        "sizes": {"default": "1024x1024", "forms": [{"form": "list", "to": "shade", "values": {HOSTILE: "1024x1024"}}]},
    }
    model = {
        "name": HOSTILE,
        "family": HOSTILE,
        "creator": HOSTILE,
        "aliases": [HOSTILE + " alias"],
        "summary": HOSTILE,
        "overview": HOSTILE,
        "strengths": [HOSTILE],
        "limitations": [HOSTILE],
        "technical_background": HOSTILE,
        "best_for": f'{HOSTILE}\n\n```\n# heading\n</div>\n\n=== "tab"',
        "tags": [HOSTILE],
        "license": HOSTILE,
        "released": HOSTILE,
        "successor": HOSTILE,
        "dissents": [HOSTILE],
        "endpoints": [endpoint],
    }
    provider = {
        "name": HOSTILE,
        "homepage": "javascript:alert(1)//" + HOSTILE,
        "protocol": "fal",
        "auth": {"header": "Authorization", "env": "EVIL"},
        "submit": {"url": "https://evil.example/{endpoint}?" + HOSTILE, "envelope": HOSTILE},
        "hosts": ["evil.example"],
        "rules": {"cfg_scale": {"rename": HOSTILE + " cfg"}},
    }
    contract = {
        "x-provenance": proof,
        "type": "object",
        "additionalProperties": False,
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string"},
            "shade": {"type": "string", "enum": [HOSTILE], "description": HOSTILE},
            HOSTILE: {"type": "string", "enum": [HOSTILE], "default": HOSTILE, "description": HOSTILE},
            HOSTILE + " cfg": {"type": "number", "default": 1},
            HOSTILE + " own": {"type": "string", "enum": [HOSTILE], "default": HOSTILE, "description": HOSTILE},
        },
    }
    seed = {"group": "core", "type": "integer", "summary": HOSTILE, "synonyms": [HOSTILE + " seed"], "example": 1}
    return private(
        folder,
        {HOSTILE: model},
        providers={"evil": provider},
        contracts={f"evil/{HOSTILE}": contract},
        parameters={"seed": seed},
    )


def hostile_proofs(catalog: Catalog) -> dict[str, ProofRecord]:
    """A result that holds, and whose every text is hostile."""
    endpoint = catalog.models[HOSTILE].endpoints[0]
    record = ProofRecord(
        engine=__version__,
        digest=proof_digest(endpoint, catalog.providers["evil"], catalog.parameters),
        contract_date=HOSTILE,
        contract_source=HOSTILE,
        cases=1,
        bodies=1,
        violations=0,
        refusals=0,
        gaps=0,
        insensitive=0,
        unproved=(HOSTILE,),
        unreached=(HOSTILE,),
    )
    return {endpoint.key: record}


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    catalog = hostile_catalog(tmp_path / "catalog")
    out = tmp_path / "public"
    build_site(catalog, out, proofs=hostile_proofs(catalog), date=DAY)
    name = machine.page_name(HOSTILE)
    theirs = len(Page((out / "sizes" / "index.html").read_text(encoding="utf-8")).scripts)
    for path in (f"models/{name}/index.html", "models/index.html"):
        text = (out / path).read_text(encoding="utf-8")
        built = Page(text)
        assert HOSTILE in built.text
        assert "{{ 49 }}" not in text
        assert not FORBIDDEN & {tag for tag, _ in built.tags}, path
        assert not [href for href in built.attributes("href") if href.lower().startswith("javascript")]
        assert not [name for _, attributes in built.tags for name in attributes if name.startswith("on")]
        assert len(built.scripts) == theirs
    model_page = Page((out / "models" / name / "index.html").read_text(encoding="utf-8"))
    # The heading, the header's title, and each prose text: all of it as typed.
    assert model_page.text.count(HOSTILE) > 40
    assert '# heading </div> === "tab"' in model_page.text
    assert "heading" not in set(model_page.attributes("id"))
    assert f"<title>{HOSTILE}" not in (out / "models" / name / "index.html").read_text(encoding="utf-8")


def test_hostile_text_stays_text_in_the_search_index(tmp_path: Path) -> None:
    out = tmp_path / "public"
    build_site(hostile_catalog(tmp_path / "catalog"), out, date=DAY)
    index = json.loads((out / "search" / "search_index.json").read_text(encoding="utf-8"))
    entries = [entry for entry in index["docs"] if entry["location"].startswith("models/b-pipe")]
    assert entries
    # The search shows both as markup, so they hold it escaped.
    for entry in entries:
        assert "<script" not in entry["title"] + entry["text"]
        assert "<b>" not in entry["title"] + entry["text"]


@pytest.mark.parametrize(
    ("write", "text", "shown"),
    [
        (escape.inert, "a\n\n~~~ b", "a &#126;&#126;&#126; b"),
        (escape.inert, "{% x %}{{ y }}{z}", "&#123;% x %}&#123;{ y }}{z}"),
        (escape.in_markdown, "# a_b _c_", "&#35; a_b &#95;c&#95;"),
        (escape.in_markdown, "1. x", "&#49;&#46; x"),
        (escape.in_markdown, "- x", "&#45; x"),
        (escape.as_prose, "**a** `b<` ***c*** **", "<strong>a</strong> <code>b&lt;</code> *<strong>c</strong>* **"),
        (escape.front_matter, 'a: "b"\n---', '"a: &quot;b&quot; ---"'),
    ],
)
def test_escaping(write: Any, text: str, shown: str) -> None:
    assert str(write(text)) == shown


def test_a_template_may_not_print_nothing() -> None:
    with pytest.raises(ValueError, match="not there"):
        escape.inert(None)


def test_code_cannot_end_its_block() -> None:
    text = str(escape.fence("a\r```\n````\nb\u2028c", "text"))
    assert text.splitlines() == ["`````text", "a ```", "````", "b c", "`````"]


def test_only_web_links_are_links() -> None:
    assert str(escape.link("https://fal.ai", "<fal>")) == '<a href="https://fal.ai" rel="noopener">&lt;fal&gt;</a>'
    for url in ("javascript:x", "data:text/html,x", "//evil.example", "https://[", "", HOSTILE):
        assert str(escape.link(url, "fal")) == "fal"


# The build.


def built_pages(site: Path) -> Iterator[tuple[Path, Page]]:
    for path in sorted(site.rglob("*.html")):
        yield path, Page(path.read_text(encoding="utf-8"))


def test_every_internal_link_and_anchor_resolves(site: Path) -> None:
    ids = {path: set(page.attributes("id")) for path, page in built_pages(site)}
    checked = 0
    for path, page in built_pages(site):
        if path.name == "404.html":
            continue
        base = f"http://site/{path.relative_to(site).as_posix()}"
        for href in (*page.attributes("href"), *page.attributes("src")):
            url, fragment = urldefrag(urljoin(base, href))
            parts = urlsplit(url)
            if parts.netloc != "site":
                continue
            target = site / unquote(parts.path).lstrip("/")
            if target.is_dir():
                target /= "index.html"
            assert target.is_file(), f"{path.relative_to(site)} links to {href}"
            if fragment:
                assert unquote(fragment) in ids[target], f"{path.relative_to(site)} links to {href}"
            checked += 1
    assert checked > 100


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for path, page in built_pages(site):
        for tag, attributes in page.tags:
            source = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            if source and attributes.get("rel") != "canonical":
                assert not urlsplit(source).netloc, f"{path.name}: {tag} loads {source}"
    for style in (site / "assets").glob("*.css"):
        assert "url(" not in style.read_text(encoding="utf-8")
        assert "@import" not in style.read_text(encoding="utf-8")


def test_the_base_url_is_used(site: Path) -> None:
    text = (site / "models" / "flux.1-dev" / "index.html").read_text(encoding="utf-8")
    assert '<link rel="canonical" href="https://pentaprism.example/docs/models/flux.1-dev/">' in text
    assert "https://pentaprism.example/docs/models/flux.1-dev/" in (site / "sitemap.xml").read_text(encoding="utf-8")


def test_models_are_not_in_the_navigation_tree(site: Path) -> None:
    text = (site / "sizes" / "index.html").read_text(encoding="utf-8")
    assert "models/flux.1-dev" not in text


def test_a_second_build_changes_nothing_and_a_stale_page_goes(catalog: Catalog, tmp_path: Path) -> None:
    out = tmp_path / "public"
    more = private(tmp_path / "catalog", {"small": model_of()})
    lines: list[str] = []
    first = build_site(more, out, report=lines.append, date=DAY)
    assert out / "models" / "small" / "index.html" in first
    assert lines
    stamps = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*.md"))}
    assert build_site(more, out, date=DAY) == []
    assert {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*.md"))} == stamps

    (out / "robots.txt").write_text("ours", encoding="utf-8")
    changed = build_site(catalog, out, date=DAY)
    assert out / "models" / "index.html" in changed
    assert not (out / "models" / "small").exists()
    assert not (tmp_path / "public-work" / "docs" / "models" / "small.md").exists()
    assert not (out / "api" / "v1" / "models" / "small.json").exists()
    assert (out / "robots.txt").read_text(encoding="utf-8") == "ours"


def test_a_folder_of_others_is_left_alone(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(SiteBuildError, match="not empty"):
        build_site(catalog, tmp_path)
    with pytest.raises(SiteBuildError, match="is a file"):
        build_site(catalog, tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def sources(folder: Path, **docs: str) -> Path:
    """A site folder of its own with these hand-written pages and the real templates."""
    for name, text in docs.items():
        path = folder / "docs" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "assets").mkdir()
    return folder


def test_what_mkdocs_refuses_is_told(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = sources(tmp_path / "source", index="# Home\n\n[nowhere](nowhere.md)\n")
    monkeypatch.setattr(build, "site_folder", lambda: broken)
    with pytest.raises(SiteBuildError, match=r"nowhere\.md"):
        build_site(catalog, tmp_path / "public", date=DAY)
    assert not (tmp_path / "public").exists()


def test_a_page_is_written_by_hand_or_generated(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clash = sources(tmp_path / "source", **{"models/index": "# Mine\n"})
    monkeypatch.setattr(build, "site_folder", lambda: clash)
    with pytest.raises(SiteBuildError, match=r"models/index\.md is both"):
        build.site_files(catalog, date=DAY)


def test_without_the_extra_the_message_says_what_to_install(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r'pip install "pentaprism\[site\]"'):
        build_site(catalog, tmp_path / "public")


@pytest.mark.parametrize("missing", ["jinja2", "markupsafe"])
def test_rendering_without_the_extra_says_so_too(missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from pentaprism import Catalog, MissingDependency\n"
        "from pentaprism.pages import render\n"
        "try:\n    render(Catalog.load())\n"
        "except MissingDependency as error:\n    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == 'Rendering the pages needs an extra that is not installed: pip install "pentaprism[site]"\n'


def test_a_wheel_finds_its_own_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "pentaprism"
    monkeypatch.setattr(places, "_PACKAGE", package)
    assert places.site_folder() == tmp_path.parent / "site"
    assert places.mkdocs_file() == tmp_path.parent / "mkdocs.yml"
    (package / "data" / "site").mkdir(parents=True)
    (package / "data" / "mkdocs.yml").write_text("", encoding="utf-8")
    assert places.site_folder() == package / "data" / "site"
    assert places.mkdocs_file() == package / "data" / "mkdocs.yml"


# The hand-written pages.


def test_architecture_has_a_reason_for_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    names = {re.split(r"[\[<>=!~; ]", entry)[0] for group in groups for entry in group if isinstance(entry, str)} - {
        "pentaprism"
    }
    text = (ROOT / "site" / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## Why each dependency is there")[1]
    listed = {name for row in re.findall(r"(?m)^\| [^|]+ \| ([^|]+) \|", table) for name in row.strip().split(", ")}
    assert listed - {"package", "---"} == names


def test_the_home_page_shows_what_is_really_sent(catalog: Catalog) -> None:
    text = (ROOT / "site" / "docs" / "index.md").read_text(encoding="utf-8")
    request, *bodies = [json.loads(code) for code in re.findall(r"(?s)<pre><code>(\{.*?)</code></pre>", text)]
    route = catalog.route(request, date=DAY)
    assert [candidate.calls[0].json for candidate in route.candidates] == bodies
    for candidate in route.candidates:
        size = candidate.expected.size
        assert size is not None
        assert f"{size.width} × {size.height}" in text
        assert candidate.cost.text in text


@pytest.mark.parametrize("name", ["quickstart", "sizes", "routing", "architecture"])
def test_python_on_the_pages_runs_as_far_as_it_needs_no_server(name: str, catalog: Catalog) -> None:
    text = (ROOT / "site" / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for code in re.findall(r"(?ms)^```python\n(.*?)^```$", text):
        compiled = compile(code, f"{name}.md", "exec")
        if "catalog.route" in code:
            exec(compiled, {"print": lambda *_: None})


def test_sizes_named_on_the_sizes_page_are_true(catalog: Catalog) -> None:
    text = (ROOT / "site" / "docs" / "sizes.md").read_text(encoding="utf-8")
    for body, key, size in (
        ({"aspect_ratio": "4:3", "resolution": "1K"}, "fal/flux.1-dev", Size(1182, 887)),
        ({"size": "1183x887"}, "fal/flux.1-dev", Size(1183, 887)),
        ({"aspect_ratio": "3:4", "resolution": "1K"}, "fal/flux.1-dev", Size(887, 1182)),
    ):
        compiled = catalog.compile({"model": "flux.1-dev", "prompt": "x", **body}, key, date=DAY)
        assert compiled.expected.size == size
        assert f"{size.width} × {size.height}" in text
