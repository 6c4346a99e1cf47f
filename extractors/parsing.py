"""From the records of a segment to parsed tables: decode, recognise, read."""

import codecs
import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from extractors.content_encoding import UndecodableError, content_encoding_of, decode_body
from extractors.decoding import charset_of, decode
from extractors.raw_zone import read_segment
from extractors.warc.fields import payload_digest, record_name
from extractors.warc.landed import Landed, LandedAlias, LandedCapture, LandedCollection, LandedEnd, LandedIssue
from extractors.wilson_center.layouts import read_text
from extractors.wilson_center.urls import address_key
from schemas.issues import UNDECODABLE, Issue
from schemas.parsed import PARSED_TABLES
from schemas.records import FILE, Capture, ParsedPage, Plan
from schemas.revisits import digest_key, other_digests, page_id_of

_BATCH_CAPTURES = 200


def read_page(body: bytes, url: str | None = None, content_type: str | None = None) -> ParsedPage:
    """What one page holds, with an issue for each doubt about it and its encoding.

    Args:
        body: The page, without its content-encoding.
        url: Where it was captured; `None` where nobody knows.
        content_type: As HTTP states it, with a charset or without; `None` where nothing does.
    """
    text, issues = decode(body, charset_of(content_type))
    if text is None:
        return ParsedPage(layout=None, outcome="unknown", issues=tuple(issues))
    page = read_text(text, url)
    return replace(page, issues=(*issues, *page.issues)) if issues else page


class SegmentParser:
    """Turns the records of one segment, in their order, into the parsed tables; each distinct page is read once.

    What was read is turned into Arrow every so often, so that it takes little memory.
    """

    def __init__(self) -> None:
        self._schemas = {name: table.arrow_schema() for name, table in PARSED_TABLES.items()}
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PARSED_TABLES}
        self._batches: dict[str, list[pa.Table]] = {name: [] for name in PARSED_TABLES}
        self._pages: dict[str, dict[str, str | None]] = {}

    def add(self, record: Landed, body: bytes | None = None, page: ParsedPage | None = None) -> None:
        """Take a record in.

        Args:
            record: The next of the segment.
            body: Of a capture, without its content-encoding, where that is known already.
            page: What it holds, where that is known already.
        """
        rows = self._rows
        match record:
            case Plan():
                plan = _event(record.run_id, "plan", record.started_at)
                rows["events"].append({**plan, "source": record.source, "purpose": record.purpose, "live": record.live})
                rows["collections"] += [{"run_id": record.run_id, **asdict(each)} for each in record.collections]
            case LandedCollection():
                rows["collections"].append({"run_id": record.run_id, **asdict(record.collection)})
            case LandedAlias():
                rows["aliases"].append({"run_id": record.run_id, **asdict(record.alias)})
            case LandedIssue():
                rows["issues"].append(_issue(record.issue, record.run_id))
            case LandedEnd():
                rows["events"].append(_event(record.run_id, "end", record.end.ended_at))
                rows["issues"] += [_issue(issue, record.run_id) for issue in record.end.issues]
            case LandedCapture(revisits=None):
                self._add_page(record, body, page)
            case LandedCapture():
                rows["captures"].append(_capture_values(record))
        if len(rows["captures"]) >= _BATCH_CAPTURES:
            self._pack()

    def tables(self) -> dict[str, pa.Table]:
        """The parsed tables (`schemas.parsed`) of all records that were taken in."""
        self._pack()
        return {name: pa.concat_tables(batches).combine_chunks() for name, batches in self._batches.items()}

    def _add_page(self, record: LandedCapture, body: bytes | None, page: ParsedPage | None) -> None:
        capture = record.capture
        problems: list[Issue] = []
        if body is None:
            body, problems = _decoded_body(capture)
        body_key = _body_key(capture, body)
        identifier = page_id_of(capture.collection_id, capture.url, body_key)
        if identifier not in self._pages:
            if page is None:
                page = FILE if record.is_file else _read(capture, body, problems)
            self._pages[identifier] = {"page_kind": page.kind, "layout": page.layout, "outcome": page.outcome}
            for table, found in page.rows.items():
                self._rows[table] += [{"page_id": identifier, **row.to_row()} for row in found]
            self._rows["issues"] += [
                _issue(issue, record.run_id, capture.url, capture.collection_id, identifier) for issue in page.issues
            ]
        shown = {"page_id": identifier, "body": body_key, **self._pages[identifier]}
        self._rows["captures"].append(_capture_values(record) | shown)

    def _pack(self) -> None:
        for name, rows in self._rows.items():
            self._batches[name].append(pa.Table.from_pylist(rows, schema=self._schemas[name]))
            rows.clear()


