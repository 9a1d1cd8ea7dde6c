"""The nouns. Row 1: values only; whoever computes with them stands higher up.

`geometry` sizes, shapes, scales · `leaf` an image in a request · `money` prices and costs · `wire` HTTP and protocol
steps · `catalog` what a catalog holds · `request` a request and what the engine makes of it.
"""

from .catalog import (
    Behaviour,
    Contract,
    Endpoint,
    Form,
    FormKind,
    GridCell,
    Mode,
    Model,
    ModeSpec,
    Parameter,
    Provenance,
    Provider,
    Rule,
    Submission,
    TierSpec,
)
from .geometry import MEGAPIXEL, AspectRatio, Size, Tier
from .leaf import Media
from .money import Cost, CostComponent, Price, micros
from .plain import NOTHING
from .request import (
    Adjustment,
    CompiledRequest,
    Delivery,
    Expected,
    ImageRequest,
    Outcome,
    ProviderPreferences,
    Receipt,
    Refusal,
    Route,
    SizeWish,
    Tolerance,
    describe_media,
)
from .wire import Event, Exchange, ExchangeResult, HttpCall, HttpReply, Output, Part, Step, Wait

__all__ = [
    "MEGAPIXEL",
    "NOTHING",
    "Adjustment",
    "AspectRatio",
    "Behaviour",
    "CompiledRequest",
    "Contract",
    "Cost",
    "CostComponent",
    "Delivery",
    "Endpoint",
    "Event",
    "Exchange",
    "ExchangeResult",
    "Expected",
    "Form",
    "FormKind",
    "GridCell",
    "HttpCall",
    "HttpReply",
    "ImageRequest",
    "Media",
    "Mode",
    "ModeSpec",
    "Model",
    "Outcome",
    "Output",
    "Parameter",
    "Part",
    "Price",
    "Provenance",
    "Provider",
    "ProviderPreferences",
    "Receipt",
    "Refusal",
    "Route",
    "Rule",
    "Size",
    "SizeWish",
    "Step",
    "Submission",
    "Tier",
    "TierSpec",
    "Tolerance",
    "Wait",
    "describe_media",
    "micros",
]
