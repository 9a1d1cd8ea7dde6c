"""An endpoint's entry, put together out of all that was inferred from its contract.

Row 3. Every line that was concluded says so in a comment above it, and the endpoint is `unverified` until an author has
read them. It must not conclude anything itself but what is left over: fields nothing claimed, and fields the contract
requires of which nobody knows the meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import CatalogError, Finding
from ...types import Contract, Mode, Provider
from ..build import Builder
from ..contracts import is_readable
from ..document import Document
from ..forms import read_provenance
from ..lint.fields import values_of
from ..node import Node
from ..rules import SIZE_PARAMETERS
from .crossing import Crossing, read_crossing
from .inference import Inference, Known, Setting, listed
from .pictures import Pictures, holds_a_file, read_pictures
from .shapes import Shapes, read_shapes
from .yaml_text import Entry

__all__ = ["EndpointDraft", "draft_endpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDraft:
    """An endpoint as a model's file will have it.

    `entries` are its keys with their comments; `inferences` everything concluded, also what needs no line;
    `questions` what only the author can find out, one sentence each.
    """

    provider: Provider
    id: str
    modes: tuple[Mode, ...]
    entries: tuple[Entry, ...]
    inferences: tuple[Inference, ...]
    questions: tuple[str, ...]


def draft_endpoint(
    builder: Builder, provider: Provider, own_id: str, document: Document, known: Known
) -> EndpointDraft:
    """The entry of an endpoint, as far as its contract tells.

    Args:
        builder: the catalog the draft is for; its vocabulary and pixel tables are read.
        provider: whose endpoint it is.
        own_id: the provider's own id of it.
        document: its contract.
        known: what the author tells beforehand.

    Raises:
        CatalogError: the contract cannot be read, or requires a field of which nobody knows what to send.

    >>> from datetime import date
    >>> from pentaprism.catalog.documents import read_documents
    >>> builder = Builder(read_documents())
    >>> fal, contract = builder.providers["fal"], builder.documents.contracts["fal/fal-ai/flux/dev"]
    >>> draft = draft_endpoint(builder, fal, "fal-ai/flux/dev", contract, Known(day=date(2026, 11, 21)))
    >>> [mode.value for mode in draft.modes], draft.inferences[0].becomes
    (['text-to-image'], 'sizes (free)')
    """
    setting = _setting(builder, provider, document)
    pictures = read_pictures(setting)
    shapes = read_shapes(setting, pictures.modes)
    written = {**pictures.written, **shapes.tops}
    crossing = read_crossing(setting, pictures.modes, written)
    left = _left_over(setting, {**written, **crossing.fields}, known, document)
    return EndpointDraft(
        provider=provider,
        id=own_id,
        modes=pictures.modes,
        entries=(
            *_head(provider, own_id, known),
            _modes(setting, pictures, crossing, shapes),
            *_absent(pictures),
            Entry("checked", _checked(document)),
            *_told_of(left),
            *_rules(setting, pictures, crossing),
            *_unwritten(setting, [*pictures.by_provider, *crossing.by_provider], crossing.by_name, left),
            *_waived(setting, shapes, left),
            *_prices(known),
            _sizes(shapes),
        ),
        inferences=(*pictures.inferences, *shapes.inferences, *crossing.inferences, *left.inferences),
        questions=tuple(_questions(known, shapes, pictures)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """Fields that nothing claimed: sent always, left out since they hold files, the gateway's by name, or native."""

    constants: dict[str, Any]
    reasons: tuple[str, ...]
    files: list[str]
    gateway: list[str]
    native: list[str]
    inferences: tuple[Inference, ...]


def _setting(builder: Builder, provider: Provider, document: Document) -> Setting:
    findings: list[Finding] = list(document.findings)
    root = Node(document, (), findings)
    provenance = read_provenance(root.section("x-provenance"))
    is_readable(root)
    if not findings and not isinstance(root.get("properties"), dict):
        root.report("no-input-schema", "this is no object with properties; a contract lists the fields of a request")
    if findings:
        raise CatalogError(findings)
    contract = Contract(schema=document.data, provenance=provenance)
    return Setting(contract=contract, provider=provider, vocabulary=builder.parameters, tables=builder.tables)


