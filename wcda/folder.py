"""Where the published snapshots lie in the folder of a warehouse."""

from pathlib import Path

from wcda.errors import UsageError


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
