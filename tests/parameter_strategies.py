"""How parameters cross at a drawn endpoint: each finds a field in one of several ways, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from endpoint_sketch import Dice, Sketch, chance, mostly, pick, some

__all__ = ["draw_parameters"]

_FORMATS = ("png", "jpeg", "webp", "avif", "gif")


def draw_parameters(dice: Dice, sketch: Sketch) -> None:
    """Give every parameter of the vocabulary a field and a rule, or neither; and the provider fields of its own."""
    if chance(dice, 8) and not sketch.multipart:
        _draw_contents(dice, sketch)
    else:
        _draw_prompt(dice, sketch)
        if sketch.edits:
            _draw_image(dice, sketch)
    for draw_parameter in _PARAMETERS:
        dice.fresh()
        if mostly(dice, 3):
            draw_parameter(dice, sketch)
    dice.fresh()
    _draw_own_fields(dice, sketch)


def _place(dice: Dice, sketch: Sketch, parameter: str, schema: Mapping[str, Any], *names: str) -> str:
    """Put a field under the parameter's own name, another, or inside an object, with the rule that takes."""
    name = pick(dice, parameter, *names)
    schema = _maybe_null(dice, schema)
    path = sketch.add(f"options.{name}" if chance(dice, 6) else name, schema)
    if path != parameter:
        sketch.rules[parameter] = {"rename": path}
    return path


