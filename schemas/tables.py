"""Every published table and column, stated once.

From this come the Arrow schemas (with descriptions in the field metadata), the checks before publishing and the
comparison of snapshots.
"""

from dataclasses import replace
from typing import get_args

from schemas.columns import Column, ForeignKey, Table
from schemas.dates import Precision
from schemas.document_records import LanguageBasis, TermKind, TermRole, TextKind
from schemas.issues import Level
from schemas.records import Outcome, RunOutcome
from wcda.schema import ColumnType

SCHEMA_VERSION = "2.0"
"""`major.minor`. Minor: a table is added, or a column that can be null; what read the tables before reads them still.
Major: all else that a reader can notice, such as a column that goes, is renamed, or has another type, meaning or value
that is allowed. Words of a description alone change nothing. tests/schemas/versions/ has what each version states."""

_PAGE = "the listing page"
_RANGE = "the page's range line, `11 - 20 of 89`"

_DOCUMENT_ID = Column(
    "document_id",
    "string",
    "Id of the document: 16 hexadecimal digits.",
    "hash of its best natural key",
)
_COLLECTION_ID = Column(
    "collection_id",
    "string",
    "Id of the collection, such as `topics-86494`.",
    "canonical facets and text of its URL; of a saved page without one, the file's stem",
)
_RUN_ID = Column("run_id", "string", "Id of the run.", "the run's plan", volatile=True)
_PAGE_ID = Column(
    "page_id",
    "string",
    "Id of the page: 16 hexadecimal digits. The same page seen again is the same page.",
    "hash of the collection and the decoded body",
)
_DATE_TEXT = Column(
    "date_text",
    "string",
    "The date as printed.",
    f"the date line of an entry on {_PAGE}",
    nullable=True,
)
_DATE_EDTF = Column(
    "date_edtf",
    "string",
    "The date in EDTF (ISO 8601-2), such as `1957-10-11`, `1956-10` or `1958~`.",
    "read from date_text; null if there is none or it cannot be read",
    nullable=True,
)
_TITLE = Column(
    "title",
    "string",
    "The title, to the letter.",
    f"the title of an entry on {_PAGE}",
    nullable=True,
)
_SUMMARY = Column(
    "summary",
    "string",
    "The summary, to the letter; paragraphs are parted by an empty line.",
    f"the paragraphs after the title on {_PAGE}",
    nullable=True,
)
_DOCUMENT_URL = Column(
    "url",
    "string",
    "Canonical URL of the document's own page.",
    f"the link of the title on {_PAGE}; null in plain-text pages, which have no links",
    nullable=True,
)
_FIRST_SEEN_AT = Column(
    "first_seen_at",
    "instant",
    "Timestamp of the first capture that shows it; null if no capture has a known timestamp.",
    "captures.captured_at",
    nullable=True,
    volatile=True,
)
_LAST_SEEN_AT = Column(
    "last_seen_at",
    "instant",
    "Timestamp of the last capture that shows it; null if no capture has a known timestamp.",
    "captures.captured_at",
    nullable=True,
    volatile=True,
)
_REPORTED_TOTAL = Column("reported_total", "int", "Documents that the archive reports.", _RANGE, nullable=True)
_OBSERVED_TOTAL = Column("observed_total", "int", "Documents that were seen.", "counted")

_TO_DOCUMENT = ForeignKey(("document_id",), "documents", ("document_id",))
_TO_COLLECTION = ForeignKey(("collection_id",), "collections", ("collection_id",))
_TO_PAGE = ForeignKey(("page_id",), "pages", ("page_id",))
_TO_RUN = ForeignKey(("run_id",), "runs", ("run_id",))

_DOCUMENT_PAGE = "the document's own page"


def _of_page(name: str, type_: ColumnType, description: str) -> Column:
    return Column(name, type_, description, f"{_DOCUMENT_PAGE}; null where none was captured", nullable=True)


