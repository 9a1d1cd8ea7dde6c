"""A gateway on a real socket in front of the twins, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from pentaprism import Catalog
from pentaprism.client import ProviderSettings
from pentaprism.gateway import GatewaySettings, SqliteLedger, create_app, serve_in_thread
from pentaprism.twins import Twins

__all__ = ["Rig", "gateway_rig", "wait_until"]


@dataclass(frozen=True)
class Rig:
    """A running gateway, the twins behind it, and a client in front of it."""

    app: Starlette
    base: str
    twins: Twins
    http: httpx.Client
    settings: GatewaySettings

    @property
    def ledger(self) -> SqliteLedger:
        ledger: SqliteLedger = self.app.state.gateway.ledger
        return ledger

    def generate(self, **body: Any) -> httpx.Response:
        """POST images/generations with a model and a prompt, unless others are given."""
        return self.post("/v1/images/generations", {"model": "flux.1-dev", "prompt": "a lighthouse", **body})

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def submissions(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What the twins were asked to make: provider and body, in each provider's order."""
        return [
            (name, entry["json"])
            for name in ("fal", "replicate")
            for entry in self.twins.requests(name)
            if entry["method"] == "POST"
        ]


@contextmanager
def gateway_rig(
    catalog: Catalog, data: Path, *, latency: float = 0.0, bases: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[Rig]:
    """Twins, a gateway pointed at them (or at other `bases`), and a client, all closed at the end."""
    with Twins(catalog, latency=latency) as twins:
        origins = {**twins.bases, **(bases or {})}
        providers = {name: ProviderSettings(key=twins.key, base_url=base) for name, base in origins.items()}
        chosen = GatewaySettings(data=data, providers=providers, **settings)
        app = create_app(catalog, settings=chosen)
        with serve_in_thread(app) as base, httpx.Client(base_url=base, timeout=30, trust_env=False) as http:
            yield Rig(app=app, base=base, twins=twins, http=http, settings=chosen)


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return as soon as something holds; fail where it does not in time."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"it did not hold within {seconds} s"
        pause.wait(0.01)
