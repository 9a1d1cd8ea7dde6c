"""HTTP over httpx: send a call with the provider's credential, fetch a picture without one.

Row 6. It turns httpx's exceptions into `TransportError`, saying whether the provider can have seen the request, and
leaves the fetching of pictures to `fetch`. It must not send a call twice, and must not know what a reply means.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping

import httpx

from ..errors import Failure, ProviderError, TransportError
from ..exchange import encode
from ..types import CompiledRequest, HttpCall, HttpReply, Provider
from .fetch import Fetcher, FetchError, Reason, no_cookies
from .inputs import read_inputs
from .settings import PictureSettings, ProviderSettings, is_trusted, origin_of

__all__ = ["Transport"]

_TIMEOUT = httpx.Timeout(connect=10.0, read=30.0, write=60.0, pool=10.0)
# Before a picture is asked for once more, in seconds.
_PAUSES = (0.05, 0.2)
# A submission may be answered with the pictures themselves: whoever sends it has a deadline for the whole.
_SUBMISSION = httpx.Timeout(connect=10.0, read=None, write=60.0, pool=10.0)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Transport:
    """Two httpx clients: one for providers' APIs, one without credentials or proxies for pictures.

    Args:
        providers: the catalog's, by id.
        settings: keys and base URLs, by provider id.
        transport: an httpx transport to use instead of the network. Where a picture may be fetched from is checked
            as ever: the transport is given an address that was looked up, with the host's name beside it.
        pictures: what pictures may come in, and from where.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        settings: Mapping[str, ProviderSettings],
        transport: httpx.AsyncBaseTransport | None = None,
        pictures: PictureSettings | None = None,
    ) -> None:
        self._providers = providers
        self._settings = settings
        self._pictures = pictures or PictureSettings()
        # Loading certificates takes longer than all else here, so the two share them.
        certificates = None if transport else httpx.create_ssl_context(trust_env=False)
        self._api = _client(certificates, transport)
        self._files = _client(self._pictures.ssl_context or certificates, transport)
        self._fetcher = Fetcher(self._files, self._pictures)

    async def close(self) -> None:
        """Close every connection."""
        await self._api.aclose()
        await self._files.aclose()

    async def send(self, call: HttpCall, provider: str, on_piece: Callable[[bytes], object] | None = None) -> HttpReply:
        """Send one call; the credential is added only where the catalog or the configuration says it may go.

        `on_piece` is told of each piece of the reply's body as it comes.

        Raises:
            TransportError: no reply came.
        """
        headers, content = encode(call)
        headers.update(self._credential(call.url, provider))
        timeout = _SUBMISSION if call.submits else _TIMEOUT
        try:
            request = self._api.build_request(call.method, call.url, headers=headers, content=content, timeout=timeout)
        except httpx.InvalidURL as error:
            # Addresses come out of providers' replies too.
            raise TransportError(f"{call.method} cannot be sent to what is no address: {error}", sent=False) from error
        try:
            reply = await self._api.send(request, stream=True)
            try:
                body = b"".join([piece async for piece in _pieces(reply, on_piece)])
            finally:
                await reply.aclose()
        except _NOT_SENT as error:
            raise TransportError(_say(call, error), sent=False) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # The last two are about where a redirect leads, which httpx reads though it is not to follow it: there was
            # a reply.
            raise TransportError(_say(call, error), sent=True) from error
        return HttpReply(status=reply.status_code, headers=dict(reply.headers), body=body)

    def _credential(self, url: str, provider_id: str) -> dict[str, str]:
        provider, own = self._providers[provider_id], self._settings[provider_id]
        if own.key is None or not is_trusted(url, provider, own.base_url):
            return {}
        scheme = f"{provider.auth_scheme} " if provider.auth_scheme else ""
        return {provider.auth_header: f"{scheme}{own.key}"}

    async def read_inputs(self, compiled: CompiledRequest, deadline: float) -> CompiledRequest:
        """The same request with the bytes of every image that its provider does not take by URL.

        Where the provider takes them all, nothing is fetched. `deadline` is of the event loop's clock.

        Raises:
            ProviderError: one of them could not be read; nothing was sent.
        """
        return await read_inputs(compiled, self._fetcher, self._pictures, deadline)

    async def download(self, url: str, provider_id: str) -> bytes:
        """The bytes of a picture a provider points to.

        A provider's link is no more believed than a caller's, except on the origin of a configured base URL. The
        picture is paid for and reading it changes nothing, so that it is asked for again where the network fails.

        Raises:
            ProviderError: the link may not be followed, answers with an error, or holds no picture or too large a one.
        """
        pictures = self._pictures
        pauses = [*_PAUSES]
        while True:
            try:
                return await self._fetcher.fetch(
                    url,
                    max_bytes=pictures.max_result_bytes,
                    seconds=pictures.result_seconds,
                    trusted=self._settings[provider_id].base_url,
                )
            except FetchError as error:
                if error.reason is Reason.NETWORK and pauses:
                    await asyncio.sleep(pauses.pop(0))
                    continue
                message = f"{provider_id} made the picture, but it could not be fetched. {error}"
                raise ProviderError(message, provider=provider_id, failure=Failure.ACCEPTED) from error


async def _pieces(reply: httpx.Response, on_piece: Callable[[bytes], object] | None) -> AsyncIterator[bytes]:
    async for piece in reply.aiter_bytes():
        if on_piece is not None:
            on_piece(piece)
        yield piece


def _client(certificates: ssl.SSLContext | None, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=certificates or True,
        timeout=_TIMEOUT,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        follow_redirects=False,
        trust_env=False,
        cookies=no_cookies(),
        transport=transport,
    )


def _say(call: HttpCall, error: Exception) -> str:
    detail = str(error) or type(error).__name__
    return f"{call.method} {origin_of(call.url)} got no answer: {detail}"
