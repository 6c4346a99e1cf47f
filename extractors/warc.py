"""WARC records: the one module that writes and reads them.

WARC 1.1 (ISO 28500:2017). Each record is a gzip member of its own. What a site answered is a `response` record beside
its `request`. An answer that nothing changed is a `revisit` of the capture that it refers to, without a block: from a
block, players take the 304 in place of the page (pywb's `ResolvingLoader`), and all that a 304 says is in the request
beside it. A saved page, which has no HTTP response, is a `resource` record whose WARC-Date is when it was landed; its
own timestamp, where known, is in `WCDA-Captured-At`. A response that another archive has keeps the timestamp of its
capture, and the id and digest by which that archive's own revisits name it. A revisit there is one here, with what it
refers to as it stands there; which capture that is, the whole raw zone tells. What a run states about itself are
`resource` and `metadata` records.
"""

import datetime as dt
import json
import re
import zlib
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha1
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from extractors.byte_streams import ByteStream
from extractors.warc_records import Damage, RawRecord, raw_records
from schemas.files import open_file
from schemas.identifiers import file_url
from schemas.issues import UNREADABLE_RECORD, Issue
from schemas.records import (
    Alias,
    Capture,
    Collection,
    Exchange,
    Headers,
    KnownCapture,
    Plan,
    Reference,
    RunEnd,
    Withdrawal,
    first_header,
)
from schemas.sizes import shown_size

MAX_HEAD_BYTES = 30 * 1024
"""A record with longer WARC headers is refused: fastwarc, and whoever reads with it, ends at 32 KiB."""

MAX_BLOCK_BYTES = 64 * 1024 * 1024
"""A record with a larger block is refused, and is none that was written here."""

_UNSAFE_IN_URL = re.compile("[\x00-\x20\x7f-\x9f\ud800-\udfff]")
_USER_IN_URL = re.compile(r"(?<=://)[^/?#]*@")
_UNSAFE_IN_FIELD = re.compile("[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")
_BLANKS = " \t"
_ASCII = "".join(map(chr, range(0x21, 0x7F)))

_T = TypeVar("_T")
_S = TypeVar("_S", str, str | None)

_GZIP_LEVEL = 6  # level 9 takes seven times as long for 2 % less
_STORED = 0  # a body that came compressed does not shrink a second time
_SMALL_BYTES = 4096  # to compress a request, which saves 200 bytes, takes as long as all else of landing it
_GZIP_FORMAT = 16  # added to the bits of zlib's window
_SMALL_WINDOW = 12  # bits; enough where nothing is compressed, and set up sooner than the usual one
_CHUNK_BYTES = 1024 * 1024
_COLLECTION_HEADER = "WCDA-Collection-ID"
_PAGE_HEADER = "WCDA-Kind"
_CAPTURED_HEADER = "WCDA-Captured-At"
_SOURCE_ID_HEADER, _SOURCE_DIGEST_HEADER = "WCDA-Source-Record-ID", "WCDA-Source-Digest"
_NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_SAME_PAYLOAD_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_NOT_MODIFIED = 304
_JSON = "application/json"
_KINDS = frozenset({"resource", "response", "revisit"})  # what a capture can be
_VERSION = "WARC/1.1"
_HTTP_RESPONSE, _HTTP_REQUEST = (f"application/http; msgtype={kind}" for kind in ("response", "request"))

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
_END: TypeAdapter[RunEnd] = TypeAdapter(RunEnd)
_ISSUE: TypeAdapter[Issue] = TypeAdapter(Issue)
_COLLECTION: TypeAdapter[Collection] = TypeAdapter(Collection)
_ALIAS: TypeAdapter[Alias] = TypeAdapter(Alias)
_WITHDRAWAL: TypeAdapter[Withdrawal] = TypeAdapter(Withdrawal)


