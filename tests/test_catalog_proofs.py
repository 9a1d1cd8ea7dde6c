"""What is published of proofs: it belongs to this catalog, holds, and is known as out of date when it does not."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from catalog_folders import layer
from pentaprism import Catalog, CatalogError, __version__
from pentaprism.catalog.documents import builtin_path, read_documents
from pentaprism.catalog.layers import overlay
from pentaprism.catalog.proofs import ProofRecord, proof_digest, proofs_file, read_proofs
from pentaprism.catalog.publish import publish
from pentaprism.catalog.schema import bundled_schema
from pentaprism.catalog.validate import validate
from pentaprism.cli.app import run
from pentaprism.prove import provable, prove

KEY = "fal/flux.1-dev"
MODEL = "models/flux.1/flux.1-dev.yaml"
CONTRACT = "contracts/fal/fal-ai/flux/dev.json"
AGAIN = "prove --write"


def _digest(catalog: Catalog, key: str = KEY) -> str:
    endpoint = catalog.endpoint(key)
    return proof_digest(endpoint, catalog.providers[endpoint.provider], catalog.parameters)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped catalog that a test may change."""
    return shutil.copytree(builtin_path(), tmp_path / "catalog")


# What is published --------------------------------------------------------------------------------------------------


def test_every_endpoint_has_a_result_that_holds(catalog: Catalog) -> None:
    """Where this fails, something that decides about bodies has changed: run `pentaprism prove --write`."""
    records = read_proofs(catalog.documents.proofs)
    active = [model for model in catalog.models.values() if model.status != "retired"]
    assert sorted(records) == sorted(endpoint.key for model in active for endpoint in model.endpoints)
    for key, record in records.items():
        assert record.digest == _digest(catalog, key), f"the result of {key} is out of date"
        assert record.engine == __version__, f"the result of {key} is of another version"
        assert record.contract_date in {spec.contract.provenance.date for spec in catalog.endpoint(key).modes.values()}
        assert record.proved, key
        assert record.bodies >= record.cases >= 2000


@pytest.mark.parametrize("key", [KEY, "replicate/flux.2-flex"])
def test_the_published_result_is_what_the_proof_finds(catalog: Catalog, key: str) -> None:
    published = read_proofs(catalog.documents.proofs)[key]
    (proof,) = prove(catalog, [key], cases=2000)
    assert proof.record == published


def test_the_file_is_written_in_one_way_only() -> None:
    file = builtin_path() / "proofs.json"
    assert proofs_file(read_proofs(read_documents().proofs)) == file.read_bytes()
    keys = list(json.loads(file.read_bytes())["endpoints"])
    assert keys == sorted(keys)
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(keys) + 5, "a line for each endpoint"


def test_the_schema_says_what_a_result_holds() -> None:
    properties = bundled_schema("proofs")["$defs"]["result"]["properties"]
    assert list(properties) == [one.name for one in fields(ProofRecord)]


def test_nothing_proved_changes_the_version(folder: Path) -> None:
    before = read_documents(folder).version
    (folder / "proofs.json").unlink()
    assert read_documents(folder).version == before


# What a result belongs to -------------------------------------------------------------------------------------------


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


