"""Contracts and bodies for the laws: closed schemas in every keyword a contract may use, and values that fit them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

__all__ = ["contracts", "edits", "fields", "values"]

NAMES = ["prompt", "seed", "size", "image_urls", "title", "properties", "aspect_ratio", "n2", "loras", "type"]
_WORDS = st.sampled_from(["a", "b", "1:1", "16:9", "é", "jpeg", "landscape_4_3"])


def _with_default(schema: dict[str, Any], value: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.just(schema) | value.map(lambda default: {**schema, "default": default})


def _strings() -> SearchStrategy[dict[str, Any]]:
    listed = st.lists(_WORDS, min_size=1, max_size=4, unique=True).flatmap(
        lambda words: _with_default({"type": "string", "enum": words}, st.sampled_from(words))
    )
    lengths = st.tuples(st.integers(0, 3), st.integers(3, 9)).map(
        lambda ends: {"type": "string", "minLength": ends[0], "maxLength": ends[1]}
    )
    plain = st.sampled_from(
        [{"type": "string"}, {"type": "string", "format": "uri"}, {"type": "string", "pattern": "^[a-z]+$"}]
    )
    return plain | listed | lengths


def _numbers() -> SearchStrategy[dict[str, Any]]:
    whole = st.tuples(st.integers(-4, 4), st.integers(8, 40), st.sampled_from([None, 1, 4])).flatmap(
        lambda drawn: _with_default(
            {"type": "integer", "minimum": drawn[0], "maximum": drawn[1]}
            | ({} if drawn[2] is None else {"multipleOf": drawn[2]}),
            st.just(8),
        )
    )
    real = st.sampled_from(
        [
            {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.5},
            {"type": "number", "minimum": 0.01, "exclusiveMaximum": 20},
            {"type": "integer"},
            {"type": "integer", "enum": [1, 2, 4]},
            {"type": "number"},
        ]
    )
    return whole | real


def _objects(inner: SearchStrategy[dict[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    named = st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3)
    return named.flatmap(
        lambda properties: st.lists(st.sampled_from(sorted(properties)), unique=True).map(
            lambda required: (
                {"type": "object", "additionalProperties": False, "properties": properties}
                | ({"required": required} if required else {})
            )
        )
    )


def fields() -> SearchStrategy[dict[str, Any]]:
    """Schemas of one field: scalars, lists, objects, open objects, and a choice of an object and a list of names."""
    scalar = _strings() | _numbers() | st.just({"type": "boolean"}) | st.just({"type": "boolean", "default": False})
    nested = st.recursive(scalar, lambda inner: _lists(inner) | _objects(inner), max_leaves=4)
    choice = st.tuples(_objects(scalar), _strings()).map(lambda both: {"anyOf": list(both)})
    opened = st.just({"type": "object", "additionalProperties": True, "$comment": "a source"})
    return nested | choice | opened


def _lists(inner: SearchStrategy[dict[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    ends = st.sampled_from([{}, {"minItems": 1}, {"minItems": 1, "maxItems": 4}, {"maxItems": 8}])
    return st.tuples(inner, ends).map(lambda both: {"type": "array", "items": both[0], **both[1]})


def contracts() -> SearchStrategy[dict[str, Any]]:
    """Whole contracts."""
    provenance = {"source": "made up", "date": "2026-07-28", "method": "inferred"}
    return _objects(fields()).map(lambda schema: {"title": "x/y", "x-provenance": provenance, **schema})


def edits(schema: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    """A schema after somebody touched it in one place, for better or worse."""
    return st.integers(0, len(list(_parts(schema))) - 1).flatmap(lambda index: _edit(schema, index))


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema within a schema, itself first."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    for one in [*inner, schema["items"]] if "items" in schema else inner:
        yield from _parts(one)


def _edit(schema: dict[str, Any], index: int) -> SearchStrategy[dict[str, Any]]:
    part = list(_parts(schema))[index]
    touched = [part | {key: part[key] + by} for key in part for by in (-1, 1) if type(part[key]) in (int, float)]
    touched += [{one: part[one] for one in part if one != key} for key in part]
    touched += [part | {"enum": part["enum"][1:]}, part | {"enum": [*part["enum"], "c"]}] if "enum" in part else []
    touched += [part | {"anyOf": part["anyOf"][:1]}] if "anyOf" in part else []
    touched += [part | {"required": list(part["properties"])}] if "properties" in part else []
    touched += [part | {"type": kind} for kind in ("string", "number", "integer", ["string", "integer"])]

    def put(changed: dict[str, Any]) -> dict[str, Any]:
        whole = copy.deepcopy(schema)
        place = list(_parts(whole))[index]
        place.clear()
        place.update(copy.deepcopy(changed))
        return whole

    usable = [one for one in touched if one.get("enum") != [] and one.get("multipleOf", 1) > 0]
    return (st.sampled_from(usable) | fields()).map(put)


def values(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Values a schema allows, near its bounds."""
    if "anyOf" in schema:
        return st.one_of([values(one) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _BY_TYPE[schema["type"]](schema)


def _text(schema: dict[str, Any]) -> SearchStrategy[Any]:
    if "pattern" in schema:
        return st.from_regex(r"\A[a-z]{1,4}\Z")
    return st.text("abc:1é", min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 12))


def _whole(schema: dict[str, Any]) -> SearchStrategy[Any]:
    step = schema.get("multipleOf", 1)
    low, high = schema.get("minimum", -50), schema.get("maximum", 50)
    return st.integers(-(-low // step), high // step).map(lambda number: number * step)


def _real(schema: dict[str, Any]) -> SearchStrategy[Any]:
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum", 20)
    return st.floats(
        -50 if low is None else low,
        high,
        exclude_min="exclusiveMinimum" in schema,
        exclude_max="exclusiveMaximum" in schema,
    )


def _body(schema: dict[str, Any]) -> SearchStrategy[Any]:
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    return st.fixed_dictionaries(
        {name: values(properties[name]) for name in required},
        optional={name: values(properties[name]) for name in properties if name not in required},
    )


_BY_TYPE: dict[str, Any] = {
    "string": _text,
    "integer": _whole,
    "number": _real,
    "boolean": lambda _: st.booleans(),
    "array": lambda schema: st.lists(
        values(schema["items"]), min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 3)
    ),
    "object": _body,
}
