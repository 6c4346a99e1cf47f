"""How far a run is: a bar on a terminal, a plain line now and then elsewhere. Both go to standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from schemas.records import Progress

Watch = Callable[[Progress], None]
"""Is called for each page, with how far the run is."""

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def show_progress() -> Iterator[Watch]:
    """What to call for each page, while the block lasts."""
    with ExitStack() as stack:
        shown: Watch | None = None

        def watch(progress: Progress) -> None:
            nonlocal shown
            if shown is None:  # nothing is imported for a run that fetches nothing
                shown = stack.enter_context(_bar()) if sys.stderr.isatty() else plain_lines(_print)
            shown(progress)

        yield watch


def plain_lines(write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> Watch:
    """Writes a line every ten seconds.

    Args:
        write: Takes the line.
        clock: Seconds.
    """
    begun = written = clock()

    def watch(progress: Progress) -> None:
        nonlocal written
        now = clock()
        if now - written >= SECONDS_BETWEEN_LINES:
            written = now
            write(describe(progress, now - begun))

    return watch


def describe(progress: Progress, seconds: float) -> str:
    """One line on how far a run is, after so many seconds."""
    speed = f"{_rate(progress, seconds):.1f} a second, {progress.failed:,} failed"
    if progress.expected_pages is None or progress.pages > progress.expected_pages:  # more came than was foreseen
        return f"{progress.pages:,} pages, {speed}"
    left = time_left(progress, seconds)
    return f"{progress.pages:,} of {progress.expected_pages:,} pages, {speed}" + (f", {left}" if left else "")


def time_left(progress: Progress, seconds: float) -> str:
    """How long what is expected will take at the rate up to now; empty where nobody knows."""
    rate = _rate(progress, seconds)
    if not rate or progress.expected_pages is None or progress.pages > progress.expected_pages:
        return ""
    minutes, rest = divmod(round((progress.expected_pages - progress.pages) / rate), 60)
    return f"{minutes} min {rest:02d} s left"


def _rate(progress: Progress, seconds: float) -> float:
    """Pages a second, without those that were landed before this process began."""
    return (progress.pages - progress.resumed) / seconds if seconds > 0 else 0.0


def _print(line: str) -> None:
    print(f"wcda: {line}", file=sys.stderr, flush=True)  # noqa: T201 (it is the output)


@contextmanager
def _bar() -> Iterator[Watch]:
    from rich.console import Console  # what only a terminal needs
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("pages"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.1f}/s", justify="right"),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[failed]} failed"),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("pages", total=None, failed=0, rate=0.0, left="")
        begun = time.monotonic()

        def watch(progress: Progress) -> None:
            seconds = time.monotonic() - begun
            done, expected = progress.pages, progress.expected_pages
            if expected is not None:
                expected = max(done, expected)
            rate, left = _rate(progress, seconds), time_left(progress, seconds)
            bar.update(task, completed=done, total=expected, failed=progress.failed, rate=rate, left=left)

        yield watch
