"""What a caller could change where nothing serves: the goldens of `nearest.yaml`, and what holds for every proposal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from goldens import ON, opened_request
from one_endpoint import catalog_with
from pentaprism import Catalog, Change, CompiledRequest, Nearest, NoEndpointError, RequestError, Route
from pentaprism.explain import explain_nearest, explain_route, nearest_line, require_candidate
from pentaprism.nearest import MOST_COMPILES, nearest_requests
from pentaprism.route import serve
from pentaprism.types import Endpoint, ImageRequest
from pictures import opened
from strategies import requests

HERE = Path(__file__).parent
GOLDENS: dict[str, Any] = yaml.safe_load((HERE / "nearest.yaml").read_text(encoding="utf-8"))
CATALOGS = {"builtin": Catalog.load(), "wide": Catalog.load(extends=[HERE / "format"])}
WIDE = CATALOGS["wide"]
every_catalog = pytest.mark.parametrize("which", CATALOGS)


def routed(body: Mapping[str, Any], catalog: Catalog = WIDE) -> Route:
    return catalog.route(opened_request({"prompt": "a cat", **body}), date=ON)


@pytest.mark.parametrize("name", GOLDENS)
def test_the_nearest_are_these(name: str) -> None:
    route = routed(GOLDENS[name]["request"])
    assert route.candidates == ()
    assert [nearest_line(explain_nearest(one)) for one in route.nearest] == GOLDENS[name]["nearest"]


# --- what holds for every proposal ------------------------------------------------------------------------------------


def _overlays(catalog: Catalog) -> st.SearchStrategy[dict[str, Any]]:
    """What makes endpoints refuse: values out of range, misspelt or of another kind, too many pictures, bounds."""
    return st.fixed_dictionaries(
        {},
        optional={
            "cfg_scale": st.sampled_from([-3, 10.5, 21, 400]),
            "num_inference_steps": st.integers(51, 900),
            "strength": st.just(0),
            "quality": st.just("auto"),
            "acceleration": st.sampled_from(["none", "hihg", 7]),
            "go_fast": st.sampled_from(["true", 3, True]),
            "megapixels": st.sampled_from([1, "0.3", "0.25"]),
            "image_size": st.sampled_from([{"width": 640}, {"width": 0, "height": 90_000}, "landscape", "square_hd"]),
            "width": st.integers(1, 9000),
            "height": st.integers(1, 9000),
            "rendering_speed": st.sampled_from(["SLOW", "turbo"]),
            "generationConfig": st.sampled_from(
                [{"seed": 4, "colour": "red"}, {"imageConfig": {"aspectRatio": "1:8"}}, {"candidateCount": "2"}]
            ),
            "safety_tolerance": st.sampled_from([99, "3"]),
            "webhook": st.just("https://example.com"),
            "n": st.integers(1, 4),
            "image": st.lists(st.sampled_from(["64x64", "640x480"]).map(opened), min_size=1, max_size=4),
            "provider": st.fixed_dictionaries(
                {}, optional={"require_parameters": st.just(True), "max_price": st.sampled_from([0, 0.01, "0.06"])}
            ),
        },
    )


@st.composite
def refused(draw: st.DrawFn, which: str) -> tuple[dict[str, Any], Route]:
    """A request that no endpoint serves, and its route."""
    catalog = CATALOGS[which]
    body = {**draw(requests(catalog)), **draw(_overlays(catalog))}
    try:
        route = catalog.route(body, date=ON)
    except RequestError:
        assume(False)
    assume(not route.candidates)
    return body, route


def changed(body: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """A body as a caller would change it; that another endpoint is better is no reason against this one."""
    new = {**body, "provider": {**body.get("provider", {}), "allow_fallbacks": True}}
    for change in changes:
        *parents, last = change.parameter.split(".")
        node = new
        for name in parents:
            node[name] = dict(node[name])
            node = node[name]
        if change.after is None:
            del node[last]
        else:
            node[last] = list(change.after) if isinstance(change.after, tuple) else change.after
    return new


@every_catalog
@given(st.data())
def test_what_is_proposed_is_served(which: str, data: st.DataObject) -> None:
    """The caller's own body with the changes in it, read and routed anew, compiles to what was promised."""
    body, route = data.draw(refused(which))
    for one in route.nearest:
        again = CATALOGS[which].route(changed(body, one.changes), date=ON)
        found = {candidate.endpoint: candidate for candidate in again.candidates}
        assert found[one.compiled.endpoint] == one.compiled


