"""Parsing the whole raw zone again, several segments at once."""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from extractors.parsed_cache import ParsedCache
from extractors.parsing import parse_segment
from extractors.raw_zone import RawZone
from schemas.errors import RawZoneError

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

FEWEST_SEGMENTS = 4
"""With fewer, processes take longer to start (some 0.7 s) than they save."""


def parse_anew(raw_zone: RawZone, cache: ParsedCache, segments: Sequence[Path], processes: int | None = None) -> None:
    """Parse segments, whatever the cache has of them, and keep what each yields.

    Memory does not grow with the segments, as each process holds one at a time.

    Args:
        raw_zone: That they belong to.
        cache: Where to keep what they yield.
        segments: Finished.
        processes: How many work at once; null for as many as there are cores, or one where that is as quick.

    Raises:
        RawZoneError: A segment cannot be read, or a process was killed.
    """
    if processes is None:
        processes = len(os.sched_getaffinity(0)) if len(segments) >= FEWEST_SEGMENTS else 1
    context = get_context("spawn")  # a fork would copy the locks that Prefect's threads hold
    taken = context.Value("i", 0)
    work = raw_zone.folder, cache.folder, segments
    helpers = min(processes, len(segments)) - 1
    # Nothing is started before something is submitted.
    with ProcessPoolExecutor(max(1, helpers), context, _begin_helper, (taken,)) as pool:
        others = [pool.submit(_help, *work) for _ in range(helpers)]
        _parse(taken, *work)
        try:
            for other in others:
                other.result()
        except BrokenProcessPool as error:
            raise RawZoneError(
                "a process that parsed segments was ended from outside; nothing was published"
            ) from error


def _parse(taken: "Synchronized[int]", raw_zone: Path, cache: Path, segments: Sequence[Path]) -> None:
    """Parse the next segment that nobody has taken, until there is none."""
    while True:
        with taken:
            place = taken.value
            taken.value += 1
        if place >= len(segments):
            return
        ParsedCache(cache).keep(RawZone(raw_zone), segments[place], parse_segment(segments[place]))


def _begin_helper(taken: "Synchronized[int]") -> None:
    """Take part in the work; and end with the process that started this one, which may be killed."""
    _taken_by_all.append(taken)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()


_taken_by_all: "list[Synchronized[int]]" = []  # what a helper was begun with: it cannot be sent with work


def _help(raw_zone: Path, cache: Path, segments: Sequence[Path]) -> None:
    _parse(_taken_by_all[0], raw_zone, cache, segments)
