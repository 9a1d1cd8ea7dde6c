"""Whether a rule is one the engine can apply: one verb, known, with the options it needs, at a parameter it suits.

Row 3. `catalog/schema/rule.json` says the same to editors; this is what every load checks, so that a rule that was
accepted can never stop a request later. It must not look at contracts: `pentaprism.catalog.lint` compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import did_you_mean
from ..types import Parameter
from .node import Node, shown

__all__ = ["CONVERTERS", "EMULATIONS", "ENCODINGS", "IMAGE_SHAPES", "SIZE_PARAMETERS", "VERBS", "check_rule"]

VERBS = ("passthrough", "rename", "convert", "emulate", "unsupported")
"""A rule has exactly one of these."""

CONVERTERS = frozenset(("image", "values", "scale", "invert"))
"""What `convert:` may name; `pentaprism.compile.converters` implements exactly these (a test compares them)."""

EMULATIONS: Mapping[str, frozenset[str]] = {
    "fan_out": frozenset(("n",)),
    "transcode": frozenset(("output_format", "output_compression")),
    "deliver": frozenset(("response_format",)),
}
"""What `emulate:` may name, and the parameters each is about."""

IMAGE_SHAPES = ("one", "list", "numbered")
"""How input images are taken: one leaf in a field, a list of them, or one in each of `field`, `field_2` and so on."""

ENCODINGS = ("url", "data_uri", "base64", "upload", "file", "inline")
"""How an image leaf may be written; base64 is the bytes alone, without the head of a data URI; file a part of a form;
inline an object with mimeType and data."""

SIZE_PARAMETERS = ("size", "aspect_ratio", "resolution")
"""These three cross together, by an endpoint's forms and never by a rule."""


def check_rule(node: Node, parameter: Parameter | None) -> bool:
    """Report what makes a rule unusable for a parameter (None where it is not known); True where nothing does."""
    return node.is_sound(lambda rule: _check(rule, parameter))


def _check(node: Node, parameter: Parameter | None) -> None:
    data = node.data
    if not isinstance(data, dict):
        node.report("bad-rule", f"a rule is a mapping such as {{rename: guidance}}, not {shown(data)}")
        return
    verbs = [verb for verb in VERBS if verb in data]
    if len(verbs) != 1:
        given = " and ".join(verbs) or ", ".join(data) or "none"
        node.report("bad-rule", f"a rule has exactly one of {', '.join(VERBS)}; this has {given}")
        return
    _CHECKS[verbs[0]](node)
    if parameter is not None and not node.findings:
        _check_suits(node, verbs[0], parameter)


def _check_suits(node: Node, verb: str, parameter: Parameter) -> None:
    """A parameter the engine handles as part of a group, or as an image, has fewer rules to choose from."""
    name, what = parameter.name, node.get(verb)
    if name in SIZE_PARAMETERS:
        node.report(
            "bad-rule", f"{name} crosses by the endpoint's sizes.forms; a rule for it would not be read", key=True
        )
    elif parameter.at != "request":
        node.report("bad-rule", f"{name} is `at: {parameter.at}`; a rule for it would not be read", key=True)
    elif verb == "emulate" and name not in EMULATIONS[what]:
        suited = " and ".join(sorted(EMULATIONS[what]))
        node.report("bad-rule", f"{what} emulates {suited}, not {name}", verb)
    elif parameter.type == "image" and verb != "unsupported" and what != "image":
        node.report("bad-rule", f"{name} is an image and needs {{convert: image, to: FIELD}}", key=True)
    elif parameter.type != "image" and what == "image" and verb == "convert":
        node.report("bad-rule", f"convert: image is for images, and {name} is of type {parameter.type}", verb)
    elif verb == "convert" and (name in ("n", "output_compression", "response_format")):
        node.report("bad-rule", f"{name} cannot be converted; emulate it, rename it or let it through", verb)
    elif verb == "convert" and name == "output_format" and what != "values":
        node.report("bad-rule", "output_format is converted by `values` only", verb)


def _check_passthrough(node: Node) -> None:
    if node.get("passthrough") is not True:
        node.report("bad-rule", f"passthrough is only ever true, not {shown(node.get('passthrough'))}", "passthrough")


def _check_rename(node: Node) -> None:
    if not isinstance(node.get("rename"), str) or not node.get("rename"):
        node.report("bad-rule", f"rename needs the provider's field, not {shown(node.get('rename'))}", "rename")


def _check_unsupported(node: Node) -> None:
    if not isinstance(node.get("unsupported"), str) or not node.get("unsupported"):
        message = f"unsupported needs the reason, in words, not {shown(node.get('unsupported'))}"
        node.report("bad-rule", message, "unsupported")


def _is_known(node: Node, verb: str, noun: str, known: Mapping[str, Any] | frozenset[str]) -> bool:
    name = node.get(verb)
    if isinstance(name, str) and name in known:
        return True
    near = did_you_mean(name, known, count=1) if isinstance(name, str) else ()
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
    node.report(f"unknown-{noun}", f"there is no {noun} {shown(name)}; {hint}", verb)
    return False


def _check_emulate(node: Node) -> None:
    if not _is_known(node, "emulate", "emulation", EMULATIONS):
        return
    if node.has("native"):
        native = node.section("native")
        if native.is_mapping() and not native.text("to") and native.has("to"):
            native.report("bad-rule", "native needs `to:`, the provider's field", "to")
        native.count("max")
        native.texts("formats")
        if native.has("values"):
            _check_table(native)
    node.optional("via", str)
    node.optional("default", str)


def _check_convert(node: Node) -> None:
    if _is_known(node, "convert", "converter", CONVERTERS):
        node.optional("to", str)
        _CONVERTERS[node.get("convert")](node)


def _check_image(node: Node) -> None:
    node.choice("shape", IMAGE_SHAPES, "one")
    for index, encoding in enumerate(node.texts("encode")):
        if encoding not in ENCODINGS:
            message = f"'encode' must hold some of {', '.join(ENCODINGS)}, not {encoding!r}"
            node.report("not-allowed", message, "encode", index)
    node.count("max")


def _check_table(node: Node) -> None:
    table = node.section("values")
    for value, wire in table.items():
        if isinstance(wire.data, (dict, list)) or wire.data is None:
            table.report("wrong-type", f"{value!r} must be spelt as a string, a number or true or false", value)


def _check_scale(node: Node) -> None:
    for key in ("from", "into"):
        if not node.has(key):
            node.report("missing-key", f"convert: scale needs the key {key!r}")
        elif not _is_span(node.get(key)):
            node.report("not-a-range", f"{key!r} must be two different numbers, not {shown(node.get(key))}", key)
    node.optional("whole", bool)


def _check_invert(node: Node) -> None:
    if node.has("range") and not _is_span(node.get("range")):
        node.report("not-a-range", f"'range' must be two different numbers, not {shown(node.get('range'))}", "range")


def _is_span(value: Any) -> bool:
    numbers = isinstance(value, list) and len(value) == 2
    numbers = numbers and all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in value)
    return numbers and value[0] != value[1] and all(math.isfinite(one) for one in value)


_CHECKS: Mapping[str, Callable[[Node], None]] = {
    "passthrough": _check_passthrough,
    "rename": _check_rename,
    "convert": _check_convert,
    "emulate": _check_emulate,
    "unsupported": _check_unsupported,
}
_CONVERTERS: Mapping[str, Callable[[Node], None]] = {
    "image": _check_image,
    "values": _check_table,
    "scale": _check_scale,
    "invert": _check_invert,
}
