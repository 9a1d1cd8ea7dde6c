"""`pentaprism contracts import` and `pentaprism contracts check`, as they are typed."""

from __future__ import annotations

import functools
import io
import json
import shutil
from pathlib import Path

import pytest

from contract_cases import CATALOG, FILES, FLUX, STORED, stored
from pentaprism import twins
from pentaprism.cli.app import run
from pentaprism.client import contracts
from pentaprism.twins import Twins

Capture = pytest.CaptureFixture[str]
IMPORT = ["contracts", "import", str(FILES / "fal.json"), "--provider", "fal", "--endpoint", "studio/prism/edit"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog of one's own."""
    return Path(shutil.copytree(CATALOG, tmp_path / "catalog"))


def test_import_writes_into_the_catalog(folder: Path, capsys: Capture) -> None:
    command = [*IMPORT, "--catalog", str(folder), "--date", "2026-07-28", "--source", "a made-up document"]
    assert run(command) == 0
    told = capsys.readouterr()
    file = folder / "contracts" / "fal" / "studio" / "prism" / "edit.json"
    assert told.out.strip() == str(file)
    assert "wrote 8 fields" in told.err
    assert "note: #/components/schemas/PrismEditInput/properties/extra: left open" in told.err
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["x-provenance"] == {
        "source": "a made-up document",
        "date": "2026-07-28",
        "method": "schema-imported",
    }
    assert run(["validate", str(folder)]) == 0


def test_import_says_what_changed_and_does_not_overwrite(folder: Path, capsys: Capture) -> None:
    command = [*IMPORT, "--catalog", str(folder)]
    file = folder / "contracts" / "fal" / "studio" / "prism" / "edit.json"
    assert run(command) == 0
    first = file.read_text(encoding="utf-8")
    capsys.readouterr()
    assert run([*command, "--source", "another day"]) == 0
    assert "says the same already and was left as it is" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == first
    file.write_text(first.replace('"maximum": 20', '"maximum": 30'), encoding="utf-8")
    assert run(command) == 1
    told = capsys.readouterr()
    assert "guidance_scale" in told.out
    assert "takes above 1, at most 20 now, not above 1, at most 30" in told.out
    assert "--force overwrites it" in told.err
    assert '"maximum": 30' in file.read_text(encoding="utf-8")
    assert run([*command, "--force"]) == 0
    assert file.read_text(encoding="utf-8") == first


def test_import_from_and_to_a_pipe(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (FILES / "replicate.json").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
    command = ["contracts", "import", "-", "--provider", "replicate", "--endpoint", "studio/prism", "-o", "-"]
    assert run([*command, "--date", "2026-07-28"]) == 0
    told = capsys.readouterr().out
    expected = (FILES / "replicate.contract.json").read_text(encoding="utf-8")
    assert told == expected.replace("read from replicate.json", "read from stdin")


def test_import_into_a_catalog_still_to_be_written(tmp_path: Path, capsys: Capture) -> None:
    command = ["contracts", "import", str(FILES / "schema.json"), "--endpoint", "prism", "--catalog", str(tmp_path)]
    assert run([*command, "--provider", "replicat"]) == 0
    assert "no provider 'replicat' yet; did you mean 'replicate'?" in capsys.readouterr().err
    model = tmp_path / "models" / "prism.yaml"
    model.parent.mkdir()
    # A model whose contract is missing is why one imports a contract.
    model.write_text("name: Prism\nendpoints: [{provider: fal, id: prism}]\n", encoding="utf-8")
    assert run([*command, "--provider", "fal"]) == 0
    assert (tmp_path / "contracts" / "fal" / "prism.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.json"], 2, "nowhere.json cannot be read"),
        (["--endpoint", "../../x"], 2, "cannot be the name of a file"),
        (["--provider", "a/b"], 2, "--provider 'a/b' cannot be the name"),
        (["--date", "yesterday"], 2, "must be a day such as 2026-07-28"),
        (["--catalog", "no-such-folder"], 2, "not a catalog folder"),
        (["--endpoint", "studio/else"], 1, "wrong-endpoint: this document is about studio/prism/edit"),
    ],
)
def test_import_refuses(arguments: list[str], code: int, words: str, capsys: Capture, tmp_path: Path) -> None:
    command = [*IMPORT, "-o", str(tmp_path / "out.json")]
    if "--catalog" in arguments:
        command = list(IMPORT)
    if arguments[0].endswith(".json"):
        command[2] = arguments[0]
        arguments = []
    assert run([*command, *arguments]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert not (tmp_path / "out.json").exists()


def test_import_over_what_is_no_contract(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "out.json"
    target.write_text("[]", encoding="utf-8")
    assert run([*IMPORT, "-o", str(target)]) == 1
    assert "out.json:1:1: wrong-type" in capsys.readouterr().err
    assert run([*IMPORT, "-o", str(target), "--force"]) == 0
    assert run([*IMPORT, "-o", str(target / "below.json")]) == 2


def test_check_against_twins(capsys: Capture) -> None:
    assert run(["contracts", "check"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{len(STORED)} same (asked offline twins" in told.err


@pytest.mark.parametrize(
    ("maximum", "code", "severity", "words"),
    [(2, 1, "break", "takes 1 to 2 now, not 1 to 4"), (8, 0, "note", "takes 1 to 8 now, not only 1 to 4")],
)
def test_check_reports_drift(
    maximum: int, code: int, severity: str, words: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = stored(FLUX)
    served["properties"]["num_images"]["maximum"] = maximum
    monkeypatch.setattr(twins, "Twins", functools.partial(Twins, drift={FLUX: served}))
    assert run(["contracts", "check"]) == code
    told = capsys.readouterr()
    (line,) = [line for line in told.out.splitlines() if line.startswith(FLUX)]
    assert line.split()[1:3] == ["num_images", severity]
    assert words in line
    assert "1 drifted" in told.err
    assert run(["contracts", "check", "--endpoint", "fal/flux.1-dev", "--json"]) == code
    data = json.loads(capsys.readouterr().out)
    assert (data["live"], data["breaks"]) == (False, 1 if code else 0)
    (only,) = data["contracts"]
    assert (only["contract"], only["endpoints"], only["status"]) == (FLUX, ["fal/flux.1-dev"], "drifted")
    assert only["changes"][0]["severity"] == severity
    assert run(["contracts", "check", "--endpoint", "replicate/flux.1-dev"]) == 0


def test_check_of_an_endpoint_there_is_not(capsys: Capture) -> None:
    assert run(["contracts", "check", "--endpoint", "fal/flux-1-dev"]) == 2
    assert "Did you mean" in capsys.readouterr().err


def test_check_live(capsys: Capture, monkeypatch: pytest.MonkeyPatch, twins: Twins) -> None:
    """The real places are stood in for by the loopback: a twin, and a port where nobody listens."""
    for name in ("FAL_KEY", "REPLICATE_API_TOKEN", "BFL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    near = contracts.Place(twins.bases["fal"] + "/api/openapi/queue/openapi.json?endpoint_id={endpoint}", keyed=False)
    monkeypatch.setattr(contracts, "PUBLISHED", {**contracts.PUBLISHED, "fal": near})
    assert run(["contracts", "check", "--live", "--endpoint", "fal/flux.1-dev"]) == 0
    assert "1 same (asked the providers)" in capsys.readouterr().err
    assert run(["contracts", "check", "--live", "--endpoint", "replicate/flux.1-dev"]) == 0
    assert "skipped: Replicate shows its schemas to customers only" in capsys.readouterr().err
    away = contracts.Place("https://127.0.0.1:9/{endpoint}", keyed=False)
    monkeypatch.setattr(contracts, "PUBLISHED", {"fal": away})
    assert run(["contracts", "check", "--live", "--endpoint", "fal/flux.1-dev"]) == 3
    assert "got no answer" in capsys.readouterr().err


def test_check_tells_what_the_importer_noted(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    served = stored(FLUX)
    served["properties"]["extra"] = {"type": "object", "additionalProperties": True}
    monkeypatch.setattr(twins, "Twins", functools.partial(Twins, drift={FLUX: served}))
    assert run(["contracts", "check", "--endpoint", "fal/flux.1-dev"]) == 0
    told = capsys.readouterr()
    assert "is new: object" in told.out
    assert f"{FLUX}: #/components/schemas/FalAiFluxDevInput/properties/extra: left open" in told.err


def test_a_schema_nobody_can_read_counts_as_a_break(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    served = stored(FLUX)
    served["properties"]["seed"] = {"type": "array", "uniqueItems": True}
    monkeypatch.setattr(twins, "Twins", functools.partial(Twins, drift={FLUX: served}))
    assert run(["contracts", "check", "--endpoint", "fal/flux.1-dev"]) == 1
    assert "unreadable" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["contracts"], ["contracts", "import"], ["contracts", "check"]])
def test_help(command: list[str], capsys: Capture) -> None:
    assert run([*command, "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: ")