@dataclass(frozen=True, slots=True)
class LandedCapture:
    """A capture as it stands in the raw zone.

    Attributes:
        capture_id: UUID of the WARC record.
        warc_offset: Of the record in the segment, in bytes.
        revisits: The capture whose body this one has too; `None` where it has one of its own.
        source_id: Id of the record in the archive that it was taken from; `None` if it comes from none.
        source_digest: Digest of the payload that this archive states, likewise.
    """

    capture_id: str
    run_id: str
    warc_file: str
    warc_offset: int
    capture: Capture
    revisits: Reference | None = None
    source_id: str | None = None
    source_digest: str | None = None


@dataclass(frozen=True, slots=True)
class LandedIssue:
    """What a run could not do, as it stands in the raw zone, or what cannot be read there.

    Attributes:
        offset: Bytes before the record that cannot be read; `None` for what a run could not do.
    """

    run_id: str
    issue: Issue
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class LandedEnd:
    """The end of a run as it stands in the raw zone."""

    run_id: str
    end: RunEnd


@dataclass(frozen=True, slots=True)
class LandedCollection:
    """A collection that a run met and that its catalog does not have."""

    run_id: str
    collection: Collection


@dataclass(frozen=True, slots=True)
class LandedAlias:
    """Two URLs of one document, as a run met them."""

    run_id: str
    alias: Alias


Landed = LandedCapture | LandedIssue | LandedEnd | LandedCollection | LandedAlias | Plan | Withdrawal
"""A record of a segment that the tables are made of, or that says which segments they are made of."""


class UnwritableError(ValueError):
    """A capture that cannot be written so that it can be read back; the message is the reason."""


