"""After an update of wcda: a snapshot of another version of the schema breaks nothing, and a line says what differs."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import WarehouseError
from schemas.identifiers import file_sha256
from schemas.tables import SCHEMA_VERSION, TABLES
from tests.conftest import run_here
from warehouse import publishing
from wcda import open_warehouse, versions
from wcda.manifest import MANIFEST

NEXT_MINOR, NEXT_MAJOR = "2.1", "3.0"
NEW = "title_date_edtf"
"""The column that we take for one that the next minor version added, and this table for its new table."""
NEW_TABLE = "candidate_pairs"

READING = (
    ("status",),
    ("check",),
    ("changes",),
    ("changes", "--json"),
    ("pairs",),
    ("explain", "df6f201d3c74f16a"),
    *(
        ("export", "--to", kind, "--output", f"out-{kind}")
        for kind in ("csv", "jsonl", "parquet", "sqlite", "datasette", "bundle", "csl", "ris")
    ),
)


def rewrite(warehouse: Path, version: str, change: Callable[[str, pa.Table], pa.Table | None]) -> str:
    """Make the current snapshot one of another version; gives its id."""
    snapshot = (warehouse / "current").resolve()
    manifest = json.loads((snapshot / MANIFEST).read_bytes())
    manifest["schema_version"] = version
    notes = []
    for note in manifest["tables"]:
        file = snapshot / note["name"]
        table = change(file.stem, pq.read_table(file))
        if table is None:
            file.unlink()
            continue
        pq.write_table(table, file)
        notes.append({**note, "sha256": file_sha256(file)})
    (snapshot / MANIFEST).write_text(json.dumps({**manifest, "tables": notes}))
    return snapshot.name


def without_what_is_new(name: str, table: pa.Table) -> pa.Table | None:
    if name == NEW_TABLE:
        return None
    return table.drop_columns([NEW]) if NEW in table.column_names else table


def with_more(name: str, table: pa.Table) -> pa.Table:
    return table.append_column("language", pa.array(["Russian"] * len(table))) if name == "documents" else table


@pytest.fixture
def updated(warehouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A warehouse of this version, and code of the next minor one, which has a column and a table more."""
    rewrite(warehouse, SCHEMA_VERSION, without_what_is_new)
    for module in (publishing, versions):
        monkeypatch.setattr(module, "SCHEMA_VERSION", NEXT_MINOR)
    monkeypatch.chdir(tmp_path)
    return warehouse


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_after_a_minor_update_each_command_reads_the_former_snapshot(command: tuple[str, ...], updated: Path) -> None:
    done = run_here(*command, "--warehouse", updated)

    assert done.returncode == 0, done.stderr
    of_both = f"has schema version {SCHEMA_VERSION}, and this wcda {NEXT_MINOR}"
    said = f"{of_both}; it has no documents.{NEW}, {NEW_TABLE}.left_id"
    assert (said in done.stdout + done.stderr) == (command[0] not in {"pairs", "explain"})
    assert len(done.stderr.splitlines()) <= 1


def test_what_a_snapshot_lacks_is_null_for_pandas(updated: Path) -> None:
    w = open_warehouse(updated)

    assert w.documents[NEW].isna().all()
    assert len(w.documents) == 19
    assert list(getattr(w, NEW_TABLE).columns) == list(TABLES[NEW_TABLE].column_names)
    assert getattr(w, NEW_TABLE).empty


def test_after_a_minor_update_a_run_publishes_and_its_changes_are_those_of_columns_that_both_have(
    updated: Path,
) -> None:
    former = open_warehouse(updated).snapshot_id

    done = run_here("rebuild", "--direct", "--warehouse", updated, "--json")

    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["changes"].values()) == {0}
    assert open_warehouse(updated).documents[NEW].notna().any()
    done = run_here("changes", "--warehouse", updated)
    assert "no changes" in done.stdout
    assert done.stderr.startswith(
        f"wcda: snapshot {former} has schema version {SCHEMA_VERSION}, and this wcda {NEXT_MINOR}"
    )
    assert open_warehouse(updated).changes().empty


def test_a_snapshot_of_a_later_minor_version_is_read_without_what_is_not_known_here(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rewrite(warehouse, NEXT_MINOR, with_more)

    assert list(open_warehouse(warehouse).documents.columns) == list(TABLES["documents"].column_names)
    for command in READING:
        assert run_here(*command, "--warehouse", warehouse).returncode == 0, command
    assert run_here("rebuild", "--direct", "--warehouse", warehouse).returncode == 0


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_after_a_major_update_a_line_says_what_to_do(
    command: tuple[str, ...], warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rewrite(warehouse, NEXT_MAJOR, lambda _, table: table)

    done = run_here(*command, "--warehouse", warehouse)

    if command == ("check",):  # against the digests that were noted as it was published
        assert done.returncode == 0
        return
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert f"has schema version {NEXT_MAJOR}, and this wcda {SCHEMA_VERSION}" in done.stderr
    assert "wcda rebuild" in done.stderr


def test_after_a_major_update_a_run_publishes_the_first_snapshot_of_it(warehouse: Path) -> None:
    former = rewrite(warehouse, NEXT_MAJOR, lambda _, table: table.drop_columns(table.column_names[:1]))
    with pytest.raises(WarehouseError, match="reads no other major version"):
        _ = open_warehouse(warehouse).documents

    done = run_here("rebuild", "--direct", "--warehouse", warehouse, "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["changes"]["added"] == 41
    w = open_warehouse(warehouse)
    assert len(w.changes()) == 41
    with pytest.raises(WarehouseError, match=f"{former} has schema version {NEXT_MAJOR}"):
        w.changes(since=former)
    assert run_here("check", "--warehouse", warehouse).returncode == 0
