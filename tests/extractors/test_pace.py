import asyncio
import datetime as dt
from collections.abc import Callable
from email.utils import format_datetime
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.sources.pace import Pace, retry_after_seconds

NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


class Time:
    """A clock that only sleeping and working move on; each sleep can end late."""

    def __init__(self, late: Callable[[float], float] = lambda _seconds: 0.0) -> None:
        self.now = 100.0
        self.late = late
        self.during_next_sleep: Callable[[], None] | None = None

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        during, self.during_next_sleep = self.during_next_sleep, None
        if during is not None:
            during()
        self.now += seconds + self.late(seconds)
        await asyncio.sleep(0)

    def pace(self, interval: float) -> Pace:
        return Pace(interval, self, self.sleep)


async def starts(time: Time, pace: Pace, count: int, work: float = 0.0) -> list[float]:
    """Seconds after 100 at which so many requests start, each followed by some work."""
    found = []
    for _ in range(count):
        await pace.wait()
        found.append(time.now - 100)
        time.now += work
    return found


def test_requests_start_at_fixed_intervals() -> None:
    time = Time()
    assert asyncio.run(starts(time, time.pace(2), 4, work=0.5)) == [0, 2, 4, 6]


def test_without_an_interval_nobody_waits() -> None:
    time = Time()
    assert asyncio.run(starts(time, time.pace(0), 5)) == [0] * 5


def test_all_workers_share_one_pace_and_go_in_their_order() -> None:
    async def work(name: str) -> None:
        for _ in range(2):
            await pace.wait()
            found.append((name, time.now - 100))
            await asyncio.sleep(0)  # the request, while others wait

    async def run() -> None:
        await asyncio.gather(*map(work, "abc"))

    time = Time()
    pace = time.pace(1)
    found: list[tuple[str, float]] = []
    asyncio.run(run())
    assert found == [("a", 0), ("b", 1), ("c", 2), ("a", 3), ("b", 4), ("c", 5)]


def test_waking_a_little_late_each_time_costs_no_rate() -> None:
    time = Time(late=lambda _seconds: 0.03)
    found = asyncio.run(starts(time, time.pace(1), 1001))
    assert found[-1] == pytest.approx(1000.03)


def test_waking_very_late_each_time_costs_little_rate() -> None:
    time = Time(late=lambda _seconds: 0.08)
    found = asyncio.run(starts(time, time.pace(1), 1001))
    assert 1000 / (found[-1] - found[0]) > 0.95


def test_slots_that_slipped_are_not_made_up_for() -> None:
    async def run() -> list[float]:
        found = await starts(time, pace, 2)
        time.now += 50
        return found + await starts(time, pace, 4)

    time = Time()
    pace = time.pace(1)
    assert asyncio.run(run()) == pytest.approx([0, 1, 51, 51.95, 52.95, 53.95])


@given(st.lists(st.floats(0, 5), min_size=2, max_size=60), st.floats(0, 0.5))
def test_no_two_requests_are_nearer_than_95_percent_of_the_interval(work: list[float], late: float) -> None:
    async def run() -> list[float]:
        return [(await starts(time, pace, 1, seconds))[0] for seconds in work]

    time = Time(late=lambda _seconds: late)
    pace = time.pace(1)
    found = asyncio.run(run())
    assert all(after - before >= 0.95 - 1e-6 for before, after in pairwise(found))


def test_slowing_down_concerns_the_very_next_request() -> None:
    async def run() -> list[float]:
        found = await starts(time, pace, 2)
        pace.slow_down(10)
        return found + await starts(time, pace, 2)

    time = Time()
    pace = time.pace(1)
    assert asyncio.run(run()) == [0, 1, 11, 21]


def test_slowing_down_never_speeds_up() -> None:
    time = Time()
    pace = time.pace(5)
    pace.slow_down(1)
    assert asyncio.run(starts(time, pace, 3)) == [0, 5, 10]


def test_nothing_starts_during_a_pause() -> None:
    async def run() -> list[float]:
        found = await starts(time, pace, 1)
        pace.pause(30)
        pace.pause(10)
        return found + await starts(time, pace, 2)

    time = Time()
    pace = time.pace(1)
    assert asyncio.run(run()) == [0, 30, 31]


def test_a_pause_concerns_who_waits_already() -> None:
    time = Time()
    pace = time.pace(4)
    time.during_next_sleep = partial(pace.pause, 60)
    assert asyncio.run(starts(time, pace, 3)) == [0, 60, 64]


def test_a_pause_shorter_than_the_interval_changes_nothing() -> None:
    async def run() -> list[float]:
        found = await starts(time, pace, 1)
        pace.pause(1)
        return found + await starts(time, pace, 1)

    time = Time()
    pace = time.pace(5)
    assert asyncio.run(run()) == [0, 5]


def test_who_stops_waiting_uses_no_slot() -> None:
    async def run() -> float:
        await pace.wait()
        waiting = asyncio.create_task(pace.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return pace._next - time.now

    time = Time()
    pace = Pace(7, time)
    assert asyncio.run(run()) == 7


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("120", 120), (" 7 ", 7)])
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    assert retry_after_seconds(value, None, NOW) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Wed, 01 Jul 2026 12:00:30 GMT", 30),
        ("Wednesday, 01-Jul-26 12:00:30 GMT", 30),
        ("Wed Jul  1 12:00:30 2026", 30),
        ("Wed, 01 Jul 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after_as_an_instant_in_each_form_that_http_knows(value: str, seconds: float) -> None:
    assert retry_after_seconds(value, None, NOW) == seconds


def test_an_instant_is_counted_from_the_servers_own_clock() -> None:
    theirs = NOW + dt.timedelta(hours=3)
    value = format_datetime(theirs + dt.timedelta(seconds=45), usegmt=True)
    assert retry_after_seconds(value, format_datetime(theirs, usegmt=True), NOW) == 45
    assert retry_after_seconds(value, "yesterday", NOW) == 3 * 3600 + 45


@pytest.mark.parametrize(
    "value", [None, "", "soon", "-5", "1.5", "1e3", "٣", "9" * 400, "Wed, 99 Jul 2026 12:00:30 GMT", "12:00", "1 2"]
)
def test_nonsense_is_no_retry_after(value: str | None) -> None:
    assert retry_after_seconds(value, None, NOW) is None


@given(st.text(), st.text())
def test_no_text_raises_anything(value: str, date: str) -> None:
    seconds = retry_after_seconds(value, date, NOW)
    assert seconds is None or seconds >= 0
