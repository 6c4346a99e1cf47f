"""What Prefect adds to a harvest of the whole replica, ten documents a page: its start-up, and its share of the rest.

The server runs already. A harvest of one page is start-up alone; it and the whole one run on Prefect and with
`--direct` in turn, since the machine's speed varies. As that variation is greater than the share, the share is told by
the run itself: the CPU of its process, all threads, between its first step and its last, less what the steps took.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from tests.benchmarks.live import (
    ALL,
    COLLECTIONS,
    DOCUMENTS,
    PAGES,
    ROUNDS,
    SITE,
    harvest,
    require_rows,
    write_catalog_for,
)
from tests.prefect_server import prefect_server
from tests.replica import ReplicaSite, replica

P = ParamSpec("P")
T = TypeVar("T")


def _account(catalog: str, place: str) -> None:
    """Harvest a catalog on Prefect into a place; print the CPU (s) of its steps, and what Prefect took beside them."""
    from flows.prefect_settings import set_prefect_settings
    from warehouse.folder import WarehouseFolder

    Path(place).mkdir()
    set_prefect_settings(WarehouseFolder(Path(place)))
    from flows import prefect_flows
    from flows.request import HarvestRequest

    call_as_task = prefect_flows.call_as_task
    instants: list[float] = []
    taken: list[float] = []
    timed: dict[Callable[..., object], Callable[..., object]] = {}

    def clocked(function: Callable[P, T]) -> Callable[P, T]:
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            begun = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                taken.append(time.thread_time() - begun)

        call.__name__ = getattr(function, "__name__", "step")
        return call

    def step(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        instants.append(time.process_time())
        try:
            return call_as_task(timed.setdefault(function, clocked(function)), *args, **kwargs)  # type: ignore[arg-type]
        finally:
            instants.append(time.process_time())

    prefect_flows.call_as_task = step
    prefect_flows.harvest_on_prefect(HarvestRequest("site", Path(place), Path(catalog)))
    print(json.dumps([sum(taken), instants[-1] - instants[0] - sum(taken)]))


def _accounts(site: ReplicaSite, place: str, path: str) -> tuple[float, float]:
    catalog = write_catalog_for(site, place, [path])
    command = [sys.executable, "-m", "tests.benchmarks.prefect_share", str(catalog), place]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    steps, prefect = json.loads(done.stdout)
    return steps, prefect


def _print_figures() -> None:
    times: dict[str, list[float]] = {name: [] for name in ("page direct", "page prefect", "all direct", "all prefect")}
    shares = []
    with (
        tempfile.TemporaryDirectory() as place,
        prefect_server(Path(place)) as server,
        replica(documents=DOCUMENTS, collections=COLLECTIONS, **SITE) as site,
    ):
        os.environ |= server.environment
        page = min(site.truth.collections, key=lambda one: len(one.addresses)).path
        for turn in range(ROUNDS):
            for name, of_these in times.items():
                paths, way = name.split()
                options = ["--direct"] if way == "direct" else []
                cost = harvest(site, f"{place}/{name}{turn}", [page if paths == "page" else ALL], options=options)
                of_these.append(cost.seconds)
            require_rows(f"{place}/all prefect{turn}", "documents", DOCUMENTS)
            _, once = _accounts(site, f"{place}/{turn}-page", page)
            steps, prefect = _accounts(site, f"{place}/{turn}-all", ALL)
            shares.append((prefect - once) / steps)
    page_direct, page_prefect, all_direct, all_prefect = map(statistics.median, times.values())
    print(
        f"one page: {page_direct:.2f} s direct, {page_prefect:.2f} s on Prefect; "
        f"start-up: {page_prefect - page_direct:.2f} s\n"
        f"{PAGES:,} pages: {all_direct:.2f} s direct, {all_prefect:.2f} s on Prefect (medians of {ROUNDS})\n"
        f"share of the CPU of the steps, without start-up: {statistics.median(shares):.1%} "
        f"({', '.join(f'{share:.1%}' for share in shares)})"
    )


def main() -> None:
    """Print the figures."""
    match sys.argv[1:]:
        case [catalog, place]:
            _account(catalog, place)
        case _:
            _print_figures()


if __name__ == "__main__":
    main()
