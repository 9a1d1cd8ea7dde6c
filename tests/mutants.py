"""Mistakes that other gateways and SDKs really make, each planted by as small a change of this engine as will do.

`test_mutants.py` runs them, and says how to add one. Every mutant is wrong for the caller: what is sent, told, charged
or handed back is not what was asked. The peers are those of autumn 2026; a mistake may be mended there since, and
stays worth catching.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pentaprism import route
from pentaprism.compile import billing, forms, groups, interpreter, natives, writers
from pentaprism.compile.compiler import Compiler
from pentaprism.compile.converters import Crossing
from pentaprism.compile.counts import CountPlan
from pentaprism.compile.draft import Draft
from pentaprism.compile.output import OutputPlan
from pentaprism.compile.plan import Plan, build_plan
from pentaprism.exchange import replicate
from pentaprism.exchange.images import outputs
from pentaprism.prices import Usage, tariff
from pentaprism.prices.tariff import Tariff
from pentaprism.types import (
    AspectRatio,
    Behaviour,
    Cost,
    FormKind,
    GridCell,
    Mode,
    Outcome,
    Price,
    Size,
)
from strategies import images, sizes

__all__ = ["MUTANTS", "Mutant"]

Patch: TypeAlias = pytest.MonkeyPatch
Asks: TypeAlias = Mapping[str, SearchStrategy[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A mistake: who makes it and where that is seen, what plants it, and the law that must catch it.

    `on` is the catalog or the protocol on which that law is tried, where it is about several. `asks` are parameters,
    each with its values, that every request drawn for it sets; others come and go as always.
    """

    name: str
    peer: str
    seen: str
    plant: Callable[[Patch], None]
    law: str
    on: str
    asks: Asks

    def __str__(self) -> str:
        return self.name


MUTANTS: list[Mutant] = []

# What requests have to ask for so that some mistakes can be made at all. Few of these, as each has a control.
SEVERAL: Asks = {"n": st.integers(2, 10)}
SEVERAL_OF_A_SEED: Asks = {"n": st.integers(2, 10), "seed": st.integers(0, 999)}
A_SCALE: Asks = {"cfg_scale": st.floats(0, 25)}
A_SIZE: Asks = {"size": sizes()}
AN_EDIT: Asks = {"image": images()}
SEVERAL_IMAGES: Asks = {"image": st.lists(images(), min_size=2, max_size=3)}
A_WEBP: Asks = {"output_format": st.just("webp")}
BASE64: Asks = {"response_format": st.just("b64_json")}
THE_BEST_AS_BASE64: Asks = {"quality": st.just("high"), "response_format": st.just("b64_json")}


def mutant(
    peer: str, seen: str, *, law: str, on: str = "builtin", asks: Asks | None = None
) -> Callable[[Callable[[Patch], None]], None]:
    """Add a function that plants a mistake to the table, under its own name."""

    def add(plant: Callable[[Patch], None]) -> None:
        MUTANTS.append(Mutant(name=plant.__name__, peer=peer, seen=seen, plant=plant, law=law, on=on, asks=asks or {}))

    return add


def in_compile(patch: Patch, name: str, value: Any, *modules: str) -> None:
    """Replace a part in each module of `compile` that has imported it."""
    for module in modules:
        patch.setattr(f"pentaprism.compile.{module}.{name}", value)


def change_choices(patch: Patch, choose: Callable[..., Any]) -> None:
    """Choose otherwise what is sent for a size, also where a form takes the pixels as they are."""
    in_compile(patch, "choose", choose, "interpreter", "groups")
    patch.setattr(groups, "_pixels", lambda value: ("", 0, 0))


def leave_dropped_names_to_the_interpreter(patch: Patch) -> None:
    """Otherwise what is made of the rules would drop them as it should, and a mistake there would not show."""

    def leave(fields: dict[str, Any], told: dict[str, Any], value: Any) -> None:
        raise writers.Unusual

    patch.setattr(writers, "_dropping_writer", lambda name, why: leave)


def change_plans(patch: Patch, change: Callable[[Plan], Plan]) -> None:
    """Change what every endpoint's rules are made into."""
    patch.setattr("pentaprism.compile.compiler.build_plan", lambda *args: change(build_plan(*args)))


