"""Writing WARC records, so that they can be read back.

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
import hashlib
import json
import zlib
from dataclasses import replace
from typing import BinaryIO, TypeVar
from urllib.parse import quote, urlsplit
from uuid import uuid4

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from extractors.warc.fields import (
    ALIAS,
    CAPTURED_HEADER,
    COLLECTION,
    COLLECTION_HEADER,
    END,
    GZIP_FORMAT,
    ISSUE,
    KIND_HEADER,
    MAX_BLOCK_BYTES,
    NOT_MODIFIED_PROFILE,
    PLAN,
    SAME_PAYLOAD_PROFILE,
    SOURCE_DIGEST_HEADER,
    SOURCE_ID_HEADER,
    WITHDRAWAL,
    about,
    block_digest,
)
from extractors.warc.landed import ExchangeKind, LandedAlias, LandedCapture, LandedCollection, LandedEnd, LandedIssue
from extractors.warc.safe_texts import ASCII, quoted, safe_capture, safe_exchange, safe_reference, safe_text, safe_value
from schemas.issues import Issue
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
_T = TypeVar("_T")
_GZIP_LEVEL = 6  # level 9 takes seven times as long for 2 % less
_STORED = 0  # a body that came compressed does not shrink a second time
_SMALL_BYTES = 4096  # to compress a request, which saves 200 bytes, takes as long as all else of landing it
_SMALL_WINDOW = 12  # bits; enough where nothing is compressed, and set up sooner than the usual one
_JSON = "application/json"
_VERSION = "WARC/1.1"
_HTTP_RESPONSE, _HTTP_REQUEST = (f"application/http; msgtype={kind}" for kind in ("response", "request"))


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
        digest: Takes what is written too, where given.
    """

    def __init__(self, run_id: str, segment: str, file: BinaryIO, digest: "hashlib._Hash | None" = None) -> None:
        self._run_id = run_id
        self._segment = segment
        self._file = file
        self._digest = digest
        self._offset = file.tell()
        if self._offset == 0:
            self._begin()

    def land_saved_page(self, capture: Capture) -> LandedCapture:
        """Land a saved page as it came.

        Raises:
            UnwritableError: It cannot be written.
        """
        capture = safe_capture(capture)
        headers = _collection_header(capture.collection_id)
        if capture.captured_at is not None:
            headers[CAPTURED_HEADER] = capture.captured_at.isoformat()
        capture_id = str(uuid4())
        headers = _headers("resource", capture_id, capture.url, _now()) | headers
        digest = block_digest(capture.body)
        offset = self._append(_resource(headers, capture.body, capture.content_type, digest))
        return self._landed(capture_id, offset, capture, digest=digest)

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
        capture = safe_capture(capture)
        capture = replace(capture, content_type=first_header(capture.headers, "content-type") or "")
        if capture.http_status is None or capture.captured_at is None:
            raise ValueError("a response has a status and a timestamp")
        exchange = Exchange(
            capture.url, (), capture.http_status, "", capture.headers, capture.body, capture.captured_at
        )
        capture_id = str(uuid4())
        kind = "response" if revisits is None else "revisit"
        headers = _headers(kind, capture_id, capture.url, _warc_date(capture.captured_at))
        headers |= _collection_header(capture.collection_id) or {KIND_HEADER: "page"}
        revisits = safe_reference(revisits)
        stated = {SOURCE_ID_HEADER: safe_value(source_id), SOURCE_DIGEST_HEADER: safe_value(source_digest)}
        headers |= {name: value for name, value in stated.items() if value is not None}
        digest = None
        if revisits is None:
            digest = block_digest(capture.body)
            record = _response(headers, exchange, digest)
        else:
            record = _revisit(headers | _revisit_headers(revisits), exchange)
        offset = self._append(record, _STORED if capture.header("content-encoding") else _GZIP_LEVEL)
        landed = self._landed(capture_id, offset, capture, revisits, digest)
        return replace(landed, source_id=stated[SOURCE_ID_HEADER], source_digest=stated[SOURCE_DIGEST_HEADER])

    def land_exchange(
        self,
        exchange: Exchange,
        collection_id: str | None,
        revisits: KnownCapture | None = None,
        kind: ExchangeKind | None = None,
    ) -> LandedCapture:
        """Land a request and its response, the body in the content-encoding in which it came.

        Args:
            exchange: What went over the wire.
            collection_id: `None` for what is no page of a collection.
            revisits: The capture whose body this one has too, where the site answered that nothing changed.
            kind: What it is; `None` for what is neither, such as a redirect or `robots.txt`.

        Raises:
            UnwritableError: It cannot be written.
        """
        exchange, collection_id = safe_exchange(exchange), safe_text(collection_id)
        reference = safe_reference(replace(revisits.reference, is_not_modified=True)) if revisits else None
        at, capture_id = _warc_date(exchange.received_at), str(uuid4())
        record_type = "response" if reference is None else "revisit"
        own = _collection_header(collection_id) or ({} if kind is None else {KIND_HEADER: kind})
        headers = _headers(record_type, capture_id, exchange.url, at) | own
        level, digest = _GZIP_LEVEL, None
        if reference is None:
            digest = block_digest(exchange.body)
            record = _response(headers, exchange, digest)
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
        return self._landed(capture_id, offset, capture, reference, digest)

    def land_plan(self, plan: Plan) -> Plan:
        """Land what the run set out to do."""
        return self._append_own("resource", "plan", PLAN, plan)

    def land_catalog(self, text: str) -> None:
        """Land the catalog that the run used, to the letter."""
        self._append_block("resource", "catalog", text.encode(errors="replace"), "application/toml")

    def land_issue(self, issue: Issue) -> LandedIssue:
        """Land what the run could not do, such as a request that failed."""
        issue = self._append_own("metadata", "issue", ISSUE, issue)
        return LandedIssue(self._run_id, issue)

    def land_collection(self, collection: Collection) -> LandedCollection:
        """Land what is known of a collection that is not in the catalog."""
        collection = self._append_own("metadata", "collection", COLLECTION, collection)
        return LandedCollection(self._run_id, collection)

    def land_alias(self, alias: Alias) -> LandedAlias:
        """Land that two URLs are one document's."""
        alias = self._append_own("metadata", "alias", ALIAS, alias)
        return LandedAlias(self._run_id, alias)

    def land_end(self, end: RunEnd) -> LandedEnd:
        """Land how the run's fetching ended."""
        end = self._append_own("metadata", "end", END, end)
        return LandedEnd(self._run_id, end)

    def land_withdrawal(self, withdrawal: Withdrawal) -> None:
        """Land which segments count no more."""
        self._append_own("metadata", "withdrawal", WITHDRAWAL, withdrawal)

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
        self._append(_record(headers | {"WARC-Block-Digest": block_digest(body)}, "application/warc-fields", body))

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
        headers = _headers(kind, str(uuid4()), about(self._run_id) + what, _now())
        self._append(_resource(headers, block, content_type, block_digest(block)))

    def _append(self, record: bytes, level: int = _GZIP_LEVEL) -> int:
        """Write a record; gives its offset."""
        offset, packed = self._offset, _gzip(record, level)
        if self._digest is not None:
            self._digest.update(packed)
        self._offset += self._file.write(packed)
        return offset

    def _landed(
        self,
        capture_id: str,
        offset: int,
        capture: Capture,
        revisits: Reference | None = None,
        digest: str | None = None,
    ) -> LandedCapture:
        return LandedCapture(
            capture_id=capture_id,
            run_id=self._run_id,
            warc_file=self._segment,
            warc_offset=offset,
            capture=capture,
            revisits=revisits,
            payload_digest=digest,
        )


