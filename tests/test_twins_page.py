"""The page on twins: its programs run as they stand there, in a process of their own, under the settings it shows.

Only the ports are other ones: the page's are those of its own command line, and may be taken.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pentaprism.api import Catalog
from pentaprism.cli.app import run
from pentaprism.twins import FAULTS, Twins

DOCS = Path(__file__).resolve().parent.parent / "site" / "docs"
PAGE = (DOCS / "twins.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^##+ (.+)\n((?:(?!##+ ).*\n)*)", PAGE, re.MULTILINE))
# The page's ports, by the names that `bases` has.
PORTS = {"fal": 8101, "fal-sync": 8102, "replicate": 8103, "bfl": 8104, "openai": 8105}


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[section], re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[Path(__file__).parent / "format"])


@pytest.fixture
def running(wide: Catalog) -> Iterator[Twins]:
    with Twins(wide) as twins:
        yield twins


def led(text: str, twins: Twins) -> str:
    """The text with the twins' real ports."""
    for name, base in twins.bases.items():
        text = text.replace(f"127.0.0.1:{PORTS[name]}", urlsplit(base).netloc)
    assert not [port for port in PORTS.values() if f"127.0.0.1:{port}" in text]
    return text


def printed(section: str, twins: Twins, index: int = 0, folder: Path | None = None) -> list[str]:
    """What a program of a section prints, in the environment the section exports."""
    program = led(blocks(section, "python")[index], twins)
    exported = [shlex.split(line)[1] for text in blocks(section, "sh") for line in led(text, twins).splitlines()]
    settings = dict(line.split("=", 1) for line in exported)
    assert not settings or twins.key in settings.values()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, **settings},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def issue(folder: Path) -> None:
    """Run the page's command that makes the certificates, here."""
    program, *arguments = shlex.split(blocks("fal, over TLS", "console")[0].splitlines()[0].removeprefix("$ "))
    assert program == "python"
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_test_on_the_page_passes() -> None:
    [program] = blocks("In a test", "python")
    exec(compile(program, "twins.md", "exec"), {})


def test_replicate(running: Twins) -> None:
    [url] = printed("Replicate", running)
    assert url.startswith(f"{running.bases['replicate']}/files/")
    assert running.charges("replicate")[0]["size"] == "1344x768"


def test_openai(running: Twins) -> None:
    [line] = printed("OpenAI", running)
    assert line.startswith("1536x1024 ")
    assert running.bill("openai") > 0


def test_black_forest_labs(running: Twins) -> None:
    assert printed("Black Forest Labs", running) == ["Ready"]
    assert len(running.charges("bfl")) == 1


def test_fal(catalog: Catalog, tmp_path: Path) -> None:
    issue(tmp_path)
    with Twins(catalog, ["fal"], tls=(tmp_path / "server.pem", tmp_path / "server.key")) as twins:
        assert printed("fal, over TLS", twins, folder=tmp_path) == ["1024"]
        [url] = printed("fal, over TLS", twins, index=1, folder=tmp_path)
        assert url.startswith(f"{twins.bases['fal']}/files/")
        assert twins.bill("fal") == Decimal("0.025")


def test_the_faults_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", SECTIONS["Faults"], re.MULTILINE)
    assert dict(rows) == FAULTS
    assert len(rows) == len(FAULTS)


def test_schedules(running: Twins) -> None:
    construct, over_http = blocks("Faults", "python")
    names: dict[str, Any] = {}
    exec(compile(construct, "twins.md", "exec"), names)
    with names["twins"] as twins:
        codes = [submitted(twins) for _ in range(2)]
    assert codes == [429, 200]
    program = led(over_http, running).replace("httpx.post(", "told(").replace("httpx.delete(", "told(")
    replies: list[httpx.Response] = []

    def told(url: str, json: Any = None) -> None:
        replies.append(httpx.post(url, json=json, verify=False) if json else httpx.delete(url, verify=False))

    exec(compile(program, "twins.md", "exec"), {"told": told})
    assert [reply.status_code for reply in replies] == [204] * 5
    assert submitted(running) == 200