def add_constants(patch: Patch, constants: Callable[[Plan], dict[str, Any]]) -> None:
    """Send more with every request, wherever it does not set the same itself."""

    def change(plan: Plan) -> Plan:
        return plan._replace(spec=plan.spec._replace(constants={**constants(plan), **plan.spec.constants}))

    change_plans(patch, change)


# -- count and seed -----------------------------------------------------------------------------------------------


@mutant(
    "Portkey",
    "its interpreter clamps n to the maximum",
    law="test_law_5_count_conserved_over_fan_out",
    asks=SEVERAL_OF_A_SEED,
)
def clamp_n(patch: Patch) -> None:
    apply = CountPlan.apply

    def clamped(self: CountPlan, draft: Draft, values: Mapping[str, Any]) -> Any:
        return apply(self, draft, {**values, "n": min(values["n"], self.most)} if "n" in values else values)

    patch.setattr(CountPlan, "apply", clamped)


@mutant(
    "LiteLLM",
    "recraft v3: n is listed as supported and dropped",
    law="test_law_2_nothing_lost",
    asks=SEVERAL,
)
def say_n_was_sent(patch: Patch) -> None:
    note = CountPlan._note_count

    def forgetful(self: CountPlan, draft: Draft, n: int, counts: list[int]) -> None:
        note(self, draft, n, counts)
        draft.fields.pop(str(self.field), None)

    patch.setattr(CountPlan, "_note_count", forgetful)


@mutant(
    "Vercel AI SDK",
    "Replicate: maxImagesPerCall of FLUX.2 is 8, the most input images",
    law="test_law_5_count_conserved_over_fan_out",
    asks=SEVERAL_OF_A_SEED,
)
def take_inputs_for_outputs(patch: Patch) -> None:
    change_plans(patch, lambda plan: plan._replace(counts=plan.counts._replace(most=8)))


@mutant(
    "Vercel AI SDK",
    "a split n sends the same seed in each call",
    law="test_law_5_count_conserved_over_fan_out",
    asks=SEVERAL_OF_A_SEED,
)
def share_the_seed(patch: Patch) -> None:
    patch.setattr(CountPlan, "_seeds", staticmethod(lambda crossing, seed, counts: [seed] * len(counts)))


@mutant(
    "Vercel AI SDK",
    "the same, while each call has a seed of its own on record",
    law="test_law_5_count_conserved_over_fan_out",
    asks=SEVERAL_OF_A_SEED,
)
def forget_the_seed_of_each_call(patch: Patch) -> None:
    leaves = CountPlan.leaves
    patch.setattr(CountPlan, "leaves", lambda self, count, seed, fields: leaves(self, count, None, fields))


@mutant("Portkey", "Segmind: the seed's default is drawn when the module loads", law="test_law_3_nothing_invented")
def invent_a_seed(patch: Patch) -> None:
    add_constants(patch, lambda plan: {"seed": 483_920_113})


@mutant(
    "no one by name",
    "a field is written though it has no value",
    law="test_law_9_bodies_survive_json_and_storage",
    asks=SEVERAL,
)
def leave_none_in_the_body(patch: Patch) -> None:
    leaves = CountPlan.leaves

    def hollow(self: CountPlan, count: int, seed: int | None, fields: Mapping[str, Any]) -> dict[str, Any]:
        unset = {} if self.seed is None else {self.seed.path: seed}
        return {**unset, **leaves(self, count, seed, fields)}

    patch.setattr(CountPlan, "leaves", hollow)


# -- parameters of every kind -------------------------------------------------------------------------------------


@mutant("Portkey", "what a provider's table does not name is not sent, nor told", law="test_law_2_nothing_lost")
def drop_silently(patch: Patch) -> None:
    in_compile(patch, "write_unsupported", lambda plan, draft, name, value: None, "interpreter", "writers")


@mutant(
    "Hugging Face", "nscale: cfg_scale and num_inference_steps are popped", law="test_law_2_nothing_lost", asks=A_SCALE
)
def pop_what_could_be_sent(patch: Patch) -> None:
    popped = {"cfg_scale", "num_inference_steps"}

    def change(plan: Plan) -> Plan:
        return plan._replace(crossings={name: one for name, one in plan.crossings.items() if name not in popped})

    change_plans(patch, change)


