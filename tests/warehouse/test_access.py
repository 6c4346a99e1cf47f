"""The tables for pandas, opened as a person would: typed, of one snapshot, joined."""

import datetime as dt
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import warehouse as warehouse_room
from extractors.wilson_center import ARCHIVE
from schemas.errors import UsageError, WarehouseError, WcdaError
from schemas.known import known_schema
from schemas.tables import TABLES
from tests.conftest import run_here
from tests.warehouse.conftest import Tables
from tests.warehouse.test_report import collection, document, made, members
from warehouse.folder import WarehouseFolder
from warehouse.publishing import publish
from wcda import Warehouse, open_warehouse

CHINA, BEIJING = "000_56f256ad2640980a", "004_483692c85964be7d"
REPEATED = "df6f201d3c74f16a"


def test_each_table_is_there_by_its_name_and_typed(harvested_samples: Path) -> None:
    w = open_warehouse(harvested_samples)

    for name, table in TABLES.items():
        frame = getattr(w, name)
        assert list(frame.columns) == list(table.column_names)
        for column in table.columns:
            kind = frame[column.name].dtype
            assert isinstance(kind, pd.CategoricalDtype if column.allowed else pd.ArrowDtype), (name, column.name)
        assert name in dir(w)
    assert len(w.documents) == 19
    assert set(w.documents["date_start"].dt.year) <= set(range(1935, 2009))
    with pytest.raises(AttributeError, match="no attribute 'document'"):
        _ = w.document  # type: ignore[attr-defined]


def test_what_one_does_to_a_frame_stays_with_that_frame(harvested_samples: Path) -> None:
    w = open_warehouse(harvested_samples)
    mine = w.documents
    mine["title"] = "gone"
    mine.loc[mine.index[0], "summary"] = "gone"

    assert not (w.documents["title"] == "gone").any()
    assert not (w.documents["summary"] == "gone").any()


def test_documents_of_a_collection_come_in_the_order_of_its_listing(harvested_samples: Path) -> None:
    found = open_warehouse(harvested_samples).documents_of(CHINA)

    assert len(found) == 10
    assert list(found["rank"]) == sorted(found["rank"])
    with pytest.raises(UsageError, match="no such collection"):
        open_warehouse(harvested_samples).documents_of("nowhere")


def test_collections_of_a_document_by_any_name_that_it_has(harvested_samples: Path) -> None:
    w = open_warehouse(harvested_samples)
    keys = w.document_keys

    for name in (REPEATED, *keys.loc[keys["document_id"] == REPEATED, "key"]):
        assert list(w.collections_of(name)["collection_id"]) == [CHINA, BEIJING]
    with pytest.raises(UsageError, match="no document"):
        w.collections_of("nobody")


def test_overlaps_leave_the_list_of_the_whole_archive_out(tmp_path: Path) -> None:
    tables = made(
        documents=[document("a", collection_count=3), document("b", collection_count=2)],
        collections=[
            collection("w", kind="all", observed_total=2),
            collection("x", observed_total=2),
            collection("y", observed_total=1),
        ],
        memberships=members("aw", "bw", "ax", "ay", "bx"),
    )
    publish(WarehouseFolder(tmp_path), tables, {}, archive=ARCHIVE)

    (row,) = open_warehouse(tmp_path).overlaps().to_dict("records")

    assert (row["left_id"], row["right_id"], row["shared"], row["left_total"]) == ("x", "y", 1, 2)


WRONG: dict[str, Callable[[Path], object]] = {
    "folder": lambda path: open_warehouse(path / "nowhere"),
    "class": lambda path: Warehouse(path / "nowhere"),  # type: ignore[arg-type]
    "snapshot": lambda path: open_warehouse(path, "nothing"),
    "since": lambda path: open_warehouse(path).changes(since="nothing"),
    "document": lambda path: open_warehouse(path).collections_of("nothing"),
    "collection": lambda path: open_warehouse(path).documents_of("nothing"),
    "person": lambda path: open_warehouse(path).of_person("nobody"),
    "query": lambda path: open_warehouse(path).find(""),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_name_is_one_line_and_a_traceback_that_ends_at_the_call(what: str, harvested_samples: Path) -> None:
    with pytest.raises(WcdaError) as caught:
        WRONG[what](harvested_samples)

    assert len(str(caught.value).splitlines()) == 1
    within = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__) if "/wcda/" in frame.filename]
    assert within == ["call"]


def test_a_fault_of_ours_keeps_its_traceback(harvested_samples: Path) -> None:
    with pytest.raises(TypeError) as caught:
        open_warehouse(harvested_samples).find(7)  # type: ignore[arg-type]

    assert len(traceback.extract_tb(caught.value.__traceback__)) > 3


def test_overlaps_count_what_two_collections_share(harvested_samples: Path) -> None:
    (row,) = open_warehouse(harvested_samples).overlaps().to_dict("records")

    assert (row["left_id"], row["right_id"], row["shared"]) == (CHINA, BEIJING, 1)
    assert (row["left_total"], row["right_total"]) == (10, 10)
    assert row["jaccard"] == pytest.approx(1 / 19)


