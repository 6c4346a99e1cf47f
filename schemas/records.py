"""The records that pass between the rooms: captures, what a page holds, and what a run has to say."""

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Level = Literal["error", "warning", "info"]
"""error: something that the page holds is not in the tables, or may be wrong there. warning: it is in
the tables, with a doubt. info: worth knowing."""

Outcome = Literal["listing", "empty", "challenge", "maintenance", "unknown"]
"""What a page was recognised as. Only a listing has entries; `empty` says that nothing was found."""

RunOutcome = Literal["complete", "short", "failed", "interrupted"]
"""complete: all that was asked for was read. short: something failed. failed: nothing usable, so nothing of it
is in the tables but its row in `runs`. interrupted: the run has no end, so it was killed."""


ChangeKind = Literal["added", "changed", "removed", "merged", "split"]
"""merged: a document is one with another now. split: a document was taken apart, and this is what came of it."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that a person should know about a page, a collection or a run."""

    level: Level
    kind: str
    message: str
    expected: str | None = None
    found: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """The range line of a listing page, `11 - 20 of 89`: the page's own checksum."""

    first: int
    last: int
    total: int

    @property
    def count(self) -> int:
        """How many entries the page must hold."""
        return self.last - self.first + 1 if self.first else 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One block of date, title and summary as it stands on a page, as text, to the letter.

    Attributes:
        position: Place on the page, from 1.
        summary: Paragraphs joined by an empty line.
        url: Canonical address of the document, where the page gives one.
    """

    position: int
    date_text: str | None
    title: str | None
    summary: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What one page was recognised as, and what it holds.

    Attributes:
        layout: Name of the layout that read it; null where none recognised it.
    """

    layout: str | None
    outcome: Outcome
    range: Range | None = None
    entries: tuple[Entry, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """One page as a source gave it, before anything reads it.

    Attributes:
        url: Address of the page, or `urn:wcda:file:NAME` for a saved page without one.
        captured_at: UTC instant of the capture; null where it is not known (a file's time is not it).
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
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """One result set of the archive's listing, whatever its address.

    Attributes:
        kind: The facet's kind (`topics`, `people`, …), `text`, or `unknown`.
        query: Canonical facets and text, where known.
    """

    collection_id: str
    kind: str = "unknown"
    name: str | None = None
    query: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run set out to do; landed in the raw zone before the first capture.

    Attributes:
        collections: Those of the catalog. A saved page that is in none of them has a collection of its own,
            of which nothing is known but its id.
    """

    run_id: str
    source: str
    started_at: dt.datetime
    collections: tuple[Collection, ...]


@dataclass(frozen=True, slots=True)
class RunEnd:
    """When a run's fetching ended; landed after the last capture. How it went is seen from what was landed.

    Attributes:
        issues: What concerns the run and no single page, such as a file that could not be opened.
    """

    ended_at: dt.datetime
    issues: tuple[Issue, ...] = ()


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
        snapshot: Id of the published snapshot; null if nothing was published.
        warehouse: Folder of the warehouse.
        counts: Rows of each table.
        repeats: Documents that stand in more than one collection.
        changes: Rows added, changed and removed against the former snapshot.
        issues: Issues by level.
        issue_examples: The first of the gravest, with the page that each is about.
    """

    run_id: str | None
    outcome: RunOutcome
    snapshot: str | None
    warehouse: str
    counts: dict[str, int] = field(default_factory=dict)
    repeats: int = 0
    changes: dict[str, int] = field(default_factory=dict)
    issues: dict[str, int] = field(default_factory=dict)
    issue_examples: tuple[str, ...] = ()
    collections: tuple[CollectionReceipt, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The receipt as plain values, for JSON."""
        return asdict(self)
