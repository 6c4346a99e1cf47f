"""Exports of one snapshot: what other programs open, written beside and put in its place when it is whole."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from schemas.errors import UsageError, WarehouseError
from schemas.tables import SCHEMA_VERSION
from warehouse.folder import WarehouseFolder
from warehouse.products import references, tabular
from wcda.snapshots import Snapshot, open_snapshot, version_note

Kind = Literal["csv", "jsonl", "parquet", "sqlite", "csl", "ris"]

NOTE = "export.json"
"""The file of an exported folder that says what it is, and by which a later export knows it."""
README = "README.txt"
MADE_BY = "wcda export"

_Writer = Callable[[Snapshot, Path, tuple[str, ...]], tuple[int, list[str]]]
# Each writes to the path, for some collections or (if none is named) for all; gives rows, and lines on what it did.
_WRITERS: dict[Kind, _Writer] = {
    "csv": lambda snapshot, path, _: tabular.write_csv(snapshot, path),
    "jsonl": tabular.write_jsonl,
    "parquet": tabular.write_parquet,
    "sqlite": lambda snapshot, path, _: tabular.write_sqlite(snapshot, path),
    "csl": references.write_csl,
    "ris": references.write_ris,
}
_RULES: dict[Kind, str] = {
    "csv": tabular.CSV_RULES,
    "jsonl": tabular.JSONL_RULES,
    "parquet": tabular.PARQUET_RULES,
}
"""What README.txt says, for the kinds that are folders."""
_WHOLE: tuple[Kind, ...] = ("csv", "sqlite")
"""Always of all collections: their tables refer to one another."""
_FILE_STARTS = (tabular.SQLITE_START, references.CSL_START, references.RIS_START)


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
        kind: `csv`, `jsonl` and `parquet` are folders, the others files.
        output: Made anew, or in place of what an earlier export made.
        snapshot_id: `None` for the current one.
        collections: Ids of those whose documents are wanted; none for all documents.

    Raises:
        UsageError: There is no warehouse or collection of that name, the kind is always of all collections, or
            `output` is something that no export made.
        WarehouseError: Nothing was published yet, there is no such snapshot, its foreign keys do not hold, or another
            export is writing to `output`.
        OSError: It could not be written; `output` is as before.
    """
    snapshot = open_snapshot(WarehouseFolder(warehouse), snapshot_id)
    _check_collections(snapshot, kind, collections)
    target = output.resolve()
    _check_output(target, output)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _workplace(target) as place:
        new = place / "new"
        rows, notes = _WRITERS[kind](snapshot, new, tuple(dict.fromkeys(collections)))
        if kind in _RULES:
            _describe(new, kind, snapshot)
        _check_output(target, output)  # again: writing takes its time
        _put(new, target, place / "former")
    if note := version_note(snapshot):
        notes.append(note)
    return Exported(kind, str(output), snapshot.manifest.snapshot_id, rows, tuple(notes))


def _check_collections(snapshot: Snapshot, kind: Kind, collections: tuple[str, ...]) -> None:
    if collections and kind in _WHOLE:
        limited = ", ".join(name for name in get_args(Kind) if name not in _WHOLE)
        raise UsageError(f"--to {kind} is always of all collections; --collection goes with {limited}")
    known = set(snapshot.read("collections", ["collection_id"])["collection_id"].to_pylist())
    for name in collections:
        if name not in known:
            raise UsageError(f"{name}: there is no such collection in this snapshot")


def _check_output(target: Path, output: Path) -> None:
    if target.exists() and not _is_export(target):
        raise UsageError(f"{output}: exists and was not created by wcda export; choose another --output")


def _is_export(path: Path) -> bool:
    """Whether an export made it, and nobody has put anything of theirs into it. Nothing is lost with an empty file."""
    if path.is_dir():
        try:
            note = json.loads((path / NOTE).read_bytes())
            return note["made_by"] == MADE_BY and {file.name for file in path.iterdir()} <= {*note["files"]}
        except (OSError, ValueError, KeyError, TypeError):
            return False
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(128)
    return not start or start == references.CSL_EMPTY or any(known.match(start) for known in _FILE_STARTS)


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A folder beside the target, on the same disk, for one export at a time; gone afterwards."""
    place = target.with_name(f".{target.name}.wcda-part")
    place.mkdir(exist_ok=True)
    handle = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseError(f"{target}: another export is writing there; try again when it has ended") from None
        if (place / "former").exists() and not target.exists():  # killed between the two renames of `_put`
            (place / "former").rename(target)
        try:
            _remove(place / "new", place / "former")
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(handle)


def _describe(folder: Path, kind: Kind, snapshot: Snapshot) -> None:
    """Say in the folder what it is, for people and for machines."""
    head = f"Exported by wcda from snapshot {snapshot.manifest.snapshot_id}.\n\n"
    (folder / README).write_text(head + _RULES[kind], encoding="utf-8")
    note = {
        "made_by": MADE_BY,
        "kind": kind,
        "snapshot_id": snapshot.manifest.snapshot_id,
        "schema_version": SCHEMA_VERSION,
        "files": sorted([NOTE, *(file.name for file in folder.iterdir())]),
    }
    (folder / NOTE).write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _put(new: Path, target: Path, former: Path) -> None:
    """Put the new one in the target's place: a file over a file in one step; else the former goes first, whole."""
    if target.exists() and (target.is_dir() or new.is_dir()):
        target.rename(former)
    new.replace(target)


def _remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