class WarcWriter:
    """Appends the records of one run to a segment.

    What is written can be read back: characters that no URL has are percent-encoded, control characters in HTTP
    headers become blanks, surrogates in other texts become question marks. What each method gives is what will be read.

    Args:
        run_id: The run.
        segment: Name that the file will have when it is finished.
        file: Opened for appending.
    """

    def __init__(self, run_id: str, segment: str, file: BinaryIO) -> None:
        self._run_id = run_id
        self._segment = segment
        self._file = file
        self._offset = file.tell()
        if self._offset == 0:
            self._begin()

    def land_saved_page(self, capture: Capture) -> LandedCapture:
        """Land a saved page as it came.

        Raises:
            UnwritableError: It cannot be written.
        """
        capture = _safe_capture(capture)
        headers = _collection_header(capture.collection_id)
        if capture.captured_at is not None:
            headers[_CAPTURED_HEADER] = capture.captured_at.isoformat()
        capture_id = str(uuid4())
        headers = _headers("resource", capture_id, capture.url, _now()) | headers
        offset = self._append(_resource(headers, capture.body, capture.content_type))
        return self._landed(capture_id, offset, capture)

    def land_archived_page(
        self,
        capture: Capture,
        revisits: Reference | None = None,
        source_id: str | None = None,
        source_digest: str | None = None,
    ) -> LandedCapture:
        """Land a response that another archive has, with the timestamp of its capture.

        Args:
            capture: With status and timestamp.
            revisits: The capture whose body this one has too, which then has none of its own.
            source_id: Id of the record in that archive.
            source_digest: Digest of the payload that it states.

        Raises:
            UnwritableError: It cannot be written.
        """
        capture = _safe_capture(capture)
        capture = replace(capture, content_type=first_header(capture.headers, "content-type") or "")
        if capture.http_status is None or capture.captured_at is None:
            raise ValueError("a response has a status and a timestamp")
        exchange = Exchange(
            capture.url, (), capture.http_status, "", capture.headers, capture.body, capture.captured_at
        )
        capture_id = str(uuid4())
        kind = "response" if revisits is None else "revisit"
        headers = _headers(kind, capture_id, capture.url, _warc_date(capture.captured_at))
        headers |= _page_header(capture.collection_id)
        revisits = _safe_reference(revisits)
        stated = {_SOURCE_ID_HEADER: _safe_value(source_id), _SOURCE_DIGEST_HEADER: _safe_value(source_digest)}
        headers |= {name: value for name, value in stated.items() if value is not None}
        if revisits is None:
            record = _response(headers, exchange)
        else:
            record = _revisit(headers | _revisit_headers(revisits), exchange)
        offset = self._append(record, _STORED if capture.header("content-encoding") else _GZIP_LEVEL)
        landed = self._landed(capture_id, offset, capture, revisits)
        return replace(landed, source_id=stated[_SOURCE_ID_HEADER], source_digest=stated[_SOURCE_DIGEST_HEADER])

    def land_exchange(
        self,
        exchange: Exchange,
        collection_id: str | None,
        revisits: KnownCapture | None = None,
        *,
        is_page: bool = False,
    ) -> LandedCapture:
        """Land a request and its response, the body in the content-encoding in which it came.

        Args:
            exchange: What went over the wire.
            collection_id: `None` for what is no page of a collection.
            revisits: The capture whose body this one has too, where the site answered that nothing changed.
            is_page: Whether it is read as a page; a redirect or `robots.txt` is not.

        Raises:
            UnwritableError: It cannot be written.
        """
        exchange, collection_id = _safe_exchange(exchange), _safe_text(collection_id)
        reference = _safe_reference(replace(revisits.reference, is_not_modified=True)) if revisits else None
        at, capture_id = _warc_date(exchange.received_at), str(uuid4())
        kind = "response" if reference is None else "revisit"
        own = _page_header(collection_id) if is_page else _collection_header(collection_id)
        headers = _headers(kind, capture_id, exchange.url, at) | own
        level = _GZIP_LEVEL
        if reference is None:
            record = _response(headers, exchange)
            level = _STORED if exchange.header("content-encoding") else _GZIP_LEVEL
        else:
            record = _not_modified(headers | _revisit_headers(reference))
        headers = _headers("request", str(uuid4()), exchange.url, at)
        request = _request(headers | {"WARC-Concurrent-To": _urn(capture_id)}, exchange)  # it may be refused too
        offset = self._append(record, level)
        self._append(request)
        capture = Capture(
            url=exchange.url,
            body=exchange.body,
            content_type="" if reference else exchange.header("content-type") or "",
            collection_id=collection_id,
            captured_at=exchange.received_at,
            http_status=exchange.status,
            headers=() if reference else exchange.headers,
        )
        return self._landed(capture_id, offset, capture, reference)

    def land_plan(self, plan: Plan) -> Plan:
        """Land what the run set out to do."""
        return self._append_own("resource", "plan", _PLAN, plan)

    def land_catalog(self, text: str) -> None:
        """Land the catalog that the run used, to the letter."""
        self._append_block("resource", "catalog", text.encode(errors="replace"), "application/toml")

    def land_issue(self, issue: Issue) -> LandedIssue:
        """Land what the run could not do, such as a request that failed."""
        issue = self._append_own("metadata", "issue", _ISSUE, issue)
        return LandedIssue(self._run_id, issue)

    def land_collection(self, collection: Collection) -> LandedCollection:
        """Land what is known of a collection that is not in the catalog."""
        collection = self._append_own("metadata", "collection", _COLLECTION, collection)
        return LandedCollection(self._run_id, collection)

    def land_alias(self, alias: Alias) -> LandedAlias:
        """Land that two URLs are one document's."""
        alias = self._append_own("metadata", "alias", _ALIAS, alias)
        return LandedAlias(self._run_id, alias)

    def land_end(self, end: RunEnd) -> LandedEnd:
        """Land how the run's fetching ended."""
        end = self._append_own("metadata", "end", _END, end)
        return LandedEnd(self._run_id, end)

    def land_withdrawal(self, withdrawal: Withdrawal) -> None:
        """Land which segments count no more."""
        self._append_own("metadata", "withdrawal", _WITHDRAWAL, withdrawal)

    def _begin(self) -> None:
        """Write the warcinfo record that leads a segment."""
        headers = {
            "WARC-Type": "warcinfo",
            "WARC-Record-ID": _urn(str(uuid4())),
            "WARC-Date": _now(),
            "WARC-Filename": self._segment,
        }
        info = {
            "software": "wcda",
            "format": "WARC file version 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": self._run_id,
        }
        body = "".join(f"{name}: {value}\r\n" for name, value in info.items()).encode()
        self._append(_record(headers | {"WARC-Block-Digest": _digest(body)}, "application/warc-fields", body))

    def _append_own(self, kind: str, what: str, adapter: TypeAdapter[_T], value: _T) -> _T:
        """Write what the run states about itself; gives it as it will be read."""
        try:
            block = adapter.dump_json(value)
        except PydanticSerializationError:  # a name that was not UTF-8, say
            text = json.dumps(adapter.dump_python(value, mode="json"), ensure_ascii=False)
            block = text.encode(errors="replace")
            value = adapter.validate_json(block)
        self._append_block(kind, what, block, _JSON)
        return value

    def _append_block(self, kind: str, what: str, block: bytes, content_type: str) -> None:
        headers = _headers(kind, str(uuid4()), _about(self._run_id) + what, _now())
        self._append(_resource(headers, block, content_type))

    def _append(self, record: bytes, level: int = _GZIP_LEVEL) -> int:
        """Write a record; gives its offset."""
        offset = self._offset
        self._offset += self._file.write(_gzip(record, level))
        return offset

    def _landed(
        self, capture_id: str, offset: int, capture: Capture, revisits: Reference | None = None
    ) -> LandedCapture:
        return LandedCapture(
            capture_id=capture_id,
            run_id=self._run_id,
            warc_file=self._segment,
            warc_offset=offset,
            capture=capture,
            revisits=revisits,
        )


