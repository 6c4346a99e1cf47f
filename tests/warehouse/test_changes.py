"""Changes between snapshots: each row that came, went or differs, and nothing that differs by its nature."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.identifiers import file_sha256
from schemas.tables import TABLES
from tests.warehouse.conftest import Tables
from wcda.changes import COMPARED, Change, find_changes
from wcda.manifest import FileNote, Manifest
from wcda.snapshots import Snapshot

AT = dt.datetime(2025, 1, 2, tzinfo=dt.UTC)
Rows = list[dict[str, Any]]

DOCUMENT = {
    "title": "A title",
    "date_text": "1958",
    "date_edtf": "1958",
    "date_start": dt.datetime(1958, 1, 1),
    "date_end": dt.datetime(1958, 12, 31),
    "date_precision": "year",
    "date_approximate": False,
    "title_date_edtf": None,
    "summary": "A summary.",
    "url": None,
    "collection_count": 1,
    "first_seen_at": None,
    "last_seen_at": None,
    "last_changed_at": None,
    "record_id": None,
    "node_id": None,
    "document_type": ["letter"],
    "source": None,
    "original_archive": ["Archive A"],
    "original_classification": None,
    "rights": None,
    "credits": None,
    "uploaded_on": dt.datetime(2020, 3, 10),
    "languages": ["Russian"],
    "page_captured_at": None,
}
COLLECTION = {
    "kind": "topics",
    "name": "China",
    "query": None,
    "url": None,
    "reported_total": 3,
    "observed_total": 2,
    "coverage": 2 / 3,
    "complete": False,
}
MEMBERSHIP = {"rank": 1, "first_seen_at": None, "last_seen_at": None}
KEYS = {
    "documents": [{"document_id": "a"}, {"document_id": "b"}],
    "collections": [{"collection_id": "x"}, {"collection_id": "y"}],
    "memberships": [
        {"document_id": "a", "collection_id": "x"},
        {"document_id": "a", "collection_id": "y"},
        {"document_id": "b", "collection_id": "x"},
    ],
}
REST = {"documents": DOCUMENT, "collections": COLLECTION, "memberships": MEMBERSHIP}


class Maker:
    """Writes snapshots of the given rows; the other tables are empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def __call__(self, rows: dict[str, Rows]) -> Snapshot:
        self.count += 1
        path = self.folder / str(self.count)
        path.mkdir()
        notes = []
        for name, table in TABLES.items():
            file = path / f"{name}.parquet"
            pq.write_table(pa.Table.from_pylist(rows.get(name, []), schema=table.arrow_schema()), file)
            notes.append(FileNote(file.name, file_sha256(file)))
        return Snapshot(path, Manifest(path.name, AT, "1", None, tuple(notes), ()))


