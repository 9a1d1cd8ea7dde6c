"""How many pictures, in how many calls, with which seeds.

Row 3. The provider's own count first, then several calls side by side (CATALOG section 7): a call takes the smaller of
the provider's maximum and what is left; with a seed, it is sent the seed plus the index of its first picture, so that
no two pictures share one. It must not send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..types import Contract, Outcome, Rule
from .converters import Crossing
from .draft import Draft

__all__ = ["CountPlan", "build_counts"]

_LARGEST_SEED = 2**31 - 1
"""Where a contract gives no maximum: the largest seed every provider's integer can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPlan:
    """What one endpoint can do about counts: `field` takes at most `most` pictures a call; no field is one a call."""

    rule: Rule
    field: str | None
    most: int
    seed: Crossing | None

    def apply(self, draft: Draft, values: Mapping[str, Any]) -> tuple[list[int], list[int | None]]:
        """The count and the seed of each call. Writes the first call's count; `leaves` gives the others'.

        The seed itself has been written before by its own crossing.
        """
        n = values.get("n", 1)
        counts = [min(self.most, n - start) for start in range(0, n, self.most)]
        if "n" in values:
            self._note_count(draft, n, counts)
        crossing = self.seed
        if crossing is None or crossing.path not in draft.fields or "seed" not in values:
            return counts, [None] * len(counts)
        return counts, self._seeds(crossing, values["seed"], counts)

    @staticmethod
    def _seeds(crossing: Crossing, seed: int, counts: list[int]) -> list[int | None]:
        low, high = crossing.bounds
        first = int(low) if low is not None else 0
        last = int(high) if high is not None else max(_LARGEST_SEED, seed)
        seeds: list[int | None] = []
        start = 0
        for count in counts:
            wanted = seed + start
            seeds.append(wanted if wanted <= last else first + (wanted - last - 1) % (last - first + 1))
            start += count
        return seeds

    def _note_count(self, draft: Draft, n: int, counts: list[int]) -> None:
        sent = {} if self.field is None else {self.field: counts[0]}
        draft.fields.update(sent)
        if len(counts) == 1:
            why = f"sent as {self.field}" if self.field else "one picture is what a call makes"
            outcome = Outcome.HONORED
        else:
            most = f"{self.most} picture{'s' if self.most > 1 else ''}"
            why = f"the provider makes {most} a call, so {len(counts)} calls run side by side"
            outcome = Outcome.EMULATED
        draft.adjust("n", n, sent, self.rule.behaviour, outcome, why)

    def leaves(self, count: int, seed: int | None, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What one call has in place of the first call's count and seed, where those are sent at all."""
        changed: dict[str, Any] = {}
        if self.field is not None and self.field in fields:
            changed[self.field] = count
        if self.seed is not None and seed is not None:
            changed[self.seed.path] = self.seed.write(seed)
        return changed


def build_counts(rule: Rule, seed: Crossing | None, contract: Contract) -> CountPlan:
    """Make the count of one endpoint ready. A native batch without a sourced maximum counts as one a call."""
    field = rule.target
    most = 1
    if field is not None:
        native = rule.options.get("native", {})
        most = int(native.get("max", (contract.at(field) or {}).get("maximum", 1)))
    return CountPlan(rule=rule, field=field, most=max(1, most), seed=seed)
