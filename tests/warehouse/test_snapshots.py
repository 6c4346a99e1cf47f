"""Snapshots: published whole or not at all, and never changed afterwards without being found out."""

import datetime as dt
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extractors.wilson_center import ARCHIVE
from schemas.data_package import DATA_PACKAGE
from schemas.errors import CheckError, WarehouseError
from schemas.identifiers import file_sha256
from schemas.tables import SCHEMA_VERSION, TABLES
from tests.warehouse.conftest import Tables
from warehouse import publishing
from warehouse.checks import snapshot_problems
from warehouse.folder import WarehouseFolder
from warehouse.products.report import page
from warehouse.publishing import find_former, forget_old, publish
from wcda.access import open_warehouse
from wcda.manifest import MANIFEST, REPORT
from wcda.snapshots import Snapshot, current_snapshot, find_snapshot, list_snapshots


def current(folder: WarehouseFolder) -> Snapshot:
    snapshot = current_snapshot(folder)
    assert snapshot is not None
    return snapshot


def content(folder: WarehouseFolder) -> tuple[str, dict[str, bytes]]:
    """What a reader sees: the name of the current snapshot, and its files."""
    return str(folder.current.readlink()), {file.name: file.read_bytes() for file in folder.current.iterdir()}


def renamed(tables: Tables, name: str) -> Tables:
    """Tables with the title of the first document changed."""
    rows = tables["documents"].to_pylist()
    rows[0]["title"] = name
    return {**tables, "documents": pa.Table.from_pylist(rows, schema=tables["documents"].schema)}


# Publishing


def test_nothing_is_current_where_nothing_was_published(tmp_path: Path) -> None:
    assert current_snapshot(WarehouseFolder(tmp_path)) is None


def test_the_first_snapshot_of_a_warehouse_is_published(tmp_path: Path, tables: Tables) -> None:
    folder = WarehouseFolder(tmp_path)

    snapshot = publish(folder, tables, {"b.warc.gz": "2", "a.warc.gz": "1"}, archive=ARCHIVE)

    assert current_snapshot(folder) == snapshot
    assert snapshot_problems(snapshot) == []
    assert snapshot.manifest.former is None
    assert snapshot.manifest.schema_version == SCHEMA_VERSION
    assert [(note.name, note.sha256) for note in snapshot.manifest.segments] == [("a.warc.gz", "1"), ("b.warc.gz", "2")]


def test_what_is_read_is_what_was_published(folder: WarehouseFolder, tables: Tables) -> None:
    snapshot = publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    for name, table in renamed(tables, "New").items():
        read = current(folder).read(name, list(TABLES[name].column_names))
        assert read.equals(table)
        assert read.schema.equals(TABLES[name].arrow_schema(), check_metadata=True)
        assert snapshot.note(name).sha256 == file_sha256(folder.current / f"{name}.parquet")


def test_a_snapshot_has_a_file_for_each_table_its_manifest_its_description_and_its_report(
    folder: WarehouseFolder,
) -> None:
    tables = {f"{name}.parquet" for name in TABLES}

    assert {file.name for file in folder.current.iterdir()} == {MANIFEST, DATA_PACKAGE, REPORT, *tables}


def test_a_snapshot_says_how_much_it_changed(folder: WarehouseFolder, tables: Tables) -> None:
    first = current(folder)

    second = publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    assert first.manifest.changes == {"added": 19 + 2 + 20}
    assert second.manifest.changes == {"changed": 1}
    assert current(folder).manifest == second.manifest


def refuse_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def files_of(snapshot: Snapshot) -> dict[str, int]:
    """The file of each table, as the file system numbers it."""
    return {name: (snapshot.path / f"{name}.parquet").stat().st_ino for name in TABLES}


def test_a_table_that_did_not_change_is_not_written_again(folder: WarehouseFolder, tables: Tables) -> None:
    first = current(folder)

    second = publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    changed = {name for name in TABLES if files_of(first)[name] != files_of(second)[name]}
    assert changed == {"documents"}
    assert snapshot_problems(second) == []


def test_a_table_whose_former_file_describes_its_columns_otherwise_is_written_again(
    folder: WarehouseFolder, tables: Tables
) -> None:
    first = current(folder)
    file = first.path / "runs.parquet"
    pq.write_table(tables["runs"].replace_schema_metadata({"name": "former"}), file)
    change_manifest(folder, lambda manifest: _note(manifest, "runs.parquet").update(sha256=file_sha256(file)))
    first = current(folder)

    second = publish(folder, tables, {}, archive=ARCHIVE)

    assert {name for name in TABLES if files_of(first)[name] != files_of(second)[name]} == {"runs"}
    assert pq.read_schema(second.path / "runs.parquet").equals(TABLES["runs"].arrow_schema(), check_metadata=True)


