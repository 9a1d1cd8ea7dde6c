"""Examples of formats, compression and delivery that small changes of compiling do not survive (`make mutation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pentaprism.compile.draft import Draft
from pentaprism.compile.output import OutputPlan, Ready, build_output
from pentaprism.types import Behaviour, Contract, Delivery, Outcome, Provenance, Provider, Rule


def output_plan(
    schema: Mapping[str, Any] | None = None,
    quality: Mapping[str, Any] | None = None,
    returns: str = "url",
    **options: Any,
) -> OutputPlan:
    """What an endpoint with a field `fmt` of this schema, and one `q` for the quality, can do about formats."""
    behaviour = Behaviour.CONVERTED
    verb = options.pop("verb", "rename")
    formats = options.pop("formats", None)
    native = {} if formats is None else {"native": {"formats": formats}}
    rules = {
        "output_format": Rule("output_format", behaviour, verb, None if schema is None else "fmt", options),
        "output_compression": Rule(
            "output_compression", Behaviour.RENAMED, "rename", None if quality is None else "q", native
        ),
        "response_format": Rule("response_format", Behaviour.EMULATED, "emulate"),
    }
    fields = {name: found for name, found in (("fmt", schema), ("q", quality)) if found is not None}
    provider = Provider(
        id="p",
        name="P",
        protocol="none",
        homepage="",
        auth_header="",
        auth_scheme=None,
        env="",
        method="POST",
        submit_url="",
        hosts=(),
        returns=returns,
    )
    contract = Contract({"properties": fields}, Provenance("a test", "2026-11-21", "page"))
    return build_output(rules, contract, provider)


def written(plan: OutputPlan, **values: Any) -> tuple[Ready, Draft]:
    draft = Draft("fal/x", {})
    return plan.apply(draft, values), draft


BYTES = "the provider returns the bytes"
NOT_LOSSY = "png has no lossy compression; ask for jpeg, webp or avif"
JPEG_OR_PNG = {"type": "string", "enum": ["jpeg", "png"], "default": "jpeg"}


def test_a_format_the_provider_has_is_sent() -> None:
    ready, draft = written(output_plan(JPEG_OR_PNG), output_format="png")
    assert ready == Ready(Delivery("png", False, None, "url"), "png")
    assert draft.fields == {"fmt": "png"}
    entry = draft.adjustments["output_format"]
    assert (entry.outcome, entry.why, dict(entry.sent)) == (Outcome.HONORED, "sent as fmt 'png'", {"fmt": "png"})
    ready, draft = written(output_plan(JPEG_OR_PNG))
    assert ready == Ready(Delivery(None, False, None, "url"), "jpeg")
    assert (draft.fields, draft.adjustments) == ({}, {})


def test_a_format_the_provider_lacks_is_made_of_the_best_it_has() -> None:
    ready, draft = written(output_plan(JPEG_OR_PNG), output_format="webp")
    assert ready == Ready(Delivery("webp", True, None, "url"), "png")
    assert draft.fields == {"fmt": "png"}
    entry = draft.adjustments["output_format"]
    assert (entry.outcome, entry.why) == (Outcome.EMULATED, "fetched as png and converted to webp afterwards")
    assert dict(entry.sent) == {"fmt": "png"}
    ready, draft = written(output_plan(JPEG_OR_PNG, via="jpeg"), output_format="webp")
    assert (ready.returned, draft.fields) == ("jpeg", {"fmt": "jpeg"})
    ready, draft = written(output_plan(), output_format="webp")
    assert ready == Ready(Delivery("webp", True, None, "url"), None)
    assert draft.adjustments["output_format"].why == (
        "fetched in the provider's default format and converted to webp afterwards"
    )
    ready, draft = written(output_plan(default="png"), output_format="webp")
    assert (ready.returned, draft.fields) == ("png", {})


def test_what_the_provider_returns_anyway_needs_nothing_sent() -> None:
    ready, draft = written(output_plan(default="png"), output_format="png")
    assert ready == Ready(Delivery("png", False, None, "url"), "png")
    entry = draft.adjustments["output_format"]
    assert (entry.outcome, entry.why, dict(entry.sent)) == (Outcome.HONORED, "what the provider returns anyway", {})


def test_formats_have_the_providers_spelling() -> None:
    plan = output_plan({"enum": ["jpg", "png"], "default": "jpg"}, values={"jpeg": "jpg", "png": "png", "webp": "webp"})
    assert (dict(plan.native), plan.default, plan.source) == ({"jpeg": "jpg", "png": "png"}, "jpeg", "png")
    plan = output_plan({"enum": ["jpg"]}, native={"values": {"jpeg": "jpg"}})
    assert (dict(plan.native), plan.default, plan.source) == ({"jpeg": "jpg"}, None, "jpeg")
    assert list(output_plan({"type": "string"}).native) == ["png", "webp", "jpeg", "avif", "gif"]
    assert list(output_plan({"type": "string"}, verb="passthrough").native) == ["png", "webp", "jpeg", "avif", "gif"]
    assert list(output_plan({"type": "string"}, verb="emulate").native) == []


def test_a_compression_goes_to_the_provider_where_it_takes_one() -> None:
    plan = output_plan(JPEG_OR_PNG, {"type": "integer", "minimum": 1, "maximum": 95})
    ready, draft = written(plan, output_compression=80)
    assert ready == Ready(Delivery(None, False, None, "url"), "jpeg")
    assert draft.fields == {"q": 80}
    entry = draft.adjustments["output_compression"]
    assert (entry.outcome, entry.behaviour, entry.why) == (Outcome.HONORED, Behaviour.RENAMED, "sent as q")
    assert dict(entry.sent) == {"q": 80}
    (refusal,) = written(plan, output_compression=96)[1].refusals
    assert (refusal.code, refusal.param) == ("out-of-range", "output_compression")
    assert refusal.message == "output_compression must be 1 to 95, not 96 here."


def test_a_compression_is_applied_here_where_the_provider_takes_none() -> None:
    ready, draft = written(output_plan(JPEG_OR_PNG), output_compression=80)
    assert ready == Ready(Delivery("jpeg", True, 80, "url"), "png")
    entry = draft.adjustments["output_compression"]
    why = "fetched as png and saved as jpeg at quality 80, so that it is compressed only once"
    why += ", on white where it is transparent"
    assert (entry.outcome, entry.behaviour, entry.why) == (Outcome.EMULATED, Behaviour.RENAMED, why)
    assert dict(entry.sent) == draft.fields == {"fmt": "png"}
    ready, draft = written(output_plan(JPEG_OR_PNG), output_compression=80, output_format="webp")
    assert ready == Ready(Delivery("webp", True, 80, "url"), "png")
    assert [dict(entry.sent) for entry in draft.adjustments.values()] == [{"fmt": "png"}, {}]
    only_webp = output_plan(JPEG_OR_PNG, {"type": "integer"}, formats=["webp"])
    assert written(only_webp, output_compression=80)[0] == Ready(Delivery("jpeg", True, 80, "url"), "png")


@pytest.mark.parametrize(
    ("plan", "values", "why"),
    [
        (
            output_plan(JPEG_OR_PNG),
            {"output_format": "png"},
            "png has no lossy compression; ask for jpeg, webp or avif",
        ),
        (
            output_plan(),
            {},
            "the provider does not say which format it returns by default; set output_format as well",
        ),
    ],
)
def test_a_compression_of_no_lossy_format_is_dropped(plan: OutputPlan, values: dict[str, Any], why: str) -> None:
    ready, draft = written(plan, output_compression=80, **values)
    entry = draft.adjustments["output_compression"]
    assert (entry.outcome, entry.why, dict(entry.sent)) == (Outcome.DROPPED, why, {})
    assert (entry.asked, entry.behaviour) == (80, Behaviour.RENAMED)
    assert (ready.delivery.transcode, ready.delivery.compression) == (False, None)


@pytest.mark.parametrize(
    ("returns", "asked", "outcome", "why"),
    [
        ("url", "url", Outcome.HONORED, "the provider returns a link"),
        ("b64_json", "b64_json", Outcome.HONORED, BYTES),
        ("url", "b64_json", Outcome.EMULATED, "the provider returns a link; it is turned into base64 on the way back"),
        (
            "b64_json",
            "url",
            Outcome.EMULATED,
            "the provider returns the bytes; it is turned into a link on the way back",
        ),
    ],
)
def test_a_delivery_is_told_as_what_happens(returns: str, asked: str, outcome: Outcome, why: str) -> None:
    ready, draft = written(output_plan(returns=returns), response_format=asked)
    entry = draft.adjustments["response_format"]
    assert (entry.outcome, entry.why, entry.behaviour) == (outcome, why, Behaviour.EMULATED)
    assert ready.delivery.response_format == asked
