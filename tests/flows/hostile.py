"""A server that means harm, in each way that is known, and what a harvest of it costs.

`python -m tests.flows.hostile` (`make hostile-report`) harvests each of them and prints time, peak memory and what was
reported. Requests that are not attacked are answered as the replica of the archive answers them.
"""

import gzip
import json
import os
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import SHUT_WR, SO_LINGER, SOL_SOCKET, socket
from struct import pack
from typing import Any
from urllib.parse import urlsplit

import zstandard

from tests.flows.faults import SITE
from tests.flows.live import write_catalog_for
from tests.replica import ReplicaSite, replica

PATIENCE: dict[str, Any] = {"timeout_seconds": 1.0, "attempts": 1, "workers": 4}
MAX_TIMEOUTS_SECONDS = 12.0
"""A harvest stops after ten pages in a row that it cannot have: three rounds of four workers, each of at most four
timeouts."""
MAX_SECONDS_BEYOND_TIMEOUTS = 10.0
MAX_PEAK_MIB = 300.0
_LISTING = re.compile(r"/search\b")
_MEGABYTE = b"x" * 2**20
_MUCH = bytes(50 * 2**20)
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"


@dataclass(frozen=True)
class Request:
    """What a harvest asked for, and how it could be answered.

    Attributes:
        number: How many came before it.
        body: What the replica answers.
        later: What the replica answers for another page.
    """

    number: int
    path: str
    peer: socket
    body: bytes
    later: bytes

    def send(self, data: bytes) -> None:
        """Send all of some bytes."""
        self.peer.sendall(data)

    def send_page(self, body: bytes | None = None, *headers: bytes, status: bytes = b"200 OK") -> None:
        """Send a response with its length."""
        body = self.body if body is None else body
        fields = b"".join(header + b"\r\n" for header in headers)
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        self.send(b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html; charset=UTF-8\r\n" + fields + length + body)


Attack = Callable[[Request], None]


def _drip(data: bytes, seconds: float = 0.2) -> Attack:
    """Begin with some bytes, and go on for ever with one at a time."""

    def attack(request: Request) -> None:
        request.send(data)
        while True:
            request.send(b"x")
            time.sleep(seconds)

    return attack


def _flood(head: bytes, endless: bytes) -> Attack:
    """Begin with some bytes, and go on for ever with others."""

    def attack(request: Request) -> None:
        request.send(head)
        while True:
            request.send(endless)

    return attack


def _page(make: Callable[[Request], bytes], *headers: bytes, status: bytes = b"200 OK") -> Attack:
    return lambda request: request.send_page(make(request), *headers, status=status)


def _sends(make: Callable[[Request], bytes]) -> Attack:
    return lambda request: request.send(make(request))


def _idle_flood(request: Request) -> None:
    """Answer well, and go on on the connection that waits for its next request."""
    request.send_page()
    while True:
        request.send(_MEGABYTE)


def _unasked_answer(request: Request) -> None:
    """Answer well, and a moment later once more, with what was not asked for."""
    request.send_page()
    time.sleep(0.02)
    request.send_page(request.later)


def _reset(request: Request) -> None:
    request.peer.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    request.peer.close()


def _half_closed(request: Request) -> None:
    request.send(_OK + b"Content-Length: 100000\r\n\r\n" + request.body[:100])
    request.peer.shutdown(SHUT_WR)
    time.sleep(30)


def _growing_redirect(request: Request) -> None:
    request.send_page(b"", b"Location: " + request.path.encode() + b"&x=" + b"a" * 1000, status=b"302 Found")


def _redirect(target: bytes) -> Attack:
    return _page(lambda _: b"", b"Location: " + target, status=b"302 Found")


def _total(make: Callable[[Request], bytes]) -> Attack:
    """The page with another total in its range line."""
    return _page(lambda request: re.sub(rb"( of )120\b", lambda found: found[1] + make(request), request.body))


def _bomb(pack: Callable[[bytes], bytes], encoding: bytes) -> Attack:
    """Little that unpacks to much."""
    packed = pack(_MUCH)
    return _page(lambda _: packed, b"Content-Encoding: " + encoding)


def _in_page(extra: bytes) -> Attack:
    """The page with something in front of its table."""
    return _page(lambda request: request.body.replace(b"<table", extra + b"<table", 1))


ATTACKS: dict[str, Attack] = {
    "a head of one byte at a time": _drip(b"HTTP/1.1 200 OK\r\nX: "),
    "a body of one byte at a time": _drip(_OK + b"\r\n"),
    "a chunk of one byte at a time": _drip(_OK + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"),
    "a status line without end": _flood(b"HTTP/1.1 200 ", _MEGABYTE),
    "a header without end": _flood(_OK + b"X: ", _MEGABYTE),
    "headers without end": _flood(_OK, b"X: y\r\n" * 10_000),
    "interim responses without end": _flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000),
    "early hints without end": _flood(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10_000),
    "a body without end": _flood(_OK + b"\r\n", _MEGABYTE),
    "a body that declares 10^15 bytes": _flood(_OK + b"Content-Length: 1000000000000000\r\n\r\n", _MEGABYTE),
    "chunks without end": _flood(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + _MEGABYTE + b"\r\n"),
    "a chunk extension without end": _flood(_OK + b"Transfer-Encoding: chunked\r\n\r\n5;", _MEGABYTE),
    "trailers without end": _flood(_OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 10_000),
    "bytes on an idle connection": _idle_flood,
    "an answer that was not asked for": _unasked_answer,
    "a reset": _reset,
    "a connection that is half closed": _half_closed,
    "what is no HTTP": _flood(b"", bytes(range(256)) * 1000),
    "the beginning of TLS": _sends(lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + bytes(500)),
    "a length that is no number": _page(lambda _: b"x", b"Content-Length: -5"),
    "two lengths": _page(lambda request: request.body, b"Content-Length: 5"),
    "10,000 cookies": _page(lambda request: request.body, *[b"Set-Cookie: a=b" for _ in range(10_000)]),
    "an entity tag of 60 kB": _page(lambda request: request.body, b'ETag: "' + b"e" * 60_000 + b'"'),
    "a wait of 10^300 seconds": _page(lambda _: b"", b"Retry-After: 1" + b"0" * 300, status=b"503 Busy"),
    "a redirect that grows": _growing_redirect,
    "a redirect to a file": _redirect(b"file:///etc/passwd"),
    "a redirect to another port": _redirect(b"http://127.0.0.1:22/search"),
    "a redirect to 60 kB": _redirect(b"/search?page=" + b"1" * 60_000),
    "a redirect to what is no URL": _redirect(b"http://[::1/%zz\x01"),
    "gzip of 50 MiB": _bomb(gzip.compress, b"gzip"),
    "gzip in gzip in gzip": _bomb(lambda data: gzip.compress(gzip.compress(gzip.compress(data))), b"gzip, gzip, gzip"),
    "deflate of 50 MiB": _bomb(zlib.compress, b"deflate"),
    "zstd of 50 MiB": _bomb(zstandard.compress, b"zstd"),
    "what is no gzip": _page(lambda request: request.body, b"Content-Encoding: gzip"),
    "an encoding a thousand times": _page(lambda request: request.body, b"Content-Encoding: " + b"gzip, " * 1000),
    "partial content": _page(lambda request: request.body, status=b"206 Partial Content"),
    "not modified, without having been asked": _sends(lambda _: b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "another protocol": _sends(lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + bytes(1000)),
    "a status that is none": _page(lambda request: request.body, status=b"999 What"),
    "a total of 10^11": _total(lambda _: b"100000000000"),
    "a total that grows for ever": _total(lambda request: b"%d" % (1000 * request.number)),
    "a total of 4,000 digits": _total(lambda _: b"9" * 4000),
    "another page for each": _page(lambda request: request.later),
    "100,000 elements in one another": _in_page(b"<div>" * 100_000),
    "1,000,000 elements side by side": _in_page(b"<b></b>" * 1_000_000),
    "an attribute of 7 MB": _in_page(b'<div title="' + b"y" * 7_000_000 + b'"></div>'),
    "100,000 attributes": _in_page(b"<div " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b"></div>"),
    "a comment that does not end": _in_page(b"<!--"),
    "7 MB of blanks": _in_page(b" " * 7_000_000),
    "7 MB of range lines": _in_page(b"1 - 10 of 120 " * 500_000),
    "a text of 7 MB": _page(lambda _: b"1 - 10 of 120\n\n" + b"March 1, 1950\n\nA letter\n\n" * 250_000),
}


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


@contextmanager
def attacking(site: ReplicaSite, attack: Attack) -> Iterator[str]:
    """A server that attacks at each listing but the first page, and answers all else as the replica does; its URL."""
    counted = iter(range(10**9))
    lock = threading.Lock()

    def answer(path: str) -> bytes:
        with closing(HTTPConnection(urlsplit(site.url).netloc)) as connection:
            connection.request("GET", path)
            return connection.getresponse().read()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while head := self._head():
                    path = head.split(b" ", 2)[1].decode("latin-1")
                    with lock:
                        number = next(counted)
                    request = Request(number, path, self.request, answer(path), answer("/search?page=7"))
                    if _LISTING.match(path) and ("page=" in path or not _is_for_pages_alone(attack)):
                        attack(request)
                    else:
                        request.send_page()

        def _head(self) -> bytes:
            data = b""
            while b"\r\n\r\n" not in data:
                piece = self.request.recv(65536)
                if not piece:
                    return b""
                data += piece
            return data

    with _Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def _is_for_pages_alone(attack: Attack) -> bool:
    return attack in (_idle_flood, _unasked_answer)


@dataclass(frozen=True)
class Outcome:
    """What a harvest of a hostile server came to.

    Attributes:
        reported: The last line on standard error; empty if it reported nothing there.
    """

    exit_code: int
    seconds: float
    peak_mib: float
    reported: str
    has_traceback: bool

    @property
    def is_bounded(self) -> bool:
        """Whether it ended in time, in little memory, as a person can understand."""
        return (
            self.seconds <= MAX_TIMEOUTS_SECONDS + MAX_SECONDS_BEYOND_TIMEOUTS
            and self.peak_mib <= MAX_PEAK_MIB
            and self.exit_code in (0, 1, 3)
            and not self.has_traceback
        )


def harvest(site: ReplicaSite, attack: Attack, place: Path) -> Outcome:
    """Harvest the replica behind a server that attacks."""
    with attacking(site, attack) as url:
        catalog = write_catalog_for(site, place / "catalog.toml", (), **PATIENCE)
        catalog.write_text(catalog.read_text(encoding="utf-8").replace(site.url, url), encoding="utf-8")
        wcda = Path(sys.executable).with_name("wcda")
        command = (wcda, "harvest", "--from", "site", "--catalog", catalog, "--warehouse", place / "w", "--direct")
        # Linux counts the memory of the process that starts another to the peak of the other, and this one grows.
        measuring = [sys.executable, "-m", "tests.flows.hostile", "measure", *map(str, command)]
        return Outcome(**json.loads(subprocess.run(measuring, stdout=subprocess.PIPE, check=True).stdout))


def _measure(command: list[str]) -> None:
    """Run a command, and print as JSON what it took and reported."""
    with tempfile.TemporaryFile() as reported:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=reported)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        exit_code = process.returncode = os.waitstatus_to_exitcode(status)
        reported.seek(0)
        text = reported.read().decode(errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    outcome = Outcome(exit_code, seconds, used.ru_maxrss / 1024, lines[-1] if lines else "", "Traceback" in text)
    print(json.dumps(asdict(outcome)))


def main() -> None:
    """Print the table; exits with 1 if a harvest took too long or too much memory, or ended in a traceback."""
    match sys.argv[1:]:
        case ["measure", *command]:
            _measure(command)
            return
        case names:
            chosen = names or list(ATTACKS)
    failed = 0
    print("| what the server does | seconds | peak MiB | exit code | reported |\n|---|---|---|---|---|")
    with replica(**SITE) as site:
        for name in chosen:
            with tempfile.TemporaryDirectory() as place:
                found = harvest(site, ATTACKS[name], Path(place))
            failed += not found.is_bounded
            mark = "" if found.is_bounded else " (!)"
            reported = found.reported.replace("|", "\\|")[:200]
            print(
                f"| {name}{mark} | {found.seconds:.1f} | {found.peak_mib:.0f} | {found.exit_code} | {reported} |",
                flush=True,
            )
    limit = MAX_TIMEOUTS_SECONDS + MAX_SECONDS_BEYOND_TIMEOUTS
    print(
        f"{len(chosen)} attacks; {failed} took more than {limit:g} s or {MAX_PEAK_MIB:g} MiB, or ended in a traceback"
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
