"""What the exceptions say, and of whom: every fault they were given, in words that name the place and the remedy."""

from __future__ import annotations

import pytest

from pentaprism.errors import (
    CatalogError,
    CompileError,
    Fault,
    Finding,
    MissingDependency,
    ModelNotFound,
    RequestError,
    did_you_mean,
)
from pentaprism.types import Refusal


def test_a_finding_without_a_position_names_the_file_alone() -> None:
    placed, whole = Finding("a.yaml", 3, 5, "empty", "nothing here"), Finding("a.json", 0, 0, "empty", "nothing here")
    assert [str(placed), str(whole)] == ["a.yaml:3:5: empty: nothing here", "a.json: empty: nothing here"]
    told = {"path": "a.yaml", "line": 3, "column": 5, "rule": "empty", "message": "nothing here"}
    assert placed.to_dict().items() >= told.items()


def test_an_error_holds_and_says_all_it_was_given() -> None:
    first, second = Finding("a.yaml", 1, 1, "empty", "one"), Finding("b.yaml", 2, 2, "empty", "two")
    assert CatalogError(iter([first, second])).findings == (first, second)
    assert str(CatalogError([first, second])) == "a.yaml:1:1: empty: one\nb.yaml:2:2: empty: two"

    faults = [Fault("n", "n is too large.", "TOO_LARGE"), Fault(None, "There is no prompt.")]
    error = RequestError(iter(faults))
    assert (str(error), error.faults) == ("n is too large. There is no prompt.", tuple(faults))
    assert (error.param, error.code) == ("n", "TOO_LARGE")
    assert faults[1].to_dict() == {
        "message": "There is no prompt.",
        "type": "invalid_request_error",
        "param": None,
        "code": "INVALID_REQUEST",
    }

    refusals = [
        Refusal(endpoint="fal/x", code="out-of-range", message="n is 1 to 4", param="n"),
        Refusal(endpoint="fal/x", code="conflict", message="seed stands twice", param="seed"),
    ]
    refused = CompileError(iter(refusals))
    assert str(refused) == "fal/x: n is 1 to 4\nfal/x: seed stands twice"
    assert (refused.refusals, refused.param, refused.code) == (tuple(refusals), "n", "out-of-range")


@pytest.mark.parametrize(
    ("suggestions", "hint"),
    [
        ([], ""),
        (["a"], " Did you mean 'a'?"),
        (["a", "b"], " Did you mean 'a' or 'b'?"),
        (["a", "b", "c"], " Did you mean 'a', 'b' or 'c'?"),
    ],
)
def test_a_model_nobody_knows(suggestions: list[str], hint: str) -> None:
    error = ModelNotFound("x", suggestions, others=[Fault("n", "n is too large.")])
    lists = "`pentaprism models` (or GET /openai/v1/models) lists them all."
    assert str(error) == f"There is no model 'x'.{hint} {lists} n is too large."
    assert (error.name, error.suggestions) == ("x", tuple(suggestions))
    assert (error.param, error.code, len(error.faults)) == ("model", "MODEL_NOT_FOUND", 2)


def test_a_missing_extra_is_told_as_the_command_that_installs_it() -> None:
    error = MissingDependency("drawing", "images")
    assert str(error) == 'drawing needs an extra that is not installed: pip install "pentaprism[images]"'
    assert error.extra == "images"


def test_a_near_name_is_found_in_any_case_and_given_as_it_is_spelt() -> None:
    known = ["FLUX.1-dev", "recraft-v3", "LANTERN"]
    assert did_you_mean("flux.1-DEV", known) == ("FLUX.1-dev",)
    assert did_you_mean("RECRAFT-V3", known) == ("recraft-v3",)
    assert did_you_mean("lantern", known) == ("LANTERN",)
    assert did_you_mean("nothing-like-it", known) == ()
    near = [f"model-{number}" for number in range(9)]
    assert len(did_you_mean("model-x", near)) == 3
    assert len(did_you_mean("model-x", near, count=5)) == 5
