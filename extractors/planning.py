"""Which page of a listing to ask for next, and whether what came is all of it. Pure: it never fetches.

A collection is read in rounds, and a round begins when nothing of the former one is under way. The first asks for
page 0 alone, which shows the page size and the total; the next for all pages; the others for pages that failed:
those that do not fit their range line, that were seen under another total, or that lie between two places of one entry.
No page is read more than `MAX_READINGS` times, and a page is of no use whose total is beyond `MAX_TOTAL`, or has grown
by more than `MAX_GROWTH`, which bounds the whole.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from schemas.listings import Range, listing_entries, listing_range
from schemas.records import Outcome, PageRequest, ParsedPage

MAX_READINGS = 3
"""How often one page is asked for in all, whatever the cause."""

MAX_IN_A_ROW = 20
"""After so many readings in a row that are of no use, a collection is given up: more than may be under way at once."""


MAX_TOTAL = 1_000_000
"""Documents of one collection beyond which a site is not believed: the whole archive has some 20,000."""

MAX_GROWTH = 1000
"""Documents by which a total may grow within one reading beyond twice what it was first."""


@dataclass(frozen=True, slots=True)
class PageView:
    """What planning needs to know of a page.

    Attributes:
        range: The range line; `None` if the page has none.
        keys: A hash for each entry, in order.
    """

    outcome: Outcome
    range: Range | None = None
    keys: tuple[int, ...] = ()


def view_of(page: ParsedPage) -> PageView:
    """What planning needs to know of a page."""
    return PageView(page.outcome, listing_range(page), tuple(entry.key for entry in listing_entries(page)))


@dataclass(frozen=True, slots=True)
class _Reading:
    """A page that fits, and whether the reading of it before this one was the same."""

    total: int
    keys: tuple[int, ...]
    agreed: bool = field(default=False, compare=False)


class CollectionPlan:
    """The reading of one collection.

    Whenever nothing is under way, either `next` has a page to ask for or the plan is finished.

    Args:
        url_of: Gives the URL of a page, from 0, with so many entries to a page; `None` leaves that to the site.
        items_per_page: What to ask for at first.
        default_size: Entries to a page where the site is not asked for a number, or ignores it.
        foreseen_total: As the attribute.

    Attributes:
        foreseen_total: Documents that it is thought to have before a page shows it; `None` where nobody knows.
        finished: Nothing more will be asked for; what is still under way is of no interest.
        reason: Once finished: why the reading is not complete; `None` if it is.
    """

    def __init__(
        self,
        collection_id: str,
        url_of: Callable[[int, int | None], str],
        items_per_page: int,
        default_size: int,
        foreseen_total: int | None = None,
    ) -> None:
        self.collection_id = collection_id
        self.finished = False
        self.reason: str | None = None
        self._url_of = url_of
        self._items_per_page = None if items_per_page == default_size else items_per_page
        self._default_size = default_size
        self.foreseen_total = foreseen_total
        self._size: int | None = None  # not known before page 0 shows that there are more
        self._total: int | None = None
        self._first_total: int | None = None
        self._former_total: int | None = None
        self._witnessed_total: int | None = None
        self._in_a_row = 0
        self._head: int | None = 0
        self._round: Iterator[int] = iter(())
        self._under_way: set[int] = set()
        self._times_asked: Counter[int] = Counter()
        self._readings: dict[int, _Reading] = {}  # the latest of each page, if it fits
        self._with_total: Counter[int] = Counter()  # how many of them have this total
        self._failed_pages: dict[int, str] = {}  # why the latest reading of a page is of no use

    @property
    def total(self) -> int | None:
        """What the page that was seen last says that the listing holds; `None` before there is one."""
        return self._total

    @property
    def expected_pages(self) -> int:
        """How many pages the listing has, as far as is known."""
        if self._size is None or self._total is None:
            return 1
        return max(1, -(-self._total // self._size))

    @property
    def page_size(self) -> int | None:
        """Entries to a page, as page 0 shows it; `None` before that, or where all is on one page."""
        return self._size

    def foreseen_pages(self, size: int | None) -> int:
        """How many pages the listing has, as far as is known or was thought.

        Args:
            size: Entries to a page that another listing showed; `None` if none did yet.
        """
        if self._total is not None or self.foreseen_total is None:
            return self.expected_pages
        return max(1, -(-self.foreseen_total // (size or self._items_per_page or self._default_size)))

    @property
    def observed_pages(self) -> int:
        """How many pages are there, fit, and agree on the total: fewer again when the total changes."""
        return 0 if self._total is None else self._with_total[self._total]

    def next(self) -> PageRequest | None:
        """The page to ask for now; `None` when finished, or as long as it depends on what is under way."""
        page, self._head = self._head, None
        if page is None:
            page = next(self._round, None)
        if page is None:
            return None
        self._times_asked[page] += 1
        self._under_way.add(page)
        return PageRequest(self.collection_id, self._url_of(page, self._items_per_page), page)

    def observe(self, request: PageRequest, view: PageView) -> None:
        """Take in what came for a request; what nobody waits for is ignored."""
        page = request.page
        if view.outcome == "challenge":
            self._give_page_up(page, _unreadable(page, view))
        elif page in self._under_way:
            excess = self._excess(page, view)
            if excess is None:
                self._take_total(page, view)
            self._settle(page, excess or self._judged(page, view))

    def fail(self, request: PageRequest, reason: str) -> None:
        """The page could not be had; it is not asked for again."""
        self._give_page_up(request.page, f"page {request.page}: {reason}")

    def stop(self, reason: str) -> None:
        """Ask for nothing more; a reading that is not finished is incomplete for this reason."""
        if not self.finished:
            self._finish(reason)

    def _give_page_up(self, page: int, why: str) -> None:
        if page in self._under_way:
            self._times_asked[page] = MAX_READINGS
            self._settle(page, why)

    def _excess(self, page: int, view: PageView) -> str | None:
        """Why the total that a page reports is not believed; `None` if it is, or if there is none."""
        total = _total_of(view)
        if total is None:
            return None
        if total > MAX_TOTAL:
            return f"page {page} reports {total:,} documents; more than {MAX_TOTAL:,} are not read"
        if not self._first_total:
            self._first_total = total
        most = 2 * self._first_total + MAX_GROWTH
        if total > most:
            grown = f"page {page} reports {total:,} documents, and {self._first_total:,} were reported at first"
            return f"{grown}; at most {most:,} are read"
        return None

    def _take_total(self, page: int, view: PageView) -> None:
        total = _total_of(view)
        if total is None or (total == 0 and page > 0):  # only page 0 can say that there is nothing
            return
        if total != self._total:
            self._former_total, self._total = self._total, total
        if page == 0 and self._size is None and view.range and view.range.first == 1 <= view.range.last < total:
            self._size = view.range.last
            if self._size == self._default_size:
                self._items_per_page = None

    def _judged(self, page: int, view: PageView) -> _Reading | str:
        """The reading that a page gives, or what is wrong with it by its own range line."""
        total = _total_of(view)
        if total is None:
            return _unreadable(page, view)
        if total == 0 and page > 0:
            return f"page {page} shows no entries"
        shown = (view.range if total else None) or Range(0, 0, 0)
        first, last = self._span(page, total)
        if total > 0 and (shown.first, shown.last) != (first, last):
            return f"page {page} shows {shown.first} - {shown.last} where {first} - {last} was asked for"
        if len(view.keys) != shown.count:
            return f"page {page} shows {len(view.keys)} of {shown.count} entries"
        reading = _Reading(total, view.keys)
        if page > 0 and self._readings.get(0) == reading:  # whatever its range line says
            return f"page {page} shows the same entries as page 0"
        return reading

    def _span(self, page: int, total: int) -> tuple[int, int]:
        """First and last entry that a page must show."""
        size = self._size or total
        return page * size + 1, min((page + 1) * size, total)

    def _settle(self, page: int, found: _Reading | str) -> None:
        """Put down the reading of a page, or why it is of no use, in place of the former one."""
        self._under_way.discard(page)
        former = self._forget(page)
        if page < self.expected_pages:  # else the listing has shrunk, and the page is not needed
            if isinstance(found, str):
                self._mark_failed(page, found)
            else:
                self._keep(page, replace(found, agreed=found == former))
        if not self._under_way and not self.finished:
            self._go_on()

    def _forget(self, page: int) -> _Reading | None:
        former = self._readings.pop(page, None)
        if former is not None:
            self._with_total[former.total] -= 1
        self._failed_pages.pop(page, None)
        return former

    def _keep(self, page: int, reading: _Reading) -> None:
        self._in_a_row = 0
        self._readings[page] = reading
        self._with_total[reading.total] += 1

    def _mark_failed(self, page: int, why: str) -> None:
        self._in_a_row += 1
        self._failed_pages[page] = why
        if self._in_a_row == MAX_IN_A_ROW:
            self._finish(f"given up after {MAX_IN_A_ROW} useless answers in a row: {self._first_failure()}")

    def _go_on(self) -> None:
        """Find the next page to ask for, in this round or another; finish if there is none."""
        for pages in (self._round, self._outstanding(), self._suspects(), self._witness()):
            self._head = next(pages, None)
            if self._head is not None:
                self._round = pages
                return
        self._finish(self._shortfall())

    def _outstanding(self) -> Iterator[int]:
        """Pages that are not there, or not with the present total; each once, though the total change meanwhile."""
        if self.observed_pages == self.expected_pages:
            return
        for page in range(self.expected_pages):
            if page >= self.expected_pages:
                return
            reading = self._readings.get(page)
            if (reading is None or reading.total != self._total) and self._may_ask(page):
                yield page

    def _suspects(self) -> Iterator[int]:
        """Pages from one place of an entry to another: they shifted meanwhile, unless a second reading agrees."""
        if self.observed_pages < self.expected_pages:
            return
        spans, until = self._repeats()[1], -1
        for page in range(self.expected_pages):
            until = max(until, spans.get(page, -1))
            if page <= until and self._may_ask(page) and not self._readings[page].agreed:
                yield page

    def _witness(self) -> Iterator[int]:
        """Page 0, if the last page cannot be had: perhaps it is no longer there, which only another page can show."""
        last = self.expected_pages - 1
        if last > 0 and last in self._failed_pages and self._witnessed_total != self._total and self._may_ask(0):
            self._witnessed_total = self._total
            yield 0

    def _may_ask(self, page: int) -> bool:
        return self._times_asked[page] < MAX_READINGS

    def _repeats(self) -> tuple[int, dict[int, int]]:
        """How many distinct entries there are; and from which page to which one an entry repeats."""
        places: dict[int, int] = {}
        spans: dict[int, int] = {}
        for page in range(self.expected_pages):
            for key in self._readings[page].keys:
                if (first := places.setdefault(key, page)) < page:
                    spans[first] = page
        return len(places), spans

    def _shortfall(self) -> str | None:
        """Why the reading is not complete, now that nothing more can be done; `None` if it is."""
        if any(page < self.expected_pages for page in self._failed_pages):
            return self._first_failure()
        if self._total is None or self.observed_pages < self.expected_pages:
            return f"the total kept changing (last seen: {self._former_total}, then {self._total})"
        distinct = self._repeats()[0]
        if distinct < self._total:
            repeats = self._total - distinct
            words = "1 entry repeats" if repeats == 1 else f"{repeats} entries repeat"
            return f"{words}: {distinct} distinct documents of {self._total}"
        return None

    def _first_failure(self) -> str:
        pages = [page for page in self._failed_pages if page < self.expected_pages]
        others = f" (failed pages: {len(pages)})" if len(pages) > 1 else ""
        return self._failed_pages[min(pages)] + others

    def _finish(self, reason: str | None) -> None:
        self.finished = True
        self.reason = reason
        self._head = None
        self._round = iter(())
        for pages in (self._under_way, self._times_asked, self._readings, self._failed_pages):
            pages.clear()


class RunPlan:
    """The collections of a run, in order: a later one is begun while those before it wait for what is under way.

    Args:
        plans: One for each collection.
    """

    def __init__(self, plans: Iterable[CollectionPlan]) -> None:
        self._plans = {plan.collection_id: plan for plan in plans}
        self._open = dict(self._plans)
        self._size: int | None = None
        self._expected_pages = self._foreseen_pages()

    def foresee(self, totals: Mapping[str, int]) -> None:
        """Take in how many documents collections are thought to have, before anything is asked for."""
        for name, total in totals.items():
            self._plans[name].foreseen_total = total
        self._expected_pages = self._foreseen_pages()

    @property
    def finished(self) -> bool:
        """Whether nothing more will be asked for."""
        return not self._open

    @property
    def reasons(self) -> dict[str, str]:
        """Why readings are not complete, by collection; those that are finished and complete are not in it."""
        return {name: plan.reason for name, plan in self._plans.items() if plan.reason is not None}

    @property
    def totals(self) -> dict[str, int]:
        """What each listing says that it holds, by collection, as far as is known."""
        return {name: plan.total for name, plan in self._plans.items() if plan.total is not None}

    @property
    def expected_pages(self) -> int:
        """How many pages all collections have, as far as is known or was thought."""
        return self._expected_pages

    @property
    def observed_pages(self) -> int:
        """How many of them are there and fit."""
        return sum(plan.observed_pages for plan in self._plans.values())

    def next(self) -> PageRequest | None:
        """The page to ask for now; `None` when finished, or as long as it depends on what is under way."""
        return next((request for plan in self._open.values() if (request := plan.next()) is not None), None)

    def observe(self, request: PageRequest, view: PageView) -> None:
        """Take in what came for a request."""
        plan = self._plans[request.collection_id]
        before = plan.foreseen_pages(self._size)
        plan.observe(request, view)
        if plan.page_size not in (None, self._size):
            self._size = plan.page_size
            self._expected_pages = self._foreseen_pages()
        else:
            self._expected_pages += plan.foreseen_pages(self._size) - before
        self._close(request.collection_id)

    def fail(self, request: PageRequest, reason: str) -> None:
        """The page could not be had; it is not asked for again."""
        self._plans[request.collection_id].fail(request, reason)
        self._close(request.collection_id)

    def stop(self, reason: str) -> None:
        """Ask for nothing more; every collection that is not finished is incomplete for this reason."""
        for plan in self._open.values():
            plan.stop(reason)
        self._open.clear()

    def _foreseen_pages(self) -> int:
        return sum(plan.foreseen_pages(self._size) for plan in self._plans.values())

    def _close(self, collection_id: str) -> None:
        if self._plans[collection_id].finished:
            self._open.pop(collection_id, None)


def _total_of(view: PageView) -> int | None:
    """The total that a page reports; `None` if it reports none."""
    if view.outcome == "empty":
        return 0
    return view.range.total if view.outcome == "listing" and view.range is not None else None


def _unreadable(page: int, view: PageView) -> str:
    what = "no range line" if view.outcome == "listing" else view.outcome
    return f"page {page} could not be read ({what})"
