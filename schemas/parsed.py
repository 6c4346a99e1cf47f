"""What one segment of the raw zone holds, as tables: what `extractors` hands to `warehouse`, and what is cached.

Columns that are published as they are come from `schemas.tables`; the rest is stated here.
"""

from schemas.columns import Column, Table
from schemas.tables import CAPTURES, COLLECTIONS, ENTRIES, ISSUES, PAGES


def _columns(table: Table, *names: str) -> tuple[Column, ...]:
    return tuple(column for column in table.columns if column.name in names)


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
    ),
)
PARSED_COLLECTIONS = Table(
    "collections",
    "Collections as each run's plan names them.",
    ("run_id", "collection_id"),
    (*_RUN_ID, *_columns(COLLECTIONS, "collection_id", "kind", "name", "query", "url")),
)
PARSED_CAPTURES = Table(
    "captures",
    "Captures of pages, each with what its page was recognised as.",
    ("capture_id",),
    (
        *_columns(CAPTURES, "capture_id", "page_id", "run_id", "url", "captured_at", "http_status"),
        *_columns(CAPTURES, "warc_file", "warc_offset"),
        *_columns(PAGES, "collection_id", "layout", "outcome"),
        *_columns(PAGES, "range_first", "range_last", "range_total", "entry_count"),
    ),
)
PARSED_ENTRIES = Table(
    "entries",
    "Entries of each distinct page.",
    ("page_id", "position"),
    _columns(ENTRIES, "page_id", "position", "date_text", "date_edtf", "title", "summary", "url"),
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
    table.name: table for table in (PARSED_EVENTS, PARSED_COLLECTIONS, PARSED_CAPTURES, PARSED_ENTRIES, PARSED_ISSUES)
}
