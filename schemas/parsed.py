"""What one segment of the raw zone holds, as tables: what `extractors` hands to `warehouse`, and what is cached.

Columns that are published as they are come from `schemas.tables`; the rest is stated here.
"""

from dataclasses import replace
from typing import get_args

from schemas.columns import Column, Table
from schemas.records import PageKind
from schemas.tables import CAPTURES, COLLECTIONS, ENTRIES, ISSUES, PAGES


def _columns(table: Table, *names: str) -> tuple[Column, ...]:
    return tuple(column for column in table.columns if column.name in names)


def _columns_or_null(table: Table, *names: str) -> tuple[Column, ...]:
    return tuple(replace(column, nullable=True) for column in _columns(table, *names))


_RUN_ID = _columns(CAPTURES, "run_id")

PARSED_EVENTS = Table(
    "events",
    "The plan and the end of runs.",
    ("run_id", "event"),
    (
        *_RUN_ID,
        Column("event", "string", "Plan or end.", "raw zone", allowed=("plan", "end")),
        Column("at", "instant", "When it was.", "raw zone"),
        Column("source", "string", "The plan's source.", "raw zone", nullable=True),
        Column("purpose", "string", "What the plan asks for, as an id.", "raw zone", nullable=True),
        Column("live", "bool", "Whether the plan is to ask the site itself.", "raw zone", nullable=True),
    ),
)
PARSED_ALIASES = Table(
    "aliases",
    "Pairs of addresses that the archive itself says are one document's.",
    ("run_id", "url", "other_url"),
    (
        *_RUN_ID,
        Column("url", "string", "Canonical address.", "the address that redirects, or the page's own"),
        Column("other_url", "string", "Canonical address.", "where it leads, or the address to cite"),
        Column("evidence", "string", "What says so.", "raw zone", allowed=("redirect", "citation")),
    ),
)
PARSED_COLLECTIONS = Table(
    "collections",
    "Collections as each run's plan names them.",
    ("run_id", "collection_id"),
    (*_RUN_ID, *_columns(COLLECTIONS, "collection_id", "kind", "name", "query", "url")),
)
SHOWN = ("page_id", "page_kind", "layout", "outcome")
"""What a revisit has from the capture that it names."""

PARSED_CAPTURES = Table(
    "captures",
    "Captures of pages, each with what its page was recognised as; a revisit has that from the capture that it names.",
    ("capture_id",),
    (
        *_columns(CAPTURES, "capture_id", "run_id", "url", "captured_at", "http_status", "warc_file", "warc_offset"),
        Column("revisits", "string", "Capture or record whose page this is too.", "WARC-Refers-To", nullable=True),
        Column("refers_to_place", "string", "Likewise, by its address.", "WARC-Refers-To-Target-URI", nullable=True),
        Column("refers_to_at", "instant", "Likewise, by its time.", "WARC-Refers-To-Date", nullable=True),
        Column("is_not_modified", "bool", "Whether the site answered so.", "WARC-Profile", nullable=True),
        Column("place", "string", "Address, however it is written.", "url", nullable=True),
        Column("body", "string", "What tells the body from others; null for a revisit.", "raw zone", nullable=True),
        Column("digest", "string", "Of the payload, its own or that which a revisit names.", "raw zone", nullable=True),
        Column("source_id", "string", "Record in the archive that it is from.", "raw zone", nullable=True),
        Column("source_digest", "string", "Digest that this archive states.", "raw zone", nullable=True),
        Column("etag", "string", "What a conditional request can send.", "ETag", nullable=True),
        Column("last_modified", "string", "What a conditional request can send.", "Last-Modified", nullable=True),
        *_columns(PAGES, "collection_id"),
        Column("page_kind", "string", "What the page is in the archive.", "layout", True, allowed=get_args(PageKind)),
        *_columns_or_null(PAGES, *SHOWN),
    ),
)
PARSED_LISTINGS = Table(
    "listings",
    "What each distinct listing page says of itself.",
    ("page_id",),
    _columns(PAGES, "page_id", "range_first", "range_last", "range_total", "entry_count"),
)
PARSED_ENTRIES = Table(
    "entries",
    "Entries of each distinct page.",
    ("page_id", "position"),
    (
        *_columns(ENTRIES, "page_id", "position", "date_text", "date_edtf", "title", "summary", "url"),
        Column("entry_key", "int", "Tells the entry from others while a listing is read.", "url, or else the texts"),
    ),
)
PARSED_ISSUES = Table(
    "issues",
    "Issues of pages, and of runs (those have no page).",
    ("page_id",),
    (
        *_columns(ISSUES, "level", "kind", "message", "expected", "found"),
        *_columns(ISSUES, "url", "collection_id", "page_id", "run_id"),
    ),
)

PARSED_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        PARSED_EVENTS,
        PARSED_COLLECTIONS,
        PARSED_ALIASES,
        PARSED_CAPTURES,
        PARSED_LISTINGS,
        PARSED_ENTRIES,
        PARSED_ISSUES,
    )
}
