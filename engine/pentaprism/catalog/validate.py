"""Everything that is wrong with a catalog, as findings with file, line and column.

Row 3; needs the extra [lint]. It puts together what reading, the schemas, building and the linters find, so that one
mistake is told once and by whoever says it best. It must not find anything itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from ..errors import Finding
from .build import Builder
from .documents import Documents, builtin_path
from .layers import read_catalog
from .lint import LINTERS, Severity, lint, severity_of
from .scene import Scene
from .schema import schema_findings

__all__ = ["validate", "validate_documents"]

_SHAPE_RULES = frozenset(
    ("bad-form", "bad-rule", "empty", "missing-key", "not-allowed", "not-a-number", "not-a-range", "wrong-type")
)

# What to mend first: what keeps a whole file from being read, then keys and names, then what they mean.
_UNREADABLE, _SHAPE, _MEANING, _WARNING = range(4)


def validate(
    path: str | os.PathLike[str] | None = None,
    extends: Iterable[str | os.PathLike[str]] = (),
    *,
    today: date | None = None,
) -> list[Finding]:
    """Every fault of a catalog, the most useful first; empty where there is none.

    First what keeps a file from being read, then what is wrong with keys and names, then what they mean together, and
    warnings last; within these by file and line. Where a catalog is laid over the built-in one, warnings about that one
    are left out: whoever keeps the other cannot look its facts up again.

    Args:
        path: a folder of YAML files or a published JSON file; None is the catalog that came with the package.
        extends: further catalogs laid over it in order.
        today: the day no fact may be newer than; None is today in UTC.

    Raises:
        CatalogError: there is no catalog at a path, or a published file is none.
        MissingDependency: jsonschema is not installed.

    >>> validate(today=date(2026, 11, 21))
    []
    """
    layers = tuple(extends)
    findings = validate_documents(read_catalog(path, layers), today or datetime.now(UTC).date())
    builtin = builtin_path().resolve()
    if not layers and (path is None or Path(path).resolve() == builtin):
        return findings
    return [one for one in findings if severity_of(one.rule) is Severity.ERROR or not _is_in(one, builtin)]


def _is_in(finding: Finding, folder: Path) -> bool:
    # A part of a published catalog is named after its file and a #.
    return Path(finding.path.partition("#")[0]).resolve().is_relative_to(folder)


def validate_documents(documents: Documents, today: date) -> list[Finding]:
    """Every fault of documents that have been read already; raises nothing, however broken they are.

    Raises:
        MissingDependency: jsonschema is not installed.
    """
    builder = Builder(documents)
    models = builder.everything()
    found = _told_once([documents.findings, schema_findings(documents), builder.findings])
    scene = Scene(
        documents=documents,
        builder=builder,
        models=models,
        today=today,
        marred=frozenset(finding.path for finding in found),
    )
    unreadable = frozenset(document.name for _, document in documents.each() if document.broken)

    def usefulness(one: Finding) -> tuple[int, str, int, int, str, str]:
        if severity_of(one.rule) is Severity.WARNING:
            rank = _WARNING
        elif one.path in unreadable:
            rank = _UNREADABLE
        else:
            rank = _MEANING if one.rule in LINTERS else _SHAPE
        return (rank, one.path, one.line, one.column, one.rule, one.message)

    return sorted({*found, *lint(scene)}, key=usefulness)


def _told_once(stages: Iterable[Iterable[Finding]]) -> set[Finding]:
    """The findings of all stages, without what a later one says of a place an earlier one has spoken of.

    Of a value that reading misread (`no`, 16:9) there is nothing else to say; what the schema says of a rule's or a
    form's shape, loading says again in fewer words.
    """
    kept: set[Finding] = set()
    read: set[tuple[str, int, int]] = set()
    for number, stage in enumerate(stages):
        rules: dict[tuple[str, int, int], set[str]] = {}
        for finding in kept:
            rules.setdefault(_place(finding), set()).add(finding.rule)
        for finding in stage:
            said = rules.get(_place(finding), set()) if finding.line else set()
            if not said or not (number == 1 or finding.rule in said | _SHAPE_RULES or _place(finding) in read):
                kept.add(finding)
        read = read or {_place(finding) for finding in kept}
    return kept


def _place(finding: Finding) -> tuple[str, int, int]:
    return finding.path, finding.line, finding.column