@every_catalog
@given(st.data())
def test_every_change_is_needed(which: str, data: st.DataObject) -> None:
    """With one of the changes undone, the endpoint refuses again."""
    body, route = data.draw(refused(which))
    for one in route.nearest:
        for undone in one.changes:
            rest = [change for change in one.changes if change is not undone]
            again = CATALOGS[which].route(changed(body, rest), date=ON)
            assert one.compiled.endpoint not in {candidate.endpoint for candidate in again.candidates}, undone


@every_catalog
@given(st.data())
def test_a_change_tells_what_was_asked(which: str, data: st.DataObject) -> None:
    """`before` is what the caller wrote; a change changes; no place is changed twice."""
    body, route = data.draw(refused(which))
    for one in route.nearest:
        names = [change.parameter for change in one.changes]
        assert len(set(names)) == len(names)
        for change in one.changes:
            assert change.why
            assert (type(change.before), change.before) != (type(change.after), change.after)
            node: Any = body
            for part in change.parameter.split("."):
                node = node[part]
            if change.parameter == "provider.max_price":
                node = Decimal(str(node))
            if change.parameter != "image":
                assert change.before == node


@every_catalog
@given(st.data())
def test_the_least_to_change_comes_first(which: str, data: st.DataObject) -> None:
    _, route = data.draw(refused(which))
    counts = [len(one.changes) for one in route.nearest]
    assert counts == sorted(counts)
    assert len({one.compiled.endpoint for one in route.nearest}) == len(route.nearest)


@every_catalog
@given(st.data())
def test_nothing_is_proposed_that_the_caller_struck_out(which: str, data: st.DataObject) -> None:
    _, route = data.draw(refused(which))
    final = {one.endpoint for one in route.refusals if one.code in ("mode", "filtered", "no-credential")}
    assert final.isdisjoint(one.compiled.endpoint for one in route.nearest)
    assert all(one.compiled.mode is route.request.mode for one in route.nearest)


@every_catalog
@given(st.data())
def test_the_work_is_bounded_and_the_answer_always_the_same(which: str, data: st.DataObject) -> None:
    _, route = data.draw(refused(which))
    catalog = CATALOGS[which]
    compiles: dict[str, int] = {}

    def counting(request: ImageRequest, endpoint: Endpoint) -> CompiledRequest:
        compiles[endpoint.key] = compiles.get(endpoint.key, 0) + 1
        return serve(request, endpoint, ON, lambda one, at, on: catalog.compile(one, at.key, date=on))

    model = catalog.models[route.model]
    assert nearest_requests(route, model, counting, catalog.parameters) == route.nearest
    # Each remedy once; the price, where it is one; and each change that was found once more without it.
    assert max(compiles.values(), default=0) <= 2 * MOST_COMPILES + 1


def test_what_the_request_does_not_say_is_not_made_up() -> None:
    """A field that the provider needs and the caller has not given has no nearest value."""
    catalog = catalog_with({"mood": {"type": "string"}}, required=["mood"])
    route = catalog.route({"model": "alpha", "prompt": "a cat"}, date=ON)
    assert [(one.param, one.code) for one in route.refusals] == [("mood", "required")]
    assert (route.candidates, route.nearest) == ((), ())


def test_a_change_that_a_later_one_makes_needless_is_not_proposed() -> None:
    """`style_type` disagrees with a style that must go anyway."""
    (nearest,) = routed({"model": "ideogram/ideogram-v3", "style": "", "style_type": "AUTO"}).nearest
    assert [change.parameter for change in nearest.changes] == ["style"]


def test_a_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"model": "fal/flux.1-dev", "cfg_scale": 21, "steps": 60}
    assert len(routed(body).nearest[0].changes) == 2
    monkeypatch.setattr("pentaprism.nearest.search.MOST_COMPILES", 1)
    assert routed(body).nearest == ()


def test_nothing_is_searched_where_something_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("pentaprism.api.nearest_requests")
    assert routed({"model": "flux.1-dev"}).nearest == ()
    with pytest.raises(NameError):
        routed({"model": "flux.1-dev", "cfg_scale": 21})


