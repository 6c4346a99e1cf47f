"""From a segment of the raw zone to parsed tables: decode, recognise, read; and the cache of what that yielded.

A segment is parsed once for each version of the layouts: the cache is named after the segment's digest and the
digest of the code that reads pages, so it can never be stale and is never needed.
"""

import codecs
import datetime as dt
import shutil
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractors.layouts import read_text
from extractors.warc import LandedCapture, LandedEnd, RawZone, read_segment
from schemas.dates import read_date
from schemas.identifiers import file_sha256, stable_id
from schemas.parsed import PARSED_TABLES
from schemas.records import Capture, Entry, Issue, ParsedPage, Plan

if TYPE_CHECKING:
    import pyarrow as pa

_BINARY_SHARE = 0.05
_GLIMPSE_BYTES = 4096
_DIGESTS = "sha256"


def read_page(body: bytes) -> ParsedPage:
    """What one page holds, with an issue for each date that cannot be read and each doubt about its encoding."""
    return _read_decoded(*decode(body))


def _read_decoded(text: str | None, issues: list[Issue]) -> ParsedPage:
    if text is None:
        return ParsedPage(layout=None, outcome="unknown", issues=tuple(issues))
    page = read_text(text)
    issues = list(issues)
    for entry in page.entries:
        if entry.date_text is not None and read_date(entry.date_text) is None:
            issues.append(
                Issue(
                    "warning",
                    "unreadable-date",
                    f"the date of entry {entry.position} cannot be read; its text is kept",
                    found=entry.date_text,
                )
            )
    return replace(page, issues=(*issues, *page.issues))


def decode(body: bytes) -> tuple[str | None, list[Issue]]:
    """A page's text, and what is in doubt about it; null text for a page that is empty or no text at all."""
    body = body.removeprefix(codecs.BOM_UTF8)
    if not body.strip():
        return None, [Issue("error", "empty-file", "the page is empty", found=f"{len(body)} bytes")]
    head = body[:_GLIMPSE_BYTES]
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    if control > _BINARY_SHARE * len(head) or b"\x00" in head:
        return None, [Issue("error", "binary-file", "the page is no text", found=head[:8].hex(" "))]
    try:
        return body.decode(), []
    except UnicodeDecodeError as error:
        if error.end == len(body) and error.reason == "unexpected end of data":
            cut = Issue("error", "cut-off", "the page ends within a character; what is before it was read")
            return body[: error.start].decode(), [cut]
        issue = Issue(
            "warning",
            "encoding",
            "the page is not in UTF-8; it was read as Windows-1252",
            expected="utf-8",
            found=f"{error.reason} at byte {error.start}",
        )
        return body.decode("cp1252", "replace"), [issue]


def _page_id(capture: Capture, text: str | None) -> str:
    """Id of the page that a capture shows: its collection, or else its address, and its text."""
    where = capture.collection_id or capture.url
    return stable_id(where, text if text is not None else capture.body.hex())


