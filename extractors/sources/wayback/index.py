"""Asking the index of a web archive for all that it has of the archive's pages."""

import datetime as dt
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
                await self._read_period(path, self._since, self._until)
        if not self.lines and not self.issues:
            days = f"{self._since:%Y-%m-%d} to {self._until:%Y-%m-%d}"
            raise SourceError(f"{self._url} has no captures of a page of {self._host} ({days})")

    async def _read_period(self, path: str, since: dt.datetime, until: dt.datetime) -> None:
        answer = await self._ask(path, since, until)
        if answer.is_full and since < until:
            # There is no key to go on with, so each half of the time is asked for by itself.
            middle = (since + (until - since) / 2).replace(microsecond=0)
            await self._read_period(path, since, middle)
            await self._read_period(path, middle + _SECOND, until)
            return
        if answer.is_full:
            message = f"the index has more than {MAX_LINES:,} captures of one second; the others were not seen"
            self.issues.append(INDEX_CUT.issue(message, found=f"{since:{TIMESTAMP}}"))
        self._add(answer)
        used: set[str] = set()
        while (key := answer.resume_key) is not None:
            if key in used:
                raise SourceError(f"{self._url} goes in a circle: it names the resume key {key!r} again")
            used.add(key)
            answer = await self._ask(path, since, until, key)
            self._add(answer)

    async def _ask(self, path: str, since: dt.datetime, until: dt.datetime, resume_key: str | None = None) -> CdxAnswer:
        query = {
            "url": self._host + path,
            "matchType": "prefix",
            "output": "json",
            "from": f"{since:{TIMESTAMP}}",
            "to": f"{until:{TIMESTAMP}}",
            "limit": str(MAX_LINES),
            "showResumeKey": "true",
        }
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
