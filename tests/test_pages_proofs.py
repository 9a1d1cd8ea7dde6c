"""Every page says of each endpoint whether it is proved, against what, and where the proof does not reach."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog_folders import layer
from pentaprism import Catalog, __version__
from pentaprism.catalog.proofs import ProofRecord, read_proofs
from pentaprism.cli.app import run
from pentaprism.pages import render
from pentaprism.prove import provable

DAY = date(2026, 11, 21)
KEY = "fal/flux.2-flex"
NAME = "flux.2-flex"
PAGE = f"models/{NAME}.md"
DATA = f"api/v1/models/{NAME}.json"


@pytest.fixture(scope="module")
def records(catalog: Catalog) -> dict[str, ProofRecord]:
    return read_proofs(catalog.documents.proofs)


def _card(text: str, key: str) -> str:
    """What the page says of one endpoint among the providers."""
    return text.split(f"<code>{key}</code>\n")[1].split('<div class="pp-endpoint">')[0].split("</section>")[0]


def _proof(pages: dict[str, bytes], key: str) -> dict[str, Any]:
    (entry,) = [one for one in json.loads(pages[DATA])["endpoints"] if one["key"] == key]
    proof: dict[str, Any] = entry["proof"]
    return proof


def test_what_the_catalog_holds_is_shown(catalog: Catalog, records: dict[str, ProofRecord]) -> None:
    pages = render(catalog, date=DAY)
    text = pages[PAGE].decode()
    card = _card(text, KEY)
    bodies = f"{records[KEY].bodies:,}"
    assert '<a class="pp-chip pp-proof pp-proof-proved" href="../../proofs/">proved</a>' in card
    assert f"Proved against the contract of 2026-07-28: {bodies} bodies, 0 violations. " in card
    assert "Range unproved: <code>seed</code>." in card
    assert "never sent" not in card
    assert "<li>webhook_url: reserved, so that no caller may set it</li>" in _card(text, "bfl/flux.2-flex")
    assert '<a href="../../proofs/">4 of 4</a> endpoints proved' in text
    proof = _proof(pages, KEY)
    assert (proof["state"], proof["violations"], proof["unproved"]) == ("proved", 0, ["seed"])
    assert proof["bodies"] == records[KEY].bodies
    assert "digest" not in proof


def test_each_tab_says_it_too(catalog: Catalog) -> None:
    received = render(catalog, date=DAY)[PAGE].decode().split("## What each provider really receives")[1]
    tabs = received.split("\n## ")[0].split('=== "')[1:]
    assert len(tabs) == 6
    for tab in tabs:
        assert (
            '    <a class="pp-chip pp-proof pp-proof-proved" href="../../proofs/">proved</a> against the contract'
            in tab
        )
        assert "Range unproved: <code>seed</code>." in tab


def test_an_endpoint_without_a_result_is_not_proved(catalog: Catalog, records: dict[str, ProofRecord]) -> None:
    pages = render(catalog, {key: one for key, one in records.items() if key != KEY}, date=DAY)
    text = pages[PAGE].decode()
    card = _card(text, KEY)
    assert 'pp-proof-missing" href="../../proofs/">not proved</a>' in card
    assert "Not proved so far: nobody has run the proof for this endpoint." in card
    assert "3 of 4</a> endpoints proved" in text
    assert _proof(pages, KEY) == {"state": "missing"}
    assert "not proved" not in render(catalog, date=DAY)[PAGE].decode()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"digest": "0" * 16}, "because the catalog has changed since it was run"),
        ({"engine": "0.0.9"}, f"because it is of Pentaprism 0.0.9 and these pages are of {__version__}"),
    ],
)
def test_a_result_of_something_else_is_out_of_date(
    catalog: Catalog, records: dict[str, ProofRecord], change: dict[str, Any], why: str
) -> None:
    pages = render(catalog, {**records, KEY: replace(records[KEY], **change)}, date=DAY)
    card = _card(pages[PAGE].decode(), KEY)
    assert 'pp-proof-outdated" href="../../proofs/">proof out of date</a>' in card
    assert f"Proof out of date {why}." in card
    assert "0 violations" not in card, "what it found counts no longer"
    assert _proof(pages, KEY) == {"state": "outdated"}


def test_a_proof_that_fails_says_how(catalog: Catalog, records: dict[str, ProofRecord]) -> None:
    bad = replace(records[KEY], violations=1234, refusals=1, gaps=2, insensitive=1)
    pages = render(catalog, {**records, KEY: bad}, date=DAY)
    card = _card(pages[PAGE].decode(), KEY)
    assert 'pp-proof-failed" href="../../proofs/">proof failed</a>' in card
    assert "1,234 violations, 1 refusal, 2 gaps, 1 blind spot. " in card
    assert (_proof(pages, KEY)["state"], _proof(pages, KEY)["violations"]) == ("failed", 1234)


def test_a_changed_catalog_is_not_what_was_proved(tmp_path: Path) -> None:
    own = layer(tmp_path, **{"models/flux.2/flux.2-flex.yaml": "endpoints: [{provider: fal, constants: {seed: 7}}]\n"})
    text = render(Catalog.load(extends=[own]), date=DAY)[PAGE].decode()
    assert "pp-proof-outdated" in _card(text, KEY)
    assert "pp-proof-proved" in _card(text, "fal/flux.2-flex-edit")


def test_site_build_proves_first_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = layer(
        tmp_path / "own", **{"models/flux.2/flux.2-flex.yaml": "endpoints: [{provider: fal, constants: {seed: 7}}]\n"}
    )
    out = tmp_path / "public"
    assert run(["site", "build", "-o", str(out), "--extends", str(own), "--prove", "3"]) == 0
    captured = capsys.readouterr()
    keys = provable(Catalog.load())
    assert f"proving {KEY} ({keys.index(KEY) + 1} of {len(keys)})" in captured.err
    assert f"0 of {len(keys)} endpoints proved" in captured.err
    built = json.loads((out / DATA).read_text(encoding="utf-8"))
    proofs = {endpoint["key"]: endpoint["proof"] for endpoint in built["endpoints"]}
    assert {proof["state"] for proof in proofs.values()} == {"failed"}
    assert proofs[KEY]["cases"] == 3
    assert not (own / "proofs.json").exists()
    assert (out / "proofs" / "index.html").is_file(), "the badge's link"
