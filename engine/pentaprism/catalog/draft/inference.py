"""What an inference is, what an author may tell beforehand, and why some contracts have no draft.

Row 3. It must not infer anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ...types import Contract, Parameter, Provider
from ..forms import Table

__all__ = ["Inference", "Known", "Setting", "by_rule", "crossing_words", "listed"]


@dataclass(frozen=True, slots=True)
class Inference:
    """One thing concluded from a contract: the field looked at, what it became, and why, in words."""

    field: str
    becomes: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the author tells, since no contract does; None where nothing was told.

    `name`, `family`, `creator` and `summary` are the model's; `key_name` the second half of the endpoint's key.
    `usd_per_image` is a decimal number as text, with its `price_source`; it holds from `day` on, the one on which it
    was read.
    `constants` are fields to send with every request, for what a contract requires and no parameter means.
    """

    day: date
    name: str | None = None
    family: str | None = None
    creator: str | None = None
    summary: str | None = None
    key_name: str | None = None
    usd_per_image: str | None = None
    price_source: str | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an inference may look at: the contract, whose it is, the vocabulary and the pixel tables."""

    contract: Contract
    provider: Provider
    vocabulary: Mapping[str, Parameter]
    tables: Mapping[str, Table]


def by_rule(provider: Provider, parameter: str) -> str:
    """Why a field is written that needs no line in a model's file."""
    return f"a rule of {provider.name} writes {parameter} there"


def crossing_words(target: str, parameter: str) -> str:
    """A field and the parameter it is written from.

    >>> crossing_words("num_images", "n"), crossing_words("image", "image")
    ('num_images for n', 'image')
    """
    return target if target == parameter else f"{target} for {parameter}"


def listed(words: list[str]) -> str:
    """Words as a sentence holds them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
