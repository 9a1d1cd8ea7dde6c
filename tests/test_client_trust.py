"""Where a provider's key may go: to its own hosts, and to no address that only looks like one."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bfl_replies import BFL
from pentaprism import Catalog
from pentaprism.client import ProviderSettings
from pentaprism.client.settings import is_trusted, origin_of
from pentaprism.client.transport import Transport
from pentaprism.errors import Failure, ProviderError, TransportError
from pentaprism.types import HttpCall, Provider
from picture_hosts import host, reply

SAFE = [
    "https://api.bfl.ai/v1/flux-2-flex",
    "https://API.BFL.AI/v1/flux-2-flex",
    "https://gateway.bfl.ai/v1/get_result?id=1",
    "https://api.eu2.bfl.ai/v1/get_result?id=1",
]
UNSAFE = [
    "http://api.bfl.ai/v1/x",
    "ftp://api.bfl.ai/v1/x",
    "//api.bfl.ai/v1/x",
    "https://bfl.ai/v1/x",
    "https://evilbfl.ai/v1/x",
    "https://api.evilbfl.ai/v1/x",
    "https://bfl.ai.evil.com/v1/x",
    "https://api.bfl.ai.evil.com/v1/x",
    "https://evil.com/api.bfl.ai",
    "https://evil.com?x=.bfl.ai",
    "https://evil.com#.bfl.ai",
    "https://evil.com\\.bfl.ai/",
    "https://evil.com%2f.bfl.ai/",
    "https://evil.com;.bfl.ai/",
    "https://api.bfl.ai@evil.com/",
    "https://user@api.bfl.ai/",
    "https://user:word@gateway.bfl.ai/",
    "https://api.bfl.ai:443/",
    "https://gateway.bfl.ai:8443/",
    "https://.bfl.ai/",
    "https://a..bfl.ai/",
    "https://-.bfl.ai/",
    "https://*.bfl.ai/",
    "https://gateway.bfl.ai./",
    "https://gateway.bfl.aı/",
    "https://gateway。bfl.ai/",
    "https://[::1]/.bfl.ai",
    "https://[::1",
    "",
]


@pytest.mark.parametrize("url", SAFE)
def test_the_key_goes_to_bfls_hosts(url: str) -> None:
    assert is_trusted(url, BFL, None)


@pytest.mark.parametrize("url", UNSAFE)
def test_the_key_goes_to_no_look_alike(url: str) -> None:
    assert not is_trusted(url, BFL, None)


def test_the_catalogs_own_hosts_are_these() -> None:
    provider = Catalog.load().providers["bfl"]
    assert all(is_trusted(url, provider, None) for url in SAFE)
    assert not any(is_trusted(url, provider, None) for url in UNSAFE)


@pytest.mark.parametrize("hosts", [("*.ai",), ("*.",), ("*",), ("*bfl.ai",), (".bfl.ai",), ()])
def test_only_whole_domains_can_be_wildcards(hosts: tuple[str, ...]) -> None:
    assert not is_trusted("https://gateway.bfl.ai/", BFL._replace(hosts=hosts), None)


def test_an_exact_host_trusts_nothing_below_it() -> None:
    exact = BFL._replace(hosts=("api.bfl.ai",))
    assert is_trusted("https://api.bfl.ai/", exact, None)
    assert not is_trusted("https://eu.api.bfl.ai/", exact, None)


def test_a_base_url_is_the_only_place_there_is() -> None:
    base = "http://127.0.0.1:9/proxy"
    assert is_trusted("http://127.0.0.1:9/v1/x", BFL, base)
    for url in (*SAFE, "http://127.0.0.1:90/v1/x", "https://127.0.0.1:9/v1/x", "http://u@127.0.0.1:9/", "https://[::1"):
        assert not is_trusted(url, BFL, base)


LABELS = st.from_regex(r"[a-z0-9-]{1,4}(\.[a-z0-9]{1,3})?", fullmatch=True)


@given(LABELS | st.text("abfl.i@:/\\?#%[]*- \t", max_size=16))
def test_whatever_is_trusted_is_read_by_httpx_as_a_host_of_bfl(text: str) -> None:
    url = f"https://{text}.bfl.ai/x"
    if is_trusted(url, BFL, None):
        try:
            host = httpx.URL(url).host
        except httpx.InvalidURL:
            return
        assert host.endswith(".bfl.ai")
        assert httpx.URL(url).port is None


def sent(url: str, provider: Provider = BFL) -> list[httpx.Request]:
    """What goes out when a poll of this address is sent."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    async def poll() -> None:
        settings = {"bfl": ProviderSettings(key="secret")}
        transport = Transport({"bfl": provider}, settings, httpx.MockTransport(answer))
        try:
            await transport.send(HttpCall(method="GET", url=url), "bfl")
        finally:
            await transport.close()

    asyncio.run(poll())
    return seen


def test_a_poll_carries_the_key_without_a_scheme_and_nowhere_else() -> None:
    assert [request.headers["x-key"] for request in sent("https://gateway.bfl.ai/v1/get_result?id=1")] == ["secret"]
    [elsewhere] = sent("https://bfl.ai.evil.com/v1/get_result?id=1")
    assert "secret" not in str(elsewhere.headers)


@pytest.mark.parametrize("url", ["https://gateway.bfl.ai\n/x", "https://[::1", "https://gateway.bfl.ai:x/"])
def test_an_address_that_is_none_is_never_sent(url: str) -> None:
    with pytest.raises(TransportError, match="no address") as caught:
        sent(url)
    assert not caught.value.sent


def test_a_picture_at_no_address_is_an_error_of_the_provider() -> None:
    async def fetch(url: str) -> bytes:
        transport = Transport({"bfl": BFL}, {"bfl": ProviderSettings(key="secret")})
        try:
            return await transport.download(url, "bfl")
        finally:
            await transport.close()

    for url in ("https://a\nb/x", "http://[::1"):
        with pytest.raises(ProviderError) as caught:
            asyncio.run(fetch(url))
        assert caught.value.failure is Failure.ACCEPTED
    assert origin_of("http://[::1") == ""


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", "https://[::1", ":http://1.2.3.4]", "https://elsewhere.example/x"]
)
def test_a_redirect_is_never_taken_for_a_call_that_was_not_sent(location: str) -> None:
    """The provider has the call, whatever it answers: to ask another could be to pay twice."""

    async def submit() -> tuple[bool, int]:
        async with host({"/v1/flux": reply(status=302, location=location)}) as provider:
            base = f"http://127.0.0.1:{provider.port}"
            transport = Transport({"bfl": BFL}, {"bfl": ProviderSettings(key="secret", base_url=base)})
            call = HttpCall(method="POST", url=f"{base}/v1/flux", json={}, submits=True)
            try:
                sent = (await transport.send(call, "bfl")).status == 302
            except TransportError as error:
                sent = error.sent
            finally:
                await transport.close()
            return sent, len(provider.requests)

    assert asyncio.run(submit()) == (True, 1)
