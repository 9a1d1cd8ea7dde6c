"""The law of compiled rules: a specialised function gives what the plain reading gives, or leaves it to it.

The same for prices: the short way for a single rate equals the general way.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law_subjects import ON, REAL, ask, every_catalog
from pentaprism import Catalog, CompiledRequest, CompileError, ImageRequest, RequestError, Size
from pentaprism.prices import Usage, tariff
from pentaprism.types import Endpoint, Mode, Price, Tolerance


def _outcome(compile: Any, request: Any, endpoint: Endpoint) -> CompiledRequest | tuple[Any, ...]:
    """What comes of a request: compiled, or every reason why not."""
    try:
        compiled: CompiledRequest = compile(request, endpoint, ON)
    except CompileError as error:
        return tuple(error.refusals)
    return compiled


@every_catalog
@given(st.data())
def test_a_specialised_function_equals_the_interpreter(which: str, data: st.DataObject) -> None:
    """For a parsed request at every endpoint of its model: the same bodies, adjustments, cost, refusals."""
    asked = ask(data, which)
    route, compiler = asked.route(), asked.catalog._compiler
    for endpoint in asked.catalog.models[route.model].endpoints:
        assert _outcome(compiler.compile, route.request, endpoint) == _outcome(
            compiler.interpret, route.request, endpoint
        )


@every_catalog
@given(st.data())
def test_a_body_compiles_as_its_parsed_request_does(which: str, data: st.DataObject) -> None:
    """`Catalog.compile` of a body as written: what is plain is never parsed, and comes to the same."""
    asked = ask(data, which)
    route, compiler = asked.route(), asked.catalog._compiler
    for endpoint in asked.catalog.models[route.model].endpoints:

        def by_body(_: Any, endpoint: Endpoint, on: date) -> CompiledRequest:
            return asked.catalog.compile(asked.body, endpoint.key, date=on)

        assert _outcome(by_body, route.request, endpoint) == _outcome(compiler.interpret, route.request, endpoint)


@given(
    st.dictionaries(
        st.sampled_from(["model", "prompt", "n", "size", "seed", "output_format", "cfg_scale", "user", "steps"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.integers()),
    )
)
def test_a_faulty_body_is_never_taken_for_a_plain_one(body: dict[str, Any]) -> None:
    """What parsing refuses, the specialised function passes on."""
    catalog = REAL["builtin"]
    body = {"model": "flux.1-dev", **body}
    try:
        expected: Any = catalog._compiler.interpret(catalog.parse(body), catalog.endpoint("fal/flux.1-dev"), ON)
    except (RequestError, CompileError) as error:
        expected = type(error), str(error)
    try:
        found: Any = catalog.compile(body, "fal/flux.1-dev", date=ON)
    except (RequestError, CompileError) as error:
        found = type(error), str(error)
    assert found == expected


ORDINARY = [
    {},
    {"n": 2, "size": "1024x1024"},
    {"size": "16:9", "seed": 7},
    {"aspect_ratio": "4:3", "resolution": "1K"},
    {"output_format": "jpg", "output_compression": 80, "response_format": "b64_json"},
    {"output_format": "png", "quality": "high", "user": "someone"},
    {"guidance_scale": 3.5, "steps": 30, "negative_prompt": "fog"},
]


@pytest.mark.parametrize("key", ["fal/flux.1-dev", "replicate/flux.1-dev", "bfl/flux.2-flex", "replicate/flux.2-flex"])
@pytest.mark.parametrize("asked", ORDINARY, ids=str)
def test_ordinary_requests_need_no_interpreter(catalog: Catalog, key: str, asked: dict[str, Any]) -> None:
    """Otherwise the law above would hold for a function that always passes."""
    plain = catalog._compiler.specialise(catalog.endpoint(key), Mode.TEXT_TO_IMAGE)
    body = {"model": key, "prompt": "a lighthouse", **asked}
    assert plain(body, Tolerance(), ON) == catalog._compiler.interpret(catalog.parse(body), catalog.endpoint(key), ON)


FAULTY: list[dict[str, Any]] = [
    {"size": "huge"},
    {"size": Decimal(5)},
    {"size": "1024x1024", "aspect_ratio": "wide"},
    {"resolution": Fraction(1, 2)},
    {"output_format": "png", "output_compression": 101},
    {"cfg_scale": -1},
    {"quality": "best"},
    {"style": 7},
    {"n": 11},
    {"prompt": " "},
    {"user": 7},
    {"stream": "yes"},
]


@pytest.mark.parametrize("asked", FAULTY, ids=str)
@pytest.mark.parametrize("key", ["fal/flux.1-dev", "bfl/flux.2-flex"])
def test_a_fault_is_told_of_a_body_that_was_not_parsed_before(
    catalog: Catalog, key: str, asked: dict[str, Any]
) -> None:
    """One example of the law above for each place that looks at values."""
    body = {"model": key, "prompt": "a lighthouse", **asked}
    with pytest.raises(RequestError) as parsed:
        catalog.parse(body)
    with pytest.raises(RequestError) as compiled:
        catalog.compile(body, key, date=ON)
    assert compiled.value.faults == parsed.value.faults
    assert parsed.value.param == list(asked)[-1]


@pytest.mark.parametrize("name", ["size", "seed", "n", "output_format", "style", "user", "acceleration", "go_fast"])
def test_what_is_none_is_not_set_whatever_it_is(catalog: Catalog, name: str) -> None:
    """Of a group or alone, the gateway's, the provider's own, or that of another endpoint of the model."""
    body: dict[str, Any] = {"model": "flux.1-dev", "prompt": "x"}
    unset = catalog.compile(body, "fal/flux.1-dev", date=ON)
    assert catalog.compile({**body, name: None}, "fal/flux.1-dev", date=ON) == unset


def test_what_only_another_endpoint_has_is_told_to_be_dropped(catalog: Catalog) -> None:
    compiled = catalog.compile({"model": "flux.1-dev", "prompt": "x", "go_fast": True}, "fal/flux.1-dev", date=ON)
    assert [(entry.parameter, entry.outcome.value) for entry in compiled.adjustments[1:]] == [("go_fast", "dropped")]


def test_two_names_for_one_parameter_are_told_once(catalog: Catalog) -> None:
    body = {"model": "flux.1-dev", "prompt": "x", "cfg_scale": 3, "guidance": 3}
    compiled = catalog.compile(body, "fal/flux.1-dev", date=ON)
    assert [entry.parameter for entry in compiled.adjustments] == ["prompt", "guidance"]
    assert compiled.calls[0].json == {"prompt": "x", "guidance_scale": 3}


def test_a_native_field_that_repeats_a_parameter_is_told_of_too(catalog: Catalog) -> None:
    body = {"model": "flux.1-dev", "prompt": "x", "output_format": "webp"}
    both = catalog.compile({**body, "output_compression": 51, "output_quality": 51}, "replicate/flux.1-dev", date=ON)
    assert [entry.parameter for entry in both.adjustments][2:] == ["output_compression", "output_quality"]
    assert [dict(entry.sent) for entry in both.adjustments][2:] == [{"output_quality": 51}] * 2


def test_what_is_shared_between_requests_cannot_be_changed(catalog: Catalog) -> None:
    body = {"model": "flux.1-dev", "prompt": "x", "output_format": "png"}
    (entry,) = catalog.compile(body, "fal/flux.1-dev", date=ON).adjustments[1:]
    with pytest.raises(TypeError):
        entry.sent["output_format"] = "gif"  # type: ignore[index]


ROWS = st.builds(
    lambda **given: Price(**given),
    start=st.just(date(2026, 1, 1)),
    usd=st.decimals(0, 10, places=4),
    per=st.sampled_from(["image", "megapixel"]),
    round=st.sampled_from([None, "up"]),
    each=st.booleans(),
    unit=st.sampled_from([1, 100]),
    min=st.none() | st.just(Decimal(2)),
    first=st.none() | st.just(Decimal(1)),
    source=st.just("x"),
)
SIZES = st.none() | st.builds(Size, st.integers(1, 20_000), st.integers(1, 20_000))


@given(st.lists(ROWS, min_size=1, max_size=2), st.integers(0, 30), SIZES)
def test_a_single_rate_is_priced_as_the_general_way_does(rows: list[Price], images: int, size: Size | None) -> None:
    """Amounts, components and words, to the last digit."""
    rates = tariff(rows, ON)
    usage = Usage(images=images, size=size, fields={})
    short, general = rates.cost(usage), rates.general_cost(usage)
    assert short == general
    assert (str(short.low), str(short.high)) == (str(general.low), str(general.high))
    assert [str(one) for one in short.components] == [str(one) for one in general.components]


@pytest.mark.parametrize("usd", ["0", "0.0000", "0.0250"])
def test_the_short_way_keeps_the_digits_of_a_price(usd: str) -> None:
    rates = tariff([Price(start=date(2026, 1, 1), usd=Decimal(usd), source="x", per="image")], ON)
    usage = Usage(images=2, size=None, fields={})
    assert [str(one) for one in rates.cost(usage).components] == [
        str(one) for one in rates.general_cost(usage).components
    ]


@pytest.mark.parametrize("price", [{"per": "image"}, {"per": "megapixel", "round": "up"}], ids=str)
def test_a_flat_rate_takes_the_short_way(price: dict[str, Any]) -> None:
    row = Price(start=date(2026, 1, 1), usd=Decimal("0.025"), source="x", **price)
    assert tariff([row], ON).single is not None


def test_no_picture_costs_nothing_the_short_way_too() -> None:
    rates = tariff([Price(start=date(2026, 1, 1), usd=Decimal("0.025"), per="image", source="x")], ON)
    none = rates.cost(Usage(images=0, size=Size(640, 480), fields={}))
    assert (none.low, none.high) == (0, 0)
    assert none == rates.general_cost(Usage(images=0, size=Size(640, 480), fields={}))


def test_a_parsed_request_is_an_image_request(catalog: Catalog) -> None:
    assert isinstance(catalog.parse({"model": "flux.1-dev", "prompt": "x"}), ImageRequest)
