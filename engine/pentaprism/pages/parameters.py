"""The parameter reference of a model and the matrix of parameters by endpoint.

Row 7. Both are read out of the resolved rules and contracts: what a row says of a provider is what the engine does
there. It must not repeat a rule by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..compile.checks import describe_range
from ..types import Contract, Endpoint, Mode, ModeSpec, Parameter, Rule
from .bench import Bench
from .json_text import compact_json

__all__ = ["GROUPS", "Cell", "MatrixRow", "ParameterRow", "columns", "matrix", "reference"]

GROUPS: Mapping[str, str] = {
    "core": "Core",
    "size": "Size & layout",
    "media": "Media inputs",
    "output": "Output & format",
    "additional": "Additional",
}
# Of what never reaches a provider, the two that the engine itself answers.
_ENGINE_SIDE = ("model", "provider")
_WORDS = {"passthrough": "native", "unsupported": "not here"}
_EMULATIONS = {
    "fan_out": "Where a provider makes fewer per call, several calls run side by side.",
    "transcode": "What a provider cannot make is converted after the picture is here.",
    "deliver": "Works with every provider, whichever way it returns pictures.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """One parameter as this model takes it.

    `modes` pairs each mode of the model with required, supported or unavailable; `only` are the providers that have
    it where others do not; `limits` pairs who with what (who is empty where it holds everywhere).
    """

    name: str
    type: str
    summary: str
    modes: tuple[tuple[Mode, str], ...]
    only: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default: str | None = None
    range: str | None = None
    limits: tuple[tuple[str, str], ...] = ()
    synonyms: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How one parameter crosses at one endpoint in one mode: a word, and the field it is written to."""

    behaviour: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """One parameter across the columns of the matrix."""

    name: str
    cells: tuple[Cell, ...]


def columns(bench: Bench) -> tuple[tuple[Endpoint, Mode], ...]:
    """Every endpoint in every mode it serves, provider by provider."""
    order = list(dict.fromkeys(endpoint.provider for endpoint in bench.model.endpoints))
    pairs = [(endpoint, mode) for endpoint in bench.model.endpoints for mode in endpoint.modes]
    return tuple(sorted(pairs, key=lambda pair: (order.index(pair[0].provider), list(Mode).index(pair[1]))))


def reference(bench: Bench) -> Mapping[str, tuple[ParameterRow, ...]]:
    """The rows by group, in the vocabulary's order; providers' own fields after them, by name."""
    rows: dict[str, list[ParameterRow]] = {group: [] for group in GROUPS}
    for parameter in bench.catalog.parameters.values():
        row = _canonical(bench, parameter)
        if row is not None:
            rows[parameter.group].append(row)
    rows["additional"].extend(_native(bench, name) for name in native_names(bench))
    return {group: tuple(found) for group, found in rows.items()}


def _canonical(bench: Bench, parameter: Parameter) -> ParameterRow | None:
    served = [
        (endpoint, mode, rule)
        for endpoint, mode in columns(bench)
        if (rule := endpoint.modes[mode].rules.get(parameter.name)) is not None and rule.verb != "unsupported"
    ]
    engine_side = parameter.name in _ENGINE_SIDE
    if not served and not engine_side:
        return None
    has = set(bench.model.modes) if engine_side else {mode for _, mode, _ in served}
    native = next((rule for _, _, rule in served if rule.verb in ("passthrough", "rename")), None)
    return ParameterRow(
        name=parameter.name,
        type=parameter.type,
        summary=parameter.summary,
        modes=tuple((mode, _state(mode, has, parameter)) for mode in bench.model.modes),
        only=_only(bench, [endpoint for endpoint, _, _ in served]),
        values=parameter.values or (),
        default=None if parameter.default is None else compact_json(parameter.default),
        range=None if native else _vocabulary_range(parameter),
        limits=_grouped(
            bench, [(endpoint, mode, _limit(endpoint.modes[mode], rule)) for endpoint, mode, rule in served]
        ),
        synonyms=parameter.synonyms,
        note=_note([rule for _, _, rule in served]),
    )


def _state(mode: Mode, has: set[Mode], parameter: Parameter) -> str:
    if mode not in has:
        return "unavailable"
    return "required" if mode in parameter.required else "supported"


