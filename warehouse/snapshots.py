"""Snapshots: one consistent set of tables, published whole or not at all.

A snapshot is written beside the others under a name that ends in `.part`, checked, forced to disk and renamed; then
the link `current` is swapped in one step. A process that is killed at any instant leaves the former snapshot as it was.
"""

import datetime as dt
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from schemas.data_package import DATA_PACKAGE, data_package
from schemas.errors import CheckError, WarehouseError
from schemas.identifiers import file_sha256
from schemas.records import ChangeKind
from schemas.tables import SCHEMA_VERSION, TABLES
from warehouse.folder import FEWEST_KEPT, WarehouseFolder
from warehouse.versions import is_of_this_version, is_readable, read_other_version

if TYPE_CHECKING:
    import pyarrow as pa


MANIFEST = "snapshot.json"
REPORT = "report.html"

_PARTIAL = ".part"


@dataclass(frozen=True, slots=True)
class FileNote:
    """One file of a snapshot, or one segment that it was made from."""

    name: str
    sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    Attributes:
        former: The snapshot that was current before; null for the first.
        segments: Segments of the raw zone that it was made from.
        report: `report.html`; null in snapshots that were published without one.
        changes: Rows added, changed and removed against the former snapshot, by kind.
    """

    snapshot_id: str
    created_at: dt.datetime
    schema_version: str
    former: str | None
    tables: tuple[FileNote, ...]
    segments: tuple[FileNote, ...]
    report: FileNote | None = None
    changes: dict[ChangeKind, int] = field(default_factory=dict)


_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A published snapshot."""

    path: Path
    manifest: Manifest

    def read(self, table: str, columns: list[str] | None = None) -> "pa.Table":
        """One of its tables, or some columns of it; null where a snapshot of another minor version has no such column.

        Raises:
            WarehouseError: It is of another major version of the schema.
        """
        import pyarrow.parquet as pq

        if not is_of_this_version(self):
            return read_other_version(self, table, columns)
        return pq.read_table(self.path / f"{table}.parquet", columns=columns)

    def note(self, table: str) -> FileNote:
        """What was noted of the file of one of its tables as it was published."""
        return next(note for note in self.manifest.tables if note.name == f"{table}.parquet")

    def problems(self) -> list[str]:
        """A line for each thing that is not as it was published, or breaks a rule of the schemas."""
        from warehouse.checks import table_problems

        problems = []
        report = [self.manifest.report] if self.manifest.report else []
        for note in [*self.manifest.tables, *report]:
            file = self.path / note.name
            if not file.is_file():
                problems.append(f"{note.name}: the file is missing")
            elif file_sha256(file) != note.sha256:
                problems.append(f"{note.name}: the file is not what was published (its SHA-256 differs)")
        if problems or not is_of_this_version(self):  # the rules of another version were checked as it was published
            return problems
        tables = {name: self.read(name) for name in TABLES}
        rows = {note.name: note.rows for note in self.manifest.tables}
        problems += [
            f"{name}: {table.num_rows} rows, and {rows.get(f'{name}.parquet')} were published"
            for name, table in tables.items()
            if table.num_rows != rows.get(f"{name}.parquet")
        ]
        return problems + table_problems(tables)


def current_snapshot(folder: WarehouseFolder) -> Snapshot | None:
    """The snapshot that `current` names; null if nothing was ever published.

    Raises:
        WarehouseError: The link or what it names is broken.
    """
    if not folder.current.is_symlink():
        if folder.current.exists():
            raise WarehouseError(f"{folder.current}: must be a link to a snapshot")
        return None
    return _open(folder.current.resolve())


def former_snapshot(folder: WarehouseFolder) -> Snapshot | None:
    """The current snapshot, for one that will follow it and be compared with it.

    Null also if it is broken, which the next one mends, or of another major version of the schema.
    """
    try:
        snapshot = current_snapshot(folder)
    except WarehouseError:
        return None
    if snapshot is None or not is_readable(snapshot):
        return None
    return snapshot if all((snapshot.path / note.name).is_file() for note in snapshot.manifest.tables) else None


def find_snapshot(folder: WarehouseFolder, snapshot_id: str) -> Snapshot:
    """A snapshot by its id.

    Raises:
        WarehouseError: There is none with this id.
    """
    if Path(snapshot_id).name != snapshot_id:  # a path would lead elsewhere
        raise WarehouseError(f"{snapshot_id}: there is no such snapshot")
    return _open(folder.snapshots / snapshot_id)


