"""Turn an endpoint's `sizes:` into `Form` values: bounds from the contract, cells from the pixel tables.

Row 3. It must not choose between forms or fit a size into one: `pentaprism.sizes` and `pentaprism.compile.forms` do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from ..errors import did_you_mean
from ..sizes import fit, nominal, within_side
from ..types import AspectRatio, Contract, Form, FormKind, GridCell, Mode, Provenance, Size, Tier, TierSpec
from .node import Node, shown

__all__ = ["DEFAULT_TIER", "Table", "build_forms", "read_default_size", "read_provenance", "read_tables"]

DEFAULT_TIER = TierSpec(label="1K", area=1024 * 1024)
"""The scale of a shape asked for without one (CATALOG section 6)."""


_LONGEST_SIDE = 65_535
"""No picture file holds a longer side, so a bound beyond it is a slip."""

_LARGEST_SCALE = 64
"""A tier that multiplies a table's sides by more is a slip."""


class Table:
    """One pixel table: its base area, its provenance and the pixels of each label (None: not known)."""

    __slots__ = ("area", "checked", "sizes")

    def __init__(self, area: int, checked: Provenance | None, sizes: Mapping[str, Size | None]) -> None:
        self.area = area
        self.checked = checked
        self.sizes = sizes


def read_provenance(node: Node) -> Provenance:
    """A `checked:` or `x-provenance` mapping."""
    day = node.day("date")
    return Provenance(
        source=node.text("source"),
        date=day.isoformat() if day else "",
        method=node.choice("method", ("schema-imported", "sdk", "page", "measured", "inferred")),
        dissent=node.optional("dissent", str),
    )


def read_tables(node: Node) -> dict[str, Table]:
    """Every table of `size-tables.yaml`, by name."""
    tables = {}
    for name, table in node.items():
        if table.is_mapping():
            checked = read_provenance(table.section("checked"))
            tables[name] = Table(read_area(table, "area"), checked, _sizes(table.section("sizes")))
    return tables


def _sizes(node: Node) -> dict[str, Size | None]:
    return {label: None if entry.data is None else _size(entry) for label, entry in node.items()}


def _size(node: Node) -> Size | None:
    try:
        size = Size.parse(node.data if isinstance(node.data, str) else shown(node.data))
    except ValueError as error:
        node.report("not-a-size", str(error))
        return None
    if max(size.width, size.height) > _LONGEST_SIDE:
        node.report("out-of-range", f"no picture has a side of {max(size.width, size.height)} pixels")
        return None
    return size


def read_area(node: Node, key: str) -> int:
    """An area written as a tier: `1MP`, `2K`; 1K where nothing is written."""
    text = node.optional(key, (str, int), DEFAULT_TIER.label)
    try:
        return Tier.parse(str(text)).area
    except ValueError as error:
        node.report("not-a-tier", str(error), key)
        return DEFAULT_TIER.area


def read_default_size(node: Node) -> Size | str | None:
    """`sizes.default`: pixels, `input`, or None where the file says `unknown` or nothing."""
    text = node.optional("default", str)
    if text in (None, "unknown"):
        return None
    return "input" if text == "input" else _size(node.child("default"))


Tables: TypeAlias = "Mapping[str, Table] | None"
_Builder: TypeAlias = "Callable[[Node, Contract, Tables], Form | None]"


def build_forms(node: Node, contract: Contract, tables: Tables, mode: Mode) -> tuple[Form, ...]:
    """The forms of one mode, in file order (which decides nothing: see CATALOG section 6).

    A form that cannot make any size is a finding and left out. `tables` is None where their file could not be read;
    then a table's absence goes unsaid, because the file's own fault has been told.
    """
    builders: dict[str, _Builder] = {"free": _free, "grid": _grid, "list": _list, "auto": _auto}
    forms = []
    for entry in node.child("forms").entries():
        if not entry.is_mapping():
            continue
        modes = entry.texts("modes")
        if modes and mode.value not in modes:
            continue
        kind = entry.choice("form", tuple(builders))
        form = builders[kind](entry, contract, tables) if kind in builders else None
        if form is not None:
            forms.append(form)
    return tuple(forms)


def _constants(node: Node) -> dict[str, Any]:
    return dict(node.optional("set", dict, {}))


def _roles(node: Node) -> dict[str, str] | None:
    """`to:` as a mapping of roles to paths; None where a finding says why it is none."""
    roles = {}
    for role, path in node.section("to").items():
        if isinstance(path.data, str) and path.data:
            roles[role] = path.data
        else:
            node.report("wrong-type", f"{role!r} needs the path of a field, not {shown(path.data)}", "to", role)
    written = node.get("to")
    return roles if isinstance(written, dict) and len(written) == len(roles) else None


