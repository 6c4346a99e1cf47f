"""The records that pass between the rooms: captures, what a page holds, and what a run has to say."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, get_args

from schemas.identifiers import stable_id
from schemas.issues import Issue

Headers = tuple[tuple[str, str], ...]
"""Of HTTP: names and values in their order."""

PageKind = Literal["listing", "document", "term", "file"]
"""What a page is in the archive: a result set's page, a document's own, or that of a person, place or topic; a file is
what a document's page shows, such as a scan in PDF, of which only its place in the raw zone is kept."""

Outcome = Literal["listing", "document", "term", "file", "empty", "challenge", "maintenance", "unknown"]
"""What a page was recognised as: its kind, where it was read. `empty` is a listing that says that nothing was found."""

READ_OUTCOMES = [*get_args(PageKind), "empty"]
"""Outcomes of pages that were read."""

RunOutcome = Literal["complete", "short", "failed", "interrupted"]
"""complete: all that was asked for was read. short: something failed. failed: nothing usable, so nothing of it
is in the tables but its row in `runs`. interrupted: the run has no end, so it was killed."""


class ParsedRow(Protocol):
    """A row of a parsed table, as a layout finds it on a page."""

    def to_row(self) -> dict[str, Any]:
        """Its columns but `page_id` (`schemas.parsed`)."""
        ...

    def issues(self) -> Iterator[Issue]:
        """What is doubtful about its values."""
        ...


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What one page was recognised as, and what it holds.

    Attributes:
        layout: Name of the layout that read it; `None` where none recognised it.
        kind: What the page is in the archive; `None` where that is not known.
        rows: What it yields for the parsed tables of its kind (`schemas.parsed`), by the table's name.
    """

    layout: str | None
    outcome: Outcome
    kind: PageKind | None = None
    rows: Mapping[str, Sequence[ParsedRow]] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """One page as a source gave it, before anything reads it.

    Attributes:
        url: URL of the page, or `urn:wcda:file:NAME` for a saved page without one.
        captured_at: UTC timestamp of the capture; `None` where it is not known (a file's time is not it).
        http_status: Null for a saved page.
        headers: HTTP headers in their order; empty for a saved page.
        body: As it came.
    """

    url: str
    body: bytes
    content_type: str
    collection_id: str | None = None
    captured_at: dt.datetime | None = None
    http_status: int | None = None
    headers: Headers = ()

    def header(self, name: str) -> str | None:
        """The first value of an HTTP header, whatever the case of its name; `None` if there is none."""
        return first_header(self.headers, name)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page of a collection's listing to ask for.

    Attributes:
        page: From 0.
    """

    collection_id: str
    url: str
    page: int


@dataclass(frozen=True, slots=True)
class Validators:
    """What a conditional request sends of an earlier response: its `ETag` and `Last-Modified` (RFC 9110, 13.1)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a capture without a body of its own says of the capture whose body it has too, as far as it says it.

    Attributes:
        record_id: Of its WARC record, without `urn:uuid:`.
        url: Its URL.
        captured_at: UTC.
        digest: Of its payload, as WARC or the index of a web archive has it.
        is_not_modified: Whether the site answered that nothing had changed. If it says nothing else, that is since the
            latest earlier capture of the same URL (WARC 1.1, 6.7.3).
    """

    record_id: str | None = None
    url: str | None = None
    captured_at: dt.datetime | None = None
    digest: str | None = None
    is_not_modified: bool = False


@dataclass(frozen=True, slots=True)
class KnownCapture:
    """A capture of a URL that the raw zone has, to which a later one can refer.

    Attributes:
        captured_at: UTC.
        payload_digest: Of its body as it came, as WARC has it; `None` where no record needs it.
        http_status: `None` where nobody asks for it.
    """

    capture_id: str
    url: str
    captured_at: dt.datetime
    validators: Validators = Validators()
    payload_digest: str | None = None
    http_status: int | None = None

    @property
    def reference(self) -> Reference:
        """What a later capture says of it."""
        return Reference(self.capture_id, self.url, self.captured_at, self.payload_digest)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response as they went over the wire.

    Attributes:
        url: URL that was asked for.
        request_headers: In their order.
        reason: Words beside the status.
        headers: Of the response, in their order; without `Transfer-Encoding`, which is undone.
        body: In the content-encoding in which it came.
        received_at: UTC timestamp at which the response had arrived.
    """

    url: str
    request_headers: Headers
    status: int
    reason: str
    headers: Headers
    body: bytes
    received_at: dt.datetime

    def header(self, name: str) -> str | None:
        """The first value of a header of the response, whatever the case of its name; `None` if it has none."""
        return first_header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Collection:
    """One result set of the archive's listing, whatever its URL.

    Attributes:
        kind: As `collections.kind` has it.
        query: Canonical facets and text, where known.
    """

    collection_id: str
    kind: str = "unknown"
    name: str | None = None
    query: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ArchivedPage:
    """A page of a listing that a web archive or a folder of saved pages has.

    Attributes:
        capture: Its status is `None` if it was saved without one; its body is empty where `revisits` is given.
        collection: That it belongs to; `None` for a page that is in no collection, such as a document's own.
        payload_digest: As the archive states it, which others may name it by; `None` if it states none.
        record_id: Of its record in the archive, likewise, without `urn:uuid:`.
        revisits: The capture whose body this one has too.
    """

    capture: Capture
    collection: Collection | None
    payload_digest: str | None = None
    record_id: str | None = None
    revisits: Reference | None = None


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What the site itself answered.

    Attributes:
        exchange: As it went over the wire.
        collection_id: Collection that the page belongs to; `None` for what belongs to none, such as a redirect.
        body: Of a page, without its content-encoding.
        page: What it holds, as it was read already.
        known: The capture since which nothing changed, if the site reported so.
    """

    exchange: Exchange
    collection_id: str | None = None
    body: bytes = b""
    page: ParsedPage | None = None
    known: KnownCapture | None = None

    @property
    def is_page(self) -> bool:
        """Whether it is a page of the archive, in a collection or not; a redirect or robots.txt is none."""
        return self.collection_id is not None or self.page is not None or self.known is not None

    @property
    def is_file(self) -> bool:
        """Whether it is a file that a document's page shows."""
        return self.page is not None and self.page.kind == "file"


@dataclass(frozen=True, slots=True)
class Alias:
    """Two URLs of one document, as the archive itself says, by a redirect or by the URL to cite.

    Attributes:
        url: Canonical URL.
        other_url: Likewise.
        evidence: `redirect` or `citation`.
    """

    url: str
    other_url: str
    evidence: str


FILE = ParsedPage(layout=None, outcome="file", kind="file")
"""What a file is read as: nothing is looked for in it."""

Item = ArchivedPage | FetchedPage | Alias | Issue
"""What a source has to give, one after the other."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run set out to do; landed in the raw zone before the first capture.

    Attributes:
        collections: Those of the catalog. A saved page that is in none of them has a collection of its own,
            of which nothing is known but its id.
        requested: Ids to which the run is limited; empty for all.
        live: Whether the run asks the site itself, so that its captures of a collection are one reading.
    """

    run_id: str
    source: str
    started_at: dt.datetime
    collections: tuple[Collection, ...]
    requested: tuple[str, ...] = ()
    live: bool = False

    @property
    def purpose(self) -> str:
        """What the run asks for, as an id: two runs with the same one do the same work."""
        return stable_id(repr((self.source, self.collections, self.requested)))


@dataclass(frozen=True, slots=True)
class RunEnd:
    """When a run's fetching ended; landed after the last capture. How it went is seen from what was landed.

    Attributes:
        issues: What concerns the run and no single page, such as a file that could not be opened.
    """

    ended_at: dt.datetime
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a rollback or the loss guard withdraws; landed in the raw zone like a run. The last one holds alone.

    Attributes:
        snapshot_id: The snapshot that was returned to.
        segments: Names of the segments of the raw zone that count no more: those that it was not made from.
        number: From 1 in the order of the withdrawals, whatever the clock says; 0 in those of former releases.
        refused: Those of `segments` that the loss guard set aside; a person can still accept them.
    """

    snapshot_id: str
    withdrawn_at: dt.datetime
    segments: tuple[str, ...]
    number: int = 0
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        pages: That were read, or failed.
        expected_pages: As far as is known or was foreseen; `None` where nobody knows.
        failed: Pages that could not be had.
        resumed: Of the pages, those that were landed before the run was killed and goes on.
    """

    pages: int
    expected_pages: int | None
    failed: int
    resumed: int = 0


@dataclass(frozen=True, slots=True)
class CollectionReceipt:
    """What a snapshot says of one collection."""

    collection_id: str
    name: str | None
    reported_total: int | None
    observed_total: int
    coverage: float | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command that publishes has to say in the end.

    Attributes:
        run_id: Null for a rebuild, which is no run.
        snapshot: Id of the published snapshot; `None` if nothing was published.
        warehouse: Folder of the warehouse.
        counts: Rows of each table.
        repeats: Documents that stand in more than one collection, beside that of the whole archive.
        pages_of_documents: Documents of which their own page was captured.
        former: Id of the former snapshot; `None` if this is the first.
        changes: Rows of all tables that were added, changed and removed against the former snapshot.
        changes_by_table: The same by table and kind.
        issues: Issues by level.
        issue_examples: The first of the gravest, with the page that each is about.
        notes: A line for each thing that a person should know of the publication itself.
    """

    run_id: str | None
    outcome: RunOutcome
    snapshot: str | None
    warehouse: str
    counts: dict[str, int] = field(default_factory=dict)
    repeats: int = 0
    pages_of_documents: int = 0
    former: str | None = None
    changes: dict[str, int] = field(default_factory=dict)
    changes_by_table: dict[str, dict[str, int]] = field(default_factory=dict)
    issues: dict[str, int] = field(default_factory=dict)
    issue_examples: tuple[str, ...] = ()
    collections: tuple[CollectionReceipt, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The receipt as plain values, for JSON."""
        return asdict(self)


def first_header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of an HTTP header, whatever the case of its name; `None` if there is none."""
    wanted = name.lower()
    return next((value for each, value in headers if each.lower() == wanted), None)
