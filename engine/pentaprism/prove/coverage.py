"""What the bodies of a proof reached: how often each parameter was set, which values, forms and tiers were seen.

Row 7. Coverage is part of the result: a proof that never set a parameter has proved nothing about it. It must not
judge bodies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..types import CompiledRequest, FormKind, ModeSpec

__all__ = ["LEAST_SHARE", "Coverage", "leaves"]

LEAST_SHARE = 0.2
"""The share of bodies in which each supported parameter must be set."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a body with its dotted path; `a[]` for the items of a list.

    >>> list(leaves({"a": {"b": 1}, "c": [2, 3]}))
    [('a.b', 1), ('c[]', 2), ('c[]', 3)]
    """
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from leaves(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from leaves(entry, f"{path}[]")
    else:
        yield path, value


@dataclass(slots=True)
class Coverage:
    """Counted over the bodies of one endpoint in one mode. `samples` keeps one body for each (path, value) seen."""

    bodies: int = 0
    parameters: Counter[str] = field(default_factory=Counter)
    seen: dict[str, set[Any]] = field(default_factory=dict)
    samples: dict[tuple[str, Any], dict[str, Any]] = field(default_factory=dict)

    def add(self, compiled: CompiledRequest, wire: dict[str, Any], *, first: bool) -> None:
        """Count one body; `first` for the first call of a request, with which its parameters are counted."""
        if first:
            self.bodies += 1
            self.parameters.update({entry.parameter for entry in compiled.adjustments if entry.sent or _done(entry)})
        for path, value in leaves(wire):
            key = value if isinstance(value, (str, bool, int)) and len(str(value)) < 64 else "..."
            self.seen.setdefault(path, set()).add(key)
            self.samples.setdefault((path, key), wire)

    def gaps(self, spec: ModeSpec) -> list[str]:
        """What should have been reached and was not, in words; empty where coverage is whole."""
        gaps = []
        for name, rule in spec.rules.items():
            if rule.verb in ("unsupported", "form") or name == "mask":
                continue
            share = self.parameters[name] / max(1, self.bodies)
            if share < LEAST_SHARE:
                gaps.append(f"{name} was set in {share:.0%} of the bodies")
        for name, schema in spec.contract.fields.items():
            missing = [value for value in schema.get("enum", ()) if value not in self.seen.get(name, ())]
            if name in self.seen and missing and name not in spec.constants and not _decided_by_form(spec, name):
                gaps.append(f"{name} never had {', '.join(map(str, missing))}")
        return gaps + self._form_gaps(spec)

    def _form_gaps(self, spec: ModeSpec) -> list[str]:
        gaps = []
        for form in spec.forms:
            if form.kind is FormKind.GRID:
                for path, labels in _grid_labels(form.cells).items():
                    missing = [label for label in labels if label not in self.seen.get(path, ())]
                    if missing and not _overruled(spec):
                        gaps.append(f"{path} never had {', '.join(map(str, missing))}")
            elif form.kind is FormKind.FREE and not any(_reached(path, self.seen) for path in form.to.values()):
                gaps.append(f"the free form ({', '.join(form.to.values())}) was never used")
            elif form.kind is FormKind.AUTO and not all(
                value in self.seen.get(path, ()) for path, value in form.set.items()
            ):
                gaps.append("the auto form was never used")
        return gaps


def _done(entry: Any) -> bool:
    """Whether a parameter that sends nothing was still carried out (fan-out, transcoding, delivery)."""
    return entry.outcome in ("emulated", "honored", "approximated")


def _grid_labels(cells: Any) -> dict[str, list[Any]]:
    labels: dict[str, list[Any]] = {}
    for cell in cells:
        for path, value in cell.sends.items():
            if value not in labels.setdefault(path, []):
                labels[path].append(value)
    return labels


def _overruled(spec: ModeSpec) -> bool:
    """A form beside a grid wins wherever it comes nearer, so that not every cell of the grid need be reached."""
    return any(form.kind in (FormKind.FREE, FormKind.LIST) for form in spec.forms)


def _decided_by_form(spec: ModeSpec, name: str) -> bool:
    """Whether a field's values are a form's business: its labels are counted with the form."""
    return any(name == path.split(".")[0] for form in spec.forms for path in (*form.to.values(), *form.set))


def _reached(path: str, seen: Mapping[str, Any]) -> bool:
    return any(one == path or one.startswith(f"{path}.") for one in seen)
