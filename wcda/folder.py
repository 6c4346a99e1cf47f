"""Where the published snapshots lie in the folder of a warehouse."""

from pathlib import Path

from wcda.errors import UsageError, WarehouseError


class PublishedFolder:
    """Paths of what a warehouse has published.

    Args:
        path: Folder of the warehouse.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.snapshots = path / "snapshots"
        self.current = path / "current"

    def require_existing(self) -> None:
        """Stop if there is nothing to read.

        Raises:
            UsageError: The path does not exist, or is no folder.
        """
        if not self.path.is_dir():
            raise UsageError(f"{self.path}: there is no warehouse here")

    def require_link(self) -> None:
        """Stop if `current` is there and no link, as in a copy for which links were followed.

        Raises:
            WarehouseError: It is none.
        """
        if self.current.exists() and not self.current.is_symlink():
            raise WarehouseError(
                f"{self.current}: must be a link to a snapshot, and this copy of the warehouse was made without links; "
                "mend it in that folder: rm -r current && ln -s snapshots/ID current, where ID is the snapshot_id in "
                "current/snapshot.json"
            )
