"""Parse a request body against the vocabulary into a frozen `ImageRequest`, collecting every fault.

Row 3. What is wrong here is wrong at every provider. It must not look at models, endpoints or contracts, and reads no
image: image leaves arrive as `Media`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ..errors import Fault, RequestError, did_you_mean
from ..types import (
    AspectRatio,
    ImageRequest,
    Media,
    Mode,
    Parameter,
    Size,
    SizeWish,
    Tier,
)
from .faults import Faults, shown
from .preferences import parse_preferences

__all__ = ["Vocabulary", "parse_request"]

# Several pictures to work from are several; a mask is about the first of them.
_MOST_IMAGES = {"image": 16, "mask": 1}


class Vocabulary:
    """The parameters by every name they answer to."""

    __slots__ = ("by_name", "order", "parameters")

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self.parameters = parameters
        self.order = {name: index for index, name in enumerate(parameters)}
        self.by_name = {
            spelling: parameter
            for parameter in parameters.values()
            for spelling in (*parameter.synonyms, parameter.name)
        }


def parse_request(
    body: Mapping[str, Any],
    vocabulary: Vocabulary,
    *,
    mode: Mode | None = None,
    forced: bool = False,
    faults: Iterable[Fault] = (),
) -> ImageRequest:
    """Read an OpenAI-style body. `mode` None: an image makes it an edit. `faults` are those found before.

    A value of None counts as not set, as in OpenAI's SDKs.

    Raises:
        RequestError: with every fault, those handed in first.

    >>> from pentaprism.types import Parameter
    >>> words = Vocabulary({"prompt": Parameter(name="prompt", group="core", type="string", summary="")})
    >>> parse_request({"model": "m", "prompt": "a cat"}, words).values
    mappingproxy({'prompt': 'a cat'})
    """
    found = Faults(faults)
    values, written, extras, order = _gather(body, vocabulary, found)
    model = values.pop("model", "")
    mode = mode or (Mode.IMAGE_EDIT if "image" in values or "mask" in values else Mode.TEXT_TO_IMAGE)
    _check_required(vocabulary, mode, {**values, "model": model}, found)
    preferences = parse_preferences(values.pop("provider", None), found)
    wish = _combine_sizes(values)
    if found:
        raise RequestError(found)
    return ImageRequest(
        model=model,
        mode=mode,
        values=MappingProxyType(values),
        written=MappingProxyType(written),
        extras=MappingProxyType(extras),
        order=tuple(order),
        wish=wish,
        preferences=preferences,
        forced=forced,
    )


def _gather(
    body: Mapping[str, Any], vocabulary: Vocabulary, faults: Faults
) -> tuple[dict[str, Any], dict[str, str], dict[str, Any], list[str]]:
    """The parsed values by canonical name, the name each was written under, all other names, and the order of both."""
    values: dict[str, Any] = {}
    written: dict[str, str] = {}
    extras: dict[str, Any] = {}
    order: list[str] = []
    for name, value in body.items():
        if value is None:
            continue
        parameter = vocabulary.by_name.get(name)
        if parameter is None or parameter.at == "provider":
            extras[name] = value
            order.append(name)
            continue
        parsed = _parse_value(parameter, name, value, faults)
        canonical = parameter.name
        if canonical in values and values[canonical] != parsed:
            faults.add(name, f"{name} and {written[canonical]} mean the same and disagree; give one of them.")
        values[canonical] = parsed
        written[canonical] = name
        order.append(canonical)
    return values, written, extras, order


def _check_required(vocabulary: Vocabulary, mode: Mode, values: Mapping[str, Any], faults: Faults) -> None:
    named = {fault.param for fault in faults}
    for parameter in vocabulary.parameters.values():
        if mode in parameter.required and values.get(parameter.name) in (None, "", ()) and parameter.name not in named:
            what = "an image to edit" if parameter.type == "image" else f"a {parameter.name}"
            faults.add(parameter.name, f"{parameter.name} is required: every {mode.value} request needs {what}.")


def _parse_value(parameter: Parameter, name: str, value: Any, faults: Faults) -> Any:
    special = _SPECIAL.get(parameter.name)
    if special is not None:
        return special(name, value, faults)
    return _BY_TYPE[parameter.type](parameter, name, value, faults)


def _parse_string(parameter: Parameter, name: str, value: Any, faults: Faults) -> Any:
    if not isinstance(value, str):
        faults.add(name, f"{name} must be a string, not {shown(value)}.")
        return value
    if parameter.values is not None:
        value = parameter.spellings.get(value, value)
        if value not in parameter.values:
            near = did_you_mean(value, parameter.values, count=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            faults.add(name, f"{name} must be one of {', '.join(parameter.values)}, not {value!r}.{hint}")
    elif parameter.max_length is not None and len(value) > parameter.max_length:
        faults.add(name, f"{name} may have {parameter.max_length} characters; this one has {len(value)}.")
    elif parameter.required and not value.strip():
        faults.add(name, f"{name} must not be empty.")
    return value


def _parse_number(parameter: Parameter, name: str, value: Any, faults: Faults) -> Any:
    whole = parameter.type == "integer"
    kinds = (int,) if whole else (int, float)
    if isinstance(value, float) and whole and value.is_integer():
        value = int(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, kinds)
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        faults.add(name, f"{name} must be a {'whole number' if whole else 'number'}, not {shown(value)}.")
        return value
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        faults.add(name, f"{name} must be {_range(low, high)}, not {value}.")
    return value


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


def _parse_boolean(parameter: Parameter, name: str, value: Any, faults: Faults) -> Any:
    if not isinstance(value, bool):
        faults.add(name, f"{name} must be true or false, not {shown(value)}.")
    return value


def _parse_object(parameter: Parameter, name: str, value: Any, faults: Faults) -> Any:
    if not isinstance(value, Mapping):
        faults.add(name, f"{name} must be an object, not {shown(value)}.")
    return value


def _parse_images(parameter: Parameter, name: str, value: Any, faults: Faults) -> tuple[Media, ...]:
    items = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    most = _MOST_IMAGES.get(parameter.name, 1)
    if not items or len(items) > most:
        faults.add(name, f"{name} takes {f'1 to {most} images' if most > 1 else 'one image'}, not {len(items)}.")
    if not all(isinstance(item, Media) for item in items):
        faults.add(name, f"{name} must be an image: its bytes, a file, an http(s) URL or a data URI.")
    return items


def _parse_size(name: str, value: Any, faults: Faults) -> Size | AspectRatio | str:
    if not isinstance(value, str):
        faults.add(name, f"{name} must be a string such as 1024x768, not {shown(value)}.")
        return "auto"
    text = value.strip().lower()
    if text == "auto":
        return text
    try:
        return AspectRatio.parse(text) if ":" in text else Size.parse(text)
    except ValueError as error:
        reason = str(error) if ":" in text or "x" in text else f"{value!r} is neither pixels nor a shape"
        faults.add(name, f"{name}: {reason}. Write WIDTHxHEIGHT (1024x768), WIDTH:HEIGHT (4:3) or auto.")
        return "auto"


def _parse_ratio(name: str, value: Any, faults: Faults) -> AspectRatio | None:
    try:
        return AspectRatio.parse(value if isinstance(value, str) else str(value))
    except ValueError as error:
        faults.add(name, f"{name}: {error}.")
        return None


def _parse_resolution(name: str, value: Any, faults: Faults) -> Tier | str:
    text = str(value).strip().lower() if isinstance(value, (str, int, float)) else ""
    if text == "auto":
        return text
    try:
        return Tier.parse(text)
    except ValueError as error:
        faults.add(name, f"{name}: {error}.")
        return "auto"


_SPECIAL: dict[str, Callable[[str, Any, Faults], Any]] = {
    "size": _parse_size,
    "aspect_ratio": _parse_ratio,
    "resolution": _parse_resolution,
}
_BY_TYPE: dict[str, Callable[[Parameter, str, Any, Faults], Any]] = {
    "string": _parse_string,
    "integer": _parse_number,
    "number": _parse_number,
    "boolean": _parse_boolean,
    "object": _parse_object,
    "image": _parse_images,
}


def _combine_sizes(values: Mapping[str, Any]) -> SizeWish:
    """The three size parameters by their priority (CATALOG section 6)."""
    size, ratio, tier = values.get("size"), values.get("aspect_ratio"), values.get("resolution")
    if isinstance(size, Size):
        return SizeWish(size=size, by={name: "size" for name in ("aspect_ratio", "resolution") if name in values})
    by = {}
    if isinstance(size, AspectRatio):
        by = {"aspect_ratio": "size"} if ratio is not None else {}
        ratio = size
    scale = tier if isinstance(tier, Tier) else None
    auto = ratio is None and scale is None and (size == "auto" or tier == "auto")
    return SizeWish(ratio=ratio, tier=scale, auto=auto, by=by)
