"""What the laws are tried on: requests, the values in them, and catalogs; the other `*_strategies` are its parts.

Strategies of contracts alone, for the tests of their tools, are in `schema_strategies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from catalog_strategies import catalogs, documents, made_of, unrelated_catalogs
from endpoint_sketch import Dice, chance, pick
from pentaprism import Catalog, media
from pentaprism.types import Endpoint, ModeSpec
from pictures import picture
from price_strategies import rows

__all__ = [
    "bare",
    "catalogs",
    "documents",
    "images",
    "json_bodies",
    "made_of",
    "ratios",
    "requests",
    "rows",
    "sizes",
    "unrelated_catalogs",
]

_SIDES = st.integers(1, 20_000) | st.sampled_from([256, 512, 768, 1024, 1080, 1344, 1536, 1920, 2048, 4096])
_PARTS = st.integers(1, 32)
_SIZES = st.builds("{}x{}".format, _SIDES, _SIDES)
_RATIOS = st.builds("{}:{}".format, _PARTS, _PARTS) | st.sampled_from(["1:1", "16:9", "2.39:1", "9:21", "7:1", "1:2.2"])
_TIERS = st.sampled_from(["0.5K", "1K", "2K", "4K", "0.25", "1", "0.25MP", "2MP", "4mp", "auto"])
_READ = [media.from_bytes(picture(*size)) for size in [(64, 64), (640, 480), (300, 900), (2000, 1500)]]
_IMAGES = st.sampled_from(_READ) | st.just(media.from_text("https://example.com/cat.png"))
_PROMPTS = st.text(min_size=1).filter(str.strip)


def sizes() -> SearchStrategy[str]:
    """Everything `size` takes: pixels, shapes, auto."""
    return _SIZES | _RATIOS | st.just("auto")


def ratios() -> SearchStrategy[str]:
    """Shapes, whole and decimal."""
    return _RATIOS


def images() -> SearchStrategy[Any]:
    """Input images: read ones of several sizes, and links."""
    return _IMAGES


_CANONICAL: dict[str, SearchStrategy[Any]] = {
    "negative_prompt": st.text(max_size=20),
    "seed": st.integers(0, 2**31 - 1) | st.integers(0, 10**12) | st.integers(0, 999),
    "quality": st.sampled_from(["auto", "low", "medium", "high", "hd", "standard"]),
    "style": st.text(max_size=8) | st.sampled_from(["vivid", "natural"]),
    "size": sizes(),
    "aspect_ratio": _RATIOS,
    "resolution": _TIERS,
    "image": _IMAGES | st.lists(_IMAGES, min_size=1, max_size=4),
    "mask": _IMAGES,
    "moderation": st.sampled_from(["auto", "low"]),
    "input_fidelity": st.sampled_from(["low", "high"]),
    "response_format": st.sampled_from(["url", "b64_json"]),
    "output_format": st.sampled_from(["png", "jpeg", "jpg", "gif", "webp", "avif"]),
    "output_compression": st.integers(0, 100),
    "n": st.integers(1, 10),
    "background": st.sampled_from(["auto", "transparent", "opaque"]),
    "cfg_scale": st.floats(0, 25, allow_nan=False) | st.integers(0, 25) | st.floats(0, allow_infinity=False),
    "strength": st.floats(0, 1),
    "num_inference_steps": st.integers(1, 60),
}
SURELY: frozenset[str] = frozenset()
"""Parameters that every request sets."""

_PREFERENCES: dict[str, SearchStrategy[Any]] = {
    "require_parameters": st.booleans(),
    "allow_fallbacks": st.booleans(),
    "sort": st.sampled_from(["price", "latency", "order"]),
    "max_price": st.sampled_from([0.01, 0.05, "0.10", 1]),
    "order": st.lists(st.sampled_from(["fal", "replicate", "south", "north"]), max_size=2),
}


@st.composite
def requests(
    draw: DrawFn, catalog: Catalog, *, native: bool = True, models: Sequence[str] | None = None
) -> dict[str, Any]:
    """Well-formed requests to all models or some: every parameter of the vocabulary, and providers' own fields."""
    dice = Dice(draw)
    model = catalog.models[pick(dice, *(models or catalog.models))]
    forced = [f"{endpoint.provider}/{model.id}" for endpoint in model.endpoints]
    name = pick(dice, model.id, *model.aliases, *forced)
    body: dict[str, Any] = {"model": name, "prompt": draw(_PROMPTS)}
    fields = _natives(catalog, model.endpoints) if native else {}
    names = [parameter for parameter in (*_CANONICAL, "provider") if parameter in SURELY or chance(dice, 5)]
    names += [field for field in fields if chance(dice, 6)]
    if native and chance(dice, 6):
        names.append("no_such_name")
    Random(dice.roll(256)).shuffle(names)
    for parameter in names:
        if parameter in fields:
            body[parameter] = _draw_native(dice, fields[parameter])
        elif parameter == "provider":
            body[parameter] = {option: draw(values) for option, values in _PREFERENCES.items() if chance(dice, 2)}
        else:
            body[parameter] = draw(_CANONICAL.get(parameter, st.integers()))
    return body


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, 10**300, -1, 0])
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["1024x768", "16:9", "1K", "auto", "url", "png", "NaN", "1e999", "0:0", "\x00", "https://a.b/c"])
    | st.sampled_from(["data:image/png;base64,AAAA", "data:,", "https://", "\ud800"])
)
_OPTIONS = st.sampled_from(["order", "only", "sort", "max_price", "tolerance", "aspect", "pixels", "width", "height"])
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | _OPTIONS, inner, max_size=4),
    max_leaves=6,
)


