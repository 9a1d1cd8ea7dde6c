"""`validate` and `lints` as a person, an editor, a program and GitHub see them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from pentaprism.catalog.lint import LINTERS
from pentaprism.cli.app import run
from reject_cases import BASE, reject

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a catalog with an error and two warnings, being where the person is."""
    for name in ("syntax/unquoted-number", "lint/stale-check", "lint/contract-format"):
        for change in reject(name).changes:
            file = tmp_path / change["file"]
            if not file.exists():
                shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
            text = file.read_text(encoding="utf-8").replace(change["replace"], change["with"])
            file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lantern(folder: Path, old: str, new: str) -> None:
    """Change a line of the model's file."""
    file = folder / "models" / "lamps" / "lantern.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_finding_is_a_place_a_sentence_and_the_line_itself(broken: Path, capsys: Capture) -> None:
    assert run(["validate", "."]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(
        "models/lamps/lantern.yaml:13:33: error: unquoted-number: 'usd' needs quotes: 0.02 without them is a number; "
        'write "0.02"\n'
        "    13 |       - {from: 2026-01-02, usd: 0.02, per: image, source: the price list}\n"
        "       |                                 ^\n"
        "    Documentation for this field: US dollars for one `unit`, as a decimal number in quotes so that nothing is "
        "rounded.\n"
        "contracts/acme/lantern.json:2:52: warning: stale-check: this was checked "
    )
    assert "\x1b" not in captured.out
    assert captured.err == "1 error and 2 warnings; `pentaprism lints NAME` explains\n"


def test_on_a_terminal_it_is_in_colour(broken: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(["validate", "."])
    assert "\x1b[1;31merror\x1b[0m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    run(["validate", "."])
    assert "\x1b[1;31m" not in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--format", "json"], ["--json"]])
def test_a_program_gets_json(broken: Path, capsys: Capture, options: list[str]) -> None:
    assert run(["validate", ".", *options]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["errors"], told["warnings"]) == (1, 2)
    assert told["findings"][0] == {
        "path": "models/lamps/lantern.yaml",
        "line": 13,
        "column": 33,
        "rule": "unquoted-number",
        "severity": "error",
        "message": "'usd' needs quotes: 0.02 without them is a number; write \"0.02\"",
        "help": "US dollars for one `unit`, as a decimal number in quotes so that nothing is rounded.",
    }
    assert [one["severity"] for one in told["findings"]] == ["error", "warning", "warning"]


def test_github_gets_workflow_commands(broken: Path, capsys: Capture) -> None:
    assert run(["validate", ".", "--format", "github"]) == 1
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == (
        "::error file=models/lamps/lantern.yaml,line=13,col=33,title=unquoted-number::'usd' needs quotes: 0.02 without "
        'them is a number; write "0.02"%0ADocumentation for this field: US dollars for one `unit`, as a decimal number '
        "in quotes so that nothing is rounded."
    )
    assert second.startswith("::warning file=contracts/acme/lantern.json,line=2,col=52,title=stale-check::this was")
    assert third.startswith("::warning file=contracts/acme/lantern.json,line=5,col=1,title=contract-format::")


def test_a_workflow_command_cannot_be_ended_early(broken: Path, capsys: Capture) -> None:
    folder = broken / "models" / "a,b:c%"
    (broken / "models" / "lamps").rename(folder)
    (folder / "lantern.yaml").write_text('"100%\\n::error::": 1\n', encoding="utf-8")
    run(["validate", ".", "--format", "github"])
    line = next(line for line in capsys.readouterr().out.splitlines() if "title=unknown-key" in line)
    assert line.startswith("::error file=models/a%2Cb%3Ac%25/lantern.yaml,line=1,col=1,title=unknown-key::'100%25\\n::")


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_that_there_is_no_catalog_is_a_finding_in_every_form(tmp_path: Path, capsys: Capture, form: str) -> None:
    assert run(["validate", str(tmp_path / "nowhere"), "--format", form]) == 1
    captured = capsys.readouterr()
    told = {
        "text": "/nowhere: error: no-catalog: there is no such folder or file",
        "json": '"rule": "no-catalog"',
        "github": "::error file=",
    }
    assert told[form] in captured.out
    assert captured.err == "1 error\n"


def test_findings_are_written_into_files_too(broken: Path, capsys: Capture) -> None:
    assert run(["validate", ".", "--format", "github", "--report", "told.json", "--report", "told.md"]) == 1
    assert capsys.readouterr().out.startswith("::error file=models/lamps/lantern.yaml,line=13")
    run(["validate", ".", "--json"])
    assert (broken / "told.json").read_text(encoding="utf-8") == capsys.readouterr().out
    lines = (broken / "told.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "### Catalog: 1 error and 2 warnings"
    assert lines[4] == (
        "| models/lamps/lantern.yaml:13:33 | error: unquoted-number | 'usd' needs quotes: 0.02 without them is a "
        'number; write "0.02" |'
    )
    assert len(lines) == 7
    assert run(["validate", str(BASE), "--report", "sound.md"]) == 0
    assert (broken / "sound.md").read_text(encoding="utf-8") == "### Catalog: sound\n"


@pytest.mark.parametrize(("name", "told"), [("told.html", "not 'told.html'"), ("no/told.md", "cannot be written")])
def test_a_report_that_cannot_be_written_is_told(broken: Path, capsys: Capture, name: str, told: str) -> None:
    assert run(["validate", ".", "--report", name]) == 2
    assert told in capsys.readouterr().err


def test_warnings_fail_where_they_are_asked_to(broken: Path, capsys: Capture) -> None:
    lantern(broken, "usd: 0.02", 'usd: "0.02"')
    assert run(["validate", "."]) == 0
    assert capsys.readouterr().err == "2 warnings; `pentaprism lints NAME` explains\n"
    assert run(["validate", ".", "--strict"]) == 1
    assert run(["validate", str(BASE), "--strict"]) == 0


def test_fixing_changes_the_layout_and_nothing_else(broken: Path, capsys: Capture) -> None:
    contract = broken / "contracts" / "acme" / "lantern.json"
    before = json.loads(contract.read_text(encoding="utf-8"))
    assert run(["validate", ".", "--fix"]) == 1
    captured = capsys.readouterr()
    assert captured.err == (
        "laid out contracts/acme/lantern.json\n1 error and 1 warning; `pentaprism lints NAME` explains\n"
    )
    assert "contract-format" not in captured.out
    assert json.loads(contract.read_text(encoding="utf-8")) == before
    stamp = contract.stat().st_mtime_ns
    assert run(["validate", ".", "--fix"]) == 1
    assert contract.stat().st_mtime_ns == stamp
    assert "laid out" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("summary: 7", "     5 | summary: 7"),
        ("summary:\t7", "     5 | summary:       7"),
        ("strengths: [明るい, 7]", "     5 | strengths: [明るい, 7]"),
        (f"strengths: [{'x' * 200}, 7]", "     5 | ...xxx"),
        (f"strengths: [{'x' * 200}, 7, {'y' * 200}]", "     5 | ...xxx"),
        (f"strengths: [7, {'y' * 200}]", "     5 | strengths: [7, yyy"),
    ],
)
def test_the_mark_stands_below_the_fault(broken: Path, capsys: Capture, line: str, start: str) -> None:
    lantern(broken, "summary: It makes pictures of lanterns.", line)
    run(["validate", "."])
    lines = capsys.readouterr().out.splitlines()
    shown = next(number for number, one in enumerate(lines) if one.startswith(start))
    assert lines[shown].endswith("...") is line.endswith("y]")
    assert cell_len(lines[shown]) <= 120
    before, _, _ = lines[shown].partition("7")
    assert lines[shown + 1] == "       |".ljust(cell_len(before)) + "^"


def test_a_file_cannot_steer_the_terminal(broken: Path, capsys: Capture) -> None:
    lantern(broken, "summary: It makes pictures of lanterns.", "summary: \x1b[2J")
    assert run(["validate", "."]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "     5 | summary: \ufffd[2J\n" in out


def test_what_is_in_no_file_has_no_line(tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "models" / "lamps" / "lantern.yaml").chmod(0)
    folder = tmp_path / "models" / "lamps" / "torch.yaml"
    folder.mkdir()
    assert run(["validate", str(tmp_path), "--format", "github"]) == 1
    assert f"::error file={folder},title=unreadable::this file cannot be read" in capsys.readouterr().out
    assert run(["validate", str(tmp_path)]) == 1
    assert f"{folder}: error: unreadable: this file cannot be read: Is a directory\n" in capsys.readouterr().out


def test_linters_are_listed(capsys: Capture) -> None:
    assert run(["lints"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["linter", "severity", "what", "must", "hold"]
    assert [line.split()[0] for line in lines[1:]] == list(LINTERS)
    assert run(["lints", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["name"]: one["severity"] for one in listed} == {name: one.severity for name, one in LINTERS.items()}


def test_a_linter_is_explained(capsys: Capture) -> None:
    assert run(["lints", "stale-check"]) == 0
    out = capsys.readouterr().out
    for text in (LINTERS["stale-check"].sentence, LINTERS["stale-check"].why, LINTERS["stale-check"].fix):
        assert text in out
    assert 'ignore: {stale-check: "the reason, in words"}' in out
    assert run(["lints", "unlisted-host"]) == 0
    assert "this cannot be waived" in capsys.readouterr().out
    assert run(["lints", "unlisted-host", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["waivable"] is False


def test_a_linter_nobody_knows(capsys: Capture) -> None:
    assert run(["lints", "stale-chek"]) == 2
    assert "There is no linter 'stale-chek'. Did you mean 'stale-check'?" in capsys.readouterr().err
    assert run(["lints", "zzz"]) == 2
    assert "`pentaprism lints` lists them" in capsys.readouterr().err
