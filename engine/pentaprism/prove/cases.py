"""Requests for a proof: for one endpoint and mode, as many as wanted, reaching everything it supports.

Row 7. Deterministic: the same endpoint gives the same requests, and more of them begin with the fewer. Every field is
set both as a caller of any provider would set it and, where it can be, under the provider's own name. Each request is
one the endpoint says it takes. It must not compile.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from ..compile.converters import UNREADABLE, build_crossing
from ..compile.plan import OUTPUT_NAMES
from ..compile.sizing import SIZE_NAMES
from ..types import Contract, Endpoint, Media, ModeSpec, Parameter, Provider, Rule, Size
from .asks import native_sizes, pixels, scales, shapes, shapes_at_scales
from .samples import samples, spread
from .validator import build_validator

__all__ = ["build_cases", "canonical_names", "in_vocabulary", "producers"]

_PROMPTS = ("a lighthouse at dusk", "x", 'Ünïcode ☃ and "quotes"', "line\nbreak")
_SIZE = "size"
# In how many of each block of bodies something is set. A provider's own spelling takes the place of ours where both
# are due, and an object takes the place of all it may hold; what is left of ours is above the fifth that a proof shows.
_BLOCK = 20
_OURS, _THEIRS, _OBJECT = 11, 3, 2
# A compression is dropped beside png and gif, so it is set more often to be seen often enough.
_COMPRESSION = 18
_SIZES = 18


@dataclass(frozen=True, slots=True)
class _Dial:
    """One thing a request may set: in `share` of each block, the next of `asks`; never twice what is in `means`."""

    share: int
    asks: Iterator[dict[str, Any]]
    means: frozenset[str]


def build_cases(
    endpoint: Endpoint, spec: ModeSpec, provider: Provider, vocabulary: Mapping[str, Parameter], count: int
) -> Iterator[dict[str, Any]]:
    """`count` requests that name the endpoint's key: the smallest there is, the fullest, then ever other mixtures."""
    chance = random.Random(f"{endpoint.key} {spec.mode}")
    dials = [*_native_dials(spec, provider, vocabulary), *_dials(spec, provider, vocabulary)]
    prompts = cycle(_prompts(spec, vocabulary["prompt"]))
    images = _images(spec)
    mask = _mask(spec)
    turned: list[set[int]] = []
    for number in range(count):
        if number < 2:
            due = set(range(len(dials))) if number else set()
        else:
            turned = turned or _block(dials, chance)
            due = turned.pop()
        body: dict[str, Any] = {"model": endpoint.key, "prompt": next(prompts)}
        taken: set[str] = set()
        for index, dial in enumerate(dials):
            if index in due and taken.isdisjoint(dial.means):
                taken |= dial.means
                body.update(next(dial.asks))
        if images:
            body["image"] = images[: chance.randint(1, len(images))]
            if mask == "required" or (mask and chance.random() < 0.5):
                body["mask"] = images[0]
        yield body


def _block(dials: list[_Dial], chance: random.Random) -> list[set[int]]:
    """For each body of a block the dials that are due: each dial exactly in its share of them."""
    block: list[set[int]] = [set() for _ in range(_BLOCK)]
    for index, dial in enumerate(dials):
        for place in chance.sample(range(_BLOCK), dial.share):
            block[place].add(index)
    return block


