"""What is done with each name of a request at one endpoint, worked out ahead: a function for every name that may occur.

Row 3. A `Write` takes a value as the caller wrote it, or as it was parsed, and puts what it comes to among the fields
and the adjustments; or it raises, and the interpreter reads the request, finds the fault or reads the unusual. A value
of a small set has its result ready, made by the interpreter's own parts. The groups (`groups`) only have their place
among the adjustments kept here. Nothing of a request is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from ..types import Adjustment, Behaviour, Outcome, Parameter, make
from .checks import PLAIN_RANGE, Check
from .converters import Crossing
from .draft import Draft
from .faults import Faults
from .interpreter import write_images, write_unsupported
from .natives import why_elsewhere
from .plan import OUTPUT_NAMES, Plan
from .request import Vocabulary
from .sizing import SIZE_NAMES
from .values import Reader

__all__ = ["DROPPED", "PLACE", "Unusual", "Write", "build_writers"]

Write: TypeAlias = Callable[[dict[str, Any], dict[str, Adjustment], Any], None]
"""Puts one value into the fields, by path, and the adjustments, by parameter."""

GROUPED = (*SIZE_NAMES, *OUTPUT_NAMES, "n")
# An attribute of an enum's class takes several times as long to read as a name.
_HONORED, _DROPPED, _PASSTHROUGH = Outcome.HONORED, Outcome.DROPPED, Behaviour.PASSTHROUGH
# Where writers count what they drop, among the fields: the one path that no contract has.
DROPPED = ""
# What stands where a group's adjustment will.
PLACE = Adjustment("", None, {}, _PASSTHROUGH, _HONORED, "")
# The name the caller wrote, how the parameter crosses, and the sentence on it.
_Words: TypeAlias = tuple[str, Behaviour, str]


class Unusual(KeyError):
    """The interpreter has to read this request."""


def build_writers(plan: Plan, vocabulary: Vocabulary) -> dict[str, Write]:
    """The function for each name: parameters, their synonyms, the provider's own fields and its siblings'.

    Every name but those of the gateway's parameters tells one adjustment.
    """
    writers: dict[str, Write] = {}
    for name, parameter in vocabulary.parameters.items():
        if parameter.at == "request" and plan.spec.mode in parameter.modes:
            # Groups, seeds and images are looked up under their own names; the interpreter gathers other spellings.
            alone = name in GROUPED or name in ("seed", "image")
            for written in (name,) if alone else (name, *parameter.synonyms):
                writers[written] = _writer(plan, vocabulary, parameter, written)
        elif parameter.at == "gateway" and name != "provider":
            writers[name] = _silent_writer(vocabulary.reader(name), name)
    writers["model"] = _write_nothing
    for name in {**plan.endpoint.native_fields, **plan.checks}:
        if not (name in vocabulary.spoken or name in plan.provider.reserved or name in plan.nested):
            if name not in plan.checks:
                writers[name] = _dropping_writer(name, why_elsewhere(plan, name))
            elif name not in plan.producers:
                writers[name] = _native_writer(name, plan.checks[name], plan.spec.contract.fields[name])
    return writers


def _writer(plan: Plan, vocabulary: Vocabulary, parameter: Parameter, written: str) -> Write:
    name, read = parameter.name, vocabulary.readers[parameter.name]
    if name in GROUPED:
        return partial(_write_place, name)
    if name == "image":
        return _interpreted(read, name, written, partial(write_images, plan))
    if name in plan.crossings:
        return _crossing_writer(plan.crossings[name], read, parameter, written)
    return _interpreted(read, name, written, lambda draft, value: write_unsupported(plan, draft, name, value))


def _silent_writer(read: Reader, name: str) -> Write:
    """A parameter of the gateway: read for its faults, and told of nowhere."""

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        faults = Faults()
        read(name, value, faults)
        if faults or value is None:
            raise Unusual

    return write


def _write_nothing(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
    """The model has been found already."""


def _write_place(name: str, fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
    """A member of a group, which is written once everything else is; here its adjustment has its place."""
    if value is None:
        raise Unusual
    told[name] = PLACE


def _interpreted(read: Reader, name: str, written: str, apply: Callable[[Draft, Any], None]) -> Write:
    """The interpreter's own step, after the vocabulary's reader."""

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        faults = Faults()
        parsed = read(written, value, faults)
        draft = Draft("", {name: written})
        draft.fields, draft.adjustments = fields, told
        if faults or value is None:
            raise Unusual
        apply(draft, parsed)
        if draft.refusals:
            raise Unusual
        if draft.dropped:
            fields[DROPPED] = fields.get(DROPPED, 0) + draft.dropped

    return write


def _crossing_writer(crossing: Crossing, read: Reader, parameter: Parameter, written: str) -> Write:
    """One rule: a table where the vocabulary has few values, a look where a range or any words will do."""
    name, path = parameter.name, crossing.path
    if parameter.values is not None:
        return _table_writer(path, name, dict(_ready_values(crossing, parameter, written)))
    schema = crossing.schema
    stated = schema.get("type")
    # A field may have a list of types, or none.
    kinds = {parameter.type, stated if isinstance(stated, str) else None}
    words = (written, crossing.rule.behaviour, crossing.why(""))
    if crossing.rule.verb == "convert" or not PLAIN_RANGE.issuperset(schema):
        return _interpreted(read, name, written, crossing.apply)
    if kinds <= {"integer", "number"}:
        numbers = (int,) if "integer" in kinds else (int, float)
        lows = (parameter.minimum, schema.get("minimum"), -sys.float_info.max)
        highs = (parameter.maximum, schema.get("maximum"), sys.float_info.max)
        low, high = max(one for one in lows if one is not None), min(one for one in highs if one is not None)
        return _number_writer(path, name, words, numbers, low, high)
    if kinds == {"string"} and not {"minimum", "maximum"} & schema.keys():
        longest = sys.maxsize if parameter.max_length is None else parameter.max_length
        return _text_writer(path, name, words, longest, bool(parameter.required))
    return _interpreted(read, name, written, crossing.apply)


def _ready_values(
    crossing: Crossing, parameter: Parameter, written: str
) -> Iterator[tuple[str, tuple[Any, Adjustment]]]:
    """What is sent and told for each value of the vocabulary, and its other spellings, that is not refused."""
    for value in parameter.values or ():
        draft = Draft("", {parameter.name: written})
        crossing.apply(draft, value)
        if not draft.refusals:
            ready = (draft.fields[crossing.path], draft.adjustments[parameter.name].frozen())
            yield value, ready
            yield from ((spelling, ready) for spelling, meant in parameter.spellings.items() if meant == value)


def _table_writer(path: str, name: str, table: Mapping[Any, tuple[Any, Adjustment]]) -> Write:
    """A value of a small set."""

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        fields[path], told[name] = table[value]

    return write


def _number_writer(path: str, name: str, words: _Words, kinds: tuple[type, ...], low: float, high: float) -> Write:
    """A number within the vocabulary's and the contract's bounds."""
    written, behaviour, why = words

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        if type(value) not in kinds or not low <= value <= high:
            raise Unusual
        fields[path] = value
        told[name] = make(Adjustment, (written, value, {path: value}, behaviour, _HONORED, why))

    return write


def _text_writer(path: str, name: str, words: _Words, longest: int, needed: bool) -> Write:
    """Any text up to a length; not a blank one where it is needed."""
    written, behaviour, why = words

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        if type(value) is not str or len(value) > longest or (needed and (not value or value.isspace())):
            raise Unusual
        fields[path] = value
        told[name] = make(Adjustment, (written, value, {path: value}, behaviour, _HONORED, why))

    return write


def _native_writer(name: str, check: Check, schema: Mapping[str, Any]) -> Write:
    """A provider's own field that means nothing but itself."""
    if schema.get("type") == "boolean" and PLAIN_RANGE.issuperset(schema):
        return _switch_writer(name)
    words = schema.get("enum", ())
    if words and all(type(word) is str and check(word) is None for word in words):
        return _table_writer(name, name, {word: (word, _native(name, word).frozen()) for word in words})

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        if value is None or check(value) is not None:
            raise Unusual
        fields[name] = value
        told[name] = _native(name, value)

    return write


def _switch_writer(name: str) -> Write:
    """A provider's own field that is on or off."""
    on, off = _native(name, True).frozen(), _native(name, False).frozen()

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        if value is not True and value is not False:
            raise Unusual
        fields[name] = value
        told[name] = on if value else off

    return write


def _native(name: str, value: Any) -> Adjustment:
    return make(Adjustment, (name, value, {name: value}, _PASSTHROUGH, _HONORED, "sent as it is"))


def _dropping_writer(name: str, why: str) -> Write:
    """A field that only other endpoints of the model have."""

    def write(fields: dict[str, Any], told: dict[str, Adjustment], value: Any) -> None:
        if value is None:
            raise Unusual
        fields[DROPPED] = fields.get(DROPPED, 0) + 1
        told[name] = make(Adjustment, (name, value, {}, Behaviour.UNSUPPORTED, _DROPPED, why))

    return write
