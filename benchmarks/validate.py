"""How long it takes to validate 1,000 model files, against what PyYAML takes to parse them.

Run it as `.venv/bin/python benchmarks/validate.py` (`make test` makes the environment). The files are the built-in
catalog many times over, under new names, with contracts, prices, ranges, dates and prose of their own, as sound as the
original. Every figure is the median of fresh processes that take turns: seconds of wall time, and of processor time,
which other work on the machine disturbs less. All that is written goes into a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from load import multiplied, write_folder

TODAY = date(2026, 11, 21)
TARGET = 30.0
PROSE = ("summary", "overview", "strengths", "limitations", "technical_background", "best_for")
YARDSTICK = "PyYAML's CSafeLoader"
SENTENCE_END = re.compile(r"(?=[.!?;:](\s|$))")
# No fact may be older than a year.
DAYS = 300


def generated(models: int) -> dict[str, Any]:
    """A sound catalog of that many models of which no two say the same."""
    from pentaprism.catalog.contract_format import format_contract

    data = multiplied(models)
    for number, (name, model) in enumerate(data["models"].items()):
        read_on = (TODAY - timedelta(days=number % DAYS)).isoformat()
        model["name"] += f" {number}"
        for key in PROSE:
            if key in model:
                model[key] = _of_its_own(model[key], number)
        for endpoint in model["endpoints"]:
            endpoint["checked"]["date"] = read_on
            endpoint.pop("ignore", None)
            for price in endpoint.get("prices", ()):
                price["usd"] = str(Decimal(price["usd"]) + Decimal(number) / 10_000)
            contract = f"{endpoint['provider']}/{endpoint['id']}"
            schema = json.loads(json.dumps(data["contracts"][contract]))
            schema["title"] = f"{name} at {endpoint['provider']}"
            schema["x-provenance"]["date"] = read_on
            for field in schema["properties"].values():
                if field.get("type") == "integer" and field.get("maximum", 0) > 20:
                    field["maximum"] += number
            data["contracts"][contract] = schema
    data["layouts"] = {name: format_contract(schema) for name, schema in data["contracts"].items()}
    return data


def _of_its_own(text: Any, number: int) -> Any:
    if isinstance(text, list):
        return [_of_its_own(one, number) for one in text]
    return SENTENCE_END.sub(f" in variant {number}", text)


def write_catalog(models: int, folder: Path) -> None:
    """The generated catalog as its authors would keep it."""
    data = generated(models)
    write_folder(data, folder)
    for name, text in data["layouts"].items():
        (folder / "contracts" / f"{name}.json").write_text(text, encoding="utf-8")


def files_of(folder: Path) -> Iterator[Path]:
    """Every file of a catalog."""
    return (file for file in folder.rglob("*") if file.is_file())


def parse_plainly(folder: Path) -> None:
    """What any program must do: PyYAML's fastest loader for the YAML, the standard library's for the JSON."""
    import yaml

    for file in files_of(folder):
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".yaml":
            yaml.load(text, Loader=yaml.CSafeLoader)
        else:
            json.loads(text)


def validate_all(folder: Path) -> None:
    """Validate the folder as the command does; there is nothing wrong with it."""
    from pentaprism.catalog.validate import validate

    findings = validate(folder, today=TODAY)
    if findings:
        raise SystemExit(f"{len(findings)} findings, the first: {findings[0]}")


def measure_stages(folder: Path) -> dict[str, float]:
    """The processor time of every stage of validation, and of every linter."""
    from pentaprism.catalog.build import Builder
    from pentaprism.catalog.documents import read_documents
    from pentaprism.catalog.lint import LINTERS
    from pentaprism.catalog.scene import Scene
    from pentaprism.catalog.schema import schema_findings

    figures: dict[str, float] = {}

    def timed(name: str, run: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = run()
        figures[name] = time.process_time() - start
        return result

    documents = timed("read", lambda: read_documents(folder))
    timed("schemas", lambda: schema_findings(documents))
    builder = Builder(documents)
    models = timed("build", builder.everything)
    scene = Scene(documents=documents, builder=builder, models=models, today=TODAY)
    timed("lint: gather", lambda: scene.served)
    for name, linter in LINTERS.items():
        timed(f"lint: {name}", lambda check=linter.check: list(check(scene)))
    return figures


RUNS: dict[str, Callable[[Path], None]] = {YARDSTICK: parse_plainly, "pentaprism validate": validate_all}


def measured(kind: str, folder: Path) -> Any:
    """The figures of one fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", kind, str(folder)], check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout)


def measure(kind: str, folder: Path) -> dict[str, float]:
    """Wall and processor seconds of one of the runs, or the stages of validation."""
    if kind == "stages":
        return measure_stages(folder)
    wall, processor = time.perf_counter(), time.process_time()
    RUNS[kind](folder)
    return {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}


def compare(folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """The median seconds of each run."""
    seen: dict[str, list[dict[str, float]]] = {kind: [] for kind in RUNS}
    for _ in range(rounds):
        for kind, figures in seen.items():
            figures.append(measured(kind, folder))
    return {
        kind: {clock: statistics.median(one[clock] for one in figures) for clock in figures[0]}
        for kind, figures in seen.items()
    }


def print_figures(models: int, files: int, medians: dict[str, dict[str, float]], stages: dict[str, float]) -> None:
    """What each run takes in all, per model and against the yardstick; then where the time goes."""
    print(f"{models:,} models, {files:,} files\n")
    print(f"{'':<28}{'wall s':>9}{'processor s':>13}{'ms per model':>14}{'x yardstick':>13}")
    for kind, one in medians.items():
        ratio = one["processor"] / medians[YARDSTICK]["processor"]
        print(f"{kind:<28}{one['wall']:9.2f}{one['processor']:13.2f}{one['wall'] / models * 1e3:14.2f}{ratio:13.2f}")
    wall = medians["pentaprism validate"]["wall"] / models * 1_000
    print(f"\n1,000 models take {wall:.1f} s; to reach: {TARGET:.0f} s.\n")
    print(f"{'stage':<28}{'processor s':>13}")
    for name, seconds in stages.items():
        if not name.startswith("lint: ") or seconds >= 0.05:
            print(f"{name:<28}{seconds:13.2f}")
    print(f"{'lint in all':<28}{sum(one for name, one in stages.items() if name.startswith('lint: ')):13.2f}")


def main() -> None:
    """Measure, or do what one of the measured processes does."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--models", type=int, default=1_000, help="model files (default %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="processes of each kind (default %(default)s)")
    options.add_argument("--json", action="store_true", help="print the figures as JSON")
    options.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.measure:
        kind, folder = chosen.measure
        print(json.dumps(measure(kind, Path(folder))))
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "catalog"
        write_catalog(chosen.models, root)
        medians = compare(root, chosen.rounds)
        stages = measured("stages", root)
        files = sum(1 for _ in files_of(root))
    if chosen.json:
        print(json.dumps({"models": chosen.models, "files": files, "runs": medians, "stages": stages}, indent=2))
    else:
        print_figures(chosen.models, files, medians, stages)


if __name__ == "__main__":
    main()