def test_provenance_leads_from_each_entry_to_its_record(harvested_samples: Path) -> None:
    found = open_warehouse(harvested_samples).provenance()

    assert len(found) == 20
    for file in found["warc_file"].unique():
        assert (harvested_samples / "raw" / file).is_file()


def test_values_that_changed_are_told_as_texts(folder: WarehouseFolder, tables: Tables) -> None:
    rows = tables["documents"].to_pylist()
    rows[0].update(date_start=dt.datetime(1901, 2, 3), date_approximate=True, summary=None)
    changed = pa.Table.from_pylist(rows, schema=tables["documents"].schema)
    publish(folder, {**tables, "documents": changed}, {}, archive=ARCHIVE)

    changes = open_warehouse(folder.path).changes().set_index("column")

    assert changes["present"].to_dict() == {"date_start": "1901-02-03", "date_approximate": "true", "summary": None}
    assert changes.loc["date_approximate", "former"] == "false"
    assert set(changes["document_id"]) == {rows[0]["document_id"]}


def test_a_snapshot_stays_the_same_whatever_is_published_meanwhile(warehouse: Path, tmp_path: Path) -> None:
    w = open_warehouse(warehouse)
    page = tmp_path / "other.txt"
    page.write_text("Skip to content\n\n\n1 - 1 of 1\n\n\nMay 10, 1943\n\nA title\n\nA summary.\n")
    assert run_here("harvest", "--from", page, "--direct", "--warehouse", warehouse).returncode == 0

    assert len(w.documents) == 19
    assert len(open_warehouse(warehouse).documents) == 20
    assert len(open_warehouse(warehouse, w.snapshot_id).documents) == 19


def test_an_opened_snapshot_reads_on_when_it_has_been_deleted(warehouse: Path) -> None:
    w = open_warehouse(warehouse)
    shutil.rmtree((warehouse / "current").resolve())

    assert len(w.documents) == 19
    assert len(w.memberships) == 20
    assert len(w.overlaps()) == 1
    assert list(w.collections_of(REPEATED)["collection_id"]) == [CHINA, BEIJING]


def test_a_snapshot_that_lacks_a_file_is_not_opened(warehouse: Path) -> None:
    (warehouse / "current" / "entries.parquet").unlink()

    with pytest.raises(WarehouseError, match=r"entries\.parquet: the file is missing; wcda check"):
        open_warehouse(warehouse)


def test_changes_of_a_collection_whose_id_has_a_slash_name_it_whole(folder: WarehouseFolder, tables: Tables) -> None:
    rows = tables["collections"].to_pylist()
    rows.append({**rows[0], "collection_id": "a/page", "observed_total": 0})
    grown = pa.Table.from_pylist(rows, schema=tables["collections"].schema)
    publish(folder, {**tables, "collections": grown}, {}, archive=ARCHIVE)

    (added,) = open_warehouse(folder.path).changes().to_dict("records")

    assert (added["change"], added["key"], added["collection_id"]) == ("added", "a/page", "a/page")
    assert pd.isna(added["document_id"])


def test_the_former_name_still_opens_and_says_what_replaces_it(harvested_samples: Path) -> None:
    with pytest.warns(DeprecationWarning, match=r"use wcda\.open_warehouse"):
        assert len(warehouse_room.open_warehouse(harvested_samples).documents) == 19


def test_importing_wcda_changes_nothing_in_the_process_and_brings_no_room() -> None:
    code = (
        "import os, sys; before = dict(os.environ); import wcda; assert dict(os.environ) == before; "
        "print(sorted({'flows', 'extractors', 'schemas', 'warehouse'} & {*sys.modules}), wcda.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == f"[] {version('wcda')}\n"


def test_what_wcda_knows_of_the_tables_is_what_the_schema_states() -> None:
    assert files("wcda").joinpath("schema.json").read_text(encoding="utf-8") == known_schema()  # make dictionary


def test_a_warehouse_that_is_none_is_said(tmp_path: Path, harvested_samples: Path) -> None:
    with pytest.raises(UsageError, match="no warehouse here"):
        open_warehouse(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="there is no warehouse here"):
        open_warehouse(tmp_path / "empty")
    (tmp_path / "empty" / "raw").mkdir()
    with pytest.raises(WarehouseError, match="nothing has been published"):
        open_warehouse(tmp_path / "empty")
    copy = tmp_path / "copy"
    shutil.copytree(harvested_samples, copy, symlinks=True)
    for no_snapshot in ("20000101T000000Z", f"../snapshots/{open_warehouse(copy).snapshot_id}", ".."):
        with pytest.raises(WarehouseError, match="no such snapshot"):
            open_warehouse(str(copy), no_snapshot)


def test_the_beginning_of_an_id_stands_for_it_if_no_other_begins_so(harvested: Path) -> None:
    w = open_warehouse(harvested)
    (document, *_) = w.documents["document_id"]

    assert w.collections_of(document[:8]).equals(w.collections_of(document))
    with pytest.raises(UsageError, match="no document has this id"):
        w.collections_of(document[:3])
