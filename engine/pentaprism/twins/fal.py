"""fal's twin: the queue, the synchronous host and the storage hosts, as fal-client 1.0.3 and raw HTTP speak to them.

Row 7. The queue takes any JSON and finds it invalid only at the result, as fal does (its queue does not know a model's
schema); the synchronous host answers at once. Bodies that fal does not document are marked as guesses.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from .twin import Job, Twin, application, body_of, hosted
from .validation import described, entry

__all__ = ["apps"]

ERRORS = "https://docs.fal.ai/errors/#"
MODERATED = "The content could not be processed because it contained material flagged by a content checker."
# Endpoints under these first parts are named by three parts, all others by two (fal-client APP_NAMESPACES).
NAMESPACES = ("workflows", "comfy")


def apps(twin: Twin) -> Mapping[str, ASGIApp]:
    """The apps by what is added to the provider's id: the queue with the storage, and the synchronous host."""
    return {"": _queue(twin), "-sync": _sync(twin)}


def _queue(twin: Twin) -> ASGIApp:
    requests = "/{app:path}/requests/{id}"
    return application(
        twin,
        [
            Route("/storage/auth/token", partial(_token, twin), methods=["POST"]),
            Route("/storage/upload/initiate", partial(_initiate, twin), methods=["POST"]),
            Route("/files/upload", partial(_upload, twin), methods=["POST"]),
            Route("/files/upload/multipart", partial(_begin, twin), methods=["POST"]),
            Route("/files/{name}/multipart/{upload}/complete", partial(_complete, twin), methods=["POST"]),
            Route("/files/{name}/multipart/{upload}/{number:int}", partial(_part, twin), methods=["PUT"]),
            Route("/files/upload/{name}", partial(_put, twin), methods=["PUT"]),
            Route(f"{requests}/status", partial(_status, twin)),
            Route(f"{requests}/cancel", partial(_cancel, twin), methods=["PUT"]),
            Route(requests, partial(_result, twin)),
            Route("/{endpoint_id:path}", partial(_submit, twin), methods=["POST"]),
        ],
        partial(_detail, 404, "Path not found"),
    )


def _sync(twin: Twin) -> ASGIApp:
    routes = [Route("/{endpoint_id:path}", partial(_run, twin), methods=["POST"])]
    return application(twin, routes, partial(_detail, 404, "Path not found"))


def _detail(status: int, detail: str, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"detail": detail}, status, named)


def _unauthorised(twin: Twin, request: Request) -> Response | None:
    if twin.admits(request):
        return None
    sent = request.headers.get(twin.provider.auth_header)
    refusal = "No user found for Key ID and Secret" if sent else "Authentication is required to access this application"
    return _detail(401, refusal)


async def _take(twin: Twin, request: Request) -> Job | Response:
    """What both hosts do with a body: refuse it, or make a job of it."""
    if refusal := _unauthorised(twin, request):
        return refusal
    fault = twin.fault(request)
    if fault == "429":
        return _detail(429, "Too many requests", Retry_After="1")
    if fault == "500-before":
        return _detail(500, "Internal Server Error")
    endpoint_id = request.path_params["endpoint_id"]
    body = await body_of(request)
    shelf = twin.studio.find(endpoint_id, body)
    if shelf is None:
        return _detail(404, f"Application '{endpoint_id}' not found")
    notes, violations = request.scope["twin.notes"], shelf.violations(body)
    job = twin.order(shelf, str(uuid.uuid4()), body, violations=violations, fault=fault, notes=notes)
    return _detail(500, "Internal Server Error") if fault == "500-after" else job


async def _submit(twin: Twin, request: Request) -> Response:
    job = await _take(twin, request)
    if isinstance(job, Response):
        return job
    return JSONResponse({"status": "IN_QUEUE", "queue_position": 0, **_ticket(job, request)})


async def _run(twin: Twin, request: Request) -> Response:
    job = await _take(twin, request)
    if isinstance(job, Response):
        return job
    await asyncio.sleep(twin.latency)
    job.finish()
    return await _outcome(twin, job, request)


def _app(endpoint_id: str) -> str:
    parts = endpoint_id.split("/")
    return "/".join(parts[: 3 if parts[0] in NAMESPACES else 2])


def _ticket(job: Job, request: Request) -> dict[str, str]:
    base = f"{hosted(request)}/{_app(job.endpoint_id)}/requests/{job.id}"
    urls = {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}
    return {"request_id": job.id, **urls}


def _find(twin: Twin, request: Request) -> Job | Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    job = twin.jobs.get(request.path_params["id"])
    if job is None or _app(job.endpoint_id) != request.path_params["app"]:
        return _detail(404, "Request not found")
    return job


async def _status(twin: Twin, request: Request) -> Response:
    job = _find(twin, request)
    if isinstance(job, Response):
        return job
    if job.failing:
        job.failing -= 1
        return _detail(500, "Internal Server Error")
    job.asked += 1
    ticket = _ticket(job, request)
    wanted = request.query_params.get("logs", "").lower() in ("1", "true")
    logs = [{"message": "Drawing", "level": "INFO", "source": "USER", "timestamp": "2026-01-01T00:00:00Z"}]
    shown = {"logs": logs if wanted else None}
    if job.finished():
        done = {"status": "COMPLETED", **ticket, **shown, "metrics": {"inference_time": twin.latency}}
        return JSONResponse({**done, **_ended(job)})
    if job.asked == 1 and job.polls > 1:
        return JSONResponse({"status": "IN_QUEUE", "queue_position": 0, **ticket}, 202)
    return JSONResponse({"status": "IN_PROGRESS", **ticket, **shown}, 202)


