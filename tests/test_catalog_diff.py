"""Two catalogs compared: a case for every kind of difference, and every field of what a catalog holds looked at."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_strategies import PARAMETERS, made_of
from pentaprism import Catalog, CatalogError
from pentaprism.catalog.diff import CatalogDiff, Kind, diff, report
from pentaprism.catalog.diff.words import listed, number, percent, shown
from pentaprism.catalog.document import Document
from pentaprism.catalog.documents import Documents

HERE = Path(__file__).parent / "diffs"
# Through JSON, so that what YAML's anchors share is one place each.
BASE: dict[str, Any] = json.loads(json.dumps(yaml.safe_load((HERE / "base.yaml").read_text(encoding="utf-8"))))
CASES: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))


def edited(data: dict[str, Any], put: dict[str, Any], cut: list[str]) -> dict[str, Any]:
    """The data with values put at paths, and others cut out of it; `$path` is a copy of what stands there."""
    changed = copy.deepcopy(data)
    for path, value in put.items():
        node, last = _place(changed, path)
        value = copy.deepcopy(_at(changed, value[1:])) if str(value).startswith("$") and "/" in str(value) else value
        if isinstance(node, list) and last.startswith("+"):
            node.append(value)
        else:
            node[int(last) if isinstance(node, list) else last] = value
    for path in cut:
        node, last = _place(changed, path)
        del node[int(last) if isinstance(node, list) else last]
    return changed


def _place(data: Any, path: str) -> tuple[Any, str]:
    """What holds a path's last key, and that key; `|` stands for a slash within a key."""
    *keys, last = (key.replace("|", "/") for key in path.split("/"))
    node = data
    for key in keys:
        node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
    return node, last


def _at(data: Any, path: str) -> Any:
    node, last = _place(data, path)
    return node[last]


def lines(found: CatalogDiff) -> list[str]:
    """Every difference in a line: weight, kind, what it is about, mode, message."""
    told = []
    for one in found.differences:
        mode = "" if one.mode is None else f"{one.mode.short}: "
        told.append(f"{one.weight} {one.kind} {one.about}: {mode}{one.message}")
    return told


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_told_in_these_lines(name: str) -> None:
    case = CASES[name]
    before = edited(BASE, case.get("base", {}), [])
    after = edited(before, case.get("put", {}), case.get("cut", []))
    pair = [Catalog(made_of(data)) for data in (before, after)]
    assert lines(diff(*(pair[::-1] if case.get("back") else pair))) == case["expect"]


def test_every_kind_is_shown_by_a_case() -> None:
    told = {line.split()[1] for case in CASES.values() for line in case["expect"]}
    vocabulary = {kind.value for kind in Kind if kind.value.startswith("vocabulary-")}
    assert told | vocabulary == {kind.value for kind in Kind}


# The whole -----------------------------------------------------------------------------------------------------------


def pair_of(put: dict[str, Any], cut: list[str]) -> tuple[Catalog, Catalog]:
    return Catalog(made_of(BASE)), Catalog(made_of(edited(BASE, put, cut)))


REVIEW: dict[str, Any] = {
    "models/lantern/endpoints/0/prices/+": {"from": "2026-12-01", "usd": "0.025", "per": "image", "source": "a|b"},
    "models/lantern/endpoints/1/sizes/max_side": 1440,
    "models/lantern/summary": "It is <b>bright</b>.",
    "models/lantern/aliases": ["lamp", "lampion"],
    "providers/acme/submit/headers": {"x-version": "2|3"},
}


@pytest.mark.parametrize(("write", "name"), [(report.as_text, "review.txt"), (report.as_markdown, "review.md")])
def test_a_report_reads_as_kept(write: Callable[[CatalogDiff], str], name: str) -> None:
    cut = ["contracts/acme|lantern/properties/guidance", "models/candle", "contracts/acme|candle"]
    text = write(diff(*pair_of(REVIEW, cut), names=("main", "a | b")))
    digest = re.compile(r"sha256:[0-9a-f]{12}")
    assert digest.sub("sha256:", text) == (HERE / name).read_text(encoding="utf-8")


def test_no_difference_is_said_in_so_many_words() -> None:
    found = diff(*pair_of({}, []))
    assert report.as_text(found).splitlines()[1:] == ["No difference."]
    assert report.as_markdown(found).splitlines()[2:] == ["No difference."]


