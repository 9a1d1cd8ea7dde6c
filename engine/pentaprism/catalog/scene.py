"""A built catalog beside the files it came from, so that a linter can say where what it dislikes was written.

Row 3. It must not judge anything: `pentaprism.catalog.lint` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ..types import Contract, Endpoint, Mode, Model, ModeSpec
from .build import Builder, endpoint_key
from .document import Document
from .documents import Documents
from .node import Node

__all__ = ["Scene", "Served"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One mode of one endpoint: as built, and the parts of the model's file that say so."""

    endpoint: Endpoint
    mode: Mode
    spec: ModeSpec
    written: Node
    overlay: Node

    @property
    def contract(self) -> Contract:
        """The contract as this mode sees it."""
        return self.spec.contract

    def rules(self) -> Iterator[tuple[str, Node]]:
        """The endpoint's own rules that count in this mode: not those of parameters that belong to another."""
        over = self.overlay.child("rules")
        written = self.written.child("rules").items()
        for name, rule in (*((name, rule) for name, rule in written if not over.has(name)), *over.items()):
            if name in self.spec.rules and self.spec.rules[name].origin == "endpoint":
                yield name, rule

    def forms(self) -> Iterator[Node]:
        """The forms that count in this mode, as written."""
        holder = self.overlay if self.overlay.has("sizes") else self.written
        for form in holder.child("sizes").child("forms").entries():
            modes = form.get("modes")
            if isinstance(form.data, dict) and (not modes or self.mode.value in modes):
                yield form

    def constants(self) -> Iterator[Node]:
        """The places that hold constants: the endpoint, the mode and the forms."""
        for node in (self.written.child("constants"), self.overlay.child("constants")):
            if isinstance(node.data, dict):
                yield node
        for form in self.forms():
            if isinstance(form.get("set"), dict):
                yield form.child("set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a linter may look at. `today` is the day facts cannot be newer than.

    `marred` names the files in which something else was found: what would be said of an endpoint they describe might
    only follow from that.
    """

    documents: Documents
    builder: Builder
    models: Mapping[str, Model]
    today: date
    marred: frozenset[str] = frozenset()

    def root(self, document: Document) -> Node:
        """A whole document; what reading it might report is nobody's concern here."""
        return Node(document, (), [])

    def written(self) -> Iterator[tuple[Endpoint, Node]]:
        """Every endpoint that could be built, with its entry in the model's file."""
        for model_id, model in self.models.items():
            endpoints = {endpoint.key: endpoint for endpoint in model.endpoints if self._is_sound(endpoint)}
            for entry in self.root(self.documents.models[model_id]).child("endpoints").entries():
                if isinstance(entry.data, dict) and (endpoint := endpoints.get(endpoint_key(entry, model_id))):
                    yield endpoint, entry

    def _is_sound(self, endpoint: Endpoint) -> bool:
        documents = self.documents
        described_by = (
            documents.parameters,
            documents.size_tables,
            documents.models[endpoint.model],
            documents.providers[endpoint.provider],
            documents.contracts[f"{endpoint.provider}/{endpoint.id}"],
        )
        files = {name for one in described_by for name in (one.name, *one.sources.values())}
        return self.marred.isdisjoint(files)

    def served(self) -> Iterator[Served]:
        """Every mode of every endpoint that could be built."""
        for endpoint, entry in self.written():
            for mode, spec in endpoint.modes.items():
                overlay = entry.child("modes").child(mode.value)
                yield Served(endpoint=endpoint, mode=mode, spec=spec, written=entry, overlay=overlay)

    def provenances(self) -> Iterator[Node]:
        """Every note of where a fact was read: of files, of endpoints and of size tables."""
        for kind, document in self.documents.each():
            root = self.root(document)
            holders = [root]
            if kind == "size-tables":
                holders = [table for _, table in root.items()]
            elif kind == "model":
                holders = list(root.child("endpoints").entries())
            for holder in holders:
                yield from (holder.child(name) for name in ("checked", "x-provenance") if holder.has(name))