DOCUMENTS = Table(
    "documents",
    "One row for each document of the archive, however many collections list it.",
    ("document_id",),
    (
        _DOCUMENT_ID,
        _TITLE,
        _DATE_TEXT,
        _DATE_EDTF,
        Column("date_start", "date", "First day that the date can mean.", "date_edtf", nullable=True),
        Column("date_end", "date", "Last day that the date can mean.", "date_edtf", nullable=True),
        Column(
            "date_precision",
            "string",
            "How precise the date is; `unknown` if there is none or it cannot be read.",
            "date_edtf",
            allowed=get_args(Precision),
        ),
        Column(
            "date_approximate",
            "bool",
            "Whether the date is qualified (circa, about, early, ?).",
            "date_edtf",
        ),
        Column(
            "title_date_edtf",
            "string",
            "A date that stands in the title, in EDTF. It can differ from the date, and never fills it.",
            "title",
            nullable=True,
        ),
        _SUMMARY,
        _DOCUMENT_URL,
        Column("collection_count", "int", "Collections that list the document now.", "memberships"),
        _FIRST_SEEN_AT,
        _LAST_SEEN_AT,
        Column(
            "last_changed_at",
            "instant",
            "Timestamp of the first capture that shows the present wording; null if it is not known.",
            "revisions.first_seen_at",
            nullable=True,
            volatile=True,
        ),
        _of_page("record_id", "string", "The archive's number for citation, which is part of older URLs."),
        _of_page("node_id", "string", "The number of the document's page in the site's own database."),
        _of_page("document_type", "strings", "Types of the document, such as `Telegram`."),
        _of_page("source", "string", "Where the document comes from, as printed."),
        _of_page("original_archive", "strings", "Archives that hold the original."),
        _of_page("original_classification", "string", "How the original was classified."),
        _of_page("rights", "string", "The statement of rights; the same on nearly all pages."),
        _of_page("credits", "string", "The line that thanks donors; the donors are in `document_terms`."),
        _of_page("uploaded_on", "date", "Day on which the original was uploaded; null if it is no day."),
        _of_page("languages", "strings", "Languages of the original."),
        Column(
            "page_captured_at",
            "instant",
            "Timestamp of the capture of the document's page that the other values come from; null if it is not known.",
            "captures.captured_at",
            nullable=True,
            volatile=True,
        ),
    ),
    order=("date_start", "date_end", "title"),
)
COLLECTIONS = Table(
    "collections",
    "One row for each result set of the archive's listing.",
    ("collection_id",),
    (
        _COLLECTION_ID,
        Column(
            "kind",
            "string",
            "Kind of facet (`topics`, `people`, …), `text`, `mixed` or `all`; `collection` or `old-search` of the old "
            "site; or `unknown`.",
            "catalog",
        ),
        Column("name", "string", "Name for people.", "catalog", nullable=True),
        Column("query", "string", "Canonical facets and text.", "URL", nullable=True),
        Column("url", "string", "Canonical URL of its first page.", "URL", nullable=True),
        _REPORTED_TOTAL,
        _OBSERVED_TOTAL,
        Column(
            "coverage",
            "float",
            "Documents seen against documents reported; 1.0 is all of them. More if some may have left, which only a "
            "complete reading shows.",
            "observed_total / reported_total",
            nullable=True,
        ),
        Column("complete", "bool", "Whether the last reading saw all that was reported.", "readings"),
    ),
)
MEMBERSHIPS = Table(
    "memberships",
    "Which document is listed in which collection now. Departures are in the changes between snapshots.",
    ("document_id", "collection_id"),
    (
        _DOCUMENT_ID,
        _COLLECTION_ID,
        Column(
            "rank",
            "int",
            "Place of the document in the collection's listing, from 1.",
            "range_first + position - 1; null if the page held less than its range line says",
            nullable=True,
        ),
        _FIRST_SEEN_AT,
        _LAST_SEEN_AT,
    ),
    (_TO_DOCUMENT, _TO_COLLECTION),
    order=("collection_id", "rank"),
)
ENTRIES = Table(
    "entries",
    "Each block of date, title and summary as it stands on one page.",
    ("page_id", "position"),
    (
        _PAGE_ID,
        Column("position", "int", "Place on the page, from 1.", _PAGE),
        _DOCUMENT_ID,
        Column(
            "rule",
            "string",
            "Identity rule by which the entry belongs to its document.",
            "`address`: same canonical URL; `alias`: the archive itself says, by a redirect or by the URL for "
            "citation, that its URL is one of the document's; `content`: date, title and summary equal to the letter; "
            "`normalised`: equal but for case, quotes, dashes, white space and date writing; `similar`: different only "
            "by typos, or by a missing date; `decision`: a person decided so",
            allowed=("address", "alias", "content", "normalised", "similar", "decision"),
        ),
        _DATE_TEXT,
        _DATE_EDTF,
        _TITLE,
        _SUMMARY,
        _DOCUMENT_URL,
    ),
    (_TO_PAGE, _TO_DOCUMENT),
)
PAGES = Table(
    "pages",
    "Each distinct page, with its range line and layout.",
    ("page_id",),
    (
        _PAGE_ID,
        Column(
            "collection_id",
            "string",
            "Collection that the page lists.",
            "URL, catalog or file",
            nullable=True,
        ),
        Column("layout", "string", "Layout that read the page; null if none did.", _PAGE, nullable=True),
        Column(
            "outcome",
            "string",
            "What the page was recognised as.",
            _PAGE,
            allowed=get_args(Outcome),
        ),
        Column("range_first", "int", "First place on the page.", _RANGE, nullable=True),
        Column("range_last", "int", "Last place on the page.", _RANGE, nullable=True),
        Column("range_total", "int", "Documents in the collection.", _RANGE, nullable=True),
        Column("entry_count", "int", "Entries that were read.", "counted"),
    ),
    (_TO_COLLECTION,),
    order=("collection_id", "range_first"),
)
CAPTURES = Table(
    "captures",
    "Each time that a page was captured, and where its WARC record is.",
    ("capture_id",),
    (
        Column("capture_id", "string", "Id of the WARC record (a UUID).", "WARC-Record-ID"),
        _PAGE_ID,
        _RUN_ID,
        Column("source", "string", "Where the capture came from.", "the run's plan"),
        Column(
            "url",
            "string",
            "URL of the page, or `urn:wcda:file:NAME` for a saved page without one.",
            "WARC-Target-URI",
        ),
        Column(
            "captured_at",
            "instant",
            "Timestamp of the capture; null if unknown (a file's time is not it).",
            "source",
            nullable=True,
        ),
        Column("http_status", "int", "HTTP status; null for a saved page.", "response", nullable=True),
        Column("warc_file", "string", "Segment of the raw zone that holds the record.", "raw zone"),
        Column("warc_offset", "int", "Offset of the record in the segment, in bytes.", "raw zone"),
    ),
    (_TO_PAGE, _TO_RUN),
    order=("run_id", "warc_file", "warc_offset"),
    volatile=True,
)
READINGS = Table(
    "readings",
    "The pages of one collection that were captured together: those of one run; of captures that others made, those on "
    "one host within 30 days that agree on the total, whichever runs took them over.",
    ("reading_id",),
    (
        Column(
            "reading_id",
            "string",
            "Id of the reading: 16 hexadecimal digits.",
            "hash of collection and run; of captures that others made, of collection and first capture",
        ),
        _COLLECTION_ID,
        replace(_RUN_ID, description="Id of the run; the last one that gave a capture of it."),
        Column("started_at", "instant", "First capture, if known.", "captures", nullable=True),
        Column("ended_at", "instant", "Last capture, if known.", "captures", nullable=True),
        _REPORTED_TOTAL,
        _OBSERVED_TOTAL,
        Column("complete", "bool", "Whether all that was reported was seen.", "derived"),
        Column("reason", "string", "Why it is not complete.", "derived", nullable=True),
    ),
    (_TO_COLLECTION, _TO_RUN),
    order=("run_id", "collection_id"),
    volatile=True,
)
DOCUMENT_KEYS = Table(
    "document_keys",
    "Every natural key of a document, and each id that it ever had.",
    ("key", "document_id"),
    (
        Column(
            "key",
            "string",
            "The key, led by its kind. Also a URL that no listing shows and that the archive itself says is the "
            "document's.",
            "identity",
        ),
        _DOCUMENT_ID,
        Column("kind", "string", "Kind of key.", "identity", allowed=("address", "content", "id", "node")),
    ),
    (_TO_DOCUMENT,),
)
CANDIDATE_PAIRS = Table(
    "candidate_pairs",
    "Near-duplicates that were not merged.",
    ("left_id", "right_id"),
    (
        Column("left_id", "string", "A document.", "identity"),
        Column("right_id", "string", "Another document.", "identity"),
        Column("score", "float", "Similarity, from 0 to 1.", "identity"),
        Column("evidence", "string", "What is similar.", "identity"),
        Column(
            "decision",
            "string",
            "What a person decided; null if it is open.",
            "decisions.csv",
            nullable=True,
            allowed=("different",),
        ),
    ),
    (
        ForeignKey(("left_id",), "documents", ("document_id",)),
        ForeignKey(("right_id",), "documents", ("document_id",)),
    ),
)
REVISIONS = Table(
    "revisions",
    "Each wording that a document had.",
    ("document_id", "revision"),
    (
        _DOCUMENT_ID,
        Column("revision", "int", "Number of the wording, from 1.", "order of first sight"),
        _DATE_TEXT,
        _TITLE,
        _SUMMARY,
        _DOCUMENT_URL,
        _FIRST_SEEN_AT,
        _LAST_SEEN_AT,
    ),
    (_TO_DOCUMENT,),
)
ISSUES = Table(
    "issues",
    "What could not be read, or is doubtful: where, and why.",
    ("issue_id",),
    (
        Column(
            "issue_id",
            "string",
            "Id: the same issue seen again has the same.",
            "hash of kind, place and text",
        ),
        Column("level", "string", "Severity.", "layout or run", allowed=get_args(Level)),
        Column("kind", "string", "Kind of issue, such as `count-mismatch`.", "layout or run"),
        Column("message", "string", "What happened, for a person.", "layout or run"),
        Column("expected", "string", "What should have been there.", "layout or run", nullable=True),
        Column("found", "string", "What was there.", "layout or run", nullable=True),
        Column("url", "string", "URL of the page or file.", "capture", nullable=True),
        Column("collection_id", "string", "Collection that it concerns.", "capture", nullable=True),
        Column("page_id", "string", "Page that it concerns.", "capture", nullable=True),
        Column("run_id", "string", "Last run that met it.", "run", volatile=True),
    ),
    (_TO_COLLECTION, _TO_PAGE, _TO_RUN),
)
RUNS = Table(
    "runs",
    "Each run of the pipeline.",
    ("run_id",),
    (
        _RUN_ID,
        Column("started_at", "instant", "When it began.", "the run's plan"),
        Column(
            "ended_at",
            "instant",
            "When its fetching ended; null if it was killed.",
            "the run's end",
            nullable=True,
        ),
        Column("source", "string", "Where the captures came from.", "the run's plan"),
        Column(
            "outcome",
            "string",
            "How it went.",
            "its end, its pages and issues",
            allowed=get_args(RunOutcome),
        ),
        Column("capture_count", "int", "Captures that it landed.", "counted"),
        Column("entry_count", "int", "Entries that stand on the pages of these captures.", "counted"),
        Column("issue_count", "int", "Issues that these pages, and the run itself, have.", "counted"),
    ),
    volatile=True,
)

