"""What is promised of speed, memory and size, each measured beside a peer in the same run.

Times are wall times, as a person waits for them; where CPU is meant, it is said. Sizes are those of the archive, times
`--scale`.
"""

import gzip
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import documents, live
from tests.benchmarks.live import WCDA, Cost, cost_of, require, require_rows, searches
from tests.benchmarks.table import ROUNDS, Goal, Line, in_turn, line, median_ratio
from tests.extractors.foreign import response
from tests.replica import ReplicaSite, replica

SNAPSHOTS = 30
_CHANGED = 0.01


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything: the archive, times a factor."""

    scale: float = 1.0

    @property
    def documents(self) -> int:
        """Documents, each with an entry on a page of the whole list."""
        return max(20, round(live.DOCUMENTS * self.scale))

    @property
    def collections(self) -> int:
        """Collections beside the whole list."""
        return max(2, round(live.COLLECTIONS * self.scale))

    def site(self) -> "Site":
        """A stand-in for the archive of this size."""
        return Site(self)


class Site:
    """The replica of a size, while it runs."""

    def __init__(self, size: Size) -> None:
        self._made = replica(documents=size.documents, collections=size.collections, **live.SITE)

    def __enter__(self) -> ReplicaSite:
        return self._made.__enter__()

    def __exit__(self, *problem: object) -> None:
        self._made.__exit__(*problem)  # type: ignore[arg-type]


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


def repeat(size: Size) -> Iterator[Line]:
    """All collections, and again with nothing changed."""
    with tempfile.TemporaryDirectory() as place, size.site() as site:
        whole = [live.ALL, *(one.path for one in site.truth.collections)]
        shares, bodies, written = [], [], []
        for turn in range(ROUNDS):
            warehouse = f"{place}/{turn}"
            first = live.harvest(site, warehouse, whole)
            former = _files(warehouse)
            site.clear_log()
            again = live.harvest(site, warehouse, whole)
            shares.append(again.cpu_seconds / first.cpu_seconds)
            bodies.append(sum(request["bytes"] for request in searches(site)))
            written.append(sorted(name for name, file in _files(warehouse).items() if former[name] != file))
        requests = len(searches(site))
        told = f"repeat of {requests:,} requests, nothing changed"
        goal = Goal("at most", 0.35, "of the first run's CPU")
        yield line(told, statistics.median(shares), goal, "the first run", f"written again: {', '.join(written[-1])}")
        yield line(f"{told}: bodies", statistics.median(bodies), Goal("at most", 0, "bytes"))


def _files(warehouse: str) -> dict[str, int]:
    """The file of each table of the current snapshot, as the file system numbers it."""
    return {file.stem: file.stat().st_ino for file in Path(warehouse, "current").glob("*.parquet")}


def disk(size: Size) -> Iterator[Line]:
    """The raw zone beside the same bodies in gzip, and thirty snapshots of an archive that changes by 1 % a run."""
    count = max(50, size.documents // 8)
    with tempfile.TemporaryDirectory() as place:
        plain = 0
        crawl, warehouse = Path(place, "crawl.warc.gz"), Path(place, "w")
        with crawl.open("wb") as file:
            for number in range(count):
                url, body = documents.page(number)
                plain += len(gzip.compress(body, 6))
                file.write(response(url, body))
        cost_of(WCDA, "harvest", "--from", crawl, "--direct", "--warehouse", warehouse)
        raw = sum(each.stat().st_size for each in (warehouse / "raw").glob("*.warc.gz"))
        yield line(f"raw zone of {count:,} pages", raw / plain, Goal("at most", 1.05, "times"), "the bodies in gzip")
        one = _bytes_on_disk(warehouse / "snapshots")
        changing = max(1, round(count * _CHANGED))
        for run in range(1, SNAPSHOTS):
            later = Path(place, "later.warc.gz")
            numbers = (number % count for number in range(run * changing, (run + 1) * changing))
            later.write_bytes(b"".join(response(*documents.page(each, note=f" ({run})")) for each in numbers))
            keeping = ("--keep", str(SNAPSHOTS))
            cost_of(WCDA, "harvest", "--from", later, "--direct", "--warehouse", warehouse, *keeping)
        every = _bytes_on_disk(warehouse / "snapshots")
        told = f"{SNAPSHOTS} snapshots, 1 % of {count:,} documents changed by each run"
        more = f"{every / 2**20:.1f} MiB"
        yield line(told, every / one, Goal("below", 3, "times"), "one snapshot", more)


def _bytes_on_disk(folder: Path) -> int:
    """Of all files, each once, whatever its number of names."""
    return sum({(stat := file.stat()).st_ino: stat.st_size for file in folder.rglob("*") if file.is_file()}.values())


SECTIONS: dict[str, Callable[[Size], Iterator[Line]]] = {
    "start": start,
    "scrapy": beside_scrapy,
    "memory": memory,
    "rebuild": rebuild,
    "repeat": repeat,
    "disk": disk,
}
