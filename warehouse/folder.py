"""The warehouse as a folder: where everything lies in it, whether it can be written, and who may write."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import UsageError, WarehouseError, WarehouseLockedError
from schemas.files import make_folder
from schemas.sizes import shown_size
from wcda.folder import PublishedFolder

MIN_FREE_BYTES = 16 * 1024 * 1024
"""A run does not begin on a disk with less room than this: it could not publish what it fetched."""

KEPT_SNAPSHOTS = 30
"""How many snapshots are kept unless something else is asked for: a month of nightly runs, at 3 to 10 MB each."""

MIN_KEPT = 2
"""The current one, and the one before, against which `changes` are reported."""


class WarehouseFolder(PublishedFolder):
    """Paths of a warehouse, and its lock.

    Args:
        path: Made by `locked`, when first written to.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.raw = path / "raw"
        self.parsed = path / "parsed"
        self.building = path / "building.part"
        self.prefect = path / "prefect"
        self.decisions = path / "decisions.csv"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the warehouse for writing. One process at a time; within a process it can be held again.

        Raises:
            UsageError: The path is a file.
            WarehouseError: The folder cannot be made or written, its disk is full, it is a copy without links, or
                one of its folders or files is a link, a pipe or a device.
            WarehouseLockedError: Another run holds it.
        """
        from filelock import FileLock, Timeout  # the command line imports this module and must start quickly

        self._prepare()
        self.require_link()
        self._require_folders()
        self.require_plain()
        lock = FileLock(self.path / ".lock", is_singleton=True, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise WarehouseLockedError(
                f"{self.path}: another run is writing to this warehouse; try again when it has ended"
            ) from None
        except OSError as error:
            raise WarehouseError(f"{self.path}: cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def room_for_building(self) -> Iterator[Path]:
        """A folder for what is needed while tables are made, for the time of the block. The lock must be held."""
        shutil.rmtree(self.building, ignore_errors=True)  # a run that was killed may have left it
        self.building.mkdir()
        try:
            yield self.building
        finally:
            shutil.rmtree(self.building, ignore_errors=True)

    def _require_folders(self) -> None:
        for folder in (self.raw, self.parsed, self.building, self.snapshots):
            if folder.is_symlink():  # files are deleted in them, and must not be in another place
                raise WarehouseError(
                    f"{folder}: must be a folder, and is a link to {folder.readlink()}; move that folder here, "
                    "or keep the whole warehouse where it is"
                )

    def _prepare(self) -> None:
        from wcda.manifest import MANIFEST  # imports pydantic, which is slow

        try:
            if self.path.exists() and not self.path.is_dir():
                raise UsageError(f"{self.path}: the warehouse must be a folder, and this is a file")
            if (self.path / MANIFEST).exists():
                near = next(self.warehouses_near(), None)
                advice = f"; did you mean {near}?" if near else "; name a folder for a warehouse"
                raise UsageError(f"{self.path}: this is a snapshot, and no warehouse{advice}")
            make_folder(self.path)
            free = shutil.disk_usage(self.path).free
        except (FileExistsError, NotADirectoryError) as error:
            raise UsageError(f"{self.path}: a part of this path is a file") from error
        except OSError as error:
            raise WarehouseError(f"{self.path}: cannot be written: {error.strerror}") from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise WarehouseError(f"{self.path}: cannot be written: no permission")
        if free < MIN_FREE_BYTES:
            raise WarehouseError(
                f"{self.path}: the disk is full ({shown_size(free)} are free, {shown_size(MIN_FREE_BYTES)} are needed)"
            )
