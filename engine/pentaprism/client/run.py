"""Run a route: the best candidate's calls side by side, and what comes of them; fail over where that is free.

Row 6. Whether another endpoint may be tried is decided by what the provider may have done (`Failure`), never by an
HTTP status alone: nobody is to be billed twice. It must not rank or compile.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from .. import transcode
from ..api import Catalog
from ..errors import ProviderError
from ..types import CompiledRequest, Cost, ExchangeResult, Output, Route, Size, add_costs
from .breaker import Breakers, is_provider_fault
from .calls import Call, CallRunner
from .hooks import Attempt, Ledger, OnMismatch
from .outcome import exhausted, out_of_time, record, require_match, shares, shortfall, skipped, worst
from .pictures import Pictures
from .resilience import Resilience, Slots
from .result import AttemptRecord, Image, ImagesResponse
from .retries import RetryBudget
from .settings import ProviderSettings
from .transport import Transport
from .workers import Workers

__all__ = ["OnImage", "OnPreview", "Runner"]

OnImage = Callable[[int, Image], None]
"""Told of each picture as it lands: its place among those of the request, and the picture."""
OnPreview = Callable[[int, int, bytes], None]
"""Told of each unfinished picture: the place of the picture it will be, its own number from 0, and its bytes."""


class Runner:
    """Runs routes over a transport. `timeout` is the one deadline of a request, in seconds."""

    def __init__(
        self,
        catalog: Catalog,
        transport: Transport,
        settings: Mapping[str, ProviderSettings],
        ledger: Ledger,
        timeout: float,
        resilience: Resilience | None = None,
    ) -> None:
        self._catalog = catalog
        self._transport = transport
        self._ledger = ledger
        self._timeout = timeout
        self._resilience = resilience or Resilience()
        self._breakers = Breakers(self._resilience.breaker)
        self._budget = RetryBudget()
        self._workers = Workers()
        self._pictures = Pictures(transport, self._workers)
        slots = Slots(self._resilience.concurrency)
        self._calls = CallRunner(catalog.providers, transport, settings, ledger, slots, timeout)

    def close(self) -> None:
        """End the threads that work on pictures."""
        self._workers.close()

    async def run(
        self, route: Route, request_id: str, on_image: OnImage | None = None, on_preview: OnPreview | None = None
    ) -> ImagesResponse:
        """The pictures of the first candidate that makes them; `on_image` is told of each as it lands.

        `on_preview` is told of unfinished ones: as many as the request's `partial_images` says, where the provider
        sends any.

        Raises:
            ProviderError: every candidate refused (ALL_PROVIDERS_EXHAUSTED), or one failed in a way that forbids
                asking another.
        """
        fixes = route.request.values.get("on_mismatch") == OnMismatch.FIX
        if fixes or any(candidate.delivery.transcode for candidate in route.candidates):
            # Before anything is sent: what is needed afterwards must be there.
            transcode.require()
        loop = asyncio.get_running_loop()
        terms = _Terms(
            loop.time() + self._timeout,
            on_image,
            on_preview,
        )
        deadline = terms.deadline
        records: list[AttemptRecord] = []
        again = 0
        while True:
            errors: list[ProviderError] = []
            for compiled in self._admitted(route, records):
                if errors and loop.time() >= deadline:
                    # Nothing is sent that nobody waits for.
                    raise exhausted(records, None)
                try:
                    ready = await self._with_inputs(compiled, deadline)
                    return await self._try(ready, route, request_id, records, terms)
                except ProviderError as error:
                    errors.append(error)
                    records.append(record(compiled, error))
                    if not self._resilience.may_ask_again(error.failure):
                        error.attempts = tuple(records)
                        raise
            if errors and all(error.code == "INVALID_REQUEST" for error in errors):
                # An image of the caller's cannot be read, wherever it is to go.
                errors[-1].attempts = tuple(records)
                raise errors[-1]
            again += 1
            asked = min((error.retry_after for error in errors if error.retry_after is not None), default=None)
            pause = self._pause(errors, again, asked)
            if pause is None or loop.time() + pause >= deadline or not self._budget.take():
                raise exhausted(records, asked)
            await asyncio.sleep(pause)

    def _pause(self, errors: Sequence[ProviderError], again: int, asked: float | None) -> float | None:
        """Seconds until all candidates are asked once more; None where that would change nothing."""
        if not any(is_provider_fault(error) for error in errors):
            return None
        return self._resilience.retry.pause(again, asked)

    def _admitted(self, route: Route, records: list[AttemptRecord]) -> Iterator[CompiledRequest]:
        """The candidates whose breakers let them be asked; where none does, the one that is next to be probed."""
        tried = False
        for compiled in route.candidates:
            if self._breakers.admits(compiled.provider):
                tried = True
                yield compiled
            else:
                records.append(skipped(compiled, self._breakers.seconds_left(compiled.provider)))
        if not tried:
            yield min(route.candidates, key=lambda one: self._breakers.opens_at(one.provider))

    async def _with_inputs(self, compiled: CompiledRequest, deadline: float) -> CompiledRequest:
        """The candidate with the images its provider does not fetch; where they cannot be had, it is not to blame."""
        try:
            return await self._transport.read_inputs(compiled, deadline)
        except BaseException:
            self._breakers.gave_up(compiled.provider)
            raise

    async def _try(
        self,
        compiled: CompiledRequest,
        route: Route,
        request_id: str,
        records: Sequence[AttemptRecord],
        terms: _Terms,
    ) -> ImagesResponse:
        calls = _calls(compiled, route, request_id, terms)
        ends = await asyncio.gather(*(self._make(call, terms) for call in calls), return_exceptions=True)
        made = [end for end in ends if isinstance(end, _Made)]
        failures = [end for end in ends if isinstance(end, ProviderError)]
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, ProviderError):
                raise end
        failures += [failure for one in made for failure in one.failures]
        images = [image for one in made for image in one.images]
        if not images:
            raise worst(failures)
        ids = tuple(call.request_id for call in calls if call.request_id)
        done = AttemptRecord(endpoint=compiled.endpoint, provider=compiled.provider, outcome="served", request_ids=ids)
        response = ImagesResponse(
            created=int(time.time()),
            data=images,
            id=request_id,
            executed=compiled,
            model=route.model,
            cost=add_costs([one.cost for one in made]),
            attempts=(*records, done),
            failures=tuple(str(error) for error in failures),
            flagged=tuple(flag for call in calls for flag in call.flagged),
        )
        self._budget.give_back()
        if calls[0].attempt.on_mismatch is OnMismatch.ERROR:
            require_match(response)
        return response

    async def _make(self, call: Call, terms: _Terms) -> _Made:
        """One call's pictures, and what its end says of the provider."""
        provider = call.attempt.compiled.provider
        try:
            result = await self._calls.submit(call, terms.deadline)
        except ProviderError as error:
            self._breakers.ended(provider, error)
            raise
        except BaseException:
            self._breakers.gave_up(provider)
            raise
        self._breakers.answered(provider)
        return await self._take_in(call, result, terms)

    async def resume(self, attempt: Attempt, provider_request_id: str, detail: str | None) -> tuple[list[Image], Cost]:
        """The pictures of a call that was accepted earlier, and what they cost; nothing is submitted.

        Raises:
            ProviderError: there are none, or not within the time a request may take.
        """
        terms = _Terms(asyncio.get_running_loop().time() + self._timeout)
        call = Call(attempt, provider_request_id, detail)
        made = await self._take_in(call, await self._calls.resume(call, terms.deadline), terms)
        if not made.images:
            raise worst(made.failures)
        return made.images, made.cost

    async def _take_in(self, call: Call, result: ExchangeResult, terms: _Terms) -> _Made:
        """The result's pictures finished, each on its own, and their cost on the ledger: they are made and billed."""
        attempt = call.attempt
        first = sum(attempt.compiled.counts[: attempt.call])

        async def one(index: int, output: Output) -> tuple[Image, Size]:
            try:
                async with asyncio.timeout_at(terms.deadline):
                    image, size = await self._pictures.finish(attempt, index, output)
            except TimeoutError:
                raise out_of_time(attempt, self._timeout) from None
            if terms.on_image is not None:
                terms.on_image(first + index, image)
            return image, size

        outputs = enumerate(result.outputs)
        ends = await asyncio.gather(*(one(index, output) for index, output in outputs), return_exceptions=True)
        finished = [end for end in ends if isinstance(end, tuple)]
        failures = [end for end in ends if isinstance(end, ProviderError)]
        sizes = [end[1] if isinstance(end, tuple) else None for end in ends]
        call.request_id = call.request_id or result.request_id
        cost = self._cost(attempt, sizes, result.tokens)
        self._ledger.settled(attempt, cost)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, ProviderError):
                raise end
        return _Made([image for image, _ in finished], cost, [*failures, *shortfall(call, len(ends))])

    def _cost(self, attempt: Attempt, sizes: Sequence[Size | None], tokens: Mapping[str, int]) -> Cost:
        """What a call's pictures cost; what was asked for and did not come may have been billed all the same."""
        compiled = attempt.compiled
        asked = compiled.counts[attempt.call]
        if len(sizes) >= asked:
            return self._catalog.settle(compiled, sizes, tokens)
        most = self._catalog.settle(compiled, [*sizes, *[None] * (asked - len(sizes))], tokens)
        low = self._catalog.settle(compiled, sizes, tokens).low if sizes else Decimal(0)
        missing = f"{asked - len(sizes)} of {asked} pictures did not come, and may be billed"
        return most._replace(low=low, derivation=f"{most.derivation}; {missing}")


class _Terms(NamedTuple):
    """What holds for every call of a request: its deadline, and who is told of its pictures."""

    deadline: float
    on_image: OnImage | None = None
    on_preview: OnPreview | None = None


class _Made(NamedTuple):
    """What one call brought: its pictures in order, what they cost, and those that cannot be had."""

    images: list[Image]
    cost: Cost
    failures: list[ProviderError]


def _calls(compiled: CompiledRequest, route: Route, request_id: str, terms: _Terms) -> list[Call]:
    """The submissions of a candidate, as the ledger will know them."""
    wanted = route.request.values
    on_mismatch = OnMismatch(wanted.get("on_mismatch", OnMismatch.WARN))
    calls = []
    for index, share in enumerate(shares(compiled)):
        attempt = Attempt(
            id=uuid.uuid4().hex,
            request_id=request_id,
            compiled=compiled,
            call=index,
            reserved=share,
            on_mismatch=on_mismatch,
        )
        call = Call(attempt)
        if terms.on_preview is not None:
            call.previews = wanted.get("partial_images", 0)
            call.on_preview = partial(terms.on_preview, sum(compiled.counts[:index]))
        calls.append(call)
    return calls
