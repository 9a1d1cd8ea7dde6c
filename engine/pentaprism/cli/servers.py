"""`serve` and `twins`: the gateway, and the offline providers behind it. Row 8; it must not answer requests itself."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ..client import ProviderSettings
from .loading import load_catalog
from .output import print_json, print_text, say

__all__ = ["serve", "twins"]

CatalogPath = Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use instead.")]
DEFAULT_PORT = 8080


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; loopback only, since callers need no key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = DEFAULT_PORT,
    twins: Annotated[bool, typer.Option("--twins", help="Use offline twins even where provider keys are set.")] = False,
    data: Annotated[Path, typer.Option(help="Where the ledger and the pictures are kept.")] = Path("build/gateway"),
    catalog: CatalogPath = None,
) -> None:
    """Run the OpenAI-compatible gateway; without any provider key it serves offline twins."""
    from ..gateway import GatewaySettings, create_app, run

    loaded = load_catalog(catalog)
    keys = [provider.env for provider in loaded.providers.values() if os.environ.get(provider.env)]
    if twins or not keys:
        from ..twins import Twins

        reason = "as asked" if twins else "no provider key is set"
        say(f"providers: offline twins ({reason}); the pictures are real, made here, and cost nothing")
        with Twins(loaded) as running:
            settings = GatewaySettings(data=data, providers=twin_settings(running.bases, running.key))
            run(create_app(loaded, settings=settings), host=host, port=port, say=say)
    else:
        say(f"providers: keys from {', '.join(keys)}")
        run(create_app(loaded, settings=GatewaySettings(data=data)), host=host, port=port, say=say)


def twin_settings(bases: Mapping[str, str], key: str) -> dict[str, ProviderSettings]:
    """Client settings that point every provider at its twin."""
    return {name: ProviderSettings(key=key, base_url=base) for name, base in bases.items()}


def twins(
    catalog: CatalogPath = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON.")] = False,
) -> None:
    """Run offline twins of the providers until interrupted, and say how to point a program at them."""
    from ..twins import Twins

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Twins(load_catalog(catalog)) as running:
        if as_json:
            print_json({"key": running.key, "bases": dict(running.bases)})
        else:
            for name, base in running.bases.items():
                print_text(f"{name}  {base}")
            say(f"the key of every twin is {running.key!r}")
            say("each keeps a log at /_twin/requests and a bill at /_twin/bill")
            say("press Ctrl-C to stop")
        stop.wait()
