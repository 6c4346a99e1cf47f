"""A run's way through the collections of a site: ask, land, read, and tell the plan what came."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from extractors.catalog import Catalog, CatalogEntry
from extractors.planning import CollectionPlan, PageView, RunPlan
from extractors.wilson_center.addresses import ListingAddress, listing_url
from schemas.errors import FetchError, SiteStoppedError, UsageError
from schemas.records import Issue, KnownCapture, PageRequest, Progress

if TYPE_CHECKING:
    from extractors.known_pages import KnownPages
    from extractors.landing import Landing
    from extractors.sources.site import Fetched, Site

_NOT_MODIFIED = 304
WHOLE_ARCHIVE = CatalogEntry(name="The whole archive", address="/search")
"""What is harvested where the catalog names no result set."""

_WHOLE_ID = WHOLE_ARCHIVE.collection.collection_id

Watch = Callable[[Progress], None]


class Crawl:
    """What is left to ask of a site, and what has come.

    Args:
        runner: The one event loop of the run.
        site: Opened.
        plan: Of the run.
        landing: Where to land what comes.
        known: What the raw zone had before the run.
        landed: What this very run had landed before it was killed, by address.
        workers: Requests that are under way at once.
        watch: Is told of each page.
    """

    def __init__(
        self,
        runner: asyncio.Runner,
        site: "Site",
        plan: RunPlan,
        landing: "Landing",
        known: "KnownPages",
        landed: dict[str, PageView],
        workers: int,
        watch: Watch,
    ) -> None:
        self._runner = runner
        self._site = site
        self._plan = plan
        self._landing = landing
        self._known = known
        self._landed = landed
        self._workers = workers
        self._watch = watch
        self._left = 0
        self._under_way = 0
        self._arrived = asyncio.Event()
        self._failed = 0
        self._done = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to ask for."""
        return self._plan.finished

    def begin(self) -> None:
        """Ask for robots.txt; if the site is not to be asked at all, nothing is left to ask for."""
        with self._landing.batch():
            self._runner.run(self._begin())

    def read_batch(self, pages: int) -> None:
        """Ask for some pages; all that came is on disk in the end."""
        with self._landing.batch():
            self._runner.run(self._read_batch(pages))

    def issues(self) -> list[Issue]:
        """An issue for each collection of which not all was read, or that is not what was asked for."""
        totals = self._plan.totals
        whole = totals.get(_WHOLE_ID, 0)
        message = "it has as many documents as the whole archive; the site may have ignored what was asked for"
        ignored = {name: message for name, total in totals.items() if total == whole > 0 and name != _WHOLE_ID}
        return [
            Issue("error", "incomplete-reading", reason, collection_id=collection_id)
            for collection_id, reason in (ignored | self._plan.reasons).items()
        ]

    async def _begin(self) -> None:
        try:
            self._landing.land_aside(await self._site.read_robots())
        except SiteStoppedError as error:
            self._stop(str(error))

    async def _read_batch(self, pages: int) -> None:
        self._left = pages
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while self._left > 0:
            request = self._next()
            if request is not None:
                self._left -= 1
                self._under_way += 1
                try:
                    await self._read(request)
                finally:
                    self._under_way -= 1
                    self._arrived.set()
            elif self._under_way:
                self._arrived.clear()
                await self._arrived.wait()
            else:
                return

    def _next(self) -> PageRequest | None:
        """The next page that this run has not landed yet."""
        while (request := self._plan.next()) is not None:
            view = self._landed.pop(request.url, None)
            if view is None:
                return request
            self._observe(request, view)
        return None

    async def _read(self, request: PageRequest) -> None:
        known = self._known.latest(request.url)
        try:
            fetched = await self._site.fetch(request.url, known.validators if known else None)
        except FetchError as error:
            self._fail(request, str(error))
        except SiteStoppedError as error:
            self._stop(str(error))
        else:
            self._observe(request, self._land(request, fetched, known))

    def _land(self, request: PageRequest, fetched: "Fetched", known: KnownCapture | None) -> PageView:
        *hops, answer = fetched.exchanges
        for hop in hops:
            self._landing.land_aside(hop)
        if answer.status == _NOT_MODIFIED and known is not None:
            self._landing.land_revisit(answer, request.collection_id, known)
            return self._known.view(known)
        return self._landing.land_page(answer, request.collection_id, fetched.decoded)

    def _observe(self, request: PageRequest, view: PageView) -> None:
        self._plan.observe(request, view)
        if view.outcome == "challenge":
            self._plan.stop("the site asked for proof of a human visitor")
        self._tell()

    def _fail(self, request: PageRequest, reason: str) -> None:
        place = {"url": request.url, "collection_id": request.collection_id}
        self._landing.land_issue(Issue("error", "fetch-failed", reason, **place))
        self._plan.fail(request, reason)
        self._failed += 1
        self._tell()

    def _stop(self, reason: str) -> None:
        if not self._plan.finished:
            self._landing.land_issue(Issue("error", "site-stopped", reason))
            self._plan.stop(reason)

    def _tell(self) -> None:
        self._done += 1
        self._watch(Progress(self._done, self._plan.expected_pages, self._failed))


