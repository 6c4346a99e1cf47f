"""Asking the index of a web archive for all that it has of the archive's pages."""

import datetime as dt
import re
import string
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from extractors.sources import Choice
from extractors.sources.archive_context import MAX_CLOCK_SKEW
from extractors.sources.site import Site
from extractors.sources.wayback.cdx import MAX_LINES, TIMESTAMP, CdxAnswer, CdxLine, quoted, read_cdx
from extractors.wilson_center.catalog import Catalog
from extractors.wilson_center.layouts import LAYOUTS
from extractors.wilson_center.urls import PATH_PREFIXES
from schemas.errors import FetchError, SourceError
from schemas.issues import INDEX_CUT, MALFORMED_CDX, Issue
from schemas.records import PageKind

_FIRST_DAY = dt.date(1991, 8, 6)  # no web page is older than the web
_SECOND = dt.timedelta(seconds=1)
_NOT_FOUND = 404
_BITS = 5  # of a sign of a digest in base 32
_MAX_FILTERS = 12  # halvings of one second: twenty million captures, if their digests differ


class _Filter(NamedTuple):
    """Captures whose digest ends so, or those whose digest does not."""

    pattern: str
    is_inverted: bool

    @property
    def parameter(self) -> str:
        """As pywb is asked for them (its `CDXFilter`)."""
        return f"{'!' if self.is_inverted else ''}~digest:{self.pattern}"

    def has(self, line: CdxLine) -> bool:
        """Whether a capture is among them."""
        return (re.match(self.pattern, line.digest) is not None) != self.is_inverted


class _Part(NamedTuple):
    """A part of the index: what was captured from a second to another, of which some may be left out."""

    since: dt.datetime
    until: dt.datetime
    filters: tuple[_Filter, ...] = ()

    def divided(self, lines: Sequence[CdxLine]) -> "tuple[_Part, ...]":
        """Parts that have all of it between them: of the time, and of one second by the digests.

        Nothing if it cannot be divided any more, or if an answer's lines show that filters do nothing.
        """
        if self.since < self.until:
            instants = [line.instant for line in lines if self.since <= line.instant <= self.until]
            first, last = min(instants, default=self.since), max(instants, default=self.until)
            if (last - first) * 2 < self.until - self.since:  # they are crowded, as those of one crawl
                ends = [(self.since, first - _SECOND), (first, last), (last + _SECOND, self.until)]
            else:
                middle = (self.since + (self.until - self.since) / 2).replace(microsecond=0)
                ends = [(self.since, middle), (middle + _SECOND, self.until)]
            return tuple(_Part(since, until) for since, until in ends if since <= until)
        depth = len(self.filters)
        if depth == _MAX_FILTERS or not all(each.has(line) for line in lines for each in self.filters):
            return ()
        place, bit = divmod(depth, _BITS)
        half = "".join(sign for sign in string.ascii_letters + string.digits if ord(sign) >> bit & 1)
        pattern = f".*[{half}].{{{place}}}$"
        return tuple(
            self._replace(filters=(*self.filters, _Filter(pattern, is_inverted))) for is_inverted in (False, True)
        )


class Index:
    """What the index has of the archive's pages.

    Attributes:
        lines: Each capture once.
        issues: What could not be read of it.
        is_pywb: Whether it answers in pywb's dialect.
    """

    def __init__(self, site: Site, catalog: Catalog, choice: Choice) -> None:
        self.lines: dict[CdxLine, None] = {}  # the Internet Archive names some captures twice
        self.issues: list[Issue] = []
        self.is_pywb = False
        self._cut: set[dt.datetime] = set()  # seconds of which not all was given
        self._site = site
        self._url = catalog.wayback.index_url
        self._host = urlsplit(catalog.archive.url).netloc
        self._since, self._until = period_of(choice)
        # Only listings are in collections.
        self._kinds: tuple[PageKind, ...] = ("listing",) if choice.collections else tuple(LAYOUTS)

    async def read(self) -> None:
        """Ask for all of it, one query after the other.

        Raises:
            SourceError: It cannot be had, is no CDX, or has nothing.
            SiteStoppedError: It must not be asked any more.
        """
        for kind in self._kinds:
            for path in PATH_PREFIXES[kind]:
                await self._read_part(path, _Part(self._since, self._until))
        if not self.lines and not self.issues:
            days = f"{self._since:%Y-%m-%d} to {self._until:%Y-%m-%d}"
            raise SourceError(f"{self._url} has no captures of a page of {self._host} ({days})")

    async def _read_part(self, path: str, part: "_Part") -> None:
        answer = await self._ask(path, part)
        if answer.is_full and (parts := part.divided(answer.lines)):
            # There is no key to go on with, so each part is asked for by itself.
            for each in parts:
                await self._read_part(path, each)
            return
        if answer.is_full and part.since not in self._cut:
            self._cut.add(part.since)
            message = f"the index has more than {MAX_LINES:,} captures of one second; the others were not seen"
            self.issues.append(INDEX_CUT.issue(message, found=f"{part.since:{TIMESTAMP}}"))
        self._add(answer)
        used: set[str] = set()
        while (key := answer.resume_key) is not None:
            if key in used:
                raise SourceError(f"{self._url} goes in a circle: it names the resume key {key!r} again")
            used.add(key)
            answer = await self._ask(path, part, key)
            self._add(answer)

    async def _ask(self, path: str, part: "_Part", resume_key: str | None = None) -> CdxAnswer:
        query = [
            ("url", self._host + path),
            ("matchType", "prefix"),
            ("output", "json"),
            ("from", f"{part.since:{TIMESTAMP}}"),
            ("to", f"{part.until:{TIMESTAMP}}"),
            ("limit", str(MAX_LINES)),
            ("showResumeKey", "true"),
            *(("filter", each.parameter) for each in part.filters),
        ]
        url = f"{self._url}?{urlencode(query)}"
        if resume_key is not None:
            url += f"&resumeKey={quote(resume_key, safe='%+')}"  # it comes encoded
        try:
            fetched = await self._site.fetch(url)
            if not 200 <= fetched.exchanges[-1].status < 300:
                raise SourceError(f"{self._url} asks for proof of a human visitor; try on a later day")
            return read_cdx(fetched.decoded.decode("utf-8", "replace"))
        except FetchError as error:
            if error.status == _NOT_FOUND:  # how some servers say that they have nothing
                return CdxAnswer()
            raise SourceError(f"{self._url}: the index of the web archive cannot be had: {error}") from error
        except ValueError as error:
            raise SourceError(f"{self._url}: this is not the index of a web archive: {error}") from error

    def _add(self, answer: CdxAnswer) -> None:
        self.is_pywb = self.is_pywb or answer.is_pywb
        self.lines.update(dict.fromkeys(answer.lines))
        for text in answer.malformed:
            message = f"a line of the web archive's index is malformed: {quoted(text)}"
            self.issues.append(MALFORMED_CDX.issue(message, found=text))
        if answer.is_cut:
            message = "the web archive's index ends early; captures may be missing"
            self.issues.append(INDEX_CUT.issue(message))


def period_of(choice: Choice) -> tuple[dt.datetime, dt.datetime]:
    """First and last second that are wanted; none lies in the future."""
    first = choice.since or _FIRST_DAY
    latest = (dt.datetime.now(dt.UTC) + MAX_CLOCK_SKEW).replace(microsecond=0)
    last = dt.datetime.combine(choice.until or latest.date(), dt.time(23, 59, 59, tzinfo=dt.UTC))
    return dt.datetime.combine(first, dt.time(tzinfo=dt.UTC)), min(last, latest)
