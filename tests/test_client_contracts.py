"""Asking those who publish contracts whether what is stored still holds; twins stand in for them."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from replicate.client import Client as Replicate

from contract_cases import FLUX
from pentaprism import Catalog
from pentaprism.client import ProviderSettings, contracts
from pentaprism.client.contracts import CheckStatus, ContractCheck, check_contracts
from pentaprism.twins import Twins
from pentaprism.twins.openapi import fal_document, replicate_model
from twin_clients import settings_of


def checked(
    catalog: Catalog, settings: Mapping[str, ProviderSettings], *names: str, **more: Any
) -> list[ContractCheck]:
    return asyncio.run(check_contracts(catalog, names or None, settings=settings, **more))


def test_twins_publish_every_contract(catalog: Catalog, twins: Twins) -> None:
    checks = checked(catalog, settings_of(twins))
    assert [one.contract for one in checks] == list(catalog.documents.contracts)
    assert {one.status for one in checks} == {CheckStatus.SAME}
    assert all(one.endpoints and not one.notes for one in checks)
    # One document holds all of BFL's endpoints, and is asked for once.
    assert [one["path"] for one in twins.requests("bfl")] == ["/openapi.json"]


def test_replicates_sdk_reads_the_schema(twins: Twins) -> None:
    client = Replicate(api_token=twins.key, base_url=twins.bases["replicate"])
    try:
        version = client.models.get("black-forest-labs/flux-dev").latest_version
    finally:
        client._client.close()
    assert version is not None
    fields = version.openapi_schema["components"]["schemas"]["Input"]["properties"]
    assert fields["aspect_ratio"]["allOf"] == [{"$ref": "#/components/schemas/aspect_ratio"}]
    assert fields["prompt"]["x-order"] == 0


def test_twins_answer_for_what_they_have_to_whom_they_know(twins: Twins) -> None:
    with httpx.Client(verify=False) as client:
        place = "/api/openapi/queue/openapi.json?endpoint_id="
        assert client.get(twins.bases["fal"] + place + "fal-ai/flux/dev").json()["openapi"] == "3.0.4"
        assert client.get(twins.bases["fal"] + place + "no/such").status_code == 404
        model = twins.bases["replicate"] + "/v1/models/black-forest-labs/flux-dev"
        assert client.get(model).status_code == 401
        headers = {"authorization": f"Bearer {twins.key}"}
        assert client.get(model, headers=headers).json()["name"] == "flux-dev"
        assert client.get(f"{model}x", headers=headers).status_code == 404


def test_a_twin_told_to_drift_is_reported(catalog: Catalog) -> None:
    served = copy.deepcopy(catalog.documents.contracts[FLUX].data)
    served["properties"]["num_images"]["maximum"] = 2
    with Twins(catalog, ["fal"], drift={FLUX: served}) as twins:
        drifted, same, skipped = checked(
            catalog, settings_of(twins), FLUX, f"{FLUX}/image-to-image", "replicate/black-forest-labs/flux-dev"
        )
    assert drifted.status is CheckStatus.DRIFTED
    assert [(one.path, one.severity) for one in drifted.changes] == [("num_images", "break")]
    assert drifted.breaks == drifted.changes
    assert drifted.endpoints == ("fal/flux.1-dev",)
    assert same.status is CheckStatus.SAME
    assert (skipped.status, skipped.reason) == (CheckStatus.SKIPPED, "Replicate is not among the providers asked")
    assert catalog.documents.contracts[FLUX].data["properties"]["num_images"]["maximum"] == 4
    with pytest.raises(ValueError, match="no twin here publishes the contract 'fal/no/such'"):
        Twins(catalog, drift={"fal/no/such": {}})


def answering(replies: Mapping[str, Any]) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A network in which hosts answer with a status, a text or JSON."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        reply = replies[request.url.host]
        if isinstance(reply, int):
            return httpx.Response(reply)
        return httpx.Response(200, text=reply if isinstance(reply, str) else json.dumps(reply))

    return httpx.MockTransport(answer), seen


def test_keys_go_only_where_the_catalog_says(catalog: Catalog) -> None:
    dev = "replicate/black-forest-labs/flux-dev"
    model = replicate_model("black-forest-labs/flux-dev", catalog.documents.contracts[dev].data)
    document = fal_document("fal-ai/flux/dev", catalog.documents.contracts[FLUX].data)
    network, seen = answering({"api.replicate.com": model, "fal.ai": document})
    settings = {name: ProviderSettings(key=f"{name}-key") for name in catalog.providers}
    assert {one.status for one in checked(catalog, settings, FLUX, dev, transport=network)} == {CheckStatus.SAME}
    assert {str(one.url): one.headers.get("authorization") for one in seen} == {
        "https://fal.ai/api/openapi/queue/openapi.json?endpoint_id=fal-ai/flux/dev": None,
        "https://api.replicate.com/v1/models/black-forest-labs/flux-dev": "Bearer replicate-key",
    }
    assert {one.method for one in seen} == {"GET"}


def test_without_a_key_only_open_places_are_asked(catalog: Catalog) -> None:
    network, seen = answering({"fal.ai": 404})
    settings = {name: ProviderSettings() for name in catalog.providers}
    fal, replicate = checked(catalog, settings, FLUX, "replicate/black-forest-labs/flux-dev", transport=network)
    assert (fal.status, replicate.status) == (CheckStatus.FAILED, CheckStatus.SKIPPED)
    assert str(fal.reason).endswith("answers 404: it knows no such endpoint")
    assert "set REPLICATE_API_TOKEN" in str(replicate.reason)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (500, "failed", "answers 500"),
        (302, "failed", "answers 302"),
        ("<html>", "unreadable", "json-syntax"),
        ("\xff\xfe", "unreadable", "json-syntax"),
        ({"detail": "Not Found"}, "unreadable", "no-input-schema"),
    ],
)
def test_answers_that_hold_no_schema(catalog: Catalog, reply: Any, status: str, words: str) -> None:
    network, _ = answering({"fal.ai": reply})
    (one,) = checked(catalog, {"fal": ProviderSettings()}, FLUX, transport=network)
    assert one.status == status
    assert words in str(one.reason)
    assert one.to_dict()["status"] == status


def test_a_provider_that_publishes_nowhere_is_skipped(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "PUBLISHED", {})
    (one,) = checked(catalog, {"fal": ProviderSettings()}, FLUX)
    assert (one.status, one.reason) == (CheckStatus.SKIPPED, "fal is not known to publish its input schemas")
    (one,) = checked(catalog, {}, "nobody/x")
    assert (one.status, one.reason) == (CheckStatus.SKIPPED, "the catalog has no provider 'nobody'")
