"""The Wayback Machine, and web archives that answer as it does: their index is asked, then the captures as they came.

The index is a CDX server. The Internet Archive's answers with arrays of JSON: a header row, a row for each capture, and
if there is more an empty row and a key to go on with (README of `wayback-cdx-server`). pywb's answers with a JSON
object on each line, and knows no such key (its manual, "CDXJ Server API"). The answer shows which one it is. A capture
is asked for as `{url}/{timestamp}id_/{captured}`, which gives the body without any rewriting; its timestamp is in
`Memento-Datetime` (RFC 7089, 2.1.1).
"""

import asyncio
import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from extractors.byte_streams import GZIP_MAGIC
from extractors.content_encoding import UndecodableError, content_encoding_of, decode_body
from extractors.known_pages import KnownPages
from extractors.parsing import read_page
from extractors.sources import Choice, SourceRequest
from extractors.sources.archive_context import MAX_CLOCK_SKEW
from extractors.sources.asking import entered, open_site, user_agent
from extractors.sources.captured import CapturedSource
from extractors.sources.site import Fetched, Site
from extractors.wilson_center.catalog import Catalog, CatalogEntry
from extractors.wilson_center.layouts import LAYOUTS
from extractors.wilson_center.urls import PATH_PREFIXES, classify, parse_listing_url
from schemas.errors import FetchError, SiteStoppedError, SourceError
from schemas.issues import (
    FAILED_CAPTURE,
    FETCH_FAILED,
    FUTURE_TIMESTAMP,
    INDEX_CUT,
    MALFORMED_CDX,
    SITE_STOPPED,
    Issue,
)
from schemas.records import (
    READ_OUTCOMES,
    ArchivedPage,
    Capture,
    Collection,
    Exchange,
    Headers,
    Item,
    KnownCapture,
    PageKind,
    Reference,
    first_header,
)

MAX_LINES = 5000
"""Captures that one answer of the index may hold, so that it stays well below the most that is read of a body."""

_BATCH_CAPTURES = 32  # bodies that are held at once
_FIRST_DAY = dt.date(1991, 8, 6)  # no web page is older than the web
_TIMESTAMP = "%Y%m%d%H%M%S"
_SECOND = dt.timedelta(seconds=1)
_DIGITS = re.compile(r"[0-9]{14}")
_STATUS = re.compile(r"-|[1-5][0-9]{2}")
_NOT_FOUND = 404
_MAX_TRIES = 10  # captures of one page, until one is a page that can be read
_CAPTURE_PATH = re.compile(r"/([0-9]{14})id_/(.+)", re.DOTALL)
_NO_STATUS = "-"  # of a capture that the archive stores as a reference to an earlier one
_NO_STATUSES = frozenset({"", "-1", "0"})  # as other servers write it
_MAX_QUOTE = 200

_ORIGINAL = "x-archive-orig-"
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
# What pywb and the server that it runs in say of the replay; most of these it renames where they were captured.
_OF_PYWB = frozenset(
    {
        "cache-control",
        "content-location",
        "content-security-policy",
        "date",
        "memento-datetime",
        "preference-applied",
        "server",
        "vary",
    }
)


class _Line(NamedTuple):
    """A capture as the index has it; an empty digest if it has none."""

    timestamp: str
    url: str
    status: str
    digest: str

    @property
    def instant(self) -> dt.datetime:
        return _instant(self.timestamp)


class _Page(NamedTuple):
    """What is one page, however its URL was written.

    Attributes:
        collection_id: Of a listing; `None` for a page of another kind.
        place: Number and size of a listing's page; of a page of another kind, its path.
    """

    collection_id: str | None
    place: tuple[int, int | None] | str


