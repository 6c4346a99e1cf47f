"""Exports of one snapshot: what other programs open, written beside and put in its place when it is whole."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from schemas.errors import UsageError, WarehouseError
from schemas.files import sync_file, sync_folder
from schemas.identifiers import file_sha256
from schemas.tables import SCHEMA_VERSION
from warehouse.folder import WarehouseFolder
from warehouse.products import bundle, database, datasette, references, tabular
from warehouse.products.selection import SELECTION_RULES
from wcda.folder import require_text
from wcda.snapshots import Snapshot, open_snapshot, version_note

Kind = Literal["csv", "jsonl", "parquet", "sqlite", "datasette", "bundle", "csl", "ris"]

NOTE = "export.json"
"""The file of an exported folder that says what it is, and by which a later export knows it."""
README = "README.txt"
MADE_BY = "wcda export"

_Writer = Callable[[Snapshot, Path, tuple[str, ...]], tuple[int, list[str]]]
# Each writes to the path, for some collections or (if none is named) for all; gives rows, and lines on what it did.
_WRITERS: dict[Kind, _Writer] = {
    "csv": tabular.write_csv,
    "jsonl": tabular.write_jsonl,
    "parquet": tabular.write_parquet,
    "sqlite": database.write_sqlite,
    "datasette": datasette.write_datasette,
    "bundle": bundle.write_bundle,
    "csl": references.write_csl,
    "ris": references.write_ris,
}
_RULES: dict[Kind, str] = {
    "csv": tabular.CSV_RULES,
    "jsonl": tabular.JSONL_RULES,
    "parquet": tabular.PARQUET_RULES,
    "datasette": datasette.DATASETTE_RULES,
}
"""What README.txt says, for the folders that have no README of their own."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Attributes:
        rows: In all its files together.
        notes: A line for each thing that differs from the tables.
    """

    kind: Kind
    output: str
    snapshot_id: str
    rows: int
    notes: tuple[str, ...]


def export(
    warehouse: Path, kind: Kind, output: Path, snapshot_id: str | None = None, collections: tuple[str, ...] = ()
) -> Exported:
    """Write one snapshot of a warehouse in a form that other programs open.

    Whoever kills it leaves at `output` the former export, or none; the next one clears away what was left beside it.

    Args:
        warehouse: Its folder.
        kind: `sqlite`, `csl` and `ris` are files, the others folders.
        output: Made anew, or in place of what an earlier export made.
        snapshot_id: `None` for the current one.
        collections: Ids of those whose documents are wanted; none for all documents.

    Raises:
        UsageError: There is no warehouse or collection of that name, or `output` is something that no export made,
            or a path that is not in UTF-8.
        WarehouseError: Nothing was published yet, there is no such snapshot, its foreign keys do not hold, or another
            export is writing to `output`.
        OSError: It could not be written; `output` is as before.
    """
    snapshot = open_snapshot(WarehouseFolder(warehouse), snapshot_id)
    _check_collections(snapshot, collections)
    require_text(output)
    target = output.resolve()
    require_text(target)
    with _workplace(target) as place:
        _restore(place, target)
        _check_output(target, output)
        _remove(place / "new", place / "former")
        new = place / "new"
        wanted = tuple(dict.fromkeys(collections))
        rows, notes = _WRITERS[kind](snapshot, new, wanted)
        if new.is_dir():
            _describe(new, kind, snapshot, wanted)
        _check_output(target, output)  # again: writing takes its time
        for file in (*new.iterdir(), new) if new.is_dir() else (new,):
            sync_file(file)
        _put(new, target, place / "former")
        sync_folder(target.parent)
    if note := version_note(snapshot):
        notes.append(note)
    return Exported(kind, str(output), snapshot.manifest.snapshot_id, rows, tuple(notes))


def _check_collections(snapshot: Snapshot, collections: tuple[str, ...]) -> None:
    known = set(snapshot.read("collections", ["collection_id"])["collection_id"].to_pylist())
    for name in collections:
        if name not in known:
            raise UsageError(f"{name}: there is no such collection in this snapshot")


def _check_output(target: Path, output: Path) -> None:
    if (target.exists() or target.is_symlink()) and not _is_export(target):
        raise UsageError(
            f"{output}: exists and was not created by wcda export, or was changed since; choose another --output"
        )


def _is_export(path: Path) -> bool:
    """Whether an export made it, and nobody has put anything of theirs into it. Nothing is lost with an empty file."""
    if path.is_dir():
        try:
            note = json.loads((path / NOTE).read_bytes())
            return note["made_by"] == MADE_BY and _is_unchanged(path, note["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
    if not path.is_file():
        return False
    return not path.stat().st_size or database.is_sqlite_export(path) or references.is_export(path)


def _is_unchanged(folder: Path, files: dict[str, str] | list[str]) -> bool:
    """Whether a folder has none but these files, as they were made. Former releases noted their names alone."""
    there = {file.name: file for file in folder.iterdir()}
    if not there.keys() <= {*files} or not all(file.is_file() and not file.is_symlink() for file in there.values()):
        return False
    return isinstance(files, list) or all(
        file_sha256(file) == files[name] for name, file in there.items() if name != NOTE
    )


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A folder beside the target, on the same disk, for one export at a time.

    Gone afterwards, unless the former export lies in it and could not be put back.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    place = target.with_name(f".{target.name}.wcda-part")
    handle = _lock(place, target)
    try:
        yield place
    finally:
        if not (place / "former").exists():
            shutil.rmtree(place, ignore_errors=True)
        os.close(handle)


def _lock(place: Path, target: Path) -> int:
    """Make the folder and lock it; gives the handle that holds the lock."""
    while True:
        with suppress(FileExistsError):
            place.mkdir()
        try:
            handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue  # another export has ended between the two
        except NotADirectoryError as error:
            message = f"{place}: is in the way of a folder for temporary files; move it, or choose another --output"
            raise UsageError(message) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), place.stat()):
                return handle
        except BlockingIOError:
            os.close(handle)
            raise WarehouseError(f"{target}: another export is writing there; try again when it has ended") from None
        except FileNotFoundError:
            pass  # locked what another export has just removed
        os.close(handle)


def _restore(place: Path, target: Path) -> None:
    """Put the former export back, if one that was killed had taken it away and put no other there."""
    if (place / "former").exists() and not target.exists():
        (place / "former").rename(target)


def _describe(folder: Path, kind: Kind, snapshot: Snapshot, collections: tuple[str, ...]) -> None:
    """Say in the folder what it is, for people and for machines."""
    if kind in _RULES:
        head = f"Exported by wcda from snapshot {snapshot.manifest.snapshot_id}.\n\n"
        limit = f"Only collections: {', '.join(collections)}.\n{SELECTION_RULES}\n" if collections else ""
        (folder / README).write_text(head + limit + _RULES[kind], encoding="utf-8")
    note = {
        "made_by": MADE_BY,
        "kind": kind,
        "snapshot_id": snapshot.manifest.snapshot_id,
        "schema_version": SCHEMA_VERSION,
        "files": {file.name: file_sha256(file) for file in sorted(folder.iterdir())} | {NOTE: ""},
    }
    (folder / NOTE).write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _put(new: Path, target: Path, former: Path) -> None:
    """Put the new one in the target's place: a file over a file in one step; else the former goes first, whole."""
    if not (target.exists() and (target.is_dir() or new.is_dir())):
        new.replace(target)
        return
    target.rename(former)
    try:
        new.rename(target)
    except OSError:
        former.rename(target)
        raise
    _remove(former)


def _remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
