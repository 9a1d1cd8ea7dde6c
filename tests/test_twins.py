"""Twins as a whole: starting and stopping, their journal, and what no real endpoint shows yet."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

import httpx
import pytest

from pentaprism.api import Catalog
from pentaprism.errors import MissingDependency
from pentaprism.twins import FAULTS, Twins
from pentaprism.twins.journal import Journal
from pentaprism.twins.studio import Shelf, Shot
from pentaprism.types import Endpoint, Form, FormKind, Mode, Size
from twin_clients import FAL_FLUX, finished


def test_an_unknown_fault_is_named(twins: Twins, fal: httpx.Client) -> None:
    with pytest.raises(ValueError, match="no fault 'flood'"):
        twins.fail_next("fal", "flood")
    assert fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}, headers={"x-twin-fault": "flood"}).status_code == 400
    assert twins.bill("fal") == 0


def test_only_providers_with_a_twin_are_served(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match=r"no twin for nobody; there are .*fal"):
        Twins(catalog, ["nobody"])
    assert sorted(Twins(catalog, ["fal"]).apps) == ["fal", "fal-sync"]


def test_twins_start_and_stop_quickly(catalog: Catalog) -> None:
    before = time.monotonic()
    for _ in range(3):
        with Twins(catalog) as twins, httpx.Client() as client:
            assert client.get(f"{twins.bases['fal']}/_twin/bill").json()["total"] == "0"
    assert time.monotonic() - before < 3.0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{twins.bases['fal']}/_twin/bill")


def test_a_port_that_is_taken_leaves_nothing_running(catalog: Catalog, twins: Twins) -> None:
    taken = httpx.URL(twins.bases["replicate"]).port
    assert taken
    second = Twins(catalog, ports={"replicate": taken})
    with pytest.raises(OSError, match="in use"):
        second.__enter__()
    assert second.bases == {}


def test_a_twin_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("pentaprism.twins")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingDependency, match=r'pip install "pentaprism\[gateway\]"'):
        importlib.import_module("pentaprism.twins")


# --- the journal ------------------------------------------------------------------------------------------------


def test_the_journal_over_http(twins: Twins, fal: httpx.Client) -> None:
    assert fal.post("/_twin/faults", json={"name": "429"}).status_code == 204
    assert fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}).status_code == 429
    finished(fal, FAL_FLUX, prompt="x")
    assert httpx.get(f"{twins.bases['fal']}/_twin/requests").json() == twins.requests("fal")
    bill = httpx.get(f"{twins.bases['fal']}/_twin/bill").json()
    assert (bill["total"], bill["charges"]) == ("0.025", twins.charges("fal"))
    assert not [entry for entry in twins.requests("fal") if entry["path"].startswith("/_twin")]
    unknown = fal.post("/_twin/faults", json={"name": "flood"})
    assert (unknown.status_code, set(unknown.json()["faults"])) == (422, set(FAULTS))


def test_no_log_line_holds_the_key(twins: Twins, fal: httpx.Client) -> None:
    finished(fal, FAL_FLUX, prompt="x")
    fal.post("/storage/auth/token")
    fal.post(f"/{FAL_FLUX}", content=b"not JSON")
    assert len(twins.requests("fal")) == 6
    assert twins.key not in str(twins.requests("fal"))


# --- what no real endpoint shows yet ----------------------------------------------------------------------------


def endpoint_of(catalog: Catalog, **changes: Any) -> Endpoint:
    """fal's text-to-image endpoint with another mode specification and other prices."""
    real = catalog.endpoint("fal/flux.1-dev")
    prices = changes.pop("prices", real.prices)
    spec = real.modes[Mode.TEXT_TO_IMAGE]._replace(**changes)
    return real._replace(modes={Mode.TEXT_TO_IMAGE: spec}, prices=prices)


def shot_of(endpoint: Endpoint, body: dict[str, Any]) -> Shot:
    return Shelf(endpoint, endpoint.modes[Mode.TEXT_TO_IMAGE]).read(body, 1, lambda url: None)


def test_a_size_the_catalog_does_not_know_is_assumed_and_said_so(catalog: Catalog) -> None:
    shot = shot_of(endpoint_of(catalog, default_size=None), {"prompt": "x"})
    assert (shot.size, shot.notes) == (Size(1024, 1024), ("size not known to the catalog: drawn at 1024x1024",))


def test_half_a_size_is_said_to_be_no_size(catalog: Catalog) -> None:
    form = Form(kind=FormKind.FREE, to={"width": "width", "height": "height"})
    shot = shot_of(endpoint_of(catalog, forms=(form,), default_size=None), {"prompt": "x", "width": 7})
    assert shot.notes[0].startswith("size not readable: give both width and height")


def test_a_format_that_cannot_be_drawn_is_said_so(catalog: Catalog) -> None:
    shot = shot_of(endpoint_of(catalog), {"prompt": "x", "output_format": "tiff"})
    assert (shot.kind, shot.notes) == ("png", ("the twin cannot draw 'tiff': drawn as png",))


def test_what_has_no_price_makes_no_bill(catalog: Catalog) -> None:
    journal = Journal()
    shot = shot_of(endpoint_of(catalog, prices=()), {"prompt": "x"})
    journal.charge("r1", "fal/x", shot.count, shot.size, shot.cost)
    with pytest.raises(ValueError, match="no exact price in the catalog for what was made at fal/x"):
        journal.bill()
    journal.refund("r1")
    assert journal.bill() == 0
