"""Whether the last rollback was published."""

from contextlib import suppress

from extractors.raw_zone import RawZone
from schemas.errors import WarehouseError
from warehouse.folder import WarehouseFolder
from wcda.snapshots import Snapshot, find_snapshot


def interrupted_rollback(folder: WarehouseFolder, raw_zone: RawZone, current: Snapshot | None) -> str | None:
    """Id of the snapshot to which the last rollback was to return, if nothing was published since; else `None`.

    Args:
        folder: The warehouse.
        raw_zone: Of the warehouse.
        current: The current snapshot; `None` if it cannot be read, so that nothing is known.
    """
    withdrawal = raw_zone.withdrawal()
    if withdrawal is None or current is None:
        return None
    made_from = {note.name for note in current.manifest.segments}
    wanted: set[str] = set()
    with suppress(WarehouseError):  # that snapshot may have been deleted since
        wanted = {note.name for note in find_snapshot(folder, withdrawal.snapshot_id).manifest.segments}
    is_published = made_from.isdisjoint(withdrawal.segments) and wanted <= made_from
    return None if is_published else withdrawal.snapshot_id
