"""What all sources of captures that others made have in common: limits, and what they count and report."""

import datetime as dt
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator

from extractors.known_pages import KnownPages
from extractors.sources import SourceRequest
from schemas.errors import FetchError, SiteStoppedError, SourceError
from schemas.issues import MISSING_COLLECTION, NOTHING_IN_PERIOD, PASSED_OVER, SOURCE_FAILED, Issue
from schemas.records import ArchivedPage, Item, Progress
from wcda.naming import suggestion

_UNDATED, _OF_ANOTHER_TIME = "page of unknown instant", "page of another time"
_LEFT_OUT = {
    _OF_ANOTHER_TIME: "captured at another time",
    _UNDATED: "with no known time of capture",
}


class CapturedSource(ABC):
    """A source of captures that others made: a web archive, a mirror, saved pages.

    Args:
        request: What is asked of it.
        name: As the tables name it.
    """

    live = False
    uses_known = False

    def __init__(self, request: SourceRequest, name: str) -> None:
        self.name = name
        self.collections = tuple(entry.collection for entry in request.catalog.collections)
        self._request = request
        self._skipped: Counter[str] = Counter()
        self._met: set[str] = set()
        self._pages = 0
        self._failed = 0

    @property
    def progress(self) -> Progress:
        """How far it is; how much is to come, nobody knows."""
        return Progress(self._pages, None, self._failed)

    @abstractmethod
    def check(self) -> None:
        """Find the mistakes in what a person asked for, before anything slow.

        Raises:
            UsageError: Something is missing or wrong.
            SourceError: The source is there, and empty.
        """

    def items(self, known: KnownPages) -> Generator[Item, None, None]:
        """What it has of what was asked for; an error that ends it is an issue."""
        try:
            for item in self._read(known):
                if not isinstance(item, ArchivedPage) or self._is_wanted(item):
                    self._count(item)
                    yield item
        except (FetchError, SiteStoppedError, SourceError) as error:
            failure = SOURCE_FAILED.issue(str(error))
            self._count(failure)
            yield failure

    def issues(self) -> list[Issue]:
        """Collections that it does not have, and how much was skipped."""
        names = dict.fromkeys(sorted(self._met)) | {each.collection_id: each.name for each in self.collections}
        missing = [
            MISSING_COLLECTION.issue(
                f"the source has no page of {collection}{suggestion(collection, names)}", collection_id=collection
            )
            for collection in self._request.choice.collections
            if collection not in self._met
        ]
        return [*self._nothing_in_period(), *missing, *_skipped_issues(self._skipped)]

    def _nothing_in_period(self) -> list[Issue]:
        """An issue if the days that a person named leave nothing of what is there."""
        choice = self._request.choice
        left_out = [f"{self._skipped[kind]:,} {words}" for kind, words in _LEFT_OUT.items() if self._skipped[kind]]
        if self._pages or not left_out:
            return []
        options = [f"--{name} {day}" for name, day in (("since", choice.since), ("until", choice.until)) if day]
        message = f"{' and '.join(options)} leaves nothing of the source: {', '.join(left_out)}"
        return [NOTHING_IN_PERIOD.issue(message)]

    @abstractmethod
    def _read(self, known: KnownPages) -> Iterator[Item]:
        """All that it has; what is no page of a listing is counted in `_skipped`, by kind.

        Raises:
            FetchError, SiteStoppedError, SourceError: Nothing more can be had.
        """

    def _is_wanted(self, page: ArchivedPage) -> bool:
        choice, at = self._request.choice, page.capture.captured_at
        if choice.since or choice.until:
            if at is None:
                self._skipped[_UNDATED] += 1
                return False
            if not (choice.since or dt.date.min) <= at.date() <= (choice.until or dt.date.max):
                self._skipped[_OF_ANOTHER_TIME] += 1
                return False
        if page.collection is None:
            return True
        self._met.add(page.collection.collection_id)
        return choice.has(page.collection.collection_id)

    def _count(self, item: Item) -> None:
        self._pages += isinstance(item, ArchivedPage)
        self._failed += isinstance(item, Issue) and item.level == "error"


def _skipped_issues(skipped: Counter[str]) -> list[Issue]:
    if not skipped:
        return []
    kinds = ", ".join(f"{kind}: {number:,}" for kind, number in skipped.most_common())
    message = f"{skipped.total():,} captures or files are no pages of a listing that was asked for"
    return [PASSED_OVER.issue(message, found=kinds)]
