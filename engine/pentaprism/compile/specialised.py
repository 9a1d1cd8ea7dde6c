"""One endpoint's rules in one mode, made into one function.

Row 3. It goes once over what the caller gave, name by name, with the functions of `writers`, then group by group with
those of `groups`; where one of them passes, it gives None and the interpreter is asked. Both give the same, always: a
law of the tests. Nothing of a request is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeAlias

from ..types import Adjustment, CompiledRequest, Contract, Expected, HttpCall, Media, Size, Tolerance, make
from .billing import price_fields
from .converters import Crossing
from .draft import Draft
from .forms import default_size
from .groups import Count, Sized, build_counting, build_output, build_sizing, count_pictures
from .interpreter import build_calls
from .output import Ready
from .plan import OUTPUT_NAMES, Plan
from .request import NO_WISH, Vocabulary
from .sizing import SIZE_NAMES, expected_of
from .writers import DROPPED, Unusual, build_writers

__all__ = ["Specialised", "specialise"]

Specialised: TypeAlias = "Callable[[Mapping[str, Any], Tolerance, date], CompiledRequest | None]"
"""What the caller gave (as written, or parsed and under the names written), to what it compiles to; None: ask the
interpreter."""


def specialise(plan: Plan, vocabulary: Vocabulary) -> Specialised:
    """The function that compiles the plain requests for a plan's endpoint and mode."""
    read, finish = _reading(plan, vocabulary), _finishing(plan)

    def compile(given: Mapping[str, Any], tolerance: Tolerance, on: date) -> CompiledRequest | None:
        try:
            drafted = read(given, tolerance, on)
        except (KeyError, TypeError):
            # A name without a writer, a value without a result, or one that no table can hold.
            return None
        return finish(given, on, drafted)

    return compile


_Drafted: TypeAlias = """tuple[
    dict[str, Any], dict[str, Adjustment], tuple[Size | None, ...], Size | None, Sized, Ready, Count, int
]"""
"""Fields, adjustments, the sizes of input images, the size that comes back unasked, what became of the groups of sizes,
output and count, and how many parameters are dropped."""


def _reading(plan: Plan, vocabulary: Vocabulary) -> Callable[[Mapping[str, Any], Tolerance, date], _Drafted]:
    """Everything about what the caller gave, name by name, then group by group; KeyError or TypeError: not plain."""
    spec, plain_default = plan.spec, default_size(plan.spec, ())
    writers, counted = build_writers(plan, vocabulary), build_counting(plan, vocabulary)
    settle_size, settle_output = build_sizing(plan, vocabulary), build_output(plan, vocabulary)
    one, unset = count_pictures(plan, None), plan.output.apply(Draft(plan.endpoint.key, {}), {})
    unsized: Sized = (NO_WISH, None, None, 0, 0.0, 0.0)
    gateway = frozenset(name for name, parameter in vocabulary.parameters.items() if parameter.at == "gateway")
    must = tuple(parameter.name for parameter in vocabulary.required[spec.mode] if parameter.at != "gateway")
    complete = _completion(plan, vocabulary)

    def read(given: Mapping[str, Any], tolerance: Tolerance, on: date) -> _Drafted:
        fields: dict[str, Any] = {}
        told: dict[str, Adjustment] = {}
        inputs = _input_sizes(given["image"]) if "image" in given else ()
        default = default_size(spec, inputs) if inputs else plain_default
        sized, output, count, dropped = unsized, unset, one, 0
        for name, value in given.items():
            writers[name](fields, told, value)
        if "size" in told or "aspect_ratio" in told or "resolution" in told:
            sized = settle_size(given, fields, told, default, tolerance, on)
        if "output_format" in told or "response_format" in told or "output_compression" in told:
            output, dropped = settle_output(given, fields, told)
        if "n" in told:
            count, told["n"] = counted[type(given["n"]), given["n"]]
            fields.update(count.sent)
        for name in must:
            told[name]
        untold = len(given) - len(told)
        if untold != ("model" in given) and untold != sum(name in gateway for name in given):
            raise Unusual("a parameter is given under two names")
        if DROPPED in fields:
            dropped += fields.pop(DROPPED)
        if complete is not None:
            fields = complete(fields)
        return fields, told, inputs, default, sized, output, count, dropped

    return read


