"""Where the published snapshots lie in the folder of a warehouse."""

from pathlib import Path

from wcda.errors import UsageError, WarehouseError

_PARTS = ("raw", "snapshots", "current")
"""A folder that has one of them is a warehouse."""


def require_text(path: Path) -> None:
    """Stop if the name of a file or folder is in another encoding, so that Arrow cannot open what is there.

    Raises:
        UsageError: It is, or the locale takes UTF-8 for another encoding.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{path}: this path is not in UTF-8, or the locale is not; rename it, or set LC_ALL=C.UTF-8"
        ) from None


class PublishedFolder:
    """Paths of what a warehouse has published.

    Args:
        path: Folder of the warehouse.

    Raises:
        UsageError: The path cannot be written in UTF-8.
    """

    def __init__(self, path: Path) -> None:
        require_text(path)
        self.path = path
        self.snapshots = path / "snapshots"
        self.current = path / "current"

    @property
    def is_there(self) -> bool:
        """Whether the folder has a part that a warehouse has."""
        return any((self.path / part).exists() or (self.path / part).is_symlink() for part in _PARTS)

    def require_existing(self) -> None:
        """Stop if there is nothing to read.

        Raises:
            UsageError: The path does not exist, is no folder, or holds nothing that a warehouse has.
        """
        if not self.path.is_dir():
            raise UsageError(f"{self.path}: there is no warehouse here")
        if not self.is_there:
            raise UsageError(
                f"{self.path}: there is no warehouse here: the folder has no {', '.join(_PARTS[:-1])} or {_PARTS[-1]}; "
                "name that of a warehouse, or fill one with wcda harvest"
            )

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
