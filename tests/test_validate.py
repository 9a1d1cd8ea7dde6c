"""Validation tells everything that is wrong, once, at its place - and whatever it is given, nothing but that.

What each trap must bring is in `rejects/`, which `reject_cases` reads.
"""

from __future__ import annotations

import copy
import json
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism import Catalog, CatalogError, CompileError, MissingDependency, RequestError
from pentaprism.catalog import schema
from pentaprism.catalog.document import Document
from pentaprism.catalog.documents import Documents, builtin_path, read_documents
from pentaprism.catalog.validate import validate, validate_documents
from reject_cases import BASE, reject, rejects

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize("name", rejects())
def test_each_trap_is_told_at_its_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = reject(name)
    trap.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert [str(finding) for finding in validate(".", today=TODAY)] == list(trap.expect)


def test_the_base_of_the_rejects_is_sound() -> None:
    assert validate(BASE, today=TODAY) == []


def test_the_shipped_catalog_is_sound() -> None:
    assert validate(today=TODAY) == []


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = reject("syntax/unquoted-number")
    trap.write(tmp_path)
    for file in (one for one in tmp_path.rglob("*") if one.is_file()):
        file.write_bytes(file.read_bytes().replace(b"\n", end.encode()))
    monkeypatch.chdir(tmp_path)
    assert [str(finding) for finding in validate(".", today=TODAY)] == list(trap.expect)


