"""`AsyncClient` and `Client`: the OpenAI SDK's `images.generate` and `images.edit`, without a server in between.

Row 6. The synchronous client runs the asynchronous one on an event loop of its own, in a thread of its own, so that
there is one implementation and it works inside a running loop too. It must not decide anything.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, TypeVar

import httpx

from ..api import Catalog
from ..errors import Fault, RequestError
from ..exchange import PROTOCOLS
from ..explain import require_candidate
from ..types import Cost, ImageRequest, Mode, Route
from .hooks import Attempt, Ledger, NoLedger
from .resilience import Resilience
from .result import Image, ImagesResponse
from .run import OnImage, OnPreview, Runner
from .settings import PictureSettings, ProviderSettings, read_settings
from .transport import Transport

__all__ = ["AsyncClient", "AsyncImages", "Client", "Images"]

_T = TypeVar("_T")
DEFAULT_TIMEOUT = 300.0
"""Seconds a request may take in all, as the reference product allows (five minutes)."""


class AsyncImages:
    """`client.images` of the asynchronous client."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def generate(self, **parameters: Any) -> ImagesResponse:
        """Make pictures from words; OpenAI's parameters by name, and every other name the catalog knows.

        Raises:
            RequestError: the request is wrong wherever it goes.
            NoEndpointError: no endpoint of the model can serve it.
            ProviderError: the providers failed; `.failure` says what may have happened.
        """
        if parameters.get("image") is not None or parameters.get("mask") is not None:
            raise RequestError([Fault("image", "generate takes no image; call images.edit with it.")])
        return await self._client.run(self._client.route(parameters, mode=Mode.TEXT_TO_IMAGE))

    async def edit(self, **parameters: Any) -> ImagesResponse:
        """Change a picture: `image` is bytes, a path, an open file, a URL or a data URI. Raises as `generate`."""
        return await self._client.run(self._client.route(parameters, mode=Mode.IMAGE_EDIT))


class AsyncClient:
    """Runs requests in-process: routes them, submits, polls, fetches, converts and checks.

    Args:
        catalog: None is the catalog that came with the package.
        providers: keys and base URLs by provider id; a key not given is read from the environment.
        timeout: seconds a request may take in all.
        ledger: told before each submission, at acceptance, settlement and failure.
        transport: an httpx transport to use instead of the network.
        resilience: breakers, retries, and how much is asked of one provider at once.
        pictures: the limits of input images that are fetched here and of results, and where either may come from.
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        *,
        providers: Mapping[str, ProviderSettings] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        ledger: Ledger | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        pictures: PictureSettings | None = None,
        resilience: Resilience | None = None,
    ) -> None:
        self.catalog = catalog or Catalog.load()
        self.settings = read_settings(self.catalog.providers, providers)
        self._transport = Transport(self.catalog.providers, self.settings, transport, pictures)
        self._runner = Runner(self.catalog, self._transport, self.settings, ledger or NoLedger(), timeout, resilience)
        self.images = AsyncImages(self)
        self.unavailable = {
            name: f"there is no key for it here; set {self.catalog.providers[name].env}."
            for name, own in self.settings.items()
            if own.key is None and own.base_url is None
        }
        for name, provider in self.catalog.providers.items():
            if provider.protocol not in PROTOCOLS:
                self.unavailable[name] = "requests for it can be compiled and priced, and no exchange speaks to it yet."

    def route(self, parameters: Mapping[str, Any] | ImageRequest, *, mode: Mode | None = None) -> Route:
        """The route of a request, as `Catalog.route` finds it among the providers this client has a key for."""
        return self.catalog.route(parameters, mode=mode, unavailable=self.unavailable)

    async def run(
        self,
        route: Route,
        *,
        request_id: str | None = None,
        on_image: OnImage | None = None,
        on_preview: OnPreview | None = None,
    ) -> ImagesResponse:
        """Run a route; `on_image` is told of each picture as it lands, `on_preview` of unfinished ones before it.

        Raises as `images.generate`.
        """
        require_candidate(route, self.catalog.models[route.model])
        return await self._runner.run(route, request_id or f"req_{uuid.uuid4().hex}", on_image, on_preview)

    async def resume(self, attempt: Attempt, provider_request_id: str, detail: str | None) -> tuple[list[Image], Cost]:
        """The pictures of a call that a provider accepted earlier, by the id the ledger was told; and their cost.

        Nothing is submitted, so that this may be done after a crash, and as often as needed.

        Raises:
            ProviderError: there are none, or not within the time a request may take.
        """
        return await self._runner.resume(attempt, provider_request_id, detail)

    async def close(self) -> None:
        """Close every connection."""
        self._runner.close()
        await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Images:
    """`client.images` of the synchronous client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def generate(self, **parameters: Any) -> ImagesResponse:
        """Make pictures from words; see `AsyncImages.generate`."""
        return self._client.wait_for(self._client.asynchronous.images.generate(**parameters))

    def edit(self, **parameters: Any) -> ImagesResponse:
        """Change a picture; see `AsyncImages.edit`."""
        return self._client.wait_for(self._client.asynchronous.images.edit(**parameters))


class Client:
    """The synchronous client; takes what `AsyncClient` takes. Close it, or use it with `with`."""

    def __init__(
        self,
        catalog: Catalog | None = None,
        *,
        providers: Mapping[str, ProviderSettings] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        ledger: Ledger | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        pictures: PictureSettings | None = None,
        resilience: Resilience | None = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pentaprism-client", daemon=True)
        self._thread.start()
        self.asynchronous = AsyncClient(
            catalog,
            providers=providers,
            timeout=timeout,
            ledger=ledger,
            transport=transport,
            pictures=pictures,
            resilience=resilience,
        )
        self.catalog = self.asynchronous.catalog
        self.images = Images(self)

    def wait_for(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on the client's loop and wait for what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Close every connection and end the client's thread."""
        if self._loop.is_closed():
            return
        self.wait_for(self.asynchronous.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
