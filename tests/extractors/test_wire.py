"""One connection, against servers that send what we say; what the site makes of it is in test_site.py."""

import asyncio
import ssl
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractors.sources import wire
from extractors.sources.wire import Wire
from schemas.errors import FetchError, TransientFetchError, UsageError
from schemas.records import Exchange
from tests.extractors.serving import Handler, answering, own_certificate, response, serving


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    context = own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    wire._tls.cache_clear()
    yield context
    wire._tls.cache_clear()


def get(handle: Handler, times: int = 1, tls: ssl.SSLContext | None = None, pause: float = 0) -> list[Exchange]:
    async def run() -> list[Exchange]:
        async with serving(handle, tls) as url:
            one = Wire(url, 2.0)
            exchanges = []
            for number in range(times):
                exchanges.append(await one.get(f"{url}/{number}", ((b"A", b"1"),)))
                await asyncio.sleep(pause)
            await one.aclose()
            return exchanges

    return asyncio.run(run())


async def path_of(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readuntil(b"\r\n\r\n")).split()[1]


def kept(*, extra: bytes = b"") -> tuple[Handler, list[int]]:
    """Answers each request with its path on connections that stay open, and what it counts: connections."""
    connections: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(len(connections))
        while True:
            try:
                path = await path_of(reader)
            except asyncio.IncompleteReadError:
                return
            writer.write(response("200 OK", path) + extra)

    return handle, connections


def test_one_connection_serves_all_requests() -> None:
    handle, connections = kept()
    assert [each.body for each in get(handle, 3)] == [b"/0", b"/1", b"/2"]
    assert len(connections) == 1


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/search?f%5B0%5D=topics%3A86494&page=3", b"/search?f%5B0%5D=topics%3A86494&page=3"),
        ("/a/../b", b"/b"),
        ("/a b", b"/a%20b"),
        ("/\u00e9#part", b"/%C3%A9"),
        ("?page=1", b"/?page=1"),
        ("", b"/"),
    ],
)
def test_an_address_is_asked_for_as_http_has_it(asked: str, sent: bytes) -> None:
    seen: list[bytes] = []

    async def run() -> None:
        async with serving(answering(response("200 OK", b""), seen=seen)) as url:
            one = Wire(url, 2.0)
            await one.get(url + asked, ())
            await one.aclose()

    asyncio.run(run())

    assert [head.split()[1] for head in seen] == [sent]


def test_a_certificate_that_is_vouched_for_is_accepted(trusted: ssl.SSLContext) -> None:
    handle, connections = kept()
    assert [each.body for each in get(handle, 3, trusted)] == [b"/0", b"/1", b"/2"]
    assert len(connections) == 1


def test_a_connection_that_rested_for_a_minute_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_KEEPALIVE_SECONDS", 0.1)
    handle, connections = kept()
    assert [each.body for each in get(handle, 2, pause=0.2)] == [b"/0", b"/1"]
    assert len(connections) == 2


@pytest.mark.parametrize("pause", [0, 0.05])
def test_what_comes_unasked_is_never_taken_for_the_next_answer(pause: float) -> None:
    handle, connections = kept(extra=response("408 Request Timeout", b"stray"))
    assert [each.body for each in get(handle, 3, pause=pause)] == [b"/0", b"/1", b"/2"]
    assert len(connections) == 3


@pytest.mark.parametrize("pause", [0, 0.05])
def test_a_site_that_hangs_up_after_each_answer_is_no_failure(pause: float) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(response("200 OK", await path_of(reader)))

    assert [each.body for each in get(once, 3, pause=pause)] == [b"/0", b"/1", b"/2"]


def test_what_comes_unasked_over_tls_is_never_taken_for_the_next_answer(trusted: ssl.SSLContext) -> None:
    handle, _ = kept(extra=response("408 Request Timeout", b"stray"))
    assert [each.body for each in get(handle, 3, trusted)] == [b"/0", b"/1", b"/2"]


