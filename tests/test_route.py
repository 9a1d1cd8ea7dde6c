"""Routing, sentence by sentence: what serves, in which order, and why the others do not.

Where an order is shown, real compiled requests are handed to the router with other figures in them; everything else
is compiled for real.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goldens import ON
from pentaprism import Catalog, CompiledRequest, CompileError, Cost, Mode, Outcome, RequestError, Route
from pentaprism.explain import explain_route
from pentaprism.route import Observed, route_request
from pentaprism.types import Endpoint, ImageRequest, Refusal
from pictures import opened
from strategies import requests

FORMAT = Path(__file__).parent / "format"
CATALOGS = {"builtin": Catalog.load(), "wide": Catalog.load(extends=[FORMAT])}
every_catalog = pytest.mark.parametrize("which", CATALOGS)
FLUX = {"model": "flux.1-dev", "prompt": "a cat"}


def routed(body: Mapping[str, Any], which: str = "builtin", **options: Any) -> Route:
    return CATALOGS[which].route({**FLUX, **body}, date=ON, **options)


def endpoints(route: Route) -> list[str]:
    return [one.endpoint for one in route.candidates]


def refusal(route: Route, endpoint: str) -> Refusal:
    (found,) = (one for one in route.refusals if one.endpoint == endpoint)
    return found


# --- Compile and sort: an endpoint can serve a request if and only if compiling for it succeeds -----------------------


@every_catalog
@given(st.data())
def test_an_endpoint_serves_exactly_what_compiles_for_it(which: str, data: st.DataObject) -> None:
    catalog = CATALOGS[which]
    body = data.draw(requests(catalog))
    body.pop("provider", None)
    try:
        parsed = catalog.parse(body)
    except RequestError:
        assume(False)
    assume(not parsed.forced)
    compiled = {}
    for endpoint in catalog.model(parsed.model).endpoints:
        try:
            compiled[endpoint.key] = catalog.compile(parsed, endpoint.key, date=ON)
        except CompileError:
            continue
    assert {one.endpoint: one for one in catalog.route(parsed, date=ON).candidates} == compiled


def test_every_endpoint_is_compiled_for_once_and_no_more() -> None:
    catalog = CATALOGS["builtin"]
    tried: list[str] = []

    def compile_for(request: ImageRequest, endpoint: Endpoint, on: date) -> CompiledRequest:
        tried.append(endpoint.key)
        return catalog.compile(request, endpoint.key, date=on)

    model = catalog.model("flux.1-dev")
    found = route_request(catalog.parse(FLUX), model, compile_for, ON)
    assert found.candidates
    assert found.nearest == ()
    assert tried == [endpoint.key for endpoint in model.endpoints]


# --- The order --------------------------------------------------------------------------------------------------------


class Figures:
    """Compiled requests for the endpoints of FLUX.2 [flex] with figures of one's own, and the route they give."""

    def __init__(self, **provider: Any) -> None:
        catalog = CATALOGS["builtin"]
        body = {"model": "flux.2-flex", "prompt": "a cat", "provider": provider}
        self.request = catalog.parse(body)
        self.model = catalog.model("flux.2-flex")
        self.compiled = {one.endpoint: one for one in catalog.route({**body, "provider": {}}, date=ON).candidates}
        self.keys = sorted(self.compiled)

    def set(self, key: str, **figures: Any) -> Figures:
        self.compiled[key] = self.compiled[key]._replace(**figures)
        return self

    def compile_for(self, request: ImageRequest, endpoint: Endpoint, on: date) -> CompiledRequest:
        if endpoint.key not in self.compiled:
            raise CompileError([Refusal(endpoint=endpoint.key, code="mode", message="it does image-edit.")])
        return self.compiled[endpoint.key]

    def order(self, observed: Mapping[str, Observed] | None = None, *, backwards: bool = False) -> list[str]:
        model = self.model._replace(endpoints=self.model.endpoints[::-1]) if backwards else self.model
        return endpoints(route_request(self.request, model, self.compile_for, ON, observed=observed))


def dollars(low: str | None, high: str | None = None) -> Cost:
    most = high or low
    return Cost(
        low=None if low is None else Decimal(low), high=None if most is None else Decimal(most), derivation="told"
    )


