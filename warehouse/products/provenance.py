"""Which archive a snapshot holds the listings of."""

import json

from schemas.archive import Archive
from schemas.data_package import DATA_PACKAGE
from schemas.errors import WarehouseError
from wcda.snapshots import Snapshot


def archive_of(snapshot: Snapshot) -> Archive:
    """The archive, as the snapshot's own Data Package names it.

    Raises:
        WarehouseError: The Data Package is missing or cannot be read.
    """
    path = snapshot.path / DATA_PACKAGE
    try:
        source = json.loads(path.read_text(encoding="utf-8"))["sources"][0]
        return Archive(name=source["title"], url=source["path"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise WarehouseError(f"{path}: is missing or cannot be read; wcda rebuild makes it anew") from error