def test_paths_are_those_a_person_would_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reject("format/wrong-type").write(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert {finding.path for finding in validate("mine", today=TODAY)} == {"mine/models/lamps/lantern.yaml"}


def test_what_to_mend_first_is_told_first_and_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file nobody could read, then keys and values, then what they mean, then warnings; in each by file and line."""
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    names = ("format/wrong-type", "format/unknown-method", "lint/stale-check", "lint/table-shape", "lint/vague-source")
    for change in (change for name in names for change in reject(name).changes):
        file = tmp_path / change["file"]
        text = file.read_text(encoding="utf-8").replace(change["replace"], change["with"])
        file.write_text(text, encoding="utf-8")
    (tmp_path / "providers" / "other.yaml").write_text("name: [", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [(finding.path, finding.rule) for finding in validate(".", today=TODAY)] == [
        ("providers/other.yaml", "yaml-syntax"),
        ("models/lamps/candle.yaml", "not-allowed"),
        ("models/lamps/lantern.yaml", "unquoted-number"),
        ("size-tables.yaml", "table-shape"),
        ("contracts/acme/lantern.json", "stale-check"),
    ]


def test_a_layer_is_reported_in_its_own_file(tmp_path: Path) -> None:
    layer = tmp_path / "models" / "lamps" / "lantern.yaml"
    layer.parent.mkdir(parents=True)
    layer.write_text(
        "family: lamps\nsummary: 7\nendpoints:\n  - provider: acme\n    status: off-duty\n", encoding="utf-8"
    )
    found = validate(BASE, [tmp_path], today=TODAY)
    assert [(finding.path, finding.line, finding.rule) for finding in found] == [
        (layer.as_posix(), 2, "unquoted-number"),
        (layer.as_posix(), 5, "not-allowed"),
    ]


def test_an_endpoint_marred_by_a_layer_is_not_judged(tmp_path: Path) -> None:
    layer = tmp_path / "models" / "lamps" / "lantern.yaml"
    layer.parent.mkdir(parents=True)
    text = "endpoints:\n  - provider: acme\n    constants: {sead: 1}\n"
    for more, rules in (("", ["unknown-target"]), ("    status: off-duty\n", ["not-allowed"])):
        layer.write_text(text + more, encoding="utf-8")
        assert [finding.rule for finding in validate(BASE, [tmp_path], today=TODAY)] == rules


def test_of_the_catalog_below_only_errors_are_told(tmp_path: Path) -> None:
    """Its facts grow old in a release; nobody else can look them up again."""
    layer = tmp_path / "models" / "lamps" / "lantern.yaml"
    layer.parent.mkdir(parents=True)
    endpoint = (
        "  - provider: fal\n    id: fal-ai/flux/dev\n    modes: {text-to-image: {}}\n"
        "    checked: {source: the manual, date: 2026-01-02, method: page}\n    sizes: {default: unknown, forms: []}\n"
    )
    head = "name: FLUX.1 [dev]\nfamily: lamps\ncreator: acme\nsummary: It glows.\nendpoints:\n"
    layer.write_text(head + endpoint, encoding="utf-8")
    later = date(2030, 1, 1)
    found = {(finding.path == layer.as_posix(), finding.rule) for finding in validate(extends=[tmp_path], today=later)}
    assert found == {(True, "stale-check"), (True, "same-title")}
    alone = [finding.rule for finding in validate(today=later)]
    assert set(alone) == {"stale-check"}
    assert validate(builtin_path(), today=later) == validate(today=later)


def test_a_folder_that_is_no_catalog(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        validate(tmp_path / "nowhere")
    assert caught.value.findings[0].rule == "no-catalog"


def test_without_jsonschema_the_message_is_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    schema._errors_of.cache_clear()
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingDependency, match=r'pip install "pentaprism\[lint\]"'):
        validate(BASE)
    schema._errors_of.cache_clear()


def test_two_models_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "models" / "others").mkdir()
    shutil.copy(tmp_path / "models" / "lamps" / "lantern.yaml", tmp_path / "models" / "others" / "lantern.yaml")
    monkeypatch.chdir(tmp_path)
    assert [str(finding) for finding in validate(".", today=TODAY)] == [
        "models/others/lantern.yaml:1:1: duplicate-name: models/lamps/lantern.yaml describes a model of this id too; "
        "the file name is the id, so rename one"
    ]


def test_a_broken_provider_is_not_blamed_on_its_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "providers" / "acme.yaml").write_text("\tname: Acme\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [(finding.path, finding.rule) for finding in validate(".", today=TODAY)] == [
        ("providers/acme.yaml", "yaml-tab")
    ]


@pytest.mark.parametrize("file", ["parameters.yaml", "size-tables.yaml"])
def test_a_broken_list_is_not_blamed_on_those_who_use_it(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    (tmp_path / file).write_text("a: [", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [(finding.path, finding.rule) for finding in validate(".", today=TODAY)] == [(file, "yaml-syntax")]


# Arbitrarily broken input -------------------------------------------------------------------------------------------


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, below in steps:
        yield from _paths(below, (*path, step))


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


_SOUND = {"base": read_documents(BASE), "shipped": read_documents()}
_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        1,
        -1,
        10**9,
        0.5,
        1e300,
        "",
        "x",
        "1:1",
        "1024x768",
        "auto",
        "list",
        [],
        [[]],
        {},
        {"a": 1},
        [1, 2],
    ]
).map(copy.deepcopy)
_KEYS = st.sampled_from(["to", "form", "native", "values", "max", "modes", "sizes", "rules", "narrow", "when", "anyOf"])


@st.composite
def broken_documents(draw: st.DrawFn) -> Documents:
    """A sound catalog with a few nodes deleted, replaced by others or by odd values, or moved to other keys."""
    sound = _SOUND[draw(st.sampled_from(sorted(_SOUND)))]
    documents = copy.deepcopy(sound)
    known = [document for _, document in documents.each()]
    for _ in range(draw(st.integers(1, 4))):
        document = draw(st.sampled_from(known))
        path = draw(st.sampled_from(list(_paths(document.data))))
        if path:
            _break(draw, _at(document.data, path[:-1]), path[-1], draw(st.sampled_from(known)))
    return documents


def _break(draw: st.DrawFn, parent: Any, step: Any, donor: Document) -> None:
    how = draw(st.sampled_from(["delete", "odd", "transplant", "rename"]))
    if how == "odd":
        parent[step] = draw(_ODD)
    elif how == "transplant":
        parent[step] = copy.deepcopy(_at(donor.data, draw(st.sampled_from(list(_paths(donor.data))))))
    else:
        value = parent.pop(step)
        if how == "rename" and isinstance(parent, dict):
            parent[draw(_KEYS)] = value


_REQUESTS: tuple[dict[str, Any], ...] = (
    {},
    {"n": 3, "seed": 2, "size": "1920x1080", "output_format": "webp", "output_compression": 40},
    {"size": "16:9", "resolution": "2K", "cfg_scale": 3, "strength": 0.5, "quality": "high"},
    {"size": "auto", "response_format": "b64_json", "image": "https://pictures.example/a.png"},
)


@given(broken_documents())
def test_broken_data_brings_findings_and_sound_data_compiles(documents: Documents) -> None:
    """Nothing is raised; and what is found to be sound never stops a request by surprise."""
    findings = validate_documents(documents, TODAY)
    assert all(str(finding) for finding in findings)
    if findings:
        return
    catalog = Catalog(documents)
    for model in catalog.models.values():
        for endpoint in model.endpoints:
            for request in _REQUESTS:
                try:
                    catalog.compile({"model": model.id, "prompt": "a cat", **request}, endpoint.key, date=TODAY)
                except (CompileError, RequestError):
                    continue


_FILES = sorted(path.relative_to(BASE).as_posix() for path in BASE.rglob("*") if path.is_file())
_SNIPPETS = st.sampled_from(
    ["\t", "\n", ":", "- ", "{", "}", "[", "]", '"', "&a ", "*a", "!!x ", "<<: ", "#", "\x00", "é", "9" * 400]
)


@given(
    file=st.sampled_from(_FILES),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), _SNIPPETS), min_size=1, max_size=4),
)
def test_broken_text_brings_findings(tmp_path_factory: pytest.TempPathFactory, file: str, cuts: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(BASE, folder, dirs_exist_ok=True)
    text = (BASE / file).read_text(encoding="utf-8")
    for share, length, snippet in cuts:
        place = int(share * len(text))
        text = text[:place] + snippet + text[place + length :]
    (folder / file).write_text(text, encoding="utf-8")
    for finding in validate(folder, today=TODAY):
        assert finding.line >= 1 or finding.rule == "unreadable"
        assert finding.column >= 1 or not finding.line


@given(st.recursive(_ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3)))
def test_a_published_file_of_anything(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    file = tmp_path_factory.mktemp("published") / "catalog.json"
    parts = ("parameters", "size_tables", "providers", "models", "contracts")
    for whole in (data, {"format": 1, **dict.fromkeys(parts, data)}, {"format": 1, **{p: {"x": data} for p in parts}}):
        file.write_text(json.dumps(whole), encoding="utf-8")
        try:
            findings = validate(file, today=TODAY)
        except CatalogError as error:
            findings = list(error.findings)
        assert findings


def test_deep_nesting_is_a_finding(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    contract = tmp_path / "contracts" / "acme" / "candle.json"
    contract.write_text('{"properties": {"a": ' + '{"items": ' * 5_000 + "{}" + "}" * 5_000 + "}}", encoding="utf-8")
    assert [finding.rule for finding in validate(tmp_path, today=TODAY)] == ["too-deep"]


def test_the_folder_of_the_shipped_catalog_is_found() -> None:
    assert (builtin_path() / "README.md").is_file()
