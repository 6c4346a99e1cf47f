"""Publishing: one consistent set of tables becomes a snapshot, whole or not at all.

A snapshot is written beside the others under a name that ends in `.part`, checked, forced to disk and renamed; then
the link `current` is swapped in one step. A process that is killed at any moment leaves the former snapshot as it was.
"""

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.archive import Archive
from schemas.data_package import DATA_PACKAGE, data_package
from schemas.errors import CheckError, WarehouseError
from schemas.files import make_folder, naming, sync_file, sync_folder
from schemas.identifiers import file_sha256
from schemas.tables import SCHEMA_VERSION, TABLES
from warehouse.changes import ChangeSummary, summarise_changes
from warehouse.checks import file_problems, table_problems
from warehouse.folder import MIN_KEPT, WarehouseFolder
from warehouse.products.report import write_report
from wcda.manifest import MANIFEST, REPORT, FileNote, Manifest, manifest_json
from wcda.snapshots import Snapshot, current_name, current_snapshot, list_snapshots, snapshot_folders
from wcda.versions import is_readable, unreadable

_PARTIAL = ".part"


class LargeTable(Protocol):
    """What a table with a large column is made of, that is never whole in memory; given without that column."""

    def write(self, rows: pa.Table, file: Path) -> None:
        """Write the table with its large columns to a file."""

    def is_in(self, rows: pa.Table, file: Path) -> bool:
        """Whether a file has the very table, with its large columns."""


@dataclass(frozen=True, slots=True)
class Former:
    """What a snapshot that is to be published will follow, and be compared with.

    Attributes:
        snapshot: Whole and readable; `None` if there is none.
        note: A line for a person, if it is not the one that is current; `None` if it is, or nothing was published yet.
    """

    snapshot: Snapshot | None
    note: str | None = None


def find_former(folder: WarehouseFolder) -> Former:
    """The current snapshot, or, if that is missing, damaged or of another major version, the latest one that is not."""
    readable = [each for each in reversed(list_snapshots(folder)) if is_readable(each.manifest)]
    former = next((each for each in readable if not file_problems(each, each.manifest.tables)), None)
    try:
        current = current_snapshot(folder)
    except WarehouseError as error:
        problem = str(error)
    else:
        if (current and current.path) == (former and former.path):
            return Former(former)
        problem = f"{folder.current} is missing" if current is None else _why_unusable(current)
    compared = f"it was compared with {former.path.name}" if former else "there was nothing to compare it with"
    return Former(former, f"the snapshot before could not be read, so {compared} ({problem})")


def _why_unusable(snapshot: Snapshot) -> str:
    """Why a snapshot can be no former one."""
    return unreadable(snapshot.manifest) or "; ".join(file_problems(snapshot, snapshot.manifest.tables)[:1])


def forget_old(folder: WarehouseFolder, keep: int) -> None:
    """Delete all snapshots but the last ones and the current one. The warehouse's lock must be held.

    Those that cannot be opened go first.

    Args:
        folder: The warehouse.
        keep: How many stay; at least `MIN_KEPT`.
    """
    listed = [snapshot.path for snapshot in list_snapshots(folder)]
    unreadable_first = [*sorted({*snapshot_folders(folder)}.difference(listed)), *listed]
    current = current_name(folder)
    for path in unreadable_first[: -max(keep, MIN_KEPT)]:
        if path.name != current:
            partial = path.with_name(path.name + _PARTIAL)
            path.rename(partial)  # half of a snapshot is none
            _delete(partial)


