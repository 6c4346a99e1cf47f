"""What is promised of speed and memory, each measured beside a peer in the same run.

Times are wall times, as a person waits for them; where CPU is meant, it is said. Sizes are those of the archive, times
`--scale`.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import documents, live
from tests.benchmarks.live import WCDA, Cost, cost_of, require, require_rows, searches
from tests.benchmarks.size import Size
from tests.benchmarks.table import ROUNDS, Goal, Line, in_turn, line, median_ratio


def python(code: str) -> Cost:
    """What some Python costs, in a process of its own."""
    return cost_of(sys.executable, "-c", code)


def start(_size: Size) -> Iterator[Line]:
    """How soon a command does what it is there for."""
    with tempfile.TemporaryDirectory() as place:
        samples = (WCDA, "harvest", "--from", "samples", "--warehouse", f"{place}/w")
        cost_of(*samples)  # Prefect makes its database when it is first started
        sides: tuple[tuple[str, Callable[[], Cost], Callable[[], Cost], str, float], ...] = (
            ("wcda --help", lambda: cost_of(WCDA, "--help"), lambda: python("import typer"), "import typer", 0.1),
            (
                "harvest --from samples --direct",
                lambda: cost_of(*samples, "--direct"),
                lambda: python("import pandas, pyarrow.parquet, pyarrow.compute"),
                "import pandas, pyarrow",
                1,
            ),
            (
                "harvest --from samples, on Prefect's embedded API",
                lambda: cost_of(*samples),
                lambda: python("from prefect import flow; flow(lambda: None, name='nothing')()"),
                "an empty flow",
                8,
            ),
        )
        for what, our, their, peer, seconds in sides:
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(our())
                theirs.append(their())
            times = median_ratio([each.cpu_seconds for each in ours], [each.cpu_seconds for each in theirs])
            cpu = statistics.median(each.cpu_seconds for each in ours)
            wall = statistics.median(each.seconds for each in ours)
            more = f"CPU {cpu:.2f} s, {times:.2f} times the peer's"
            yield line(what, wall, Goal("below", seconds, "s"), peer, more)


def beside_scrapy(size: Size) -> Iterator[Line]:
    """Pages of a site, as quickly as it gives them: landed, read, published; beside Scrapy that extracts the rows."""
    with tempfile.TemporaryDirectory() as place, size.site() as site:
        addresses = Path(place, "addresses")
        searches = [f"{site.url}/search?page={page}" for page in range(-(-size.documents // live.PAGE_SIZE))]
        pages = [site.url + document.address for document in site.truth.documents]
        for what, asked, options in (
            ("listings", searches, ["--direct"]),
            ("listings and documents' own pages", [*searches, *pages], ["--direct", "--documents"]),
        ):
            addresses.write_text("\n".join(asked))
            ours, theirs = [], []
            for turn in range(ROUNDS):
                feed = f"{place}/{turn}.jsonl"
                theirs.append(cost_of(sys.executable, "-m", "tests.benchmarks.scrapy_peer", addresses, feed))
                with Path(feed).open("rb") as rows:
                    require("Scrapy's rows", sum(1 for _ in rows), size.documents + len(asked) - len(searches))
                ours.append(live.harvest(site, f"{place}/{what[-5:]}{turn}", options=options))
                require_rows(f"{place}/{what[-5:]}{turn}", "documents", size.documents)
            yield from _beside(what, len(asked), ours, theirs)


def _beside(what: str, pages: int, ours: list[Cost], theirs: list[Cost]) -> Iterator[Line]:
    rate, cpu, peak = (
        [statistics.median(getattr(each, name) for each in side) for side in (ours, theirs)]
        for name in ("seconds", "cpu_seconds", "peak_mib")
    )
    faster = median_ratio([each.seconds for each in theirs], [each.seconds for each in ours])
    less = median_ratio([each.cpu_seconds for each in ours], [each.cpu_seconds for each in theirs])
    rates = f"{pages / rate[0]:.0f} pages/s, Scrapy {pages / rate[1]:.0f}"
    yield line(f"live {what}", faster, Goal("at least", 2.5, "times"), "Scrapy", rates)
    each = f"{cpu[0] / pages * 1000:.2f} ms a page, Scrapy {cpu[1] / pages * 1000:.2f}"
    yield line(f"live {what}: CPU", less, Goal("at most", 0.45, "of its"), "Scrapy", each)
    yield line(f"live {what}: peak", peak[0], Goal("below", peak[1], "MiB"), f"Scrapy: {peak[1]:.0f} MiB")


def memory(size: Size) -> Iterator[Line]:
    """A harvest of documents' own pages from a WARC, and of half as many."""
    with tempfile.TemporaryDirectory() as place:
        whole, half = (Path(place, f"{name}.warc.gz") for name in ("whole", "half"))
        documents.write_crawl(whole, size.documents)
        documents.write_crawl(half, size.documents // 2)

        def peak(crawl: Path) -> Callable[[int], float]:
            def measure(turn: int) -> float:
                warehouse = f"{place}/{crawl.name}{turn}"
                return cost_of(WCDA, "harvest", "--from", crawl, "--direct", "--warehouse", warehouse).peak_mib

            return measure

        wholes, halves = in_turn(peak(whole), peak(half))
        peaks = f"{statistics.median(halves):.0f} MiB with half"
        what = f"harvest of {size.documents:,} pages of documents: peak"
        yield line(what, statistics.median(wholes), Goal("below", 350, "MiB"), "half as many", peaks)
        yield line(f"{what}, growth", median_ratio(wholes, halves), Goal("at most", 1.15, "times"), "half as many")


def rebuild(size: Size) -> Iterator[Line]:
    """The tables again from the raw zone, with one process and with two."""
    with tempfile.TemporaryDirectory() as place:
        with size.site() as site:
            whole = [live.ALL, *(one.path for one in site.truth.collections)]
            counts = {}
            for name, paths in (("few", [live.ALL]), ("many", whole)):
                site.clear_log()
                live.harvest(site, f"{place}/{name}", paths)
                counts[name] = len(searches(site))
        crawl = Path(place, "crawl.warc.gz")
        documents.write_crawl(crawl, size.documents)
        cost_of(WCDA, "harvest", "--from", crawl, "--direct", "--warehouse", f"{place}/documents")
        counts["documents"] = size.documents

        def seconds(name: str, processes: int) -> Callable[[int], float]:
            command = (WCDA, "rebuild", "--direct", "--warehouse", f"{place}/{name}", "--processes", str(processes))
            return lambda _turn: cost_of(*command).seconds

        for name, what, goal, times in (
            ("few", "listing pages", None, 1.0),
            ("many", "listing pages", 2500, 1.6),
            ("documents", "pages of documents", 1200, None),
        ):
            one, two = in_turn(seconds(name, 1), seconds(name, 2))
            rates = [counts[name] / statistics.median(each) for each in (one, two)]
            told = f"rebuild of {counts[name]:,} {what}"
            if goal:
                goal_of_rate = Goal("at least", goal, "pages/s")
                yield line(f"{told}, two processes", rates[1], goal_of_rate, "one process", f"{rates[0]:,.0f} with one")
            if times:
                faster = median_ratio(one, two)
                yield line(f"{told}, two processes", faster, Goal("at least", times, "times"), "one process")
