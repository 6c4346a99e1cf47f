"""The live site as a source: what to ask next is planned, and each page is handed out as it comes."""

import asyncio
import datetime as dt
from collections.abc import Generator, Iterator, Mapping

from extractors.document_planning import due_documents
from extractors.known_pages import KnownPages
from extractors.parsing import read_page
from extractors.planning import PageView, RunPlan, view_of
from extractors.sources import SourceRequest
from extractors.sources.asking import entered, open_site, user_agent
from extractors.sources.estimate import Estimate
from extractors.sources.site import Fetched, Site
from extractors.wilson_center.catalog import CatalogEntry
from extractors.wilson_center.result_sets import (
    ARCHIVE_DOCUMENTS,
    WHOLE_ARCHIVE,
    plan_of,
    requested_entries,
    with_result_sets,
)
from extractors.wilson_center.urls import (
    ARCHIVE_URL,
    DEFAULT_SIZE,
    LARGE_SIZE,
    ListingUrl,
    classify,
    document_url,
    listing_url,
)
from schemas.document_records import PageFile
from schemas.errors import FetchError, SiteStoppedError
from schemas.issues import EMPTY_COLLECTION, FETCH_FAILED, INCOMPLETE_READING, SITE_STOPPED, Issue
from schemas.listings import listing_entries
from schemas.records import FILE, Alias, FetchedPage, Item, KnownCapture, PageRequest, Progress

_NOT_MODIFIED = 304
_CHALLENGED = "the site asked for proof of a human visitor"
_WHOLE_ID = WHOLE_ARCHIVE.collection.collection_id


