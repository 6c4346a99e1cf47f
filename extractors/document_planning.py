"""Which pages of documents to ask for next: those never captured first, then the oldest. Pure.

Asked for is each URL of a document that a page shows. A page that was captured whole within the last days is not asked
for again; one that calls itself by another URL stands for that one too, and is asked for again where it came from. What
comes and is no whole page of a document is asked for again once all others came; many such answers in a row are the
site's, and end it.

What the site does not give is reported once, and counts as if it had come. What it does not have is asked for again as
late as a page that came; what is larger than the limit, once that is raised; what robots.txt forbids, once it does not.
"""

import datetime as dt
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from extractors.planning import MAX_IN_A_ROW, MAX_READINGS
from extractors.wilson_center import ARCHIVE_URL
from schemas.document_records import DocumentFields
from schemas.issues import (
    FETCH_FAILED,
    FORBIDDEN,
    GONE,
    LASTING,
    MOVED,
    TOO_LARGE_TO_FETCH,
    UNKNOWN_PAGE,
    Issue,
    IssueKind,
)
from schemas.parsed import PARSED_TABLES
from schemas.records import ParsedPage
from schemas.revisits import OtherDigests, resolve_revisits

_URLS = ("own_url", "url", "cited_url")
_ADDRESSES = (*_URLS, "node_id")
_LINKS = ("entries", "page_relations")
_MEBIBYTE = 1024**2
_LIMIT = re.compile(r"at most ([0-9]+) MiB")


@dataclass(frozen=True, slots=True)
class Absence:
    """What a run reported of a URL that the site does not give.

    Attributes:
        kind: Of the issue (`schemas.issues.LASTING`).
        at: When the run began.
        expected: As the issue has it.
    """

    kind: str
    at: dt.datetime
    expected: str | None = None

    def is_final(self, max_bytes: int) -> bool:
        """Whether nothing can come of asking again, for at most so many bytes."""
        limit = _LIMIT.fullmatch(self.expected or "") if self.kind == TOO_LARGE_TO_FETCH.name else None
        return limit is not None and max_bytes <= int(limit[1]) * _MEBIBYTE


class Absences:
    """What a site does not give; that it has nothing at a URL is believed once it has sent something else.

    Args:
        known: What former runs reported, by URL.

    Attributes:
        count: How many URLs are known not to come.
    """

    def __init__(self, known: Mapping[str, Absence] | None = None) -> None:
        self.count = 0
        self._known = known or {}
        self._waiting: dict[str, str] = {}
        self._issues: list[Issue] = []

    def is_known(self, url: str, kind: IssueKind) -> bool:
        """Whether the last that former runs reported of a URL is of a kind."""
        return url in self._known and self._known[url].kind == kind.name

    def add(self, url: str, reason: str) -> bool:
        """Take in that the site says that it has nothing at a URL; gives whether it is news, which can be doubted."""
        if self.is_known(url, GONE):
            self.count += 1
            self._issues.append(GONE.issue(f"the site still has nothing here: {reason}", url=url, level="info"))
            return False
        self._waiting[url] = reason
        return True

    def add_forbidden(self, url: str, reason: str) -> None:
        """Take in that robots.txt forbids a URL."""
        self.count += 1
        if not self.is_known(url, FORBIDDEN):
            self._issues.append(FORBIDDEN.issue(f"{reason}; it is asked for once robots.txt allows it", url=url))

    def add_too_large(self, url: str, reason: str, max_bytes: int) -> None:
        """Take in that what stands at a URL has more than so many bytes, which are whole mebibytes."""
        self.count += 1
        expected = f"at most {max_bytes // _MEBIBYTE} MiB"
        if not self.is_known(url, TOO_LARGE_TO_FETCH) or self._known[url].expected != expected:
            self._issues.append(TOO_LARGE_TO_FETCH.issue(reason, expected, url=url))

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
        known: What former runs reported of URLs that the site does not give.

    Attributes:
        absences: What the site does not give.
    """

    def __init__(self, urls: Sequence[str], known: Mapping[str, Absence] | None = None) -> None:
        self.absences = Absences(known)
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

    def observe_too_large(self, url: str, reason: str, max_bytes: int) -> None:
        """Take in that the page at a URL has more than so many bytes, as no page of the archive has."""
        self.absences.add_too_large(url, reason, max_bytes)
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


def known_absences(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, Absence]:
    """The last that runs reported of each URL that the site does not give, or from which it leads elsewhere.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    began: dict[str, dt.datetime] = {}
    for segment in segments:
        plans = segment["events"].filter(pc.equal(segment["events"]["event"], "plan"))
        began |= dict(zip(plans["run_id"].to_pylist(), plans["at"].to_pylist(), strict=True))
    found: dict[str, Absence] = {}
    for row in _lasting_issues(segments):
        at = began.get(row["run_id"])
        if at is not None and (row["url"] not in found or found[row["url"]].at <= at):
            found[row["url"]] = Absence(row["kind"], at, row["expected"])
    return found


