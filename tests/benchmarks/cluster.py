"""Parsing the raw zone of documents' own pages in processes, and on a Dask cluster on this machine.

All ways are measured in turn, since the machine's speed varies. What is told is how long parsing took, without the
building of tables, which is serial. The first round is for imports, and is not counted.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import documents
from tests.benchmarks.size import Size
from tests.benchmarks.table import ROUNDS, Goal, Line, line, median_ratio
from tests.dask_cluster import dask_cluster

if TYPE_CHECKING:
    from extractors.reparsing import ParseAll

SEGMENTS = 40
"""Into which the pages are divided, about: ten for each task of two workers."""


def two_workers(size: Size) -> Iterator[Line]:
    """Pages of documents, by one worker and two, and by one process and two."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        segments = _land(place, size.documents)
        for name in ("one", "two"):
            (place / name).mkdir()
        with dask_cluster(place / "one", 1) as one, dask_cluster(place / "two", 2) as two:
            rates = _measure(segments, place / "warehouse", size.documents, one.address, two.address)
    told = f"parsing of {size.documents:,} pages of documents"
    for (name, many), goal in zip(
        (("Dask, one worker", "Dask, two workers"), ("one process", "two processes")),
        (Goal("at least", 1.6, "times"), Goal("at least", 1.6, "times")),
        strict=True,
    ):
        more = f"{statistics.median(rates[many]):,.0f} pages/s, {statistics.median(rates[name]):,.0f} with one"
        yield line(f"{told}: {many}", median_ratio(rates[many], rates[name]), goal, name, more)


def _land(place: Path, pages: int) -> list[Path]:
    """A raw zone of so many pages of documents; gives its segments."""
    from extractors import raw_zone
    from flows.harvest import harvest
    from flows.request import HarvestRequest

    crawl = place / "crawl.warc.gz"
    documents.write_crawl(crawl, pages)
    usual = raw_zone.SEGMENT_BYTES
    raw_zone.SEGMENT_BYTES = crawl.stat().st_size // SEGMENTS
    try:
        harvest(HarvestRequest(str(crawl), place / "warehouse"))
    finally:
        raw_zone.SEGMENT_BYTES = usual
    return raw_zone.RawZone(place / "warehouse" / "raw").segments()


def _measure(segments: list[Path], warehouse: Path, pages: int, one: str, two: str) -> dict[str, list[float]]:
    """Pages a second of each way, in each round."""
    from flows.prefect_settings import on_prefect

    with on_prefect(warehouse):
        from prefect import flow

        from extractors.parsed_cache import ParsedCache
        from extractors.reparsing import parse_in_processes
        from flows.prefect_runners import parsing_on_dask

        parsed = warehouse / "parsed"

        def in_processes(count: int) -> Callable[[], None]:
            return lambda: parse_in_processes(segments, parsed, count)

        def on_dask(address: str) -> Callable[[], None]:
            def parse() -> None:
                parse_all: ParseAll
                with parsing_on_dask(address) as parse_all:
                    parse_all(segments, parsed)

            return flow(parse)

        ways = {
            "one process": in_processes(1),
            "two processes": in_processes(2),
            "Dask, one worker": on_dask(one),
            "Dask, two workers": on_dask(two),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for name, parse in ways.items():
                ParsedCache(parsed).forget()
                begun = time.perf_counter()
                parse()
                if turn:
                    rates[name].append(pages / (time.perf_counter() - begun))
    return rates
