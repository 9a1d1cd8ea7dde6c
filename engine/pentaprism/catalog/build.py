"""Build providers, parameters and models out of documents, resolving everything a request would need.

Row 3. Every fault becomes a finding at its place; whoever calls decides when to raise. However broken the documents
are, nothing else is raised. It must not read files and must not judge prose or prices: `pentaprism.catalog.lint` does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ..errors import CatalogError, Finding, did_you_mean
from ..types import Contract, Endpoint, Mode, Model, ModeSpec, Price, Provider
from .contracts import is_readable
from .document import Document
from .documents import Documents
from .forms import Table, build_forms, read_default_size, read_provenance, read_tables
from .node import Node
from .providers import read_provider, read_submission
from .resolve import resolve_rules
from .rules import check_rule
from .vocabulary import read_parameters

__all__ = ["Builder"]

_MODES = tuple(mode.value for mode in Mode)
_METRICS = ("image", "megapixel", "input_megapixel", "token", "second")
_STATUSES = ("active", "preview", "deprecated", "retired", "disabled")
_TOKENS = ("text_in", "image_in", "text_out", "image_out")


class Builder:
    """Turns documents into the types of row 1. Everything it found wrong is in `.findings`."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.findings: list[Finding] = list(documents.findings)
        self.parameters = read_parameters(self._root(documents.parameters))
        self.tables: Mapping[str, Table] = read_tables(self._root(documents.size_tables))
        self.providers: dict[str, Provider] = {}
        for name, document in documents.providers.items():
            self.providers[name] = read_provider(name, self._root(document), self._check_rule)

    def _root(self, document: Document) -> Node:
        """The whole of a document. One that could not be read has said so, and says nothing about missing keys."""
        return Node(document, (), [], {}) if document.broken else Node(document, (), self.findings)

    def _check_rule(self, node: Node, parameter: str) -> bool:
        """Whether a rule can be used; a parameter nobody knows is a finding of its own."""
        known = self.parameters.get(parameter)
        if known is None and not self.documents.parameters.broken:
            near = did_you_mean(parameter, self.parameters, count=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            node.report("unknown-parameter", f"parameters.yaml has no parameter {parameter!r}{hint}", key=True)
        return check_rule(node, known)

    def everything(self) -> dict[str, Model]:
        """Every model that could be read, built. After that, `.findings` has all there is to find."""
        self.names()
        self.keys()
        return {name: self.model(name) for name, document in self.documents.models.items() if not document.broken}

    def sound_model(self, model_id: str) -> Model:
        """One model in which nothing is wrong.

        Raises:
            CatalogError: with everything that is, each time it is asked for, whatever was told of other models.
        """
        alone = copy.copy(self)
        alone.findings = []
        model = alone.model(model_id)
        if alone.findings:
            raise CatalogError(alone.findings)
        return model

    def model(self, model_id: str) -> Model:
        """One model with all its endpoints resolved."""
        node = self._root(self.documents.models[model_id])
        entries = [entry for entry in node.child("endpoints").entries() if isinstance(entry.data, dict)]
        if not entries:
            node.report("missing-key", "a model needs at least one entry under 'endpoints'")
        fields = self._native_fields(model_id, entries)
        endpoints = tuple(
            endpoint for entry in entries if (endpoint := self._endpoint(model_id, entry, fields)) is not None
        )
        known = ("overview", "strengths", "limitations", "technical_background", "best_for")
        return Model(
            id=model_id,
            name=node.text("name"),
            family=node.text("family"),
            creator=node.text("creator"),
            aliases=node.texts("aliases"),
            status=node.choice("status", _STATUSES, "active"),
            successor=node.optional("successor", str),
            summary=node.text("summary"),
            endpoints=endpoints,
            tags=node.texts("tags"),
            license=node.optional("license", str),
            released=node.optional("released", str),
            prose={key: node.data[key] for key in known if key in node.data},
            dissents=node.texts("dissents"),
        )

    def _native_fields(self, model_id: str, entries: list[Node]) -> dict[str, tuple[str, ...]]:
        fields: dict[str, tuple[str, ...]] = {}
        for entry in entries:
            document = self.documents.contracts.get(f"{entry.get('provider')}/{entry.get('id')}")
            key = endpoint_key(entry, model_id)
            properties = document.data.get("properties") if document else None
            for name in properties if isinstance(properties, dict) else ():
                fields[name] = (*fields.get(name, ()), key)
        return fields

    def _endpoint(self, model_id: str, node: Node, fields: Mapping[str, tuple[str, ...]]) -> Endpoint | None:
        provider_id, own_id = node.text("provider"), node.text("id")
        provider = self.providers.get(provider_id)
        contract = self._contract(node, provider_id, own_id) if provider_id and own_id else None
        name = node.text("name", model_id)
        prices = tuple(_price(entry) for entry in node.child("prices").entries() if entry.is_mapping())
        checked = read_provenance(node.section("checked"))
        status = node.choice("status", ("active", "unverified", "disabled"), "active")
        if provider is None and provider_id:
            near = did_you_mean(provider_id, self.providers, count=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(self.providers) or 'none yet'}"
            node.report("unknown-provider", f"no file in providers/ is named {provider_id!r}{hint}", "provider")
        if provider is None or contract is None:
            return None
        modes = {}
        for mode, overlay in node.section("modes").items():
            if mode not in _MODES:
                overlay.report("unknown-mode", f"there is no mode {mode!r}; there are {', '.join(_MODES)}", key=True)
            elif overlay.is_mapping():
                modes[Mode(mode)] = self._mode_spec(Mode(mode), node, overlay, contract, provider)
        if node.get("modes") == {}:
            node.report("missing-key", "an endpoint needs 'modes' with at least one mode in it", "modes")
        return Endpoint(
            key=f"{provider_id}/{name}",
            id=own_id,
            name=name,
            provider=provider_id,
            model=model_id,
            modes=modes,
            prices=prices,
            checked=checked,
            submission=read_submission(node.child("submit"), provider, own_id),
            status=status,
            native_fields=fields,
            absent=self._absent(node.child("absent"), modes),
        )

    @staticmethod
    def _absent(node: Node, modes: Mapping[Mode, ModeSpec]) -> dict[Mode, str]:
        """Why the endpoint lacks modes that one might expect of it."""
        reasons = {}
        for mode, reason in node.items():
            if mode not in _MODES:
                reason.report("unknown-mode", f"there is no mode {mode!r}; there are {', '.join(_MODES)}", key=True)
            elif Mode(mode) in modes:
                reason.report("bad-mode", f"{mode} stands under `modes` too; it is either served or absent", key=True)
            else:
                reasons[Mode(mode)] = node.text(mode)
        return reasons

    def _contract(self, node: Node, provider: str, own_id: str) -> Contract | None:
        document = self.documents.contracts.get(f"{provider}/{own_id}")
        if document is None:
            if provider in self.providers:
                message = f"there is no contract for {own_id!r}; expected contracts/{provider}/{own_id}.json"
                node.report("missing-contract", message, "id")
            return None
        root = self._root(document)
        provenance = read_provenance(root.section("x-provenance"))
        if document.broken or not is_readable(root):
            return None
        return Contract(schema=document.data, provenance=provenance)

    def _mode_spec(self, mode: Mode, node: Node, overlay: Node, contract: Contract, provider: Provider) -> ModeSpec:
        sizes = overlay.section("sizes") if overlay.has("sizes") else node.section("sizes")
        narrowed = self._narrow(node, overlay, contract)
        tables = None if self.documents.size_tables.broken else self.tables
        forms = build_forms(sizes, narrowed, tables, mode)
        own = self._own_rules(node, overlay)
        rules = resolve_rules(self.parameters, mode, narrowed, forms, provider, own)
        image = rules.get("image")
        return ModeSpec(
            mode=mode,
            contract=narrowed,
            rules=rules,
            forms=forms,
            default_size=read_default_size(sizes),
            max_side=sizes.count("max_side"),
            constants={**node.optional("constants", dict, {}), **overlay.optional("constants", dict, {})},
            max_input_images=_max_images(image.options, image.target, narrowed) if image and image.target else 0,
        )

    def _own_rules(self, node: Node, overlay: Node) -> Node:
        """The endpoint's rules with the mode's over them, those left out that cannot be used."""
        usable: dict[str, Any] = {}
        for parent in (node.child("rules"), overlay.child("rules")):
            for parameter, rule in parent.items():
                if self._check_rule(rule, parameter):
                    usable[parameter] = rule.data
        return Node(node.document, (*node.path, "rules"), self.findings, usable)

    def _narrow(self, node: Node, overlay: Node, contract: Contract) -> Contract:
        """The contract as one endpoint and mode see it: without some fields, others with tighter schemas."""
        narrow = node.child("narrow")
        removed = {*narrow.texts("without"), *overlay.texts("without")}
        changed = {}
        for name, schema in narrow.items():
            if name == "without":
                continue
            if name not in contract.fields:
                schema.report("unknown-field", f"the contract has no field {name!r} to narrow", key=True)
            elif is_readable(schema):
                changed[name] = schema.data
        for parent in (narrow, overlay):
            for index, name in enumerate(parent.texts("without")):
                if name not in contract.fields:
                    parent.report("unknown-field", f"the contract has no field {name!r} to leave out", "without", index)
        if not removed and not changed:
            return contract
        fields = {name: changed.get(name, field) for name, field in contract.fields.items() if name not in removed}
        required = [name for name in contract.schema.get("required", ()) if name not in removed]
        narrowed = {**contract.schema, "properties": fields, "required": required}
        return Contract(schema=narrowed, provenance=contract.provenance)

    def names(self) -> dict[str, str]:
        """Every model id and alias, and the model each means; a name used twice is a finding."""
        names = {model_id: model_id for model_id in self.documents.models}
        for model_id, document in self.documents.models.items():
            node = self._root(document)
            for index, alias in enumerate(node.texts("aliases")):
                if alias not in names:
                    names[alias] = model_id
                    continue
                is_id = alias in self.documents.models
                other = f"the model {alias!r}" if is_id else f"an alias of {names[alias]!r}"
                message = f"{alias!r} is {other} already; a name means one model"
                node.report("duplicate-name", message, "aliases", index)
        return names

    def keys(self) -> dict[str, str]:
        """Every endpoint key and the model it belongs to; a key used twice is a finding."""
        keys: dict[str, str] = {}
        for model_id, entry in self._entries():
            key = endpoint_key(entry, model_id)
            if key in keys:
                message = f"the key {key!r} is taken (by {keys[key]!r}); give this endpoint a `name` of its own"
                entry.report("duplicate-name", message)
            keys.setdefault(key, model_id)
        return keys

    def keys_of(self, own_id: str) -> list[str]:
        """The keys of the endpoints that their provider calls by this id; nothing is built to find them."""
        return [endpoint_key(entry, model_id) for model_id, entry in self._entries() if entry.get("id") == own_id]

    def _entries(self) -> Iterator[tuple[str, Node]]:
        """Every endpoint as its file writes it, with the id of its model."""
        for model_id, document in self.documents.models.items():
            for entry in self._root(document).child("endpoints").entries():
                if entry.is_mapping():
                    yield model_id, entry


def endpoint_key(entry: Node, model_id: str) -> str:
    """The key of an endpoint as its file writes it."""
    name = entry.get("name") if entry.has("name") else model_id
    return f"{entry.get('provider')}/{name}"


def _price(node: Node) -> Price:
    when = {
        name: tuple(value) if isinstance(value, list) else (value,)
        for name, value in node.optional("when", dict, {}).items()
    }
    return Price(
        start=node.day("from") or date.min,
        usd=node.decimal("usd") or Decimal(0),
        per=node.choice("per", _METRICS),
        of=node.choice("of", _TOKENS) if node.has("of") else None,
        unit=node.count("unit", 1) or 1,
        round=node.choice("round", ("up",)) if node.has("round") else None,
        each=node.optional("each", bool, True),
        min=node.decimal("min"),
        first=node.decimal("first"),
        when=when,
        source=node.text("source"),
        dissent=node.optional("dissent", str),
    )


def _max_images(options: Mapping[str, Any], target: str, contract: Contract) -> int | None:
    """How many input images a rule takes: one, the rule's own sourced `max`, or what the contract has room for."""
    shape = options.get("shape", "one")
    if shape == "one":
        return 1
    if shape == "numbered":
        fields = len(contract.numbered(target))
        bound: int | None = min(fields, options.get("max", fields))
    else:
        bound = options.get("max", (contract.at(target.removesuffix("[]")) or {}).get("maxItems"))
    return bound
