"""What was asked for comes back: every format, delivery and count, from every endpoint, through the client and twins.

At one endpoint of each protocol and mode, the one that can make the smallest pictures, every combination is asked for;
at the others as many as it takes for every two values to meet. `PENTAPRISM_THOROUGH` asks for all of them everywhere.
Pillow opens each picture: it is in the format asked for, in the pixels that were promised, and it is the very one that
the provider drew in its place, not another of the same request; the client's cost is what the twin's bill grew by.
"""

from __future__ import annotations

import base64
import io
import itertools
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image as PillowImage
from PIL import ImageChops, ImageStat

from pentaprism import Catalog, Client
from pentaprism.client import Image, ImagesResponse
from pentaprism.twins import Twins
from pentaprism.twins.picture import draw
from pentaprism.types import Form, FormKind, Mode, ModeSpec, Outcome, Size
from pictures import picture
from twin_clients import settings_of

THOROUGH = bool(os.environ.get("PENTAPRISM_THOROUGH"))
LAYER = Path(__file__).parent / "format"
WIDE = Catalog.load(extends=[LAYER])
PROVIDERS = ("bfl", "fal", "openai", "replicate")
FORMATS = ("png", "jpeg", "gif", "webp", "avif")
DELIVERIES = ("url", "b64_json")
COUNTS = (1, 4, 7)
# The pictures of these seeds are easily told apart.
PROMPT, SEED = "a lighthouse", 58
# Sides that differ, so that exchanging them shows, and are long enough for a picture to be told from another.
SHORT, LONG = 16, 24
# No smaller size is made by OpenAI's model; what is tried here is its protocol, not its sizes, which `test_format` and
# the laws try. A thorough run leaves the layer as it is.
OPENAI_BOUND, SMALL_BOUND = "pixels: [655360, 8294400]", "pixels: [256, 8294400]"


class Ask(NamedTuple):
    """One endpoint in one mode, and what is asked of it."""

    endpoint: str
    mode: Mode
    format: str
    delivery: str
    n: int

    def __str__(self) -> str:
        return f"{self.endpoint}-{self.mode.short}-{self.format}-{self.delivery}-{self.n}"