def read_records(segment: Path) -> Iterator[Landed]:
    """The records of a segment in their order, one at a time; in place of one that cannot be read, an issue.

    Raises:
        ValueError: It is no WARC file that wcda wrote.
    """
    run_id: str | None = None
    with open_file(segment) as file:
        for raw in raw_records(ByteStream(file.read), MAX_BLOCK_BYTES):
            try:
                record = _parse_head(raw)
                if record["warc-type"] == "warcinfo":
                    run_id = _run_id(record.block)
                    landed = None
                elif run_id is None:
                    break
                else:
                    landed = _read_record(record, run_id, segment.name)
            except (ValueError, LookupError, OverflowError) as error:
                if run_id is None:
                    break
                reason = " ".join(str(error).split()) or type(error).__name__
                message = f"a record of the raw zone cannot be read: {reason} ({segment.name}, {raw.place})"
                issue = UNREADABLE_RECORD.issue(message, url=file_url(segment.name))
                yield LandedIssue(run_id, issue, raw.offset)
                continue
            if landed is not None:
                yield landed
    if run_id is None:
        raise ValueError("not a WARC file that wcda wrote")


class _Record:
    """A record of a segment: its headers, whatever the case of their names, and its block."""

    def __init__(self, raw: RawRecord) -> None:
        self._fields: dict[str, str] = {}
        for line in raw.head.strip().split(b"\r\n")[1:]:
            name, colon, value = line.partition(b":")
            if not colon:
                raise ValueError("a line of its head is no header")
            self._fields[name.strip().lower().decode()] = value.strip().decode()
        self.offset = raw.offset
        self.block = raw.block

    def __getitem__(self, name: str) -> str:
        value = self._fields.get(name)
        if value is None:
            raise ValueError(f"it has no header {name}")
        return value

    def get(self, name: str) -> str | None:
        return self._fields.get(name)


def _parse_head(raw: RawRecord | Damage) -> _Record:
    if isinstance(raw, Damage):
        raise ValueError(raw.reason)
    if not raw.is_whole:
        raise ValueError(f"it has more than {MAX_BLOCK_BYTES // 1024**2} MiB")
    record = _Record(raw)
    if record.get("warc-block-digest") not in (None, _digest(raw.block)):
        raise ValueError("its block is not what its WARC-Block-Digest says")
    return record


