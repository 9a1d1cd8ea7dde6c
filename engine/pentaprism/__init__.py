"""Pentaprism: one OpenAI-style image request in, the right provider request out, the picture you asked for back.

The names below are the public API; everything else may change. `Client` and `AsyncClient` are loaded when first used,
because they need httpx and most programs that compile or route do not.

>>> from pentaprism import Catalog
>>> route = Catalog.load().route({"model": "flux.1-dev", "prompt": "a lighthouse", "size": "1920x1080"})
>>> route.candidates[0].endpoint
'fal/flux.1-dev'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .api import Catalog
from .errors import (
    CatalogError,
    CompileError,
    Failure,
    MissingDependency,
    ModelNotFound,
    NoEndpointError,
    PentaprismError,
    ProviderError,
    RequestError,
)
from .types import (
    Adjustment,
    AspectRatio,
    Change,
    CompiledRequest,
    Cost,
    Endpoint,
    HttpCall,
    HttpReply,
    ImageRequest,
    Media,
    Mode,
    Model,
    Nearest,
    Outcome,
    Refusal,
    Route,
    Size,
    Tier,
)

if TYPE_CHECKING:
    from .client import AsyncClient, Client

__version__ = "0.1.0"

__all__ = [
    "Adjustment",
    "AspectRatio",
    "AsyncClient",
    "Catalog",
    "CatalogError",
    "Change",
    "Client",
    "CompileError",
    "CompiledRequest",
    "Cost",
    "Endpoint",
    "Failure",
    "HttpCall",
    "HttpReply",
    "ImageRequest",
    "Media",
    "MissingDependency",
    "Mode",
    "Model",
    "ModelNotFound",
    "Nearest",
    "NoEndpointError",
    "Outcome",
    "PentaprismError",
    "ProviderError",
    "Refusal",
    "RequestError",
    "Route",
    "Size",
    "Tier",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in ("Client", "AsyncClient"):
        from . import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
