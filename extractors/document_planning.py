"""Which pages of documents to ask for next: those never captured first, then the oldest. Pure.

Asked for is each URL of a document that a page shows. A page that was captured whole within the last days is not asked
for again; one that calls itself by another URL stands for that one too. What comes and is no whole page of a document
is asked for again once all others came; many such answers in a row are the site's, and end it.
"""

import datetime as dt
from collections import deque
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from extractors.planning import MAX_IN_A_ROW, MAX_READINGS
from schemas.document_records import DocumentFields
from schemas.parsed import PARSED_TABLES
from schemas.records import ParsedPage
from schemas.revisits import resolve_revisits

_URLS = ("own_url", "url", "cited_url")
_ADDRESSES = (*_URLS, "node_id")
_LINKS = ("entries", "page_relations")


class DocumentPlan:
    """The pages of documents that one run asks for.

    Args:
        urls: What to ask for, in this order.
    """

    def __init__(self, urls: Sequence[str]) -> None:
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
            return
        self._in_a_row += 1
        if self._readings[url] < MAX_READINGS:
            self._due.append((url, self._readings[url] + 1))
        if self._in_a_row == MAX_IN_A_ROW:
            self.stop(f"given up after {MAX_IN_A_ROW} useless answers in a row")

    def stop(self, reason: str) -> None:
        """Ask for nothing more; the first reason counts."""
        self._reason = self._reason or reason

    def shortfall(self) -> str | None:
        """How many pages did not come, and why; `None` if all did."""
        missing = self._expected - self._came
        if not missing:
            return None
        why = f" ({self._reason})" if self._reason else ""
        return f"{missing:,} of {self._expected:,} pages of documents did not come whole{why}; ask again for the rest"


def is_whole_page_of(page: ParsedPage, *urls: str | None) -> bool:
    """Whether a page is whole and that of a document at one of some canonical URLs, and no other's."""
    own = (row for row in page.rows.get("document_pages", ()) if isinstance(row, DocumentFields))
    return any(row.is_whole and any(row.is_at(url) for url in urls if url is not None) for row in own)


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
    """Each URL of a document that pages show, and when its page was captured last; `None` if it never was.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    found: dict[str, dt.datetime | None] = {}
    for segment in segments:
        for table in _LINKS:
            found.update(dict.fromkeys(pc.unique(segment[table]["url"]).drop_null().to_pylist()))
    captured = _captured(segments)
    return {url: captured.get(url) for url in sorted({*found, *captured})}


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
