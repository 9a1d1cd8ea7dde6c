"""The data of a catalog with something in it changed: a value, an entry or a key, anywhere.

Most changes to a sound catalog leave it sound; one that does not is drawn again.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from catalog_strategies import documents, made_of
from pentaprism import Catalog, CatalogError

__all__ = ["pairs"]

_KINDS = ("models", "contracts", "providers", "size_tables")
_TRIES = 6


@st.composite
def pairs(draw: DrawFn) -> tuple[Catalog, Catalog]:
    """A catalog and the same with one to three things changed."""
    data = draw(documents())
    changed = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        changed = _changed(draw, changed)
    return Catalog(made_of(data)), Catalog(made_of(changed))


def _changed(draw: DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    """With one thing changed, and sound."""
    for _ in range(_TRIES):
        other = copy.deepcopy(data)
        kind = draw(st.sampled_from([kind for kind in _KINDS if other[kind]]))
        name = draw(st.sampled_from(list(other[kind])))
        if len(other[kind]) > 1 and draw(st.integers(0, 7)) == 0:
            del other[kind][name]
        else:
            _change(draw, other[kind][name])
        try:
            Catalog(made_of(other))
        except CatalogError:
            continue
        return other
    assume(False)
    return data


def _change(draw: DrawFn, node: Any) -> None:
    """Walk down to some place below a mapping or list, and change what stands there."""
    while True:
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not places:
            return
        place = draw(st.sampled_from(places))
        below = node[place]
        if not isinstance(below, (dict, list)) or not below or draw(st.integers(0, 7)) == 0:
            break
        node = below
    act = draw(st.sampled_from(["replace", "replace", "remove", "repeat"]))
    if act == "remove":
        del node[place]
    elif act == "repeat" and isinstance(node, list):
        node.insert(place, copy.deepcopy(node[place]))
    else:
        node[place] = _another(draw, node[place])


def _another(draw: DrawFn, value: Any) -> Any:
    """A value of the same type, mostly a likely one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw(st.sampled_from([value + 1, value * 2, max(0, value - 1), 7]))
    if isinstance(value, float):
        return draw(st.sampled_from([value / 2, value + 0.5]))
    if isinstance(value, str):
        return draw(st.sampled_from(["0.07", "2026-10-01", "unverified", "disabled", "x", f"{value}-2", "megapixel"]))
    return draw(st.sampled_from([[], {}, 3, "x"]))
