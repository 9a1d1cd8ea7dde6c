"""What a catalog holds once it is loaded and resolved: frozen, and free of files and line numbers. Row 1.

`pentaprism.catalog` builds these; `pentaprism.compile` reads them. The words are those of DESIGN section 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from itertools import chain, count, takewhile
from typing import Any, NamedTuple

from .geometry import AspectRatio, Size
from .money import Price
from .plain import NOTHING

__all__ = [
    "Behaviour",
    "Contract",
    "Endpoint",
    "Form",
    "FormKind",
    "GridCell",
    "Mode",
    "ModeSpec",
    "Model",
    "Parameter",
    "Provenance",
    "Provider",
    "Rule",
    "Submission",
    "TierSpec",
]


class Mode(StrEnum):
    """What a request asks for: a picture from words, or a change to a picture."""

    TEXT_TO_IMAGE = "text-to-image"
    IMAGE_EDIT = "image-edit"

    @property
    def short(self) -> str:
        """The chip on the pages: T2I or Edit."""
        return "T2I" if self is Mode.TEXT_TO_IMAGE else "Edit"


class Behaviour(StrEnum):
    """How a parameter crosses to a provider; every parameter has exactly one at every endpoint."""

    PASSTHROUGH = "passthrough"
    RENAMED = "renamed"
    CONVERTED = "converted"
    EMULATED = "emulated"
    UNSUPPORTED = "unsupported"


class Provenance(NamedTuple):
    """Where a fact comes from: who said it, when it was read, how, and who says otherwise.

    `method`: schema-imported, sdk, page, measured or inferred. `date` is ISO 8601.
    """

    source: str
    date: str
    method: str
    dissent: str | None = None


class Parameter(NamedTuple):
    """One name of the vocabulary (`parameters.yaml`).

    `group`: core, size, media, output or additional. `type`: string, integer, number, boolean, image or object.
    `at`: request (crosses to a provider), gateway (never reaches a wire) or provider (a provider's own field that is
    documented here once; it works wherever a contract has it). `spellings` maps other ways to write a value.
    `emulate` is the rule where an endpoint offers nothing better.
    """

    name: str
    group: str
    type: str
    summary: str
    at: str = "request"
    modes: frozenset[Mode] = frozenset(Mode)
    required: frozenset[Mode] = frozenset()
    values: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    default: Any = None
    synonyms: tuple[str, ...] = ()
    spellings: Mapping[str, str] = NOTHING
    emulate: Mapping[str, Any] | None = None
    example: Any = None


class Provider(NamedTuple):
    """A company's API: where and how a request is submitted, and what its failures cost.

    `submit_url` has `{endpoint}` for the endpoint's own id. `envelope` is the key the body goes under, if any.
    `env` names the environment variable with the credential; `hosts` are those that may receive it, where `*.bfl.ai`
    stands for every host below bfl.ai.
    """

    id: str
    name: str
    protocol: str
    homepage: str
    auth_header: str
    auth_scheme: str | None
    env: str
    method: str
    submit_url: str
    hosts: tuple[str, ...]
    body: str = "json"
    envelope: str | None = None
    headers: Mapping[str, str] = NOTHING
    returns: str = "url"
    bills: Mapping[str, Any] = NOTHING
    reserved: tuple[str, ...] = ()
    rules: Mapping[str, Any] = NOTHING

    def trusts(self, host: str) -> bool:
        """Whether the credential may go to a host: it is one of `hosts`, or below one that begins with `*.`.

        Whole labels are compared, in lower case; below a domain only plain host names count, without user or port.

        >>> provider = Provider(id="bfl", name="", protocol="bfl", homepage="", auth_header="x-key", auth_scheme=None,
        ...                     env="BFL_API_KEY", method="POST", submit_url="", hosts=("*.bfl.ai",))
        >>> provider.trusts("api.eu2.bfl.ai"), provider.trusts("evilbfl.ai"), provider.trusts("bfl.ai.evil.com")
        (True, False, False)
        """
        return any(_covers(entry, host) for entry in self.hosts)


_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def _covers(entry: str, host: str) -> bool:
    if not entry.startswith("*."):
        return host == entry
    # `*.ai` would trust everybody's domain, so at least two labels must follow.
    return "." in entry[2:] and host.endswith(entry[1:]) and _HOST.fullmatch(host) is not None


class Submission(NamedTuple):
    """How one endpoint is called: the provider's way, with the endpoint's own id in `url` and what it does otherwise.

    `body` is json or multipart; `envelope` the key a JSON body goes under, if any.
    """

    method: str
    url: str
    body: str = "json"
    envelope: str | None = None
    headers: Mapping[str, str] = NOTHING


class Contract(NamedTuple):
    """A provider's own input schema for an endpoint: closed JSON Schema, with where and when it was read."""

    schema: Mapping[str, Any]
    provenance: Provenance

    @property
    def fields(self) -> Mapping[str, Any]:
        """The top-level properties, by name."""
        properties: Mapping[str, Any] = self.schema.get("properties", {})
        return properties

    def at(self, path: str) -> Mapping[str, Any] | None:
        """The schema of a path (`a.b`; `a[]` and `a[0]` for the items of a list), or None where there is none."""
        node: Any = self.schema
        for name in path.split("."):
            name, bracket, _ = name.partition("[")
            node = node.get("properties", {}).get(name)
            if node is not None and bracket:
                node = node.get("items")
            if node is None:
                return None
        found: Mapping[str, Any] = node
        return found

    def value_at(self, path: str) -> Mapping[str, Any]:
        """What a value at a path must fit, null aside: of a choice between null and one schema, that one.

        Empty where there is no such path.

        >>> from_page = Provenance(source="", date="2026-11-21", method="page")
        >>> seed = {"anyOf": [{"type": "integer", "maximum": 9}, {"type": "null"}], "title": "Seed"}
        >>> Contract(schema={"properties": {"seed": seed}}, provenance=from_page).value_at("seed")
        {'title': 'Seed', 'type': 'integer', 'maximum': 9}
        """
        schema = self.at(path) or {}
        branches = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
        if len(branches) != 1:
            return schema
        return {**{keyword: value for keyword, value in schema.items() if keyword != "anyOf"}, **branches[0]}

    @staticmethod
    def top(path: str) -> str:
        """The top-level field a path begins at.

        >>> Contract.top("contents[0].parts[].text")
        'contents'
        """
        return path.partition(".")[0].partition("[")[0]

    def numbered(self, path: str) -> tuple[str, ...]:
        """The fields that take one of several each: `path`, `path_2`, `path_3` and so on, as far as they go.

        >>> from_page = Provenance(source="", date="2026-11-21", method="page")
        >>> fields = {"image": {}, "image_2": {}, "image_4": {}}
        >>> Contract(schema={"properties": fields}, provenance=from_page).numbered("image")
        ('image', 'image_2')
        """
        names = chain((path,), (f"{path}_{number}" for number in count(2)))
        return tuple(takewhile(lambda name: self.at(name) is not None, names))