def test_the_rest_of_what_began_unasked_is_never_taken_for_the_next_answer() -> None:
    stray = response("408 Request Timeout", b"stray")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                path = await path_of(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            writer.write(response("200 OK", path) + stray[:12])
            await asyncio.sleep(0.02)
            writer.write(stray[12:])

    assert [each.body for each in get(handle, 3)] == [b"/0", b"/1", b"/2"]


def test_an_answer_that_comes_late_and_unasked_is_never_taken_for_the_next() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                path = await path_of(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            writer.write(response("200 OK", path))
            await asyncio.sleep(0.02)
            writer.write(response("200 OK", b"stray"))

    assert [each.body for each in get(handle, 3, pause=0.2)] == [b"/0", b"/1", b"/2"]


@pytest.mark.parametrize("is_secure", [False, True])
def test_an_idle_connection_takes_no_more_than_the_kernel_holds(trusted: ssl.SSLContext, is_secure: bool) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(response("200 OK", await path_of(reader)))
        while True:
            writer.write(bytes(64 * 1024))
            try:
                await writer.drain()
            except ConnectionError:
                return
            sent += 64 * 1024

    get(flood, pause=1, tls=trusted if is_secure else None)
    assert sent < 32 * 1024**2  # the buffers of both sides; what is read without end is many times as much


def test_a_head_that_is_too_large_is_said_to_be() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await path_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_600_000)

    with pytest.raises(FetchError, match=r"^the head of the response has more than 100 KiB$") as caught:
        get(handle)
    assert caught.value.url is not None
    assert caught.value.url.endswith("/0")


@pytest.mark.parametrize("has_port", [False, True])
def test_no_proxy_may_name_a_host_with_its_port(monkeypatch: pytest.MonkeyPatch, has_port: bool) -> None:
    async def run() -> Exchange:
        async with serving(answering(response("200 OK", b"direct"))) as url:
            host = url.partition("://")[2]
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
            monkeypatch.setenv("no_proxy", host if has_port else host.partition(":")[0])
            one = Wire(url, 2.0)
            exchange = await one.get(url, ())
            await one.aclose()
            return exchange

    assert asyncio.run(run()).body == b"direct"


@pytest.mark.parametrize("proxy", ["ftp://jane:p@ssw0rd@127.0.0.1:1", "http://jane:p@ssw0rd@127.0.0.1:x"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(UsageError, match=r"cannot be used: 127\.0\.0\.1:") as caught:
        Wire("http://example.org", 2.0)
    assert "jane" not in "".join(traceback.format_exception(caught.value))
    assert "w0rd" not in "".join(traceback.format_exception(caught.value))


def test_a_site_may_say_that_it_will_hang_up() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(response("200 OK", await path_of(reader), "Connection: close"))
        await reader.read()

    assert [each.body for each in get(once, 2)] == [b"/0", b"/1"]


def test_hints_before_the_answer_are_passed_over() -> None:
    async def hint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await path_of(reader)
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.write(response("200 OK", b"well"))

    (exchange,) = get(hint)
    assert (exchange.status, exchange.body) == (200, b"well")


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
@pytest.mark.parametrize("pause", [0, 0.05])
def test_a_body_without_length_is_whole_when_the_site_hangs_up(head: bytes, pause: float) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await path_of(reader)
        writer.write(head)
        await asyncio.sleep(pause)
        writer.write(b"whole")

    assert [each.body for each in get(handle, 2)] == [b"whole", b"whole"]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nConte", "the connection was broken off before an answer"),
        (b"It works!\r\n\r\n", "the answer is no valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "the body ended early"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "the body ended early"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "the body ended early"),
    ],
)
def test_an_answer_that_is_not_whole_is_none(sent: bytes, reason: str) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await path_of(reader)
        writer.write(sent)

    with pytest.raises(TransientFetchError, match=f"^{reason}$"):
        get(handle)
