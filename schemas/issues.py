"""Every kind of issue, stated once: its name in the table `issues`, its level, and what it means.

An issue is made from its kind, `CUT_OFF.issue("the page ends within this entry")`, so that no name is written twice.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "info"]
"""error: something that the page holds is not in the tables, or may be wrong there. warning: it is in
the tables, with a doubt. info: worth knowing."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that a person should know about a page, a collection or a run.

    Attributes:
        url: URL that it concerns, where that is not the page on which it was found.
        collection_id: Collection that it concerns, likewise.
    """

    level: Level
    kind: str
    message: str
    expected: str | None = None
    found: str | None = None
    url: str | None = None
    collection_id: str | None = None

    def __post_init__(self) -> None:
        """An empty text, such as a link that leads nowhere, is none: tables have no empty strings."""
        for name in ("expected", "found", "url", "collection_id"):
            if getattr(self, name) == "":
                object.__setattr__(self, name, None)


@dataclass(frozen=True, slots=True)
class IssueKind:
    """A kind of issue.

    Attributes:
        name: As the column `issues.kind` has it.
        level: Severity of its issues, unless one is made with another.
        meaning: What it says, for the docs.
    """

    name: str
    level: Level
    meaning: str

    def issue(
        self,
        message: str,
        expected: str | None = None,
        found: str | None = None,
        *,
        url: str | None = None,
        collection_id: str | None = None,
        level: Level | None = None,
    ) -> Issue:
        """An issue of this kind.

        Args:
            message: What happened, for a person.
            expected: What should have been there.
            found: What was there instead.
            url: URL that it concerns, where that is not the page on which it was found.
            collection_id: Collection that it concerns, likewise.
            level: Severity, if it is not that of the kind.
        """
        return Issue(level or self.level, self.name, message, expected, found, url, collection_id)


ARCHIVED_REDIRECT = IssueKind("archived-redirect", "info", "A capture is a redirect, which leads elsewhere.")
BINARY_FILE = IssueKind("binary-file", "error", "A page is no text.")
BROKEN_ROW = IssueKind(
    "broken-row", "error", "A row breaks a rule of the tables; it was set aside, and the rest was published."
)
CHALLENGE = IssueKind("challenge", "error", "The site asked for proof of a human visitor instead of sending a page.")
COUNT_MISMATCH = IssueKind("count-mismatch", "error", "A page does not yield as many entries as its range line says.")
CUT_OFF = IssueKind("cut-off", "error", "A page ends early; what the cut may have touched was left out.")
DAMAGED_ARCHIVE = IssueKind("damaged-archive", "error", "A part of an archive cannot be read; the rest was.")
DOUBTFUL_ALIAS = IssueKind(
    "doubtful-alias",
    "warning",
    "The archive says that URLs are one document's, and what they show speaks against it; nothing was joined.",
)
EMPTY_COLLECTION = IssueKind(
    "empty-collection",
    "warning",
    "The site has no document for what a collection asks for; a facet or a word of the catalog may be mistyped.",
)
EMPTY_FILE = IssueKind("empty-file", "error", "A page is empty.")
ENCODING = IssueKind(
    "encoding", "warning", "A page is not in the encoding that it should be in; it was read in another."
)
FAILED_CAPTURE = IssueKind(
    "failed-capture", "warning", "A capture is an error that the site answered with, and no page."
)
FETCH_FAILED = IssueKind(
    "fetch-failed", "error", "A page could not be had, though it was asked for as often as is polite."
)
FUTURE_TIMESTAMP = IssueKind(
    "future-timestamp", "warning", "A capture's timestamp is later than the run that read it; it counts as unknown."
)
FORBIDDEN = IssueKind(
    "forbidden",
    "error",
    "robots.txt of the site forbids the page of a document, or a file that a page shows; it is reported once, and "
    "asked for once robots.txt allows it.",
)
GONE = IssueKind(
    "gone",
    "error",
    "The site has no page for a document that it lists, or no file that a page shows; it is not asked for in each run. "
    "Where it still has none the next time, the level is info.",
)
INCOMPLETE_READING = IssueKind(
    "incomplete-reading", "error", "Not all of a collection was read, or the site sent something else."
)
INDEX_CUT = IssueKind("index-cut", "error", "The index of a web archive ended early; captures may be missing.")
LINK_IS_NO_DOCUMENT = IssueKind(
    "link-is-no-document", "warning", "The title of an entry does not link to a document of the archive."
)
LOST_REVISIT = IssueKind(
    "lost-revisit", "error", "A capture refers to another for its body, and that one is not there."
)
MAINTENANCE = IssueKind(
    "maintenance", "error", "The site said that it was under maintenance instead of sending a page."
)
MALFORMED_CDX = IssueKind("malformed-cdx", "error", "A line of a web archive's index cannot be read.")
MENU_LINE = IssueKind("menu-line", "info", "A line of a menu stands among the entries; it was left out.")
MISSING_COLLECTION = IssueKind(
    "missing-collection", "error", "A collection that was asked for has no page in the source."
)
NESTED_TOO_DEEPLY = IssueKind(
    "nested-too-deeply", "error", "A page's elements are nested so deeply that reading would take too long."
)
MOVED = IssueKind(
    "moved", "info", "The site redirects from a file, or from a document that it did not have before, to another URL."
)
NO_HTTP = IssueKind("no-http", "error", "A record has no HTTP response.")
NO_INSTANT = IssueKind("no-instant", "warning", "A capture has no readable timestamp.")
NOTHING_IN_PERIOD = IssueKind(
    "nothing-in-period", "error", "No capture of the source was made within the days that were asked for."
)
PAGE_TOO_LARGE = IssueKind(
    "page-too-large", "error", "A page is so large, or has so many tags, that it is no listing, and was not read."
)
PACKED_WACZ = IssueKind("packed-wacz", "error", "A WACZ or zip within another file is too large to be read.")
BAD_PAGE_LIST = IssueKind("page-list", "error", "A line of pages.csv cannot be used.")
PASSED_OVER = IssueKind("passed-over", "info", "Captures or files that are no pages that were asked for, by kind.")
RANGE_CONTRADICTION = IssueKind("range-contradiction", "error", "A range line contradicts itself.")
RANGE_MISSING = IssueKind(
    "range-missing", "error", "A listing has no range line, so that nothing tells how many entries it holds."
)
READING_ORDER = IssueKind("reading-order", "error", "The rows of a listing are not laid out in a known way.")
ROWS_MISSING = IssueKind("rows-missing", "error", "A listing says that it holds entries, and none can be read.")
SECOND_RANGE_LINE = IssueKind(
    "second-range-line", "error", "Another page begins within a page; only the first was read."
)
SITE_STOPPED = IssueKind("site-stopped", "error", "The site must not or cannot be asked any more; the run ended.")
SOURCE_FAILED = IssueKind("source-failed", "error", "A source failed before its end; what came before was read.")
TEXT_OUTSIDE_ENTRIES = IssueKind("text-outside-entries", "warning", "A text among the entries is part of none.")
TITLE_MISSING = IssueKind("title-missing", "error", "An entry has no title.")
TITLES_MISSING = IssueKind("titles-missing", "error", "A page holds dates and summaries, and no title.")
TOO_LARGE = IssueKind("too-large", "error", "A record is too large to be a page.")
TOO_LARGE_TO_FETCH = IssueKind(
    "too-large-to-fetch",
    "error",
    "A file that a page shows is larger than `--file-mebibytes`, or the page of a document than any page is; it is "
    "reported once, and asked for once the limit is raised.",
)
TOTAL_UNKNOWN = IssueKind("total-unknown", "info", "A page of the old site does not say how many entries there are.")
UNDECIDED_ENTRIES = IssueKind(
    "undecided-entries", "error", "Where one entry ends and the next begins cannot be told; they were left out."
)
UNDECODABLE = IssueKind("undecodable", "error", "A page's content-encoding cannot be undone.")
UNKNOWN_ARCHIVE = IssueKind("unknown-archive", "error", "A container of a kind that is not read.")
UNKNOWN_KEY = IssueKind("unknown-key", "warning", "A decision is about a key that no entry has; it had no effect.")
UNKNOWN_PAGE = IssueKind("unknown-page", "error", "A page is not a recognised page of the archive.")
UNMATCHED_FILES = IssueKind(
    "unmatched-files",
    "warning",
    "A pattern under `files` of a collection of the catalog matches no file of the source.",
)
UNREADABLE_DATE = IssueKind("unreadable-date", "warning", "A date cannot be read; its text is kept.")
UNREADABLE_FILE = IssueKind("unreadable-file", "error", "A file cannot be read.")
UNSAFE_MEMBER = IssueKind(
    "unsafe-member", "error", "A member of an archive leads out of it, or is no file; it was skipped."
)
WRONG_DIGEST = IssueKind(
    "wrong-digest", "warning", "A page is not what it was when it was captured, as its digest shows."
)

CLAIMED_URL = IssueKind(
    "claimed-url", "warning", "A document's page names a URL as its own that another page, or another title, has."
)
CONFLICTING_NUMBERS = IssueKind(
    "conflicting-numbers", "warning", "A page gives itself several record ids, node ids or URLs; none was trusted."
)
EMPTY_PANE = IssueKind("empty-pane", "warning", "A document's page has a pane with neither a text nor a file.")
FIELD_MISSING = IssueKind("field-missing", "error", "A document's page lacks its title.")
TEXT_OUTSIDE_PANES = IssueKind(
    "text-outside-panes", "warning", "A document's page has text beside its panes; it is in no table."
)
UNTRUSTED_URL = IssueKind(
    "untrusted-url", "warning", "A document's page was captured at another URL than its own; that was not trusted."
)
UNKNOWN_LABEL = IssueKind(
    "unknown-label",
    "warning",
    "A document's page has a field or a list whose label is not known; its text is kept here.",
)
UNKNOWN_PANE = IssueKind(
    "unknown-pane", "warning", "A document's page has a pane of an unknown kind; its text is kept as `other`."
)

NOT_LANDED = IssueKind(
    "not-landed", "error", "A capture cannot be written so that it can be read back; it was left out."
)
UNREADABLE_RECORD = IssueKind(
    "unreadable-record", "error", "A record of the raw zone cannot be read; the rest of its segment was."
)
UNSAFE_URL = IssueKind(
    "unsafe-url",
    "warning",
    "A URL holds blanks or control characters, which are percent-encoded, or a password, which is left out.",
)

LASTING = frozenset({FORBIDDEN.name, GONE.name, MOVED.name, TOO_LARGE_TO_FETCH.name})
"""What runs report of a URL and then do not ask for each time: the last that was reported stays until the URL came."""

ISSUE_KINDS: dict[str, IssueKind] = {
    kind.name: kind for kind in list(globals().values()) if isinstance(kind, IssueKind)
}
"""All of them, by name."""
