"""From what the pages hold to published tables: identity, building, checking, snapshots, reading for pandas."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.access import Warehouse

# What is freed goes back to the system: Arrow's own pool keeps some 100 MiB. It is chosen as Arrow is first imported.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def open_warehouse(path: str | Path, snapshot_id: str | None = None) -> "Warehouse":
    """The tables of one snapshot of a warehouse, which stay the same whatever is published meanwhile.

    Args:
        path: Folder of the warehouse.
        snapshot_id: Null for the current one.

    Raises:
        UsageError: There is no warehouse.
        WarehouseError: Nothing was published yet, or the snapshot is not there.
    """
    from warehouse.access import Warehouse
    from warehouse.folder import WarehouseFolder
    from warehouse.snapshots import open_snapshot

    return Warehouse(open_snapshot(WarehouseFolder(Path(path)), snapshot_id))
