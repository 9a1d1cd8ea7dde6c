"""How long the package takes to import, and catalogs of 10 to 10,000 models to load and to look names up in.

Run it as `.venv/bin/python benchmarks/load.py` (`make test` makes the environment). Every figure is the median of fresh
processes that take turns, in processor time (nothing here waits for anything), so that it matters little what else the
machine does; still, compare the ratios and not the milliseconds. The catalogs are the built-in one many times over,
under new names and with contracts of their own. All that is written goes into a temporary folder.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10, 100, 1_000, 10_000)
LARGEST_YAML = 100
COLD = "pentaprism, not yet compiled to .pyc"
IMPORTS = {
    "python alone": "pass",
    "json, dataclasses, decimal": "import json, dataclasses, decimal",
    "yaml": "import yaml",
    "httpx": "import httpx",
    "pentaprism": "import pentaprism",
    COLD: "import pentaprism",
}
YARDSTICK = "json, dataclasses, decimal"
PYC_SWITCHES = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
LOOKUPS = ("by id", "by alias", "by key")


def multiplied(models: int) -> dict[str, Any]:
    """The built-in catalog as published, over and over until it has that many models."""
    from pentaprism.catalog.documents import read_documents
    from pentaprism.catalog.publish import publish

    source = json.loads(publish(read_documents(ROOT / "catalog")))
    grown: dict[str, Any] = {**source, "models": {}, "contracts": {}}
    copies = ((copy, name) for copy in itertools.count() for name in source["models"])
    for copy, name in itertools.islice(copies, models):
        suffix = f"-{copy}" if copy else ""
        model = json.loads(json.dumps(source["models"][name]))
        model["aliases"] = [alias + suffix for alias in model.get("aliases", [])]
        for endpoint in model["endpoints"]:
            contract = source["contracts"][f"{endpoint['provider']}/{endpoint['id']}"]
            endpoint["id"] += suffix
            if "name" in endpoint:
                endpoint["name"] += suffix
            grown["contracts"][f"{endpoint['provider']}/{endpoint['id']}"] = contract
        grown["models"][name + suffix] = model
    return grown


def write_catalog(models: int, file: Path) -> None:
    """A catalog of that many models: the published form in a file, and the authored one in a folder if it is small."""
    data = multiplied(models)
    file.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    if models <= LARGEST_YAML:
        write_folder(data, file.with_suffix(""))


def write_folder(data: dict[str, Any], folder: Path) -> None:
    """The same catalog as its authors would keep it."""
    import yaml

    texts = {"parameters.yaml": data["parameters"], "size-tables.yaml": data["size_tables"]}
    texts |= {f"{kind}/{name}.yaml": one for kind in ("providers", "models") for name, one in data[kind].items()}
    for name, one in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(one, sort_keys=False, allow_unicode=True), encoding="utf-8")
    for name, schema in data["contracts"].items():
        (folder / "contracts" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "contracts" / f"{name}.json").write_text(json.dumps(schema, indent=2), encoding="utf-8")


def timed(run: Callable[..., object], *arguments: object) -> float:
    """How many milliseconds a call takes."""
    start = time.process_time()
    run(*arguments)
    return (time.process_time() - start) * 1e3


def peak() -> float:
    """The most memory this process has had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024**2 if sys.platform == "darwin" else 1024)


