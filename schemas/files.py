"""Files that others may have put there, and files that are to outlast a loss of power.

Of the latter each, and each folder on the way to it, is forced to disk.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path


def open_file(path: Path) -> BufferedReader:
    """Open a file for reading that others may have put there: reading it never waits, as it would for a pipe.

    What the kernel makes as it is read, such as `/proc/kmsg`, has no size, and is empty here.

    Raises:
        OSError: It cannot be opened, or is no file, such as a pipe, a device or a folder.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if found.st_size == 0:
        os.close(handle)
        return Path(os.devnull).open("rb")
    return os.fdopen(handle, "rb")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let what cannot be written name its file, which errors of Arrow do not.

    Raises:
        OSError: As it was raised, with the path.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(error.errno, reason, str(path)) from error


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
    partial.unlink(missing_ok=True)  # a link that somebody put there would be written through
    with partial.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
