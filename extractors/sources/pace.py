"""When the next request may start: one pace for all workers of a run, and what a site's `Retry-After` asks for.

It knows no network; clock and sleep can be given, so that tests need not wait.
"""

import asyncio
import datetime as dt
import re
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

_FORGIVEN = 0.05
"""Part of an interval by which a request may be late without moving those behind it. A loop wakes a little late each
time; so the rate holds, and yet no two requests are ever nearer than 95 % of the interval."""

_SECONDS = re.compile(r"[0-9]{1,9}")  # RFC 9110, 10.2.3; more digits than that is nonsense


class Pace:
    """Slots at fixed intervals, each for one request; a slot that nobody used is gone.

    Args:
        interval: Seconds between two requests; 0 for no delay.
        clock: Seconds of a clock that never goes back.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        interval: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval = interval
        self._clock = clock
        self._sleep = sleep
        self._next = clock()
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Wait until the next request may start; who came first goes first."""
        async with self._turn:
            # Again after each sleep: a pause may have been asked for in the meantime.
            while (delay := self._next - self._clock()) > 0:
                await self._sleep(delay)
            self._next = max(self._next, self._clock() - _FORGIVEN * self._interval) + self._interval

    def slow_down(self, interval: float) -> None:
        """Keep at least so many seconds between requests, from the last one on; never fewer than before."""
        if interval > self._interval:
            self._next += interval - self._interval
            self._interval = interval

    def pause(self, seconds: float) -> None:
        """Let no request start for so many seconds from now."""
        self._next = max(self._next, self._clock() + seconds)


def retry_after_seconds(value: str | None, date: str | None, now: dt.datetime) -> float | None:
    """Seconds to wait that a `Retry-After` asks for (RFC 9110, 10.2.3); `None` if there is none that makes sense.

    Args:
        value: The header: seconds, or a timestamp.
        date: The response's `Date`, from which a timestamp is counted, as the two clocks may differ.
        now: Our time, used where there is no `Date`.
    """
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    timestamp = _timestamp(value)
    if timestamp is None:
        return None
    return max(0.0, (timestamp - (_timestamp(date or "") or now)).total_seconds())


def _timestamp(text: str) -> dt.datetime | None:
    try:
        timestamp = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=dt.UTC)