@mutant("ImageRouter", "zod strips the names it does not know", law="test_law_2_nothing_lost")
def strip_unknown_names(patch: Patch) -> None:
    patch.setattr(natives, "_drop", lambda draft, name, value, why: None)
    leave_dropped_names_to_the_interpreter(patch)


@mutant(
    "Portkey",
    "numbers are clamped to min and max without a word",
    law="test_law_2_what_is_honored_is_what_was_asked",
    asks=A_SCALE,
)
def clamp_numbers(patch: Patch) -> None:
    apply = Crossing.apply

    def clamped(self: Crossing, draft: Draft, value: Any) -> None:
        low, high = self.bounds
        if isinstance(value, (int, float)) and low is not None and high is not None:
            value = min(max(value, low), high)
        apply(self, draft, value)

    patch.setattr(Crossing, "apply", clamped)


@mutant(
    "Portkey",
    "a table's default is sent where the caller sets nothing",
    law="test_law_4_removing_a_group_removes_its_leaves",
    asks=A_SCALE,
)
def send_defaults(patch: Patch) -> None:
    def defaults(plan: Plan) -> dict[str, Any]:
        schemas = {crossing.path: crossing.schema for crossing in plan.crossings.values()}
        return {path: schema["default"] for path, schema in schemas.items() if "default" in schema}

    add_constants(patch, defaults)


@mutant(
    "new-api",
    "Replicate: quality high becomes prompt_upsampling",
    law="test_law_3_nothing_invented",
    asks=THE_BEST_AS_BASE64,
)
def upsample_for_quality(patch: Patch) -> None:
    write = interpreter.write_unsupported

    def upsampled(plan: Plan, draft: Draft, name: str, value: Any) -> None:
        write(plan, draft, name, value)
        if name == "quality" and value == "high":
            draft.fields["prompt_upsampling"] = True

    in_compile(patch, "write_unsupported", upsampled, "interpreter", "writers")


@mutant("Vercel AI SDK", "fal: image_size to nano-banana", law="test_law_13_every_body_validates_against_the_contract")
def send_what_another_endpoint_has(patch: Patch) -> None:
    drop = natives._drop

    def hopeful(draft: Draft, name: str, value: Any, why: str) -> None:
        drop(draft, name, value, why)
        draft.fields[name] = value

    patch.setattr(natives, "_drop", hopeful)
    leave_dropped_names_to_the_interpreter(patch)


# -- sizes --------------------------------------------------------------------------------------------------------


@mutant("LiteLLM", "Vertex: .get(size, '1:1')", law="test_law_6_the_choice_for_a_shape_is_brute_force")
def fall_back_to_a_square(patch: Patch) -> None:
    def listed_or_square(cells: Sequence[GridCell], ratio: AspectRatio) -> GridCell:
        listed = [cell for cell in cells if cell.ratio is not None and cell.ratio.value == ratio.value]
        squares = [cell for cell in cells if cell.real.width == cell.real.height]
        return (listed or squares or list(cells))[0]

    patch.setattr(forms, "nearest_shape", listed_or_square)


@mutant(
    "Vercel AI SDK",
    "fal: ratios that are not listed are dropped",
    law="test_law_6_the_choice_for_a_shape_is_brute_force",
)
def drop_unlisted_ratios(patch: Patch) -> None:
    choose_grid = forms._choose_grid

    def listed(form: Any, wish: Any, *rest: Any) -> Any:
        known = [cell.ratio for cell in form.cells]
        return choose_grid(form, wish, *rest) if wish.ratio is None or wish.ratio in known else None

    patch.setitem(forms._CHOOSERS, FormKind.GRID, listed)


@mutant(
    "LiteLLM",
    "fal: 1792x1024 becomes landscape_16_9, 1024x576",
    law="test_law_6_pixels_an_endpoint_returns_are_returned_for_them",
)
def look_at_the_shape_alone(patch: Patch) -> None:
    def same_shape(cells: Sequence[GridCell], size: Size) -> GridCell:
        return min(cells, key=lambda cell: (round(abs(cell.real.shape - size.shape), 1), cell.real.pixels))

    patch.setattr(forms, "nearest_cell", same_shape)