def _only(bench: Bench, endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    having = list(dict.fromkeys(endpoint.provider for endpoint in endpoints))
    everyone = {endpoint.provider for endpoint in bench.model.endpoints}
    return tuple(bench.catalog.providers[name].name for name in having) if set(having) < everyone else ()


def _vocabulary_range(parameter: Parameter) -> str | None:
    bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    return describe_range({key: value for key, value in bounds.items() if value is not None}) or None


def _note(rules: Iterable[Rule]) -> str | None:
    return next((_EMULATIONS[rule.options["emulate"]] for rule in rules if rule.verb == "emulate"), None)


def _limit(spec: ModeSpec, rule: Rule) -> str:
    """What one endpoint allows: its range, its default, what it does natively; empty where it says nothing."""
    schema = spec.contract.value_at(rule.target) if rule.target else {}
    if rule.verb == "emulate":
        return _emulated_limit(rule, schema)
    if rule.verb == "convert":
        many = spec.max_input_images
        return "one picture" if many == 1 else f"up to {many} pictures" if many else ""
    return _schema_text(schema)


def _emulated_limit(rule: Rule, schema: Mapping[str, Any]) -> str:
    native = rule.options.get("native")
    if native is None:
        return ""
    kind = rule.options.get("emulate")
    if kind == "fan_out":
        most = native.get("max", schema.get("maximum"))
        return f"up to {most} in one call" if most else ""
    if "formats" in native:
        return f"natively for {', '.join(native['formats'])}"
    table = native.get("values") or rule.options.get("values") or {}
    ours = {theirs: name for name, theirs in table.items()}
    enum = [str(ours.get(value, value)) for value in schema.get("enum", ())]
    default = schema.get("default")
    words = [f"natively {', '.join(enum)}"] if enum else []
    if default is not None:
        words.append(f"{ours.get(default, default)} unless asked")
    return "; ".join(words)


def _schema_text(schema: Mapping[str, Any]) -> str:
    words = []
    if "enum" in schema:
        words.append(", ".join(str(value) for value in schema["enum"]))
    if describe_range(schema):
        words.append(describe_range(schema))
    if "default" in schema:
        words.append(f"default {compact_json(schema['default'])}")
    return "; ".join(words)


def _grouped(bench: Bench, entries: list[tuple[Endpoint, Mode, str]]) -> tuple[tuple[str, str], ...]:
    """Equal texts once, each with who it holds for; nobody is named where it holds for all."""
    if len({text for _, _, text in entries}) == 1:
        return (("", entries[0][2]),) if entries[0][2] else ()
    by_text: dict[str, list[str]] = {}
    for endpoint, mode, text in entries:
        own = {other for one, _, other in entries if one.provider == endpoint.provider}
        name = bench.provider(endpoint).name
        who = name if len(own) == 1 else f"{name} {mode.short}"
        if text and who not in by_text.setdefault(text, []):
            by_text[text].append(who)
    return tuple((", ".join(who), text) for text, who in by_text.items())


def native_names(bench: Bench) -> tuple[str, ...]:
    """The contract fields of the model's endpoints that the vocabulary has no canonical word for, by name."""
    canonical = {
        name
        for parameter in bench.catalog.parameters.values()
        if parameter.at == "request"
        for name in (parameter.name, *parameter.synonyms)
    }
    reserved = {name for endpoint in bench.model.endpoints for name in bench.provider(endpoint).reserved}
    fields = {name for endpoint in bench.model.endpoints for name in endpoint.native_fields}
    return tuple(sorted(fields - canonical - reserved))


def _native(bench: Bench, name: str) -> ParameterRow:
    having = [
        (endpoint, mode, schema)
        for endpoint, mode in columns(bench)
        if (schema := endpoint.modes[mode].contract.fields.get(name)) is not None
    ]
    schemas = [schema for _, _, schema in having]
    first: Mapping[str, Any] = schemas[0] if schemas else {}
    same = all(_schema_text(schema) == _schema_text(first) for schema in schemas)
    limits = [] if same else [(endpoint, mode, _schema_text(schema)) for endpoint, mode, schema in having]
    return ParameterRow(
        name=name,
        type=_type(first),
        summary=_native_summary(bench, name, first),
        modes=tuple(
            (mode, "supported" if mode in {one for _, one, _ in having} else "unavailable")
            for mode in bench.model.modes
        ),
        only=tuple(dict.fromkeys(bench.provider(endpoint).name for endpoint, _, _ in having)),
        values=tuple(str(value) for value in first.get("enum", ())) if same else (),
        default=compact_json(first["default"]) if same and "default" in first else None,
        range=(describe_range(first) or None) if same else None,
        limits=_grouped(bench, limits) if limits else (),
    )


def _type(schema: Mapping[str, Any]) -> str:
    options = schema.get("anyOf", [schema])
    names: dict[str, None] = {}
    for option in options:
        kind = option.get("type", "any")
        names.update(dict.fromkeys(kind if isinstance(kind, list) else [kind]))
    return " or ".join(names)


def _native_summary(bench: Bench, name: str, schema: Mapping[str, Any]) -> str:
    parameter = bench.catalog.parameters.get(name)
    if parameter is not None:
        return parameter.summary
    if schema.get("description"):
        return str(schema["description"])
    producers = [producer(endpoint.modes[mode], name) for endpoint, mode in columns(bench)]
    known = next((one for one in producers if one), None)
    if known:
        return f"The provider's own way to say `{known}`, which works everywhere."
    return "A field of this provider's own; the catalog has no word for it."


def producer(spec: ModeSpec, field: str) -> str | None:
    """The parameter whose rule writes a contract field; None where none does."""
    for form in spec.forms:
        if field in {Contract.top(path) for path in (*form.to.values(), *form.set)}:
            return "size"
    return next((name for name in spec.rules if any(Contract.top(path) == field for path in spec.targets(name))), None)


def matrix(bench: Bench) -> tuple[MatrixRow, ...]:
    """How each parameter crosses at every endpoint; those that cross nowhere are left out."""
    pairs = columns(bench)
    rows = []
    for parameter in bench.catalog.parameters.values():
        if parameter.at != "request":
            continue
        cells = tuple(_cell(endpoint.modes[mode], parameter.name) for endpoint, mode in pairs)
        if any(cell.behaviour != "not here" for cell in cells):
            rows.append(MatrixRow(name=parameter.name, cells=cells))
    for name in native_names(bench):
        cells = tuple(
            Cell(behaviour="native", field=name)
            if name in endpoint.modes[mode].contract.fields
            else Cell(behaviour="not here")
            for endpoint, mode in pairs
        )
        rows.append(MatrixRow(name=name, cells=cells))
    return tuple(rows)


def _cell(spec: ModeSpec, name: str) -> Cell:
    rule = spec.rules.get(name)
    if rule is None:
        return Cell(behaviour="not here")
    field = rule.target or ""
    if rule.verb == "form":
        field = ", ".join(dict.fromkeys(Contract.top(path) for form in spec.forms for path in form.to.values()))
    word = _WORDS.get(rule.behaviour.value, rule.behaviour.value)
    return Cell(behaviour=word, field="" if word == "not here" else field)
