"""Parse a request body against the vocabulary into a frozen `ImageRequest`, collecting every fault.

Row 3. What is wrong here is wrong at every provider. It must not look at models, endpoints or contracts, and reads no
image: image leaves arrive as `Media`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ..errors import Fault, RequestError
from ..types import (
    NOTHING,
    AspectRatio,
    ImageRequest,
    Mode,
    Parameter,
    ProviderPreferences,
    Size,
    SizeWish,
    Tier,
    make,
)
from .faults import Faults
from .preferences import parse_preferences
from .values import Reader, build_reader

__all__ = ["NO_WISH", "Vocabulary", "combine_sizes", "parse_request"]

NO_WISH = SizeWish()
"""What a request wishes that says nothing of sizes."""

_NO_PREFERENCES = ProviderPreferences()
_SIZE_NAMES = frozenset(("size", "aspect_ratio", "resolution"))


class Vocabulary:
    """The parameters by every name they answer to, each with the function that reads its values.

    `readers` are for the parameters' own names, of those that adjustments tell of; `synonyms` maps every other name,
    and those of the gateway's parameters, to the parameter's own name and its reader. A provider's own field has none.
    `order` ranks the parameters, `required` are those a mode cannot do without.
    """

    __slots__ = ("by_name", "order", "parameters", "readers", "required", "synonyms")

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self.parameters = parameters
        self.order = {name: index for index, name in enumerate(parameters)}
        self.by_name: dict[str, Parameter] = {}
        self.readers: dict[str, Reader] = {}
        self.synonyms: dict[str, tuple[str, Reader]] = {}
        for name, parameter in parameters.items():
            self.by_name.update(dict.fromkeys((*parameter.synonyms, name), parameter))
            if parameter.at == "provider":
                continue
            reader = build_reader(parameter)
            self.synonyms.update(dict.fromkeys(parameter.synonyms, (name, reader)))
            if parameter.at == "gateway":
                self.synonyms[name] = (name, reader)
            else:
                self.readers[name] = reader
        self.required = {
            mode: tuple(parameter for parameter in parameters.values() if mode in parameter.required) for mode in Mode
        }

    def reader(self, name: str) -> Reader:
        """What reads the values of a parameter."""
        return self.readers[name] if name in self.readers else self.synonyms[name][1]

    @property
    def spoken(self) -> Container[str]:
        """Every name that is a parameter's, or a synonym of one."""
        return self.readers.keys() | self.synonyms.keys()


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
    values: dict[str, Any] = {}
    readers, odd = vocabulary.readers, False
    for name, value in body.items():
        read = readers.get(name)
        if read is None or value is None:
            odd = True
        else:
            values[name] = read(name, value, found)
    order, written, extras = tuple(values), NOTHING, NOTHING
    if odd:
        order, written, extras = _read_odd_names(body, vocabulary, values, found)
    if mode is None:
        mode = Mode.IMAGE_EDIT if "image" in values or "mask" in values else Mode.TEXT_TO_IMAGE
    _check_required(vocabulary.required[mode], mode, values, found)
    model = values.pop("model", "")
    options = values.pop("provider", None)
    preferences = _NO_PREFERENCES if options is None else parse_preferences(options, found)
    sized = "size" in values or "aspect_ratio" in values or "resolution" in values
    wish = combine_sizes(values) if sized else NO_WISH
    if found:
        raise RequestError(found)
    request = (model, mode, MappingProxyType(values), written, extras, order, wish, preferences, forced)
    return make(ImageRequest, request)


def _read_odd_names(
    body: Mapping[str, Any], vocabulary: Vocabulary, values: dict[str, Any], faults: Faults
) -> tuple[tuple[str, ...], Mapping[str, str], Mapping[str, Any]]:
    """Read what is not under a parameter's own name into `values`; gives the order of names, the names under which
    parameters were written, and all names that are no parameter's."""
    order: dict[str, None] = {}
    written: dict[str, str] = {}
    extras: dict[str, Any] = {}
    for name, value in body.items():
        if name in vocabulary.readers:
            if value is not None:
                order[name] = None
            continue
        synonym = vocabulary.synonyms.get(name)
        if value is None:
            continue
        if synonym is None:
            extras[name] = value
            order[name] = None
            continue
        canonical, read = synonym
        parsed = read(name, value, faults)
        if canonical in values and values[canonical] != parsed:
            other = written.get(canonical, canonical)
            faults.add(name, f"{name} and {other} mean the same and disagree; give one of them.")
        values[canonical] = parsed
        if canonical in vocabulary.readers:
            order[canonical] = None
            written[canonical] = name
    return tuple(order), MappingProxyType(written), MappingProxyType(extras)


def _check_required(required: Iterable[Parameter], mode: Mode, values: Mapping[str, Any], faults: Faults) -> None:
    for parameter in required:
        name = parameter.name
        if not values.get(name) and all(fault.param != name for fault in faults):
            what = "an image to edit" if parameter.type == "image" else f"a {name}"
            faults.add(name, f"{name} is required: every {mode.value} request needs {what}.")


def combine_sizes(values: Mapping[str, Any]) -> SizeWish:
    """The three size parameters by their priority (CATALOG section 6)."""
    size, ratio, tier = values.get("size"), values.get("aspect_ratio"), values.get("resolution")
    if isinstance(size, Size):
        by = {name: "size" for name in ("aspect_ratio", "resolution") if name in values}
        return SizeWish(size, by=by) if by else SizeWish(size)
    by = {}
    if isinstance(size, AspectRatio):
        by = {"aspect_ratio": "size"} if ratio is not None else {}
        ratio = size
    scale = tier if isinstance(tier, Tier) else None
    auto = ratio is None and scale is None and (size == "auto" or tier == "auto")
    return SizeWish(ratio=ratio, tier=scale, auto=auto, by=by)
