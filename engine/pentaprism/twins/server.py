"""Runs the twins: each provider's apps on free ports of the loopback, in threads of this process. Row 7.

It must not know a protocol beyond its name in `PROTOCOLS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, TypeAlias

import uvicorn
from starlette.types import ASGIApp

from . import bfl, fal, openai_images, replicate
from .studio import CatalogLike
from .twin import Twin

__all__ = ["PROTOCOLS", "Certificate", "Schedule", "Twins"]

Certificate: TypeAlias = tuple[str | os.PathLike[str], str | os.PathLike[str]]
"""The PEM files of a certificate with its chain, and of its private key."""
Schedule: TypeAlias = Sequence[str | None] | Mapping[str, float]
"""Faults of the next submissions: step by step, None for one that goes through; or the chance of each, 0 to 1."""

HOST = "127.0.0.1"
# How long a start or a stop may take before something is wrong, and how often a start is looked at.
PATIENCE = 10.0
TICK = 0.005

PROTOCOLS: Mapping[str, Callable[[Twin], Mapping[str, ASGIApp]]] = {
    "bfl": bfl.apps,
    "fal": fal.apps,
    "openai": openai_images.apps,
    "replicate": replicate.apps,
}


class Twins:
    """The catalog's providers, offline; a context manager that serves them while it is entered.

    `providers` are provider ids, None for every one whose protocol has a twin. `key` is the credential all of them
    want, `latency` the seconds a job takes, `polls` how often a job is asked in vain, `ports` fixed ports by the keys
    of `bases`. `schedule` are faults by provider, as the method `schedule` takes them. With `tls` every twin speaks
    HTTPS under that certificate: some SDKs know nothing else. `drift` names contracts (`fal/fal-ai/flux/dev`) and the
    schemas to publish in their place, as if the provider had changed; bodies are checked against the catalog's all the
    same. After entering, `bases` maps a provider's id to its origin; fal's synchronous host is `fal-sync`.

    Raises ValueError for a provider that is not in the catalog or has no twin, for ports, faults, contracts and
    certificates that mean nothing here, and for a provider's name in any method that none of these twins has.

    >>> from pentaprism.api import Catalog
    >>> with Twins(Catalog.load(), ["replicate"]) as twins:
    ...     sorted(twins.bases), twins.requests("replicate"), twins.bill("replicate")
    (['replicate'], [], Decimal('0'))
    """

    def __init__(
        self,
        catalog: CatalogLike,
        providers: Iterable[str] | None = None,
        *,
        key: str = "twin-key",
        latency: float = 0.0,
        polls: int = 1,
        ports: Mapping[str, int] | None = None,
        schedule: Mapping[str, Schedule] | None = None,
        tls: Certificate | None = None,
        drift: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        known = {name for name, provider in catalog.providers.items() if provider.protocol in PROTOCOLS}
        chosen = [name for name in catalog.providers if name in known] if providers is None else list(providers)
        strange = [name for name in chosen if name not in known]
        if strange:
            raise ValueError(f"there is no twin for {', '.join(strange)}; there are {', '.join(sorted(known))}")
        self.key = key
        self.bases: dict[str, str] = {}
        self.apps: dict[str, ASGIApp] = {}
        self._twins: dict[str, Twin] = {}
        self._servers: dict[str, _Server] = {}
        self._owners: dict[str, str] = {}
        self._tls = tls
        self._ports = dict(ports or {})
        if tls is not None:
            _check(tls)
        for name in chosen:
            provider = catalog.providers[name]
            twin = self._twins[name] = Twin(catalog, provider, key=key, latency=latency, polls=polls)
            for suffix, app in PROTOCOLS[provider.protocol](twin).items():
                self.apps[name + suffix] = app
                self._owners[name + suffix] = name
        if unused := sorted(set(self._ports) - set(self.apps)):
            raise ValueError(f"a port for {', '.join(unused)}, but there are {', '.join(sorted(self.apps))}")
        for name, faults in (schedule or {}).items():
            self.schedule(name, faults)
        for contract, schema in (drift or {}).items():
            name, _, own_id = contract.partition("/")
            if name not in self._twins or own_id not in self._twins[name].contracts:
                raise ValueError(f"no twin here publishes the contract {contract!r}")
            self._twins[name].contracts[own_id] = schema

    def __enter__(self) -> Twins:
        try:
            for name, app in self.apps.items():
                self._servers[name] = _Server(app, self._ports.get(name, 0), self._tls)
            for name, server in self._servers.items():
                server.wait()
                self.bases[name] = server.origin
        except BaseException:
            self._stop(list(self._servers))
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop(list(self._servers))

    def requests(self, provider: str) -> list[dict[str, Any]]:
        """The provider's log, oldest first: method, path, json, status, headers without the credential, notes."""
        return self._twin(provider).journal.requests()

    def bill(self, provider: str) -> Decimal:
        """What the provider would charge, in US dollars. Raises ValueError where the catalog has no exact price."""
        return self._twin(provider).journal.bill()

    def charges(self, provider: str) -> list[dict[str, Any]]:
        """The provider's bill, line by line."""
        return [charge.to_dict() for charge in self._twin(provider).journal.charges()]

    def fail_next(self, provider: str, fault: str) -> None:
        """Make the provider's next submission fail so. Raises ValueError for a name not in `FAULTS`."""
        self._twin(provider).journal.arm(fault)

    def schedule(self, provider: str, faults: Schedule, *, repeat: bool = False, seed: int = 0) -> None:
        """Lay down what the provider's submissions suffer from now on, in place of any schedule before.

        A list has one step for each submission, None (or "none") for one that goes through; with `repeat` it starts
        over when it is used up. A mapping has the chance of each fault, and the same `seed` draws the same ones.
        Faults by `fail_next` come before it. Raises ValueError for a name not in `FAULTS` and for chances that are
        none or add up to more than 1.

        >>> from pentaprism.api import Catalog
        >>> Twins(Catalog.load(), ["fal"]).schedule("fal", ["429", None, "slow"], repeat=True)
        """
        self._twin(provider).journal.schedule(faults, repeat=repeat, seed=seed)

    def disarm(self) -> None:
        """Forget every fault that was armed and has not struck yet, and every schedule."""
        for twin in self._twins.values():
            twin.journal.disarm()

    def hurry(self) -> None:
        """Let every job be ready at the next poll, those under way too: what took long is done."""
        for twin in self._twins.values():
            twin.hurry()

    def stop(self, provider: str) -> None:
        """Close one provider's ports, as if it had gone away; its log and bill stay."""
        self._twin(provider)
        self._stop([name for name in self._servers if self._owners[name] == provider])

    def _twin(self, provider: str) -> Twin:
        if provider not in self._twins:
            raise ValueError(f"no twin of {provider!r} is served here; there are {', '.join(sorted(self._twins))}")
        return self._twins[provider]

    def _stop(self, names: list[str]) -> None:
        servers = [self._servers.pop(name) for name in names]
        for server in servers:
            server.ask_to_stop()
        for server in servers:
            server.join()


