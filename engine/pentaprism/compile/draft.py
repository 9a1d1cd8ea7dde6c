"""What a compilation has so far: fields for the wire, adjustments, refusals, losses.

Row 3. The steps of `pentaprism.compile` write here; `compiler` turns it into a `CompiledRequest`. It must not decide
anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..types import Adjustment, Behaviour, Outcome, Refusal

__all__ = ["Draft", "put", "take"]


class Draft:
    """Mutable state of one compilation. `fields` maps dotted wire paths to values, in the order of the body."""

    __slots__ = ("adjustments", "aspect_loss", "dropped", "endpoint", "fields", "pixels_loss", "refusals", "written")

    def __init__(self, endpoint: str, written: Mapping[str, str]) -> None:
        self.endpoint = endpoint
        self.written = dict(written)
        self.fields: dict[str, Any] = {}
        self.adjustments: dict[str, Adjustment] = {}
        self.refusals: list[Refusal] = []
        self.dropped = 0
        self.aspect_loss = 0.0
        self.pixels_loss = 0.0

    def adjust(
        self, name: str, asked: Any, sent: Mapping[str, Any], behaviour: Behaviour, outcome: Outcome, why: str
    ) -> None:
        """Record what became of one parameter, under its canonical name (or the name of a provider's own field)."""
        if outcome is Outcome.DROPPED:
            self.dropped += 1
        self.adjustments[name] = Adjustment(
            parameter=self.written.get(name, name),
            asked=asked,
            sent=sent,
            behaviour=behaviour,
            outcome=outcome,
            why=why,
        )

    def refuse(self, param: str, code: str, message: str) -> None:
        """Record why the endpoint cannot serve the request."""
        shown = self.written.get(param, param)
        self.refusals.append(Refusal(endpoint=self.endpoint, code=code, message=message, param=shown))


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a dotted path; `a[]` appends to a list.

    >>> body = {}
    >>> put(body, "a.b", 1); put(body, "c[].d", 2); body
    {'a': {'b': 1}, 'c': [{'d': 2}]}
    """
    node: Any = body
    *parents, last = path.split(".")
    for name in parents:
        if name.endswith("[]"):
            entry: dict[str, Any] = {}
            node.setdefault(name[:-2], []).append(entry)
            node = entry
        else:
            node = node.setdefault(name, {})
    if last.endswith("[]"):
        node.setdefault(last[:-2], []).append(value)
    else:
        node[last] = value


def take(body: Mapping[str, Any], path: str) -> Any:
    """Read a value at a dotted path, None where there is none.

    >>> take({"a": {"b": 1}}, "a.b"), take({"a": 1}, "a.b")
    (1, None)
    """
    node: Any = body
    for name in path.split("."):
        if not isinstance(node, Mapping):
            return None
        node = node.get(name.removesuffix("[]"))
    return node
