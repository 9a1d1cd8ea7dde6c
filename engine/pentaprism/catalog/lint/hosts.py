"""Whether a provider's key goes only where it may.

Row 3. It must not know how a provider is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ..scene import Scene
from .linter import Remark, linter, remark

__all__ = ["unlisted_host"]


@linter(
    "A provider's submissions go to a host that may see its key.",
    waivable=False,
    why="The key is sent only to the hosts the provider's file lists, so every request to another one fails for want "
    "of it. A host that is there by mistake would receive it.",
    fix="Correct the address, or add its host to `hosts:` in the provider's file if it is the provider's own.",
)
def unlisted_host(scene: Scene) -> Iterator[Remark]:
    for provider_id, document in scene.documents.providers.items():
        provider = scene.builder.providers[provider_id]
        if not document.broken and provider.hosts and provider.submit_url:
            host = _host_of(provider.submit_url)
            if not provider.trusts(host):
                yield remark(scene.root(document), _unlisted(host), "submit", "url")
    for endpoint, entry in scene.written:
        host = _host_of(endpoint.submission.url)
        if entry.child("submit").has("url") and not scene.builder.providers[endpoint.provider].trusts(host):
            yield remark(entry, _unlisted(host), "submit", "url")


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unlisted(host: str) -> str:
    return f"{host or 'this address'} is not among `hosts`, so the submission would be sent without the key"
