"""Change a request as little as possible until an endpoint serves it. Row 4; pure.

Every reason an endpoint gave is taken in turn; for each, the remedies are tried one after another, the smallest first,
and a remedy counts only if the request that has it, really compiled, is no longer refused for that reason. So what is
proposed is served. It must not propose another job: the mode, the prompt and the first picture stay, and what the
caller struck out stays struck out. It is asked only where nothing serves the request as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from ..compile.converters import CONVERSIONS
from ..errors import CompileError
from ..types import Change, CompiledRequest, Endpoint, ImageRequest, Model, Nearest, Parameter, Refusal, Route
from .values import Repair, repairs, takes

__all__ = ["MOST_COMPILES", "nearest_requests"]

MOST_COMPILES = 12
"""How many remedies are compiled for one endpoint before the search gives it up."""

Serve = Callable[[ImageRequest, Endpoint], CompiledRequest]

# No change of this request helps: the caller struck the endpoint out, or asks for another job.
_FINAL = frozenset(("filtered", "no-credential", "mode"))
_SIZES = frozenset(("size", "aspect_ratio", "resolution"))
# Why a provider's own field is to be left out, where its value is not at fault.
_REASONS = {
    "reserved": "it is not the caller's to set",
    "conflict": "it disagrees with what else is asked",
    "required": "a part of it is missing",
}


def nearest_requests(
    route: Route, model: Model, serve: Serve, parameters: Mapping[str, Parameter]
) -> tuple[Nearest, ...]:
    """For each endpoint that refuses, the least to change for it to serve: fewest changes first, then loss, then cost.

    `serve` compiles a request for an endpoint as routing does, or raises CompileError.

    >>> from pentaprism import Catalog
    >>> route = Catalog.load().route({"model": "flux.1-dev", "prompt": "a cat", "num_inference_steps": 60})
    >>> [(one.compiled.endpoint, one.changes[0].after) for one in route.nearest]
    [('fal/flux.1-dev', 50), ('replicate/flux.1-dev', 50)]
    """
    reasons: dict[str, list[Refusal]] = {}
    for refusal in route.refusals:
        reasons.setdefault(refusal.endpoint, []).append(refusal)
    found = []
    for endpoint in model.endpoints:
        refused = reasons.get(endpoint.key, ())
        if refused and _FINAL.isdisjoint(refusal.code for refusal in refused):
            nearest = _Search(route.request, endpoint, serve, parameters).run(refused)
            if nearest is not None:
                found.append(nearest)
    return tuple(sorted(found, key=_distance))


def _distance(one: Nearest) -> tuple[Any, ...]:
    dropped, aspect, pixels = one.compiled.loss
    cost = one.compiled.cost.high
    # A parameter the caller would leave out is as lost as one that is dropped.
    dropped += sum(_gives_up(change) for change in one.changes)
    return (len(one.changes), dropped, aspect, pixels, cost is None, cost or Decimal(0), one.compiled.endpoint)


def _gives_up(change: Change) -> bool:
    if change.parameter.startswith("provider."):
        return False
    return change.after is None or isinstance(change.after, tuple)


class _Edit(NamedTuple):
    """One value to put into a request; `path` begins with a canonical or native name, or with `provider`."""

    path: tuple[str, ...]
    after: Any
    why: str


class _Search:
    """One endpoint's search: what is left of its compiles, and the way from a reason to its remedies."""

    def __init__(
        self, request: ImageRequest, endpoint: Endpoint, serve: Serve, parameters: Mapping[str, Parameter]
    ) -> None:
        self.request = request
        self.endpoint = endpoint
        self.spec = endpoint.modes[request.mode]
        self.serve = serve
        self.parameters = parameters
        self.compiles_left = MOST_COMPILES

    def run(self, refused: Sequence[Refusal]) -> Nearest | None:
        """The changes under which the endpoint serves; None where none was found."""
        request, edits = self.request, list[_Edit]()
        while True:
            step = self._step(request, refused[0])
            if step is None:
                return None
            request, more, result = step
            for edit in more:
                # What is inside a thing that is left out needs no change of its own.
                edits = [*(one for one in edits if one.path[: len(edit.path)] != edit.path), edit]
            if isinstance(result, CompiledRequest):
                return self._least(edits, result)
            refused = result

    def _least(self, edits: Sequence[_Edit], compiled: CompiledRequest) -> Nearest:
        """The same without a change that a later one has made needless."""
        for edit in edits:
            rest = [one for one in edits if one is not edit]
            result = self._compile(_edited(self.request, rest)) if rest else ()
            if isinstance(result, CompiledRequest):
                edits, compiled = rest, result
        return Nearest(tuple(self._change(edit) for edit in edits), compiled)

    def _step(
        self, request: ImageRequest, refusal: Refusal
    ) -> tuple[ImageRequest, Sequence[_Edit], CompiledRequest | Sequence[Refusal]] | None:
        """The first remedy after which the endpoint no longer refuses for this reason."""
        for edits in self._remedies(request, refusal):
            if not self.compiles_left:
                return None
            self.compiles_left -= 1
            changed = _edited(request, edits)
            result = self._compile(changed)
            if isinstance(result, CompiledRequest) or all(
                (one.param, one.code) != (refusal.param, refusal.code) for one in result
            ):
                return changed, edits, result
        return None

    def _compile(self, request: ImageRequest) -> CompiledRequest | Sequence[Refusal]:
        try:
            return self.serve(request, self.endpoint)
        except CompileError as error:
            return error.refusals

    def _remedies(self, request: ImageRequest, refusal: Refusal) -> Iterator[Sequence[_Edit]]:
        """What may help against one reason, the smallest change first; each is a set of values to put in."""
        written = {name: canonical for canonical, name in request.written.items()}
        name = written.get(str(refusal.param), str(refusal.param))
        if refusal.code == "max-price":
            yield from self._price(request)
        elif refusal.code == "require-parameters":
            yield [_Edit(("provider", "require_parameters"), False, "best effort instead")]
        elif name in request.extras:
            yield from self._native(name, request.extras[name], refusal.code)
        elif name in request.values and name not in _SIZES:
            yield from self._canonical(name, request.values[name], refusal.code)

    def _price(self, request: ImageRequest) -> Iterator[Sequence[_Edit]]:
        unbounded = request.preferences._replace(max_price=None, require_parameters=False)
        compiled = self._compile(request._replace(preferences=unbounded))
        high = compiled.cost.high if isinstance(compiled, CompiledRequest) else None
        why = "nobody knows the most it can cost" if high is None else "what it costs"
        yield [_Edit(("provider", "max_price"), high, why)]

    def _native(self, name: str, value: Any, code: str) -> Iterator[Sequence[_Edit]]:
        """A provider's own field: another value for it, or a part of it left out, or all of it."""
        schema = self.spec.contract.fields.get(name, {})
        why = _REASONS.get(code) or takes(schema) or "its value does not fit"
        mended = repairs(schema, value) if code == "not-allowed" else []
        if mended:
            yield [_Edit((name, *one.path), one.after, one.why) for one in mended]
        if code == "conflict" and isinstance(value, Mapping):
            yield from ([_Edit((name, *path), None, why)] for path in _leaves(value))
        yield [_Edit((name,), None, why)]

    def _canonical(self, name: str, value: Any, code: str) -> Iterator[Sequence[_Edit]]:
        """A parameter: fewer pictures, the nearest value this endpoint takes, or without it where that can be."""
        if code == "too-many-images":
            most = self.spec.max_input_images
            yield [_Edit((name,), value[:most], f"it takes {most}")]
        schema = self._schema(name)
        yield from ([_Edit((name,), one.after, one.why)] for one in self._nearest_values(name, schema, value))
        if self.request.mode not in self.parameters[name].required:
            yield [_Edit((name,), None, takes(schema) or "its value does not fit")]

    def _schema(self, name: str) -> Mapping[str, Any]:
        """What this endpoint takes for a parameter, of what a caller may write."""
        rule, values = self.spec.rules[name], self.parameters[name].values
        if rule.options.get("convert") == "values":
            return {"enum": list(rule.options["values"])}
        schema = self.spec.contract.value_at(rule.target) if rule.target else {}
        if values is None or "enum" not in schema:
            return schema
        return {**schema, "enum": [one for one in schema["enum"] if one in values]}

    def _nearest_values(self, name: str, schema: Mapping[str, Any], value: Any) -> Iterator[Repair]:
        """The nearest value; of a number that is converted, the one on the wire read back into what a caller writes."""
        rule, parameter = self.spec.rules[name], self.parameters[name]
        write: Callable[[Any], Any] = _same
        read: Callable[[Any], Any] = _same
        if rule.options.get("convert") in ("scale", "invert"):
            write, read = CONVERSIONS[rule.options["convert"]](rule.options)
        for one in repairs(schema, write(value)):
            mended = one._replace(after=read(one.after))
            if not one.path and _in_range(parameter, mended.after):
                yield mended

    def _change(self, edit: _Edit) -> Change:
        name, *inside = edit.path
        if name == "provider":
            before = getattr(self.request.preferences, inside[0])
        else:
            before = self.request.extras[name] if name in self.request.extras else self.request.values[name]
            for part in inside:
                before = before[part]
        shown = ".".join((self.request.written.get(name, name), *inside))
        return Change(shown, before, edit.after, edit.why)


