"""Changes as a product: a table for a person, JSON lines for a machine, a typed frame for pandas, all of the same."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from flows.harvest import harvest
from flows.inspection import ChangeReport
from flows.printing import MAX_SHOWN, print_changes, receipt_lines
from flows.request import HarvestRequest
from schemas.records import Receipt
from tests.conftest import Command, run_here
from tests.warehouse.test_deciding import FOUR, KEYS, ONE, THREE, TWO, different, same, save
from warehouse.deciding import add_decision
from warehouse.folder import WarehouseFolder
from wcda import open_warehouse
from wcda.access import CHANGE_COLUMNS
from wcda.changes import COMPARED, Change


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three documents; then two of them merged, one split, another with a title like markup. Not to be written to."""
    place = tmp_path_factory.mktemp("changes")
    folder = WarehouseFolder(place / "tables")
    save(place / "pages", "first.txt", ONE, TWO, FOUR)
    save(place / "pages", "second.txt", THREE)
    harvest(HarvestRequest(str(place / "pages"), folder.path))
    add_decision(folder, same(KEYS[1], KEYS[3]))
    add_decision(folder, different(KEYS[0], KEYS[2]))
    save(place / "more", "third.txt", ("May 10, 1943", "Notes [bold]on[/] herring", "A summary."), TWO)
    harvest(HarvestRequest(str(place / "more"), folder.path))
    return folder.path


def test_a_person_is_shown_each_kind_with_titles(warehouse: Path) -> None:
    shown = run_here("changes", "--warehouse", warehouse).stdout

    assert "since snapshot" in shown.splitlines()[0]
    heads = [line for line in shown.splitlines()[1:] if not line.startswith("  ")]
    assert {"added: 1 document", "split: 1 document", "merged: 1 document"} <= set(heads)
    assert "Notes [bold]on[/] herring" in shown
    assert "in third" in shown
    assert "date_text: July 9, 1956 → July 09, 1956" in shown
    w = open_warehouse(warehouse)
    changes = w.changes()
    (merged,) = changes[changes["change"] == "merged"].to_dict("records")
    (line,) = (line for line in shown.splitlines() if merged["key"] in line and "into" in line)
    assert line.rstrip().endswith(f"into {merged['present']}")


def test_a_machine_gets_one_object_a_line_with_the_same_names_as_ever(warehouse: Path) -> None:
    lines = [json.loads(line) for line in run_here("changes", "--json", "--warehouse", warehouse).stdout.splitlines()]

    assert {tuple(line) for line in lines} == {("table", "change", "key", "column", "former", "present")}
    assert {line["change"] for line in lines} == {"added", "split", "merged", "changed", "removed"}


def test_pandas_gets_the_same_typed(warehouse: Path) -> None:
    changes = open_warehouse(warehouse).changes()
    lines = [json.loads(line) for line in run_here("changes", "--json", "--warehouse", warehouse).stdout.splitlines()]

    assert tuple(changes.columns) == CHANGE_COLUMNS
    assert list(changes["table"].cat.categories) == [table.name for table in COMPARED]
    assert all(isinstance(changes[name].dtype, pd.ArrowDtype) for name in CHANGE_COLUMNS[2:])
    plain = changes.astype(object).where(changes.notna(), None)
    for row, line in zip(plain.to_dict("records"), lines, strict=True):
        assert [row[name] for name in ("table", "change", "key", "column")] == [
            line[name] for name in ("table", "change", "key", "column")
        ]
        assert [row[name] for name in ("former", "present")] == [
            line[name] if line[name] is None or isinstance(line[name], str) else json.dumps(line[name])
            for name in ("former", "present")
        ]
        ids = [row["document_id"], row["collection_id"]]
        assert "/".join(each for each in ids if each is not None) == row["key"]
        assert (row["collection_id"] is None) == (row["table"] == "documents")


def test_changes_since_any_snapshot_lead_to_the_present_one(warehouse: Path) -> None:
    w = open_warehouse(warehouse)
    first = min(path.name for path in (warehouse / "snapshots").iterdir())

    assert w.changes(since=first).equals(w.changes())
    assert w.changes(since=w.snapshot_id).empty
    assert w.changes(since=w.snapshot_id)["table"].dtype == w.changes()["table"].dtype
    assert set(open_warehouse(warehouse, first).changes()["change"]) == {"added"}


def test_of_many_changes_a_person_is_shown_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    many = [Change("documents", "added", f"{number:016}") for number in range(MAX_SHOWN + 5)]
    moved = Change("documents", "changed", "a" * 16, "date_start", dt.datetime(1958, 1, 1), None)

    print_changes(ChangeReport("then", "now", [*many, moved], {"a" * 16: None}, []))

    shown = capsys.readouterr().out
    assert "… and 5 more; --json has all" in shown
    assert shown.count("0000") >= MAX_SHOWN
    assert "changed: 1 value of document" in shown
    assert "date_start: 1958-01-01 00:00:00 → none" in shown


def test_a_first_harvest_is_compared_with_nothing_and_a_later_one_table_by_table(
    wcda_here: Command, tmp_path: Path
) -> None:
    harvest = ("harvest", "--from", "samples", "--direct", "--warehouse", tmp_path / "warehouse")

    first, second = wcda_here(*harvest).stdout, wcda_here(*harvest).stdout

    assert "first snapshot: all of it is new" in first
    assert "former" not in first
    assert "against the former snapshot: no changes" in second


def test_changes_of_a_run_are_told_apart_by_table() -> None:
    receipt = Receipt(
        None,
        "complete",
        "now",
        "w",
        counts={"documents": 2, "entries": 2, "issues": 0},
        former="then",
        changes_by_table={
            "documents": {"added": 2, "changed": 1},
            "memberships": {"added": 3},
            "collections": {"changed": 2},
        },
    )

    assert receipt_lines(receipt)[-1] == (
        "against the former snapshot: documents: 2 added, 1 value changed; memberships: 3 added; "
        "collections: 2 values changed"
    )
