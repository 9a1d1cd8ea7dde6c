"""Replicate's twin: predictions with and without `Prefer: wait`, cancellation and files, as replicate 1.0.7 asks.

Row 7. With `Prefer: wait` a prediction that ends in time comes back as `processing` with its output; one that does not
comes back as `starting` with HTTP 202. Later it reads `succeeded`. Bodies Replicate does not document are guesses.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from .openapi import version_of
from .studio import Violation
from .twin import Job, Twin, application, body_of, hosted

__all__ = ["apps"]

_WAIT = re.compile(r"wait(?:=([1-9]|[1-9][0-9]|60))?")
LONGEST_WAIT = 60
# What may stand beside `input` in a body; anything else is refused as an additional property.
_BESIDE = frozenset(("input", "version", "webhook", "webhook_events_filter", "stream"))
# JSON Schema's keyword to gojsonschema's error type and sentence, which Replicate passes on.
_ERRORS = {
    "minimum": ("number_gte", "Must be greater than or equal to {}"),
    "maximum": ("number_lte", "Must be less than or equal to {}"),
    "exclusiveMinimum": ("number_gt", "Must be greater than {}"),
    "exclusiveMaximum": ("number_lt", "Must be less than {}"),
    "multipleOf": ("multiple_of", "Must be a multiple of {}"),
    "minLength": ("string_gte", "String length must be greater than or equal to {}"),
    "maxLength": ("string_lte", "String length must be less than or equal to {}"),
    "minItems": ("array_min_items", "Array must have at least {} items"),
    "maxItems": ("array_max_items", "Array must have at most {} items"),
    "pattern": ("pattern", "Does not match pattern '{}'"),
}


def apps(twin: Twin) -> Mapping[str, ASGIApp]:
    """The one app there is."""
    prediction, model = "/v1/predictions/{id}", "/v1/models/{owner}/{name}"
    routes = [
        Route("/v1/predictions", partial(_create, twin), methods=["POST"]),
        Route(f"{model}/predictions", partial(_create, twin), methods=["POST"]),
        Route(prediction, partial(_get, twin)),
        Route(f"{prediction}/cancel", partial(_cancel, twin), methods=["POST"]),
        Route("/v1/files", partial(_upload, twin), methods=["POST"]),
        Route("/v1/files/{name}", partial(_file, twin)),
    ]
    return {"": application(twin, routes, _missing)}


def _problem(status: int, title: str, detail: str, **more: Any) -> Response:
    return JSONResponse({"title": title, "detail": detail, "status": status, **more}, status)


def _missing() -> Response:
    return _problem(404, "Not found", "The requested resource could not be found.")


def _unauthorised(twin: Twin, request: Request) -> Response | None:
    if twin.admits(request):
        return None
    sent = request.headers.get(twin.provider.auth_header)
    detail = "Invalid or expired API token." if sent else "You did not pass an authentication token"
    return _problem(401, "Unauthenticated", detail)


def _named(twin: Twin, request: Request, body: Mapping[str, Any]) -> str | None:
    """The endpoint a creation means: by its path, or by `version`, which may be a version id or owner/name."""
    if "owner" in request.path_params:
        return "{owner}/{name}".format(**request.path_params)
    version = str(body.get("version", "")).rsplit(":", 1)[-1]
    return next((one for one in twin.studio.ids if version in (one, version_of(one))), None)


async def _create(twin: Twin, request: Request) -> Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    fault = twin.fault(request)
    if fault == "429":
        return JSONResponse({"detail": "Request was throttled. Your rate limit resets in ~1s.", "status": 429}, 429)
    if fault == "500-before":
        return _problem(500, "Internal server error", "Something went wrong.")
    body = await body_of(request)
    if not isinstance(body, dict):
        return _problem(400, "Bad request", "The request body is not a JSON object.")
    endpoint_id = _named(twin, request, body)
    shelf = twin.studio.find(endpoint_id, body.get("input")) if endpoint_id else None
    if shelf is None:
        if "owner" in request.path_params:
            return _missing()
        detail = "The version does not exist, or you do not have permission to use it."
        return _problem(422, "Invalid version or not permitted", detail)
    given = body.get("input")
    faults = [Violation((key,), "additionalProperties", False, body[key], "") for key in sorted(set(body) - _BESIDE)]
    if not isinstance(given, dict):
        faults.append(Violation(("input",), "required", ["input"], given, ""))
    else:
        faults += [_within(violation) for violation in shelf.violations(given)]
    if faults:
        return _invalid(faults)
    job = twin.order(shelf, _new_id(), given, violations=(), fault=fault, notes=request.scope["twin.notes"])
    if fault == "500-after":
        return _problem(500, "Internal server error", "Something went wrong.")
    return await _created(twin, job, request)


async def _created(twin: Twin, job: Job, request: Request) -> Response:
    wait = _WAIT.fullmatch(request.headers.get("prefer", ""))
    if wait is None:
        return JSONResponse(_prediction(twin, job, request, "starting"), 201)
    if job.fault == "slow" or twin.latency > int(wait[1] or LONGEST_WAIT):
        await asyncio.sleep(0 if job.fault == "slow" else int(wait[1] or LONGEST_WAIT))
        return JSONResponse(_prediction(twin, job, request, "starting"), 202)
    await asyncio.sleep(max(0.0, job.ready_at - time.monotonic()))
    job.finish()
    status = "processing" if job.end == "done" else "failed"
    return JSONResponse(_prediction(twin, job, request, status, with_output=True), 201)


def _find(twin: Twin, request: Request) -> Job | Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    return twin.jobs.get(request.path_params["id"]) or _missing()


async def _get(twin: Twin, request: Request) -> Response:
    job = _find(twin, request)
    if isinstance(job, Response):
        return job
    if job.failing:
        job.failing -= 1
        return _problem(500, "Internal server error", "Something went wrong.")
    job.asked += 1
    return JSONResponse(_prediction(twin, job, request, _status(job), with_output=True))


def _status(job: Job) -> str:
    if job.finished():
        return {"done": "succeeded", "canceled": "canceled"}.get(job.end, "failed")
    return "starting" if job.asked == 1 and job.polls > 1 else "processing"


async def _cancel(twin: Twin, request: Request) -> Response:
    job = _find(twin, request)
    if isinstance(job, Response):
        return job
    if not job.finished():
        twin.cancel(job)
    return JSONResponse(_prediction(twin, job, request, _status(job)))


def _prediction(twin: Twin, job: Job, request: Request, status: str, *, with_output: bool = False) -> dict[str, Any]:
    base = hosted(request)
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    ended = job.finished()
    output: Any = None
    if with_output and ended and job.end == "done":
        urls = twin.publish(job, base)
        output = urls[0] if job.single else urls
    seed = f"Using seed: {job.shot.seed}\n" if job.shot is not None and status != "starting" else ""
    errors = {
        "moderated": "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
        "failed": "CUDA out of memory",
        "invalid": "cannot identify image file",
    }
    return {
        "id": job.id,
        "model": job.endpoint_id,
        "version": version_of(job.endpoint_id),
        "input": job.body,
        "logs": seed,
        "output": output,
        "data_removed": False,
        "error": errors.get(job.end) if ended else None,
        "source": "api",
        "status": status,
        "created_at": now,
        "started_at": None if status == "starting" else now,
        "completed_at": now if ended and status != "processing" else None,
        "urls": {"get": f"{base}/v1/predictions/{job.id}", "cancel": f"{base}/v1/predictions/{job.id}/cancel"},
        "metrics": {"predict_time": twin.latency} if ended else {},
    }


def _new_id() -> str:
    # Replicate's ids are 26 small letters and digits.
    return f"{uuid.uuid4().hex}"[:26]


def _within(violation: Violation) -> Violation:
    path = ("input", *violation.path)
    return Violation(path, violation.keyword, violation.limit, violation.value, violation.message)


def _invalid(violations: list[Violation]) -> Response:
    fields = [_field(violation) for violation in violations]
    detail = "".join(f"- {field['field']}: {field['description']}\n" for field in fields)
    return _problem(422, "Input validation failed", detail, invalid_fields=fields)


def _field(violation: Violation) -> dict[str, str]:
    """One violation of the contract in gojsonschema's words."""
    limit, keyword = violation.limit, violation.keyword
    parts = [str(part) for part in violation.path]
    if keyword == "required":
        kind, text, parts = "required", f"{parts[-1]} is required", parts[:-1]
    elif keyword == "additionalProperties":
        kind, text = "additional_property_not_allowed", f"Additional property {parts[-1]} is not allowed"
        parts = parts[:-1]
    elif keyword in _ERRORS:
        kind, template = _ERRORS[keyword]
        text = template.format(limit)
    elif keyword == "enum":
        kind, text = "enum", f"Must be one of the following: {', '.join(repr(value) for value in limit)}"
    elif keyword == "type":
        kind, text = "invalid_type", f"Invalid type. Expected: {limit}, given: {_kind(violation.value)}"
    else:
        kind, text = keyword, violation.message
    return {"type": kind, "field": ".".join(parts) or "(root)", "description": text}


def _kind(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}
    return names.get(type(value), "null")


async def _upload(twin: Twin, request: Request) -> Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    async with request.form() as form:
        upload = form.get("content")
        if not isinstance(upload, UploadFile):
            return _problem(400, "Bad request", "Missing content")
        content, kind = await upload.read(), upload.content_type or "application/octet-stream"
        name = twin.store(content, kind)
        shown = _described(hosted(request), name, content, kind, upload.filename or name)
    return JSONResponse(shown, 201)


async def _file(twin: Twin, request: Request) -> Response:
    if refusal := _unauthorised(twin, request):
        return refusal
    name = request.path_params["name"]
    stored = twin.files.get(name)
    if stored is None or stored.content is None:
        return _missing()
    return JSONResponse(_described(hosted(request), name, stored.content, stored.media_type, name))


def _described(base: str, name: str, content: bytes, kind: str, filename: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {
        "id": name,
        "name": filename,
        "content_type": kind,
        "size": len(content),
        "etag": digest[:32],
        "checksums": {"sha256": digest, "md5": hashlib.md5(content, usedforsecurity=False).hexdigest()},
        "metadata": {},
        "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "expires_at": None,
        "urls": {"get": f"{base}/v1/files/{name}"},
    }
