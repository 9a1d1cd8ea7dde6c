"""Pictures from URLs that others chose, over real sockets: what is fetched, what never is, and what is said of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import httpx
import pytest

from image_files import SAMPLES, png
from pentaprism.client import PictureSettings
from pentaprism.client.fetch import MAX_REDIRECTS, Fetcher, FetchError, Reason, no_cookies
from picture_hosts import LOOPBACK, Answer, Host, host, leading, reply, trusting

T = TypeVar("T")
PNG = SAMPLES["png"]
NAME = "pictures.example"


async def fetched(
    url: str,
    *,
    max_bytes: int = 1_000_000,
    seconds: float = 10.0,
    trusted: str | None = None,
    settings: PictureSettings | None = None,
) -> bytes:
    """What a fetcher of these settings makes of a URL."""
    settings = settings or at()
    verify = settings.ssl_context or True
    async with httpx.AsyncClient(verify=verify, trust_env=False, cookies=no_cookies()) as client:
        return await Fetcher(client, settings).fetch(url, max_bytes=max_bytes, seconds=seconds, trusted=trusted)


def at(*addresses: str, name: str = NAME, **settings: Any) -> PictureSettings:
    """Settings under which a name leads to these addresses, and loopback may be reached."""
    return PictureSettings(
        **{
            "resolve": leading({name: addresses or ("127.0.0.1",)}),
            "ssl_context": trusting(),
            "private_networks": LOOPBACK,
            **settings,
        }
    )


def refused(work: Coroutine[Any, Any, bytes]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        asyncio.run(work)
    assert str(caught.value).startswith("The picture at ")
    assert str(caught.value).endswith(".")
    return caught.value


async def answered(answer: Answer, path: str = "/a.png", **options: Any) -> tuple[bytes, Host]:
    """What comes of a TLS host that answers so, and the host."""
    async with host({path: answer}, names=[NAME]) as pictures:
        return await fetched(f"https://{NAME}:{pictures.port}{path}", **options), pictures


def failed(answer: Answer, **options: Any) -> FetchError:
    async def work() -> bytes:
        content, _ = await answered(answer, **options)
        return content

    return refused(work())


# --- what is fetched ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif", "avif"])
def test_a_picture_over_https(name: str) -> None:
    # The type is read from the bytes: what the host calls them does not count.
    content, pictures = asyncio.run(answered(reply(SAMPLES[name], content_type="text/html")))
    assert content == SAMPLES[name]
    assert pictures.paths == ["/a.png"]


def test_what_is_sent_names_the_host_and_nothing_else() -> None:
    _, pictures = asyncio.run(answered(reply(PNG), path="/a%20b.png?x=1&y=/../"))
    [request] = pictures.requests
    lines = request.lower().splitlines()
    assert lines[0] == "get /a%20b.png?x=1&y=/../ http/1.1"
    assert f"host: {NAME}:{pictures.port}" in lines
    assert {line.partition(":")[0] for line in lines[1:] if line} == {
        "host",
        "accept",
        "accept-encoding",
        "user-agent",
        "connection",
    }


def test_a_cookie_is_not_kept() -> None:
    async def twice() -> list[str]:
        answer = reply(PNG, set_cookie="who=you; Path=/")
        async with (
            host({"/a.png": answer}, names=[NAME]) as pictures,
            httpx.AsyncClient(verify=trusting(), trust_env=False, cookies=no_cookies()) as client,
        ):
            fetcher = Fetcher(client, at())
            for _ in range(2):
                await fetcher.fetch(f"https://{NAME}:{pictures.port}/a.png", max_bytes=10**6, seconds=10)
            base = f"https://{NAME}:{pictures.port}"
            assert not client.cookies
            return [*pictures.requests, base]

    assert all("cookie" not in request.lower() for request in asyncio.run(twice()))


def test_a_connection_is_used_for_one_name_only() -> None:
    """Two names at one address and port: the second is asked over a connection whose certificate is checked for it."""

    async def both() -> tuple[Host, list[str]]:
        faults = []
        settings = at(resolve=leading({NAME: ["127.0.0.1"], "other.example": ["127.0.0.1"]}))
        async with (
            host({"/a.png": reply(PNG)}, names=[NAME]) as pictures,
            httpx.AsyncClient(verify=trusting(), trust_env=False) as client,
        ):
            fetcher = Fetcher(client, settings)
            for name in (NAME, NAME, "other.example"):
                try:
                    await fetcher.fetch(f"https://{name}:{pictures.port}/a.png", max_bytes=10**6, seconds=10)
                except FetchError as error:
                    faults.append(f"{name} {error.reason}")
            return pictures, faults

    pictures, faults = asyncio.run(both())
    assert faults == ["other.example network"]
    assert len(pictures.requests) == 2


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    content, _ = asyncio.run(answered(reply(PNG), settings=at("::1", "127.0.0.9", "127.0.0.1")))
    assert content == PNG


def test_an_address_of_ipv6() -> None:
    async def work() -> tuple[bytes, str]:
        async with host({"/a.png": reply(PNG)}, names=["::1"], at="::1") as pictures:
            url = f"https://[::1]:{pictures.port}/a.png"
            settings = at("::1", name="::1")
            return await fetched(url, settings=settings), pictures.requests[0]

    content, request = asyncio.run(work())
    assert content == PNG
    assert "host: [::1]:" in request.lower()


def test_the_systems_resolver_is_used_where_no_other_is_given() -> None:
    async def work() -> bytes:
        async with host({"/a.png": reply(PNG)}, names=["localhost"]) as pictures:
            return await fetched(f"https://localhost:{pictures.port}/a.png", settings=at(resolve=None))

    assert asyncio.run(work()) == PNG


# --- where it may lead ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        # One address inside is enough, wherever in the list it stands.
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "10.0.0.1"],
        ["fe80::1%lo"],
        ["nonsense"],
    ],
)
def test_a_host_inside_is_never_asked(addresses: list[str]) -> None:
    async def work() -> tuple[Exception, Host]:
        async with host({"/a.png": reply(PNG)}, names=[NAME]) as pictures:
            settings = at(*addresses, private_networks=())
            with pytest.raises(FetchError) as caught:
                await fetched(f"https://{NAME}:{pictures.port}/a.png?token=hush", settings=settings)
            return caught.value, pictures

    error, pictures = asyncio.run(work())
    assert pictures.connections == 0
    assert isinstance(error, FetchError)
    assert error.reason is Reason.ADDRESS
    assert "is not on the public internet" in str(error)
    assert "`private_networks`" in str(error)
    # Neither what the name leads to, nor what may be a signature.
    assert not any(address in str(error) for address in addresses)
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a.png",
        "https://127.1/a.png",
        "https://2130706433/a.png",
        "https://0x7f000001/a.png",
        "https://0/a.png",
        "https://localhost/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:127.0.0.1]/a.png",
        "https://[64:ff9b::a9fe:a9fe]/a.png",
        "https://169.254.169.254/latest/meta-data/",
    ],
)
def test_however_an_inside_address_is_written(url: str) -> None:
    assert refused(fetched(url, settings=PictureSettings())).reason in (Reason.ADDRESS, Reason.HOST, Reason.URL)


def test_a_name_is_looked_up_once() -> None:
    """A name that leads elsewhere the second time (rebinding) is not asked a second time."""
    asked: list[str] = []

    async def resolve(name: str, port: int) -> list[str]:
        asked.append(f"{name}:{port}")
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.66"]

    content, pictures = asyncio.run(answered(reply(PNG), settings=at(resolve=resolve)))
    assert content == PNG
    assert asked == [f"{NAME}:{pictures.port}"]


def test_only_the_networks_named_are_let_through() -> None:
    error = failed(reply(PNG), settings=at(private_networks=("127.0.0.2/32", "10.0.0.0/8")))
    assert error.reason is Reason.ADDRESS


def test_the_certificate_must_be_the_names() -> None:
    async def work() -> bytes:
        async with host({"/a.png": reply(PNG)}, names=["another.example"]) as pictures:
            return await fetched(f"https://{NAME}:{pictures.port}/a.png")

    assert refused(work()).reason is Reason.NETWORK


def test_the_certificate_must_be_of_a_known_authority() -> None:
    assert failed(reply(PNG), settings=at(ssl_context=None)).reason is Reason.NETWORK


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://pictures.example/a.png", "is http, and pictures are fetched over https only"),
        ("ftp://pictures.example/a.png", "is no https link to a picture"),
        ("file:///etc/passwd", "is no https link to a picture"),
        ("data:image/png;base64,AAAA", "is no https link to a picture"),
        ("https:///a.png", "is no https link to a picture"),
        ("//pictures.example/a.png", "is no https link to a picture"),
        ("", "is no https link to a picture"),
        ("https://[::1", "is no URL that can be fetched"),
        ("https://a\nb/x", "is no URL that can be fetched"),
        ("https://1.2.3.999/a.png", "is no URL that can be fetched"),
        ("https://me:word@pictures.example/a.png", "holds a user name or a password"),
        ("https://me@pictures.example/a.png", "holds a user name or a password"),
    ],
)
def test_a_url_that_is_not_fetched(url: str, words: str) -> None:
    error = refused(fetched(url))
    assert error.reason is Reason.URL
    assert words in str(error)
    assert "word@" not in str(error)


@pytest.mark.parametrize("name", ["nowhere.example", "good.example\\@pictures.example", f"{'a' * 70}.example"])
def test_a_name_that_leads_nowhere(name: str) -> None:
    error = refused(fetched(f"https://{name}/a.png"))
    assert error.reason in (Reason.HOST, Reason.URL)


def test_a_name_without_addresses() -> None:
    async def nothing(name: str, port: int) -> list[str]:
        return []

    error = refused(fetched(f"https://{NAME}/a.png", settings=at(resolve=nothing)))
    assert (error.reason, "without an address" in str(error)) == (Reason.HOST, True)


def test_plain_http_only_where_it_is_allowed() -> None:
    async def work(settings: PictureSettings) -> bytes:
        async with host({"/a.png": reply(PNG)}) as pictures:
            return await fetched(f"http://{NAME}:{pictures.port}/a.png", settings=settings)

    assert refused(work(at())).reason is Reason.URL
    assert asyncio.run(work(at(allow_http=True))) == PNG
    # That it may be http does not make it public.
    assert refused(work(at(allow_http=True, private_networks=()))).reason is Reason.ADDRESS


def test_a_trusted_origin_is_that_origin_alone() -> None:
    async def work(trusted: Callable[[int], str], path: str = "/a.png") -> bytes:
        answers: dict[str, Answer] = {
            "/a.png": reply(PNG),
            "/away": reply(status=302, location="http://localhost:1/a.png"),
        }
        async with host(answers) as pictures:
            url = f"http://127.0.0.1:{pictures.port}{path}"
            return await fetched(url, trusted=trusted(pictures.port), settings=PictureSettings())

    assert asyncio.run(work(lambda port: f"http://127.0.0.1:{port}/base")) == PNG
    for other in (
        lambda port: f"http://127.0.0.1:{port + 1}",
        lambda port: f"http://localhost:{port}",
        lambda port: f"https://127.0.0.1:{port}",
    ):
        assert refused(work(other)).reason is Reason.URL
    assert refused(work(lambda port: f"http://127.0.0.1:{port}", "/away")).reason is Reason.REDIRECT


# --- redirects ------------------------------------------------------------------------------------------------


def test_redirects_on_the_same_origin_are_checked_and_followed() -> None:
    looked_up: list[str] = []

    async def resolve(name: str, port: int) -> list[str]:
        looked_up.append(name)
        return ["127.0.0.1"]

    async def work(hops: int) -> bytes:
        answers: dict[str, Answer] = {
            f"/{hop}": reply(b"moved", status=status, location=f"/{hop + 1}")
            for hop, status in zip(range(hops), (301, 302, 307, 308, 303), strict=False)
        }
        answers[f"/{hops}"] = reply(PNG)
        async with host(answers, names=[NAME]) as pictures:
            return await fetched(f"https://{NAME}:{pictures.port}/0", settings=at(resolve=resolve))

    assert asyncio.run(work(MAX_REDIRECTS)) == PNG
    assert looked_up == [NAME] * (MAX_REDIRECTS + 1)
    error = refused(work(MAX_REDIRECTS + 1))
    assert error.reason is Reason.REDIRECT
    assert f"more than {MAX_REDIRECTS} times" in str(error)


def test_a_host_that_moves_inside_between_two_hops_is_not_followed() -> None:
    turns = [["127.0.0.1"], ["169.254.169.254"]]

    async def resolve(name: str, port: int) -> list[str]:
        return turns.pop(0)

    answer = reply(status=302, location="/b.png")
    assert failed(answer, settings=at(resolve=resolve)).reason is Reason.ADDRESS


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://other.example/a.png", "redirects to https://other.example, and redirects elsewhere are not followed"),
        ("http://169.254.169.254/latest/meta-data/", "redirects to http://169.254.169.254, and"),
        ("//other.example/a.png", "redirects to https://other.example, and"),
        (f"http://{NAME}/a.png", "and redirects elsewhere are not followed"),
        (f"https://{NAME}/a.png", "and redirects elsewhere are not followed"),
        ("file:///etc/passwd", "and redirects elsewhere are not followed"),
        ("", "redirects without saying where"),
    ],
)
def test_a_redirect_elsewhere_is_an_error(location: str, words: str) -> None:
    error = failed(reply(status=302, location=location))
    assert error.reason is Reason.REDIRECT
    assert words in str(error)


@pytest.mark.parametrize(
    "location",
    ["javascript:alert(1)", "https://[::1", "https://\xff", ":http://1.2.3.4]", "https:////::1", "https:////["],
)
def test_a_redirect_to_no_address_is_no_answer(location: str) -> None:
    assert failed(reply(status=302, location=location)).reason in (Reason.REDIRECT, Reason.NETWORK)


# --- what comes back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 401, 403, 404, 500])
def test_any_other_status_is_an_error(status: int) -> None:
    error = failed(reply(b"" if status in (204, 304) else PNG, status=status))
    assert error.reason is Reason.STATUS
    assert f"answers {status}; check the link" in str(error)


def test_the_cap_holds_for_what_is_declared() -> None:
    assert asyncio.run(answered(reply(PNG), max_bytes=len(PNG)))[0] == PNG
    error = failed(reply(PNG, content_length=str(10**12)))
    assert error.reason is Reason.TOO_LARGE
    assert "has more than 1 MB; compress or shrink it" in str(error)


def test_the_cap_holds_for_what_comes() -> None:
    """A body of no stated length and no end is left after the cap, not after its end."""
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(reply(PNG, content_length=""))
        while True:
            sent += 65_536
            writer.write(bytes(65_536))
            await writer.drain()

    assert failed(endless).reason is Reason.TOO_LARGE
    # What lay in the sockets' buffers comes on top.
    assert sent < 50_000_000


def test_a_compressed_body_is_not_unpacked() -> None:
    error = failed(reply(bytes(1000), content_encoding="gzip"))
    assert error.reason is Reason.NO_PICTURE
    assert "comes compressed" in str(error)


@pytest.mark.parametrize("content", [b"", b"<html>Log in</html>", b'{"error": 1}', PNG[:20], b"%PDF-1.7"])
def test_what_is_no_picture_is_refused_whatever_it_is_called(content: bytes) -> None:
    error = failed(reply(content, content_type="image/png"))
    assert error.reason is Reason.NO_PICTURE
    assert "cannot be read." in str(error)


def test_a_body_that_breaks_off() -> None:
    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(reply(PNG)[:-10])
        await writer.drain()
        writer.close()

    error = failed(half)
    assert (error.reason, "broke off" in str(error)) == (Reason.NETWORK, True)


def test_what_is_no_http() -> None:
    error = failed(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    assert (error.reason, "gave no usable answer" in str(error)) == (Reason.NETWORK, True)


def _hangs(before: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        await writer.drain()
        await asyncio.Event().wait()

    return answer


@pytest.mark.parametrize("before", [b"", reply(PNG)[:-10]], ids=["silent", "half"])
def test_one_deadline_for_all_of_it(before: bytes) -> None:
    error = failed(_hangs(before), seconds=0.2)
    assert error.reason is Reason.DEADLINE
    assert "did not come whole within 0.2 s" in str(error)


def test_the_deadline_holds_for_the_look_up() -> None:
    async def never(name: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert refused(fetched(f"https://{NAME}/a.png", seconds=0.1, settings=at(resolve=never))).reason is Reason.DEADLINE


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = refused(fetched(f"https://{NAME}:{port}/a.png"))
    assert (error.reason, "cannot be reached" in str(error)) == (Reason.NETWORK, True)


def test_a_picture_of_any_size_may_come_back() -> None:
    """Pixels are no matter of fetching: nothing is decoded here, and each caller has limits of its own."""
    assert asyncio.run(answered(reply(png(60_000, 60_000))))[0] == png(60_000, 60_000)
