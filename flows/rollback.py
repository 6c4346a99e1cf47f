"""Return to a snapshot: what was harvested after it is withdrawn by a record in the raw zone; nothing is deleted."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from extractors.raw_zone import RawZone
from flows.harvest import new_run_id, publish_tables
from schemas.errors import UsageError, WarehouseError
from schemas.records import Receipt, Withdrawal
from warehouse.changes import summarise_changes
from warehouse.folder import WarehouseFolder
from wcda.snapshots import Snapshot, current_snapshot, find_snapshot, open_snapshot


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did.

    Attributes:
        to: Id of the snapshot that was returned to.
        withdrawn: Segments of the raw zone that count no more.
        differences: Changes from that snapshot to the published one: some, if decisions or the code changed since.
        receipt: Of the snapshot that was published.
    """

    to: str
    withdrawn: int
    differences: int
    receipt: Receipt


def roll_back(warehouse: Path, snapshot_id: str) -> RolledBack:
    """Withdraw what a snapshot was not made from, and publish the tables of what is left.

    One that was interrupted is completed by the same call.

    Args:
        warehouse: Its folder.
        snapshot_id: The snapshot to return to, earlier or later than the current one.

    Raises:
        UsageError: There is no warehouse, or the tables are made from what the snapshot was made from already.
        WarehouseError: There is no such snapshot, or the raw zone lacks what it was made from; nothing was done.
        WarehouseLockedError: Another run holds the warehouse.
    """
    folder = WarehouseFolder(warehouse)
    folder.require_existing()
    target = find_snapshot(folder, snapshot_id)
    with folder.locked():
        raw_zone = RawZone(folder.raw)
        raw_zone.recover()
        others, is_withdrawn = _other_segments(raw_zone, target)
        if not is_withdrawn:
            refused = tuple(name for name in raw_zone.refused() if name in others)
            withdrawal = Withdrawal(snapshot_id, dt.datetime.now(dt.UTC), others, refused=refused)
            raw_zone.withdraw(new_run_id(), withdrawal)
        elif _segments_of_current(folder) == {note.name for note in target.manifest.segments}:
            raise UsageError(f"{snapshot_id}: nothing was harvested since; there is nothing to withdraw")
        receipt = publish_tables(folder, None, accept_loss=True, keep=None, rolls_back=True)
    differences = summarise_changes(target, open_snapshot(folder, receipt.snapshot))
    return RolledBack(snapshot_id, len(others), differences.counts.total(), receipt)


def _segments_of_current(folder: WarehouseFolder) -> set[str]:
    """The segments that the current snapshot was made from; of one that is broken, none."""
    try:
        snapshot = current_snapshot(folder)
    except WarehouseError:
        return set()
    return {note.name for note in snapshot.manifest.segments} if snapshot else set()


def _other_segments(raw_zone: RawZone, target: Snapshot) -> tuple[tuple[str, ...], bool]:
    """The segments that a snapshot was not made from, and whether just those are withdrawn.

    Raises:
        WarehouseError: Segments that it was made from are missing or damaged.
    """
    there = {segment.name: segment for segment in raw_zone.all_segments()}
    wanted = {note.name: note.sha256 for note in target.manifest.segments}
    for name, digest in wanted.items():
        if name not in there or raw_zone.digest(there[name]) != digest:
            raise WarehouseError(
                f"nothing was done: the raw zone does not have {name} as that snapshot was made from it"
            )
    is_withdrawn = {segment.name for segment in raw_zone.segments()} == wanted.keys()
    return tuple(name for name in there if name not in wanted), is_withdrawn