_POSITION = Column("position", "int", "Place on the page, from 1.", _DOCUMENT_PAGE)
_TERM_ID = Column(
    "term_id",
    "string",
    "Id of the term, such as `people/zhou-enlai`; `KIND/NAME`, percent-encoded, of those without a page of their own.",
    "URL of its page, or else its name",
)
_TEXT_KIND = Column(
    "kind",
    "string",
    "Whether it is the original, a transcript or a translation; `other` in a pane of an unknown kind.",
    f"the pane of {_DOCUMENT_PAGE}",
    allowed=get_args(TextKind),
)
TERMS = Table(
    "terms",
    "Each person, place, topic, subject, donor, archive and language that pages of documents name.",
    ("term_id",),
    (
        _TERM_ID,
        Column("kind", "string", "Kind of term.", _DOCUMENT_PAGE, allowed=get_args(TermKind)),
        Column("name", "string", "Name as printed most often.", _DOCUMENT_PAGE, nullable=True),
        Column("url", "string", "URL of its page, or of the search that stands for it.", _DOCUMENT_PAGE, nullable=True),
        Column("facet_id", "string", "Number in the facets of listings.", "its link", nullable=True),
        Column("description", "string", "Paragraphs parted by an empty line.", "the term's own page", nullable=True),
    ),
)
DOCUMENT_TERMS = Table(
    "document_terms",
    "Which term is what to which document.",
    ("document_id", "role", "position"),
    (
        _DOCUMENT_ID,
        Column(
            "role",
            "string",
            "What the term is to the document. Authors and participants are kept apart where the page does so.",
            _DOCUMENT_PAGE,
            allowed=get_args(TermRole),
        ),
        replace(_POSITION, description="Place among the terms of this role, from 1."),
        _TERM_ID,
    ),
    (_TO_DOCUMENT, ForeignKey(("term_id",), "terms", ("term_id",))),
)
TEXTS = Table(
    "texts",
    "The full texts of documents.",
    ("document_id", "position"),
    (
        _DOCUMENT_ID,
        _POSITION,
        _TEXT_KIND,
        Column("language", "string", "Language of the text.", f"the pane, or else {_DOCUMENT_PAGE}", nullable=True),
        Column(
            "language_basis",
            "string",
            "`stated`: the pane says so. `derived`: it is the document's only language.",
            "derived",
            nullable=True,
            allowed=get_args(LanguageBasis),
        ),
        Column("character_count", "int", "Characters of the text.", "counted"),
        Column("word_count", "int", "What white space parts; few in languages that are written without.", "counted"),
        _PAGE_ID,
        Column(
            "text",
            "string",
            "Plain text: paragraphs are parted by an empty line, lines by a line break, cells of a table by a tab.",
            f"the pane of {_DOCUMENT_PAGE}",
            large=True,
        ),
    ),
    (_TO_DOCUMENT, _TO_PAGE),
)
FILES = Table(
    "files",
    "Files that pages of documents show: scans, and transcripts and translations in PDF.",
    ("document_id", "position"),
    (
        _DOCUMENT_ID,
        _POSITION,
        _TEXT_KIND,
        Column("language", "string", "Language of the text in it.", f"the pane of {_DOCUMENT_PAGE}", nullable=True),
        Column("url", "string", "URL of the file.", f"the pane of {_DOCUMENT_PAGE}", nullable=True),
        Column("media_type", "string", "Media type, by its name.", "url", nullable=True),
    ),
    (_TO_DOCUMENT,),
)
RELATIONS = Table(
    "relations",
    "Documents that the page of another names as related.",
    ("document_id", "position"),
    (
        _DOCUMENT_ID,
        _POSITION,
        Column("related_id", "string", "Id of the other document.", "identity", nullable=True),
        Column(
            "node_id", "string", "Number of the other's page in the site's database.", _DOCUMENT_PAGE, nullable=True
        ),
        replace(_DOCUMENT_URL, source=f"the row on {_DOCUMENT_PAGE}"),
        replace(_DATE_TEXT, source=f"the row on {_DOCUMENT_PAGE}"),
        replace(_TITLE, source=f"the row on {_DOCUMENT_PAGE}"),
    ),
    (_TO_DOCUMENT, ForeignKey(("related_id",), "documents", ("document_id",))),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        DOCUMENTS,
        COLLECTIONS,
        MEMBERSHIPS,
        ENTRIES,
        PAGES,
        CAPTURES,
        READINGS,
        DOCUMENT_KEYS,
        CANDIDATE_PAIRS,
        REVISIONS,
        TERMS,
        DOCUMENT_TERMS,
        TEXTS,
        FILES,
        RELATIONS,
        ISSUES,
        RUNS,
    )
}
