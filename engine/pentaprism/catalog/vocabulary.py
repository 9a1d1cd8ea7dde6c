"""Read `parameters.yaml`: every name a request may use, as `Parameter`.

Row 3. It must not know providers: how a parameter crosses is decided in `pentaprism.catalog.resolve`.
"""

from __future__ import annotations

from ..types import Mode, Parameter
from .node import Node
from .rules import check_rule

__all__ = ["NEEDED", "read_modes", "read_parameters"]

NEEDED = ("prompt", "n", "response_format", "output_format", "output_compression")
"""Parameters the engine handles by name; a vocabulary without one of them cannot be compiled with."""

_GROUPS = ("core", "size", "media", "output", "additional")
_TYPES = ("string", "integer", "number", "boolean", "image", "object")
_SCOPES = ("request", "gateway", "provider")
_MODES = tuple(mode.value for mode in Mode)


def read_parameters(root: Node) -> dict[str, Parameter]:
    """The vocabulary in file order; each name and synonym means one parameter."""
    parameters: dict[str, Parameter] = {}
    taken: dict[str, str] = {}
    for name, node in root.items():
        if not node.is_mapping():
            continue
        parameters[name] = parameter = _read_parameter(name, node)
        for index, spelling in enumerate((name, *parameter.synonyms)):
            if spelling in taken:
                message = f"{spelling!r} names the parameter {taken[spelling]!r} already"
                node.report("duplicate-name", message, *(("synonyms", index - 1) if index else ()), key=not index)
            taken.setdefault(spelling, name)
    for name in NEEDED:
        if name not in parameters:
            root.report("missing-parameter", f"the engine needs a parameter {name!r} in the vocabulary")
        elif parameters[name].at != "request":
            root.report("missing-parameter", f"{name!r} must be `at: request`; the engine handles it", name, "at")
    return parameters


def _read_parameter(name: str, node: Node) -> Parameter:
    parameter = Parameter(
        name=name,
        group=node.choice("group", _GROUPS),
        type=node.choice("type", _TYPES),
        summary=node.text("summary"),
        at=node.choice("at", _SCOPES, "request"),
        modes=read_modes(node, "modes") or frozenset(Mode),
        required=read_modes(node, "required"),
        values=node.texts("values") or None,
        minimum=node.optional("minimum", (int, float)),
        maximum=node.optional("maximum", (int, float)),
        max_length=node.count("max_length"),
        default=node.get("default"),
        synonyms=node.texts("synonyms"),
        spellings=_read_spellings(node),
        example=node.get("example"),
    )
    if node.has("emulate") and check_rule(node.child("emulate"), parameter):
        return parameter._replace(emulate=node.get("emulate"))
    return parameter


def _read_spellings(node: Node) -> dict[str, str]:
    spellings = {}
    for written, meant in node.child("spellings").items():
        if isinstance(meant.data, str):
            spellings[written] = meant.data
        else:
            node.report("wrong-type", f"{written!r} must stand for a string", "spellings", written)
    return spellings


def read_modes(node: Node, key: str) -> frozenset[Mode]:
    """A list of modes; a name that is none is a finding."""
    modes = set()
    for index, text in enumerate(node.texts(key)):
        if text in _MODES:
            modes.add(Mode(text))
        else:
            message = f"there is no mode {text!r}; there are {', '.join(_MODES)}"
            node.report("unknown-mode", message, key, index)
    return frozenset(modes)
