"""What keys mean together: the faults that no schema can see and that the engine could not run with.

Row 3. A linter is a generator of findings with a name, a sentence and a severity; to add one, write the function and a
line in `LINTERS`. What is wrong with one file's shape is for `pentaprism.catalog.schema`, and names that are used
twice or lead nowhere are found while building. Nothing here reads a file or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from ..errors import Finding, did_you_mean
from ..types import Behaviour, Contract, Endpoint, FormKind, Rule
from .node import Node, shown
from .rules import SIZE_PARAMETERS
from .scene import Scene, Served

__all__ = ["LINTERS", "Linter", "Severity", "lint", "severity_of"]


class Severity(StrEnum):
    """Whether the engine could not run with it (error), or an author should look again (warning)."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Linter:
    """One check: `name` is the rule in its findings, `sentence` says what must hold."""

    name: str
    sentence: str
    severity: Severity
    check: Callable[[Scene], Iterator[Finding]]


def lint(scene: Scene) -> list[Finding]:
    """Everything the linters find, each once.

    >>> [linter.name for linter in LINTERS][:3]
    ['unknown-target', 'not-in-contract', 'unproduced-field']
    """
    return list(dict.fromkeys(finding for linter in LINTERS for finding in linter.check(scene)))


def severity_of(rule: str) -> Severity:
    """How bad a finding of this rule is; all that schemas and loading find are errors."""
    return next((linter.severity for linter in LINTERS if linter.name == rule), Severity.ERROR)


def _targets(scene: Scene) -> Iterator[Finding]:
    for served in scene.served():
        for name, rule in served.rules():
            native = rule.child("native")
            if native.has("to"):
                yield from _missing(served, native, native.get("to"), "to")
            elif rule.has("rename"):
                yield from _missing(served, rule, rule.get("rename"), "rename")
            elif rule.has("convert"):
                yield from _missing(served, rule, rule.get("to") or name, "to")
            elif rule.has("passthrough"):
                yield from _missing(served, rule, name, "passthrough")
        for form in served.forms():
            to = form.get("to")
            for role, path in to.items() if isinstance(to, dict) else ():
                yield from _missing(served, form, path, "to", role)
            yield from _missing(served, form, to, "to")
        for constants in served.constants():
            for path in constants.data:
                yield from _missing(served, constants, path, path, key=True)


def _missing(served: Served, node: Node, path: Any, *place: str, key: bool = False) -> Iterator[Finding]:
    """A finding where the contract has nothing at a path; what is no path is the schema's affair."""
    if isinstance(path, str) and served.contract.at(path) is None:
        hint = _hint(Contract.top(path), served.contract.fields)
        message = f"the contract of {served.endpoint.id} has no field {path!r} for {served.mode.value}{hint}"
        yield node.finding("unknown-target", message, *place, key=key)


def _hint(name: str, known: Iterable[str]) -> str:
    near = [one for one in did_you_mean(name, known, count=1) if one != name]
    return f"; did you mean {near[0]!r}?" if near else ""


def _allowed_values(schema: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    """The closed set a field takes, None where it takes more than a list."""
    if schema is None:
        return None
    if "anyOf" in schema:
        branches = [_allowed_values(branch) for branch in schema["anyOf"] if branch.get("type") != "null"]
        if any(branch is None for branch in branches):
            return None
        return tuple(value for branch in branches if branch is not None for value in branch)
    if "enum" in schema:
        return tuple(schema["enum"])
    return (schema["const"],) if "const" in schema else None


def _is_allowed(value: Any, schema: Mapping[str, Any] | None) -> bool:
    allowed = _allowed_values(schema)
    return allowed is None or any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)


def _foreign(contract: Contract, node: Node, path: str, value: Any, *keys: str | int) -> Iterator[Finding]:
    schema = contract.at(path)
    if not _is_allowed(value, schema):
        words = ", ".join(str(one) for one in _allowed_values(schema) or ())
        message = f"the contract's {path} takes {words}, not {shown(value)}"
        yield node.finding("not-in-contract", message, *keys)


