"""What a provider would make of a body: which endpoint and mode, whether the contract allows it, which pictures.

Row 7. It reads the wire body and the catalog, never a compiled request, so that a fault in the compiler shows. The
contract is checked with the jsonschema library, independent of the compiler's own checks. It must not know HTTP.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ..catalog.documents import Documents
from ..compile.forms import returned_size
from ..media import read_header
from ..prices import Usage, cost_of
from ..types import Cost, Endpoint, Mode, Model, ModeSpec, Provider, Rule, Size
from .picture import draw
from .tokens import counted

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = ["CatalogLike", "Shelf", "Shot", "Studio", "Violation"]

# What an image is taken to be where it cannot be read offline, and what is drawn where the catalog knows no size.
ASSUMED = Size(1024, 1024)
_KINDS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp"}
_QUALITY = 85


class CatalogLike(Protocol):
    """What the twins need of a catalog; `pentaprism.api.Catalog` has it."""

    @property
    def models(self) -> Mapping[str, Model]: ...

    @property
    def providers(self) -> Mapping[str, Provider]: ...

    @property
    def documents(self) -> Documents: ...


@dataclass(frozen=True, slots=True)
class Violation:
    """One way a body breaks the contract: where, which keyword of JSON Schema, its value, and what was found.

    For `required` and `additionalProperties` the last part of `path` is the name in question; `image` is no keyword
    of JSON Schema, and says that an input image cannot be read.
    """

    path: tuple[str | int, ...]
    keyword: str
    limit: Any
    value: Any
    message: str


@dataclass(frozen=True, slots=True)
class Shot:
    """The pictures one job makes, decided before any is drawn; `cost` is what the provider bills for them."""

    prompt: str
    seed: int
    count: int
    size: Size
    kind: str
    quality: int
    cost: Cost
    tokens: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def media_type(self) -> str:
        """The pictures' media type."""
        return f"image/{self.kind}"

    def paint(self, index: int, haze: float = 0.0) -> bytes:
        """One of the pictures, as a file; with `haze` as it looks before it is finished."""
        return draw(self.prompt, self.seed, index, self.size, self.kind, self.quality, haze)


