"""Check every document of a catalog against the JSON Schemas in `catalog/schema/`.

Row 3; needs the extra [lint]. The schemas say which keys there are and what they hold, to editors as well as here;
what keys mean together is for `pentaprism.catalog.lint`. This module must not read a catalog's own files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import Finding, MissingDependency
from .document import TOO_DEEP, Document, is_too_deep
from .documents import Documents, builtin_path
from .schema_faults import Fault, faults_of, label_of

__all__ = ["KINDS", "bundled_schema", "schema_findings", "schema_folder"]

_MOST_REMEMBERED = 50_000

KINDS = ("model", "provider", "parameters", "size-tables", "contract", "manifest", "proofs", "published")
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
    keywords = {"$ref": _remembering(Draft202012Validator.VALIDATORS["$ref"])}
    validator = extend(Draft202012Validator, keywords, type_checker=checker)(bundled_schema(kind))
    errors: Callable[[Any], Iterable[Any]] = validator.iter_errors
    return errors


def _remembering(check: Callable[..., Iterable[Any]]) -> Callable[..., Iterator[Any]]:
    """A check of what a `$ref` refers to that looks only once at equal parts: most fields of most contracts say what
    others have said before, and to look at them again takes several times as long as to know them again.
    """
    sound: set[tuple[str, str]] = set()

    def known_or_checked(validator: Any, target: str, instance: Any, schema: Any) -> Iterator[Any]:
        part = (target, json.dumps(instance))
        if part in sound:
            return
        errors = list(check(validator, target, instance, schema))
        if not errors and len(sound) < _MOST_REMEMBERED:
            sound.add(part)
        yield from errors

    return known_or_checked


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
        if is_too_deep(document.data):
            # Only a published file can be: it is not measured when it is read, and jsonschema would not survive it.
            findings[document.finding((), "too-deep", TOO_DEEP)] = None
            continue
        for error in _errors_of(kind)(document.data):
            for fault in faults_of(error, bundled_schema(kind)):
                findings[_finding(document, fault)] = None
    return list(findings)


def _finding(document: Document, fault: Fault) -> Finding:
    if fault.bare is None:
        return document.finding(fault.path, fault.rule, fault.message, key=fault.key, help=fault.help)
    # 1.10 is read as 1.1, so what stands in the file is what has to be put in quotes.
    written = document.numerals.get(fault.path, str(fault.bare))
    message = f'{label_of(fault.path)} needs quotes: {written} without them is a number; write "{written}"'
    return document.finding(fault.path, "unquoted-number", message, help=fault.help)
