"""`catalog new`: a first model file, or one endpoint more in one, out of a contract. Row 8; it must not infer anything.

What is written has been read back and found sound, together with the whole catalog, before the first file is touched.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from ..api import today
from ..catalog.build import Builder
from ..catalog.contract_drift import drift
from ..catalog.contract_format import format_contract
from ..catalog.contract_import import import_contract
from ..catalog.document import Document
from ..catalog.documents import Documents, builtin_path
from ..catalog.draft import EndpointDraft, Known, add_endpoint, draft_endpoint, new_model
from ..catalog.json_source import read_json
from ..catalog.layers import overlay, read_layers
from ..catalog.lint import Severity, severity_of
from ..catalog.yaml_source import read_yaml
from ..errors import CatalogError, Fault, RequestError, did_you_mean
from ..types import Mode, Provider
from .contracts import check_names, day_of, read_text
from .output import print_table, print_text, say

__all__ = ["new"]

_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")


_Text = str | None
_Provider = Annotated[str, typer.Option("--provider", help="Who serves it: the id of a file in providers/.")]
_Endpoint = Annotated[str, typer.Option("--endpoint", help="The provider's own id, such as fal-ai/flux/dev.")]
_Contract = Annotated[
    _Text,
    typer.Option(
        help="A contract, or the schema as the provider publishes it; - reads stdin. Else the one in contracts/."
    ),
]
_Model = Annotated[
    _Text, typer.Option(help="The model's id; one that is there gets an endpoint more. Else made of the endpoint's.")
]
_KeyName = Annotated[_Text, typer.Option(help="The second half of the endpoint's key, if it is not the model's id.")]
_Name = Annotated[_Text, typer.Option(help="What people call the model.")]
_Family = Annotated[_Text, typer.Option(help="Its family, and the folder's name.")]
_Creator = Annotated[_Text, typer.Option(help="Who made it, such as black-forest-labs.")]
_Summary = Annotated[_Text, typer.Option(help="One sentence about it, in your own words.")]
_Usd = Annotated[_Text, typer.Option(help="What a picture costs, where a source says so.")]
_PriceSource = Annotated[_Text, typer.Option(help="Who says that it costs so much.")]
_PriceDate = Annotated[_Text, typer.Option(help="The day on which that was read, YYYY-MM-DD; else today.")]
_Constant = Annotated[list[str] | None, typer.Option(help="FIELD=VALUE to send with every request; may be repeated.")]
_Source = Annotated[_Text, typer.Option(help="Where a provider's own schema is from, for provenance.")]
_Date = Annotated[_Text, typer.Option("--date", help="The day the schema was read, YYYY-MM-DD; else today.")]
_Catalog = Annotated[Path | None, typer.Option("--catalog", help="The catalog folder to write into.")]


def new(
    provider: _Provider,
    endpoint: _Endpoint,
    contract: _Contract = None,
    model: _Model = None,
    key_name: _KeyName = None,
    name: _Name = None,
    family: _Family = None,
    creator: _Creator = None,
    summary: _Summary = None,
    usd_per_image: _Usd = None,
    price_source: _PriceSource = None,
    price_date: _PriceDate = None,
    constant: _Constant = None,
    source: _Source = None,
    read_on: _Date = None,
    catalog: _Catalog = None,
) -> None:
    """Draft a model out of a contract: what its fields let one infer, marked for you to confirm.

    The draft is valid as it is, and its endpoint `unverified`. What no contract says (the model's name, its price) is
    never made up: give it here, or answer the questions that are asked in the end. Nothing is overwritten.
    """
    check_names(provider, endpoint)
    known = Known(
        day=day_of(price_date, "--price-date"),
        name=name,
        family=family,
        creator=creator,
        summary=summary,
        key_name=key_name,
        usd_per_image=usd_per_image,
        price_source=price_source,
        constants=_constants(constant or ()),
    )
    folder = _Folder.open(catalog)
    model_id = model or _named_after(endpoint)
    whose = _check(folder, provider, endpoint, model_id, known)
    stored = _contract(folder, f"{provider}/{endpoint}", contract, source, day_of(read_on))
    _draft(folder, whose, endpoint, model_id, known, stored)


def _draft(folder: _Folder, provider: Provider, endpoint: str, model_id: str, known: Known, contract: Document) -> None:
    """Draft, see that it is sound, write, and say what is left to do."""
    known = _keyed(folder, provider, endpoint, model_id, known, contract)
    draft = draft_endpoint(folder.builder, provider, endpoint, contract, known)
    file, text, questions = _written(folder, model_id, draft, known)
    name = f"{provider.id}/{endpoint}"
    contract_file = folder.root / "contracts" / f"{name}.json"
    # One that stands in a catalog below is not repeated.
    contract_text = None if name in folder.builder.documents.contracts else format_contract(contract.data)
    _check_sound(folder, model_id, (file, text), (contract_file, contract_text, name))
    for path, content in ((contract_file, contract_text), (file, text)):
        if content is not None:
            _write(path, content)
    print_table(("field", "becomes", "because"), [(one.field, one.becomes, one.because) for one in draft.inferences])
    _tell(folder, f"{provider.id}/{known.key_name or model_id}", [*questions, *draft.questions])


@dataclass(frozen=True, slots=True)
class _Folder:
    """The catalog folder that is written into, as it was read with all it extends."""

    root: Path
    named: Path | None
    layers: list[Documents]
    builder: Builder

    @classmethod
    def open(cls, catalog: Path | None) -> _Folder:
        root = catalog or builtin_path()
        # A catalog that was installed with the package lies in its `data` folder.
        if not root.is_dir() or (catalog is None and root.parent.name == "data"):
            raise _fault("--catalog", f"{root} is not a catalog folder to write into; name one with --catalog.")
        layers = read_layers(root)
        builder = Builder(overlay(layers[0], layers[1:]))
        builder.everything()
        if builder.findings:
            raise CatalogError(builder.findings)
        return cls(root, catalog, layers, builder)

    @property
    def models(self) -> Mapping[str, Document]:
        """Every model, those below included."""
        return self.builder.documents.models

    def shown(self, path: Path) -> str:
        """A path as the person at the terminal would write it."""
        return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _fault(param: str, message: str) -> RequestError:
    return RequestError([Fault(param, message)])


def _constants(written: Sequence[str]) -> dict[str, Any]:
    """Fields to send always; a value that is JSON is that, any other is text."""
    constants: dict[str, Any] = {}
    for one in written:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise _fault("--constant", f"--constant needs FIELD=VALUE, such as model=v2, not {one!r}.")
        try:
            constants[name] = json.loads(value)
        except ValueError:
            constants[name] = value
    return constants


def _named_after(endpoint: str) -> str:
    """A model's id made of an endpoint's, without its first part: that is a company."""
    parts = endpoint.lower().split("/")
    return re.sub(r"[^a-z0-9._-]+", "-", "-".join(parts[1:] or parts)).lstrip("._-")


def _check(folder: _Folder, provider: str, endpoint: str, model_id: str, known: Known) -> Provider:
    """Whose endpoint it is; every reason why it cannot be added under that name, at once."""
    faults = [*_price_faults(known), *_name_faults(folder, model_id, known)]
    providers = folder.builder.providers
    if provider not in providers:
        near = did_you_mean(provider, providers, count=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(providers) or 'none'}."
        if not providers:
            hint += " A catalog of your own says `extends: builtin` in its catalog.yaml."
        faults.append(Fault("--provider", f"No file in providers/ is named {provider!r}. {hint}"))
    for other, document in folder.models.items():
        for entry in document.data["endpoints"]:
            if (entry["provider"], entry["id"]) == (provider, endpoint):
                key = f"{provider}/{entry.get('name', other)}"
                message = f"{endpoint} is in the catalog as {key} already; edit {document.name}."
                faults.append(Fault("--endpoint", message))
    if faults:
        raise RequestError(faults)
    return providers[provider]


def _price_faults(known: Known) -> list[Fault]:
    if (known.usd_per_image is None) != (known.price_source is None):
        return [Fault("--price-source", "--usd-per-image and --price-source go together: no price without its source.")]
    if known.usd_per_image is not None and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", known.usd_per_image):
        told = f"--usd-per-image is a number of dollars such as 0.003, not {known.usd_per_image!r}."
        return [Fault("--usd-per-image", told)]
    return []


def _name_faults(folder: _Folder, model_id: str, known: Known) -> list[Fault]:
    faults = []
    ids = (("--model", model_id), ("--family", known.family), ("--creator", known.creator))
    for option, text in (*ids, ("--key-name", known.key_name)):
        if text is not None and not _ID.fullmatch(text):
            message = f"{option} {text!r} must be in lower case letters, digits, dots and dashes, such as flux.1-dev."
            faults.append(Fault(option, message))
    meant = folder.builder.names().get(model_id)
    if meant is not None and meant != model_id:
        message = f"{model_id!r} is an alias of {meant!r}; --model {meant} adds the endpoint there."
        faults.append(Fault("--model", message))
    if model_id in folder.models:
        document = folder.models[model_id]
        for key in ("name", "family", "creator", "summary"):
            told, stands = getattr(known, key), document.data.get(key)
            if told is not None and told != stands:
                message = f"The model {model_id!r} is there, and its {key} is {stands!r}; edit {document.name}, "
                message += f"or leave out --{key}, or choose another --model."
                faults.append(Fault(f"--{key}", message))
    return faults


def _contract(folder: _Folder, name: str, file: str | None, source: str | None, read_on: date) -> Document:
    """The contract the draft is about: what the catalog has, or what a file holds, imported where need be."""
    stored, endpoint = folder.builder.documents.contracts.get(name), name.partition("/")[2]
    if file is None:
        if stored is None:
            message = f"There is no contracts/{name}.json; name the provider's schema with --contract."
            raise _fault("--contract", message)
        return stored
    given = read_json("stdin" if file == "-" else file, read_text(file))
    if given.findings:
        raise CatalogError(given.findings)
    if "x-provenance" not in given.data:
        imported = import_contract(given, endpoint=endpoint, read_on=read_on, source=source)
        for note in imported.notes:
            say(f"note: {note}")
        given = read_json(given.name, format_contract(imported.schema))
    elif source is not None:
        raise _fault("--source", f"{file} is a contract, which says in x-provenance where it is from; edit it there.")
    elif given.data.get("title", endpoint) != endpoint:
        raise _fault("--contract", f"{file} is the contract of {given.data['title']!r}, not of {endpoint!r}.")
    if stored is None:
        return given
    changes = drift(stored.data, given.data)
    if changes:
        told = f"{stored.name} says otherwise than {file}: {changes[0].path or 'the request'}: {changes[0].message}. "
        hint = "`pentaprism contracts import --force` overwrites it; without --contract the one in the catalog is used."
        raise _fault("--contract", told + hint)
    return stored


def _keyed(
    folder: _Folder, provider: Provider, endpoint: str, model_id: str, known: Known, contract: Document
) -> Known:
    """With a name for the key where the model's own is taken: an endpoint that only edits is called so."""
    taken = folder.builder.keys()
    if f"{provider.id}/{known.key_name or model_id}" not in taken:
        return known
    modes = draft_endpoint(folder.builder, provider, endpoint, contract, known).modes
    other = f"{model_id}-edit"
    if known.key_name is None and modes == (Mode.IMAGE_EDIT,) and f"{provider.id}/{other}" not in taken:
        say(f"note: {provider.id}/{model_id} is taken, so this endpoint is called {provider.id}/{other}")
        return replace(known, key_name=other)
    key = f"{provider.id}/{known.key_name or model_id}"
    raise _fault("--key-name", f"The key {key} is taken, by the model {taken[key]!r}; choose another with --key-name.")


def _written(folder: _Folder, model_id: str, draft: EndpointDraft, known: Known) -> tuple[Path, str, list[str]]:
    """The model's file, its text, and what is left to ask about the model."""
    top = folder.layers[-1].models.get(model_id)
    if top is not None:
        file = next(one for one in (folder.root / "models").rglob("*.yaml") if one.stem == model_id)
        with file.open(encoding="utf-8", newline="") as opened:
            return file, add_endpoint(top, opened.read(), draft), []
    below = folder.models.get(model_id)
    family = known.family or (below.data["family"] if below else model_id)
    schemas = (folder.root / "schema" / "model.json").is_file()
    text, questions = new_model(model_id, draft, known, amends=below is not None, schemas=schemas)
    return folder.root / "models" / family / f"{model_id}.yaml", text, questions


def _check_sound(
    folder: _Folder, model_id: str, model: tuple[Path, str], contract: tuple[Path, str | None, str]
) -> None:
    """Refuse a draft with which the catalog would not be valid, before anything is written."""
    from ..catalog.validate import validate_documents

    top = folder.layers[-1]
    top.models[model_id] = read_yaml(folder.shown(model[0]), model[1])
    if contract[1] is not None:
        top.contracts[contract[2]] = read_json(folder.shown(contract[0]), contract[1])
    findings = validate_documents(overlay(folder.layers[0], folder.layers[1:]), today())
    wrong = [one for one in findings if severity_of(one.rule) is Severity.ERROR]
    if wrong:
        say("nothing was written, since the draft would not be valid; write the model by hand, beginning with")
        say(model[1])
        raise CatalogError(wrong)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise _fault("--catalog", f"{path} cannot be written: {error.strerror}.") from None
    print_text(f"wrote {path}")


def _tell(folder: _Folder, key: str, questions: Sequence[str]) -> None:
    say("left for you to find out:")
    for question in questions:
        say(f"  - {question}")
    say(
        '  - is every line marked "inferred" right? Confirm it by taking the comment out, and `status: unverified` last'
    )
    where = shlex.quote(str(folder.named)) if folder.named else ""
    say("next:")
    say(f"  pentaprism validate {where}".rstrip())
    option = f" --catalog {where}" if where else ""
    say(f"  pentaprism catalog show {key}{option}")
    say(f"  pentaprism prove --endpoint {key} --write{option}")
