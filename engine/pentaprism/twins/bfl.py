"""Black Forest Labs' twin: tasks and the one address where they are asked about, as BFL's clients and raw HTTP speak.

Row 7. A body is checked at submission, as FastAPI does; an input image is looked at later, so one that cannot be read
ends the task. A task waits as `Pending` only: it is the one such status BFL documents. Whether polls need the key and
how a broken image is told are guesses; that they do is the stricter one.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from functools import partial
from itertools import islice, takewhile
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ..types import MEGAPIXEL
from .studio import Shot
from .twin import Job, Twin, application, body_of, hosted
from .validation import entry

__all__ = ["LIMIT", "apps"]

# Tasks an account may have running (BFL's rate-limiting guide, 2026).
LIMIT = 24
_ENDS: Mapping[str, Mapping[str, Any]] = {
    "moderated": {"status": "Content Moderated", "details": {"Moderation Reasons": ["Safety Filter"]}},
    "failed": {"status": "Error", "error": "internal_error", "message": "The task could not be processed"},
    "invalid": {"status": "Error", "error": "invalid_image", "message": "The input image could not be processed"},
}


def apps(twin: Twin) -> Mapping[str, ASGIApp]:
    """The one app there is."""
    routes = [
        Route("/v1/get_result", partial(_poll, twin)),
        Route("/v1/{endpoint_id:path}", partial(_submit, twin), methods=["POST"]),
    ]
    return {"": application(twin, routes, partial(_detail, 404, "Not Found"))}


def _detail(status: int, detail: Any) -> Response:
    return JSONResponse({"detail": detail}, status)


def _unauthorised(twin: Twin, request: Request) -> Response | None:
    if twin.admits(request):
        return None
    sent = request.headers.get(twin.provider.auth_header)
    return _detail(403, "Not authenticated - Invalid Authentication" if sent else "Not authenticated")


def _is_crowded(twin: Twin) -> bool:
    now = time.monotonic()
    # Every task takes the same time, so those that still run are the newest.
    running = takewhile(lambda job: job.ready_at > now, reversed(twin.jobs.values()))
    return sum(1 for _ in islice(running, LIMIT)) == LIMIT


async def _submit(twin: Twin, request: Request) -> Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    fault = twin.fault(request)
    if fault == "429" or _is_crowded(twin):
        body = {"error": "rate_limit_exceeded", "message": "Too many concurrent requests", "retry_after": 1}
        return JSONResponse(body, 429, {"Retry-After": "1"})
    if fault == "500-before":
        return _detail(500, "Internal Server Error")
    given = await body_of(request)
    shelf = twin.studio.find(request.path_params["endpoint_id"], given)
    if shelf is None:
        return _detail(404, "Not Found")
    if violations := shelf.violations(given):
        return _detail(422, [entry(violation) for violation in violations])
    notes = request.scope["twin.notes"]
    job = twin.order(shelf, str(uuid.uuid4()), given, violations=(), fault=fault, notes=notes)
    if fault == "500-after":
        return _detail(500, "Internal Server Error")
    polling_url = f"{hosted(request)}/v1/get_result?id={job.id}"
    return JSONResponse({"id": job.id, "polling_url": polling_url, **_priced(job.shot)})


def _priced(shot: Shot | None) -> dict[str, float | None]:
    """What a submission tells of its price: credits (one is a cent) and megapixels, null where it is not known."""
    usd = shot.cost.low if shot is not None and shot.cost.exact else None
    return {
        "cost": None if usd is None else float(usd * 100),
        "input_mp": None,
        "output_mp": round(shot.size.pixels / MEGAPIXEL, 2) if shot is not None else None,
    }


async def _poll(twin: Twin, request: Request) -> Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    task_id = request.query_params.get("id")
    if task_id is None:
        return _detail(422, [{"type": "missing", "loc": ["query", "id"], "msg": "Field required", "input": None}])
    job = twin.jobs.get(task_id)
    if job is None:
        return _task(task_id, {"status": "Task not found"}, 404)
    if job.failing:
        job.failing -= 1
        return _detail(500, "Internal Server Error")
    job.asked += 1
    if not job.finished():
        return _task(job.id, {"status": "Pending"})
    if job.end != "done":
        return _task(job.id, _ENDS[job.end])
    return _task(job.id, {"status": "Ready", "result": _result(twin, job, request)})


def _task(task_id: str, told: Mapping[str, Any], status: int = 200) -> Response:
    nothing = {"result": None, "progress": None, "details": None, "preview": None}
    return JSONResponse({"id": task_id, **nothing, **told}, status)


def _result(twin: Twin, job: Job, request: Request) -> dict[str, Any]:
    if job.shot is None:
        raise RuntimeError(f"task {job.id} is done without a picture")
    [sample] = twin.publish(job, hosted(request))
    now = time.time()
    times = {"start_time": now - twin.latency, "end_time": now, "duration": twin.latency}
    return {"sample": sample, "prompt": job.shot.prompt, "seed": job.shot.seed, **times}