def pairs(*axes: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Rows of the axes' product in which every two values of two axes meet, each row with as many new ones as any."""
    rows = list(itertools.product(*axes))
    missing = {pair for row in rows for pair in itertools.combinations(enumerate(row), 2)}
    while missing:
        best = max(rows, key=lambda row: len(missing & {*itertools.combinations(enumerate(row), 2)}))
        missing -= {*itertools.combinations(enumerate(best), 2)}
        yield best


def smallest(spec: ModeSpec) -> Size | None:
    """The fewest pixels to ask this mode for; None where they follow the input, or cannot be asked for."""
    if spec.default_size == "input":
        return None
    free = [least(form) for form in spec.forms if form.kind is FormKind.FREE]
    cells = [cell.real for form in spec.forms for cell in form.cells]
    return min((*free, *cells), key=lambda size: size.pixels, default=None)


def least(form: Form) -> Size:
    """The smallest size of a free form whose sides are a step apart and no shorter than SHORT and LONG."""
    low, _ = form.side or (1, 0)
    pixels, _ = form.pixels or (1, 0)
    short = next(side for side in itertools.count(max(low, SHORT)) if side % form.step == 0)
    gap = -(-(LONG - SHORT) // form.step) * form.step
    while short * (short + gap) < pixels:
        short += form.step
    return Size(short + gap, short)


def kinds() -> Iterator[tuple[str, Mode, ModeSpec]]:
    """Every endpoint of the built-in catalog in each of its modes, and the layer's at OpenAI."""
    built_in = Catalog.load().models
    for name, model in WIDE.models.items():
        for endpoint in model.endpoints:
            if name in built_in or endpoint.provider == "openai":
                yield from ((endpoint.key, mode, spec) for mode, spec in endpoint.modes.items())


def asks() -> Iterator[Ask]:
    """What the module's text says is asked for."""
    by_pixels = sorted(kinds(), key=lambda kind: (smallest(kind[2]) or Size(LONG, SHORT)).pixels)
    chosen: set[tuple[str, Mode]] = set()
    for key, mode, _ in by_pixels:
        axes = (FORMATS, DELIVERIES, COUNTS)
        group = (WIDE.providers[key.partition("/")[0]].protocol, mode)
        rows = pairs(*axes) if group in chosen and not THOROUGH else itertools.product(*axes)
        chosen.add(group)
        yield from (Ask(key, mode, *row) for row in rows)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The built-in catalog and the layer, in which OpenAI makes small pictures too."""
    if THOROUGH:
        return WIDE
    layer = shutil.copytree(LAYER, tmp_path_factory.mktemp("matrix") / "layer")
    file = layer / "models/gpt-image/gpt-image-2.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(OPENAI_BOUND) == 2
    file.write_text(text.replace(OPENAI_BOUND, SMALL_BOUND), encoding="utf-8")
    return Catalog.load(extends=[layer])


@pytest.fixture(scope="module")
def running(matrix: Catalog) -> Iterator[Twins]:
    with Twins(matrix, PROVIDERS, polls=0) as twins:
        yield twins


@pytest.fixture(scope="module")
def client(matrix: Catalog, running: Twins) -> Iterator[Client]:
    with Client(matrix, providers=settings_of(running)) as one:
        yield one


def parameters(ask: Ask, spec: ModeSpec) -> dict[str, Any]:
    body: dict[str, Any] = {"prompt": PROMPT, "n": ask.n, "output_format": ask.format, "response_format": ask.delivery}
    size = smallest(spec)
    if size is not None:
        body["size"] = str(size)
    if spec.rules["seed"].target is not None:
        body["seed"] = SEED
    if ask.mode is Mode.IMAGE_EDIT:
        body["image"] = picture(LONG, SHORT)
    return body


@pytest.mark.parametrize("ask", [pytest.param(ask, id=str(ask)) for ask in asks()])
def test_what_was_asked_for_comes_back(ask: Ask, client: Client, running: Twins) -> None:
    body = parameters(ask, client.catalog.endpoint(ask.endpoint).modes[ask.mode])
    provider = ask.endpoint.partition("/")[0]
    before = running.bill(provider)
    run = client.images.edit if ask.mode is Mode.IMAGE_EDIT else client.images.generate
    response = run(model=ask.endpoint, **body)
    assert (response.executed.endpoint, response.executed.mode) == (ask.endpoint, ask.mode)
    assert (len(response.data), response.failures) == (ask.n, ())
    for image in response.data:
        check_file(image, ask, response)
        check_delivery(image, ask)
    check_places(response)
    check_told(body, response)
    check_cost(response, running.bill(provider) - before)


def check_file(image: Image, ask: Ask, response: ImagesResponse) -> None:
    """What Pillow finds in the bytes, against what was asked and promised, and against the receipt."""
    with PillowImage.open(io.BytesIO(image.content)) as opened:
        opened.load()
        assert opened.format == ask.format.upper()
        expected = response.executed.expected.size
        assert opened.size == (expected or image.receipt.size)
        if response.executed.delivery.transcode:
            assert dict(opened.getexif()) == {}
            assert not {"exif", "icc_profile", "xmp", "comment", "XML:com.adobe.xmp"} & opened.info.keys()
            assert getattr(opened, "n_frames", 1) == 1
    assert (image.receipt.read, image.receipt.format, image.media_type) == (True, ask.format, f"image/{ask.format}")
    assert image.receipt.verdicts["format"] == "honored"
    assert image.receipt.verdicts.get("size", "honored") == "honored"


def check_delivery(image: Image, ask: Ask) -> None:
    """Base64 or a link, and never both; a link that is a data URI holds the same bytes."""
    if ask.delivery == "b64_json":
        assert image.url is None
        assert base64.b64decode(image.b64_json or "") == image.content
        return
    assert image.b64_json is None
    kind, comma, text = (image.url or "").partition(";base64,")
    if comma:
        assert (kind, base64.b64decode(text)) == (f"data:image/{ask.format}", image.content)
    else:
        assert kind.startswith("http://127.0.0.1")


def check_places(response: ImagesResponse) -> None:
    """Each picture is nearest to the one the provider draws in its place; where no seed is sent, no two are alike."""
    assert len({image.receipt.sha256 for image in response.data}) == len(response.data)
    executed = response.executed
    size = executed.expected.size or Size(LONG, SHORT)
    drawn = [
        sketch(draw(PROMPT, seed, index, size, "png"))
        for seed, count in zip(executed.seeds, executed.counts, strict=True)
        if seed is not None
        for index in range(count)
    ]
    for place, image in enumerate(response.data if drawn else ()):
        apart = [difference(sketch(image.content), other) for other in drawn]
        assert apart.index(min(apart)) == place


def sketch(content: bytes) -> PillowImage.Image:
    """The broad colours of a picture, whatever its pixels."""
    with PillowImage.open(io.BytesIO(content)) as opened:
        return opened.convert("RGB").resize((6, 4), PillowImage.Resampling.BOX)


def difference(one: PillowImage.Image, other: PillowImage.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).rms)


def check_told(body: Mapping[str, Any], response: ImagesResponse) -> None:
    """One adjustment for each parameter, which says what was done on the way."""
    executed = response.executed
    told = {entry.parameter: entry for entry in response.adjustments}
    assert list(told) == [name for name in body if name != "model"]
    assert told["n"].outcome is (Outcome.EMULATED if len(executed.calls) > 1 else Outcome.HONORED)
    if len(executed.calls) > 1:
        assert f"{len(executed.calls)} calls run side by side" in told["n"].why
    asked = told["output_format"]
    assert asked.outcome is (Outcome.EMULATED if executed.delivery.transcode else Outcome.HONORED)
    assert (f"converted to {body['output_format']} afterwards" in asked.why) is executed.delivery.transcode
    returned = WIDE.providers[executed.provider].returns
    native = body["response_format"] == returned
    assert told["response_format"].outcome is (Outcome.HONORED if native else Outcome.EMULATED)


def check_cost(response: ImagesResponse, billed: Decimal) -> None:
    """What the client counts is what the twin's bill grew by."""
    assert (response.cost.exact, response.cost.low) == (True, billed)


def test_every_two_values_meet() -> None:
    axes = (FORMATS, DELIVERIES, COUNTS)
    rows = list(pairs(*axes))
    assert len(rows) < len(list(itertools.product(*axes)))
    for (left, one), (right, other) in itertools.combinations(enumerate(axes), 2):
        assert {(row[left], row[right]) for row in rows} == set(itertools.product(one, other))


def test_every_protocol_and_mode_is_asked_for_everything() -> None:
    every = len(FORMATS) * len(DELIVERIES) * len(COUNTS)
    rows: dict[tuple[str, Mode], int] = {}
    for ask in asks():
        rows[ask.endpoint, ask.mode] = rows.get((ask.endpoint, ask.mode), 0) + 1
    assert set(rows) == {(key, mode) for key, mode, _ in kinds()}
    full = {(key.partition("/")[0], mode) for (key, mode), count in rows.items() if count == every}
    assert full == set(itertools.product(PROVIDERS, Mode))
