"""The command, its subcommands and what an error looks like. Row 8; it must not do any work itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..errors import (
    CatalogError,
    CompileError,
    MissingDependency,
    NoEndpointError,
    PentaprismError,
    ProviderError,
    RequestError,
)
from . import catalogs, comparing, contracts, drafting, lints, locks, proofs, publishing, requests, servers, sites
from .demo import demo
from .loading import LOCK
from .output import complain, print_text

__all__ = ["app", "run"]

OK, FINDINGS, USAGE, PROVIDER = 0, 1, 2, 3

app = typer.Typer(
    name="pentaprism",
    help="One OpenAI-style image request in, the right provider request out, and the picture you asked for back.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print_text(f"pentaprism {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    lock: Annotated[
        Path | None,
        typer.Option("--lock", envvar="PENTAPRISM_LOCK", help="Load only the catalog that this lock file pins."),
    ] = None,
) -> None:
    """One OpenAI-style image request in, the right provider request out, and the picture you asked for back."""
    LOCK.set(lock)


catalog_app = typer.Typer(
    help="Add to, look into, publish, compare, pin catalogs.", no_args_is_help=True, rich_markup_mode=None
)
contracts_app = typer.Typer(help="Providers' own input schemas.", no_args_is_help=True, rich_markup_mode=None)
site_app = typer.Typer(help="The documentation website.", no_args_is_help=True, rich_markup_mode=None)

app.command("models")(catalogs.models)
app.command("validate")(catalogs.validate)
app.command("lints")(lints.lints)
app.command("explain")(requests.explain)
app.command("generate")(requests.generate)
app.command("serve")(servers.serve)
app.command("twins")(servers.twins)
app.command("prove")(proofs.prove)
app.command("demo")(demo)
catalog_app.command("new")(drafting.new)
catalog_app.command("show")(catalogs.show)
catalog_app.command("build")(publishing.build)
catalog_app.command("diff")(comparing.compare)
catalog_app.command("lock")(locks.lock)
catalog_app.command("upgrade")(locks.upgrade)
contracts_app.command("import")(contracts.import_file)
contracts_app.command("check")(contracts.check)
site_app.command("build")(sites.build)
app.add_typer(catalog_app, name="catalog")
app.add_typer(contracts_app, name="contracts")
app.add_typer(site_app, name="site")


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; every error of ours becomes a message on stderr."""
    try:
        app(list(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except PentaprismError as error:
        complain(_message(error))
        return _exit_code(error)
    return OK


def _message(error: PentaprismError) -> str:
    if isinstance(error, RequestError) and len(error.faults) > 1:
        return "the request has several faults:\n" + "\n".join(f"  {fault.message}" for fault in error.faults)
    if isinstance(error, NoEndpointError) and error.refusals:
        return f"{error}"
    return str(error)


def _exit_code(error: PentaprismError) -> int:
    if isinstance(error, CatalogError):
        return FINDINGS
    if isinstance(error, ProviderError):
        return PROVIDER
    if isinstance(error, (RequestError, CompileError, NoEndpointError, MissingDependency)):
        return USAGE
    return FINDINGS