def _collection_header(collection_id: str | None) -> dict[str, str]:
    # Quoted, since a header keeps no blanks at its ends.
    return {} if collection_id is None else {COLLECTION_HEADER: quoted(collection_id)}


def _revisit_headers(reference: Reference) -> dict[str, str]:
    at, record_id = reference.captured_at, reference.record_id
    stated = {
        "WARC-Payload-Digest": reference.digest,
        "WARC-Profile": NOT_MODIFIED_PROFILE if reference.is_not_modified else SAME_PAYLOAD_PROFILE,
        "WARC-Refers-To": None if record_id is None else _urn(record_id),
        "WARC-Refers-To-Target-URI": reference.url,
        "WARC-Refers-To-Date": None if at is None else _warc_date(at),
    }
    return {name: value for name, value in stated.items() if value is not None}


def _headers(kind: str, record_id: str, url: str, at: str) -> dict[str, str]:
    """What each record has."""
    return {"WARC-Type": kind, "WARC-Record-ID": _urn(record_id), "WARC-Date": at, "WARC-Target-URI": url}


def _resource(headers: dict[str, str], body: bytes, content_type: str, digest: str) -> bytes:
    """A record of what did not come over HTTP."""
    return _record(headers | {"WARC-Payload-Digest": digest, "WARC-Block-Digest": digest}, content_type, body)


def _response(headers: dict[str, str], exchange: Exchange, digest: str) -> bytes:
    head, body = _response_head(exchange), exchange.body
    digests = {"WARC-Payload-Digest": digest, "WARC-Block-Digest": block_digest(head, body)}
    return _record(headers | digests, _HTTP_RESPONSE, head, body)


def _revisit(headers: dict[str, str], exchange: Exchange) -> bytes:
    head = _response_head(exchange)
    return _record(headers | {"WARC-Block-Digest": block_digest(head)}, _HTTP_RESPONSE, head)


def _not_modified(headers: dict[str, str]) -> bytes:
    return _record(headers | {"WARC-Block-Digest": _NO_BODY_DIGEST}, _HTTP_RESPONSE)


def _request(headers: dict[str, str], exchange: Exchange) -> bytes:
    head = _request_head(exchange)
    digests = {"WARC-Payload-Digest": _NO_BODY_DIGEST, "WARC-Block-Digest": block_digest(head)}
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
    return _head(f"GET {quote(target, safe=ASCII)} HTTP/1.1", exchange.request_headers)


def _response_head(exchange: Exchange) -> bytes:
    return _head(f"HTTP/1.1 {exchange.status} {exchange.reason}".rstrip(), exchange.headers)


def _head(first_line: str, headers: Headers) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([first_line, *lines, "\r\n"]).encode("latin-1")


_NO_BODY_DIGEST = block_digest(b"")


def _now() -> str:
    return _warc_date(dt.datetime.now(dt.UTC))


def _warc_date(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _gzip(data: bytes, level: int) -> bytes:
    """A gzip member."""
    if level == _STORED or len(data) <= _SMALL_BYTES:
        return zlib.compress(data, _STORED, _SMALL_WINDOW | GZIP_FORMAT)
    return zlib.compress(data, level, zlib.MAX_WBITS | GZIP_FORMAT)


def _urn(record_id: str) -> str:
    return f"<urn:uuid:{record_id}>"
