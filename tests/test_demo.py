"""The demo is what it says: OpenAI's SDK, the gateway, a provider's twin, a real picture, the real body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pentaprism import twins
from pentaprism.cli.app import run

LOGS: list[dict[str, Any]] = []


class RememberedTwins(twins.Twins):
    """Twins whose log is still there once the demo has stopped them."""

    def __exit__(self, *error: Any) -> None:
        LOGS.extend(self.requests("fal"))
        super().__exit__(*error)


class StoppedTwins(twins.Twins):
    """Twins that go away as soon as they have started."""

    def __enter__(self) -> twins.Twins:
        super().__enter__()
        for name in ("fal", "replicate"):
            self.stop(name)
        return self


def test_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "Twins", RememberedTwins)
    file = tmp_path / "demo.png"
    assert run(["demo", "-o", str(file), "--size", "800x600", "-p", "a glass of light"]) == 0
    with Image.open(file) as opened:
        opened.load()
        assert (opened.format, opened.size) == ("PNG", (800, 600))
    out = capsys.readouterr().out
    submitted = next(entry["json"] for entry in LOGS if entry["method"] == "POST")
    assert submitted == {
        "prompt": "a glass of light",
        "image_size": {"width": 800, "height": 600},
        "output_format": "png",
    }
    printed = out[out.index("  {\n") : out.index("\n  }\n") + 4]
    assert json.loads(printed) == submitted
    assert "What it cost: $0.025" in out
    assert "response_format  b64_json" in out


def test_demo_fails_without_its_provider(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "Twins", StoppedTwins)
    assert run(["demo", "-o", str(tmp_path / "demo.png")]) == 3
    assert not (tmp_path / "demo.png").exists()
    assert "Every provider refused" in capsys.readouterr().err
