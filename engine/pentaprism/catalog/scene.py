"""A built catalog beside the files it came from, so that a linter can say where what it dislikes was written.

Row 3. It must not judge anything: `pentaprism.catalog.lint` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from ..types import Contract, Endpoint, Mode, Model, ModeSpec, Rule
from .build import Builder, endpoint_key
from .document import Document, Path
from .documents import Documents
from .node import Node

__all__ = ["Scene", "Served"]


@dataclass(frozen=True, kw_only=True)
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

    @cached_property
    def rules(self) -> Mapping[str, Node]:
        """The endpoint's own rules that count in this mode, as written: not those of parameters of another mode."""
        written = {**dict(self.written.child("rules").items()), **dict(self.overlay.child("rules").items())}
        return {name: rule for name, rule in written.items() if self.spec.rules[name].origin == "endpoint"}

    @cached_property
    def forms(self) -> tuple[Node, ...]:
        """The forms that count in this mode, as written, in the order in which they were built."""
        holder = self.overlay if self.overlay.has("sizes") else self.written
        forms = holder.child("sizes").child("forms").entries()
        return tuple(form for form in forms if not form.get("modes") or self.mode.value in form.get("modes"))

    @cached_property
    def constants(self) -> tuple[Node, ...]:
        """The places that hold constants: the endpoint, the mode and the forms."""
        holders = ((self.written, "constants"), (self.overlay, "constants"), *((form, "set") for form in self.forms))
        return tuple(node.child(key) for node, key in holders if node.has(key))

    def place(self, rule: Rule) -> Node:
        """Where a rule can be changed: where the endpoint writes it, else the mode that would have to."""
        return self.rules.get(rule.parameter, self.overlay)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything a linter may look at. `today` is the day facts cannot be newer than.

    `marred` names the files in which something else was found: what would be said of an endpoint they describe might
    only follow from that. `used_waivers` are the waivers that have overruled a linter so far: the file, the path of
    what holds them, and the linter.
    """

    documents: Documents
    builder: Builder
    models: Mapping[str, Model]
    today: date
    marred: frozenset[str] = frozenset()
    used_waivers: set[tuple[str, Path, str]] = field(default_factory=set)

    def root(self, document: Document) -> Node:
        """A whole document; what reading it might report is nobody's concern here."""
        return Node(document, (), [])

    def sound(self, document: Document) -> bool:
        """Whether nothing else was found in a document, nor in the layers over it."""
        return self.marred.isdisjoint((document.name, *document.sources.values()))

    @cached_property
    def roots(self) -> tuple[tuple[str, Node], ...]:
        """Every model whose file is sound, by its id."""
        return tuple((name, self.root(one)) for name, one in self.documents.models.items() if self.sound(one))

    @cached_property
    def written(self) -> tuple[tuple[Endpoint, Node], ...]:
        """Every endpoint all of whose files are sound, with its entry in the model's file."""
        found = []
        for model_id, root in self.roots:
            built = {endpoint.key: endpoint for endpoint in self.models[model_id].endpoints if self._is_sound(endpoint)}
            for entry in root.child("endpoints").entries():
                if endpoint := built.get(endpoint_key(entry, model_id)):
                    found.append((endpoint, entry))
        return tuple(found)

    def _is_sound(self, endpoint: Endpoint) -> bool:
        documents = self.documents
        contract = documents.contracts[f"{endpoint.provider}/{endpoint.id}"]
        shared = (documents.parameters, documents.size_tables, documents.providers[endpoint.provider], contract)
        return all(map(self.sound, shared))

    @cached_property
    def served(self) -> tuple[Served, ...]:
        """Every mode of every endpoint all of whose files are sound."""
        return tuple(
            Served(
                endpoint=endpoint,
                mode=mode,
                spec=spec,
                written=entry,
                overlay=entry.child("modes").child(mode.value),
            )
            for endpoint, entry in self.written
            for mode, spec in endpoint.modes.items()
        )

    @cached_property
    def users(self) -> Mapping[str, tuple[Node, ...]]:
        """For each contract, as `provider/id`, the entries of the endpoints it describes."""
        users: dict[str, tuple[Node, ...]] = {}
        for endpoint, entry in self.written:
            contract = f"{endpoint.provider}/{endpoint.id}"
            users[contract] = (*users.get(contract, ()), entry)
        return users

    def provenances(self) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        """Every note of where a fact was read, with the entries of the endpoints it concerns if it stands elsewhere."""
        contracts = {document.name: name for name, document in self.documents.contracts.items()}
        for kind, document in self.documents.each():
            root = self.root(document)
            holders = [root]
            if kind == "size-tables":
                holders = [table for _, table in root.items()]
            elif kind == "model":
                holders = list(root.child("endpoints").entries())
            for holder in holders:
                for name in ("checked", "x-provenance"):
                    if holder.has(name):
                        yield holder.child(name), self.users.get(contracts.get(document.name, ""), ())
