"""Documents that differ in a way no other line of a comparison speaks of: what an author would see in the files.

Row 3. So a comparison leaves nothing out: waivers, spare tables, the order of entries. It must not say what a
difference means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..content_hash import content
from ..documents import Documents
from .difference import Difference, Kind
from .words import listed

__all__ = ["Texts", "written_differences"]


class Texts:
    """Every document of a catalog as text, to see at once which are the same."""

    def __init__(self, documents: Documents) -> None:
        data = content(documents)
        kinds = ("providers", "models", "contracts", "size_tables")
        self.data = {(kind, name): document for kind in kinds for name, document in data[kind].items()}
        self.data["parameters", ""] = data["parameters"]
        self.of = {key: json.dumps(document, ensure_ascii=False) for key, document in self.data.items()}
        self.shared = {key: text for key, text in self.of.items() if key[0] not in ("models", "contracts")}


def written_differences(
    found: Sequence[Difference], users: Mapping[str, str], before: Texts, after: Texts
) -> Iterator[Difference]:
    """A line for each document that differs and that none of `found` is about.

    `users` maps a contract to a model that uses it.
    """
    models = {one.model for one in found}
    providers = {one.provider for one in found} | {(one.endpoint or "").partition("/")[0] for one in found}
    for key in dict.fromkeys((*before.of, *after.of)):
        if before.of.get(key) == after.of.get(key):
            continue
        kind, name = key
        how = f"written otherwise ({_how(before.data.get(key), after.data.get(key))})"
        if kind == "models" and name not in models:
            yield _written(f"is {how}; nothing about it is different", model=name)
        elif kind == "contracts" and users.get(name) not in models:
            unused = "" if name in users else "; no endpoint uses it"
            yield _written(f"the contract of {name} is {how}{unused}", model=users.get(name))
        elif kind == "providers" and name not in providers:
            yield _written(f"is {how}; nothing about it is different", provider=name)
        elif kind in ("parameters", "size_tables") and not found:
            yield _written(f"{name or 'parameters'} is {how}; nothing that is in use is different")


def _written(message: str, *, model: str | None = None, provider: str | None = None) -> Difference:
    return Difference(kind=Kind.WRITTEN, message=message, model=model, provider=provider)


def _how(before: Any, after: Any) -> str:
    if before is None or after is None:
        return "new" if before is None else "gone"
    return listed(dict.fromkeys(_paths(before, after, "")), most=3) or "another order"


def _paths(before: Any, after: Any, path: str) -> Iterator[str]:
    """The paths at which two documents differ; where only the order does, there is none."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            inner = f"{path}.{key}" if path else key
            if key in before and key in after:
                yield from _paths(before[key], after[key], inner)
            else:
                yield inner
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        if sorted(map(json.dumps, before)) != sorted(map(json.dumps, after)):
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from _paths(one, other, f"{path}[{index}]")
    elif json.dumps(before) != json.dumps(after):
        yield path
