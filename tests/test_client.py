"""The client against twins over real sockets: pictures as asked, failover only where it is free, every cost booked."""

from __future__ import annotations

import asyncio
import base64
import io
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image as PillowImage

from pentaprism import AsyncClient, Catalog, Client, Failure, NoEndpointError, ProviderError, RequestError
from pentaprism.client import Attempt, ProviderSettings, Resilience
from pentaprism.client.retries import RetryPolicy
from pentaprism.twins import Twins
from pentaprism.types import Cost
from pictures import picture

Settings = dict[str, ProviderSettings]


class Book:
    """A ledger that remembers what it was told, in order."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, Any]] = []

    def submitting(self, attempt: Attempt) -> None:
        self.entries.append(("submitting", attempt.compiled.endpoint, attempt.reserved.high))

    def accepted(self, attempt: Attempt, provider_request_id: str | None, detail: str | None) -> None:
        self.entries.append(("accepted", attempt.compiled.endpoint, provider_request_id))

    def settled(self, attempt: Attempt, cost: Cost) -> None:
        self.entries.append(("settled", attempt.compiled.endpoint, cost.high))

    def failed(self, attempt: Attempt, failure: Failure, message: str) -> None:
        self.entries.append(("failed", attempt.compiled.endpoint, failure))

    def spent(self) -> Decimal:
        return sum((amount for event, _, amount in self.entries if event == "settled"), Decimal(0))


def _pixels(content: bytes) -> tuple[str | None, tuple[int, int]]:
    with PillowImage.open(io.BytesIO(content)) as opened:
        opened.load()
        return opened.format, opened.size


def test_generate_at_the_best_endpoint(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        response = client.images.generate(
            model="flux.1-dev", prompt="x", size="1920x1080", n=2, output_format="webp", seed=7
        )
    assert response.executed.endpoint == "fal/flux.1-dev"
    assert [_pixels(image.content) for image in response.data] == [("WEBP", (1920, 1080))] * 2
    assert [image.receipt.verdicts["size"] for image in response.data] == ["honored", "honored"]
    assert response.data[0].url
    assert response.data[0].url.startswith("data:image/webp;base64,")
    assert response.data[0].seed == 7
    assert response.cost.high == twins.bill("fal") == Decimal("0.10")
    sent = [entry for entry in twins.requests("fal") if entry["method"] == "POST"]
    assert [entry["json"] for entry in sent] == [
        {
            "prompt": "x",
            "seed": 7,
            "image_size": {"width": 1920, "height": 1080},
            "output_format": "png",
            "num_images": 2,
        }
    ]
    assert twins.requests("replicate") == []


def test_an_untouched_picture_keeps_the_providers_link(catalog: Catalog, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        response = client.images.generate(model="flux.1-dev", prompt="x")
    assert response.data[0].url
    assert response.data[0].url.startswith(str(twin_settings["fal"].base_url))
    assert response.size == "1024x768"
    assert response.changes == ()


def test_base64(catalog: Catalog, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        image = client.images.generate(model="replicate/flux.1-dev", prompt="x", response_format="b64_json").data[0]
    assert image.url is None
    assert base64.b64decode(str(image.b64_json)) == image.content
    assert _pixels(image.content) == ("WEBP", (1024, 1024))


def test_fan_out_keeps_count_order_and_bill(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    book = Book()
    with Client(catalog, providers=twin_settings, ledger=book) as client:
        response = client.images.generate(model="flux.1-dev", prompt="x", n=7, seed=100, size="64x64")
    assert len(response.data) == 7
    assert [image.seed for image in response.data] == [100, None, None, None, 104, None, None]
    assert len({image.receipt.sha256 for image in response.data}) == 7
    assert response.cost.high == twins.bill("fal") == book.spent()
    events = [event for event, _, _ in book.entries]
    assert sorted(events) == ["accepted", "accepted", "settled", "settled", "submitting", "submitting"]


def test_edit_uploads_where_the_provider_wants_it(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        response = client.images.edit(model="flux.1-dev", prompt="a hat", image=picture(640, 480), strength=0.4)
    assert response.executed.endpoint == "replicate/flux.1-dev"
    assert response.size == "640x480"
    paths = [entry["path"] for entry in twins.requests("replicate") if entry["method"] == "POST"]
    assert paths == ["/v1/files", "/v1/models/black-forest-labs/flux-dev/predictions"]


def test_generate_and_edit_do_not_mix(catalog: Catalog, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        with pytest.raises(RequestError, match=r"call images\.edit"):
            client.images.generate(model="flux.1-dev", prompt="x", image=picture(8, 8))
        with pytest.raises(RequestError, match="image is required"):
            client.images.edit(model="flux.1-dev", prompt="x")


def test_a_provider_that_cannot_be_reached_costs_nothing_and_the_next_is_asked(
    catalog: Catalog, twins: Twins, twin_settings: Settings
) -> None:
    book = Book()
    twins.stop("fal")
    with Client(catalog, providers=twin_settings, ledger=book) as client:
        response = client.images.generate(model="flux.1-dev", prompt="x")
    assert [(record.endpoint, record.outcome) for record in response.attempts] == [
        ("fal/flux.1-dev", "not-sent"),
        ("replicate/flux.1-dev", "served"),
    ]
    assert [event for event, _, _ in book.entries] == ["submitting", "failed", "submitting", "accepted", "settled"]
    assert book.spent() == twins.bill("replicate") == Decimal("0.025")


def test_a_rejection_goes_to_the_next(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.fail_next("fal", "429")
    with Client(catalog, providers=twin_settings) as client:
        response = client.images.generate(model="flux.1-dev", prompt="x")
    assert [record.outcome for record in response.attempts] == ["rejected", "served"]
    assert twins.bill("fal") == 0


def test_an_ambiguous_failure_goes_nowhere(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    book = Book()
    twins.fail_next("replicate", "500-after")
    with Client(catalog, providers=twin_settings, ledger=book) as client, pytest.raises(ProviderError) as caught:
        client.images.generate(model="flux.1-dev", prompt="x", provider={"order": ["replicate"]})
    assert caught.value.failure is Failure.AMBIGUOUS
    assert twins.requests("fal") == []
    assert book.entries[-1] == ("failed", "replicate/flux.1-dev", Failure.AMBIGUOUS)


def test_moderation_is_not_asked_elsewhere(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.fail_next("fal", "moderation")
    with Client(catalog, providers=twin_settings) as client, pytest.raises(ProviderError) as caught:
        client.images.generate(model="flux.1-dev", prompt="x")
    assert (caught.value.failure, caught.value.code) == (Failure.REFUSED, "CONTENT_POLICY_VIOLATION")
    assert twins.requests("replicate") == []


def test_everybody_refuses(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.stop("fal")
    twins.stop("replicate")
    once = Resilience(retry=RetryPolicy(rounds=1))
    with Client(catalog, providers=twin_settings, resilience=once) as client, pytest.raises(ProviderError) as caught:
        client.images.generate(model="flux.1-dev", prompt="x")
    assert caught.value.code == "ALL_PROVIDERS_EXHAUSTED"
    assert [record.outcome for record in caught.value.attempts] == ["not-sent", "not-sent"]


def test_part_of_a_fan_out_is_delivered_and_the_rest_is_named(
    catalog: Catalog, twins: Twins, twin_settings: Settings
) -> None:
    twins.fail_next("fal", "429")
    with Client(catalog, providers=twin_settings) as client:
        response = client.images.generate(model="fal/flux.1-dev", prompt="x", n=5, size="64x64")
    assert len(response.data) in (1, 4)
    assert len(response.failures) == 1
    assert response.cost.high == twins.bill("fal")


def test_another_size_than_expected_is_on_the_receipt(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.fail_next("fal", "wrong-size")
    with Client(catalog, providers=twin_settings) as client:
        image = client.images.generate(model="flux.1-dev", prompt="x", size="640x640").data[0]
    assert image.receipt.verdicts["size"] == "mismatch"
    assert str(image.receipt.size) != "640x640"


def test_without_a_key_nothing_is_sent(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in catalog.providers.values():
        monkeypatch.delenv(provider.env, raising=False)
    with Client(catalog) as client, pytest.raises(NoEndpointError, match="there is no key for it here; set FAL_KEY"):
        client.images.generate(model="flux.1-dev", prompt="x")


def test_the_key_goes_nowhere_but_to_its_provider(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
        assert twins.key not in repr(client.asynchronous.settings)
    downloads = [entry for entry in twins.requests("fal") if entry["path"].startswith("/files/")]
    assert downloads
    assert all("authorization" not in entry["headers"] for entry in downloads)


def test_a_deadline_leaves_an_accepted_job_on_record(catalog: Catalog) -> None:
    book = Book()
    with Twins(catalog, polls=10_000) as twins:
        settings = {name: ProviderSettings(key=twins.key, base_url=base) for name, base in twins.bases.items()}
        client = Client(catalog, providers=settings, ledger=book, timeout=0.15)
        with client, pytest.raises(ProviderError) as caught:
            client.images.generate(model="fal/flux.1-dev", prompt="x")
    assert caught.value.failure is Failure.ACCEPTED
    assert caught.value.request_id
    assert book.entries[1] == ("accepted", "fal/flux.1-dev", caught.value.request_id)


def test_asynchronous_client(catalog: Catalog, twin_settings: Settings) -> None:
    async def both() -> list[str | None]:
        async with AsyncClient(catalog, providers=twin_settings) as client:
            one = client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
            two = client.images.edit(model="fal/flux.1-dev", prompt="x", image=picture(32, 16))
            return [response.size for response in await asyncio.gather(one, two)]

    assert asyncio.run(both()) == ["64x64", "32x16"]


def test_a_picture_from_an_unverified_endpoint_says_so(catalog: Catalog, twin_settings: Settings) -> None:
    with Client(catalog, providers=twin_settings) as client:
        unsure = client.images.generate(model="flux.1-kontext-dev", prompt="x", size="64x64")
        sure = client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
    assert unsure.executed.endpoint == "fal/flux.1-kontext-dev"
    assert (unsure.metadata["verified"], sure.metadata["verified"]) == (False, True)


def test_a_picture_the_provider_flagged_says_so(catalog: Catalog, twins: Twins, twin_settings: Settings) -> None:
    twins.fail_next("fal", "flagged")
    with Client(catalog, providers=twin_settings) as client:
        flagged = client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
        plain = client.images.generate(model="flux.1-dev", prompt="x", size="64x64")
    assert flagged.metadata["flagged"] == ["fal flagged picture 1 as unsafe, and may have blanked it"]
    assert plain.metadata["flagged"] == []


@pytest.mark.parametrize(("n", "came"), [(3, 2), (1, 0)])
def test_fewer_pictures_than_asked_are_named(
    catalog: Catalog, twins: Twins, twin_settings: Settings, n: int, came: int
) -> None:
    twins.fail_next("fal", "fewer")
    with Client(catalog, providers=twin_settings) as client:
        if came:
            response = client.images.generate(model="fal/flux.1-dev", prompt="x", size="64x64", n=n)
            assert len(response.data) == came
            assert response.failures == ("fal returned 2 of the 3 pictures it was asked for.",)
        else:
            with pytest.raises(ProviderError) as caught:
                client.images.generate(model="flux.1-dev", prompt="x", size="64x64", n=n)
            assert caught.value.failure is Failure.ACCEPTED
    assert twins.requests("replicate") == []
