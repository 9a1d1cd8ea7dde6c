"""The same catalog written otherwise: in another order, in other files, with something beside it."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import yaml

from catalog_strategies import PARAMETERS, made_of
from pentaprism import Catalog
from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.publish import publish

__all__ = ["data_of", "from_json", "from_yaml", "kept", "later_price", "shuffled", "with_model"]

_T = TypeVar("_T")


def data_of(catalog: Catalog) -> dict[str, Any]:
    """What a catalog's documents hold, by kind and id, for `made_of`; the vocabulary is the usual one."""
    documents = catalog.documents
    data: dict[str, Any] = {"size_tables": documents.size_tables.data}
    for kind in ("providers", "models", "contracts"):
        data[kind] = {name: document.data for name, document in getattr(documents, kind).items()}
    return copy.deepcopy(data)


def shuffled(catalog: Catalog, seed: int) -> Catalog:
    """Everything in another order that has no order: files, endpoints, rules, forms, labels, prices, fields.

    Tiers keep theirs, because the first is the provider's own where its contract has no default; so do several rules
    of one parameter, of which the first that fits counts.
    """
    random = Random(seed)

    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            random.shuffle(names)
            return {name: value[name] if name == "tiers" else mixed(value[name]) for name in names}
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            return _mix([mixed(one) for one in value], random)
        return value

    data = data_of(catalog)
    rules = {name: provider.pop("rules") for name, provider in data["providers"].items()}
    data = mixed(data)
    for name, provider in data["providers"].items():
        provider["rules"] = dict(_mix(list(rules[name].items()), random))
    return Catalog(made_of(data))


def _mix(values: list[_T], random: Random) -> list[_T]:
    random.shuffle(values)
    return values


def with_model(catalog: Catalog, other: Catalog) -> Catalog:
    """With another catalog's models and providers beside its own, before and after them by their names."""
    data, more = data_of(catalog), data_of(other)
    return Catalog(made_of({kind: {**more[kind], **data[kind]} for kind in data}))


def kept(catalog: Catalog, key: str) -> Catalog:
    """With one endpoint alone."""
    endpoint = catalog.endpoint(key)
    data = data_of(catalog)
    model = data["models"][endpoint.model]
    model["endpoints"] = [
        entry
        for entry in model["endpoints"]
        if (entry["provider"], entry.get("name", endpoint.model)) == (endpoint.provider, endpoint.name)
    ]
    contract = f"{endpoint.provider}/{endpoint.id}"
    data["models"] = {endpoint.model: model}
    data["contracts"] = {contract: data["contracts"][contract]}
    return Catalog(made_of(data))


def later_price(catalog: Catalog, row: dict[str, Any]) -> Catalog:
    """With one more price at every endpoint."""
    data = data_of(catalog)
    for model in data["models"].values():
        for entry in model["endpoints"]:
            entry["prices"] = [*entry.get("prices", []), row]
    return Catalog(made_of(data))


def from_json(catalog: Catalog) -> Catalog:
    """Published, and loaded from that one file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "catalog.json"
        file.write_bytes(publish(catalog.documents))
        return Catalog.load(file)


def from_yaml(catalog: Catalog) -> Catalog:
    """Written down as authors do, in a folder of YAML and JSON, and loaded from there; without the vocabulary's file,
    which takes longer to read than all the others.
    """
    data = data_of(catalog)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root / "size-tables.yaml", data["size_tables"])
        for kind in ("providers", "models"):
            for name, document in data[kind].items():
                _write(root / kind / f"{name}.yaml", document)
        for name, document in data["contracts"].items():
            file = root / "contracts" / f"{name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(document), encoding="utf-8")
        documents = read_documents(root)
    documents.parameters = PARAMETERS
    return Catalog(documents)


class _Plain(yaml.SafeDumper):
    """YAML as authors write it: the catalog's reader takes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write(file: Path, data: dict[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    text = yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
