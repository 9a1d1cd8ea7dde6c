"""Clients of the twins: fal's queue over plain HTTP, the replicate SDK, and the smallest driver of an exchange.

With a certificate for the twins, for the SDKs that speak only TLS.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import trustme
from PIL import Image
from replicate.client import Client as Replicate

from pentaprism.client import ProviderSettings
from pentaprism.errors import TransportError
from pentaprism.twins import Twins
from pentaprism.types import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Wait

FLUX = "black-forest-labs/flux-dev"
FAL_FLUX = "fal-ai/flux/dev"
FAL_EDIT = "fal-ai/flux/dev/image-to-image"
SCHEMES = {"fal": "Key", "openai": "Bearer", "replicate": "Bearer"}


def keyed(twins: Twins, host: str) -> httpx.Client:
    return httpx.Client(verify=False, base_url=twins.bases[host], headers={"authorization": f"Key {twins.key}"})


@contextmanager
def connected(twins: Twins, token: str | None = None) -> Iterator[Replicate]:
    """The official SDK, pointed at the twin."""
    client = Replicate(api_token=token or twins.key, base_url=twins.bases["replicate"])
    try:
        yield client
    finally:
        client._client.close()


def certified(folder: Path) -> tuple[tuple[Path, Path], Path]:
    """A certificate for the loopback and its private key, as files, and the file of the authority behind it."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    chain, private_key, trusted = (folder / name for name in ("server.pem", "server.key", "client.pem"))
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(private_key))
    authority.cert_pem.write_to_path(str(trusted))
    return (chain, private_key), trusted


def settings_of(twins: Twins) -> dict[str, ProviderSettings]:
    """Client settings that point every provider at its twin."""
    return {name: ProviderSettings(key=twins.key, base_url=base) for name, base in twins.bases.items()}


def fetch(url: str) -> httpx.Response:
    # Plain HTTP: loading certificates would take longer than everything else here.
    return httpx.get(url, verify=False)


def picture(width: int = 40, height: int = 30) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(stream, "PNG")
    return stream.getvalue()


def data_uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def finished(fal: httpx.Client, endpoint: str, **body: Any) -> httpx.Response:
    """Submit to the queue, poll until it is complete, and fetch the result."""
    ticket = fal.post(f"/{endpoint}", json=body).raise_for_status().json()
    for _ in range(10):
        if fal.get(ticket["status_url"]).json()["status"] == "COMPLETED":
            break
    return fal.get(ticket["response_url"])


class Driver:
    """The smallest driver there can be: makes the calls, adds the key, lets no time pass."""

    def __init__(self, twins: Twins, provider: str) -> None:
        self.headers = {"authorization": f"{SCHEMES[provider]} {twins.key}"}
        self.events: list[Event] = []
        self.stop_after: str | None = None

    def run(self, steps: Exchange) -> ExchangeResult:
        with httpx.Client(verify=False, headers=self.headers) as client:
            return self._run(steps, client)

    def _run(self, steps: Exchange, client: httpx.Client) -> ExchangeResult:
        answer: HttpReply | TransportError | None = None
        try:
            while True:
                step = steps.throw(answer) if isinstance(answer, TransportError) else steps.send(answer)
                answer = self._make(step, client) if isinstance(step, HttpCall) else None
                if isinstance(step, Event):
                    self.events.append(step)
                    if step.kind == self.stop_after:
                        raise InterruptedError(step.kind)
                assert isinstance(step, HttpCall | Wait | Event)
        except StopIteration as stop:
            result: ExchangeResult = stop.value
            return result

    @staticmethod
    def _make(call: HttpCall, client: httpx.Client) -> HttpReply | TransportError:
        files = [(part.name, (part.filename, part.content, part.content_type)) for part in call.parts or ()]
        try:
            reply = client.request(
                call.method, call.url, headers=dict(call.headers), json=call.json, files=files or None
            )
        except httpx.ConnectError as error:
            return TransportError(str(error), sent=False)
        except httpx.TransportError as error:
            return TransportError(str(error), sent=True)
        return HttpReply(status=reply.status_code, headers=dict(reply.headers), body=reply.content)


def ordered(twins: Twins, provider: str, body: Any, **headers: str) -> HttpCall:
    """The submission of a body to the provider's text-to-image endpoint."""
    path = f"/{FAL_FLUX}" if provider == "fal" else f"/v1/models/{FLUX}/predictions"
    wrapped = body if provider == "fal" else {"input": body}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpCall(method="POST", url=twins.bases[provider] + path, headers=named, json=wrapped, submits=True)


def submissions(twins: Twins, name: str) -> list[dict[str, Any]]:
    return [entry for entry in twins.requests(name) if entry["method"] == "POST"]
