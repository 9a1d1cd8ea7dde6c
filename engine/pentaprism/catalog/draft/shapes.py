"""Fields of a contract that take a size, and the forms that write them.

Row 3. A form is concluded from types, ranges and the spelling of values; pixels that no table is known to give stay
unknown. It must not bound what a contract leaves open, nor pick a table of pixels for its shapes: two models with the
same shapes return other pixels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...types import AspectRatio, Contract, Mode, Size, Tier
from ..document import Document
from ..forms import Table, build_forms
from ..lint.fields import types_of
from ..node import Node
from .inference import Inference, Setting, listed

__all__ = ["Shapes", "read_shapes"]

_RATIO = re.compile(r"(\d{1,4}(?:\.\d+)?)([:x/])(\d{1,4}(?:\.\d+)?)")
_TIER = re.compile(r"\d{1,3}(\.\d+)? ?(k|mp)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,2}(\.\d+)?")
_AUTO_TIER = re.compile(r"auto[_ -](\d+[Kk])")
# How contracts spell that the provider chooses, and that the input image does; the first that a field has is used.
_CHOOSES = ("auto",)
_FOLLOWS = ("match_input_image", "match_input")
_CUSTOM = "custom"


@dataclass(slots=True)
class Shapes:
    """The forms found, each with the reason for it, and the size of a picture for which none was asked."""

    forms: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    default: str = "unknown"
    why_default: str = ""
    inferences: list[Inference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, None]:
        """The paths that forms write."""
        paths: dict[str, None] = {}
        for form, _ in self.forms:
            to = form.get("to", {})
            paths.update(dict.fromkeys([to] if isinstance(to, str) else to.values()))
            paths.update(dict.fromkeys(form.get("set", {})))
        return paths

    @property
    def tops(self) -> dict[str, None]:
        """The contract's fields that these paths begin at."""
        return {Contract.top(path): None for path in self.fields}


def read_shapes(setting: Setting, modes: tuple[Mode, ...]) -> Shapes:
    """Every form the contract's fields allow."""
    found = Shapes()
    named = {name: _words(schema) for name, schema in _leaves(setting.contract.schema)}
    ratio = _ratio_field(named)
    tier = _tier_field(named, ratio)
    _objects(setting, found)
    _sides(setting, found, [name for name in (ratio, tier) if name and _CUSTOM in named[name]])
    _lists(setting, found, {name: words for name, words in named.items() if name != ratio})
    if ratio:
        _grid(setting, found, ratio, tier, named)
    _automatic(setting, found, named, modes)
    if modes == (Mode.TEXT_TO_IMAGE,):
        _default(setting, found)
    if tier and not ratio:
        found.notes.append(f"{tier} names scales, and no field names a shape to go with them; it stays native")
    return found


