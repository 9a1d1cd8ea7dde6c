"""The proof of one endpoint: compiled bodies, an independent validator, coverage, sensitivity.

Row 7. Bodies are compiled, never generated: what is proved is the compiler. jsonschema judges them. Sensitivity is
part of it: with anything that was sent taken out of the contract, the proof must turn red, or it would be worth
nothing. The result depends on the catalog and the engine only, so that two runs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .. import __version__
from ..api import CLOSED, Catalog
from ..catalog.proofs import ProofRecord, proof_digest
from ..compile.bodies import fields_of
from ..errors import CompileError, RequestError
from ..types import CompiledRequest, Endpoint, Media, ModeSpec
from .cases import build_cases
from .coverage import Coverage
from .goals import spelled, unbounded, without
from .validator import build_validator

__all__ = ["EndpointProof", "provable", "prove"]

_LINK = "https://example.com/image.png"
_INLINE = {"mimeType": "image/png", "data": "iVBORw0KGgo="}
# A body does not depend on prices, so any day does; a fixed one keeps the clock out of the result.
_DAY = date(2026, 1, 1)


@dataclass(slots=True, kw_only=True)
class EndpointProof:
    """What was proved of one endpoint over all its modes; `proved` where nothing is wrong and nothing was missed.

    `cases` requests were compiled into `bodies`, which were validated. `violations` are bodies the contract refuses;
    `refusals` requests within the endpoint's own ranges that the compiler refused; `gaps` what should have been reached
    and was not; `insensitive` what could be taken out of the contract unnoticed. These break the proof; two more say
    how far it goes: `unproved` are fields without a known range, `unreached` what no request can send, and why.
    `digest` is that of everything the proof speaks of (`catalog.proofs`).
    """

    key: str
    contract_date: str
    contract_source: str
    digest: str
    cases: int = 0
    bodies: int = 0
    violations: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    insensitive: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """Whether the proof is whole."""
        return self.record.proved

    @property
    def findings(self) -> list[str]:
        """Everything that breaks the proof, in words."""
        return [*self.violations, *self.refusals, *self.gaps, *self.insensitive]

    @property
    def record(self) -> ProofRecord:
        """The result as it is published: the counts, without the findings behind them."""
        return ProofRecord(
            engine=__version__,
            digest=self.digest,
            contract_date=self.contract_date,
            contract_source=self.contract_source,
            cases=self.cases,
            bodies=self.bodies,
            violations=len(self.violations),
            refusals=len(self.refusals),
            gaps=len(self.gaps),
            insensitive=len(self.insensitive),
            unproved=tuple(self.unproved),
            unreached=tuple(self.unreached),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data: the record, with the key, the verdict and the findings in words."""
        return {"key": self.key, "proved": self.proved, **self.record.to_dict(), "findings": self.findings}


def prove(
    catalog: Catalog,
    keys: Iterable[str] | None = None,
    *,
    cases: int = 2000,
    report: Callable[[str], None] = lambda _: None,
) -> list[EndpointProof]:
    """Prove endpoints: `cases` compiled requests for each of an endpoint's modes. `report` hears each key in turn.

    Without `keys`, those of `provable`.

    Raises:
        MissingDependency: jsonschema is not installed.
        ModelNotFound: there is no endpoint of a key.

    >>> proof = prove(Catalog.load(), ["fal/flux.1-dev"], cases=50)[0]
    >>> proof.bodies >= 50, proof.violations, proof.unproved
    (True, [], ['seed'])
    """
    endpoints = [catalog.endpoint(key) for key in dict.fromkeys(provable(catalog) if keys is None else keys)]
    proofs = []
    for endpoint in endpoints:
        report(endpoint.key)
        proofs.append(_prove_endpoint(catalog, endpoint, cases))
    return proofs


def provable(catalog: Catalog) -> list[str]:
    """Every endpoint of every model that takes requests, by its key; one that is retired or disabled takes none.

    >>> provable(Catalog.load())[0]
    'fal/flux.1-dev'
    """
    models = (model for model in catalog.models.values() if model.status not in CLOSED)
    return [endpoint.key for model in models for endpoint in model.endpoints]


def _prove_endpoint(catalog: Catalog, endpoint: Endpoint, cases: int) -> EndpointProof:
    contract = next(iter(endpoint.modes.values())).contract.provenance
    proof = EndpointProof(
        key=endpoint.key,
        contract_date=contract.date,
        contract_source=contract.source,
        digest=proof_digest(endpoint, catalog.providers[endpoint.provider], catalog.parameters),
    )
    unreached: dict[str, list[str]] = {}
    for spec in endpoint.modes.values():
        for one in _prove_mode(catalog, endpoint, spec, cases, proof).unreached():
            unreached.setdefault(one, []).append(spec.mode)
    for one, modes in unreached.items():
        everywhere = len(modes) == len(endpoint.modes)
        proof.unreached += [one] if everywhere else [f"{one} ({mode})" for mode in modes]
    return proof


def _prove_mode(catalog: Catalog, endpoint: Endpoint, spec: ModeSpec, cases: int, proof: EndpointProof) -> Coverage:
    """Prove one mode into `proof`, and give what its bodies reached."""
    provider = catalog.providers[endpoint.provider]
    validator = build_validator(spec.contract.schema)
    coverage = Coverage(spec, provider, catalog.parameters)
    for request in build_cases(endpoint, spec, provider, catalog.parameters, cases):
        proof.cases += 1
        try:
            compiled = catalog.compile(request, endpoint.key, date=_DAY)
        except (CompileError, RequestError) as error:
            proof.refusals.append(f"{spec.mode}: refused {_shown(request)}: {error}")
            continue
        bodies = list(_bodies(endpoint, spec, compiled))
        proof.bodies += len(bodies)
        for body in bodies:
            fault = next(validator.iter_errors(body), None)
            if fault is not None:
                proof.violations.append(f"{spec.mode}: {fault.message} in {_shown(body)}")
        coverage.add(request, compiled, bodies)
    proof.gaps += [f"{spec.mode}: {gap}" for gap in coverage.gaps()]
    proof.insensitive += [f"{spec.mode}: {one} could be taken out unnoticed" for one in _insensitive(spec, coverage)]
    open_ended = (spelled(steps) for steps in unbounded(spec.contract.schema) if coverage.goals.has_sent(steps))
    proof.unproved += [path for path in dict.fromkeys(open_ended) if path not in proof.unproved]
    return coverage


def _bodies(endpoint: Endpoint, spec: ModeSpec, compiled: CompiledRequest) -> Iterator[dict[str, Any]]:
    """The fields of each call, JSON or form, every image leaf as the exchange would send it."""
    for call in compiled.calls:
        yield _linked(fields_of(call, endpoint.submission, spec.contract))


def _linked(value: Any) -> Any:
    if isinstance(value, Media):
        return _INLINE if "inline" in value.encode else _LINK
    if isinstance(value, dict):
        return {key: _linked(entry) for key, entry in value.items()}
    return [_linked(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _insensitive(spec: ModeSpec, coverage: Coverage) -> Iterator[str]:
    """What was sent and could be taken out of the contract without the body that held it being refused."""
    for goal, body in coverage.goals.reached.items():
        if build_validator(without(spec.contract.schema, goal)).is_valid(body):
            yield str(goal)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