class Rule(NamedTuple):
    """How one parameter crosses at one endpoint in one mode.

    `verb`: passthrough, rename, convert, emulate, form (the three size parameters) or unsupported. `target` is the
    dotted path it writes, None where it writes none. `options` are the rule's own keys as the author wrote them.
    `origin` says which of the five sources applied: endpoint, provider, contract, vocabulary or none.
    """

    parameter: str
    behaviour: Behaviour
    verb: str
    target: str | None = None
    options: Mapping[str, Any] = NOTHING
    origin: str = "none"
    reason: str | None = None


class FormKind(StrEnum):
    """The closed set of ways a provider takes a size (CATALOG section 3)."""

    FREE = "free"
    GRID = "grid"
    LIST = "list"
    AUTO = "auto"


class TierSpec(NamedTuple):
    """One scale of a grid: the provider's label, its nominal `area` in pixels, and what it does to the pixel table."""

    label: str
    area: int
    scale: float | None = 1.0


class GridCell(NamedTuple):
    """One thing a form can make: what is sent for it and the pixels that come back.

    `nominal` is the size by formula, `real` the pixels the provider returns where known (else equal to nominal and
    `inferred`). `ratio` and `tier` are the provider's labels, None where the form has no such field.
    """

    sends: Mapping[str, Any]
    real: Size
    nominal: Size
    inferred: bool
    ratio: AspectRatio | None = None
    ratio_label: str | None = None
    tier: TierSpec | None = None