def parse_segment(segment: Path) -> dict[str, "pa.Table"]:
    """The parsed tables (`schemas.parsed`) of one segment; each distinct page is read once."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PARSED_TABLES}
    pages: dict[str, ParsedPage] = {}
    for record in read_segment(segment):
        match record:
            case Plan():
                rows["events"].append(_event(record.run_id, "plan", record.started_at, record.source))
                rows["collections"] += [
                    {
                        "run_id": record.run_id,
                        "collection_id": collection.collection_id,
                        "kind": collection.kind,
                        "name": collection.name,
                        "query": collection.query,
                        "url": collection.url,
                    }
                    for collection in record.collections
                ]
            case LandedEnd():
                rows["events"].append(_event(record.run_id, "end", record.end.ended_at))
                rows["issues"] += _issues(record.end.issues, run_id=record.run_id)
            case LandedCapture():
                _add_capture(record, rows, pages)
    return {name: _table(name, found) for name, found in rows.items()}


def _add_capture(record: LandedCapture, rows: dict[str, list[dict[str, Any]]], pages: dict[str, ParsedPage]) -> None:
    capture = record.capture
    text, doubts = decode(capture.body)
    identifier = _page_id(capture, text)
    page = pages.get(identifier)
    if page is None:
        page = pages[identifier] = _read_decoded(text, doubts)
        rows["entries"] += [{"page_id": identifier, **entry_values(entry)} for entry in page.entries]
        rows["issues"] += _issues(
            page.issues,
            url=capture.url,
            collection_id=capture.collection_id,
            page_id=identifier,
            run_id=record.run_id,
        )
    page_range = page.range
    rows["captures"].append(
        {
            "capture_id": record.capture_id,
            "page_id": identifier,
            "run_id": record.run_id,
            "url": capture.url,
            "captured_at": capture.captured_at,
            "http_status": capture.http_status,
            "warc_file": record.warc_file,
            "warc_offset": record.warc_offset,
            "collection_id": capture.collection_id,
            "layout": page.layout,
            "outcome": page.outcome,
            "range_first": page_range.first if page_range else None,
            "range_last": page_range.last if page_range else None,
            "range_total": page_range.total if page_range else None,
            "entry_count": len(page.entries),
        }
    )


def _event(run_id: str, event: str, at: dt.datetime, source: str | None = None) -> dict[str, Any]:
    return {"run_id": run_id, "event": event, "at": at, "source": source}


def _issues(issues: Iterable[Issue], **place: str | None) -> list[dict[str, Any]]:
    return [
        {
            "level": issue.level,
            "kind": issue.kind,
            "message": issue.message,
            "expected": issue.expected,
            "found": issue.found,
            **place,
        }
        for issue in issues
    ]


def entry_values(entry: Entry) -> dict[str, Any]:
    """An entry as plain values, with its date in EDTF beside the text of it."""
    reading = read_date(entry.date_text) if entry.date_text is not None else None
    return {
        "position": entry.position,
        "date_text": entry.date_text,
        "date_edtf": reading.edtf if reading else None,
        "title": entry.title,
        "summary": entry.summary,
        "url": entry.url,
    }


def _table(name: str, rows: list[dict[str, Any]]) -> "pa.Table":
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=PARSED_TABLES[name].arrow_schema())


class ParsedCache:
    """Parsed tables of segments, kept in a folder.

    Args:
        folder: May be deleted at any time; it is made again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parse(self, raw_zone: RawZone, segment: Path) -> dict[str, "pa.Table"]:
        """The parsed tables of a segment, from the cache where it has them."""
        place = self._place(raw_zone, segment)
        kept = _read_kept(place)
        if kept is not None:
            return kept
        tables = parse_segment(segment)
        partial = place.with_name(place.name + ".part")
        for leftover in (partial, place):
            shutil.rmtree(leftover, ignore_errors=True)
        _keep(partial, tables)
        partial.replace(place)
        return tables

    def forget_others(self, raw_zone: RawZone) -> None:
        """Delete what belongs to no present segment or to former layouts."""
        if self.folder.is_dir():
            needed = {self._place(raw_zone, segment) for segment in raw_zone.segments()}
            for place in set(self.folder.iterdir()) - needed:
                shutil.rmtree(place, ignore_errors=True)

    def _place(self, raw_zone: RawZone, segment: Path) -> Path:
        return self.folder / f"{raw_zone.digest(segment)[:32]}-{_code_version()}"


def _keep(folder: Path, tables: "dict[str, pa.Table]") -> None:
    from pyarrow import feather  # opens ten times as fast as Parquet, and a year has many segments

    folder.mkdir(parents=True)
    for name, table in tables.items():
        feather.write_feather(table, folder / f"{name}.arrow", compression="zstd")
    (folder / _DIGESTS).write_text("".join(f"{file_sha256(folder / f'{name}.arrow')}\n" for name in tables))


def _read_kept(folder: Path) -> "dict[str, pa.Table] | None":
    """The tables kept in a folder; null if they are not there, or not as they were written."""
    from pyarrow import feather

    files = {name: folder / f"{name}.arrow" for name in PARSED_TABLES}
    try:
        if (folder / _DIGESTS).read_text().split() != [file_sha256(file) for file in files.values()]:
            return None
    except OSError:
        return None
    return {name: feather.read_table(file) for name, file in files.items()}


@cache
def _code_version() -> str:
    """Digest of the code that reads pages: it changes by itself when a layout does."""
    room = Path(__file__).parent
    files = sorted([Path(__file__), *room.glob("layouts/*.py"), *room.parent.glob("schemas/*.py")])
    digest = blake2b(digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
