"""What the bodies of a proof reached: how often each parameter was set, and every goal, form and label.

Row 7. Coverage is part of the result: a proof that never set a parameter has proved nothing about it. What no request
can reach is named with the reason, and the reason is checked, not assumed. It must not judge bodies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..compile.converters import UNREADABLE, build_crossing
from ..types import CompiledRequest, Contract, Form, FormKind, ModeSpec, Outcome, Parameter, Provider, Size
from .cases import canonical_names, in_vocabulary, producers
from .goals import ENTRY, Goal, Tracker

__all__ = ["LEAST_SHARE", "Coverage"]

LEAST_SHARE = 0.2
"""The share of bodies in which each supported parameter must be set."""

_DONE = (Outcome.HONORED, Outcome.APPROXIMATED, Outcome.EMULATED)


@dataclass(slots=True)
class _Watched:
    """A form, the labels of its cells, and whether a body has used it yet."""

    form: Form
    labels: frozenset[tuple[str, Any]]
    used: bool = False

    def is_used_by(self, body: Mapping[str, Any]) -> bool:
        """Whether a body takes its size by this form."""
        to = self.form.to
        if self.form.kind is FormKind.AUTO:
            return bool(self.form.set) and all(_at(body, path) == value for path, value in self.form.set.items())
        if self.form.kind is not FormKind.FREE:
            return any(_label(path, _at(body, path)) in self.labels for path in to.values())
        if "object" in to:
            return isinstance(_at(body, to["object"]), dict)
        return _at(body, to["width"]) is not None if "width" in to else _is_size(_at(body, to["string"]))


class Coverage:
    """Counted over the requests of one endpoint in one mode, and their bodies."""

    def __init__(self, spec: ModeSpec, provider: Provider, vocabulary: Mapping[str, Parameter]) -> None:
        self.goals = Tracker(spec.contract.schema)
        self._spec = spec
        self._reserved = provider.reserved
        self._vocabulary = vocabulary
        self._canonical = canonical_names(vocabulary)
        self._behind = producers(spec)
        self._written = {re.sub(r"\[\d+\]", ENTRY, path) for path in self._behind}
        self._bodies = 0
        self._set: Counter[str] = Counter()
        self._forms = [_Watched(form, frozenset(_cell_labels(form))) for form in spec.forms]
        self._labels = dict.fromkeys(label for form in spec.forms for label in _labels(form))
        self._seen: set[tuple[str, Any]] = set()
        self._made = {str(cell.real) for form in spec.forms for cell in form.cells}
        # For the pixels of each cell, once they were asked for: the forms that answered with exactly those.
        self._answers: dict[str, list[Form]] = {}

    def add(self, request: Mapping[str, Any], compiled: CompiledRequest, bodies: Sequence[dict[str, Any]]) -> None:
        """Count one request and all its bodies."""
        self._bodies += len(bodies)
        done = (entry.parameter for entry in compiled.adjustments if entry.outcome in _DONE)
        names = {self._canonical[name].name if name in self._canonical else name for name in done}
        self._set.update(dict.fromkeys(names, len(bodies)))
        for body in bodies:
            self.goals.add(body)
            for path, value in self._labels:
                if (path, value) not in self._seen and _at(body, path) == value:
                    self._seen.add((path, value))
            for watched in self._forms:
                watched.used = watched.used or watched.is_used_by(body)
        asked = request.get("size")
        if asked in self._made and asked not in self._answers:
            exact = str(compiled.expected.size) == asked
            self._answers[asked] = [one.form for one in self._forms if exact and one.is_used_by(bodies[0])]

    def gaps(self) -> list[str]:
        """What should have been reached and was not, in words; empty where coverage is whole."""
        gaps = []
        for name in self._supported():
            share = self._set[name] / max(1, self._bodies)
            if share < LEAST_SHARE:
                gaps.append(f"{name} was set in {share:.0%} of the bodies")
        gaps += [f"{goal} was never sent" for goal, reason in self._missing() if not reason]
        unused = [one.form for one in self._forms if not one.used and not self._shadowed(one.form)]
        return gaps + [f"the {_shown(form)} was never used" for form in unused]

    def _supported(self) -> Iterator[str]:
        """Every parameter that crosses here, and every field of the provider's own that no parameter stands for."""
        yield from (name for name, rule in self._spec.rules.items() if rule.verb != "unsupported")
        written = {Contract.top(path) for path in self._behind}
        for name in self._spec.contract.fields:
            if name not in written and name not in self._canonical and name not in self._reserved:
                yield name

    def unreached(self) -> list[str]:
        """What the contract allows and no request of ours can send, each with the reason why."""
        reasons: dict[tuple[str, str], list[str]] = {}
        for goal, reason in self._missing():
            if reason:
                values = reasons.setdefault((goal.path, reason), [])
                values += [str(goal).removeprefix(goal.path).strip()]
        return [f"{path} {', '.join(values)}".strip() + f": {reason}" for (path, reason), values in reasons.items()]

    def _missing(self) -> Iterator[tuple[Goal, str]]:
        """Every goal and label nothing reached, with the reason why; nothing that is below what is missing itself."""
        whole: set[tuple[str, ...]] = set()
        for goal in self.goals.missing:
            if not any(goal.steps[:length] in whole for length in range(1, len(goal.steps) + 1)):
                if goal.kind == "property":
                    whole.add(goal.steps)
                yield goal, self._reason(goal)
        known = {(goal.path, goal.value) for goal in self.goals.goals}
        for path, value in self._labels:
            if (path, value) not in known and (path, value) not in self._seen:
                goal = Goal.of(tuple(path.split(".")), "value", value)
                yield goal, self._reason(goal)

    def _reason(self, goal: Goal) -> str:
        """Why no request can reach a goal; empty where none is known, which is a gap."""
        top, path = goal.steps[0], goal.path
        constant = self._spec.constants.get(path)
        parameter = self._canonical.get(top)
        if goal.kind == "value" and goal.value is None:
            return "no body ever holds a null"
        if constant is not None:
            fixed = goal.kind == "value" and goal.value != constant and (parameter or top in self._reserved)
            return f"it is always {constant}" if fixed else ""
        if top in self._reserved:
            return "" if self._is_written(path) else "reserved, so that no caller may set it"
        if parameter is None:
            return ""
        if parameter.at == "gateway":
            return "for the gateway itself, so that it is never sent"
        return self._unspoken(goal, path, parameter)

    def _is_written(self, path: str) -> bool:
        """Whether a rule or a form writes at a path, or at a part of what stands there."""
        return any(f"{written}."[: len(path) + 1] in (f"{path}.", f"{path}[") for written in self._written)

    def _unspoken(self, goal: Goal, path: str, parameter: Parameter) -> str:
        """Why a field that has the name of a parameter, and so is written by rules only, never has a value."""
        name = self._behind.get(path)
        if name is None:
            unsupported = self._spec.rules[parameter.name].verb == "unsupported"
            return f"{parameter.name} {'is unsupported' if unsupported else 'goes into another field'} here"
        if goal.kind == "property":
            return ""
        if name == "size":
            return self._unsized(path, goal.value)
        rule, source = self._spec.rules[name], self._vocabulary[name]
        if name == "output_format":
            table = rule.options.get("native", {}).get("values") or rule.options.get("values") or {}
            spoken = goal.value in {table.get(ours, ours) for ours in source.values or ()}
        else:
            read = build_crossing(rule, self._spec.contract).read(goal.value)
            spoken = read is not UNREADABLE and in_vocabulary(source, read)
        return "" if spoken else f"no value of {name} means it"

    def _unsized(self, path: str, value: Any) -> str:
        forms = [form for form in self._spec.forms if (path, value) in _labels(form)]
        if not forms:
            return "no form of this mode sends it"
        return next((reason for form in forms if (reason := self._shadowed(form, path, value))), "")

    def _shadowed(self, form: Form, path: str = "", value: Any = None) -> str:
        """That other forms answer with the very pixels of every cell (that sends a value) of this form; else empty."""
        cells = [cell for cell in form.cells if not path or cell.sends.get(path) == value]
        answers = [self._answers.get(str(cell.real), []) for cell in cells]
        if not cells or not all(answers) or any(one is form for forms in answers for one in forms):
            return ""
        others = dict.fromkeys(_shown(one) for forms in answers for one in forms)
        return f"shadowed by the {' and the '.join(others)}, which makes the same pixels"


