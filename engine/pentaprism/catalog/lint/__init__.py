"""What keys mean together: the faults that no schema can see, by the linter that finds each.

Row 3. `linter` what a linter is · `targets`, `rules`, `ranges` an endpoint against its contract · `modes` what it
serves · `tables` pixels · `prices` · `provenance` sources and dates · `names` · `prose` · `files` layout · `hosts` who
sees a key · `waivers` what an author has overruled · `fields` reading a contract's schema. What is wrong with one
file's shape is for `pentaprism.catalog.schema`, and names that are used twice or lead nowhere are found while building.
Nothing here reads a file or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import Finding
from ..scene import Scene
from . import files, hosts, modes, names, prices, prose, provenance, ranges, rules, tables, targets, waivers
from .linter import Linter, Severity

__all__ = ["LINTERS", "Linter", "Severity", "lint", "severity_of"]

LINTERS: Mapping[str, Linter] = {
    one.name: one
    for one in (
        targets.unknown_target,
        targets.wrong_target_type,
        targets.not_in_contract,
        ranges.range_mismatch,
        rules.unproduced_field,
        rules.unclaimed_synonym,
        modes.unusable_mode,
        modes.unserved_mode,
        modes.idle_entry,
        tables.table_shape,
        tables.table_area,
        tables.tier_scale,
        prices.unknown_condition,
        prices.price_overlap,
        prices.price_gap,
        prices.implausible_price,
        provenance.vague_source,
        provenance.future_date,
        provenance.stale_check,
        names.same_title,
        names.shadowed_key,
        names.missing_successor,
        names.unknown_successor,
        prose.repeated_prose,
        hosts.unlisted_host,
        files.contract_format,
        waivers.unused_waiver,
    )
}
"""Every linter by its name, in the order in which they run: the one about waivers after all that can be waived."""


def lint(scene: Scene) -> list[Finding]:
    """Everything the linters find that no author has waived, each once.

    >>> list(LINTERS)[:3]
    ['unknown-target', 'wrong-target-type', 'not-in-contract']
    """
    findings: dict[Finding, None] = {}
    for name, linter in LINTERS.items():
        for remark in linter.check(scene):
            if not (linter.waivable and waivers.is_waived(scene, remark, name)):
                findings[remark.finding(name)] = None
    return list(findings)


def severity_of(rule: str) -> Severity:
    """How bad a finding of this rule is; all that schemas and loading find are errors."""
    return LINTERS[rule].severity if rule in LINTERS else Severity.ERROR
