"""A run's way through what others captured: web archives, mirrors, saved pages. Takes one item after the other."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemas.errors import FetchError, SiteStoppedError, SourceError
from schemas.records import ArchivedPage, ArchiveItem, Issue, Progress

if TYPE_CHECKING:
    from extractors.landing import Landing
    from flows.crawl import Watch


class ArchiveHarvest:
    """What is left to take from a source, and what was met.

    Args:
        items: Of the source.
        passed_over: What the source has met that is no page of a listing, by kind; the source counts it.
        landing: Where to land what comes.
        wanted: Ids of collections to which the harvest is limited; empty for all.
        watch: Is told of each page.
    """

    def __init__(
        self,
        items: Iterator[ArchiveItem],
        passed_over: Counter[str],
        landing: "Landing",
        wanted: tuple[str, ...],
        watch: "Watch",
    ) -> None:
        self.finished = False
        self._items = items
        self._passed_over = passed_over
        self._landing = landing
        self._wanted = wanted
        self._watch = watch
        self._met: set[str] = set()
        self._pages = 0
        self._failed = 0

    def land_batch(self, items: int) -> None:
        """Take some items; all that came is on disk in the end."""
        with self._landing.batch():
            for _ in range(items):
                try:
                    item = next(self._items, None)
                except (FetchError, SiteStoppedError, SourceError) as error:
                    item = None
                    self._land_issue(Issue("error", "source-failed", str(error)))
                if item is None:
                    self.finished = True
                    return
                self._land(item)

    def issues(self) -> list[Issue]:
        """What concerns the whole source: collections that it does not have, and what was passed over."""
        missing = [
            Issue("error", "missing-collection", f"the source has no page of {collection}", collection_id=collection)
            for collection in self._wanted
            if collection not in self._met
        ]
        return [*missing, *_said_of(self._passed_over)]

    def _land(self, item: ArchiveItem) -> None:
        match item:
            case ArchivedPage(collection=collection):
                self._met.add(collection.collection_id)
                if not self._wanted or collection.collection_id in self._wanted:
                    self._landing.land_archived_page(item)
                    self._pages += 1
                    self._watch(Progress(self._pages, None, self._failed))
            case Issue():
                self._land_issue(item)
            case _:
                self._landing.land_alias(item)

    def _land_issue(self, issue: Issue) -> None:
        self._landing.land_issue(issue)
        self._failed += issue.level == "error"


def within(
    items: Iterator[ArchiveItem], since: dt.date | None, until: dt.date | None, passed_over: Counter[str]
) -> Iterator[ArchiveItem]:
    """The items without pages that were captured before one day or after another, or nobody knows when.

    Args:
        items: Of a source.
        since: First day; null for no such limit.
        until: Last day; likewise.
        passed_over: Counts what is left out.
    """
    for item in items:
        if isinstance(item, ArchivedPage) and (since or until):
            at = item.capture.captured_at
            if at is None:
                passed_over["page of unknown instant"] += 1
                continue
            if at.date() < (since or dt.date.min) or at.date() > (until or dt.date.max):
                passed_over["page of another time"] += 1
                continue
        yield item


def _said_of(passed_over: Counter[str]) -> list[Issue]:
    if not passed_over:
        return []
    kinds = ", ".join(f"{kind}: {number:,}" for kind, number in passed_over.most_common())
    message = f"{passed_over.total():,} captures or files are no pages of a listing that was asked for"
    return [Issue("info", "passed-over", message, found=kinds)]
