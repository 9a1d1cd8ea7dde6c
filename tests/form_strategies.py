"""How a drawn endpoint takes a size: every kind of form, alone and together, and what comes back unasked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from endpoint_sketch import PROVENANCE, Dice, Sketch, chance, pick, some

__all__ = ["draw_sizes"]

_LABELS = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "4:1", "8:1", "1:4", "2.39:1")
_PRESETS = ("square", "wide", "tall", "poster")
# A wish is met by fitting, so these leave room for a square of a megapixel and for more than one shape.
_SHAPES = (["1:3", "3:1"], ["1:2", "2:1"], ["2:3", "16:9"])
_AREAS = ([65_536, 4_194_304], [655_360, 8_294_400], [921_600, 16_777_216])
_TIERS: tuple[dict[str, dict[str, Any]], ...] = (
    {"1K": {"area": "1K"}, "2K": {"area": "2K", "scale": 2}},
    {"1": {"area": "1MP"}, "0.25": {"area": "0.25MP", "scale": "1/2"}},
    {"0.5 MP": {"area": "0.5MP"}, "1 MP": {"area": "1MP"}, "4 MP": {"area": "4MP"}},
    {"4K": {"area": "4K", "scale": 4}, "1K": {"area": "1K", "scale": 1}},
)


def draw_sizes(dice: Dice, sketch: Sketch) -> dict[str, Any]:
    """An endpoint's `sizes:`; the fields its forms write go into the contract."""
    makers = pick(dice, *_COMBINATIONS)
    forms: list[dict[str, Any]] = []
    for make in makers:
        dice.fresh()
        forms += make(dice, sketch)
    sizes: dict[str, Any] = {"default": _default(dice, sketch), "forms": forms}
    if sizes["default"] == "input" and chance(dice, 2):
        sizes["max_side"] = pick(dice, 1440, 512)
    return sizes


def _default(dice: Dice, sketch: Sketch) -> str:
    if sketch.edits and chance(dice, 2):
        return "input"
    return pick(dice, "1024x1024", "1024x768", "unknown", "512x896")


def _field(dice: Dice, sketch: Sketch, name: str, schema: dict[str, Any], *, nested: bool = True) -> str:
    path = sketch.add(f"canvas.{name}" if nested and chance(dice, 5) else name, schema)
    sketch.size_fields.append(path.partition(".")[0])
    return path


def _pixels(dice: Dice) -> str:
    return f"{_side(dice)}x{_side(dice)}"


def _side(dice: Dice) -> int:
    return 64 + dice.roll(4033) if chance(dice, 5) else 64 * (1 + dice.roll(40))


# -- free ---------------------------------------------------------------------------------------------------------


