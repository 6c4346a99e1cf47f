"""A rebuild in Prefect's pool and on a Dask cluster: the same rows as without, whoever dies; mistakes are one line."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extractors import raw_zone
from flows import harvest as harvesting
from flows.request import HarvestRequest
from schemas.tables import TABLES
from tests.conftest import REPOSITORY, WCDA, Done, bare_environment, run_wcda
from tests.dask_cluster import DaskCluster, dask_cluster
from tests.flows.live import write_catalog_for
from tests.flows.test_bad_input import assert_one_line
from tests.prefect_server import PrefectServer, free_port
from tests.replica import replica

pytestmark = pytest.mark.accept

MIN_SEGMENTS = 40
TASKS = 8
"""Four for each of two processes or workers."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dask")


@pytest.fixture(scope="module")
def warehouse(place: Path) -> Path:
    """A warehouse of many segments, each of one batch of pages."""
    with (
        replica(documents=10_500, collections=5, items_per_page_ignored=True, warm=True) as site,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(raw_zone, "SEGMENT_BYTES", 1)
        patch.setattr(harvesting, "BATCH_PAGES", 25)
        catalog = write_catalog_for(site, place / "catalog.toml", [], timeout_seconds=30.0)
        harvesting.harvest(HarvestRequest("site", place / "warehouse", catalog))
    assert len(segments(place / "warehouse")) >= MIN_SEGMENTS
    return place / "warehouse"


@pytest.fixture(scope="module")
def tables(warehouse: Path, place: Path) -> dict[str, pa.Table]:
    """What a rebuild without Prefect and Dask publishes."""
    assert run_wcda(place, "rebuild", "--direct", "--warehouse", warehouse).returncode == 0
    return read_tables(warehouse)


@pytest.fixture(scope="module")
def cluster(place: Path) -> Iterator[DaskCluster]:
    """A scheduler without workers."""
    with dask_cluster(place, 0) as cluster:
        yield cluster


def segments(warehouse: Path) -> list[Path]:
    return sorted((warehouse / "raw").glob("*.warc.gz"))


def read_tables(warehouse: Path) -> dict[str, pa.Table]:
    return {name: pq.read_table(warehouse / "current" / f"{name}.parquet") for name in TABLES}


def rebuild(place: Path, warehouse: Path, server: PrefectServer, address: str) -> Done:
    """Rebuild on a cluster."""
    return run_wcda(
        place, "rebuild", "--runner", "dask", "--address", address, "--warehouse", warehouse, PREFECT_API_URL=server.api
    )


def completed_tasks(server: PrefectServer) -> int:
    """Of the last rebuild: tasks that parsed, as Prefect's server has them."""
    rebuilds = {  # runs that are only scheduled would come before those that have ended
        "flows": {"name": {"any_": ["rebuild"]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
    }
    runs = server.call("/flow_runs/filter", {**rebuilds, "sort": "START_TIME_DESC", "limit": 1})
    of_it = {
        "flow_runs": {"id": {"any_": [runs[0]["id"]]}},
        "task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
    }
    found: list[dict[str, Any]] = server.call("/task_runs/filter", of_it)
    return sum(run["name"].startswith("parse segments") for run in found)


def test_prefect_s_pool_gives_the_same_rows(
    server: PrefectServer, warehouse: Path, tables: dict[str, pa.Table], place: Path
) -> None:
    done = run_wcda(place, "rebuild", "--processes", "2", "--warehouse", warehouse, PREFECT_API_URL=server.api)

    assert (done.returncode, done.stderr) == (0, "")
    assert read_tables(warehouse) == tables
    assert completed_tasks(server) == TASKS


def test_a_scheduler_that_does_not_answer_is_one_line(
    server: PrefectServer, warehouse: Path, tables: dict[str, pa.Table], place: Path
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"

    done = rebuild(place, warehouse, server, address)

    assert_one_line(done, 1, f"the Dask scheduler at {address} does not answer")
    assert read_tables(warehouse) == tables


def test_workers_elsewhere_need_an_api_that_they_can_reach(server: PrefectServer, warehouse: Path, place: Path) -> None:
    done = rebuild(place, warehouse, server, "tcp://192.0.2.1:8786")

    assert_one_line(done, 2, f"cannot reach Prefect's API at {server.api}: let PREFECT_API_URL name one")


def test_a_scheduler_without_workers_is_one_line(
    server: PrefectServer, warehouse: Path, tables: dict[str, pa.Table], place: Path, cluster: DaskCluster
) -> None:
    done = rebuild(place, warehouse, server, cluster.address)

    assert_one_line(done, 1, f"the Dask scheduler at {cluster.address} has no workers")
    assert read_tables(warehouse) == tables


def test_a_worker_that_runs_other_code_is_one_line(
    server: PrefectServer, warehouse: Path, tables: dict[str, pa.Table], place: Path, cluster: DaskCluster
) -> None:
    other = place / "other"
    for room in ("flows", "extractors", "schemas", "warehouse"):
        shutil.copytree(REPOSITORY / room, other / room, ignore=shutil.ignore_patterns("data", "__pycache__"))
    with (other / "extractors" / "wilson_center" / "layouts" / "rows.py").open("a") as code:
        code.write("# changed\n")
    worker = cluster.start_worker(PYTHONPATH=os.fspath(other))

    done = rebuild(place, warehouse, server, cluster.address)

    worker.kill()
    worker.wait()
    assert_one_line(done, 1, "a worker runs another release of wcda")
    assert read_tables(warehouse) == tables


def test_two_workers_give_the_same_rows_and_one_of_them_may_be_killed(
    server: PrefectServer, warehouse: Path, tables: dict[str, pa.Table], place: Path, cluster: DaskCluster
) -> None:
    workers = [cluster.start_worker() for _ in range(2)]

    done = rebuild(place, warehouse, server, cluster.address)

    assert (done.returncode, done.stderr) == (0, "")
    assert read_tables(warehouse) == tables
    assert completed_tasks(server) == TASKS

    shutil.rmtree(warehouse / "parsed")
    with subprocess.Popen(
        [WCDA, "rebuild", "--runner", "dask", "--address", cluster.address, "--warehouse", warehouse],
        env={**bare_environment(place / "home"), "PREFECT_API_URL": server.api},
        stdout=subprocess.DEVNULL,
    ) as process:
        while len(parsed(warehouse)) < MIN_SEGMENTS // 4 and process.poll() is None:
            time.sleep(0.02)
        workers[0].send_signal(signal.SIGKILL)
        left = len(segments(warehouse)) - len(parsed(warehouse))
        assert process.wait() == 0

    assert left > 0
    assert workers[0].wait() == -signal.SIGKILL
    assert read_tables(warehouse) == tables
    assert completed_tasks(server) == TASKS


def parsed(warehouse: Path) -> list[Path]:
    """What was kept of segments."""
    return [place for place in (warehouse / "parsed").glob("*") if place.suffix != ".part"]
