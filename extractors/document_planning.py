"""Which pages of documents to ask for next: those never captured first, then the oldest. Pure.

Asked for is each URL of a document that a page shows. A page that was captured whole within the last days is not asked
for again; one that calls itself by another URL stands for that one too. What comes and is no whole page of a document
is asked for again once all others came; many such answers in a row are the site's, and end it. What the site says that
it does not have is said once, and counts as if it had come: it is asked for again as late as a page that did.
"""

import datetime as dt
from collections import deque
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from extractors.planning import MAX_IN_A_ROW, MAX_READINGS
from schemas.document_records import DocumentFields
from schemas.issues import FETCH_FAILED, GONE, UNKNOWN_PAGE, Issue
from schemas.parsed import PARSED_TABLES
from schemas.records import ParsedPage
from schemas.revisits import resolve_revisits

_URLS = ("own_url", "url", "cited_url")
_ADDRESSES = (*_URLS, "node_id")
_LINKS = ("entries", "page_relations")


class Absences:
    """What a site says that it does not have, which is believed once it has sent something else.

    Args:
        known: URLs of which former runs believed it.

    Attributes:
        count: How many are believed.
    """

    def __init__(self, known: Collection[str] = ()) -> None:
        self.count = 0
        self._known = frozenset(known)
        self._waiting: dict[str, str] = {}
        self._issues: list[Issue] = []

    def add(self, url: str, reason: str) -> bool:
        """Take in what the site said of a URL; gives whether it is news, which can be doubted."""
        if url in self._known:
            self.count += 1
            self._issues.append(GONE.issue(f"the site still has nothing here: {reason}", url=url, level="info"))
            return False
        self._waiting[url] = reason
        return True

    def believe(self) -> None:
        """Believe all that was said so far."""
        self.count += len(self._waiting)
        self._issues += [
            GONE.issue(f"the site has nothing here: {reason}", url=url) for url, reason in self._waiting.items()
        ]
        self._waiting.clear()

    def end(self, *, is_doubtful: bool = False) -> None:
        """Believe what was said last, unless it is doubtful, or was said of too much in a row."""
        if is_doubtful or len(self._waiting) >= MAX_IN_A_ROW:
            self._issues += [FETCH_FAILED.issue(reason, url=url) for url, reason in self._waiting.items()]
            self._waiting.clear()
        self.believe()

    def take(self) -> list[Issue]:
        """An issue for each that was decided since the last call."""
        issues, self._issues = self._issues, []
        return issues


class DocumentPlan:
    """The pages of documents that one run asks for.

    Args:
        urls: What to ask for, in this order.
        gone: URLs of which former runs know that the site has no page.

    Attributes:
        absences: What the site says that it does not have.
    """

    def __init__(self, urls: Sequence[str], gone: Collection[str] = ()) -> None:
        self.absences = Absences(gone)
        self._due = deque((url, 1) for url in urls)
        self._expected = len(urls)
        self._came = 0
        self._in_a_row = 0
        self._readings: dict[str, int] = {}
        self._reason: str | None = None

    def next(self) -> str | None:
        """The URL to ask for now; `None` if there is none, or none any more."""
        if self._reason is not None or not self._due:
            return None
        url, self._readings[url] = self._due.popleft()
        return url

    def observe(self, url: str, *, is_useful: bool) -> None:
        """Take in whether what came for a URL is a whole page of a document."""
        if is_useful:
            self._came += 1
            self._in_a_row = 0
            self.absences.believe()
            return
        if self._readings[url] < MAX_READINGS:
            self._due.append((url, self._readings[url] + 1))
        self._count_useless()

    def observe_absence(self, url: str, reason: str) -> None:
        """Take in that the site says that it has no page at a URL."""
        if self.absences.add(url, reason):
            self._count_useless()

    def _count_useless(self) -> None:
        self._in_a_row += 1
        if self._in_a_row == MAX_IN_A_ROW:
            self.stop(f"given up after {MAX_IN_A_ROW} useless answers in a row")

    def stop(self, reason: str) -> None:
        """Ask for nothing more; the first reason counts."""
        self._reason = self._reason or reason

    def end(self) -> str | None:
        """How many pages did not come, and why; `None` if all did that the site has."""
        self.absences.end(is_doubtful=self._reason is not None)
        missing = self._expected - self._came - self.absences.count
        if not missing:
            return None
        why = f" ({self._reason})" if self._reason else ""
        return f"{missing:,} of {self._expected:,} pages of documents did not come whole{why}; ask again for the rest"


