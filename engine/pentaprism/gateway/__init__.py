"""The gateway: OpenAI's image API in front of every provider, with a ledger and signed links. Row 7.

`app` paths and layers · `settings` · `serving` uvicorn · `frame` ids, hosts, sizes · `bodies`, `multipart`, `fields`,
`codec` what came in · `images` what goes out · `models`, `records` the lists · `envelope` failures · `ledger`,
`media_folder` what is kept · `state` what one process holds.
"""

from __future__ import annotations

from ..errors import MissingDependency

try:
    from .app import create_app
    from .ledger import SqliteLedger
    from .serving import run, serve_in_thread
    from .settings import GatewaySettings
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "orjson", "python_multipart"):
        raise
    raise MissingDependency("The gateway", "gateway") from error

__all__ = ["GatewaySettings", "SqliteLedger", "create_app", "run", "serve_in_thread"]
