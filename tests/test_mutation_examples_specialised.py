"""Every kind of value under every name: specialised functions give what the interpreter gives (`make mutation`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pentaprism import Catalog, CompiledRequest, CompileError, RequestError
from pentaprism.compile.compiler import Compiler
from pentaprism.compile.plan import Plan
from pentaprism.types import (
    Endpoint,
    Mode,
    Parameter,
    Tolerance,
)
from pictures import opened

ON = date(2026, 11, 21)
FORMAT = Path(__file__).parent / "format"
OF_ANY_TYPE: tuple[Any, ...] = (None, True, False, 0, 1, -1, 1.5, "", " ", "x", [], ["x"], {}, "1024x1024", "16:9")


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[FORMAT])


def _around(parameter: Parameter | None, schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values that a name may have, those at its ends, and those just beyond them."""
    yield from OF_ANY_TYPE
    yield from schema.get("enum", ())
    ends = [schema.get(name) for name in ("minimum", "maximum")]
    if parameter is not None:
        yield from (*(parameter.values or ()), *parameter.spellings)
        ends += [parameter.minimum, parameter.maximum]
        if parameter.max_length is not None and parameter.max_length < 100_000:
            yield from ("x" * parameter.max_length, "x" * (parameter.max_length + 1))
    for end in ends:
        if end is not None:
            yield from (end, end - 1, end + 1, float(end), int(end))


def _interpreted(catalog: Catalog, body: Mapping[str, Any], endpoint: Endpoint) -> CompiledRequest | tuple[Any, ...]:
    """What the plain reading of the rules makes of a body, or why it is refused."""
    try:
        return catalog._compiler.interpret(catalog.parse(body), endpoint, ON)
    except CompileError as error:
        return tuple(error.refusals)
    except RequestError as error:
        return (str(error),)


def _endpoints(wide: Catalog) -> Iterator[Endpoint]:
    yield from (endpoint for model in wide.models.values() for endpoint in model.endpoints)


PLAIN = {
    **dict.fromkeys(("seed", "n", "num_inference_steps", "steps"), (int,)),
    **dict.fromkeys(("cfg_scale", "guidance", "guidance_scale"), (int, float)),
    **dict.fromkeys(("size", "aspect_ratio", "resolution", "output_format", "response_format"), (str,)),
    **dict.fromkeys(("negative_prompt", "quality", "style", "background", "moderation", "user"), (str,)),
}


def _is_plain(compiler: Compiler, plan: Plan, name: str, value: Any) -> bool:
    """Whether a value is of those that need no interpreter, unless they are refused: most of what is ever asked."""
    if name in PLAIN or value is None:
        return type(value) in PLAIN.get(name, ())
    return name in plan.checks and not (
        name in plan.producers or name in plan.nested or name in compiler.vocabulary.spoken
    )


@pytest.mark.parametrize("mode", Mode)
def test_each_value_of_each_name_compiles_as_the_interpreter_has_it(wide: Catalog, mode: Mode) -> None:
    compiler, parameters = wide._compiler, wide._compiler.vocabulary.parameters
    names = {name: parameter for parameter in parameters.values() for name in (parameter.name, *parameter.synonyms)}
    picture = {"image": opened("640x480")} if mode is Mode.IMAGE_EDIT else {}
    plain = 0
    for endpoint in _endpoints(wide):
        if mode not in endpoint.modes:
            continue
        specialised = compiler.specialise(endpoint, mode)
        fields = endpoint.modes[mode].contract.fields
        for name in sorted({*names, *endpoint.native_fields, *fields} - {"model"}):
            for value in _around(names.get(name), fields.get(name, {})):
                body = {"model": endpoint.key, "prompt": "x", **picture, name: value}
                found = specialised(body, Tolerance(), ON)
                plain += found is not None
                if found is not None or _is_plain(compiler, compiler.plan(endpoint, mode), name, value):
                    outcome = _interpreted(wide, body, endpoint)
                    assert (found or outcome) == outcome, body
                    assert found is not None or not isinstance(outcome, CompiledRequest), body
    assert plain > 1_000


SIZES = ["512x512", "1024x768", "1025x769", "2048x2048", "64x64", "9x900", "16384x16384", "100000x1000", "0640x480"]
SIZES += ["640x0480", "0x5", "x9", "9x", "1x2x3"]
TOGETHER: list[dict[str, Any]] = [
    *({"size": size} for size in (*SIZES, " 1024X768", "auto", "16:9", "1:9", "0:1")),
    *({"aspect_ratio": ratio} for ratio in ("16:9", "1.91:1", "4:3", "9:21", "auto", "1")),
    *({"resolution": tier} for tier in ("1K", "2k", "4K", "0.25MP", "1", 2, "auto")),
    *({"aspect_ratio": ratio, "resolution": tier} for ratio in ("4:3", "1:4") for tier in ("1K", "4K", "auto")),
    {"size": "1024x768", "aspect_ratio": "4:3", "resolution": "1K"},
    {"size": "16:9", "aspect_ratio": "4:3", "resolution": "1K"},
    {"size": "auto", "aspect_ratio": "4:3"},
    {"size": "auto", "resolution": "2K"},
    *({"n": n, "seed": seed} for n in (1, 2, 5, 10) for seed in (0, 7, 2**31 - 1, 2**32 - 1, 2**32, -1)),
    *({"output_format": format, "output_compression": at} for format in ("png", "jpg", "webp") for at in (0, 60, 100)),
    *({"output_format": format, "response_format": "b64_json"} for format in ("png", "jpeg", "avif", "gif")),
    {"output_compression": 60},
    {"response_format": "url", "output_compression": 60, "output_format": "jpeg"},
    {"prompt": ""},
    {"prompt": None},
    {"style": "vivid", "background": "transparent", "moderation": "low"},
]
# What always needs the interpreter.
UNUSUAL: list[dict[str, Any]] = [
    {"cfg_scale": 3, "guidance": 3},
    {"guidance_scale": 3, "guidance": 3, "user": "u"},
    {"provider": {}, "user": "u", "n": 2, "size": "1024x768"},
]


@pytest.mark.parametrize("mode", Mode)
def test_parameters_together_compile_as_the_interpreter_has_them(wide: Catalog, mode: Mode) -> None:
    compiler = wide._compiler
    picture = {"image": opened(["640x480", "64x64"])} if mode is Mode.IMAGE_EDIT else {}
    parsed = 0
    for endpoint in _endpoints(wide):
        specialised = compiler.specialise(endpoint, mode) if mode in endpoint.modes else None
        for asked in (*TOGETHER, *UNUSUAL) if specialised else ():
            body = {"model": endpoint.key, "prompt": "x", **picture, **asked}
            outcome = _interpreted(wide, body, endpoint)
            found = specialised(body, Tolerance(), ON)
            if isinstance(outcome, CompiledRequest):
                parsed += 1
                assert found == (None if asked in UNUSUAL else outcome), body
                assert compiler.compile(wide.parse(body), endpoint, ON) == outcome, body
            else:
                assert found is None, body
    assert parsed > 300
