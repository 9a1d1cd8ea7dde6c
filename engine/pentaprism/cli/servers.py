"""`serve` and `twins`: the gateway, and the offline providers behind it. Row 8; it must not answer requests itself."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..client import ProviderSettings
from .loading import load_catalog
from .output import print_json, print_text, say

if TYPE_CHECKING:
    from ..twins import Schedule, Twins

__all__ = ["serve", "twins"]

CatalogPath = Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use instead.")]
DEFAULT_PORT = 8080
LAST_PORT = 65535


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
    port: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PORT", help="A twin's port, by the name it is printed under; else a free one."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROVIDER=FAULTS",
            help="Faults of the provider's next submissions: one each, as fal=429,none,slow; "
            "or the chance of each, as fal=429:0.1,slow:0.2.",
        ),
    ] = None,
    repeat: Annotated[
        bool, typer.Option("--repeat", help="Start each list of faults over when it is used up.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Which faults chance draws.")] = 0,
    certificate: Annotated[
        Path | None, typer.Option(help="A PEM file with a certificate for 127.0.0.1: the twins then speak HTTPS.")
    ] = None,
    private_key: Annotated[Path | None, typer.Option(help="The PEM file with the certificate's private key.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON.")] = False,
) -> None:
    """Run offline twins of the providers until interrupted, and say how to point a program at them."""
    from ..twins import Twins

    if (certificate is None) != (private_key is None):
        raise typer.BadParameter("both are needed, or neither", param_hint="--certificate, --private-key")
    tls = (certificate, private_key) if certificate and private_key else None
    ports, faults = _ports(port or []), _faults(fault or [])
    loaded = load_catalog(catalog)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        try:
            offline = Twins(loaded, ports=ports, tls=tls)
            for name, schedule in faults.items():
                listed = not isinstance(schedule, Mapping)
                offline.schedule(name, schedule, repeat=repeat and listed, seed=seed)
            running = stack.enter_context(offline)
        except (ValueError, OSError, OverflowError) as error:
            raise typer.BadParameter(str(error)) from error
        _announce(running, as_json=as_json)
        stop.wait()


def _announce(running: Twins, *, as_json: bool) -> None:
    if as_json:
        print_json({"key": running.key, "bases": dict(running.bases)})
        return
    for name, base in running.bases.items():
        print_text(f"{name}  {base}")
    say(f"the key of every twin is {running.key!r}")
    say("each keeps a log at /_twin/requests and a bill at /_twin/bill, and takes faults at /_twin/faults")
    say("press Ctrl-C to stop")


def _pairs(given: Sequence[str], option: str, example: str) -> dict[str, str]:
    """The values of an option that is given as NAME=VALUE, once for each name."""
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise typer.BadParameter(f"{text!r} is not of the form {example}", param_hint=option)
        if name in pairs:
            raise typer.BadParameter(f"{name} is given twice", param_hint=option)
        pairs[name] = value
    return pairs


def _ports(given: Sequence[str]) -> dict[str, int]:
    pairs = _pairs(given, "--port", "fal=8101")
    for name, value in pairs.items():
        if not (value.isascii() and value.isdigit() and int(value) <= LAST_PORT):
            raise typer.BadParameter(f"{name}={value}: a port is a number from 0 to {LAST_PORT}", param_hint="--port")
    return {name: int(value) for name, value in pairs.items()}


def _faults(given: Sequence[str]) -> dict[str, Schedule]:
    """What `--fault` lays down for each provider; whether such faults exist is left to the twins."""
    return {name: _schedule(value) for name, value in _pairs(given, "--fault", "fal=429,none,slow").items()}


def _schedule(text: str) -> Schedule:
    steps = [step.strip() for step in text.split(",")]
    if not any(":" in step for step in steps):
        return steps
    chances: dict[str, float] = {}
    for step in steps:
        name, colon, chance = step.partition(":")
        try:
            if not colon or name in chances:
                raise ValueError(step)
            chances[name] = float(chance)
        except ValueError as error:
            wanted = "every fault once and with its chance, as 429:0.1,slow:0.2, or none of them with one"
            raise typer.BadParameter(f"{text!r}: give {wanted}", param_hint="--fault") from error
    return chances
