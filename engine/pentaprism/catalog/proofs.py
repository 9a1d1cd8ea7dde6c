"""What has been proved of each endpoint, as the catalog's `proofs.json` holds it, and what each result belongs to.

Row 3. A result was found for one contract with its resolved rules, forms and constants. The digest of these stands
beside it, so that a result that no longer belongs to the catalog is known as out of date. Only `pentaprism.prove` finds
results; this module must not judge a body.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import CatalogError, Finding
from ..types import Endpoint, Form, ModeSpec, Parameter, Provider
from .document import Document

__all__ = ["PROOFS_FILE", "PROOFS_FORMAT", "ProofRecord", "proof_digest", "proofs_file", "read_proofs"]

PROOFS_FILE = "proofs.json"
"""Where the results lie in a catalog's folder."""

PROOFS_FORMAT = 1
"""The number of the file's shape; a new shape is a new number."""

_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRecord:
    """The result of one endpoint's proof, without the findings behind its counts.

    `engine` is the version that found it. `cases` requests were compiled into `bodies`; `violations`, `refusals`,
    `gaps` and `insensitive` count what broke the proof; `unproved` are the fields without a known range, `unreached`
    what no request can send, each with the reason (`pentaprism.prove`).
    """

    engine: str
    digest: str
    contract_date: str
    contract_source: str
    cases: int
    bodies: int
    violations: int
    refusals: int
    gaps: int
    insensitive: int
    unproved: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether the proof is whole; what is unproved or unreached is named, and does not break it."""
        return not (self.violations or self.refusals or self.gaps or self.insensitive)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data, key by key as in the file."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def read_proofs(document: Document) -> dict[str, ProofRecord]:
    """The results of a catalog by endpoint key; none where it has no such file.

    Raises:
        CatalogError: the file is not one that `pentaprism prove --write` wrote.

    >>> from .documents import read_documents
    >>> read_proofs(read_documents().proofs)["fal/flux.1-dev"].violations
    0
    """
    data = document.data
    if not data:
        return {}
    entries = data.get("endpoints")
    if data.get("format") != PROOFS_FORMAT or not isinstance(entries, dict):
        message = (
            f'results of proofs say "format": {PROOFS_FORMAT} and hold "endpoints"; write them again with {_AGAIN}'
        )
        raise CatalogError([document.finding((), "wrong-format", message)])
    faults: list[Finding] = []
    records = {}
    for key, entry in entries.items():
        record = _record(entry)
        if record is None:
            message = f"this is no result of a proof; write it again with {_AGAIN}"
            faults.append(document.finding(("endpoints", key), "wrong-type", message))
        else:
            records[key] = record
    if faults:
        raise CatalogError(faults)
    return records


_AGAIN = "`pentaprism prove --write`"
_KINDS: Mapping[str, type] = {"str": str, "int": int, "tuple[str, ...]": list}


def _record(entry: Any) -> ProofRecord | None:
    """One result out of its data; None where that is none."""
    kinds = {name: _KINDS[str(kind)] for name, kind in ProofRecord.__annotations__.items()}
    if not isinstance(entry, dict) or entry.keys() != kinds.keys():
        return None
    if not all(type(entry[name]) is kind for name, kind in kinds.items()):
        return None
    if not all(isinstance(text, str) for kept in entry.values() if isinstance(kept, list) for text in kept):
        return None
    values: dict[str, Any] = {name: tuple(value) if type(value) is list else value for name, value in entry.items()}
    return ProofRecord(**values)


def proofs_file(records: Mapping[str, ProofRecord]) -> bytes:
    """The file that holds these results: a line for each endpoint, so that a changed one is a changed line.

    >>> proofs_file({})
    b'{\\n"format": 1,\\n"endpoints": {\\n}\\n}\\n'
    """
    entries = [
        f"\n{json.dumps(key)}: {json.dumps(records[key].to_dict(), ensure_ascii=False)}" for key in sorted(records)
    ]
    return f'{{\n"format": {PROOFS_FORMAT},\n"endpoints": {{{",".join(entries)}\n}}\n}}\n'.encode()


def proof_digest(endpoint: Endpoint, provider: Provider, vocabulary: Mapping[str, Parameter]) -> str:
    """The digest of all that decides which bodies an endpoint can be sent, and of the contract they are held against.

    It is the same however the catalog was stored and in whatever order its files were read. Prices, prose and
    everything that happens after the reply have no part in it.
    """
    whole = {
        "modes": {mode.value: _mode(spec) for mode, spec in endpoint.modes.items()},
        "body": [endpoint.submission.body, endpoint.submission.envelope],
        "reserved": sorted(provider.reserved),
        # Where megapixels are billed rounded up, a shape is fitted so that it does not spill over into another one.
        "whole_megapixels": any(price.in_whole_megapixels for price in endpoint.prices),
        "vocabulary": {name: _parameter(parameter) for name, parameter in vocabulary.items()},
    }
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _mode(spec: ModeSpec) -> dict[str, Any]:
    return {
        "contract": spec.contract.schema,
        "read": [spec.contract.provenance.date, spec.contract.provenance.source],
        "rules": {name: [rule.verb, rule.target, dict(rule.options)] for name, rule in spec.rules.items()},
        "forms": [_form(form) for form in spec.forms],
        "default": str(spec.default_size),
        "max_side": spec.max_side,
        "max_input_images": spec.max_input_images,
        "constants": dict(spec.constants),
    }


def _form(form: Form) -> dict[str, Any]:
    tiers = dict.fromkeys(tier for tier in (form.default_tier, *(cell.tier for cell in form.cells)) if tier)
    return {
        "kind": form.kind.value,
        "to": dict(form.to),
        "set": dict(form.set),
        "bounds": [form.side, form.pixels, form.ratio, form.step],
        "default_tier": form.default_tier.label if form.default_tier else None,
        "tiers": {tier.label: [tier.area, tier.scale] for tier in tiers},
        "cells": [
            [
                dict(cell.sends),
                str(cell.real),
                str(cell.nominal),
                cell.ratio.label if cell.ratio else None,
                cell.inferred,
            ]
            for cell in form.cells
        ],
    }


def _parameter(parameter: Parameter) -> list[Any]:
    bounds = [parameter.minimum, parameter.maximum, parameter.max_length]
    modes = [sorted(mode.value for mode in modes) for modes in (parameter.modes, parameter.required)]
    words = [list(parameter.synonyms), dict(parameter.spellings)]
    return [parameter.type, parameter.at, list(parameter.values or ()), bounds, modes, words]