@mutant(
    "Portkey",
    "width and height are clamped one by one",
    law="test_law_6_the_choice_for_pixels_is_brute_force",
    on="wide",
)
def clamp_each_side_alone(patch: Patch) -> None:
    def clamp(width: float, height: float, form: Any) -> Size:
        low, high = form.side or (1, 65_535)
        return Size(*(min(max(round(side / form.step) * form.step, low), high) for side in (width, height)))

    patch.setattr(forms, "fit", clamp)


@mutant(
    "no one by name",
    "Python's round, which makes 886 of 886.5",
    law="test_nominal_is_the_formula",
)
def round_half_to_even(patch: Patch) -> None:
    def rounded(shape: Any, area: int) -> Size:
        height = max(1, round((area / shape) ** 0.5))
        return Size(max(1, round(height * shape)), height)

    patch.setattr("pentaprism.sizes.nominal", rounded)
    patch.setattr(forms, "nominal", rounded)


@mutant(
    "no one by name", "1024x1024 where only a ratio is set", law="test_law_6_a_shape_at_free_pixels_is_its_nominal_size"
)
def take_1024_for_any_ratio(patch: Patch) -> None:
    patch.setattr(forms, "_target", lambda wish, default: Size(1024, 1024))


@mutant(
    "Lumenfall",
    "1183x887 for 4:3 at 1K, 745 pixels over a megapixel",
    law="test_law_6_no_shape_of_a_tier_costs_more_than_its_square",
)
def pay_for_a_second_megapixel(patch: Patch) -> None:
    patch.setattr(forms, "shorten", lambda size, area, form: size)


@mutant(
    "LiteLLM",
    "fal: ladders of `elif`, in which the first that fits wins",
    law="test_law_6_the_order_of_forms_and_cells_decides_nothing",
)
def take_the_first_form(patch: Patch) -> None:
    patch.setattr(forms, "preferred", lambda asked, options: 0)


@mutant(
    "Vercel AI SDK",
    "Replicate: size is sent verbatim to every model",
    law="test_law_13_every_body_validates_against_the_contract",
    asks=A_SIZE,
)
def send_size_verbatim(patch: Patch) -> None:
    choose = forms.choose

    def verbatim(spec: Any, wish: Any, default: Any, **more: Any) -> Any:
        choice = choose(spec, wish, default, **more)
        return choice._replace(sends={"size": str(wish.size)}) if choice and wish.size else choice

    change_choices(patch, verbatim)


@mutant(
    "LiteLLM",
    "BFL and Gemini: size is dropped without a word",
    law="test_law_2_nothing_lost",
)
def drop_size_silently(patch: Patch) -> None:
    change_choices(patch, lambda *args, **more: None)
    in_compile(patch, "tell_size", lambda *args: None, "interpreter", "groups")


# -- images -------------------------------------------------------------------------------------------------------


@mutant(
    "Bifrost",
    "Replicate: the default key of an edit is input_images",
    law="test_law_13_every_body_validates_against_the_contract",
    asks=AN_EDIT,
)
def send_the_image_under_one_key_for_all(patch: Patch) -> None:
    leaves = Crossing.leaves

    def misnamed(self: Crossing, value: Any) -> dict[str, Any]:
        sent = leaves(self, value)
        return {"input_images": list(value)} if self.rule.parameter == "image" else sent

    patch.setattr(Crossing, "leaves", misnamed)


@mutant(
    "Hugging Face",
    "Replicate: the picture goes out under four keys at once",
    law="test_law_13_every_body_validates_against_the_contract",
    asks=AN_EDIT,
)
def send_the_image_under_every_key(patch: Patch) -> None:
    leaves = Crossing.leaves

    def scattered(self: Crossing, value: Any) -> dict[str, Any]:
        sent = leaves(self, value)
        if self.rule.parameter == "image":
            sent.update(dict.fromkeys(("image", "images", "input_image", "input_images"), value[0]))
        return sent

    patch.setattr(Crossing, "leaves", scattered)


@mutant(
    "Bifrost",
    "most FLUX models: only the first of several input images",
    law="test_law_2_what_is_honored_is_what_was_asked",
    asks=SEVERAL_IMAGES,
    on="wide",
)
def send_the_first_image_only(patch: Patch) -> None:
    leaves = Crossing.leaves

    def first(self: Crossing, value: Any) -> dict[str, Any]:
        return leaves(self, value[:1] if self.rule.parameter == "image" else value)

    patch.setattr(Crossing, "leaves", first)


