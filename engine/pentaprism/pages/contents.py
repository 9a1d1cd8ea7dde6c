"""Catalog in, files out: which pages there are and what each is given.

Row 7; pure but for reading its templates. Model pages are found by their own names, never through a navigation tree,
so that a thousand of them cost no more than their own bytes. It must not word anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date

from ..api import Catalog, today
from ..catalog.proofs import ProofRecord
from ..types import Model
from . import templates
from .answers import answers, sources
from .bench import Bench
from .lints import lint_pages
from .machine import Facts
from .offers import COUNTS, Headline, Offer, offers, totals
from .parameters import GROUPS, columns, matrix, reference
from .published import all_facts, api_files
from .received import examples
from .size_table import drawings, flexible, largest, sized_mode, ways
from .snippets import BASE_URL, snippets

__all__ = ["render_pages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model as the index shows it."""

    model: Model
    page: str
    price: Headline | None
    offers: tuple[Offer, ...]


def render_pages(catalog: Catalog, records: Mapping[str, ProofRecord], on: Date | None) -> dict[str, bytes]:
    """Every generated file, by its path below the docs folder."""
    known = all_facts(catalog, records, on or today())
    files = {f"api/{path}": data for path, data in api_files(catalog, known, on or today()).items()}
    entries = []
    for facts in known:
        model = facts.bench.model
        entries.append(Entry(model=model, page=facts.page, price=facts.price, offers=offers(facts.bench)))
        files[f"models/{facts.page}.md"] = _model_page(facts)
    files["models/index.md"] = templates.page("models.md.jinja", entries=entries, **_choices(entries))
    files |= lint_pages()
    files["llms.txt"] = templates.text("llms.txt.jinja", entries=entries, base_url=BASE_URL)
    return dict(sorted(files.items()))


def _choices(entries: Iterable[Entry]) -> dict[str, list[tuple[str, str]]]:
    """What the index can be filtered by: value and label."""
    providers = {offer.provider.id: offer.provider.name for entry in entries for offer in entry.offers}
    families = {entry.model.family for entry in entries}
    return {
        "providers": sorted(providers.items(), key=lambda pair: pair[1].casefold()),
        "families": [(family, family) for family in sorted(families)],
    }


def _model_page(facts: Facts) -> bytes:
    bench, price, groups = facts.bench, facts.price, facts.sizes
    mode = sized_mode(bench)
    return templates.page(
        "model.md.jinja",
        model=bench.model,
        page=facts.page,
        price=price,
        proofs=facts.proofs,
        offers=offers(bench),
        snippets=[(one, snippets(bench, one)) for one in bench.model.modes],
        examples=examples(bench),
        groups=GROUPS,
        parameters=reference(bench),
        columns=columns(bench),
        provider_of=bench.provider,
        matrix=matrix(bench),
        mode=mode,
        size_groups=groups,
        flexible=() if mode is None else flexible(bench, mode),
        ways=() if mode is None else ways(bench, mode),
        drawings=drawings(groups[0]) if groups else (),
        largest=largest(bench, mode or bench.model.modes[0]),
        max_images=max_images(bench),
        counts=COUNTS,
        totals={} if mode is None else totals(bench, mode),
        sources=sources(bench),
        prose=_prose(bench.model),
        answers=answers(bench, price),
    )


def _prose(model: Model) -> dict[str, list[str]]:
    """What a catalog writes about a model, each part as a list of texts whether it was one text or several."""
    return {
        part: [str(text) for text in value] if isinstance(value, list) else [str(value)]
        for part, value in model.prose.items()
        if value
    }


def max_images(bench: Bench) -> str | None:
    """The most input images any endpoint takes; None where the model edits nothing."""
    limits = [
        spec.max_input_images
        for endpoint in bench.model.endpoints
        for spec in endpoint.modes.values()
        if spec.max_input_images != 0
    ]
    known = [limit for limit in limits if limit is not None]
    if not limits:
        return None
    if not known:
        return "no limit is stated"
    return f"at most {max(known)}" + (" where a provider states a limit" if None in limits else "")
