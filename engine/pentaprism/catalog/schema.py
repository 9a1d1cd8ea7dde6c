"""Check every document of a catalog against the JSON Schemas in `catalog/schema/`.

Row 3; needs the extra [lint]. The schemas say which keys there are and what they hold, to editors as well as here;
what keys mean together is for `pentaprism.catalog.lint`. This module must not read a catalog's own files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import Finding, MissingDependency
from .document import DEEPEST
from .documents import Documents, builtin_path
from .schema_faults import Fault, faults_of

__all__ = ["KINDS", "bundled_schema", "schema_findings", "schema_folder"]

KINDS = ("model", "provider", "parameters", "size-tables", "contract")
"""The documents that have a schema; `rule.json` and `provenance.json` are parts of these."""


def schema_folder() -> Path:
    """Where the schemas lie, for whoever copies or links them.

    >>> (schema_folder() / "model.json").is_file()
    True
    """
    catalog = builtin_path()
    return (catalog if catalog.is_dir() else catalog.with_suffix("")) / "schema"


@cache
def bundled_schema(kind: str) -> dict[str, Any]:
    """A kind's schema with every file it refers to built in, so that it stands alone.

    >>> bundled_schema("model")["properties"]["endpoints"]["items"]
    {'$ref': '#/$defs/endpoint'}
    """
    parts: dict[str, Any] = {}
    bundled: dict[str, Any] = _bundle(f"{kind}.json", "", parts)
    bundled["$defs"] = {**bundled.get("$defs", {}), **parts}
    return bundled


def _bundle(file: str, prefix: str, parts: dict[str, Any]) -> Any:
    """One schema file with its references pointed into the bundle; other files are put into `parts` once."""

    def rewrite(node: Any) -> Any:
        if isinstance(node, list):
            return [rewrite(item) for item in node]
        if not isinstance(node, dict):
            return node
        rewritten = {key: rewrite(value) for key, value in node.items()}
        target = node.get("$ref")
        if isinstance(target, str):
            other, _, pointer = target.partition("#")
            if other and other not in parts:
                parts[other] = {}
                parts[other] = _bundle(other, f"/$defs/{other}", parts)
            rewritten["$ref"] = f"#/$defs/{other}{pointer}" if other else f"#{prefix}{pointer}"
        return rewritten

    schema: Any = json.loads((schema_folder() / file).read_text(encoding="utf-8"))
    return rewrite(schema)


@cache
def _errors_of(kind: str) -> Callable[[Any], Iterable[Any]]:
    """The validator of one kind, as a function from data to jsonschema's errors."""
    try:
        from jsonschema import Draft202012Validator, validators
    except ImportError:
        raise MissingDependency("validating a catalog", "lint") from None
    # JSON Schema calls 1.0 a whole number; whoever writes it into a catalog made a slip.
    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    extend: Any = validators.extend
    validator = extend(Draft202012Validator, type_checker=checker)(bundled_schema(kind))
    errors: Callable[[Any], Iterable[Any]] = validator.iter_errors
    return errors


def schema_findings(documents: Documents) -> list[Finding]:
    """Everything the schemas find wrong, each with the place of the key or value it is about.

    Documents that could not be read are passed over; their own findings say why.

    Raises:
        MissingDependency: jsonschema is not installed.
    """
    findings: dict[Finding, None] = {}
    for kind, document in documents.each():
        if document.broken:
            continue
        try:
            for error in _errors_of(kind)(document.data):
                for fault in faults_of(error, bundled_schema(kind)):
                    findings[document.finding(fault.path, fault.rule, _sentence(fault), key=fault.key)] = None
        except RecursionError:
            message = f"this is nested deeper than {DEEPEST} levels"
            findings[document.finding((), "too-deep", message)] = None
    return list(findings)


def _sentence(fault: Fault) -> str:
    return f"{fault.message} - {fault.help}" if fault.help else fault.message