def _same(value: Any) -> Any:
    return value


def _in_range(parameter: Parameter, value: Any) -> bool:
    """Whether a caller may write this value at all."""
    if not isinstance(value, (int, float)):
        return True
    low, high = parameter.minimum, parameter.maximum
    return (low is None or value >= low) and (high is None or value <= high)


def _leaves(value: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, entry in value.items():
        if isinstance(entry, Mapping):
            yield from ((name, *path) for path in _leaves(entry))
        else:
            yield (name,)


def _edited(request: ImageRequest, edits: Sequence[_Edit]) -> ImageRequest:
    """A request with values put in; the order of everything else stays."""
    for edit in edits:
        name, *inside = edit.path
        if name == "provider":
            request = request._replace(preferences=request.preferences._replace(**{inside[0]: edit.after}))
            continue
        if edit.after is None and not inside:
            request = request._replace(order=tuple(one for one in request.order if one != name))
        if name in request.extras:
            request = request._replace(extras=MappingProxyType(_put(request.extras, edit.path, edit.after)))
        else:
            request = request._replace(values=MappingProxyType(_put(request.values, edit.path, edit.after)))
    return request


def _put(node: Mapping[str, Any], path: Sequence[str], after: Any) -> dict[str, Any]:
    """A copy of an object with one value inside it replaced, or without it where there is none to put."""
    name, *rest = path
    new = _put(node[name], rest, after) if rest else after
    return {key: new if key == name else value for key, value in node.items() if key != name or new is not None}
