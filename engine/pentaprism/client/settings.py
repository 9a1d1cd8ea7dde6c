"""What the client knows beyond the catalog: each provider's credential and base URL, and what pictures may come in.

Row 6. All of it comes from configuration and the environment, never from a request. A key must never be printed:
`ProviderSettings` hides it from `repr`.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit, urlunsplit

from ..media import DEFAULT_LIMITS, ImageLimits
from ..types import HttpCall, Provider
from .addresses import networks

__all__ = ["PictureSettings", "ProviderSettings", "Resolve", "is_trusted", "origin_of", "read_settings", "rebase"]

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host and a port to every address the host has, as text; raises OSError where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One provider's credential and base URL; a base URL takes the place of the catalog's scheme and host."""

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSettings:
    """What pictures may come in, and where they may be fetched from.

    `limits` is what an input image may be, and `max_input_bytes` the most that the images of one request, fetched
    here, may have together. `max_result_bytes` is the most that is read of one picture a provider made: a 16-megapixel
    PNG of noise has 48 MB. `input_seconds` and `result_seconds` are how long fetching one may take from the name's
    look-up to the last byte; the second is longer because a result is paid for.

    A URL is fetched over https from public addresses only. `private_networks` names others that may be reached all
    the same, such as `("10.1.0.0/16", "fd00::/8")`: anybody who may send a request can then have pictures, and only
    pictures, read from there. `allow_http` lets plain http through too. `resolve` looks names up in place of the
    system's resolver, `ssl_context` decides which certificates are trusted in place of httpx's own set.

    Raises ValueError where a network is none.

    >>> PictureSettings(private_networks=("10.1.2.3/16",))
    Traceback (most recent call last):
    ValueError: private_networks: 10.1.2.3/16 has host bits set
    """

    limits: ImageLimits = DEFAULT_LIMITS
    max_input_bytes: int = 100_000_000
    max_result_bytes: int = 64 * 2**20
    input_seconds: float = 10.0
    result_seconds: float = 120.0
    private_networks: tuple[str, ...] = ()
    allow_http: bool = False
    resolve: Resolve | None = None
    ssl_context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        try:
            networks(self.private_networks)
        except ValueError as error:
            raise ValueError(f"private_networks: {error}") from None


def read_settings(
    providers: Mapping[str, Provider],
    given: Mapping[str, ProviderSettings] | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, ProviderSettings]:
    """The settings of every provider: what was given, else the key in the environment variable the catalog names.

    >>> from pentaprism import Catalog
    >>> read_settings(Catalog.load().providers, environ={"FAL_KEY": "secret"})["fal"].key
    'secret'
    """
    environment = os.environ if environ is None else environ
    settings = {}
    for name, provider in providers.items():
        own = (given or {}).get(name, ProviderSettings())
        key = own.key or environment.get(provider.env) or None
        settings[name] = ProviderSettings(key=key, base_url=own.base_url)
    return settings


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: what decides whether a credential may go there. Empty where it is no URL.

    >>> origin_of("https://queue.fal.run/fal-ai/flux/dev?x=1")
    'https://queue.fal.run'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_trusted(url: str, provider: Provider, base_url: str | None) -> bool:
    """Whether the provider's credential may go to this URL, which may have come in a reply.

    Where a base URL is configured, its origin alone; else https on the usual port of a host the catalog names.

    >>> from pentaprism import Catalog
    >>> fal = Catalog.load().providers["fal"]
    >>> is_trusted("https://queue.fal.run/x", fal, None), is_trusted("https://fal.run@evil.com/x", fal, None)
    (True, False)
    """
    origin = origin_of(url)
    if base_url:
        return origin == origin_of(base_url)
    # All of the network location is compared: user information or a port in it makes it another place.
    scheme, _, place = origin.partition("://")
    return scheme == "https" and provider.trusts(place)


def rebase(call: HttpCall, base_url: str | None) -> HttpCall:
    """The same call at another base URL, its path and query kept."""
    if base_url is None:
        return call
    parts, base = urlsplit(call.url), urlsplit(base_url)
    path = base.path.rstrip("/") + parts.path
    url = urlunsplit((base.scheme, base.netloc, path, parts.query, ""))
    return HttpCall(
        method=call.method, url=url, headers=call.headers, json=call.json, parts=call.parts, submits=call.submits
    )