# --- rules that write a value in another way --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "asked", "change"),
    [
        # Read back from the wire: at least 1 there is 0.02 here.
        (
            "strength: {convert: scale, from: [0, 1], into: [0, 50], to: guidance_scale}",
            {"strength": 0},
            "strength 0 -> 0.02 (its smallest)",
        ),
        (
            "strength: {convert: invert, range: [0, 21], to: num_inference_steps}",
            {"strength": 0.5},
            "strength 0.5 -> 0 (it takes whole numbers)",
        ),
        # What a caller cannot write is not proposed.
        ("strength: {convert: invert, range: [0, 90], to: guidance_scale}", {"strength": 1}, "leave strength out (its"),
        (
            "style: {convert: values, to: acceleration, values: {vivid: high, natural: none}}",
            {"style": "vividd"},
            "style vividd -> vivid (it takes vivid or natural)",
        ),
        (
            "quality: {convert: values, to: acceleration, values: {low: none, high: high}}",
            {"quality": "medium"},
            "leave quality out (it takes low or high)",
        ),
        ("quality: {rename: acceleration}", {"quality": "low"}, "leave quality out (it takes high)"),
    ],
)
def test_a_value_is_proposed_as_a_caller_writes_it(tmp_path: Path, rule: str, asked: Any, change: str) -> None:
    catalog = _with_rule(tmp_path, rule)
    body = {"model": "fal/flux.1-dev", "image": "64x64", **asked}
    (nearest,) = routed(body, catalog).nearest
    assert nearest_line(explain_nearest(nearest)).startswith(f"fal/flux.1-dev-edit: {change}")
    catalog.compile(changed(opened_request({"prompt": "a cat", **body}), nearest.changes), "fal/flux.1-dev-edit")


def test_the_prompt_is_shortened_and_never_left_out(tmp_path: Path) -> None:
    catalog = _with_rule(tmp_path, "prompt: {passthrough: true}", "{prompt: {type: string, maxLength: 200}}")
    body = {"model": "fal/flux.1-dev", "image": "64x64", "prompt": "x" * 300}
    (nearest,) = routed(body, catalog).nearest
    told = "prompt <text of 300 characters> -> <text of 200 characters> (its longest)"
    assert told in nearest_line(explain_nearest(nearest))
    assert nearest.compiled.calls[0].json["prompt"] == "x" * 200
    never = _with_rule(tmp_path / "never", "prompt: {passthrough: true}", "{prompt: {type: string, minLength: 200}}")
    assert routed({**body, "prompt": "short"}, never).nearest == ()


def _with_rule(folder: Path, rule: str, narrow: str = "") -> Catalog:
    """The built-in catalog with a rule, and perhaps a narrower contract, for editing with FLUX.1 [dev] at fal."""
    file = folder / "models" / "flux.1" / "flux.1-dev.yaml"
    file.parent.mkdir(parents=True)
    narrowed = f", narrow: {narrow}" if narrow else ""
    endpoint = f"{{provider: fal, name: flux.1-dev-edit, rules: {{{rule}}}{narrowed}}}"
    file.write_text(f"endpoints: [{endpoint}]\n", encoding="utf-8")
    return Catalog.load(extends=[folder])


# --- the rank ---------------------------------------------------------------------------------------------------------


def ranked(refusing: Mapping[str, Any], **figures: Mapping[str, Any]) -> list[str]:
    """The providers proposed for a request, with other figures put into what each compiles to."""
    catalog = CATALOGS["builtin"]
    route = catalog.route({"model": "flux.2-flex", "prompt": "x", **refusing}, date=ON)

    def compile_for(request: ImageRequest, endpoint: Endpoint, on: date) -> CompiledRequest:
        compiled = catalog.compile(request, endpoint.key, date=on)
        return compiled._replace(**figures.get(endpoint.provider, {}))

    def serve_with(request: ImageRequest, endpoint: Endpoint) -> CompiledRequest:
        return serve(request, endpoint, ON, compile_for)

    found = nearest_requests(route, catalog.models["flux.2-flex"], serve_with, catalog.parameters)
    return [one.compiled.provider for one in found]


def test_of_as_many_changes_the_least_loss_comes_first_then_the_cost() -> None:
    strict = {"style": "vivid", "provider": {"require_parameters": True}}
    assert ranked(strict) == ["bfl", "fal", "replicate"]
    assert ranked(strict, bfl={"loss": (2, 0.0, 0.0)}) == ["fal", "replicate", "bfl"]
    assert ranked(strict, bfl={"loss": (1, 0.1, 0.0)}, fal={"loss": (1, 0.0, 0.1)}) == ["replicate", "fal", "bfl"]
    unknown = WIDE.route({"model": "gpt-image-2", "prompt": "x"}, date=ON).candidates[0].cost
    assert ranked(strict, bfl={"cost": unknown}) == ["fal", "replicate", "bfl"]


