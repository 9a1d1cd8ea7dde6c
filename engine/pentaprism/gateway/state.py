"""What one running gateway holds: the catalog, the client, the ledger, the pictures, the requests under way. Row 7.

It is opened when the server starts and closed when it stops. It must not know HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from starlette.requests import Request

from ..api import Catalog
from ..client import AsyncClient
from ..types import Parameter
from .ledger import SqliteLedger, Unfinished
from .media_folder import MediaFolder
from .recovery import recover
from .settings import GatewaySettings

__all__ = ["Gateway", "check_settings", "gateway_of"]

_T = TypeVar("_T")


class Gateway:
    """One running gateway. Make it on the event loop it will serve from.

    Raises PentaprismError where the ledger or the folder cannot be opened.
    """

    def __init__(self, catalog: Catalog, settings: GatewaySettings) -> None:
        self.catalog = catalog
        self.settings = settings
        self.by_name: Mapping[str, Parameter] = {
            name: parameter
            for parameter in catalog.parameters.values()
            for name in (*parameter.synonyms, parameter.name)
        }
        self.media = MediaFolder(settings.media, secret=settings.media_secret, lifetime=settings.link_seconds)
        self.ledger = SqliteLedger(settings.ledger, wordless=catalog.without_words)
        self.client = AsyncClient(
            catalog,
            providers=settings.providers,
            timeout=settings.timeout,
            ledger=self.ledger,
            resilience=settings.resilience,
            pictures=settings.pictures,
        )
        self.running: dict[str, asyncio.Task[Any]] = {}
        self.model_list: bytes | memoryview | None = None
        self._recover()

    def _recover(self) -> None:
        """Take up what an earlier process had under way, beside serving."""
        calls: dict[str, list[Unfinished]] = {}
        for call in self.ledger.unfinished():
            calls.setdefault(call.request_id, []).append(call)
        for request_id, own in calls.items():
            self.start(request_id, recover(request_id, own, self.ledger, self.client.resume, self.media.save))

    async def finish(self, request_id: str, work: Coroutine[Any, Any, _T]) -> _T:
        """What the work gives; it goes on to its end even where whoever waits for it is cancelled.

        A submitted job is paid for whether its caller stays or not, so its pictures and its cost must be taken in.
        """
        return await asyncio.shield(self.start(request_id, work))

    def start(self, request_id: str, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Begin the work of a request, which goes on to its end whoever waits for it."""
        task = asyncio.create_task(work, name=request_id)
        self.running[request_id] = task
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        del self.running[task.get_name()]
        if not task.cancelled():
            # Asked for here, because nobody else may be left to ask.
            task.exception()

    async def close(self) -> None:
        """Let what is under way end, within the time any submission may take, and close everything.

        An accepted job that has not ended by then stays on the ledger as such, and is taken up at the next start.
        """
        tasks = list(self.running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.settings.timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.client.close()
        self.ledger.close()


def check_settings(settings: GatewaySettings) -> None:
    """Raise PentaprismError where a gateway could not open what these settings name, before a server tries."""
    MediaFolder(settings.media, secret=settings.media_secret, lifetime=settings.link_seconds).check()
    SqliteLedger(settings.ledger).close()


def gateway_of(request: Request) -> Gateway:
    """The gateway that serves a request."""
    gateway: Gateway = request.app.state.gateway
    return gateway
