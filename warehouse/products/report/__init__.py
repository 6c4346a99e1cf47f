"""The report of a snapshot: one HTML file for people, which works without network."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from schemas.archive import Archive
from schemas.errors import UsageError, WarehouseError
from schemas.tables import TABLES
from warehouse.changes import ChangeSummary, summarise_changes
from warehouse.folder import WarehouseFolder
from warehouse.products.report.figures import gather_figures
from warehouse.products.report.page import START, render_page
from wcda.manifest import REPORT, Manifest
from wcda.snapshots import Snapshot, open_snapshot, snapshot_before


def write_report(
    path: Path,
    manifest: Manifest,
    tables: Mapping[str, pa.Table],
    changes: ChangeSummary | None,
    archive: Archive,
) -> None:
    """Write the report of a snapshot.

    Args:
        path: The file.
        manifest: The snapshot's.
        tables: All of `schemas.tables.TABLES`, by name.
        changes: Against the snapshot before; `None` if that is not there any more.
        archive: Whose tables they are.

    Raises:
        OSError: It could not be written.
    """
    path.write_text(render_page(manifest, gather_figures(tables, changes), tables, archive), encoding="utf-8")


def find_report(
    warehouse: Path, snapshot_id: str | None = None, output: Path | None = None, *, archive: Archive
) -> Path:
    """The report of a snapshot: the file that was published with it, or one that is made now.

    Args:
        warehouse: Its folder.
        snapshot_id: `None` for the current one.
        archive: Whose tables they are.
        output: File to make; `None` for the one of the snapshot, which is made if it was published without one.

    Raises:
        UsageError: There is no warehouse, or `output` exists and is not a report.
        WarehouseError: Nothing was published yet, or there is no such snapshot.
        OSError: It could not be written; what was there is as before.
    """
    folder = WarehouseFolder(warehouse)
    snapshot = open_snapshot(folder, snapshot_id)
    path = output or snapshot.path / REPORT
    if output is None and path.is_file():
        return path
    if path.exists() and not (path.is_file() and path.read_bytes().startswith(START)):
        raise UsageError(f"{path}: exists and is not a report; choose another --output")
    tables = {name: snapshot.read(name) for name in TABLES}
    new = path.with_name(path.name + ".part")
    new.unlink(missing_ok=True)  # a link that somebody put there would be written through
    write_report(new, snapshot.manifest, tables, _changes(folder, snapshot), archive)
    new.replace(path)
    return path


def _changes(folder: WarehouseFolder, snapshot: Snapshot) -> ChangeSummary | None:
    """What a snapshot changed; `None` if the one before is not kept any more, or is of another major version."""
    try:
        return summarise_changes(snapshot_before(folder, snapshot), snapshot)
    except WarehouseError:
        return None
