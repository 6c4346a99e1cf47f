"""What one segment of the raw zone holds, as tables: what `extractors` hands to `warehouse`, and what is cached.

Columns that are published as they are come from `schemas.tables`; the rest is stated here.
"""

from dataclasses import replace
from typing import get_args

from schemas.columns import Column, Table
from schemas.document_records import TermKind, TermRole, TextKind
from schemas.records import PageKind
from schemas.tables import CAPTURES, COLLECTIONS, ENTRIES, ISSUES, PAGES, TEXTS


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

_PAGE_ID = _columns(PAGES, "page_id")
_POSITION = Column("position", "int", "Place on the page, from 1.", "layout")


def _text(name: str, description: str) -> Column:
    return Column(name, "string", description, "layout", nullable=True)


def _texts(name: str, description: str) -> Column:
    return Column(name, "strings", description, "layout")


PARSED_DOCUMENT_PAGES = Table(
    "document_pages",
    "What each distinct page of a document says of it.",
    ("page_id",),
    (
        *_PAGE_ID,
        _text("url", "Canonical URL that the page gives itself."),
        _text("cited_url", "Canonical URL by which the page wants to be cited."),
        _text("record_id", "Number for citation."),
        _text("node_id", "Number of the page in the site's database."),
        *_columns(ENTRIES, "date_text", "date_edtf", "title", "summary"),
        _text("credits", "The line that thanks donors."),
        _text("source", "Where the document comes from."),
        _texts("original_archive", "Archives that hold it."),
        _text("rights", "Statement of rights."),
        _text("uploaded_on", "Day of the upload, as printed."),
        _texts("document_type", "Types."),
        _texts("languages", "Languages of the document."),
        _text("original_classification", "Classification."),
        _texts("donors", "Donors."),
        _text("download_url", "URL of the file that the page offers."),
        _text("own_url", "Canonical URL at which the page was captured."),
        Column("is_whole", "bool", "Whether the page did not end early.", "layout"),
    ),
)
PARSED_PAGE_TERMS = Table(
    "page_terms",
    "Terms that each distinct page of a document names.",
    ("page_id", "position"),
    (
        *_PAGE_ID,
        _POSITION,
        Column("role", "string", "What the term is to the document.", "layout", allowed=get_args(TermRole)),
        Column("term_id", "string", "Id of the term.", "layout"),
        Column("kind", "string", "Kind of term.", "layout", allowed=get_args(TermKind)),
        _text("name", "Name as printed."),
        _text("url", "Canonical URL of the term's page, or of the search that stands for it."),
        _text("facet_id", "Number of the term in the facets of listings."),
    ),
)
PARSED_PAGE_TEXTS = Table(
    "page_texts",
    "Texts on each distinct page of a document.",
    ("page_id", "position"),
    (
        *_PAGE_ID,
        _POSITION,
        Column("kind", "string", "Kind of text.", "layout", allowed=get_args(TextKind)),
        _text("language", "Language."),
        *_columns(TEXTS, "language_basis", "character_count", "word_count", "text"),
    ),
)
PARSED_PAGE_FILES = Table(
    "page_files",
    "Files that each distinct page of a document shows.",
    ("page_id", "position"),
    (
        *_PAGE_ID,
        _POSITION,
        Column("kind", "string", "Kind of text that the file holds.", "layout", allowed=get_args(TextKind)),
        _text("language", "Language."),
        _text("url", "URL."),
        _text("media_type", "Media type."),
    ),
)
PARSED_PAGE_RELATIONS = Table(
    "page_relations",
    "Rows of other documents on each distinct page of a document or a term.",
    ("page_id", "position"),
    (
        *_PAGE_ID,
        _POSITION,
        *_columns(ENTRIES, "date_text", "date_edtf", "title", "summary", "url"),
        _text("node_id", "Number of the other page in the site's database."),
    ),
)
PARSED_TERM_PAGES = Table(
    "term_pages",
    "What each distinct page of a person, place or topic says.",
    ("page_id",),
    (
        *_PAGE_ID,
        Column("term_id", "string", "Id of the term.", "layout"),
        Column("kind", "string", "Kind of term.", "layout", allowed=get_args(TermKind)),
        _text("url", "Canonical URL."),
        _text("name", "Name."),
        _text("description", "Paragraphs parted by an empty line."),
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
        PARSED_DOCUMENT_PAGES,
        PARSED_PAGE_TERMS,
        PARSED_PAGE_TEXTS,
        PARSED_PAGE_FILES,
        PARSED_PAGE_RELATIONS,
        PARSED_TERM_PAGES,
        PARSED_ISSUES,
    )
}