def _shown(form: Form) -> str:
    places = ", ".join(dict.fromkeys(form.to.values())) or ", ".join(f"{path} {form.set[path]}" for path in form.set)
    return f"{form.kind} form ({places})"


def _label(path: str, value: Any) -> tuple[str, Any]:
    return path, value if isinstance(value, (str, bool, int, float)) else None


def _cell_labels(form: Form) -> Iterator[tuple[str, Any]]:
    """What a form sends for its cells, value by value."""
    pairs = (_label(path, value) for cell in form.cells for path, value in cell.sends.items())
    return (pair for pair in dict.fromkeys(pairs) if pair[1] is not None)


def _labels(form: Form) -> tuple[tuple[str, Any], ...]:
    """Every value of a form that stands in the catalog: those of its cells, and its constants."""
    constants = (_label(path, value) for path, value in form.set.items())
    return (*_cell_labels(form), *(pair for pair in constants if pair[1] is not None))


def _is_size(value: Any) -> bool:
    try:
        return isinstance(value, str) and Size.parse(value) is not None
    except ValueError:
        return False


def _at(body: Mapping[str, Any], path: str) -> Any:
    """What stands at a path of fields, None where nothing does."""
    node: Any = body
    for name in path.split("."):
        node = node.get(name) if isinstance(node, dict) else None
    return node