def _read_record(record: _Record, run_id: str, segment: str) -> Landed | None:
    """What the tables need of a record; `None` for what is kept for people and players alone."""
    url, kind = record["warc-target-uri"], record["warc-type"]
    if url.startswith(_about(run_id)):
        return _read_own(url.removeprefix(_about(run_id)), record.block, run_id)
    collection = record.get(_COLLECTION_HEADER.lower())
    is_page = kind == "resource" or collection is not None or record.get(_PAGE_HEADER.lower()) is not None
    if kind not in _KINDS or not is_page:
        return None
    return LandedCapture(
        capture_id=record_name(record["warc-record-id"]),
        run_id=run_id,
        warc_file=segment,
        warc_offset=record.offset,
        capture=_read_capture(record, url, None if collection is None else unquote(collection)),
        revisits=_read_reference(record) if kind == "revisit" else None,
        source_id=record.get(_SOURCE_ID_HEADER.lower()),
        source_digest=record.get(_SOURCE_DIGEST_HEADER.lower()),
    )


def _read_reference(record: _Record) -> Reference:
    record_id, at = record.get("warc-refers-to"), record.get("warc-refers-to-date")
    return Reference(
        record_id=record_name(record_id) if record_id else None,
        url=record.get("warc-refers-to-target-uri"),
        captured_at=dt.datetime.fromisoformat(at) if at else None,
        digest=record.get("warc-payload-digest"),
        is_not_modified=record["warc-profile"] == _NOT_MODIFIED_PROFILE,
    )


def _read_own(what: str, body: bytes, run_id: str) -> Landed | None:
    """What a run states about itself; the catalog is kept for people."""
    match what:
        case "plan":
            return _PLAN.validate_json(body)
        case "issue":
            return LandedIssue(run_id, _ISSUE.validate_json(body))
        case "collection":
            return LandedCollection(run_id, _COLLECTION.validate_json(body))
        case "alias":
            return LandedAlias(run_id, _ALIAS.validate_json(body))
        case "end":
            return LandedEnd(run_id, _END.validate_json(body))
        case "withdrawal":
            return _WITHDRAWAL.validate_json(body)
        case _:
            return None


def _read_capture(record: _Record, url: str, collection_id: str | None) -> Capture:
    if record["warc-type"] == "resource":
        captured = record.get(_CAPTURED_HEADER.lower())
        return Capture(
            url=url,
            body=record.block,
            content_type=record["content-type"],
            collection_id=collection_id,
            captured_at=dt.datetime.fromisoformat(captured) if captured else None,
        )
    at = dt.datetime.fromisoformat(record["warc-date"])
    if record.get("warc-profile") == _NOT_MODIFIED_PROFILE and not record.block:
        return Capture(url, b"", "", collection_id, at, _NOT_MODIFIED)  # its head is beside it
    status, headers, body = _read_http(record.block)
    return Capture(
        url=url,
        body=body,
        content_type=first_header(headers, "content-type") or "",
        collection_id=collection_id,
        captured_at=at,
        http_status=status,
        headers=headers,
    )


def _read_http(block: bytes) -> tuple[int, Headers, bytes]:
    """Status, headers and body of a response, whatever the length of its head."""
    head, end, body = block.partition(b"\r\n\r\n")
    first_line, *lines = head.decode("latin-1").split("\r\n")
    words = first_line.split(" ", 2)
    if not end or not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdecimal():
        raise ValueError("it has no HTTP status")
    fields = [line.partition(":") for line in lines]
    return int(words[1]), tuple([(name.strip(_BLANKS), value.strip(_BLANKS)) for name, _, value in fields]), body


def _safe_url(url: str) -> str:
    """The URL without user and password, and with what no URL can have, and no line of a head, percent-encoded."""
    url = _USER_IN_URL.sub("", url)
    return _UNSAFE_IN_URL.sub(lambda match: quote(match[0].encode("utf-8", "surrogatepass")), url)


