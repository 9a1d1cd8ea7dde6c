"""What changed in how parameters cross at an endpoint in one mode.

Row 3. It says what callers notice: a parameter that is lost or gained, sent elsewhere or turned into something else.
The ranges of the fields they are written to are the contract's (`contracts`). It must not apply a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...types import Behaviour, ModeSpec, Rule
from .difference import Difference, Kind
from .words import rule_words, shown

__all__ = ["rule_differences"]


def rule_differences(before: ModeSpec, after: ModeSpec) -> Iterator[Difference]:
    """Every difference of the rules and constants, without the endpoint and mode it is of."""
    for name, rule in before.rules.items():
        now = after.rules.get(name)
        if now is not None and now != rule:
            yield from _rule(name, rule, now)
    yield from _images(before.max_input_images, after.max_input_images)
    was, now_sent = dict(before.constants), dict(after.constants)
    for path in dict.fromkeys((*was, *now_sent)):
        if was.get(path) != now_sent.get(path):
            told = f"{path} is always {shown(now_sent[path])}" if path in now_sent else f"{path} is no longer set"
            told += f", not {shown(was[path])}" if path in was and path in now_sent else ""
            told += f"; it was always {shown(was[path])}" if path not in now_sent else ""
            yield _difference(Kind.CALL_OTHER, path, told, was.get(path), now_sent.get(path))


def _difference(kind: Kind, subject: str, message: str, before: Any, after: Any) -> Difference:
    return Difference(kind=kind, message=message, subject=subject, before=before, after=after)


def _rule(name: str, was: Rule, now: Rule) -> Iterator[Difference]:
    before, after = rule_words(was), rule_words(now)
    lost, gained = (rule.behaviour is Behaviour.UNSUPPORTED for rule in (now, was))
    if lost and gained:
        if was.reason != now.reason:
            yield _difference(Kind.PROSE, name, f"{name} is {after}; it was said: {was.reason}", before, after)
    elif lost:
        yield _difference(Kind.PARAMETER_LOST, name, f"{name} is {after}; it was {before}", before, after)
    elif gained:
        yield _difference(Kind.PARAMETER_GAINED, name, f"{name} is {after}; it was {before}", before, after)
    elif (was.verb, was.target) != (now.verb, now.target):
        yield _difference(Kind.RULE_OTHER, name, f"{name} is {after}, not {before}", before, after)
    # A form's options only repeat which forms there are.
    if not lost and not gained and was.verb == now.verb != "form":
        yield from _options(name, was, now)


def _options(name: str, was: Rule, now: Rule) -> Iterator[Difference]:
    ours, theirs = _leaves(was.options), _leaves(now.options)
    for path in dict.fromkeys((*ours, *theirs)):
        before, after = ours.get(path), theirs.get(path)
        if before != after:
            kind = Kind.PROVENANCE if path == "source" else Kind.RULE_OTHER
            instead = "none was stated" if before is None else f"it was {shown(before)}"
            told = f"its {path} is no longer stated" if after is None else f"its {path} is {shown(after)}"
            yield _difference(kind, name, f"{name}: {told}; {instead}", before, after)


def _leaves(options: Mapping[str, Any], under: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            found |= _leaves(value, f"{under}{key}.")
        else:
            found[f"{under}{key}"] = value
    return found


def _images(was: int | None, now: int | None) -> Iterator[Difference]:
    if was == now:
        return
    fewer = now is not None and (was is None or now < was)
    words = ["no limit is known" if count is None else f"at most {count}" for count in (now, was)]
    told = f"input images: {words[0]}, not {words[1]}" if was is not None else f"input images: {words[0]}; {words[1]}"
    yield _difference(Kind.IMAGES_FEWER if fewer else Kind.IMAGES_MORE, "image", told, was, now)
