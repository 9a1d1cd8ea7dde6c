"""One submission from its first byte to its pictures' links, with every step on the ledger.

Row 6. An accepted job is on record before anybody waits for it; whatever ends the wait, the record says how it stands.
It must not look at a picture, and must not decide whether anything is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from ..errors import Failure, ProviderError, TransportError
from ..exchange import PROTOCOLS, Answer, advance, cancel, exchange, resume
from ..types import Event, Exchange, ExchangeResult, HttpCall, Provider, Wait
from .hooks import Attempt, Ledger
from .resilience import Slots
from .settings import ProviderSettings, rebase
from .transport import Transport

__all__ = ["Call", "CallRunner"]

_CANCEL_SECONDS = 5.0
"""How long a cancellation may take once the deadline is over."""


@dataclass(slots=True)
class Call:
    """One submission under way: what the ledger knows it by, and the provider's id once there is one.

    `flagged` are the pictures the provider marked as unsafe, in sentences. `previews` is how many unfinished pictures
    are wanted on the way, and `on_preview` is told of each: its number and its bytes.
    """

    attempt: Attempt
    request_id: str | None = None
    detail: str | None = None
    flagged: list[str] = field(default_factory=list)
    previews: int = 0
    on_preview: Callable[[int, bytes], object] | None = None


class CallRunner:
    """Drives exchanges over a transport; `timeout` is only told of, the deadline is what holds."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        transport: Transport,
        settings: Mapping[str, ProviderSettings],
        ledger: Ledger,
        slots: Slots,
        timeout: float,
    ) -> None:
        self._providers = providers
        self._transport = transport
        self._settings = settings
        self._ledger = ledger
        self._slots = slots
        self._timeout = timeout

    async def submit(self, call: Call, deadline: float) -> ExchangeResult:
        """Submit a call and follow it to its end.

        Raises:
            ProviderError: there is no result; the failure is on the ledger.
        """
        provider = self._providers[call.attempt.compiled.provider]
        async with self._slots.one(provider.id, deadline):
            self._ledger.submitting(call.attempt)
            submission = self._submission(call)
            preview = PROTOCOLS[provider.protocol].preview
            # Nothing in a preview says which of several pictures it is of.
            if preview is not None and call.previews and call.attempt.compiled.counts[call.attempt.call] == 1:
                submission = preview(submission, call.previews)
            return await self._follow(call, provider, exchange(submission, provider), deadline)

    async def resume(self, call: Call, deadline: float) -> ExchangeResult:
        """Follow a call that was accepted earlier, perhaps by a process that is no more; nothing is submitted.

        Raises:
            ProviderError: there is no result; the failure is on the ledger.
        """
        provider = self._providers[call.attempt.compiled.provider]
        url, request_id = self._submission(call).url, call.request_id or ""
        return await self._follow(call, provider, resume(url, request_id, provider, detail=call.detail), deadline)

    def _submission(self, call: Call) -> HttpCall:
        compiled = call.attempt.compiled
        return rebase(compiled.calls[call.attempt.call], self._settings[compiled.provider].base_url)

    async def _follow(self, call: Call, provider: Provider, steps: Exchange, deadline: float) -> ExchangeResult:
        attempt = call.attempt
        try:
            async with asyncio.timeout_at(deadline):
                return await self._drive(call, provider, steps)
        except TimeoutError:
            error = await self._abandon(call, provider)
            self._ledger.failed(attempt, error.failure, str(error))
            raise error from None
        except ProviderError as error:
            self._ledger.failed(attempt, error.failure, str(error))
            raise
        except asyncio.CancelledError:
            # An accepted job is on record as accepted, and can be resumed.
            if call.request_id is None:
                message = "The process stopped before the provider answered."
                self._ledger.failed(attempt, Failure.AMBIGUOUS, message)
            raise

    async def _drive(self, call: Call, provider: Provider, steps: Exchange) -> ExchangeResult:
        """Step through the provider's protocol, doing the I/O it asks for."""
        answer: Answer = None
        while not isinstance(step := advance(steps, answer, partial(self._note, call, provider)), ExchangeResult):
            answer = None
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
                continue
            try:
                answer = await self._transport.send(step, provider.id, self._watch(call, provider, step))
            except TransportError as error:
                answer = error
        return step

    @staticmethod
    def _watch(call: Call, provider: Provider, step: HttpCall) -> Callable[[bytes], object] | None:
        """What looks at the pieces of a submission's reply for unfinished pictures, where they are wanted."""
        stream, tell = PROTOCOLS[provider.protocol].stream, call.on_preview
        if stream is None or tell is None or not call.previews or not step.submits:
            return None
        reader = stream(provider)

        def look(piece: bytes) -> None:
            # What is wrong with the reply is told by the exchange, which reads it whole.
            with suppress(ProviderError):
                for shown in reader.feed(piece):
                    tell(shown.number, shown.content)

        return look

    def _note(self, call: Call, provider: Provider, event: Event) -> None:
        if event.kind == "accepted":
            # A resumed job is on record as accepted already.
            known, call.request_id, call.detail = call.request_id, event.request_id, event.detail
            if known is None:
                self._ledger.accepted(call.attempt, event.request_id, event.detail)
        elif event.kind == "flagged":
            picture = event.detail or "a picture"
            call.flagged.append(f"{provider.id} flagged {picture} as unsafe, and may have blanked it")

    async def _abandon(self, call: Call, provider: Provider) -> ProviderError:
        """What is known of a call at the deadline; its job is canceled where that is documented to bill nothing."""
        within = f"within {self._timeout:g} s"
        if call.request_id is None:
            message = f"{provider.id} has not answered {within}; whether it took the request is not known."
            return _late(message, provider, Failure.AMBIGUOUS)
        told = f"{provider.id} accepted the request as {call.request_id} and has not finished {within}"
        if await self._canceled(call, provider):
            message = f"{told}; the job was canceled, which {provider.id} does not bill."
            return _late(message, provider, Failure.REJECTED, call.request_id)
        return _late(f"{told}.", provider, Failure.ACCEPTED, call.request_id)

    async def _canceled(self, call: Call, provider: Provider) -> bool:
        """Whether the provider confirmed that the job is canceled, where canceled jobs are not billed."""
        if provider.bills.get("canceled") is not False:
            return False
        step = cancel(self._submission(call).url, call.request_id or "", provider, detail=call.detail)
        if step is None:
            return False
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                return (await self._transport.send(step, provider.id)).status < 300
        except (TransportError, TimeoutError):
            return False


def _late(message: str, provider: Provider, failure: Failure, request_id: str | None = None) -> ProviderError:
    return ProviderError(message, provider=provider.id, failure=failure, code="OUTCOME_UNKNOWN", request_id=request_id)
