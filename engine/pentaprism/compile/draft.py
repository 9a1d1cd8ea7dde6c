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
        self.written = written
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
        self.adjustments[name] = Adjustment(self.written.get(name, name), asked, sent, behaviour, outcome, why)

    def refuse(self, param: str, code: str, message: str) -> None:
        """Record why the endpoint cannot serve the request."""
        shown = self.written.get(param, param)
        self.refusals.append(Refusal(endpoint=self.endpoint, code=code, message=message, param=shown))


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a dotted path; `a[]` appends to a list (of a list each entry), `a[0]` is that entry of it.

    >>> body = {}
    >>> put(body, "a.b", 1); put(body, "c[0].d[].e", "x"); put(body, "c[0].d[].f", ["y", "z"]); body
    {'a': {'b': 1}, 'c': [{'d': [{'e': 'x'}, {'f': 'y'}, {'f': 'z'}]}]}
    """
    if "." not in path and "[" not in path:
        body[path] = value
    elif "[]" in path and isinstance(value, list):
        for entry in value:
            _put(body, path, entry)
    else:
        _put(body, path, value)


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    node: Any = body
    *parents, last = path.split(".")
    for name in parents:
        field, index = _split(name)
        node = node.setdefault(field, {}) if index is None else _entry(node.setdefault(field, []), index)
    field, index = _split(last)
    if index is None:
        node[field] = value
    else:
        node.setdefault(field, []).append(value)


def _entry(entries: list[Any], index: str) -> Any:
    """The object at an index of a list, or a new one at its end where there is no index or none stands there yet."""
    if not index or int(index) >= len(entries):
        entries.append({})
        return entries[-1]
    return entries[int(index)]


def take(body: Mapping[str, Any], path: str) -> Any:
    """Read what stands at a path, in a nested body or among fields by path; of `a[]` a list; None where nothing is.

    >>> take({"a": {"b": 1}}, "a.b"), take({"a.b": 1}, "a.b"), take({"a": [{"b": 1}, {"c": 2}]}, "a[].b")
    (1, 1, [1])
    """
    if path in body:
        return body[path]
    name, _, rest = path.partition(".")
    field, index = _split(name)
    node = body.get(field)
    if index is not None:
        entries = node if isinstance(node, (list, tuple)) else ()
        if not index:
            found = entries if not rest else [_below(entry, rest) for entry in entries]
            return [one for one in found if one is not None] or None
        node = entries[int(index)] if int(index) < len(entries) else None
    return _below(node, rest)


def _split(name: str) -> tuple[str, str | None]:
    """A step of a path as the field and the index it ends in: empty for `[]`, None where it ends in none."""
    field, bracket, index = name.partition("[")
    if bracket and index[-1:] == "]" and (index == "]" or index[:-1].isdecimal()):
        return field, index[:-1]
    return name, None


def _below(node: Any, rest: str) -> Any:
    if not rest:
        return node
    return take(node, rest) if isinstance(node, Mapping) else None
