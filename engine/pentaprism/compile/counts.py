"""How many pictures, in how many calls, with which seeds.

Row 3. The provider's own count first, then several calls side by side (CATALOG section 7): a call takes the smaller of
the provider's maximum and what is left; with a seed, it is sent the seed plus the index of its first picture, so that
no two pictures share one. It must not send anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..types import Adjustment, Contract, Outcome, Rule
from .converters import Crossing
from .draft import Draft

__all__ = ["CountPlan", "build_counts"]

_LARGEST_SEED = 2**31 - 1
"""Where a contract gives no maximum: the largest seed every provider's integer can hold."""


class CountPlan(NamedTuple):
    """What one endpoint can do about counts: `field` takes at most `most` pictures a call; no field is one a call."""

    rule: Rule
    field: str | None
    most: int
    seed: Crossing | None

    def apply(self, draft: Draft, values: Mapping[str, Any]) -> tuple[list[int], Sequence[int | None]]:
        """The count and the seed of each call. Writes the first call's count; `leaves` gives the others'.

        The seed itself has been written before by its own crossing.
        """
        n = values.get("n", 1)
        counts = [min(self.most, n - start) for start in range(0, n, self.most)]
        if "n" in values:
            self._note_count(draft, n, counts)
        return counts, self.seeds(draft.fields, values, counts)

    def seeds(
        self, fields: Mapping[str, Any], values: Mapping[str, Any], counts: Sequence[int]
    ) -> tuple[int | None, ...]:
        """The seed of each call, as the fields have it; None where they have none."""
        crossing = self.seed
        if crossing is None or crossing.path not in fields or "seed" not in values:
            return (None,) * len(counts)
        # What is sent may be the nearest the provider takes to the one asked for.
        seed = crossing.read(fields[crossing.path])
        return (seed,) if len(counts) == 1 else tuple(self._seeds(crossing, seed, counts))

    @staticmethod
    def _seeds(crossing: Crossing, seed: int, counts: Sequence[int]) -> Sequence[int | None]:
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
            most = f"at most {self.most} pictures" if self.most > 1 else "one picture"
            each = f" ({_listed(counts)})" if self.most > 1 else ""
            why = f"the provider makes {most} a call, so {len(counts)} calls run side by side{each}"
            outcome = Outcome.EMULATED
        draft.adjust("n", n, sent, self.rule.behaviour, outcome, why)

    @staticmethod
    def tell_seeds(told: dict[str, Adjustment], seeds: Sequence[int | None]) -> None:
        """Say which seed each of several calls gets, where one was asked for and is sent."""
        if len(seeds) > 1 and "seed" in told and seeds[0] is not None:
            why = f"the {len(seeds)} calls get {_listed(seeds)}, so that no two pictures share a seed"
            told["seed"] = told["seed"]._replace(why=f"{told['seed'].why}; {why}")

    def leaves(self, count: int, seed: int | None, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What one call has in place of the first call's count and seed, where those are sent at all."""
        changed: dict[str, Any] = {}
        if self.field is not None and self.field in fields:
            changed[self.field] = count
        if self.seed is not None and seed is not None:
            changed[self.seed.path] = self.seed.write(seed)
        return changed


def _listed(numbers: Sequence[int | None]) -> str:
    """`4 and 3`; of many, the first and the last: `1, 2, ... and 9`."""
    words = [str(number) for number in (numbers if len(numbers) <= 4 else (*numbers[:2], "...", numbers[-1]))]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def build_counts(rule: Rule, seed: Crossing | None, contract: Contract) -> CountPlan:
    """Make the count of one endpoint ready. A native batch without a sourced maximum counts as one a call."""
    field = rule.target
    most = 1
    if field is not None:
        native = rule.options.get("native", {})
        most = int(native.get("max", contract.value_at(field).get("maximum", 1)))
    return CountPlan(rule=rule, field=field, most=max(1, most), seed=seed)