def _bounds(dice: Dice) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a form says of its bounds, and what its contract says of a side."""
    step = pick(dice, 1, 1, 8, 16, 32, 64)
    low, high = pick(dice, (1, 14142), (64, 2048), (256, 1440), (500, 1100), (512, 4096))
    form: dict[str, Any] = {} if step == 1 else {"step": step}
    side: dict[str, Any] = {"type": "integer"}
    where = pick(dice, "contract", "exclusive", "form")
    if where == "contract":
        side.update(minimum=low, maximum=high)
    elif where == "exclusive":
        side.update(exclusiveMinimum=low - 1, maximum=high)
    else:
        form["side"] = [low, high]
    if step > 1 and chance(dice, 3):
        side["multipleOf"] = step
    if chance(dice, 4):
        form["pixels"] = pick(dice, *_AREAS)
    if chance(dice, 4):
        form["ratio"] = pick(dice, *_SHAPES)
    return form, side


def _free_object(dice: Dice, sketch: Sketch) -> list[dict[str, Any]]:
    """An object of width and height; beside it, perhaps, named sizes in the same field."""
    bounds, side = _bounds(dice)
    pair = {"width": side, "height": side}
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": pair}
    if chance(dice, 2):
        schema["required"] = ["width", "height"]
    forms: list[dict[str, Any]] = []
    named = _PRESETS[: pick(dice, 0, 2, 4)]
    if named:
        words = [*named, "auto"] if chance(dice, 2) else list(named)
        schema = {"anyOf": [schema, {"type": "string", "enum": words}]}
    path = _field(dice, sketch, "image_size", schema)
    forms.append({"form": "free", "to": {"object": path}, **bounds})
    if named:
        forms.append({"form": "list", "to": path, "values": _presets(dice, sketch, named)})
        if "auto" in words:
            forms.append({"form": "auto", "set": {path: "auto"}})
    return forms


def _free_sides(dice: Dice, sketch: Sketch) -> list[dict[str, Any]]:
    bounds, side = _bounds(dice)
    width = _field(dice, sketch, "width", side)
    height = _field(dice, sketch, "height", side)
    return [{"form": "free", "to": {"width": width, "height": height}, **bounds}]


def _free_text(dice: Dice, sketch: Sketch) -> list[dict[str, Any]]:
    bounds, side = _bounds(dice)
    if "side" not in bounds and "pixels" not in bounds:
        bounds["side"] = [side.get("minimum", side.get("exclusiveMinimum", 0) + 1), side["maximum"]]
    path = _field(dice, sketch, pick(dice, "size", "dimensions"), {"type": "string"})
    auto = [{"form": "auto", "set": {path: "auto"}}] if chance(dice, 2) else []
    return [{"form": "free", "to": {"string": path}, **bounds}, *auto]


# -- grid ---------------------------------------------------------------------------------------------------------


def _table(dice: Dice, sketch: Sketch, labels: list[str]) -> str | dict[str, Any]:
    """Pixels for the labels, some unknown: written in place, or as a table of the catalog."""
    sizes = {label: None if chance(dice, 4) else _pixels(dice) for label in labels}
    if not chance(dice, 3):
        return sizes
    name = f"{sketch.provider}-{len(sketch.tables)}"
    area = pick(dice, "1MP", "1K", "2K", "0.25MP")
    sketch.tables[name] = {"area": area, "checked": PROVENANCE, "sizes": sizes}
    return name


def _ratio_field(dice: Dice, sketch: Sketch, labels: list[str], *more: str) -> tuple[str, str]:
    """The field that takes these shapes and some other words, and how it spells a shape."""
    spell = pick(dice, "{w}:{h}", "{w}x{h}", "ratio_{w}_{h}")
    words = [spell.replace("{w}", one.split(":")[0]).replace("{h}", one.split(":")[1]) for one in labels]
    schema: dict[str, Any] = {"type": "string", "enum": [*words, *more]}
    if chance(dice, 3):
        schema["default"] = words[0]
    return _field(dice, sketch, pick(dice, "aspect_ratio", "shape"), schema), spell


def _grid(dice: Dice, sketch: Sketch, **more: Any) -> list[dict[str, Any]]:
    """Shapes, with or without scales; beside them, perhaps, a word that leaves the shape to the provider."""
    labels = some(dice, _LABELS)
    auto = chance(dice, 3)
    ratio, spell = _ratio_field(dice, sketch, labels, *(["auto"] if auto else []), *more.get("words", []))
    form: dict[str, Any] = {"form": "grid", "to": {"ratio": ratio}, "ratios": _table(dice, sketch, labels)}
    if spell != "{w}:{h}":
        form["spell"] = spell
    if chance(dice, 2):
        tiers = pick(dice, *_TIERS)
        schema: dict[str, Any] = {"type": "string", "enum": list(tiers)}
        # Without a default in the contract the first tier of the file is what the provider uses.
        if not chance(dice, 3):
            schema["default"] = pick(dice, *tiers)
        form["to"]["tier"] = _field(dice, sketch, pick(dice, "resolution", "scale", "megapixels"), schema)
        form["tiers"] = tiers
    if chance(dice, 5):
        form["max_side"] = pick(dice, 1440, 2048)
    return [form, {"form": "auto", "set": {ratio: "auto"}}] if auto else [form]


def _grid_beside_sides(dice: Dice, sketch: Sketch) -> list[dict[str, Any]]:
    """Shapes, and pixels that need a word in the field of the shapes."""
    grid = _grid(dice, sketch, words=["custom"])
    free = _free_sides(dice, sketch)
    free[0]["set"] = {grid[0]["to"]["ratio"]: "custom"}
    return [*grid, *free]


# -- list ---------------------------------------------------------------------------------------------------------


def _presets(dice: Dice, sketch: Sketch, names: tuple[str, ...]) -> str | dict[str, Any]:
    sizes = {name: _pixels(dice) for name in names}
    if not chance(dice, 3):
        return sizes
    table = f"{sketch.provider}-{len(sketch.tables)}"
    sketch.tables[table] = {"checked": PROVENANCE, "sizes": sizes}
    return table


def _list(dice: Dice, sketch: Sketch) -> list[dict[str, Any]]:
    if chance(dice, 2):
        names = tuple(some(dice, _PRESETS))
        path = _field(dice, sketch, "preset", {"type": "string", "enum": [*names, "auto"]})
        return [{"form": "list", "to": path, "values": _presets(dice, sketch, names)}]
    words = list(dict.fromkeys(_pixels(dice) for _ in range(pick(dice, 1, 3, 6))))
    path = _field(dice, sketch, pick(dice, "resolution_pixels", "size"), {"type": "string", "enum": [*words, "auto"]})
    sketch.add_condition(path, words)
    auto = [{"form": "auto", "set": {path: "auto"}}] if chance(dice, 2) else []
    return [{"form": "list", "to": path}, *auto]


# -- auto ---------------------------------------------------------------------------------------------------------


def _auto_scales(dice: Dice, sketch: Sketch) -> list[dict[str, Any]]:
    """The provider chooses the shape, at a scale that can be asked for."""
    path = _field(dice, sketch, "sampling", {"type": "string", "enum": ["auto", "auto_2K", "auto_4K"]})
    scales: list[dict[str, Any]] = [
        {"form": "auto", "set": {path: f"auto_{tier}"}, "tier": tier} for tier in some(dice, ("2K", "4K"))
    ]
    return [*scales, {"form": "auto", "set": {path: "auto"}}] if chance(dice, 2) else scales


_Maker = Callable[[Dice, Sketch], list[dict[str, Any]]]
_COMBINATIONS: tuple[tuple[_Maker, ...], ...] = (
    (),
    (_grid,),
    (_free_object,),
    (_list,),
    (_free_sides,),
    (_free_text,),
    (_grid_beside_sides,),
    (_list, _grid),
    (_free_sides, _list),
    (_free_object, _grid),
    (_auto_scales,),
    (_auto_scales, _list),
)
