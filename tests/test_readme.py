"""What the README and CONTRIBUTING show is true: the code prints what stands beside it, and every name exists."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from pentaprism.cli.app import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ ").split(" #")[0].strip()
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
]


def test_the_library_example_prints_what_it_says() -> None:
    programs = [text for language, text in BLOCKS if language == "python" and "Catalog" in text]
    outputs = [text for language, text in BLOCKS if language == "text"]
    assert len(programs) == len(outputs) == 1
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(programs[0], "README.md", "exec"), {})
    assert printed.getvalue() == outputs[0]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("pentaprism")])
def test_every_command_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAL_KEY", raising=False)
    monkeypatch.delenv("REPLICATE_API_TOKEN", raising=False)
    arguments = shlex.split(command)[1:]
    needs_key = arguments[0] == "generate" and "--twins" not in arguments
    assert run(arguments) == (2 if needs_key else 0), capsys.readouterr().err
    if "--twins" in arguments:
        assert (tmp_path / "lighthouse.webp").read_bytes()[8:12] == b"WEBP"


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    texts = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:\$ |`)(?:\w+=\S+ )?make ([a-z]+)", texts))
    assert {"demo", "test", "serve", "check"} <= named
    assert named <= targets


def test_every_file_named_exists() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#:]+)\)", text)
        paths = re.findall(r"`((?:catalog|engine|site|tests)/[\w./-]*)`", text)
        assert links or paths
        for path in [*links, *paths]:
            assert (ROOT / path).exists(), f"{name} names {path}"
