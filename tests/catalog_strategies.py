"""Whole catalogs as their authors write them: a few models, at one or two providers, in every shape the format has.

Only sound ones: they load, and `validate` finds nothing in them (a law of `test_laws_catalogs.py`).
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from endpoint_sketch import PROVENANCE, Dice, Sketch, chance, pick, some
from form_strategies import draw_sizes
from parameter_strategies import draw_parameters
from pentaprism import Catalog
from pentaprism.catalog.document import Document
from pentaprism.catalog.documents import Documents, read_documents
from price_strategies import draw_prices

__all__ = ["PARAMETERS", "catalogs", "documents", "made_of", "unrelated_catalogs"]

PARAMETERS = read_documents().parameters
"""The vocabulary of every catalog here: the built-in one's."""

_MODELS = ("alpha", "beta.2", "gamma-x")
_PROVIDERS = ("north", "south")
_T2I, _EDIT = "text-to-image", "image-edit"


def made_of(data: dict[str, Any]) -> Documents:
    """The documents of a catalog with the usual vocabulary: size tables, providers, models and contracts, as data."""

    def many(kind: str, suffix: str) -> dict[str, Document]:
        return {name: Document(f"{kind}/{name}.{suffix}", document) for name, document in data[kind].items()}

    return Documents(
        parameters=PARAMETERS,
        size_tables=Document("size-tables.yaml", data["size_tables"]),
        providers=many("providers", "yaml"),
        models=many("models", "yaml"),
        contracts=many("contracts", "json"),
    )


def catalogs() -> st.SearchStrategy[Catalog]:
    """Catalogs, loaded."""
    return documents().map(made_of).map(Catalog)


def unrelated_catalogs() -> st.SearchStrategy[Catalog]:
    """Catalogs that have no name in common with those."""
    return documents(model_ids=("delta", "a.first"), provider_ids=("east", "west")).map(made_of).map(Catalog)


@st.composite
def documents(
    draw: DrawFn, *, model_ids: tuple[str, ...] = _MODELS, provider_ids: tuple[str, ...] = _PROVIDERS
) -> dict[str, Any]:
    """The data of a catalog's documents by kind and id, for `made_of`."""
    dice = Dice(draw)
    tables: dict[str, Any] = {}
    providers = {name: _draw_provider(dice, name) for name in provider_ids[: pick(dice, 1, 2)]}
    models: dict[str, Any] = {}
    contracts: dict[str, Any] = {}
    for model_id in model_ids[: pick(dice, 1, 1, 2, 3)]:
        entries: list[dict[str, Any]] = []
        for number in range(pick(dice, 1, 2) if models else pick(dice, 1, 2, 3, 4)):
            dice.fresh()
            provider = pick(dice, *providers)
            entry, contract = _draw_endpoint(dice, provider, providers[provider], f"{model_id}/{number}", tables)
            if any(other["provider"] == provider for other in entries):
                entry["name"] = f"{model_id}-{number}"
            entries.append(entry)
            contracts[f"{provider}/{entry['id']}"] = contract
        models[model_id] = {
            "name": model_id.title(),
            "family": "drawn",
            "creator": "nobody",
            "aliases": [f"{model_id}-alias"],
            "summary": "It was drawn.",
            "endpoints": entries,
        }
    return {"size_tables": tables, "providers": providers, "models": models, "contracts": contracts}


def _draw_provider(dice: Dice, name: str) -> dict[str, Any]:
    host = f"api.{name}.example"
    submit: dict[str, Any] = {"url": f"https://{host}/v1/{{endpoint}}"}
    body = pick(dice, "json", "envelope", "multipart")
    if body == "envelope":
        submit["envelope"] = "input"
    elif body == "multipart":
        submit["body"] = body
    if chance(dice, 4):
        submit["headers"] = {"x-version": "7"}
    return {
        "name": name.title(),
        "homepage": f"https://{name}.example",
        "protocol": "none",
        "auth": {"header": "Authorization", "scheme": "Bearer", "env": f"{name.upper()}_KEY"},
        "submit": submit,
        "hosts": [host],
        "returns": pick(dice, "url", "b64_json"),
        "bills": {"failed": False, "source": "made up"},
        "reserved": ["contents", "webhook"],
        "checked": PROVENANCE,
        "rules": {},
    }


