"""The wheel carries what the package needs: catalog, templates, types; and works with no checkout in sight."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_holds_data_and_types_and_nothing_else(unpacked: Path) -> None:
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert "pentaprism/py.typed" in names
    assert "pentaprism/data/catalog/models/flux.1/flux.1-dev.yaml" in names
    assert "pentaprism/data/catalog/contracts/fal/fal-ai/flux/dev.json" in names
    assert "pentaprism/data/catalog/proofs.json" in names
    assert any(name.startswith("pentaprism/data/site/templates/") for name in names)
    assert "pentaprism/data/lints/price-overlap.yaml" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"pentaprism"}
    assert not [name for name in names if name.endswith(".pth")]


def test_works_alone(unpacked: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    program = (
        "import pentaprism\n"
        f"assert pentaprism.__file__.startswith({str(unpacked)!r}), pentaprism.__file__\n"
        "route = pentaprism.Catalog.load().route({'model': 'flux.1-dev', 'prompt': 'x'})\n"
        "print([candidate.endpoint for candidate in route.candidates])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "['fal/flux.1-dev', 'replicate/flux.1-dev']", done.stderr
