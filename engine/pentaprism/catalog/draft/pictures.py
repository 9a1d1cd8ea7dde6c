"""Fields of a contract that take input images, the rules that write them, and the modes that follow.

Row 3. A provider's own rule goes first; else a field is told by its name and by whether it takes text or a list of
texts. It must not guess from prose what a picture is for: a reference of style looks like a picture to work from, and
the draft says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...types import Contract, Mode, Parameter
from ..lint.fields import described, taken, types_of, values_of
from .inference import Inference, Setting, by_rule, crossing_words

__all__ = ["Pictures", "holds_a_file", "read_pictures"]

# Names for the same that no request may use, so that the vocabulary does not list them as synonyms.
_ALSO = {
    "image": ("images", "image_input", "input_urls", "init_image_url"),
    "mask": ("mask_url", "mask_image", "mask_image_url"),
}
# What a field's type and name leave open, though pictures come out wrong where it is guessed wrong.
_UNSAID = {"mask": "; what of it marks where the picture may change is not said"}


@dataclass(slots=True)
class Pictures:
    """What was found: own rules by parameter, the modes served and absent.

    `written` are the fields that images go to; `named` all that are called like a picture to work from.
    """

    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: dict[str, None] = field(default_factory=dict)
    named: dict[str, None] = field(default_factory=dict)
    modes: tuple[Mode, ...] = ()
    absent: dict[Mode, str] = field(default_factory=dict)
    why_modes: str = ""
    by_provider: list[str] = field(default_factory=list)
    inferences: list[Inference] = field(default_factory=list)


def read_pictures(setting: Setting) -> Pictures:
    """The image fields of a contract and the modes it can serve."""
    found = Pictures()
    images = [one for one in setting.vocabulary.values() if one.type == "image"]
    targets = {one.name: _claim(one, setting, found) for one in images}
    named: list[str] = []
    for parameter in images:
        if parameter.required:
            # Among the parts of a message there is no field of its own that a new picture could do without.
            names = (*_names(parameter), targets[parameter.name] or parameter.name)
            named += [name for name in names if name in setting.contract.fields]
    found.named.update(dict.fromkeys(named))
    _read_modes(found, named, any(targets[one.name] for one in images if one.required), setting)
    if Mode.IMAGE_EDIT not in found.modes:
        # What only an edit has (a mask) is nothing known where there is none.
        return Pictures(modes=found.modes, why_modes=found.why_modes, absent=found.absent)
    for parameter in images:
        if targets[parameter.name] is None and not parameter.modes.isdisjoint(found.modes):
            _disclaim(parameter, setting, found)
    return found


def _disclaim(parameter: Parameter, setting: Setting, found: Pictures) -> None:
    """Say that a field by one of a parameter's names is something else."""
    for name in (parameter.name, *parameter.synonyms):
        if name in setting.contract.fields:
            because = f"{name} takes {described(setting.contract.fields[name]) or 'anything'}, which is no picture"
            found.rules[parameter.name] = {"unsupported": because}
            found.inferences.append(Inference(name, parameter.name, because))


def _claim(parameter: Parameter, setting: Setting, found: Pictures) -> str | None:
    """Find the field of an image parameter; gives where it is written, None where nothing takes it."""
    name, contract = parameter.name, setting.contract
    stated = _stated(setting.provider.rules.get(name))
    # Of a provider's rules the first applies whose field is there, whatever the field takes.
    rule = next((one for one in stated if contract.at(one.get("to", name)) is not None), None)
    if rule is not None:
        target = rule.get("to", name)
        if _takes(contract, target, rule.get("shape", "one"), rule.get("encode", ())):
            found.written.update(dict.fromkeys(_written(contract, target, rule.get("shape"))))
            found.inferences.append(Inference(target, name, by_rule(setting.provider, name)))
            found.by_provider.append(crossing_words(target, name))
            return str(target)
    for target in _names(parameter):
        shape = _shape(contract, target) if target in contract.fields else None
        if shape:
            encode = _encodings(setting, contract.fields[target])
            found.rules[name] = {"convert": "image", "to": target, "shape": shape, "encode": encode}
            found.written.update(dict.fromkeys(_written(contract, target, shape)))
            takes = {"one": "takes one picture", "list": "takes a list of them", "numbered": "is one of several"}
            because = f"{target} is a name for {name}, and {takes[shape]}{_UNSAID.get(name, '')}"
            found.inferences.append(Inference(target, name, because))
            return target
    return None