def submitted(twins: Twins) -> int:
    url = f"{twins.bases['fal']}/fal-ai/flux/dev"
    return httpx.post(
        url, json={"prompt": "x"}, headers={"authorization": f"Key {twins.key}"}, verify=False
    ).status_code


def test_the_log_and_the_bill(running: Twins) -> None:
    submitted(running)
    assert printed("The log and the bill", running) == ["POST /fal-ai/flux/dev 200", "0.025 USD"]
    [line] = running.requests("fal")
    told = re.findall(r"`([a-z]+)`", SECTIONS["The log and the bill"].split("A line of the log has")[1].split(":")[0])
    assert told == list(line)


def test_every_link_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (DOCS / link).exists(), link


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["For a program", "fal, over TLS", "Faults"])
def test_the_commands_on_the_page_run(section: str, tmp_path: Path) -> None:
    command = blocks(section, "console")[0].splitlines()[-1]
    if "--certificate" in command:
        issue(tmp_path)
    # Any free port will do.
    arguments = shlex.split(re.sub(r"=81\d\d\b", "=0", command.removeprefix("$ pentaprism ")))
    program = [sys.executable, "-m", "pentaprism", *arguments, "--json"]
    with subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines: list[str] = []
            assert process.stdout is not None
            while (lines or [""])[-1] != "}\n":
                lines.append(process.stdout.readline())
                assert lines[-1], "the program ended"
            base = re.search(r'"fal": "([^"]+)"', "".join(lines))
            assert base
            assert base[1].startswith("https://" if "--certificate" in command else "http://")
            if section == "Faults":
                url, key = f"{base[1]}/fal-ai/flux/dev", {"authorization": "Key twin-key"}
                codes = [httpx.post(url, json={"prompt": "x"}, headers=key).status_code for _ in range(3)]
                assert codes == [429, 200, 200]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


COMMAND_REJECTS: dict[str, tuple[list[str], str]] = {
    "no such fault": (["--fault", "fal=flood"], "there is no fault 'flood'; there are 429, 500-before,"),
    "no faults": (["--fault", "fal"], "'fal' is not of the form fal=429,none,slow"),
    "no such provider": (["--fault", "fax=429"], "no twin of 'fax' is served here; there are bfl, fal, replicate"),
    "a provider twice": (["--fault", "fal=429", "--fault", "fal=slow"], "fal is given twice"),
    "half the chances": (["--fault", "fal=429:0.1,slow"], "give every fault once and with its chance"),
    "a fault twice": (["--fault", "fal=429:0.1,429:0.2"], "give every fault once and with its chance"),
    "no chance": (["--fault", "fal=429:often"], "give every fault once and with its chance"),
    "too great a chance": (["--fault", "fal=429:2"], "must be a number from 0 to 1, not 2.0"),
    "no port": (["--port", "fal=x"], "fal=x: a port is a number from 0 to 65535"),
    "too great a port": (["--port", "fal=70000"], "fal=70000: a port is a number from 0 to 65535"),
    "a port of nobody": (["--port", "fax=8101"], "a port for fax, but there are bfl, fal, fal-sync, replicate"),
    "half a certificate": (["--certificate", "server.pem"], "both are needed, or neither"),
    "no certificate": (
        ["--certificate", "no.pem", "--private-key", "no.key"],
        "no.pem and no.key are not the PEM files of a certificate and its private key",
    ),
}


@pytest.mark.parametrize("case", COMMAND_REJECTS)
def test_command_lines_that_mean_nothing(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, words = COMMAND_REJECTS[case]
    assert run(["twins", *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_a_port_that_is_taken_is_named(running: Twins, capsys: pytest.CaptureFixture[str]) -> None:
    port = httpx.URL(running.bases["fal"]).port
    assert run(["twins", "--port", f"fal={port}"]) == 2
    assert f"port {port} of 127.0.0.1: Address already in use" in capsys.readouterr().err
