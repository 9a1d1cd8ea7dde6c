"""A picture from a URL that somebody else chose: a caller's link, or a provider's. Row 6.

Neither is to be believed, so that this cannot be turned on what only this machine can reach. A host is looked up
once, every address it has must be public, and the connection goes to one of those addresses, so that a second look-up
cannot lead elsewhere; the certificate is still checked for the name. One parser, httpx's, reads the URL, for the check
and for the request. No credential, cookie, proxy or compression takes part. Redirects are followed on the same origin
only, each looked up and checked like the first. Errors name no address: what a name leads to inside is nobody's to ask.

It must not know why a picture is wanted, nor what it should look like: its first bytes must say that it is one.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from .. import media
from ..errors import PentaprismError
from .addresses import is_public, is_within, networks
from .settings import PictureSettings

__all__ = ["MAX_REDIRECTS", "FetchError", "Fetcher", "Reason"]

MAX_REDIRECTS = 3
"""Most redirects of one fetch, all on the origin it began at."""

# A host with more addresses than this is tried at these; the deadline would not reach further.
_MAX_ADDRESSES = 4
_TIMEOUT = httpx.Timeout(connect=5.0, read=30.0, write=10.0, pool=10.0)
_UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout)
# httpx reads the address of a redirect even where it is not to follow it, and fails in three ways where that is none.
_UNUSABLE = (httpx.HTTPError, httpx.InvalidURL, ValueError)
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {
    "accept": "image/*",
    # Only bytes that are not compressed can be counted as they come.
    "accept-encoding": "identity",
    "user-agent": "pentaprism",
}


class Reason(StrEnum):
    """Why a picture was not fetched."""

    URL = "url"
    HOST = "host"
    ADDRESS = "address"
    NETWORK = "network"
    REDIRECT = "redirect"
    STATUS = "status"
    TOO_LARGE = "too-large"
    NO_PICTURE = "no-picture"
    DEADLINE = "deadline"


class FetchError(PentaprismError):
    """A picture was not fetched. The message is a sentence fit for the caller, and says what to do."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class Fetcher:
    """Fetches pictures, each over a connection of its own: one to an address serves no other name there.

    `client` is an httpx client that follows no redirects, takes no proxies from the environment and is nobody else's.
    """

    def __init__(self, client: httpx.AsyncClient, settings: PictureSettings) -> None:
        self._client = client
        self._settings = settings
        self._resolve = settings.resolve or _look_up
        self._private = networks(settings.private_networks)

    async def fetch(self, url: str, *, max_bytes: int, seconds: float, trusted: str | None = None) -> bytes:
        """The bytes of the picture at a URL.

        `trusted` is a URL out of the configuration: on its origin, plain http and any address are allowed.
        Raises FetchError.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._follow(url, max_bytes, trusted)
        except TimeoutError:
            raise _error(Reason.DEADLINE, url, f"did not come whole within {seconds:g} s; try again later") from None

    async def _follow(self, url: str, max_bytes: int, trusted: str | None) -> bytes:
        target = _parse(url)
        is_trusted = trusted is not None and _origin(httpx.URL(trusted)) == _origin(target)
        for _ in range(MAX_REDIRECTS + 1):
            async with self._open(target, is_trusted) as reply:
                if reply.status_code not in _REDIRECTS:
                    return await _read(reply, url, max_bytes)
                target = _redirected(target, reply.headers.get("location", ""), url)
        raise _error(Reason.REDIRECT, url, f"redirects more than {MAX_REDIRECTS} times; give the link it ends at")

    @asynccontextmanager
    async def _open(self, target: httpx.URL, trusted: bool) -> AsyncIterator[httpx.Response]:
        """The reply of a host, its body unread. Raises FetchError, also where the body breaks off while it is read."""
        shown = str(target)
        ways = [_request(target, None)] if trusted else await self._ways(target)
        try:
            reply = await self._answer(ways)
        except _UNREACHED as error:
            raise _error(Reason.NETWORK, shown, "cannot be reached; check the link") from error
        except _UNUSABLE as error:
            what = f"gave no usable answer ({type(error).__name__}); try again"
            raise _error(Reason.NETWORK, shown, what) from error
        try:
            yield reply
        except httpx.HTTPError as error:
            raise _error(Reason.NETWORK, shown, f"broke off ({type(error).__name__}); try again") from error
        finally:
            await reply.aclose()

    async def _answer(self, ways: Sequence[httpx.Request]) -> httpx.Response:
        """The first reply there is; the last way's failure is the failure of all."""
        *others, last = ways
        for request in others:
            try:
                return await self._client.send(request, stream=True)
            except _UNREACHED:
                continue
        return await self._client.send(last, stream=True)

    async def _ways(self, target: httpx.URL) -> list[httpx.Request]:
        """The same request to each address of the host, all of them allowed. Raises FetchError."""
        shown, host = str(target), target.raw_host.decode("ascii")
        if target.scheme != "https" and not (self._settings.allow_http and target.scheme == "http"):
            raise _error(Reason.URL, shown, f"is {target.scheme}, and pictures are fetched over https only")
        try:
            found = await self._resolve(host, target.port or {"http": 80, "https": 443}[target.scheme])
        except (OSError, ValueError) as error:
            raise _error(Reason.HOST, shown, f"has a host that cannot be found, {host}; check its spelling") from error
        addresses = list(dict.fromkeys(found))
        if not addresses:
            raise _error(Reason.HOST, shown, f"has a host without an address, {host}; check its spelling")
        if not all(is_public(address) or is_within(address, self._private) for address in addresses):
            what = (
                f"is not on the public internet: {host} leads elsewhere, and only public addresses are fetched from. "
                "Whoever runs this can allow its network in `private_networks`"
            )
            raise _error(Reason.ADDRESS, shown, what)
        return [_request(target, address) for address in addresses[:_MAX_ADDRESSES]]


