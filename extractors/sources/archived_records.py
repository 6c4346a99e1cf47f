"""Records of web archives, whatever their container, as captures: each at its own URL and time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urljoin

from extractors.byte_streams import MAX_PAGE_BYTES
from extractors.content_encoding import UndecodableError, content_encoding_of, decode_body
from extractors.replays import split_replay
from extractors.saved_marks import read_http_date
from extractors.sources.archive_context import ArchiveContext
from extractors.sources.archive_parts import ArchivePart, bounded
from extractors.sources.saved import archive_document, kind_of_type
from extractors.third_party_warc import ThirdPartyRecord
from extractors.warc_records import Damage
from extractors.wilson_center.layouts import LAYOUTS
from extractors.wilson_center.urls import classify, parse_listing_url
from schemas.issues import (
    ARCHIVED_REDIRECT,
    DAMAGED_ARCHIVE,
    FAILED_CAPTURE,
    NO_HTTP,
    NO_INSTANT,
    TOO_LARGE,
    UNDECODABLE,
    WRONG_DIGEST,
    IssueKind,
    Level,
)
from schemas.records import Alias, ArchivedPage, Capture, Collection, Item
from schemas.sizes import shown_size

_DOCUMENT = "document"
_OK = frozenset({200, 203})  # the second by a proxy
_NOT_MODIFIED, _PARTIAL = 304, 206
_WHOLE_RANGE = re.compile(r"bytes[ =]+0-([0-9]+)/([0-9]+)")
# Of what has no answer of HTTP; what a tool made of a page is counted and not read, since it is that page again.
_PAGE_TYPES: dict[str, tuple[str, ...]] = {
    "resource": ("text/html", "application/xhtml+xml", "text/plain"),
    "conversion": (),
}


class RecordReader:
    """Makes captures of records."""

    def __init__(self, context: ArchiveContext) -> None:
        self._context = context

    def read(self, records: Iterable[ThirdPartyRecord | Damage], item: ArchivePart) -> Iterator[Item]:
        """What the records of a file give, and what of it cannot be read."""
        for found in records:
            if isinstance(found, Damage):
                yield item.issue(DAMAGED_ARCHIVE, f"{found.reason} ({found.place})")
                continue
            record = self._as_captured(found)
            is_page = record.content_type.lower().startswith(_PAGE_TYPES.get(record.kind, ("",)))
            kind = classify(record.url, self._context.base)
            is_read = is_page and kind in LAYOUTS and not (kind == _DOCUMENT and _is_redirect(record))
            part = self._page_record(record, item) if is_read else self._other_record(record)
            yield from bounded(part, item, f"the record {record.place}")

    def _as_captured(self, record: ThirdPartyRecord) -> ThirdPartyRecord:
        """A record of a replay, at the URL and time of what it plays."""
        replayed = split_replay(record.url)
        if replayed is None or classify(replayed.url, self._context.base) is None:
            return record
        at = read_http_date(record.header("memento-datetime") or "") or replayed.captured_at or record.captured_at
        return replace(record, url=replayed.url, captured_at=at)

    def _page_record(self, record: ThirdPartyRecord, item: ArchivePart) -> Iterator[Item]:
        if record.captured_at is not None and record.captured_at > self._context.latest:
            yield self._context.future_issue(item, record.captured_at, f" ({record.place})")
            record = replace(record, captured_at=None)
        listing = parse_listing_url(record.url, self._context.base)
        collection = None if listing is None else self._context.collection_of(listing)
        problem = _problem_of(record)
        if problem is not None:
            kind, message = problem
            level: Level | None = "error" if record.status == _PARTIAL else None
            yield item.issue(kind, f"{message} ({record.place})", record.url, level)
            return
        if record.digest_problem is not None:
            message = f"the page is not what it was when it was captured ({record.place})"
            yield item.issue(WRONG_DIGEST, message, record.digest_problem)
        if record.refers_to is None:
            yield from self._page_of(record, collection, item)
        elif record.captured_at is None:
            message = f"the revisit does not say when the page was captured, and is skipped ({record.place})"
            yield item.issue(NO_INSTANT, message, record.url)
        else:
            capture = replace(_capture(record, collection), body=b"", http_status=record.status or 200)
            yield ArchivedPage(capture, collection, None, record.record_id, record.refers_to)

    def _page_of(self, record: ThirdPartyRecord, collection: Collection | None, item: ArchivePart) -> Iterator[Item]:
        capture = _capture(record, collection)
        if record.kind == "response" and record.captured_at is None:
            message = f"the record does not say when the page was captured ({record.place})"
            yield item.issue(NO_INSTANT, message, record.url)
            try:
                body = decode_body(capture.body, content_encoding_of(capture.headers))
            except UndecodableError as error:
                message = f"the page's content-encoding cannot be undone: {error} ({record.place})"
                yield item.issue(UNDECODABLE, message, record.url)
                return
            capture = replace(capture, body=body, http_status=None, headers=())
        yield ArchivedPage(capture, collection, record.payload_digest, record.record_id)

    def _other_record(self, record: ThirdPartyRecord) -> Iterator[Alias]:
        document = archive_document(record.url, self._context.base)
        mime = record.content_type.partition(";")[0].strip().lower() or None
        self._context.skipped[_DOCUMENT if document else kind_of_type(mime)] += 1
        if document is not None and record.kind == "response" and _is_redirect(record):
            target = archive_document(_join(record.url, record.header("location")), self._context.base)
            yield from self._context.alias(document, target, "redirect")


def _is_redirect(record: ThirdPartyRecord) -> bool:
    return record.status is not None and 300 <= record.status < 400 and record.status != _NOT_MODIFIED


def _problem_of(record: ThirdPartyRecord) -> tuple[IssueKind, str] | None:
    """Why a record at a URL of the listing shows no page; `None` if it does."""
    status = record.status
    if record.body is None:
        return TOO_LARGE, f"more than {shown_size(MAX_PAGE_BYTES)} are no page"
    if record.kind in _PAGE_TYPES or status in _OK or (status == _PARTIAL and _is_whole(record)):
        return None
    if record.refers_to is not None and status in (None, _NOT_MODIFIED):
        return None
    if status is None:
        return NO_HTTP, "the record has no HTTP response"
    if 300 <= status < 400:
        return ARCHIVED_REDIRECT, f"the archived answer is {status}, which leads elsewhere"
    if status == _PARTIAL:
        stated = record.header("content-range") or "no Content-Range says which"
        return FAILED_CAPTURE, f"the archived answer is 206, a part of the page alone ({stated}), and was not read"
    return FAILED_CAPTURE, f"the archived answer is {status}, which is no page"


def _is_whole(record: ThirdPartyRecord) -> bool:
    """Whether the part of a page that was asked for is all of it."""
    match = _WHOLE_RANGE.fullmatch((record.header("content-range") or "").strip())
    return match is not None and int(match[1]) + 1 == int(match[2])


def _capture(record: ThirdPartyRecord, collection: Collection | None) -> Capture:
    return Capture(
        url=record.url,
        body=record.body or b"",
        content_type=record.content_type,
        collection_id=collection.collection_id if collection else None,
        captured_at=record.captured_at,
        http_status=record.status,
        headers=record.headers,
    )


def _join(url: str, location: str | None) -> str:
    try:
        return urljoin(url, location or "")
    except ValueError:
        return ""
