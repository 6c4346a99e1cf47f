"""Which page is asked for next, against a site that is a list of keys and can change between two requests."""

import pickle
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractors.planning import MAX_GROWTH, MAX_IN_A_ROW, MAX_READINGS, MAX_TOTAL, CollectionPlan, PageView, RunPlan
from schemas.listings import Range
from schemas.records import PageRequest

Answer = PageView | str  # a string: why the page could not be had
Change = Callable[[list[int]], None]

UNKNOWN = PageView("unknown")
EMPTY = PageView("empty", Range(0, 0, 0))
MAINTENANCE = PageView("maintenance")
CONCURRENCIES = (1, 16)


def url_of(page: int, items_per_page: int | None) -> str:
    return f"{items_per_page or 'plain'}/{page}"


def plan_of(name: str = "topics-1", items_per_page: int | None = 100) -> CollectionPlan:
    return CollectionPlan(name, url_of, items_per_page or 10, 10)


def listing(keys: list[int], page: int, size: int, *, shown: int | None = None) -> PageView:
    """A page of a list; its range line may be that of another page than the one that is shown."""
    start = page * size
    found = tuple(keys[start : start + size] if shown is None else keys[shown * size : (shown + 1) * size])
    return PageView("listing", Range(start + 1, min(start + size, len(keys)), len(keys)), found)


@dataclass
class Site:
    """A listing; `changes` happen just before the request of that number, from 0, is answered."""

    keys: list[int]
    honours_size: bool = False
    past_the_end: str = "unknown"
    changes: dict[int, Change] = field(default_factory=dict)
    answers: dict[int, list[Answer]] = field(default_factory=dict)
    """What is answered for a page in place of the truth; the last one for ever."""
    requests: list[PageRequest] = field(default_factory=list)

    def answer(self, request: PageRequest) -> Answer:
        if (change := self.changes.get(len(self.requests))) is not None:
            change(self.keys)
        self.requests.append(request)
        asked, page = request.url.split("/")
        assert int(page) == request.page
        planned = self.answers.get(request.page, [])
        if planned:
            return planned.pop(0) if len(planned) > 1 else planned[0]
        return self.truth(request.page, 100 if self.honours_size and asked == "100" else 10)

    def truth(self, page: int, size: int) -> Answer:
        if not self.keys:
            return EMPTY if page == 0 else UNKNOWN
        if page * size < len(self.keys):
            return listing(self.keys, page, size)
        last = (len(self.keys) - 1) // size
        past: dict[str, Answer] = {
            "unknown": UNKNOWN,
            "empty": EMPTY,
            "zero-range": PageView("listing", Range(0, 0, len(self.keys))),
            "no-entries": PageView("listing", Range(page * size + 1, len(self.keys), len(self.keys))),
            "last": listing(self.keys, last, size),
            "first": listing(self.keys, 0, size),
            "missing": "HTTP 404",
        }
        return past[self.past_the_end]

    @property
    def pages(self) -> list[int]:
        return [request.page for request in self.requests]

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.requests]


@dataclass
class Driver:
    """Asks, and brings answers in any order: `concurrency` requests are under way at most."""

    plan: CollectionPlan | RunPlan
    answer: Callable[[PageRequest], Answer]
    concurrency: int = 1
    order: random.Random = field(default_factory=lambda: random.Random(0))
    asked: int = 0
    most_pages: int = 1
    latest: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def run(self) -> "Driver":
        under_way: list[PageRequest] = []
        answered: list[tuple[PageRequest, Answer]] = []
        while True:
            while len(under_way) + len(answered) < self.concurrency and (request := self.plan.next()) is not None:
                self.asked += 1
                under_way.append(request)
            if not under_way and not answered:
                assert self.plan.finished
                assert self.plan.next() is None
                return self
            if under_way and (not answered or self.order.random() < 0.5):
                request = under_way.pop(self.order.randrange(len(under_way)))
                answered.append((request, self.answer(request)))
            else:
                self.bring(*answered.pop(self.order.randrange(len(answered))))

    def bring(self, request: PageRequest, answer: Answer) -> None:
        if isinstance(answer, str):
            self.plan.fail(request, answer)
        else:
            self.plan.observe(request, answer)
            self.latest[request.page] = answer.keys
        self.most_pages = max(self.most_pages, self.plan.expected_pages)

    @property
    def seen(self) -> list[int]:
        """The entries of the latest readings of all pages that the listing has in the end."""
        return [key for page in range(self.plan.expected_pages) for key in self.latest[page]]


