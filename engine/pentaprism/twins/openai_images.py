"""OpenAI's twin: the images API, generations in JSON and edits in forms, answered at once or as a stream of events.

Row 7. The models that share an address are told apart by `model`, as there. What goes out is base64, unless a model's
contract has `response_format`. Refused content is refused at the door and not billed. Which pictures of several a
stream shows on the way is a guess: all, one after the other; and so are the sizes refused: those the catalog says
cannot be made.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from ..types import Form, FormKind, Size
from .openai_errors import MODERATED, envelope, explained
from .studio import Shelf, Shot, Violation, value_at
from .tokens import detail_of
from .twin import Job, Twin, application, body_of, hosted

__all__ = ["apps"]

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
)
_WRONG_KEY = (
    "Incorrect API key provided: ***. You can find your API key at https://platform.openai.com/account/api-keys."
)
_BROKE = "The server had an error while processing your request. Sorry about that!"
_TYPES = {"json": "application/json", "multipart": "multipart/form-data"}


def apps(twin: Twin) -> Mapping[str, ASGIApp]:
    """The one app there is."""
    routes = [Route("/v1/{endpoint_id:path}", partial(_submit, twin), methods=["POST"])]
    return {"": application(twin, routes, partial(_error, 404, envelope("Invalid URL")))}


def _error(status: int, body: Mapping[str, Any], **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse(body, status, {"x-request-id": _new_id(), **named})


def _new_id() -> str:
    return f"req_{uuid.uuid4().hex}"


async def _submit(twin: Twin, request: Request) -> Response:
    if not twin.admits(request):
        sent = request.headers.get(twin.provider.auth_header)
        return _error(401, envelope(_WRONG_KEY, code="invalid_api_key") if sent else envelope(_NO_KEY))
    fault = twin.fault(request)
    if fault == "429":
        limited = envelope("Rate limit reached for images.", code="rate_limit_exceeded", kind="requests")
        return _error(429, limited, retry_after="1")
    if fault == "500-before":
        return _error(500, envelope(_BROKE, kind="server_error"))
    read = await _read(twin, request)
    await request.close()
    if isinstance(read, Response):
        return read
    shelf, body = read
    if fault == "moderation":
        return _error(400, {"error": MODERATED})
    notes = request.scope["twin.notes"]
    job = twin.order(shelf, _new_id(), body, violations=(), fault=fault, notes=notes)
    if job.end == "invalid":
        return _error(400, explained(job.violations[0]))
    await asyncio.sleep(twin.latency)
    streaming = body.get("stream") is True
    if fault == "500-after" or (job.end == "failed" and not streaming):
        return _error(500, envelope(_BROKE, kind="server_error"))
    if job.shot is None:
        raise RuntimeError(f"request {job.id} is done without a picture")
    headers = {"x-request-id": job.id}
    if streaming:
        events = _events(twin, job, job.shot, "image_edit" if shelf.wants_image() else "image_generation")
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
    data = await _data(twin, job, shelf, request)
    usage = _usage(job.shot, first=True, images=job.shot.count)
    return JSONResponse({"created": int(time.time()), "data": data, **_told(job), "usage": usage}, headers=headers)


# --- the body -----------------------------------------------------------------------------------------------------


async def _read(twin: Twin, request: Request) -> tuple[Shelf, dict[str, Any]] | Response:
    """The model's endpoint and the fields of the body, held against its contract; or what is wrong with them."""
    shelves = twin.studio.shelves(request.path_params["endpoint_id"])
    if not shelves:
        return _error(404, envelope(f"Invalid URL (POST {request.url.path})"))
    wanted = _TYPES[shelves[0].endpoint.submission.body]
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        return _error(400, envelope(f"Invalid Content-Type header ({given}), expected {wanted}."))
    fields = await _form(request) if wanted == _TYPES["multipart"] else await body_of(request)
    if not isinstance(fields, (dict, FormData)):
        return _error(400, envelope(f"We could not parse the body of your request as {wanted}."))
    model = fields.get("model")
    if model is None:
        return _error(400, envelope("you must provide a model parameter"))
    known = [name for shelf in shelves for name in _models(shelf)]
    shelf = next((shelf for shelf in shelves if model in _models(shelf)), None)
    if shelf is None:
        return _error(400, explained(Violation(("model",), "enum", known, model, "")))
    faults: list[Violation] = []
    body = await _typed(twin, fields, shelf, faults) if isinstance(fields, FormData) else fields
    faults += [*shelf.violations(body), *_size_faults(shelf, body)]
    return _error(400, explained(faults[0])) if faults else (shelf, body)


async def _form(request: Request) -> FormData | None:
    try:
        return await request.form()
    except HTTPException:
        return None


def _models(shelf: Shelf) -> list[Any]:
    """The names under which a model is asked for at this endpoint."""
    names: list[Any] = shelf.spec.contract.fields.get("model", {}).get("enum", [])
    return names


