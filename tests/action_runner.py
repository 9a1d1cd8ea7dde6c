"""A composite GitHub action, run as its file says: its steps in order, each script by bash, unmodified.

What GitHub's runner does and this does not: steps that use another action are named and passed over.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Action", "Run", "evaluated"]

# How GitHub starts `shell: bash`.
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_NAME = re.compile(r"[\w-]+(\.[\w-]+)+")


def evaluated(text: str, contexts: Mapping[str, Any]) -> str:
    """A text with its expressions evaluated: names in a context, and nothing else."""
    return _EXPRESSION.sub(lambda found: _value(found[1], contexts), text)


def _value(expression: str, contexts: Mapping[str, Any]) -> str:
    """A name's value, or a literal's; what a context does not hold is empty, as it is for GitHub."""
    if expression.startswith("'") and expression.endswith("'"):
        return expression[1:-1]
    assert _NAME.fullmatch(expression), f"an expression the runner does not know: {expression}"
    value: Any = contexts
    for name in expression.split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return _text(value)


def _holds(condition: str, contexts: Mapping[str, Any]) -> bool:
    """Whether a condition of `name != 'literal'` parts, all of which must hold, does."""
    parts = [part.split(" != ") for part in condition.split(" && ")]
    return all(_value(left, contexts) != _value(right, contexts) for left, right in parts)


@dataclass
class Run:
    """What came of an action: whether it failed, what its log, summary and outputs are, which steps ran."""

    code: int = 0
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Action:
    """An action's folder, and one for what its steps write."""

    folder: Path
    temporary: Path

    @property
    def data(self) -> dict[str, Any]:
        """What its file says."""
        data: dict[str, Any] = yaml.safe_load((self.folder / "action.yml").read_text(encoding="utf-8"))
        return data

    def run(self, workspace: Path, inputs: Mapping[str, Any], *, done: Mapping[str, Any] | None = None) -> Run:
        """Run it in a checked out repository; a step in `done` is not run again but has had these outputs."""
        stated = {name: one["default"] for name, one in self.data["inputs"].items()}
        assert inputs.keys() <= stated.keys()
        run = Run(steps=dict(done or {}))
        contexts: dict[str, Any] = {
            "inputs": {name: _text(value) for name, value in {**stated, **inputs}.items()},
            "github": {"action_path": str(self.folder)},
            "steps": run.steps,
        }
        for step in self.data["runs"]["steps"]:
            wanted = "if" not in step or _holds(step["if"], contexts)
            if run.code == 0 and "run" in step and step.get("id") not in run.steps and wanted:
                self._run_step(step, workspace, contexts, run)
        run.outputs = {name: evaluated(one["value"], contexts) for name, one in self.data["outputs"].items()}
        return run

    def _run_step(self, step: Mapping[str, Any], workspace: Path, contexts: Mapping[str, Any], run: Run) -> None:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script is an input that can be a script"
        script = self.temporary / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        files = {name: self.temporary / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        stated = {name: evaluated(_text(value), contexts) for name, value in step.get("env", {}).items()}
        environment = {**os.environ, "RUNNER_TEMP": str(self.temporary), "GITHUB_WORKSPACE": str(workspace)}
        environment |= {**{name: str(file) for name, file in files.items()}, **stated}
        done = subprocess.run(
            [*SHELL, str(script)],
            cwd=workspace,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        run.ran.append(step["name"])
        run.code, run.log = done.returncode, run.log + done.stdout
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        if "id" in step:
            run.steps[step["id"]] = {"outputs": dict(line.split("=", 1) for line in lines)}


def _text(value: Any) -> str:
    """An input as GitHub passes it: text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
