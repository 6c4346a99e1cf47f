"""Captures of a web archive, as they are asked for and made pages of."""

import asyncio
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from email.utils import parsedate_to_datetime

from extractors.content_encoding import UndecodableError, content_encoding_of, decode_body
from extractors.known_pages import KnownPages
from extractors.parsing import read_page
from extractors.sources import Choice
from extractors.sources.site import Fetched, Site
from extractors.sources.wayback.as_captured import as_captured
from extractors.sources.wayback.cdx import CdxLine, instant_of, shown_instant
from extractors.sources.wayback.index import period_of
from extractors.sources.wayback.selection import Wanted, WebPage, failed_capture, page_at
from extractors.wilson_center.catalog import Catalog, CatalogEntry
from schemas.errors import FetchError, SiteStoppedError
from schemas.issues import FAILED_CAPTURE, FETCH_FAILED, Issue
from schemas.records import (
    READ_OUTCOMES,
    ArchivedPage,
    Capture,
    Collection,
    Exchange,
    Item,
    KnownCapture,
    Reference,
    first_header,
)

_CAPTURE_PATH = re.compile(r"/([0-9]{14})id_/(.+)", re.DOTALL)


class Replay:
    """Asks for captures, and makes pages of what comes.

    Attributes:
        stopped: Why the web archive is not to be asked any more; `None` while it is.
        left: Captures that were not asked for since then.
    """

    def __init__(
        self,
        site: Site,
        catalog: Catalog,
        choice: Choice,
        known: KnownPages,
        skipped: Counter[str],
        *,
        is_pywb: bool,
    ) -> None:
        self.stopped: str | None = None
        self.left = 0
        self._site = site
        self._url = catalog.wayback.url
        self._base = catalog.archive.url
        self._period = period_of(choice)
        self._known = known
        self._skipped = skipped
        self._is_pywb = is_pywb
        self._collections = {entry.collection.collection_id: entry.collection for entry in catalog.collections}
        self._given: set[tuple[WebPage, dt.datetime]] = set()

    async def read(self, batch: Iterable[Wanted]) -> list[Item]:
        """Ask for some captures; what came, in the order of `batch`."""
        found = await asyncio.gather(*map(self._read, batch))
        return [item for items in found for item in items]

    async def _read(self, wanted: Wanted) -> list[Item]:
        """One capture with its body, and those with the same body as references to it."""
        if wanted.is_choice:
            return await self._read_choice(wanted)
        known = self._known_body(wanted)
        if known is not None:
            return [self._known_page(known, line, wanted.page) for line in wanted.lines]
        items: list[Item] = []
        for number, line in enumerate(wanted.lines):
            try:
                page = await self._ask(line, wanted.page)
            except SiteStoppedError as error:
                self.stopped = str(error)
                self.left += len(wanted.lines) - number
                return items
            if page is not None:
                items.append(page)
            if isinstance(page, ArchivedPage) and page.payload_digest is not None:
                return [*items, *(self._reference(page, other) for other in wanted.lines[number + 1 :])]
        return items

    async def _read_choice(self, wanted: Wanted) -> list[Item]:
        """The first capture that is a page of its URL which can be read; if none is, the first that was given."""
        items: list[Item] = []
        others: list[tuple[CdxLine, ArchivedPage]] = []
        for line in wanted.lines:
            known = self._known.archived(line.url, line.instant)
            if known is not None:
                page: ArchivedPage | None = self._known_page(known, line, wanted.page)
                is_read = self._known.was_read(known)
            else:
                try:
                    came = await self._ask(line, wanted.page)
                except SiteStoppedError as error:
                    self.stopped = str(error)
                    self.left += 1
                    return [*items, *(page for _, page in others[:1])]
                if isinstance(came, Issue):
                    items.append(came)
                    continue
                page = came
                is_read = page is not None and _can_be_read(page)
            if page is not None and is_read:
                return [*items, *(_unread(other, wanted.page) for other, _ in others), page]
            if page is not None:
                others.append((line, page))
        return [*items, *(page for _, page in others[:1])]

    async def _ask(self, line: CdxLine, page: WebPage) -> ArchivedPage | Issue | None:
        """What comes of asking for a capture: as `_page_of` gives it, or an issue if it cannot be had.

        Raises:
            SiteStoppedError: The web archive must not be asked any more.
        """
        try:
            fetched = await self._site.fetch(f"{self._url}/{line.timestamp}id_/{line.url}")
            return self._page_of(fetched, line, page)
        except FetchError as error:
            return _lost(line, page, error)

    def _known_body(self, wanted: Wanted) -> KnownCapture | None:
        """The capture in the raw zone that has the body, if one of those that are wanted is there."""
        found = (self._known.archived(line.url, line.instant) for line in wanted.lines)
        return next((each for each in found if each is not None), None)

    def _known_page(self, known: KnownCapture, line: CdxLine, page: WebPage) -> ArchivedPage:
        """A capture whose body the raw zone has, as a reference to that."""
        capture = Capture(line.url, b"", "", page.collection_id, line.instant, known.http_status)
        return ArchivedPage(capture, self._collection(line.url, page), revisits=known.reference)

    def _page_of(self, fetched: Fetched, line: CdxLine, page: WebPage) -> ArchivedPage | None:
        """What was captured; `None` if that is another page, or was given before.

        Raises:
            FetchError: It is no capture that was asked for.
            SiteStoppedError: The web archive itself asks for proof of a human visitor.
        """
        exchange = fetched.exchanges[-1]
        memento = _memento_instant(exchange)
        if not 200 <= exchange.status < 300 and memento is None:
            message = "the web archive asks for proof of a human visitor; try on a later day"
            raise SiteStoppedError(message, url=exchange.url, status=exchange.status)
        timestamp, url = self._captured(exchange.url)
        at = memento or instant_of(timestamp)
        if page_at(url, self._base) != page:
            self._skipped["redirect"] += 1
            return None
        if not self._period[0] <= at <= self._period[1]:
            message = f"the web archive gives its capture of {at:%Y-%m-%dT%H:%M:%SZ} instead"
            raise FetchError(message, url=exchange.url, status=exchange.status)
        if (page, at) in self._given:
            self._skipped["capture that the web archive gives for another"] += 1
            return None
        self._given.add((page, at))
        headers, body = as_captured(fetched, is_pywb=self._is_pywb)
        capture = Capture(
            url=url,
            body=body,
            content_type=first_header(headers, "content-type") or "",
            collection_id=page.collection_id,
            captured_at=at,
            http_status=exchange.status,
            headers=headers,
        )
        # The index gives the digest of this very capture alone.
        digest = line.digest if line.digest and at == line.instant else None
        return ArchivedPage(capture, self._collection(url, page), digest)

    def _captured(self, url: str) -> tuple[str, str]:
        """Timestamp and URL of the capture that a URL of the web archive names."""
        match = _CAPTURE_PATH.fullmatch(url.removeprefix(self._url))
        if match is None:
            raise FetchError(f"the web archive leads to {url}, which is no capture", url=url)
        try:
            instant_of(match[1])
        except ValueError as error:
            raise FetchError(f"the web archive leads to {url}, which names no timestamp", url=url) from error
        return match[1], match[2]

    def _reference(self, page: ArchivedPage, line: CdxLine) -> ArchivedPage:
        """A capture that has the body of another, which was read."""
        capture = replace(page.capture, url=line.url, body=b"", content_type="", captured_at=line.instant, headers=())
        reference = Reference(None, page.capture.url, page.capture.captured_at, page.payload_digest)
        return ArchivedPage(capture, page.collection, revisits=reference)

    def _collection(self, url: str, page: WebPage) -> Collection | None:
        """The catalog's own collection of a listing, if it has it, for its name; `None` for a page of another kind."""
        if page.collection_id is None:
            return None
        known = self._collections.get(page.collection_id)
        if known is None:
            known = self._collections[page.collection_id] = CatalogEntry(address=url).collection
        return known


def _lost(line: CdxLine, page: WebPage, error: FetchError) -> Issue:
    if error.is_archived:  # the index does not say of every capture what it is
        return failed_capture(line, page, str(error))
    message = f"the capture of {shown_instant(line)} cannot be had: {error}"
    return FETCH_FAILED.issue(message, url=line.url, collection_id=page.collection_id)


def _unread(line: CdxLine, page: WebPage) -> Issue:
    message = f"the capture of {shown_instant(line)} is no page that can be read; another one was taken"
    return FAILED_CAPTURE.issue(message, url=line.url, collection_id=page.collection_id)


def _can_be_read(page: ArchivedPage) -> bool:
    capture = page.capture
    try:
        body = decode_body(capture.body, content_encoding_of(capture.headers))
    except UndecodableError:
        return False
    return read_page(body, capture.url, capture.content_type).outcome in READ_OUTCOMES


def _memento_instant(exchange: Exchange) -> dt.datetime | None:
    try:
        instant = parsedate_to_datetime(exchange.header("memento-datetime") or "")
    except (ValueError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