def _finishing(plan: Plan) -> Callable[[Mapping[str, Any], date, _Drafted], CompiledRequest]:
    """From fields and adjustments to the compiled request."""
    endpoint, spec, mode, verified = plan.endpoint, plan.spec, plan.spec.mode, plan.verified
    key, model, provider, submission = endpoint.key, endpoint.model, endpoint.provider, endpoint.submission
    method, url, headers, envelope = submission.method, submission.url, submission.headers, submission.envelope
    flat, plain_seed, seeds_of = _is_flat(plan), _is_plain(plan.counts.seed), plan.counts.seeds

    def finish(given: Mapping[str, Any], on: date, drafted: _Drafted) -> CompiledRequest:
        fields, told, inputs, default, sized, output, count, dropped = drafted
        wish, size, choice, lost, aspect_loss, pixels_loss = sized
        n, counts, seeds, _ = count
        delivery, returned = output
        if size is not None:
            expected = make(Expected, (n, size, "asked", returned, False))
        else:
            expected = expected_of(spec, n, choice, default, returned)
            size = expected.size
        single = len(counts) == 1
        if "seed" in told:
            seeds = (given["seed"],) if single and plain_seed else seeds_of(fields, given, counts)
            if not single:
                plan.counts.tell_seeds(told, seeds)
        if single and flat:
            body = fields if envelope is None else {envelope: fields}
            calls: tuple[HttpCall, ...] = (make(HttpCall, (method, url, headers, body, None, True)),)
        else:
            calls = build_calls(plan, fields, counts, seeds)
        cost = price_fields(plan, fields, n, size, inputs * len(counts), on)
        rest = (expected, delivery, cost, on, wish, (dropped + lost, aspect_loss, pixels_loss), verified)
        return make(CompiledRequest, (key, provider, model, mode, calls, counts, seeds, tuple(told.values()), *rest))

    return finish


def _input_sizes(images: Any) -> tuple[Size | None, ...]:
    """The pixels of the input images; of what is no image, nothing, as its writer passes it on."""
    leaves = images if isinstance(images, (list, tuple)) else (images,)
    return tuple(leaf.size for leaf in leaves if isinstance(leaf, Media))


def _completion(plan: Plan, vocabulary: Vocabulary) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """Add the constants, arrange the fields, see that every field needed is there; None where nothing is to be done."""
    constants = tuple(plan.spec.constants.items())
    surely = {Contract.top(path) for path in plan.crossings["prompt"].paths} if "prompt" in plan.crossings else set()
    required = frozenset(plan.required) - surely - {Contract.top(path) for path in plan.spec.constants}
    (before, sizes, after), flat = _paths(plan, vocabulary), _is_flat(plan)
    if flat and not constants and not required:
        return None

    def complete(fields: dict[str, Any]) -> dict[str, Any]:
        # The order of parts, and of what is appended to a list, is the interpreter's.
        arranged = fields if flat else {path: fields[path] for path in before if path in fields}
        if not flat:
            arranged.update({path: value for path, value in fields.items() if path in sizes})
            arranged.update({path: fields[path] for path in after if path in fields})
        for path, value in constants:
            arranged.setdefault(path, value)
        fields = arranged if flat else {**arranged, **fields}
        if not required <= {Contract.top(path) for path in fields}:
            raise Unusual("the provider needs a field that nothing writes")
        return fields

    return complete


def _is_plain(seed: Crossing | None) -> bool:
    """Whether a seed that is taken is sent as it is."""
    return seed is not None and seed.rule.verb != "convert" and not seed.rule.options.get("clamp")


def _is_flat(plan: Plan) -> bool:
    """Whether every field stands at the top of a JSON body, so that the order in which they are written is nothing."""
    paths = {path for name in plan.spec.rules for path in plan.spec.targets(name)} | set(plan.spec.constants)
    paths.update(path for form in plan.spec.forms for path in (*form.to.values(), *form.set))
    return plan.endpoint.submission.body == "json" and not any("." in path or "[" in path for path in paths)


def _paths(plan: Plan, vocabulary: Vocabulary) -> tuple[tuple[str, ...], frozenset[str], tuple[str, ...]]:
    """Every path that rules may write, in the interpreter's order: before the sizes, those of the sizes, and after.

    Each form has an order of its own, so that the sizes keep the one in which they were written.
    """
    sizes = frozenset(path for form in plan.spec.forms for path in (*form.to.values(), *form.set))
    outputs = [path for path in (plan.output.field, plan.output.quality_field) if path is not None]
    paths: tuple[list[str], list[str]] = ([], [])
    for name in vocabulary.parameters:
        side = paths[vocabulary.order[name] > vocabulary.order[SIZE_NAMES[0]]]
        if name in OUTPUT_NAMES:
            side.extend(outputs)
        elif name in plan.crossings:
            side.extend(plan.crossings[name].paths)
    count = [] if plan.counts.field is None else [plan.counts.field]
    return tuple(dict.fromkeys(paths[0])), sizes, tuple(dict.fromkeys((*paths[1], *count)))
