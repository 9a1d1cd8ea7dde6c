"""After a crash: the jobs that providers had accepted are followed to their end, and their pictures are kept. Row 7.

What the ledger says of an accepted job is enough to collect it by its id, so nothing is submitted and nothing is paid
twice. Of a submission that was under way when the process died nobody knows whether the provider took it; it stays
unsettled, and is shown so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from ..client import Attempt, Image
from ..client.hooks import OnMismatch
from ..errors import Failure, PentaprismError, ProviderError
from ..types import CompiledRequest, Cost
from .ledger import SqliteLedger, Unfinished

__all__ = ["recover"]

_LOG = logging.getLogger("pentaprism.gateway")

Resume = Callable[[Attempt, str, "str | None"], Awaitable[tuple[list[Image], Cost]]]
Save = Callable[[bytes, str], str]


async def recover(
    request_id: str, calls: Sequence[Unfinished], ledger: SqliteLedger, resume: Resume, save: Save
) -> None:
    """Collect what one interrupted request had under way, and end it on the ledger."""
    began = time.perf_counter()
    ends = await asyncio.gather(*(_collect(call, ledger, resume, save) for call in calls))
    names = tuple(name for end in ends for name in end or ())
    if ends != [None] * len(ends) and not ledger.is_answered(request_id):
        code = None if names else "OUTCOME_UNKNOWN"
        spent = round((time.perf_counter() - began) * 1000)
        ledger.answered(request_id, code=code, milliseconds=spent, media=names)
    _LOG.info("%s was interrupted; %d of its pictures were recovered", request_id, len(names))


async def _collect(call: Unfinished, ledger: SqliteLedger, resume: Resume, save: Save) -> list[str] | None:
    """The names of one call's pictures, none where it was never accepted or has failed; None: it cannot be followed."""
    if call.provider_request_id is None:
        ledger.lost(call, Failure.AMBIGUOUS, "The gateway stopped before the provider answered.")
        return []
    if call.kept is None:
        _LOG.warning("%s was accepted, and nothing was kept to follow it with", call.provider_request_id)
        return None
    try:
        attempt = Attempt(
            id=call.attempt_id,
            request_id=call.request_id,
            compiled=CompiledRequest.from_dict(call.kept["compiled"]),
            call=call.kept["call"],
            reserved=Cost(derivation="reserved before the gateway stopped"),
            on_mismatch=OnMismatch(call.kept["on_mismatch"]),
        )
        images, _ = await resume(attempt, call.provider_request_id, call.detail)
    except ProviderError:
        # It is on the ledger, with its class.
        return []
    except (PentaprismError, KeyError, ValueError) as error:
        _LOG.warning("%s cannot be followed with this catalog: %s", call.provider_request_id, error)
        return None
    return [await asyncio.to_thread(save, image.content, image.receipt.format or "png") for image in images]
