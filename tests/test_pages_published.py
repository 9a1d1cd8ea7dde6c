"""A catalog published for programs: the same bytes each time, an index that tells the truth, and nobody's file lost."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from catalog_folders import BASE, FLUX, PRIVATE, layer
from pentaprism import Catalog, CatalogError, __version__, api
from pentaprism.catalog.diff import diff
from pentaprism.catalog.documents import builtin_path, read_documents
from pentaprism.catalog.publish import publish
from pentaprism.catalog.schema import bundled_schema, schema_folder
from pentaprism.pages import bench, render
from pentaprism.pages.published import PublishError, publish_files, write_files


@pytest.fixture(scope="module")
def files(catalog: Catalog) -> Mapping[str, bytes]:
    """Everything published of the shipped catalog."""
    return publish_files(catalog)


def test_the_same_catalog_gives_the_same_bytes(files: Mapping[str, bytes]) -> None:
    again = publish_files(Catalog.load())
    assert again == files
    assert list(again) == sorted(again)


def test_a_catalog_loaded_from_what_was_published_publishes_the_same(
    files: Mapping[str, bytes], tmp_path: Path
) -> None:
    write_files(files, tmp_path)
    loaded = Catalog.load(tmp_path / "v1" / "catalog.json")
    assert publish_files(loaded) == files
    assert not diff(Catalog.load(), loaded)
    assert dict(loaded.models) == dict(Catalog.load().models)


def test_neither_the_clock_nor_this_machine_is_in_it(
    files: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_clock() -> date:
        raise AssertionError("somebody read the clock")

    for module in (api, bench):
        monkeypatch.setattr(module, "today", no_clock)
    assert publish_files(Catalog.load()) == files
    assert str(builtin_path()) not in b"".join(files.values()).decode()


def test_the_index_names_every_file_with_its_digest(catalog: Catalog, files: Mapping[str, bytes]) -> None:
    index = json.loads(files["index.json"])
    assert index["files"].keys() == files.keys() - {"index.json"}
    for path, stated in index["files"].items():
        assert stated == {"bytes": len(files[path]), "sha256": hashlib.sha256(files[path]).hexdigest()}
    assert (index["format"], index["version"], index["engine"]) == (1, catalog.version, __version__)
    assert index["priced_on"] == catalog.version.replace(".", "-")
    assert index["hash"] == json.loads(files[index["catalog"]])["hash"]
    assert list(index["models"]) == sorted(catalog.models)
    named = {*index["models"].values(), *index["providers"].values(), *index["schemas"].values(), index["catalog"]}
    assert named | {"v1/models.json"} == index["files"].keys()


def test_the_one_file_is_what_publishing_makes_and_its_schema_allows(files: Mapping[str, bytes]) -> None:
    assert files["v1/catalog.json"] == publish(read_documents())
    faults = Draft202012Validator(bundled_schema("published")).iter_errors(json.loads(files["v1/catalog.json"]))
    assert [error.message for error in faults] == []


def test_the_schemas_are_those_the_catalog_is_checked_with(files: Mapping[str, bytes]) -> None:
    for file in schema_folder().glob("*.json"):
        assert files[f"v1/schema/{file.name}"] == file.read_bytes()


def test_a_provider_has_a_file_with_its_endpoints(catalog: Catalog, files: Mapping[str, bytes]) -> None:
    data = json.loads(files["v1/providers/fal.json"])
    assert (data["name"], data["auth"]["env"]) == ("fal", "FAL_KEY")
    keys = [endpoint["key"] for endpoint in data["endpoints"]]
    assert keys == sorted(keys)
    assert set(keys) == {
        one.key for model in catalog.models.values() for one in model.endpoints if one.provider == "fal"
    }


def test_the_site_has_the_same_files(catalog: Catalog) -> None:
    """One writer: what the site serves below `api/` is what `catalog build` writes, on the same day."""
    day = date(2026, 12, 24)
    site = {path.removeprefix("api/"): data for path, data in render(catalog, date=day).items() if path[:4] == "api/"}
    assert site == publish_files(catalog, date=day)


def test_publishing_needs_neither_jinja_nor_yaml_nor_jsonschema(files: Mapping[str, bytes], tmp_path: Path) -> None:
    write_files(files, tmp_path)
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('jinja2', 'markupsafe', 'yaml', 'jsonschema', 'httpx', 'PIL')))\n"
        "from pentaprism import Catalog\n"
        "from pentaprism.pages.published import publish_files\n"
        f"print(len(publish_files(Catalog.load({str(tmp_path / 'v1' / 'catalog.json')!r}))))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(len(files)), done.stderr


def test_a_private_catalog_is_published_whole(tmp_path: Path) -> None:
    folder = layer(tmp_path, **{"catalog.yaml": "name: Acme\nextends: builtin\nversion: 2026.12.01\n", FLUX: PRIVATE})
    published = publish_files(Catalog.load(folder))
    index = json.loads(published["index.json"])
    assert (index["name"], index["version"], index["priced_on"]) == ("Acme", "2026.12.01", "2026-12-01")
    file = tmp_path / "out.json"
    file.write_bytes(published["v1/catalog.json"])
    loaded = Catalog.load(file)
    assert loaded.model("house-style").id == "flux.1-dev"
    assert not diff(Catalog.load(folder), loaded)
    assert (loaded.documents.name, loaded.version) == ("Acme", "2026.12.01")


def test_a_catalog_without_a_day_needs_one(tmp_path: Path) -> None:
    documents = read_documents(BASE)
    documents.version = "unversioned"
    with pytest.raises(PublishError, match=r"version is 'unversioned', so nothing says which day's prices count"):
        publish_files(Catalog(documents))
    assert publish_files(Catalog(documents), date=date(2026, 1, 2))


def test_a_fault_of_a_model_is_told(tmp_path: Path) -> None:
    data = json.loads(publish(read_documents()))
    data["models"]["flux.1-dev"]["endpoints"][0]["prices"][0]["usd"] = "free"
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CatalogError, match="not-a-number"):
        publish_files(Catalog.load(file))


# Writing --------------------------------------------------------------------------------------------------------------


def index_of(*paths: str) -> bytes:
    return json.dumps({"files": dict.fromkeys(paths)}).encode()


def test_only_what_changed_is_written_and_what_is_gone_goes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = {"v1/a.json": b"1", "v1/models/b.json": b"2", "index.json": index_of("v1/a.json", "v1/models/b.json")}
    assert write_files(first, out) == ["v1/a.json", "v1/models/b.json", "index.json"]
    assert write_files(first, out) == []
    (out / "v1" / "notes.txt").write_text("ours", encoding="utf-8")
    second = {"v1/a.json": b"3", "index.json": index_of("v1/a.json")}
    assert write_files(second, out) == ["v1/a.json", "index.json"]
    left = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert left == ["index.json", "v1/a.json", "v1/notes.txt"]


def test_a_folder_that_holds_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match="is not empty and no catalog was published there before"):
        write_files({"index.json": b"{}"}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("index", [b"{", b"[]", b"{}", b'{"files": 3}'])
def test_an_index_of_another_kind_is_none(tmp_path: Path, index: bytes) -> None:
    (tmp_path / "index.json").write_bytes(index)
    with pytest.raises(PublishError):
        write_files({"index.json": b"{}"}, tmp_path)


def test_an_index_cannot_have_files_removed_that_are_not_published(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("kept.txt", "out/kept.txt"):
        (tmp_path / name).write_text("kept", encoding="utf-8")
    (out / "index.json").write_bytes(index_of("../kept.txt", "v1/../../kept.txt", "kept.txt", "v1/gone.json"))
    write_files({"index.json": index_of()}, out)
    assert (tmp_path / "kept.txt").exists()
    assert (out / "kept.txt").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(PublishError, match=r"file/out.* cannot be written: Not a directory"):
        write_files({"index.json": b"{}"}, tmp_path / "file" / "out")
