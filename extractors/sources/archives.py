"""Web archives and mirrors: WARC, ARC, HAR and WACZ files, tarballs, zips, saved pages, packed or not, and folders.

The first bytes of a file decide what it is, never its name. Everything is read as a stream; of all that is
read, only a zip within another file is copied to disk, since a zip is read from its end.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Literal, cast

from extractors.arc import begins_arc, read_arc
from extractors.byte_streams import GZIP_MAGIC, ByteStream, unpacked
from extractors.har import begins_har, read_har
from extractors.known_pages import KnownPages
from extractors.sources import SourceRequest
from extractors.sources.archive_context import ArchiveContext
from extractors.sources.archive_parts import ArchivePart, bounded
from extractors.sources.archived_records import RecordReader
from extractors.sources.captured import CapturedSource
from extractors.sources.page_list import PAGE_LIST, ListedPage, page_list_issue, read_page_list
from extractors.sources.registry import SOURCES
from extractors.sources.saved import check_path, find_files, name_collections, read_page_file
from extractors.sources.saved_pages import PageReader
from extractors.sources.tarballs import begins_tar, read_tar
from extractors.sources.unread import joining, unread_container, whole_of_part
from extractors.sources.zips import read_zip
from extractors.third_party_warc import read_third_party_warc
from extractors.warc_records import begins_warc
from extractors.wilson_center import SAMPLES
from extractors.wilson_center.catalog import Catalog
from schemas.errors import SourceError, UsageError
from schemas.files import open_file
from schemas.identifiers import file_url
from schemas.issues import BAD_PAGE_LIST, UNKNOWN_ARCHIVE, UNMATCHED_FILES, UNREADABLE_FILE, Issue
from schemas.records import Item
from wcda.naming import nearest

_HEAD_BYTES = 4096
_MAX_DEPTH = 4  # a page in a tarball in gzip is at depth 2
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")

_Kind = Literal["warc", "arc", "har", "packed", "tar", "zip", "page"]


class SavedPages(CapturedSource):
    """A file or folder: a WARC file, a tarball, a saved page, each also packed with gzip or Zstandard; a WACZ.

    Gives the pages of the listing that it has, pairs of URLs that are one document's, and what is wrong with it.
    Counts what is no page of a listing: `document`, or the MIME type.
    """

    def __init__(self, request: SourceRequest, path: Path | None = None, name: str | None = None) -> None:
        self._path = path or Path(request.name)
        super().__init__(request, name or f"saved:{self._path.resolve().name}")

    def check(self) -> None:
        """Find out whether there is something to read.

        Raises:
            UsageError: There is no such path, the warehouse lies in it, or it lies in the warehouse's raw zone.
            SourceError: It is a folder without files.
        """
        self._check_name()
        check_path(self._path)
        warehouse = self._request.warehouse
        if self._path.resolve().is_relative_to((warehouse / "raw").resolve()):
            raise UsageError(
                f"{self._path}: it is in the raw zone of the warehouse {warehouse}, which this run writes; "
                "use 'wcda rebuild' to read it again, or choose another --warehouse"
            )
        if warehouse.resolve().is_relative_to(self._path.resolve()):
            raise UsageError(
                f"{self._path}: the warehouse {warehouse} lies in it, and would be read as a source; "
                "choose another --warehouse, or a folder that does not hold it"
            )

    def _check_name(self) -> None:
        """Find out whether a person means something else than a path.

        Raises:
            UsageError: It is a URL, a slip in the name of a source or a file, or a warehouse.
        """
        name = self._request.name
        if "://" in name:
            raise UsageError(
                f"{name}: --from takes a name or a path, and this is a URL; give --from site --archive URL, or "
                "--from wayback --wayback URL, or save the page and harvest the file"
            )
        if not self._path.exists():
            sources = SOURCES if self._path.name == name else ()  # no path, but perhaps the name of a source
            known = nearest(self._path.name, [*sources, *(each.name for each in _siblings(self._path))])
            raise UsageError(f"{name}: no such file or folder{known}")
        other = _owner_of_raw_zone(self._path)
        if other is not None and other != self._request.warehouse.resolve():
            raise UsageError(
                f"{name}: it is in the raw zone of another warehouse, {other}; 'wcda rebuild --warehouse {other}' "
                "reads it again; harvest the sources that it was made from, or give --warehouse that one"
            )
        owner = _owner(self._path)
        if owner is not None:
            raise UsageError(
                f"{name}: this is a warehouse of wcda, or a part of one, and no source: its tables are made already "
                f"(wcda status --warehouse {owner}), and wcda rebuild --warehouse {owner} makes them again"
            )

    def _read(self, _known: KnownPages) -> Iterator[Item]:
        for item in read_archive(self._path, self._request.catalog, self._skipped):
            is_of_others = isinstance(item, Issue) and item.kind == UNMATCHED_FILES.name
            if not is_of_others or self._request.choice.has(cast("Issue", item).collection_id or ""):
                yield item


class Samples(SavedPages):
    """The bundled sample pages."""

    def __init__(self, request: SourceRequest) -> None:
        super().__init__(request, SAMPLES, request.name)
        self.collections = tuple([each for each in self.collections if request.choice.has(each.collection_id)])


def _siblings(path: Path) -> list[Path]:
    """What lies beside a path."""
    try:
        return sorted(path.parent.iterdir())
    except OSError:
        return []


def _owner_of_raw_zone(path: Path) -> Path | None:
    """The warehouse in whose raw zone a path is."""
    real = path.resolve()
    zones = (each for each in (real, *real.parents) if each.name == "raw")
    return next((zone.parent for zone in zones if (zone.parent / "current").is_symlink()), None)


def _owner(path: Path) -> Path | None:
    """The warehouse that a path is, or whose tables it is; of its raw zone the captures can be read."""
    real = path.resolve()
    folders = [path, *(real.parents[depth] for depth, part in enumerate(real.parts[:-4:-1]) if part == "snapshots")]
    return next((each for each in folders if (each / "raw").is_dir() and (each / "current").is_symlink()), None)


def read_archive(path: Path, catalog: Catalog, skipped: Counter[str]) -> Iterator[Item]:
    """The pages of the listing that a file or folder has, URLs that are one document's, and what is wrong.

    Args:
        path: A WARC file, a tarball, a saved page, each also packed with gzip or Zstandard; a WACZ; or a folder.
        catalog: Says where the archive is, and which files belong to which collection.
        skipped: Counts what is no page of a listing: `document`, or the MIME type.

    Raises:
        UsageError: There is no such path.
        SourceError: It is a folder without files.
    """
    return _Reader(catalog, skipped).read(path)


class _Reader:
    """Reads one archive, and knows what a later part of it may refer to."""

    def __init__(self, catalog: Catalog, skipped: Counter[str]) -> None:
        self._context = ArchiveContext(catalog, skipped)
        self._records = RecordReader(self._context)
        self._listed: dict[str, ListedPage] = {}
        self._own: dict[str, str] = {}
        self._parted: set[str] = set()
        self._pages = PageReader(self._context, self._listed, self._own)

    def read(self, path: Path) -> Iterator[Item]:
        check_path(path)
        found = find_files(path)
        folder, names = found.folder, found.names
        yield from found.issues
        # Of several, as a disk that tells case apart may have them, that with the usual name counts.
        lists = sorted(
            (each for each in names if each.lower() == PAGE_LIST), key=lambda each: (each != PAGE_LIST, each)
        )
        if path.is_dir() and lists:
            names.remove(lists[0])
            yield from self._read_page_list(folder, lists[0], names)
        own = name_collections(names, self._context.catalog_ids)
        self._own |= {own[name].collection_id: name for name in names}
        # What a folder is in says nothing of the files in it; of one file that is all that is known.
        above = (folder.resolve().name,) if path.is_dir() else folder.resolve().parts
        for name in names:
            parts = (*above, *PurePosixPath(name).parts)
            item = ArchivePart(name, name, parts, 0, own[name], folder / name)
            yield from bounded(self._read_file(item), item, "the rest of the file")
        for name in self._listed:
            message = f"what it says of {name} has no effect, since that is no saved page"
            yield page_list_issue(message, level="warning")
        yield from self._context.unmatched_patterns()

    def _read_page_list(self, folder: Path, name: str, names: list[str]) -> Iterator[Issue]:
        try:
            body = read_page_file(folder / name)
        except SourceError as error:
            yield BAD_PAGE_LIST.issue(str(error), url=file_url(name))
            return
        listed, issues = read_page_list(body, set(names), self._context.base)
        self._listed |= listed
        yield from issues

    def _read_file(self, item: ArchivePart) -> Iterator[Item]:
        path = cast("Path", item.path)
        try:
            if not path.is_file():
                yield item.issue(UNREADABLE_FILE, "no file")
                return
            with open_file(path) as file:
                yield from self._read_stream(ByteStream(file.read), item)
        except OSError as error:
            yield item.issue(UNREADABLE_FILE, error.strerror or str(error))

    def _read_stream(self, stream: ByteStream, item: ArchivePart) -> Iterator[Item]:
        if (messages := self._why_unread(stream.peek(_HEAD_BYTES), item)) is not None:
            yield from (item.issue(UNKNOWN_ARCHIVE, message) for message in messages)
            return
        match _kind_of(stream):
            case _ if item.depth > _MAX_DEPTH:
                yield item.issue(UNREADABLE_FILE, f"packed in more than {_MAX_DEPTH} files")
            case "warc":
                yield from self._read_warc(stream, item)
            case "arc":
                yield from self._records.read(read_arc(stream), item)
            case "har":
                yield from self._records.read(read_har(stream), item)
            case "tar":
                yield from read_tar(stream, item, self._read_stream)
            case "zip":
                yield from read_zip(stream, item, self._read_stream, self._read_warc)
            case "packed":
                yield from self._read_stream(cast("ByteStream", unpacked(stream)), item.without_packing())
            case "page":
                yield from self._pages.read(stream, item)

    def _why_unread(self, head: bytes, item: ArchivePart) -> list[str] | None:
        """What to do with a container that is not read, once for all parts of one; `None` for what is read."""
        whole = whole_of_part(item.member, head)
        if whole is not None and not _is_complete(item):
            is_new = whole not in self._parted
            self._parted.add(whole)
            return [joining(whole)] if is_new else []
        message = unread_container(item.member, head)
        return None if message is None else [message]

    def _read_warc(self, stream: ByteStream, item: ArchivePart) -> Iterator[Item]:
        yield from self._records.read(read_third_party_warc(stream), item)


def _is_complete(item: ArchivePart) -> bool:
    """Whether what is named as the first part of a zip is all of it."""
    return item.path is not None and item.member.endswith(".001") and zipfile.is_zipfile(item.path)


def _kind_of(stream: ByteStream) -> _Kind:
    """What a file is, by its first bytes."""
    head = stream.peek(_HEAD_BYTES)
    if begins_warc(stream):
        return "warc"
    if begins_arc(head):
        return "arc"
    if head.startswith(_ZIP_MAGICS):
        return "zip"
    packed = unpacked(ByteStream(BytesIO(head).read))
    if packed is not None:
        # Of a gzip member that is damaged at once, the next may be whole: only WARC has so many.
        is_damaged = not packed.peek(1) and packed.damage is not None
        return "warc" if is_damaged and head.startswith(GZIP_MAGIC) else "packed"
    if begins_har(head):
        return "har"
    return "tar" if begins_tar(head) else "page"