@contextmanager
def open_crawl(
    catalog: Catalog,
    entries: list[CatalogEntry],
    landing: "Landing",
    known: "KnownPages",
    watch: Watch,
) -> Iterator[Crawl]:
    """A crawl of some collections, with its event loop and connections."""
    plan = RunPlan([_plan_of(entry, catalog.archive.url) for entry in entries])
    site = open_site(catalog)
    with asyncio.Runner() as runner:
        runner.run(site.__aenter__())
        try:
            landed = known.views_of_run(landing.run_id)
            yield Crawl(runner, site, plan, landing, known, landed, catalog.politeness.workers, watch)
        finally:
            runner.run(site.__aexit__(None, None, None))


def open_site(catalog: Catalog) -> "Site":
    """The site of a catalog, to be asked as politely as it says; a context manager.

    Raises:
        UsageError: There is no contact.
    """
    from extractors.sources.site import Site

    politeness = catalog.politeness
    return Site(
        catalog.archive.url,
        user_agent=user_agent(politeness.contact),
        requests_per_second=politeness.requests_per_second,
        workers=politeness.workers,
        timeout_seconds=politeness.timeout_seconds,
        attempts=politeness.attempts,
        backoff_seconds=politeness.backoff_seconds,
        longest_wait_seconds=politeness.longest_wait_seconds,
    )


def with_result_sets(catalog: Catalog) -> Catalog:
    """The catalog; with the whole archive where it names no result set."""
    if any(_is_asked_for(entry) for entry in catalog.collections):
        return catalog
    return catalog.model_copy(update={"collections": (*catalog.collections, WHOLE_ARCHIVE)})


def requested_entries(catalog: Catalog, collections: tuple[str, ...]) -> list[CatalogEntry]:
    """The result sets that a request means: of the catalog, or the whole archive where it names none.

    Raises:
        UsageError: A collection is not in the catalog.
    """
    entries = [entry for entry in with_result_sets(catalog).collections if _is_asked_for(entry)]
    known = {entry.collection.collection_id: entry for entry in entries}
    for collection in collections:
        if collection not in known:
            raise UsageError(f"{collection}: the catalog has no such collection of the present site")
    return [entry for key, entry in known.items() if not collections or key in collections]


def _is_asked_for(entry: CatalogEntry) -> bool:
    """Whether the present site lists the collection: saved pages are no listing, and the old site's are in archives."""
    return entry.listing is not None and entry.listing.old_set is None


def user_agent(contact: str | None) -> str:
    """What the site is told of who asks.

    Raises:
        UsageError: There is no contact.
    """
    if contact is None:
        raise UsageError(
            "a site must know whom to write to: give --contact, or contact under [politeness] of the catalog"
        )
    return f"wcda/{version('wcda')} (+{contact})"


def _plan_of(entry: CatalogEntry, base: str) -> CollectionPlan:
    listing = entry.listing or ListingAddress()
    return CollectionPlan(
        listing.collection_id, lambda page, items_per_page: listing_url(listing, page, items_per_page, base)
    )
