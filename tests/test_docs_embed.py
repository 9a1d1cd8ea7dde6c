"""The page on embedding: its code, taken as it stands there, drives exchanges with requests and with aiohttp.

The providers' addresses are led to their twins below the clients' own call, on real sockets; the twins learn from the
headers of a proxy where they were meant to be, so that the addresses in their replies are the providers' too.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import requests

from pentaprism.api import Catalog
from pentaprism.errors import Failure, ProviderError
from pentaprism.exchange import exchange
from pentaprism.media import read_header
from pentaprism.twins import Twins
from pentaprism.types import Event, ExchangeResult, HttpCall
from pictures import opened
from twin_clients import fetch

ROOT = Path(__file__).resolve().parent
PAGE = (ROOT.parent / "site" / "docs" / "embed.md").read_text(encoding="utf-8")
SETUP, *PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CLIENTS = dict(zip(re.findall(r"^## With (\w+)$", PAGE, re.MULTILINE), PROGRAMS, strict=True))
HOSTS = {"fal": "queue.fal.run", "openai": "api.openai.com"}


@pytest.fixture(scope="module")
def wide() -> Catalog:
    return Catalog.load(extends=[ROOT / "format"])


@pytest.fixture
def twins(wide: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twins]:
    """The twins behind the providers' own addresses, for both clients."""
    with Twins(wide, ["fal", "openai"]) as running:
        origins = {host: running.bases[name] for name, host in HOSTS.items()}

        def led(url: str, options: dict[str, Any]) -> str:
            parts = urlsplit(url)
            options["headers"] = {**options["headers"], "host": parts.netloc, "x-forwarded-proto": parts.scheme}
            return f"{origins[parts.netloc]}{parts.path}"

        original, original_async = requests.Session.request, aiohttp.ClientSession._request

        def request(self: Any, method: str, url: str, **options: Any) -> Any:
            return original(self, method, led(url, options), **options)

        async def request_async(self: Any, method: str, url: str, **options: Any) -> Any:
            return await original_async(self, method, led(url, options), **options)

        monkeypatch.setattr(requests.Session, "request", request)
        monkeypatch.setattr(aiohttp.ClientSession, "_request", request_async)
        monkeypatch.setenv("FAL_KEY", running.key)
        monkeypatch.setenv("OPENAI_API_KEY", running.key)
        yield running


def ran(client: str) -> tuple[dict[str, Any], list[str]]:
    """What the page's program leaves behind, and what it prints."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(SETUP, "embed.md", "exec"), names)
        exec(compile(CLIENTS[client], "embed.md", "exec"), names)
    return names, printed.getvalue().splitlines()


def drive(client: str, names: dict[str, Any], call: HttpCall) -> tuple[ExchangeResult, list[Event]]:
    """The page's `drive` with another call of the provider it has."""
    events: list[Event] = []
    steps = exchange(call, names["provider"])
    if client == "requests":
        with requests.Session() as session:
            return names["drive"](steps, session, events.append), events

    async def driven() -> ExchangeResult:
        async with aiohttp.ClientSession() as session:
            result: ExchangeResult = await names["drive"](steps, session, events.append)
            return result

    return asyncio.run(driven()), events


clients = pytest.mark.parametrize("client", CLIENTS)


def test_both_clients_are_on_the_page() -> None:
    assert list(CLIENTS) == ["requests", "aiohttp"]


@clients
def test_a_driver_is_no_more_than_fifteen_lines(client: str) -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    (function,) = (node for node in ast.walk(ast.parse(CLIENTS[client])) if getattr(node, "name", "") == "drive")
    assert isinstance(function, functions)
    assert (function.end_lineno or 0) - function.lineno + 1 <= 15


@clients
def test_the_page_makes_a_picture(client: str, twins: Twins) -> None:
    names, printed = ran(client)
    accepted, *_, url = printed
    [charge] = twins.charges("fal")
    assert f"kind='accepted', request_id='{charge['request_id']}'" in accepted
    assert url.startswith("https://queue.fal.run/files/")
    header = read_header(fetch(url.replace("https://queue.fal.run", twins.bases["fal"])).content)
    assert (header.width, header.height) == (512, 512)
    assert names["result"].request_id == charge["request_id"]
    assert [entry["method"] for entry in twins.requests("fal")].count("POST") == 1


@clients
def test_a_form_with_files_goes_out_too(client: str, wide: Catalog, twins: Twins) -> None:
    names, _ = ran(client)
    names["provider"] = wide.providers["openai"]
    body = {"model": "gpt-image-2", "prompt": "größer", "image": [opened("640x480")], "size": "1024x1024"}
    (call,) = wide.compile(body, "openai/gpt-image-2-edit").calls
    result, events = drive(client, names, call)
    assert read_header(result.outputs[0].content or b"").width == 1024
    assert (result.tokens["image_in"], events) == (300, [])


@clients
@pytest.mark.parametrize(
    ("fault", "failure"), [("429", Failure.REJECTED), ("moderation", Failure.REFUSED), ("failed", Failure.REJECTED)]
)
def test_failures_arrive_as_the_exchange_types_them(client: str, fault: str, failure: Failure, twins: Twins) -> None:
    names, _ = ran(client)
    twins.fail_next("fal", fault)
    with pytest.raises(ProviderError) as caught:
        drive(client, names, names["compiled"].calls[0])
    assert caught.value.failure is failure


@clients
def test_a_provider_that_is_away_is_never_said_to_have_refused(client: str, twins: Twins) -> None:
    names, _ = ran(client)
    twins.stop("fal")
    with pytest.raises(ProviderError) as caught:
        drive(client, names, names["compiled"].calls[0])
    # requests tells a refused connection as it tells one that broke off, so the page's driver takes the safe side.
    assert caught.value.failure is {"requests": Failure.AMBIGUOUS, "aiohttp": Failure.NOT_SENT}[client]


@clients
def test_the_key_goes_to_the_providers_own_hosts_alone(client: str, twins: Twins) -> None:
    names, _ = ran(client)
    credential = names["credential"]
    assert credential("https://queue.fal.run/x") == {"Authorization": f"Key {twins.key}"}
    for url in ("http://queue.fal.run/x", "https://queue.fal.run.evil.com/x", "https://queue.fal.run@evil.com/x"):
        assert credential(url) == {}


def test_every_link_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = link.partition("#")
        text = (ROOT.parent / "site" / "docs" / file).read_text(encoding="utf-8")
        titles = [title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
        assert not anchor or anchor in titles
