"""The one place that builds values for the laws: sizes, requests, and what a caller may write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pentaprism import Catalog, media
from pentaprism.types import Model
from pictures import picture

__all__ = ["requests", "sizes"]


def sizes() -> SearchStrategy[str]:
    """Everything `size` takes: pixels, shapes, auto."""
    side = st.integers(1, 20_000) | st.sampled_from([256, 512, 768, 1024, 1080, 1344, 1536, 1920, 2048, 4096])
    pixels = st.builds("{}x{}".format, side, side)
    return pixels | ratios() | st.just("auto")


def ratios() -> SearchStrategy[str]:
    """Shapes, whole and decimal."""
    part = st.integers(1, 32)
    return st.builds("{}:{}".format, part, part) | st.sampled_from(["1:1", "16:9", "2.39:1", "9:21", "7:1", "1:2.2"])


def tiers() -> SearchStrategy[str]:
    """Scales: tiers, megapixels, auto."""
    return st.sampled_from(["0.5K", "1K", "2K", "4K", "0.25", "1", "0.25MP", "2MP", "4mp", "auto"])


def _optional(**fields: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    """Any subset of the fields, in any order."""
    names = st.lists(st.sampled_from(sorted(fields)), unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen}))


def requests(
    catalog: Catalog, *, native: bool = True, models: Sequence[str] | None = None
) -> SearchStrategy[dict[str, Any]]:
    """Well-formed requests to all models or some: every parameter of the vocabulary, and providers' own fields."""
    key = (id(catalog), native, tuple(models or ()))
    if key not in _REQUESTS:
        _REQUESTS[key] = _requests(catalog, native, [catalog.models[name] for name in models or catalog.models])
    return _REQUESTS[key]


# Building the strategy takes longer than drawing from it.
_REQUESTS: dict[Any, SearchStrategy[dict[str, Any]]] = {}


def _requests(catalog: Catalog, native: bool, models: Sequence[Model]) -> SearchStrategy[dict[str, Any]]:
    names = [name for model in models for name in (model.id, *model.aliases)]
    keys = [f"{endpoint.provider}/{model.id}" for model in models for endpoint in model.endpoints]
    canonical = _optional(
        negative_prompt=st.text(max_size=20),
        seed=st.integers(0, 2**31 - 1),
        quality=st.sampled_from(["auto", "low", "medium", "high", "hd", "standard"]),
        style=st.text(max_size=8),
        size=sizes(),
        aspect_ratio=ratios(),
        resolution=tiers(),
        image=images() | st.lists(images(), min_size=1, max_size=4),
        mask=images(),
        moderation=st.sampled_from(["auto", "low"]),
        input_fidelity=st.sampled_from(["low", "high"]),
        response_format=st.sampled_from(["url", "b64_json"]),
        output_format=st.sampled_from(["png", "jpeg", "jpg", "gif", "webp", "avif"]),
        output_compression=st.integers(0, 100),
        n=st.integers(1, 10),
        background=st.sampled_from(["auto", "transparent", "opaque"]),
        cfg_scale=st.floats(0, 25, allow_nan=False) | st.integers(0, 25),
        strength=st.floats(0, 1),
        num_inference_steps=st.integers(1, 60),
        provider=_optional(
            require_parameters=st.booleans(),
            allow_fallbacks=st.booleans(),
            sort=st.sampled_from(["price", "latency", "order"]),
            max_price=st.sampled_from([0.01, 0.05, "0.10"]),
            order=st.lists(st.sampled_from(sorted(catalog.providers)), max_size=2),
        ),
    )
    base = st.fixed_dictionaries(
        {"model": st.sampled_from([*names, *keys]), "prompt": st.text(min_size=1).filter(str.strip)}
    )
    extras = _natives(catalog, models) if native else st.just({})
    return st.builds(lambda one, two, three: {**one, **two, **three}, base, canonical, extras)


def images() -> SearchStrategy[Any]:
    """Input images: read ones of several sizes, and links."""
    read = st.sampled_from([(64, 64), (640, 480), (300, 900), (2000, 1500)]).map(
        lambda size: media.from_bytes(picture(*size))
    )
    return read | st.just(media.from_text("https://example.com/cat.png"))


def _natives(catalog: Catalog, models: Sequence[Model]) -> SearchStrategy[dict[str, Any]]:
    """Some of the providers' own fields, with values of their contracts, and a name nobody knows."""
    fields: dict[str, list[SearchStrategy[Any]]] = {"no_such_name": [st.integers()]}
    for model in models:
        for endpoint in model.endpoints:
            for spec in endpoint.modes.values():
                for name, schema in spec.contract.fields.items():
                    value = schema_values(schema)
                    if value is not None and name not in catalog.parameters:
                        fields.setdefault(name, []).append(value)
    for name, parameter in catalog.parameters.items():
        if parameter.at != "provider":
            fields.pop(name, None)
        for synonym in parameter.synonyms:
            fields.pop(synonym, None)
    return _optional(**{name: st.one_of(values) for name, values in fields.items()})


def schema_values(schema: Any) -> SearchStrategy[Any] | None:
    """Values a contract's field takes; None for what has no known values, such as free text and links."""
    if "anyOf" in schema:
        found = [value for one in schema["anyOf"] if (value := schema_values(one)) is not None]
        return st.one_of(found) if found else None
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "boolean":
        return st.booleans()
    if schema.get("type") == "object" and "width" in schema.get("properties", {}):
        return st.fixed_dictionaries({"width": st.integers(1, 4096), "height": st.integers(1, 4096)})
    if schema.get("type") == "object" and schema.get("properties"):
        found = {name: schema_values(field) for name, field in schema["properties"].items()}
        known = {name: value for name, value in found.items() if value is not None}
        return _optional(**known) if known and not schema.get("required") else None
    if schema.get("type") == "integer" and "maximum" in schema:
        return st.integers(int(schema.get("minimum", 0)), int(schema["maximum"]))
    return None
