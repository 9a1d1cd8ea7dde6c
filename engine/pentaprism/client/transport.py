"""HTTP over httpx: send a call with the provider's credential, fetch a picture without one.

Row 6, and the only module that knows httpx. It turns httpx's exceptions into `TransportError`, saying whether the
provider can have seen the request. It must not retry and must not know what a reply means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from ..errors import Failure, ProviderError, TransportError
from ..types import HttpCall, HttpReply, Provider
from .settings import ProviderSettings, is_trusted, origin_of

__all__ = ["MAX_DOWNLOAD", "Transport"]

MAX_DOWNLOAD = 64 * 2**20
"""Most bytes read of one picture: a 16-megapixel PNG of noise has 48 MB."""

# Replicate holds a submission for up to 60 s (`Prefer: wait`); reading must outlast it.
_TIMEOUT = httpx.Timeout(connect=10.0, read=90.0, write=60.0, pool=10.0)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Transport:
    """Two httpx clients: one for providers' APIs, one without credentials or proxies for downloads."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        settings: Mapping[str, ProviderSettings],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._providers = providers
        self._settings = settings
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        self._api = httpx.AsyncClient(
            timeout=_TIMEOUT, limits=limits, follow_redirects=False, trust_env=False, transport=transport
        )
        self._files = httpx.AsyncClient(
            timeout=_TIMEOUT, limits=limits, follow_redirects=False, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._api.aclose()
        await self._files.aclose()

    async def send(self, call: HttpCall, provider: str) -> HttpReply:
        """Send one call; the credential is added only where the catalog or the configuration says it may go.

        Raises:
            TransportError: no reply came.
        """
        headers = {**call.headers, **self._credential(call.url, provider)}
        if call.json is not None:
            headers.setdefault("content-type", "application/json")
        try:
            reply = await self._api.request(call.method, call.url, headers=headers, **_body(call))
        except _NOT_SENT as error:
            raise TransportError(_say(call, error), sent=False) from error
        except httpx.InvalidURL as error:
            # Addresses come out of providers' replies too.
            raise TransportError(f"{call.method} cannot be sent to what is no address: {error}", sent=False) from error
        except httpx.HTTPError as error:
            raise TransportError(_say(call, error), sent=True) from error
        return HttpReply(status=reply.status_code, headers=dict(reply.headers), body=reply.content)

    def _credential(self, url: str, provider_id: str) -> dict[str, str]:
        provider, own = self._providers[provider_id], self._settings[provider_id]
        if own.key is None or not is_trusted(url, provider, own.base_url):
            return {}
        scheme = f"{provider.auth_scheme} " if provider.auth_scheme else ""
        return {provider.auth_header: f"{scheme}{own.key}"}

    async def download(self, url: str, provider_id: str) -> bytes:
        """The bytes of a picture a provider points to.

        Raises:
            ProviderError: the link is not https (or the configured base), answers with an error, or is too large.
        """
        base = self._settings[provider_id].base_url
        if not url.startswith("https://") and not (base and origin_of(url) == origin_of(base)):
            raise _undelivered(provider_id, f"its link to the picture is not https ({origin_of(url)})")
        chunks: list[bytes] = []
        length = 0
        try:
            async with self._files.stream("GET", url) as reply:
                if reply.status_code != 200:
                    raise _undelivered(provider_id, f"its link to the picture answers {reply.status_code}")
                async for chunk in reply.aiter_bytes():
                    length += len(chunk)
                    if length > MAX_DOWNLOAD:
                        raise _undelivered(provider_id, f"the picture has more than {MAX_DOWNLOAD} bytes")
                    chunks.append(chunk)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _undelivered(provider_id, f"the picture could not be fetched ({type(error).__name__})") from error
        return b"".join(chunks)


def _undelivered(provider: str, what: str) -> ProviderError:
    message = f"{provider} made the picture, but {what}."
    return ProviderError(message, provider=provider, failure=Failure.ACCEPTED)


def _say(call: HttpCall, error: Exception) -> str:
    detail = str(error) or type(error).__name__
    return f"{call.method} {origin_of(call.url)} got no answer: {detail}"


def _body(call: HttpCall) -> dict[str, Any]:
    if call.parts is not None:
        files = [
            (part.name, (part.filename, part.content, part.content_type or "application/octet-stream"))
            for part in call.parts
            if part.filename is not None
        ]
        data: dict[str, list[str]] = {}
        for part in call.parts:
            if part.filename is None:
                data.setdefault(part.name, []).append(part.content.decode("utf-8"))
        return {"files": files, "data": data}
    if call.json is None:
        return {}
    # JSON has no NaN: such a body must fail here, not at the provider.
    content = json.dumps(call.json, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return {"content": content}