def no_cookies() -> CookieJar:
    """A jar that takes no cookie and gives none."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


async def _look_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _parse(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise _error(Reason.URL, url, "is no URL that can be fetched; check its host") from error
    if target.userinfo:
        raise _error(Reason.URL, url, "holds a user name or a password, which are not sent; give a link without them")
    if not target.host or target.scheme not in ("http", "https"):
        raise _error(Reason.URL, url, "is no https link to a picture")
    return target


def _request(target: httpx.URL, address: str | None) -> httpx.Request:
    """The request to one address under the host's name, or, without an address, to wherever the name leads."""
    if address is None:
        return httpx.Request("GET", target, headers=_HEADERS, extensions={"timeout": _TIMEOUT.as_dict()})
    # An idle connection to an address would be taken for any other name there, whose certificate nobody has checked.
    headers = {**_HEADERS, "host": target.netloc.decode("ascii"), "connection": "close"}
    extensions = {"timeout": _TIMEOUT.as_dict(), "sni_hostname": target.raw_host.decode("ascii")}
    return httpx.Request("GET", target.copy_with(host=address), headers=headers, extensions=extensions)


def _redirected(target: httpx.URL, location: str, url: str) -> httpx.URL:
    """Where a redirect leads, if it stays where it is. Raises FetchError."""
    try:
        onward = target.join(location) if location else None
    except (httpx.InvalidURL, ValueError):
        onward = None
    if onward is None:
        raise _error(Reason.REDIRECT, url, "redirects without saying where; give the link it ends at")
    if _origin(onward) != _origin(target) or onward.userinfo:
        place = f"{onward.scheme}://{onward.host}"
        what = f"redirects to {place[:100]}, and redirects elsewhere are not followed; give that link itself"
        raise _error(Reason.REDIRECT, url, what)
    return onward


async def _read(reply: httpx.Response, url: str, max_bytes: int) -> bytes:
    """The body, counted as it comes. Raises FetchError."""
    if reply.status_code != 200:
        raise _error(Reason.STATUS, url, f"answers {reply.status_code}; check the link, and that it is open to anybody")
    if reply.headers.get("content-encoding", "identity").lower() != "identity":
        raise _error(
            Reason.NO_PICTURE, url, "comes compressed though that was not asked for; link to the file as it is"
        )
    too_large = _error(Reason.TOO_LARGE, url, f"has more than {max_bytes / 1e6:g} MB; compress or shrink it")
    declared = reply.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_large
    chunks: list[bytes] = []
    amount = 0
    async for chunk in reply.aiter_raw():
        amount += len(chunk)
        if amount > max_bytes:
            raise too_large
        chunks.append(chunk)
    content = b"".join(chunks)
    try:
        media.read_header(content)
    except media.MediaError as error:
        raise _error(Reason.NO_PICTURE, url, f"cannot be read. {error}") from error
    return content


def _origin(target: httpx.URL) -> tuple[str, bytes, int | None]:
    # httpx has no port where it is the scheme's own.
    return target.scheme, target.raw_host, target.port


def _error(reason: Reason, url: str, what: str) -> FetchError:
    """What went wrong, at which URL: without its query, which may be a signature, and without a password."""
    shown = re.sub(r"//[^/]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])
    shown = shown if len(shown) <= 100 else shown[:97] + "..."
    named = shown if shown.isprintable() else repr(shown)
    return FetchError(reason, f"The picture at {named} {what}{'' if what.endswith('.') else '.'}")
