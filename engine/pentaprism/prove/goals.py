"""What a contract lets a body hold, as goals: properties, values, ends of ranges and alternatives, at any depth.

Row 7. A goal is reached by a body that holds it; with the goal taken out of the contract, that body must be refused.
The contract is read as JSON Schema and nothing else. It must not know what a field means, nor how a body is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from .validator import build_validator

__all__ = ["ENTRY", "Goal", "Steps", "Tracker", "goals_of", "spelled", "unbounded", "without"]

Steps: TypeAlias = tuple[str, ...]
"""The way from a body to a place in it: the names of fields, and `ENTRY` for the entries of a list."""

ENTRY = "[]"


def spelled(steps: Steps) -> str:
    """A way as the catalog writes it.

    >>> spelled(("contents", "[]", "parts", "[]", "text"))
    'contents[].parts[].text'
    """
    return "".join(step if step == ENTRY else f".{step}" for step in steps).removeprefix(".")


class Goal(NamedTuple):
    """One thing a contract allows somewhere in a body.

    `kind`: property, value (of an enum, a const or a boolean), minimum, maximum, or alternative (of an `anyOf`; `value`
    is its number, from 0). `value_type` keeps true and 1 apart.
    """

    steps: Steps
    kind: str
    value: Any = None
    value_type: type = type(None)

    @classmethod
    def of(cls, steps: Steps, kind: str, value: Any) -> Goal:
        """A goal that has a value."""
        return cls(steps, kind, value, type(value))

    @property
    def path(self) -> str:
        """Where it is, as the catalog writes a path."""
        return spelled(self.steps)

    def __str__(self) -> str:
        if self.kind == "property":
            return self.path
        if self.kind == "alternative":
            return f"{self.path} (alternative {self.value + 1})"
        shown = str(self.value).lower() if isinstance(self.value, bool) else str(self.value)
        return f"{self.path} {shown}" if self.kind == "value" else f"{self.path} {shown} ({self.kind})"


def goals_of(schema: Mapping[str, Any], steps: Steps = ()) -> Iterator[Goal]:
    """Every goal of a schema, in the order of its text; the same goal may come from several alternatives.

    >>> [str(goal) for goal in goals_of({"properties": {"size": {"anyOf": [{"enum": ["auto"]}, {"type": "boolean"}]}}})]
    ['size', 'size (alternative 1)', 'size auto', 'size (alternative 2)', 'size true', 'size false']
    """
    yield from (Goal.of(steps, "value", value) for value in _finite(schema))
    yield from (Goal.of(steps, kind, value) for kind, value in _ends(schema).items())
    for name, part in schema.get("properties", {}).items():
        yield Goal((*steps, name), "property")
        yield from goals_of(part, (*steps, name))
    if "items" in schema:
        yield from goals_of(schema["items"], (*steps, ENTRY))
    for index, part in enumerate(schema.get("anyOf", ())):
        yield Goal.of(steps, "alternative", index)
        yield from goals_of(part, steps)


def _finite(schema: Mapping[str, Any]) -> list[Any]:
    """All values of a schema that lists them."""
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return list(schema["enum"])
    return [True, False] if schema.get("type") == "boolean" else []


def _ends(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The first and the last number that fit, where there are such."""
    if "enum" in schema or "const" in schema or "multipleOf" in schema:
        return {}
    ends = {name: schema[name] for name in ("minimum", "maximum") if name in schema}
    if schema.get("type") == "integer":
        if "exclusiveMinimum" in schema:
            ends.setdefault("minimum", schema["exclusiveMinimum"] + 1)
        if "exclusiveMaximum" in schema:
            ends.setdefault("maximum", schema["exclusiveMaximum"] - 1)
    return ends


def unbounded(schema: Mapping[str, Any], steps: Steps = ()) -> Iterator[Steps]:
    """Where a schema does not say how far a value may go: numbers with no range, objects whose fields it does not name.

    >>> [spelled(steps) for steps in unbounded({"properties": {"seed": {"type": "integer", "minimum": 0}}})]
    ['seed']
    """
    types = schema.get("type", ())
    kinds = {types} if isinstance(types, str) else set(types)
    low, high = {"minimum", "exclusiveMinimum"} & schema.keys(), {"maximum", "exclusiveMaximum"} & schema.keys()
    number = bool(kinds & {"integer", "number"}) and not _finite(schema) and not (low and high)
    if steps and (number or schema.get("additionalProperties") is True):
        yield steps
    for name, part in schema.get("properties", {}).items():
        yield from unbounded(part, (*steps, name))
    if "items" in schema:
        yield from unbounded(schema["items"], (*steps, ENTRY))
    for part in schema.get("anyOf", ()):
        yield from unbounded(part, steps)


def _alternatives(schema: Mapping[str, Any], steps: Steps = ()) -> Iterator[tuple[Steps, list[Mapping[str, Any]]]]:
    """Every `anyOf` below a schema, with where it stands."""
    if "anyOf" in schema:
        yield steps, schema["anyOf"]
    for name, part in schema.get("properties", {}).items():
        yield from _alternatives(part, (*steps, name))
    if "items" in schema:
        yield from _alternatives(schema["items"], (*steps, ENTRY))
    for part in schema.get("anyOf", ()):
        yield from _alternatives(part, steps)


