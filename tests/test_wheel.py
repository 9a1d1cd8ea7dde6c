"""The wheel carries what the package needs: the catalog as one file, templates, types; and works with no checkout in
sight. An editable install reads the folder.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pentaprism import Catalog
from pentaprism.catalog.documents import builtin_path, read_documents
from pentaprism.catalog.publish import publish

ROOT = Path(__file__).resolve().parent.parent
# What an installed user's catalog must load without.
NOT_NEEDED = ("yaml", "jsonschema", "jinja2", "typer", "httpx", "PIL")


def build(target: str, folder: Path, root: Path = ROOT) -> Path:
    """Build a distribution of a source tree; gives the file."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build("wheel", folder / "dist")) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def printed(unpacked: Path, folder: Path, program: str) -> str:
    """What a program prints that has the wheel alone."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    first = f"import pentaprism\nassert pentaprism.__file__.startswith({str(unpacked)!r}), pentaprism.__file__\n"
    done = subprocess.run(
        [sys.executable, "-c", first + program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_holds_data_and_types_and_nothing_else(unpacked: Path) -> None:
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert "pentaprism/py.typed" in names
    assert any(name.startswith("pentaprism/data/site/templates/") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"pentaprism"}
    assert not [name for name in names if name.endswith(".pth")]
    below = {name.removeprefix("pentaprism/data/") for name in names if name.startswith("pentaprism/data/catalog")}
    schemas = {f"catalog/schema/{file.name}" for file in (ROOT / "catalog" / "schema").glob("*.json")}
    assert below == {"catalog.json", *schemas}


def test_carries_what_publishing_makes(unpacked: Path) -> None:
    file = unpacked / "pentaprism" / "data" / "catalog.json"
    assert file.read_bytes() == publish(read_documents(ROOT / "catalog"))
    assert dict(Catalog.load(file).models) == dict(Catalog.load(ROOT / "catalog").models)


def test_works_alone(unpacked: Path, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "route = pentaprism.Catalog.load().route({'model': 'flux.1-dev', 'prompt': 'x'})\n"
        "print([candidate.endpoint for candidate in route.candidates])\n"
        f"print(sorted(set({NOT_NEEDED}) & set(sys.modules)))\n"
    )
    assert printed(unpacked, tmp_path, program).splitlines() == ["['fal/flux.1-dev', 'replicate/flux.1-dev']", "[]"]


def test_a_private_catalog_lies_over_the_installed_one(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "mine" / "models").mkdir(parents=True)
    (tmp_path / "mine" / "catalog.yaml").write_text("extends: builtin\n", encoding="utf-8")
    (tmp_path / "mine" / "models" / "flux.1-dev.yaml").write_text("aliases: [ours]\n", encoding="utf-8")
    program = (
        "from pentaprism.catalog.validate import validate\n"
        "print(pentaprism.Catalog.load('mine').model('ours').id, validate('mine'))\n"
    )
    assert printed(unpacked, tmp_path, program) == "flux.1-dev []"


def test_an_editable_checkout_reads_the_folder(tmp_path: Path) -> None:
    """pip asks the hook for an editable wheel, which carries nothing; this checkout is installed so."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    hook = module.PublishCatalog(str(ROOT), {}, None, None, str(tmp_path), "wheel")
    data: dict[str, Any] = {"force_include": {}}
    hook.initialize("editable", data)
    hook.finalize("editable", data, "")
    assert data == {"force_include": {}}
    assert builtin_path() == ROOT / "catalog"
    assert not Catalog.load().documents.published


def test_a_wheel_of_the_source_distribution_carries_the_same(unpacked: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    with zipfile.ZipFile(build("wheel", tmp_path / "wheel", source)) as archive:
        carried = archive.read("pentaprism/data/catalog.json")
    assert carried == (unpacked / "pentaprism" / "data" / "catalog.json").read_bytes()
