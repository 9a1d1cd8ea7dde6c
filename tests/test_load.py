"""A published catalog is loaded without building it, and leaves the process as it was found."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pentaprism import Catalog, CatalogError, ModelNotFound
from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.publish import publish


@pytest.fixture
def data() -> Any:
    """The shipped catalog as published, to be spoilt."""
    return json.loads(publish(read_documents()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.json"


@pytest.fixture(params=[True, False], ids=["collecting", "not collecting"])
def collecting(request: pytest.FixtureRequest) -> Iterator[bool]:
    """A process whose garbage collector is on, or off."""
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


@pytest.mark.parametrize(
    ("name", "suggested"), [("flux-1-dev", "flux.1-dev"), ("fal-ai/flux/dev", "fal/flux.1-dev")], ids=["typo", "own id"]
)
def test_a_wrong_name_is_told_and_no_model_built(data: Any, file: Path, name: str, suggested: str) -> None:
    # Whoever builds this model is told so.
    data["models"]["flux.2-flex"]["endpoints"][0]["prices"][0]["usd"] = "free"
    file.write_text(json.dumps(data), encoding="utf-8")
    catalog = Catalog.load(file)
    with pytest.raises(ModelNotFound) as caught:
        catalog.model(name)
    assert caught.value.suggestions[0] == suggested
    with pytest.raises(CatalogError):
        catalog.model("flux.2-flex")


@pytest.mark.parametrize("text", [None, "{", '{"format": 2}'], ids=["sound", "cut off", "of another format"])
def test_the_garbage_collector_is_left_as_it_was(data: Any, file: Path, text: str | None, collecting: bool) -> None:
    file.write_text(json.dumps(data) if text is None else text, encoding="utf-8")
    if text is None:
        Catalog.load(file)
    else:
        with pytest.raises(CatalogError):
            Catalog.load(file)
    assert gc.isenabled() is collecting


def test_what_a_program_froze_stays_frozen(data: Any, file: Path) -> None:
    file.write_text(json.dumps(data), encoding="utf-8")
    gc.freeze()
    try:
        Catalog.load(file)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
