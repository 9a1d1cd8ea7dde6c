"""The questions people ask of a model, answered from its facts, and where those facts come from.

Row 7. No sentence here is about a particular model; each is filled from the catalog and the engine. It must not claim
what no source says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..types import Mode, Provenance
from .bench import MODE_NAMES, Bench
from .offers import Headline
from .size_table import largest, sized_mode
from .snippets import BASE_URL

__all__ = ["Answer", "Source", "answers", "enumerate_words", "sources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question and its answer; `code` and **strong** may stand in the answer."""

    question: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one fact of one endpoint comes from."""

    endpoint: str
    fact: str
    source: str
    date: str
    method: str
    dissent: str | None


def enumerate_words(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last


def answers(bench: Bench, price: Headline | None) -> tuple[Answer, ...]:
    """Price, providers, largest picture, and how to call."""
    return (_price(bench, price), _providers(bench), _largest(bench), _call(bench))


def _price(bench: Bench, price: Headline | None) -> Answer:
    name = bench.model.name
    if price is None:
        text = "Nobody serves it at present, so no request can be priced."
    else:
        where = enumerate_words(provider.name for provider in price.providers)
        text = (
            f"One 1024 × 1024 picture costs {price.cost.text} at {where}. That is the price of a real request, "
            "computed by the same engine that sends it; the table of prices above has other sizes and counts, and "
            "`?dryRun=true` on any request prices that request without running it."
        )
    return Answer(question=f"What does {name} cost?", text=text)


def _providers(bench: Bench) -> Answer:
    names = dict.fromkeys(bench.provider(endpoint).name for endpoint in bench.model.endpoints)
    served = [
        f"{bench.provider(endpoint).name} as `{endpoint.id}` ({_modes(endpoint.modes)})"
        for endpoint in bench.model.endpoints
    ]
    who = f"{len(names)} provider{'s' if len(names) > 1 else ''}" if names else "No provider"
    text = f"{who}: {enumerate_words(served)}." if served else f"{who} at present."
    return Answer(question=f"Which providers serve {bench.model.name}?", text=text)


def _modes(modes: Iterable[Mode]) -> str:
    return enumerate_words(MODE_NAMES[mode].lower() for mode in modes)


def _largest(bench: Bench) -> Answer:
    mode = sized_mode(bench) or bench.model.modes[0]
    found = largest(bench, mode)
    text = f"In {MODE_NAMES[mode].lower()}: " + "; ".join(f"{label}: {words}" for label, words in found) + "."
    if not found:
        text = "No source states a largest size."
    return Answer(question=f"How large can a picture from {bench.model.name} be?", text=text)


def _call(bench: Bench) -> Answer:
    model = bench.model
    aliases = f" (or {enumerate_words(f'`{alias}`' for alias in model.aliases)})" if model.aliases else ""
    forced = next((f"{endpoint.provider}/{model.id}" for endpoint in model.endpoints), None)
    text = f"Point any OpenAI SDK at `{BASE_URL}` and set `model` to `{model.id}`{aliases}."
    if forced is not None:
        text += " A request goes to the endpoint that loses least of it and, among equals, costs least; "
        text += f"`{forced}` keeps it at one provider."
    return Answer(question=f"How do I call {model.name}?", text=text)


def sources(bench: Bench) -> tuple[Source, ...]:
    """Every fact of every endpoint with where it was read; one row for each source."""
    found: list[Source] = []
    for endpoint in bench.model.endpoints:
        found.append(_source(endpoint.key, "endpoint", endpoint.checked))
        for mode, spec in endpoint.modes.items():
            contract = _source(endpoint.key, "input schema", spec.contract.provenance)
            if contract not in found:
                found.append(contract)
            for form in spec.forms:
                found.extend(_source(endpoint.key, f"sizes ({mode.short})", one) for one in form.sources)
        found.extend(
            Source(
                endpoint=endpoint.key,
                fact=f"price of ${price.usd:f}",
                source=price.source,
                date=price.start.isoformat(),
                method="price list",
                dissent=price.dissent,
            )
            for price in endpoint.prices
        )
    return tuple(dict.fromkeys(found))


def _source(endpoint: str, fact: str, checked: Provenance) -> Source:
    return Source(
        endpoint=endpoint,
        fact=fact,
        source=checked.source,
        date=checked.date,
        method=checked.method,
        dissent=checked.dissent,
    )
