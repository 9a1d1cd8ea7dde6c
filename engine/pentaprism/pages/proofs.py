"""What a page says of each endpoint's proof: proved, failed, out of date, or none.

Row 7. A result counts only for the catalog and the engine it was found with, so both are compared here, each time a
page is made. It must not prove anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..catalog.proofs import ProofRecord, proof_digest
from .bench import Bench

__all__ = ["Badge", "badges"]

_COUNTED = (
    ("violations", "violation", "violations"),
    ("refusals", "refusal", "refusals"),
    ("gaps", "gap", "gaps"),
    ("insensitive", "blind spot", "blind spots"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The proof of one endpoint, ready to print.

    `state`: proved, failed, outdated or missing. `label` is the chip, and `label` with `detail` a sentence; `record` is
    there where the result still holds, whatever it says.
    """

    state: str
    label: str
    detail: str
    record: ProofRecord | None = None

    def to_dict(self) -> dict[str, Any]:
        """For programs: the state, and the result where it still holds, without the digest that shows it."""
        kept = {} if self.record is None else self.record.to_dict()
        return {"state": self.state, **{name: value for name, value in kept.items() if name != "digest"}}


def badges(bench: Bench, records: Mapping[str, ProofRecord]) -> dict[str, Badge]:
    """The badge of every endpoint of a model, by its key."""
    found = {}
    for endpoint in bench.model.endpoints:
        record = records.get(endpoint.key)
        digest = proof_digest(endpoint, bench.provider(endpoint), bench.catalog.parameters) if record else ""
        found[endpoint.key] = _badge(record, digest)
    return found


def _badge(record: ProofRecord | None, digest: str) -> Badge:
    if record is None:
        return Badge(state="missing", label="not proved", detail="so far: nobody has run the proof for this endpoint")
    if record.digest != digest:
        return _outdated("because the catalog has changed since it was run")
    if record.engine != __version__:
        return _outdated(f"because it is of Pentaprism {record.engine} and these pages are of {__version__}")
    counts = ", ".join((f"{record.bodies:,} bodies", *_counts(record)))
    detail = f"against the contract of {record.contract_date}: {counts}"
    if record.proved:
        return Badge(state="proved", label="proved", detail=detail, record=record)
    return Badge(state="failed", label="proof failed", detail=detail, record=record)


def _outdated(why: str) -> Badge:
    return Badge(state="outdated", label="proof out of date", detail=why)


def _counts(record: ProofRecord) -> Iterator[str]:
    """The violations whatever their number, and what else breaks the proof where it does."""
    for name, one, many in _COUNTED:
        count = getattr(record, name)
        if count or name == "violations":
            yield f"{count:,} {one if count == 1 else many}"
