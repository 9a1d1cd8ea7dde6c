"""The gateway over a real socket, with the twins behind it: replies, prices, failover, money, and what it keeps."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import re
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image

from gateways import Rig, gateway_rig, wait_until
from pentaprism import Catalog, PentaprismError
from pentaprism.client import ProviderSettings, Resilience
from pentaprism.client.retries import RetryPolicy
from pentaprism.gateway import GatewaySettings, create_app, run, serve_in_thread
from pentaprism.gateway.media_folder import MediaFolder
from pentaprism.twins import Twins
from pentaprism.types import micros
from pictures import picture

PREFIXES = ("/openai/v1", "/v1")
OTHER_FIRST = {"provider": {"order": ["replicate"]}}


@pytest.fixture(scope="module")
def rig(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with gateway_rig(catalog, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def own_rig(catalog: Catalog, tmp_path: Path) -> Iterator[Rig]:
    """A rig no other test has touched, for those that stop a provider or count everything."""
    once = Resilience(retry=RetryPolicy(rounds=1))
    with gateway_rig(catalog, tmp_path, resilience=once) as running:
        yield running


# --- models ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", PREFIXES)
def test_models_are_listed_with_what_a_client_must_know(rig: Rig, catalog: Catalog, prefix: str) -> None:
    listed = rig.http.get(f"{prefix}/models").json()
    assert listed["object"] == "list"
    assert [card["id"] for card in listed["data"]] == list(catalog.models)
    card = next(card for card in listed["data"] if card["id"] == "flux.1-dev")
    assert card["object"] == "model"
    assert card["modalities"] == {"input": ["text", "image"], "output": ["image"]}
    assert card["providers"] == ["fal", "replicate"]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("flux.1-dev", ["fal/flux.1-dev", "fal/flux.1-dev-edit", "replicate/flux.1-dev"]),
        ("flux-dev", ["fal/flux.1-dev", "fal/flux.1-dev-edit", "replicate/flux.1-dev"]),
        ("fal/flux.1-dev", ["fal/flux.1-dev", "fal/flux.1-dev-edit"]),
        ("fal/flux.1-dev-edit", ["fal/flux.1-dev-edit"]),
    ],
)
def test_a_model_is_found_by_every_name_a_request_may_use(rig: Rig, name: str, keys: list[str]) -> None:
    for prefix in PREFIXES:
        card = rig.http.get(f"{prefix}/models/{name}").json()
        assert card["id"] == "flux.1-dev"
        assert [endpoint["key"] for endpoint in card["endpoints"]] == keys


def test_an_unknown_model_is_404_with_suggestions(rig: Rig) -> None:
    for reply in (rig.http.get("/v1/models/flux.1-dv"), rig.generate(model="flux.1-dv")):
        assert reply.status_code == 404
        error = reply.json()["error"]
        assert error["code"] == "MODEL_NOT_FOUND"
        assert "Did you mean 'flux.1-dev'" in error["message"]


# --- running --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_reply_is_openais_with_more_beside_it(rig: Rig, prefix: str) -> None:
    body = {"model": "flux-dev", "prompt": "a cat", "size": "640x480", "n": 2}
    reply = rig.http.post(f"{prefix}/images/generations", json=body, headers={"authorization": "Bearer anything"})
    answer = reply.json()
    assert reply.status_code == 200, answer
    assert {"created", "data", "id", "size", "output_format", "metadata"} == set(answer)
    assert answer["size"] == "640x480"
    assert answer["id"] == reply.headers["x-request-id"]
    assert reply.headers["x-pentaprism-provider"] == answer["metadata"]["provider"] == "fal"
    assert reply.headers["x-pentaprism-model"] == answer["metadata"]["model"] == "flux.1-dev"
    assert reply.headers["x-pentaprism-cost-usd"] == "0.050"
    assert [adjustment["parameter"] for adjustment in answer["metadata"]["adjustments"]] == ["prompt", "size", "n"]
    for entry in answer["data"]:
        assert set(entry) == {"url"}
        fetched = rig.http.get(entry["url"])
        assert fetched.headers["content-type"] == f"image/{answer['output_format']}"
        assert Image.open(io.BytesIO(fetched.content)).size == (640, 480)


def test_base64_comes_inline_and_leaves_no_file(own_rig: Rig) -> None:
    answer = own_rig.generate(response_format="b64_json", output_format="png", size="64x64").json()
    (entry,) = answer["data"]
    assert set(entry) == {"b64_json"}
    assert Image.open(io.BytesIO(base64.b64decode(entry["b64_json"]))).format == "PNG"
    assert list(own_rig.settings.media.iterdir()) == []


def test_links_name_the_public_url(catalog: Catalog, tmp_path: Path) -> None:
    with gateway_rig(catalog, tmp_path, public_url="https://images.example.com/") as rig:
        (entry,) = rig.generate(size="64x64").json()["data"]
        assert entry["url"].startswith("https://images.example.com/media/")
        through_proxy = rig.http.get(urlsplit(entry["url"]).path, headers={"host": "images.example.com"})
        assert through_proxy.json()["error"]["code"] == "FORBIDDEN", "the path alone is not the link"
        path = entry["url"].removeprefix("https://images.example.com")
        assert rig.http.get(path, headers={"host": "images.example.com"}).status_code == 200


def test_an_edit_takes_a_form_and_json(rig: Rig) -> None:
    content = picture(96, 64)
    uri = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    form = rig.http.post(
        "/v1/images/edits",
        data={"model": "fal/flux.1-dev", "prompt": "a hat", "strength": "0.5"},
        files={"image": ("cat.png", content, "image/png")},
    )
    body = {"model": "fal/flux.1-dev", "prompt": "a hat", "image": uri, "strength": 0.5}
    for reply in (form, rig.post("/v1/images/edits", body)):
        assert reply.status_code == 200, reply.json()
        assert reply.json()["metadata"]["executed_model"] == "fal/flux.1-dev-edit"
    sent = [entry["json"] for entry in rig.twins.requests("fal") if entry["method"] == "POST"][-2:]
    assert sent[0] == sent[1] == {"prompt": "a hat", "strength": 0.5, "image_url": uri}


def test_an_image_url_goes_to_the_provider_unread(own_rig: Rig) -> None:
    body = {"model": "fal/flux.1-dev", "prompt": "a hat", "image_url": "https://example.com/cat.png"}
    (candidate, *_) = own_rig.post("/v1/explain", body).json()["candidates"]
    assert candidate["calls"][0]["json"]["image_url"] == "<image 1: https://example.com/cat.png>"


# --- prices and routes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["?dryRun=true", "?dry_run=1", "?dryrun"])
def test_a_dry_run_prices_and_sends_nothing(own_rig: Rig, query: str) -> None:
    body = {"model": "flux.1-dev", "prompt": "a cat", "size": "1920x1080", "n": 2}
    reply = own_rig.post(f"/openai/v1/images/generations{query}", body)
    answer = reply.json()
    assert answer["estimated"] is True
    assert (answer["model"], answer["provider"], answer["endpoint"]) == ("flux.1-dev", "fal", "fal/flux.1-dev")
    assert answer["currency"] == "USD"
    assert answer["total_cost_micros"] == sum(component["total_cost"] for component in answer["components"])
    assert answer["cost"]["exact"] is True
    assert answer["cost"]["derivation"]
    assert [one["parameter"] for one in answer["adjustments"]] == ["prompt", "size", "n"]
    assert "x-pentaprism-cost-usd" not in reply.headers
    assert own_rig.submissions() == []
    assert own_rig.ledger.records() == []


def test_a_dry_run_costs_what_the_run_then_costs(own_rig: Rig) -> None:
    body = {"model": "flux.1-dev", "prompt": "a cat", "size": "800x600", "n": 3}
    priced = own_rig.post("/v1/images/generations?dryRun=true", body).json()["total_cost_micros"]
    ran = own_rig.post("/v1/images/generations", body)
    assert priced == round(float(ran.headers["x-pentaprism-cost-usd"]) * 1_000_000) == own_rig.ledger.totals().high


def test_a_dry_run_of_an_edit(own_rig: Rig) -> None:
    reply = own_rig.http.post(
        "/v1/images/edits?dryRun=true",
        data={"model": "fal/flux.1-dev", "prompt": "a hat"},
        files={"image[]": ("a.png", picture(64, 64), "image/png")},
    )
    assert reply.json()["endpoint"] == "fal/flux.1-dev-edit"
    assert reply.json()["total_cost_micros"] == 30_000
    assert own_rig.submissions() == []


def test_only_providers_with_a_key_are_asked(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAL_KEY", raising=False)
    with Twins(catalog) as twins:
        providers = {"replicate": ProviderSettings(key=twins.key, base_url=twins.bases["replicate"])}
        app = create_app(catalog, settings=GatewaySettings(data=tmp_path, providers=providers))
        body = {"model": "flux.1-dev", "prompt": "x", "size": "1920x1080"}
        with serve_in_thread(app) as base:
            priced = httpx.post(f"{base}/v1/images/generations?dryRun=true", json=body).json()
            made = httpx.post(f"{base}/v1/images/generations", json=body).json()
        assert priced["endpoint"] == made["metadata"]["executed_model"] == "replicate/flux.1-dev"
        assert [attempt["outcome"] for attempt in made["metadata"]["attempts"]] == ["served"]
        assert twins.requests("fal") == []


def test_explain_shows_the_whole_route_and_no_bytes(own_rig: Rig) -> None:
    content = picture(96, 64)
    encoded = base64.b64encode(content).decode()
    body = {"model": "flux.1-dev", "prompt": "a hat", "image": f"data:image/png;base64,{encoded}", "go_fast": True}
    reply = own_rig.post("/v1/explain", body)
    explained = reply.json()
    assert [candidate["endpoint"] for candidate in explained["candidates"]] == [
        "replicate/flux.1-dev",
        "fal/flux.1-dev-edit",
    ]
    assert [refusal["endpoint"] for refusal in explained["refusals"]] == ["fal/flux.1-dev"]
    first = explained["candidates"][0]
    assert first["calls"][0]["json"]["input"]["image"].startswith("<image 1: png 96x64")
    assert first["cost"]["exact"] is True
    assert first["expected"]["count"] == 1
    assert encoded[:40] not in reply.text
    assert own_rig.submissions() == []


# --- whom a failure may cost ----------------------------------------------------------------------------------


def test_a_provider_that_is_away_is_failed_over(own_rig: Rig) -> None:
    own_rig.twins.stop("fal")
    reply = own_rig.generate(size="1024x1024")
    metadata = reply.json()["metadata"]
    assert reply.status_code == 200
    assert [(one["endpoint"], one["outcome"]) for one in metadata["attempts"]] == [
        ("fal/flux.1-dev", "not-sent"),
        ("replicate/flux.1-dev", "served"),
    ]
    assert own_rig.ledger.totals().unsettled == 0
    assert own_rig.ledger.totals().high == micros(own_rig.twins.bill("replicate")) > 0


def test_an_ambiguous_failure_ends_the_request(own_rig: Rig) -> None:
    own_rig.twins.fail_next("replicate", "500-after")
    reply = own_rig.generate(**OTHER_FIRST)
    error = reply.json()["error"]
    assert reply.status_code == 502
    assert error["code"] == "OUTCOME_UNKNOWN"
    assert reply.headers["x-should-retry"] == "false"
    assert error["request_id"] == reply.headers["x-request-id"]
    assert [name for name, _ in own_rig.submissions()] == ["replicate"]
    totals = own_rig.ledger.totals()
    assert (totals.high, totals.unsettled) == (0, 1)
    # The twin did bill it: what is held back covers that.
    assert totals.reserved == micros(own_rig.twins.bill("replicate")) > 0
    record = own_rig.http.get(f"/v1/requests/{error['request_id']}").json()
    assert (record["status"], record["unsettled_micros"]) == ("outcome_unknown", totals.reserved)


@pytest.mark.parametrize("linger", [None, struct.pack("ii", 1, 0)], ids=["closed", "reset"])
def test_a_connection_lost_after_the_body_was_sent_is_ambiguous(
    catalog: Catalog, tmp_path: Path, linger: bytes | None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            while b"lighthouse" not in connection.recv(65_536):
                pass
            if linger:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()

        provider = threading.Thread(target=hang_up)
        provider.start()
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with gateway_rig(catalog, tmp_path, bases={"fal": base}) as rig:
            reply = rig.generate()
            provider.join(10)
            assert (reply.status_code, reply.json()["error"]["code"]) == (502, "OUTCOME_UNKNOWN")
            assert reply.headers["x-should-retry"] == "false"
            assert rig.submissions() == []
            assert rig.ledger.totals().unsettled == 1


def test_refused_content_is_not_taken_elsewhere(own_rig: Rig) -> None:
    own_rig.twins.fail_next("fal", "moderation")
    reply = own_rig.generate()
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "CONTENT_POLICY_VIOLATION"
    assert reply.json()["error"]["type"] == "image_generation_user_error"
    assert reply.headers["x-should-retry"] == "false"
    assert [name for name, _ in own_rig.submissions()] == ["fal"]


def test_when_every_provider_says_no_nothing_is_owed(own_rig: Rig) -> None:
    own_rig.twins.fail_next("fal", "429")
    own_rig.twins.fail_next("replicate", "429")
    reply = own_rig.generate()
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (502, "ALL_PROVIDERS_EXHAUSTED")
    assert [attempt["outcome"] for attempt in error["attempts"]] == ["rejected", "rejected"]
    assert reply.headers["retry-after"] == "1"
    assert "x-should-retry" not in reply.headers
    assert (own_rig.ledger.totals().high, own_rig.ledger.totals().unsettled) == (0, 0)


def test_a_job_that_was_billed_and_lost_is_not_bought_again(own_rig: Rig) -> None:
    own_rig.twins.fail_next("fal", "truncated")
    reply = own_rig.generate(output_format="webp")
    assert reply.status_code == 502
    assert reply.headers["x-should-retry"] == "false"
    assert [name for name, _ in own_rig.submissions()] == ["fal"]
    totals = own_rig.ledger.totals()
    assert (totals.high, totals.unsettled) == (micros(own_rig.twins.bill("fal")), 0)


def test_the_ledger_is_the_providers_bill(own_rig: Rig) -> None:
    for body in ({"n": 3}, {"size": "2048x2048"}, {"n": 2, **OTHER_FIRST}, {"model": "replicate/flux.1-dev", "n": 5}):
        assert own_rig.generate(**body).status_code == 200
    own_rig.twins.fail_next("fal", "500-before")
    assert own_rig.generate().json()["metadata"]["provider"] == "replicate"
    totals = own_rig.ledger.totals()
    assert totals.low == totals.high == micros(own_rig.twins.bill("fal") + own_rig.twins.bill("replicate"))
    assert (totals.unsettled, totals.unpriced) == (0, 0)


def test_a_caller_who_leaves_does_not_lose_what_is_paid(catalog: Catalog, tmp_path: Path) -> None:
    with gateway_rig(catalog, tmp_path, latency=0.15) as rig:
        body = json.dumps(
            {"model": "flux.1-dev", "prompt": "x", "size": "64x64", "response_format": "b64_json"}
        ).encode()
        host, port = rig.base.removeprefix("http://").split(":")
        head = f"POST /v1/images/generations HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port))) as caller:
            caller.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_until(lambda: bool(rig.submissions()))
        assert rig.ledger.totals().high == 0
        wait_until(lambda: rig.ledger.totals().high == micros(rig.twins.bill("fal")) > 0)
        wait_until(lambda: rig.http.get("/v1/requests").json()["data"][0]["status"] == "completed")
        (record,) = rig.http.get("/v1/requests").json()["data"]
        kept = rig.http.get(f"/v1/requests/{record['id']}").json()["images"]
        assert Image.open(io.BytesIO(rig.http.get(kept[0]["url"]).content)).size == (64, 64)


# --- the record -----------------------------------------------------------------------------------------------


def test_requests_are_listed_newest_first_in_pages(own_rig: Rig) -> None:
    ids = [own_rig.generate(size="64x64", user=f"user-{index}").json()["id"] for index in range(3)]
    page = own_rig.http.get("/v1/requests?limit=2").json()
    assert ([record["id"] for record in page["data"]], page["has_more"]) == (ids[:0:-1], True)
    rest = own_rig.http.get(f"/v1/requests?limit=2&starting_after={ids[1]}").json()
    assert ([record["id"] for record in rest["data"]], rest["has_more"]) == (ids[:1], False)
    record = own_rig.http.get(f"/v1/requests/{ids[0]}").json()
    assert record["user"] == "user-0"
    assert record["status"] == "completed"
    assert record["cost_micros"] == 25_000
    (attempt,) = record["attempts"]
    assert attempt["outcome"] == "settled"
    assert attempt["provider_request_id"] in own_rig.twins.charges("fal")[0]["request_id"]


@pytest.mark.parametrize(
    ("path", "status", "param"),
    [
        ("/v1/requests?limit=0", 400, "limit"),
        ("/v1/requests?limit=101", 400, "limit"),
        ("/v1/requests?limit=ten", 400, "limit"),
        ("/v1/requests?starting_after=req_none", 400, "starting_after"),
        ("/v1/requests/req_none", 404, None),
    ],
)
def test_a_record_that_is_not_there(rig: Rig, path: str, status: int, param: str | None) -> None:
    reply = rig.http.get(path)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


def test_prompts_are_neither_logged_nor_stored(own_rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="pentaprism")
    own_rig.twins.fail_next("replicate", "moderation")
    for body in ({}, OTHER_FIRST, {"n": 11}):
        own_rig.generate(prompt="zanzibar canary", negative_prompt="zanzibar canary", **body)
    link = own_rig.generate(size="64x64").json()["data"][0]["url"]
    own_rig.http.get(link)
    kept = b"".join(path.read_bytes() for path in own_rig.settings.data.rglob("*") if path.is_file())
    assert b"zanzibar" not in kept
    assert "zanzibar" not in caplog.text
    assert "/v1/images/generations 200" in caplog.text
    signature = parse_qs(urlsplit(link).query)["signature"][0]
    assert signature not in caplog.text


# --- signed links ---------------------------------------------------------------------------------------------


def test_a_link_that_was_tampered_with_shows_nothing(rig: Rig) -> None:
    first, second = (rig.generate(size="64x64").json()["data"][0]["url"] for _ in range(2))
    link, other = urlsplit(first), urlsplit(second)
    expires, signature = (parse_qs(link.query)[name][0] for name in ("expires", "signature"))
    path = link.path
    for query in (
        "",
        f"expires={expires}",
        f"signature={signature}",
        f"expires={int(expires) + 1}&signature={signature}",
        f"expires={expires}&signature={signature[:-1]}{'0' if signature[-1] != '0' else '1'}",
        f"expires=&signature={signature}",
        f"expires={expires}&signature=%C3%BC",
    ):
        reply = rig.http.get(f"{path}?{query}")
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "FORBIDDEN"), query
    moved = rig.http.get(f"{other.path}?{link.query}")
    assert moved.status_code == 403
    whole = rig.http.get(first)
    assert whole.status_code == 200
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch(r"private, max-age=\d+, immutable", whole.headers["cache-control"])


@pytest.mark.parametrize(
    "name",
    [
        "..%2fledger.sqlite3",
        "%2e%2e%2fledger.sqlite3",
        "..%2f..%2fetc%2fpasswd",
        "ledger.sqlite3",
        "a" * 32,
        "a" * 32 + ".svg",
        "a" * 32 + ".png%00",
        "a" * 32 + ".png%0a",
    ],
)
def test_no_name_leads_out_of_the_folder(rig: Rig, name: str) -> None:
    reply = rig.http.get(f"/media/{name}?expires=9999999999&signature=00")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_links_expire_and_pictures_go(catalog: Catalog, tmp_path: Path) -> None:
    with gateway_rig(catalog, tmp_path, media_secret=b"known") as rig:
        answer = rig.generate(size="64x64").json()
        name = urlsplit(answer["data"][0]["url"]).path.rpartition("/")[2]
        signer = MediaFolder(rig.settings.media, secret=b"known", lifetime=3600)
        expired = rig.http.get(signer.link(rig.base, name, int(time.time()) - 1))
        assert expired.status_code == 403
        assert "expired" in expired.json()["error"]["message"]
        (rig.settings.media / name).unlink()
        assert rig.http.get(answer["data"][0]["url"]).status_code == 404
        assert rig.http.get(f"/v1/requests/{answer['id']}").json()["images"] == []


def test_expired_pictures_are_swept_and_nothing_else(tmp_path: Path) -> None:
    folder = MediaFolder(tmp_path, secret=None, lifetime=3600)
    old, fresh = folder.save(b"old", "png"), folder.save(b"fresh", "png")
    stranger = tmp_path / "notes.txt"
    stranger.write_text("not ours")
    for path in (tmp_path / old, stranger):
        os.utime(path, (0, 0))
    later = MediaFolder(tmp_path, secret=None, lifetime=3600)
    newest = later.save(b"newest", "webp")
    assert {path.name for path in tmp_path.iterdir()} == {fresh, newest, "notes.txt"}
    assert (tmp_path / newest).stat().st_mode & 0o077 == 0


# --- the frame ------------------------------------------------------------------------------------------------


def test_health_and_readiness(rig: Rig) -> None:
    assert rig.http.get("/healthz").json() == {"status": "ok"}
    assert rig.http.get("/readyz").json()["status"] == "ready"


def test_a_gateway_without_its_folder_is_not_ready(own_rig: Rig) -> None:
    own_rig.settings.media.rmdir()
    reply = own_rig.http.get("/readyz")
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "OVERLOADED")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[::"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_foreign_pages_are_kept_out(rig: Rig, headers: dict[str, str]) -> None:
    before = rig.submissions()
    form: dict[str, Any] = {
        "model": (None, "flux.1-dev"),
        "prompt": (None, "x"),
        "image": ("a.png", picture(8, 8), "image/png"),
    }
    reply = rig.http.post("/v1/images/edits", files=form, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert rig.submissions() == before


def test_a_page_of_this_machine_is_let_in(rig: Rig) -> None:
    assert rig.http.get("/healthz", headers={"origin": "http://localhost:8000"}).status_code == 200


def test_our_own_bug_says_nothing_and_is_logged(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("a secret of the decoder")

    monkeypatch.setattr("pentaprism.gateway.images.explain_route", broken)
    reply = rig.post("/v1/explain", {"model": "flux.1-dev", "prompt": "x"})
    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "INTERNAL_ERROR"
    assert reply.headers["x-should-retry"] == "false"
    assert reply.headers["x-request-id"] in reply.json()["error"]["message"]
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text
    assert reply.headers["x-request-id"] in caplog.text
    assert "a secret of the decoder" in caplog.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "images.example.com", "example"])
def test_only_the_loopback_is_served(catalog: Catalog, tmp_path: Path, host: str) -> None:
    app = create_app(catalog, settings=GatewaySettings(data=tmp_path))
    with pytest.raises(PentaprismError, match="not a loopback address"):
        run(app, host=host)


def test_a_port_that_is_taken_is_said_so(rig: Rig, catalog: Catalog, tmp_path: Path) -> None:
    app = create_app(catalog, settings=GatewaySettings(data=tmp_path))
    port = urlsplit(rig.base).port
    assert port
    with pytest.raises(PentaprismError, match=f"127.0.0.1:{port} cannot be listened on"):
        run(app, port=port)


def test_a_file_that_is_no_ledger_is_said_so(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_text("this is a diary, not a database, and long enough to be told apart" * 40)
    app = create_app(catalog, settings=GatewaySettings(data=tmp_path))
    with pytest.raises(PentaprismError, match="cannot be used as the ledger"), serve_in_thread(app):
        raise AssertionError("it must not start")


def test_a_ledger_of_another_version_is_left_alone(catalog: Catalog, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    app = create_app(catalog, settings=GatewaySettings(data=tmp_path))
    with pytest.raises(PentaprismError, match="version 99"), serve_in_thread(app):
        raise AssertionError("it must not start")


def test_the_ledger_outlives_the_process(catalog: Catalog, tmp_path: Path) -> None:
    with gateway_rig(catalog, tmp_path) as rig:
        answer = rig.generate(size="64x64").json()
    with gateway_rig(catalog, tmp_path) as again:
        assert again.ledger.totals().high == 25_000
        assert again.http.get(f"/v1/requests/{answer['id']}").json()["status"] == "completed"


def test_no_reply_is_a_redirect(rig: Rig) -> None:
    reply = rig.http.get("/v1/requests/")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NOT_FOUND")
