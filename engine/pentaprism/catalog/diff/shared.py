"""What changed of all that endpoints share: providers and the vocabulary.

Row 3. What a provider's rules do is seen at each endpoint; here it is only said that they are others. It must not look
at a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...types import Mode, Parameter, Provider
from .difference import Difference, Kind
from .words import listed, number, shown

__all__ = ["provider_differences", "vocabulary_differences"]

_CALLS = ("protocol", "auth_header", "auth_scheme", "env", "hosts", "returns", "bills", "reserved")
_NAMES = ("name", "homepage")
_LABELS = {
    "auth_header": "the header with the key",
    "auth_scheme": "the scheme before the key",
    "env": "the variable with the key",
    "hosts": "the hosts that may receive the key",
    "returns": "how pictures come back",
    "bills": "what failures cost",
    "reserved": "the fields callers may not set",
}
_BOUNDS = ("minimum", "maximum", "max_length")


def provider_differences(before: Mapping[str, Provider], after: Mapping[str, Provider]) -> Iterator[Difference]:
    """Providers that are gone or new, and what is another of those both catalogs have."""
    for name, was in before.items():
        now = after.get(name)
        if now is None:
            yield Difference(kind=Kind.PROVIDER_GONE, message=f"{was.name} is gone", provider=name, before=name)
            continue
        for attribute in (*_CALLS, *_NAMES):
            old, new = _plain(getattr(was, attribute)), _plain(getattr(now, attribute))
            if old != new:
                label = _LABELS.get(attribute, attribute)
                yield Difference(
                    kind=Kind.PROSE if attribute in _NAMES else Kind.PROVIDER_OTHER,
                    message=f"{label}: {shown(new)}, not {shown(old)}",
                    provider=name,
                    subject=attribute,
                    before=old,
                    after=new,
                )
        yield from _rules(was, now)
    for name, now in after.items():
        if name not in before:
            told = f"{now.name} is new: called at {now.submit_url}, with the key in {now.env}"
            yield Difference(kind=Kind.PROVIDER_NEW, message=told, provider=name, after=name)


def _rules(was: Provider, now: Provider) -> Iterator[Difference]:
    """The rules a provider states for all its endpoints; what they do is seen at each of them."""
    names = [name for name in dict.fromkeys((*was.rules, *now.rules)) if was.rules.get(name) != now.rules.get(name)]
    if names:
        told = f"has other rules of its own for {listed(names)}; every endpoint they change has a line for it"
        ours, theirs = ({name: one.rules.get(name) for name in names} for one in (was, now))
        yield Difference(kind=Kind.WRITTEN, message=told, provider=was.id, subject="rules", before=ours, after=theirs)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def vocabulary_differences(before: Mapping[str, Parameter], after: Mapping[str, Parameter]) -> Iterator[Difference]:
    """Parameters that are gone or new, and what is another of those both catalogs have."""
    for name, was in before.items():
        if name in after:
            yield from _parameter(was, after[name])
        else:
            yield _difference(Kind.VOCABULARY_NARROWED, name, f"{name} is no longer a parameter", name, None)
    for name, now in after.items():
        if name not in before:
            yield _difference(Kind.VOCABULARY_WIDENED, name, f"{name} is a parameter: {now.summary}", None, name)
    shared = [[name for name in one if name in other] for one, other in ((before, after), (after, before))]
    if shared[0] != shared[1]:
        told = "bodies are written in another order"
        yield _difference(Kind.VOCABULARY_OTHER, None, told, shared[0], shared[1])


def _difference(kind: Kind, name: str | None, message: str, before: Any, after: Any) -> Difference:
    return Difference(kind=kind, message=message, subject=name, before=before, after=after)


def _parameter(was: Parameter, now: Parameter) -> Iterator[Difference]:
    name = was.name
    yield from _words(was, now)
    old, new = (tuple(getattr(one, bound) for bound in _BOUNDS) for one in (was, now))
    if old != new:
        pairs = ((was.minimum, now.minimum, 1), (was.maximum, now.maximum, -1), (was.max_length, now.max_length, -1))
        narrower = any(
            after is not None and (before is None or sign * after > sign * before) for before, after, sign in pairs
        )
        kind = Kind.VOCABULARY_NARROWED if narrower else Kind.VOCABULARY_WIDENED
        yield _difference(kind, name, f"{name} takes {_range(now)}, not {_range(was)}", list(old), list(new))
    for attribute in ("type", "at", "default", "emulate", "group", "summary", "example"):
        before, after = (_plain(getattr(one, attribute)) for one in (was, now))
        if before != after:
            kind = Kind.PROSE if attribute in ("group", "summary", "example") else Kind.VOCABULARY_OTHER
            stated = "worded otherwise" if attribute == "summary" else f"{shown(after)}, not {shown(before)}"
            yield _difference(kind, name, f"{name}: {attribute} is {stated}", before, after)


def _words(was: Parameter, now: Parameter) -> Iterator[Difference]:
    """Sets that may lose and gain: values, other spellings, synonyms, modes."""
    for verb, (before, after) in zip(_VERBS, zip(_sets(was), _sets(now), strict=True), strict=True):
        if before is None or after is None:
            if after is not None:
                told = f"{was.name} takes only {listed(after)}"
                yield _difference(Kind.VOCABULARY_NARROWED, was.name, told, before, after)
            elif before is not None:
                yield _difference(Kind.VOCABULARY_WIDENED, was.name, f"{was.name} takes any value", before, after)
            continue
        gone, new = [one for one in before if one not in after], [one for one in after if one not in before]
        if gone:
            told = _denied(verb, gone)
            yield _difference(Kind.VOCABULARY_NARROWED, was.name, f"{was.name} {told}", before, after)
        if new:
            yield _difference(Kind.VOCABULARY_WIDENED, was.name, f"{was.name} {verb} {listed(new)}", before, after)
        if not gone and not new and before != after:
            told = f"{was.name} {verb} the same in another order"
            yield _difference(Kind.VOCABULARY_OTHER, was.name, told, before, after)


_VERBS = ("takes", "may be spelt", "may be called", "belongs to", "need not be given in")


def _sets(parameter: Parameter) -> tuple[list[str] | None, ...]:
    """What `_VERBS` speak of, in their order; None is any value."""
    return (
        None if parameter.values is None else list(parameter.values),
        [f"{word} for {value}" for word, value in parameter.spellings.items()],
        list(parameter.synonyms),
        [mode.value for mode in Mode if mode in parameter.modes],
        [mode.value for mode in Mode if mode not in parameter.required],
    )


def _denied(verb: str, words: list[str]) -> str:
    first, _, rest = verb.partition(" ")
    denied = {"takes": "no longer takes", "may": "may no longer", "belongs": "no longer belongs", "need": "must now"}
    words = [denied[first], rest.removeprefix("not "), listed(words)]
    return " ".join(word for word in words if word)


def _range(parameter: Parameter) -> str:
    low, high, most = parameter.minimum, parameter.maximum, parameter.max_length
    if low is not None and high is not None:
        words = [f"{number(low)} to {number(high)}"]
    else:
        words = [f"at least {number(low)}"] if low is not None else []
        words += [f"at most {number(high)}"] if high is not None else []
    words += [f"at most {most} characters"] if most is not None else []
    return listed(words) or "any"
