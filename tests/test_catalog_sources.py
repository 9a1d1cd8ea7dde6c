"""YAML and JSON read as plain data that knows where everything stands."""

from __future__ import annotations

from typing import Any

import pytest

from pentaprism.catalog.json_source import read_json
from pentaprism.catalog.yaml_source import read_yaml


def test_json_knows_where_everything_stands() -> None:
    document = read_json("c.json", '{\n "a": [1, {"b,]": "}{"}],\n "é\\u0041": {"c": null}\n}')
    assert document.data == {"a": [1, {"b,]": "}{"}], "éA": {"c": None}}
    assert document.where(()) == (1, 1)
    assert document.where(("a",)) == (2, 7)
    assert document.where(("a", 1)) == (2, 11)
    assert document.where(("a", 1, "b,]"), key=True) == (2, 12)
    assert document.where(("a", 1, "b,]")) == (2, 19)
    assert document.where(("éA", "c"), key=True) == (3, 14)
    assert document.where(("éA", "nothing here")) == (3, 13)


def test_yaml_knows_where_everything_stands() -> None:
    document = read_yaml("m.yaml", "a:\n  - 1\n  - {b: x}\nc: |\n  text\n")
    assert document.where(("a", 1, "b"), key=True) == (3, 6)
    assert document.where(("a", 1, "b")) == (3, 9)
    assert document.where(("c",)) == (4, 4)
    assert document.where(("a", 5)) == (2, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: 010", "010"),
        ("x: 0x1F", "0x1F"),
        ("x: 1_000", "1_000"),
        ("x: 2026-07-28", "2026-07-28"),
        ("x: ~", None),
        ("x: True", True),
        ("x: -3", -3),
        ("x: 1e3", 1000.0),
        ("x: .5", 0.5),
        ("x: .inf", ".inf"),
        ('x: "16:9"', "16:9"),
        ("x: '3'", "3"),
        ("x:", None),
    ],
)
def test_scalars_mean_what_they_look_like(text: str, value: Any) -> None:
    document = read_yaml("m.yaml", text)
    assert document.findings == []
    assert document.data == {"x": value}
    assert type(document.data["x"]) is type(value)


SYNTAX: list[tuple[str, str, tuple[int, int]]] = [
    ("x: ? [a]\n", "yaml-syntax", (1, 4)),
    ("? [a]\n: 1\n", "yaml-key", (1, 3)),
    ("a: 1e999\n", "too-large", (1, 4)),
    (f"a: {'9' * 400}\n", "too-large", (1, 4)),
    ("a: 12:30:59\n", "unquoted-ratio", (1, 4)),
    ("Off: 1\n", "ambiguous-boolean", (1, 1)),
    ("&k a: 1\n", "yaml-anchor", (1, 1)),
    ("a: ! 3\n", "yaml-tag", (1, 4)),
    ("a: !!str 3\n", "yaml-tag", (1, 4)),
    ("a: !odd [1]\n", "yaml-tag", (1, 4)),
]


@pytest.mark.parametrize(("text", "rule", "place"), SYNTAX)
def test_yaml_that_means_something_else_than_it_looks(text: str, rule: str, place: tuple[int, int]) -> None:
    finding = read_yaml("a.yaml", text).findings[0]
    assert (finding.rule, (finding.line, finding.column)) == (rule, place)


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ('{"a": 1e999}', "json-syntax", (1, 7)),
        (f'{{\n"a": {"9" * 5000}}}', "json-syntax", (1, 1)),
        ('{"a": "\\ud800"}', "json-syntax", (1, 1)),
        ('{"a": "\\ud83d\\ude00"}', "", (0, 0)),
        ('{"a": Infinity, "b": "Infinity"}', "json-syntax", (1, 7)),
        ("[1]", "wrong-type", (1, 1)),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "too-deep", (1, 1)),
        ("[" * 100_000, "too-deep", (1, 1)),
    ],
)
def test_json_that_is_none(text: str, rule: str, place: tuple[int, int]) -> None:
    document = read_json("a.json", text)
    assert document.broken == bool(rule)
    assert [(one.rule, (one.line, one.column)) for one in document.findings] == ([(rule, place)] if rule else [])