def open_snapshot(folder: WarehouseFolder, snapshot_id: str | None = None) -> Snapshot:
    """A snapshot to read from: by its id, or the current one.

    Raises:
        UsageError: There is no warehouse.
        WarehouseError: There is no such snapshot, or nothing was published yet.
    """
    folder.require_existing()
    snapshot = current_snapshot(folder) if snapshot_id is None else find_snapshot(folder, snapshot_id)
    if snapshot is None:
        raise WarehouseError(f"{folder.path}: nothing has been published yet")
    return snapshot


def list_snapshots(folder: WarehouseFolder) -> list[Snapshot]:
    """The snapshots that are kept, oldest first; those that cannot be opened are left out."""
    found = []
    for path in sorted(folder.snapshots.glob("*Z")):
        with suppress(WarehouseError):
            found.append(_open(path))
    return found


def forget_old(folder: WarehouseFolder, keep: int) -> None:
    """Delete all snapshots but the last ones. The warehouse's lock must be held.

    Args:
        folder: The warehouse.
        keep: How many stay; at least `FEWEST_KEPT`.
    """
    for path in sorted(folder.snapshots.glob("*Z"))[: -max(keep, FEWEST_KEPT)]:
        partial = path.with_name(path.name + _PARTIAL)
        path.rename(partial)  # half of a snapshot is none
        shutil.rmtree(partial)


def snapshot_before(folder: WarehouseFolder, snapshot: Snapshot, since: str | None = None) -> Snapshot | None:
    """The snapshot with which one is compared: that of the id, else the one that it followed; null if it is the first.

    Raises:
        WarehouseError: It is not there any more.
    """
    former = since or snapshot.manifest.former
    return find_snapshot(folder, former) if former else None


def publish(
    folder: WarehouseFolder,
    tables: Mapping[str, "pa.Table"],
    segments: Mapping[str, str],
) -> Snapshot:
    """Check the tables and make them the current snapshot. The warehouse's lock must be held.

    Args:
        folder: The warehouse.
        tables: All of `schemas.tables.TABLES`, by name.
        segments: SHA-256 of each segment that the tables were made from, by name.

    Raises:
        CheckError: The tables break a rule; nothing was published.
        OSError: They could not be written; nothing was published.
    """
    from warehouse.changes import summarise_changes
    from warehouse.checks import table_problems
    from warehouse.products.report import write_report

    problems = table_problems(tables)
    if problems:
        raise CheckError(problems)
    former = former_snapshot(folder)
    folder.snapshots.mkdir(parents=True, exist_ok=True)
    for leftover in folder.snapshots.glob(f"*{_PARTIAL}"):
        shutil.rmtree(leftover)
    created_at = dt.datetime.now(dt.UTC)
    snapshot_id = created_at.strftime("%Y%m%dT%H%M%S.%fZ")
    partial = folder.snapshots / (snapshot_id + _PARTIAL)
    partial.mkdir()
    manifest = Manifest(
        snapshot_id=snapshot_id,
        created_at=created_at,
        schema_version=SCHEMA_VERSION,
        former=former.manifest.snapshot_id if former else None,
        tables=tuple(_write(partial, name, tables[name]) for name in TABLES),
        segments=tuple(FileNote(name, digest) for name, digest in sorted(segments.items())),
    )
    changes = summarise_changes(former, Snapshot(partial, manifest))
    write_report(partial / REPORT, manifest, tables, changes)
    noted = FileNote(REPORT, file_sha256(partial / REPORT))
    manifest = replace(manifest, report=noted, changes=changes.by_kind)
    (partial / MANIFEST).write_bytes(_MANIFEST.dump_json(manifest, indent=2))
    described = data_package(snapshot_id, created_at, {note.name: note.sha256 for note in manifest.tables})
    (partial / DATA_PACKAGE).write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")
    for file in partial.iterdir():
        _sync(file)
    _sync(partial)
    path = folder.snapshots / snapshot_id
    partial.rename(path)
    _sync(folder.snapshots)
    _swap(folder.current, path)
    return Snapshot(path, manifest)


def _write(partial: Path, name: str, table: "pa.Table") -> FileNote:
    import pyarrow.parquet as pq

    file = partial / f"{name}.parquet"
    pq.write_table(table, file, compression="zstd")
    return FileNote(file.name, file_sha256(file), table.num_rows)


def _swap(link: Path, target: Path) -> None:
    """Let `link` name `target`; readers see the one or the other, and never neither."""
    new = link.with_name(link.name + _PARTIAL)
    new.unlink(missing_ok=True)
    new.symlink_to(target.relative_to(link.parent))
    new.replace(link)
    _sync(link.parent)


def _open(path: Path) -> Snapshot:
    try:
        manifest = _MANIFEST.validate_json((path / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise WarehouseError(f"{path.name}: there is no such snapshot") from None
    except ValidationError:
        raise WarehouseError(f"{path / MANIFEST}: cannot be read") from None
    return Snapshot(path, manifest)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
