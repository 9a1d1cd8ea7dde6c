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
from .documents import Documents, overlay, read_documents
from .lint import lint
from .scene import Scene
from .schema import schema_findings

__all__ = ["validate", "validate_documents"]

_SHAPE_RULES = frozenset(
    ("bad-form", "bad-rule", "empty", "missing-key", "not-allowed", "not-a-number", "not-a-range", "wrong-type")
)


def validate(
    path: str | os.PathLike[str] | None = None,
    extends: Iterable[str | os.PathLike[str]] = (),
    *,
    today: date | None = None,
) -> list[Finding]:
    """Every fault of a catalog, by file and line; empty where there is none.

    Args:
        path: a folder of YAML files or a published JSON file; None is the catalog that came with the package.
        extends: further catalogs laid over it in order.
        today: the day no fact may be newer than; None is today in UTC.

    Raises:
        CatalogError: there is no catalog at a path, or a published file is none.
        MissingDependency: jsonschema is not installed.

    >>> validate()
    []
    """
    base = read_documents(None if path is None else Path(path))
    documents = overlay(base, [read_documents(Path(one)) for one in extends])
    return validate_documents(documents, today or datetime.now(UTC).date())


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
    return sorted({*found, *lint(scene)}, key=lambda one: (one.path, one.line, one.column, one.rule, one.message))


def _told_once(stages: Iterable[Iterable[Finding]]) -> set[Finding]:
    """The findings of all stages, without what a later one says of a place an earlier one has spoken of.

    A value that reading misread (`no`, 16:9) would be of the wrong type as well; what the schema says of a rule's or a
    form's shape, loading says again in fewer words.
    """
    kept: set[Finding] = set()
    for number, stage in enumerate(stages):
        rules: dict[tuple[str, int, int], set[str]] = {}
        for finding in kept:
            rules.setdefault((finding.path, finding.line, finding.column), set()).add(finding.rule)
        for finding in stage:
            said = rules.get((finding.path, finding.line, finding.column)) if finding.line else None
            if not said or not (number == 1 or finding.rule in said or finding.rule in _SHAPE_RULES):
                kept.add(finding)
    return kept