def json_bodies(catalog: Catalog) -> SearchStrategy[dict[str, Any]]:
    """Any JSON object; most of its names are ones a request may have."""
    names = [name for one in catalog.parameters.values() for name in (one.name, *one.synonyms)]
    models = st.fixed_dictionaries({}, optional={"model": st.sampled_from([*catalog.models]), "prompt": st.just("x")})
    body = st.dictionaries(st.sampled_from(names) | st.text(max_size=6), _JSON, max_size=6)
    return st.builds(lambda one, two: {**one, **two}, body, models)


def bare(endpoint: Endpoint, spec: ModeSpec) -> dict[str, Any]:
    """The least that can be asked of an endpoint in a mode."""
    body: dict[str, Any] = {"model": endpoint.model, "prompt": "a cat"}
    if spec.mode.short == "Edit":
        body["image"] = _READ[1]
    return body


def _natives(catalog: Catalog, endpoints: Sequence[Endpoint]) -> dict[str, list[Any]]:
    """The providers' own fields, each with its schema at the endpoints that have it."""
    fields: dict[str, list[Any]] = {}
    ours = _parameter_names(catalog)
    for endpoint in endpoints:
        for spec in endpoint.modes.values():
            for name, schema in spec.contract.fields.items():
                if name not in ours:
                    fields.setdefault(name, []).append(schema)
    return {name: schemas for name, schemas in fields.items() if any(map(_has_values, schemas))}


def _parameter_names(catalog: Catalog) -> frozenset[str]:
    """Every name that means a parameter, so that a provider's field of that name is not reached by it."""
    return frozenset(
        name
        for parameter in catalog.parameters.values()
        if parameter.at != "provider"
        for name in (parameter.name, *parameter.synonyms)
    )


def _has_values(schema: Mapping[str, Any]) -> bool:
    """Whether a schema says which values there are; free text and links it does not."""
    if "anyOf" in schema:
        return any(map(_has_values, schema["anyOf"]))
    if "properties" in schema:
        return any(map(_has_values, schema["properties"].values()))
    return "enum" in schema or schema.get("type") == "boolean" or "maximum" in schema


def _draw_native(dice: Dice, schemas: Sequence[Mapping[str, Any]]) -> Any:
    """A value of one of the schemas."""
    return _draw_value(dice, pick(dice, *[schema for schema in schemas if _has_values(schema)]))


def _draw_value(dice: Dice, schema: Mapping[str, Any]) -> Any:
    if "anyOf" in schema:
        return _draw_value(dice, pick(dice, *[one for one in schema["anyOf"] if _has_values(one)]))
    if "enum" in schema:
        return pick(dice, *schema["enum"])
    if schema.get("type") == "boolean":
        return pick(dice, False, True)
    if "properties" in schema:
        known = {name: one for name, one in schema["properties"].items() if _has_values(one)}
        kept = {name: one for name, one in known.items() if name in schema.get("required", ()) or not chance(dice, 3)}
        return {name: _draw_value(dice, one) for name, one in kept.items()}
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    if schema.get("type") == "number":
        return dice.draw(st.floats(low, schema["maximum"]))
    step = schema.get("multipleOf", 1)
    return step * dice.draw(st.integers(-(-low // step), schema["maximum"] // step))
