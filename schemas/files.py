"""Files that are to outlast a loss of power: each, and each folder on the way to it, is forced to disk."""

import os
from pathlib import Path


def sync_file(path: Path) -> None:
    """Force what is in a file to disk; not that it is in its folder, see `sync_folder`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Force to disk which files are in a folder and how they are named, but not what is in them."""
    sync_file(path)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing, and force that to disk.

    Raises:
        OSError: It cannot be made, or a part of the path is a file.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def write_text(path: Path, text: str) -> None:
    """Write a whole file in place of any former one: afterwards, and after a loss of power, it is the one or the other.

    That it is the new one is sure once its folder is synced.
    """
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
