"""Where the published snapshots lie in the folder of a warehouse."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from wcda.errors import UsageError, WarehouseError

_PARTS = ("raw", "snapshots", "current")
"""A folder that has one of them is a warehouse."""

_MAX_DEPTH = 3  # of a file of a table, below its warehouse

_OWN_FILES = ("raw", "snapshots", ".lock", "decisions")
"""With `decisions.csv`, and what it is written as first."""


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

    @property
    def has_published(self) -> bool:
        """Whether a run has published here, or was about to."""
        return self.current.is_symlink() or bool(_listed(self.snapshots))

    def require_existing(self) -> None:
        """Stop if there is nothing to read, or what reading would wait for or lead elsewhere.

        Raises:
            UsageError: The path does not exist, is no folder, or holds nothing that a warehouse has.
            WarehouseError: A part of it is a link, a pipe or a device.
        """
        if not (self.path.is_dir() and self.is_there):
            reason = f": the folder has no {', '.join(_PARTS[:-1])} or {_PARTS[-1]}" if self.path.is_dir() else ""
            near = next(self.warehouses_near(), None)
            advice = f"did you mean {near}?" if near else "name that of a warehouse, or fill one with wcda harvest"
            raise UsageError(f"{self.path}: there is no warehouse here{reason}; {advice}")
        self.require_plain()

    def warehouses_near(self) -> Iterator[Path]:
        """The warehouse of which the path is a part, such as `current` or a file in it; then those in the folder."""
        for depth in range(1, _MAX_DEPTH + 1):
            above = Path(os.path.normpath(self.path.joinpath(*[".."] * depth)))  # which leads through no link
            if PublishedFolder(above).is_there:
                yield above
        for entry in sorted(_listed(self.path), key=lambda entry: entry.name):
            if entry.is_dir() and PublishedFolder(Path(entry.path)).is_there:
                yield Path(entry.path)

    def require_plain(self) -> None:
        """Stop if what a stranger may have put there is no file or folder: a link leads elsewhere, a pipe waits.

        Raises:
            WarehouseError: A part of the warehouse is a link other than `current`, a pipe or a device.
        """
        for entry in self._entries():
            if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                what = f"a link to {Path(entry.path).readlink()}" if entry.is_symlink() else "a pipe or a device"
                raise WarehouseError(
                    f"{entry.path}: is {what}, and a warehouse has only files and folders; remove it, or put the file "
                    "itself in its place"
                )

    def _entries(self) -> Iterator["os.DirEntry[str]"]:
        """What is read or written of a warehouse, but for the link `current` and the cache."""
        yield from (entry for entry in _listed(self.path) if entry.name.partition(".csv")[0] in _OWN_FILES)
        yield from _listed(self.path / "raw")
        for snapshot in _listed(self.snapshots):
            yield snapshot
            yield from _listed(snapshot.path)

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


def _listed(folder: "Path | str") -> "list[os.DirEntry[str]]":
    """What is in a folder; nothing where there is none, or where another run has just deleted it."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return list(entries)
    return []
