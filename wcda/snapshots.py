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

_SNAPSHOT_ID = f"{'[0-9]' * 8}T{'[0-9]' * 6}.{'[0-9]' * 6}Z"


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
        try:
            if is_of_this_version(self.manifest):
                every = file.schema_arrow.names if columns is None else wanted
                wanted = [name for name in every if name in wanted or name not in known.column_names]
                return file.read(columns=wanted).select(wanted)
            held = [name for name in wanted if name in file.schema_arrow.names]
            return with_known_columns(file.read(columns=held), table).select(wanted)
        except (pa.ArrowException, OSError, KeyError) as error:
            reason = " ".join(str(error).split())
            raise WarehouseError(f"{self.path / table}.parquet: cannot be read: {reason}") from error

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
    while True:
        name = current_name(folder)
        if name is None:
            return None
        try:
            return _open(folder.snapshots / name)
        except WarehouseError as error:
            if current_name(folder) == name:  # else it was let go between the two: there is a later one
                raise WarehouseError(
                    f"{error}, though {folder.current} names it; wcda rebuild or the next harvest publishes another"
                ) from error


def current_name(folder: PublishedFolder) -> str | None:
    """Name of the folder in `snapshots/` that `current` names, whether it is there or not; `None` if there is no link.

    Raises:
        WarehouseError: `current` is no link, or leads out of `snapshots/`.
    """
    if not folder.current.is_symlink():
        folder.require_link()
        return None
    target = folder.path / folder.current.readlink()
    if target.parent.resolve() != folder.snapshots.resolve():
        raise WarehouseError(f"{folder.current}: names no folder in {folder.snapshots}; wcda rebuild mends it")
    return target.name


def find_snapshot(folder: PublishedFolder, snapshot_id: str) -> Snapshot:
    """A snapshot by its id.

    Raises:
        WarehouseError: There is none with this id.
    """
    if Path(snapshot_id).name != snapshot_id:  # a path would lead elsewhere
        raise WarehouseError(f"{snapshot_id}: there is no such snapshot")
    return _open(folder.snapshots / snapshot_id)


def open_snapshot(folder: PublishedFolder, snapshot_id: str | None = None) -> Snapshot:
    """A snapshot to read from: by its id, or the current one. Its files are open, so that it can be deleted meanwhile.

    Raises:
        UsageError: There is no warehouse.
        WarehouseError: There is no such snapshot, nothing was published yet, or a file is missing or cannot be read.
    """
    folder.require_existing()
    while True:
        snapshot = current_snapshot(folder) if snapshot_id is None else find_snapshot(folder, snapshot_id)
        if snapshot is None:
            raise WarehouseError(f"{folder.path}: nothing has been published yet; run wcda harvest first")
        try:
            return snapshot.held()
        except WarehouseError:
            if snapshot_id is not None or current_name(folder) == snapshot.path.name:
                raise  # else it was let go while its files were being opened: there is a later one


def list_snapshots(folder: PublishedFolder) -> list[Snapshot]:
    """The snapshots that are kept, oldest first; those that cannot be opened are left out.

    What is older is seen from what each followed, since their names are only what the clock said: the current one comes
    last, and what it does not go back to, such as one that was never made current, comes before all that it does.
    """
    found = {}
    for path in snapshot_folders(folder):
        with suppress(WarehouseError):
            found[path.name] = _open(path)
    followed = {snapshot.manifest.former for snapshot in found.values()}
    latest = sorted(found.keys() - followed, reverse=True)
    with suppress(WarehouseError):
        latest.insert(0, current_name(folder) or "")
    newest_first: dict[str, Snapshot] = {}
    for name in [*latest, *sorted(found, reverse=True)]:
        step: str | None = name
        while step in found and step not in newest_first:
            newest_first[step] = found[step]
            step = found[step].manifest.former
    return [*newest_first.values()][::-1]


def snapshot_folders(folder: PublishedFolder) -> Iterator[Path]:
    """The folders that are named as snapshots, in no order that means anything, whether they can be opened or not."""
    return folder.snapshots.glob(_SNAPSHOT_ID)


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
