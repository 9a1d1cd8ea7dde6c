"""What changed in the fields a provider takes, as one mode of an endpoint sees them, with the parameters they serve.

Row 3. `contract_drift` finds the changes; here they are sorted into what costs and what gives, and what a parameter's
or a size's own line says already is left out. It must not read a schema itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...types import Contract, ModeSpec
from ..contract_drift import Change, ChangeKind, drift
from .difference import Difference, Kind

__all__ = ["contract_differences"]

_OTHER = frozenset((ChangeKind.DEFAULT_CHANGED, ChangeKind.FORMAT_CHANGED, ChangeKind.PATTERN_CHANGED))
_WHOLE_FIELDS = frozenset((ChangeKind.FIELD_ADDED, ChangeKind.FIELD_REMOVED))


def contract_differences(before: ModeSpec, after: ModeSpec, told: Iterable[Difference]) -> Iterator[Difference]:
    """Every difference of the fields that none of `told` speaks of, without the endpoint and mode it is of."""
    spoken = tuple(told)
    parameters = {one.subject for one in spoken if one.kind in (Kind.PARAMETER_LOST, Kind.PARAMETER_GAINED)}
    sizes = any(one.subject == "forms" for one in spoken)
    changes = drift(before.contract.schema, after.contract.schema)
    for change in changes:
        head = Contract.top(change.path)
        writers = _writers(before, head) | _writers(after, head)
        if change.kind in _WHOLE_FIELDS and (writers & parameters or (sizes and _sized(before, after, head))):
            continue
        if change.kind is ChangeKind.VALUES_ADDED and _sends(after, change.path, change.after):
            continue
        if change.kind is ChangeKind.VALUES_REMOVED and _sends(before, change.path, change.before):
            continue
        yield _difference(change, writers)
    if not changes and _worded(before.contract) != _worded(after.contract):
        told_so = "the contract is worded otherwise (titles, descriptions, notes)"
        yield Difference(kind=Kind.PROSE, message=told_so, subject="contract")


def _worded(contract: Contract) -> dict[str, Any]:
    """The schema but for where it is from, which is told apart."""
    return {keyword: value for keyword, value in contract.schema.items() if keyword != "x-provenance"}


def _writers(spec: ModeSpec, head: str) -> set[str | None]:
    """The parameters whose rules write into a top-level field."""
    return {name for name in spec.rules for path in spec.targets(name) if Contract.top(path) == head}


def _sized(before: ModeSpec, after: ModeSpec, head: str) -> bool:
    """Whether a form writes into a top-level field."""
    forms = (*before.forms, *after.forms)
    return any(Contract.top(path) == head for form in forms for path in (*form.to.values(), *form.set))


def _sends(spec: ModeSpec, path: str, values: list[Any] | None) -> bool:
    """Whether all the values are sent for sizes, so that a size that comes or goes has told of them."""
    sent = [cell.sends[path] for form in spec.forms for cell in form.cells if path in cell.sends]
    return bool(values) and all(value in sent for value in values or ())


def _difference(change: Change, writers: set[str | None]) -> Difference:
    kind = Kind.FIELD_OTHER if change.kind in _OTHER else Kind.FIELD_WIDENED
    kind = Kind.FIELD_NARROWED if change.breaks or change.kind is ChangeKind.FIELD_REMOVED else kind
    names = ", ".join(sorted(name for name in writers if name and name != change.path))
    where = f"{change.path or 'the request'} ({names})" if names else change.path or "the request"
    return Difference(
        kind=kind,
        message=f"{where} {change.message}",
        subject=change.path or None,
        before=change.before,
        after=change.after,
    )
