"""Saved pages: one file, a folder of them, or the bundled samples."""

import mimetypes
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from schemas.addresses import file_address
from schemas.catalog import Catalog
from schemas.errors import SourceError, UsageError
from schemas.records import Capture, Collection

SAMPLES = Path(__file__).parent.parent / "samples"
"""Two listing pages of the archive, captured as text; bundled so that the main job runs anywhere."""

MAX_PAGE_BYTES = 16 * 1024 * 1024
"""A page saved by a browser can have 700 kB; a file twenty times as large is no page."""


@dataclass(frozen=True, slots=True)
class SavedPage:
    """A file that may be a page, and the collection that it belongs to.

    Attributes:
        name: Path relative to the folder, with `/`.
    """

    folder: Path
    name: str
    collection: Collection


def find_pages(path: Path, catalog: Catalog) -> list[SavedPage]:
    """The files below `path` (or the file itself), in order of their names; hidden files are none of them.

    A file belongs to the collection whose catalog entry names it, else it is a collection of its own.

    Raises:
        UsageError: There is no such path.
        SourceError: There are no files.
    """
    if path.is_file():
        folder, names = path.parent, [path.name]
    elif path.is_dir():
        folder, names = path, sorted(_walk(path))
    else:
        raise UsageError(f"{path}: no such file or folder")
    if not names:
        raise SourceError(f"{path}: the folder holds no pages")
    own = _own_collections(names)
    return [SavedPage(folder, name, catalog.collection_of(name) or own[name]) for name in names]


def read_page_file(path: Path) -> bytes:
    """The bytes of one saved page.

    Raises:
        SourceError: It cannot be opened, or is too large to be a page.
    """
    try:
        if not path.is_file():
            raise SourceError(f"{path.name}: no file")
        size = path.stat().st_size
        if size > MAX_PAGE_BYTES:
            raise SourceError(f"{path.name}: {size} bytes are no page (at most {MAX_PAGE_BYTES})")
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name}: {error.strerror}") from error


def capture_page(page: SavedPage) -> Capture:
    """The saved page as a capture, without an instant: a file's time is not when the page was captured.

    Raises:
        SourceError: It cannot be opened, or is too large to be a page.
    """
    return Capture(
        url=file_address(page.name),
        body=read_page_file(page.folder / page.name),
        content_type=mimetypes.guess_type(page.name)[0] or "application/octet-stream",
        collection_id=page.collection.collection_id,
    )


def _walk(folder: Path) -> list[str]:
    names = []
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = Path(place).resolve()
        if real in seen:  # a link to a folder above it
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        names += [(Path(place) / name).relative_to(folder).as_posix() for name in files if not name.startswith(".")]
    return names


def _own_collections(names: list[str]) -> dict[str, Collection]:
    """A collection for each file, named by its stem, or by as much of its path as no other file has."""
    forms = {
        name: (path.stem, str(path.with_suffix("")), name)
        for name, path in zip(names, map(PurePosixPath, names), strict=True)
    }
    shared = Counter(form for of_one in forms.values() for form in set(of_one))
    own = {name: next((form for form in of_one if shared[form] == 1), name) for name, of_one in forms.items()}
    # A name in another encoding has no text.
    return {name: Collection(form.encode("utf-8", "replace").decode()) for name, form in own.items()}
