"""The page on what is sent again: its program runs, and its numbers are those of the defaults."""

from __future__ import annotations

import re
from pathlib import Path

from pentaprism.client import Resilience
from pentaprism.client.client import DEFAULT_TIMEOUT
from pentaprism.client.hooks import OnMismatch
from pentaprism.errors import Failure

PAGE = (Path(__file__).resolve().parent.parent / "site" / "docs" / "never-charged-twice.md").read_text(encoding="utf-8")


def test_the_program_runs() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    exec(compile(program, "never-charged-twice.md", "exec"), {})


def test_every_class_and_every_choice_is_told() -> None:
    first = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    assert first == [one.value for one in (*Failure, *OnMismatch)]


def test_the_numbers_are_the_defaults() -> None:
    policy = Resilience()
    assert policy.retry.rounds == 3
    assert "up to three times in all" in PAGE
    assert f"more than {policy.retry.longest:g} seconds" in PAGE
    assert policy.breaker.faults == 5
    assert "after five faults" in PAGE
    assert f"for {policy.breaker.seconds:g} seconds" in PAGE
    assert f"at most {policy.concurrency} submissions" in PAGE
    assert DEFAULT_TIMEOUT == 300
    assert "five minutes" in PAGE
