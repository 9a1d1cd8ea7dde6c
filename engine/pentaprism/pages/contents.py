"""Catalog in, files out: which pages there are and what each is given.

Row 7; pure but for reading its templates. Model pages are found by their own names, never through a navigation tree,
so that a thousand of them cost no more than their own bytes. It must not word anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date

from ..api import Catalog
from ..types import Model
from . import templates
from .answers import answers, sources
from .bench import Bench
from .machine import as_json, model_entry, model_file
from .offers import COUNTS, Headline, Offer, headline, offers, totals
from .parameters import GROUPS, columns, matrix, reference
from .received import examples
from .size_table import SizeGroup, drawings, flexible, largest, size_groups, sized_mode, ways
from .snippets import BASE_URL, snippets

__all__ = ["page_name", "render_pages"]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model as the index shows it."""

    model: Model
    page: str
    price: Headline | None
    offers: tuple[Offer, ...]


def page_name(model_id: str) -> str:
    """The file name of a model's page, without its ending: the id where that is a plain name, else made from it.

    >>> page_name("flux.1-dev"), page_name("a/../b")
    ('flux.1-dev', 'a-..-b-900ea8b7')
    """
    if _SAFE.fullmatch(model_id) and model_id.lower() != "index":
        return model_id
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", model_id).strip(".-") or "model"
    return f"{readable}-{hashlib.sha256(model_id.encode()).hexdigest()[:8]}"


def render_pages(catalog: Catalog, proofs: Mapping[str, str], on: Date | None) -> dict[str, bytes]:
    """Every generated file, by its path below the docs folder."""
    files: dict[str, bytes] = {}
    entries = []
    listed = []
    for model in sorted(catalog.models.values(), key=lambda one: (one.name.casefold(), one.id)):
        bench = Bench(catalog, model, on)
        name = page_name(model.id)
        price = headline(bench)
        entries.append(Entry(model=model, page=name, price=price, offers=offers(bench)))
        listed.append(model_entry(bench, price, f"models/{name}/"))
        mode = sized_mode(bench)
        groups = () if mode is None else size_groups(bench, mode)
        files[f"models/{name}.md"] = _model_page(bench, name, price, groups, proofs)
        files[f"api/v1/models/{name}.json"] = as_json(model_file(bench, price, f"models/{name}/", groups))
    files["models/index.md"] = templates.page("models.md.jinja", entries=entries, **_choices(entries))
    files["api/v1/models.json"] = as_json({"catalog": catalog.version, "models": listed})
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


def _model_page(
    bench: Bench, name: str, price: Headline | None, groups: Sequence[SizeGroup], proofs: Mapping[str, str]
) -> bytes:
    mode = sized_mode(bench)
    return templates.page(
        "model.md.jinja",
        model=bench.model,
        page=name,
        price=price,
        proofs=proofs,
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
