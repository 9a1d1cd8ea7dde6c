"""`catalog build`, `diff`, `lock` and `upgrade` as a person runs them, in folders and git repositories of their own."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from catalog_folders import BASE, FLUX, PRIVATE, layer
from pentaprism import Catalog
from pentaprism.catalog.documents import builtin_path, read_documents
from pentaprism.catalog.publish import publish
from pentaprism.cli.app import run

Capture = pytest.CaptureFixture[str]
LANTERN = "models/lamps/lantern.yaml"
DEARER = BASE.joinpath(LANTERN).read_text(encoding="utf-8").replace('usd: "0.02"', 'usd: "0.03"')
ASKED = '{"model": "lantern", "prompt": "a harbour"}\n'
PRICE_UP = "from 2026-01-02: $0.03 per image instead of $0.02 (+50%, in a row that was rewritten)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PENTAPRISM_LOCK", raising=False)
    return tmp_path


def git(*arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def copied(target: Path, **files: str) -> Path:
    """The small catalog at a path, with the whole vocabulary, and some files of it another."""
    for file in BASE.rglob("*"):
        if file.is_file():
            layer(target, **{file.relative_to(BASE).as_posix(): file.read_text(encoding="utf-8")})
    vocabulary = (builtin_path() / "parameters.yaml").read_text(encoding="utf-8")
    return layer(target, **{"parameters.yaml": vocabulary, **files})


@pytest.fixture
def repository(folder: Path) -> Path:
    """A repository whose catalog became dearer in its second commit."""
    git("init", "-b", "main", ".")
    copied(folder / "catalog")
    git("add", ".")
    git("commit", "-m", "one")
    layer(folder / "catalog", **{LANTERN: DEARER})
    git("commit", "-am", "two")
    return folder


# Build ----------------------------------------------------------------------------------------------------------------


def test_build_publishes_into_a_folder(folder: Path, capsys: Capture) -> None:
    assert run(["catalog", "build", "--catalog", str(BASE), "-o", "out"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "out/index.json\n"
    assert "of them changed" in captured.err
    index = json.loads((folder / "out" / "index.json").read_bytes())
    assert list(index["models"]) == ["candle", "lantern"]
    assert Catalog.load(folder / "out" / "v1" / "catalog.json").model("lamp").id == "lantern"
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*.json")}
    assert run(["catalog", "build", "--catalog", str(BASE), "-o", "out", "--date", "2026-01-02"]) == 0
    assert f"{len(before)} files, 0 of them changed" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (folder / "out").rglob("*.json")} == before


def test_build_tells_what_is_wrong(folder: Path, capsys: Capture) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "mine").write_text("mine", encoding="utf-8")
    assert run(["catalog", "build", "-o", "out"]) == 1
    assert "out is not empty and no catalog was published there before" in capsys.readouterr().err
    assert run(["catalog", "build", "-o", "new", "--date", "soon"]) == 2
    assert "--date must be a day such as 2026-07-28, not 'soon'." in capsys.readouterr().err


# Diff -----------------------------------------------------------------------------------------------------------------


def test_diff_takes_folders_and_published_files(folder: Path, capsys: Capture) -> None:
    dearer, old = copied(folder / "dearer", **{LANTERN: DEARER}), copied(folder / "old")
    (folder / "old.json").write_bytes(publish(read_documents(old)))
    assert run(["catalog", "diff", "old.json", str(dearer)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("old.json, 2026.01.02 (sha256:")
    assert out.splitlines()[3:] == ["Dearer, gone or narrower", "  acme/lantern", f"    {PRICE_UP}"]
    assert run(["catalog", "diff", "old.json", "old", "--exit-code"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["No difference."]
    assert run(["catalog", "diff", "old.json", "dearer", "--exit-code"]) == 1


def test_diff_compares_with_the_builtin_one_where_nothing_else_is_named(folder: Path, capsys: Capture) -> None:
    private = layer(folder / "mine", **{"catalog.yaml": "name: Acme\nextends: builtin\n", FLUX: PRIVATE})
    assert run(["catalog", "diff", "builtin"]) == 0
    assert "No difference." in capsys.readouterr().out
    assert run(["catalog", "diff", "builtin", str(private)]) == 0
    out = capsys.readouterr().out
    assert "from 2026-09-01: $0.02 per megapixel (rounded up) instead of $0.025 (-20%)" in out
    assert "replicate/flux.1-dev\n    is disabled, not active" in out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("HEAD~1", "HEAD"),
        ("HEAD~1:catalog", "catalog"),
        ("main~1:catalog", "main:catalog"),
        ("HEAD~1:./catalog", "catalog"),
    ],
)
def test_diff_takes_git_revisions(repository: Path, capsys: Capture, before: str, after: str) -> None:
    assert run(["catalog", "diff", before, after]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split(", ")[0] == before
    assert f"-> {after}, 2026.01.02" in out
    assert PRICE_UP in out
    status = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert status.stdout == ""


def test_a_revision_is_found_from_a_folder_below(
    repository: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "catalog" / "models")
    assert run(["catalog", "diff", "HEAD~1", "HEAD"]) == 0
    assert PRICE_UP in capsys.readouterr().out
    assert run(["catalog", "diff", "HEAD~1:../", "HEAD:.."]) == 2
    assert run(["catalog", "diff", "HEAD~1:./../", "HEAD", "--path", "catalog"]) == 0
    assert PRICE_UP in capsys.readouterr().out


def test_a_revision_is_compared_with_all_it_extends(repository: Path, capsys: Capture) -> None:
    layer(repository / "private" / "acme", **{"catalog.yaml": "extends: [../../catalog, builtin]\n"})
    layer(repository / "private" / "acme", **{"models/lantern.yaml": "aliases: [ours]\n"})
    git("add", ".")
    git("commit", "-m", "three")
    layer(repository / "private" / "acme", **{"models/lantern.yaml": "aliases: [ours, and-yours]\n"})
    assert run(["catalog", "diff", "HEAD:private/acme", "private/acme"]) == 0
    assert "lantern\n    can be asked for as and-yours\n" in capsys.readouterr().out


def test_a_fault_of_a_revision_is_told_as_git_names_it(repository: Path, capsys: Capture) -> None:
    layer(repository / "catalog", **{LANTERN: DEARER.replace("provider: acme", "provider: acne")})
    git("commit", "-am", "broken")
    assert run(["catalog", "diff", "HEAD", "HEAD~1"]) == 1
    err = capsys.readouterr().err
    assert "HEAD:catalog/models/lamps/lantern.yaml:7:15: unknown-provider" in err
    assert "/tmp" not in err


def test_a_revision_without_a_catalog_is_told_as_git_names_it(repository: Path, capsys: Capture) -> None:
    assert run(["catalog", "diff", "HEAD:", "builtin"]) == 1
    assert capsys.readouterr().err.startswith("error: HEAD:.: no-catalog: nothing in this folder is part of a catalog")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["nowhere", "builtin"],
            "'nowhere' is no catalog: it is not 'builtin', there is no such folder or file, and git",
        ),
        (["HEAD:elsewhere", "builtin"], ") has no 'elsewhere'. A revision's catalog is REVISION:PATH"),
        (["HEAD~9", "builtin"], "knows no revision 'HEAD~9' of this folder"),
        (["HEAD", "builtin", "--path", "other"], "has no 'other'"),
        (["builtin", "builtin", "--replay", "none.jsonl"], "none.jsonl cannot be read: No such file or directory."),
        (["builtin", "builtin", "--date", "soon"], "--date must be a day"),
    ],
)
def test_diff_tells_what_it_cannot_find(repository: Path, capsys: Capture, arguments: list[str], told: str) -> None:
    assert run(["catalog", "diff", *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


def test_outside_of_a_repository_there_are_no_revisions(folder: Path, capsys: Capture) -> None:
    assert run(["catalog", "diff", "HEAD", "builtin"]) == 2
    assert "git knows no revision 'HEAD' of this folder" in capsys.readouterr().err


def test_without_git_it_says_so(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert run(["catalog", "diff", "HEAD", "builtin"]) == 2
    assert "Comparing revisions needs git, which is not installed." in capsys.readouterr().err


def test_diff_replays_requests(repository: Path, capsys: Capture) -> None:
    (repository / "requests.jsonl").write_text(ASKED * 2, encoding="utf-8")
    assert run(["catalog", "diff", "HEAD~1", "catalog", "--replay", "requests.jsonl", "--date", "2026-11-21"]) == 0
    captured = capsys.readouterr()
    assert "2 requests replayed at the prices of 2026-11-21" in captured.out
    assert "cost of the 2 requests both serve: $0.04 -> $0.06 (+50%)" in captured.out
    assert captured.err == "replaying ...\n"


def test_a_line_without_a_request_is_told_and_the_exit_code_says_so(repository: Path, capsys: Capture) -> None:
    (repository / "requests.jsonl").write_text(ASKED + "{\n\n", encoding="utf-8")
    assert run(["catalog", "diff", "HEAD", "HEAD", "--replay", "requests.jsonl"]) == 1
    captured = capsys.readouterr()
    assert "line 2: this is not readable as JSON" in captured.out
    assert "1 empty line" in captured.out
    assert "not replayed, since they hold no request: 1 line of the file" in captured.err


def test_diff_speaks_json_and_markdown(repository: Path, capsys: Capture) -> None:
    (repository / "requests.jsonl").write_text(ASKED, encoding="utf-8")
    common = ["catalog", "diff", "HEAD~1", "HEAD", "--replay", "requests.jsonl"]
    assert run([*common, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [one["message"] for one in data["differences"]] == [PRICE_UP]
    assert data["impact"]["aspects"]["cost"] == 1
    assert run([*common, "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    assert f"| acme/lantern | {PRICE_UP} |" in out
    assert "| At another cost | lantern: acme/lantern, $0.02 -> $0.03 |" in out
    assert run(["catalog", "diff", "HEAD~1", "HEAD", "--format", "json"]) == 0
    assert "impact" not in json.loads(capsys.readouterr().out)


def test_a_terminal_is_shown_how_far_it_is(repository: Path) -> None:
    (repository / "requests.jsonl").write_text(ASKED * 50, encoding="utf-8")
    command = [sys.executable, "-m", "pentaprism", "catalog", "diff", "HEAD~1", "HEAD", "--replay", "requests.jsonl"]
    out, err = _in_a_terminal(command)
    assert "50 requests replayed" in out
    assert "replaying" in err
    assert "100%" in err


def _in_a_terminal(command: list[str], answer: bytes = b"") -> tuple[str, str]:
    """What a command prints where stderr and stdin are a terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=environment) as running:
        os.close(theirs)
        os.write(ours, answer)
        told = b""
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:
                break
            if not read:
                break
            told += read
        assert running.stdout is not None
        out = running.stdout.read().decode()
    os.close(ours)
    return out, told.decode()


