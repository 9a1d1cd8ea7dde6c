"""One endpoint while it is being drawn: the contract's fields, rules and constants, and how to choose among options.

The modules that draw parameters, sizes and prices write into a `Sketch`; `catalog_strategies` makes documents of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from pentaprism.types import Contract

__all__ = ["PROVENANCE", "Dice", "Sketch", "chance", "mostly", "pick", "some"]

PROVENANCE = {"source": "made up", "date": "2026-07-28", "method": "inferred"}
_T = TypeVar("_T")


class Dice:
    """Small choices, many of which are drawn at once: a catalog takes hundreds, and each draw has its price.

    `fresh` begins a new draw, so that a choice less in one part of a catalog leaves the next part as it was.
    """

    _ROLLS = 16

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self._rolls = iter(b"")

    def fresh(self) -> None:
        """Draw anew for the next choice."""
        self._rolls = iter(b"")

    def roll(self, sides: int) -> int:
        """A number from 0, the simplest, to one less than the sides there are."""
        number = 0
        reach = 1
        while reach < sides:
            number, reach = number * 256 + self._byte(), reach * 256
        return number % sides

    def _byte(self) -> int:
        byte = next(self._rolls, None)
        if byte is None:
            self._rolls = iter(self.draw(_BYTES))
            byte = next(self._rolls)
        return byte


_BYTES = st.binary(min_size=Dice._ROLLS, max_size=Dice._ROLLS)


def pick(dice: Dice, *options: _T) -> _T:
    """One of the options; the first is the simplest."""
    return options[dice.roll(len(options))]


def chance(dice: Dice, one_in: int) -> bool:
    """True once in so many times; False is simpler."""
    return dice.roll(one_in) == one_in - 1


def mostly(dice: Dice, one_in: int) -> bool:
    """True but for once in so many times; False is simpler."""
    return dice.roll(one_in) != 0


def some(dice: Dice, options: tuple[_T, ...], least: int = 1) -> list[_T]:
    """At least so many of the options, in the order given; few are simpler than many."""
    chosen = _subsets(len(options), least)
    bits = chosen[dice.roll(len(chosen))]
    return [option for index, option in enumerate(options) if bits >> index & 1]


@cache
def _subsets(most: int, least: int) -> list[int]:
    """Sets of indices as the bits of a number."""
    return sorted((bits for bits in range(2**most) if bits.bit_count() >= least), key=int.bit_count)


@dataclass
class Sketch:
    """What an endpoint has so far. `tables` are the catalog's size tables, to which it may add; `conditions` the
    fields that prices may depend on, with their values.
    """

    provider: str
    modes: list[str]
    multipart: bool
    tables: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, list[Any]] = field(default_factory=dict)
    size_fields: list[str] = field(default_factory=list)
    image_fields: list[str] = field(default_factory=list)

    @property
    def edits(self) -> bool:
        """Whether it takes pictures to work from."""
        return "image-edit" in self.modes

    def add(self, path: str, schema: Mapping[str, Any]) -> str:
        """Put a field into the contract, at a path such as `options.seed`; gives the path."""
        properties = self.properties
        *parents, last = path.split(".")
        for name in parents:
            empty = {"type": "object", "additionalProperties": False, "properties": {}}
            properties = properties.setdefault(name, empty)["properties"]
        properties[last] = dict(schema)
        return path

    def add_condition(self, path: str, values: list[Any]) -> None:
        """Let prices depend on a field, if it stands at the top of the contract."""
        if "." not in path:
            self.conditions[path] = values

    def contract(self, title: str) -> dict[str, Any]:
        """The document of its contract."""
        return {
            "title": title,
            "x-provenance": PROVENANCE,
            "type": "object",
            "additionalProperties": False,
            "required": sorted({Contract.top(path) for path in self.required}),
            "properties": self.properties,
        }