@dataclass(frozen=True)
class Shelf:
    """One mode of one endpoint, ready to check bodies and to read them."""

    endpoint: Endpoint
    spec: ModeSpec

    @property
    def single(self) -> bool:
        """Whether the endpoint makes one picture a call, and so has no field for a count."""
        return self._target("n") is None

    @cached_property
    def _validator(self) -> Validator:
        from jsonschema.validators import validator_for

        schema = dict(self.spec.contract.schema)
        return validator_for(schema)(schema)

    def violations(self, body: Any) -> list[Violation]:
        """Every way the body breaks the contract, in the order of the body."""
        from jsonschema.exceptions import best_match

        found: list[Violation] = []
        for error in sorted(self._validator.iter_errors(body), key=lambda error: [str(part) for part in error.path]):
            # Of a choice of shapes, the error nearest to what was meant says more than "none of them".
            nearest = best_match([error]) if error.context else error
            found.extend(_violations(nearest))
        return found

    def has_image(self, body: Mapping[str, Any]) -> bool:
        """Whether the body has an image in a field that the rule of `image` writes."""
        return any(value_at(body, path) is not None for path in self._image_paths())

    def wants_image(self) -> bool:
        """Whether this is the mode that works from an image."""
        return self.spec.mode is Mode.IMAGE_EDIT

    def read(self, body: Mapping[str, Any], number: int, fetch: Callable[[str], bytes | None]) -> Shot:
        """The pictures this body asks for. `fetch` gives the bytes behind a URL of the twin's own, None for others.

        Raises MediaError where an input image cannot be read.
        """
        notes: list[str] = []
        rule = self._rule("image")
        bare = rule is not None and "base64" in rule.options.get("encode", ())
        inputs = [_pixels(value, fetch, notes, bare=bare) for value in self._images(body)]
        size = self._size(body, inputs, notes)
        count = self._value(body, "n")
        images = count if isinstance(count, int) and count > 0 else 1
        prompt = str(self._value(body, "prompt") or "")
        fields = {**self._defaults(), **body}
        tokens = counted(prompt, inputs, images, size, fields.get("quality"))
        usage = Usage(
            images=images,
            size=size,
            input_sizes=tuple(inputs),
            fields=fields,
            tokens={kind: Decimal(count) for kind, count in tokens.items()},
        )
        cost = cost_of(self.endpoint.prices, usage, on=datetime.now(UTC).date())
        quality = self._value(body, "output_compression")
        return Shot(
            prompt=prompt,
            seed=self._seed(body, prompt, number),
            count=images,
            size=size,
            kind=self._kind(body, notes),
            quality=quality if isinstance(quality, int) else _QUALITY,
            cost=cost,
            tokens=tokens,
            notes=tuple(notes),
        )

    def _rule(self, parameter: str) -> Rule | None:
        return self.spec.rules.get(parameter)

    def _target(self, parameter: str) -> str | None:
        rule = self._rule(parameter)
        return rule.target.removesuffix("[]") if rule is not None and rule.target else None

    def _value(self, body: Mapping[str, Any], parameter: str) -> Any:
        target = self._target(parameter)
        if target is None:
            return None
        value = value_at(body, target)
        return self.spec.contract.value_at(target).get("default") if value is None else value

    def _defaults(self) -> dict[str, Any]:
        fields = self.spec.contract.fields
        return {name: schema["default"] for name, schema in fields.items() if "default" in schema}

    def _image_paths(self) -> Iterator[str]:
        return (path.removesuffix("[]") for path in self.spec.targets("image"))

    def _images(self, body: Mapping[str, Any]) -> Iterator[str]:
        for path in self._image_paths():
            value = value_at(body, path)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str):
                    yield item

    def _size(self, body: Mapping[str, Any], inputs: Sequence[Size | None], notes: list[str]) -> Size:
        try:
            size = returned_size(self.spec, body, inputs)
        except ValueError as error:
            notes.append(f"size not readable: {error}")
            size = None
        if size is None:
            notes.append(f"size not known to the catalog: drawn at {ASSUMED}")
        return size or ASSUMED

    def _kind(self, body: Mapping[str, Any], notes: list[str]) -> str:
        rule = self._rule("output_format")
        stated = rule.options.get("default") if rule is not None else None
        spelt = self._value(body, "output_format") or stated or "png"
        kind = _KINDS.get(str(spelt).lower())
        if kind is None:
            notes.append(f"the twin cannot draw {spelt!r}: drawn as png")
        return kind or "png"

    def _seed(self, body: Mapping[str, Any], prompt: str, number: int) -> int:
        seed = value_at(body, self._target("seed") or "seed")
        if isinstance(seed, int) and not isinstance(seed, bool):
            return seed
        digest = hashlib.sha256(f"{number}\0{prompt}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:4], "big") >> 1


class Studio:
    """All endpoints of one provider, by the provider's own ids."""

    def __init__(self, catalog: CatalogLike, provider: Provider) -> None:
        self._shelves: dict[str, list[Shelf]] = {}
        for model in catalog.models.values():
            for endpoint in model.endpoints:
                if endpoint.provider == provider.id:
                    shelves = [Shelf(endpoint, spec) for spec in endpoint.modes.values()]
                    self._shelves.setdefault(endpoint.id, []).extend(shelves)

    @property
    def ids(self) -> tuple[str, ...]:
        """The provider's own ids of its endpoints."""
        return tuple(self._shelves)

    def shelves(self, endpoint_id: str) -> Sequence[Shelf]:
        """Every mode of every endpoint of this id; several models may share one."""
        return self._shelves.get(endpoint_id, ())

    def find(self, endpoint_id: str, body: object) -> Shelf | None:
        """The mode of this endpoint that the body means: an edit if an image is in it. None for no such endpoint."""
        shelves = self._shelves.get(endpoint_id)
        if not shelves:
            return None
        given = isinstance(body, Mapping) and any(shelf.has_image(body) for shelf in shelves)
        return next((shelf for shelf in shelves if shelf.wants_image() == given), shelves[0])


def value_at(body: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, None where there is none.

    >>> value_at({"a": {"b": 1}}, "a.b"), value_at({"a": 2}, "a.b")
    (1, None)
    """
    node: Any = body
    for name in path.split("."):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _violations(error: Any) -> Iterator[Violation]:
    path, keyword, limit, value = tuple(error.absolute_path), error.validator, error.validator_value, error.instance
    if keyword == "required":
        name = next(name for name in limit if error.message.startswith(repr(name)))
        yield Violation((*path, name), keyword, limit, value, error.message)
    elif keyword == "additionalProperties":
        for name in sorted(set(value) - set(error.schema.get("properties", {}))):
            yield Violation((*path, name), keyword, limit, value[name], error.message)
    else:
        yield Violation(path, keyword, limit, value, error.message)


def _pixels(reference: str, fetch: Callable[[str], bytes | None], notes: list[str], *, bare: bool) -> Size:
    """The size of an input image; `bare` says that what is no address is its base64 text."""
    content: bytes | None
    if reference.startswith("data:"):
        content = _decoded(reference.partition(",")[2])
    elif bare and not reference.startswith(("https://", "http://")):
        content = _decoded(reference)
    else:
        content = fetch(reference)
    if content is None:
        notes.append(f"{reference[:120]} is not on this machine: taken to be {ASSUMED}")
        return ASSUMED
    header = read_header(content)
    return Size(header.width, header.height)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