def canonical_names(vocabulary: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The names that mean a parameter wherever a request goes, and so never a provider's field of that name."""
    return {
        spelling: parameter
        for parameter in vocabulary.values()
        if parameter.at != "provider"
        for spelling in (parameter.name, *parameter.synonyms)
    }


def producers(spec: ModeSpec) -> dict[str, str]:
    """The parameter (or `size`) behind each path that a rule or a form writes."""
    written = {path: _SIZE for form in spec.forms for path in (*form.to.values(), *form.set)}
    for name in spec.rules:
        for path in spec.targets(name):
            written.setdefault(path, name)
    return {path.removesuffix("[]"): name for path, name in written.items()}


def in_vocabulary(parameter: Parameter, value: Any) -> bool:
    """Whether a parameter has such a value, wherever it goes."""
    if parameter.values is not None:
        return value in parameter.values
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = parameter.minimum, parameter.maximum
        return (low is None or value >= low) and (high is None or value <= high)
    return True


def _dials(spec: ModeSpec, provider: Provider, vocabulary: Mapping[str, Parameter]) -> Iterator[_Dial]:
    """A dial for each parameter of the vocabulary that the endpoint supports, and one for the three of sizes."""
    for name, rule in spec.rules.items():
        if name in ("prompt", "image", "mask", *SIZE_NAMES, *provider.reserved) or rule.verb == "unsupported":
            continue
        values = _values(vocabulary[name], rule, spec)
        if values:
            share = _COMPRESSION if name == "output_compression" else _OURS
            spellings = cycle((name, *vocabulary[name].synonyms))
            asks = ({spelling: value} for spelling, value in zip(spellings, cycle(values), strict=False))
            yield _Dial(share, asks, frozenset((name,)))
    if spec.forms:
        native = native_sizes(spec, {*canonical_names(vocabulary), *provider.reserved})
        turns = [pixels(spec)] * 6 + [shapes_at_scales(spec)] * 6 + [shapes(spec), scales(), scales()] + [native] * 3
        yield _Dial(_SIZES, _in_turn(turns), frozenset((_SIZE,)))


def _in_turn(pools: Iterable[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """One of each pool after the other; a pool that is there several times goes on where it was."""
    running = {id(pool): cycle(pool) for pool in pools}
    while True:
        for pool in pools:
            yield next(running[id(pool)], {})


def _values(parameter: Parameter, rule: Rule, spec: ModeSpec) -> list[Any]:
    """What a caller may write for a parameter here: within the vocabulary, and within the contract once it crossed."""
    if parameter.name in OUTPUT_NAMES or parameter.name == "n":
        if parameter.values is not None:
            return list(parameter.values)
        return spread(parameter.minimum or 0, parameter.maximum or 100, whole=parameter.type == "integer")
    crossing = build_crossing(rule, spec.contract)
    schema = spec.contract.value_at(crossing.path)
    asked = list(rule.options.get("values", ())) or [crossing.read(wire) for wire in samples(schema)]
    valid = build_validator(schema).is_valid
    return [
        value
        for value in asked
        if value is not UNREADABLE and valid(crossing.write(value)) and in_vocabulary(parameter, value)
    ]


def _native_dials(spec: ModeSpec, provider: Provider, vocabulary: Mapping[str, Parameter]) -> Iterator[_Dial]:
    """A dial for each field of the contract under its own name; the largest first, since they leave room for no other.

    Fields that take a size are asked for with the other ways of asking for one, and input images are given as `image`.
    """
    behind = producers(spec)
    fits = _counts_within(behind, vocabulary["n"])
    taken = {*canonical_names(vocabulary), *provider.reserved}
    found = []
    for name, schema in spec.contract.fields.items():
        means = frozenset(who for path, who in behind.items() if Contract.top(path) == name)
        if name in taken or means & {"image", "mask", "prompt"} or (behind.get(name) == _SIZE and spec.forms):
            continue
        asks = [{name: value} for value in samples(schema, name, fits)]
        if asks:
            share = _OBJECT if means and behind.get(name) is None else _THEIRS if means else _OURS
            found.append(_Dial(share, cycle(asks), means or frozenset((name,))))
    return iter(sorted(found, key=lambda dial: -len(dial.means)))


def _counts_within(behind: Mapping[str, str], n: Parameter) -> Callable[[str, Any], bool]:
    """A count is a count under whatever name: no request asks for more pictures than a request may."""
    return lambda path, value: behind.get(path) != "n" or in_vocabulary(n, value)


def _prompts(spec: ModeSpec, prompt: Parameter) -> list[str]:
    """Prompts of many kinds that fit the contract, and one as long as it may be."""
    paths = spec.targets("prompt")
    schema = spec.contract.value_at(paths[0]) if paths else {}
    longest = min(schema.get("maxLength", prompt.max_length or 0), prompt.max_length or 0)
    valid = build_validator(schema).is_valid
    fitting = [text for text in (*_PROMPTS, *samples(schema)) if text and valid(text)]
    return [*fitting, "long " * (longest // 5)] if longest else fitting


def _images(spec: ModeSpec) -> list[Media]:
    """Input images where the mode takes them: as many as a request may hold, within the endpoint's limit."""
    rule = spec.rules.get("image")
    if rule is None or rule.verb == "unsupported":
        return []
    most = 4 if spec.max_input_images is None else spec.max_input_images
    size = Size(1024, 768)
    return [
        Media(url=f"https://example.com/{number}.png", media_type="image/png", width=size.width, height=size.height)
        for number in range(1, min(most, 16) + 1)
    ]


def _mask(spec: ModeSpec) -> str:
    """Whether the endpoint takes a mask: `required`, `optional`, or empty."""
    targets = spec.targets("mask")
    if not targets:
        return ""
    required = spec.contract.schema.get("required", ())
    return "required" if any(path in required for path in targets) else "optional"
