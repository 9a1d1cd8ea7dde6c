"""One value of one parameter, as a caller may write it: read, or its fault named.

Row 3. A `Reader` is made once for each parameter. It takes what fits at a glance; anything else goes the long way,
which reads other spellings and says what is wrong. It must not know what else the request holds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..errors import did_you_mean
from ..types import AspectRatio, Media, Parameter, Size, Tier
from .faults import Faults, shown

__all__ = ["Reader", "build_reader"]

Reader: TypeAlias = Callable[[str, Any, Faults], Any]
"""The name the caller wrote, the value, where to put faults; gives the value as the engine knows it."""

# Several pictures to work from are several; a mask is about the first of them.
_MOST_IMAGES = {"image": 16, "mask": 1}


def build_reader(parameter: Parameter) -> Reader:
    """The function that reads a parameter's values.

    >>> seed = build_reader(Parameter(name="seed", group="core", type="integer", summary="", minimum=0))
    >>> faults = Faults()
    >>> seed("seed", 7, faults), seed("seed", "x", faults), faults[0].message
    (7, 'x', "seed must be a whole number, not 'x'.")
    """
    special = _SPECIAL.get(parameter.name)
    if special is not None:
        return special
    if parameter.type in ("integer", "number"):
        return _number_reader(parameter)
    if parameter.type == "string":
        return _string_reader(parameter)
    parse = _BY_TYPE[parameter.type]
    return lambda name, value, faults: parse(parameter, name, value, faults)


def _number_reader(parameter: Parameter) -> Reader:
    kinds = (int,) if parameter.type == "integer" else (int, float)
    low = -sys.float_info.max if parameter.minimum is None else parameter.minimum
    high = sys.float_info.max if parameter.maximum is None else parameter.maximum

    def read(name: str, value: Any, faults: Faults) -> Any:
        if type(value) in kinds and low <= value <= high:
            return value
        return _parse_number(parameter, name, value, faults)

    return read


def _string_reader(parameter: Parameter) -> Reader:
    longest = sys.maxsize if parameter.max_length is None else parameter.max_length
    must_say = bool(parameter.required)
    table = None if parameter.values is None else {**parameter.spellings, **{one: one for one in parameter.values}}

    def choose(name: str, value: Any, faults: Faults) -> Any:
        if type(value) is str and value in table:  # type: ignore[operator]
            return table[value]  # type: ignore[index]
        return _parse_string(parameter, name, value, faults)

    def read(name: str, value: Any, faults: Faults) -> Any:
        if type(value) is str and len(value) <= longest and not (must_say and (not value or value.isspace())):
            return value
        return _parse_string(parameter, name, value, faults)

    return read if table is None else choose


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
    if isinstance(value, bool) or not isinstance(value, kinds) or not _is_finite(value):
        faults.add(name, f"{name} must be a {'whole number' if whole else 'number'}, not {shown(value)}.")
        return value
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        faults.add(name, f"{name} must be {_range(low, high)}, not {value}.")
    return value


def _is_finite(value: float) -> bool:
    """Whether a number is one that the arithmetic here can hold: whole numbers in JSON may have any length."""
    return abs(value) <= sys.float_info.max


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
    if type(value) is str and 2 < len(value) < 12:
        width, _, height = value.partition("x")
        if width.isdecimal() and height.isdecimal():
            size = Size(int(width), int(height))
            if size[0] and size[1]:
                return size
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
    "boolean": _parse_boolean,
    "object": _parse_object,
    "image": _parse_images,
}
