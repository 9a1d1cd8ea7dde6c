"""Would the laws notice? Real mistakes of other gateways and SDKs, planted one at a time.

Each mutant of `mutants.py` puts one small mistake into the engine and names the law that must catch it. Here it is
planted, catalogs are loaded after it, and the law is run as it stands in its own file. It has to fail by an assertion.
Where it does not, the law is too weak, and it is the law that has to become stronger.

To add a mutant, write a function in `mutants.py` that takes pytest's monkeypatch and replaces one function, method or
constant of the engine, so little of it that the mistake is seen at a glance; its name says what is done wrong. Put
`@mutant` over it: who makes this mistake, where that is seen, and the name of the law, a test with `@given` that may
stand in any file. `on` chooses another catalog than the built-in one, or a protocol; `asks` makes every request set
what the mistake is about, so that the law need not wait for one that does. Then

    pytest -rP tests/test_mutants.py -k name_of_the_function

says after how many examples the law noticed. It has `EXAMPLES`; a mutant that is wrong in fewer than one of twenty
may be missed when the strategies change, and wants an `asks`, another catalog, or a law that asks for it.

What an endpoint's rules are made into is made of the interpreter's own parts, so a mutant of a part is in force in
both. Where a module has imported the part by name, or has a short cut around it, that is replaced too (`in_compile`,
`change_choices`).
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

import strategies
from mutants import MUTANTS, Mutant

TESTS = Path(__file__).parent
EXAMPLES = 100

settings.register_profile(
    "mutants",
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    """The same examples every time, no shrinking, nothing kept: for laws that are decorated from here on."""
    before = settings.get_current_profile_name()
    settings.load_profile("mutants")
    yield
    settings.load_profile(before)


def load_law(name: str, patch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A law from a new copy of its module, with catalogs that are loaded now and the settings of now.

    Catalogs keep what they have made of an endpoint's rules, and the modules of the laws keep catalogs.
    """
    (home,) = (file for file in TESTS.glob("test_*.py") if f"\ndef {name}(" in file.read_text(encoding="utf-8"))
    _load(TESTS / "law_subjects.py", patch)
    law: Callable[..., None] = getattr(_load(home, patch), name)
    return law


def _load(file: Path, patch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    patch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    return module


def focus(mutant: Mutant, patch: pytest.MonkeyPatch) -> None:
    """Let every request that is drawn set what the mutant is about, beside whatever else it sets."""
    for name, values in mutant.asks.items():
        patch.setitem(strategies._CANONICAL, name, values)
    patch.setattr(strategies, "SURELY", frozenset(mutant.asks))


def counted(law: Any) -> list[None]:
    """Grows by an entry with every example that a law does not fail."""
    passed: list[None] = []
    inner = law.hypothesis.inner_test

    @wraps(inner)
    def example(*args: Any, **kwargs: Any) -> None:
        inner(*args, **kwargs)
        passed.append(None)

    law.hypothesis.inner_test = example
    return passed


def run(law: Callable[..., None], on: str) -> None:
    """A law, on the catalog or the protocol of that name where it is about one."""
    law(**dict.fromkeys(inspect.signature(law).parameters, on))


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_law_catches(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.plant(monkeypatch)
    focus(mutant, monkeypatch)
    law = load_law(mutant.law, monkeypatch)
    passed = counted(law)
    with pytest.raises(AssertionError):
        run(law, mutant.on)
    print(f"{mutant} ({mutant.peer}): {mutant.law} [{mutant.on}] at example {len(passed) + 1}")


# One for each law, and what it is tried on.
CONTROLS = {(mutant.law, mutant.on, repr(mutant.asks)): mutant for mutant in MUTANTS}.values()


@pytest.mark.parametrize("mutant", CONTROLS, ids=lambda one: "-".join((one.law, one.on, *one.asks)))
def test_without_a_mutant_the_law_holds(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the very same examples, and nothing planted."""
    focus(mutant, monkeypatch)
    run(load_law(mutant.law, monkeypatch), mutant.on)
