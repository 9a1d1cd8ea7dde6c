"""A gateway in a process of its own, for tests that end it without warning.

As a script: `gateway_program.py DATA BASES KEY`, with the ledger's folder, the twins' addresses as JSON, and their key.
It prints its own address once it listens.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pentaprism import Catalog
from pentaprism.client import ProviderSettings
from pentaprism.gateway import GatewaySettings, create_app, run


def main(data: str, bases: str, key: str) -> None:
    """Serve until killed."""
    providers = {name: ProviderSettings(key=key, base_url=base) for name, base in json.loads(bases).items()}
    settings = GatewaySettings(data=Path(data), providers=providers)
    run(create_app(Catalog.load(), settings=settings), port=0, say=lambda text: print(text, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