def _names(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.name, *parameter.synonyms, *_ALSO.get(parameter.name, ()))


def _stated(data: Any) -> Iterator[Mapping[str, Any]]:
    """A provider's rules for a parameter that convert images; it states one, several or none."""
    for rule in data if isinstance(data, list) else [data]:
        if rule and "convert" in rule:
            yield rule


def _takes(contract: Contract, target: str, shape: str, encode: tuple[str, ...]) -> bool:
    if shape == "numbered":
        fields = contract.numbered(target) or (target,)
        # Nobody can be made to send a second picture.
        optional = not set(fields[1:]) & set(contract.schema.get("required", ()))
        return optional and all(_takes(contract, one, "one", encode) for one in fields)
    schema = contract.at(target)
    if schema is not None and shape == "list" and "[" not in target:
        schema = schema.get("items", {}) if taken("array", types_of(schema)) else None
    if schema is None or values_of(schema) is not None:
        return False
    return taken("object" if "inline" in encode else "string", types_of(schema))


def _shape(contract: Contract, name: str) -> str | None:
    """How a field takes pictures; None where it takes none."""
    if "array" in types_of(contract.fields[name]) and _takes(contract, name, "list", ()):
        return "list"
    if not _takes(contract, name, "one", ()):
        return None
    several = len(contract.numbered(name)) > 1 and _takes(contract, name, "numbered", ())
    return "numbered" if several else "one"


def _written(contract: Contract, target: str, shape: str | None) -> tuple[str, ...]:
    return contract.numbered(target) if shape == "numbered" else (Contract.top(target),)


def _encodings(setting: Setting, schema: Mapping[str, Any]) -> list[str]:
    """As the provider's other endpoints are sent pictures; a link where nobody says."""
    if setting.provider.body == "multipart" or holds_a_file(schema):
        return ["file"]
    stated = next(iter(_stated(setting.provider.rules.get("image"))), {})
    # An inline picture is an object; the field takes text.
    return [one for one in stated.get("encode", ()) if one != "inline"] or ["url"]


def holds_a_file(schema: Mapping[str, Any]) -> bool:
    """Whether a field is a part of a form, with a file in it.

    >>> holds_a_file({"type": "array", "items": {"type": "string", "format": "binary"}})
    True
    """
    return "binary" in (schema.get("format"), schema.get("items", {}).get("format"))


def _read_modes(found: Pictures, named: list[str], claimed: bool, setting: Setting) -> None:
    edits = [one for one in setting.vocabulary.values() if Mode.TEXT_TO_IMAGE not in one.modes]
    for_edits = [*named, *found.written, *(name for one in edits for name in _names(one))]
    required = [name for name in for_edits if name in setting.contract.schema.get("required", ())]
    words, edit = Mode.TEXT_TO_IMAGE, Mode.IMAGE_EDIT
    if not named and claimed:
        # `contents` is required of every request, and holds its words too.
        found.modes, found.why_modes = (words, edit), "a request has a place for pictures, beside its other parts"
    elif not named:
        found.modes, found.why_modes = (words,), "no field of the contract is named like a picture to work from"
    elif not claimed:
        found.modes, found.why_modes = (words,), f"{named[0]} takes no picture that can be sent"
        found.absent[edit] = f"the contract's {named[0]} takes no picture that could be sent"
    elif required:
        found.modes, found.why_modes = (edit,), f"the contract requires {required[0]}"
        if required[0] not in named:
            found.absent[words] = found.why_modes
    else:
        found.modes, found.why_modes = (words, edit), f"the contract has {named[0]} and does not require it"
