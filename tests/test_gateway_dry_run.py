"""`?dryRun=true` over a real socket: the reference's shape with our interval and its reason, and nothing sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from gateways import Rig, gateway_rig
from pentaprism import Catalog
from pentaprism.client import ProviderSettings
from pentaprism.gateway import GatewaySettings, create_app, serve_in_thread
from pictures import picture

GENERATIONS, EDITS = "/openai/v1/images/generations", "/openai/v1/images/edits"
# What each line of the estimate is, and in which type of JSON.
COMPONENT = {
    "type": str,
    "metric": str,
    "quantity": (int, float),
    "billable_quantity": (int, float),
    "unit_price": float,
    "total_cost": int,
}
# An endpoint billed by the second, as a private layer may bring one: nobody knows its price before the call.
TIMED = """
endpoints:
  - provider: replicate
    name: flux.1-dev-timed
    id: black-forest-labs/flux-krea-dev
    modes: {text-to-image: {without: [image, prompt_strength]}}
    checked: {date: 2026-07-28, source: a test, method: inferred}
    sizes: {default: unknown, forms: []}
    prices: [{from: 2026-07-28, usd: "0.001", per: second, source: a test}]
"""


@pytest.fixture(scope="module")
def rig(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with gateway_rig(catalog, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture(scope="module")
def pricing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A gateway over a wider catalog that only prices: its providers have keys and no twin."""
    folder = tmp_path_factory.mktemp("layer")
    file = folder / "models" / "flux.1" / "flux.1-dev.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(TIMED, encoding="utf-8")
    catalog = Catalog.load(extends=[Path(__file__).parent / "format", folder])
    keys = {name: ProviderSettings(key="a key") for name in catalog.providers}
    app = create_app(catalog, settings=GatewaySettings(data=tmp_path_factory.mktemp("gateway"), providers=keys))
    with serve_in_thread(app) as base, httpx.Client(base_url=base, timeout=30, trust_env=False) as http:
        yield http


@pytest.fixture
def client(rig: Rig) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any key will do", base_url=f"{rig.base}/openai/v1", max_retries=0) as made:
        yield made


def dry(rig: Rig, path: str = GENERATIONS, **body: Any) -> dict[str, Any]:
    reply = rig.post(f"{path}?dryRun=true", {"model": "flux.1-dev", "prompt": "a lighthouse", **body})
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    assert rig.submissions() == []
    assert rig.ledger.records() == []
    return answer


def test_it_has_the_references_shape(rig: Rig) -> None:
    answer = dry(rig, size="1920x1080", n=2)
    assert {name: answer[name] for name in ("estimated", "model", "provider", "total_cost_micros", "currency")} == {
        "estimated": True,
        "model": "flux.1-dev",
        "provider": "fal",
        "total_cost_micros": 100_000,
        "currency": "USD",
    }
    (component,) = answer["components"]
    assert list(component) == list(COMPONENT)
    for name, kind in COMPONENT.items():
        assert isinstance(component[name], kind), name
    assert component == {
        "type": "output",
        "metric": "megapixel",
        "quantity": 3.955078125,
        "billable_quantity": 4,
        "unit_price": 0.025,
        "total_cost": 100_000,
    }


def test_whole_counts_are_whole_numbers_on_the_wire(rig: Rig) -> None:
    reply = rig.post(f"{GENERATIONS}?dryRun=true", {"model": "replicate/flux.1-dev", "prompt": "x", "n": 2})
    assert '"quantity":2,' in reply.text
    assert '"billable_quantity":2,' in reply.text


def test_beside_it_stand_the_interval_and_its_reason(rig: Rig) -> None:
    cost = dry(rig, size="1920x1080", n=2)["cost"]
    assert (cost["low"], cost["high"], cost["exact"], cost["text"]) == ("0.100", "0.100", True, "$0.10")
    assert cost["derivation"] == "2 images x 2 MP x $0.025"


def test_an_edit_bills_what_goes_in_too(rig: Rig) -> None:
    image = ("a.png", picture(640, 480), "image/png")
    fields = {"model": "flux.2-flex", "prompt": "a hat", "size": "1024x1024"}
    reply = rig.http.post(f"{EDITS}?dryRun=true", data=fields, files={"image": image})
    answer = reply.json()
    assert [(one["type"], one["metric"], one["total_cost"]) for one in answer["components"]] == [
        ("output", "megapixel", 50_000),
        ("input", "input_megapixel", 50_000),
    ]
    assert answer["total_cost_micros"] == sum(one["total_cost"] for one in answer["components"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"model": "flux.2-flex", "size": "2048x2048", "n": 3},
        {"model": "replicate/flux.1-dev", "n": 10, "output_format": "avif"},
        {"model": "flux.1-krea-dev", "size": "1000x1000", "n": 7, "seed": 3},
    ],
)
def test_the_parts_add_up_and_are_what_units_cost(rig: Rig, body: dict[str, Any]) -> None:
    answer = dry(rig, **body)
    assert answer["total_cost_micros"] == sum(one["total_cost"] for one in answer["components"])
    for one in answer["components"]:
        assert one["total_cost"] == pytest.approx(one["unit_price"] * one["billable_quantity"] * 1e6)
        assert one["billable_quantity"] >= one["quantity"]


