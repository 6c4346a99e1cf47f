"""WARC files as other tools make them, for tests."""

import gzip
from collections.abc import Iterable
from io import BytesIO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

LISTING = "https://digitalarchive.wilsoncenter.org/search?f%5B0%5D=topics%3A86494&page=1"
DOCUMENT = "https://digitalarchive.wilsoncenter.org/document/a-letter"
DATE = "2025-01-02T03:04:05Z"
PAGE = b"<html><body>11 - 20 of 89" + b" and so on" * 100 + b"</body></html>"


def response(
    url: str = LISTING,
    body: bytes = PAGE,
    status: str = "200 OK",
    headers: Iterable[tuple[str, str]] = (("Content-Type", "text/html; charset=UTF-8"),),
    *,
    kind: str = "response",
    packed: bool = False,
    warc: dict[str, str] | None = None,
    without: Iterable[str] = (),
) -> bytes:
    """One record as warcio writes it, with some WARC headers more or fewer.

    Args:
        packed: Whether it is a gzip member.
        warc: Further WARC headers, or others.
        without: Names of WARC headers that are left out.
    """
    out = BytesIO()
    writer = WARCWriter(out, gzip=False)
    http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if kind != "resource" else None
    content_type = "text/html" if kind == "resource" else None
    record = writer.create_warc_record(
        url,
        kind,
        payload=BytesIO(body),
        length=len(body),
        http_headers=http,
        warc_content_type=content_type or "application/http; msgtype=response",
        warc_headers_dict={"WARC-Date": DATE} | (warc or {}),
    )
    writer.write_record(record)
    data = out.getvalue()
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    names = tuple(name.encode().lower() + b":" for name in without)
    head = b"\r\n".join(line for line in lines if not names or not line.lower().startswith(names))
    data = head + b"\r\n\r\n" + rest
    return gzip.compress(data, mtime=0) if packed else data


def page_url(number: int) -> str:
    """Address of a page of one listing."""
    return f"https://digitalarchive.wilsoncenter.org/search?f%5B0%5D=topics%3A86494&page={number}"


def page_body(number: int) -> bytes:
    """A page unlike others, that does not pack to nothing."""
    return PAGE + b"".join(f"{number * 7919 + each * 104729:x}".encode() for each in range(2000))


def pages(count: int, *, packed: bool = False) -> list[bytes]:
    """Records of as many pages of one listing."""
    return [response(page_url(number), page_body(number), packed=packed) for number in range(count)]
