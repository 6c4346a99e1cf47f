"""The replica as a server: one process, one event loop, answers from stored bytes, faults on demand."""

import asyncio
import contextlib
import json
import os
import re
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

from tests.replica.faults import Act, Exchange, SwitchedOn, switched_on
from tests.replica.messages import (
    BadRequestError,
    Request,
    Response,
    StoredPage,
    as_json,
    head_bytes,
    page,
    page_that_may_be_known,
    read_head,
)
from tests.replica.pages import Appearance, Renderer
from tests.replica.records import Truth, file_body
from tests.replica.results import Archive, Query, read_query

CONTROL = "/__replica__/"

_MODIFIED = datetime(2025, 10, 1, 8, tzinfo=UTC)
_FILE = re.compile(r"/sites/default/files/([0-9]+)(?:-transcript)?\.pdf")
_ROBOTS = b"User-agent: *\nDisallow: /core/\nDisallow: /admin/\nDisallow: /search/\nDisallow: /user/login/\n"
_MAX_HEAD_LENGTH = 64 * 1024
_MAX_STORED_BYTES = 400_000_000


@dataclass(frozen=True)
class Settings:
    """What a replica is made of, and how it answers."""

    documents: int = 16_750
    collections: int = 200
    seed: int = 1
    appearance: Appearance = field(default_factory=Appearance)
    honour_page_size: bool = True
    past_the_end: str = "empty"
    """What a page number after the last gets: an `empty` page without a range line, or the `last` page."""


