"""jsonschema's errors as the author of a file is told them, by small schemas; `test_schema.py` has the real ones."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pentaprism.catalog.schema_faults import Fault, faults_of


def told(schema: dict[str, Any], data: Any) -> list[Fault]:
    """Every fault of some data, once."""
    errors = Draft202012Validator(schema).iter_errors(data)
    return list(dict.fromkeys(fault for error in errors for fault in faults_of(error, schema)))


def test_only_what_a_key_needs_that_is_there_is_missed() -> None:
    schema = {
        "dependentRequired": {"min": ["max"], "from": ["to"]},
        "properties": {"max": {"description": "The most."}},
    }
    assert told(schema, {"min": 1}) == [
        Fault((), "missing-key", "the file needs the key 'max' beside 'min'", help="The most.")
    ]
    assert told(schema, {"from": 1, "to": 2}) == []


@pytest.mark.parametrize(
    ("value", "wanted", "bare"),
    [
        (1.5, "string", 1.5),
        (7, "string", 7),
        (True, "string", None),
        (7, "boolean", None),
        (7, ["string", "null"], None),
    ],
)
def test_a_number_that_would_be_right_in_quotes_is_known(value: Any, wanted: Any, bare: float | None) -> None:
    (fault,) = told({"type": wanted}, value)
    assert (fault.rule, fault.bare) == ("wrong-type", bare)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("must be false; a contract lists every field", "'open' must be false; a contract lists every field"),
        ("a contract is closed", "a contract is closed"),
    ],
)
def test_a_schemas_own_words_are_a_sentence_or_read_on_from_the_name(message: str, said: str) -> None:
    schema = {"properties": {"open": {"const": False, "errorMessage": message}}}
    assert [(fault.path, fault.message) for fault in told(schema, {"open": True})] == [(("open",), said)]


def test_of_a_union_of_other_kinds_the_kinds_are_told() -> None:
    """What else is wrong with a value of another kind, that it is none of a list's, is not worth telling."""
    words = {"oneOf": [{"type": "string", "enum": ["auto"]}, {"type": "string", "pattern": "^[0-9]"}]}
    schema = {"oneOf": [words, {"type": "object", "required": ["form"]}]}
    (fault,) = told(schema, 3)
    assert (fault.path, fault.rule, fault.message) == (
        (),
        "wrong-type",
        "the file must be a string or a mapping, not 3",
    )


def test_where_nothing_tells_branches_apart_the_first_is_meant() -> None:
    schema = {"oneOf": [{"type": "string", "minLength": 3}, {"type": "string", "pattern": "^x"}]}
    assert [fault.rule for fault in told(schema, "")] == ["empty"]
    keyed = {"oneOf": [{"required": ["a"], "minLength": 3}, {"required": ["b"], "pattern": "^x"}]}
    assert [fault.rule for fault in told(keyed, "")] == ["empty"]


KEYED = {
    "errorMessage": "an entry has exactly one of at and by",
    "oneOf": [
        {"type": "object", "required": ["at"], "properties": {"at": {"const": "once"}}},
        {"type": "object", "required": ["at"], "properties": {"at": {"const": "twice"}, "n": {"type": "integer"}}},
        {"type": "object", "required": ["by"], "properties": {"by": {"type": "integer"}}},
    ],
}


@pytest.mark.parametrize(
    ("data", "path", "rule", "message"),
    [
        ({"at": "twice", "n": "x"}, ("n",), "wrong-type", "'n' must be a whole number, not 'x'"),
        ({"at": "twic"}, ("at",), "not-allowed", "'at' must be one of once, twice, not 'twic'; did you mean 'twice'?"),
        ({"at": True}, ("at",), "not-allowed", "'at' must be one of once, twice, not true"),
        ({"at": "never", "by": "x"}, (), "wrong-type", "an entry has exactly one of at and by; this has at and by"),
        ({"on": 1}, (), "wrong-type", "an entry has exactly one of at and by; this has on"),
        ({}, (), "wrong-type", "an entry has exactly one of at and by; this has none"),
    ],
)
def test_a_key_says_which_branch_was_meant(data: Any, path: tuple[str, ...], rule: str, message: str) -> None:
    (fault,) = told(KEYED, data)
    assert (fault.path, fault.rule, fault.message) == (path, rule, message)


@pytest.mark.parametrize(
    ("schema", "data", "message"),
    [
        ({"minimum": 2}, 1, "the file must be at least 2, not 1"),
        ({"maximum": 2}, 3, "the file must be at most 2, not 3"),
        ({"exclusiveMinimum": 2}, 2, "the file must be above 2, not 2"),
        ({"minItems": 1}, [], "the file must have at least 1 entry, not 0"),
        ({"maxItems": 2}, [1, 2, 3], "the file must have at most 2 entries, not 3"),
        ({"uniqueItems": True}, ["a", "b", "a"], "the file must hold each entry once, and has 'a' twice"),
        ({"minProperties": 1}, {}, "the file must not be empty"),
        ({"pattern": "^a"}, "b", "the file must match ^a, not 'b'"),
        ({"type": ["string", "null"]}, 3, "the file must be a string or null, not 3"),
        ({"items": {"type": "string"}}, ["a", True], "entry 2 must be a string, not true"),
    ],
)
def test_what_a_value_must_be_and_is_not(schema: dict[str, Any], data: Any, message: str) -> None:
    assert [fault.message for fault in told(schema, data)] == [message]
