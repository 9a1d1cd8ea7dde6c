"""One parameter to its wire form and back: passthrough, rename, and the closed set of conversions.

Row 3. A `Crossing` is built once for a rule and used for every request. Sizes, formats, counts and images-in-bulk have
modules of their own (`forms`, `output`, `counts`). It must not know about other parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..types import Behaviour, Contract, Media, Outcome, Rule
from .checks import Check, build_check, describe_range, located
from .draft import Draft

__all__ = ["CONVERSIONS", "UNREADABLE", "Crossing", "build_crossing"]

UNREADABLE = object()
"""What `Crossing.read` gives for a wire value that no canonical value stands for."""


class Crossing(NamedTuple):
    """A rule made ready: `write` and `read` are each other's inverse, `check` is the contract's word on the result.

    `schema` is what the contract has at `path`; `numbered` are the fields that take one input image each, where the
    rule spreads them so.
    """

    rule: Rule
    path: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    check: Check
    bounds: tuple[float | None, float | None]
    range: str
    schema: Mapping[str, Any]
    numbered: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path this may write."""
        return self.numbered or (self.path,)

    def leaves(self, value: Any) -> dict[str, Any]:
        """What a value puts at each path: its wire form at the one path, or an image at each numbered field."""
        wire = self.write(value)
        return dict(zip(self.numbered, wire, strict=False)) if self.numbered else {self.path: wire}

    def apply(self, draft: Draft, value: Any) -> None:
        """Write a value into the draft, or refuse it with the range the endpoint has."""
        rule = self.rule
        wire = self.write(value)
        if wire is UNREADABLE:
            known = ", ".join(str(key) for key in rule.options.get("values", {}))
            draft.refuse(rule.parameter, "not-allowed", f"{draft.endpoint} takes {known} here, not {value!r}.")
            return
        reason = self.check(wire)
        if reason is None:
            draft.fields[self.path] = wire
            draft.adjust(rule.parameter, value, {self.path: wire}, rule.behaviour, Outcome.HONORED, self.why(wire))
        elif rule.options.get("clamp") and self.clamped(wire) is not None:
            nearest = self.clamped(wire)
            draft.fields[self.path] = nearest
            why = f"the provider takes {self.range}; {nearest} is the nearest to what you asked"
            draft.adjust(rule.parameter, value, {self.path: nearest}, rule.behaviour, Outcome.APPROXIMATED, why)
        else:
            code = "out-of-range" if self.range and isinstance(wire, (int, float)) else "not-allowed"
            name = draft.written.get(rule.parameter, rule.parameter)
            draft.refuse(rule.parameter, code, f"{_here(located(name, reason))}.")

    def clamped(self, wire: Any) -> float | int | None:
        """The bound nearest to a number outside the range, None where that is no remedy."""
        if isinstance(wire, bool) or not isinstance(wire, (int, float)):
            return None
        low, high = self.bounds
        nearest = low if low is not None and wire < low else high
        return nearest if nearest is not None and self.check(nearest) is None else None

    def why(self, wire: Any) -> str:
        """The sentence of an honored adjustment."""
        if self.rule.behaviour is Behaviour.PASSTHROUGH:
            return "sent as it is"
        if self.rule.behaviour is Behaviour.RENAMED or isinstance(wire, Media):
            return f"sent as {self.path}"
        return f"sent as {self.path} {wire!r}, which means the same there"


def build_crossing(rule: Rule, contract: Contract) -> Crossing:
    """Make a rule ready against a contract."""
    path = rule.target or rule.parameter
    schema = contract.value_at(path)
    write: Callable[[Any], Any] = _identity
    read: Callable[[Any], Any] = _identity
    if rule.verb == "convert":
        write, read = CONVERSIONS[rule.options["convert"]](rule.options)
    return Crossing(
        rule=rule,
        path=path,
        write=write,
        read=read,
        check=build_check(schema),
        bounds=(schema.get("minimum"), schema.get("maximum")),
        range=describe_range(schema),
        schema=schema,
        numbered=contract.numbered(path) if rule.options.get("shape") == "numbered" else (),
    )


def _here(reason: str) -> str:
    """`must be 1 to 20, not 21`, said of one endpoint."""
    said, comma, value = reason.partition(", not ")
    return f"{said} here{comma}{value}"


def _identity(value: Any) -> Any:
    return value


Conversion = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def _values(options: Mapping[str, Any]) -> Conversion:
    """`values: {ours: theirs}`, one to one."""
    table = dict(options["values"])
    back = {wire: value for value, wire in table.items()}
    return (lambda value: table.get(value, UNREADABLE)), (lambda wire: back.get(wire, UNREADABLE))


def _scale(options: Mapping[str, Any]) -> Conversion:
    """`from: [a, b]` onto `into: [c, d]`, linearly; whole numbers where `whole: true`."""
    (low, high), (start, end) = options["from"], options["into"]
    factor = (end - start) / (high - low)
    whole = options.get("whole", False)

    def write(value: float) -> float | int:
        try:
            scaled = start + (value - low) * factor
            return int(scaled + 0.5) if whole else scaled
        except OverflowError:
            # Beyond what a float holds, and so beyond every range.
            return math.inf if value > 0 else -math.inf

    return write, (lambda wire: low + (wire - start) / factor)


def _invert(options: Mapping[str, Any]) -> Conversion:
    """`range: [a, b]` (default 0 to 1), where the provider counts from the other end."""
    low, high = options.get("range", (0, 1))
    return (lambda value: low + high - value), (lambda wire: low + high - wire)


def _image(options: Mapping[str, Any]) -> Conversion:
    """Input images as one leaf or several, for a list or numbered fields; each carries the ways it may be sent."""
    encode = tuple(options.get("encode", ("url", "data_uri")))
    single = options.get("shape", "one") == "one"

    def write(value: Any) -> Any:
        leaves = [replace(media, encode=encode) for media in (value if isinstance(value, tuple) else (value,))]
        return leaves[0] if single else leaves

    def read(wire: Any) -> tuple[Media, ...]:
        return tuple(wire) if isinstance(wire, (list, tuple)) else (wire,)

    return write, read


CONVERSIONS: Mapping[str, Callable[[Mapping[str, Any]], Conversion]] = {
    "image": _image,
    "values": _values,
    "scale": _scale,
    "invert": _invert,
}
"""What `convert:` may name: option mapping to (write, read)."""