def _values(scene: Scene) -> Iterator[Finding]:
    for served in scene.served():
        contract = served.contract
        for constants in served.constants():
            for path, value in constants.data.items():
                yield from _foreign(contract, constants, path, value, path)
        yield from _own_tables(served)
        yield from _provider_tables(scene, served)
        yield from _form_values(served)


def _own_tables(served: Served) -> Iterator[Finding]:
    """An endpoint's own `values:` must land in its contract, every one of them."""
    for name, rule in served.rules():
        native = rule.child("native")
        holder, target = (native, native.get("to")) if native.has("values") else (rule, rule.get("to") or name)
        values = holder.child("values")
        if isinstance(values.data, dict) and isinstance(target, str):
            for value, wire in values.data.items():
                yield from _foreign(served.contract, values, target, wire, value)


def _provider_tables(scene: Scene, served: Served) -> Iterator[Finding]:
    """A provider's `values:` serve many endpoints; at each of them one at least must land."""
    for rule in served.spec.rules.values():
        table = rule.options.get("native", rule.options).get("values")
        if rule.origin != "provider" or not table or rule.target is None:
            continue
        schema = served.contract.at(rule.target)
        if not any(_is_allowed(wire, schema) for wire in table.values()):
            document = scene.documents.providers[served.endpoint.provider]
            message = f"none of these is a value of {rule.target} in the contract of {served.endpoint.id}"
            yield document.finding(("rules", rule.parameter), "not-in-contract", message)


def _form_values(served: Served) -> Iterator[Finding]:
    for form in served.forms():
        to, kind = form.get("to"), form.get("form")
        if kind == FormKind.LIST and isinstance(to, str) and isinstance(form.get("values"), dict):
            for label in form.get("values"):
                yield from _foreign(served.contract, form, to, label, "values", label)
    for built, form in _built_grids(served):
        for role, key in (("ratio", "ratios"), ("tier", "tiers")):
            path = built.to.get(role)
            for value in dict.fromkeys(cell.sends[path] for cell in built.cells) if path else ():
                yield from _foreign(served.contract, form, path or "", value, key)


def _built_grids(served: Served) -> Iterator[tuple[Any, Node]]:
    """Each grid as built beside the entry it was built from."""
    built = [form for form in served.spec.forms if form.kind is FormKind.GRID]
    written = [form for form in served.forms() if form.get("form") == FormKind.GRID]
    if len(built) == len(written):
        yield from zip(built, written, strict=True)


def _unproduced(scene: Scene) -> Iterator[Finding]:
    for served in scene.served():
        produced = {Contract.top(path) for path in served.spec.constants}
        produced |= {Contract.top(rule.target) for rule in served.spec.rules.values() if rule.target}
        for form in served.spec.forms:
            produced |= {Contract.top(path) for path in (*form.to.values(), *form.set)}
        for field in served.contract.schema.get("required", ()):
            if field not in produced:
                message = f"the contract requires {field!r} and nothing here writes it; add a rule or a constant"
                yield served.overlay.finding("unproduced-field", message, key=True)


def _unclaimed(scene: Scene) -> Iterator[Finding]:
    for served in scene.served():
        claimed = {Contract.top(rule.target) for rule in served.spec.rules.values() if rule.target}
        claimed |= {Contract.top(path) for form in served.spec.forms for path in form.to.values()}
        for rule in served.spec.rules.values():
            if not _has_nothing_native(rule):
                continue
            parameter = scene.builder.parameters[rule.parameter]
            for name in (parameter.name, *parameter.synonyms):
                if name in served.contract.fields and name not in claimed:
                    became = "is unsupported" if rule.behaviour is Behaviour.UNSUPPORTED else "is emulated"
                    what = "a form" if rule.parameter in SIZE_PARAMETERS else "a rule"
                    message = f"{rule.parameter} {became} here, but the contract has {name!r}; write {what} for it"
                    yield served.overlay.finding("unclaimed-synonym", message, key=True)


