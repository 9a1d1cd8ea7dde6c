"""`contracts import` and `contracts check`: providers' input schemas into the catalog, and against it. Row 8; it must
not read a schema or compare two itself.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ..api import today
from ..catalog.build import Builder
from ..catalog.contract_drift import Change, drift
from ..catalog.contract_format import format_contract
from ..catalog.contract_import import Imported, import_contract
from ..catalog.documents import builtin_path
from ..catalog.json_source import read_json
from ..catalog.layers import read_catalog
from ..client.contracts import CheckStatus, ContractCheck, address_of, check_contracts
from ..client.settings import read_settings
from ..errors import CatalogError, Fault, RequestError, did_you_mean
from .loading import load_catalog
from .output import print_json, print_table, print_text, say, working
from .servers import twin_settings

__all__ = ["check", "check_names", "day_of", "import_file", "read_text"]

FINDINGS, PROVIDER = 1, 3
CatalogPath = Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use instead.")]


def import_file(
    file: Annotated[str, typer.Argument(help="An OpenAPI document, a model object or a JSON Schema; - reads stdin.")],
    provider: Annotated[str, typer.Option("--provider", help="Whose it is: the id of a file in providers/.")],
    endpoint: Annotated[str, typer.Option("--endpoint", help="The provider's own id, such as fal-ai/flux/dev.")],
    source: Annotated[
        str | None, typer.Option(help="Where it is from, for provenance; else what it calls itself.")
    ] = None,
    read_on: Annotated[str | None, typer.Option("--date", help="The day it was read, YYYY-MM-DD; else today.")] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Where to write it instead of the catalog; - is stdout.")
    ] = None,
    catalog: Annotated[Path | None, typer.Option("--catalog", help="The catalog folder to write into.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a contract that says otherwise.")] = False,
) -> None:
    """Make a contract of a provider's published input schema; a contract that says otherwise is not overwritten."""
    check_names(provider, endpoint)
    target = None if output == "-" else Path(output) if output else _place(catalog, provider, endpoint)
    imported = import_contract(
        read_json("stdin" if file == "-" else Path(file).name, read_text(file)),
        endpoint=endpoint,
        read_on=day_of(read_on),
        source=source,
        address=_address(catalog, provider, endpoint),
    )
    for note in imported.notes:
        say(f"note: {note}")
    if target is None:
        print_text(format_contract(imported.schema))
    else:
        _write(target, imported, force=force)


def check_names(provider: str, endpoint: str) -> None:
    """Both become a path below contracts/; neither may lead out of it.

    Raises:
        RequestError: one of them would.
    """
    faults = []
    for option, name, parts in (("--provider", provider, [provider]), ("--endpoint", endpoint, endpoint.split("/"))):
        if any(part in ("", ".", "..") or set(part) & set('/\\:\0*?"<>|') for part in parts):
            faults.append(Fault(option, f"{option} {name!r} cannot be the name of a file below contracts/."))
    if faults:
        raise RequestError(faults)


def _place(catalog: Path | None, provider: str, endpoint: str) -> Path:
    root = catalog or builtin_path()
    # A catalog that was installed with the package lies in its `data` folder.
    if not root.is_dir() or (catalog is None and root.parent.name == "data"):
        message = f"{root} is not a catalog folder to write into; name one with --catalog, or a file with -o."
        raise RequestError([Fault("--catalog", message)])
    return root / "contracts" / provider / f"{endpoint}.json"