def _safe_text(text: _S) -> _S:
    """The text without surrogates, which are no characters."""
    return text if text is None or text.isprintable() else text.encode("utf-8", "replace").decode()


def _safe_fields(headers: Headers) -> Headers:
    return tuple([(_safe_field(name).replace(":", " ").strip(_BLANKS), _safe_field(value)) for name, value in headers])


def _safe_field(text: str) -> str:
    """A name or value of HTTP with blanks for control characters (RFC 9110, 5.5), and for what is not in Latin-1."""
    return _UNSAFE_IN_FIELD.sub(" ", text).strip(_BLANKS)


def _safe_capture(capture: Capture) -> Capture:
    return replace(
        capture,
        url=_safe_url(capture.url),
        content_type=_safe_field(capture.content_type),
        collection_id=_safe_text(capture.collection_id),
        headers=_safe_fields(capture.headers),
    )


def _safe_exchange(exchange: Exchange) -> Exchange:
    return replace(
        exchange,
        url=_safe_url(exchange.url),
        request_headers=_safe_fields(exchange.request_headers),
        reason=_safe_field(exchange.reason),
        headers=_safe_fields(exchange.headers),
    )


_quoted = lru_cache(quote)  # a run lands thousands of pages of few collections


def _page_header(collection_id: str | None) -> dict[str, str]:
    """What distinguishes a page from what else was sent, such as a redirect: its collection, or that it is in none."""
    return _collection_header(collection_id) or {_PAGE_HEADER: "page"}


def _collection_header(collection_id: str | None) -> dict[str, str]:
    # Quoted, since a header keeps no blanks at its ends.
    return {} if collection_id is None else {_COLLECTION_HEADER: _quoted(collection_id)}


def _revisit_headers(reference: Reference) -> dict[str, str]:
    at, record_id = reference.captured_at, reference.record_id
    stated = {
        "WARC-Payload-Digest": reference.digest,
        "WARC-Profile": _NOT_MODIFIED_PROFILE if reference.is_not_modified else _SAME_PAYLOAD_PROFILE,
        "WARC-Refers-To": None if record_id is None else _urn(record_id),
        "WARC-Refers-To-Target-URI": reference.url,
        "WARC-Refers-To-Date": None if at is None else _warc_date(at),
    }
    return {name: value for name, value in stated.items() if value is not None}


def _safe_reference(reference: Reference | None) -> Reference | None:
    if reference is None:
        return None
    return replace(
        reference,
        record_id=_safe_value(reference.record_id),
        url=_safe_value(reference.url),
        digest=_safe_value(reference.digest),
    )


def _safe_value(text: str | None) -> str | None:
    """What a head can have in one line, without what no URL, id or digest has; `None` for nothing."""
    return None if text is None else _safe_url(text.strip()) or None


def _headers(kind: str, record_id: str, url: str, at: str) -> dict[str, str]:
    """What each record has."""
    return {"WARC-Type": kind, "WARC-Record-ID": _urn(record_id), "WARC-Date": at, "WARC-Target-URI": url}


def _resource(headers: dict[str, str], body: bytes, content_type: str) -> bytes:
    """A record of what did not come over HTTP."""
    digest = _digest(body)
    return _record(headers | {"WARC-Payload-Digest": digest, "WARC-Block-Digest": digest}, content_type, body)


def _response(headers: dict[str, str], exchange: Exchange) -> bytes:
    head, body = _response_head(exchange), exchange.body
    digests = {"WARC-Payload-Digest": _digest(body), "WARC-Block-Digest": _digest(head, body)}
    return _record(headers | digests, _HTTP_RESPONSE, head, body)


def _revisit(headers: dict[str, str], exchange: Exchange) -> bytes:
    head = _response_head(exchange)
    return _record(headers | {"WARC-Block-Digest": _digest(head)}, _HTTP_RESPONSE, head)


def _not_modified(headers: dict[str, str]) -> bytes:
    return _record(headers | {"WARC-Block-Digest": _NO_BODY_DIGEST}, _HTTP_RESPONSE)


