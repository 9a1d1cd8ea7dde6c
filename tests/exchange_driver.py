"""Drives an exchange from a script, and the providers, calls and replies to do it with: no sockets, no clock."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from pentaprism.errors import ProviderError, TransportError
from pentaprism.types import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Provider, Wait

FAL = Provider(
    id="fal",
    name="fal",
    protocol="fal",
    homepage="https://fal.ai",
    auth_header="Authorization",
    auth_scheme="Key",
    env="FAL_KEY",
    method="POST",
    submit_url="https://queue.fal.run/{endpoint}",
    hosts=("queue.fal.run",),
    bills={"failed": False, "server_error": False},
)
REPLICATE = FAL._replace(
    id="replicate",
    name="Replicate",
    protocol="replicate",
    env="REPLICATE_API_TOKEN",
    bills={"failed": False, "canceled": True},
)
OPENAI = FAL._replace(
    id="openai",
    name="OpenAI",
    protocol="openai",
    auth_scheme="Bearer",
    env="OPENAI_API_KEY",
    submit_url="https://api.openai.com/v1/{endpoint}",
    hosts=("api.openai.com",),
    bills={},
)
OPENAI_CALL = HttpCall(
    method="POST",
    url="https://api.openai.com/v1/images/generations",
    json={"model": "gpt-image-2", "prompt": "a cat"},
    submits=True,
)
FAL_CALL = HttpCall(method="POST", url="https://queue.fal.run/fal-ai/flux/dev", json={"prompt": "a cat"}, submits=True)
REPLICATE_CALL = HttpCall(
    method="POST",
    url="https://api.replicate.com/v1/models/black-forest-labs/flux-dev/predictions",
    json={"input": {"prompt": "a cat"}},
    submits=True,
)
TICKET = {
    "status": "IN_QUEUE",
    "request_id": "r1",
    "status_url": "https://queue.fal.run/fal-ai/flux/requests/r1/status",
    "response_url": "https://queue.fal.run/fal-ai/flux/requests/r1",
    "cancel_url": "https://queue.fal.run/fal-ai/flux/requests/r1/cancel",
}
COMPLETED: dict[str, Any] = {"status": "COMPLETED", "logs": None, "metrics": {}}
FLAGGED = {"detail": [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]}
CASES = {"fal": (FAL, FAL_CALL), "replicate": (REPLICATE, REPLICATE_CALL)}
both = pytest.mark.parametrize(("provider", "call"), list(CASES.values()), ids=list(CASES))


def reply(body: Any = None, status: int = 200, **headers: str) -> HttpReply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpReply(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=content
    )


def events(*bodies: dict[str, Any]) -> bytes:
    """Server-sent events with these bodies, as OpenAI writes them."""
    return b"".join(f"event: {body.get('type')}\ndata: {json.dumps(body)}\n\n".encode() for body in bodies)


def streamed(*bodies: dict[str, Any]) -> HttpReply:
    return reply(events(*bodies), content_type="text/event-stream; charset=utf-8")


@dataclass
class Driver:
    """Answers an exchange's calls from a script, the last answer again and again, and writes down its steps."""

    script: Iterable[HttpReply | TransportError]
    calls: list[HttpCall] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def run(self, steps: Exchange) -> ExchangeResult:
        answers = iter(self.script)
        last: HttpReply | TransportError | None = None
        answer: HttpReply | TransportError | None = None
        try:
            while True:
                step = steps.throw(answer) if isinstance(answer, TransportError) else steps.send(answer)
                answer = None
                if isinstance(step, Wait):
                    self.waits.append(step.seconds)
                elif isinstance(step, Event):
                    self.events.append(step)
                else:
                    self.calls.append(step)
                    answer = last = next(answers, last)
                    assert answer is not None, f"nothing in the script answers {step}"
        except StopIteration as stop:
            result: ExchangeResult = stop.value
            return result

    def fails(self, steps: Exchange) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            self.run(steps)
        return caught.value


def pictures(*urls: str, **more: Any) -> dict[str, Any]:
    return {"images": [{"url": url, "width": 8, "height": 8} for url in urls], **more}


def prediction(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "p1", "status": status, "output": None, "error": None, "logs": "", **more}


ACCEPTED = {"fal": reply(TICKET), "replicate": reply(prediction("starting"), 202)}
FINISHED = {
    "fal": [reply(COMPLETED), reply(pictures("https://a"))],
    "replicate": [reply(prediction("succeeded", output="https://a"))],
}


def with_bills(provider: Provider, **bills: bool) -> Provider:
    return provider._replace(bills=bills)