def parse_segment(segment: Path) -> dict[str, pa.Table]:
    """The parsed tables (`schemas.parsed`) of one finished segment.

    Raises:
        RawZoneError: It cannot be read.
    """
    parser = SegmentParser()
    for record in read_segment(segment):
        parser.add(record)
    return parser.tables()


def digests_of_bodies(segments: Iterable[Path]) -> dict[str, str]:
    """What `schemas.revisits.OtherDigests` gives, of the captures of finished segments.

    Raises:
        RawZoneError: One cannot be read.
    """
    records = (record for segment in segments for record in read_segment(segment))
    return {
        record.capture_id: other_digests(record.capture.body)
        for record in records
        if isinstance(record, LandedCapture) and record.revisits is None
    }


def _decoded_body(capture: Capture) -> tuple[bytes, list[Issue]]:
    """A capture's body without its content-encoding; as it came, with an issue, where that cannot be undone."""
    try:
        return decode_body(capture.body, content_encoding_of(capture.headers)), []
    except UndecodableError as error:
        issue = UNDECODABLE.issue(f"the page's content-encoding cannot be undone: {error}")
        return capture.body, [issue]


def _read(capture: Capture, body: bytes, problems: list[Issue]) -> ParsedPage:
    if problems:
        return ParsedPage(None, "unknown", issues=tuple(problems))
    return read_page(body, capture.url, capture.content_type)


def _body_key(capture: Capture, body: bytes) -> str:
    """What tells a body from others: its digest, and an unusual encoding that HTTP states."""
    digest = sha256(body.removeprefix(codecs.BOM_UTF8)).hexdigest()
    charset = charset_of(capture.content_type)
    return digest if charset in (None, "utf-8") else f"{digest} {charset}"


def _capture_values(record: LandedCapture) -> dict[str, Any]:
    capture = record.capture
    return {
        "capture_id": record.capture_id,
        "run_id": record.run_id,
        "url": capture.url,
        "captured_at": capture.captured_at,
        "http_status": capture.http_status,
        "warc_file": record.warc_file,
        "warc_offset": record.warc_offset,
        "etag": capture.header("etag"),
        "last_modified": capture.header("last-modified"),
        "collection_id": capture.collection_id,
        "place": address_key(capture.url),
        "source_id": record_name(record.source_id) if record.source_id else None,
        "source_digest": digest_key(record.source_digest),
        **_reference_values(record),
    }


def _reference_values(record: LandedCapture) -> dict[str, Any]:
    """What a revisit refers to, or what others refer to a capture by."""
    reference = record.revisits
    if reference is None:
        return {"digest": digest_key(record.payload_digest or payload_digest(record.capture.body))}
    return {
        "digest": digest_key(reference.digest),
        "revisits": reference.record_id,
        "refers_to_place": address_key(reference.url) if reference.url else None,
        "refers_to_at": reference.captured_at,
        "is_not_modified": reference.is_not_modified,
    }


def _event(run_id: str, event: str, at: dt.datetime) -> dict[str, Any]:
    return {"run_id": run_id, "event": event, "at": at}


def _issue(
    issue: Issue, run_id: str, url: str | None = None, collection_id: str | None = None, page_id: str | None = None
) -> dict[str, Any]:
    """An issue as plain values, with the place at which it was found unless it names one of its own."""
    place = {"url": issue.url or url, "collection_id": issue.collection_id or collection_id}
    return {**asdict(issue), **place, "page_id": page_id, "run_id": run_id}
