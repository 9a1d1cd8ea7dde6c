"""Run requests against providers, in-process. Row 6: the only part that knows httpx and credentials.

`client` the two clients · `run` fan-out, failover, finishing · `transport` httpx · `fetch` pictures from URLs ·
`addresses` which addresses are public · `inputs` images a provider does not fetch itself · `settings` keys, base URLs
and limits · `hooks` what a ledger is told · `result` what comes back · `contracts` the schemas providers publish.
"""

from .client import AsyncClient, Client
from .hooks import Attempt, Ledger, NoLedger
from .outcome import MismatchError
from .resilience import Resilience
from .result import AttemptRecord, Image, ImagesResponse
from .settings import PictureSettings, ProviderSettings

__all__ = [
    "AsyncClient",
    "Attempt",
    "AttemptRecord",
    "Client",
    "Image",
    "ImagesResponse",
    "Ledger",
    "MismatchError",
    "NoLedger",
    "PictureSettings",
    "ProviderSettings",
    "Resilience",
]