def _left_over(setting: Setting, claimed: Mapping[str, Any], known: Known, document: Document) -> _Left:
    unclaimed = [name for name in setting.contract.fields if name not in claimed]
    concluded = _concluded(setting.contract, unclaimed, known, document)
    constants = {**known.constants, **{name: value for name, (value, _) in concluded.items()}}
    native = [name for name in unclaimed if name not in constants and name not in setting.provider.reserved]
    files = [name for name in native if holds_a_file(setting.contract.fields[name])]
    vocabulary = setting.vocabulary
    gateway = [name for name in native if name in vocabulary and vocabulary[name].at == "gateway"]
    native = [name for name in native if name not in (*files, *gateway)]
    return _Left(
        constants=constants,
        reasons=tuple(why for _, why in concluded.values()),
        files=files,
        gateway=gateway,
        native=native,
        inferences=(
            *(Inference(name, "left out", "it holds a file, which no native field can") for name in files),
            *(Inference(name, "a constant", why) for name, (_, why) in concluded.items()),
            *(Inference(name, "never sent", f"{name} in a request is for the gateway itself") for name in gateway),
            *(Inference(name, "native", _why_native(setting, name)) for name in native),
        ),
    )


def _concluded(
    contract: Contract, unclaimed: list[str], known: Known, document: Document
) -> dict[str, tuple[Any, str]]:
    """What to send for a required field that no parameter means: its only value, or its default, each with why."""
    concluded, findings = {}, []
    for name in unclaimed:
        if name in known.constants or name not in contract.schema.get("required", ()):
            continue
        schema = contract.fields[name]
        values = values_of(schema) or ()
        if len(values) == 1:
            concluded[name] = values[0], f"the contract requires {name}, which has no other value"
        elif "default" in schema:
            concluded[name] = schema["default"], f"the contract requires {name}, and this is its default"
        else:
            message = (
                f"the contract requires {name!r}, and no parameter means it: "
                f"say what to send with every request, --constant {name}=VALUE"
            )
            findings.append(document.finding(("properties", name), "unknown-constant", message, key=True))
    if findings:
        raise CatalogError(findings)
    return concluded


def _head(provider: Provider, own_id: str, known: Known) -> Iterator[Entry]:
    yield Entry("provider", provider.id)
    yield Entry("id", own_id)
    if known.key_name:
        yield Entry("name", known.key_name)
    yield Entry("status", "unverified", ('a draft: take this line out once everything "inferred" is confirmed',))


def _absent(pictures: Pictures) -> Iterator[Entry]:
    if pictures.absent:
        because = "inferred from the contract; confirm"
        yield Entry("absent", {mode.value: why for mode, why in pictures.absent.items()}, (because,))


def _modes(setting: Setting, pictures: Pictures, crossing: Crossing, shapes: Shapes) -> Entry:
    """The modes; where both are served, a new picture is made without the fields that belong to an edit."""
    if len(pictures.modes) == 1:
        value: dict[str, Any] = {pictures.modes[0].value: {}}
        return Entry("modes", value, (f"inferred: {pictures.why_modes}; confirm",))
    fields = [name for name in {**pictures.named, **pictures.written} if name not in {**crossing.fields, **shapes.tops}]
    without = list(dict.fromkeys([*fields, *crossing.edit_only(setting.vocabulary)]))
    sized = "confirm too whether the fields of a size count where a picture is sent; if not, `sizes` here says so"
    items = (
        Entry(Mode.TEXT_TO_IMAGE.value, {"without": without} if without else {}),
        Entry(Mode.IMAGE_EDIT.value, {}, (sized,) if shapes.forms else ()),
    )
    return Entry("modes", comments=(f"inferred: {pictures.why_modes}; confirm",), items=items)


def _checked(document: Document) -> dict[str, Any]:
    provenance = document.data["x-provenance"]
    keys = ("date", "source", "method", "dissent")
    return {key: provenance[key] for key in keys if key in provenance}


def _told_of(left: _Left) -> Iterator[Entry]:
    if left.files:
        because = f"inferred: {listed(left.files)} would hold a file, which no native field can; confirm"
        yield Entry("narrow", {"without": left.files}, (because,))
    if left.constants:
        yield Entry("constants", left.constants, tuple(f"inferred: {why}; confirm" for why in left.reasons))