def _ended(job: Job) -> dict[str, str]:
    # The documented type of a runner that went away; that of a cancellation is a guess.
    if job.end == "failed":
        return {"error": "Runner disconnected", "error_type": "runner_disconnected"}
    if job.end == "canceled":
        return {"error": "Request was cancelled", "error_type": "client_cancelled"}
    return {}


async def _result(twin: Twin, request: Request) -> Response:
    job = _find(twin, request)
    if isinstance(job, Response):
        return job
    if not job.finished():
        return _detail(400, "Request is still in progress")
    return await _outcome(twin, job, request)


async def _cancel(twin: Twin, request: Request) -> Response:
    job = _find(twin, request)
    if isinstance(job, Response):
        return job
    if job.finished():
        return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
    twin.cancel(job)
    return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)


async def _outcome(twin: Twin, job: Job, request: Request) -> Response:
    """The result of a finished job, or the error it ended with."""
    if job.end == "invalid":
        return _unprocessable([entry(violation) for violation in job.violations])
    if job.end == "moderated":
        return _unprocessable([described(("prompt",), "content_policy_violation", MODERATED)])
    if ended := _ended(job):
        status = 503 if job.end == "failed" else 400
        body = {"detail": ended["error"], "error_type": ended["error_type"]}
        return JSONResponse(body, status, {"x-fal-error-type": ended["error_type"], "x-fal-request-id": job.id})
    shot = job.shot
    if shot is None:
        raise RuntimeError(f"job {job.id} is done without a picture")
    urls = twin.publish(job, hosted(request))
    if job.body.get("sync_mode") is True:
        contents = [await run_in_threadpool(twin.files[name].read) for name in job.files]
        urls = [f"data:{shot.media_type};base64,{base64.b64encode(one).decode()}" for one in contents]
    size = {"width": shot.size.width, "height": shot.size.height}
    images = [{"url": url, **size, "content_type": shot.media_type} for url in urls]
    made = {"images": images, "timings": {"inference": twin.latency}, "seed": shot.seed, "prompt": shot.prompt}
    if job.fault == "fewer":
        made["images"] = images = images[:-1]
    flags = [job.fault == "flagged"] * len(images)
    return JSONResponse({**made, "has_nsfw_concepts": flags}, headers={"x-fal-request-id": job.id})


def _unprocessable(entries: list[dict[str, Any]]) -> Response:
    linked = [{**one, "url": f"{ERRORS}{one['type']}"} for one in entries]
    return JSONResponse({"detail": linked}, 422, {"x-fal-retryable": "false"})


async def _token(twin: Twin, request: Request) -> Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    token = {"token": twin.key, "token_type": "Bearer", "base_url": hosted(request)}
    return JSONResponse({**token, "expires_at": "2099-01-01T00:00:00Z"})


async def _upload(twin: Twin, request: Request) -> Response:
    """What the CDN does with raw bytes, under the token of `_token`."""
    if refusal := _uncredited(twin, request):
        return refusal
    name = twin.store(await request.body(), _media_type(request))
    return JSONResponse({"access_url": f"{hosted(request)}/files/{name}"})


def _uncredited(twin: Twin, request: Request) -> Response | None:
    admitted = request.headers.get("authorization") == f"Bearer {twin.key}"
    return None if admitted else _detail(401, "Unauthorized")


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "application/octet-stream")


async def _begin(twin: Twin, request: Request) -> Response:
    """What the CDN does before a file comes in parts: give it an address, and the upload an id."""
    if refusal := _uncredited(twin, request):
        return refusal
    name = twin.store(b"", _media_type(request))
    return JSONResponse({"access_url": f"{hosted(request)}/files/{name}", "uploadId": uuid.uuid4().hex})


async def _part(twin: Twin, request: Request) -> Response:
    if refusal := _uncredited(twin, request):
        return refusal
    number, upload = request.path_params["number"], request.path_params["upload"]
    name = twin.store(await request.body(), _media_type(request), f"{upload}-{number}")
    return Response(headers={"ETag": f'"{name}"'})


async def _complete(twin: Twin, request: Request) -> Response:
    """Put the parts together that the body lists; they arrive in any order."""
    if refusal := _uncredited(twin, request):
        return refusal
    name, upload = request.path_params["name"], request.path_params["upload"]
    body = await body_of(request)
    listed = body.get("parts") if isinstance(body, dict) else None
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    numbers = sorted(number for entry in entries if isinstance(number := entry.get("partNumber"), int))
    parts = [part for number in numbers if (part := twin.files.pop(f"{upload}-{number}", None)) is not None]
    if name not in twin.files or not parts or len(parts) != len(entries):
        return _detail(400, "The upload does not have these parts")
    twin.store(b"".join(part.read() for part in parts), twin.files[name].media_type, name)
    return Response(status_code=200)


async def _initiate(twin: Twin, request: Request) -> Response:
    """The older way: a URL to PUT the bytes to, and the URL they will have."""
    if refusal := _unauthorised(twin, request):
        return refusal
    name = uuid.uuid4().hex
    base = hosted(request)
    return JSONResponse({"upload_url": f"{base}/files/upload/{name}", "file_url": f"{base}/files/{name}"})


async def _put(twin: Twin, request: Request) -> Response:
    twin.store(await request.body(), _media_type(request), request.path_params["name"])
    return Response(status_code=200)