BFL, FAL, REPLICATE = "bfl/flux.2-flex", "fal/flux.2-flex", "replicate/flux.2-flex"
FREE = dollars("0")


def test_closed_circuits_come_first_whatever_else_speaks_against_them() -> None:
    figures = Figures().set(FAL, cost=FREE)
    for key in (BFL, REPLICATE):
        figures.set(key, cost=dollars("9"), loss=(5, 9.0, 9.0), verified=False)
    assert figures.order()[0] == FAL
    assert figures.order({FAL: {"open": True}})[-1] == FAL
    assert figures.order({FAL: {"open": False}})[0] == FAL


def test_an_open_circuit_is_never_excluded_altogether() -> None:
    figures = Figures()
    assert sorted(figures.order({key: {"open": True} for key in figures.keys})) == figures.keys
    assert routed({"model": "fal/flux.1-dev"}, observed={"fal/flux.1-dev": {"open": True}}).candidates


def test_verified_comes_before_unverified_whatever_is_lost() -> None:
    figures = Figures().set(FAL, verified=False, cost=FREE)
    for key in (BFL, REPLICATE):
        figures.set(key, loss=(3, 1.0, 1.0))
    assert figures.order()[-1] == FAL


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        # Parameters dropped, aspect beyond tolerance, pixels beyond tolerance; compared in that order.
        ((0, 9.0, 9.0), (1, 0.0, 0.0)),
        ((1, 0.1, 9.0), (1, 0.2, 0.0)),
        ((1, 0.1, 0.1), (1, 0.1, 0.2)),
    ],
)
def test_the_least_loss_comes_before_the_price(better: tuple[Any, ...], worse: tuple[Any, ...]) -> None:
    figures = Figures().set(BFL, loss=worse, cost=FREE).set(FAL, loss=better, cost=dollars("9"))
    figures.set(REPLICATE, loss=worse, cost=FREE)
    assert figures.order()[0] == FAL


@pytest.mark.parametrize(
    ("size", "tolerance", "lost"),
    [
        # 1344x768 comes back: 1.6 % narrower and half the pixels, 10 % allowed unless the caller says otherwise.
        ("1920x1080", {}, (0, 0.0, 1.008928571428571)),
        ("1920x1080", {"pixels": 2}, (0, 0.0, 0.0)),
        ("1920x1080", {"pixels": 2, "aspect": 0.01}, (0, 0.015873015873015817, 0.0)),
        # 4 % off in shape is within 5 %, and 1 % off in pixels within 10 %.
        ("1152x864", {}, (0, 0.0, 0.0)),
        # 2.4:1 for 7:1 is beyond it.
        ("7:1", {}, (0, 1.9166666666666665, 0.0)),
    ],
)
def test_a_loss_is_what_goes_beyond_tolerance(size: str, tolerance: dict[str, float], lost: tuple[Any, ...]) -> None:
    route = routed({"model": "replicate/flux.1-dev", "size": size, "provider": {"tolerance": tolerance}})
    assert route.candidates[0].loss == pytest.approx(lost)


def test_what_was_not_asked_is_no_loss() -> None:
    assert [one.loss for one in routed({}).candidates] == [(0, 0.0, 0.0), (0, 0.0, 0.0)]


def test_each_parameter_dropped_counts() -> None:
    (one,) = routed({"model": "fal/flux.1-dev", "style": "vivid", "go_fast": True, "strength": 0.5}).candidates
    assert one.loss[0] == 3


# --- The policy -------------------------------------------------------------------------------------------------------


def test_price_is_the_policy_unless_another_is_chosen() -> None:
    figures = (
        Figures().set(BFL, cost=dollars("0.03")).set(FAL, cost=dollars("0.01")).set(REPLICATE, cost=dollars("0.02"))
    )
    assert figures.order() == [FAL, REPLICATE, BFL]


def test_a_price_counts_by_its_maximum_and_unknown_comes_last() -> None:
    figures = Figures().set(BFL, cost=Cost(derivation="nobody knows"))
    figures.set(FAL, cost=dollars("0.00", "0.09")).set(REPLICATE, cost=dollars("0.08"))
    assert figures.order() == [REPLICATE, FAL, BFL]
    assert figures.set(BFL, cost=dollars("0.01", None)._replace(high=None)).order()[-1] == BFL
    assert figures.set(FAL, cost=dollars("0.01", "0.08")).order()[0] == FAL, "of one maximum the lower minimum"


