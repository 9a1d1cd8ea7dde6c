"""A provider as Black Forest Labs is one, a call to it, and what it answers."""

from __future__ import annotations

from typing import Any

from exchange_driver import reply
from pentaprism.types import HttpCall, HttpReply, Provider

BFL = Provider(
    id="bfl",
    name="Black Forest Labs",
    protocol="bfl",
    homepage="https://bfl.ai",
    auth_header="x-key",
    auth_scheme=None,
    env="BFL_API_KEY",
    method="POST",
    submit_url="https://api.bfl.ai/v1/{endpoint}",
    hosts=("api.bfl.ai", "*.bfl.ai"),
    bills={"failed": True},
)
CALL = HttpCall(method="POST", url="https://api.bfl.ai/v1/flux-2-flex", json={"prompt": "a cat"}, submits=True)
POLLING = "https://api.eu2.bfl.ai/v1/get_result?id=t1"
TICKET = {"id": "t1", "polling_url": POLLING, "cost": 5.0, "input_mp": 0.0, "output_mp": 0.75}


def task(status: Any, **more: Any) -> dict[str, Any]:
    return {"id": "t1", "status": status, "result": None, "progress": None, "details": None, "preview": None, **more}


def ready(sample: Any = "https://delivery.example/a.jpeg", **more: Any) -> HttpReply:
    return reply(task("Ready", result={"sample": sample, **more}))