@mutant(
    "Vercel AI SDK",
    "fal: image_url to fal-ai/flux/dev",
    law="test_law_13_every_body_validates_against_the_contract",
    asks=AN_EDIT,
)
def send_an_edit_to_a_text_endpoint(patch: Patch) -> None:
    compile_for, write = Compiler.compile, interpreter.write_images

    def any_mode(self: Compiler, request: Any, endpoint: Any, on: Any) -> Any:
        if request.mode not in endpoint.modes and Mode.TEXT_TO_IMAGE in endpoint.modes:
            request = request._replace(mode=Mode.TEXT_TO_IMAGE)
        return compile_for(self, request, endpoint, on)

    def any_endpoint(plan: Plan, draft: Draft, leaves: Any) -> None:
        if "image" in plan.crossings:
            write(plan, draft, leaves)
        else:
            sent = {"image_url": leaves[0]}
            draft.fields.update(sent)
            draft.adjust("image", leaves, sent, Behaviour.CONVERTED, Outcome.HONORED, "sent as image_url")

    # Every route compiles by this, and it leaves to the interpreter what has an image where none is taken.
    patch.setattr(Compiler, "compile", any_mode)
    patch.setattr(interpreter, "write_images", any_endpoint)
    # Where it is refused for another reason, what would help is not looked for: there is no such mode to look in.
    patch.setattr("pentaprism.api.nearest_requests", lambda *args: ())


# -- formats and delivery -----------------------------------------------------------------------------------------


@mutant(
    "LiteLLM",
    "fal: response_format b64_json becomes output_format jpeg",
    law="test_law_3_nothing_invented",
    asks=THE_BEST_AS_BASE64,
)
def take_base64_for_jpeg(patch: Patch) -> None:
    deliver = OutputPlan._deliver

    def confused(self: OutputPlan, draft: Draft, asked: str | None) -> str:
        if asked == "b64_json" and self.field is not None:
            draft.fields[self.field] = self.native.get("jpeg", "jpeg")
        return deliver(self, draft, asked)

    patch.setattr(OutputPlan, "_deliver", confused)


@mutant(
    "LiteLLM",
    "aiml: output_format b64_json",
    law="test_law_13_every_body_validates_against_the_contract",
    asks=BASE64,
)
def take_base64_for_a_file_format(patch: Patch) -> None:
    deliver = OutputPlan._deliver

    def confused(self: OutputPlan, draft: Draft, asked: str | None) -> str:
        if asked == "b64_json" and self.field is not None:
            draft.fields[self.field] = asked
        return deliver(self, draft, asked)

    patch.setattr(OutputPlan, "_deliver", confused)


@mutant(
    "LiteLLM",
    "fal: b64_json is asked for and a link comes back",
    law="test_law_2_what_is_honored_is_what_was_asked",
    asks=BASE64,
)
def always_deliver_links(patch: Patch) -> None:
    deliver = OutputPlan._deliver

    def link(self: OutputPlan, draft: Draft, asked: str | None) -> str:
        deliver(self, draft, asked)
        return "url"

    patch.setattr(OutputPlan, "_deliver", link)


@mutant(
    "LiteLLM",
    "fal: output_format webp where the type is jpeg or png",
    law="test_law_13_every_body_validates_against_the_contract",
    asks=A_WEBP,
)
def send_any_format(patch: Patch) -> None:
    def send(self: OutputPlan, draft: Draft, asked: str, transparent: bool) -> None:
        draft.fields[str(self.field)] = asked
        sent = {str(self.field): asked}
        draft.adjust("output_format", asked, sent, self.format_rule.behaviour, Outcome.HONORED, "sent as it is")

    patch.setattr(OutputPlan, "_offers", lambda self, format: format is not None)
    patch.setattr(OutputPlan, "_ask_format", send)


# -- cost ---------------------------------------------------------------------------------------------------------


@mutant(
    "LiteLLM",
    "#10221, #26863: the cost of a model without a price is 0",
    law="test_law_8_cost_is_decimal_and_never_negative",
    on="drawn",
)
def take_unknown_for_free(patch: Patch) -> None:
    general_cost = Tariff.general_cost

    def free(self: Tariff, usage: Usage) -> Cost:
        cost = general_cost(self, usage)
        return cost if cost.high is not None or cost.low is not None else cost._replace(low=Decimal(0), high=Decimal(0))

    patch.setattr(Tariff, "general_cost", free)


