"""A provider's published input schema as a contract: closed, without references, in the keywords the engine checks.

Row 3, and pure. What is left out is prose and hints for forms (`title`, `description`, `examples`, `x-...`), since
the project's prose is its own, and every way to say null, since no body holds one. Whatever else changes is a note, and
what a contract cannot say is a finding with its place. It must not read files or guess what a provider left unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..errors import CatalogError, Finding
from .contract_merge import Unmergeable, implied_type, merge
from .contract_source import find_input, pointer, target_of
from .contracts import KEYWORDS, is_readable, shape_fault
from .document import Document, Path
from .node import Node, shown

__all__ = ["DIALECT", "Imported", "import_contract"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LARGEST = 5_000
"""Most parts an input schema may have once its references are written out; real ones have about a hundred."""

_ORDER = (
    *("type", "format", "const", "enum", "pattern"),
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "items"),
    *("additionalProperties", "required", "properties", "anyOf", "default", "$comment"),
)
_WHOLE = ("type", "additionalProperties", "required", "properties")
_NESTED = frozenset(("properties", "items", "anyOf", "required"))
# Said about a value, not to it; and where parts are kept that only references reach.
_PROSE = frozenset(("title", "description", "examples", "example", "deprecated", "externalDocs", "xml", "$comment"))
_HINTS = frozenset(("readOnly", "writeOnly", "discriminator", "contentMediaType", "contentEncoding", "$schema"))
_STORES = frozenset(("$defs", "definitions", "$id", "id"))
_PARTS = frozenset(("$ref", "allOf", "anyOf", "oneOf", "properties", "items", "required", "additionalProperties"))
_VALUES = frozenset(("type", "enum", "nullable", "default"))
_BOUNDS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
_HANDLED = _PROSE | _HINTS | _STORES | _PARTS | _VALUES | _BOUNDS
_COPIED = KEYWORDS - _HANDLED - {"x-provenance"}
# Keywords a contract lacks, and the value with which each says nothing a closed contract does not say.
_IDLE = {"uniqueItems": False, "unevaluatedProperties": False, "minProperties": 0}


@dataclass(frozen=True, slots=True)
class Imported:
    """A contract, `kind` of what it was read from, and `notes`: where it says other than its source, and why."""

    schema: dict[str, Any]
    kind: str
    notes: tuple[str, ...] = ()


def import_contract(
    document: Document, *, endpoint: str, read_on: date, source: str | None = None, address: str | None = None
) -> Imported:
    """The contract of one endpoint, out of an OpenAPI document, a Replicate model object or a JSON Schema.

    Args:
        document: what the provider publishes, as `read_json` read it.
        endpoint: the provider's own id of the endpoint; it becomes the contract's title.
        read_on: the day it was read, for provenance.
        source: who says so; None is what the document calls itself and the name it was read by.
        address: the path requests are submitted to, for documents that know an endpoint by that alone.

    Raises:
        CatalogError: with every reason why no contract can be made of it, each with its place.

    >>> schema = {"type": "object", "properties": {"n": {"type": ["integer", "null"], "title": "N", "minimum": 1}}}
    >>> imported = import_contract(Document("n.json", schema), endpoint="x/n", read_on=date(2026, 7, 28))
    >>> imported.schema["properties"], imported.schema["additionalProperties"]
    ({'n': {'type': 'integer', 'minimum': 1}}, False)
    """
    if document.findings:
        raise CatalogError(document.findings)
    found = find_input(document, endpoint, address=address)
    reading = _Reading(document, found.root)
    body = reading.body(found.path)
    if reading.findings:
        raise CatalogError(reading.findings)
    provenance = {
        "source": source or f"{found.kind}, read from {document.name}",
        "date": read_on.isoformat(),
        "method": "schema-imported",
    }
    schema = {"$schema": DIALECT, "title": endpoint, "x-provenance": provenance, **body}
    return Imported(schema, found.kind, tuple(reading.notes))


class _Reading:
    """One document being read; findings and notes are kept in order, each once."""

    def __init__(self, document: Document, root: Path) -> None:
        self.document = document
        self.root = root
        self.findings: dict[Finding, None] = {}
        self.notes: dict[str, None] = {}
        self.parts = 0

    def body(self, path: Path) -> dict[str, Any]:
        """The schema of a whole request: an object with fields, of which a contract says no more than that."""
        whole = self.schema(path, _down(self.document.data, path), ())
        if not self.findings and not (whole.get("type") == "object" and whole.get("properties")):
            message = "this is no object with properties; a contract lists the fields of a request"
            self._refuse(path, "no-input-schema", message)
        for keyword in whole:
            if keyword not in _WHOLE and keyword not in ("default", "format"):
                message = f"a contract cannot say {keyword!r} of a request as a whole, only of its fields"
                self._refuse(path, "unsupported-keyword", message)
        return {keyword: whole[keyword] for keyword in _WHOLE if keyword in whole}

    def schema(self, path: Path, data: Any, trail: tuple[Path, ...]) -> dict[str, Any]:
        """The schema at a place, whole: closed, ordered and checked. `trail` are the references that led here."""
        return self._settled(path, self._gathered(path, data, trail))

    def _gathered(self, path: Path, data: Any, trail: tuple[Path, ...]) -> dict[str, Any]:
        """The schema with what it refers to, merged; objects are not closed yet, since another part may add to them."""
        self.parts += 1
        if self.parts > LARGEST:
            if self.parts == LARGEST + 1:
                self._refuse(path, "too-large", f"with its references written out this has over {LARGEST} parts")
            return {}
        if data is True:
            return {}
        if not isinstance(data, dict):
            self._refuse(path, "wrong-type", f"a schema is an object, not {shown(data)}")
            return {}
        whole: dict[str, Any] = {}
        if "$ref" in data:
            whole = self._referred((*path, "$ref"), data["$ref"], trail)
        for index, part in self._listed(path, data, "allOf"):
            whole = self._joined(path, whole, self._gathered((*path, "allOf", index), part, trail))
        whole = self._joined(path, whole, self._choice(path, data, trail))
        return self._joined(path, whole, self._own(path, data, trail))

    def _referred(self, path: Path, reference: Any, trail: tuple[Path, ...]) -> dict[str, Any]:
        target = target_of(reference, self.root, self.document.data) if isinstance(reference, str) else None
        if target is None:
            self._refuse(path, "unknown-reference", f"{shown(reference)} leads to nothing in this document")
            return {}
        if target in trail:
            way = " -> ".join(pointer(one) for one in (*trail[trail.index(target) :], target))
            self._refuse(path, "circular-reference", f"a contract cannot hold a schema that contains itself: {way}")
            return {}
        return self._gathered(target, _down(self.document.data, target), (*trail, target))

    def _own(self, path: Path, data: dict[str, Any], trail: tuple[Path, ...]) -> dict[str, Any]:
        """What the schema itself says, beside references and choices."""
        own = {keyword: value for keyword, value in data.items() if keyword in _COPIED} | _bounds(data)
        types = data.get("type")
        named = [one for one in types if one != "null"] if isinstance(types, list) and len(types) > 1 else types
        if named is not None:
            own["type"] = named[0] if isinstance(named, list) and len(named) == 1 else named
        if "enum" in data:
            enum = data["enum"]
            own["enum"] = [one for one in enum if one is not None] if isinstance(enum, list) else enum
        if data.get("default") is not None:
            own["default"] = data["default"]
        if "properties" in data:
            own["properties"] = self._properties((*path, "properties"), data, trail)
        if "required" in data:
            own["required"] = data["required"]
        if "items" in data:
            own["items"] = self.schema((*path, "items"), data["items"], trail)
        if "additionalProperties" in data:
            own["additionalProperties"] = data["additionalProperties"] is not False
        for keyword, value in data.items():
            known = keyword in _COPIED or keyword in _HANDLED or keyword.startswith("x-")
            if not known and not (keyword in _IDLE and value == _IDLE[keyword]):
                message = f"a contract may not use the JSON Schema keyword {keyword!r}; the engine could not check it"
                self._refuse((*path, keyword), "unsupported-keyword", message, key=True)
        for keyword in list(own):
            if fault := shape_fault(keyword, own[keyword]):
                self._refuse((*path, keyword), "wrong-type", fault)
                del own[keyword]
        return own

    def _properties(self, path: Path, data: dict[str, Any], trail: tuple[Path, ...]) -> dict[str, Any]:
        fields = data["properties"]
        if not isinstance(fields, dict):
            self._refuse(
                path, "wrong-type", f"'properties' must be a mapping of fields to schemas, not {shown(fields)}"
            )
            return {}
        names = sorted(fields, key=_place_in(data))
        return {name: self.schema((*path, name), fields[name], trail) for name in names}

    def _choice(self, path: Path, data: dict[str, Any], trail: tuple[Path, ...]) -> dict[str, Any]:
        """`anyOf` and `oneOf`: without null, and no choice at all where one alternative is left."""
        keyword = "oneOf" if "oneOf" in data else "anyOf"
        if "oneOf" in data and "anyOf" in data:
            self._refuse(
                path, "unsupported-keyword", "'anyOf' and 'oneOf' stand side by side; a contract has one choice"
            )
        branches = []
        for index, part in self._listed(path, data, keyword):
            if not _is_null(part):
                place = (*path, keyword, index)
                branches.append((place, self._gathered(place, part, trail)))
        if len(branches) == 1:
            return branches[0][1]
        alternatives: list[dict[str, Any]] = []
        for place, branch in branches:
            settled = self._settled(place, branch)
            nested = settled["anyOf"] if set(settled) == {"anyOf"} else [settled]
            alternatives += [one for one in nested if one not in alternatives]
        if len(alternatives) == 1:
            return alternatives[0]
        if alternatives and keyword == "oneOf":
            self._note(path, "'oneOf' became 'anyOf': a value that fits two alternatives is not refused here")
        return {"anyOf": alternatives} if alternatives else {}

    def _listed(self, path: Path, data: dict[str, Any], keyword: str) -> Iterable[tuple[int, Any]]:
        parts = data.get(keyword, [])
        if isinstance(parts, list):
            return enumerate(parts)
        self._refuse((*path, keyword), "wrong-type", f"{keyword!r} must be a list of schemas, not {shown(parts)}")
        return ()

    def _joined(self, path: Path, first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
        try:
            return merge(first, second)
        except Unmergeable as error:
            self._refuse(path, "contradiction", str(error))
            return second

    def _settled(self, path: Path, gathered: dict[str, Any]) -> dict[str, Any]:
        """The schema with its objects closed and its types named, checked as far as it stands here."""
        schema = dict(gathered)
        if "type" not in schema and (implied := implied_type(schema)) is not None:
            schema["type"] = implied
        if "object" in _names(schema) or "properties" in schema:
            self._close(path, schema)
        aside: list[Finding] = []
        is_readable(Node(self.document, path, aside, {key: schema[key] for key in schema if key not in _NESTED}))
        for finding in aside:
            self.findings[finding._replace(message=f"{pointer(path)}: {finding.message}")] = None
        return {key: schema[key] for key in _ORDER if key in schema}

    def _close(self, path: Path, schema: dict[str, Any]) -> None:
        stated = schema.get("additionalProperties")
        if "properties" not in schema and stated is not False:
            schema["additionalProperties"] = True
            schema.setdefault("$comment", "the provider's schema names no fields of this object")
            self._note(path, "left open: the source names no fields of this object")
            return
        if stated is True:
            self._note(path, "closed: the source allows fields it does not name")
        schema["additionalProperties"] = False
        fields, required = schema.get("properties", {}), schema.get("required", [])
        if any(one not in fields for one in required):
            message = "'required' must list fields that stand under 'properties'"
            self._refuse((*path, "required"), "wrong-type", message)
        elif not required:
            schema.pop("required", None)

    def _refuse(self, path: Path, rule: str, message: str, *, key: bool = False) -> None:
        self.findings[self.document.finding(path, rule, f"{pointer(path)}: {message}", key=key)] = None

    def _note(self, path: Path, message: str) -> None:
        self.notes[f"{pointer(path)}: {message}"] = None


def _down(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _names(schema: dict[str, Any]) -> list[str]:
    types = schema.get("type")
    return types if isinstance(types, list) else [types] if isinstance(types, str) else []


def _bounds(data: dict[str, Any]) -> dict[str, Any]:
    """The range; OpenAPI 3.0 marks an exclusive bound with true beside it."""
    found = {}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if data.get(exclusive) is True and bound in data:
            found[exclusive] = data[bound]
            continue
        found.update({key: data[key] for key in (bound, exclusive) if key in data and not isinstance(data[key], bool)})
    return found


def _is_null(data: Any) -> bool:
    """Whether a schema takes null and nothing else."""
    if not isinstance(data, dict):
        return False
    return data.get("type") in ("null", ["null"]) or data.get("enum") == [None] or data.get("const", ...) is None


def _place_in(data: dict[str, Any]) -> Callable[[str], tuple[float, ...]]:
    """The order of fields the provider states: Cog's `x-order`, fal's `x-fal-order-properties`; else as they stand."""
    fields: dict[str, Any] = data["properties"]
    stated = data.get("x-fal-order-properties")
    listed = {name: index for index, name in enumerate(stated)} if isinstance(stated, list) else {}
    standing = {name: index for index, name in enumerate(fields)}

    def place(name: str) -> tuple[float, ...]:
        order = fields[name].get("x-order") if isinstance(fields[name], dict) else None
        first = float(order) if isinstance(order, int) else float("inf")
        return first, listed.get(name, float("inf")), standing[name]

    return place
