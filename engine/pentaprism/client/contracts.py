"""Ask providers for the input schemas they publish, and hold the catalog's contracts against them.

Row 6. One GET for each document, with the key only where the catalog says it may go. What a document means is for
`catalog.contract_import`, what differs for `catalog.contract_drift`. It must not change a contract.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from ..api import Catalog, today
from ..catalog.contract_drift import Change, drift
from ..catalog.contract_import import import_contract
from ..catalog.json_source import read_json
from ..errors import CatalogError, TransportError
from ..types import Endpoint, HttpCall, HttpReply, Model, Provider
from .settings import ProviderSettings, rebase
from .transport import Transport

__all__ = ["PUBLISHED", "CheckStatus", "ContractCheck", "Place", "address_of", "check_contracts"]

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider publishes its input schemas; `keyed` where it tells them to its customers only."""

    url: str
    keyed: bool


PUBLISHED: Mapping[str, Place] = {
    "bfl": Place("https://api.bfl.ai/openapi.json", keyed=False),
    "fal": Place("https://fal.ai/api/openapi/queue/openapi.json?endpoint_id={endpoint}", keyed=False),
    "replicate": Place("https://api.replicate.com/v1/models/{endpoint}", keyed=True),
}
"""The documented place of each protocol's schemas, `{endpoint}` standing for the provider's own id."""


class CheckStatus(StrEnum):
    """How a check ended: nothing to tell, changes, not asked, no answer, or an answer that is no readable schema."""

    SAME = "same"
    DRIFTED = "drifted"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCheck:
    """One stored contract held against the published one.

    `contract` is its name in the catalog (`fal/fal-ai/flux/dev`), `endpoints` the keys that use it, `reason` why there
    is nothing to compare, `notes` where the importer had to say other than the provider.
    """

    contract: str
    endpoints: tuple[str, ...]
    status: CheckStatus
    url: str | None = None
    reason: str | None = None
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def breaks(self) -> tuple[Change, ...]:
        """The changes after which a body the catalog allows could be refused."""
        return tuple(change for change in self.changes if change.breaks)

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON-able data."""
        return {
            "contract": self.contract,
            "endpoints": list(self.endpoints),
            "status": self.status.value,
            "url": self.url,
            "reason": self.reason,
            "changes": [change.to_dict() for change in self.changes],
            "notes": list(self.notes),
        }


def address_of(contract: str, models: Iterable[Model], providers: Mapping[str, Provider]) -> str | None:
    """The path an endpoint's requests are submitted to, None where nothing is known of its provider.

    >>> catalog = Catalog.load()
    >>> address_of("fal/fal-ai/flux/dev", catalog.models.values(), catalog.providers)
    '/fal-ai/flux/dev'
    """
    for endpoint in _endpoints_of(contract, models):
        return urlsplit(endpoint.submission.url).path
    provider_id, _, own_id = contract.partition("/")
    provider = providers.get(provider_id)
    return None if provider is None else urlsplit(provider.submit_url.replace("{endpoint}", own_id)).path


def _endpoints_of(contract: str, models: Iterable[Model]) -> Iterator[Endpoint]:
    """The endpoints that use a contract; several modes of one are one."""
    for model in models:
        for endpoint in model.endpoints:
            if f"{endpoint.provider}/{endpoint.id}" == contract:
                yield endpoint


async def check_contracts(
    catalog: Catalog,
    contracts: Iterable[str] | None = None,
    *,
    settings: Mapping[str, ProviderSettings],
    transport: httpx.AsyncBaseTransport | None = None,
) -> list[ContractCheck]:
    """Every contract (or those named) held against what its provider publishes now.

    Args:
        catalog: whose contracts to check.
        contracts: names such as `fal/fal-ai/flux/dev`; None is all of them.
        settings: keys and base URLs of the providers that may be asked; no other is.
        transport: an httpx transport to use instead of the network.

    >>> import asyncio
    >>> [one.reason for one in asyncio.run(check_contracts(Catalog.load(), ["fal/fal-ai/flux/dev"], settings={}))]
    ['fal is not among the providers asked']
    """
    names = list(catalog.documents.contracts if contracts is None else contracts)
    calls = {name: _call(catalog, name, settings) for name in names}
    wanted = {call.url: (call, name.partition("/")[0]) for name, call in calls.items() if isinstance(call, HttpCall)}
    sender = Transport(catalog.providers, settings, transport)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(call: HttpCall, provider: str) -> HttpReply | TransportError:
        async with gate:
            try:
                return await sender.send(call, provider)
            except TransportError as error:
                return error

    try:
        # A document that holds many endpoints is asked for once.
        answers = await asyncio.gather(*(ask(call, provider) for call, provider in wanted.values()))
    finally:
        await sender.close()
    replies = dict(zip(wanted, answers, strict=True))
    return [_checked(catalog, name, call, replies) for name, call in calls.items()]


def _call(catalog: Catalog, name: str, settings: Mapping[str, ProviderSettings]) -> HttpCall | str:
    """The request for a contract's document, or why it is not made."""
    provider_id, _, own_id = name.partition("/")
    provider = catalog.providers.get(provider_id)
    if provider is None:
        return f"the catalog has no provider {provider_id!r}"
    place, own = PUBLISHED.get(provider.protocol), settings.get(provider_id)
    if place is None:
        return f"{provider.name} is not known to publish its input schemas"
    if own is None:
        return f"{provider.name} is not among the providers asked"
    if place.keyed and own.key is None:
        return f"{provider.name} shows its schemas to customers only; set {provider.env}"
    url = place.url.replace("{endpoint}", quote(own_id, safe="/"))
    return rebase(HttpCall(method="GET", url=url, headers={"accept": "application/json"}), own.base_url)


def _checked(
    catalog: Catalog, name: str, call: HttpCall | str, replies: Mapping[str, HttpReply | TransportError]
) -> ContractCheck:
    models = catalog.models.values()
    keys = tuple(endpoint.key for endpoint in _endpoints_of(name, models))
    if isinstance(call, str):
        return ContractCheck(contract=name, endpoints=keys, status=CheckStatus.SKIPPED, reason=call)
    reply, url = replies[call.url], call.url
    problem = str(reply) if isinstance(reply, TransportError) else _problem(reply, url)
    if isinstance(reply, TransportError) or problem is not None:
        return ContractCheck(contract=name, endpoints=keys, status=CheckStatus.FAILED, url=url, reason=problem)
    own_id, address = name.partition("/")[2], address_of(name, models, catalog.providers)
    try:
        document = read_json(url, reply.body.decode("utf-8", "replace"))
        served = import_contract(document, endpoint=own_id, read_on=today(), address=address)
    except CatalogError as error:
        return ContractCheck(contract=name, endpoints=keys, status=CheckStatus.UNREADABLE, url=url, reason=str(error))
    changes = drift(catalog.documents.contracts[name].data, served.schema)
    status = CheckStatus.DRIFTED if changes else CheckStatus.SAME
    return ContractCheck(contract=name, endpoints=keys, status=status, url=url, changes=changes, notes=served.notes)


def _problem(reply: HttpReply, url: str) -> str | None:
    if reply.status == 200:
        return None
    meaning = {401: ": the key is not accepted", 403: ": the key is not accepted", 404: ": it knows no such endpoint"}
    return f"GET {url} answers {reply.status}{meaning.get(reply.status, '')}"