class LiveSite:
    """The archive's own site.

    Args:
        request: What is asked of it.

    Raises:
        UsageError: A collection is not in the catalog.
    """

    live = True
    uses_known = True

    def __init__(self, request: SourceRequest) -> None:
        self._catalog = request.catalog
        self._choice = request.choice
        self._entries = requested_entries(self._catalog, request.choice.collections)
        self.name = f"site:{self._catalog.archive.url}"
        self.collections = tuple(entry.collection for entry in with_result_sets(self._catalog))
        self._plan = RunPlan([plan_of(entry, self._catalog.archive.url) for entry in self._entries])
        self._pages = 0
        self._failed = 0
        self._resumed = 0
        self._known_due = 0
        self._due_documents: int | None = None

    @property
    def progress(self) -> Progress:
        """How far it is, of the pages that are expected by now, those of documents among them."""
        expected = self._plan.expected_pages + self._expected_documents()
        return Progress(self._resumed + self._pages, expected, self._failed, self._resumed)

    def _expected_documents(self) -> int:
        """Pages of documents that will be asked for: those that are due, once that is known."""
        if not self._choice.documents:
            return 0
        if self._due_documents is not None:
            return self._due_documents
        return self._known_due or max(self._plan.totals.values(), default=0)

    def check(self) -> None:
        """Find out whether there is a contact for the User-Agent.

        Raises:
            UsageError: There is none.
        """
        user_agent(self._catalog)

    def items(self, known: KnownPages) -> Generator[Item, None, None]:
        """Each page as it comes, and what else the site answered, such as its robots.txt.

        Requests go on while an item is being used: what is sent meanwhile waits in the connection. Pages that the run
        had landed before it was killed are not asked for again.
        """
        choice = self._choice
        again = dt.timedelta(days=choice.document_days) if choice.documents else None
        max_bytes = choice.file_mebibytes * 1024**2 if choice.files else None
        workers = self._catalog.politeness.workers
        self._plan.foresee(self._known_totals(known))
        self._known_due = len(_due(known.documents, again)) if again is not None else 0
        crawl = _Crawl(open_site(self._catalog), self._plan, known, workers, again, max_bytes)
        with asyncio.Runner(loop_factory=_PausingLoop) as runner, entered(runner, crawl.site):
            runner.run(crawl.start())
            try:
                while not crawl.has_ended:
                    runner.run(crawl.wait())
                    self._resumed = crawl.resumed
                    self._due_documents = crawl.due_documents
                    for item in crawl.take():
                        self._count(item)
                        yield item
            finally:
                runner.run(crawl.leave())

    def _known_totals(self, known: KnownPages) -> dict[str, int]:
        """What the first page of each collection reported in an earlier run."""
        totals = {}
        for entry in self._entries:
            url = listing_url(entry.listing or ListingUrl(), 0, LARGE_SIZE, self._catalog.archive.url)
            latest = known.latest(url)
            line = known.view(latest).range if latest else None
            if line is not None:
                totals[entry.collection.collection_id] = line.total
        return totals

    def issues(self) -> list[Issue]:
        """An issue for each collection of which not all was read, or that is not what was asked for."""
        totals = self._plan.totals
        whole = totals.get(_WHOLE_ID, 0)
        message = "it has as many documents as the whole archive; the site may have ignored what was asked for"
        ignored = {name: message for name, total in totals.items() if total == whole > 0 and name != _WHOLE_ID}
        wrong = [
            INCOMPLETE_READING.issue(reason, collection_id=collection_id)
            for collection_id, reason in (ignored | self._plan.reasons).items()
        ]
        return wrong + [
            EMPTY_COLLECTION.issue(f"the site has no document for {_asked(entry)}", collection_id=name)
            for entry in self._entries
            if totals.get(name := entry.collection.collection_id) == 0 and name != _WHOLE_ID
        ]

    def estimate(self, totals: Mapping[str, int], documents: int | None = None) -> Estimate:
        """How many requests it would take.

        Args:
            totals: Documents of collections, where known; else what the catalog says holds.
            documents: Pages of documents that are due, where known; else as many as the largest collection has.
        """
        counts = {entry.collection.collection_id: entry.count for entry in self._entries}
        counts |= {name: totals[name] for name in counts if name in totals}
        assumed = 0
        if counts.get(_WHOLE_ID, 0) is None:
            counts[_WHOLE_ID] = assumed = max(ARCHIVE_DOCUMENTS, *(count or 0 for count in counts.values()))
        fewest, most = (
            1 + sum(_pages(count, size) for count in counts.values()) for size in (LARGE_SIZE, DEFAULT_SIZE)
        )
        pages = 0
        if self._choice.documents:
            pages = max((count or 0 for count in counts.values()), default=0) if documents is None else documents
        fewest, most = fewest + pages, most + pages
        rate = self._catalog.politeness.requests_per_second
        return Estimate(
            collections=len(counts),
            documents=pages,
            unknown=list(counts.values()).count(None),
            assumed=assumed,
            requests=fewest,
            hours=fewest / rate / 3600,
            most_requests=most,
            most_hours=most / rate / 3600,
            requests_per_second=rate,
        )

    def _count(self, item: Item) -> None:
        has_failed = isinstance(item, Issue) and item.kind == FETCH_FAILED.name
        self._failed += has_failed
        self._pages += has_failed or (isinstance(item, FetchedPage) and item.is_page and not item.is_file)