def _address(catalog: Path | None, provider: str, endpoint: str) -> str | None:
    """Where the endpoint's requests go, as far as the catalog says: it may be half written, and lack this contract."""
    begun = catalog is not None and not (catalog.is_dir() and not any(catalog.iterdir()))
    builder = Builder(read_catalog(None, [catalog] if catalog and begun else []))
    if provider not in builder.providers:
        near = did_you_mean(provider, builder.providers, count=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        say(f"the catalog has no provider {provider!r} yet{hint}")
    return address_of(f"{provider}/{endpoint}", builder.everything().values(), builder.providers)


def day_of(text: str | None, option: str = "--date") -> date:
    """The day an option names; today where it names none. RequestError where it is no day."""
    try:
        return date.fromisoformat(text) if text else today()
    except ValueError:
        raise RequestError([Fault(option, f"{option} must be a day such as 2026-07-28, not {text!r}.")]) from None


def read_text(file: str) -> str:
    """What a file holds, or stdin for `-`. RequestError where it cannot be read."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise RequestError([Fault("FILE", f"{file} cannot be read: {error.strerror}.")]) from None
    except UnicodeDecodeError:
        raise RequestError([Fault("FILE", f"{file} is not UTF-8; save it as UTF-8.")]) from None


def _write(target: Path, imported: Imported, *, force: bool) -> None:
    if target.exists() and not force:
        stored = read_json(str(target), read_text(str(target)))
        if stored.findings:
            raise CatalogError(stored.findings)
        changes = drift(stored.data, imported.schema)
        if changes:
            _print_changes([(str(target), changes)])
            say(f"{target} says otherwise and was left as it is; --force overwrites it")
            raise typer.Exit(FINDINGS)
        say(f"{target} says the same already and was left as it is; --force renews its provenance")
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(format_contract(imported.schema), encoding="utf-8")
    except OSError as error:
        raise RequestError([Fault("-o", f"{target} cannot be written: {error.strerror}.")]) from None
    count = len(imported.schema["properties"])
    say(f"wrote {count} field{'' if count == 1 else 's'}, from {imported.kind}")
    print_text(str(target))


def check(
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="One endpoint's key; else every contract.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the providers, with your keys, instead of twins.")] = False,
    catalog: CatalogPath = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare contracts with those that providers publish; exit code 1 if a body we may send could now be refused."""
    loaded = load_catalog(catalog)
    chosen = loaded.endpoint(endpoint) if endpoint else None
    names = None if chosen is None else [f"{chosen.provider}/{chosen.id}"]
    if live:
        with working("asking the providers"):
            checks = asyncio.run(check_contracts(loaded, names, settings=read_settings(loaded.providers)))
    else:
        from ..twins import Twins

        with Twins(loaded) as twins:
            settings = twin_settings(twins.bases, twins.key)
            checks = asyncio.run(check_contracts(loaded, names, settings=settings))
    if as_json:
        breaks = sum(len(one.breaks) for one in checks)
        print_json({"live": live, "breaks": breaks, "contracts": [one.to_dict() for one in checks]})
    else:
        _print_changes((one.contract, one.changes) for one in checks)
    _tell(checks, live=live)
    code = _exit_code(checks)
    if code:
        raise typer.Exit(code)


def _print_changes(changed: Iterable[tuple[str, Sequence[Change]]]) -> None:
    rows = [
        (name, change.path or "(request)", change.severity, change.message)
        for name, changes in changed
        for change in changes
    ]
    if rows:
        print_table(("contract", "field", "class", "what changed"), rows)


def _tell(checks: Sequence[ContractCheck], *, live: bool) -> None:
    for one in checks:
        for note in one.notes:
            say(f"{one.contract}: {note}")
        if one.reason:
            say(f"{one.contract}: {one.status}: {one.reason}")
    counted = Counter(one.status for one in checks)
    told = ", ".join(f"{counted[status]} {status}" for status in CheckStatus if counted[status])
    asked = "the providers" if live else "offline twins, which publish what is stored; --live asks the providers"
    say(f"{told or 'no contracts'} (asked {asked})")


def _exit_code(checks: Sequence[ContractCheck]) -> int:
    """A schema nobody can read may be a break, so it counts as one; a provider that does not answer tells nothing."""
    if any(one.breaks or one.status is CheckStatus.UNREADABLE for one in checks):
        return FINDINGS
    return PROVIDER if any(one.status is CheckStatus.FAILED for one in checks) else 0