def _pair(node: Node, key: str, most: int) -> tuple[int, int] | None:
    values = node.optional(key, list)
    if values is None:
        return None
    whole = len(values) == 2 and all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if not whole or not 1 <= values[0] <= values[1] <= most:
        message = f"{key!r} must be two whole numbers from 1 to {most}, the smaller first"
        node.report("not-a-range", message, key)
        return None
    return values[0], values[1]


def _ratio_bounds(node: Node) -> tuple[float, float] | None:
    if not node.has("ratio"):
        return None
    values = node.texts("ratio")
    try:
        shapes = [AspectRatio.parse(value).shape for value in values]
    except ValueError as error:
        node.report("not-a-range", f"'ratio' must be two shapes, the narrower first: {error}", "ratio")
        return None
    if len(shapes) != 2 or shapes[0] > shapes[1]:
        node.report("not-a-range", 'ratio must be two shapes, the narrower first, such as ["1:3", "3:1"]', "ratio")
        return None
    return shapes[0], shapes[1]


def _free(node: Node, contract: Contract, tables: Tables) -> Form | None:
    to = _roles(node)
    if to is None:
        return None
    if set(to) not in ({"object"}, {"string"}, {"width", "height"}):
        node.report("bad-form", "a free form writes to {object}, {string} or {width, height}", "to")
        return None
    side = _pair(node, "side", _LONGEST_SIDE) or _contract_side(to, contract)
    form = Form(
        kind=FormKind.FREE,
        to=to,
        set=_constants(node),
        side=side,
        pixels=_pair(node, "pixels", _LONGEST_SIDE**2),
        ratio=_ratio_bounds(node),
        step=node.count("step", 1) or 1,
    )
    if side is None and form.pixels is None:
        if not node.has("side") and not node.has("pixels"):
            node.report("bad-form", "nothing bounds this form: the contract gives no range, so add side or pixels")
        return None
    try:
        fit(1024, 1024, form)
    except ValueError as error:
        node.report("bad-form", str(error))
        return None
    return form


def _contract_side(to: Mapping[str, str], contract: Contract) -> tuple[int, int] | None:
    """The range of a side as the contract has it, so that a model file need not repeat it."""
    if "string" in to:
        return None
    schema = contract.at(to["object"] if "object" in to else to["width"])
    if schema is None:
        return None
    if "object" in to:
        variants = [schema, *schema.get("anyOf", ())]
        schema = next((one["properties"]["width"] for one in variants if "width" in one.get("properties", {})), {})
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf) - 1)
    if not max(1, low) <= high < math.inf:
        return None
    return math.ceil(max(1, low)), math.floor(min(high, _LONGEST_SIDE))


