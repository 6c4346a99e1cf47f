"""WARC files that other tools made, as wget, browsers and crawlers. Each record that is whole is read, whatever is not.

WARC 1.0 and 1.1 (ISO 28500).
"""

import datetime as dt
import re
from base64 import b32encode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import md5, sha1, sha256, sha512
from io import BytesIO
from typing import Literal, cast

from fastwarc.warc import ArchiveIterator

from extractors.byte_streams import GZIP_MAGIC, MAX_PAGE_BYTES, ByteStream
from extractors.content_encoding import UndecodableError, decode_body
from extractors.replays import read_replay_timestamp
from extractors.warc.fields import record_name
from extractors.warc_records import Damage, RawRecord, raw_records
from schemas.records import Headers, Reference, first_header
from schemas.timestamps import parse_timestamp

_TYPE = re.compile(
    rb"^warc-type[ \t]*:[ \t]*(response|resource|revisit|conversion)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_CHUNK = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_TYPE_OF_REVISIT = re.compile(rb"^warc-type[ \t]*:[ \t]*revisit", re.IGNORECASE | re.MULTILINE)
_UNDONE_HEADER = "X-Archive-Orig-Content-Encoding"
_NO_PAGES = ("dns:", "metadata:")  # what crawlers and wget note of themselves
_CONTROL = bytes([*range(9), *range(14, 32)])
# As tools write it: in any case, with tabs, without a reason, with bare line feeds, some with empty lines before it; as
# servers of streams and gateways write it.
_STATUS = rb"\s*(?:(?:HTTP(?:/[0-9.]+)?|ICY)[ \t]+|Status:[ \t]*)([0-9]{3})(?![0-9])"
_STATUS_LINE = re.compile(rb"(?:\xef\xbb\xbf)?" + _STATUS + rb"[^\n]*(?:\n|\Z)", re.IGNORECASE)
_HEAD_OF_RETURNS = re.compile(_STATUS + rb"[^\n]*?\r\r(?!\n)", re.IGNORECASE)  # the line ends of old Macs
_END_OF_HEAD = re.compile(rb"(?:\A|\n)\r?\n")
_FOLDED = re.compile(r"\r?\n[ \t]+")
_PAGE_WITHOUT_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_OF_HTTP = ("response", "revisit")
_GLIMPSE_BYTES = 1024
_NOT_MODIFIED = 304
_DIGESTS = {"sha1": sha1, "sha256": sha256, "sha512": sha512, "md5": md5}

Kind = Literal["response", "resource", "revisit", "conversion"]


@dataclass(frozen=True, slots=True)
class ThirdPartyRecord:
    """A response, a resource, a revisit of either, or a conversion, which is what a tool made of one of them.

    Attributes:
        place: Where it stands in the file, `at byte 1234`.
        record_id: As `record_name` gives it; `None` if the record has none.
        captured_at: UTC; `None` where the record does not say.
        status: Of HTTP; `None` where there is none.
        headers: Of HTTP, without `Transfer-Encoding`, which is undone; a content-encoding that was undone before has
            the name `X-Archive-Orig-Content-Encoding`.
        body: In its content-encoding; `None` if the record is too large to be a page.
        payload_digest: As the record states it, else computed; `None` for a revisit that states none.
        digest_problem: How the digest that the record states differs from what it holds; `None` if it does not.
        refers_to: What a revisit refers to; `None` for what is none.
    """

    kind: Kind
    place: str
    url: str
    record_id: str | None
    captured_at: dt.datetime | None
    content_type: str
    status: int | None
    headers: Headers
    body: bytes | None
    payload_digest: str | None
    digest_problem: str | None = None
    refers_to: Reference | None = None

    def header(self, name: str) -> str | None:
        """The first value of an HTTP header, whatever the case of its name; `None` if there is none."""
        return first_header(self.headers, name)


def read_third_party_warc(stream: ByteStream) -> Iterator[ThirdPartyRecord | Damage]:
    """The responses, resources and revisits of a WARC file, and each part of it that cannot be read."""
    for item in raw_records(stream, MAX_PAGE_BYTES):
        if isinstance(item, Damage):
            yield item
            continue
        try:
            record = _read_record(item)
        except Exception as error:  # whatever a record may fail with: the next one is read
            yield Damage(item.place, item.offset, f"a WARC record cannot be read: {error}")
            continue
        if record is not None:
            yield record


def _read_record(raw: RawRecord) -> ThirdPartyRecord | None:
    """What a record holds; `None` for one that tells of a crawl and not of a page."""
    stated_kind = _TYPE.search(raw.head)
    if stated_kind is None:
        return None
    kind = cast("Kind", stated_kind[1].lower().decode())

    whole = BytesIO(raw.head + raw.block)
    record = next(iter(ArchiveIterator(whole, parse_http=False, quirks_mode=True)), None)
    if record is None:
        raise ValueError("it is no record")
    head = record.headers
    url = (head.get("WARC-Target-URI") or "").strip(" <>")
    if url.startswith(_NO_PAGES):
        return None
    if kind == "response" and _PAGE_WITHOUT_HEAD.match(raw.block) is not None:
        kind = "resource"  # whose tool kept no head
    status, headers, body = read_http(raw.block) if kind in _OF_HTTP else (None, (), raw.block)
    stated = head.get("WARC-Payload-Digest")
    plain = _without_transfer_codings(body, headers)
    return ThirdPartyRecord(
        kind=kind,
        place=raw.place,
        url=url,
        record_id=record_name(record.record_id or "") or None,
        captured_at=_timestamp(head.get("WARC-Date")),
        content_type=_content_type(
            first_header(headers, "content-type") if kind in _OF_HTTP else head.get("Content-Type")
        ),
        status=status,
        headers=true_headers(headers, plain),
        body=plain if raw.is_whole else None,
        payload_digest=stated or (None if kind == "revisit" else _sha1(plain)),
        digest_problem=_digest_problem(head.get("WARC-Block-Digest"), stated, raw, (body, plain)),
        refers_to=_reference(head.get, status) if kind == "revisit" or status == _NOT_MODIFIED else None,
    )


def _reference(field: Callable[[str], str | None], status: int | None) -> Reference:
    """What a revisit refers to, or an answer of 304, which has no body of its own either."""
    url, profile = field("WARC-Refers-To-Target-URI"), field("WARC-Profile") or ""
    return Reference(
        record_id=record_name(field("WARC-Refers-To") or "") or None,
        url=url.strip(" <>") if url else None,
        captured_at=_timestamp(field("WARC-Refers-To-Date")),
        digest=field("WARC-Payload-Digest"),
        is_not_modified="not-modified" in profile or status == _NOT_MODIFIED,
    )


def read_http(block: bytes) -> tuple[int | None, Headers, bytes]:
    """Status, headers and body of a response as it stands in a record; no status if it has none of HTTP.

    Of several heads, as answers before the answer (RFC 9110, 15.2) and a proxy's word have them, the last counts.
    """
    returns = _HEAD_OF_RETURNS.match(block)
    if returns is not None:
        block = returns[0].replace(b"\r", b"\n") + block[returns.end() :]
    line = _STATUS_LINE.match(block)
    if line is None:
        return None, (), b""
    while (behind := _END_OF_HEAD.search(block, line.end() - 1)) and (
        other := _STATUS_LINE.match(block[behind.end() : behind.end() + _GLIMPSE_BYTES])
    ):
        block, line = block[behind.end() :], other
    end = _END_OF_HEAD.search(block, line.end() - 1)
    head = block[line.end() : end.start() if end else len(block)].decode("latin-1")
    fields = [field.partition(":") for field in _FOLDED.sub(" ", head).split("\n")]
    headers = [(name.strip(), value.strip()) for name, colon, value in fields if colon and name.strip()]
    return int(line[1]), tuple(headers), block[end.end() :] if end else b""


def _without_transfer_codings(body: bytes, headers: Headers) -> bytes:
    """The body without what HTTP/1.1 packed it in on its way (RFC 9112, 6.1); as it is where a tool has undone that."""
    stated = [value for name, value in headers if name.lower() == "transfer-encoding"]
    codings = [coding.strip().lower() for coding in ",".join(stated).split(",")]
    plain = _without_chunks(body) if "chunked" in codings else body
    try:
        return decode_body(plain, ",".join(coding for coding in codings if coding in ("gzip", "x-gzip", "deflate")))
    except UndecodableError:
        return plain


def _content_type(stated: str | None) -> str:
    """A type as a record states it; that of HTTP, of a page that was kept without its head, is that of a page."""
    return "text/html" if stated is not None and stated.lower().startswith("application/http") else stated or ""


def _without_chunks(body: bytes) -> bytes:
    """The body without the chunks of HTTP/1.1 (RFC 9112, 7.1); as it is where a tool has undone them before.

    Of a body that was cut off, what is there.
    """
    pieces = []
    at = 0
    while (line := _CHUNK.match(body, at)) is not None and (size := int(line[1], 16)):
        pieces.append(body[line.end() : line.end() + size])
        at = line.end() + size
    return b"".join(pieces) if line is not None or pieces else body


def true_headers(headers: Headers, body: bytes) -> Headers:
    """The headers that are true of a body without chunks; browsers keep that of a coding that they have undone."""
    head = body[:_GLIMPSE_BYTES]
    is_text = bool(head) and len(head) == len(head.translate(None, _CONTROL))
    names = {"content-encoding": _UNDONE_HEADER} if is_text else {}
    kept = [(names.get(name.lower(), name), value) for name, value in headers if name.lower() != "transfer-encoding"]
    is_page = (first_header(headers, "content-type") or "").lower().startswith("text/html")
    if is_page and body.startswith(GZIP_MAGIC) and first_header(headers, "content-encoding") is None:
        kept.append(("Content-Encoding", "gzip"))  # which some tools drop though they leave the body packed
    return tuple(kept)


def _digest_problem(block: str | None, payload: str | None, raw: RawRecord, bodies: tuple[bytes, ...]) -> str | None:
    """How a stated digest differs; that of the block counts more, as tools differ in what they call the payload."""
    if not raw.is_whole:
        return None
    if block is not None and (is_right := _is_digest(block, raw.block)) is not None:
        return None if is_right else f"WARC-Block-Digest is {block}, and that of the bytes is {_sha1(raw.block)}"
    if payload is None or _TYPE_OF_REVISIT.search(raw.head) is not None:
        return None
    if any(_is_digest(payload, body) in (True, None) for body in bodies):
        return None
    return f"WARC-Payload-Digest is {payload}, and that of the body is {_sha1(bodies[0])}"


def _is_digest(stated: str, data: bytes) -> bool | None:
    """Whether a digest, in base 32, base 64 or hexadecimal, is that of the data; `None` where its kind is not known."""
    name, _, value = stated.strip().partition(":")
    function = _DIGESTS.get(name.lower().replace("-", ""))
    if function is None:
        return None
    digest, shown = function(data, usedforsecurity=False).digest(), value.strip().rstrip("=")
    if shown == b64encode(digest).decode().rstrip("="):
        return True
    return shown.upper() in (b32encode(digest).decode().rstrip("="), digest.hex().upper())


def _sha1(data: bytes) -> str:
    return f"sha1:{b32encode(sha1(data, usedforsecurity=False).digest()).decode()}"


def _timestamp(text: str | None) -> dt.datetime | None:
    """A timestamp of WARC (ISO 28500:2017, 5.4), or of ARC; `None` for one that is less exact than a day."""
    return None if text is None else parse_timestamp(text) or read_replay_timestamp(text.strip())


def record_of_response(
    url: str, captured_at: dt.datetime | None, block: bytes, place: str, *, is_whole: bool
) -> ThirdPartyRecord:
    """A response as another container than WARC holds it, with its head."""
    status, headers, body = read_http(block)
    plain = _without_transfer_codings(body, headers)
    return record_of_body(url, captured_at, status, true_headers(headers, plain), plain if is_whole else None, place)


def record_of_body(
    url: str, captured_at: dt.datetime | None, status: int | None, headers: Headers, body: bytes | None, place: str
) -> ThirdPartyRecord:
    """A response as another container than WARC holds it; `None` as body if it is too large to be a page."""
    return ThirdPartyRecord(
        kind="response",
        place=place,
        url=url,
        record_id=None,
        captured_at=captured_at,
        content_type=first_header(headers, "content-type") or "",
        status=status,
        headers=headers,
        body=body,
        payload_digest=None if body is None else _sha1(body),
        refers_to=Reference(is_not_modified=True) if status == _NOT_MODIFIED else None,
    )