def children_time() -> float:
    """The milliseconds all processes started here have run, of those that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e3


def measure_json(path: Path) -> dict[str, float]:
    """What the file costs whoever reads it, without any of this package."""
    return {"json": timed(lambda: json.loads(path.read_text(encoding="utf-8"))), "json peak": peak()}


def measure_catalog(path: Path) -> dict[str, float]:
    """Load a catalog, then do with up to 64 of its models what a program does first, and then often."""
    from pentaprism import Catalog

    start = time.process_time()
    catalog = Catalog.load(path)
    figures = {"load": (time.process_time() - start) * 1e3, "load peak": peak()}
    ids = random.Random(2026).sample(sorted(catalog.models), k=min(64, len(catalog.models)))
    figures["first model"] = statistics.median(timed(catalog.model, name) for name in ids)
    models = [catalog.model(name) for name in ids]

    def compile_first(model: Any) -> None:
        body = {"model": model.id, "prompt": "a lighthouse", "size": "1024x1024"}
        catalog.compile(body, model.endpoints[0].key, date=date(2026, 11, 21))

    figures["first compile"] = statistics.median(timed(compile_first, model) for model in models)
    keys = [endpoint.key for model in models for endpoint in model.endpoints]
    figures["by id"] = nanoseconds_each(catalog.model, ids)
    figures["by alias"] = nanoseconds_each(catalog.model, [alias for model in models for alias in model.aliases])
    figures["by key"] = nanoseconds_each(catalog.endpoint, keys)
    figures["unknown"] = timed(look_up_unknown, catalog)
    return figures


def nanoseconds_each(look_up: Callable[[str], object], names: list[str]) -> float:
    """What it takes to look up one of the names, all having been looked up before."""

    def look_up_all() -> None:
        for name in names:
            look_up(name)

    return statistics.median(timed(look_up_all) for _ in range(200)) / len(names) * 1e6


def look_up_unknown(catalog: Any) -> None:
    """Mistype a name, so that the nearest ones are looked for."""
    from pentaprism import ModelNotFound

    try:
        catalog.model("flux-1-devv")
    except ModelNotFound:
        return
    raise AssertionError("no model should have this name")


class Bench:
    """Runs this file again in fresh processes, with copies of the package: one is compiled to .pyc, one never is."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder, self.rounds = folder, rounds
        for copy in ("warm", "cold"):
            source = ROOT / "engine" / "pentaprism"
            shutil.copytree(source, folder / copy / "pentaprism", ignore=shutil.ignore_patterns("__pycache__"))
        outer = {name: one for name, one in os.environ.items() if name not in PYC_SWITCHES}
        self.environment = {**outer, "PYTHONPATH": str(folder / "warm")}
        self.cold = {"PYTHONPATH": str(folder / "cold"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *command: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], env={**self.environment, **environment}, check=True, stdout=subprocess.PIPE
        )
        return done.stdout.decode()

    def imports(self) -> dict[str, float]:
        """The median milliseconds of a process that imports something and ends."""
        times: dict[str, list[float]] = {name: [] for name in IMPORTS}
        for turn in range(self.rounds + 1):
            for name, code in IMPORTS.items():
                before = children_time()
                self.run("-c", code, **(self.cold if name == COLD else {}))
                # The first turn compiles what the others find compiled.
                if turn:
                    times[name].append(children_time() - before)
        return {name: statistics.median(one) for name, one in times.items()}

    def catalogs(self, models: int) -> list[tuple[str, dict[str, float]]]:
        """The median figures of a catalog of that many models, from each form it is measured in."""
        file = self.folder / f"{models}.json"
        self.run(__file__, "--make", str(models), str(file))
        seen: dict[str, list[dict[str, float]]] = {"json": [], "yaml": []}
        for _ in range(max(3, self.rounds // (1 + models // 1_000))):
            plain = json.loads(self.run(__file__, "--measure", "json", str(file)))
            seen["json"].append(json.loads(self.run(__file__, "--measure", "catalog", str(file))) | plain)
            if file.with_suffix("").is_dir():
                folder = str(file.with_suffix(""))
                seen["yaml"].append(json.loads(self.run(__file__, "--measure", "catalog", folder)) | plain)
        medians = []
        for form, runs in seen.items():
            if runs:
                figures = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
                medians.append((form, figures | {"models": models, "bytes": file.stat().st_size}))
        file.unlink()
        return medians


def print_imports(medians: dict[str, float]) -> None:
    """Milliseconds above those of the bare interpreter, and against the yardstick."""
    bare = medians["python alone"]
    print(f"{'import':<40}{'ms':>8}{'above bare':>12}{'x yardstick':>13}   (yardstick: {YARDSTICK})")
    for name, median in medians.items():
        ratio = (median - bare) / (medians[YARDSTICK] - bare)
        print(f"{name:<40}{median:8.1f}{median - bare:12.1f}{ratio:13.2f}")


def print_catalogs(rows: list[tuple[str, dict[str, float]]]) -> None:
    """A line for each catalog, then how the lookups of the largest compare with those of the smallest."""
    heads = ("MB", "json.loads", "load", "x", "model", "compile", *LOOKUPS, "unknown", "peak MB", "x")
    print(f"\n{'models':>7}{'from':>6}" + "".join(f"{head:>11}" for head in heads))
    print(f"{'':>13}{'':>11}" + "".join(f"{unit:>11}" for unit in ("ms", "ms", "", "ms", "ms", "ns", "ns", "ns", "ms")))
    for form, row in rows:
        shown = (
            row["bytes"] / 1e6,
            row["json"],
            row["load"],
            row["load"] / row["json"],
            row["first model"],
            row["first compile"],
            *(row[kind] for kind in LOOKUPS),
            row["unknown"],
            row["load peak"],
            row["load peak"] / row["json peak"],
        )
        print(f"{row['models']:>7,.0f}{form:>6}" + "".join(f"{figure:>11,.2f}" for figure in shown))
    published = [row for form, row in rows if form == "json"]
    small, large = published[0], published[-1]
    ratios = ", ".join(f"{kind} {large[kind] / small[kind]:.2f}x" for kind in LOOKUPS)
    print(f"\nLookups among {large['models']:,} models take, against {small['models']:,}: {ratios}.")


def main() -> None:
    """Measure, or do what one of the measured processes does."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--rounds", type=int, default=15, help="processes of each kind (default %(default)s)")
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="models in the catalogs")
    options.add_argument("--json", action="store_true", help="print the figures as JSON")
    options.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    options.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.make:
        write_catalog(int(chosen.make[0]), Path(chosen.make[1]))
    elif chosen.measure:
        kind, path = chosen.measure
        print(json.dumps(measure_json(Path(path)) if kind == "json" else measure_catalog(Path(path))))
    else:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder), chosen.rounds)
            imports = bench.imports()
            rows = [row for models in chosen.sizes for row in bench.catalogs(models)]
        if chosen.json:
            print(json.dumps({"imports": imports, "catalogs": [{"from": form, **row} for form, row in rows]}, indent=2))
            return
        print_imports(imports)
        print_catalogs(rows)


if __name__ == "__main__":
    main()
