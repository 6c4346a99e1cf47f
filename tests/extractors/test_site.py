"""The live site over real HTTP on loopback: against the replica, and against servers that break what it cannot."""

import asyncio
import datetime as dt
import gzip
import math
import re
import socket
import struct
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest

from extractors.content_encoding import decode_body
from extractors.sources.robots import MAX_ROBOTS_BYTES, Robots
from extractors.sources.site import MAX_FAILURES_IN_A_ROW, MAX_REDIRECTS, Fetched, Site
from extractors.sources.wire import MAX_BODY_BYTES
from schemas.errors import FetchError, SiteStoppedError, UsageError
from schemas.records import Exchange, Validators
from tests.extractors.serving import Handler, answering, own_certificate, response, serving
from tests.replica import ReplicaSite, replica

USER_AGENT = "wcda/0.1 (+https://example.org/wcda)"
PAGE = "/search?page=1"


class Time:
    """A clock that only sleeping moves on, and what was slept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds
        await asyncio.sleep(0)


def live(url: str, time: Time | None = None, **options: Any) -> Site:
    time = time or Time()
    usual = {
        "user_agent": USER_AGENT,
        "requests_per_second": math.inf,
        "workers": 4,
        "timeout_seconds": 5.0,
        "attempts": 5,
        "backoff_seconds": 2.0,
        "longest_wait_seconds": 600.0,
        "clock": time,
        "sleep": time.sleep,
        "random": lambda: 1.0,
    }
    return Site(url, **{**usual, **options})


def visit(url: str, act: Callable[[Site], Awaitable[Any]], time: Time | None = None, **options: Any) -> Any:
    """Enter the site, do something, leave it."""

    async def run() -> Any:
        async with live(url, time, **options) as site:
            return await act(site)

    return asyncio.run(run())


def fetch(
    archive: ReplicaSite,
    path: str = PAGE,
    time: Time | None = None,
    validators: Validators | None = None,
    **options: Any,
) -> Fetched:
    return visit(archive.url, lambda site: site.fetch(archive.url + path, validators), time, **options)


def robots(archive: ReplicaSite, time: Time | None = None, **options: Any) -> Exchange:
    return visit(archive.url, lambda site: site.read_robots(), time, **options)


def range_line(fetched: Fetched) -> str | None:
    """What a person reads on the page."""
    text = " ".join(re.sub(r"<[^>]*>", " ", fetched.decoded.decode()).split())
    found = re.search(r"\d+ - \d+ of \d+", text)
    return found and found[0]


@pytest.fixture(scope="module")
def running() -> Iterator[ReplicaSite]:
    with replica(documents=200, collections=5) as site:
        yield site


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def archive(running: ReplicaSite) -> ReplicaSite:
    running.restore()
    return running


def fetch_from(handle: Handler, path: str = "/search", time: Time | None = None, **options: Any) -> Fetched:
    async def run() -> Fetched:
        async with serving(handle) as url, live(url, time, **options) as site:
            return await site.fetch(url + path)

    return asyncio.run(run())


def robots_from(handle: Handler, path: str = "/search") -> bool:
    """Whether an address is allowed after robots.txt was read."""

    async def run() -> bool:
        async with serving(handle) as url, live(url) as site:
            await site.read_robots()
            return site.allows(url + path)

    return asyncio.run(run())


# What is asked, and what comes


def test_a_page_comes_as_it_went_over_the_wire(archive: ReplicaSite) -> None:
    before = dt.datetime.now(dt.UTC)
    fetched = fetch(archive)
    (exchange,) = fetched.exchanges
    assert (exchange.url, exchange.status, exchange.reason) == (archive.url + PAGE, 200, "OK")
    assert ("Content-Encoding", "gzip") in exchange.headers
    assert [name for name, _ in exchange.headers][:2] == ["Date", "Server"]
    assert exchange.header("content-length") == str(len(exchange.body))
    assert gzip.decompress(exchange.body) == fetched.decoded
    assert fetched.decoded == decode_body(exchange.body, exchange.header("content-encoding"))
    assert range_line(fetched) == "11 - 20 of 200"
    assert before <= exchange.received_at <= dt.datetime.now(dt.UTC)


def test_we_say_who_we_are_and_what_we_want(archive: ReplicaSite) -> None:
    (exchange,) = fetch(archive).exchanges
    assert exchange.request_headers == (
        ("Host", archive.url.removeprefix("http://")),
        ("User-Agent", USER_AGENT),
        ("Accept", "text/html"),
        ("Accept-Encoding", "gzip"),
    )
    assert archive.log()[0]["user-agent"] == USER_AGENT


def test_what_we_say_that_we_sent_is_what_was_sent() -> None:
    seen: list[bytes] = []
    (exchange,) = fetch_from(answering(response("200 OK", b"x"), seen=seen)).exchanges
    sent = "".join(f"{name}: {value}\r\n" for name, value in exchange.request_headers)
    assert seen == [f"GET /search HTTP/1.1\r\n{sent}\r\n".encode()]


def test_chunks_are_undone_and_not_told_of() -> None:
    chunked = (
        b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-A: 2\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    fetched = fetch_from(answering(chunked))
    assert fetched.decoded == b"abcde"
    assert (fetched.exchanges[0].headers, fetched.exchanges[0].reason) == ((("X-A", "1"), ("X-A", "2")), "Fine")


def test_cookies_are_not_kept() -> None:
    seen: list[bytes] = []

    async def run() -> None:
        handle = answering(response("200 OK", b"x", "Set-Cookie: a=b; Path=/"), seen=seen)
        async with serving(handle) as url, live(url, workers=1) as site:
            for _ in range(2):
                await site.fetch(url)

    asyncio.run(run())
    assert len(seen) == 2
    assert not any(b"cookie" in head.lower() for head in seen)


def test_a_page_that_we_have_is_not_sent_again(archive: ReplicaSite) -> None:
    (first,) = fetch(archive).exchanges
    validators = Validators(first.header("etag"), first.header("last-modified"))
    again = fetch(archive, validators=validators)
    assert (again.exchanges[-1].status, again.decoded) == (304, b"")
    logged = archive.log()[-1]
    assert (logged["if-none-match"], logged["if-modified-since"]) == (validators.etag, validators.last_modified)
    assert ("If-None-Match", validators.etag) in again.exchanges[0].request_headers


def test_a_date_alone_is_a_validator_too(archive: ReplicaSite) -> None:
    (first,) = fetch(archive).exchanges
    again = fetch(archive, validators=Validators(last_modified=first.header("last-modified")))
    assert again.exchanges[-1].status == 304
    assert archive.log()[-1]["if-none-match"] is None


def test_a_part_of_a_page_that_nobody_asked_for_is_a_failure() -> None:
    with pytest.raises(FetchError, match=r"^HTTP 206$") as caught:
        fetch_from(answering(response("206 Partial Content", b"half", "Content-Range: bytes 0-3/8")))
    assert caught.value.status == 206


def test_304_that_nobody_asked_for_is_a_failure() -> None:
    with pytest.raises(FetchError, match=r"^HTTP 304$"):
        fetch_from(answering(response("304 Not Modified")))


def test_one_worker_keeps_to_one_connection_and_many_use_no_more_than_they_are(archive: ReplicaSite) -> None:
    async def pages(site: Site) -> None:
        await asyncio.gather(*(site.fetch(f"{archive.url}/search?page={number}") for number in range(20)))

    for workers in (1, 3):
        archive.clear_log()
        visit(archive.url, pages, workers=workers)
        assert len({entry["connection"] for entry in archive.log()}) == workers


def test_a_slow_pace_keeps_to_one_connection(archive: ReplicaSite) -> None:
    async def pages(site: Site) -> None:
        for number in range(6):
            await site.fetch(f"{archive.url}/search?page={number}")

    visit(archive.url, pages, workers=4)
    assert len({entry["connection"] for entry in archive.log()}) == 1


def test_all_workers_share_one_pace(archive: ReplicaSite) -> None:
    async def pages(site: Site) -> None:
        await asyncio.gather(*(site.fetch(f"{archive.url}/search?page={number}") for number in range(9)))

    time = Time()
    visit(archive.url, pages, time, requests_per_second=0.5)
    assert time.slept == [2.0] * 8


# What may pass


def test_a_body_without_length_that_ends_in_a_reset_is_not_taken_for_whole() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>half a pa")
        await writer.drain()
        await asyncio.sleep(0.05)  # a reset overtakes what is still under way
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    with pytest.raises(FetchError, match="the body ended early"):
        fetch_from(handle)


@pytest.mark.parametrize(
    ("fault", "parameters", "reason"),
    [
        ("reset", {}, "the connection was broken off before an answer"),
        ("reset", {"part": 0.5}, "the body ended early"),
        ("stall", {}, "no answer within 0.5 s"),
        ("stall", {"part": 0.5}, "no answer within 0.5 s"),
        ("cut-body", {}, "the body ended early"),
        ("cut-body", {"honest": True}, "the body cannot be decoded: its packed data end early"),
        ("http-429", {}, "HTTP 429"),
        ("http-500", {}, "HTTP 500"),
        ("http-502", {}, "HTTP 502"),
        ("http-503", {}, "HTTP 503"),
        ("maintenance", {"status": 503}, "HTTP 503"),
    ],
)
def test_what_may_pass_is_tried_again(
    archive: ReplicaSite, fault: str, parameters: dict[str, Any], reason: str
) -> None:
    patience = 0.5 if fault == "stall" else 20.0
    archive.set_fault(fault, times=2, **parameters)
    fetched = fetch(archive, timeout_seconds=patience)
    assert range_line(fetched) == "11 - 20 of 200"
    assert len(fetched.exchanges) == 1
    assert len(archive.log()) == 3

    async def twice(site: Site) -> None:
        await site.read_robots()
        await site.fetch(archive.url + PAGE)

    archive.restore()
    archive.set_fault(fault, **parameters)
    with pytest.raises(FetchError) as caught:
        visit(archive.url, twice, timeout_seconds=patience, attempts=2)
    assert str(caught.value) == f"{reason}, twice"
    assert len(archive.log()) == 3


@pytest.mark.parametrize("status", [408, 504])
def test_timeouts_of_the_site_are_tried_again(status: int) -> None:
    handle = answering(response(f"{status} Timeout"), response("200 OK", b"well"))
    assert fetch_from(handle).decoded == b"well"


def test_a_page_is_given_up_after_as_many_attempts_as_were_named(archive: ReplicaSite) -> None:
    archive.set_fault("http-500")
    time = Time()
    with pytest.raises(FetchError, match=r"^HTTP 500, five times$"):
        fetch(archive, time=time)
    assert len(archive.log()) == 5
    assert time.slept == [2, 4, 8, 16]  # the random part at its most


def test_different_reasons_are_all_named(archive: ReplicaSite) -> None:
    archive.set_fault("http-500", times=1)
    archive.set_fault("reset", times=1)
    archive.set_fault("http-502")
    with pytest.raises(FetchError, match=r"^tried four times: HTTP 500, the connection .* an answer, HTTP 502$"):
        fetch(archive, attempts=4)


def test_waits_are_scattered_between_half_and_whole_and_never_beyond_the_longest(archive: ReplicaSite) -> None:
    archive.set_fault("http-500")
    time = Time()
    with pytest.raises(FetchError):
        fetch(archive, time=time, random=lambda: 0.0, longest_wait_seconds=5)
    assert time.slept == [1, 2, 2.5, 2.5]


def test_a_page_that_waits_for_its_next_try_holds_up_no_other(archive: ReplicaSite) -> None:
    async def both(site: Site) -> None:
        first = asyncio.create_task(site.fetch(f"{archive.url}/search?page=1"))
        while not sleeping:
            await asyncio.sleep(0.01)
        await site.fetch(f"{archive.url}/search?page=2")
        done.append("other")
        sleeping[0].set_result(None)
        await first

    async def sleep(_seconds: float) -> None:
        sleeping.append(asyncio.get_running_loop().create_future())
        await sleeping[-1]

    sleeping: list[asyncio.Future[None]] = []
    done: list[str] = []
    archive.set_fault("http-500", match="page=1$", times=1)
    visit(archive.url, both, sleep=sleep, workers=1)
    assert done == ["other"]


@pytest.mark.parametrize("fault", ["http-429", "http-503"])
def test_a_site_with_too_much_to_do_is_left_alone_by_all_workers(archive: ReplicaSite, fault: str) -> None:
    async def pages(site: Site) -> list[float]:
        await site.fetch(f"{archive.url}/search?page=1")
        await site.fetch(f"{archive.url}/search?page=2")
        return time.slept

    time = Time()
    archive.set_fault(fault, times=1)
    assert visit(archive.url, pages, time, requests_per_second=1) == [2, 1]


@pytest.mark.parametrize(
    ("fault", "parameters", "seconds"),
    [
        ("http-429", {"retry_after": 77}, 77),
        ("http-503", {"retry_after": 77}, 77),
        ("http-429", {"retry_after_date": 90}, 90),
        ("http-429", {"retry_after_date": -30}, 0),
    ],
)
def test_retry_after_is_obeyed_to_the_second(
    archive: ReplicaSite, fault: str, parameters: dict[str, Any], seconds: float
) -> None:
    archive.set_fault(fault, times=1, **parameters)
    time = Time()
    fetch(archive, time=time)
    assert sum(time.slept) == seconds


def test_retry_after_holds_for_all_workers_even_if_the_page_is_given_up(archive: ReplicaSite) -> None:
    async def pages(site: Site) -> None:
        with pytest.raises(FetchError, match=r"^HTTP 429$"):
            await site.fetch(f"{archive.url}/search?page=1")
        assert time.slept == []
        await site.fetch(f"{archive.url}/search?page=2")

    time = Time()
    archive.set_fault("http-429", times=1, retry_after=45)
    visit(archive.url, pages, time, attempts=1)
    assert time.slept == [45]


def test_nonsense_in_retry_after_is_ignored() -> None:
    time = Time()
    handle = answering(response("503 Busy", b"", "Retry-After: soon"), response("200 OK", b"well"))
    assert fetch_from(handle, time=time).decoded == b"well"
    assert time.slept == [2]


def test_a_site_that_asks_for_a_longer_wait_than_ours_is_left(archive: ReplicaSite) -> None:
    archive.set_fault("http-429", retry_after=4000)
    with pytest.raises(SiteStoppedError, match=r"asks us to wait 4000 s \(HTTP 429\), and at most 600 s") as caught:
        fetch(archive)
    assert len(archive.log()) == 1
    stopped = caught.value
    assert (stopped.url, stopped.status, stopped.retry_after) == (archive.url + PAGE, 429, 4000)


def test_a_body_that_trickles_for_ever_is_given_up() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.05)

    with pytest.raises(FetchError, match=r"^not whole within 1.2 s$"):
        fetch_from(trickle, timeout_seconds=0.3, attempts=1)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "the answer is no valid HTTP"),
        (b"", "the connection was broken off before an answer"),
    ],
)
def test_what_is_no_http_is_tried_again_and_named(sent: bytes, reason: str) -> None:
    async def after_one(handle: Handler) -> None:
        async with serving(handle) as url, live(url, attempts=3, workers=1) as site:
            await site.fetch(url)
            with pytest.raises(FetchError, match=rf"^{reason}, three times$"):
                await site.fetch(url)

    asyncio.run(after_one(answering(response("200 OK", b"x"), sent)))


# What will not pass


@pytest.mark.parametrize("path", ["/no-such-page", "/document/no-such-document"])
def test_a_page_that_is_not_there_is_asked_for_once(archive: ReplicaSite, path: str) -> None:
    with pytest.raises(FetchError, match=r"^HTTP 404$"):
        fetch(archive, path)
    assert len(archive.log()) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 410, 451, 501, 505])
def test_other_refusals_are_final(status: int) -> None:
    seen: list[bytes] = []
    with pytest.raises(FetchError, match=rf"^HTTP {status}$"):
        fetch_from(answering(response(f"{status} No"), seen=seen))
    assert len(seen) == 1


@pytest.mark.parametrize(("fault", "status"), [("challenge-200", 200), ("challenge-403", 403)])
def test_a_challenge_is_handed_on_and_never_asked_for_again(archive: ReplicaSite, fault: str, status: int) -> None:
    archive.set_fault(fault)
    fetched = fetch(archive)
    assert fetched.exchanges[-1].status == status
    assert fetched.decoded == fetched.exchanges[-1].body
    assert len(archive.log()) == 1


@pytest.mark.parametrize("status", [302, 403, 429, 503])
def test_a_challenge_is_known_by_its_body_whatever_its_status(status: int) -> None:
    body = gzip.compress(b"<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x.js'></script>")
    seen: list[bytes] = []
    handle = answering(
        response(f"{status} Wait", body, "Content-Encoding: gzip", "Retry-After: 5", "Location: /"), seen=seen
    )
    fetched = fetch_from(handle)
    assert (fetched.exchanges[-1].status, fetched.exchanges[-1].body) == (status, body)
    assert b"Just a moment" in fetched.decoded
    assert len(seen) == 1


GUARDED = (
    b"<html><head><title>Not here</title></head><body><h1>Page not found</h1>"
    b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script></body></html>"
)
"""What stands on every page of the archive, its error pages too."""


def test_an_error_page_with_the_guard_s_script_is_no_challenge() -> None:
    with pytest.raises(FetchError, match=r"^HTTP 404$"):
        fetch_from(answering(response("404 Not Found", GUARDED)))


def test_a_busy_site_s_page_with_the_guard_s_script_is_asked_for_again() -> None:
    seen: list[bytes] = []
    busy = response("503 Busy", GUARDED, "Retry-After: 0")
    fetched = fetch_from(answering(busy, response("200 OK", b"page"), seen=seen))

    assert (fetched.decoded, len(seen)) == (b"page", 2)


def test_an_error_page_that_cannot_be_decoded_is_still_an_error_page() -> None:
    with pytest.raises(FetchError, match=r"^HTTP 404$"):
        fetch_from(answering(response("404 Not Found", b"junk", "Content-Encoding: gzip")))


def test_maintenance_with_200_is_for_the_reader_to_see(archive: ReplicaSite) -> None:
    archive.set_fault("maintenance")
    assert b"under maintenance" in fetch(archive).decoded


def test_a_coding_that_we_did_not_ask_for_is_no_passing_fault() -> None:
    seen: list[bytes] = []
    with pytest.raises(FetchError, match=r"^the body cannot be decoded: its content-encoding is not known: dcb$"):
        fetch_from(answering(response("200 OK", b"x", "Content-Encoding: dcb"), seen=seen))
    assert len(seen) == 1


def test_brotli_that_nobody_asked_for_is_undone() -> None:
    packed = brotli.compress(b"page")
    fetched = fetch_from(answering(response("200 OK", packed, "Content-Encoding: br")))
    assert (fetched.decoded, fetched.exchanges[0].body) == (b"page", packed)


def test_deflate_is_decoded_and_landed_as_it_came() -> None:
    packed = zlib.compress(b"page")
    fetched = fetch_from(answering(response("200 OK", packed, "Content-Encoding: deflate")))
    assert (fetched.decoded, fetched.exchanges[0].body) == (b"page", packed)


@pytest.mark.parametrize("declared", [True, False])
def test_a_huge_body_is_not_taken_in(archive: ReplicaSite, declared: bool) -> None:
    archive.set_fault("huge-body", declared=declared)
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match=r"^the body has more than 8 MiB$"):
            fetch(archive)
        assert tracemalloc.get_traced_memory()[1] < 2 * MAX_BODY_BYTES
    finally:
        tracemalloc.stop()
    (logged,) = archive.log()
    assert logged["bytes"] < 50_000_000


def test_a_length_that_is_too_much_is_enough_to_know() -> None:
    async def promise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n")
        assert await reader.read() == b""

    with pytest.raises(FetchError, match=r"^the body has more than 8 MiB$"):
        fetch_from(promise)


def test_a_connection_serves_on_after_a_body_that_was_given_up(archive: ReplicaSite) -> None:
    async def both(site: Site) -> Fetched:
        with pytest.raises(FetchError, match="8 MiB"):
            await site.fetch(archive.url + PAGE)
        return await site.fetch(archive.url + PAGE)

    archive.set_fault("huge-body", times=1)
    assert visit(archive.url, both, workers=1).exchanges[-1].status == 200


def test_a_gzip_bomb_is_not_unpacked(archive: ReplicaSite) -> None:
    archive.set_fault("gzip-bomb")
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match=r"^the body cannot be decoded: it unpacks to more than 32 MiB$"):
            fetch(archive)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024**2
    finally:
        tracemalloc.stop()
    assert len(archive.log()) == 1


# Redirects


def test_redirects_are_followed_and_all_hops_are_kept() -> None:
    seen: list[bytes] = []
    handle = answering(
        response("301 Moved", b"", "Location: /a?x=1"),
        response("308 Moved", b"", "Location: b#part"),
        response("200 OK", b"there"),
        seen=seen,
    )
    fetched = fetch_from(handle)
    assert [exchange.status for exchange in fetched.exchanges] == [301, 308, 200]
    assert [exchange.url.partition("127.0.0.1:")[2].partition("/")[2] for exchange in fetched.exchanges] == [
        "search",
        "a?x=1",
        "b",
    ]
    assert fetched.decoded == b"there"
    assert [head.split()[1] for head in seen] == [b"/search", b"/a?x=1", b"/b"]


def test_each_hop_waits_for_its_turn() -> None:
    time = Time()
    handle = answering(response("302 Found", b"", "Location: /a"), response("200 OK", b"there"))
    fetch_from(handle, time=time, requests_per_second=0.25)
    assert time.slept == [4]


def test_a_location_with_bytes_beyond_ascii_is_quoted_as_it_came() -> None:
    seen: list[bytes] = []
    location = "Location: /people/garc\u00eda%20m".encode().decode("latin-1")
    fetch_from(answering(response("302 Found", b"", location), response("200 OK", b"x"), seen=seen))
    assert seen[1].split()[1] == b"/people/garc%C3%ADa%20m"


def test_a_redirect_to_itself_is_seen(archive: ReplicaSite) -> None:
    archive.set_fault("redirect-loop")
    with pytest.raises(FetchError, match=r"^redirected in a circle$"):
        fetch(archive)
    assert len(archive.log()) == 1


def test_redirects_without_end_are_left() -> None:
    seen: list[bytes] = []
    hops = [response("302 Found", b"", f"Location: /{number}") for number in range(20)]
    with pytest.raises(FetchError, match=r"^redirected in a circle$"):
        fetch_from(answering(*hops, seen=seen))
    assert len(seen) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("location", "where"),
    [
        (None, "elsewhere.invalid"),
        ("http://localhost:1/", "localhost:1"),
        ("//127.0.0.1:1/", "127.0.0.1:1"),
        ("ftp://127.0.0.1/", "no web page"),
        ("http://someone@127.0.0.1/", "no web page"),
        ("http://digitalarchive.wilsoncenter.org/", "digitalarchive.wilsoncenter.org"),
    ],
)
def test_we_do_not_leave_the_archive(archive: ReplicaSite, location: str | None, where: str) -> None:
    archive.set_fault("redirect-off-host", location=location)
    with pytest.raises(FetchError) as caught:
        fetch(archive)
    assert str(caught.value) == f"redirected to {where}, which is not the archive"
    assert len(archive.log()) == 1


def test_a_location_that_is_no_address_is_a_failure() -> None:
    with pytest.raises(FetchError, match=r"^redirected to something that is no address$"):
        fetch_from(answering(response("302 Found", b"", "Location: http://[::1/")))


def test_a_redirect_without_a_location_is_a_failure() -> None:
    with pytest.raises(FetchError, match=r"^HTTP 302$"):
        fetch_from(answering(response("302 Found")))


def test_a_hop_that_robots_txt_forbids_is_not_gone(archive: ReplicaSite) -> None:
    async def both(site: Site) -> None:
        await site.read_robots()
        await site.fetch(archive.url + PAGE)

    archive.set_fault("redirect-off-host", location=f"{archive.url}/admin/reports")
    with pytest.raises(FetchError, match=r"^robots\.txt forbids this address$"):
        visit(archive.url, both)
    assert [entry["path"] for entry in archive.log()] == ["/robots.txt", PAGE]


def test_the_archive_goes_by_several_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a proxy, as no other way leads a test to those names."""
    seen: list[bytes] = []
    handle = answering(
        response("301 Moved", b"", "Location: http://wilson-center.drivingcreative.com/search"),
        response("200 OK", b"there"),
        seen=seen,
    )

    async def run() -> Fetched:
        async with serving(handle) as proxy:
            monkeypatch.setenv("http_proxy", proxy.removeprefix("http://"))
            async with live("http://digitalarchive.wilsoncenter.org/") as site:
                return await site.fetch("http://digitalarchive.wilsoncenter.org/search")

    assert asyncio.run(run()).decoded == b"there"
    assert [head.split()[1] for head in seen] == [
        b"http://digitalarchive.wilsoncenter.org/search",
        b"http://wilson-center.drivingcreative.com/search",
    ]


