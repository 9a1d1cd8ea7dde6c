"""Run a route: submit the best candidate's calls side by side, collect, convert, check; fail over where that is free.

Row 6. Whether another endpoint may be tried is decided by what the provider may have done (`Failure`), never by an
HTTP status alone: nobody is to be billed twice. It must not rank or compile.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .. import media, transcode
from ..api import Catalog
from ..errors import Failure, ProviderError, TransportError
from ..exchange import exchange
from ..types import CompiledRequest, Cost, Event, ExchangeResult, HttpCall, Output, Route, Size, Wait
from .hooks import Attempt, Ledger
from .result import AttemptRecord, Image, ImagesResponse, to_base64
from .settings import ProviderSettings, rebase
from .transport import Transport

__all__ = ["Runner"]

_MAY_FAIL_OVER = (Failure.NOT_SENT, Failure.REJECTED)


@dataclass(slots=True)
class _Call:
    """One submission under way: what the ledger knows it by, and the provider's id once there is one."""

    attempt: Attempt
    request_id: str | None = None
    flagged: list[str] = field(default_factory=list)


class Runner:
    """Drives exchanges over a transport. `timeout` is the one deadline of a request, in seconds."""

    def __init__(
        self,
        catalog: Catalog,
        transport: Transport,
        settings: Mapping[str, ProviderSettings],
        ledger: Ledger,
        timeout: float,
    ) -> None:
        self._catalog = catalog
        self._transport = transport
        self._settings = settings
        self._ledger = ledger
        self._timeout = timeout

    async def run(self, route: Route, request_id: str) -> ImagesResponse:
        """The pictures of the first candidate that makes them.

        Raises:
            ProviderError: every candidate refused (ALL_PROVIDERS_EXHAUSTED), or one failed in a way that forbids
                asking another.
        """
        self._check_installed(route)
        deadline = asyncio.get_running_loop().time() + self._timeout
        records: list[AttemptRecord] = []
        pauses: list[float] = []
        for compiled in route.candidates:
            try:
                return await self._run_candidate(compiled, route, request_id, records, deadline)
            except ProviderError as error:
                records.append(_record(compiled, error))
                pauses += [] if error.retry_after is None else [error.retry_after]
                if error.failure not in _MAY_FAIL_OVER:
                    error.attempts = tuple(records)
                    raise
        raise _exhausted(records, min(pauses, default=None))

    @staticmethod
    def _check_installed(route: Route) -> None:
        """Before anything is sent: what the best candidate needs afterwards must be there."""
        if any(candidate.delivery.transcode for candidate in route.candidates):
            transcode.require()

    async def _run_candidate(
        self,
        compiled: CompiledRequest,
        route: Route,
        request_id: str,
        records: list[AttemptRecord],
        deadline: float,
    ) -> ImagesResponse:
        calls = [
            _Call(Attempt(id=uuid.uuid4().hex, request_id=request_id, compiled=compiled, call=index, reserved=share))
            for index, share in enumerate(_shares(compiled))
        ]
        ends = await asyncio.gather(*(self._submit(call, deadline) for call in calls), return_exceptions=True)
        images: list[Image] = []
        costs: list[Cost] = []
        failures: list[ProviderError] = []
        for call, end in zip(calls, ends, strict=True):
            if isinstance(end, ProviderError):
                failures.append(end)
            elif isinstance(end, BaseException):
                raise end
            else:
                pictures, cost = end
                images.extend(pictures)
                costs.append(cost)
                failures += _shortfall(call, len(pictures))
        if not images:
            raise _worst(failures)
        ids = tuple(call.request_id for call in calls if call.request_id)
        done = AttemptRecord(endpoint=compiled.endpoint, provider=compiled.provider, outcome="served", request_ids=ids)
        return ImagesResponse(
            created=int(time.time()),
            data=images,
            id=request_id,
            executed=compiled,
            model=route.model,
            cost=_total(costs),
            attempts=(*records, done),
            failures=tuple(str(error) for error in failures),
            flagged=tuple(flag for call in calls for flag in call.flagged),
        )

    async def _submit(self, call: _Call, deadline: float) -> tuple[list[Image], Cost]:
        """One call from submission to checked pictures, with every step on the ledger."""
        attempt = call.attempt
        self._ledger.submitting(attempt)
        try:
            async with asyncio.timeout_at(deadline):
                result = await self._drive(call)
                images = [await self._finish(attempt, index, one) for index, one in enumerate(result.outputs)]
        except TimeoutError:
            error = _late(call, self._timeout)
            self._ledger.failed(attempt, error.failure, str(error))
            raise error from None
        except ProviderError as error:
            self._ledger.failed(attempt, error.failure, str(error))
            raise
        except asyncio.CancelledError:
            failure = Failure.ACCEPTED if call.request_id else Failure.AMBIGUOUS
            self._ledger.failed(attempt, failure, "the caller went away before the pictures came")
            raise
        cost = self._catalog.settle(attempt.compiled, [size for _, size in images])
        self._ledger.settled(attempt, cost)
        return [image for image, _ in images], cost

    async def _drive(self, call: _Call) -> ExchangeResult:
        """Step through the provider's protocol, doing the I/O it asks for."""
        compiled = call.attempt.compiled
        provider = self._catalog.providers[compiled.provider]
        submission = rebase(compiled.calls[call.attempt.call], self._settings[provider.id].base_url)
        steps = exchange(submission, provider)
        reply = None
        fault: TransportError | None = None
        while True:
            try:
                step = steps.throw(fault) if fault else steps.send(reply)
            except StopIteration as stop:
                result: ExchangeResult = stop.value
                return result
            reply, fault = None, None
            if isinstance(step, HttpCall):
                try:
                    reply = await self._transport.send(step, provider.id)
                except TransportError as error:
                    fault = error
            elif isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
            elif isinstance(step, Event) and step.kind == "accepted":
                call.request_id = step.request_id
                self._ledger.accepted(call.attempt, step.request_id, step.detail)
            elif isinstance(step, Event) and step.kind == "flagged":
                call.flagged.append(
                    f"{provider.id} flagged {step.detail or 'a picture'} as unsafe, and may have blanked it"
                )

    async def _finish(self, attempt: Attempt, index: int, output: Output) -> tuple[Image, Size | None]:
        """One output: fetched, read, converted where the delivery says so, and held against what was asked."""
        compiled = attempt.compiled
        content = output.content
        if content is None:
            if output.url is None:
                raise ProviderError(
                    f"{compiled.provider} returned neither a link nor a picture.",
                    provider=compiled.provider,
                    failure=Failure.ACCEPTED,
                )
            content = await self._transport.download(output.url, compiled.provider)
        try:
            returned = media.read_header(content)
            size = Size(returned.width, returned.height)
            delivery = compiled.delivery
            untouched = not delivery.transcode
            if delivery.transcode and delivery.format:
                content = await asyncio.to_thread(
                    transcode.transcode, content, to=delivery.format, compression=delivery.compression
                )
        except media.MediaError as error:
            message = f"{compiled.provider} returned something that is no picture: {error}"
            raise ProviderError(message, provider=compiled.provider, failure=Failure.ACCEPTED) from error
        wish = compiled.wish
        receipt = media.receipt(
            content,
            asked_size=wish.size,
            asked_shape=wish.ratio.shape if wish.ratio else None,
            asked_area=wish.tier.area if wish.tier else None,
            expected=compiled.expected.size,
            asked_format=delivery.format,
        )
        kind = f"image/{receipt.format}"
        as_text = delivery.response_format == "b64_json"
        link = output.url if untouched and output.url else None
        seed = output.seed
        if seed is None and compiled.seeds[attempt.call] is not None and index == 0:
            seed = compiled.seeds[attempt.call]
        image = Image(
            content=content,
            media_type=kind,
            receipt=receipt,
            url=None if as_text else link or f"data:{kind};base64,{to_base64(content)}",
            b64_json=to_base64(content) if as_text else None,
            revised_prompt=output.revised_prompt,
            seed=seed,
        )
        return image, size