def _has_nothing_native(rule: Rule) -> bool:
    """Whether a parameter found no field: nobody wrote why, and the vocabulary's emulation is all there is."""
    if rule.behaviour is Behaviour.UNSUPPORTED:
        return rule.origin == "none"
    return rule.behaviour is Behaviour.EMULATED and rule.origin == "vocabulary"


def _conditions(scene: Scene) -> Iterator[Finding]:
    for endpoint, entry in scene.written():
        specs = endpoint.modes.values()
        contracts = [spec.contract for spec in specs]
        cells = [cell for spec in specs for form in spec.forms for cell in form.cells]
        tiers = sorted({cell.tier.label for cell in cells if cell.tier is not None})
        for price in entry.child("prices").entries():
            for name, condition in price.child("when").items():
                values = condition.data if isinstance(condition.data, list) else [condition.data]
                for value in values:
                    message = _unmet(endpoint, contracts, tiers, name, value)
                    if message:
                        yield condition.finding("unknown-condition", message)


def _unmet(endpoint: Endpoint, contracts: list[Contract], tiers: list[str], name: str, value: Any) -> str | None:
    """Why a price row could never be told to apply; None where it could."""
    if name == "tier":
        known = ", ".join(tiers) or "none"
        return None if value in tiers else f"no form here has the tier {shown(value)}; there are {known}"
    having = [contract for contract in contracts if contract.at(name) is not None]
    if not having:
        hint = _hint(name, [field for contract in contracts for field in contract.fields])
        return f"the contract of {endpoint.id} has no field {name!r}{hint}"
    if any(_is_allowed(value, contract.at(name)) for contract in having):
        return None
    words = ", ".join(str(one) for one in _allowed_values(having[0].at(name)) or ())
    return f"{name} is one of {words}, never {shown(value)}"


def _future(scene: Scene) -> Iterator[Finding]:
    dates = [(node, "date", "nobody can have read that yet") for node in scene.provenances()]
    for _, entry in scene.written():
        why = "enter a price when it holds"
        dates += [(price, "from", why) for price in entry.child("prices").entries() if price.has("from")]
    for node, key, why in dates:
        try:
            day = date.fromisoformat(node.get(key))
        except (TypeError, ValueError):
            continue
        if day > scene.today:
            yield node.finding("future-date", f"{day} is still to come (today is {scene.today}); {why}", key)


def _hosts(scene: Scene) -> Iterator[Finding]:
    for provider_id, document in scene.documents.providers.items():
        provider = scene.builder.providers[provider_id]
        if document.broken or not provider.hosts or not provider.submit_url:
            continue
        host = _host_of(provider.submit_url)
        if not provider.trusts(host):
            yield document.finding(("submit", "url"), "unlisted-host", _unlisted(host))
    for endpoint, entry in scene.written():
        host = _host_of(endpoint.submission.url)
        if entry.child("submit").has("url") and not scene.builder.providers[endpoint.provider].trusts(host):
            yield entry.child("submit").finding("unlisted-host", _unlisted(host), "url")


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unlisted(host: str) -> str:
    return f"{host or 'this address'} is not among `hosts`, so the submission would be sent without the key"


LINTERS = (
    Linter(
        "unknown-target",
        "Every path a rule, a form or a constant writes is in the contract.",
        Severity.ERROR,
        _targets,
    ),
    Linter(
        "not-in-contract",
        "Every value a rule, a form or a constant writes is one the contract lists.",
        Severity.ERROR,
        _values,
    ),
    Linter(
        "unproduced-field",
        "Every field the contract requires is written by something, in every mode.",
        Severity.ERROR,
        _unproduced,
    ),
    Linter(
        "unclaimed-synonym",
        "No parameter goes without while the contract has a field by one of its names.",
        Severity.ERROR,
        _unclaimed,
    ),
    Linter(
        "unknown-condition",
        "Every field, value and tier a price depends on is one the endpoint has.",
        Severity.ERROR,
        _conditions,
    ),
    Linter("future-date", "No fact was read, and no price holds, from a day still to come.", Severity.ERROR, _future),
    Linter("unlisted-host", "A provider's submissions go to a host that may see its key.", Severity.ERROR, _hosts),
)
"""Every linter, in the order in which they run."""
