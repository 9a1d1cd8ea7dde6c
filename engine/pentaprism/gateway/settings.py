"""What an operator decides about a gateway. Row 7: values only; `app` acts on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ..client import PictureSettings, ProviderSettings, Resilience
from ..client.client import DEFAULT_TIMEOUT

__all__ = ["GatewaySettings"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """The settings of one gateway process.

    `data` is the folder of the ledger and the pictures, unless `ledger_path` or `media_folder` name others.
    `providers` are keys and base URLs by provider id; a key not given is read from the environment variable the
    catalog names. `public_url` is the origin callers see, for links; None takes the one each request came to.
    `media_secret` signs the links; None makes one that ends with the process, and so do the links. `link_seconds` is
    how long a link and its picture live, `max_body_bytes` the largest request body, `timeout` the seconds a
    submission to a provider may take in all, `resilience` what is done about providers that are slow, busy or down.
    `pictures` is the largest image taken and where pictures may be fetched from.

    >>> settings = GatewaySettings(data=Path("build/gateway"), public_url="https://images.example.com")
    >>> settings.ledger.as_posix(), settings.hosts[-1]
    ('build/gateway/ledger.sqlite3', 'images.example.com')
    """

    data: Path
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    public_url: str | None = None
    ledger_path: Path | None = None
    media_folder: Path | None = None
    media_secret: bytes | None = field(default=None, repr=False)
    link_seconds: int = 3600
    max_body_bytes: int = 25_000_000
    timeout: float = DEFAULT_TIMEOUT
    resilience: Resilience = field(default_factory=Resilience)
    pictures: PictureSettings = field(default_factory=PictureSettings)

    @property
    def ledger(self) -> Path:
        """The SQLite file of the ledger."""
        return self.ledger_path or self.data / "ledger.sqlite3"

    @property
    def media(self) -> Path:
        """The folder of the pictures behind signed links."""
        return self.media_folder or self.data / "media"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names this gateway answers to: the loopback's, and that of `public_url`."""
        public = urlsplit(self.public_url).hostname if self.public_url else None
        return (*LOOPBACK, public) if public else LOOPBACK