def test_a_proxy_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://127.0.0.1:1")
    with pytest.raises(UsageError, match="gopher"):
        live("http://digitalarchive.wilsoncenter.org/")


@pytest.mark.parametrize(
    "url",
    ["http://elsewhere.invalid/", "/search", "file:///etc/passwd", "http://[/", "http://127.0.0.1:99999/", "\ud800"],
)
def test_other_addresses_than_the_archives_are_not_asked_for(archive: ReplicaSite, url: str) -> None:
    with pytest.raises(FetchError, match=r"^no address of 127\.0\.0\.1:\d+$"):
        visit(archive.url, lambda site: site.fetch(url))
    assert archive.log() == []


@pytest.mark.parametrize("url", ["", "digitalarchive.wilsoncenter.org", "ftp://x/", "http://"])
def test_a_site_needs_an_address(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a site"):
        live(url)


def test_an_address_that_http_cannot_carry_is_a_failure(archive: ReplicaSite) -> None:
    with pytest.raises(FetchError, match=r"^no address that can be asked for$"):
        fetch(archive, "/search?\x00")


# robots.txt


def test_robots_txt_is_asked_for_and_handed_on(archive: ReplicaSite) -> None:
    exchange = robots(archive)
    assert (exchange.url, exchange.status) == (f"{archive.url}/robots.txt", 200)
    assert b"Disallow: /admin/" in exchange.body


def test_what_robots_txt_forbids_is_not_asked_for(archive: ReplicaSite) -> None:
    async def act(site: Site) -> None:
        assert site.allows(archive.url + PAGE)
        await site.read_robots()
        assert not site.allows(archive.url + PAGE)
        assert site.allows(archive.url + "/document/x")
        for _ in range(2 * MAX_FAILURES_IN_A_ROW):
            with pytest.raises(FetchError, match=r"^robots\.txt forbids this address$"):
                await site.fetch(archive.url + PAGE)

    archive.set_fault("robots-forbids", path="/search")
    visit(archive.url, act)
    assert [entry["path"] for entry in archive.log()] == ["/robots.txt"]


def test_rules_for_us_by_name_come_before_those_for_all() -> None:
    rules = Robots(b"User-agent: *\nDisallow: /\n\nUser-agent: WCDA\nDisallow: /admin\nCrawl-delay: 3\n", "wcda")
    assert rules.allows("http://x/search")
    assert not rules.allows("http://x/admin")
    assert rules.interval == 3
    named = b"User-agent: *\nAllow: /\n\nUser-agent: wcda\nDisallow: /search\n"
    assert not robots_from(answering(response("200 OK", named)))


def test_robots_txt_sets_the_pace(archive: ReplicaSite) -> None:
    async def pages(site: Site) -> list[float]:
        await site.read_robots()
        for number in range(3):
            await site.fetch(f"{archive.url}/search?page={number}")
        return time.slept

    time = Time()
    archive.set_fault("robots-delays", seconds=10)
    assert visit(archive.url, pages, time, requests_per_second=1) == [10, 10, 10]


def test_robots_txt_never_makes_us_faster(archive: ReplicaSite) -> None:
    async def pages(site: Site) -> list[float]:
        await site.read_robots()
        await site.fetch(archive.url + PAGE)
        return time.slept

    time = Time()
    archive.set_fault("robots-delays", seconds=0.5)
    assert visit(archive.url, pages, time, requests_per_second=0.2) == [5]


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [(b"Request-rate: 2/1m", 30), (b"Crawl-delay: 40\nRequest-rate: 2/1m", 40), (b"Crawl-delay: soon", 0), (b"", 0)],
)
def test_a_rate_is_a_delay_too(lines: bytes, seconds: float) -> None:
    assert Robots(b"User-agent: *\n" + lines, "wcda").interval == seconds