@mutant(
    "Vercel AI SDK",
    "#12796: the cost of a split n is that of the last call",
    law="test_law_8_n_pictures_cost_n_times_one",
)
def charge_the_last_call_only(patch: Patch) -> None:
    price_fields = billing.price_fields

    def last(plan: Plan, fields: Any, count: int, *rest: Any) -> Cost:
        return price_fields(plan, fields, (count - 1) % plan.counts.most + 1, *rest)

    in_compile(patch, "price_fields", last, "interpreter", "specialised")


@mutant(
    "LiteLLM",
    "prices have no date: what is due next year is charged today",
    law="test_law_8_a_later_price_changes_nothing_before_its_day",
)
def charge_prices_of_tomorrow(patch: Patch) -> None:
    def undated(prices: Sequence[Price], on: Any) -> Tariff:
        return tariff(prices, max([on, *(price.start for price in prices)]))

    patch.setattr("pentaprism.compile.plan.tariff", undated)


@mutant(
    "LiteLLM",
    "#10335: a quality that is auto is charged as one of them",
    law="test_an_interval_holds_the_cost_of_every_value",
)
def charge_auto_as_the_cheapest(patch: Patch) -> None:
    general_cost = Tariff.general_cost

    def cheapest(self: Tariff, usage: Usage) -> Cost:
        cost = general_cost(self, usage)
        return cost if cost.low is None else cost._replace(high=cost.low)

    patch.setattr(Tariff, "general_cost", cheapest)


@mutant("fal", "its price text counts a million pixels as a megapixel", law="test_a_row_bills_what_the_format_says")
def count_megapixels_by_the_million(patch: Patch) -> None:
    patch.setattr("pentaprism.prices.bill.PER_PIXEL", Decimal("0.000001"))
    patch.setattr("pentaprism.prices.single_rate.MEGAPIXEL", 1_000_000)


# -- routes -------------------------------------------------------------------------------------------------------


@mutant("LiteLLM", "Router: simple-shuffle", law="test_law_1_total_and_deterministic", on="drawn")
def shuffle(patch: Patch) -> None:
    patch.setattr(route, "_ranking", lambda preferences, observed: lambda one: random.random())


@mutant(
    "LiteLLM",
    "Router: the cheapest, whatever it leaves out",
    law="test_law_12_the_winner_is_minimal_and_nobody_is_forgotten",
    on="wide",
    asks=A_SIZE,
)
def rank_by_price_alone(patch: Patch) -> None:
    patch.setattr(route, "_ranking", lambda preferences, observed: lambda one: (one.cost.high or 0, one.endpoint))


@mutant(
    "Vercel AI SDK",
    "#17110: the guard against a ratio that is not supported tests another variable",
    law="test_law_7_strict_is_a_subset_of_lenient",
)
def let_strict_requests_lose(patch: Patch) -> None:
    patch.setattr(route, "_too_far", lambda compiled, request: [])


# -- replies ------------------------------------------------------------------------------------------------------


@mutant(
    "no one by name",
    "pictures in the order in which they arrived",
    law="test_law_10_k_pictures_come_back_in_order",
    on="fal",
)
def reverse_the_pictures(patch: Patch) -> None:
    patch.setattr("pentaprism.exchange.fal.outputs", lambda *args: outputs(*args)[::-1])


@mutant(
    "Hugging Face", "the first picture of a reply, output[0]", law="test_law_10_k_pictures_come_back_in_order", on="fal"
)
def keep_the_first_picture(patch: Patch) -> None:
    patch.setattr("pentaprism.exchange.fal.outputs", lambda *args: outputs(*args)[:1])


@mutant(
    "Vercel AI SDK",
    "Replicate, #11284: nobody asks again once the wait of 60 s is over",
    law="test_law_10_k_pictures_come_back_in_order",
    on="replicate",
)
def take_a_growing_list_for_the_whole(patch: Patch) -> None:
    read = replicate._read

    def impatient(job: Any, prediction: Mapping[str, Any]) -> Any:
        return replicate._result(job, prediction) if prediction.get("output") else read(job, prediction)

    patch.setattr(replicate, "_read", impatient)
