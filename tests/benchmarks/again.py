"""What is promised of doing it again: with nothing changed, with a little changed, and of ten times the archive."""

import gzip
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from flows.harvest import harvest as harvest_here
from flows.request import HarvestRequest
from tests.benchmarks import documents, live
from tests.benchmarks.live import WCDA, Cost, cost_of, require_rows, searches
from tests.benchmarks.size import Size
from tests.benchmarks.table import ROUNDS, Goal, Line, line, median_ratio
from tests.extractors.foreign import response
from tests.replica import ReplicaSite

SNAPSHOTS = 30
MORE = 10
"""Times the size, to see how the cost grows."""

_CHANGED = 0.01
_SHARE = Goal("at most", 0.35, "of the first run's CPU")


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
            written.append(_written(warehouse, former))
        told = f"repeat of {len(searches(site)):,} requests, nothing changed"
        more = f"written again: {', '.join(written[-1])}"
        yield line(told, statistics.median(shares), _SHARE, "the first run", more)
        yield line(f"{told}: bodies", statistics.median(bodies), Goal("at most", 0, "bytes"))


def repeat_documents(size: Size) -> Iterator[Line]:
    """Documents' own pages, and again with nothing changed: all asked for, or none, as none is due."""
    with tempfile.TemporaryDirectory() as place, size.site() as site:
        shares: dict[int, list[float]] = {0: [], 180: []}
        asked: dict[int, int] = {}
        written: dict[int, list[str]] = {}
        bodies: dict[int, int] = {}
        for turn in range(ROUNDS):
            warehouse = f"{place}/{turn}"
            catalog = live.write_catalog_for(site, warehouse, [live.ALL])
            first = _with_documents(warehouse, catalog, 180)
            for days, each in shares.items():
                former = _files(warehouse)
                site.clear_log()
                each.append(_with_documents(warehouse, catalog, days).cpu_seconds / first.cpu_seconds)
                pages = [request for request in site.log() if request["path"].startswith("/document/")]
                asked[days], bodies[days] = len(pages), sum(request["bytes"] for request in pages)
                written[days] = _written(warehouse, former)
            require_rows(warehouse, "documents", size.documents)
        for days, why in ((0, "by 304"), (180, "none due yet")):
            told = f"repeat with {size.documents:,} pages of documents, {why}"
            more = (
                f"{asked[days]:,} asked for, bodies of {bodies[days]} bytes; written again: {', '.join(written[days])}"
            )
            yield line(told, statistics.median(shares[days]), _SHARE, "the first run", more)


def _with_documents(warehouse: str, catalog: Path, days: int) -> Cost:
    """A harvest with documents' own pages, which are due after so many days; at the command line, one at least."""
    return cost_of(sys.executable, "-m", "tests.benchmarks.live", "documents", warehouse, catalog, str(days))


def _files(warehouse: str) -> dict[str, int]:
    """The file of each table of the current snapshot, as the file system numbers it."""
    return {file.stem: file.stat().st_ino for file in Path(warehouse, "current").glob("*.parquet")}


def _written(warehouse: str, former: dict[str, int]) -> list[str]:
    """Tables whose files are others than in the former snapshot."""
    return sorted(name for name, file in _files(warehouse).items() if former[name] != file)


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
        _harvest_of(crawl, warehouse)
        raw = sum(each.stat().st_size for each in (warehouse / "raw").glob("*.warc.gz"))
        yield line(f"raw zone of {count:,} pages", raw / plain, Goal("at most", 1.05, "times"), "the bodies in gzip")
        one = _bytes_on_disk(warehouse / "snapshots")
        changing = max(1, round(count * _CHANGED))
        for run in range(1, SNAPSHOTS):
            later = Path(place, "later.warc.gz")
            numbers = (number % count for number in range(run * changing, (run + 1) * changing))
            later.write_bytes(b"".join(response(*documents.page(each, note=f" ({run})")) for each in numbers))
            _harvest_of(later, warehouse)
        every = _bytes_on_disk(warehouse / "snapshots")
        told = f"{SNAPSHOTS} snapshots, 1 % of {count:,} documents changed by each run"
        more = f"{every / 2**20:.1f} MiB"
        yield line(told, every / one, Goal("below", 3, "times"), "one snapshot", more)


def _harvest_of(crawl: Path, warehouse: Path) -> None:
    """Without a process of its own, since what is measured is bytes alone."""
    harvest_here(HarvestRequest(str(crawl), warehouse, keep=SNAPSHOTS))


def _bytes_on_disk(folder: Path) -> int:
    """Of all files, each once, whatever its number of names."""
    return sum({(stat := file.stat()).st_ino: stat.st_size for file in folder.rglob("*") if file.is_file()}.values())


def scale(size: Size) -> Iterator[Line]:
    """Ten times as much of everything: what a page costs, and the memory."""
    with tempfile.TemporaryDirectory() as place, size.site() as one, size.times(MORE).site() as ten:

        def listings(site: ReplicaSite, turn: int) -> tuple[Cost, int]:
            site.clear_log()
            whole = [live.ALL, *(each.path for each in site.truth.collections)]
            cost = live.harvest(site, f"{place}/{site.url.rpartition(':')[2]}-{turn}", whole)
            return cost, len(searches(site))

        yield from _growth("listing pages", lambda turn: listings(one, turn), lambda turn: listings(ten, turn))

    with tempfile.TemporaryDirectory() as place:
        counts = (size.documents, size.times(MORE).documents)
        crawls = [Path(place, f"{count}.warc.gz") for count in counts]
        for crawl, count in zip(crawls, counts, strict=True):
            documents.write_crawl(crawl, count)

        def pages(number: int, turn: int) -> tuple[Cost, int]:
            warehouse = f"{place}/{number}-{turn}"
            return cost_of(WCDA, "harvest", "--from", crawls[number], "--direct", "--warehouse", warehouse), counts[
                number
            ]

        yield from _growth("pages of documents", lambda turn: pages(0, turn), lambda turn: pages(1, turn))


def _growth(
    what: str, small: Callable[[int], tuple[Cost, int]], large: Callable[[int], tuple[Cost, int]]
) -> Iterator[Line]:
    """What a page costs of much, against what it costs of little; both without what a harvest of two pages costs."""
    with tempfile.TemporaryDirectory() as place:
        start = cost_of(WCDA, "harvest", "--from", "samples", "--direct", "--warehouse", place).cpu_seconds
    costs: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS):
        (little, few), (much, many) = small(turn), large(turn)
        for each, cost, count in zip(costs, (little, much), (few, many), strict=True):
            each.append((cost.cpu_seconds - start) / count * 1000)
    per_page = f"{statistics.median(costs[1]):.2f} ms of CPU a page; peak {much.peak_mib:,.0f} MiB"
    beside = f"{few:,}: {statistics.median(costs[0]):.2f} ms, {little.peak_mib:,.0f} MiB"
    told = f"harvest of {many:,} {what}, CPU a page"
    yield line(told, median_ratio(costs[1], costs[0]), Goal("at most", 1.2, "times"), beside, per_page)