async def _typed(twin: Twin, form: FormData, shelf: Shelf, faults: list[Violation]) -> dict[str, Any]:
    """The fields of a form as its contract has them: lists, numbers, and the name of a stored file for each file."""
    body: dict[str, Any] = {}
    for written, value in form.multi_items():
        name = written.removesuffix("[]")
        schema = shelf.spec.contract.fields.get(name, {})
        listed = schema.get("type") == "array"
        entry = schema.get("items", {}) if listed else schema
        read: Any = value
        if isinstance(value, UploadFile):
            read = twin.store(await value.read(), value.content_type or "application/octet-stream")
        elif entry.get("format") == "binary":
            faults.append(Violation((name,), "type", "file", value, ""))
        elif entry.get("type") in ("integer", "number", "boolean"):
            read = _number(value)
        if listed:
            body.setdefault(name, []).append(read)
        else:
            body[written] = read
    return body


def _number(text: str) -> Any:
    """What a text means as a number or a switch; the text itself where it means neither."""
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return read if isinstance(read, (int, float)) else text


def _size_faults(shelf: Shelf, body: Mapping[str, Any]) -> Iterator[Violation]:
    """A size in pixels that none of the endpoint's forms can make."""
    for form in shelf.spec.forms:
        path = form.to.get("string") if form.kind is FormKind.FREE else None
        text = value_at(body, path) if path else None
        if path and isinstance(text, str) and text != "auto" and not _makes(form, text):
            yield Violation((path,), "size", None, text, f"{text!r} is no size this model makes.")


def _makes(form: Form, text: str) -> bool:
    width, _, height = text.partition("x")
    if not (width.isascii() and height.isascii() and width.isdigit() and height.isdigit()):
        return False
    size = Size(int(width), int(height))
    low, high = form.side or (1, max(size))
    least, most = form.pixels or (1, size.pixels)
    narrow, wide = form.ratio or (0.0, float("inf"))
    sides = all(low <= side <= high and side % form.step == 0 for side in (size.width, size.height))
    return sides and least <= size.pixels <= most and narrow * size.height <= size.width <= wide * size.height


# --- the reply ----------------------------------------------------------------------------------------------------


def _told(job: Job) -> dict[str, Any]:
    """What a reply and an event tell of its pictures."""
    if job.shot is None:
        raise RuntimeError(f"request {job.id} is done without a picture")
    clear = job.body.get("background") == "transparent"
    return {
        "background": "transparent" if clear else "opaque",
        "output_format": job.shot.kind,
        "quality": detail_of(job.body.get("quality")),
        "size": str(job.shot.size),
    }


def _usage(shot: Shot, *, first: bool, images: int) -> dict[str, Any]:
    """The tokens of this many of the request's pictures; what went in counts with the first."""
    text, image = (shot.tokens[kind] if first else 0 for kind in ("text_in", "image_in"))
    made = shot.tokens["image_out"] * images // shot.count
    return {
        "input_tokens": text + image,
        "input_tokens_details": {"text_tokens": text, "image_tokens": image},
        "output_tokens": made,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": made},
        "total_tokens": text + image + made,
    }


async def _data(twin: Twin, job: Job, shelf: Shelf, request: Request) -> list[dict[str, str]]:
    urls = twin.publish(job, hosted(request))
    if job.fault == "fewer":
        urls = urls[:-1]
    schema = shelf.spec.contract.fields.get("response_format", {})
    if job.body.get("response_format", schema.get("default")) == "url":
        return [{"url": url} for url in urls]
    names = [url.rpartition("/")[2] for url in urls]
    contents = [await run_in_threadpool(twin.files[name].read) for name in names]
    return [{"b64_json": base64.b64encode(content).decode()} for content in contents]


async def _events(twin: Twin, job: Job, shot: Shot, family: str) -> AsyncIterator[str]:
    """Each picture's unfinished states and the picture, as events."""
    twin.publish(job, "")
    common = {"created_at": int(time.time()), **_told(job)}
    states = job.body.get("partial_images") or 0
    for index, name in enumerate(job.files[: len(job.files) - (job.fault == "fewer")]):
        for number in range(states):
            content = await run_in_threadpool(shot.paint, index, 0.1 / (number + 1))
            yield _event(f"{family}.partial_image", content, {**common, "partial_image_index": number})
        if job.end == "failed":
            error = {"type": "image_generation_server_error", "code": "image_generation_failed", "message": _BROKE}
            told = json.dumps({"type": "error", "error": {**error, "param": None}})
            yield f"event: error\ndata: {told}\n\n"
            return
        usage = _usage(shot, first=index == 0, images=1)
        content = await run_in_threadpool(twin.files[name].read)
        yield _event(f"{family}.completed", content, {**common, "usage": usage})


def _event(kind: str, content: bytes, told: Mapping[str, Any]) -> str:
    data = json.dumps({"type": kind, "b64_json": base64.b64encode(content).decode(), **told})
    return f"event: {kind}\ndata: {data}\n\n"
