"""Where a catalog is read from, and what is said of a path, a folder or a file that holds none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from catalog_folders import BASE, ON
from pentaprism import Catalog, CatalogError
from pentaprism.catalog import documents
from pentaprism.catalog.documents import builtin_path, read_documents
from pentaprism.catalog.publish import publish
from pentaprism.catalog.schema import schema_folder
from pentaprism.catalog.validate import validate


def refused(path: Path) -> str:
    """The one thing said of a path that is no catalog."""
    with pytest.raises(CatalogError) as caught:
        read_documents(path)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.path, finding.line) == ("no-catalog", str(path), 0)
    return finding.message


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere").startswith("there is no such folder or file; give a catalog folder or")


def test_one_file_of_a_catalog_is_none() -> None:
    assert refused(BASE / "parameters.yaml").endswith("or a published .json file; this is one file")


def test_a_folder_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("models and providers", encoding="utf-8")
    assert refused(tmp_path).startswith("nothing in this folder is part of a catalog (models/, providers/,")


@pytest.mark.parametrize(
    ("kept", "kind"),
    [
        ("models/lamps/lantern.yaml", "model"),
        ("providers/acme.yaml", "provider"),
        ("contracts/acme/lantern.json", "contract"),
        ("parameters.yaml", "parameters"),
        ("size-tables.yaml", "size-tables"),
    ],
)
def test_any_part_makes_a_folder_one(tmp_path: Path, kept: str, kind: str) -> None:
    (tmp_path / kept).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(BASE / kept, tmp_path / kept)
    read = [(kind, document.name) for kind, document in read_documents(tmp_path).each() if document.data]
    assert read == [(kind, (tmp_path / kept).as_posix())]


@pytest.mark.parametrize("name", ["providers/acme.yaml", "contracts/acme/lantern.json"])
def test_what_cannot_be_read_is_a_finding_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    read = read_documents(tmp_path)
    (finding,) = read.findings
    assert (finding.path, finding.line, finding.rule) == ((tmp_path / name).as_posix(), 0, "unreadable")
    assert finding.message == "this file cannot be read: Is a directory"
    assert list(read.models) == ["candle", "lantern"]


def test_two_files_of_one_model_are_told_with_what_is_wrong_with_either(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    again = tmp_path / "models" / "more" / "lantern.yaml"
    again.parent.mkdir()
    again.write_text("name: Lantern\nname: Lamp\n", encoding="utf-8")
    found = read_documents(tmp_path).findings
    assert [(finding.path, finding.line, finding.rule) for finding in found] == [
        (again.as_posix(), 2, "duplicate-key"),
        (again.as_posix(), 1, "duplicate-name"),
    ]
    assert found[1].message.startswith(
        f"{(tmp_path / 'models/lamps/lantern.yaml').as_posix()} describes a model of this"
    )


# Where the catalog of the package lies --------------------------------------------------------------------------------


def test_the_package_finds_its_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside `engine/` in a checkout; in a wheel the folder, or the one file if that is what the wheel carries."""
    package = tmp_path / "engine" / "pentaprism"
    monkeypatch.setattr(documents, "__file__", str(package / "catalog" / "documents.py"))
    assert builtin_path() == tmp_path / "catalog"
    (package / "data" / "catalog").mkdir(parents=True)
    assert builtin_path() == package / "data" / "catalog"
    assert schema_folder() == package / "data" / "catalog" / "schema"
    (package / "data" / "catalog.json").write_text("{}", encoding="utf-8")
    assert builtin_path() == package / "data" / "catalog.json"
    assert schema_folder() == package / "data" / "catalog" / "schema"


# Published files ------------------------------------------------------------------------------------------------------


def published(folder: Path, **changes: Any) -> Path:
    """The small catalog as one file, with some of its parts replaced."""
    data = {**json.loads(publish(read_documents(BASE))), **changes}
    file = folder / "catalog.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"contracts": {"acme/lantern": ["prompt"]}},
            "#contracts/acme/lantern: wrong-type: this must be an object, not",
        ),
        ({"providers": {"acme": {}}}, "#providers/acme: missing-key: the file needs the key 'auth'"),
        ({"parameters": {}}, "#parameters: missing-parameter: the engine needs a parameter 'prompt' in the vocabulary"),
        ({"size_tables": {"shapes": 3}}, "#size_tables: wrong-type: 'shapes' must be a mapping, not 3"),
    ],
)
def test_a_fault_in_what_models_share_is_told_when_a_published_file_is_loaded(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    file = published(tmp_path, **changes)
    with pytest.raises(CatalogError) as caught:
        Catalog.load(file)
    assert str(caught.value.findings[0]).startswith(file.as_posix() + told)


def test_a_fault_in_a_published_model_is_told_each_time_and_for_each_model(tmp_path: Path) -> None:
    data = json.loads(publish(read_documents(BASE)))
    data["contracts"]["acme/lantern"]["properties"]["prompt"] = {"type": "text"}
    twin = {**data["models"]["lantern"], "aliases": []}
    file = published(tmp_path, contracts=data["contracts"], models={**data["models"], "twin": twin})
    catalog = Catalog.load(file)
    for name in ("lantern", "lantern", "twin", "lamp"):
        with pytest.raises(CatalogError, match=r"#contracts/acme/lantern: wrong-type: 'type' must be one or more of"):
            catalog.model(name)
    assert catalog.model("candle").endpoints


def test_a_contract_nested_too_deep_is_told_once(tmp_path: Path) -> None:
    """A published file is not measured when it is read; each who goes through it stops where it is too deep."""
    contracts = json.loads(publish(read_documents(BASE)))["contracts"]
    field: dict[str, Any] = {"type": "string"}
    for _ in range(300):
        field = {"type": "array", "items": field}
    contracts["acme/lantern"]["properties"]["prompt"] = field
    file = published(tmp_path, contracts=contracts)
    told = f"{file.as_posix()}#contracts/acme/lantern: too-deep: this is nested deeper than 40 levels"
    assert [str(finding) for finding in validate(file, today=ON)] == [told]
    with pytest.raises(CatalogError) as caught:
        Catalog.load(file).model("lantern")
    assert [str(finding) for finding in caught.value.findings] == [told]
