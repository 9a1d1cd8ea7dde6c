"""A gateway killed between submission and result: after the next start what was paid for is there, and paid once."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from gateways import gateway_rig, wait_until
from pentaprism import Catalog, CompiledRequest, Failure
from pentaprism.client import Attempt
from pentaprism.gateway import SqliteLedger
from pentaprism.twins import Twins
from pentaprism.types import Cost, micros

PROGRAM = Path(__file__).parent / "gateway_program.py"
PROMPT = "a lighthouse nobody else may know of"


@contextmanager
def gateway(data: Path, twins: Twins) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A gateway in a process of its own, and a client of it; killed at the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    arguments = [sys.executable, str(PROGRAM), str(data), json.dumps(dict(twins.bases)), twins.key]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().split()[2].rstrip(";")
            with httpx.Client(base_url=base, timeout=30, trust_env=False) as client:
                yield process, client
        finally:
            process.kill()


def post(client: httpx.Client, body: dict[str, Any]) -> None:
    """Ask for pictures, and do not mind that nobody answers."""
    with suppress(httpx.TransportError):
        client.post("/v1/images/generations", json=body)


def is_accepted(data: Path, calls: int) -> bool:
    """Whether so many calls are accepted on the ledger of a process that still runs."""
    file = data / "ledger.sqlite3"
    if not file.exists():
        return False
    ledger = SqliteLedger(file)
    found = [call for call in ledger.unfinished() if call.provider_request_id]
    ledger.close()
    return len(found) == calls


def submissions(twins: Twins) -> list[str]:
    """The paths of everything the providers were asked to make."""
    names = Catalog.load().providers
    return [entry["path"] for name in names for entry in twins.requests(name) if entry["method"] == "POST"]


@pytest.mark.parametrize(
    ("asked", "calls", "expected"),
    [
        ({"model": "fal/flux.1-dev", "size": "640x480", "output_format": "webp"}, 1, ("WEBP", (640, 480))),
        ({"model": "fal/flux.1-dev", "size": "64x64", "n": 6, "seed": 7}, 2, ("JPEG", (64, 64))),
        ({"model": "bfl/flux.2-flex", "size": "512x512"}, 1, ("JPEG", (512, 512))),
        ({"model": "replicate/flux.1-dev", "size": "1000x700", "on_mismatch": "fix"}, 1, ("WEBP", (1000, 700))),
    ],
    ids=["converted", "fan-out", "bfl", "cut to size"],
)
def test_a_killed_gateway_recovers_what_was_accepted(
    catalog: Catalog, tmp_path: Path, asked: dict[str, Any], calls: int, expected: tuple[str, tuple[int, int]]
) -> None:
    with Twins(catalog, polls=10_000) as twins:
        with gateway(tmp_path, twins) as (process, client):
            thread = threading.Thread(target=post, args=(client, {"prompt": PROMPT, **asked}))
            thread.start()
            wait_until(lambda: is_accepted(tmp_path, calls))
            process.send_signal(signal.SIGKILL)
            process.wait()
            thread.join()
        submitted = submissions(twins)
        assert len(submitted) == calls
        twins.hurry()
        with gateway(tmp_path, twins) as (_, client):
            (record,) = client.get("/v1/requests").json()["data"]
            wait_until(lambda: client.get(f"/v1/requests/{record['id']}").json()["status"] == "completed")
            record = client.get(f"/v1/requests/{record['id']}").json()
            pictures = [client.get(image["url"]).content for image in record["images"]]
        assert submissions(twins) == submitted
        bill = sum(twins.bill(name) for name in catalog.providers)
    assert len(pictures) == asked.get("n", 1)
    for content in pictures:
        with Image.open(io.BytesIO(content)) as opened:
            assert (opened.format, opened.size) == expected
    assert record["cost_micros"] == micros(bill)
    assert record["unsettled_micros"] == 0
    assert PROMPT not in "".join(str(file.read_bytes()) for file in tmp_path.glob("ledger*"))


def test_what_was_never_accepted_stays_unsettled(catalog: Catalog, tmp_path: Path) -> None:
    """Nobody knows whether the provider took it: it is shown so, and nothing is sent again."""
    compiled = catalog.compile({"model": "flux.1-dev", "prompt": PROMPT}, "fal/flux.1-dev")
    start_and_die(tmp_path, catalog, compiled, accepted=False)
    with gateway_rig(catalog, tmp_path) as rig:
        wait_until(lambda: rig.http.get("/v1/requests/req_1").json()["status"] == "outcome_unknown")
        record = rig.http.get("/v1/requests/req_1").json()
        assert rig.submissions() == []
    assert (record["cost_micros"], record["unsettled_micros"]) == (0, micros(compiled.cost.high or 0))
    (attempt,) = record["attempts"]
    assert (attempt["outcome"], attempt["message"]) == (
        Failure.AMBIGUOUS.value,
        "The gateway stopped before the provider answered.",
    )


def test_a_job_the_provider_does_not_know_any_more_is_told_of(catalog: Catalog, tmp_path: Path) -> None:
    compiled = catalog.compile({"model": "flux.1-dev", "prompt": PROMPT}, "fal/flux.1-dev")
    start_and_die(tmp_path, catalog, compiled, accepted=True)
    with gateway_rig(catalog, tmp_path, timeout=0.3) as rig:
        wait_until(lambda: rig.http.get("/v1/requests/req_1").json()["status"] != "running")
        record = rig.http.get("/v1/requests/req_1").json()
        assert rig.submissions() == []
    assert record["error_code"] == "OUTCOME_UNKNOWN"
    assert record["images"] == []


def start_and_die(data: Path, catalog: Catalog, compiled: CompiledRequest, *, accepted: bool) -> None:
    """The ledger of a process that died after one submission."""
    ledger = SqliteLedger(data / "ledger.sqlite3", wordless=catalog.without_words)
    ledger.received("req_1", model="flux.1-dev", mode="text-to-image", n=1, user=None)
    one = Attempt(id="a1", request_id="req_1", compiled=compiled, call=0, reserved=Cost(high=compiled.cost.high))
    ledger.submitting(one)
    if accepted:
        ledger.accepted(one, "a-request-fal-never-saw", None)
    ledger.close()
