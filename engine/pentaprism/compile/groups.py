"""The parameters that stand together - size, output, count - each group as one function for one endpoint.

Row 3. As in `writers`: what has few results has them ready, made by the interpreter's own parts, and pixels that a free
form takes as they are need no search; what is at fault raises `Unusual`. Nothing of a request is kept.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from ..types import (
    NOTHING,
    Adjustment,
    AspectRatio,
    Behaviour,
    Form,
    FormKind,
    Outcome,
    Size,
    SizeWish,
    Tier,
    Tolerance,
    make,
)
from .draft import Draft
from .faults import Faults
from .forms import Choice, choose, write_free
from .output import Ready
from .plan import OUTPUT_NAMES, Plan
from .request import Vocabulary, combine_sizes
from .sizing import SIZE_NAMES, tell_size
from .writers import Unusual

__all__ = ["Count", "Sized", "build_counting", "build_output", "build_sizing", "count_pictures"]

_Told: TypeAlias = dict[str, Adjustment]
# An attribute of an enum's class takes several times as long to read as a name.
_HONORED, _CONVERTED, _FREE = Outcome.HONORED, Behaviour.CONVERTED, FormKind.FREE


class Count(NamedTuple):
    """What a number of pictures comes to: the count of each call, and what is sent of it."""

    n: int
    counts: tuple[int, ...]
    unseeded: tuple[int | None, ...]
    sent: Mapping[str, Any]


def count_pictures(plan: Plan, n: int | None, told: _Told | None = None) -> Count:
    """A count worked out by the interpreter's own part, and told of in `told`; None is one that was not asked for."""
    draft = Draft(plan.endpoint.key, NOTHING)
    counts, unseeded = plan.counts.apply(draft, {} if n is None else {"n": n})
    if told is not None:
        told.update(draft.adjustments)
    return Count(sum(counts), tuple(counts), tuple(unseeded), draft.fields)


def build_counting(plan: Plan, vocabulary: Vocabulary) -> dict[tuple[type[int], int], tuple[Count, Adjustment]]:
    """Every count the vocabulary allows, worked out ahead; by type too, since True is no count."""
    parameter = vocabulary.parameters["n"]
    least, most = int(parameter.minimum or 1), int(parameter.maximum or 0)
    table = {}
    for n in range(least, most + 1):
        told: _Told = {}
        table[int, n] = (count_pictures(plan, n, told), told["n"].frozen())
    return table


Sized: TypeAlias = "tuple[SizeWish, Size | None, Choice | None, int, float, float]"
"""What became of the size parameters: the wish; pixels sent as asked, or the choice of a form; how many are dropped,
the aspect and the pixels lost."""

Sizing: TypeAlias = Callable[[Mapping[str, Any], dict[str, Any], _Told, "Size | None", Tolerance, date], Sized]


def build_sizing(plan: Plan, vocabulary: Vocabulary) -> Sizing:
    """`size`, `aspect_ratio` and `resolution`: pixels that a free form takes, else the search among all forms."""
    spec = plan.spec
    exact = [_exact_form(form) for form in spec.forms if form.kind is FormKind.FREE]

    def settle(
        given: Mapping[str, Any],
        fields: dict[str, Any],
        told: _Told,
        default: Size | None,
        tolerance: Tolerance,
        on: date,
    ) -> Sized:
        if exact and "size" in told and "aspect_ratio" not in told and "resolution" not in told:
            asked, width, height = _pixels(given["size"])
            for write in exact:
                sends = write(fields, width, height)
                if sends is not None:
                    size = make(Size, (width, height))
                    told["size"] = make(Adjustment, ("size", asked, sends, _CONVERTED, _HONORED, f"{asked} comes back"))
                    return make(SizeWish, (size, None, None, False, NOTHING)), size, None, 0, 0.0, 0.0
        values = _read_group(SIZE_NAMES, vocabulary, given)
        wish = combine_sizes(values)
        choice = choose(spec, wish, default, whole_megapixels=plan.tariff(on).whole_megapixels)
        if choice is not None:
            fields.update(choice.sends)
        draft = Draft("", NOTHING)
        draft.adjustments = told
        tell_size(draft, spec, values, wish, choice, default, tolerance)
        return wish, None, choice, draft.dropped, draft.aspect_loss, draft.pixels_loss

    return settle