@pytest.fixture
def snapshot(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def some_rows() -> dict[str, Rows]:
    return {name: [{**key, **REST[name]} for key in keys] for name, keys in KEYS.items()}


def changes_after(snapshot: Maker, change: Callable[[dict[str, Rows]], object]) -> list[Change]:
    former, present = some_rows(), some_rows()
    change(present)
    return list(find_changes(snapshot(former), snapshot(present)))


def test_nothing_changes_between_equal_snapshots(snapshot: Maker) -> None:
    assert changes_after(snapshot, lambda _: None) == []


def test_against_no_snapshot_every_row_is_added(snapshot: Maker) -> None:
    assert list(find_changes(None, snapshot(some_rows()))) == [
        Change("documents", "added", "a"),
        Change("documents", "added", "b"),
        Change("collections", "added", "x"),
        Change("collections", "added", "y"),
        Change("memberships", "added", "a/x"),
        Change("memberships", "added", "a/y"),
        Change("memberships", "added", "b/x"),
    ]


@pytest.mark.parametrize(
    ("table", "place", "key"), [("documents", 1, "b"), ("collections", 0, "x"), ("memberships", 1, "a/y")]
)
def test_a_row_that_went_is_removed_and_one_that_came_is_added(
    table: str, place: int, key: str, snapshot: Maker
) -> None:
    fewer = some_rows()
    del fewer[table][place]

    former, present = snapshot(some_rows()), snapshot(fewer)

    assert list(find_changes(former, present)) == [Change(table, "removed", key)]
    assert list(find_changes(present, former)) == [Change(table, "added", key)]


VALUES: dict[str, dict[str, Any]] = {
    # another value, for each column that lasts
    "documents": {
        "title": "Another title",
        "date_text": "c. 1958",
        "date_edtf": "1958~",
        "date_start": dt.datetime(1957, 12, 31),
        "date_end": dt.datetime(1959, 1, 1),
        "date_precision": "decade",
        "date_approximate": True,
        "title_date_edtf": "1958-04-05",
        "summary": "A summary. ",
        "url": "https://a/b",
        "collection_count": 2,
        "record_id": "220003",
        "node_id": "103978",
        "document_type": ["letter", "draft"],
        "source": "Archive A, folder 2",
        "original_archive": ["Archive B"],
        "original_classification": "Top secret",
        "rights": "Free",
        "credits": "Somebody",
        "uploaded_on": dt.datetime(2020, 3, 11),
        "languages": ["Russian", "English"],
    },
    "collections": {
        "kind": "people",
        "name": "china",
        "query": "f[0]=a",
        "url": "https://a/b",
        "reported_total": 4,
        "observed_total": 3,
        "coverage": 0.67,
        "complete": True,
    },
    "memberships": {"rank": 2},
}
LASTING = [(table.name, c) for table in COMPARED for c in table.lasting_columns if c not in table.key]


WAYS = [
    (table, column, way)
    for table, column in LASTING
    for way in ("to another value", "to null", "from null")
    if way == "to another value" or TABLES[table].arrow_schema().field(column).nullable
]


@pytest.mark.parametrize(("table", "column", "way"), WAYS)
def test_a_value_that_differs_is_told_with_both(table: str, column: str, way: str, snapshot: Maker) -> None:
    one, other = REST[table][column], VALUES[table][column]
    if one is None:
        one = "something"  # each column that our rows leave empty is one of text
    values = {"to another value": (one, other), "to null": (one, None), "from null": (None, other)}
    former, present = some_rows(), some_rows()
    former[table][1][column], present[table][1][column] = values[way]

    (change,) = find_changes(snapshot(former), snapshot(present))

    shown = ("; ".join(value) if isinstance(value, list) else value for value in values[way])
    assert change == Change(table, "changed", "/".join(KEYS[table][1].values()), column, *shown)


VOLATILE = [(table.name, c.name) for table in COMPARED for c in table.columns if c.volatile]


@pytest.mark.parametrize(("table", "column"), VOLATILE)
def test_what_differs_by_its_nature_is_no_change(table: str, column: str, snapshot: Maker) -> None:
    assert changes_after(snapshot, lambda rows: rows[table][0].update({column: AT})) == []


def test_the_order_of_rows_is_no_change(snapshot: Maker) -> None:
    assert changes_after(snapshot, lambda rows: [part.reverse() for part in rows.values()]) == []


def test_bookkeeping_is_no_change(snapshot: Maker) -> None:
    run = {"run_id": "r", "started_at": AT, "ended_at": None, "source": "s", "outcome": "complete"}
    counts = {column: 1 for column in TABLES["runs"].column_names if column.endswith("_count")}

    assert changes_after(snapshot, lambda rows: rows.update(runs=[{**run, **counts}])) == []


def test_changes_of_several_rows_and_columns_are_all_told(snapshot: Maker) -> None:
    def change(rows: dict[str, Rows]) -> None:
        first, second = rows["documents"]
        first.update(title="New", url="https://a/a")
        second.update(title=None)
        rows["documents"].append({**first, "document_id": "c"})

    assert changes_after(snapshot, change) == [
        Change("documents", "added", "c"),
        Change("documents", "changed", "a", "title", "A title", "New"),
        Change("documents", "changed", "b", "title", "A title", None),
        Change("documents", "changed", "a", "url", None, "https://a/a"),
    ]


@pytest.mark.parametrize("empty", ["former", "present", "both"])
def test_tables_without_rows_can_be_compared(empty: str, snapshot: Maker) -> None:
    count = sum(map(len, some_rows().values()))
    former = snapshot({} if empty != "present" else some_rows())
    present = snapshot({} if empty != "former" else some_rows())

    kinds = [change.change for change in find_changes(former, present)]

    assert kinds == {"former": ["added"], "present": ["removed"], "both": []}[empty] * count


def test_many_memberships_are_compared_without_warnings(snapshot: Maker) -> None:
    former, present = some_rows(), some_rows()
    for rows, shift in ((former, 0), (present, 1)):
        rows["memberships"] = [
            {**MEMBERSHIP, "document_id": f"d{number}", "collection_id": f"c{number % 7}", "rank": number + shift}
            for number in range(500)
        ][:: 1 if shift else -1]

    changes = list(find_changes(snapshot(former), snapshot(present)))

    assert len(changes) == 500
    assert {(change.column, change.present - change.former) for change in changes} == {("rank", 1)}


def test_real_tables_do_not_differ_from_themselves(tables: Tables, snapshot: Maker) -> None:
    rows = {table.name: tables[table.name].to_pylist() for table in COMPARED}

    assert list(find_changes(snapshot(rows), snapshot(rows))) == []