def _delete(path: Path) -> None:
    """Delete a folder with all that is in it; of a link, or what else it is, that alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def publish(
    folder: WarehouseFolder,
    tables: Mapping[str, pa.Table],
    segments: Mapping[str, str],
    *,
    archive: Archive,
    large: Mapping[str, LargeTable] | None = None,
    former: Former | None = None,
    checked: bool = False,
    tell: Callable[[ChangeSummary], None] | None = None,
) -> Snapshot:
    """Check the tables, unless that was done, and make them the current snapshot. The warehouse's lock must be held.

    A table that is what it was is a hard link to the former snapshot's file, where the file system has such links.

    Args:
        folder: The warehouse.
        tables: All of `schemas.tables.TABLES`, by name.
        segments: SHA-256 of each segment that the tables were made from, by name.
        archive: Whose tables they are.
        large: For each table with a large column, what it is made of; where it has rows.
        former: What it follows, where that was found under the same lock; to find it takes the digests of its files.
        checked: Whether `table_problems` is known to find nothing in them: it takes time and memory.
        tell: Called with how the tables differ from those that they follow.

    Raises:
        CheckError: The tables break a rule; nothing was published.
        OSError: They could not be written; nothing was published.
    """
    if not checked and (problems := table_problems(tables)):
        raise CheckError(problems)
    before = (former or find_former(folder)).snapshot
    make_folder(folder.snapshots)
    for leftover in folder.snapshots.glob(f"*{_PARTIAL}"):
        _delete(leftover)
    created_at, snapshot_id = _new_id(folder)
    partial = folder.snapshots / (snapshot_id + _PARTIAL)
    partial.mkdir()
    manifest = Manifest(
        snapshot_id=snapshot_id,
        created_at=created_at,
        schema_version=SCHEMA_VERSION,
        former=before.manifest.snapshot_id if before else None,
        tables=tuple(_put(partial, name, tables[name], (large or {}).get(name), before) for name in TABLES),
        segments=tuple(FileNote(name, digest) for name, digest in sorted(segments.items())),
    )
    changes = summarise_changes(before, Snapshot(partial, manifest))
    if tell is not None:
        tell(changes)
    write_report(partial / REPORT, manifest, tables, changes, archive)
    noted = FileNote(REPORT, file_sha256(partial / REPORT))
    manifest = replace(manifest, report=noted, changes=changes.by_kind)
    (partial / MANIFEST).write_bytes(manifest_json(manifest))
    described = data_package(snapshot_id, created_at, {note.name: note.sha256 for note in manifest.tables}, archive)
    (partial / DATA_PACKAGE).write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")
    for file in partial.iterdir():
        sync_file(file)
    sync_folder(partial)
    path = folder.snapshots / snapshot_id
    partial.rename(path)
    sync_folder(folder.snapshots)
    _swap(folder.current, path)
    return Snapshot(path, manifest)


def _new_id(folder: WarehouseFolder) -> tuple[dt.datetime, str]:
    """What the clock says, and an id from it; later by some microseconds if there is one with that id already."""
    created_at = dt.datetime.now(dt.UTC)
    while (folder.snapshots / (snapshot_id := created_at.strftime("%Y%m%dT%H%M%S.%fZ"))).exists():
        created_at += dt.timedelta(microseconds=1)
    return created_at, snapshot_id


def _put(partial: Path, name: str, table: pa.Table, large: LargeTable | None, before: Snapshot | None) -> FileNote:
    """Put a table into a snapshot: the former one's file if that has the very same, else one that is written."""
    file = partial / f"{name}.parquet"
    note = before and _note_of_same(before, name, table, large)
    if before and note:
        with suppress(OSError):  # not every file system has links, nor any number of them
            os.link(before.path / note.name, file)
            return note
    _write(file, name, table, large)
    return FileNote(file.name, file_sha256(file), table.num_rows)


def _note_of_same(before: Snapshot, name: str, table: pa.Table, large: LargeTable | None) -> FileNote | None:
    """The note of the former file of a table, if that has the same rows, columns and descriptions; else `None`."""
    note = next((note for note in before.manifest.tables if note.name == f"{name}.parquet"), None)
    if note is None or note.rows != table.num_rows:
        return None
    file, schema = before.path / note.name, TABLES[name].arrow_schema()
    try:
        if not pq.read_schema(file).equals(schema, check_metadata=True):
            return None
        if large is not None and table.num_rows:
            return note if large.is_in(table, file) else None
        return note if pq.read_table(file, columns=table.column_names).equals(table) else None
    except (pa.ArrowException, OSError):  # whatever has become of it, it is not what is to be published
        return None


def _write(file: Path, name: str, table: pa.Table, large: LargeTable | None) -> None:
    with naming(file):
        if table.schema.equals(TABLES[name].arrow_schema()):
            pq.write_table(table, file, compression="zstd")
        elif large is not None:
            large.write(table, file)
        elif not table.num_rows:
            pq.write_table(TABLES[name].arrow_schema().empty_table(), file, compression="zstd")
        else:
            raise ValueError(f"nothing was given that writes the table {name}")


def _swap(link: Path, target: Path) -> None:
    """Let `link` name `target`; readers see the one or the other, and never neither."""
    new = link.with_name(link.name + _PARTIAL)
    new.unlink(missing_ok=True)
    new.symlink_to(target.relative_to(link.parent))
    new.replace(link)
    sync_folder(link.parent)
