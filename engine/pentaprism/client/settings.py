"""What the client knows of each provider beyond the catalog: its credential and, if moved, its base URL.

Row 6. Base URLs and keys come from configuration and the environment, never from a request. A key must never be
printed: `ProviderSettings` hides it from `repr`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from ..types import HttpCall, Provider

__all__ = ["ProviderSettings", "is_trusted", "origin_of", "read_settings", "rebase"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One provider's credential and base URL; a base URL takes the place of the catalog's scheme and host."""

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None


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