def _table(node: Node, key: str, tables: Tables) -> Table | None:
    """A table named in `size-tables.yaml`, or written out in place."""
    data = node.optional(key, (str, dict))
    if isinstance(data, dict):
        return Table(DEFAULT_TIER.area, None, _sizes(node.child(key)))
    if data is None or tables is None:
        return None
    if data not in tables:
        near = did_you_mean(data, tables, count=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        node.report("unknown-table", f"size-tables.yaml has no table {data!r}{hint}", key)
    return tables.get(data)


def _tiers(node: Node) -> tuple[TierSpec, ...]:
    tiers = []
    for label, entry in node.child("tiers").items():
        if entry.is_mapping():
            if not entry.has("area"):
                entry.report("missing-key", f"{entry.label} needs the key 'area'")
            tiers.append(TierSpec(label=label, area=read_area(entry, "area"), scale=_scale(entry)))
    return tuple(tiers)


def _scale(node: Node) -> float | None:
    written = node.optional("scale", (str, int, float))
    if written is None:
        return None
    try:
        scale = Fraction(str(written))
    except (ValueError, ZeroDivisionError):
        node.report(
            "not-a-number", f"'scale' must be a number or a fraction such as 1/2, not {shown(written)}", "scale"
        )
        return None
    if not 0 < scale <= _LARGEST_SCALE:
        node.report("out-of-range", f"'scale' must be above 0 and at most {_LARGEST_SCALE}", "scale")
        return None
    return float(scale)


def _grid(node: Node, contract: Contract, tables: Tables) -> Form | None:
    to = _roles(node)
    table = _table(node, "ratios", tables)
    tiers = _tiers(node)
    spell = node.optional("spell", str, "{w}:{h}")
    if "{w}" not in spell or "{h}" not in spell:
        node.report("bad-form", f"'spell' must have {{w}} and {{h}} in it, not {shown(spell)}", "spell")
    max_side = node.count("max_side")
    if not node.has("ratios") or (to is not None and "ratio" not in to):
        node.report("bad-form", "a grid form needs `to: {ratio: FIELD}` and `ratios:` (a table, or labels with pixels)")
    if to is None:
        return None
    if bool(node.get("tiers")) != ("tier" in to):
        node.report("bad-form", "`to: {tier: FIELD}` and `tiers:` go together", "to")
        return None
    if table is None or "ratio" not in to:
        return None
    cells = tuple(
        cell
        for tier in tiers or (None,)
        for label, pixels in table.sizes.items()
        if (cell := _cell(node, label, pixels, tier, table.area, spell, max_side, to)) is not None
    )
    if not cells:
        if not table.sizes:
            node.report("bad-form", "this grid has no shape in it", "ratios")
        return None
    default = _default_tier(to, tiers, contract)
    sources = () if table.checked is None else (table.checked,)
    return Form(kind=FormKind.GRID, to=to, set=_constants(node), cells=cells, default_tier=default, sources=sources)


def _default_tier(to: Mapping[str, str], tiers: tuple[TierSpec, ...], contract: Contract) -> TierSpec | None:
    """The tier a provider uses where none is sent: its contract's default, else the first in the file."""
    if not tiers:
        return None
    label = (contract.at(to["tier"]) or {}).get("default")
    return next((tier for tier in tiers if tier.label == label), tiers[0])


def _cell(
    node: Node,
    label: str,
    pixels: Size | None,
    tier: TierSpec | None,
    base_area: int,
    spell: str,
    max_side: int | None,
    to: Mapping[str, str],
) -> GridCell | None:
    try:
        ratio = AspectRatio.parse(label)
    except ValueError as error:
        node.report("not-a-ratio", str(error), "ratios")
        return None
    area = tier.area if tier else base_area
    by_formula = within_side(nominal(ratio.value, area), max_side)
    factor = tier.scale if tier and tier.scale is not None else 1.0 if area == base_area else None
    real = by_formula
    if pixels is not None and factor is not None:
        scaled = Size(max(1, int(pixels.width * factor)), max(1, int(pixels.height * factor)))
        real = within_side(scaled, max_side)
    width, height = (side.strip() for side in label.split(":"))
    written = spell.replace("{w}", width).replace("{h}", height)
    sends: dict[str, Any] = {to["ratio"]: written}
    if tier:
        sends[to["tier"]] = tier.label
    known = pixels is not None and factor is not None
    return GridCell(
        sends=sends, real=real, nominal=by_formula, inferred=not known, ratio=ratio, ratio_label=written, tier=tier
    )


def _list(node: Node, contract: Contract, tables: Tables) -> Form | None:
    path = node.text("to")
    table = _table(node, "values", tables)
    if not isinstance(node.get("to"), str) or (node.has("values") and table is None):
        return None
    labels = _enum(contract.at(path) or {})
    if table is None:
        table = Table(DEFAULT_TIER.area, None, _read_labels(labels))
    cells = tuple(
        GridCell(sends={path: label}, real=size, nominal=size, inferred=False)
        for label, size in table.sizes.items()
        if size is not None and label in labels
    )
    sources = () if table.checked is None else (table.checked,)
    if not cells:
        if node.has("values"):
            node.report("bad-form", f"none of these is a value of the contract's {path!r} with known pixels", "values")
        else:
            message = f"the contract's {path!r} lists no WxH values; give `values:` with the pixels of each"
            node.report("bad-form", message, "to")
        return None
    return Form(kind=FormKind.LIST, to={"value": path}, set=_constants(node), cells=cells, sources=sources)


def _enum(schema: Mapping[str, Any]) -> list[Any]:
    return [value for one in (schema, *schema.get("anyOf", ())) for value in one.get("enum", ())]


def _read_labels(labels: Iterable[Any]) -> dict[str, Size | None]:
    """Those labels of an enum that say their pixels themselves; `auto` and the like do not."""
    sizes: dict[str, Size | None] = {}
    for label in labels:
        try:
            sizes[label] = Size.parse(label) if isinstance(label, str) else None
        except ValueError:
            continue
    return {label: size for label, size in sizes.items() if size is not None}


def _auto(node: Node, contract: Contract, tables: Tables) -> Form | None:
    constants = _constants(node)
    if not constants:
        node.report("bad-form", "an auto form needs `set:`, what to send so that the provider chooses the size")
        return None
    label = node.optional("tier", (str, int))
    tier = None if label is None else TierSpec(label=str(label), area=read_area(node, "tier"))
    return Form(kind=FormKind.AUTO, set=constants, default_tier=tier)