def test_a_snapshot_that_shares_files_stays_whole_when_the_former_ones_are_let_go(
    folder: WarehouseFolder, tables: Tables
) -> None:
    for _ in range(4):
        last = publish(folder, tables, {}, archive=ARCHIVE)

    forget_old(folder, 2)

    assert len(list_snapshots(folder)) == 2
    assert snapshot_problems(last) == []


def test_tables_are_written_where_the_file_system_has_no_links(
    folder: WarehouseFolder, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = current(folder)
    monkeypatch.setattr(os, "link", refuse_links)

    second = publish(folder, tables, {}, archive=ARCHIVE)

    assert not set(files_of(first).values()) & set(files_of(second).values())
    assert snapshot_problems(second) == []


def _note(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return next(note for note in manifest["tables"] if note["name"] == name)


def test_a_snapshot_that_was_published_without_a_report_is_read_and_sound(folder: WarehouseFolder) -> None:
    (folder.current / REPORT).unlink()
    change_manifest(folder, lambda manifest: [manifest.pop(name) for name in ("report", "changes")])

    assert current(folder).manifest.report is None
    assert snapshot_problems(current(folder)) == []


def test_a_report_that_cannot_be_made_stops_the_publishing(
    folder: WarehouseFolder, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(folder)
    monkeypatch.setattr(page, "_template", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    assert content(folder) == before


def test_pandas_reads_a_table_through_the_link(folder: WarehouseFolder, tables: Tables) -> None:
    documents = pd.read_parquet(folder.current / "documents.parquet")

    assert documents["title"].tolist() == tables["documents"]["title"].to_pylist()
    assert documents["date_start"].dt.year.notna().all()


def test_current_is_a_relative_link_so_that_a_warehouse_can_be_moved(folder: WarehouseFolder) -> None:
    assert folder.current.is_symlink()
    assert str(folder.current.readlink()) == f"snapshots/{current(folder).manifest.snapshot_id}"

    moved = WarehouseFolder(folder.path.rename(folder.path.with_name("moved")))

    assert snapshot_problems(current(moved)) == []


def test_a_second_snapshot_follows_the_first_which_stays(folder: WarehouseFolder, tables: Tables) -> None:
    first = current(folder)

    second = publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    assert current(folder) == second
    assert second.manifest.former == first.manifest.snapshot_id
    assert second.manifest.snapshot_id > first.manifest.snapshot_id
    assert sorted(path.name for path in folder.snapshots.iterdir()) == [
        first.manifest.snapshot_id,
        second.manifest.snapshot_id,
    ]
    former = find_snapshot(folder, first.manifest.snapshot_id)
    assert snapshot_problems(former) == []
    assert former.read("documents").equals(tables["documents"])


def test_a_reader_that_pinned_a_snapshot_is_not_disturbed(folder: WarehouseFolder, tables: Tables) -> None:
    pinned = folder.current.resolve()

    publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    assert pq.read_table(pinned / "documents.parquet").equals(tables["documents"])


def test_what_killed_runs_left_is_removed(folder: WarehouseFolder, tables: Tables) -> None:
    for name in ("20200101T000000.000000Z.part", "20300101T000000.000000Z.part"):
        (folder.snapshots / name).mkdir()
        (folder.snapshots / name / "documents.parquet").write_bytes(b"half")
    folder.current.with_name("current.part").symlink_to("snapshots/nowhere")

    publish(folder, tables, {}, archive=ARCHIVE)

    assert not [path for path in folder.path.rglob("*") if path.name.endswith(".part")]
    assert snapshot_problems(current(folder)) == []


def test_an_unknown_snapshot_is_named(folder: WarehouseFolder) -> None:
    with pytest.raises(WarehouseError, match="yesterday: there is no such snapshot"):
        find_snapshot(folder, "yesterday")


# Failing


def lose_a_document(tables: Tables) -> None:
    tables["documents"] = tables["documents"].slice(1)


def lose_a_table(tables: Tables) -> None:
    del tables["runs"]


def repeat_a_row(tables: Tables) -> None:
    tables["pages"] = pa.concat_tables([tables["pages"], tables["pages"]])


@pytest.mark.parametrize("spoil", [lose_a_document, lose_a_table, repeat_a_row])
def test_tables_that_break_a_rule_are_refused_and_nothing_changes(
    spoil: Callable[[Tables], None], folder: WarehouseFolder, tables: Tables
) -> None:
    before, files = content(folder), sorted(folder.path.rglob("*"))
    spoil(tables)

    with pytest.raises(CheckError) as caught:
        publish(folder, tables, {}, archive=ARCHIVE)

    assert caught.value.problems
    assert len(str(caught.value).splitlines()) == 1
    assert content(folder) == before
    assert sorted(folder.path.rglob("*")) == files


def assert_the_former_snapshot_stands(folder: WarehouseFolder, before: object, tables: Tables) -> None:
    assert content(folder) == before
    assert snapshot_problems(current(folder)) == []
    publish(folder, renamed(tables, "Later"), {}, archive=ARCHIVE)  # and the next run is not hindered
    assert snapshot_problems(current(folder)) == []
    assert not list(folder.snapshots.glob("*.part"))


@pytest.mark.parametrize("nth", range(len(TABLES)))
def test_a_disk_that_is_full_at_any_table_leaves_the_former_snapshot(
    nth: int, folder: WarehouseFolder, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(folder)
    written = []

    def write(table: pa.Table, file: Path, **options: object) -> None:
        if len(written) == nth:
            Path(file).write_bytes(b"PAR1")
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(file)
        real(table, file, **options)

    real = pq.write_table
    with monkeypatch.context() as full:
        full.setattr(pq, "write_table", write)
        full.setattr(os, "link", refuse_links)  # each table is written
        with pytest.raises(OSError, match="No space left"):
            publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    assert len(written) == nth
    assert_the_former_snapshot_stands(folder, before, tables)


STEPS = {
    "manifest": (Path, "write_bytes"),
    "forcing to disk": (os, "fsync"),
    "rename": (Path, "rename"),
    "the new link": (Path, "symlink_to"),
    "the swap": (Path, "replace"),
}


@pytest.mark.parametrize(("owner", "name"), STEPS.values(), ids=STEPS)
def test_a_failure_at_any_later_step_leaves_the_former_snapshot(
    owner: object, name: str, folder: WarehouseFolder, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(folder)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(owner, name, fail)
        with pytest.raises(OSError, match="Input/output error"):
            publish(folder, renamed(tables, "New"), {}, archive=ARCHIVE)

    assert_the_former_snapshot_stands(folder, before, tables)


def test_all_is_on_disk_before_the_link_is_swapped(
    folder: WarehouseFolder, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, swap = publishing.sync_file, publishing._swap

    def note_sync(path: Path) -> None:
        steps.append(path.name)
        sync(path)

    def note_swap(link: Path, target: Path) -> None:
        steps.append("swap")
        swap(link, target)

    monkeypatch.setattr(publishing, "sync_file", note_sync)
    monkeypatch.setattr(publishing, "sync_folder", note_sync)
    monkeypatch.setattr(publishing, "_swap", note_swap)
    snapshot = publish(folder, tables, {}, archive=ARCHIVE)

    at = steps.index("swap")
    assert {*steps[:at]} >= {MANIFEST, REPORT, f"{snapshot.manifest.snapshot_id}.part", "snapshots"}
    assert {*steps[:at]} >= {f"{name}.parquet" for name in TABLES}
    assert steps[at:] == ["swap", folder.path.name]


# Damage


FILES = [*(f"{name}.parquet" for name in TABLES), REPORT]


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_found(name: str, folder: WarehouseFolder) -> None:
    file = folder.current / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)

    assert snapshot_problems(current(folder)) == [f"{name}: the file is not what was published (its SHA-256 differs)"]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found(name: str, folder: WarehouseFolder) -> None:
    (folder.current / name).unlink()

    assert snapshot_problems(current(folder)) == [f"{name}: the file is missing"]


def change_manifest(folder: WarehouseFolder, change: Callable[[dict[str, list[dict[str, object]]]], object]) -> None:
    manifest = json.loads((folder.current / MANIFEST).read_bytes())
    change(manifest)
    (folder.current / MANIFEST).write_text(json.dumps(manifest))


def test_a_count_of_rows_that_is_not_that_of_the_file_is_found(folder: WarehouseFolder) -> None:
    change_manifest(folder, lambda manifest: manifest["tables"][0].update(rows=7))

    assert snapshot_problems(current(folder)) == ["documents: 19 rows, and 7 were published"]


def test_tables_that_were_replaced_together_with_their_digests_must_still_keep_the_rules(
    folder: WarehouseFolder, tables: Tables
) -> None:
    file = folder.current / "documents.parquet"
    pq.write_table(tables["documents"].slice(1), file)
    change_manifest(folder, lambda manifest: manifest["tables"][0].update(rows=18, sha256=file_sha256(file)))

    problems = snapshot_problems(current(folder))

    assert problems
    assert all("point to no row of documents" in problem for problem in problems)


def test_a_table_that_the_manifest_does_not_name_is_found(folder: WarehouseFolder) -> None:
    change_manifest(folder, lambda manifest: manifest["tables"].pop(0))

    assert snapshot_problems(current(folder)) == ["documents: 19 rows, and None were published"]


MANIFESTS = {
    "empty": b"",
    "cut off": b'{"snapshot_id": "2025',
    "no JSON": b"\x00\xff",
    "a list": b"[]",
    "another object": b'{"a": 1}',
    "a timestamp that is not one": b'{"snapshot_id":"a","created_at":"soon","schema_version":"1","former":null,'
    b'"tables":[],"segments":[]}',
}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_cannot_be_read_is_named(manifest: bytes, folder: WarehouseFolder) -> None:
    (folder.current / MANIFEST).write_bytes(manifest)

    with pytest.raises(WarehouseError, match=rf"{MANIFEST}: cannot be read") as caught:
        current_snapshot(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_a_link_to_a_snapshot_that_is_gone_is_named(folder: WarehouseFolder) -> None:
    name = folder.current.resolve().name
    folder.current.resolve().rename(folder.path / "elsewhere")

    with pytest.raises(WarehouseError, match=f"{name}: there is no such snapshot"):
        current_snapshot(folder)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_current_must_be_a_link(kind: str, folder: WarehouseFolder) -> None:
    folder.current.unlink()
    if kind == "folder":
        folder.current.mkdir()
    else:
        folder.current.write_text("snapshots")

    with pytest.raises(WarehouseError, match="must be a link to a snapshot"):
        current_snapshot(folder)


def test_a_link_to_a_file_is_refused(folder: WarehouseFolder) -> None:
    folder.current.unlink()
    folder.current.symlink_to(".lock")

    with pytest.raises(WarehouseError):
        current_snapshot(folder)


def test_a_former_snapshot_that_lost_a_table_is_followed_as_if_there_were_none(
    folder: WarehouseFolder, tables: Tables
) -> None:
    (folder.current / "memberships.parquet").unlink()

    snapshot = publish(folder, tables, {}, archive=ARCHIVE)

    assert snapshot.manifest.former is None
    assert snapshot_problems(snapshot) == []


# A clock that is wrong


def set_clock(monkeypatch: pytest.MonkeyPatch, *at: int) -> None:
    """Let the clock stand still at a day."""

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Clock":
            return cls(*at, tzinfo=tz)

    monkeypatch.setattr(publishing, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC, timedelta=dt.timedelta))


def test_what_is_old_is_what_was_published_earlier_whatever_the_clock_said(
    folder: WarehouseFolder, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = [current(folder).path.name]
    for year in (2099, 2098, 2001, 2050, 2000):
        set_clock(monkeypatch, year, 1, 2)
        published.append(publish(folder, tables, {}, archive=ARCHIVE).path.name)

        assert [snapshot.path.name for snapshot in list_snapshots(folder)] == published
    forget_old(folder, 2)

    assert sorted(path.name for path in folder.snapshots.iterdir()) == sorted(published[-2:])
    assert current(folder).path.name == published[-1]


def test_a_clock_that_stands_still_gives_each_snapshot_an_id_of_its_own(
    folder: WarehouseFolder, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, 2030, 1, 2)

    made = [publish(folder, tables, {}, archive=ARCHIVE).path.name for _ in range(3)]

    assert len({*made}) == 3
    assert [snapshot.path.name for snapshot in list_snapshots(folder)][1:] == made


def test_the_current_snapshot_is_never_deleted_even_if_later_ones_are_there(
    folder: WarehouseFolder, tables: Tables
) -> None:
    first = current(folder).path
    for _ in range(4):
        publish(folder, tables, {}, archive=ARCHIVE)
    folder.current.unlink()
    folder.current.symlink_to(first.relative_to(folder.path))

    forget_old(folder, 2)

    assert current(folder).path == first
    assert first.is_dir()


def test_a_snapshot_that_was_never_made_current_counts_as_older_than_those_that_were(
    folder: WarehouseFolder, tables: Tables
) -> None:
    first = current(folder).path.name
    never = publish(folder, renamed(tables, "Never"), {}, archive=ARCHIVE).path.name
    folder.current.unlink()
    folder.current.symlink_to(Path("snapshots") / first)

    third = publish(folder, tables, {}, archive=ARCHIVE).path.name

    assert [snapshot.path.name for snapshot in list_snapshots(folder)] == [never, first, third]


def test_only_what_is_named_as_a_snapshot_is_deleted_and_of_a_link_the_link_alone(
    folder: WarehouseFolder, tables: Tables, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file.txt").write_text("mine")
    (folder.snapshots / "notes-from-A-to-Z").mkdir()
    (folder.snapshots / "20010101T000000.000000Z").symlink_to(tmp_path / "mine")
    (folder.snapshots / "20010101T000000.000001Z.part").symlink_to(tmp_path / "mine")
    for _ in range(3):
        publish(folder, tables, {}, archive=ARCHIVE)

    forget_old(folder, 2)

    assert (tmp_path / "mine" / "file.txt").read_text() == "mine"
    assert (folder.snapshots / "notes-from-A-to-Z").is_dir()
    assert len([*folder.snapshots.iterdir()]) == 3


# A former snapshot that cannot be read


def lose(folder: WarehouseFolder) -> None:
    folder.current.resolve().rename(folder.path / "elsewhere")


def lose_link(folder: WarehouseFolder) -> None:
    folder.current.unlink()


def lead_out(folder: WarehouseFolder) -> None:
    folder.current.unlink()
    folder.current.symlink_to("raw")


def damage(folder: WarehouseFolder) -> None:
    file = folder.current / "memberships.parquet"
    file.unlink()  # which the snapshot before shares
    file.write_bytes(b"PAR1")


def damage_manifest(folder: WarehouseFolder) -> None:
    (folder.current / MANIFEST).write_bytes(b"{}")


@pytest.mark.parametrize("harm", [lose, lead_out, damage, damage_manifest])
def test_in_place_of_a_current_snapshot_that_cannot_be_read_the_latest_that_can_is_followed_with_a_note(
    harm: Callable[[WarehouseFolder], None], folder: WarehouseFolder, tables: Tables
) -> None:
    first = current(folder).path.name
    publish(folder, tables, {}, archive=ARCHIVE)
    if harm is lead_out:
        (folder.snapshots / current(folder).path.name / "documents.parquet").unlink()
    harm(folder)

    former = find_former(folder)
    snapshot = publish(folder, renamed(tables, "Later"), {}, archive=ARCHIVE)

    assert former.note is not None
    assert f"it was compared with {first}" in former.note
    assert snapshot.manifest.former == first
    assert snapshot.manifest.changes == {"changed": 1}
    assert find_former(folder).note is None
    assert current(folder) == snapshot


def test_where_no_snapshot_can_be_read_it_is_noted_that_nothing_was_compared(folder: WarehouseFolder) -> None:
    lose(folder)

    former = find_former(folder)

    assert former.snapshot is None
    assert former.note is not None
    assert "there was nothing to compare it with" in former.note


def test_where_the_link_is_lost_the_last_snapshot_is_followed_with_a_note(folder: WarehouseFolder) -> None:
    last = current(folder)
    lose_link(folder)

    former = find_former(folder)

    assert former.snapshot == last
    assert former.note is not None
    assert "is missing" in former.note


def test_a_table_whose_data_is_damaged_is_an_error_that_names_the_file(folder: WarehouseFolder) -> None:
    file = folder.current / "documents.parquet"
    data = bytearray(file.read_bytes())
    data[4:4000] = bytes(3996)
    file.write_bytes(data)

    with pytest.raises(WarehouseError, match=r"documents\.parquet: cannot be read: "):
        _ = open_warehouse(folder.path).documents


@pytest.mark.parametrize("name", ["snapshots", "parsed", "raw", "building.part"])
def test_a_folder_in_which_files_are_deleted_must_not_be_a_link(name: str, folder: WarehouseFolder) -> None:
    (folder.path / name).mkdir(exist_ok=True)
    elsewhere = (folder.path / name).rename(folder.path.with_name("elsewhere"))
    (folder.path / name).symlink_to(elsewhere)

    with pytest.raises(WarehouseError, match=f"{name}: must be a folder, and is a link to"), folder.locked():
        pass