def test_the_data_holds_every_difference_and_what_stood_there() -> None:
    found = diff(*pair_of(REVIEW, []), names=("x", None))
    data = json.loads(json.dumps(found.to_dict()))
    assert (data["before"]["name"], data["after"]["name"]) == ("x", None)
    assert data["counts"] == {"worse": 1, "other": 4, "better": 1, "note": 1}
    assert data["differences"][0] == {
        "weight": "worse",
        "kind": "price-up",
        "model": "lantern",
        "endpoint": "acme/lantern",
        "provider": None,
        "mode": None,
        "subject": "prices",
        "before": [_row("2026-01-02", "0.02")],
        "after": [_row("2026-12-01", "0.025")],
        "message": "from 2026-12-01: $0.025 per image instead of $0.02 (+25%)",
    }


def _row(start: str, usd: str) -> dict[str, Any]:
    return {"from": start, "usd": usd, "per": "image", "of": None, "unit": 1, "round": None, "when": {}}


@pytest.mark.parametrize(
    ("put", "reach"),
    [
        ({"models/lantern/summary": "x"}, set()),
        ({"models/lantern/endpoints/0/prices/0/usd": "1"}, {"acme/lantern"}),
        ({"models/lantern/status": "retired"}, {"acme/lantern", "acme/lantern-edit"}),
        ({"providers/acme/hosts": ["x.example"]}, {"acme/lantern", "acme/lantern-edit", "acme/candle"}),
    ],
)
def test_the_reach_are_the_endpoints_at_which_requests_may_fare_otherwise(put: dict[str, Any], reach: set[str]) -> None:
    assert diff(*pair_of(put, [])).reach == reach


def test_a_change_of_the_vocabulary_reaches_every_endpoint() -> None:
    words = copy.deepcopy(PARAMETERS.data)
    words["n"]["maximum"] = 4
    before = made_of(BASE)
    after = dataclasses.replace(made_of(BASE), parameters=Document("parameters.yaml", words))
    found = diff(Catalog(before), Catalog(after))
    assert lines(found) == ["worse vocabulary-narrowed vocabulary: n takes 1 to 4, not 1 to 10"]
    assert found.reach == {"acme/lantern", "acme/lantern-edit", "acme/candle"}


def test_a_vocabulary_that_is_only_written_otherwise() -> None:
    words = {name: dict(reversed(one.items())) for name, one in PARAMETERS.data.items()}
    after = dataclasses.replace(made_of(BASE), parameters=Document("parameters.yaml", words))
    assert lines(diff(Catalog(made_of(BASE)), Catalog(after))) == [
        "note written catalog: parameters is written otherwise (another order); nothing that is in use is different"
    ]


def test_only_models_that_can_differ_are_built() -> None:
    pair = [_published(made_of(data)) for data in (BASE, edited(BASE, {"models/lantern/summary": "x"}, []))]
    catalogs = [Catalog(documents) for documents in pair]
    assert lines(diff(catalogs[0], catalogs[1])) == ["note prose lantern: summary: reworded"]
    assert [sorted(one.models._built) for one in catalogs] == [["lantern"], ["lantern"]]  # type: ignore[attr-defined]


def test_a_fault_of_a_published_model_is_told_when_it_is_compared() -> None:
    broken = edited(BASE, {"models/lantern/endpoints/0/prices/0/usd": "free"}, [])
    with pytest.raises(CatalogError, match="not-a-number"):
        diff(Catalog(made_of(BASE)), Catalog(_published(made_of(broken))))


def _published(documents: Documents) -> Documents:
    return dataclasses.replace(documents, published=True)


# Words ---------------------------------------------------------------------------------------------------------------


def test_long_lists_say_how_many_more_there_are() -> None:
    assert listed(map(str, range(7))) == "0, 1, 2, 3, 4, 5 and 6"
    assert listed(map(str, range(8))) == "0, 1, 2, 3, 4, 5 and 2 more"
    assert listed(["a", "b"], last="or") == "a or b"
    assert listed([]) == ""


def test_numbers_and_values_read_as_they_are_written() -> None:
    assert [number(value) for value in (0.5, 1440.0, 8294400)] == ["0.5", "1440", "8294400"]
    assert [shown(value) for value in ("", "a", 1, True, None, {"a": 1})] == [
        '""',
        "a",
        "1",
        "true",
        "none",
        '{"a": 1}',
    ]
    assert [percent(Decimal(1), Decimal(new)) for new in ("1.004", "2", "0.5", "1")] == [
        "+0.4%",
        "+100%",
        "-50%",
        "+0%",
    ]


@pytest.mark.parametrize(
    "text", ["a|b", "<img", "> q", "[x](y)", "*b*", "`c`", "@someone", "_x_", "#1", "~~s~~", "a\nb"]
)
def test_text_of_a_catalog_stays_text_in_markdown(text: str) -> None:
    written = report.in_markdown(text)
    assert not set(written) & set("|<[]*`@~\n")
    assert "_" not in written
    assert not written.startswith(">")
