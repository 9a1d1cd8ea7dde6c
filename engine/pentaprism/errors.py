"""The exceptions, sorted by whose fault they are. Row 1: imports nothing of ours.

    PentaprismError
    ├── CatalogError        the catalog author's: a file does not say what the format allows
    ├── RequestError        the caller's: the request cannot be meant as written
    │   └── ModelNotFound   the caller's: no such model or endpoint
    ├── CompileError        nobody's: this endpoint cannot serve this request
    ├── NoEndpointError     nobody's: no endpoint of the model can serve this request
    ├── MissingDependency   the installer's: an extra is not installed
    ├── ProviderError       the provider's, or the network's; `.failure` says what may have happened
    └── TransportError      the network's, between a driver and an exchange; never leaves the client

Every message says what is wrong, where, why, and what to do. A module that raises must collect all the faults it
can see before it does. This module must not know how an error is shown: the gateway and the CLI do that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .types import Nearest, Refusal

__all__ = [
    "CatalogError",
    "CompileError",
    "Failure",
    "Fault",
    "Finding",
    "MissingDependency",
    "ModelNotFound",
    "NoEndpointError",
    "PentaprismError",
    "ProviderError",
    "RequestError",
    "TransportError",
    "did_you_mean",
]


class PentaprismError(Exception):
    """The base of every exception this package raises on purpose."""


class Finding(NamedTuple):
    """One thing wrong in a catalog file.

    `path` is the file as the author would name it, `line` and `column` count from 1 (0 where the file has no
    positions, as published JSON has none), `rule` is the kebab-case name of the check that found it. `help` is what the
    format's schema says of that place, empty where it says nothing.

    >>> print(Finding("models/x.yaml", 3, 5, "unknown-key", "'edti' is not a key here"))
    models/x.yaml:3:5: unknown-key: 'edti' is not a key here
    """

    path: str
    line: int
    column: int
    rule: str
    message: str
    help: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.rule}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-able data, for `--json`."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "rule": self.rule,
            "message": self.message,
            "help": self.help,
        }


class CatalogError(PentaprismError):
    """A catalog that cannot be loaded; `.findings` holds every fault with file, line and column.

    >>> raise CatalogError([Finding("a.yaml", 1, 2, "duplicate-key", "'id' stands here twice")])
    Traceback (most recent call last):
    pentaprism.errors.CatalogError: a.yaml:1:2: duplicate-key: 'id' stands here twice
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class Fault(NamedTuple):
    """One thing wrong with a request: which parameter, a code from the gateway's table, and a sentence."""

    param: str | None
    message: str
    code: str = "INVALID_REQUEST"

    def to_dict(self) -> dict[str, Any]:
        """The fault in the words of OpenAI's error envelope."""
        return {"message": self.message, "type": "invalid_request_error", "param": self.param, "code": self.code}


class RequestError(PentaprismError):
    """A request that is wrong whichever provider would serve it; every fault is in `.faults`.

    `.param` and `.code` are those of the first fault.

    >>> raise RequestError([Fault("n", "n must be 1 to 10, not 11.")])
    Traceback (most recent call last):
    pentaprism.errors.RequestError: n must be 1 to 10, not 11.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(" ".join(fault.message for fault in self.faults))

    @property
    def param(self) -> str | None:
        """The parameter of the first fault, or None where the fault is the body's as a whole."""
        return self.faults[0].param

    @property
    def code(self) -> str:
        """The first fault's code, one of the gateway's error table."""
        return self.faults[0].code


class ModelNotFound(RequestError):
    """No model, alias or endpoint has the name asked for; `.suggestions` are the nearest that exist."""

    def __init__(
        self,
        name: str,
        suggestions: Sequence[str] = (),
        *,
        code: str = "MODEL_NOT_FOUND",
        others: Iterable[Fault] = (),
    ) -> None:
        self.name = name
        self.suggestions = tuple(suggestions)
        hint = f" Did you mean {_either(self.suggestions)}?" if self.suggestions else ""
        message = f"There is no model {name!r}.{hint} `pentaprism models` (or GET /openai/v1/models) lists them all."
        super().__init__([Fault("model", message, code), *others])


class CompileError(PentaprismError):
    """One endpoint cannot serve one request; `.refusals` says why, one entry for each reason."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals: tuple[Refusal, ...] = tuple(refusals)
        super().__init__("\n".join(str(refusal) for refusal in self.refusals))

    @property
    def param(self) -> str | None:
        """The parameter of the first reason, or None."""
        return self.refusals[0].param

    @property
    def code(self) -> str:
        """The first reason's code, such as `out-of-range`."""
        return self.refusals[0].code


class NoEndpointError(PentaprismError):
    """No endpoint can serve the request; `.refusals` has at least one reason for each of them.

    `.param` is the parameter every endpoint stumbled over, if it was the same one. `.nearest` holds what would have
    to change for an endpoint to serve it, the least first; empty where nothing short of another request would do.
    """

    def __init__(
        self, message: str, refusals: Iterable[Refusal], param: str | None = None, nearest: Iterable[Nearest] = ()
    ) -> None:
        self.refusals: tuple[Refusal, ...] = tuple(refusals)
        self.nearest: tuple[Nearest, ...] = tuple(nearest)
        self.param = param
        self.code = "INVALID_REQUEST"
        super().__init__(message)


class MissingDependency(PentaprismError):
    """A feature needs an extra that is not installed; the message is the command that installs it."""

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f'{feature} needs an extra that is not installed: pip install "pentaprism[{extra}]"')


class Failure(StrEnum):
    """What a provider may have done before a call failed, and so what may follow (DESIGN section 6).

    `not-sent`: nothing; retry and fail over freely. `rejected`: it said no, and bills nothing; fail over.
    `refused`: it said no to the content, or the fault is the caller's; asking elsewhere is no remedy.
    `accepted`: it took the job; resume by its request id, never submit again.
    `ambiguous`: nobody knows; no retry and no failover unless the caller asked for them.
    """

    NOT_SENT = "not-sent"
    REJECTED = "rejected"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    AMBIGUOUS = "ambiguous"


class ProviderError(PentaprismError):
    """A provider, or the way to it, failed.

    `status` is the HTTP status where there was one, `code` one of the gateway's error table,
    `request_id` the provider's own id where the job had been accepted, `attempts` what was tried before giving up.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        failure: Failure,
        code: str = "UPSTREAM_ERROR",
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        attempts: Sequence[Any] = (),
    ) -> None:
        self.attempts = tuple(attempts)
        self.provider = provider
        self.failure = failure
        self.code = code
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(message)


class TransportError(PentaprismError):
    """No HTTP reply came. A driver throws it into the exchange at the call that failed.

    `sent` is False where the request cannot have reached the provider (DNS, connect, TLS, pool) and True where it
    may have (read time-out, reset after the body was sent). An exchange retries a poll; it turns a failed submission
    into a `ProviderError` of class not-sent or ambiguous.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(message)


def _either(names: Sequence[str]) -> str:
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def did_you_mean(name: str, known: Iterable[str], *, count: int = 3) -> tuple[str, ...]:
    """The names nearest to a misspelt one, best first; empty where nothing is near.

    >>> did_you_mean("flux-1-dev", ["flux.1-dev", "flux.2-flex", "recraft-v3"], count=1)
    ('flux.1-dev',)
    """
    # Imported here because only who mistyped needs it.
    import difflib

    lowered = {candidate.lower(): candidate for candidate in known}
    return tuple(lowered[hit] for hit in difflib.get_close_matches(name.lower(), lowered, n=count, cutoff=0.6))
