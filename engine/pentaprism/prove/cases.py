"""Requests for a proof: for one endpoint and mode, as many as wanted, reaching everything it supports.

Row 7. Deterministic: the same endpoint and number give the same requests. Values come from the contract's enums and
ranges, bounds included, read back through the rule to what a caller would write. It must not compile.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from ..compile.checks import build_check
from ..compile.converters import UNREADABLE, build_crossing
from ..compile.plan import OUTPUT_NAMES
from ..compile.sizing import SIZE_NAMES
from ..types import Endpoint, Form, FormKind, Media, ModeSpec, Parameter, Provider, Rule, Size

__all__ = ["build_cases", "unproved_fields"]

_PROMPTS = ("a lighthouse at dusk", "x", 'Ünïcode ☃ and "quotes"', "line\nbreak")
_SHAPES = ("1:1", "16:9", "9:16", "4:3", "3:4", "2.39:1", "21:9", "1:3", "7:1")
_TIERS = ("0.25MP", "0.5K", "1K", "2K", "4K", "1", "2MP")
_SIDES = (64, 256, 512, 768, 1000, 1024, 1080, 1344, 1536, 1920, 2048, 4096)
# How often a parameter is set: well above the fifth of all bodies that a proof must show.
_SHARE = 0.55
# A range is tried at its ends and at this many places between.
_BETWEEN = 5


def build_cases(
    endpoint: Endpoint, spec: ModeSpec, provider: Provider, vocabulary: Mapping[str, Parameter], count: int
) -> Iterator[dict[str, Any]]:
    """`count` requests that name the endpoint's key; all of them are within what the endpoint says it takes."""
    chance = random.Random(f"{endpoint.key} {spec.mode} {count}")
    pools = {
        name: _Pool(values)
        for name, values in _values(spec, vocabulary).items()
        if values and name not in provider.reserved
    }
    sizes = _Pool(list(_size_asks(spec)))
    images = _images(spec)
    masks = spec.targets("mask")
    must_mask = any(path in spec.contract.schema.get("required", ()) for path in masks)
    for number in range(count):
        body: dict[str, Any] = {"model": endpoint.key, "prompt": _PROMPTS[number % len(_PROMPTS)]}
        for name, pool in pools.items():
            # A compression is dropped beside png and gif, so it is set more often to be seen often enough.
            if chance.random() < (0.9 if name == "output_compression" else _SHARE):
                body[name] = pool.next()
        if sizes.values and chance.random() < 0.8:
            body.update(sizes.next())
        if images:
            body["image"] = images[: chance.randint(1, len(images))]
            if masks and (must_mask or chance.random() < _SHARE):
                body["mask"] = images[0]
        yield body


class _Pool:
    """Values taken in turn, so that each is reached whatever the chances were."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self._at = 0

    def next(self) -> Any:
        value = self.values[self._at % len(self.values)]
        self._at += 1
        return value


def _values(spec: ModeSpec, vocabulary: Mapping[str, Parameter]) -> dict[str, list[Any]]:
    """What a caller may write for each parameter and each of the provider's own fields."""
    values: dict[str, list[Any]] = {}
    written: set[str] = {
        path.split(".")[0].removesuffix("[]") for form in spec.forms for path in (*form.to.values(), *form.set)
    }
    for name, rule in spec.rules.items():
        written |= {path.split(".")[0].removesuffix("[]") for path in spec.targets(name)}
        if name in ("prompt", "image", "mask", *SIZE_NAMES) or rule.verb == "unsupported":
            continue
        values[name] = _parameter_values(vocabulary[name], rule, spec)
    canonical = {
        spelling for one in vocabulary.values() if one.at != "provider" for spelling in (one.name, *one.synonyms)
    }
    for name, schema in spec.contract.fields.items():
        if name not in written and name not in canonical:
            values[name] = _schema_values(schema)
    return values


def _parameter_values(parameter: Parameter, rule: Rule, spec: ModeSpec) -> list[Any]:
    if parameter.name in OUTPUT_NAMES or parameter.name == "n":
        return _vocabulary_values(parameter)
    crossing = build_crossing(rule, spec.contract)
    check = build_check(spec.contract.at(crossing.path) or {})
    options = rule.options.get("values")
    asked = (
        list(options)
        if options
        else [crossing.read(value) for value in _schema_values(spec.contract.at(crossing.path) or {})]
    )
    fits = [value for value in asked if value is not UNREADABLE and check(crossing.write(value)) is None]
    return [value for value in fits if _in_vocabulary(parameter, value)]


def _in_vocabulary(parameter: Parameter, value: Any) -> bool:
    if parameter.values is not None:
        return value in parameter.values
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = parameter.minimum, parameter.maximum
        return (low is None or value >= low) and (high is None or value <= high)
    return True


def _vocabulary_values(parameter: Parameter) -> list[Any]:
    if parameter.values is not None:
        return list(parameter.values)
    return _spread(parameter.minimum or 0, parameter.maximum or 100, whole=parameter.type == "integer")


def _schema_values(schema: Mapping[str, Any]) -> list[Any]:
    """Values of a scalar contract field: its enum, its range with both ends, or a few where nothing bounds it."""
    if "enum" in schema:
        return list(schema["enum"])
    kind = schema.get("type")
    if kind == "boolean":
        return [True, False]
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 1) * 1000))
        open_low, open_high = "exclusiveMinimum" in schema, "exclusiveMaximum" in schema
        values = _spread(low, high, whole=kind == "integer")
        return [one for one in values if not (open_low and one <= low) and not (open_high and one >= high)]
    if kind == "string" and "pattern" not in schema:
        return ["a", "some text"]
    return []


def _spread(low: float, high: float, *, whole: bool) -> list[Any]:
    places = [low + (high - low) * step / (_BETWEEN + 1) for step in range(_BETWEEN + 2)]
    return list(dict.fromkeys(int(place) for place in places)) if whole else places


def _size_asks(spec: ModeSpec) -> Iterator[dict[str, Any]]:
    """Every cell of every grid and list, the bounds of free forms, shapes, scales, both, and `auto`."""
    if not spec.forms:
        return
    for form in spec.forms:
        yield from _form_asks(form)
    for shape in _SHAPES:
        yield {"aspect_ratio": shape}
        yield {"size": shape}
        for tier in _TIERS:
            yield {"aspect_ratio": shape, "resolution": tier}
    for tier in _TIERS:
        yield {"resolution": tier}
    for width in _SIDES:
        for height in _SIDES:
            yield {"size": f"{width}x{height}"}


def _form_asks(form: Form) -> Iterator[dict[str, Any]]:
    if form.kind is FormKind.AUTO:
        yield {"size": "auto"}
    for cell in form.cells:
        yield {"size": str(cell.real)}
        if cell.ratio is not None and cell.tier is not None:
            yield {"aspect_ratio": cell.ratio.label, "resolution": f"{cell.tier.area / 2**20:g}MP"}
    if form.kind is FormKind.FREE:
        low, high = form.side or (1, 4096)
        for width in (low, high, max(1, low - 1), high + 1):
            for height in (low, high):
                yield {"size": f"{width}x{height}"}


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


def unproved_fields(spec: ModeSpec, sent: set[str]) -> list[str]:
    """Numeric contract fields that were sent and have no known range: valid by the contract, proved by nothing."""
    unproved = []
    for name, schema in spec.contract.fields.items():
        bounded = {"minimum", "exclusiveMinimum"} & set(schema) and {"maximum", "exclusiveMaximum"} & set(schema)
        if name in sent and schema.get("type") in ("integer", "number") and "enum" not in schema and not bounded:
            unproved.append(name)
    return unproved
