"""From the records of a segment to parsed tables: decode, recognise, read."""

import codecs
import datetime as dt
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from extractors.content_encoding import UndecodableError, decode_body
from extractors.raw_zone import read_segment
from extractors.warc import Landed, LandedAlias, LandedCapture, LandedCollection, LandedEnd, LandedIssue
from extractors.wilson_center.layouts import read_text
from schemas.identifiers import stable_id
from schemas.issues import BINARY_FILE, CUT_OFF, EMPTY_FILE, ENCODING, UNDECODABLE, Issue
from schemas.parsed import PARSED_TABLES
from schemas.records import Capture, ParsedPage, Plan

_BINARY_SHARE = 0.05
_GLIMPSE_BYTES = 4096
_CONTROL = bytes([*range(9), *range(14, 32)])
_BATCH_CAPTURES = 200


def read_page(body: bytes, url: str | None = None) -> ParsedPage:
    """What one page holds, with an issue for each doubt about it and its encoding.

    Args:
        body: The page, without its content-encoding.
        url: Where it was captured; `None` where nobody knows.
    """
    text, issues = decode(body)
    if text is None:
        return ParsedPage(layout=None, outcome="unknown", issues=tuple(issues))
    page = read_text(text, url)
    return replace(page, issues=(*issues, *page.issues)) if issues else page


def decode(body: bytes) -> tuple[str | None, list[Issue]]:
    """A page's text, and what is doubtful about it; `None` as text for a page that is empty or no text at all."""
    body = body.removeprefix(codecs.BOM_UTF8)
    if not body or body.isspace():
        return None, [EMPTY_FILE.issue("the page is empty", found=f"{len(body)} bytes")]
    head = body[:_GLIMPSE_BYTES]
    control = len(head) - len(head.translate(None, _CONTROL))
    if control > _BINARY_SHARE * len(head) or b"\x00" in head:
        return None, [BINARY_FILE.issue("the page is no text", found=head[:8].hex(" "))]
    try:
        return body.decode(), []
    except UnicodeDecodeError as error:
        if error.end == len(body) and error.reason == "unexpected end of data":
            cut = CUT_OFF.issue("the page ends within a character; what is before it was read")
            return body[: error.start].decode(), [cut]
        issue = ENCODING.issue(
            "the page is not in UTF-8; it was read as Windows-1252",
            expected="utf-8",
            found=f"{error.reason} at byte {error.start}",
        )
        return body.decode("cp1252", "replace"), [issue]


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
        identifier = _page_id(capture, body)
        if identifier not in self._pages:
            if page is None:
                page = ParsedPage(None, "unknown", issues=tuple(problems)) if problems else read_page(body, capture.url)
            self._pages[identifier] = {"page_kind": page.kind, "layout": page.layout, "outcome": page.outcome}
            for table, found in page.rows.items():
                self._rows[table] += [{"page_id": identifier, **row.to_row()} for row in found]
            self._rows["issues"] += [
                _issue(issue, record.run_id, capture.url, capture.collection_id, identifier) for issue in page.issues
            ]
        shown = {"page_id": identifier, **self._pages[identifier]}
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


def _decoded_body(capture: Capture) -> tuple[bytes, list[Issue]]:
    """A capture's body without its content-encoding; as it came, with an issue, where that cannot be undone."""
    try:
        return decode_body(capture.body, capture.header("content-encoding")), []
    except UndecodableError as error:
        issue = UNDECODABLE.issue(f"the page's content-encoding cannot be undone: {error}")
        return capture.body, [issue]


def _page_id(capture: Capture, body: bytes) -> str:
    """Id of the page that a capture shows: its collection, or else its address, and its body."""
    digest = sha256(body.removeprefix(codecs.BOM_UTF8)).hexdigest()  # CPUs have instructions for it
    return stable_id(capture.collection_id or capture.url, digest)


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
        "revisits": record.revisits,
        "etag": capture.header("etag"),
        "last_modified": capture.header("last-modified"),
        "collection_id": capture.collection_id,
    }


def _event(run_id: str, event: str, at: dt.datetime) -> dict[str, Any]:
    return {"run_id": run_id, "event": event, "at": at}


def _issue(
    issue: Issue, run_id: str, url: str | None = None, collection_id: str | None = None, page_id: str | None = None
) -> dict[str, Any]:
    """An issue as plain values, with the place at which it was found unless it names one of its own."""
    place = {"url": issue.url or url, "collection_id": issue.collection_id or collection_id}
    return {**asdict(issue), **place, "page_id": page_id, "run_id": run_id}
