"""Reading the records that wcda wrote; one that cannot be read is an issue with its place, and the next is read."""

import datetime as dt
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from extractors.byte_streams import ByteStream
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
    NOT_MODIFIED,
    NOT_MODIFIED_PROFILE,
    PLAN,
    SOURCE_DIGEST_HEADER,
    SOURCE_ID_HEADER,
    WITHDRAWAL,
    about,
    block_digest,
    record_name,
)
from extractors.warc.landed import Landed, LandedAlias, LandedCapture, LandedCollection, LandedEnd, LandedIssue
from extractors.warc.safe_texts import BLANKS
from extractors.warc_records import Damage, RawRecord, raw_records
from schemas.files import open_file
from schemas.identifiers import file_url
from schemas.issues import UNREADABLE_RECORD
from schemas.records import (
    Capture,
    Headers,
    Reference,
    first_header,
)

_CHUNK_BYTES = 1024 * 1024
_KINDS = frozenset({"resource", "response", "revisit"})  # what a capture can be


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
    if record.get("warc-block-digest") not in (None, block_digest(raw.block)):
        raise ValueError("its block is not what its WARC-Block-Digest says")
    return record


def _read_record(record: _Record, run_id: str, segment: str) -> Landed | None:
    """What the tables need of a record; `None` for what is kept for people and players alone."""
    url, kind = record["warc-target-uri"], record["warc-type"]
    if url.startswith(about(run_id)):
        return _read_own(url.removeprefix(about(run_id)), record.block, run_id)
    collection = record.get(COLLECTION_HEADER.lower())
    stated = record.get(KIND_HEADER.lower())
    if kind not in _KINDS or (kind != "resource" and collection is None and stated is None):
        return None
    return LandedCapture(
        capture_id=record_name(record["warc-record-id"]),
        run_id=run_id,
        warc_file=segment,
        warc_offset=record.offset,
        capture=_read_capture(record, url, None if collection is None else unquote(collection)),
        revisits=_read_reference(record) if kind == "revisit" else None,
        source_id=record.get(SOURCE_ID_HEADER.lower()),
        source_digest=record.get(SOURCE_DIGEST_HEADER.lower()),
        payload_digest=None if kind == "revisit" else record.get("warc-payload-digest"),
        is_file=stated == "file",
    )


def _read_reference(record: _Record) -> Reference:
    record_id, at = record.get("warc-refers-to"), record.get("warc-refers-to-date")
    return Reference(
        record_id=record_name(record_id) if record_id else None,
        url=record.get("warc-refers-to-target-uri"),
        captured_at=dt.datetime.fromisoformat(at) if at else None,
        digest=record.get("warc-payload-digest"),
        is_not_modified=record["warc-profile"] == NOT_MODIFIED_PROFILE,
    )


def _read_own(what: str, body: bytes, run_id: str) -> Landed | None:
    """What a run states about itself; the catalog is kept for people."""
    match what:
        case "plan":
            return PLAN.validate_json(body)
        case "issue":
            return LandedIssue(run_id, ISSUE.validate_json(body))
        case "collection":
            return LandedCollection(run_id, COLLECTION.validate_json(body))
        case "alias":
            return LandedAlias(run_id, ALIAS.validate_json(body))
        case "end":
            return LandedEnd(run_id, END.validate_json(body))
        case "withdrawal":
            return WITHDRAWAL.validate_json(body)
        case _:
            return None


def _read_capture(record: _Record, url: str, collection_id: str | None) -> Capture:
    if record["warc-type"] == "resource":
        captured = record.get(CAPTURED_HEADER.lower())
        return Capture(
            url=url,
            body=record.block,
            content_type=record["content-type"],
            collection_id=collection_id,
            captured_at=dt.datetime.fromisoformat(captured) if captured else None,
        )
    at = dt.datetime.fromisoformat(record["warc-date"])
    if record.get("warc-profile") == NOT_MODIFIED_PROFILE and not record.block:
        return Capture(url, b"", "", collection_id, at, NOT_MODIFIED)  # its head is beside it
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
    return int(words[1]), tuple([(name.strip(BLANKS), value.strip(BLANKS)) for name, _, value in fields]), body


def _run_id(warcinfo: bytes) -> str | None:
    """The run that a segment belongs to; `None` if another tool wrote it."""
    lines = (line.partition(":") for line in warcinfo.decode("utf-8", "replace").splitlines())
    fields = {name: value.strip() for name, _, value in lines}
    return fields.get("isPartOf") if fields.get("software") == "wcda" else None


def whole_bytes(path: Path) -> int:
    """Length of the part of a segment that holds whole records: its whole gzip members."""
    whole = position = 0
    member = zlib.decompressobj(zlib.MAX_WBITS | GZIP_FORMAT)
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
                member = zlib.decompressobj(zlib.MAX_WBITS | GZIP_FORMAT)
            data = rest or file.read(_CHUNK_BYTES)
    return whole
