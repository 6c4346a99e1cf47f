"""The main job: the two bundled captures become published tables that pandas opens."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from extractors.wilson_center import SAMPLES
from schemas.tables import TABLES
from tests.conftest import Command

MIKOYAN = "Notes by Anastas Mikoyan ahead of Meetings with Mao Zedong"


def read_tables(warehouse: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, as plain values."""
    return {name: pq.read_table(warehouse / "current" / f"{name}.parquet").to_pylist() for name in TABLES}


def lasting(tables: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """What must not differ from run to run: no bookkeeping tables, no volatile columns."""
    return {
        name: [{column: row[column] for column in table.lasting_columns} for row in tables[name]]
        for name, table in TABLES.items()
        if not table.volatile
    }


def test_two_captures_become_19_documents_in_2_collections(warehouse: Path) -> None:
    tables = read_tables(warehouse)

    assert {name: len(tables[name]) for name in ("entries", "documents", "memberships", "collections", "issues")} == {
        "entries": 20,
        "documents": 19,
        "memberships": 20,
        "collections": 2,
        "issues": 0,
    }
    assert sorted((row["reported_total"], row["observed_total"], row["complete"]) for row in tables["collections"]) == [
        (71, 10, False),
        (89, 10, False),
    ]


def test_the_one_document_in_both_collections_is_the_mikoyan_notes(warehouse: Path) -> None:
    documents = pd.read_parquet(warehouse / "current" / "documents.parquet")

    repeated = documents[documents["collection_count"] == 2]

    assert repeated["title"].tolist() == [MIKOYAN]
    assert repeated["date_start"].dt.strftime("%Y-%m-%d").tolist() == ["1949-01-31"]


def test_every_date_title_and_summary_is_that_of_the_capture(warehouse: Path) -> None:
    wanted = []
    for capture in sorted(SAMPLES.glob("*.txt")):
        blocks = [block.replace("\n", " ") for block in capture.read_text().split("\n\n") if block.strip()]
        records = [block.strip() for block in blocks[2:]]
        wanted += [tuple(records[at : at + 3]) for at in range(0, len(records), 3)]

    entries = read_tables(warehouse)["entries"]

    assert sorted((row["date_text"], row["title"], row["summary"]) for row in entries) == sorted(wanted)


def test_dates_work_with_pandas_dt(warehouse: Path) -> None:
    documents = pd.read_parquet(warehouse / "current" / "documents.parquet")

    assert documents["date_start"].dt.year.min() == 1947
    assert (documents["date_start"] == documents["date_end"]).all()


def test_the_record_date_and_the_date_in_the_title_are_kept_apart(warehouse: Path) -> None:
    documents = pd.read_parquet(warehouse / "current" / "documents.parquet").set_index("date_text")

    assert documents.loc["April 19, 1958", ["date_edtf", "title_date_edtf"]].tolist() == ["1958-04-19", "1958-04-05"]


def test_a_second_run_changes_nothing_that_lasts(warehouse: Path, wcda: Command) -> None:
    before = read_tables(warehouse)

    done = wcda("harvest", "--from", "samples", "--direct", "--json", "--warehouse", warehouse)

    after = read_tables(warehouse)
    assert lasting(after) == lasting(before)
    assert len(after["runs"]) == 2
    assert set(json.loads(done.stdout)["changes"].values()) == {0}
    assert wcda("changes", "--json", "--warehouse", warehouse).stdout == ""


def test_rebuild_gives_the_same_rows_in_the_same_order(warehouse: Path, wcda: Command) -> None:
    before = read_tables(warehouse)

    done = wcda("rebuild", "--direct", "--warehouse", warehouse)

    assert done.returncode == 0
    assert read_tables(warehouse) == before


def test_the_receipt_for_machines_says_what_was_published(warehouse: Path, wcda: Command) -> None:
    receipt = json.loads(wcda("harvest", "--from", "samples", "--direct", "--json", "--warehouse", warehouse).stdout)

    assert receipt["outcome"] == "complete"
    assert receipt["snapshot"] == (warehouse / "current").resolve().name
    assert receipt["counts"] == {name: len(rows) for name, rows in read_tables(warehouse).items()}
    assert receipt["run_id"] in {row["run_id"] for row in read_tables(warehouse)["runs"]}
    assert {
        (row["reported_total"], row["observed_total"], row["complete"], round(row["coverage"], 3))
        for row in receipt["collections"]
    } == {(89, 10, False, 0.112), (71, 10, False, 0.141)}


def test_a_person_reads_coverage_repeats_issues_and_what_to_type_next(tmp_path: Path, wcda: Command) -> None:
    printed = wcda("harvest", "--from", "samples", "--direct", "--warehouse", tmp_path / "tables").stdout

    for words in ("89    10     11.2%", "71    10     14.1%", "19 documents, 1 of them in more than one", "0 issues"):
        assert words in printed
    assert f"tables: {tmp_path}/tables/current" in printed
    assert "wcda status --warehouse" in printed


def test_samples_have_a_warehouse_of_their_own_unless_one_is_named(tmp_path: Path, wcda: Command) -> None:
    wcda("harvest", "--from", "samples", "--direct")
    wcda("harvest", "--from", "samples", "--direct", WCDA_WAREHOUSE=str(tmp_path / "named"))

    assert (tmp_path / "work/warehouse/data/samples/current/documents.parquet").is_file()
    assert (tmp_path / "named/current/documents.parquet").is_file()


def test_status_and_check_tell_of_the_current_snapshot(warehouse: Path, wcda: Command) -> None:
    snapshot = (warehouse / "current").resolve().name

    status = json.loads(wcda("status", "--json", "--warehouse", warehouse).stdout)
    check = wcda("check", "--warehouse", warehouse)

    assert status["snapshot"] == snapshot
    assert [run["outcome"] for run in status["runs"]] == ["complete"]
    assert check.returncode == 0
    assert snapshot in check.stdout


def test_check_finds_a_table_and_a_segment_that_were_changed(warehouse: Path, wcda: Command) -> None:
    table = (warehouse / "current" / "documents.parquet").resolve()
    segment = next((warehouse / "raw").glob("*.warc.gz"))
    for file in (table, segment):
        file.write_bytes(file.read_bytes() + b"x")

    done = wcda("check", "--warehouse", warehouse)

    assert done.returncode == 1
    assert "documents.parquet: the file is not what was published" in done.stderr
    assert segment.name in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_read_shows_a_page_and_writes_nothing(tmp_path: Path, wcda: Command) -> None:
    page = sorted(SAMPLES.glob("*.txt"))[0]

    found = json.loads(wcda("read", "--json", page).stdout)

    assert found["layout"] == "plain-text"
    assert found["outcome"] == "listing"
    assert found["range"] == {"first": 11, "last": 20, "total": 89}
    assert found["issues"] == []
    assert len(found["entries"]) == 10
    assert found["entries"][9]["title"] == MIKOYAN
    assert found["entries"][9]["date_edtf"] == "1949-01-31"
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("loss", ["snapshot.json", "all of it"])
def test_a_lost_snapshot_is_made_again_from_the_raw_zone(loss: str, warehouse: Path, wcda: Command) -> None:
    before = read_tables(warehouse)
    snapshot = (warehouse / "current").resolve()
    if loss == "all of it":
        shutil.rmtree(snapshot)
    else:
        (snapshot / loss).unlink()

    assert wcda("status", "--warehouse", warehouse).returncode == 1
    assert wcda("rebuild", "--direct", "--warehouse", warehouse).returncode == 0
    assert read_tables(warehouse) == before


def test_a_catalog_names_collections_by_their_files(tmp_path: Path, wcda: Command) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text('[[collections]]\nid = "mao"\nname = "Conversations with Mao"\nfiles = ["000_*.txt"]\n')
    warehouse = tmp_path / "tables"

    wcda("harvest", "--from", SAMPLES, "--catalog", catalog, "--direct", "--warehouse", warehouse)

    collections = {row["collection_id"]: row["name"] for row in read_tables(warehouse)["collections"]}
    assert collections == {"mao": "Conversations with Mao", "004_483692c85964be7d": None}


def test_a_harvest_can_be_limited_to_collections(tmp_path: Path, wcda: Command) -> None:
    warehouse = tmp_path / "tables"

    wcda("harvest", "--from", "samples", "004_483692c85964be7d", "--direct", "--warehouse", warehouse)

    assert [row["collection_id"] for row in read_tables(warehouse)["collections"]] == ["004_483692c85964be7d"]
