"""Every failure as OpenAI's error envelope: the table of codes, and the one place that turns exceptions into replies.

Row 7. No stack trace and no decoder's words leave here: whatever is not one of this package's own exceptions becomes
INTERNAL_ERROR, is logged under the request id, and says nothing more. It must not send anything.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ..errors import (
    Failure,
    MissingDependency,
    NoEndpointError,
    PentaprismError,
    ProviderError,
    RequestError,
)
from ..explain import explain_nearest
from .codec import JsonResponse

__all__ = ["TABLE", "Case", "Envelope", "GatewayError", "answer", "envelope"]

_LOG = logging.getLogger("pentaprism.gateway")


@dataclass(frozen=True, slots=True)
class Case:
    """What a code means to a client: the HTTP status and OpenAI's `type`."""

    status: int
    type: str


TABLE: Mapping[str, Case] = {
    "INVALID_REQUEST": Case(400, "invalid_request_error"),
    "CONTENT_POLICY_VIOLATION": Case(400, "image_generation_user_error"),
    "AUTHENTICATION_FAILED": Case(401, "authentication_error"),
    "INSUFFICIENT_BALANCE": Case(402, "insufficient_quota"),
    "FORBIDDEN": Case(403, "permission_error"),
    "NOT_FOUND": Case(404, "invalid_request_error"),
    "MODEL_NOT_FOUND": Case(404, "invalid_request_error"),
    "MODEL_DISABLED": Case(404, "invalid_request_error"),
    "RATE_LIMITED": Case(429, "rate_limit_error"),
    "INTERNAL_ERROR": Case(500, "server_error"),
    "UPSTREAM_ERROR": Case(502, "upstream_error"),
    "ALL_PROVIDERS_EXHAUSTED": Case(502, "upstream_error"),
    "OUTCOME_UNKNOWN": Case(502, "upstream_error"),
    "OUTPUT_MISMATCH": Case(502, "upstream_error"),
    "OVERLOADED": Case(503, "server_error"),
}
"""Every code this gateway answers with. `image_generation_user_error` is OpenAI's own type for refused content."""

_BY_STATUS = {403: "FORBIDDEN", 404: "NOT_FOUND", 503: "OVERLOADED"}
# After these a provider may have billed: the OpenAI SDKs would otherwise send the request twice more.
_MAYBE_BILLED = (Failure.ACCEPTED, Failure.AMBIGUOUS, Failure.REFUSED)
_NO_RETRY = {"x-should-retry": "false"}


class GatewayError(PentaprismError):
    """The gateway's own refusal: a code of `TABLE`, and a status where it is not the code's usual one."""

    def __init__(self, code: str, message: str, *, status: int | None = None, param: str | None = None) -> None:
        self.code = code
        self.status = status or TABLE[code].status
        self.param = param
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A failure as a client sees it; `extra` stands beside the four fields of OpenAI's error object."""

    status: int
    code: str
    message: str
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The reply's body."""
        kind = TABLE[self.code].type
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code, **self.extra}
        return {"error": error}


def envelope(error: Exception, request_id: str, where: str = "") -> Envelope:
    """What a client is told about an exception; `where` is the method and path, for replies about those.

    >>> from ..errors import Fault
    >>> told = envelope(RequestError([Fault("n", "n must be 1 to 10, not 11.")]), "req_1")
    >>> told.status, told.param, told.body["error"]["code"]
    (400, 'n', 'INVALID_REQUEST')
    """
    if isinstance(error, GatewayError):
        return Envelope(status=error.status, code=error.code, message=str(error), param=error.param)
    if isinstance(error, RequestError):
        code = error.code if error.code in TABLE else "INVALID_REQUEST"
        faults = {"errors": [fault.to_dict() for fault in error.faults]}
        message = error.faults[0].message
        return Envelope(status=TABLE[code].status, code=code, message=message, param=error.param, extra=faults)
    if isinstance(error, NoEndpointError):
        told = {
            "refusals": [refusal.to_dict() for refusal in error.refusals],
            "nearest": [explain_nearest(one) for one in error.nearest],
        }
        return Envelope(status=400, code="INVALID_REQUEST", message=str(error), param=error.param, extra=told)
    if isinstance(error, ProviderError):
        return _upstream(error, request_id)
    if isinstance(error, HTTPException):
        return _http(error, where)
    if isinstance(error, ClientDisconnect):
        return Envelope(status=400, code="INVALID_REQUEST", message="The body ended before it was whole.")
    # A bug may have struck after a provider was paid.
    message = f"Something went wrong here, not with your request. It is logged under {request_id}."
    if isinstance(error, MissingDependency):
        message = str(error)
    return Envelope(status=500, code="INTERNAL_ERROR", message=message, headers=_NO_RETRY)


def _upstream(error: ProviderError, request_id: str) -> Envelope:
    code = error.code if error.code in TABLE else "UPSTREAM_ERROR"
    headers = {}
    message = str(error)
    if error.failure in _MAYBE_BILLED:
        headers.update(_NO_RETRY)
        if code == "OUTCOME_UNKNOWN":
            message += f" Whether it was billed is not known; GET /v1/requests/{request_id} says what is."
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
    extra = {
        "provider": error.provider,
        "request_id": request_id,
        "provider_request_id": error.request_id,
        "attempts": [attempt.to_dict() for attempt in error.attempts],
    }
    return Envelope(status=TABLE[code].status, code=code, message=message, headers=headers, extra=extra)


def _http(error: HTTPException, where: str) -> Envelope:
    status, headers = error.status_code, dict(error.headers or {})
    if status == 404:
        message = f"There is nothing at {where}. The image API is at /openai/v1 and at /v1, such as /v1/models."
    elif status == 405:
        message = f"{where} is not offered; this path takes {headers.get('Allow', 'another method')}."
    else:
        message = error.detail
    return Envelope(status=status, code=_BY_STATUS.get(status, "INVALID_REQUEST"), message=message, headers=headers)


async def answer(request: Request, error: Exception) -> Response:
    """The reply to an exception that a handler, or anything around it, let through."""
    request_id: str = request.scope["request_id"]
    told = envelope(error, request_id, f"{request.method} {request.scope['path']}")
    if told.status >= 500 and not isinstance(error, (GatewayError, ProviderError)):
        _LOG.error("%s failed", request_id, exc_info=error)
    return JsonResponse(told.body, status_code=told.status, headers=dict(told.headers))
