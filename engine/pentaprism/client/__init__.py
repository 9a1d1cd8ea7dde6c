"""Run requests against providers, in-process. Row 6: the only part that knows httpx and credentials.

`client` the two clients · `run` fan-out, failover, finishing · `transport` httpx · `settings` keys and base URLs ·
`hooks` what a ledger is told · `result` what comes back · `contracts` the schemas providers publish.
"""

from .client import AsyncClient, Client
from .hooks import Attempt, Ledger, NoLedger
from .result import AttemptRecord, Image, ImagesResponse
from .settings import ProviderSettings

__all__ = [
    "AsyncClient",
    "Attempt",
    "AttemptRecord",
    "Client",
    "Image",
    "ImagesResponse",
    "Ledger",
    "NoLedger",
    "ProviderSettings",
]
