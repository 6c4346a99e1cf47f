"""The live site as a source: what to ask next is planned, and each page is handed out as it comes."""

import asyncio
import datetime as dt
from collections.abc import Generator, Mapping

from extractors.known_pages import KnownPages
from extractors.planning import RunPlan
from extractors.sources import SourceRequest
from extractors.sources.asking import entered, open_site, user_agent
from extractors.sources.crawl import Crawl, PausingLoop, due_now
from extractors.sources.estimate import Estimate
from extractors.wilson_center.catalog import CatalogEntry
from extractors.wilson_center.result_sets import (
    ARCHIVE_DOCUMENTS,
    WHOLE_ARCHIVE,
    plan_of,
    requested_entries,
    with_result_sets,
)
from extractors.wilson_center.urls import (
    DEFAULT_SIZE,
    LARGE_SIZE,
    ListingUrl,
    listing_url,
)
from schemas.errors import UsageError
from schemas.issues import EMPTY_COLLECTION, FETCH_FAILED, INCOMPLETE_READING, LASTING, MOVED, Issue
from schemas.records import FetchedPage, Item, Progress

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
        """Find out whether there is a contact for the User-Agent, and whether a site can do what is asked.

        Raises:
            UsageError: There is none, or it cannot.
        """
        user_agent(self._catalog)
        if self._choice.since is not None or self._choice.until is not None:
            raise UsageError(
                "--since and --until choose among captures that others made, and a site has only the pages of today; "
                "leave them out, or give --from wayback or an archive"
            )

    def items(self, known: KnownPages) -> Generator[Item, None, None]:
        """Each page as it comes, and what else the site answered, such as its robots.txt.

        Requests go on while an item is being used: what is sent meanwhile waits in the connection. Pages that the run
        had landed before it was killed are not asked for again.
        """
        choice = self._choice
        workers = self._catalog.politeness.workers
        self._plan.foresee(self._known_totals(known))
        again = dt.timedelta(days=choice.document_days)
        self._known_due = len(due_now(known, (), again)) if choice.documents else 0
        crawl = Crawl(open_site(self._catalog), self._plan, known, workers, choice)
        with asyncio.Runner(loop_factory=PausingLoop) as runner, entered(runner, crawl.site):
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

    def estimate(self, totals: Mapping[str, int], documents: int | None = None, files: int = 0) -> Estimate:
        """How many requests it would take.

        Args:
            totals: Documents of collections, where known; else what the catalog says holds.
            documents: Pages of documents that are due, where known; else as many as the largest collection has.
            files: Files of documents that are due, as far as they are known.
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
        files = files if self._choice.files else 0
        fewest, most = fewest + pages + files, most + pages + files
        rate = self._catalog.politeness.requests_per_second
        return Estimate(
            collections=len(counts),
            documents=pages,
            files=files,
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
        is_absent = isinstance(item, Issue) and item.kind in LASTING and item.kind != MOVED.name
        self._pages += has_failed or is_absent or (isinstance(item, FetchedPage) and item.is_page and not item.is_file)


def _asked(entry: CatalogEntry) -> str:
    """What a collection asks for, as the catalog has it."""
    asked = ", ".join([*(entry.facets or ()), *filter(None, [entry.text and repr(entry.text), entry.address])])
    return f"{asked} ({entry.name})" if entry.name else asked


def _pages(count: int | None, size: int) -> int:
    return max(1, -(-(count or 0) // size))
