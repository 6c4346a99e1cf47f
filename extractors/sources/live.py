"""The live site as a source: what to ask next is planned, and each page is handed out as it comes."""

import asyncio
import datetime as dt
from collections.abc import Generator, Mapping

from extractors.document_planning import DocumentPlan, due_documents, is_whole_page_of
from extractors.known_pages import KnownPages
from extractors.parsing import read_page
from extractors.planning import PageView, RunPlan, view_of
from extractors.sources import SourceRequest
from extractors.sources.asking import entered, open_site, user_agent
from extractors.sources.estimate import Estimate
from extractors.sources.site import Fetched, Site
from extractors.wilson_center.catalog import CatalogEntry
from extractors.wilson_center.result_sets import WHOLE_ARCHIVE, plan_of, requested_entries, with_result_sets
from extractors.wilson_center.urls import ARCHIVE_URL, DEFAULT_SIZE, LARGE_SIZE, classify, document_url
from schemas.errors import FetchError, SiteStoppedError
from schemas.issues import EMPTY_COLLECTION, FETCH_FAILED, INCOMPLETE_READING, SITE_STOPPED, Issue
from schemas.listings import listing_entries
from schemas.records import Alias, FetchedPage, Item, KnownCapture, PageRequest, Progress

_NOT_MODIFIED = 304
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

    @property
    def progress(self) -> Progress:
        """How far it is, of the pages that are expected by now."""
        return Progress(self._resumed + self._pages, self._plan.expected_pages, self._failed)

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
        crawl = _Crawl(open_site(self._catalog), self._plan, known, self._catalog.politeness.workers, again)
        with asyncio.Runner(loop_factory=_PausingLoop) as runner, entered(runner, crawl.site):
            runner.run(crawl.start())
            try:
                while not crawl.has_ended:
                    runner.run(crawl.wait())
                    self._resumed = crawl.resumed
                    for item in crawl.take():
                        self._count(item)
                        yield item
            finally:
                runner.run(crawl.leave())

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
        counts = [totals.get(entry.collection.collection_id, entry.count) for entry in self._entries]
        fewest, most = (1 + sum(_pages(count, size) for count in counts) for size in (LARGE_SIZE, DEFAULT_SIZE))
        pages = 0
        if self._choice.documents:
            pages = max((count or 0 for count in counts), default=0) if documents is None else documents
        fewest, most = fewest + pages, most + pages
        rate = self._catalog.politeness.requests_per_second
        return Estimate(
            collections=len(counts),
            documents=pages,
            unknown=counts.count(None),
            requests=fewest,
            hours=fewest / rate / 3600,
            most_requests=most,
            most_hours=most / rate / 3600,
            requests_per_second=rate,
        )

    def _count(self, item: Item) -> None:
        has_failed = isinstance(item, Issue) and item.kind == FETCH_FAILED.name
        self._failed += has_failed
        self._pages += has_failed or (isinstance(item, FetchedPage) and item.is_page)


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

    Attributes:
        site: The site.
        has_ended: Whether nothing more will come.
        resumed: How many pages the run had landed before it was killed, as far as the plan has come to them.
    """

    _running: "asyncio.Task[None]"

    def __init__(
        self, site: Site, plan: RunPlan, known: KnownPages, workers: int, ask_again: dt.timedelta | None
    ) -> None:
        self.site = site
        self.has_ended = False
        self.resumed = 0
        self._plan = plan
        self._known = known
        self._workers = workers
        self._ask_again = ask_again
        self._named: set[str] = set()
        self._landed = known.views_of_resumed_run()
        self._under_way = 0
        self._settled = asyncio.Event()
        self._items: list[Item] = []
        self._has_news = asyncio.Event()
        self._has_stopped = False
        self._is_refused = False
        self._documents = DocumentPlan([])
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
        known = dict.fromkeys(self._named) | self._known.documents
        urls = [url for url in due_documents(known, dt.datetime.now(dt.UTC), ask_again) if classify(url) == "document"]
        self._documents = DocumentPlan(urls)
        if self._is_refused:
            self._documents.stop("the site must not or cannot be asked any more")
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work_on_documents())
        shortfall = self._documents.shortfall()
        if shortfall is not None:
            self._hand_out(INCOMPLETE_READING.issue(shortfall))

    async def _work_on_documents(self) -> None:
        while (url := self._documents.next()) is not None:
            asked = self._at_site(url)
            known = self._known.latest(asked)
            try:
                fetched = await self.site.fetch(asked, known.validators if known else None)
            except FetchError as error:
                self._hand_out(FETCH_FAILED.issue(str(error), url=url))
            except SiteStoppedError as error:
                self._stop_documents(str(error))
            else:
                self._take_document(url, fetched, known)

    def _stop_documents(self, reason: str) -> None:
        self._documents.stop(reason)
        if not self._is_refused:
            self._is_refused = True
            self._hand_out(SITE_STOPPED.issue(reason))

    def _take_document(self, url: str, fetched: Fetched, known: KnownCapture | None) -> None:
        *hops, answer = fetched.exchanges
        for hop in hops:
            self._hand_out(FetchedPage(hop))
            one, other = self._canonical(hop.url), self._canonical(answer.url)
            if one and other and one != other:
                self._hand_out(Alias(one, other, "redirect"))
        if answer.status == _NOT_MODIFIED and known is not None:
            self._hand_out(FetchedPage(answer, known=known))
            self._documents.observe(url, is_useful=True)
            return
        page = read_page(fetched.decoded, answer.url, answer.header("content-type"))
        self._hand_out(FetchedPage(answer, None, fetched.decoded, page))
        if page.outcome == "challenge":
            self._stop_documents("the site asked for proof of a human visitor")
        else:
            self._documents.observe(url, is_useful=is_whole_page_of(page, url, self._canonical(answer.url)))

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
            self._plan.stop("the site asked for proof of a human visitor")

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


def _pages(count: int | None, size: int) -> int:
    return max(1, -(-(count or 0) // size))
