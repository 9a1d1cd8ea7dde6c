"""A request and what the engine makes of it, as frozen data. Row 1: parsing and compiling are in row 3.

`CompiledRequest.to_dict` and `from_dict` round-trip, so that a compiled request can be stored before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from .catalog import Behaviour, Mode
from .geometry import AspectRatio, Size, Tier
from .leaf import Media
from .money import Cost, CostComponent
from .plain import NOTHING, from_plain, to_plain
from .wire import HttpCall, Part

__all__ = [
    "Adjustment",
    "Change",
    "CompiledRequest",
    "Delivery",
    "Expected",
    "ImageRequest",
    "Nearest",
    "Outcome",
    "ProviderPreferences",
    "Receipt",
    "Refusal",
    "Route",
    "SizeWish",
    "Tolerance",
]


class Outcome(StrEnum):
    """What became of a parameter the caller set."""

    HONORED = "honored"
    APPROXIMATED = "approximated"
    EMULATED = "emulated"
    SUPERSEDED = "superseded"
    DROPPED = "dropped"
    UNVERIFIED = "unverified"


class Tolerance(NamedTuple):
    """How far an approximation may go before it counts as a loss; relative, so 0.05 is 5 % (DESIGN section 5)."""

    aspect: float = 0.05
    pixels: float = 0.10


class ProviderPreferences(NamedTuple):
    """The `provider` object of a request (OpenRouter's names): which endpoints may serve it, in which order.

    `order`, `only` and `ignore` hold provider ids or endpoint keys. `max_price` is USD for the whole request.
    """

    order: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    sort: str = "price"
    allow_fallbacks: bool = True
    require_parameters: bool = False
    max_price: Decimal | None = None
    tolerance: Tolerance = Tolerance()


class SizeWish(NamedTuple):
    """What the three size parameters together ask for, by their priority (CATALOG section 6).

    At most one of `size` and (`ratio`, `tier`) is set; `auto` where the caller wrote `auto` and nothing else counts.
    `by` maps each parameter that was overruled to the one that overruled it.
    """

    size: Size | None = None
    ratio: AspectRatio | None = None
    tier: Tier | None = None
    auto: bool = False
    by: Mapping[str, str] = NOTHING

    def __bool__(self) -> bool:
        return self.size is not None or self.ratio is not None or self.tier is not None


class ImageRequest(NamedTuple):
    """The caller's wish, parsed and frozen.

    `values` holds every vocabulary parameter the caller set, in the caller's order, canonical names to parsed values
    (images as a tuple of `Media`); `written` maps a canonical name to the name the caller used, where that is
    another one. `extras` are names the vocabulary does not have, and providers' own fields. `order` holds the names
    of both, as far as they are about the picture, in the caller's order. `model` is what the caller wrote; `forced`
    says it named a provider.
    """

    model: str
    mode: Mode
    values: Mapping[str, Any]
    written: Mapping[str, str]
    extras: Mapping[str, Any]
    order: tuple[str, ...]
    wish: SizeWish
    preferences: ProviderPreferences
    forced: bool = False

    @property
    def n(self) -> int:
        """How many pictures are asked for; 1 where the caller did not say."""
        count: int = self.values.get("n", 1)
        return count

    @property
    def images(self) -> tuple[Media, ...]:
        """The input images, in order."""
        media: tuple[Media, ...] = self.values.get("image", ())
        return media


class Adjustment(NamedTuple):
    """What became of one parameter the caller set: asked, sent, how it crossed, the outcome, and one sentence why.

    `sent` maps each path written on the wire to its value; empty where nothing was sent for it.
    """

    parameter: str
    asked: Any
    sent: Mapping[str, Any]
    behaviour: Behaviour
    outcome: Outcome
    why: str

    def frozen(self) -> Adjustment:
        """The same, for many compiled requests to share: nobody can change what it says was sent."""
        return self._replace(sent=MappingProxyType(dict(self.sent)))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data; images are described, not repeated."""
        return {
            "parameter": self.parameter,
            "asked": describe_media(self.asked),
            "sent": describe_media(dict(self.sent)),
            "behaviour": self.behaviour.value,
            "outcome": self.outcome.value,
            "why": self.why,
        }


def describe_media(value: Any) -> Any:
    """The same JSON-like value with every image leaf replaced by its description."""
    counter = iter(range(1, 1_000_000))

    def walk(node: Any) -> Any:
        if isinstance(node, Media):
            return node.describe(next(counter))
        if isinstance(node, Mapping):
            return {key: walk(item) for key, item in node.items()}
        if isinstance(node, (list, tuple)):
            return [walk(item) for item in node]
        return node

    return walk(value)


class Expected(NamedTuple):
    """What should come back: how many pictures, of which pixels and format.

    `size` is None where nobody can know it before the call. `basis`: asked (the caller's size decides it), default
    (the provider's default), input (follows the input image) or unknown. `inferred` where the pixels are computed
    rather than stated by a source. `format` is what the provider returns, None where unknown.
    """

    count: int  # type: ignore[assignment]  # a tuple has a method of this name
    size: Size | None
    basis: str
    format: str | None
    inferred: bool = False


class Delivery(NamedTuple):
    """What is left to do on this side once the pictures are here.

    `format` is the format to hand over (None: as it came); `transcode` says that it must be made from another one;
    `compression` is 0 to 100, 100 the best, applied while transcoding; `response_format` is url or b64_json.
    """

    format: str | None = None
    transcode: bool = False
    compression: int | None = None
    response_format: str = "url"


class Refusal(NamedTuple):
    """Why one endpoint cannot serve one request.

    `code`: mode, required, out-of-range, not-allowed, type, conflict, too-many-images, reserved, filtered, max-price,
    require-parameters, no-credential. `message` is a sentence that ends in what to do.
    """

    endpoint: str
    code: str
    message: str
    param: str | None = None

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {"endpoint": self.endpoint, "code": self.code, "param": self.param, "message": self.message}


class CompiledRequest(NamedTuple):
    """One request made ready for one endpoint; pure data, with no credential in it.

    `calls` are the submissions (several where n is emulated); `seeds` the seed each call was given, if any, and
    `counts` how many pictures each should bring. `loss` is what routing compares: parameters dropped, aspect beyond
    tolerance, pixels beyond tolerance. `priced_on` is the day whose prices `cost` counts with; `wish` is the size asked
    for, which the receipt compares with.
    """

    endpoint: str
    provider: str
    model: str
    mode: Mode
    calls: tuple[HttpCall, ...]
    counts: tuple[int, ...]
    seeds: tuple[int | None, ...]
    adjustments: tuple[Adjustment, ...]
    expected: Expected
    delivery: Delivery
    cost: Cost
    priced_on: date
    wish: SizeWish
    loss: tuple[int, float, float]
    verified: bool = True

    @property
    def changes(self) -> tuple[Adjustment, ...]:
        """The adjustments that are not simply `honored`."""
        return tuple(entry for entry in self.adjustments if entry.outcome is not Outcome.HONORED)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able data from which `from_dict` makes an equal value; image bytes are kept as base64."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CompiledRequest:
        """The compiled request that `to_dict` wrote.

        Raises:
            ValueError: the data is not what `to_dict` writes.
        """
        value = from_plain(data, _CLASSES)
        if not isinstance(value, cls):
            raise ValueError(f"this is a {type(value).__name__}, not a CompiledRequest")
        return value


class Change(NamedTuple):
    """One thing to change in a request: a parameter under the name the caller wrote, its value now and its value then.

    `parameter` is a dotted path where a part of an object changes (`provider.max_price`); `after` is None where it is
    left out. `why` tells in a few words why this value and no other.
    """

    parameter: str
    before: Any
    after: Any
    why: str


class Nearest(NamedTuple):
    """The least a caller could change for one endpoint to serve the request, and what it then compiles to."""

    changes: tuple[Change, ...]
    compiled: CompiledRequest


class Route(NamedTuple):
    """Every endpoint of a model for one request: those that can serve it, best first, and why the others cannot.

    Where none can, `nearest` holds what would have to change, the least first; an endpoint that the caller struck out,
    or that no change helps, is not in it.
    """

    request: ImageRequest
    model: str
    candidates: tuple[CompiledRequest, ...]
    refusals: tuple[Refusal, ...]
    nearest: tuple[Nearest, ...] = ()


class Receipt(NamedTuple):
    """One returned picture against what was asked, read from its bytes (never from what the provider says).

    `verdicts` maps size, format and count to honored, approximated or mismatch; None where nothing was asked.
    """

    read: bool
    format: str | None = None
    size: Size | None = None
    bytes: int | None = None
    sha256: str | None = None
    verdicts: Mapping[str, str] = NOTHING

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {
            "read": self.read,
            "format": self.format,
            "size": str(self.size) if self.size else None,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "verdicts": dict(self.verdicts),
        }


# What a stored compiled request may be made of.
_CLASSES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(Adjustment, AspectRatio, Behaviour, CompiledRequest, Cost, CostComponent, Delivery, Expected, HttpCall),
        *(Media, Mode, Outcome, Part, Size, SizeWish, Tier),
    )
}