class _PausingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still while it does not run: no request times out for what is done meanwhile."""

    def __init__(self) -> None:
        self._paused = 0.0
        self._paused_at: float | None = None
        super().__init__()

    def time(self) -> float:
        """Seconds, without those in which the loop did not run."""
        return super().time() - self._paused

    def run_forever(self) -> None:
        """As asyncio has it."""
        if self._paused_at is not None:
            self._paused += self.time() - self._paused_at
        try:
            super().run_forever()
        finally:
            self._paused_at = self.time()


class _Crawl:
    """The tasks that ask a site, and what has come.

    Args:
        site: To be entered.
        plan: Of the run.
        known: What the raw zone had before.
        workers: Requests that are under way at once.
        ask_again: How old a page of a document is when it is asked for again; `None` to ask for none.
        max_file_bytes: The most that a file may have; `None` to ask for none.

    Attributes:
        site: The site.
        has_ended: Whether nothing more will come.
        resumed: How many pages the run had landed before it was killed, as far as the plan has come to them.
        due_documents: How many pages of documents are asked for; `None` as long as the listings are being read.
    """

    _running: "asyncio.Task[None]"

    def __init__(
        self,
        site: Site,
        plan: RunPlan,
        known: KnownPages,
        workers: int,
        ask_again: dt.timedelta | None,
        max_file_bytes: int | None,
    ) -> None:
        self.site = site
        self.has_ended = False
        self.resumed = 0
        self._plan = plan
        self._known = known
        self._workers = workers
        self._ask_again = ask_again
        self._max_file_bytes = max_file_bytes
        self._files: set[str] = set()
        self._named: set[str] = set()
        self._landed = known.views_of_resumed_run()
        self._under_way = 0
        self._settled = asyncio.Event()
        self._items: list[Item] = []
        self._has_news = asyncio.Event()
        self._has_stopped = False
        self._is_refused = False
        self.due_documents: int | None = None
        self._due: Iterator[str] = iter(())
        self._site_url = site.url

    async def start(self) -> None:
        """Begin to ask; it goes on whenever the event loop runs."""
        self._running = asyncio.create_task(self._run())

    async def wait(self) -> None:
        """Wait until something has come, or nothing more will.

        It gives nothing: for its handler of Ctrl-C, `asyncio.Runner` has the text of the whole result made.
        """
        await self._has_news.wait()
        self._has_news.clear()
        if self._has_stopped:
            await self._running  # an error of its is raised here
            self.has_ended = True

    def take(self) -> list[Item]:
        """What has come since the last call."""
        items, self._items = self._items, []
        return items

    async def leave(self) -> None:
        """Ask for nothing more, not even for what is under way."""
        self._running.cancel()
        await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            await self._read_robots()
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
            if self._ask_again is not None:
                await self._ask_for_documents(self._ask_again)
            if self._max_file_bytes is not None:
                await self._ask_for_files(self._max_file_bytes)
        finally:
            self._has_stopped = True
            self._has_news.set()

    async def _read_robots(self) -> None:
        try:
            self._hand_out(FetchedPage(await self.site.read_robots()))
        except SiteStoppedError as error:
            self._stop(str(error))

    async def _ask_for_documents(self, ask_again: dt.timedelta) -> None:
        """Ask for the pages of documents, once the listings have shown which there are."""
        urls = _due(dict.fromkeys(self._named) | self._known.documents, ask_again)
        self.due_documents = 0 if self._is_refused else len(urls)
        self._due = iter(urls)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work_on_documents())

    async def _work_on_documents(self) -> None:
        for url in self._due:
            if self._is_refused:
                return
            asked = self._at_site(url)
            known = self._known.latest(asked)
            try:
                fetched = await self.site.fetch(asked, known.validators if known else None)
            except FetchError as error:
                self._hand_out(FETCH_FAILED.issue(str(error), url=url))
            except SiteStoppedError as error:
                self._refuse(str(error))
            else:
                self._take_document(fetched, known)

    async def _ask_for_files(self, max_bytes: int) -> None:
        """Ask for the files that pages of documents show, and that were never captured."""
        captured = {url for url, is_captured in self._known.files.items() if is_captured}
        shown = {url for url in (*self._known.files, *self._files) if url.startswith(f"{ARCHIVE_URL}/")}
        self._due = iter(sorted(url for url in shown if self._at_site(url) not in captured))
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work_on_files(max_bytes))

    async def _work_on_files(self, max_bytes: int) -> None:
        for url in self._due:
            if self._is_refused:
                return
            try:
                fetched = await self.site.fetch(self._at_site(url), max_bytes=max_bytes)
            except FetchError as error:
                self._hand_out(FETCH_FAILED.issue(str(error), url=url))
            except SiteStoppedError as error:
                self._refuse(str(error))
            else:
                self._take_file(fetched)

    def _take_file(self, fetched: Fetched) -> None:
        *hops, answer = fetched.exchanges
        for hop in hops:
            self._hand_out(FetchedPage(hop))
        content_type = answer.header("content-type") or ""
        if not content_type.startswith("text/html"):
            self._hand_out(FetchedPage(answer, None, fetched.decoded, FILE))
            return
        page = read_page(fetched.decoded, answer.url, content_type)
        self._hand_out(FetchedPage(answer, None, fetched.decoded, page))
        if page.outcome == "challenge":
            self._refuse(_CHALLENGED)

    def _refuse(self, reason: str) -> None:
        """Ask for nothing more, and say why, once."""
        if not self._is_refused:
            self._is_refused = True
            self._hand_out(SITE_STOPPED.issue(reason))

    def _take_document(self, fetched: Fetched, known: KnownCapture | None) -> None:
        *hops, answer = fetched.exchanges
        for hop in hops:
            self._hand_out(FetchedPage(hop))
            one, other = self._canonical(hop.url), self._canonical(answer.url)
            if one and other and one != other:
                self._hand_out(Alias(one, other, "redirect"))
        if answer.status == _NOT_MODIFIED and known is not None:
            self._hand_out(FetchedPage(answer, known=known))
            return
        page = read_page(fetched.decoded, answer.url, answer.header("content-type"))
        self._files.update(row.url for row in page.rows.get("page_files", ()) if isinstance(row, PageFile) and row.url)
        self._hand_out(FetchedPage(answer, None, fetched.decoded, page))
        if page.outcome == "challenge":
            self._refuse(_CHALLENGED)

    def _canonical(self, url: str) -> str | None:
        return document_url(url.removeprefix(self._site_url))

    def _at_site(self, url: str) -> str:
        """Where the site has what a canonical URL names: it may be a replica."""
        return self._site_url + url.removeprefix(ARCHIVE_URL)

    async def _work(self) -> None:
        while True:
            request = self._next()
            if request is not None:
                self._under_way += 1
                try:
                    await self._fetch(request)
                finally:
                    self._under_way -= 1
                    self._settled.set()
            elif self._under_way:
                self._settled.clear()
                await self._settled.wait()
            else:
                return

    def _next(self) -> PageRequest | None:
        """The next page that this run has not landed yet."""
        while (request := self._plan.next()) is not None:
            view = self._landed.pop(request.url, None)
            if view is None:
                return request
            self.resumed += 1
            self._observe(request, view)
        return None

    async def _fetch(self, request: PageRequest) -> None:
        known = self._known.latest(request.url)
        try:
            fetched = await self.site.fetch(request.url, known.validators if known else None)
        except FetchError as error:
            self._fail(request, str(error))
        except SiteStoppedError as error:
            self._stop(str(error))
        else:
            self._observe(request, self._take(request, fetched, known))

    def _take(self, request: PageRequest, fetched: Fetched, known: KnownCapture | None) -> PageView:
        """Hand out what came for a request; gives what it shows."""
        *hops, answer = fetched.exchanges
        for hop in hops:
            self._hand_out(FetchedPage(hop))
        if answer.status == _NOT_MODIFIED and known is not None:
            self._hand_out(FetchedPage(answer, request.collection_id, known=known))
            return self._known.view(known)
        page = read_page(fetched.decoded, answer.url, answer.header("content-type"))
        self._named.update(entry.url for entry in listing_entries(page) if entry.url is not None)
        self._hand_out(FetchedPage(answer, request.collection_id, fetched.decoded, page))
        return view_of(page)

    def _observe(self, request: PageRequest, view: PageView) -> None:
        self._plan.observe(request, view)
        if view.outcome == "challenge":
            self._is_refused = True
            self._plan.stop(_CHALLENGED)

    def _fail(self, request: PageRequest, reason: str) -> None:
        self._hand_out(FETCH_FAILED.issue(reason, url=request.url, collection_id=request.collection_id))
        self._plan.fail(request, reason)

    def _stop(self, reason: str) -> None:
        self._is_refused = True
        if not self._plan.finished:
            self._hand_out(SITE_STOPPED.issue(reason))
            self._plan.stop(reason)

    def _hand_out(self, item: Item) -> None:
        self._items.append(item)
        self._has_news.set()


def _asked(entry: CatalogEntry) -> str:
    """What a collection asks for, as the catalog has it."""
    asked = ", ".join([*(entry.facets or ()), *filter(None, [entry.text and repr(entry.text), entry.address])])
    return f"{asked} ({entry.name})" if entry.name else asked


def _due(known: Mapping[str, dt.datetime | None], ask_again: dt.timedelta) -> list[str]:
    """URLs of documents to ask for, in their order."""
    urls = due_documents(known, dt.datetime.now(dt.UTC), ask_again)
    return [url for url in urls if classify(url) == "document"]


def _pages(count: int | None, size: int) -> int:
    return max(1, -(-(count or 0) // size))
