"""Serving the app with uvicorn: in the foreground, or in a thread beside its caller. Row 7.

The app asks nobody for a key, so it is served on the loopback alone.
"""

from __future__ import annotations

import ipaddress
import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.applications import Starlette

from ..client.client import DEFAULT_TIMEOUT
from ..errors import PentaprismError

__all__ = ["run", "serve_in_thread"]

# How long starting and stopping may take before something is wrong, in seconds.
PATIENCE = 30.0
# Longer than the clients' pools keep an idle connection, so that none is closed just as it is used again.
KEEP_ALIVE = 75


class _Server(uvicorn.Server):
    """Says when it listens, so that nobody has to ask again and again."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()


def run(app: Starlette, *, host: str = "127.0.0.1", port: int = 8080, say: Callable[[str], None] | None = None) -> None:
    """Serve until interrupted. Port 0 takes a free one; `say` is told the address once the server listens.

    On SIGTERM and Ctrl-C no new request is taken, and those under way are let finish.

    Raises PentaprismError where the host is not this machine's loopback, the port is taken, or the ledger or the
    folder of pictures cannot be opened.

    >>> run(Starlette(), host="0.0.0.0")
    Traceback (most recent call last):
    pentaprism.errors.PentaprismError: 0.0.0.0 is not a loopback address. ...
    """
    _require_loopback(host)
    app.state.check()
    listener = _bind(host, port)
    address = _origin(listener)

    def listening() -> None:
        if say is not None:
            say(f"listening on {address}; the OpenAI base URL is {address}/openai/v1")

    try:
        # uvicorn has shut everything down by the time it passes Ctrl-C on.
        with suppress(KeyboardInterrupt):
            _Server(_config(app), listening).run([listener])
    finally:
        listener.close()


@contextmanager
def serve_in_thread(app: Starlette, port: int = 0) -> Iterator[str]:
    """Serve in a thread while the context is open; gives the base URL, such as `http://127.0.0.1:40001`.

    Raises PentaprismError as `run` does, and where the app does not start for another reason, which its log holds.
    """
    app.state.check()
    listener = _bind("127.0.0.1", port)
    ready = threading.Event()
    server = _Server(_config(app), ready.set)

    def serve() -> None:
        try:
            server.run([listener])
        finally:
            ready.set()

    thread = threading.Thread(target=serve, name="pentaprism-gateway", daemon=True)
    thread.start()
    try:
        if not ready.wait(PATIENCE) or not server.started:
            raise PentaprismError("The gateway did not start; its log says why.")
        yield _origin(listener)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=math.ceil(DEFAULT_TIMEOUT),
    )


def _require_loopback(host: str) -> None:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise PentaprismError(
            f"{host} is not a loopback address. This gateway asks its callers for no key, so it would spend your "
            "providers' money for anyone who reaches it; listen on 127.0.0.1."
        )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PentaprismError(f"{host}:{port} cannot be listened on: {error.strerror}.") from error
    return listener


def _origin(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