def _pixels(value: Any) -> tuple[str, int, int]:
    """A size as it was parsed, or as a caller writes it plainly; else 0 by 0, which no form takes."""
    if type(value) is str and len(value) < 12:
        width, _, height = value.partition("x")
        if width.isdecimal() and height.isdecimal() and width[0] != "0" and height[0] != "0":
            return value, int(width), int(height)
    return (str(value), *value) if type(value) is Size else ("", 0, 0)


def _exact_form(form: Form) -> Callable[[dict[str, Any], int, int], Mapping[str, Any] | None]:
    """Writes a width and a height as they are and gives what is sent for them; None where the form takes them not."""
    short, long = form.side or (1, sys.maxsize)
    short = max(1, short)
    least, most = form.pixels or (1, sys.maxsize)
    narrow, wide = form.ratio or (0.0, math.inf)
    step = form.step

    def write(fields: dict[str, Any], width: int, height: int) -> Mapping[str, Any] | None:
        if not (short <= width <= long and short <= height <= long) or width % step or height % step:
            return None
        if not (least <= width * height <= most and narrow <= width / height <= wide):
            return None
        sends = write_free(form, Size(width, height))
        fields.update(sends)
        return sends

    if "object" not in form.to or form.set or step != 1 or form.pixels is not None or form.ratio is not None:
        return write
    name = form.to["object"]

    def write_object(fields: dict[str, Any], width: int, height: int) -> Mapping[str, Any] | None:
        if short <= width <= long and short <= height <= long:
            pixels = fields[name] = {"width": width, "height": height}
            return {name: pixels}
        return None

    return write_object


def _read_group(names: tuple[str, ...], vocabulary: Vocabulary, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parsed values of a group."""
    faults = Faults()
    values: dict[str, Any] = {}
    for name in names:
        if name in given:
            value = given[name]
            values[name] = value if type(value) in _PARSED else vocabulary.readers[name](name, value, faults)
    if faults:
        raise Unusual
    return values


# What only parsing makes; anything else is read, again perhaps.
_PARSED = (Size, AspectRatio, Tier)

Outputs: TypeAlias = Callable[[Mapping[str, Any], dict[str, Any], _Told], tuple[Ready, int]]


def build_output(plan: Plan, vocabulary: Vocabulary) -> Outputs:
    """Format, compression and delivery: pairs of the outer two are worked out ahead, where neither compression nor
    background is asked for.

    The function gives what is left to do, and how many parameters were dropped.
    """
    table = _output_table(plan, vocabulary)

    def settle(given: Mapping[str, Any], fields: dict[str, Any], told: _Told) -> tuple[Ready, int]:
        if "output_compression" not in told and "background" not in given:
            sent, tells, output = table[given.get("output_format"), given.get("response_format")]
            fields.update(sent)
            told.update(tells)
            return output, 0
        draft = Draft("", NOTHING)
        draft.fields, draft.adjustments = fields, told
        values = _read_group((*OUTPUT_NAMES, "background"), vocabulary, given)
        output = plan.output.apply(draft, values)
        if draft.refusals:
            raise Unusual
        return output, draft.dropped

    return settle


def _output_table(
    plan: Plan, vocabulary: Vocabulary
) -> dict[tuple[str | None, str | None], tuple[dict[str, Any], _Told, Ready]]:
    """What each pair of format and delivery comes to, by the interpreter's own part; None is what is not asked for."""
    format, delivery = (vocabulary.parameters[name] for name in ("output_format", "response_format"))
    table = {}
    for one in (None, *(format.values or ()), *format.spellings):
        for other in (None, *(delivery.values or ()), *delivery.spellings):
            asked = {"output_format": one and format.spellings.get(one, one)}
            asked["response_format"] = other and delivery.spellings.get(other, other)
            draft = Draft(plan.endpoint.key, {})
            output = plan.output.apply(draft, {name: value for name, value in asked.items() if value is not None})
            told = {name: adjustment.frozen() for name, adjustment in draft.adjustments.items()}
            table[one, other] = (draft.fields, told, output)
    return table
