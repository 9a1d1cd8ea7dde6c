"""Whether an endpoint serves the modes it could, and whether what it serves can be asked for.

Row 3. It must not judge fields that no mode needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...types import Behaviour, Contract, Endpoint, Mode, Parameter
from ..node import Node
from ..scene import Scene
from .linter import Remark, Severity, linter, remark

__all__ = ["idle_entry", "unserved_mode", "unusable_mode"]


@linter(
    "What a mode requires of every request can be sent in that mode.",
    why="Whoever asks for the mode is refused by this endpoint, always.",
    fix="Write a rule for the parameter, or leave the mode out and say why under `absent:`.",
)
def unusable_mode(scene: Scene) -> Iterator[Remark]:
    for served in scene.served:
        for parameter in scene.builder.parameters.values():
            rule = served.spec.rules.get(parameter.name)
            if served.mode in parameter.required and rule and rule.behaviour is Behaviour.UNSUPPORTED:
                message = f"{served.mode} requests need {parameter.name}, and it is unsupported here: {rule.reason}"
                yield remark(served.overlay, message, at_key=True)


@linter(
    "An endpoint serves every mode its contract has the fields for, or says why not.",
    why="Requests of that mode go to a dearer endpoint, or are told that nobody serves them.",
    fix="Add the mode under `modes:`, or the reason it is missing under `absent:`; callers are told the reason. A "
    "field that is something else than the picture to work from is left out with `narrow: {without: [...]}`.",
)
def unserved_mode(scene: Scene) -> Iterator[Remark]:
    images = [one for one in scene.builder.parameters.values() if one.type == "image" and one.required]
    for endpoint, entry in scene.written:
        contract = scene.documents.contracts[f"{endpoint.provider}/{endpoint.id}"].data
        for mode in Mode:
            why = _could_serve(scene, endpoint, entry, mode, images, contract)
            if why and mode not in endpoint.modes and mode not in endpoint.absent:
                message = f"{why}, so it may serve {mode}; add the mode, or the reason under `absent`"
                yield remark(entry, message, "modes", at_key=True)


def _could_serve(
    scene: Scene, endpoint: Endpoint, entry: Node, mode: Mode, images: list[Parameter], contract: Mapping[str, Any]
) -> str | None:
    """Why a mode looks possible: an image can be sent, or need not be."""
    gone = entry.child("narrow").texts("without")
    fields = [
        name
        for parameter in images
        for name in _image_fields(scene, endpoint, parameter)
        if name in contract["properties"] and name not in gone
    ]
    if any(mode in parameter.required for parameter in images):
        return f"the contract has {fields[0]!r}" if fields else None
    if fields and not any(name in contract.get("required", ()) for name in fields):
        return f"the contract does not require {fields[0]!r}"
    return None


def _image_fields(scene: Scene, endpoint: Endpoint, parameter: Parameter) -> Iterator[str]:
    """The top-level fields that may take the picture: by the rules of the endpoint and its provider, or by name."""
    for spec in endpoint.modes.values():
        rule = spec.rules.get(parameter.name)
        if rule and rule.target:
            yield Contract.top(rule.target)
    stated = scene.builder.providers[endpoint.provider].rules.get(parameter.name, [])
    for rule in stated if isinstance(stated, list) else [stated]:
        if rule.get("convert") == "image":
            yield Contract.top(rule.get("to", parameter.name))
    yield from (parameter.name, *parameter.synonyms)


@linter(
    "Every rule and every form counts in some mode of its endpoint.",
    severity=Severity.WARNING,
    why="It is never read, so whoever wrote it believes something that is not so.",
    fix="Take it out, or add the mode it was meant for.",
)
def idle_entry(scene: Scene) -> Iterator[Remark]:
    for endpoint, entry in scene.written:
        for holder in (entry, *(mode for _, mode in entry.child("modes").items())):
            modes = list(endpoint.modes) if holder is entry else [Mode(str(holder.path[-1]))]
            for name, rule in holder.child("rules").items():
                suited = scene.builder.parameters[name].modes
                if suited.isdisjoint(modes):
                    words = " or ".join(sorted(suited))
                    yield remark(rule, f"{name} belongs to {words} requests, which are not served here", at_key=True)
            for form in holder.child("sizes").child("forms").entries():
                idle = [mode for mode in form.get("modes") or () if mode not in modes]
                if idle:
                    message = f"this form is for {' and '.join(idle)}, which is not served here"
                    yield remark(form, message, "modes")