def test_what_is_left_out_counts_as_lost() -> None:
    """Of one change each, a number brought into range comes before a picture left out, whatever it costs."""
    body = {"model": "fal/flux.1-dev", "image": ["640x480", "64x64"]}
    (cut,) = routed(body).nearest
    (bent,) = routed({"model": "fal/flux.1-dev", "image": "640x480", "strength": 0}).nearest
    from pentaprism.nearest.search import _distance

    cheaper = cut._replace(compiled=cut.compiled._replace(cost=cut.compiled.cost._replace(high=Decimal(0))))
    assert sorted([cheaper, bent], key=_distance) == [bent, cheaper]


# --- where it is told -------------------------------------------------------------------------------------------------


def test_the_error_has_them_all_and_its_message_three() -> None:
    body = {"model": "flux.2-flex", "prompt": "x", "style": "vivid", "provider": {"require_parameters": True}}
    route = CATALOGS["builtin"].route(body, date=ON)
    route = route._replace(nearest=(*route.nearest, route.nearest[0]))
    with pytest.raises(NoEndpointError) as caught:
        require_candidate(route, CATALOGS["builtin"].models["flux.2-flex"])
    assert caught.value.nearest == route.nearest
    assert len(caught.value.nearest) == 4
    lines = str(caught.value).splitlines()
    assert len([line for line in lines if line.startswith("  Nearest: ")]) == 3


def test_the_message_names_what_was_struck_out_apart() -> None:
    with pytest.raises(NoEndpointError) as caught:
        require_candidate(
            routed({"model": "flux.1-dev", "cfg_scale": 21, "provider": {"ignore": ["fal"]}}), WIDE.models["flux.1-dev"]
        )
    assert str(caught.value).splitlines() == [
        "No endpoint of flux.1-dev can serve this request.",
        "  replicate/flux.1-dev: cfg_scale must be 0 to 10 here, not 21.",
        "  Not tried: fal/flux.1-dev: provider.ignore is fal.",
        "  Not tried: fal/flux.1-dev-edit: provider.ignore is fal.",
        "  Nearest: replicate/flux.1-dev: cfg_scale 21 -> 10 (its largest); "
        "gives 1 picture, 1024x1024 by default, webp; costs $0.025.",
    ]
    assert caught.value.param == "cfg_scale"


def test_where_all_are_struck_out_each_says_why() -> None:
    with pytest.raises(NoEndpointError) as caught:
        require_candidate(routed({"model": "flux.1-dev", "provider": {"only": ["bfl"]}}), WIDE.models["flux.1-dev"])
    assert "Not tried" not in str(caught.value)
    assert str(caught.value).count("provider.only is bfl.") == 3
    assert caught.value.nearest == ()


def test_a_mode_the_model_lacks_is_said_alone() -> None:
    route = routed({"model": "gpt-image-1.5", "image": "64x64"})
    with pytest.raises(NoEndpointError, match="does not do image-edit; it does text-to-image") as caught:
        require_candidate(route, WIDE.models["gpt-image-1.5"])
    assert (caught.value.param, caught.value.nearest) == ("model", ())


def test_as_data_a_proposal_is_complete() -> None:
    body = {"model": "flux.1-dev", "size": "1920x1080", "style": "x", "provider": {"require_parameters": True}}
    told = explain_route(routed(body))["nearest"]
    assert [one["endpoint"] for one in told] == ["fal/flux.1-dev", "replicate/flux.1-dev"]
    second = told[1]
    assert set(second) == {"endpoint", "provider", "verified", "changes", "adjustments", "expected", "cost"}
    assert second["changes"] == [
        {"parameter": "provider.require_parameters", "from": True, "to": False, "why": "best effort instead"}
    ]
    assert [(one["parameter"], one["outcome"]) for one in second["adjustments"]] == [
        ("size", "approximated"),
        ("style", "dropped"),
    ]
    assert "50% fewer pixels" in second["adjustments"][0]["why"]
    assert (second["expected"]["size"], second["cost"]["high"]) == ("1344x768", "0.025")


def test_long_text_and_pictures_are_described() -> None:
    changes = (Change("prompt", "x" * 5000, "x" * 4000, "its longest"),)
    (nearest,) = routed({"model": "replicate/flux.1-dev", "image": ["640x480", "64x64"]}).nearest
    (told,) = explain_nearest(Nearest(changes, nearest.compiled))["changes"]
    assert (told["from"], told["to"]) == ("<text of 5000 characters>", "<text of 4000 characters>")
    (told,) = explain_nearest(nearest)["changes"]
    assert told["to"] == ["<image 1: png 640x480, 1.9 kB>"]
    assert len(told["from"]) == 2
