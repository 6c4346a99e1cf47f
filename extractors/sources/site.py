"""The live site, asked politely.

It gives exchanges as they went over the wire; what stands on a page is read elsewhere, but for one thing: an error
page may be a challenge, and a challenge is never asked for again.
"""

import asyncio
import datetime as dt
import random as randomness
import string
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from types import TracebackType
from typing import Self
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from extractors.content_encoding import DamagedBodyError, UndecodableError, content_encoding_of, decode_body
from extractors.sources.pace import Pace, retry_after_seconds
from extractors.sources.robots import Robots
from extractors.sources.wire import MAX_BODY_BYTES, Fields, TooLargeError, Wire
from extractors.wilson_center.layouts import refusals
from extractors.wilson_center.urls import ARCHIVE_HOSTS
from schemas.errors import FetchError, SiteStoppedError, TransientFetchError, UsageError
from schemas.records import Exchange, Validators

MAX_FAILURES_IN_A_ROW = 10
"""So many pages without one that succeeds: the site is down, or does not want us."""

MAX_REDIRECTS = 5
"""Redirects that are followed; RFC 9309, 2.3.1.2 names the same number for robots.txt."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})  # statuses that another try may change
_OVERLOAD = frozenset({429, 503})  # the site as a whole has too much to do: all workers hold off
_EXCLUSIONS = ("AdministrativeAccessControlException", "Blocked Site Error", "excluded from the Wayback Machine")
NO_SUCH_PAGE = frozenset({404, 410})
"""Statuses by which a site says that it has nothing at a URL."""

_PARTIAL_CONTENT = 206  # a part of a page, which nobody asked for
_OWN_PORTS = {"http": 80, "https": 443}
_TIMES = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of asking for a page.

    Attributes:
        exchanges: All hops in their order; the last has the final response.
        decoded: Body of the final response without its content-encoding.
    """

    exchanges: tuple[Exchange, ...]
    decoded: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    exchange: Exchange
    decoded: bytes
    is_challenge: bool = False

    @property
    def is_success(self) -> bool:
        return _is_success(self.exchange.status)