def _rules(setting: Setting, pictures: Pictures, crossing: Crossing) -> Iterator[Entry]:
    reasons = {one.becomes: one.because for one in pictures.inferences}
    written = {name: (rule, reasons[name]) for name, rule in pictures.rules.items()} | crossing.rules
    items = tuple(
        Entry(name, written[name][0], (f"inferred: {written[name][1]}; confirm",))
        for name in setting.vocabulary
        if name in written
    )
    if items:
        yield Entry("rules", items=items)


def _unwritten(setting: Setting, by_provider: list[str], by_name: list[str], left: _Left) -> Iterator[Entry]:
    """What crosses without a line of its own, told in comments alone."""
    words = []
    if by_provider:
        words.append(f"inferred: the rules of {setting.provider.name} write {listed(by_provider)}; confirm")
    if by_name:
        words.append(f"inferred: as they are, by name and type, {listed(by_name)}; confirm")
    if left.gateway:
        words.append(f"inferred: never sent, as the gateway's own by name, {listed(left.gateway)}; confirm")
    if left.native:
        words.append(f"inferred: native, under their own names, {listed(left.native)}; confirm")
    if words:
        yield Entry("", comments=tuple(words))


def _why_native(setting: Setting, name: str) -> str:
    described = name in setting.vocabulary and setting.vocabulary[name].at == "provider"
    return "a provider's own field, described in parameters.yaml" if described else "no parameter is known by this name"


def _prices(known: Known) -> Iterator[Entry]:
    if known.usd_per_image is None:
        words = "prices: unknown, since no contract has any; add rows with their source, or leave the price unknown"
        yield Entry("", comments=(words,))
    else:
        row = {"from": known.day.isoformat(), "usd": known.usd_per_image, "per": "image", "source": known.price_source}
        yield Entry("prices", [row])


def _waived(setting: Setting, shapes: Shapes, left: _Left) -> Iterator[Entry]:
    """A field that is called like a size parameter, and that no form lets anybody choose, is so knowingly."""
    kinds = {form["form"] for form, _ in shapes.forms}
    shaped = bool(kinds - {"auto"})
    scaled = bool(kinds & {"free", "list"}) or any("tiers" in form or "tier" in form for form, _ in shapes.forms)
    chosen = {"size": shaped, "aspect_ratio": shaped, "resolution": scaled}
    unsized = [
        name
        for name in SIZE_PARAMETERS
        if name in setting.contract.fields and name not in (*shapes.fields, *left.files) and not chosen[name]
    ]
    if unsized:
        reason = f"a draft: no form could be made of {listed(unsized)}"
        yield Entry("ignore", {"unclaimed-synonym": reason}, ("confirm: write a form if there is one",))


def _sizes(shapes: Shapes) -> Entry:
    comments = tuple(f"left to you: {note}" for note in shapes.notes)
    because = f"inferred: {shapes.why_default}; confirm" if shapes.why_default else "no contract says it in pixels"
    forms = tuple(Entry("-", form, (f"inferred: {because}; confirm",)) for form, because in shapes.forms)
    default = Entry("default", shapes.default, (because,))
    if forms:
        return Entry("sizes", comments=comments, items=(default, Entry("forms", items=forms)))
    nothing = ("inferred: no field takes a size; confirm",)
    return Entry("sizes", comments=comments, items=(default, Entry("forms", [], nothing)))


def _questions(known: Known, shapes: Shapes, pictures: Pictures) -> Iterator[str]:
    if known.usd_per_image is None:
        yield "what does it cost? Add `prices`, each row with its source; without them the price is unknown, never 0"
    if shapes.default == "unknown":
        edits = " (`input` where it follows the picture sent)" if Mode.IMAGE_EDIT in pictures.modes else ""
        yield f"which size comes when none is asked for{edits}? Write it as `sizes.default`"
    if any(form["form"] == "grid" for form, _ in shapes.forms):
        yield "how many pixels has each shape? Write them under `ratios`, or name a table of size-tables.yaml"
    for note in shapes.notes:
        yield f"{note}; is there a form for it?"