def _maybe_null(dice: Dice, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same field, or one that takes null too, as providers' generated schemas do."""
    if not chance(dice, 8):
        return schema
    outside = {key: value for key, value in schema.items() if key == "default"}
    inside = {key: value for key, value in schema.items() if key != "default"}
    return {"anyOf": [inside, {"type": "null"}], **outside}


def _let_clamp(dice: Dice, sketch: Sketch, parameter: str) -> None:
    """Sometimes the nearest value is taken instead of a refusal."""
    if chance(dice, 3):
        sketch.rules[parameter] = {**sketch.rules.get(parameter, {"passthrough": True}), "clamp": True}


def _draw_prompt(dice: Dice, sketch: Sketch) -> None:
    bounds: dict[str, Any] = pick(dice, {}, {"minLength": 1, "maxLength": 2000})
    path = _place(dice, sketch, "prompt", {"type": "string", **bounds}, "text")
    if mostly(dice, 3):
        sketch.required.append(path)


def _draw_contents(dice: Dice, sketch: Sketch) -> None:
    """Prompt and images as parts of one list, as Google takes them."""
    inline = {"mimeType": {"type": "string"}, "data": {"type": "string"}}
    whole = {"type": "object", "additionalProperties": False, "required": list(inline), "properties": inline}
    parts = {"text": {"type": "string"}, "inlineData": whole}
    part = {"type": "object", "additionalProperties": False, "properties": parts}
    entry = {
        "type": "object",
        "additionalProperties": False,
        "required": ["parts"],
        "properties": {"parts": {"type": "array", "minItems": 1, "items": part}},
    }
    sketch.add("contents", {"type": "array", "minItems": 1, "items": entry})
    sketch.required.append("contents")
    sketch.rules["prompt"] = {"rename": "contents[0].parts[].text"}
    if sketch.edits:
        taking = {"convert": "image", "to": "contents[0].parts[].inlineData", "shape": "list", "encode": ["inline"]}
        most = pick(dice, {}, {"max": 2, "source": "made up"})
        sketch.rules["image"] = {**taking, **most}


def _draw_image(dice: Dice, sketch: Sketch) -> None:
    leaf = {"type": "string"} if sketch.multipart else {"type": "string", "format": "uri"}
    encode = ["file"] if sketch.multipart else pick(dice, ["url"], ["url", "data_uri"], ["base64"], ["upload"])
    rule: dict[str, Any] = {"convert": "image", "encode": encode}
    shape = pick(dice, "one", "list", "numbered", "brackets")
    if shape == "list":
        most = pick(dice, {}, {"maxItems": 1}, {"maxItems": 3})
        path = sketch.add("image_urls", {"type": "array", "items": leaf, **most})
    elif shape == "brackets":
        sketch.add("pictures", {"type": "array", "items": leaf, "maxItems": 2})
        rule.update(max=2, source="made up")
        path, shape = "pictures[]", "list"
    else:
        path = sketch.add(pick(dice, "image_url", "init_image"), leaf)
        if shape == "numbered":
            for number in range(2, pick(dice, 2, 3, 4)):
                sketch.image_fields.append(sketch.add(f"{path}_{number}", leaf))
    sketch.image_fields.append(path.removesuffix("[]"))
    sketch.rules["image"] = {**rule, "to": path, "shape": shape}
    if sketch.modes == ["image-edit"] and shape != "numbered" and chance(dice, 2):
        sketch.required.append(path.removesuffix("[]"))
    if chance(dice, 3):
        sketch.image_fields.append(sketch.add("mask_url", leaf))
        sketch.rules["mask"] = {"convert": "image", "to": "mask_url", "shape": "one", "encode": encode}


def _draw_negative_prompt(dice: Dice, sketch: Sketch) -> None:
    _place(dice, sketch, "negative_prompt", {"type": "string", "maxLength": pick(dice, 2000, 10)}, "avoid")


def _draw_seed(dice: Dice, sketch: Sketch) -> None:
    ranges: tuple[dict[str, Any], ...] = ({}, {"minimum": 0, "maximum": 2**32 - 1}, {"minimum": 5, "maximum": 999})
    _place(dice, sketch, "seed", {"type": "integer", **pick(dice, *ranges, {"maximum": 2**31 - 1})}, "random_seed")
    _let_clamp(dice, sketch, "seed")


def _draw_words(dice: Dice, sketch: Sketch, parameter: str, values: tuple[str, ...], *names: str) -> None:
    """A parameter with few values: those a provider has as they are, or in its own words, numbers or switches."""
    known = some(dice, values)
    if not chance(dice, 3):
        default = {"default": pick(dice, *known)} if chance(dice, 2) else {}
        path = _place(dice, sketch, parameter, {"type": "string", "enum": known, **default}, *names)
        sketch.add_condition(path, known)
        return
    own: dict[str, list[Any]] = {
        "words": [value.upper() for value in values],
        "numbers": [index + 1 for index in range(len(values))],
        "switch": [value == values[-1] for value in values],
    }
    wire = dict(zip(values, own[pick(dice, *own)], strict=True))
    table: dict[str, Any] = {}
    for value in known:
        if wire[value] not in table.values():
            table[value] = wire[value]
    wires = list(table.values())
    schema: dict[str, Any] = {"enum": wires}
    if isinstance(wires[0], bool):
        schema = {"type": "boolean"}
    elif isinstance(wires[0], int):
        schema = pick(dice, {"type": "integer", "enum": wires}, {"type": "integer", "minimum": 1, "maximum": 9})
    path = sketch.add(pick(dice, f"{parameter}_kind", f"options.{parameter}_kind"), schema)
    sketch.rules[parameter] = {"convert": "values", "to": path, "values": table}
    sketch.add_condition(path, wires)


def _draw_quality(dice: Dice, sketch: Sketch) -> None:
    _draw_words(dice, sketch, "quality", ("auto", "low", "medium", "high"), "effort")


def _draw_background(dice: Dice, sketch: Sketch) -> None:
    _draw_words(dice, sketch, "background", ("auto", "transparent", "opaque"), "backdrop")


def _draw_moderation(dice: Dice, sketch: Sketch) -> None:
    _draw_words(dice, sketch, "moderation", ("auto", "low"), "filtering")


def _draw_fidelity(dice: Dice, sketch: Sketch) -> None:
    _draw_words(dice, sketch, "input_fidelity", ("low", "high"), "likeness")


def _draw_style(dice: Dice, sketch: Sketch) -> None:
    schemas: tuple[dict[str, Any], ...] = ({"type": "string"}, {"type": "string", "enum": ["vivid", "natural"]})
    schema = pick(dice, *schemas, {"enum": ["vivid"]})
    if "type" in schema:
        _place(dice, sketch, "style", schema, "style_type")
    else:
        sketch.rules["style"] = {"rename": sketch.add("style_type", schema)}


def _draw_cfg(dice: Dice, sketch: Sketch) -> None:
    kind = pick(dice, "same", "renamed", "scaled", "turned")
    bounds = pick(dice, {"minimum": 0, "maximum": 30}, {"minimum": 1, "maximum": 10}, {"exclusiveMinimum": 0})
    if kind == "same":
        _place(dice, sketch, "cfg_scale", {"type": "number", **bounds}, "guidance_scale")
    elif kind == "renamed":
        steps: dict[str, Any] = pick(dice, {}, {"multipleOf": 2}, {"default": 4})
        path = sketch.add("guidance", {"type": "integer", **bounds, **steps})
        sketch.rules["cfg_scale"] = {"rename": path}
    elif kind == "scaled":
        whole = pick(dice, True, False)
        schema = {"type": "integer" if whole else "number", "minimum": 0, "maximum": 100}
        ranges = {"from": [0, 25], "into": pick(dice, [0, 100], [100, 0], [0.5, 2.5])}
        path = sketch.add(pick(dice, "guidance", "options.guidance"), schema)
        sketch.rules["cfg_scale"] = {"convert": "scale", "to": path, "whole": whole, **ranges}
    else:
        path = sketch.add("looseness", {"type": "number", "minimum": -5, "maximum": 25})
        sketch.rules["cfg_scale"] = {"convert": "invert", "to": path, "range": [0, 25]}
    _let_clamp(dice, sketch, "cfg_scale")


def _draw_strength(dice: Dice, sketch: Sketch) -> None:
    kind = pick(dice, "same", "turned", "scaled")
    if kind == "same":
        schema = {"type": "number", "minimum": pick(dice, 0, 0.01), "maximum": 1}
        _place(dice, sketch, "strength", schema, "prompt_strength", "denoise")
        return
    path = sketch.add(pick(dice, "image_weight", "options.image_weight"), {"type": "number"})
    rule: dict[str, Any] = {"convert": "invert", "to": path}
    if kind == "scaled":
        sketch.add(path, {"type": "integer", "minimum": 1, "maximum": 100})
        rule = {"convert": "scale", "to": path, "from": [0, 1], "into": [100, 1], "whole": True}
    sketch.rules["strength"] = rule


def _draw_steps(dice: Dice, sketch: Sketch) -> None:
    bounds = pick(dice, {"minimum": 1, "maximum": 50}, {"minimum": 4, "maximum": 28, "multipleOf": 4})
    _place(dice, sketch, "num_inference_steps", {"type": "integer", **bounds}, "steps", "passes")
    _let_clamp(dice, sketch, "num_inference_steps")


def _draw_count(dice: Dice, sketch: Sketch) -> None:
    most = pick(dice, {"maximum": 4}, {"maximum": 10}, {"maximum": 3, "default": 1}, {})
    schema = {"type": "integer", "minimum": 1, **most}
    if chance(dice, 3):
        _place(dice, sketch, "n", schema, "batch_size")
        return
    path = sketch.add(pick(dice, "num_images", "options.count"), schema)
    stated: dict[str, Any] = {} if most else pick(dice, {}, {"max": 2, "source": "made up"})
    sketch.rules["n"] = {"emulate": "fan_out", "native": {"to": path, **stated}}


def _draw_format(dice: Dice, sketch: Sketch) -> None:
    known = some(dice, _FORMATS)
    spelt = {name: "jpg" if name == "jpeg" and chance(dice, 2) else name for name in known}
    schema: dict[str, Any] = {"type": "string", "enum": list(spelt.values())}
    if chance(dice, 2):
        schema["default"] = pick(dice, *spelt.values())
    same = all(ours == theirs for ours, theirs in spelt.items())
    if same and chance(dice, 3):
        path = _place(dice, sketch, "output_format", schema, "format")
        # Said, because the provider may have a rule for this very field.
        sketch.rules["output_format"] = {"passthrough": True} if path == "output_format" else {"rename": path}
        return
    path = sketch.add(pick(dice, "output_format", "format", "options.format"), schema)
    if chance(dice, 4):
        sketch.rules["output_format"] = {"convert": "values", "to": path, "values": spelt}
        return
    native = {"to": path} if same else {"to": path, "values": spelt}
    via = {"via": pick(dice, *known)} if chance(dice, 2) else {}
    sketch.rules["output_format"] = {"emulate": "transcode", "native": native, **via}


def _draw_compression(dice: Dice, sketch: Sketch) -> None:
    low, high = pick(dice, (0, 100), (1, 100), (50, 95))
    schema = {"type": "integer", "minimum": low, "maximum": high}
    if chance(dice, 3):
        _place(dice, sketch, "output_compression", schema, "output_quality")
        return
    path = sketch.add(pick(dice, "output_quality", "options.file_quality"), schema)
    formats = {"formats": some(dice, ("jpeg", "webp", "avif"))} if chance(dice, 2) else {}
    sketch.rules["output_compression"] = {"emulate": "transcode", "native": {"to": path, **formats}}


def _draw_unasked_format(dice: Dice, sketch: Sketch) -> None:
    """A format nobody can ask for and the catalog knows of."""
    if "output_format" not in sketch.rules and "output_format" not in sketch.properties:
        sketch.rules["output_format"] = {"emulate": "transcode", "default": pick(dice, *_FORMATS)}


def _draw_refusal_to_cross(dice: Dice, sketch: Sketch) -> None:
    parameter = pick(dice, "quality", "style", "seed", "moderation")
    sketch.rules.setdefault(parameter, {"unsupported": "the provider ignores it"})


def _draw_own_fields(dice: Dice, sketch: Sketch) -> None:
    """Fields that no parameter means, and constants."""
    tint = {"hue": {"type": "integer", "minimum": 0, "maximum": 360}, "warm": {"type": "boolean"}}
    own: dict[str, dict[str, Any]] = {
        "acceleration": {"type": "string", "enum": ["none", "regular", "high"], "default": "none"},
        "go_fast": {"type": "boolean", "default": True},
        "safety_tolerance": {"type": "integer", "minimum": 0, "maximum": 6},
        "tint": {"type": "object", "additionalProperties": False, "properties": tint},
        "detail": {"type": "number", "minimum": 0, "maximum": 2},
        "variant": {"type": "string", "enum": ["v1", "v2"]},
    }
    for name in some(dice, tuple(own), 0):
        sketch.add(name, own[name])
        if name == "variant":
            sketch.required.append(name)
            sketch.constants[name] = pick(dice, "v1", "v2")
        elif name in ("acceleration", "go_fast"):
            sketch.add_condition(name, own[name].get("enum", [True, False]))
    if chance(dice, 4):
        listed = {"type": "array", "items": {"type": "string", "enum": ["TEXT", "IMAGE"]}}
        sketch.constants[sketch.add("options.modalities", listed)] = ["IMAGE"]


_PARAMETERS: tuple[Callable[[Dice, Sketch], None], ...] = (
    _draw_negative_prompt,
    _draw_seed,
    _draw_quality,
    _draw_style,
    _draw_background,
    _draw_moderation,
    _draw_cfg,
    _draw_steps,
    _draw_count,
    _draw_format,
    _draw_compression,
    _draw_unasked_format,
    _draw_refusal_to_cross,
    _draw_fidelity,
    _draw_strength,
)
