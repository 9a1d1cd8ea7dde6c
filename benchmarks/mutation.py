"""How many small changes of the arithmetic and of compiling the example tests notice: mutation testing.

mutmut makes the mutants: copies of a function, each with one operator, number, argument, string or condition changed,
and a switch that calls one of them. This script draws a sample, puts the mutated modules into a copy of the project,
collects the tests once, and runs them against each mutant in a process of its own, forked before any test has run (so
that nothing compiled by one mutant is kept for the next), until a test fails. Tests that killed before go first.

`make mutation` runs it. What is changed in a module outside its functions, in a decorated function or in a type is
not mutated by mutmut; examples in docstrings are not run.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import resource
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

import pytest
from libcst import FunctionDef
from mutmut.configuration import config
from mutmut.mutation.file_mutation import MutatedFile, combine_mutations_to_source, create_mutations
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

ROOT = Path(__file__).resolve().parent.parent
TESTS = ["mutation_examples*", "golden", "format", "checks", "sizes", "prices", "request", "specialised"]
TESTS += ["numbered_images", "law_examples", "nearest_values", "nearest", "route"]
LAWS = ["laws_sizes", "laws_costs", "laws_requests", "laws"]
COPIED = ("engine", "tests", "catalog", "site", "pyproject.toml", "mkdocs.yml", "README.md", "CONTRIBUTING.md")
# A test that never ends, or eats all memory, has noticed the mutant too.
CPU_SECONDS = 60
MEMORY = 3 * 1024**3


@dataclass(frozen=True)
class Mutant:
    """One change: where, what it was, what it became; `name` is what switches it on, `key` finds it again."""

    key: str
    name: str
    place: str
    before: str
    after: str


@dataclass(frozen=True)
class Verdict:
    """What the tests said of a mutant: the one that failed, or none."""

    mutant: Mutant
    killer: str | None


def plant(tree: Path, share: float, seed: int, keys: frozenset[str]) -> list[Mutant]:
    """Mutate the modules of a copy of the project: of each, this share drawn by the seed, or those of these keys."""
    package = tree / "engine" / "pentaprism"
    mutants: list[Mutant] = []
    for path in sorted(path for pattern in config().only_mutate for path in tree.glob(pattern)):
        module = path.relative_to(package).as_posix()
        source = path.read_text(encoding="utf-8")
        parsed, mutations, *_ = create_mutations(str(path), source)
        places = [change.contained_by_top_level_function for change in mutations]
        all_keys = [f"{module}#{index}" for index, place in enumerate(places) if isinstance(place, FunctionDef)]
        drawn = set(random.Random(f"{seed} {module}").sample(all_keys, round(share * len(all_keys))))
        chosen = [key for key in all_keys if (key in keys if keys else key in drawn)]
        if not chosen:
            continue
        mutated = combine_mutations_to_source(parsed, [mutations[int(key.partition("#")[2])] for key in chosen])
        path.write_text(mutated.code, encoding="utf-8")
        dotted = ".".join(path.relative_to(tree / "engine").with_suffix("").parts)
        for key, name in zip(chosen, mutated.mutant_names, strict=True):
            line, before, after = _change(mutated, source, name)
            mutants.append(Mutant(key, f"{dotted}.{name}", f"{module}:{line}", before, after))
    return mutants


def _change(mutated: MutatedFile, source: str, name: str) -> tuple[int, str, str]:
    """The line of the source that a mutant changes, as it was and as it became."""
    lines = mutated.code.splitlines()
    original, changed = (
        [line.strip() for line in lines[span.start - 1 : span.end]]
        for span in (mutated.line_span_by_function_name[found] for found in (name.rpartition("_")[0] + "_orig", name))
    )
    starts = [next(at for at, line in enumerate(text) if line.startswith("def ")) for text in (original, changed)]
    pairs = list(zip_longest(original[starts[0] + 1 :], changed[starts[1] + 1 :], fillvalue=""))
    offset = next((at for at, (one, other) in enumerate(pairs, 1) if one != other), 0)
    before, after = pairs[offset - 1] if offset else (original[starts[0]], changed[starts[1]])
    return _first_line(source, name) + offset, before, after


def _first_line(source: str, name: str) -> int:
    """Where the function stands that a mutant's mangled name tells of."""
    function, owner = orig_function_and_class_names_from_key(name)
    body: Sequence[ast.stmt] = ast.parse(source).body
    if owner:
        body = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == owner).body
    return next(node.lineno for node in body if isinstance(node, ast.FunctionDef) and node.name == function)