def _leaves(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field by its path, those inside objects too."""
    for name, inner in schema.get("properties", {}).items():
        yield prefix + name, inner
        yield from _leaves(inner, f"{prefix}{name}.")


def _words(schema: Mapping[str, Any]) -> list[str]:
    """The texts a field may be set to, among other things perhaps."""
    values = [value for one in (schema, *schema.get("anyOf", ())) for value in one.get("enum", ())]
    return [value for value in values if isinstance(value, str)] if "string" in types_of(schema) else []


def _add(setting: Setting, found: Shapes, form: dict[str, Any], because: str, *fields: str) -> None:
    """Take a form into the draft if the contract bounds it; else say what its author would have to find out."""
    aside = Node(Document("", {"forms": [form]}), (), [])
    if build_forms(aside, setting.contract, setting.tables, Mode.TEXT_TO_IMAGE):
        found.forms.append((form, because))
        found.inferences += [Inference(name, f"sizes ({form['form']})", because) for name in fields]
    else:
        reasons = "; ".join(finding.message for finding in aside.findings)
        found.notes.append(f"{listed(list(fields))} may take a size, and no form could be written: {reasons}")


def _objects(setting: Setting, found: Shapes) -> None:
    """Fields that take an object of width and height."""
    for name, schema in setting.contract.fields.items():
        for branch in (schema, *schema.get("anyOf", ())):
            sides = branch.get("properties", {})
            if set(sides) == {"width", "height"}:
                form = {"form": "free", "to": {"object": name}, **_step(sides["width"])}
                _add(setting, found, form, f"{name} takes an object with width and height", name)


def _step(schema: Mapping[str, Any]) -> dict[str, Any]:
    unit = schema.get("multipleOf", 1)
    return {"step": unit} if unit != 1 else {}


def _sides(setting: Setting, found: Shapes, custom: list[str]) -> None:
    """Two numbers, width and height, with the word that lets them count where there is one."""
    fields = setting.contract.fields
    if not all("integer" in types_of(fields.get(name, {})) for name in ("width", "height")):
        return
    form: dict[str, Any] = {"form": "free", "to": {"width": "width", "height": "height"}}
    because = "width and height are whole numbers"
    if custom:
        form["set"] = dict.fromkeys(custom, _CUSTOM)
        because += f", and {listed(custom)} {'has' if len(custom) == 1 else 'have'} the value {_CUSTOM}"
    form |= _step(fields["width"])
    _add(setting, found, form, because, "width", "height")


def _lists(setting: Setting, found: Shapes, named: Mapping[str, list[str]]) -> None:
    """Fields with a closed list of pixel sizes, or of names for which a table gives the pixels."""
    for name, words in named.items():
        if any(_is(Size.parse, word) for word in words):
            _add(setting, found, {"form": "list", "to": name}, f"{name} lists sizes in pixels", name)
            continue
        table = _naming(setting.tables, words)
        if table:
            form = {"form": "list", "to": name, "values": table}
            _add(setting, found, form, f"size-tables.yaml has the values of {name} in {table}", name)


def _naming(tables: Mapping[str, Table], words: list[str]) -> str | None:
    """The table that gives pixels for the most of some names; shapes are no names, since many tables have them."""
    known = {
        name: sum(table.sizes.get(word) is not None for word in words if not _RATIO.fullmatch(word))
        for name, table in tables.items()
    }
    best = max(known, key=lambda name: known[name], default=None)
    return best if best is not None and known[best] else None


def _is(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _ratio_field(named: Mapping[str, list[str]]) -> str | None:
    """The field that takes a shape: the one with the most values spelt W:H; 2x3 counts where the name says ratio."""
    counted = {name: len(_shapes(name, words)) for name, words in named.items()}
    best = max(counted, key=lambda name: counted[name], default=None)
    return best if best is not None and counted[best] > 1 else None


def _shapes(name: str, words: list[str]) -> dict[str, str]:
    """Values that are shapes, as W:H, each with the sign it is spelt with; one spelling only, the first."""
    matches = {word: match for word in words if (match := _RATIO.fullmatch(word))}
    signs = [match[2] for match in matches.values() if match[2] == ":" or "ratio" in name]
    shapes = {f"{match[1]}:{match[3]}": match[2] for match in matches.values() if signs and match[2] == signs[0]}
    return {label: sign for label, sign in shapes.items() if _is(AspectRatio.parse, label)}


def _tiers(name: str, words: list[str]) -> dict[str, str]:
    """Values that are scales, with the area of each; bare numbers count where the name says megapixels."""
    areas = {}
    for word in words:
        bare = "megapixel" in name and _NUMBER.fullmatch(word)
        if (bare or _TIER.fullmatch(word)) and _is(Tier.parse, word):
            areas[word] = Tier.parse(word).label
    return areas


def _tier_field(named: Mapping[str, list[str]], ratio: str | None) -> str | None:
    return next((name for name, words in named.items() if name != ratio and _tiers(name, words)), None)


def _grid(setting: Setting, found: Shapes, ratio: str, tier: str | None, named: Mapping[str, list[str]]) -> None:
    shapes = _shapes(ratio, named[ratio])
    form: dict[str, Any] = {"form": "grid", "to": {"ratio": ratio}}
    because = f"{ratio} takes shapes"
    if tier:
        form["to"]["tier"] = tier
        because += f" and {tier} scales"
    sign = next(iter(shapes.values()))
    if sign != ":":
        form["spell"] = f"{{w}}{sign}{{h}}"
    form["ratios"] = dict.fromkeys(shapes)
    if tier:
        form["tiers"] = {label: {"area": area} for label, area in _tiers(tier, named[tier]).items()}
    alike = [name for name, table in setting.tables.items() if table.sizes.keys() == shapes.keys()]
    because += "; their pixels are unknown"
    because += f" unless a source says they are those of {' or '.join(alike)}" if alike else ""
    _add(setting, found, form, because, *form["to"].values())


def _automatic(setting: Setting, found: Shapes, named: Mapping[str, list[str]], modes: tuple[Mode, ...]) -> None:
    """What to send so that the provider chooses the size, or follows the picture it is sent."""
    written = [name for name in found.fields if name in named]
    for words, edits in ((_CHOOSES, False), (_FOLLOWS, True)):
        word = next((word for word in words for name in written if word in named[name]), None)
        if word is None or (edits and Mode.IMAGE_EDIT not in modes):
            continue
        fields = [name for name in written if word in named[name]]
        form: dict[str, Any] = {"form": "auto", "set": dict.fromkeys(fields, word)}
        if edits and len(modes) > 1:
            form["modes"] = [Mode.IMAGE_EDIT.value]
        meaning = "the input image" if edits else "the provider"
        found.forms.append((form, f"with {word} {meaning} decides"))
        found.inferences += [Inference(name, "sizes (auto)", f"with {word} {meaning} decides") for name in fields]
        break
    for name in written:
        for word, tier in _automatic_tiers(named[name]):
            because = f"with {word} the provider decides the shape at {tier}"
            found.forms.append(({"form": "auto", "tier": tier, "set": {name: word}}, because))
            found.inferences.append(Inference(name, "sizes (auto)", because))


def _automatic_tiers(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        if match := _AUTO_TIER.fullmatch(word):
            yield word, match[1].upper()


def _default(setting: Setting, found: Shapes) -> None:
    """What comes unasked, where the contract's own default says it in pixels: named ones by their table, or sides."""
    forms = [form for form, _ in found.forms]
    for form in forms:
        if form["form"] == "list":
            stated = (setting.contract.at(form["to"]) or {}).get("default")
            table = setting.tables.get(form.get("values", ""))
            size = table.sizes.get(str(stated)) if table else stated
            if size is not None and _is(Size.parse, str(size)):
                found.default = str(size)
                found.why_default = f"{form['to']} is {stated} where nothing is sent"
                found.why_default += f", and {form['values']} gives its pixels" if table else ""
                return
    # A shape, a name or a word that the contract sets by default goes before the sides.
    sides = [setting.contract.fields.get(name, {}).get("default") for name in ("width", "height")]
    sole = len(forms) == 1 and "width" in forms[0].get("to", {})
    if sole and all(isinstance(side, int) and side > 0 for side in sides):
        found.default = f"{sides[0]}x{sides[1]}"
        found.why_default = f"width and height are {sides[0]} and {sides[1]} where nothing is sent"