class _AttemptError(Exception):
    """One request failed in a way that may pass."""

    def __init__(
        self, reason: str, *, status: int | None = None, retry_after: float | None = None, is_overload: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        self.is_overload = is_overload


class _PageError(FetchError):
    """The page cannot be had, and the site is well."""


class ForbiddenError(_PageError):
    """robots.txt forbids the URL, or the one to which it leads."""


class _RedirectError(FetchError):
    """Redirects lead nowhere that we may go."""


class _StopSignal:
    """Once set, nobody goes on, and who waits stops waiting."""

    def __init__(self) -> None:
        self._error: Callable[[], SiteStoppedError] | None = None
        self._waits: set[asyncio.Timeout] = set()

    def check(self) -> None:
        """Raise what stopped the run, if something did."""
        if self._error is not None:
            raise self._error()

    def set(
        self,
        message: str,
        *,
        url: str | None = None,
        status: int | None = None,
        attempts: int = 1,
        retry_after: float | None = None,
    ) -> SiteStoppedError:
        """Stop everyone; the first error stands, and is for the caller to raise. Arguments as of `RequestError`."""
        self._error = self._error or partial(
            SiteStoppedError, message, url=url, status=status, attempts=attempts, retry_after=retry_after
        )
        now = asyncio.get_running_loop().time()
        while self._waits:
            self._waits.pop().reschedule(now)
        return self._error()

    async def guard(self, wait: Callable[[], Awaitable[object]]) -> None:
        """Wait for something, or until the signal is set, which is raised."""
        self.check()
        with suppress(TimeoutError):  # the only limit that is ever set is that of `set`
            async with asyncio.timeout(None) as limit:
                self._waits.add(limit)
                try:
                    await wait()
                finally:
                    self._waits.discard(limit)
        self.check()


class Site:
    """The live site; one event loop, and as many requests at once as there are workers.

    `read_robots` comes first: until then nothing is known to be forbidden. A challenge is returned like a page: the
    caller lands it, reads it, and stops. After a `SiteStoppedError` every further fetch raises the same at once.

    Args:
        archive_url: Any URL of the site; its host and port are where we stay.
        user_agent: Says who we are; robots.txt knows us by its first word, up to a slash.
        requests_per_second: Of all workers together; infinite for no delay.
        timeout_seconds: To connect, or without a further byte; a whole request may take four times as long.
        attempts: Requests for one URL before it is given up.
        backoff_seconds: Wait after a first failure, where the site names none; doubled after each further one.
        longest_wait_seconds: Most that is waited at once; a site that asks for more is not asked again.
        is_web_archive: Whether it is one, so that nobody who asks it is sent to web archives.
        random: Numbers from 0 to 1, which scatter the waits.

    Attributes:
        url: Of the site's root, without a slash at its end.
    """

    def __init__(
        self,
        archive_url: str,
        *,
        user_agent: str,
        requests_per_second: float,
        workers: int,
        timeout_seconds: float,
        attempts: int,
        backoff_seconds: float,
        longest_wait_seconds: float,
        is_web_archive: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        authority = _authority(archive_url)
        if authority is None:
            raise UsageError(f"{archive_url}: no address of a site")
        self._archive_url = archive_url
        self.url = "/".join(archive_url.split("/", 3)[:3])
        self._authority = authority
        self._hosts = ARCHIVE_HOSTS if authority in ARCHIVE_HOSTS else frozenset({authority})
        self._product_token = user_agent.partition("/")[0].partition(" ")[0]
        self._headers: Fields = (
            (b"User-Agent", user_agent.encode()),
            (b"Accept", b"text/html"),
            (b"Accept-Encoding", b"gzip"),
        )
        self._advice = "try another day" + ("" if is_web_archive else ", or harvest from web archives")
        self._attempts = attempts
        self._backoff_seconds = backoff_seconds
        self._longest_wait_seconds = longest_wait_seconds
        self._sleep = sleep
        self._random = random
        self._pace = Pace(1 / requests_per_second, clock, sleep)
        self._stop_signal = _StopSignal()
        self._robots = Robots(b"", self._product_token)
        self._failures_in_a_row = 0
        self._workers = asyncio.Semaphore(workers)
        # The last that was given back is taken first, so that a slow pace keeps to one connection.
        self._free = [Wire(archive_url, timeout_seconds) for _ in range(workers)]
        self._wires = tuple(self._free)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._stop_signal.set("the site was left; nothing more is asked of it")
        for wire in self._wires:
            await wire.aclose()

    def allows(self, url: str) -> bool:
        """Whether robots.txt lets us ask for the URL."""
        return self._robots.allows(url)

    async def read_robots(self) -> Exchange:
        """Ask for robots.txt, and from now on do as it says; its final response is returned, to be landed.

        If that is a challenge it is returned too, and the next fetch raises.

        Raises:
            SiteStoppedError: The site does not answer, or fails at robots.txt, or wants longer delays than we wait.
        """
        hops: list[_Answer] = []
        try:
            await self._follow(urljoin(self._archive_url, "/robots.txt"), self._headers, hops)
        except _RedirectError:
            pass  # RFC 9309, 2.3.1.2: as if there were none
        except FetchError as error:
            raise self._no_robots(error) from error
        answer = hops[-1]
        url, status = answer.exchange.url, answer.exchange.status
        if answer.is_challenge:
            self._stop_signal.set(f"the site met robots.txt with a challenge; {self._advice}", url=url, status=status)
        elif status >= 500:
            raise self._no_robots(FetchError(f"HTTP {status}", url=url, status=status))
        elif answer.is_success:  # RFC 9309, 2.3.1.3: else there are no rules
            self._obey(Robots(answer.decoded, self._product_token))
        return answer.exchange

    async def fetch(self, url: str, validators: Validators | None = None, max_bytes: int = MAX_BODY_BYTES) -> Fetched:
        """Ask for a page or a file, as often as is polite.

        The final response is a success, a challenge of any status, or 304 where validators were given.

        Args:
            url: Of the site.
            validators: Of a capture that is there already.
            max_bytes: Of the body, as it is sent.

        Raises:
            FetchError: The page cannot be had; the message is the reason.
            SiteStoppedError: The site must not or cannot be asked any more.
        """
        self._stop_signal.check()
        if _authority(url) not in self._hosts:
            raise FetchError(f"no address of {self._authority}", url=url)
        hops: list[_Answer] = []
        try:
            await self._follow(url, self._headers_with(validators), hops, max_bytes)
            self._check_final(hops[-1], is_conditional=validators is not None)
        except _PageError:
            raise
        except FetchError as error:
            if not isinstance(error, TooLargeError):  # which says nothing of the site
                self._count_failure(error)
            raise
        self._failures_in_a_row = 0
        return Fetched(tuple(hop.exchange for hop in hops), hops[-1].decoded)

    def _no_robots(self, error: FetchError) -> SiteStoppedError:
        # RFC 9309, 2.3.1.4: a site whose rules cannot be reached forbids everything.
        return self._stop_signal.set(
            f"robots.txt of {self._authority} cannot be had ({error}), so nothing may be asked for; try another day",
            url=error.url,
            status=error.status,
            attempts=error.attempts,
        )

    def _obey(self, robots: Robots) -> None:
        self._robots = robots
        if robots.interval > self._longest_wait_seconds:
            raise self._stop_signal.set(
                f"robots.txt of {self._authority} asks for {robots.interval:g} s between requests, "
                f"and at most {self._longest_wait_seconds:g} s are waited"
            )
        self._pace.slow_down(robots.interval)

    def _headers_with(self, validators: Validators | None) -> Fields:
        if validators is None:
            return self._headers
        fields = ((b"If-None-Match", validators.etag), (b"If-Modified-Since", validators.last_modified))
        conditions = [(name, value.encode("latin-1")) for name, value in fields if value is not None]
        return (*self._headers, *conditions)

    async def _follow(self, url: str, headers: Fields, hops: list[_Answer], max_bytes: int = MAX_BODY_BYTES) -> None:
        """Ask for a URL and for where it leads; each answer is added to `hops`."""
        next_url: str | None = url
        seen: set[str] = set()
        while next_url is not None:
            if next_url in seen or len(hops) > MAX_REDIRECTS:
                raise _RedirectError("redirected in a circle", url=next_url)
            if not self._robots.allows(next_url):
                raise ForbiddenError("robots.txt forbids this address", url=next_url)
            seen.add(next_url)
            hops.append(await self._ask(next_url, headers, max_bytes))
            next_url = self._target_within(hops[-1])

    def _target_within(self, answer: _Answer) -> str | None:
        """Where a redirect leads, if that is the archive; `None` if the answer is no redirect."""
        target = _target(answer)
        if target is not None and (authority := _authority(target)) not in self._hosts:
            message = f"redirected to {authority or 'no web page'}, which is not the archive"
            raise _RedirectError(message, url=answer.exchange.url, status=answer.exchange.status)
        return target

    def _check_final(self, answer: _Answer, *, is_conditional: bool) -> None:
        status = answer.exchange.status
        if answer.is_success or answer.is_challenge or (status == 304 and is_conditional):
            return
        is_archived = _is_memento(answer.exchange)
        kind = _PageError if status in NO_SUCH_PAGE or is_archived else FetchError
        raise kind(f"HTTP {status}", url=answer.exchange.url, status=status, is_archived=is_archived)

    def _count_failure(self, error: FetchError) -> None:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            message = f"{self._failures_in_a_row} pages in a row could not be had (the last: {error}); try another day"
            raise self._stop_signal.set(
                message, url=error.url, status=error.status, attempts=error.attempts, retry_after=error.retry_after
            ) from error

    async def _ask(self, url: str, headers: Fields, max_bytes: int) -> _Answer:
        """Ask for one URL until an answer comes that will not pass."""
        reasons: list[str] = []
        last = _AttemptError("it was never asked for")
        while len(reasons) < self._attempts:
            try:
                return self._judge(await self._send(url, headers, max_bytes))
            except _AttemptError as failure:
                reasons.append(failure.reason)
                last = failure
                await self._hold_off(url, failure, len(reasons))
        if not any(wire.has_answered for wire in self._wires):
            message = f"{self._authority} does not answer ({reasons[-1]}); {self._advice}"
            raise self._stop_signal.set(message, url=url, attempts=len(reasons))
        raise FetchError(
            _summed_up(reasons), url=url, status=last.status, attempts=len(reasons), retry_after=last.retry_after
        )

    def _judge(self, exchange: Exchange) -> _Answer:
        if _is_success(exchange.status):
            return _Answer(exchange, _decode(exchange))
        body = _decode_leniently(exchange)
        if _is_excluded(exchange, body):
            raise self._stop_signal.set(
                f"{self._authority} has excluded the site from what it plays; use another web archive, or files"
            )
        refusal = refusals.recognise(body.decode("utf-8", "replace"))
        if refusal is not None and refusal.outcome == "challenge":
            return _Answer(exchange, body, is_challenge=True)
        if exchange.status in _RETRYABLE and not _is_memento(exchange):
            now = dt.datetime.now(dt.UTC)
            raise _AttemptError(
                f"HTTP {exchange.status}",
                status=exchange.status,
                retry_after=retry_after_seconds(exchange.header("retry-after"), exchange.header("date"), now),
                is_overload=exchange.status in _OVERLOAD,
            )
        return _Answer(exchange, body)

    async def _hold_off(self, url: str, failure: _AttemptError, attempt: int) -> None:
        """Wait after a failed attempt: everyone, if the site asked for it or has too much to do, else this page."""
        wait = failure.retry_after
        if wait is not None and wait > self._longest_wait_seconds:
            raise self._stop_signal.set(
                f"{self._authority} asks us to wait {wait:g} s ({failure.reason}), "
                f"and at most {self._longest_wait_seconds:g} s are waited; try on a later day",
                url=url,
                status=failure.status,
                attempts=attempt,
                retry_after=wait,
            )
        if wait is None:
            longest = min(self._backoff_seconds * 2 ** (attempt - 1), self._longest_wait_seconds)
            # Half of it, and up to the whole: workers do not come back as one.
            wait = longest * (1 + self._random()) / 2
            if not failure.is_overload:
                if attempt < self._attempts:
                    await self._stop_signal.guard(partial(self._sleep, wait))
                return
        self._pace.pause(wait)

    async def _send(self, url: str, headers: Fields, max_bytes: int) -> Exchange:
        """One request and its response, when its turn has come."""
        async with self._wire() as wire:
            try:
                return await wire.get(url, headers, max_bytes)
            except TransientFetchError as error:
                raise _AttemptError(str(error), status=error.status) from error

    @asynccontextmanager
    async def _wire(self) -> AsyncIterator[Wire]:
        """A wire of one's own, once the pace lets the next request start."""
        await self._stop_signal.guard(self._workers.acquire)
        try:
            await self._stop_signal.guard(self._pace.wait)
            wire = self._free.pop()
            try:
                yield wire
            finally:
                self._free.append(wire)
        finally:
            self._workers.release()


def _is_success(status: int) -> bool:
    return 200 <= status < 300 and status != _PARTIAL_CONTENT


def _is_memento(exchange: Exchange) -> bool:
    """Whether a web archive plays what it captured (RFC 7089, 2.1.1), so that an error is not its own."""
    return exchange.header("memento-datetime") is not None


def _is_excluded(exchange: Exchange, body: bytes) -> bool:
    """Whether a web archive says that it plays nothing of a site, as the Wayback Machine does on request."""
    error = exchange.header("x-archive-wayback-runtime-error") or ""
    return any(mark in error or mark.encode() in body for mark in _EXCLUSIONS)


def _decode(exchange: Exchange) -> bytes:
    try:
        return decode_body(exchange.body, content_encoding_of(exchange.headers))
    except DamagedBodyError as error:
        raise _AttemptError(f"the body cannot be decoded: {error}", status=exchange.status) from error
    except UndecodableError as error:
        raise FetchError(f"the body cannot be decoded: {error}", url=exchange.url, status=exchange.status) from error


def _decode_leniently(exchange: Exchange) -> bytes:
    """Body of an error page, of which the status is enough."""
    try:
        return decode_body(exchange.body, content_encoding_of(exchange.headers))
    except UndecodableError:
        return b""


def _authority(url: str) -> str | None:
    """Host of a URL, with its port unless that is the scheme's own; `None` if it is no URL of a web page."""
    try:
        url.encode()  # half of a surrogate pair has no URL
    except ValueError:
        return None
    return _authority_of("/".join(url.split("/", 3)[:3]))


@lru_cache
def _authority_of(beginning: str) -> str | None:
    """As `_authority`, of a URL up to its path: a site's pages have few such beginnings."""
    try:
        parts = urlsplit(beginning)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _OWN_PORTS or not parts.hostname or parts.username is not None:
        return None
    return parts.hostname if port in (None, _OWN_PORTS[parts.scheme]) else f"{parts.hostname}:{port}"


def _target(answer: _Answer) -> str | None:
    """Where a redirect leads; `None` if the answer is none."""
    location = answer.exchange.header("location")
    if answer.exchange.status not in _REDIRECTS or location is None or answer.is_challenge:
        return None
    try:
        # Bytes beyond ASCII are quoted as they came (RFC 9110, 10.2.2 has none).
        return urldefrag(urljoin(answer.exchange.url, quote(location, safe=string.printable, encoding="latin-1"))).url
    except ValueError as error:
        raise _RedirectError("redirected to something that is no address") from error


def _summed_up(reasons: list[str]) -> str:
    if len(reasons) == 1:
        return reasons[0]
    times = _TIMES.get(len(reasons), f"{len(reasons)} times")
    different = list(dict.fromkeys(reasons))
    return f"{different[0]}, {times}" if len(different) == 1 else f"tried {times}: {', '.join(different)}"
