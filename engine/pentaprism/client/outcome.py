"""What became of a request, in records, sums and errors. Row 6; it must not send or fetch anything."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Failure, ProviderError
from ..types import CompiledRequest, Cost
from .calls import Call
from .hooks import Attempt
from .pictures import mismatches
from .result import AttemptRecord, ImagesResponse

__all__ = [
    "MismatchError",
    "exhausted",
    "out_of_time",
    "record",
    "require_match",
    "shares",
    "shortfall",
    "skipped",
    "worst",
]

_MOST_LIMITING = (Failure.AMBIGUOUS, Failure.ACCEPTED, Failure.REFUSED, Failure.REJECTED, Failure.NOT_SENT)


class MismatchError(ProviderError):
    """The pictures are not what was asked, and `on_mismatch: error` was set. They are paid for: `response` has them."""

    def __init__(self, message: str, response: ImagesResponse) -> None:
        self.response = response
        super().__init__(
            message,
            provider=response.executed.provider,
            failure=Failure.ACCEPTED,
            code="OUTPUT_MISMATCH",
            attempts=response.attempts,
        )


def require_match(response: ImagesResponse) -> None:
    """Raise MismatchError where a picture is not what was asked, nor what was expected."""
    told = [line for number, image in enumerate(response.data, 1) for line in mismatches(image, number)]
    if told:
        raise MismatchError(f"{response.executed.endpoint} was paid, but {' '.join(told)}", response)


def shares(compiled: CompiledRequest) -> list[Cost]:
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


def record(compiled: CompiledRequest, error: ProviderError) -> AttemptRecord:
    return AttemptRecord(
        endpoint=compiled.endpoint,
        provider=compiled.provider,
        outcome=error.failure.value,
        request_ids=(error.request_id,) if error.request_id else (),
        message=str(error),
        status=error.status,
    )


def worst(failures: Sequence[ProviderError]) -> ProviderError:
    """Of several failed calls the one that most limits what may follow."""
    return min(failures, key=lambda error: _MOST_LIMITING.index(error.failure))


def shortfall(call: Call, came: int) -> list[ProviderError]:
    """A provider that returned fewer pictures than it was asked for is named; nothing is asked again."""
    compiled = call.attempt.compiled
    asked = compiled.counts[call.attempt.call]
    if came >= asked:
        return []
    message = f"{compiled.provider} returned {came} of the {asked} pictures it was asked for."
    error = ProviderError(message, provider=compiled.provider, failure=Failure.ACCEPTED, request_id=call.request_id)
    return [error]


def exhausted(records: Sequence[AttemptRecord], retry_after: float | None) -> ProviderError:
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


def skipped(compiled: CompiledRequest, seconds: float) -> AttemptRecord:
    """The record of an endpoint that was not asked because its provider's breaker is open for so many seconds more."""
    message = f"{compiled.provider} failed several times in a row and is left alone for {seconds:.0f} s more."
    return AttemptRecord(endpoint=compiled.endpoint, provider=compiled.provider, outcome="skipped", message=message)


def out_of_time(attempt: Attempt, timeout: float) -> ProviderError:
    """The failure of a picture that was made and could not be fetched and converted before the deadline."""
    provider = attempt.compiled.provider
    message = f"{provider} made the picture, but it could not be taken in within {timeout:g} s."
    return ProviderError(message, provider=provider, failure=Failure.ACCEPTED, code="OUTCOME_UNKNOWN")
