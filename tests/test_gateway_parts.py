"""The gateway's parts without a request: the table of codes, shutting down, serving in the foreground."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pentaprism import Catalog
from pentaprism.errors import (
    Failure,
    Fault,
    MissingDependency,
    ModelNotFound,
    NoEndpointError,
    ProviderError,
    RequestError,
)
from pentaprism.gateway import GatewaySettings
from pentaprism.gateway.envelope import TABLE, GatewayError, envelope
from pentaprism.gateway.state import Gateway


def upstream(failure: Failure, code: str, **more: Any) -> ProviderError:
    return ProviderError("fal failed", provider="fal", failure=failure, code=code, **more)


CASES = [
    (RequestError([Fault("n", "n is wrong.")]), 400, "INVALID_REQUEST", None),
    (RequestError([Fault("model", "It is retired.", "MODEL_DISABLED")]), 404, "MODEL_DISABLED", None),
    (RequestError([Fault("n", "n is wrong.", "a-code-of-nobody")]), 400, "INVALID_REQUEST", None),
    (ModelNotFound("x"), 404, "MODEL_NOT_FOUND", None),
    (NoEndpointError("Nobody can.", []), 400, "INVALID_REQUEST", None),
    (GatewayError("INVALID_REQUEST", "Too large.", status=413), 413, "INVALID_REQUEST", None),
    (GatewayError("FORBIDDEN", "No."), 403, "FORBIDDEN", None),
    (upstream(Failure.REJECTED, "ALL_PROVIDERS_EXHAUSTED"), 502, "ALL_PROVIDERS_EXHAUSTED", None),
    (upstream(Failure.AMBIGUOUS, "OUTCOME_UNKNOWN"), 502, "OUTCOME_UNKNOWN", "false"),
    (upstream(Failure.ACCEPTED, "UPSTREAM_ERROR"), 502, "UPSTREAM_ERROR", "false"),
    (upstream(Failure.ACCEPTED, "SOMETHING_NEW"), 502, "UPSTREAM_ERROR", "false"),
    (upstream(Failure.REFUSED, "CONTENT_POLICY_VIOLATION"), 400, "CONTENT_POLICY_VIOLATION", "false"),
    (HTTPException(404), 404, "NOT_FOUND", None),
    (HTTPException(405, headers={"Allow": "GET"}), 405, "INVALID_REQUEST", None),
    (HTTPException(418, "I am a teapot."), 418, "INVALID_REQUEST", None),
    (ClientDisconnect(), 400, "INVALID_REQUEST", None),
    (MissingDependency("Changing a format", "images"), 500, "INTERNAL_ERROR", "false"),
    (ZeroDivisionError("a secret"), 500, "INTERNAL_ERROR", "false"),
]


@pytest.mark.parametrize(("error", "status", "code", "retry"), CASES)
def test_every_exception_has_its_line_in_the_table(error: Exception, status: int, code: str, retry: str | None) -> None:
    told = envelope(error, "req_1", "GET /x")
    assert (told.status, told.code, told.headers.get("x-should-retry")) == (status, code, retry)
    assert told.body["error"]["type"] == TABLE[code].type
    assert told.message
    assert "a secret" not in str(told.body)


def test_a_provider_that_names_a_pause_is_quoted() -> None:
    told = envelope(upstream(Failure.REJECTED, "ALL_PROVIDERS_EXHAUSTED", retry_after=1.2), "req_1")
    assert told.headers["retry-after"] == "2"


def test_the_table_is_of_the_designs_codes() -> None:
    statuses = {code: case.status for code, case in TABLE.items()}
    assert statuses["AUTHENTICATION_FAILED"] == 401
    assert statuses["INSUFFICIENT_BALANCE"] == 402
    assert statuses["RATE_LIMITED"] == 429
    assert statuses["OVERLOADED"] == 503


def test_work_outlives_its_caller_and_the_server_waits_for_it(catalog: Catalog, tmp_path: Path) -> None:
    done: list[bool] = []

    async def work(end: asyncio.Event) -> None:
        await end.wait()
        done.append(True)

    async def scenario() -> None:
        gateway = Gateway(catalog, GatewaySettings(data=tmp_path))
        end = asyncio.Event()
        waiting = asyncio.create_task(gateway.finish("req_1", work(end)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert list(gateway.running) == ["req_1"]
        asyncio.get_running_loop().call_later(0.02, end.set)
        await gateway.close()
        assert gateway.running == {}

    asyncio.run(scenario())
    assert done == [True]


def test_work_that_does_not_end_is_cancelled_at_last(catalog: Catalog, tmp_path: Path) -> None:
    async def scenario() -> asyncio.Task[Any]:
        gateway = Gateway(catalog, GatewaySettings(data=tmp_path, timeout=0.01))
        waiting = asyncio.create_task(gateway.finish("req_1", asyncio.Event().wait()))
        await asyncio.sleep(0)
        await gateway.close()
        return waiting

    assert asyncio.run(scenario()).cancelled()


SERVE = """
import sys
from pathlib import Path
from pentaprism import Catalog
from pentaprism.gateway import GatewaySettings, create_app, run
app = create_app(Catalog.load(), settings=GatewaySettings(data=Path(sys.argv[1])))
run(app, host="localhost", port=0, say=lambda line: print(line, flush=True))
print("ended", flush=True)
"""


@pytest.mark.parametrize(("number", "last"), [(signal.SIGINT, "ended\n"), (signal.SIGTERM, "")])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals, last: str) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), process.stderr.read()
        address = line.split()[2].rstrip(";")
        assert line.endswith(f"{address}/openai/v1\n")
        assert httpx.get(f"{address}/healthz", trust_env=False).json() == {"status": "ok"}
        process.send_signal(number)
        assert process.wait(10) in (0, -number)
        assert process.stdout.read() == last
        assert "Traceback" not in process.stderr.read()
