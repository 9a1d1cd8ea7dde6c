"""Twins as a whole: starting and stopping, their journal, and what no real endpoint shows yet."""

from __future__ import annotations

import importlib
import re
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from pentaprism.api import Catalog
from pentaprism.errors import MissingDependency
from pentaprism.twins import FAULTS, Twins
from pentaprism.twins.journal import Journal
from pentaprism.twins.studio import Shelf, Shot
from pentaprism.types import Endpoint, Form, FormKind, Mode, Size
from twin_clients import FAL_FLUX, certified, finished, keyed


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


# --- faults by schedule -------------------------------------------------------------------------------------------


def codes(fal: httpx.Client, count: int) -> list[int]:
    return [fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}).status_code for _ in range(count)]


def test_a_schedule_has_one_step_for_each_submission(catalog: Catalog) -> None:
    steps = {"fal": ["429", None, "500-before", "none", "429"]}
    with Twins(catalog, ["fal"], schedule=steps) as twins, keyed(twins, "fal") as fal:
        # What is no submission takes no step.
        assert fal.get("/fal-ai/flux/requests/nobody/status").status_code == 404
        assert codes(fal, 4) == [429, 200, 500, 200]
        twins.fail_next("fal", "500-before")
        named = fal.post(f"/{FAL_FLUX}", json={"prompt": "x"}, headers={"x-twin-fault": "429"})
        assert named.status_code == 429
        # Named ones come first, then those armed one by one, then the schedule.
        assert codes(fal, 3) == [500, 429, 200]


def test_a_schedule_may_start_over_until_it_is_replaced(twins: Twins, fal: httpx.Client) -> None:
    twins.schedule("fal", ["429", None], repeat=True)
    assert codes(fal, 5) == [429, 200, 429, 200, 429]
    twins.schedule("fal", ["500-before"])
    assert codes(fal, 2) == [500, 200]
    twins.schedule("fal", ["429"], repeat=True)
    twins.disarm()
    assert codes(fal, 2) == [200, 200]


def test_a_schedule_may_be_left_to_chance(twins: Twins, fal: httpx.Client) -> None:
    twins.schedule("fal", {"429": 0.4, "500-before": 0.2}, seed=3)
    first = codes(fal, 60)
    assert set(first) == {200, 429, 500}
    twins.schedule("fal", {"429": 0.4, "500-before": 0.2}, seed=3)
    assert codes(fal, 60) == first
    twins.schedule("fal", {"429": 1.0})
    assert set(codes(fal, 20)) == {429}


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (["429", "flood"], "no fault 'flood'; there are 429, "),
        ([], "at least one step"),
        ("429", "a list of faults, not the text '429'"),
        ({}, "at least one fault"),
        ({"flood": 0.5}, "no fault 'flood'"),
        ({"none": 0.5}, "no fault 'none'"),
        ({"429": 1.5}, "the chance of 429 must be a number from 0 to 1, not 1.5"),
        ({"429": "often"}, "not 'often'"),
        ({"429": 0.6, "slow": 0.5}, "add up to 1.1, which is more than 1"),
    ],
)
def test_a_schedule_that_means_nothing_is_refused_and_changes_nothing(
    faults: Any, words: str, catalog: Catalog, twins: Twins, fal: httpx.Client
) -> None:
    twins.schedule("fal", ["429"])
    for tell in (lambda: twins.schedule("fal", faults), lambda: Twins(catalog, ["fal"], schedule={"fal": faults})):
        with pytest.raises(ValueError, match=re.escape(words)):
            tell()
    assert codes(fal, 2) == [429, 200]


def test_only_the_twins_there_are_can_be_told(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="no twin of 'fax' is served here; there are fal"):
        Twins(catalog, ["fal"], schedule={"fax": ["429"]})
    with pytest.raises(ValueError, match="a port for fax, but there are fal, fal-sync"):
        Twins(catalog, ["fal"], ports={"fax": 0})
    twins = Twins(catalog, ["fal"])
    for ask in (twins.requests, twins.bill, twins.charges, twins.stop):
        with pytest.raises(ValueError, match="no twin of 'replicate'"):
            ask("replicate")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"name": "429"}, [429, 200, 200, 200]),
        (["429", None, "none", "429"], [429, 200, 200, 429]),
        ({"faults": ["429", None], "repeat": True}, [429, 200, 429, 200]),
        ({"faults": {"429": 1}}, [429] * 4),
        ({"faults": {"429": 1}, "seed": 5}, [429] * 4),
    ],
    ids=str,
)
def test_schedules_over_http(told: Any, expected: list[int], fal: httpx.Client) -> None:
    assert fal.post("/_twin/faults", json=told).status_code == 204
    assert codes(fal, 4) == expected
    fal.post("/_twin/faults", json={"name": "429"})
    assert fal.delete("/_twin/faults").status_code == 204
    assert codes(fal, 2) == [200, 200]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("429", "send one fault as"),
        ({}, "send one fault as"),
        ({"name": "429", "repeat": True}, "send one fault as"),
        ({"faults": ["429"], "often": True}, "send one fault as"),
        ({"name": 429}, "no fault 429"),
        (["flood"], "no fault 'flood'"),
        ([["429"]], "no fault ['429']"),
        ({"faults": "429"}, "a list of names or an object of chances, not '429'"),
        ({"faults": ["429"], "repeat": "yes"}, "repeat is true or false"),
        ({"faults": {"429": 1}, "repeat": True}, "goes with a list"),
        ({"faults": ["429"], "seed": 1}, "goes with chances"),
        ({"faults": {"429": 1}, "seed": "x"}, "seed is an integer"),
    ],
    ids=str,
)
def test_a_schedule_over_http_that_means_nothing(told: Any, words: str, fal: httpx.Client) -> None:
    answer = fal.post("/_twin/faults", json=told)
    assert (answer.status_code, set(answer.json()["faults"])) == (422, set(FAULTS))
    assert words in answer.json()["detail"]
    assert codes(fal, 1) == [200]


# --- TLS ----------------------------------------------------------------------------------------------------------


def test_twins_speak_tls_where_they_have_a_certificate(catalog: Catalog, tmp_path: Path) -> None:
    certificate, authority = certified(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority))
    with Twins(catalog, tls=certificate) as twins:
        assert all(base.startswith("https://127.0.0.1:") for base in twins.bases.values())
        base, key = twins.bases["fal"], {"authorization": f"Key {twins.key}"}
        with httpx.Client(base_url=base, verify=trusting, headers=key) as client:
            ticket = client.post(f"/{FAL_FLUX}", json={"prompt": "x"}).json()
            assert ticket["status_url"].startswith(f"{base}/")
        # Nobody else's program believes it.
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(base)
    with pytest.raises(ValueError, match=r"nothing\.pem .* are not the PEM files of a certificate"):
        Twins(catalog, tls=(tmp_path / "nothing.pem", certificate[1]))
    with pytest.raises(ValueError, match="are not the PEM files of a certificate"):
        Twins(catalog, tls=(authority, certificate[1]))


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
