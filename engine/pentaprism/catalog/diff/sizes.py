"""What changed in the sizes of one mode: the ways to give one, their bounds, the pixels that come back.

Row 3. A size that can no longer be had is worse, one that comes back with other pixels is other. It must not choose a
size: `pentaprism.compile` does.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from ...types import Form, FormKind, GridCell, ModeSpec
from .difference import Difference, Kind
from .words import form_words, listed, number, scale_words, shown

__all__ = ["size_differences"]

_Told: TypeAlias = Iterator[Difference]
_NAMES = {FormKind.FREE: "free pixels", FormKind.GRID: "shapes", FormKind.LIST: "listed sizes", FormKind.AUTO: "auto"}


def size_differences(before: ModeSpec, after: ModeSpec) -> _Told:
    """Every difference of the sizes, without the endpoint and mode it is of."""
    pairs, gone, new = _paired(before.forms, after.forms)
    for was, now in pairs:
        yield from (*_bounds(was, now), *_cells(was, now), *_sent_with(was, now))
    for form in gone:
        told = f"a size can no longer be given as {form_words(form)} ({_fields(form)})"
        yield _size(Kind.SIZE_GONE, told, "forms", form_words(form), None)
    for form in new:
        told = f"a size can be given as {form_words(form)} ({_fields(form)})"
        yield _size(Kind.SIZE_NEW, told, "forms", None, form_words(form))
    yield from _defaults(before, after)


def _size(kind: Kind, message: str, subject: str, before: Any, after: Any) -> Difference:
    return Difference(kind=kind, message=message, subject=subject, before=before, after=after)


def _paired(before: Sequence[Form], after: Sequence[Form]) -> tuple[list[tuple[Form, Form]], list[Form], list[Form]]:
    """The forms that are the same way to give a size, and what is left of each side.

    Equal ones are paired first, then those that write the same fields.
    """
    left, right = list(before), list(after)
    pairs: list[tuple[Form, Form]] = []
    for alike in (operator.eq, _write_the_same):
        for form in list(left):
            other = next((one for one in right if alike(form, one)), None)
            if other is not None:
                pairs.append((form, other))
                left.remove(form)
                right.remove(other)
    return pairs, left, right


def _write_the_same(one: Form, other: Form) -> bool:
    """Whether two forms are of one kind and write the same fields."""
    auto = one.kind is FormKind.AUTO
    return one.kind is other.kind and one.to == other.to and (not auto or one.set.keys() == other.set.keys())


def _fields(form: Form) -> str:
    return listed(dict.fromkeys((*form.to.values(), *form.set)))


def _bounds(before: Form, after: Form) -> _Told:
    bounds: tuple[tuple[str, str, Any, Any], ...] = (
        ("sides", "pixels", before.side, after.side),
        ("the area", "pixels", before.pixels, after.pixels),
        ("shapes", "width to height", before.ratio, after.ratio),
    )
    for name, unit, was, now in bounds:
        if was != now:
            narrower = now is not None and (was is None or now[0] > was[0] or now[1] < was[1])
            told = f"{name} of {_NAMES[after.kind]} may be {_range(now)} {unit}, not {_range(was)}"
            yield _size(Kind.SIZE_GONE if narrower else Kind.SIZE_NEW, told, name, _plain(was), _plain(now))
    if before.step != after.step:
        kind = Kind.SIZE_NEW if before.step % after.step == 0 else Kind.SIZE_GONE
        told = f"sides of {_NAMES[after.kind]} go in steps of {after.step}, not {before.step}"
        yield _size(kind, told, "step", before.step, after.step)


def _range(bounds: Sequence[float] | None) -> str:
    return "any number of" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"


def _plain(bounds: Sequence[float] | None) -> list[float] | None:
    return None if bounds is None else list(bounds)


def _cells(before: Form, after: Form) -> _Told:
    ours, theirs = _labelled(before), _labelled(after)
    gone = [label for label in ours if label not in theirs]
    new = [label for label in theirs if label not in ours]
    if gone:
        told = f"no longer offered: {listed(gone)}"
        yield _size(Kind.SIZE_GONE, told, "sizes", {label: str(ours[label].real) for label in gone}, None)
    if new:
        told = f"offered: {listed(f'{label} ({theirs[label].real})' for label in new)}"
        yield _size(Kind.SIZE_NEW, told, "sizes", None, {label: str(theirs[label].real) for label in new})
    both = [label for label in ours if label in theirs]
    yield from _altered(both, ours, theirs, lambda cell: str(cell.real), Kind.SIZE_OTHER, "comes back as")
    yield from _altered(both, ours, theirs, lambda cell: dict(cell.sends), Kind.SIZE_OTHER, "is sent as")
    yield from _altered(both, ours, theirs, lambda cell: str(cell.nominal), Kind.SIZE_OTHER, "stands for")
    known = [label for label in both if ours[label].inferred and not theirs[label].inferred]
    guessed = [label for label in both if theirs[label].inferred and not ours[label].inferred]
    for labels, told in ((known, "the pixels are known"), (guessed, "the pixels are only inferred")):
        if labels:
            yield _size(Kind.PROVENANCE, f"{told} of {listed(labels)}", "sizes", None, labels)


def _altered(
    labels: Sequence[str],
    before: dict[str, GridCell],
    after: dict[str, GridCell],
    read: Callable[[GridCell], Any],
    kind: Kind,
    verb: str,
) -> _Told:
    """One difference for all the sizes of which the same thing is another."""
    found = {label: (read(before[label]), read(after[label])) for label in labels}
    changed = {label: pair for label, pair in found.items() if pair[0] != pair[1]}
    if changed:
        told = listed(
            (f"{label} {verb} {shown(now)}, not {shown(was)}" for label, (was, now) in changed.items()), most=3
        )
        was_now = ({label: pair[side] for label, pair in changed.items()} for side in (0, 1))
        yield _size(kind, told, "sizes", *was_now)


def _labelled(form: Form) -> dict[str, GridCell]:
    """The cells by what a reader calls them."""
    labelled = {}
    for cell in form.cells:
        label = cell.ratio.label if cell.ratio else "the provider's shape"
        if form.kind is FormKind.LIST:
            label = listed(shown(value) for value in cell.sends.values())
        labelled[f"{label} at {scale_words(cell.tier)}" if cell.tier and cell.tier.label else label] = cell
    return labelled


def _sent_with(before: Form, after: Form) -> _Told:
    if dict(before.set) != dict(after.set):
        told = f"{_NAMES[after.kind]} go with {shown(dict(after.set))}, not {shown(dict(before.set))}"
        yield _size(Kind.SIZE_OTHER, told, "set", dict(before.set), dict(after.set))
    was, now = (None if form.default_tier is None else form.default_tier.label for form in (before, after))
    if was != now:
        told = f"the scale where none is asked is {shown(now)}, not {shown(was)}"
        yield _size(Kind.SIZE_OTHER, told, "tier", was, now)
    if before.sources != after.sources:
        dates = [[source.date for source in form.sources] for form in (before, after)]
        yield _size(Kind.PROVENANCE, "the table of pixels has other sources", "sizes", *dates)


def _defaults(before: ModeSpec, after: ModeSpec) -> _Told:
    was, now = (None if spec.default_size is None else str(spec.default_size) for spec in (before, after))
    if was != now:
        told = f"where no size is asked, {_default(now)} comes back, not {_default(was)}"
        yield _size(Kind.SIZE_OTHER, told, "default", was, now)
    if before.max_side != after.max_side:
        told = f"the longest side that comes back is {shown(after.max_side)}, not {shown(before.max_side)}"
        yield _size(Kind.SIZE_OTHER, told, "max_side", before.max_side, after.max_side)


def _default(size: str | None) -> str:
    return {None: "a size of the provider's choice", "input": "the input's size"}.get(size, size or "")
