"""The proof of one endpoint: compiled bodies, an independent validator, coverage, sensitivity.

Row 7. Bodies are compiled, never generated: what is proved is the compiler. jsonschema judges them. Sensitivity is
part of it: with any property or value that was sent taken out of the contract, the proof must turn red, or it would
be worth nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..api import Catalog
from ..compile.bodies import fields_of
from ..errors import CompileError, MissingDependency
from ..types import CompiledRequest, Endpoint, Media, ModeSpec
from .cases import build_cases, unproved_fields
from .coverage import Coverage

__all__ = ["EndpointProof", "prove"]

_LINK = "https://example.com/image.png"
_INLINE = {"mimeType": "image/png", "data": "iVBORw0KGgo="}


@dataclass(slots=True, kw_only=True)
class EndpointProof:
    """What was proved of one endpoint over all its modes; `proved` where nothing is wrong and nothing was missed.

    `cases` bodies were validated; `violations` are those the contract refuses; `refusals` requests within the
    endpoint's own ranges that the compiler refused; `gaps` what was never reached; `insensitive` what could be taken
    out of the contract unnoticed; `unproved` fields without a known range.
    """

    key: str
    contract_date: str
    cases: int = 0
    violations: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    insensitive: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """Whether the proof is whole; fields without a known range are named, and do not break it."""
        return not (self.violations or self.refusals or self.gaps or self.insensitive)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data, as the site reads it."""
        return {
            "key": self.key,
            "proved": self.proved,
            "cases": self.cases,
            "violations": len(self.violations),
            "unproved": self.unproved,
            "contract_date": self.contract_date,
            "findings": [*self.violations, *self.refusals, *self.gaps, *self.insensitive],
        }

    @property
    def sentence(self) -> str:
        """The badge of a page."""
        unproved = f"; range unproved: {', '.join(self.unproved)}" if self.unproved else ""
        violations = f"{len(self.violations)} violation{'' if len(self.violations) == 1 else 's'}"
        return f"{self.cases:,} bodies, {violations}, contract of {self.contract_date}{unproved}"


def prove(
    catalog: Catalog,
    keys: Iterable[str] | None = None,
    *,
    cases: int = 2000,
    report: Callable[[str], None] = lambda _: None,
) -> list[EndpointProof]:
    """Prove endpoints: `cases` compiled requests for each of an endpoint's modes. `report` hears each key in turn.

    Raises:
        MissingDependency: jsonschema is not installed.
        ModelNotFound: there is no endpoint of a key.

    >>> proof = prove(Catalog.load(), ["fal/flux.1-dev"], cases=50)[0]
    >>> proof.cases >= 50, proof.violations, proof.unproved
    (True, [], ['seed'])
    """
    if keys is None:
        keys = [endpoint.key for model in catalog.models.values() for endpoint in model.endpoints]
    proofs = []
    for key in keys:
        report(key)
        proofs.append(_prove_endpoint(catalog, catalog.endpoint(key), cases))
    return proofs


def _prove_endpoint(catalog: Catalog, endpoint: Endpoint, cases: int) -> EndpointProof:
    provider = catalog.providers[endpoint.provider]
    specs = list(endpoint.modes.values())
    proof = EndpointProof(key=endpoint.key, contract_date=specs[0].contract.provenance.date)
    for spec in specs:
        validator = _validator(spec)
        coverage = Coverage()
        for body in build_cases(endpoint, spec, provider, catalog.parameters, cases):
            try:
                compiled = catalog.compile(body, endpoint.key)
            except CompileError as error:
                proof.refusals.append(f"{spec.mode}: refused {_shown(body)}: {error}")
                continue
            for index, wire in enumerate(_wire_bodies(catalog, compiled)):
                proof.cases += 1
                fault = next(validator.iter_errors(wire), None)
                if fault is not None:
                    proof.violations.append(f"{spec.mode}: {fault.message} in {_shown(wire)}")
                coverage.add(compiled, wire, first=index == 0)
        proof.gaps += [f"{spec.mode}: {gap}" for gap in coverage.gaps(spec)]
        proof.insensitive += [f"{spec.mode}: {one}" for one in _insensitive(spec, coverage)]
        sent = {path.split(".")[0].removesuffix("[]") for path in coverage.seen}
        proof.unproved += [name for name in unproved_fields(spec, sent) if name not in proof.unproved]
    return proof


def _validator(spec: ModeSpec, schema: dict[str, Any] | None = None) -> Any:
    try:
        import jsonschema
    except ModuleNotFoundError as error:
        raise MissingDependency("The proof", "lint") from error
    return jsonschema.Draft202012Validator(dict(spec.contract.schema) if schema is None else schema)


def _wire_bodies(catalog: Catalog, compiled: CompiledRequest) -> Iterator[dict[str, Any]]:
    """The fields of each call, JSON or form, every image leaf as the exchange would send it."""
    endpoint = catalog.endpoint(compiled.endpoint)
    for call in compiled.calls:
        yield _linked(fields_of(call, endpoint.submission, endpoint.modes[compiled.mode].contract))


def _linked(value: Any) -> Any:
    if isinstance(value, Media):
        return _INLINE if "inline" in value.encode else _LINK
    if isinstance(value, dict):
        return {key: _linked(entry) for key, entry in value.items()}
    return [_linked(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _insensitive(spec: ModeSpec, coverage: Coverage) -> Iterator[str]:
    """Properties and enum values that were sent and could be taken out of the contract without a body failing."""
    for (path, value), wire in coverage.samples.items():
        top = path.split(".")[0].removesuffix("[]")
        schema = spec.contract.fields.get(top)
        if schema is None:
            continue
        without = _contract(spec)
        del without["properties"][top]
        without["required"] = [name for name in without.get("required", ()) if name != top]
        if _validator(spec, without).is_valid(wire):
            yield f"{top} could be taken out of the contract unnoticed"
        if "enum" in schema and value in schema["enum"]:
            narrowed = _contract(spec)
            narrowed["properties"][top]["enum"] = [one for one in schema["enum"] if one != value]
            if _validator(spec, narrowed).is_valid(wire):
                yield f"{top} {value!r} could be taken out of the contract unnoticed"


def _contract(spec: ModeSpec) -> dict[str, Any]:
    return copy.deepcopy(dict(spec.contract.schema))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