def read(site: Site, concurrency: int = 1, *, items_per_page: int | None = 100, seed: int = 0) -> Driver:
    plan = plan_of(items_per_page=items_per_page)
    return Driver(plan, site.answer, concurrency, random.Random(seed)).run()


def reason_of(site: Site, concurrency: int = 1) -> str | None:
    plan = read(site, concurrency).plan
    assert isinstance(plan, CollectionPlan)
    return plan.reason


def add_first(keys: list[int]) -> None:
    keys.insert(0, -len(keys) - 1)


def add_in_the_middle(keys: list[int]) -> None:
    keys.insert(len(keys) // 2, -len(keys) - 1)


def add_last(keys: list[int]) -> None:
    keys.append(-len(keys) - 1)


def remove_first(keys: list[int]) -> None:
    del keys[:1]


def remove_last(keys: list[int]) -> None:
    del keys[-1:]


def replace_last_by_first(keys: list[int]) -> None:
    keys.insert(0, -1)
    keys.pop()


CHANGES = (add_first, add_in_the_middle, add_last, remove_first, remove_last)
PAST_THE_END = ("unknown", "empty", "zero-range", "no-entries", "last", "first", "missing")


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize("honours_size", [True, False])
@pytest.mark.parametrize("total", [1, 9, 10, 11, 89, 99, 100, 101, 250, 1000])
def test_each_page_of_a_listing_at_rest_is_asked_for_once(total: int, honours_size: bool, concurrency: int) -> None:
    site = Site(list(range(total)), honours_size)
    done = read(site, concurrency)

    size = 100 if honours_size else 10
    assert sorted(site.pages) == list(range(-(-total // size)))
    assert done.plan.observed_pages == done.plan.expected_pages == len(site.pages)
    assert done.seen == site.keys
    assert reason_of(site) is None


def test_the_size_of_a_page_is_kept_in_the_address_where_the_site_honours_it() -> None:
    site = Site(list(range(250)), honours_size=True)
    read(site)
    assert site.urls == ["100/0", "100/1", "100/2"]


def test_the_size_of_a_page_is_left_out_where_the_site_shows_ten_all_the_same() -> None:
    site = Site(list(range(25)))
    read(site)
    assert site.urls == ["100/0", "plain/1", "plain/2"]


def test_another_size_than_the_default_is_still_asked_for() -> None:
    keys = list(range(120))
    plan = plan_of()
    urls = []
    Driver(plan, lambda request: urls.append(request.url) or listing(keys, request.page, 50)).run()
    assert (plan.reason, urls) == (None, ["100/0", "100/1", "100/2"])


@pytest.mark.parametrize("items_per_page", [None, 10])
def test_plain_pages_from_the_start(items_per_page: int | None) -> None:
    site = Site(list(range(25)), honours_size=True)
    done = read(site, items_per_page=items_per_page)
    assert site.urls == ["plain/0", "plain/1", "plain/2"]
    assert done.seen == site.keys


def test_nothing_is_asked_for_before_page_0_is_there() -> None:
    plan = plan_of()
    first = plan.next()
    assert first is not None
    assert plan.next() is None
    assert not plan.finished
    plan.observe(first, listing(list(range(30)), 0, 10))
    assert [request.page for _ in range(2) if (request := plan.next())] == [1, 2]


def test_the_whole_archive_at_ten_to_a_page() -> None:
    site = Site(list(range(16_750)))
    done = read(site, 16)
    assert (done.asked, done.seen == site.keys) == (1675, True)


@given(
    st.integers(1, 240),
    st.integers(0, 30),
    st.sampled_from(CHANGES),
    st.booleans(),
    st.sampled_from(PAST_THE_END),
    st.sampled_from([1, 2, 5, 16]),
    st.integers(0, 2**16),
)
@example(91, 9, remove_first, False, "unknown", 1, 0)
@example(91, 9, remove_first, False, "missing", 16, 0)
@example(101, 1, remove_first, True, "unknown", 1, 0)
@example(91, 9, remove_first, False, "no-entries", 16, 0)
@example(1, 0, remove_first, True, "unknown", 1, 0)
@example(90, 8, add_first, False, "unknown", 16, 0)
def test_a_listing_that_changes_once_ends_complete(
    total: int, instant: int, change: Change, honours_size: bool, past_the_end: str, concurrency: int, seed: int
) -> None:
    site = Site(list(range(total)), honours_size, past_the_end, {instant: change})
    done = read(site, concurrency, seed=seed)

    assert isinstance(done.plan, CollectionPlan)
    assert done.plan.reason is None
    assert done.seen == site.keys


def test_a_page_that_a_smaller_listing_no_longer_has_does_not_stand_for_one_that_is_missing() -> None:
    site = Site(list(range(91)), past_the_end="no-entries", changes={9: remove_first}, answers={3: [MAINTENANCE]})
    done = read(site)
    assert isinstance(done.plan, CollectionPlan)
    assert done.plan.reason == "page 3 could not be read (maintenance)"
    assert Counter(site.pages)[3] == MAX_READINGS


@given(st.integers(21, 200), st.integers(1, 30), st.sampled_from([1, 16]), st.integers(0, 2**16))
@example(100, 5, 1, 0)
def test_what_is_complete_after_an_exchange_has_every_place_filled_once(
    total: int, instant: int, concurrency: int, seed: int
) -> None:
    site = Site(list(range(total)), changes={instant: replace_last_by_first})
    done = read(site, concurrency, seed=seed)

    assert isinstance(done.plan, CollectionPlan)
    if done.plan.reason is None:
        assert len(set(done.seen)) == len(done.seen) == total
    else:
        assert "repeat" in done.plan.reason or "same entries" in done.plan.reason
    if concurrency == 1:
        assert done.plan.reason is None
        assert done.seen == site.keys


def test_a_repetition_after_a_shift_has_the_pages_around_it_read_again_and_no_others() -> None:
    def move_on(keys: list[int]) -> None:
        keys.insert(35, keys.pop(65))

    site = Site(list(range(100)), changes={5: move_on})
    done = read(site)

    assert done.seen == site.keys
    # 49 stood on page 4, then on page 5; once page 4 is right, 39 stands on pages 3 and 4.
    assert Counter(site.pages[10:]) == {3: 1, 4: 2, 5: 1}


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
def test_a_document_that_the_site_lists_twice(concurrency: int) -> None:
    keys = list(range(50))
    keys[34] = 12
    site = Site(keys)
    assert reason_of(site, concurrency) == "1 entry repeats: 49 distinct documents of 50"
    assert sorted(site.pages) == sorted([*range(5), 1, 2, 3])


def test_a_document_twice_on_one_page_is_not_looked_at_again() -> None:
    site = Site([1, 1, 1, *range(2, 20)])
    assert reason_of(site) == "2 entries repeat: 19 distinct documents of 21"
    assert site.pages == [0, 1, 2]


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize(
    ("lying", "reason"),
    [
        (False, "page 1 shows 1 - 10 where 11 - 20 was asked for"),
        (True, "page 1 shows the same entries as page 0"),
    ],
)
def test_a_site_that_shows_the_same_page_for_every_page_is_given_up_soon(
    lying: bool, reason: str, concurrency: int
) -> None:
    keys = list(range(1000))
    plan = plan_of()

    def answer(request: PageRequest) -> PageView:
        return listing(keys, request.page, 10, shown=0) if lying else listing(keys, 0, 10)

    done = Driver(plan, answer, concurrency).run()

    assert plan.reason is not None
    assert plan.reason.startswith(f"given up after {MAX_IN_A_ROW} useless answers in a row: page ")
    if concurrency == 1:  # else the pages are as many, and others
        assert plan.reason.endswith(f"{reason} (failed pages: {MAX_IN_A_ROW})")
    assert done.asked < 1 + MAX_IN_A_ROW + concurrency


@pytest.mark.parametrize("lying", [False, True])
def test_the_same_page_for_two_pages(lying: bool) -> None:
    keys = list(range(20))
    site = Site(keys, answers={1: [listing(keys, 1, 10, shown=0) if lying else listing(keys, 0, 10)]})
    what = "the same entries as page 0" if lying else "1 - 10 where 11 - 20 was asked for"
    assert reason_of(site) == f"page 1 shows {what}"


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize(
    ("page", "answer", "reason"),
    [
        (
            5,
            PageView("listing", Range(51, 60, 89), tuple(range(50, 59))),
            "page 5 shows 9 of 10 entries",
        ),
        (2, MAINTENANCE, "page 2 could not be read (maintenance)"),
        (2, UNKNOWN, "page 2 could not be read (unknown)"),
        (2, EMPTY, "page 2 shows no entries"),
        (2, PageView("listing", None, (1,)), "page 2 could not be read (no range line)"),
    ],
)
def test_a_page_that_never_fits_is_asked_for_three_times_and_the_others_once(
    page: int, answer: PageView, reason: str, concurrency: int
) -> None:
    site = Site(list(range(89)), answers={page: [answer]})
    assert reason_of(site, concurrency) == reason
    assert Counter(site.pages) == {**dict.fromkeys(range(9), 1), page: MAX_READINGS}


@pytest.mark.parametrize("page", [0, 3, 8])
def test_a_page_that_fits_when_read_again(page: int) -> None:
    keys = list(range(89))
    site = Site(
        keys, answers={page: [MAINTENANCE, PageView("listing", Range(1, 10, 89), (1,)), listing(keys, page, 10)]}
    )
    done = read(site)
    assert isinstance(done.plan, CollectionPlan)
    assert (done.plan.reason, done.seen) == (None, keys)
    assert Counter(site.pages)[page] == MAX_READINGS


def test_many_pages_that_fit_when_read_again_are_no_reason_to_give_up_as_long_as_others_fit_between_them() -> None:
    keys = list(range(1000))
    site = Site(keys, answers={page: [MAINTENANCE, listing(keys, page, 10)] for page in range(1, 100, 2)})
    done = read(site)
    assert isinstance(done.plan, CollectionPlan)
    assert (done.plan.reason, done.seen) == (None, keys)


def test_a_page_0_that_lacks_an_entry_still_tells_the_size_and_the_total() -> None:
    site = Site(list(range(25)), answers={0: [PageView("listing", Range(1, 10, 25), tuple(range(9)))]})
    assert reason_of(site) == "page 0 shows 9 of 10 entries"
    assert Counter(site.pages) == {0: 3, 1: 1, 2: 1}


def test_the_size_of_a_page_is_settled_once() -> None:
    nine_of_ten = PageView("listing", Range(1, 10, 25), tuple(range(9)))
    site = Site(list(range(25)), answers={0: [nine_of_ten, listing(list(range(25)), 0, 5)]})
    assert reason_of(site) == "page 0 shows 1 - 5 where 1 - 10 was asked for"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (UNKNOWN, "page 0 could not be read (unknown)"),
        (
            PageView("listing", Range(11, 20, 89), tuple(range(10))),
            "page 0 shows 11 - 20 where 1 - 89 was asked for",
        ),
        (PageView("listing", Range(1, 0, 89)), "page 0 shows 1 - 0 where 1 - 89 was asked for"),
        (PageView("empty", None, (1, 2)), "page 0 shows 2 of 0 entries"),
        (PageView("empty", Range(1, 2, 2), (1, 2)), "page 0 shows 2 of 0 entries"),
    ],
)
def test_without_page_0_nothing_else_is_asked_for(answer: PageView, reason: str) -> None:
    site = Site(list(range(89)), answers={0: [answer]})
    assert reason_of(site) == reason
    assert site.pages == [0] * MAX_READINGS


def test_a_page_that_could_not_be_had_is_not_asked_for_again() -> None:
    site = Site(list(range(89)), answers={4: ["HTTP 500 five times"]})
    assert reason_of(site) == "page 4: HTTP 500 five times"
    assert sorted(site.pages) == list(range(9))


def test_a_last_page_that_could_not_be_had_has_page_0_asked_whether_it_is_still_there() -> None:
    site = Site(list(range(89)), answers={8: ["HTTP 500 five times"]})
    assert reason_of(site) == "page 8: HTTP 500 five times"
    assert site.pages == [*range(9), 0]


def test_page_0_that_could_not_be_had_ends_the_reading() -> None:
    site = Site(list(range(89)), answers={0: ["no connection"]})
    assert reason_of(site) == "page 0: no connection"
    assert site.pages == [0]


def test_several_failed_pages_are_counted() -> None:
    site = Site(list(range(89)), answers={6: ["HTTP 500"], 2: [MAINTENANCE]})
    assert reason_of(site) == "page 2 could not be read (maintenance) (failed pages: 2)"


def test_a_site_that_fails_is_given_up_soon() -> None:
    site = Site(list(range(1000)), answers={page: ["HTTP 500"] for page in range(3, 100)})
    reason = reason_of(site)
    assert reason == "given up after 20 useless answers in a row: page 3: HTTP 500 (failed pages: 20)"
    assert len(site.pages) == 3 + MAX_IN_A_ROW


@pytest.mark.parametrize("answer", [EMPTY, PageView("empty"), PageView("listing", Range(0, 0, 0))])
def test_an_empty_listing_is_complete(answer: PageView) -> None:
    site = Site([], answers={0: [answer]})
    done = read(site, 16)
    assert isinstance(done.plan, CollectionPlan)
    assert (done.plan.reason, done.seen, site.pages) == (None, [], [0])


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize("change", [add_first, remove_first])
def test_a_total_that_never_rests_ends_incomplete(change: Change, concurrency: int) -> None:
    site = Site(list(range(900)), changes=dict.fromkeys(range(10_000), change))
    done = read(site, concurrency)

    assert isinstance(done.plan, CollectionPlan)
    assert done.plan.reason is not None
    assert done.asked <= MAX_READINGS * done.most_pages
    if change is add_first:
        assert done.plan.reason.startswith("the total kept changing (last seen: ")
    if change is add_first and concurrency == 1:
        assert f"{len(site.keys) - 1}, then {len(site.keys)}" in done.plan.reason


def test_one_wrong_total_costs_one_page() -> None:
    keys = list(range(89))
    wrong = PageView("listing", Range(31, 40, 890_000_000), tuple(range(30, 40)))
    site = Site(keys, answers={3: [wrong, listing(keys, 3, 10)]})
    assert read(site).seen == keys
    assert Counter(site.pages)[3] == 2
    assert len(site.pages) == 10


@pytest.mark.parametrize(("total", "more"), [(900, 2), (10**12, 1)], ids=["believed", "beyond belief"])
def test_a_wrong_total_on_the_last_page_makes_no_queue_as_long_as_it_says(total: int, more: int) -> None:
    keys = list(range(90))
    wrong = PageView("listing", Range(81, 90, total), tuple(range(80, 90)))
    site = Site(keys, answers={8: [wrong, listing(keys, 8, 10)]})
    assert read(site).seen == keys
    assert len(site.pages) == 9 + more  # where it is believed, page 0 tells that the total is as it was


def fitting(page: int, size: int, total: int, first_key: int = 0) -> PageView:
    return listing(list(range(first_key, first_key + total)), page, size)


few = st.integers(-2, 60)
arbitrary_views = st.builds(
    PageView,
    st.sampled_from(["listing", "empty", "challenge", "maintenance", "unknown"]),
    st.none() | st.builds(Range, few, few, few),
    st.lists(st.integers(0, 5), max_size=5).map(tuple),
)
plausible_answers = st.builds(
    lambda size, total, first_key: lambda page: fitting(page, size, total, first_key),
    st.sampled_from([1, 2, 10]),
    st.integers(1, 60),
    st.integers(0, 3),
)
arbitrary_answers = plausible_answers | arbitrary_views.map(lambda view: lambda _: view) | st.just(lambda _: "HTTP 500")


@given(
    st.lists(arbitrary_answers | plausible_answers, min_size=1, max_size=40),
    st.integers(1, 20),
    st.integers(0, 2**16),
)
def test_whatever_is_answered_the_reading_ends(
    answers: list[Callable[[int], Answer]], concurrency: int, seed: int
) -> None:
    plan = plan_of()
    endless = cycle(answers)
    done = Driver(plan, lambda request: next(endless)(request.page), concurrency, random.Random(seed)).run()

    assert done.asked <= MAX_READINGS * done.most_pages
    if plan.reason is None:
        assert len(done.seen) == len(set(done.seen))
        assert plan.observed_pages == plan.expected_pages


def test_answers_that_nobody_waits_for_are_ignored() -> None:
    keys = list(range(20))
    plan = plan_of()
    first = plan.next()
    assert first is not None
    plan.observe(PageRequest("topics-1", "plain/1", 1), listing(keys, 1, 10))
    plan.fail(PageRequest("topics-1", "plain/1", 1), "HTTP 500")
    plan.observe(first, listing(keys, 0, 10))
    plan.observe(first, UNKNOWN)
    second = plan.next()
    assert second is not None
    plan.observe(second, listing(keys, 1, 10))
    plan.observe(second, UNKNOWN)
    plan.stop("too late")
    assert (plan.finished, plan.reason) == (True, None)


def test_a_challenge_gives_the_page_up() -> None:
    site = Site(list(range(30)), answers={1: [PageView("challenge")]})
    assert reason_of(site) == "page 1 could not be read (challenge)"
    assert site.pages == [0, 1, 2]


def test_a_finished_plan_holds_no_pages() -> None:
    done = read(Site(list(range(5000))), 16)
    assert len(pickle.dumps(done.plan)) < 1000


def run_of(sites: dict[str, Site], concurrency: int) -> tuple[Driver, list[str]]:
    asked: list[str] = []

    def answer(request: PageRequest) -> Answer:
        asked.append(f"{request.collection_id}/{request.page}")
        return sites[request.collection_id].answer(request)

    return Driver(RunPlan(plan_of(name) for name in sites), answer, concurrency).run(), asked


def three_sites() -> dict[str, Site]:
    return {name: Site(list(range(start, start + 30))) for start, name in enumerate("abc")}


def test_one_worker_reads_collections_one_after_the_other() -> None:
    _, asked = run_of(three_sites(), 1)
    assert asked == [f"{name}/{page}" for name in "abc" for page in range(3)]


def test_many_workers_read_each_page_once() -> None:
    done, asked = run_of(three_sites(), 16)
    assert sorted(asked) == [f"{name}/{page}" for name in "abc" for page in range(3)]
    assert (done.plan.expected_pages, done.plan.observed_pages) == (9, 9)


def test_a_worker_goes_on_with_the_next_collection_and_comes_back() -> None:
    plan = RunPlan(plan_of(name) for name in "ab")
    first, other = plan.next(), plan.next()
    assert first is not None
    assert other is not None
    assert (first.collection_id, other.collection_id, plan.next()) == ("a", "b", None)
    plan.observe(first, listing(list(range(30)), 0, 10))
    again = plan.next()
    assert again is not None
    assert (again.collection_id, again.page) == ("a", 1)


def test_the_reasons_of_a_run_are_those_of_its_short_collections() -> None:
    sites = three_sites()
    sites["b"].answers[1] = ["HTTP 500 five times"]
    done, _ = run_of(sites, 4)
    assert isinstance(done.plan, RunPlan)
    assert done.plan.reasons == {"b": "page 1: HTTP 500 five times"}


def test_a_run_that_is_stopped_asks_for_nothing_more() -> None:
    plan = RunPlan(plan_of(name) for name in "abc")
    first, other = plan.next(), plan.next()
    assert first is not None
    assert other is not None
    plan.observe(first, listing(list(range(5)), 0, 100))
    plan.stop("the site asks for proof of a human visitor")
    plan.observe(other, listing(list(range(30)), 0, 10))
    assert (plan.finished, plan.next()) == (True, None)
    assert plan.reasons == dict.fromkeys("bc", "the site asks for proof of a human visitor")


def test_a_run_without_collections_is_finished() -> None:
    assert RunPlan([]).finished


# Ceilings


def test_a_total_beyond_all_measure_is_not_believed() -> None:
    plan = plan_of()

    for _ in range(MAX_READINGS):
        request = plan.next()
        assert request is not None
        plan.observe(request, PageView("listing", Range(1, 10, 10**11), tuple(range(10))))

    assert plan.finished
    assert plan.reason == f"page 0 reports {10**11:,} documents; more than {MAX_TOTAL:,} are not read"


@pytest.mark.parametrize("step", [10, 1000])
def test_a_total_that_grows_with_each_page_ends_the_reading(step: int) -> None:
    plan, total = plan_of(items_per_page=None), 20

    while (request := plan.next()) is not None:
        first = request.page * 10 + 1
        plan.observe(request, PageView("listing", Range(first, first + 9, total), tuple(range(first, first + 10))))
        total += step

    assert f"20 were reported at first; at most {40 + MAX_GROWTH:,} are read" in (plan.reason or "")
    assert plan.expected_pages <= (40 + MAX_GROWTH) / 10


def test_a_page_with_the_range_of_another_never_counts() -> None:
    plan = plan_of(items_per_page=None)

    while (request := plan.next()) is not None:
        first = min(request.page, 1) * 10  # the last page is answered with the one before it
        view = PageView("listing", Range(first + 1, first + 10, 30), tuple(range(first, first + 10)))
        plan.observe(request, view)

    assert plan.reason == "page 2 shows 11 - 20 where 21 - 30 was asked for"