def test_a_delay_that_is_longer_than_we_wait_stops_the_run(archive: ReplicaSite) -> None:
    archive.set_fault("robots-delays", seconds=86400)
    with pytest.raises(SiteStoppedError, match="asks for 86400 s between requests, and at most 600 s are waited"):
        robots(archive)


def test_without_robots_txt_all_is_allowed(archive: ReplicaSite) -> None:
    async def act(site: Site) -> tuple[int, int]:
        exchange = await site.read_robots()
        assert site.allows(archive.url + "/admin/")
        return exchange.status, (await site.fetch(archive.url + PAGE)).exchanges[-1].status

    archive.set_fault("robots-missing")
    assert visit(archive.url, act) == (404, 200)


def test_broken_bytes_in_robots_txt_break_nothing(archive: ReplicaSite) -> None:
    archive.set_fault("robots-broken")
    assert robots(archive).status == 200
    assert not Robots(b"\xef\xbb\xbfUser-agent: *\nDisallow: /\xff\n\x00\nDisallow: /search\n", "wcda").allows(
        "http://x/search"
    )


def test_robots_txt_is_read_up_to_500_kib() -> None:
    filler = b"# filler\n" * (MAX_ROBOTS_BYTES // 9)
    start = b"User-agent: *\nDisallow: /first\n"
    rules = Robots(start + filler + b"\nDisallow: /search\n", "wcda")
    assert not rules.allows("http://x/first")
    assert rules.allows("http://x/search")


def test_a_site_that_fails_at_robots_txt_forbids_everything(archive: ReplicaSite) -> None:
    async def act(site: Site) -> None:
        with pytest.raises(
            SiteStoppedError, match=r"cannot be had \(HTTP 500, five times\), so nothing may be asked"
        ) as caught:
            await site.read_robots()
        assert (caught.value.url, caught.value.status, caught.value.attempts) == (f"{archive.url}/robots.txt", 500, 5)
        with pytest.raises(SiteStoppedError, match=r"robots\.txt"):
            await site.fetch(archive.url + PAGE)

    archive.set_fault("robots-500")
    visit(archive.url, act)
    assert len(archive.log()) == 5


def test_a_rare_failure_at_robots_txt_forbids_everything_too() -> None:
    with pytest.raises(SiteStoppedError, match=r"robots\.txt of .* cannot be had \(HTTP 501\)"):
        robots_from(answering(response("501 Not Implemented")))


def test_robots_txt_may_be_elsewhere_on_the_site() -> None:
    moved = response("301 Moved", b"", "Location: /sites/robots.txt")
    assert not robots_from(answering(moved, response("200 OK", b"User-agent: *\nDisallow: /\n")))


@pytest.mark.parametrize("location", ["/robots.txt", "http://elsewhere.invalid/robots.txt"])
def test_robots_txt_that_leads_nowhere_is_as_good_as_none(location: str) -> None:
    assert robots_from(answering(response("302 Found", b"", f"Location: {location}")))


def test_a_challenge_at_robots_txt_is_handed_on_and_stops_the_run(archive: ReplicaSite) -> None:
    async def act(site: Site) -> None:
        assert b"you have been blocked" in (await site.read_robots()).body
        with pytest.raises(SiteStoppedError, match="challenge"):
            await site.fetch(archive.url + PAGE)

    archive.set_fault("challenge-403", match="^/robots")
    visit(archive.url, act)
    assert len(archive.log()) == 1


# The whole site


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def stopped_by(url: str, **options: Any) -> str:
    """What a fetch says of a site that cannot be reached, and robots.txt no less."""
    with pytest.raises(SiteStoppedError) as caught:
        visit(url, lambda site: site.fetch(url), timeout_seconds=2.0, **options)
    with pytest.raises(SiteStoppedError):
        visit(url, lambda site: site.read_robots(), timeout_seconds=2.0, **options)
    return str(caught.value)


def test_a_site_that_refuses_the_first_connection_stops_the_run() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    time = Time()
    assert stopped_by(url, time=time) == (
        f"{url.removeprefix('http://')} does not answer (connection refused); "
        "try another day, or harvest from web archives"
    )
    assert time.slept[:4] == [2, 4, 8, 16]


def test_who_asks_a_web_archive_is_not_sent_to_web_archives() -> None:
    assert stopped_by(f"http://127.0.0.1:{free_port()}", time=Time(), is_web_archive=True).endswith("; try another day")


def test_a_name_that_nobody_has_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: Any, **_more: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "(its name is not known)" in stopped_by("http://digitalarchive.wilsoncenter.org")


def test_a_server_without_tls_is_no_secure_site() -> None:
    async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(response("400 Bad Request"))

    async def run() -> None:
        async with serving(speak_plainly) as url, live(url.replace("http:", "https:"), attempts=1) as site:
            with pytest.raises(SiteStoppedError, match=r"does not answer \(no secure connection\)"):
                await site.read_robots()

    asyncio.run(run())


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    async def run() -> None:
        handle = answering(response("200 OK", b"secret"))
        async with serving(handle, own_certificate(tmp_path)) as url, live(url, attempts=1) as site:
            with pytest.raises(SiteStoppedError, match=r"its certificate is not valid: self.signed certificate"):
                await site.fetch(url)

    asyncio.run(run())


def test_a_site_that_vanishes_later_fails_its_pages_until_there_are_too_many() -> None:
    failures: list[str] = []

    async def run() -> None:
        async with serving(answering(response("200 OK", b"x"))) as url:
            site = live(url, attempts=2)
            await site.fetch(url)
        async with site:
            for _ in range(MAX_FAILURES_IN_A_ROW - 1):
                with pytest.raises(FetchError) as caught:
                    await site.fetch(url)
                failures.append(str(caught.value))
            with pytest.raises(
                SiteStoppedError, match=r"^10 pages in a row could not be had \(the last: connection refused, twice\)"
            ):
                await site.fetch(url)
            with pytest.raises(SiteStoppedError, match="10 pages in a row"):
                await site.fetch(url)

    asyncio.run(run())
    assert set(failures) == {"connection refused, twice"}


def test_a_success_between_failures_lets_the_run_go_on(archive: ReplicaSite) -> None:
    async def act(site: Site) -> None:
        for _ in range(3):
            for _ in range(MAX_FAILURES_IN_A_ROW - 1):
                with pytest.raises(FetchError):
                    await site.fetch(f"{archive.url}/search?page=2")
            await site.fetch(archive.url + PAGE)

    archive.set_fault("http-500", match="page=2$")
    visit(archive.url, act, attempts=1)


def test_pages_that_are_gone_say_nothing_of_the_site(archive: ReplicaSite) -> None:
    async def act(site: Site) -> int:
        for _ in range(2 * MAX_FAILURES_IN_A_ROW):
            with pytest.raises(FetchError, match="HTTP 404"):
                await site.fetch(f"{archive.url}/gone")
        return (await site.fetch(archive.url + PAGE)).exchanges[-1].status

    assert visit(archive.url, act) == 200


def test_a_stop_reaches_all_who_wait_at_once(archive: ReplicaSite) -> None:
    """One waits for its next try, one for its slot, the rest for a worker; nobody would ever wake them."""

    async def for_ever(_seconds: float) -> None:
        waiting.append(asyncio.current_task())
        await asyncio.get_running_loop().create_future()

    async def act(site: Site) -> list[BaseException | Fetched]:
        pages = [asyncio.create_task(site.fetch(f"{archive.url}/search?page={number}")) for number in range(1, 6)]
        while len(waiting) < 2:
            await asyncio.sleep(0.01)
        site._stop_signal.set("enough")
        return await asyncio.wait_for(asyncio.gather(*pages, return_exceptions=True), 10)

    waiting: list[asyncio.Task[Any] | None] = []
    archive.set_fault("http-500", match="page=1$")
    outcomes = visit(archive.url, act, sleep=for_ever, requests_per_second=0.001, workers=2)
    assert [(type(outcome), str(outcome)) for outcome in outcomes] == [(SiteStoppedError, "enough")] * 5


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"])
def test_a_cancelled_fetch_leaves_no_connection_open(sent: bytes) -> None:
    hung_up = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not asked.is_set():
            asked.set()
            writer.write(sent)
            assert await reader.read() == b""
            hung_up.set()
        writer.write(response("200 OK", b"well"))

    async def run() -> bytes:
        async with serving(hold) as url, live(url, workers=1) as site:
            fetching = asyncio.create_task(site.fetch(url))
            await asked.wait()
            await asyncio.sleep(0.05)
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
            await asyncio.wait_for(hung_up.wait(), 5)
            return (await site.fetch(url)).decoded

    asked = asyncio.Event()
    assert asyncio.run(run()) == b"well"


def test_leaving_the_site_closes_its_connections_and_ends_it() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response("200 OK", b"x"))
        assert await reader.read() == b""
        hung_up.set()

    async def run() -> None:
        async with serving(hold) as url:
            async with live(url) as site:
                await site.fetch(url)
                assert not hung_up.is_set()
            await asyncio.wait_for(hung_up.wait(), 5)
            with pytest.raises(SiteStoppedError, match="left"):
                await site.fetch(url)

    hung_up = asyncio.Event()
    asyncio.run(run())