def _lasting_issues(segments: Sequence[Mapping[str, pa.Table]]) -> Iterator[dict[str, Any]]:
    for segment in segments:
        issues = segment["issues"]
        lasting = issues.filter(pc.is_in(issues["kind"], value_set=pa.array(sorted(LASTING))))
        yield from lasting.select(["url", "run_id", "kind", "expected", "found"]).to_pylist()


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
    moved = {row["url"]: row["found"] for row in _lasting_issues(segments) if row["kind"] == MOVED.name}
    found.update(dict.fromkeys((url for url, other in moved.items() if found.get(other)), True))
    return found


def captures_of(segments: Sequence[Mapping[str, pa.Table]], digests: OtherDigests = dict) -> pa.Table:
    """The captures of all segments, each revisit with what it shows.

    Args:
        segments: Parsed tables (`schemas.parsed`).
        digests: Of their captures.
    """
    none = PARSED_TABLES["captures"].arrow_schema().empty_table()
    captures = pa.concat_tables([none, *(segment["captures"] for segment in segments)])
    return resolve_revisits(captures, digests).captures


def addresses_of_pages(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, set[str]]:
    """By the id of each whole page of a document, the URLs that it was asked at or calls its own.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    of_page: dict[str, set[str]] = {}
    for segment in segments:
        whole = segment["document_pages"].filter(segment["document_pages"]["is_whole"])
        for row in whole.select(["page_id", *_ADDRESSES]).to_pylist():
            own = row["own_url"]
            if own is None or DocumentFields(**{name: row[name] for name in _ADDRESSES}).is_at(own):
                of_page.setdefault(row["page_id"], set()).update(filter(None, (row[name] for name in _URLS)))
    return of_page


def known_documents(
    segments: Sequence[Mapping[str, pa.Table]],
    absences: Mapping[str, Absence],
    addresses: Mapping[str, set[str]],
    captures: pa.Table,
) -> dict[str, dt.datetime | None]:
    """Each URL of a document that pages show, and when its page was captured last, or was found to be none.

    `None` if neither ever happened.

    Args:
        segments: Parsed tables (`schemas.parsed`).
        absences: As `known_absences` gives them.
        addresses: As `addresses_of_pages` gives them.
        captures: As `captures_of` gives them.
    """
    found: dict[str, dt.datetime | None] = {}
    for segment in segments:
        for table in _LINKS:
            found.update(dict.fromkeys(pc.unique(segment[table]["url"]).drop_null().to_pylist()))
    captured = _captured(segments, addresses, captures)
    gone = {url: one.at for url, one in absences.items() if one.kind == GONE.name}
    asked = {url: max(filter(None, (captured.get(url), gone.get(url)))) for url in {*captured, *gone}}
    return {url: asked.get(url) for url in sorted({*found, *captured})}


def other_addresses(segments: Sequence[Mapping[str, pa.Table]], addresses: Mapping[str, set[str]]) -> set[str]:
    """URLs that pages of documents call their own, but at which none came: to ask for these too is to ask twice.

    Args:
        segments: Parsed tables (`schemas.parsed`).
        addresses: As `addresses_of_pages` gives them.
    """
    came: set[str] = set()
    for segment in segments:
        captures = segment["captures"]
        places = captures.filter(pc.equal(captures["page_kind"], "document"))["place"].to_pylist()
        came.update(f"{ARCHIVE_URL}/{place.partition('/')[2]}" for place in places)  # whatever the site's host
    others: set[str] = set()
    for own in addresses.values():
        if not came.isdisjoint(own):  # else it was saved, and came from none of them
            others |= own - came
    return others


def due_documents(known: Mapping[str, dt.datetime | None], now: dt.datetime, ask_again: dt.timedelta) -> list[str]:
    """URLs to ask for, in this order: those never captured, then those captured longest ago.

    Args:
        known: URLs, and when the page of each was captured last.
        now: Timestamp of the run.
        ask_again: How old a capture is when its page is asked for again.
    """
    due = [(at is not None, at or now, url) for url, at in known.items() if at is None or now - at >= ask_again]
    return [url for _, _, url in sorted(due)]


def _captured(
    segments: Sequence[Mapping[str, pa.Table]], addresses: Mapping[str, set[str]], captures: pa.Table
) -> dict[str, dt.datetime]:
    """When the pages of documents were captured last, by each URL that they were asked at or call their own."""
    shown = captures.filter(pc.and_(pc.equal(captures["page_kind"], "document"), pc.is_valid(captures["captured_at"])))
    latest: dict[str, dt.datetime] = {}
    for row in shown.select(["page_id", "captured_at"]).to_pylist():
        for url in addresses.get(row["page_id"], ()):
            latest[url] = max(row["captured_at"], latest.get(url, row["captured_at"]))
    return _with_redirects(segments, latest)


def _with_redirects(
    segments: Sequence[Mapping[str, pa.Table]], latest: Mapping[str, dt.datetime]
) -> dict[str, dt.datetime]:
    """The same, and each URL from which the site redirects to one of these."""
    found = dict(latest)
    for segment in segments:
        aliases = segment["aliases"].filter(pc.equal(segment["aliases"]["evidence"], "redirect"))
        for row in aliases.to_pylist():
            if row["other_url"] in latest:
                found.setdefault(row["url"], latest[row["other_url"]])
    return found