def priced(pricing: httpx.Client, **body: Any) -> dict[str, Any]:
    reply = pricing.post(f"{GENERATIONS}?dryRun=true", json={"prompt": "a lighthouse", **body})
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def test_an_interval_is_priced_at_its_maximum(pricing: httpx.Client) -> None:
    """What a request may cost at most is what must be there; the least stands beside it, and why it is open."""
    answer = priced(pricing, model="fal/gemini-3-pro-image", n=2)
    cost = answer["cost"]
    assert (Decimal(cost["low"]), Decimal(cost["high"]), cost["exact"]) == (Decimal("0.30"), Decimal("0.33"), False)
    assert cost["text"] == "$0.30 to $0.33"
    assert "enable_web_search" in cost["derivation"]
    assert answer["total_cost_micros"] == 330_000 == sum(one["total_cost"] for one in answer["components"])


def test_a_cost_without_a_bound_has_its_least(pricing: httpx.Client) -> None:
    """What a picture at a link measures, and so how many megapixels go in, nobody knows before the call."""
    link = "https://example.com/cat.png"
    body = {"model": "fal/flux.2-flex", "prompt": "a hat", "image": link, "size": "1024x1024"}
    answer = pricing.post(f"{EDITS}?dryRun=true", json=body).json()
    assert answer["total_cost_micros"] is None
    assert (answer["cost"]["high"], answer["cost"]["text"]) == (None, "from $0.10")
    assert "input image" in answer["cost"]["derivation"]


def test_an_unknown_cost_is_said_and_never_zero(pricing: httpx.Client) -> None:
    answer = priced(pricing, model="replicate/flux.1-dev-timed")
    assert answer["total_cost_micros"] is None
    assert (answer["cost"]["low"], answer["cost"]["high"], answer["cost"]["exact"]) == (None, None, False)
    assert answer["cost"]["text"] == "unknown"
    assert "compute time" in answer["cost"]["derivation"]
    assert answer["components"] == []


def test_the_openai_sdk_asks_for_a_price(client: openai.OpenAI, rig: Rig) -> None:
    raw = client.images.with_raw_response.generate(
        model="flux.1-dev", prompt="a lighthouse", size="1024x1024", n=3, extra_query={"dryRun": "true"}
    )
    answer = json.loads(raw.text)
    assert answer["total_cost_micros"] == 75_000
    assert raw.headers["x-pentaprism-provider"] == "fal"
    raw = client.images.with_raw_response.edit(
        model="flux.1-dev", prompt="a hat", image=picture(640, 480), extra_query={"dryRun": "true"}
    )
    answer = json.loads(raw.text)
    assert (answer["endpoint"], answer["total_cost_micros"]) == ("replicate/flux.1-dev", 25_000)
    assert rig.submissions() == []


def test_what_nobody_serves_is_refused_with_what_is_nearest(client: openai.OpenAI, rig: Rig) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(
            model="flux.1-dev", prompt="x", extra_body={"cfg_scale": 21}, extra_query={"dryRun": "true"}
        )
    body = caught.value.body
    assert isinstance(body, dict)
    assert (body["code"], body["param"], body["type"]) == ("INVALID_REQUEST", "cfg_scale", "invalid_request_error")
    assert [one["endpoint"] for one in body["refusals"]] == [
        "fal/flux.1-dev",
        "fal/flux.1-dev-edit",
        "replicate/flux.1-dev",
    ]
    first = body["nearest"][0]
    assert first["endpoint"] == "fal/flux.1-dev"
    assert first["changes"] == [{"parameter": "cfg_scale", "from": 21, "to": 20, "why": "its largest"}]
    assert first["cost"]["components"][0]["total_cost"] == 25_000
    assert "Nearest: fal/flux.1-dev: cfg_scale 21 -> 20 (its largest)" in body["message"]
    change = first["changes"][0]
    priced = dry(rig, **{change["parameter"]: change["to"]})
    assert priced["endpoint"] == first["endpoint"]
    assert priced["cost"] == first["cost"]


def test_a_strict_request_is_told_what_each_would_change(rig: Rig) -> None:
    body = {"model": "flux.1-dev", "prompt": "x", "style": "vivid", "size": "1920x1080"}
    reply = rig.post(GENERATIONS, {**body, "provider": {"require_parameters": True}})
    error = reply.json()["error"]
    assert reply.status_code == 400
    told = {one["endpoint"]: [entry["parameter"] for entry in one["adjustments"]] for one in error["nearest"]}
    assert told == {"fal/flux.1-dev": ["style"], "replicate/flux.1-dev": ["style", "size"]}
    assert rig.submissions() == []


def test_explain_has_the_nearest_too(rig: Rig) -> None:
    explained = rig.post("/v1/explain", {"model": "flux.1-dev", "prompt": "x", "steps": 60}).json()
    assert explained["candidates"] == []
    assert [one["changes"][0]["to"] for one in explained["nearest"]] == [50, 50]
    assert rig.post("/v1/explain", {"model": "flux.1-dev", "prompt": "x"}).json()["nearest"] == []