def test_at_one_price_the_exact_picture_comes_first() -> None:
    route = CATALOGS["builtin"].route({"model": "flux.2-flex", "prompt": "x", "size": "1920x1080"}, date=ON)
    assert [(one.endpoint, one.cost.text, str(one.expected.size)) for one in route.candidates] == [
        (FAL, "$0.10", "1920x1080"),
        (BFL, "$0.10", "1920x1088"),
        (REPLICATE, "$0.12", "1920x1088"),
    ]


def test_latency_ranks_by_the_observed_median_and_unseen_comes_last() -> None:
    figures = Figures(sort="latency")
    observed: dict[str, Observed] = {REPLICATE: {"p50_s": 2.0}, FAL: {"p50_s": 3.5}}
    assert figures.order(observed) == [REPLICATE, FAL, BFL]
    assert figures.order({BFL: {"p50_s": 2.0}, **observed})[:2] == [BFL, REPLICATE], "of one median the cheaper"
    cheapest = sorted(figures.keys, key=lambda key: (figures.compiled[key].cost.high, key))
    assert figures.order() == cheapest


@pytest.mark.parametrize(
    ("order", "first"),
    [
        (["replicate"], [REPLICATE]),
        (["replicate", "fal"], [REPLICATE, FAL]),
        ([FAL, "replicate"], [FAL, REPLICATE]),
        (["fal/flux.2-flex", "fal", "bfl"], [FAL, BFL, REPLICATE]),
    ],
)
def test_order_ranks_by_the_callers_list_and_the_rest_by_price(order: list[str], first: list[str]) -> None:
    figures = Figures(order=order)
    assert figures.request.preferences.sort == "order"
    cheapest = sorted(figures.keys, key=lambda key: (figures.compiled[key].cost.high, key))
    assert figures.order() == first + [key for key in cheapest if key not in first]


def test_order_names_a_model_at_its_provider() -> None:
    image = opened("64x64")
    body = {"image": image, "provider": {"order": ["fal/flux.1-dev"]}}
    assert endpoints(routed(body))[0] == "fal/flux.1-dev-edit"
    assert endpoints(routed({"image": image}))[0] == "replicate/flux.1-dev"


CENTS = st.none() | st.decimals(0, 1, places=2)


