"""HTTP/1.1 requests and answers, by hand: a library would not let the replica break its own promises."""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from time import time
from typing import Any
from urllib.parse import unquote

from tests.replica.pages import Html

HTML = "text/html; charset=UTF-8"


class BadRequestError(ValueError):
    """The client's bytes are no HTTP that the replica speaks."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, with headers by lower-case name."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The target's query, as it came."""
        return self.target.partition("?")[2]

    @property
    def plain_target(self) -> str:
        """The target without encodings, for patterns that people write."""
        return unquote(unquote(self.target))

    @property
    def accepts_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        codings = (coding.strip() for coding in self.headers.get("accept-encoding", "").split(","))
        return any(coding == "gzip" or coding.startswith("gzip;q=") for coding in codings)

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to go on with this connection."""
        return self.headers.get("connection", "").lower() != "close"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer whose body is at hand; its length is told, unless the headers say otherwise."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def read_head(head: bytes) -> Request:
    """Read the request line and the headers.

    Raises:
        BadRequestError: They are not HTTP/1.
    """
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError(f"no request line: {lines[0]!r}")
    pairs = (line.partition(":") for line in lines[1:])
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if words[2] == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return Request(words[0], words[1], headers)


def head_bytes(status: int, headers: Mapping[str, str]) -> bytes:
    """The status line and headers as they go over the wire."""
    lines = [f"HTTP/1.1 {status} {_phrase(status)}", f"Date: {_http_date_of(int(time()))}", "Server: nginx"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def http_date(moment: datetime) -> str:
    """An instant as headers say it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def page(text: str | bytes, status: int = 200, **headers: str) -> Response:
    """An answer of HTML."""
    body = text.encode() if isinstance(text, str) else text
    return Response(status, body, {"Content-Type": HTML, **headers})


def as_json(value: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page that is ready to be sent many times: compressed, with what tells whether it changed."""

    compressed: bytes
    etag: str
    modified: datetime

    @classmethod
    def of(cls, html: Html, modified: datetime) -> "StoredPage":
        """Compress a page and take its fingerprint."""
        whole = html.whole
        digest = blake2b(whole, digest_size=10).hexdigest()
        packed = _packed_start(html.shared) + _packed_end(html.own)
        return cls(_gzip(packed, zlib.crc32(whole), len(whole)), f'"{digest}"', modified)

    def answer(self, request: Request) -> Response:
        """The page, compressed if the client likes, or 304 if the client has it."""
        headers = {
            # As nginx does: what it compresses is no longer the same to the byte.
            "ETag": f"W/{self.etag}" if request.accepts_gzip else self.etag,
            "Last-Modified": _http_date_of(int(self.modified.timestamp())),
            "Vary": "Accept-Encoding",
            "Cache-Control": "must-revalidate, no-cache, private",
            "X-Generator": "Drupal 10 (https://www.drupal.org)",
        }
        if _is_known(request, self.etag, self.modified):
            return Response(304, b"", headers)
        headers["Content-Type"] = HTML
        if request.accepts_gzip:
            return Response(200, self.compressed, {**headers, "Content-Encoding": "gzip"})
        return Response(200, gzip.decompress(self.compressed), headers)


def page_that_may_be_known(text: str, modified: datetime, request: Request) -> Response:
    """A page that is made at each request and sent as it is, or 304 if the client has it."""
    body = text.encode()
    etag = f'"{blake2b(body, digest_size=10).hexdigest()}"'
    headers = {"ETag": etag, "Last-Modified": _http_date_of(int(modified.timestamp()))}
    if _is_known(request, etag, modified):
        return Response(304, b"", headers)
    return Response(200, body, {"Content-Type": HTML, **headers})


def _is_known(request: Request, etag: str, modified: datetime) -> bool:
    """The fingerprint decides; the date only where the client names no fingerprint."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since)
    except ValueError:
        return False


def compressed_repetition(block: bytes, times: int) -> bytes:
    """A gzip body that holds a block many times over, without ever holding it unpacked."""
    checksum = 0
    for _ in range(times):
        checksum = zlib.crc32(block, checksum)
    packed = _packed_start(block) * times + _packed_end(b"")
    return _gzip(packed, checksum, len(block) * times)


@lru_cache(maxsize=64)
def _packed_start(data: bytes) -> bytes:
    """Compressed so that something else can follow: a full flush ends at a byte, and what follows looks not back."""
    packer = _packer()
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def _packed_end(data: bytes) -> bytes:
    packer = _packer()
    return packer.compress(data) + packer.flush()


def _packer() -> "zlib._Compress":
    return zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)


def _gzip(packed: bytes, checksum: int, size: int) -> bytes:
    trailer = checksum.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + packed + trailer


@lru_cache(maxsize=64)
def _http_date_of(seconds: int) -> str:
    return http_date(datetime.fromtimestamp(seconds, UTC))


@lru_cache(maxsize=64)
def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