class _Wanted(NamedTuple):
    """Captures of a page, the best to ask for first: those that have one body, or those of which one is wanted."""

    page: _Page
    lines: tuple[_Line, ...]
    is_choice: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the index answered to one query.

    Attributes:
        malformed: Lines that cannot be read, each as it stands.
        resume_key: What to go on with; `None` if nothing more is there, or the dialect knows none.
        is_pywb: Whether it is in pywb's dialect.
        is_cut: Whether its end is missing.
    """

    lines: tuple[_Line, ...] = ()
    malformed: tuple[str, ...] = ()
    resume_key: str | None = None
    is_pywb: bool = False
    is_cut: bool = False

    @property
    def is_full(self) -> bool:
        """Whether more may be there than was asked for at once, with no key to go on with."""
        return self.is_pywb and len(self.lines) + len(self.malformed) >= MAX_LINES


class WaybackArchive(CapturedSource):
    """A web archive that is asked over HTTP."""

    uses_known = True

    def __init__(self, request: SourceRequest) -> None:
        super().__init__(request, f"wayback:{request.catalog.wayback.url}")

    def check(self) -> None:
        """Find out whether there is a contact for the User-Agent.

        Raises:
            UsageError: There is none.
        """
        user_agent(self._request.catalog)

    def _read(self, known: KnownPages) -> Iterator[Item]:
        return read_wayback(self._request.catalog, self._request.choice, known, self._skipped)


def read_wayback(catalog: Catalog, choice: Choice, known: KnownPages, skipped: Counter[str]) -> Iterator[Item]:
    """The captures that a web archive has of the archive's pages of every kind that is read, each page's body once.

    It runs an event loop of its own, and holds some bodies at a time. What the raw zone has is not asked for: of that,
    references are given. The robots.txt is not read: it is for crawlers that follow links, and these URLs are there
    for programs.

    Args:
        catalog: Says where the archive was, which web archive to ask, and how politely.
        choice: Which captures are wanted.
        known: What the raw zone has.
        skipped: What was left out, by kind; counted as it is met.

    Raises:
        UsageError: There is no contact.
        SourceError: The index cannot be had, is no CDX, or has no capture of such a page.
        SiteStoppedError: The web archive must not or cannot be asked for its index.
    """
    wayback = catalog.wayback
    with asyncio.Runner() as runner:
        with entered(
            runner, open_site(catalog, wayback.index_url, wayback.queries_per_second, is_web_archive=True)
        ) as site:
            index = _Index(site, catalog, choice)
            runner.run(index.read())
        yield from index.issues
        selection = _Selection(catalog, choice, skipped)
        yield from selection.add(index.lines)
        with entered(runner, open_site(catalog, wayback.url, wayback.pages_per_second, is_web_archive=True)) as site:
            replay = _Replay(site, catalog, choice, known, skipped, is_pywb=index.is_pywb)
            yield from _read_pages(runner, replay, selection.wanted())


# The index


class _Index:
    """What the index has of the archive's pages.

    Attributes:
        lines: Each capture once.
        issues: What could not be read of it.
        is_pywb: Whether it answers in pywb's dialect.
    """

    def __init__(self, site: Site, catalog: Catalog, choice: Choice) -> None:
        self.lines: dict[_Line, None] = {}  # the Internet Archive names some captures twice
        self.issues: list[Issue] = []
        self.is_pywb = False
        self._site = site
        self._url = catalog.wayback.index_url
        self._host = urlsplit(catalog.archive.url).netloc
        self._since, self._until = _period(choice)
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
            self.issues.append(INDEX_CUT.issue(message, found=f"{since:{_TIMESTAMP}}"))
        self._add(answer)
        used: set[str] = set()
        while (key := answer.resume_key) is not None:
            if key in used:
                raise SourceError(f"{self._url} goes in a circle: it names the resume key {key!r} again")
            used.add(key)
            answer = await self._ask(path, since, until, key)
            self._add(answer)

    async def _ask(self, path: str, since: dt.datetime, until: dt.datetime, resume_key: str | None = None) -> _Answer:
        query = {
            "url": self._host + path,
            "matchType": "prefix",
            "output": "json",
            "from": f"{since:{_TIMESTAMP}}",
            "to": f"{until:{_TIMESTAMP}}",
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
            return _read_cdx(fetched.decoded.decode("utf-8", "replace"))
        except FetchError as error:
            if error.status == _NOT_FOUND:  # how some servers say that they have nothing
                return _Answer()
            raise SourceError(f"{self._url}: the index of the web archive cannot be had: {error}") from error
        except ValueError as error:
            raise SourceError(f"{self._url}: this is not the index of a web archive: {error}") from error

    def _add(self, answer: _Answer) -> None:
        self.is_pywb = self.is_pywb or answer.is_pywb
        self.lines.update(dict.fromkeys(answer.lines))
        for text in answer.malformed:
            message = f"a line of the web archive's index is malformed: {_quoted(text)}"
            self.issues.append(MALFORMED_CDX.issue(message, found=text))
        if answer.is_cut:
            message = "the web archive's index ends early; captures may be missing"
            self.issues.append(INDEX_CUT.issue(message))


def _read_cdx(text: str) -> _Answer:
    """An answer of a CDX server.

    Raises:
        ValueError: It is none.
    """
    text = text.strip()
    if text.startswith("["):
        return _read_rows(text)
    texts = [line for line in text.split("\n") if line.strip()]
    good, bad = _sorted_out((line, _read_object(line)) for line in texts)
    if bad and not good:
        raise ValueError(f"it begins with {_quoted(texts[0])}")
    return _Answer(good, bad, is_pywb=bool(texts))


def _read_rows(text: str) -> _Answer:
    """Arrays with a header row, as the Internet Archive answers."""
    rows = _rows(text)
    if not rows:
        return _Answer()
    header = rows[0]
    if not isinstance(header, list) or not {"timestamp", "original", "statuscode"} <= set(map(str, header)):
        raise ValueError(f"it begins with {_quoted(text)}")
    resume_key = None
    if len(rows) > 2 and rows[-2] == [] and isinstance(rows[-1], list) and len(rows[-1]) == 1:
        resume_key = str(rows[-1][0])
        del rows[-2:]
    good, bad = _sorted_out((_shown(row), _read_row(header, row)) for row in rows[1:])
    return _Answer(good, bad, resume_key, is_cut=not text.endswith("]"))


def _rows(text: str) -> list[Any]:
    """The rows; one that cannot be read is the text of its line."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return [_row_of(line) for line in text.split("\n")]
    return rows if isinstance(rows, list) else []


