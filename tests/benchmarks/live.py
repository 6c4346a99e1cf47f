"""Harvesting a site: what it costs, memory by stages, the rate kept.

The site is the replica on this machine, ten documents a page, in its first markup, for which the peer is written.
16 requests at once and no delay, as the peer has them; each page is landed as WARC, and the tables are published.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from tests.replica import ReplicaSite, replica

P = ParamSpec("P")
T = TypeVar("T")

WCDA = Path(sys.executable).with_name("wcda")
ARCHIVE = "https://digitalarchive.wilsoncenter.org"
DOCUMENTS, COLLECTIONS, PAGE_SIZE = 16_750, 200, 10
PAGES = DOCUMENTS // PAGE_SIZE
ROUNDS = 3
RATES = ((20, 400), (1, 60))
"""Requests a second that are permitted, and pages to read at it."""

SITE = {"markup": "1", "items_per_page_ignored": True, "warm": True}
ALL = "/search"


class BenchmarkError(Exception):
    """A command failed or gave a wrong result, so that what it took is worth nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took from its start to its exit; the CPU includes the processes that it waited for."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def cost_of(*command: str | Path) -> Cost:
    """Run a command, and say what it took.

    It is started by a small process of its own: Linux counts the memory of the process that starts another to the
    peak of the other, and this one may have grown.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.live", "cost", *map(str, command)], stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"{' '.join(map(str, command))}\n{done.stdout.decode(errors='replace')}")
    return Cost(**json.loads(done.stdout))


def _measure(command: list[str]) -> int:
    """Print the cost of a command as JSON; or, if it fails, what it says."""
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        code = process.returncode = os.waitstatus_to_exitcode(status)
        if code:
            said.seek(0)
            print(f"exit code {code}:\n{said.read().decode(errors='replace')}")
            return 1
    print(json.dumps(asdict(Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))))
    return 0


def harvest(
    site: ReplicaSite,
    place: str,
    paths: Iterable[str] = (ALL,),
    per_second: float = float("inf"),
    options: Iterable[str] = ("--direct",),
) -> Cost:
    """Harvest result sets of the replica into the warehouse at a place, and say what it took."""
    catalog = write_catalog_for(site, place, paths, per_second)
    return cost_of(WCDA, "harvest", "--from", "site", "--catalog", catalog, "--warehouse", place, *options)


def write_catalog_for(site: ReplicaSite, place: str, paths: Iterable[str], per_second: float = float("inf")) -> Path:
    """A catalog of result sets of the replica, beside the warehouse at a place."""
    catalog = Path(f"{place}.toml")
    collections = "".join(f'[[collections]]\naddress = "{ARCHIVE}{path}"\n' for path in paths)
    catalog.write_text(
        f'[archive]\nurl = "{site.url}"\n'
        f'[politeness]\nrequests_per_second = {per_second}\nworkers = 16\ncontact = "bench@example.org"\n{collections}'
    )
    return catalog


def _run_in_stages(*arguments: str) -> None:
    """Harvest a catalog into a place, or rebuild one; print its peak of memory (MiB) before publishing, and at last."""
    from extractors.reparsing import parse_in_processes
    from flows.harvest import harvest, publish_tables, rebuild
    from flows.request import HarvestRequest

    peaks = []

    def step(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if function is publish_tables:
            peaks.append(peak_mib())
        return function(*args, **kwargs)

    match arguments:
        case [place]:
            rebuild(Path(place), step, parse_all=partial(parse_in_processes, processes=1))
        case [place, catalog]:
            harvest(HarvestRequest("site", Path(place), Path(catalog)), step)
    print(json.dumps([*peaks, peak_mib()]))


def _harvest_documents(place: str, catalog: str, days: str) -> None:
    """Harvest a catalog with documents' own pages, which are asked for again after so many days."""
    from flows.harvest import harvest
    from flows.request import HarvestRequest

    harvest(HarvestRequest("site", Path(place), Path(catalog), documents=True, document_days=int(days)))


def _stage_peaks(*arguments: str | Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.benchmarks.live", "stages", *map(str, arguments)]
    before, after = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return before, after


def peak_mib() -> float:
    """The most memory that this process has held; unlike `ru_maxrss`, without that of the one that started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def require(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise BenchmarkError(f"{what}: {found:,} found, {wanted:,} are there")


def require_rows(place: str, table: str, wanted: int) -> None:
    import pyarrow.parquet as pq

    require(table, pq.read_metadata(f"{place}/current/{table}.parquet").num_rows, wanted)


def searches(site: ReplicaSite) -> list[dict[str, Any]]:
    return [request for request in site.log() if request["path"].startswith("/search")]


def print_memory() -> None:
    """All documents once, against all documents and all collections."""
    with tempfile.TemporaryDirectory() as place, replica(documents=DOCUMENTS, collections=COLLECTIONS, **SITE) as site:
        sizes = {one.path: len(one.addresses) for one in site.truth.collections}
        peaks = []
        for name, results in (("few", {ALL: DOCUMENTS}), ("many", {ALL: DOCUMENTS, **sizes})):
            catalog = write_catalog_for(site, f"{place}/{name}", results)
            fetched, published = _stage_peaks(f"{place}/{name}", catalog)
            entries = sum(results.values())
            require_rows(f"{place}/{name}", "memberships", entries)
            pages = sum(-(-size // PAGE_SIZE) for size in results.values())
            print(
                f"memory: {pages:,} pages, {entries:,} entries: fetching and landing {fetched:,.0f} MiB, "
                f"with publishing {published:,.0f} MiB"
            )
            peaks.append((entries, published - fetched))
    (few, less), (many, more) = peaks
    print(f"memory: publishing takes {(more - less) * 1024 / (many - few):.2f} KiB for each further entry")


def print_rate() -> None:
    """How much of the permitted rate is reached, by the times at which requests came to the site."""
    for per_second, pages in RATES:
        options = {**SITE, "documents": pages * PAGE_SIZE, "collections": 10}
        with tempfile.TemporaryDirectory() as place, replica(**options) as site:
            harvest(site, f"{place}/warehouse", per_second=float(per_second))
            require_rows(f"{place}/warehouse", "documents", pages * PAGE_SIZE)
            times = sorted(request["time"] for request in searches(site))
        reached = (len(times) - 1) / (times[-1] - times[0])
        print(
            f"rate: {len(times)} requests at {per_second} a second permitted: {reached:.3f} a second, "
            f"{reached / per_second:.1%}"
        )


SECTIONS = {
    "memory": print_memory,
    "rate": print_rate,
}


def main() -> None:
    """Print the figures: of all sections, or of those that are named."""
    match sys.argv[1:]:
        case ["cost", *command]:
            sys.exit(_measure(command))
        case ["stages", *arguments]:
            _run_in_stages(*arguments)
        case ["documents", place, catalog, days]:
            _harvest_documents(place, catalog, days)
        case names if unknown := set(names) - set(SECTIONS):
            sys.exit(f"no such section: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
        case names:
            for name in names or SECTIONS:
                SECTIONS[name]()


if __name__ == "__main__":
    main()