def _shares(compiled: CompiledRequest) -> list[Cost]:
    """The cost of each call: the whole, divided by pictures."""
    total = compiled.expected.count
    cost = compiled.cost
    return [
        Cost(
            low=None if cost.low is None else cost.low * count / total,
            high=None if cost.high is None else cost.high * count / total,
            derivation=cost.derivation,
        )
        for count in compiled.counts
    ]


def _total(costs: Sequence[Cost]) -> Cost:
    if len(costs) == 1:
        return costs[0]
    lows = [cost.low for cost in costs if cost.low is not None]
    highs = [cost.high for cost in costs if cost.high is not None]
    return Cost(
        low=sum(lows[1:], lows[0]) if len(lows) == len(costs) else None,
        high=sum(highs[1:], highs[0]) if len(highs) == len(costs) else None,
        components=tuple(component for cost in costs for component in cost.components),
        derivation=" + ".join(cost.derivation for cost in costs),
    )


def _record(compiled: CompiledRequest, error: ProviderError) -> AttemptRecord:
    return AttemptRecord(
        endpoint=compiled.endpoint,
        provider=compiled.provider,
        outcome=error.failure.value,
        request_ids=(error.request_id,) if error.request_id else (),
        message=str(error),
        status=error.status,
    )


def _worst(failures: Sequence[ProviderError]) -> ProviderError:
    """Of several failed calls the one that most limits what may follow."""
    order = [Failure.AMBIGUOUS, Failure.ACCEPTED, Failure.REFUSED, Failure.REJECTED, Failure.NOT_SENT]
    return min(failures, key=lambda error: order.index(error.failure))


def _shortfall(call: _Call, came: int) -> list[ProviderError]:
    """A provider that returned fewer pictures than it was asked for is named; nothing is asked again."""
    compiled = call.attempt.compiled
    asked = compiled.counts[call.attempt.call]
    if came >= asked:
        return []
    message = f"{compiled.provider} returned {came} of the {asked} pictures it was asked for."
    error = ProviderError(message, provider=compiled.provider, failure=Failure.ACCEPTED, request_id=call.request_id)
    return [error]


def _late(call: _Call, timeout: float) -> ProviderError:
    provider = call.attempt.compiled.provider
    if call.request_id:
        message = f"{provider} accepted the request as {call.request_id} and has not finished within {timeout:g} s."
        failure = Failure.ACCEPTED
    else:
        message = f"{provider} has not answered within {timeout:g} s; whether it took the request is not known."
        failure = Failure.AMBIGUOUS
    return ProviderError(
        message, provider=provider, failure=failure, code="OUTCOME_UNKNOWN", request_id=call.request_id
    )


def _exhausted(records: Sequence[AttemptRecord], retry_after: float | None) -> ProviderError:
    told = " ".join(f"{record.endpoint}: {record.message}" for record in records)
    return ProviderError(
        f"Every provider refused. {told}",
        provider=records[-1].provider,
        failure=Failure.REJECTED,
        code="ALL_PROVIDERS_EXHAUSTED",
        status=records[-1].status,
        retry_after=retry_after,
        attempts=records,
    )