def _row_of(line: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(f"[{line.strip().strip('[],')}]")
    except (ValueError, RecursionError):
        return line


def _shown(row: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return row if isinstance(row, str) else json.dumps(row)


def _read_row(header: list[Any], row: Any) -> _Line | None:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(row, list) or len(row) != len(header):
        return None
    fields = dict(zip(header, row, strict=True))
    return _line(fields["timestamp"], fields["original"], fields["statuscode"], fields.get("digest"))


def _read_object(text: str) -> _Line | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    return _line(fields.get("timestamp"), fields.get("url"), fields.get("status", _NO_STATUS), fields.get("digest"))


def _line(timestamp: object, url: object, status: object, digest: object) -> _Line | None:
    """A capture of the index; `None` if its fields make no sense."""
    if not isinstance(timestamp, str) or not isinstance(url, str):
        return None
    status = _NO_STATUS if status is None or str(status) in _NO_STATUSES else str(status)
    try:
        _instant(timestamp)
        url.encode()  # half of a surrogate pair is no URL
    except ValueError:
        return None
    if not url or _STATUS.fullmatch(status) is None:
        return None
    return _Line(timestamp, url, status, digest if isinstance(digest, str) and digest != "-" else "")


def _sorted_out(lines: Iterable[tuple[str, _Line | None]]) -> tuple[tuple[_Line, ...], tuple[str, ...]]:
    """The lines that could be read, and the texts of the others."""
    good: list[_Line] = []
    bad: list[str] = []
    for text, line in lines:
        if line is None:
            bad.append(text)
        else:
            good.append(line)
    return tuple(good), tuple(bad)


# What is wanted of it


class _Selection:
    """The captures to ask for, chosen from those of the index."""

    def __init__(self, catalog: Catalog, choice: Choice, skipped: Counter[str]) -> None:
        self._base = catalog.archive.url
        self._choice = choice
        self._skipped = skipped
        self._latest = dt.datetime.now(dt.UTC) + MAX_CLOCK_SKEW
        self._pages: dict[_Page, list[_Line]] = {}

    def add(self, lines: Iterable[_Line]) -> Iterator[Issue]:
        """Look at captures; gives an issue for each of a page that failed when it was captured."""
        for line in lines:
            page = _page_at(line.url, self._base)
            if page is None:
                self._skipped["not a page that is read"] += 1
            elif page.collection_id is None or self._choice.has(page.collection_id):
                yield from self._add(line, page)

    def wanted(self) -> Iterator[_Wanted]:
        """What to ask for, a page after the other."""
        for page, lines in self._pages.items():
            bodies: dict[str, list[_Line]] = {}
            for line in self._chosen(lines):
                bodies.setdefault(line.digest or f"{line.timestamp} {line.url}", []).append(line)
            if self._choice.captures != "all":
                yield _Wanted(page, tuple(same[0] for same in bodies.values())[:_MAX_TRIES], is_choice=True)
                continue
            for same in bodies.values():
                # A capture that is a reference itself is the last to be asked for.
                yield _Wanted(page, tuple(sorted(same, key=lambda line: (line.status == _NO_STATUS, line))))

    def _add(self, line: _Line, page: _Page) -> Iterator[Issue]:
        if line.instant > self._latest:  # the index gives what it was not asked for
            message = (
                f"the index dates this capture {_shown_instant(line)}, which is in the future; it was not asked for"
            )
            yield FUTURE_TIMESTAMP.issue(message, url=line.url, collection_id=page.collection_id)
            return
        match line.status[0]:
            case "3":
                self._skipped["redirect"] += 1
            case "4" | "5":
                yield _failed(line, page, f"HTTP {line.status}")
            case _ if line.status in ("200", _NO_STATUS):
                self._pages.setdefault(page, []).append(line)
            case _:
                self._skipped[f"HTTP {line.status}"] += 1

    def _chosen(self, lines: list[_Line]) -> list[_Line]:
        return sorted(lines, reverse=self._choice.captures == "latest")


def _page_at(url: str, base: str) -> _Page | None:
    """The page of the archive that a URL names; `None` if that is none of a kind that is read."""
    kind = classify(url, base)
    if kind not in LAYOUTS:
        return None
    listing = parse_listing_url(url, base)
    if listing is not None:
        return _Page(listing.collection_id, (listing.page, listing.items_per_page))
    return _Page(None, urlsplit(url.strip()).path.rstrip("/"))


# The captures


def _read_pages(runner: asyncio.Runner, replay: "_Replay", wanted: Iterator[_Wanted]) -> Iterator[Item]:
    """What comes of asking for captures, some at a time, until nothing is left or the web archive wants no more."""
    while (batch := tuple(islice(wanted, _BATCH_CAPTURES))) and replay.stopped is None:
        yield from runner.run(replay.read(batch))
    if replay.stopped is not None:
        left = replay.left + sum(len(each.lines) for each in (*batch, *wanted))
        message = f"{replay.stopped}; {left:,} captures were not read"
        yield SITE_STOPPED.issue(message)


class _Replay:
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
        self._period = _period(choice)
        self._known = known
        self._skipped = skipped
        self._is_pywb = is_pywb
        self._collections = {entry.collection.collection_id: entry.collection for entry in catalog.collections}
        self._given: set[tuple[_Page, dt.datetime]] = set()

    async def read(self, batch: Iterable[_Wanted]) -> list[Item]:
        """Ask for some captures; what came, in the order of `batch`."""
        found = await asyncio.gather(*map(self._read, batch))
        return [item for items in found for item in items]

    async def _read(self, wanted: _Wanted) -> list[Item]:
        """One capture with its body, and those with the same body as references to it."""
        if wanted.is_choice:
            return await self._read_choice(wanted)
        known = self._known_body(wanted)
        if known is not None:
            return [self._known_page(known, line, wanted.page) for line in wanted.lines]
        items: list[Item] = []
        for number, line in enumerate(wanted.lines):
            try:
                fetched = await self._site.fetch(f"{self._url}/{line.timestamp}id_/{line.url}")
                page = self._page_of(fetched, line, wanted.page)
            except FetchError as error:
                items.append(_lost(line, wanted.page, error))
                continue
            except SiteStoppedError as error:
                self.stopped = str(error)
                self.left += len(wanted.lines) - number
                return items
            if page is not None:
                items.append(page)
            if page is not None and page.payload_digest is not None:
                return [*items, *(self._reference(page, other) for other in wanted.lines[number + 1 :])]
        return items

    async def _read_choice(self, wanted: _Wanted) -> list[Item]:
        """The first capture that is a page of its URL which can be read; if none is, the first that was given."""
        items: list[Item] = []
        others: list[tuple[_Line, ArchivedPage]] = []
        for line in wanted.lines:
            known = self._known.archived(line.url, line.instant)
            if known is not None:
                page: ArchivedPage | None = self._known_page(known, line, wanted.page)
                is_read = self._known.was_read(known)
            else:
                try:
                    fetched = await self._site.fetch(f"{self._url}/{line.timestamp}id_/{line.url}")
                    page = self._page_of(fetched, line, wanted.page)
                except FetchError as error:
                    items.append(_lost(line, wanted.page, error))
                    continue
                except SiteStoppedError as error:
                    self.stopped = str(error)
                    self.left += 1
                    return [*items, *(page for _, page in others[:1])]
                is_read = page is not None and _can_be_read(page)
            if page is not None and is_read:
                return [*items, *(_unread(other, wanted.page) for other, _ in others), page]
            if page is not None:
                others.append((line, page))
        return [*items, *(page for _, page in others[:1])]

    def _known_body(self, wanted: _Wanted) -> KnownCapture | None:
        """The capture in the raw zone that has the body, if one of those that are wanted is there."""
        found = (self._known.archived(line.url, line.instant) for line in wanted.lines)
        return next((each for each in found if each is not None), None)

    def _known_page(self, known: KnownCapture, line: _Line, page: _Page) -> ArchivedPage:
        """A capture whose body the raw zone has, as a reference to that."""
        capture = Capture(line.url, b"", "", page.collection_id, line.instant, known.http_status)
        return ArchivedPage(capture, self._collection(line.url, page), revisits=known.reference)

    def _page_of(self, fetched: Fetched, line: _Line, page: _Page) -> ArchivedPage | None:
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
        at = memento or _instant(timestamp)
        if _page_at(url, self._base) != page:
            self._skipped["redirect"] += 1
            return None
        if not self._period[0] <= at <= self._period[1]:
            message = f"the web archive gives its capture of {at:%Y-%m-%dT%H:%M:%SZ} instead"
            raise FetchError(message, url=exchange.url, status=exchange.status)
        if (page, at) in self._given:
            self._skipped["capture that the web archive gives for another"] += 1
            return None
        self._given.add((page, at))
        headers, body = _as_captured(fetched, is_pywb=self._is_pywb)
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
            _instant(match[1])
        except ValueError as error:
            raise FetchError(f"the web archive leads to {url}, which names no timestamp", url=url) from error
        return match[1], match[2]

    def _reference(self, page: ArchivedPage, line: _Line) -> ArchivedPage:
        """A capture that has the body of another, which was read."""
        capture = replace(page.capture, url=line.url, body=b"", content_type="", captured_at=line.instant, headers=())
        reference = Reference(None, page.capture.url, page.capture.captured_at, page.payload_digest)
        return ArchivedPage(capture, page.collection, revisits=reference)

    def _collection(self, url: str, page: _Page) -> Collection | None:
        """The catalog's own collection of a listing, if it has it, for its name; `None` for a page of another kind."""
        if page.collection_id is None:
            return None
        known = self._collections.get(page.collection_id)
        if known is None:
            known = self._collections[page.collection_id] = CatalogEntry(address=url).collection
        return known


def _lost(line: _Line, page: _Page, error: FetchError) -> Issue:
    if error.is_archived:  # the index does not say of every capture what it is
        return _failed(line, page, str(error))
    message = f"the capture of {_shown_instant(line)} cannot be had: {error}"
    return FETCH_FAILED.issue(message, url=line.url, collection_id=page.collection_id)


def _failed(line: _Line, page: _Page, status: str) -> Issue:
    message = f"the page had failed when it was captured at {_shown_instant(line)}: {status}"
    return FAILED_CAPTURE.issue(message, url=line.url, collection_id=page.collection_id)


def _unread(line: _Line, page: _Page) -> Issue:
    message = f"the capture of {_shown_instant(line)} is no page that can be read; another one was taken"
    return FAILED_CAPTURE.issue(message, url=line.url, collection_id=page.collection_id)


def _can_be_read(page: ArchivedPage) -> bool:
    capture = page.capture
    try:
        body = decode_body(capture.body, content_encoding_of(capture.headers))
    except UndecodableError:
        return False
    return read_page(body, capture.url, capture.content_type).outcome in READ_OUTCOMES


def _as_captured(fetched: Fetched, *, is_pywb: bool) -> tuple[Headers, bytes]:
    """Headers and body that were captured.

    The Internet Archive renames all headers that were captured, so that all others are its own; pywb renames some. A
    body that was captured packed comes packed, with or without a header that says so, but that pywb unpacks what we do
    not ask for. The Internet Archive may pack one for the way alone.
    """
    exchange = fetched.exchanges[-1]
    headers = [
        (name[len(_ORIGINAL) :] if _is_renamed(name) else name, value)
        for name, value in exchange.headers
        if _is_renamed(name) or (is_pywb and not _is_of_pywb(name, value))
    ]
    if first_header(headers, "content-type") is None and (content_type := exchange.header("content-type")) is not None:
        headers.append(("Content-Type", content_type))
    was_packed = is_pywb or _coding(first_header(headers, "content-encoding")) is not None
    body = exchange.body if was_packed else fetched.decoded
    is_packed = _coding(exchange.header("content-encoding")) if was_packed else None
    coding = "gzip" if body.startswith(GZIP_MAGIC) else is_packed
    kept = tuple([(name, value) for name, value in headers if _is_true(name.lower(), value, coding, len(body))])
    if coding is not None and first_header(kept, "content-encoding") is None:
        kept = (*kept, ("Content-Encoding", coding))
    return kept, body


def _is_of_pywb(name: str, value: str) -> bool:
    # A page may have been captured with a Link of its own.
    return name.lower() in _OF_PYWB or (name.lower() == "link" and 'rel="timegate"' in value)


def _is_true(name: str, value: str, coding: str | None, length: int) -> bool:
    """Whether a header holds for the body as it came, whose chunks are undone."""
    match name:
        case "content-encoding":
            return coding is not None and _coding(value) == coding
        case "content-length":
            return value == str(length)
        case _:
            return name not in _HOP_BY_HOP


def _is_renamed(name: str) -> bool:
    return name.lower().startswith(_ORIGINAL)


def _coding(value: str | None) -> str | None:
    """A content-encoding; the Internet Archive is known to send an empty one, or one with a comma before it."""
    return (value or "").strip(", ").lower() or None


def _memento_instant(exchange: Exchange) -> dt.datetime | None:
    try:
        instant = parsedate_to_datetime(exchange.header("memento-datetime") or "")
    except (ValueError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


def _period(choice: Choice) -> tuple[dt.datetime, dt.datetime]:
    """First and last second that are wanted; none lies in the future."""
    first = choice.since or _FIRST_DAY
    latest = (dt.datetime.now(dt.UTC) + MAX_CLOCK_SKEW).replace(microsecond=0)
    last = dt.datetime.combine(choice.until or latest.date(), dt.time(23, 59, 59, tzinfo=dt.UTC))
    return dt.datetime.combine(first, dt.time(tzinfo=dt.UTC)), min(last, latest)


def _instant(timestamp: str) -> dt.datetime:
    """Of fourteen digits, UTC.

    Raises:
        ValueError: It is none.
    """
    if _DIGITS.fullmatch(timestamp) is None:
        raise ValueError(f"{timestamp!r} is no timestamp of fourteen digits")
    return dt.datetime.strptime(timestamp, _TIMESTAMP).replace(tzinfo=dt.UTC)


def _shown_instant(line: _Line) -> str:
    return f"{line.instant:%Y-%m-%dT%H:%M:%SZ}"


def _quoted(text: str) -> str:
    """The start of a text, in one line."""
    return repr(text[:_MAX_QUOTE])
