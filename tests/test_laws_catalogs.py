"""Law 11: unrelated endpoints and the order of files change nothing; JSON and YAML catalogs compile the same.

And what the drawn catalogs owe the laws: they are sound, and they hold every shape the format has.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from catalog_variants import from_json, from_yaml, kept, shuffled, with_model
from law_subjects import DRAWN, ON, REAL, Asked, ask, every_catalog, unordered, varied
from pentaprism import Catalog, CompiledRequest, Outcome
from pentaprism.catalog.lint import LINTERS
from pentaprism.catalog.validate import validate_documents
from pentaprism.types import Behaviour, FormKind
from strategies import catalogs, documents, made_of, requests, unrelated_catalogs

EXAMPLES = settings.default.max_examples if settings.default else 60


def _unlisted(compiled: CompiledRequest) -> CompiledRequest:
    """The same but for two things that stand in the file's order: parts of a form, and the endpoints a sentence lists
    when it says who has a field that this one has not.
    """
    told = tuple(entry._replace(why=_words(entry.why)) for entry in compiled.adjustments)
    return unordered(compiled)._replace(adjustments=told)


def _words(told: object) -> str:
    """What is told, with its words in alphabetical order."""
    return " ".join(sorted(re.findall(r"[^\s(),.:;]+", str(told))))


@every_catalog
@given(st.data())
def test_law_11_order_in_files_changes_nothing(which: str, data: st.DataObject) -> None:
    """Files, endpoints, rules, forms, tables, prices and fields in another order."""
    asked = ask(data, which)
    route = asked.route()
    other = varied(data, which, asked.catalog, shuffled).route(asked.body, date=ON)
    assert list(map(_unlisted, other.candidates)) == list(map(_unlisted, route.candidates))
    assert sorted(map(_words, other.refusals)) == sorted(map(_words, route.refusals))


@every_catalog
@given(st.data(), unrelated_catalogs())
def test_law_11_unrelated_models_change_nothing(which: str, data: st.DataObject, unrelated: Catalog) -> None:
    """Other models beside this one, at other providers."""
    asked = ask(data, which)
    route = asked.route()
    if which == DRAWN:
        other = with_model(asked.catalog, unrelated)
    else:
        other = varied(data, which, asked.catalog, _with_strangers)
    assert other.route(asked.body, date=ON) == route


def _with_strangers(catalog: Catalog, seed: int) -> Catalog:
    """A real catalog beside models of the rejects' kind: at a provider of their own, in no table of anybody's."""
    contract = {
        "x-provenance": {"source": "made up", "date": "2026-07-28", "method": "inferred"},
        "type": "object",
        "additionalProperties": False,
        "properties": {"prompt": {"type": "string"}, f"glow_{seed}": {"type": "boolean"}},
    }
    provider = {**catalog.documents.providers["fal"].data, "reserved": ["seed"], "rules": {}}
    entry = {
        "provider": "elsewhere",
        "id": "lamp",
        "modes": {"text-to-image": {}},
        "checked": contract["x-provenance"],
        "sizes": {"default": "unknown", "forms": []},
    }
    model = {"name": "Lamp", "family": "lamps", "creator": "nobody", "summary": "It glows.", "endpoints": [entry]}
    strangers = {
        "size_tables": {},
        "providers": {"elsewhere": provider},
        "models": {f"{'az'[seed % 2]}-lamp": model},
        "contracts": {"elsewhere/lamp": contract},
    }
    return with_model(catalog, Catalog(made_of(strangers)))


@every_catalog
@given(st.data())
def test_law_11_the_other_endpoints_of_a_model_change_nothing(which: str, data: st.DataObject) -> None:
    """An endpoint alone makes of a request what it makes of it beside the others."""
    asked = ask(data, which, native=False)
    assume("order" not in asked.body.get("provider", {}))
    body = {**asked.body, "model": asked.catalog.model(asked.body["model"].rpartition("/")[2]).id}
    route = Asked(asked.catalog, body).route(provider={**body.get("provider", {}), "allow_fallbacks": True})
    for candidate in route.candidates:
        alone = kept(asked.catalog, candidate.endpoint)
        assert alone.compile(body, candidate.endpoint, date=ON) == candidate
    for refusal in route.refusals:
        alone = kept(asked.catalog, refusal.endpoint)
        assert refusal in alone.route(body, date=ON).refusals


@every_catalog
@given(st.data())
def test_law_11_a_published_catalog_compiles_the_same(which: str, data: st.DataObject) -> None:
    """One JSON file instead of a folder."""
    asked = ask(data, which)
    route = asked.route()
    other = from_json(asked.catalog) if which == DRAWN else varied(data, which, asked.catalog, _published)
    assert other.route(asked.body, date=ON) == route


def _published(catalog: Catalog, seed: int) -> Catalog:
    return from_json(catalog)


# Writing and reading YAML takes as long as twenty requests.
@settings(max_examples=max(5, EXAMPLES // 6))
@given(st.data())
def test_law_11_a_folder_of_yaml_compiles_the_same(data: st.DataObject) -> None:
    """Drawn catalogs are made in memory; from files they are the same. Real ones come from files anyway."""
    asked = ask(data, DRAWN)
    route = asked.route()
    assert from_yaml(asked.catalog).route(asked.body, date=ON) == route


@settings(max_examples=max(10, EXAMPLES // 3))
@given(documents())
def test_drawn_catalogs_are_sound(data: dict[str, Any]) -> None:
    """An author would be told of nothing wrong in them, so what a law finds is not a slip in the catalog.

    Only what nobody could waive counts: their pixels, prices and names are odder than any provider's, and are meant to.
    """
    found = validate_documents(made_of(data), ON)
    assert [finding for finding in found if finding.rule not in LINTERS or not LINTERS[finding.rule].waivable] == []


def test_drawn_catalogs_hold_every_shape_of_the_format() -> None:
    """Laws over catalogs that all look the same would say little."""
    seen: Counter[str] = Counter()

    @settings(max_examples=250, derandomize=True, database=None)
    @given(catalogs())
    def look(catalog: Catalog) -> None:
        for model in catalog.models.values():
            for endpoint in model.endpoints:
                seen.update((endpoint.status, endpoint.submission.body, f"envelope {endpoint.submission.envelope}"))
                seen.update(f"per {price.per}" for price in endpoint.prices)
                seen.update("first" for price in endpoint.prices if price.first)
                seen.update("tiered price" for price in endpoint.prices if "tier" in price.when)
                seen.update("conditional price" for price in endpoint.prices if price.when)
                for spec in endpoint.modes.values():
                    seen.update((spec.mode.value, "constants" if spec.constants else ""))
                    seen.update(f"{form.kind} {' '.join(sorted(form.to))}" for form in spec.forms)
                    for rule in spec.rules.values():
                        how = rule.options.get("convert") or rule.options.get("emulate") or ""
                        seen.update((f"{rule.verb} {how}".strip(), rule.behaviour.value, f"origin {rule.origin}"))
                        seen.update(["native"] if rule.behaviour is Behaviour.EMULATED and rule.target else [])
                        seen.update(["nested"] if rule.target and "." in rule.target else [])

    look()
    kinds = {f"{kind} {to}" for kind, to in [(FormKind.FREE, to) for to in ("object", "string", "height width")]}
    kinds |= {"grid ratio", "grid ratio tier", "list value", "auto "}
    rules = {f"convert {name}" for name in ("image", "values", "scale", "invert")} | {"passthrough", "rename", "form"}
    rules |= {f"emulate {name}" for name in ("fan_out", "transcode", "deliver")} | {"unsupported", "native", "nested"}
    rules |= {f"origin {name}" for name in ("endpoint", "provider", "contract", "vocabulary", "none")}
    prices = {"per image", "per megapixel", "per input_megapixel", "per token", "first", "tiered price"}
    rest = {"active", "unverified", "disabled", "json", "multipart", "envelope input", "constants", "conditional price"}
    assert not (kinds | rules | prices | rest) - set(seen)


def test_drawn_requests_meet_every_outcome() -> None:
    """Neither are all of them refused, nor all of them served as they are."""
    seen: Counter[str] = Counter()

    @settings(max_examples=800, derandomize=True, database=None)
    @given(catalogs().flatmap(lambda catalog: requests(catalog).map(lambda body: Asked(catalog, body))))
    def look(asked: Asked) -> None:
        route = asked.route()
        seen["served"] += bool(route.candidates)
        seen.update(refusal.code for refusal in route.refusals)
        seen.update(entry.outcome.value for candidate in route.candidates for entry in candidate.adjustments)

    look()
    codes = {"mode", "required", "out-of-range", "not-allowed", "conflict", "too-many-images", "filtered", "max-price"}
    assert not (codes | {"require-parameters"} | {outcome.value for outcome in Outcome}) - set(seen)
    assert seen["served"] > 400


def test_variants_are_variants() -> None:
    """The catalogs the laws compare with are not the ones they compare."""
    catalog = REAL["builtin"]
    other = shuffled(catalog, 1)
    assert list(other.models) != list(catalog.models)
    assert sorted(other.models) == sorted(catalog.models)
    key = "replicate/flux.1-dev"
    (alone,) = kept(catalog, key).models["flux.1-dev"].endpoints
    assert alone._replace(native_fields=catalog.endpoint(key).native_fields) == catalog.endpoint(key)
