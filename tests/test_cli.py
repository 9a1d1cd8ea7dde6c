"""Every command as a person runs it: data on stdout, the rest on stderr, and the exit codes of the manual."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pentaprism.cli.app import run
from pictures import picture

ROOT = Path(__file__).resolve().parent.parent
Capture = pytest.CaptureFixture[str]


def test_models(capsys: Capture) -> None:
    assert run(["models"]) == 0
    rows = [re.split(r"\s{2,}", line) for line in capsys.readouterr().out.splitlines()]
    assert ["flux.1-dev", "FLUX.1 [dev]", "text-to-image, image-edit", "fal, replicate", "$0.025"] in rows
    assert run(["models", "--json"]) == 0
    model = json.loads(capsys.readouterr().out)[0]
    assert model["endpoints"] == ["fal/flux.1-dev", "fal/flux.1-dev-edit", "replicate/flux.1-dev"]


def test_explain(capsys: Capture) -> None:
    request = ["explain", "-m", "flux.1-dev", "-p", "x", "--size", "1920x1080", "-n", "2", "--output-format", "webp"]
    assert run(request) == 0
    out = capsys.readouterr().out
    assert "1. fal/flux.1-dev" in out
    assert "2. replicate/flux.1-dev" in out
    assert "1344x768 comes back, the nearest this provider makes: 1.6% narrower in shape and 50% fewer pixels" in out
    assert run([*request, "--json", "-s", 'provider={"only": ["fal"]}', "-s", "seed=4"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert [candidate["endpoint"] for candidate in explained["candidates"]] == ["fal/flux.1-dev"]
    assert explained["candidates"][0]["calls"][0]["json"]["seed"] == 4


def test_what_no_endpoint_serves_is_told_with_what_is_nearest(capsys: Capture, tmp_path: Path) -> None:
    request = ["-m", "fal/flux.1-dev", "-p", "x", "-s", "steps=60"]
    assert run(["explain", *request]) == 0
    out = capsys.readouterr().out
    assert "no endpoints can serve this request" in out
    assert "   change       steps 60 -> 50 (its largest)" in out
    assert run(["generate", *request, "-o", str(tmp_path / "a.jpg"), "--twins"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-4:] == [
        "error: No endpoint of flux.1-dev can serve this request.",
        "  fal/flux.1-dev: steps must be 1 to 50 here, not 60.",
        "  Not tried: replicate/flux.1-dev: the request names fal/flux.1-dev.",
        "  Nearest: fal/flux.1-dev: steps 60 -> 50 (its largest); "
        "gives 1 picture, 1024x768 by default, jpeg; costs $0.025.",
    ]


def test_explain_tells_every_fault(capsys: Capture) -> None:
    assert run(["explain", "-m", "flux-1-dev", "-p", "x", "-n", "11", "--size", "banana"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Did you mean 'flux.1-dev'" in captured.err
    assert "n must be 1 to 10, not 11." in captured.err
    assert "banana" in captured.err


def test_generate_with_twins(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "out.webp"
    assert run(["generate", "-m", "flux.1-dev", "-p", "x", "-o", str(file), "--size", "320x200", "--twins"]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == str(file)
    assert "output_format: emulated: fetched as png and converted to webp afterwards" in captured.err
    assert "cost $0.025" in captured.err
    with Image.open(file) as opened:
        assert (opened.format, opened.size) == ("WEBP", (320, 200))


def test_generate_several_and_edit(capsys: Capture, tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    source.write_bytes(picture(96, 64))
    request = ["generate", "-m", "flux.1-dev", "-p", "a hat", "--image", str(source), "-n", "2", "--twins", "--json"]
    assert run([*request, "-o", str(tmp_path / "out.jpg")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(tmp_path / "out-1.jpg"), str(tmp_path / "out-2.jpg")]
    for file in told["files"]:
        with Image.open(file) as opened:
            assert (opened.format, opened.size) == ("JPEG", (96, 64))
    assert told["metadata"]["cost"] == pytest.approx(0.05)


def test_generate_without_a_key(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAL_KEY", raising=False)
    monkeypatch.delenv("REPLICATE_API_TOKEN", raising=False)
    assert run(["generate", "-m", "flux.1-dev", "-p", "x", "-o", str(tmp_path / "a.png")]) == 2
    captured = capsys.readouterr()
    assert "set FAL_KEY" in captured.err
    assert not (tmp_path / "a.png").exists()


def test_generate_into_no_folder(capsys: Capture) -> None:
    assert run(["generate", "-m", "flux.1-dev", "-p", "x", "-o", "/no/such/folder/a.png", "--twins"]) == 2
    assert "There is no folder /no/such/folder" in capsys.readouterr().err


def test_a_provider_that_fails_is_exit_code_3(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A key, and a proxy-less network that has no such host: the provider cannot be reached.
    monkeypatch.setenv("FAL_KEY", "canary-key")
    monkeypatch.delenv("REPLICATE_API_TOKEN", raising=False)
    overlay = tmp_path / "private" / "providers"
    overlay.mkdir(parents=True)
    text = (ROOT / "catalog" / "providers" / "fal.yaml").read_text(encoding="utf-8")
    (overlay / "fal.yaml").write_text(text.replace("queue.fal.run", "127.0.0.1:9"), encoding="utf-8")
    catalog = tmp_path / "catalog"
    _copy_catalog(catalog, overlay / "fal.yaml")
    request = ["generate", "-m", "flux.1-dev", "-p", "x", "-o", str(tmp_path / "a.png"), "--catalog", str(catalog)]
    assert run(request) == 3
    error = capsys.readouterr().err
    assert "Every provider refused" in error
    assert "canary-key" not in error


def _copy_catalog(target: Path, fal: Path) -> None:
    import shutil

    shutil.copytree(ROOT / "catalog", target)
    shutil.copy(fal, target / "providers" / "fal.yaml")


def test_catalog_show(capsys: Capture) -> None:
    assert run(["catalog", "show", "replicate/flux.1-dev"]) == 0
    out = capsys.readouterr().out
    rows = [re.split(r"\s{2,}", line) for line in out.splitlines()]
    assert "replicate/flux.1-dev: FLUX.1 [dev] at Replicate, id black-forest-labs/flux-dev" in out
    assert ["cfg_scale", "renamed", "guidance", "provider", "0 to 10"] in rows
    assert "form grid; ratio at aspect_ratio, tier at megapixels; 22 sizes" in out
    assert ["2026-07-28", "yes", "$0.025", "image", "always"] in [row[:5] for row in rows]
    assert "contract: 2026-04-01, schema-imported, GitHub replicate/cog-flux" in out
    assert run(["catalog", "show", "replicate/flux-dev"]) == 2
    assert "Did you mean 'replicate/flux.1-dev'" in capsys.readouterr().err


def test_catalog_show_as_data(capsys: Capture) -> None:
    assert run(["catalog", "show", "fal/flux.2-flex-edit", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    spec = data["modes"]["image-edit"]
    assert (spec["rules"]["cfg_scale"]["target"], spec["rules"]["cfg_scale"]["range"]) == (
        "guidance_scale",
        "1.5 to 10",
    )
    assert [form["form"] for form in spec["forms"]] == ["free", "list", "auto"]
    assert spec["forms"][0]["side"] == [1, 14142]
    assert [(price["usd"], price["per"]) for price in data["prices"] if price["in_force"]] == [
        ("0.05", "megapixel"),
        ("0.05", "input_megapixel"),
    ]


def test_catalog_show_says_what_is_not_there(capsys: Capture) -> None:
    assert run(["catalog", "show", "replicate/flux.1-kontext-dev"]) == 0
    assert "not here: text-to-image, because the provider's schema requires input_image" in capsys.readouterr().out
    assert run(["catalog", "show", "fal/flux.1-kontext-dev"]) == 0
    assert "id fal-ai/flux-kontext/dev/text-to-image (unverified)" in capsys.readouterr().out
    assert run(["catalog", "show", "bfl/flux.2-flex"]) == 0
    assert "input_image and 7 more" in capsys.readouterr().out


def test_validate(capsys: Capture, tmp_path: Path) -> None:
    assert run(["validate"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "0 findings" in captured.err
    broken = tmp_path / "models" / "x"
    broken.mkdir(parents=True)
    (broken / "m.yaml").write_text("name: a\nname: b\n", encoding="utf-8")
    assert run(["validate", str(tmp_path)]) == 1
    assert "models/x/m.yaml:2:1: error: duplicate-key" in capsys.readouterr().out
    assert run(["validate", str(tmp_path), "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert (2, "duplicate-key") in [(finding["line"], finding["rule"]) for finding in findings]
    assert run(["validate", str(tmp_path / "nowhere")]) == 1


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["no-such-command"], ["explain"], ["generate", "-m", "x"]])
def test_usage_is_exit_code_2(arguments: list[str], capsys: Capture) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_every_command_has_help() -> None:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    commands = [[], ["models"], ["validate"], ["explain"], ["generate"], ["serve"], ["twins"], ["demo"]]
    for command in [*commands, ["catalog", "show"], ["site", "build"]]:
        done = subprocess.run(
            [sys.executable, "-m", "pentaprism", *command, "--help"], capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Usage: ")
        assert "\x1b" not in done.stdout