@st.composite
def drawn_figures(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Figures for every endpoint: few values, so that ties are common."""
    found = {}
    for key in Figures().keys:
        low, high = draw(CENTS), draw(CENTS)
        if low is not None and high is not None:
            low, high = min(low, high), max(low, high)
        found[key] = {
            "verified": draw(st.booleans()),
            "loss": (draw(st.integers(0, 1)), draw(st.sampled_from([0.0, 0.1])), draw(st.sampled_from([0.0, 0.2]))),
            "cost": Cost(low=low, high=high, derivation="drawn"),
        }
    return found


OBSERVED: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from([BFL, FAL, REPLICATE]),
    st.fixed_dictionaries({}, optional={"open": st.booleans(), "p50_s": st.sampled_from([1.0, 2.0])}),
)


@given(drawn_figures(), OBSERVED, st.sampled_from(["price", "latency", "order"]))
def test_the_order_is_the_designs(
    figures: dict[str, dict[str, Any]], observed: dict[str, Observed], policy: str
) -> None:
    """Any two neighbours are in the order that the rules, asked one after another, give them; files do not matter."""
    mine = Figures(sort=policy, order=["replicate"])
    for key, changed in figures.items():
        mine.set(key, **changed)
    got = mine.order(observed)
    assert sorted(got) == mine.keys
    assert mine.order(observed, backwards=True) == got
    rules = _rules(observed, policy)
    assert got == sorted(
        mine.keys, key=functools.cmp_to_key(lambda first, second: _compare(mine, rules, first, second))
    )


Rule = Callable[[CompiledRequest, CompiledRequest], float]


def _rules(observed: Mapping[str, Observed], policy: str) -> Sequence[Rule]:
    """The rules in the words of the design; each is below 0 where the first of two comes first."""

    def is_open(one: CompiledRequest) -> bool:
        return observed.get(one.endpoint, {}).get("open", False)

    def seconds(one: CompiledRequest) -> float:
        return observed.get(one.endpoint, {}).get("p50_s", math.inf)

    def more(a: float, b: float) -> float:
        return 0 if a == b else a - b

    def maximum(one: CompiledRequest) -> float:
        return math.inf if one.cost.high is None else float(one.cost.high)

    chosen: dict[str, list[Rule]] = {
        "price": [],
        "latency": [lambda a, b: more(min(seconds(a), 1e9), min(seconds(b), 1e9))],
        "order": [lambda a, b: (a.provider != "replicate") - (b.provider != "replicate")],
    }
    return [
        lambda a, b: is_open(a) - is_open(b),
        lambda a, b: b.verified - a.verified,
        *(lambda a, b, at=at: more(a.loss[at], b.loss[at]) for at in range(3)),
        *chosen[policy],
        lambda a, b: more(min(maximum(a), 1e9), min(maximum(b), 1e9)),
    ]


def _compare(figures: Figures, rules: Sequence[Rule], first: str, second: str) -> int:
    a, b = figures.compiled[first], figures.compiled[second]
    verdicts = (rule(a, b) for rule in rules)
    verdict = next((one for one in verdicts if one), 0) or float((a.cost.low or 0) - (b.cost.low or 0))
    return int(math.copysign(1, verdict)) if verdict else (-1 if first < second else 1)


# --- The caller's say -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "left", "why"),
    [
        ({"only": ["fal"]}, ["fal/flux.1-dev"], "provider.only is fal."),
        ({"only": ["replicate/flux.1-dev"]}, ["replicate/flux.1-dev"], "provider.only is replicate/flux.1-dev."),
        ({"only": []}, [], "provider.only is empty."),
        ({"ignore": ["fal"]}, ["replicate/flux.1-dev"], "provider.ignore is fal."),
        ({"ignore": ["bfl", "replicate"]}, ["fal/flux.1-dev"], "provider.ignore is bfl, replicate."),
        ({"only": ["fal"], "ignore": ["fal/flux.1-dev"]}, [], "provider.ignore is fal/flux.1-dev."),
    ],
)
def test_a_filtered_endpoint_is_a_refusal_with_its_reason(provider: Any, left: list[str], why: str) -> None:
    route = routed({"provider": provider})
    assert endpoints(route) == left
    filtered = [one for one in route.refusals if one.code == "filtered"]
    assert why in [one.message for one in filtered]
    assert {one.param for one in filtered} == {"provider"}


def test_a_name_that_forces_a_provider_refuses_the_others() -> None:
    route = routed({"model": "replicate/flux.1-dev"})
    assert endpoints(route) == ["replicate/flux.1-dev"]
    refused = refusal(route, "fal/flux.1-dev")
    assert (refused.code, refused.param, refused.message) == (
        "filtered",
        "model",
        "the request names replicate/flux.1-dev.",
    )


def test_an_endpoint_of_another_mode_is_a_refusal_with_its_reason() -> None:
    assert refusal(routed({}), "fal/flux.1-dev-edit").code == "mode"
    refused = refusal(routed({"image": opened("64x64")}), "fal/flux.1-dev")
    assert refused.code == "mode"
    assert "it does text-to-image, and the request is image-edit" in refused.message


def test_a_disabled_endpoint_is_a_refusal_with_its_reason(tmp_path: Path) -> None:
    catalog = layered(tmp_path, "{provider: replicate, status: disabled}")
    refused = refusal(catalog.route(FLUX, date=ON), "replicate/flux.1-dev")
    assert (refused.code, refused.message) == ("filtered", "the catalog has this endpoint disabled.")


def test_a_provider_that_cannot_be_used_here_is_a_refusal_with_its_reason() -> None:
    route = routed({}, unavailable={"fal": "there is no key for it here; set FAL_KEY."})
    assert endpoints(route) == ["replicate/flux.1-dev"]
    assert refusal(route, "fal/flux.1-dev").code == "no-credential"
    # What the caller strikes out is said before what the installation lacks.
    only = routed({"provider": {"only": ["replicate"]}}, unavailable={"fal": "no key."})
    assert refusal(only, "fal/flux.1-dev").code == "filtered"


@every_catalog
@given(st.data())
def test_candidates_and_refusals_are_all_endpoints(which: str, data: st.DataObject) -> None:
    catalog = CATALOGS[which]
    body = data.draw(requests(catalog))
    names = st.lists(st.sampled_from(sorted(catalog.providers)), max_size=2)
    body["provider"] = {
        **body.get("provider", {}),
        **data.draw(st.fixed_dictionaries({}, optional={"only": names, "ignore": names})),
    }
    try:
        route = catalog.route(body, date=ON)
    except RequestError:
        assume(False)
    every = {endpoint.key for endpoint in catalog.models[route.model].endpoints}
    refused = {one.endpoint for one in route.refusals}
    assert set(endpoints(route)) | refused == every
    assert not set(endpoints(route)) & refused
    assert all(one.message.endswith(".") for one in route.refusals)


def test_without_fallbacks_only_the_best_is_left() -> None:
    best = endpoints(routed({}))[0]
    route = routed({"provider": {"allow_fallbacks": False}})
    assert endpoints(route) == [best]
    refused = refusal(route, "replicate/flux.1-dev")
    assert refused.code == "filtered"
    assert refused.message == f"provider.allow_fallbacks is false, and {best} ranks before it."
    assert endpoints(routed({"model": "fal/flux.1-dev", "provider": {"allow_fallbacks": False}})) == ["fal/flux.1-dev"]


@pytest.mark.parametrize(
    ("most", "left"),
    [
        # 2 MP at fal cost $0.05 a picture, and three of them $0.15; Replicate takes $0.025 for each.
        ("0.15", ["fal/flux.1-dev", "replicate/flux.1-dev"]),
        ("0.1499", ["replicate/flux.1-dev"]),
        (0.075, ["replicate/flux.1-dev"]),
        (0, []),
    ],
)
def test_max_price_is_for_the_whole_request(most: Any, left: list[str]) -> None:
    route = routed({"size": "1920x1080", "n": 3, "provider": {"max_price": most}})
    assert endpoints(route) == left
    for one in route.refusals:
        if one.code == "max-price":
            assert one.param == "provider.max_price"
            assert f"and provider.max_price is ${most}." in one.message


def test_max_price_counts_against_the_maximum() -> None:
    figures = Figures(max_price="0.05").set(FAL, cost=dollars("0.01", "0.06")).set(BFL, cost=dollars("0.01", "0.05"))
    assert FAL not in figures.order()
    assert BFL in figures.order()


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        (Cost(derivation="no price"), "the most it can cost is not known, and provider.max_price is set."),
        (
            Cost(low=Decimal("0.03"), derivation="at least"),
            "the most it can cost is not known (from $0.03), and provider.max_price is set.",
        ),
    ],
)
def test_max_price_refuses_the_unknown(cost: Cost, message: str) -> None:
    figures = Figures(max_price=1000).set(FAL, cost=cost)
    route = route_request(figures.request, figures.model, figures.compile_for, ON)
    assert refusal(route, FAL).message == message


# --- Strictness -------------------------------------------------------------------------------------------------------

STRICT = {"require_parameters": True}


@pytest.mark.parametrize(
    "body",
    [
        {"cfg_scale": 4.5, "seed": 4, "size": "1024x1024"},
        # Emulated: seven pictures in two calls, converted to a format fal does not make.
        {"n": 7, "output_format": "avif", "response_format": "b64_json"},
        # Superseded is no loss.
        {"size": "1024x1024", "aspect_ratio": "1:1"},
        # Approximated within tolerance, at Replicate: 3.7 % narrower.
        {"model": "replicate/flux.1-dev", "aspect_ratio": "4:3"},
        {"model": "replicate/flux.1-dev", "size": "1920x1080", "provider": {**STRICT, "tolerance": {"pixels": 2}}},
    ],
)
def test_strict_serves_what_is_honored_emulated_or_within_tolerance(body: dict[str, Any]) -> None:
    assert routed({"provider": STRICT, **body}).candidates


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"style": "vivid"}, "style", "style would be dropped (the provider has no such field here)"),
        ({"num_cats": 9}, "num_cats", "num_cats would be unverified (no catalog knows this name"),
        ({"size": "1920x1080"}, "size", "size would be approximated (1344x768 comes back"),
        ({"resolution": "4K"}, "resolution", "resolution would be approximated ("),
        ({"style": "x", "go_fast": True, "acceleration": "high"}, "style", "; acceleration would be dropped ("),
    ],
)
def test_strict_refuses_what_would_be_lost(body: dict[str, Any], param: str, words: str) -> None:
    route = routed({"model": "replicate/flux.1-dev", "provider": STRICT, **body})
    refused = refusal(route, "replicate/flux.1-dev")
    assert (refused.code, refused.param) == ("require-parameters", param)
    assert words in refused.message
    assert refused.message.startswith("provider.require_parameters is set, and ")


def test_strict_refuses_a_number_brought_into_range(tmp_path: Path) -> None:
    """The tolerance is of shape and pixels; there is none for guidance."""
    catalog = layered(tmp_path, "{provider: replicate, rules: {cfg_scale: {rename: guidance, clamp: true}}}")
    body = {**FLUX, "model": "replicate/flux.1-dev", "cfg_scale": 15}
    (candidate,) = catalog.route(body, date=ON).candidates
    assert candidate.adjustments[1].outcome is Outcome.APPROXIMATED
    refused = refusal(catalog.route({**body, "provider": STRICT}, date=ON), "replicate/flux.1-dev")
    assert (refused.code, refused.param) == ("require-parameters", "cfg_scale")


def test_strict_and_too_dear_are_both_told() -> None:
    route = routed({"style": "vivid", "provider": {**STRICT, "max_price": "0.01"}})
    told = [(one.endpoint, one.code) for one in route.refusals if one.endpoint == "fal/flux.1-dev"]
    assert told == [("fal/flux.1-dev", "max-price"), ("fal/flux.1-dev", "require-parameters")]


# --- Names nobody has -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "param", "words"),
    [
        (
            {"ignore": ["replicat"]},
            "provider.ignore",
            "There is no provider or endpoint 'replicat'. Did you mean 'replicate'?",
        ),
        ({"order": ["fal", "fal/flux.1-dve"]}, "provider.order", "Did you mean 'fal/flux.1-dev'?"),
        ({"only": ["zzz"]}, "provider.only", "There is no provider or endpoint 'zzz'. There are bfl, fal, replicate."),
    ],
)
def test_a_provider_nobody_has_is_the_callers_fault(provider: Any, param: str, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        routed({"provider": provider})
    assert caught.value.param == param
    assert words in str(caught.value)


def test_preferences_may_name_providers_of_other_models() -> None:
    names = ["bfl", "bfl/flux.2-flex", "fal/flux.1-dev"]
    assert routed({"provider": {"order": names, "ignore": ["bfl"]}}).candidates


# --- explain returns the whole route ----------------------------------------------------------------------------------


def test_explain_is_the_whole_route() -> None:
    body = {"size": "1920x1080", "n": 2}
    explained, route = CATALOGS["builtin"].explain({**FLUX, **body}, date=ON), routed(body)
    assert explained == explain_route(route)
    assert [one["endpoint"] for one in explained["candidates"]] == endpoints(route)
    for one in explained["candidates"]:
        assert one["calls"][0]["json"]
        assert [entry["parameter"] for entry in one["adjustments"]] == ["prompt", "size", "n"]
        assert one["expected"]["size"]
        assert one["cost"]["derivation"]
    assert [one["endpoint"] for one in explained["refusals"]] == ["fal/flux.1-dev-edit"]
    assert (explained["mode"], explained["nearest"]) == (Mode.TEXT_TO_IMAGE.value, [])


def layered(folder: Path, endpoint: str) -> Catalog:
    """The built-in catalog with one endpoint of FLUX.1 [dev] amended."""
    file = folder / "models" / "flux.1" / "flux.1-dev.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"endpoints: [{endpoint}]\n", encoding="utf-8")
    return Catalog.load(extends=[folder])