def _check(tls: Certificate) -> None:
    certificate, private_key = tls
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key)
    except OSError as error:
        raise ValueError(
            f"{certificate} and {private_key} are not the PEM files of a certificate and its private key: {error}"
        ) from error


class _Abrupt(uvicorn.Server):
    """A uvicorn server that stops as a provider does that goes away: at once, and with its connections cut."""

    def wake(self) -> None:
        """Stop now; from any thread."""
        self.should_exit = self.force_exit = True
        with contextlib.suppress(AttributeError, RuntimeError):  # not started yet, or ended already
            self._loop.call_soon_threadsafe(self._woken.set)

    async def main_loop(self) -> None:
        """Tick as the original does, so that the `Date` header moves on, until woken."""
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port, cut every connection, and let nothing run on."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        # One turn of the loop, in which the protocols learn of it and so send no reply.
        await asyncio.sleep(0)
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Server:
    """One app on one port, in one thread."""

    def __init__(self, app: ASGIApp, port: int, tls: Certificate | None) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno, f"port {port} of {HOST}: {error.strerror}") from error
        self.origin = f"{'https' if tls else 'http'}://{HOST}:{self._socket.getsockname()[1]}"
        certificate, private_key = tls or (None, None)
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            ws="none",
            server_header=False,
            ssl_certfile=certificate,
            ssl_keyfile=private_key,
        )
        self._server = _Abrupt(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Return when it answers."""
        pause = threading.Event()
        for _ in range(round(PATIENCE / TICK)):
            if self._server.started:
                return
            if not self._thread.is_alive():
                break
            pause.wait(TICK)
        raise RuntimeError(f"the twin at {self.origin} did not start")

    def ask_to_stop(self) -> None:
        """Close the port and drop what is under way."""
        self._server.wake()

    def join(self) -> None:
        """Return when its thread has ended."""
        self._thread.join(PATIENCE)
        self._socket.close()
