"""`stream: true` with OpenAI's own SDK: each picture as it lands, the rest at the end, errors where they belong."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from gateways import Rig, gateway_rig, wait_until
from pentaprism import Catalog
from pentaprism.client import Resilience
from pentaprism.client.retries import RetryPolicy
from pentaprism.types import micros
from pictures import picture


@pytest.fixture
def rig(catalog: Catalog, tmp_path: Path) -> Iterator[Rig]:
    with gateway_rig(catalog, tmp_path, resilience=Resilience(retry=RetryPolicy(rounds=1))) as running:
        yield running


@pytest.fixture
def client(rig: Rig) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{rig.base}/openai/v1", api_key="any", max_retries=0) as opened:
        yield opened


def pixels(event: Any) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(base64.b64decode(event.b64_json))) as opened:
        opened.load()
        return opened.format, opened.size


def test_pictures_come_one_by_one_and_the_rest_at_the_end(client: openai.OpenAI, rig: Rig) -> None:
    with client.images.generate(
        model="fal/flux.1-dev",
        prompt="x",
        size="64x64",
        n=5,
        output_format="webp",
        stream=True,  # type: ignore[arg-type]
    ) as stream:
        *pictures, rest = [event.to_dict() if event.type.startswith("pentaprism") else event for event in stream]
    assert [event.type for event in pictures] == ["image_generation.completed"] * 5
    assert sorted(event.index for event in pictures) == [0, 1, 2, 3, 4]
    assert [pixels(event) for event in pictures] == [("WEBP", (64, 64))] * 5
    assert [(event.size, event.output_format) for event in pictures] == [("64x64", "webp")] * 5
    assert rest["metadata"]["executed_model"] == "fal/flux.1-dev"
    assert micros(rig.twins.bill("fal")) == rig.ledger.totals().high
    # The caller has the pictures, so none is kept for a link.
    record = rig.http.get(f"/v1/requests/{rest['id']}").json()
    assert (record["status"], record["images"]) == ("completed", [])


def test_an_edit_streams_in_its_own_words(client: openai.OpenAI) -> None:
    stream = client.images.edit(model="fal/flux.1-dev", prompt="x", image=picture(32, 16), stream=True)
    events = [event.type for event in stream]
    assert events == ["image_edit.completed", "pentaprism.completed"]


def test_previews_nobody_sends_are_told_of(client: openai.OpenAI) -> None:
    stream = client.images.generate(
        model="fal/flux.1-dev",
        prompt="x",
        size="64x64",
        stream=True,
        partial_images=2,  # type: ignore[arg-type]
    )
    *_, rest = [event.to_dict() for event in stream]
    told = rest["metadata"]["adjustments"][-1]  # type: ignore[index]
    assert (told["parameter"], told["outcome"]) == ("partial_images", "dropped")


def test_a_failure_before_any_picture_is_an_ordinary_reply(client: openai.OpenAI, rig: Rig) -> None:
    rig.twins.fail_next("fal", "moderation")
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model="flux.1-dev", prompt="x", stream=True)
    assert caught.value.code == "CONTENT_POLICY_VIOLATION"


def test_a_failure_after_a_picture_is_an_event(client: openai.OpenAI, rig: Rig) -> None:
    rig.twins.fail_next("fal", "wrong-size")
    stream = client.images.generate(
        model="fal/flux.1-dev",
        prompt="x",
        size="64x64",
        stream=True,
        extra_body={"on_mismatch": "error"},  # type: ignore[arg-type]
    )
    events = iter(stream)
    assert next(events).type == "image_generation.completed"
    with pytest.raises(openai.APIError, match="picture 1 has the size") as caught:
        next(events)
    assert caught.value.code == "OUTPUT_MISMATCH"


@pytest.mark.parametrize(
    ("asked", "param"),
    [({"stream": True, "response_format": "url"}, "response_format"), ({"partial_images": 2}, "partial_images")],
)
def test_what_does_not_go_with_a_stream_is_a_fault(rig: Rig, asked: dict[str, Any], param: str) -> None:
    reply = rig.generate(**asked)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


def test_a_dry_run_streams_nothing(rig: Rig) -> None:
    body = {"model": "flux.1-dev", "prompt": "x", "stream": True}
    assert rig.post("/v1/images/generations?dryRun=true", body).json()["estimated"]


def test_a_caller_that_leaves_pays_once_and_finds_the_pictures(rig: Rig) -> None:
    body = {"model": "fal/flux.1-dev", "prompt": "x", "size": "64x64", "n": 5, "stream": True}
    with rig.http.stream("POST", "/v1/images/generations", json=body) as reply:
        next(reply.iter_bytes())
    (record,) = rig.http.get("/v1/requests").json()["data"]
    wait_until(lambda: rig.http.get(f"/v1/requests/{record['id']}").json()["status"] == "completed")
    assert micros(rig.twins.bill("fal")) == rig.ledger.totals().high


@pytest.fixture
def openai_client(tmp_path: Path) -> Iterator[openai.OpenAI]:
    """A client of a gateway whose catalog has OpenAI's own models, behind a twin of OpenAI."""
    wide = Catalog.load(extends=[Path(__file__).parent / "format"])
    with (
        gateway_rig(wide, tmp_path) as running,
        openai.OpenAI(base_url=f"{running.base}/openai/v1", api_key="any", max_retries=0) as opened,
    ):
        yield opened


@pytest.mark.parametrize("edited", [False, True])
def test_previews_come_before_the_picture_where_the_provider_sends_them(
    openai_client: openai.OpenAI, edited: bool
) -> None:
    asked: dict[str, Any] = {"model": "gpt-image-2", "prompt": "x", "size": "1024x1024", "quality": "low"}
    if edited:
        stream = openai_client.images.edit(image=picture(64, 64), stream=True, partial_images=2, **asked)
    else:
        stream = openai_client.images.generate(stream=True, partial_images=2, **asked)
    *shown, rest = list(stream)
    kind = "image_edit" if edited else "image_generation"
    assert [event.type for event in shown] == [f"{kind}.partial_image"] * 2 + [f"{kind}.completed"]
    assert [event.partial_image_index for event in shown[:2]] == [0, 1]
    assert all(pixels(event) for event in shown)
    told = rest.to_dict()["metadata"]
    assert told["provider"] == "openai"
    assert "partial_images" not in [entry["parameter"] for entry in told["adjustments"]]


def test_of_several_pictures_in_one_call_there_are_no_previews(openai_client: openai.OpenAI) -> None:
    """Nothing in a preview says which picture it is of."""
    stream = openai_client.images.generate(
        model="gpt-image-2", prompt="x", size="1024x1024", n=2, stream=True, partial_images=2
    )
    *shown, rest = list(stream)
    assert [event.type for event in shown] == ["image_generation.completed"] * 2
    told = rest.to_dict()["metadata"]["adjustments"][-1]
    assert (told["parameter"], told["outcome"]) == ("partial_images", "dropped")


def test_the_quick_starts_stream_runs(client: openai.OpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).resolve().parent.parent / "site" / "docs" / "quickstart.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (program,) = [block for block in blocks if "stream=True" in block]
    monkeypatch.chdir(tmp_path)
    printed: list[float] = []
    exec(compile(program, "quickstart.md", "exec"), {"client": client, "print": printed.append})
    assert printed == [0.075]
    assert sorted(file.name for file in tmp_path.glob("*.jpg")) == [f"lighthouse-{index}.jpg" for index in range(3)]