def _request(headers: dict[str, str], exchange: Exchange) -> bytes:
    head = _request_head(exchange)
    digests = {"WARC-Payload-Digest": _NO_BODY_DIGEST, "WARC-Block-Digest": _digest(head)}
    return _record(headers | digests, _HTTP_REQUEST, head)


def _record(headers: dict[str, str], content_type: str, *block: bytes) -> bytes:
    """A record as WARC 1.1 has it (ISO 28500:2017, 4); libraries that write them take ten times as long.

    Raises:
        UnwritableError: It is larger than what is read.
    """
    length = sum(map(len, block))
    fields = headers | {"Content-Type": content_type, "Content-Length": str(length)}
    lines = [f"{name}: {value}\r\n" for name, value in fields.items()]
    head = f"{_VERSION}\r\n{''.join(lines)}\r\n".encode()
    if len(head) > MAX_HEAD_BYTES:
        raise UnwritableError(
            f"its URL and what else describes it have {shown_size(len(head))} (at most {shown_size(MAX_HEAD_BYTES)})"
        )
    if length > MAX_BLOCK_BYTES:
        raise UnwritableError(f"it has {shown_size(length)} (at most {shown_size(MAX_BLOCK_BYTES)})")
    return b"".join((head, *block, b"\r\n\r\n"))


def _request_head(exchange: Exchange) -> bytes:
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _head(f"GET {quote(target, safe=_ASCII)} HTTP/1.1", exchange.request_headers)


def _response_head(exchange: Exchange) -> bytes:
    return _head(f"HTTP/1.1 {exchange.status} {exchange.reason}".rstrip(), exchange.headers)


def _head(first_line: str, headers: Headers) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([first_line, *lines, "\r\n"]).encode("latin-1")


def payload_digest(body: bytes) -> str:
    """Digest of a body as it came, as WARC has it."""
    return _digest(body)


def _digest(*parts: bytes) -> str:
    digest = sha1(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return f"sha1:{b32encode(digest.digest()).decode()}"


_NO_BODY_DIGEST = _digest(b"")


def _now() -> str:
    return _warc_date(dt.datetime.now(dt.UTC))


def _warc_date(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _gzip(data: bytes, level: int) -> bytes:
    """A gzip member."""
    if level == _STORED or len(data) <= _SMALL_BYTES:
        return zlib.compress(data, _STORED, _SMALL_WINDOW | _GZIP_FORMAT)
    return zlib.compress(data, level, zlib.MAX_WBITS | _GZIP_FORMAT)


def _urn(record_id: str) -> str:
    return f"<urn:uuid:{record_id}>"


def record_name(record_id: str) -> str:
    """The id of a WARC record without what stands around it."""
    return record_id.strip("<> ").removeprefix("urn:uuid:")


def _about(run_id: str) -> str:
    """What the URLs of a run's own records begin with."""
    return f"urn:wcda:run:{run_id}:"


def _run_id(warcinfo: bytes) -> str | None:
    """The run that a segment belongs to; `None` if another tool wrote it."""
    lines = (line.partition(":") for line in warcinfo.decode("utf-8", "replace").splitlines())
    fields = {name: value.strip() for name, _, value in lines}
    return fields.get("isPartOf") if fields.get("software") == "wcda" else None


def whole_bytes(path: Path) -> int:
    """Length of the part of a segment that holds whole records: its whole gzip members."""
    whole = position = 0
    member = zlib.decompressobj(zlib.MAX_WBITS | _GZIP_FORMAT)
    with path.open("rb") as file:
        data = file.read(_CHUNK_BYTES)
        while data:
            try:
                member.decompress(data)
            except zlib.error:  # a torn page of the disk: nothing after it can be trusted
                break
            rest = member.unused_data
            position += len(data) - len(rest)
            if member.eof:
                whole = position
                member = zlib.decompressobj(zlib.MAX_WBITS | _GZIP_FORMAT)
            data = rest or file.read(_CHUNK_BYTES)
    return whole
