"""Readers beside a writer: one process publishes and lets go of old snapshots, others open the warehouse in a loop.

`make reader-report` publishes a thousand times; `make accept` some dozen times.
"""

import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from extractors.wilson_center import ARCHIVE
from flows.harvest import harvest
from flows.request import HarvestRequest
from schemas.tables import TABLES
from warehouse.folder import WarehouseFolder
from warehouse.publishing import forget_old, publish
from wcda import WarehouseError, open_warehouse

READERS = 2
MARKED = {"documents": "title", "collections": "name", "entries": "title", "runs": "source"}
"""Tables and columns in which each publication puts its number."""
_ENDED = "ended"


def publish_often(warehouse: Path, times: int) -> int:
    """Publish the tables that are current with another mark each time; two snapshots are kept. Gives how often."""
    folder = WarehouseFolder(warehouse)
    tables = {name: pq.read_table(folder.current / f"{name}.parquet") for name in TABLES}
    try:
        for number in range(times):
            marked = {name: _marked(table, MARKED.get(name), number) for name, table in tables.items()}
            with folder.locked():
                publish(folder, marked, {}, archive=ARCHIVE)
                forget_old(folder, 2)
    finally:
        (warehouse / _ENDED).touch()
    return times


def _marked(table: pa.Table, column: str | None, number: int) -> pa.Table:
    if column is None:
        return table
    marks = pa.array([f"publication {number}"] * table.num_rows, pa.string())
    return table.set_column(table.schema.get_field_index(column), table.schema.field(column), marks)


def read_often(warehouse: Path) -> "Counter[str]":
    """Open and read until the writer ends. Gives how often each thing happened: `whole`, or what was wrong."""
    seen: Counter[str] = Counter()
    rows = {name: len(getattr(open_warehouse(warehouse), name)) for name in TABLES}
    while not (warehouse / _ENDED).exists():
        try:
            opened = open_warehouse(warehouse)
            frames = {name: getattr(opened, name) for name in TABLES}
            with suppress(WarehouseError):  # the snapshot before may be gone, which is documented
                opened.changes()
        except Exception as error:  # whatever it is, a reader was disturbed
            seen[f"{type(error).__name__}: {error}"] += 1
            continue
        marks = {str(mark) for name, column in MARKED.items() for mark in frames[name][column]}
        is_whole = {name: len(frame) for name, frame in frames.items()} == rows
        unmixed = len(marks) == 1 or not any(mark.startswith("publication") for mark in marks)
        seen["whole" if unmixed and is_whole else f"mixed: {sorted(marks)}"] += 1
    return seen


def run(place: Path, times: int) -> "Counter[str]":
    """What readers saw while a writer published so many times."""
    harvest(HarvestRequest("samples", place / "warehouse"))
    with ProcessPoolExecutor(READERS + 1, mp_context=get_context("spawn")) as pool:
        readers = [pool.submit(read_often, place / "warehouse") for _ in range(READERS)]
        pool.submit(publish_often, place / "warehouse", times).result()
        return sum((reader.result() for reader in readers), Counter[str]())


def main() -> None:
    """Print how often readers saw what; exit code 1 if one was disturbed."""
    times = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        seen = run(Path(place), times)
    print(f"{times} publications, {READERS} readers\n\n| a reader saw | times |\n|---|---:|")
    for what, count in seen.most_common():
        print(f"| {what} | {count} |")
    sys.exit(seen.keys() != {"whole"})


if __name__ == "__main__":
    main()
