"""What each provider really receives: one example request per mode, compiled for every endpoint that serves it.

Row 7. This is the engine's own output, taken when the page is made; nothing in it is written by hand. It must not
change a body in any way but to print an image leaf as the link it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..explain import explain_parts
from ..types import Adjustment, CompiledRequest, Endpoint, HttpCall, Media, Mode
from .bench import Attempt, Bench
from .json_text import compact_json, pretty_json, text_of

__all__ = ["Change", "Example", "Submission", "examples", "plain_body"]

# What the examples ask for where an endpoint of the model has it: (parameter, value, or None for the vocabulary's own).
_ASKED: Mapping[Mode, tuple[tuple[str, Any], ...]] = {
    Mode.TEXT_TO_IMAGE: (
        ("size", "1920x1080"),
        ("n", 2),
        ("seed", 42),
        ("quality", None),
        ("cfg_scale", None),
        ("output_format", "webp"),
    ),
    Mode.IMAGE_EDIT: (
        ("size", "1024x768"),
        ("strength", None),
        ("seed", 7),
        ("output_format", "png"),
        ("response_format", "b64_json"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One adjustment, ready to print."""

    parameter: str
    asked: str
    sent: str
    behaviour: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one endpoint receives: the calls' JSON, the adjustments, and what is expected back."""

    key: str
    label: str
    endpoint: Endpoint
    refused: str
    method: str = ""
    url: str = ""
    bodies: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    expected: str = ""
    cost: str = ""
    derivation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One request, as the caller writes it, and what becomes of it everywhere."""

    mode: Mode
    request: str
    submissions: tuple[Submission, ...]


def examples(bench: Bench) -> tuple[Example, ...]:
    """An example for every mode the model has."""
    return tuple(_example(bench, mode) for mode in bench.model.modes)


def _example(bench: Bench, mode: Mode) -> Example:
    wishes = example_wishes(bench, mode)
    body = bench.body(mode, wishes)
    attempts = bench.attempts(mode, wishes)
    return Example(
        mode=mode,
        request=pretty_json(plain_body(body)),
        submissions=tuple(_submission(attempt) for attempt in attempts),
    )


def example_wishes(bench: Bench, mode: Mode) -> dict[str, Any]:
    """What the example of a mode asks for: of a fixed list, what at least one endpoint does something about."""
    wishes = {}
    for name, value in _ASKED[mode]:
        parameter = bench.catalog.parameters.get(name)
        rules = [endpoint.modes[mode].rules.get(name) for endpoint in bench.endpoints(mode)]
        if parameter is None or not any(rule is not None and rule.verb != "unsupported" for rule in rules):
            continue
        chosen = parameter.example if value is None else value
        if chosen is not None:
            wishes[name] = chosen
    return wishes


def plain_body(value: Any) -> Any:
    """A body with every image leaf as the link or data URI it is sent as."""
    if isinstance(value, Media):
        return value.url or value.describe()
    if isinstance(value, Mapping):
        return {key: plain_body(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_body(entry) for entry in value]
    return value


def _body(call: HttpCall) -> Any:
    return plain_body(call.json) if call.parts is None else explain_parts(call.parts)


def _submission(attempt: Attempt) -> Submission:
    endpoint, compiled = attempt.endpoint, attempt.compiled
    if compiled is None:
        return Submission(
            key=endpoint.key, label=attempt.provider.name, endpoint=endpoint, refused=attempt.refused or "refused"
        )
    first = compiled.calls[0]
    return Submission(
        key=endpoint.key,
        label=attempt.provider.name,
        endpoint=endpoint,
        refused="",
        method=first.method,
        url=first.url,
        bodies=tuple(pretty_json(_body(call)) for call in compiled.calls),
        changes=tuple(_change(one) for one in compiled.adjustments),
        expected=expected_text(compiled),
        cost=compiled.cost.text,
        derivation=compiled.cost.derivation,
    )


def _change(one: Adjustment) -> Change:
    asked = plain_body(one.asked)
    if isinstance(asked, list) and len(asked) == 1:
        asked = asked[0]
    return Change(
        parameter=one.parameter,
        asked=compact_json(asked) if isinstance(asked, (list, dict)) else str(asked),
        sent=text_of({path: plain_body(value) for path, value in one.sent.items()}),
        behaviour=one.behaviour.value,
        outcome=one.outcome.value,
        why=one.why,
    )


def expected_text(compiled: CompiledRequest) -> str:
    """What should come back, in words."""
    expected = compiled.expected
    count = "1 picture" if expected.count == 1 else f"{expected.count} pictures"
    if expected.size is None:
        pixels = "of pixels the provider does not state"
    else:
        about = "about " if expected.inferred else ""
        pixels = f"of {about}{expected.size.width} × {expected.size.height} pixels"
    text = f"{count} {pixels}, as {expected.format or 'a format the provider does not state'}"
    delivery = compiled.delivery
    return f"{text}, handed over as {delivery.format}" if delivery.transcode and delivery.format else text