# Lock and upgrade -----------------------------------------------------------------------------------------------------


@pytest.fixture
def pinned(folder: Path, capsys: Capture) -> Path:
    """A folder with a lock on the small catalog that lies beside it."""
    copied(folder / "mine")
    assert run(["catalog", "lock", "--catalog", "mine"]) == 0
    assert capsys.readouterr().out == "catalog.lock\n"
    return folder


def lock_data(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "catalog.lock").read_bytes())
    return data


def test_lock_writes_the_pin_and_a_snapshot(pinned: Path, capsys: Capture) -> None:
    data = lock_data(pinned)
    assert (data["catalog"], data["extends"], data["version"]) == ("mine", [], "2026.01.02")
    assert (pinned / "catalog.lock.json").read_bytes() == publish(read_documents(pinned / "mine"))
    before = (pinned / "catalog.lock").read_bytes()
    assert run(["catalog", "lock", "--catalog", "mine"]) == 0
    assert (pinned / "catalog.lock").read_bytes() == before
    assert run(["catalog", "lock", "--catalog", "mine", "--no-snapshot"]) == 0
    assert not (pinned / "catalog.lock.json").exists()
    (pinned / "deploy").mkdir()
    assert run(["catalog", "lock", "--extends", "mine", "--file", "deploy/ours.lock"]) == 0
    data = json.loads((pinned / "deploy" / "ours.lock").read_bytes())
    assert (data["catalog"], data["extends"]) == ("builtin", ["../mine"])


