"""Turn jsonschema's errors into places, rule names and plain sentences.

Row 3. jsonschema tells of a union only that nothing in it fits; here the branch its author meant is found first, by
the kind of value and by the key that tells the branches apart, and only that branch's faults are told. A schema may
say more than JSON Schema does: `x-rules` names the rule by keyword, `x-messages` says what an unknown key is instead of
"not a key here", and `errorMessage` and `patternErrorMessage` are the sentence (editors show those two as well). This
module must not know what a catalog is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import did_you_mean
from .document import Path
from .node import shown

__all__ = ["Fault", "faults_of", "label_of"]

_RULES = {
    "additionalProperties": "unknown-key",
    "required": "missing-key",
    "dependentRequired": "missing-key",
    "enum": "not-allowed",
    "const": "not-allowed",
    "minimum": "out-of-range",
    "maximum": "out-of-range",
    "exclusiveMinimum": "out-of-range",
    "minLength": "empty",
    "minProperties": "empty",
    "minItems": "wrong-count",
    "maxItems": "wrong-count",
    "uniqueItems": "duplicate-entry",
    "pattern": "bad-name",
}
_WORDS = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one path; `key` where it is the key's fault, `help` what the schema says of the place.

    `bare` is the number that stands where a string must: somebody forgot the quotes.
    """

    path: Path
    rule: str
    message: str
    key: bool = False
    help: str = ""
    bare: int | float | None = None


def faults_of(error: Any, root: Mapping[str, Any]) -> Iterator[Fault]:
    """What one of jsonschema's errors means to the author of a file; `root` is the whole schema."""
    keyword, schema = error.validator, error.schema
    path = tuple(error.absolute_path)
    if keyword == "oneOf":
        yield from _union_faults(error, root)
    elif "propertyNames" in error.absolute_schema_path:
        name = str(error.instance)
        yield Fault((*path, name), _rule(schema, keyword), f"{name!r} {_words(error)}", key=True)
    elif keyword == "additionalProperties":
        yield from _unknown_keys(error, root)
    elif "errorMessage" in schema:
        yield _stated(path, _rule(schema, keyword), error, root)
    elif keyword == "required":
        yield from _missing(error, error.validator_value, root)
    elif keyword == "dependentRequired":
        for name, needed in error.validator_value.items():
            if name in error.instance:
                yield from _missing(error, needed, root, f" beside {name!r}")
    else:
        message = f"{label_of(path)} {_words(error)}"
        yield Fault(path, _rule(schema, keyword), message, help=_help(error, root), bare=_bare_number(error))


def _bare_number(error: Any) -> int | float | None:
    """The value where it is a number and would be right if it stood in quotes."""
    value = error.instance
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and error.validator == "type" and error.validator_value == "string" else None


def _rule(schema: Mapping[str, Any], keyword: str) -> str:
    name: str = schema.get("x-rules", {}).get(keyword, _RULES.get(keyword, "wrong-type"))
    return name


def label_of(path: Path) -> str:
    """What a message calls a place."""
    if not path:
        return "the file"
    last = path[-1]
    if isinstance(last, str):
        return repr(last)
    return f"entry {last + 1} of {path[-2]!r}" if len(path) > 1 else f"entry {last + 1}"


def _stated(path: Path, rule: str, error: Any, root: Mapping[str, Any]) -> Fault:
    """A fault in the schema's own words: a whole sentence, or `must ...` to be read on from the name of the place."""
    message: str = error.schema["errorMessage"]
    if message.startswith("must "):
        return Fault(path, rule, f"{label_of(path)} {message}", help=_help(error, root))
    return Fault(path, rule, message)


def _words(error: Any) -> str:
    """What a value must be and is not, read on from its name."""
    keyword, wanted, value = error.validator, error.validator_value, error.instance
    if keyword == "type":
        return f"must be {_kinds([wanted] if isinstance(wanted, str) else wanted)}, not {shown(value)}"
    if keyword in ("enum", "const"):
        return _choice(wanted if keyword == "enum" else [wanted], value)
    if keyword == "pattern":
        return f"{error.schema.get('patternErrorMessage', f'must match {wanted}')}, not {shown(value)}"
    if keyword in ("minLength", "minProperties"):
        return "must not be empty"
    if keyword in ("minItems", "maxItems"):
        bound = "at least" if keyword == "minItems" else "at most"
        return f"must have {bound} {wanted} {'entry' if wanted == 1 else 'entries'}, not {len(value)}"
    if keyword == "uniqueItems":
        repeated = next(entry for index, entry in enumerate(value) if entry in value[:index])
        return f"must hold each entry once, and has {shown(repeated)} twice"
    bounds = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above"}
    return f"must be {bounds.get(keyword, keyword)} {wanted}, not {shown(value)}"


def _kinds(names: Iterable[str]) -> str:
    return " or ".join(_WORDS[name] for name in dict.fromkeys(names))


def _choice(allowed: Sequence[Any], value: Any) -> str:
    words = ", ".join(shown(one) if isinstance(one, bool) else str(one) for one in allowed)
    start = f"must be one of {words}" if len(allowed) > 1 else f"must be {words}"
    near = did_you_mean(value, [str(one) for one in allowed], count=1) if isinstance(value, str) else ()
    hint = f"; did you mean {near[0]!r}?" if near and len(allowed) > 1 else ""
    return f"{start}, not {shown(value)}{hint}"