class Site:
    """Answers requests; knows nothing of sockets."""

    def __init__(self, settings: Settings, truth: Truth) -> None:
        self._settings = settings
        self._archive = Archive(truth)
        self._renderer = Renderer(settings.appearance)
        self._stored: dict[Query, StoredPage] = {}
        self._by_target: dict[str, StoredPage] = {}
        self._stored_version = 0
        self._stored_bytes = 0
        self._faults: list[SwitchedOn] = []
        self.log: list[dict[str, Any]] = []

    def answer(self, request: Request, entry: dict[str, Any]) -> Response | Act:
        """What to do with a request; `entry` is its line in the log, where a fault is noted."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        for fault in self._faults:
            if fault.strikes(request):
                entry["fault"] = fault.kind.name
                outcome = fault.kind.strike(self._exchange(request), **fault.parameters)
                if outcome is not None:
                    return outcome
        return self._as_usual(request)

    def switch_on(self, settings: dict[str, Any]) -> None:
        """Switch a fault on, behind those that are on.

        Raises:
            ValueError: There is no such fault or parameter.
        """
        self._faults.append(switched_on(settings))

    def warm(self) -> int:
        """Render every page of every collection at ten a page, so that nobody waits for it; says how many."""
        truth = self._archive.truth
        addresses = [Query(), *(self._query(one.path.partition("?")[2]) for one in truth.collections)]
        for query in addresses:
            last = self._archive.listing(query).last_page
            for number in range(last + 1):
                self._page(replace(query, page=number))
        return len(self._stored)

    def _exchange(self, request: Request) -> Exchange:
        return Exchange(
            request=request,
            archive=self._archive,
            renderer=self._renderer,
            query=self._query(request.query),
            answer_as_usual=lambda: self._as_usual(request),
        )

    def _as_usual(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return page("<h1>Method not allowed</h1>", 405, Allow="GET, HEAD")
        if request.path == "/search":
            return self._search(request)
        if request.path == "/robots.txt":
            return Response(200, _ROBOTS, {"Content-Type": "text/plain; charset=UTF-8"})
        if request.path == "/":
            return page(self._renderer.front())
        number = _FILE.fullmatch(request.path)
        if number is not None and self._archive.document(f"/document/{number[1]}") is not None:
            return Response(200, file_body(request.path), {"Content-Type": "application/pdf"})
        document = self._archive.document(request.path)
        if document is None:
            return page(self._renderer.not_found(), 404)
        html = self._renderer.document(document, self._archive.related_to(document))
        return page_that_may_be_known(html, self._modified, request)

    def _search(self, request: Request) -> Response:
        if self._stored_version != self._archive.version:
            self._forget_pages()
        stored = self._by_target.get(request.target)
        if stored is None:
            stored = self._by_target[request.target] = self._page(self._query(request.query))
        return stored.answer(request)

    def _query(self, query: str) -> Query:
        return read_query(query, honour_page_size=self._settings.honour_page_size)

    def _page(self, query: Query) -> StoredPage:
        """One page per thing asked for, however it is addressed."""
        stored = self._stored.get(query)
        if stored is None:
            if self._stored_bytes > _MAX_STORED_BYTES:
                self._forget_pages()
            stored = self._stored[query] = self._rendered(query)
            self._stored_bytes += len(stored.compressed)
        return stored

    def _rendered(self, query: Query) -> StoredPage:
        listing = self._archive.listing(query)
        if not listing.first and listing.total and self._settings.past_the_end == "last":
            listing = self._archive.listing(replace(query, page=listing.last_page))
        html = self._renderer.listing(listing, self._archive.sidebar(query))
        return StoredPage.of(html, self._modified)

    @property
    def _modified(self) -> datetime:
        """When anything changed last."""
        return _MODIFIED + timedelta(seconds=self._archive.version)

    def _forget_pages(self) -> None:
        self._stored.clear()
        self._by_target.clear()
        self._stored_bytes = 0
        self._stored_version = self._archive.version

    def _control(self, request: Request) -> Response:
        match request.method, request.path.removeprefix(CONTROL):
            case "GET", "truth":
                return as_json(self._archive.truth.to_json())
            case "GET", "log":
                return as_json([entry for entry in self.log if not entry["path"].startswith(CONTROL)])
            case "POST", "reset":
                self.log.clear()
                return as_json({"log": []})
            case "POST", "restore":
                self.log.clear()
                self._faults.clear()
                self._archive.restore()
                return as_json({"restored": True})
            case "GET", "faults":
                return as_json([fault.to_json() for fault in self._faults])
            case "POST", "faults":
                return self._switch_on(request.body)
            case "DELETE", "faults":
                self._faults.clear()
                return as_json([])
            case _:
                return as_json({"error": "no such control"}, 404)

    def _switch_on(self, body: bytes) -> Response:
        try:
            self.switch_on(json.loads(body))
        except (ValueError, TypeError) as error:
            return as_json({"error": str(error)}, 400)
        return as_json(self._faults[-1].to_json())


class Connection(asyncio.Protocol):
    """One client's connection: requests are answered in turn, at once or by an act that takes its time."""

    def __init__(self, site: Site, number: int) -> None:
        self._site = site
        self._number = number
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._act: asyncio.Task[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._entry: dict[str, Any] = {}
        self._omits_body = False
        self._in_chunks = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a stream is needed, not {transport!r}")
        self._transport = transport

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self._may_write.set()
        if self._act is not None:
            self._act.cancel()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._serve()

    def write_head(self, response: Response, length: int | None) -> None:
        """Send status and headers; without a length the body goes in chunks."""
        self._in_chunks = length is None
        framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
        if response.status == 304:
            framing = {}
        self._entry["status"] = response.status
        self._write(head_bytes(response.status, {**response.headers, **framing}))

    def write_body(self, data: bytes) -> None:
        """Send a piece of the body, unless only the head was asked for; in chunks, the empty piece is the last."""
        if self._omits_body:
            return
        self._entry["bytes"] += len(data)
        self._write(b"%x\r\n%b\r\n" % (len(data), data) if self._in_chunks else data)

    async def drain(self) -> None:
        """Wait until the client has taken most of what was sent."""
        await self._may_write.wait()
        await asyncio.sleep(0)

    def reset(self) -> None:
        """Break off with RST: the kernel forgets what was not sent yet."""
        if self._transport is not None:
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def finish(self) -> None:
        """Close after what was sent."""
        if self._transport is not None:
            self._transport.close()

    def _serve(self) -> None:
        """Answer what has come, until something is missing or takes its time."""
        while self._act is None and self._transport is not None and not self._transport.is_closing():
            try:
                request = self._next_request()
            except BadRequestError as error:
                self._entry = {"bytes": 0}
                self._respond(page(f"<h1>{error}</h1>", 400), keep=False)
                return
            if request is None:
                return
            self._answer(request)

    def _next_request(self) -> Request | None:
        """Take a whole request from what was received; null if it is not all there yet."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > _MAX_HEAD_LENGTH:
                raise BadRequestError("the head is too long")
            return None
        request = read_head(bytes(self._received[:end]))
        length = request.headers.get("content-length", "0")
        if not length.isdecimal():
            raise BadRequestError("the length is no number")
        begin, after = end + 4, end + 4 + int(length)
        if len(self._received) < after:
            return None
        body = bytes(self._received[begin:after])
        del self._received[:after]
        return replace(request, body=body) if body else request

    def _answer(self, request: Request) -> None:
        self._entry = {
            "path": request.target,
            "method": request.method,
            "time": time(),
            "connection": self._number,
            "user-agent": request.headers.get("user-agent"),
            "if-none-match": request.headers.get("if-none-match"),
            "if-modified-since": request.headers.get("if-modified-since"),
            "status": None,
            "bytes": 0,
            "fault": None,
        }
        self._site.log.append(self._entry)
        self._omits_body = request.method == "HEAD"
        answer = self._site.answer(request, self._entry)
        if isinstance(answer, Response):
            self._respond(answer, keep=request.keeps_alive)
        else:
            self._act = asyncio.ensure_future(self._perform(answer, keep=request.keeps_alive))

    def _respond(self, response: Response, *, keep: bool) -> None:
        self.write_head(response, len(response.body))
        self.write_body(response.body)
        if not keep:
            self.finish()

    async def _perform(self, act: Act, *, keep: bool) -> None:
        try:
            await act(self)
        except BaseException:
            self.reset()  # a fault that fails must not look like a stall
            raise
        self._act = None
        if not keep:
            self.finish()
        self._serve()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def serve(site: Site, port: int, announce: Callable[[str], None], *, until_stdin_closes: bool) -> None:
    """Serve on loopback until the task is cancelled, or standard input closes, as it does when the parent dies."""
    loop = asyncio.get_running_loop()
    connections = iter(range(1, sys.maxsize))
    server = await loop.create_server(lambda: Connection(site, next(connections)), "127.0.0.1", port, backlog=1024)
    announce(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    over = asyncio.Event()
    if until_stdin_closes:
        loop.add_reader(sys.stdin.fileno(), _read_standard_input, over)
    with contextlib.suppress(asyncio.CancelledError):
        await over.wait()
    server.close()


def _read_standard_input(over: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        over.set()