class Hunt:
    """A pytest plugin that runs the collected tests once per mutant, each time in a fork."""

    def __init__(self, mutants: Sequence[Mutant], log: Path) -> None:
        self.mutants, self.log = mutants, log
        self.verdicts: list[Verdict] = []
        self._failed: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        if session.testsfailed or not session.items:
            raise pytest.UsageError("the tests could not be collected")
        items = session.items
        if (failed := self._run(items, "")) is not None:
            raise pytest.UsageError(f"{failed} fails without any change")
        kills: Counter[tuple[str, str]] = Counter()
        with self.log.open("w", encoding="utf-8") as log:
            for mutant in self.mutants:
                module = mutant.key.partition("#")[0]
                items = sorted(items, key=lambda item: (-kills[module, item.nodeid], -kills["", item.nodeid]))
                killer = self._run(items, mutant.name)
                verdict = Verdict(mutant, killer)
                self.verdicts.append(verdict)
                if killer:
                    kills.update([(module, killer), ("", killer)])
                print(json.dumps(asdict(verdict), ensure_ascii=False), file=log, flush=True)
        return True

    def _run(self, items: Sequence[pytest.Item], name: str) -> str | None:
        """The first test that fails while this mutant is switched on."""
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            set_mutant_under_test(name)
            failed = "broken off"
            try:
                failed = next(self._failures(items), "")
            finally:
                os.write(writer, failed.encode())
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            killer = stream.read().decode()
        _, status = os.waitpid(child, 0)
        return killer or (f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else None)

    def _failures(self, items: Sequence[pytest.Item]) -> Iterator[str]:
        items[0].config.pluginmanager.unregister(name="terminalreporter")
        for item, following in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                yield self._failed


def report(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The share killed of each module, and whoever survived."""
    seen: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    for verdict in verdicts:
        for module in (verdict.mutant.place.partition(":")[0], "all"):
            seen[module] += 1
            killed[module] += verdict.killer is not None
    for module, count in seen.items():
        yield f"| {module} | {count} | {killed[module]} | {killed[module] / count:.0%} |"
    for verdict in sorted(verdicts, key=lambda verdict: verdict.mutant.place):
        if verdict.killer is None:
            mutant = verdict.mutant
            yield f"{mutant.key} {mutant.place}\n    - {mutant.before}\n    + {mutant.after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--share", type=float, default=0.1, help="of each module's mutants; 1 runs them all")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--survivors", action="store_true", help="only those that survived the last time")
    parser.add_argument("--laws", action="store_true", help="run the property tests instead of the examples")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "mutation")
    options = parser.parse_args()
    build = options.build.resolve()
    tree, log = build / "tree", build / "verdicts.jsonl"
    last = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if options.survivors else []
    keys = frozenset(verdict["mutant"]["key"] for verdict in last if verdict["killer"] is None)
    shutil.rmtree(tree, ignore_errors=True)
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        tree.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tree / name)
    os.chdir(tree)
    mutants = plant(tree, options.share, options.seed, keys)
    print(f"{len(mutants)} mutants", flush=True)
    sys.path[:0] = [str(tree / "engine"), str(tree / "tests")]
    sys.dont_write_bytecode = True
    hunt = Hunt(mutants, log)
    names = [*TESTS, *LAWS] if options.laws else TESTS
    tests = [str(path) for name in names for path in sorted(Path("tests").glob(f"test_{name}.py"))]
    kind = "hypothesis" if options.laws else "not hypothesis"
    arguments = ["-o", "addopts=", "-q", "-p", "no:cacheprovider", "-m", kind, f"--basetemp={build / 'tmp'}"]
    pytest.main([*arguments, *tests], plugins=[hunt])
    print("\n".join(report(hunt.verdicts)))


if __name__ == "__main__":
    main()