def _unknown_keys(error: Any, root: Mapping[str, Any]) -> Iterator[Fault]:
    known = error.schema.get("properties", {})
    rule = _rule(error.schema, "additionalProperties")
    path = tuple(error.absolute_path)
    what = error.schema.get("x-messages", {}).get("additionalProperties", "is not a key here")
    for name in error.instance:
        if name in known:
            continue
        near = did_you_mean(name, known, count=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        text = _text(known[near[0]], root) if near else ""
        yield Fault((*path, name), rule, f"{name!r} {what}; {hint}", key=True, help=text)


def _missing(error: Any, needed: Iterable[str], root: Mapping[str, Any], beside: str = "") -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    known = error.schema.get("properties", {})
    for name in needed:
        if name not in error.instance:
            message = f"{label_of(path)} needs the key {name!r}{beside}"
            yield Fault(path, _rule(error.schema, error.validator), message, help=_text(known.get(name, {}), root))


def _union_faults(error: Any, root: Mapping[str, Any]) -> Iterator[Fault]:
    """The faults of the branch that was meant; one fault of the whole where none can have been."""
    path = tuple(error.absolute_path)
    branches = _branches(error)
    suited = {index: errors for index, errors in branches.items() if not any(map(_is_other_kind, errors))}
    if not suited:
        wanted = _kinds(kind for errors in branches.values() for one in errors for kind in _wanted_kinds(one))
        message = f"{label_of(path)} must be {wanted}, not {shown(error.instance)}"
        yield Fault(path, _rule(error.schema, "type"), message, help=_help(error, root))
        return
    chosen = next(iter(suited)) if len(suited) == 1 else _told_apart(error, suited, root)
    if isinstance(chosen, Fault):
        yield chosen
    else:
        for child in suited[chosen]:
            yield from faults_of(child, root)


def _branches(error: Any) -> dict[int, list[Any]]:
    """A union's errors by the branch that has them."""
    branches: dict[int, list[Any]] = {}
    for child in error.context:
        branches.setdefault(child.relative_schema_path[0], []).append(child)
    return branches


def _is_other_kind(error: Any) -> bool:
    """Whether a branch's error says that the value is of another kind altogether, a list instead of a mapping."""
    if error.relative_path:
        return False
    if error.validator == "oneOf":
        return all(any(map(_is_other_kind, errors)) for errors in _branches(error).values())
    return bool(error.validator == "type")


def _wanted_kinds(error: Any) -> Iterator[str]:
    if error.validator == "oneOf":
        for child in error.context:
            yield from _wanted_kinds(child)
    elif error.validator == "type" and not error.relative_path:
        wanted = error.validator_value
        yield from [wanted] if isinstance(wanted, str) else wanted


def _told_apart(error: Any, suited: Iterable[int], root: Mapping[str, Any]) -> int | Fault:
    """The branch whose first required key the mapping has, with the value that key must have there."""
    path, instance = tuple(error.absolute_path), error.instance
    schemas: dict[int, Any] = {index: _resolved(error.validator_value[index], root) for index in suited}
    keys = {index: schema["required"][0] for index, schema in schemas.items() if "required" in schema}
    if not keys or not isinstance(instance, dict):
        return min(suited)
    present = [index for index, key in keys.items() if key in instance]
    rule, message = _rule(error.schema, "oneOf"), str(error.schema.get("errorMessage", "nothing here fits"))
    named = list(dict.fromkeys(keys[index] for index in present))
    if len(named) != 1:
        given = " and ".join(named) or ", ".join(map(str, instance)) or "none"
        return Fault(path, rule, f"{message}; this has {given}")
    key = named[0]
    words = {index: schemas[index]["properties"][key].get("const", instance[key]) for index in present}
    for index, word in words.items():
        if word == instance[key] and isinstance(word, bool) == isinstance(instance[key], bool):
            return index
    property_schema = schemas[present[0]]["properties"][key]
    message = f"{key!r} {_choice(list(words.values()), instance[key])}"
    return Fault((*path, key), _rule(property_schema, "const"), message)


def _resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    while "$ref" in schema:
        node: Any = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            node = node[name]
        schema = node
    return schema


def _text(schema: Any, root: Mapping[str, Any]) -> str:
    """What a schema says of itself, or what the one it refers to says."""
    text: str = schema.get("description") or _resolved(schema, root).get("description", "")
    return text


def _help(error: Any, root: Mapping[str, Any]) -> str:
    """The description nearest to the place an error is about, on the way down to it through the schema."""
    node: Any = root
    text, is_name = "", False
    for step in error.absolute_schema_path:
        if isinstance(node, dict) and step not in node:
            # jsonschema leaves references out of the path.
            node = _resolved(node, root)
            text = text or node.get("description", "")
        node = node[step]
        was_name, is_name = is_name, step == "properties" and not is_name
        if was_name or step in ("items", "additionalProperties"):
            text = node.get("description", "")
    return text