CHANGES: dict[str, Callable[[Path], None]] = {
    "a range": lambda root: _edit(root / CONTRACT, '"maximum": 50', '"maximum": 40'),
    "the day of the contract": lambda root: _edit(root / CONTRACT, '"date": "2026-07-28"', '"date": "2026-07-29"'),
    "a form": lambda root: _edit(root / MODEL, "to: {object: image_size}}", "to: {object: image_size}, step: 8}"),
    "the default size": lambda root: _edit(root / MODEL, "default: 1024x768", "default: 1024x1024"),
    "a table": lambda root: _edit(root / "size-tables.yaml", "512x512", "512x520"),
    "a constant": lambda root: _edit(root / MODEL, "    sizes:\n", "    constants: {sync_mode: true}\n    sizes:\n"),
    "a rule": lambda root: _edit(root / "providers/fal.yaml", "via: png", "via: jpeg"),
    "what is reserved": lambda root: _edit(root / "providers/fal.yaml", "rules:\n", "reserved: [sync_mode]\nrules:\n"),
    "how a price is rounded": lambda root: _edit(root / MODEL, "        round: up\n", ""),
    "a range of the vocabulary": lambda root: _edit(root / "parameters.yaml", "maximum: 10", "maximum: 8"),
}
IRRELEVANT: dict[str, Callable[[Path], None]] = {
    "a price": lambda root: _edit(root / MODEL, 'usd: "0.025"', 'usd: "0.5"'),
    "prose": lambda root: _edit(root / MODEL, "summary: A 12-billion", "summary: A twelve-billion"),
    "another endpoint": lambda root: _edit(root / MODEL, "max_side: 1440", "max_side: 1024"),
    "another contract": lambda root: _edit(
        root / "contracts/fal/fal-ai/flux/krea.json", '"maximum": 50', '"maximum": 9'
    ),
    "who says so": lambda root: _edit(root / MODEL, "npm @fal-ai/client 1.10.1 types", "somebody"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_decides_about_bodies_puts_a_result_out_of_date(catalog: Catalog, folder: Path, change: str) -> None:
    CHANGES[change](folder)
    assert _digest(Catalog.load(folder)) != _digest(catalog)


@pytest.mark.parametrize("change", IRRELEVANT)
def test_what_decides_nothing_leaves_it(catalog: Catalog, folder: Path, change: str) -> None:
    IRRELEVANT[change](folder)
    assert _digest(Catalog.load(folder)) == _digest(catalog)


def test_the_digest_is_that_of_the_published_catalog_too(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_bytes(publish(read_documents()))
    published = Catalog.load(file)
    assert read_proofs(published.documents.proofs) == read_proofs(catalog.documents.proofs)
    for key in read_proofs(catalog.documents.proofs):
        assert _digest(published, key) == _digest(catalog, key)


# Reading ------------------------------------------------------------------------------------------------------------


def test_a_catalog_without_results_has_none(folder: Path) -> None:
    (folder / "proofs.json").unlink()
    assert read_proofs(Catalog.load(folder).documents.proofs) == {}
    assert b'"proofs"' not in publish(read_documents(folder))


def test_a_layers_results_stand_for_its_endpoints(tmp_path: Path) -> None:
    base = read_documents()
    record = read_proofs(base.proofs)[KEY]
    mine = replace(record, cases=3)
    file = proofs_file({KEY: mine, "fal/mine": mine}).decode()
    merged = read_proofs(
        overlay(base, [read_documents(layer(tmp_path, **{MODEL: "tags: []\n", "proofs.json": file}))]).proofs
    )
    assert merged == {**read_proofs(base.proofs), KEY: mine, "fal/mine": mine}
    bare = overlay(base, [read_documents(layer(tmp_path / "bare", **{MODEL: "tags: []\n"}))])
    assert read_proofs(bare.proofs) == read_proofs(base.proofs)


ENTRY: dict[str, Any] = json.loads((builtin_path() / "proofs.json").read_bytes())["endpoints"][KEY]
MALFORMED: dict[str, tuple[Any, str, int]] = {
    "another format": ({"format": 2, "endpoints": {}}, "wrong-format", 1),
    "no results": ({"format": 1, "endpoints": []}, "wrong-format", 1),
    "a key too few": (
        {"format": 1, "endpoints": {KEY: {name: value for name, value in ENTRY.items() if name != "gaps"}}},
        "wrong-type",
        4,
    ),
    "a key too many": ({"format": 1, "endpoints": {KEY: ENTRY | {"date": "2026-01-01"}}}, "wrong-type", 4),
    "a word for a count": ({"format": 1, "endpoints": {KEY: ENTRY | {"violations": "none"}}}, "wrong-type", 4),
    "true for a count": ({"format": 1, "endpoints": {KEY: ENTRY | {"violations": True}}}, "wrong-type", 4),
    "a number among the fields": ({"format": 1, "endpoints": {KEY: ENTRY | {"unproved": [1]}}}, "wrong-type", 4),
    "no result": ({"format": 1, "endpoints": {KEY: "proved"}}, "wrong-type", 4),
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_what_is_no_result_is_told_with_its_place(folder: Path, fault: str) -> None:
    data, rule, line = MALFORMED[fault]
    (folder / "proofs.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    with pytest.raises(CatalogError, match=AGAIN) as caught:
        read_proofs(Catalog.load(folder).documents.proofs)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.line) == (rule, line)
    assert any(finding.path.endswith("proofs.json") for finding in validate(folder))


def test_a_file_nobody_can_read_says_what_to_do(folder: Path) -> None:
    (folder / "proofs.json").write_text('{"format": 1,\n<<<<<<< ours\n', encoding="utf-8")
    with pytest.raises(CatalogError, match=r"proofs\.json:2:1: json-syntax: .*; delete the file and run `pentaprism"):
        Catalog.load(folder)


# The command --------------------------------------------------------------------------------------------------------

Capture = pytest.CaptureFixture[str]


def test_prove_prints_a_table_and_what_is_not_proved(capsys: Capture) -> None:
    assert run(["prove", "--endpoint", "bfl/flux.2-flex", "--cases", "300"]) == 0
    captured = capsys.readouterr()
    key, requests, _, *counts, day = captured.out.splitlines()[1].split()
    assert (key, requests, counts, day) == ("bfl/flux.2-flex", "600", ["0", "0", "0", "0"], "2026-11-21")
    assert "bfl/flux.2-flex: range unproved: seed\n" in captured.out
    assert "bfl/flux.2-flex: never sent: webhook_url: reserved, so that no caller may set it\n" in captured.out
    assert captured.err.splitlines()[:2] == ["proving ...", "proving bfl/flux.2-flex (1 of 1)"]
    assert "1 of 1 endpoint proved" in captured.err


def test_a_terminal_shows_where_it_is(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(["prove", "--endpoint", KEY, "--endpoint", "fal/flux.1-krea-dev", "--cases", "300"]) == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert "proving fal/flux.1-krea-dev (2 of 2)" in shown


def test_prove_prints_json(capsys: Capture) -> None:
    assert run(["prove", "--endpoint", KEY, "--cases", "300", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["endpoints"]
    assert {"key", "cases", "violations", "unproved", "contract_date"} <= set(entry)
    assert (entry["key"], entry["violations"], entry["contract_date"]) == (KEY, 0, "2026-07-28")


def test_a_proof_that_fails_is_exit_code_one(capsys: Capture) -> None:
    assert run(["prove", "--endpoint", "replicate/flux.1-dev", "--cases", "2"]) == 1
    captured = capsys.readouterr()
    assert "was never sent\nreplicate/flux.1-dev: and " in captured.out
    assert "more; --json has them all" in captured.out
    assert "0 of 1 endpoint proved" in captured.err
    assert run(["prove", "--endpoint", "no/such"]) == 2


def test_results_are_kept_with_the_catalog(folder: Path, capsys: Capture) -> None:
    file = folder / "proofs.json"
    before = read_proofs(read_documents(folder).proofs)
    assert run(["prove", "--catalog", str(folder), "--endpoint", KEY, "--cases", "300", "--write"]) == 0
    assert f"{len(before)} results in {file}" in capsys.readouterr().err
    after = read_proofs(read_documents(folder).proofs)
    assert {key for key in after if after[key] != before[key]} == {KEY}
    assert after[KEY].cases == 300


def test_results_are_kept_even_where_they_are_bad(folder: Path) -> None:
    assert run(["prove", "--catalog", str(folder), "--endpoint", KEY, "--cases", "2", "--write"]) == 1
    assert read_proofs(read_documents(folder).proofs)[KEY].gaps > 0


def test_all_results_are_written_anew_whatever_was_there(folder: Path) -> None:
    (folder / "proofs.json").write_text('{"format": 0}', encoding="utf-8")
    assert run(["prove", "--catalog", str(folder), "--cases", "2", "--write"]) == 1
    assert read_proofs(read_documents(folder).proofs).keys() == set(provable(Catalog.load(folder)))


def test_results_of_endpoints_that_are_gone_go(folder: Path, tmp_path: Path) -> None:
    (folder / "models" / "flux.2" / "flux.2-flex.yaml").unlink()
    assert run(["prove", "--catalog", str(folder), "--endpoint", KEY, "--cases", "300", "--write"]) == 0
    assert not [key for key in read_proofs(read_documents(folder).proofs) if "flux.2" in key]


def test_a_layer_keeps_what_the_catalog_below_does_not_hold(tmp_path: Path) -> None:
    own = layer(tmp_path, **{MODEL: "endpoints: [{provider: fal, sizes: {default: 512x512, forms: []}}]\n"})
    assert run(["prove", "--extends", str(own), "--endpoint", KEY, "--cases", "300", "--write"]) == 0
    assert list(read_proofs(read_documents(own).proofs)) == [KEY]
    assert read_proofs(Catalog.load(extends=[own]).documents.proofs)[KEY].digest == _digest(Catalog.load(extends=[own]))


def test_a_published_file_takes_no_results(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "catalog.json"
    file.write_bytes(publish(read_documents()))
    assert run(["prove", "--catalog", str(file), "--endpoint", KEY, "--cases", "2", "--write"]) == 2
    assert "prove that folder" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert run(["prove", "--catalog", str(file), "--endpoint", KEY, "--cases", "300"]) == 0


def test_a_folder_that_cannot_be_written_to(folder: Path, capsys: Capture) -> None:
    (folder / "proofs.json").unlink()
    (folder / "proofs.json").mkdir()
    assert run(["prove", "--catalog", str(folder), "--endpoint", KEY, "--cases", "300", "--write"]) == 2
    assert "cannot be written" in " ".join(capsys.readouterr().err.replace("│", " ").split())
