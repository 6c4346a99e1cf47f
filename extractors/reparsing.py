"""Parsing many segments, several at once: in processes of this machine, or wherever `parse_segments` is called."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import accumulate, groupby
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path

from extractors.parsed_cache import ParsedCache, code_version, user_key
from extractors.raw_zone import RawZone
from schemas.errors import RawZoneError

PAYING_BYTES = 64 * 1024 * 1024
"""Of segments. With less, processes take longer to start (some 0.7 s) than they save."""

KILLED = "a process that parsed segments was ended from outside; nothing was published"

ParseAll = Callable[[Sequence[Path], Path], None]
"""Lets all segments be parsed, and what they yield be kept in a folder."""


def parse_segments(segments: Sequence[Path], parsed: Path, code: str, key: bytes | None = None) -> None:
    """Parse those segments that nobody has parsed before, one after the other, and keep what each yields.

    It may be called anywhere where both folders are at hand, by several at once, and again: that changes nothing.

    Args:
        segments: Finished, of one raw zone.
        parsed: Folder of the parsed cache.
        code: Version of the code that is to read them (`code_version`).
        key: What they yield is signed with it; `None` for that of the user here.

    Raises:
        RawZoneError: A segment cannot be read, or the code here is another.
    """
    if code != code_version():
        raise RawZoneError("a worker runs another release of wcda, Python or a library; install the same everywhere")
    cache = ParsedCache(parsed, key)
    for segment in segments:
        cache.parse(RawZone(segment.parent), segment)


def processes_that_pay(segments: Sequence[Path], paying_bytes: int = PAYING_BYTES) -> int:
    """As many processes as there are cores, or one where that is as quick."""
    return len(os.sched_getaffinity(0)) if sum(each.stat().st_size for each in segments) >= paying_bytes else 1


def batches(segments: Sequence[Path], count: int) -> list[list[Path]]:
    """Segments in so many batches, or fewer, of about as many bytes each."""
    ends = dict(zip(segments, accumulate(segment.stat().st_size for segment in segments), strict=True))
    total = ends[segments[-1]]
    return [list(batch) for _, batch in groupby(segments, lambda segment: (ends[segment] - 1) * count // total)]


def parse_in_processes(segments: Sequence[Path], parsed: Path, processes: int | None = None) -> None:
    """Parse segments in this process and in others that it starts.

    Memory does not grow with the segments, as each process holds one at a time. This one parses from the first moment
    on, and others join when they have started: so two take no longer than one, unless there is next to nothing to do.

    Args:
        segments: Finished, of one raw zone.
        parsed: Folder of the parsed cache.
        processes: How many work at once; `None` for as many as pay.

    Raises:
        RawZoneError: A segment cannot be read, or a process was killed.
    """
    code, key = code_version(), user_key()
    helpers = min(processes or processes_that_pay(segments), len(segments)) - 1
    # The largest first, so that in the end nobody waits for one that has just begun with a large one.
    todo = iter(sorted(segments, key=lambda segment: segment.stat().st_size, reverse=True))

    def take(parse: Callable[[Sequence[Path], Path, str, bytes], None]) -> None:
        try:
            for segment in todo:
                parse([segment], parsed, code, key)
        finally:
            list(todo)  # where one failed, nobody begins with another

    # No process is started before something is submitted. A fork would copy the locks that other threads hold.
    with ProcessPoolExecutor(max(1, helpers), get_context("spawn"), end_with_parent) as pool:

        def parse_there(segments: Sequence[Path], parsed: Path, code: str, key: bytes) -> None:
            with interrupts_blocked():
                parsing = pool.submit(parse_segments, segments, parsed, code, key)
            parsing.result()

        def help_once_started() -> None:
            # A process takes most of a second to start, in which this one may have parsed all that there is.
            with interrupts_blocked():
                starting = pool.submit(code_version)
            starting.result()
            take(parse_there)

        with ThreadPoolExecutor(max(1, helpers)) as threads:
            others = [threads.submit(help_once_started) for _ in range(helpers)]
            take(parse_segments)
        try:
            for other in others:
                other.result()
        except BrokenProcessPool as error:
            raise RawZoneError(KILLED) from error


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Keep Ctrl-C from the processes that this thread starts meanwhile: the process that started them ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """End this process with the one that started it, which may be killed."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