class Form(NamedTuple):
    """One way an endpoint takes a size.

    `to` maps a role (object, width, height, string, ratio, tier, value) to the path it is written at; `set` are
    constants written with it. The bounds belong to `free`: `side` and `pixels` in pixels, `step` in pixels, `ratio`
    as width over height. `cells` belong to `grid` and `list`: everything they can make, tier by tier in file order.
    `default_tier` is the scale of a grid where none is sent, and of an `auto` that fixes the scale and not the shape.
    """

    kind: FormKind
    to: Mapping[str, str] = NOTHING
    set: Mapping[str, Any] = NOTHING
    side: tuple[int, int] | None = None
    pixels: tuple[int, int] | None = None
    ratio: tuple[float, float] | None = None
    step: int = 1
    cells: tuple[GridCell, ...] = ()
    default_tier: TierSpec | None = None
    sources: tuple[Provenance, ...] = ()


class ModeSpec(NamedTuple):
    """One mode of one endpoint, resolved: the contract as this mode sees it, a rule for each parameter, the forms.

    `default_size`: what comes back when no size is asked: pixels, `input` (follows the input image, no side beyond
    `max_side`) or None where unknown. `max_input_images` is None where no source states a limit.
    """

    mode: Mode
    contract: Contract
    rules: Mapping[str, Rule]
    forms: tuple[Form, ...]
    default_size: Size | str | None = None
    max_side: int | None = None
    constants: Mapping[str, Any] = NOTHING
    max_input_images: int | None = 0

    def targets(self, parameter: str) -> tuple[str, ...]:
        """Every path the rule of a parameter may write, in order: mostly one; several for numbered images; or none."""
        rule = self.rules.get(parameter)
        if rule is None or rule.target is None:
            return ()
        return self.contract.numbered(rule.target) if rule.options.get("shape") == "numbered" else (rule.target,)


class Endpoint(NamedTuple):
    """One model as one provider serves it. `.key` is `provider/name`; `.id` is the provider's own id.

    `status` is active, or unverified where its facts could not be confirmed: then it ranks after every verified one.
    `submission` is how it is called. `native_fields` names the contract fields of every endpoint of the model, and the
    endpoints that have each.
    `absent` says why it lacks modes that one might expect of it.
    """

    key: str
    id: str
    name: str
    provider: str
    model: str
    modes: Mapping[Mode, ModeSpec]
    prices: tuple[Price, ...]
    checked: Provenance
    submission: Submission
    status: str = "active"
    native_fields: Mapping[str, tuple[str, ...]] = NOTHING
    absent: Mapping[Mode, str] = NOTHING


class Model(NamedTuple):
    """What the caller names: `flux.1-dev`, with its aliases and the endpoints that serve it, in file order."""

    id: str
    name: str
    family: str
    creator: str
    aliases: tuple[str, ...]
    status: str
    summary: str
    endpoints: tuple[Endpoint, ...]
    successor: str | None = None
    tags: tuple[str, ...] = ()
    license: str | None = None
    released: str | None = None
    prose: Mapping[str, Any] = NOTHING
    dissents: tuple[str, ...] = ()

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes at least one endpoint serves, in the order of `Mode`."""
        served = {mode for endpoint in self.endpoints for mode in endpoint.modes}
        return tuple(mode for mode in Mode if mode in served)
