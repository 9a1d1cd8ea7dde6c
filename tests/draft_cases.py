"""Drafts for tests: contracts to draft from, and a catalog in which one draft is the only model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pentaprism import Catalog
from pentaprism.catalog.build import Builder
from pentaprism.catalog.document import Document
from pentaprism.catalog.documents import Documents
from pentaprism.catalog.draft import EndpointDraft, Known, draft_endpoint, new_model
from pentaprism.catalog.layers import read_catalog
from pentaprism.catalog.validate import validate_documents
from pentaprism.catalog.yaml_source import read_yaml
from pentaprism.errors import Finding

HERE = Path(__file__).resolve().parent
ON = date(2026, 11, 21)
KNOWN = Known(day=ON)
MODEL = "a-draft"


@dataclass(frozen=True)
class Drafted:
    """A draft as it is written, and a catalog of nothing else."""

    draft: EndpointDraft
    text: str
    questions: list[str]
    documents: Documents

    @property
    def findings(self) -> list[Finding]:
        """Everything `pentaprism validate` would find."""
        return validate_documents(self.documents, ON)

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.documents)

    @property
    def key(self) -> str:
        return self.catalog.models[MODEL].endpoints[0].key


@cache
def wide() -> Documents:
    """The built-in catalog and the fixtures of the format over it: every contract there is."""
    return read_catalog(extends=[HERE / "format"])


def contracts() -> list[str]:
    """Their names, as `provider/endpoint id`."""
    return list(wide().contracts)


def contract(properties: dict[str, Any], *required: str) -> Document:
    """A contract with some fields."""
    provenance = {"source": "made up for a test", "date": ON.isoformat(), "method": "inferred"}
    closed = {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}
    return Document("made-up.json", {"title": "made/up", "x-provenance": provenance, **closed})


def drafted(provider: str, own_id: str, document: Document | None = None, known: Known = KNOWN) -> Drafted:
    """The draft of one endpoint, alone in a catalog that has all providers and pixel tables."""
    documents = replace(wide())
    if document is None:
        document = documents.contracts[f"{provider}/{own_id}"]
    builder = Builder(documents)
    draft = draft_endpoint(builder, builder.providers[provider], own_id, document, known)
    text, questions = new_model(MODEL, draft, known)
    documents.contracts = {f"{provider}/{own_id}": document}
    documents.models = {MODEL: read_yaml("a-draft.yaml", text)}
    documents.proofs = Document("proofs.json", {})
    return Drafted(draft, text, questions, documents)
