"""Published snapshots: finding them, and reading their tables."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wcda.errors import WarehouseError
from wcda.folder import PublishedFolder
from wcda.manifest import MANIFEST, FileNote, Manifest, read_manifest
from wcda.schema import TABLES
from wcda.versions import is_of_this_version, unreadable, versions, with_known_columns


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A published snapshot.

    Attributes:
        files: Files of its tables that are held open, by the table's name.
    """

    path: Path
    manifest: Manifest
    files: dict[str, pq.ParquetFile] = field(default_factory=dict, compare=False, repr=False)

    def held(self) -> "Snapshot":
        """The same with the files of its tables open, so that it can be read even when it has been deleted.

        Raises:
            WarehouseError: A file is missing or cannot be read.
        """
        opened = {name: self._open(name) for name in TABLES}
        return replace(self, files={name: file for name, file in opened.items() if file is not None})

    def read(self, table: str, columns: list[str] | None = None) -> pa.Table:
        """One of its tables, or some columns of it; null where a snapshot of another version has no such column.

        Args:
            table: Its name.
            columns: `None` for all but large ones, which are too large for memory (`batches`).

        Raises:
            WarehouseError: It is of another major version of the schema, or the file is missing or cannot be read.
        """
        problem = unreadable(self.manifest)
        if problem:
            raise WarehouseError(problem)
        file, known = self._open(table), TABLES[table]
        wanted = list(known.small_column_names) if columns is None else columns
        if file is None:
            return known.arrow_schema().empty_table().select(wanted)
        if is_of_this_version(self.manifest):
            every = file.schema_arrow.names if columns is None else wanted
            wanted = [name for name in every if name in wanted or name not in known.column_names]
            return file.read(columns=wanted).select(wanted)
        held = [name for name in wanted if name in file.schema_arrow.names]
        return with_known_columns(file.read(columns=held), table).select(wanted)

    def batches(self, table: str, rows: int) -> Iterator[pa.RecordBatch]:
        """All columns of one of its tables, so many rows at a time; without rows in a snapshot that has no such table.

        Raises:
            WarehouseError: As `read`.
        """
        names = list(TABLES[table].column_names)
        if names == list(TABLES[table].small_column_names):
            yield from self.read(table).to_batches(rows)
        elif (file := self._open(table)) is not None:
            yield from file.iter_batches(rows, columns=names)

    def missing_columns(self) -> list[str]:
        """Columns that this version of wcda knows and a snapshot of another version lacks, as `table.column`."""
        if is_of_this_version(self.manifest):
            return []
        files = {name: self._open(name) for name in TABLES}
        held = {name: file.schema_arrow.names if file else [] for name, file in files.items()}
        return [
            f"{name}.{column}"
            for name, table in TABLES.items()
            for column in table.column_names
            if column not in held[name]
        ]

    def note(self, table: str) -> FileNote:
        """What was noted of the file of one of its tables as it was published."""
        return next(note for note in self.manifest.tables if note.name == f"{table}.parquet")

    def _open(self, table: str) -> pq.ParquetFile | None:
        """The file of a table; `None` in a snapshot of a version that has no such table."""
        if table in self.files:
            return self.files[table]
        path = self.path / f"{table}.parquet"
        try:
            return pq.ParquetFile(path)
        except FileNotFoundError:
            if not is_of_this_version(self.manifest) and path.name not in {note.name for note in self.manifest.tables}:
                return None
            raise WarehouseError(f"{path}: the file is missing; wcda check shows what else is missing") from None
        except pa.ArrowInvalid as error:
            raise WarehouseError(f"{path}: cannot be read: {error}") from error


def version_note(snapshot: Snapshot) -> str | None:
    """A line for a person on a snapshot of another version, and what it lacks; `None` if it is of this one."""
    if is_of_this_version(snapshot.manifest):
        return None
    missing = snapshot.missing_columns()
    return versions(snapshot.manifest) + (f"; it has no {', '.join(missing)}" if missing else "")


def current_snapshot(folder: PublishedFolder) -> Snapshot | None:
    """The snapshot that `current` names; `None` if nothing was ever published.

    Raises:
        WarehouseError: The link or what it names is broken.
    """
    if not folder.current.is_symlink():
        folder.require_link()
        return None
    return _open(folder.current.resolve())


def find_snapshot(folder: PublishedFolder, snapshot_id: str) -> Snapshot:
    """A snapshot by its id.

    Raises:
        WarehouseError: There is none with this id.
    """
    if Path(snapshot_id).name != snapshot_id:  # a path would lead elsewhere
        raise WarehouseError(f"{snapshot_id}: there is no such snapshot")
    return _open(folder.snapshots / snapshot_id)


def open_snapshot(folder: PublishedFolder, snapshot_id: str | None = None) -> Snapshot:
    """A snapshot to read from: by its id, or the current one.

    Raises:
        UsageError: There is no warehouse.
        WarehouseError: There is no such snapshot, or nothing was published yet.
    """
    folder.require_existing()
    snapshot = current_snapshot(folder) if snapshot_id is None else find_snapshot(folder, snapshot_id)
    if snapshot is None:
        raise WarehouseError(f"{folder.path}: nothing has been published yet; run wcda harvest first")
    return snapshot


def list_snapshots(folder: PublishedFolder) -> list[Snapshot]:
    """The snapshots that are kept, oldest first; those that cannot be opened are left out."""
    found = []
    for path in sorted(folder.snapshots.glob("*Z")):
        with suppress(WarehouseError):
            found.append(_open(path))
    return found


def snapshot_before(folder: PublishedFolder, snapshot: Snapshot, since: str | None = None) -> Snapshot | None:
    """The snapshot with which one is compared: by its id, else the one that it followed; `None` if it is the first.

    Raises:
        WarehouseError: It is not there any more.
    """
    former = since or snapshot.manifest.former
    return find_snapshot(folder, former) if former else None


def _open(path: Path) -> Snapshot:
    try:
        manifest = read_manifest((path / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise WarehouseError(f"{path.name}: there is no such snapshot") from None
    except ValueError:
        raise WarehouseError(f"{path / MANIFEST}: cannot be read") from None
    return Snapshot(path, manifest)
