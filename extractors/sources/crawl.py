"""The tasks that ask a site: for the pages of listings as they are planned, then for documents' pages and files."""

import asyncio
import datetime as dt
from collections.abc import Iterable, Iterator

from extractors.document_planning import (
    Absences,
    DocumentPlan,
    due_documents,
    is_whole_page_of,
    says_that_there_is_none,
)
from extractors.known_pages import KnownPages
from extractors.parsing import read_page
from extractors.planning import PageView, RunPlan, view_of
from extractors.sources import Choice
from extractors.sources.site import NO_SUCH_PAGE, Fetched, ForbiddenError, Site
from extractors.sources.wire import MAX_BODY_BYTES, TooLargeError
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.urls import classify, document_url
from schemas.document_records import PageFile
from schemas.errors import FetchError, SiteStoppedError
from schemas.issues import FETCH_FAILED, GONE, INCOMPLETE_READING, MOVED, SITE_STOPPED
from schemas.listings import listing_entries
from schemas.records import FILE, Alias, FetchedPage, Item, KnownCapture, PageRequest

_NOT_MODIFIED = 304
_CHALLENGED = "the site asked for proof of a human visitor"


class PausingLoop(asyncio.SelectorEventLoop):
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


class Crawl:
    """The tasks that ask a site, and what has come.

    Args:
        site: To be entered.
        plan: Of the run.
        known: What the raw zone had before.
        workers: Requests that are under way at once.
        choice: Whether documents and files are asked for too, and how often.

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
        choice: Choice,
    ) -> None:
        self.site = site
        self.has_ended = False
        self.resumed = 0
        self._plan = plan
        self._known = known
        self._workers = workers
        self._choice = choice
        self._max_bytes = choice.file_mebibytes * 1024**2
        self._ask_again = dt.timedelta(days=choice.document_days)
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
        self._documents = DocumentPlan([])
        self._file_urls: Iterator[str] = iter(())
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
            if self._choice.documents:
                await self._ask_for_documents()
            if self._choice.files:
                await self._ask_for_files()
        finally:
            self._has_stopped = True
            self._has_news.set()

    async def _read_robots(self) -> None:
        try:
            self._hand_out(FetchedPage(await self.site.read_robots()))
        except SiteStoppedError as error:
            self._stop(str(error))

    async def _ask_for_documents(self) -> None:
        """Ask for the pages of documents, once the listings have shown which there are."""
        documents, absences = self._known.documents, self._known.absences
        known = {
            url: absence
            for url, absence in absences.items()
            if absence.kind != GONE.name or documents.get(url) == absence.at  # and did not come since
        }
        due = due_now(self._known, self._named, self._ask_again)
        urls = [url for url in due if url not in known or not known[url].is_final(MAX_BODY_BYTES)]
        self.due_documents = 0 if self._is_refused else len(urls)
        self._documents = DocumentPlan(urls, known)
        if self._is_refused:
            self._documents.stop("the site must not or cannot be asked any more")
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work_on_documents())
        shortfall = self._documents.end()
        self._hand_out_all(self._documents.absences.take())
        if shortfall is not None:
            self._hand_out(INCOMPLETE_READING.issue(shortfall))

    async def _work_on_documents(self) -> None:
        while (url := self._documents.next()) is not None:
            asked = self._at_site(url)
            known = self._known.latest(asked)
            try:
                fetched = await self.site.fetch(asked, known.validators if known else None)
            except ForbiddenError as error:
                self._documents.absences.add_forbidden(url, str(error))
            except TooLargeError as error:
                self._documents.observe_too_large(url, str(error), MAX_BODY_BYTES)
            except FetchError as error:
                if error.status in NO_SUCH_PAGE:
                    self._documents.observe_absence(url, str(error))
                else:
                    self._hand_out(FETCH_FAILED.issue(str(error), url=url))
            except SiteStoppedError as error:
                self._refuse(str(error))
            else:
                self._take_document(url, fetched, known)
            self._hand_out_all(self._documents.absences.take())

    async def _ask_for_files(self) -> None:
        """Ask for the files that pages of documents show, and that were never captured."""
        captured = {url for url, is_captured in self._known.files.items() if is_captured}
        shown = {url for url in (*self._known.files, *self._files) if url.startswith(f"{ARCHIVE_URL}/")}
        known = self._known.absences
        asked = {url: known[url].at if url in known and known[url].kind == GONE.name else None for url in shown}
        due = due_documents(asked, dt.datetime.now(dt.UTC), self._ask_again)
        left = [url for url in due if captured.isdisjoint((url, self._at_site(url)))]
        self._file_urls = iter([url for url in left if url not in known or not known[url].is_final(self._max_bytes)])
        absences = Absences(known)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work_on_files(absences))
        absences.end(is_doubtful=self._is_refused)
        self._hand_out_all(absences.take())

    async def _work_on_files(self, absences: Absences) -> None:
        for url in self._file_urls:
            if self._is_refused:
                return
            try:
                fetched = await self.site.fetch(self._at_site(url), max_bytes=self._max_bytes)
            except ForbiddenError as error:
                absences.add_forbidden(url, str(error))
            except TooLargeError as error:
                reason = f"{error}; a larger --file-mebibytes fetches it"
                absences.add_too_large(url, reason, self._max_bytes)
            except FetchError as error:
                if error.status in NO_SUCH_PAGE:
                    absences.add(url, str(error))
                else:
                    self._hand_out(FETCH_FAILED.issue(str(error), url=url))
            except SiteStoppedError as error:
                self._refuse(str(error))
            else:
                self._take_file(url, fetched, absences)
            self._hand_out_all(absences.take())

    def _take_file(self, url: str, fetched: Fetched, absences: Absences) -> None:
        *hops, answer = fetched.exchanges
        for hop in hops:
            self._hand_out(FetchedPage(hop))
        content_type = answer.header("content-type") or ""
        if not content_type.startswith("text/html"):
            absences.believe()
            self._hand_out(FetchedPage(answer, None, fetched.decoded, FILE))
            if hops:
                self._hand_out(MOVED.issue("the site leads from this file to another URL", found=answer.url, url=url))
            return
        page = read_page(fetched.decoded, answer.url, content_type)
        self._hand_out(FetchedPage(answer, None, fetched.decoded, page))
        if page.outcome == "challenge":
            self._refuse(_CHALLENGED)
        else:
            absences.add(url, "a page came instead of the file")

    def _refuse(self, reason: str) -> None:
        """Ask for nothing more, and say why, once."""
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
        if hops and self._documents.absences.is_known(url, GONE):
            self._hand_out(MOVED.issue("the site leads from this document to another URL", found=answer.url, url=url))
        if answer.status == _NOT_MODIFIED and known is not None:
            self._hand_out(FetchedPage(answer, known=known))
            self._documents.observe(url, is_useful=True)
            return
        page = read_page(fetched.decoded, answer.url, answer.header("content-type"))
        self._files.update(row.url for row in page.rows.get("page_files", ()) if isinstance(row, PageFile) and row.url)
        self._hand_out(FetchedPage(answer, None, fetched.decoded, page))
        if page.outcome == "challenge":
            self._refuse(_CHALLENGED)
        elif says_that_there_is_none(page):
            self._documents.observe_absence(url, page.issues[0].message)
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
            self._plan.stop(_CHALLENGED)

    def _fail(self, request: PageRequest, reason: str) -> None:
        self._hand_out(FETCH_FAILED.issue(reason, url=request.url, collection_id=request.collection_id))
        self._plan.fail(request, reason)

    def _stop(self, reason: str) -> None:
        self._is_refused = True
        if not self._plan.finished:
            self._hand_out(SITE_STOPPED.issue(reason))
            self._plan.stop(reason)

    def _hand_out_all(self, items: Iterable[Item]) -> None:
        for item in items:
            self._hand_out(item)

    def _hand_out(self, item: Item) -> None:
        self._items.append(item)
        self._has_news.set()


def due_now(known: KnownPages, named: Iterable[str], ask_again: dt.timedelta) -> list[str]:
    """URLs of documents to ask for, in their order.

    Args:
        known: What the raw zone has.
        named: URLs that pages showed since.
        ask_again: How old a capture is when its page is asked for again.
    """
    documents = dict.fromkeys(named) | known.documents
    asked = {url: at for url, at in documents.items() if url not in known.other_addresses}
    urls = due_documents(asked, dt.datetime.now(dt.UTC), ask_again)
    return [url for url in urls if classify(url) == "document"]