def test_lock_does_not_move_a_pin(pinned: Path, capsys: Capture) -> None:
    before = (pinned / "catalog.lock").read_bytes()
    assert run(["catalog", "lock"]) == 2
    assert (
        "catalog.lock pins mine 2026.01.02; `pentaprism catalog upgrade` shows what changed" in capsys.readouterr().err
    )
    assert (pinned / "catalog.lock").read_bytes() == before


def test_every_command_obeys_a_lock(pinned: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["--lock", "catalog.lock", "models", "--catalog", "mine"]) == 0
    assert "lantern" in capsys.readouterr().out
    for command in (["models"], ["explain", "-m", "flux-dev", "-p", "x"], ["catalog", "show", "fal/flux.1-dev"]):
        assert run(["--lock", "catalog.lock", *command]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "catalog.lock: locked: this pins mine 2026.01.02" in captured.err
        assert run(command) == 0
        capsys.readouterr()
    monkeypatch.setenv("PENTAPRISM_LOCK", "catalog.lock")
    assert run(["models"]) == 1
    assert run(["models", "--catalog", "mine"]) == 0


def test_upgrade_shows_and_leaves_the_pin_where_nobody_can_be_asked(
    pinned: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["catalog", "upgrade"]) == 0
    assert "catalog.lock pins the catalog as it is: mine 2026.01.02" in capsys.readouterr().err
    layer(pinned / "mine", **{LANTERN: DEARER})
    (pinned / "requests.jsonl").write_text(ASKED, encoding="utf-8")
    before = lock_data(pinned)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(["catalog", "upgrade", "--replay", "requests.jsonl", "--date", "2026-11-21"]) == 4
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0].startswith("mine as pinned, 2026.01.02 (sha256:")
    assert PRICE_UP in captured.out
    assert "cost of the 1 request both serve: $0.02 -> $0.03 (+50%)" in captured.out
    assert "catalog.lock is as it was; --yes moves the pin" in captured.err
    assert lock_data(pinned) == before
    assert run(["catalog", "upgrade", "--yes", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["worse"] == 1
    assert lock_data(pinned)["hash"] != before["hash"]
    assert run(["--lock", "catalog.lock", "models", "--catalog", "mine"]) == 0
    assert run(["catalog", "upgrade"]) == 0
    assert run(["models", "--catalog", "catalog.lock.json"]) == 0


def test_upgrade_asks_where_somebody_can_answer(pinned: Path) -> None:
    layer(pinned / "mine", **{LANTERN: DEARER})
    before = lock_data(pinned)
    command = [sys.executable, "-m", "pentaprism", "catalog", "upgrade"]
    out, err = _in_a_terminal(command, b"n\n")
    assert PRICE_UP in out
    assert "Move the pin in catalog.lock to 2026.01.02? [y/N]" in err
    assert lock_data(pinned) == before
    _in_a_terminal(command, b"y\n")
    assert lock_data(pinned)["hash"] != before["hash"]


def test_upgrade_may_pin_another_catalog(pinned: Path, capsys: Capture) -> None:
    private = layer(pinned / "private", **{"models/lantern.yaml": "aliases: [ours]\n"})
    assert run(["catalog", "upgrade", "--catalog", "mine", "--extends", str(private), "--yes"]) == 0
    assert "can be asked for as ours" in capsys.readouterr().out
    assert (lock_data(pinned)["catalog"], lock_data(pinned)["extends"]) == ("mine", ["private"])
    layer(pinned / "private", **{"models/lantern.yaml": "aliases: [ours, theirs]\n"})
    assert run(["catalog", "upgrade", "--yes"]) == 0
    assert "can be asked for as theirs" in capsys.readouterr().out


def test_upgrade_finds_what_is_pinned_from_any_folder(
    pinned: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer(pinned / "mine", **{LANTERN: DEARER})
    monkeypatch.chdir(pinned / "mine" / "models")
    assert run(["catalog", "upgrade", "--file", "../../catalog.lock", "--yes"]) == 0
    assert PRICE_UP in capsys.readouterr().out
    assert lock_data(pinned)["catalog"] == "mine"


def test_upgrade_needs_the_catalog_as_it_was_pinned(pinned: Path, capsys: Capture) -> None:
    layer(pinned / "mine", **{LANTERN: DEARER})
    (pinned / "catalog.lock.json").write_bytes(publish(read_documents()))
    assert run(["catalog", "upgrade", "--yes"]) == 1
    assert "catalog.lock.json: locked: this is not the catalog that catalog.lock pins" in capsys.readouterr().err
    (pinned / "catalog.lock.json").unlink()
    assert run(["catalog", "upgrade", "--yes"]) == 2
    assert "catalog.lock.json is not there, so what changed cannot be shown." in capsys.readouterr().err


def test_upgrade_says_when_another_engine_pinned(pinned: Path, capsys: Capture) -> None:
    file = pinned / "catalog.lock"
    file.write_text(json.dumps({**lock_data(pinned), "engine": "0.0.1"}), encoding="utf-8")
    layer(pinned / "mine", **{LANTERN: DEARER})
    assert run(["catalog", "upgrade", "--yes"]) == 0
    assert "the pin is of Pentaprism 0.0.1; here" in capsys.readouterr().err


def test_a_lock_that_cannot_be_written_is_told(folder: Path, capsys: Capture) -> None:
    assert run(["catalog", "lock", "--file", "no/such/folder/catalog.lock"]) == 2
    assert "cannot be written: No such file or directory." in capsys.readouterr().err


# Models that take no requests -----------------------------------------------------------------------------------------


def test_models_lists_those_that_are_switched_off(folder: Path, capsys: Capture) -> None:
    off = layer(folder, **{"catalog.yaml": "extends: builtin\n", FLUX: "status: disabled\n"})
    assert run(["models", "--catalog", str(off)]) == 0
    (row,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("flux.1-dev "))
    assert row.split()[-1] == "disabled"
