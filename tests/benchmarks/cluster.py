"""Parsing the raw zone in processes, in Prefect's process pool, and on a Dask cluster on this machine.

The raw zone is that of a full harvest of the replica, in more than forty segments. All ways are measured in turn, since
the machine's speed varies. What is told is how long parsing took, without the building of tables, which is serial.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.live import COLLECTIONS, DOCUMENTS, SITE, write_catalog_for
from tests.dask_cluster import dask_cluster
from tests.replica import replica

ROUNDS = 3
SEGMENT_BYTES = 2_000_000

Parse = Callable[[], None]


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pages = _harvest(place)
        for name in ("one", "two"):
            (place / name).mkdir()
        with dask_cluster(place / "one", 1) as one, dask_cluster(place / "two", 2) as two:
            _measure(place / "warehouse", pages, one.address, two.address)


def _harvest(place: Path) -> int:
    """Make a warehouse with everything that the replica has; gives the number of its pages."""
    from extractors import raw_zone
    from flows.harvest import harvest
    from flows.request import HarvestRequest

    raw_zone.SEGMENT_BYTES = SEGMENT_BYTES
    with replica(documents=DOCUMENTS, collections=COLLECTIONS, **SITE) as site:
        paths = ["/search", *(one.path for one in site.truth.collections)]
        catalog = write_catalog_for(site, str(place / "warehouse"), paths)
        return harvest(HarvestRequest("site", place / "warehouse", catalog)).counts["captures"]


def _measure(warehouse: Path, pages: int, one: str, two: str) -> None:
    from flows.prefect_settings import on_prefect

    with on_prefect(warehouse):
        from prefect import flow

        from extractors.parsed_cache import ParsedCache
        from extractors.raw_zone import RawZone
        from extractors.reparsing import parse_in_processes
        from flows.prefect_runners import parse_in_pool, parsing_on_dask

        segments = RawZone(warehouse / "raw").segments()
        parsed = warehouse / "parsed"

        def in_pool() -> None:
            parse_in_pool(segments, parsed, 2)

        def on_one_worker() -> None:
            with parsing_on_dask(one) as parse_all:
                parse_all(segments, parsed)

        def on_two_workers() -> None:
            with parsing_on_dask(two) as parse_all:
                parse_all(segments, parsed)

        ways: dict[str, Parse] = {
            "without Prefect, one process": partial(parse_in_processes, segments, parsed, 1),
            "without Prefect, two processes": partial(parse_in_processes, segments, parsed, 2),
            "Prefect's pool, two processes": flow(in_pool),
            "Dask, one worker": flow(on_one_worker),
            "Dask, two workers": flow(on_two_workers),
        }
        print(
            f"{len(segments)} segments, {pages:,} pages; seconds of {ROUNDS} rounds, and pages a second in their median"
        )
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, parse in ways.items():
                ParsedCache(parsed).forget()
                begun = time.perf_counter()
                parse()
                seconds[name].append(time.perf_counter() - begun)
        for name, each in seconds.items():
            took = " ".join(f"{one:6.2f}" for one in each)
            print(f"{name:<31} {took}  {pages / statistics.median(each):5,.0f} pages/s")
        _print_ratio("Dask: two workers", seconds["Dask, one worker"], seconds["Dask, two workers"])
        _print_ratio(
            "two processes",
            seconds["without Prefect, one process"],
            seconds["without Prefect, two processes"],
        )


def _print_ratio(name: str, slow: list[float], quick: list[float]) -> None:
    times = statistics.median(one / two for one, two in zip(slow, quick, strict=True))
    print(f"{name}: {times:.2f} times as fast as one")


if __name__ == "__main__":
    main()