def is_whole_page_of(page: ParsedPage, *urls: str | None) -> bool:
    """Whether a page is whole and that of a document at one of some canonical URLs, and no other's."""
    own = (row for row in page.rows.get("document_pages", ()) if isinstance(row, DocumentFields))
    return any(row.is_whole and any(row.is_at(url) for url in urls if url is not None) for row in own)


def says_that_there_is_none(page: ParsedPage) -> bool:
    """Whether a page says, in the frame of a document's, that there is no such document."""
    is_unknown = page.kind == "document" and page.outcome == "unknown"
    return is_unknown and any(issue.kind == UNKNOWN_PAGE.name for issue in page.issues)


def known_gone(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, dt.datetime]:
    """Each URL of which runs know that the site has nothing there, and when the last of them began.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    began: dict[str, dt.datetime] = {}
    for segment in segments:
        plans = segment["events"].filter(pc.equal(segment["events"]["event"], "plan"))
        began |= dict(zip(plans["run_id"].to_pylist(), plans["at"].to_pylist(), strict=True))
    found: dict[str, dt.datetime] = {}
    for segment in segments:
        issues = segment["issues"]
        rows = issues.filter(pc.equal(issues["kind"], GONE.name)).select(["url", "run_id"]).to_pylist()
        for row in rows:
            at = began.get(row["run_id"])
            if at is not None:
                found[row["url"]] = max(at, found.get(row["url"], at))
    return found


def known_files(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, bool]:
    """Each URL of a file that pages of documents show or that was captured, and whether it was captured.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    found: dict[str, bool] = {}
    for segment in segments:
        captures = segment["captures"]
        files = captures.filter(pc.equal(captures["outcome"], "file"))
        found.update(dict.fromkeys(files["url"].to_pylist(), True))
        for url in pc.unique(segment["page_files"]["url"]).drop_null().to_pylist():
            found.setdefault(url, False)
    return found


def known_documents(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, dt.datetime | None]:
    """Each URL of a document that pages show, and when its page was captured last, or was found to be none.

    `None` if neither ever happened.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    found: dict[str, dt.datetime | None] = {}
    for segment in segments:
        for table in _LINKS:
            found.update(dict.fromkeys(pc.unique(segment[table]["url"]).drop_null().to_pylist()))
    captured = _captured(segments)
    gone = known_gone(segments)
    asked = {url: max(filter(None, (captured.get(url), gone.get(url)))) for url in {*captured, *gone}}
    return {url: asked.get(url) for url in sorted({*found, *captured})}


def due_documents(known: Mapping[str, dt.datetime | None], now: dt.datetime, ask_again: dt.timedelta) -> list[str]:
    """URLs to ask for, in this order: those never captured, then those captured longest ago.

    Args:
        known: URLs, and when the page of each was captured last.
        now: Timestamp of the run.
        ask_again: How old a capture is when its page is asked for again.
    """
    due = [(at is not None, at or now, url) for url, at in known.items() if at is None or now - at >= ask_again]
    return [url for _, _, url in sorted(due)]


def _captured(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, dt.datetime]:
    """When the pages of documents were captured last, by each URL that they were asked at or call their own."""
    of_page: dict[str, set[str]] = {}
    none = PARSED_TABLES["captures"].arrow_schema().empty_table()
    captures = resolve_revisits(pa.concat_tables([none, *(segment["captures"] for segment in segments)])).captures
    for segment in segments:
        whole = segment["document_pages"].filter(segment["document_pages"]["is_whole"])
        for row in whole.select(["page_id", *_ADDRESSES]).to_pylist():
            fields = DocumentFields(**{name: row[name] for name in _ADDRESSES})
            if fields.own_url is None or fields.is_at(fields.own_url):
                of_page.setdefault(row["page_id"], set()).update(filter(None, (row[name] for name in _URLS)))
    shown = captures.filter(pc.and_(pc.equal(captures["page_kind"], "document"), pc.is_valid(captures["captured_at"])))
    latest: dict[str, dt.datetime] = {}
    for row in shown.select(["page_id", "captured_at"]).to_pylist():
        for url in of_page.get(row["page_id"], ()):
            latest[url] = max(row["captured_at"], latest.get(url, row["captured_at"]))
    return latest