def _draw_endpoint(
    dice: Dice, provider_id: str, provider: dict[str, Any], own_id: str, tables: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An entry under a model's `endpoints:`, and its contract; some of its rules become the provider's."""
    modes = pick(dice, [_T2I], [_T2I, _EDIT], [_EDIT])
    multipart = provider["submit"].get("body") == "multipart"
    submit = {}
    if "envelope" not in provider["submit"] and chance(dice, 5):
        multipart = not multipart
        submit = {"submit": {"body": "multipart" if multipart else "json"}}
    sketch = Sketch(provider=provider_id, modes=modes, multipart=multipart, tables=tables)
    draw_parameters(dice, sketch)
    dice.fresh()
    sizes = draw_sizes(dice, sketch)
    dice.fresh()
    tiers = [tier for form in sizes["forms"] for tier in form.get("tiers", ())]
    conditions = {**sketch.conditions, **({"tier": tiers} if tiers else {})}
    entry: dict[str, Any] = {
        "provider": provider_id,
        "id": own_id,
        "modes": _draw_modes(dice, sketch, sizes),
        "checked": PROVENANCE,
        "prices": draw_prices(dice, conditions),
        "sizes": sizes,
        **submit,
    }
    if chance(dice, 8):
        entry["status"] = pick(dice, "unverified", "disabled")
    if sketch.constants:
        entry["constants"] = sketch.constants
    if (narrow := _draw_narrow(dice, sketch)) and chance(dice, 2):
        entry["narrow"] = narrow
    if rules := _give_to_provider(dice, sketch, provider["rules"]):
        entry["rules"] = rules
    if len(modes) == 1 and chance(dice, 3):
        entry["absent"] = {_EDIT if modes == [_T2I] else _T2I: "the provider has retired it"}
    return entry, sketch.contract(own_id)


def _draw_modes(dice: Dice, sketch: Sketch, sizes: dict[str, Any]) -> dict[str, Any]:
    modes: dict[str, Any] = {mode: {} for mode in sketch.modes}
    if len(modes) == 1:
        return modes
    if sketch.image_fields and chance(dice, 2):
        modes[_T2I]["without"] = sketch.image_fields
    if chance(dice, 2):
        following: dict[str, Any] = {"default": "input", "forms": []}
        if chance(dice, 2):
            following["max_side"] = 1440
        modes[_EDIT]["sizes"] = following
        if gone := list(dict.fromkeys(sketch.size_fields)):
            modes[_EDIT]["without"] = gone
    elif sizes["forms"] and sizes["forms"][-1]["form"] == "auto" and chance(dice, 2):
        sizes["forms"][-1]["modes"] = [pick(dice, _EDIT, _T2I)]
    if chance(dice, 4):
        modes[_EDIT]["rules"] = {"style": {"unsupported": "an edit keeps the style"}}
    return modes


def _draw_narrow(dice: Dice, sketch: Sketch) -> dict[str, Any]:
    """What an endpoint lacks of a schema that serves several."""
    without = [name for name in ("safety_tolerance", "tint") if name in sketch.properties]
    narrow: dict[str, Any] = {"without": some(dice, tuple(without))} if without else {}
    if "detail" in sketch.properties:
        narrow["detail"] = {"type": "number", "minimum": 0.5, "maximum": 1.5}
    return narrow


def _give_to_provider(dice: Dice, sketch: Sketch, shared: dict[str, Any]) -> dict[str, Any]:
    """Let some rules be the provider's: alone, or as a further one behind those for other fields."""
    own = {}
    for parameter, rule in sketch.rules.items():
        known = shared.get(parameter, [])
        others = known if isinstance(known, list) else [known]
        target = _target(rule)
        if target is None or target in map(_target, others) or not chance(dice, 3):
            own[parameter] = rule
        else:
            shared[parameter] = [*others, rule] if others else rule
    return own


def _target(rule: dict[str, Any]) -> str | None:
    """The field a rule is for; a provider's rule that has none would apply everywhere."""
    target: str | None = rule.get("rename") or rule.get("to") or rule.get("native", {}).get("to")
    return target