@dataclass(slots=True)
class _Place:
    """What is left to reach at one place, and the alternatives a value there may take."""

    values: dict[tuple[type, Any], Goal] = field(default_factory=dict)
    ends: dict[Any, list[Goal]] = field(default_factory=dict)
    alternatives: dict[int, Goal] = field(default_factory=dict)
    branches: list[list[Any]] = field(default_factory=list)


class Tracker:
    """Which goals of a contract the bodies reached, each with the first body that did.

    An alternative is reached by a value that fits it and no other one beside it. A property that was sent is reached
    whether the contract has it or not.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.goals = tuple(dict.fromkeys(goals_of(schema)))
        self.reached: dict[Goal, Any] = {}
        self._sent: set[Steps] = set()
        self._places: dict[Steps, _Place] = {}
        for goal in self.goals:
            self._expect(goal)
        for steps, branches in _alternatives(schema):
            self._places[steps].branches.append([build_validator(branch) for branch in branches])

    def _expect(self, goal: Goal) -> None:
        place = self._places.setdefault(goal.steps, _Place())
        if goal.kind == "value":
            place.values[goal.value_type, goal.value] = goal
        elif goal.kind == "alternative":
            place.alternatives[goal.value] = goal
        elif goal.kind != "property":
            place.ends.setdefault(goal.value, []).append(goal)

    @property
    def missing(self) -> list[Goal]:
        """The goals no body has reached, in the order of the contract."""
        return [goal for goal in self.goals if goal not in self.reached]

    def has_sent(self, steps: Steps) -> bool:
        """Whether a body held something there."""
        fields = [index for index, step in enumerate(steps, 1) if step != ENTRY]
        return steps[: max(fields, default=0)] in self._sent

    def add(self, body: Any) -> None:
        """Take one body into account."""
        self._visit(body, (), body)

    def _visit(self, value: Any, steps: Steps, body: Any) -> None:
        place = self._places.get(steps)
        if place is not None:
            self._note(place, value, body)
        if isinstance(value, dict):
            for name, entry in value.items():
                below = (*steps, name)
                if below not in self._sent:
                    self._sent.add(below)
                    self.reached[Goal(below, "property")] = body
                self._visit(entry, below, body)
        elif isinstance(value, list):
            for entry in value:
                self._visit(entry, (*steps, ENTRY), body)

    def _note(self, place: _Place, value: Any, body: Any) -> None:
        if not isinstance(value, (dict, list)):
            goal = place.values.pop((type(value), value), None)
            if goal is not None:
                self.reached[goal] = body
            if place.ends and not isinstance(value, (bool, str)):
                self.reached.update(dict.fromkeys(place.ends.pop(value, ()), body))
        if place.alternatives:
            for branches in place.branches:
                fitting = [index for index, branch in enumerate(branches) if branch.is_valid(value)]
                if len(fitting) == 1 and fitting[0] in place.alternatives:
                    self.reached[place.alternatives.pop(fitting[0])] = body


def without(schema: Mapping[str, Any], goal: Goal) -> dict[str, Any]:
    """A schema that is the same but for one goal, which it allows no longer in any of its alternatives.

    >>> without({"properties": {"seed": {"type": "integer"}}, "required": ["seed"]}, Goal(("seed",), "property"))
    {'properties': {}, 'required': []}
    """
    changed: dict[str, Any] = _copied(schema)
    if goal.kind == "property":
        for node in _at(changed, goal.steps[:-1]):
            node.get("properties", {}).pop(goal.steps[-1], None)
            if "required" in node:
                node["required"] = [name for name in node["required"] if name != goal.steps[-1]]
    else:
        for node in list(_at(changed, goal.steps)):
            _forbid(node, goal)
    return changed


def _copied(node: Any) -> Any:
    """A copy in which nothing is shared, so that a change in one place is a change in no other."""
    if isinstance(node, Mapping):
        return {key: _copied(entry) for key, entry in node.items()}
    return [_copied(entry) for entry in node] if isinstance(node, list) else node


def _at(schema: dict[str, Any], steps: Steps) -> Iterator[dict[str, Any]]:
    """Every schema that speaks of a place, through all alternatives."""
    for part in schema.get("anyOf", ()):
        yield from _at(part, steps)
    if not steps:
        yield schema
        return
    below = schema.get("items") if steps[0] == ENTRY else schema.get("properties", {}).get(steps[0])
    if below is not None:
        yield from _at(below, steps[1:])


def _forbid(node: dict[str, Any], goal: Goal) -> None:
    """Take a goal out of one of the schemas that speak of its place, if it is there."""
    if goal.kind == "alternative":
        if "anyOf" in node:
            node["anyOf"] = [part for index, part in enumerate(node["anyOf"]) if index != goal.value]
    elif goal.kind == "value":
        rest = [value for value in _finite(node) if Goal.of(goal.steps, "value", value) != goal]
        if len(rest) < len(_finite(node)):
            node.pop("const", None)
            node["enum"] = rest
    elif _ends(node).get(goal.kind) == goal.value:
        node.pop(goal.kind, None)
        node["exclusiveMinimum" if goal.kind == "minimum" else "exclusiveMaximum"] = goal.value
