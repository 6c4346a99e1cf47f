"""Web archives and mirrors: WARC and WACZ files, tarballs, saved pages, packed or not, and folders of any of them.

The first bytes of a file decide what it is, never its name. Everything is read as a stream; nothing is written to disk.
"""

import datetime as dt
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, Self, cast
from urllib.parse import urljoin

from extractors.byte_streams import GZIP_MAGIC, MAX_PAGE_BYTES, ByteStream, DamagedError, unpacked
from extractors.content_encoding import UndecodableError, decode_body
from extractors.known_pages import KnownPages
from extractors.sources import SourceRequest
from extractors.sources.captured import CapturedSource
from extractors.sources.page_list import PAGE_LIST, ListedPage, page_list_issue, read_page_list
from extractors.sources.saved import (
    MARK_BYTES,
    Origin,
    archive_document,
    check_path,
    find_files,
    find_origin,
    guess_type,
    is_hidden,
    is_no_page,
    kind_of_type,
    name_collections,
    name_forms,
    own_collection,
    read_page_file,
)
from extractors.third_party_warc import ThirdPartyRecord, read_third_party_warc
from extractors.warc_records import Damage, begins_warc
from extractors.wilson_center import SAMPLES
from extractors.wilson_center.addresses import ListingAddress, classify, parse_listing_address
from extractors.wilson_center.catalog import Catalog, listed_collection
from extractors.wilson_center.layouts import LAYOUTS
from extractors.wilson_center.layouts.citations import cited_address_of
from schemas.errors import SourceError, UsageError
from schemas.identifiers import file_address
from schemas.issues import (
    ARCHIVED_REDIRECT,
    BAD_PAGE_LIST,
    DAMAGED_ARCHIVE,
    FAILED_CAPTURE,
    FUTURE_TIMESTAMP,
    NO_HTTP,
    NO_INSTANT,
    PACKED_WACZ,
    TOO_LARGE,
    UNDECODABLE,
    UNKNOWN_ARCHIVE,
    UNREADABLE_FILE,
    UNSAFE_MEMBER,
    WRONG_DIGEST,
    Issue,
    IssueKind,
    Level,
)
from schemas.records import Alias, ArchivedPage, Capture, Collection, Item

_TAR_BLOCK = 512
_END_OF_TAR = bytes(_TAR_BLOCK)
_MAX_TAR_HEAD = 1024 * 1024
_MAX_ZEROS = 16 * 1024 * 1024  # behind the files of a tarball, or between two that were put together
_MAX_CLOCK_SKEW = dt.timedelta(minutes=5)  # of the machine that captured, against this one
_TAR_HEADS_OF_HEADS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_HEAD_BYTES = 4096
_MAX_DEPTH = 4  # a page in a tarball in gzip is at depth 2
_MAX_READS_AT_END = 16  # of a tar, after which what is asked for is not there
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_STEP = 4096  # zipfile keeps back the piece at whose end it finds the checksum wrong
_MAX_ZIP_RATIO, _MAX_FREE_BYTES = 1000, 2 * MAX_PAGE_BYTES  # as of other packed files
_WACZ_FOLDER = "archive/"  # WACZ 1.1.1, 5.2.1: where its WARC files are
_DOCUMENT = "document"
_OK = frozenset({200, 203})  # the second by a proxy
_NOT_MODIFIED = 304

_Kind = Literal["warc", "packed", "tar", "zip", "page"]


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
        if self._path.resolve().is_relative_to((warehouse / "raw").resolve()):
            raise UsageError(
                f"{self._path}: this is the raw zone of the warehouse {warehouse}, which is written while sources are "
                "read; its tables are made from it already, and wcda rebuild makes them again"
            )

    def _read(self, _known: KnownPages) -> Iterator[Item]:
        return read_archive(self._path, self._request.catalog, self._skipped)


class Samples(SavedPages):
    """The bundled sample pages."""

    def __init__(self, request: SourceRequest) -> None:
        super().__init__(request, SAMPLES, request.name)


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


@dataclass(frozen=True, slots=True)
class _Item:
    """A file, or a part of one.

    Attributes:
        name: For people: path below the folder that is read, through the files that it is packed in.
        member: For the catalog: path below the folder or the file that it is packed in.
        parts: Folders and name, from the root of the disk on.
        depth: How many files it is packed in.
        own: The collection to which it belongs if nothing else is known; `None` if that is to be found.
        path: On disk; `None` for what is packed.
    """

    name: str
    member: str
    parts: tuple[str, ...]
    depth: int = 0
    own: Collection | None = None
    path: Path | None = None

    def issue(self, kind: IssueKind, message: str, found: str | None = None, level: Level | None = None) -> Issue:
        """An issue with this file."""
        return kind.issue(message, found=found, url=file_address(self.name), level=level)

    def inner(self, member: str) -> "_Item":
        """A file in this one."""
        parts = (*self.parts[:-1], *PurePosixPath(member).parts)
        return _Item(f"{self.name}/{member}", member, parts, self.depth + 1)

    def without_packing(self) -> "_Item":
        """What this file unpacks to."""

        def stem(name: str) -> str:
            return name.removesuffix(".gz").removesuffix(".zst")

        parts = (*self.parts[:-1], stem(self.parts[-1]))
        return replace(self, member=stem(self.member), parts=parts, depth=self.depth + 1, path=None)


class _Reader:
    """Reads one archive, and knows what a later part of it may refer to."""

    def __init__(self, catalog: Catalog, skipped: Counter[str]) -> None:
        self._catalog = catalog
        self._base = catalog.archive.url
        self._skipped = skipped
        self._collections = {
            entry.collection.collection_id: entry.collection for entry in catalog.collections if entry.listing
        }
        self._own: dict[str, str] = {}
        self._listed: dict[str, ListedPage] = {}
        self._aliases: set[Alias] = set()
        self._digests: dict[object, str] = {}
        self._latest = dt.datetime.now(dt.UTC) + _MAX_CLOCK_SKEW

    def read(self, path: Path) -> Iterator[Item]:
        check_path(path)
        found = find_files(path)
        folder, names = found.folder, found.names
        yield from found.issues
        if path.is_dir() and PAGE_LIST in names:
            names.remove(PAGE_LIST)
            yield from self._read_page_list(folder, names)
        own = name_collections(names)
        self._own = {own[name].collection_id: name for name in names}
        # What a folder is in says nothing of the files in it; of one file that is all that is known.
        above = (folder.resolve().name,) if path.is_dir() else folder.resolve().parts
        for name in names:
            parts = (*above, *PurePosixPath(name).parts)
            item = _Item(name, name, parts, 0, own[name], folder / name)
            yield from _bounded(self._read_file(item), item, "the rest of the file")
        for name in self._listed:
            message = f"what it says of {name} has no effect, since that is no saved page"
            yield page_list_issue(message, level="warning")

    def _read_page_list(self, folder: Path, names: list[str]) -> Iterator[Issue]:
        try:
            body = read_page_file(folder / PAGE_LIST)
        except SourceError as error:
            yield BAD_PAGE_LIST.issue(str(error), url=file_address(PAGE_LIST))
            return
        self._listed, issues = read_page_list(body, set(names), self._base)
        yield from issues

    def _read_file(self, item: _Item) -> Iterator[Item]:
        path = cast("Path", item.path)
        try:
            if not path.is_file():
                yield item.issue(UNREADABLE_FILE, "no file")
                return
            with path.open("rb") as file:
                yield from self._read_stream(ByteStream(file.read), item)
        except OSError as error:
            yield item.issue(UNREADABLE_FILE, error.strerror or str(error))

    def _read_stream(self, stream: ByteStream, item: _Item) -> Iterator[Item]:
        match _kind_of(stream):
            case _ if item.depth > _MAX_DEPTH:
                yield item.issue(UNREADABLE_FILE, f"packed in more than {_MAX_DEPTH} files")
            case "warc":
                yield from self._read_warc(stream, item)
            case "tar":
                yield from self._read_tar(stream, item)
            case "zip":
                yield from self._read_zip(stream, item)
            case "packed":
                yield from self._read_stream(cast("ByteStream", unpacked(stream)), item.without_packing())
            case "page":
                yield from self._read_page(stream, item)

    # Tarballs

    def _read_tar(self, stream: ByteStream, item: _Item) -> Iterator[Item]:
        damages: list[str] = []
        tail = _Tail(stream)
        try:
            # Without `ignore_zeros`, tarfile ends at the first damaged head and says nothing.
            with tarfile.open(
                fileobj=cast("BinaryIO", tail), mode="r|", tarinfo=_tar_head(damages), ignore_zeros=True
            ) as tar:
                while (member := tar.next()) is not None:
                    cast("Any", tar).members.clear()  # they would be kept for names to be looked up
                    yield from _tar_damages(item, damages, f"before byte {member.offset}")
                    where = f"the file at byte {member.offset}"
                    yield from _bounded(self._read_tar_member(tar, member, item, stream), item, where)
        except Exception as error:
            reason = stream.damage or str(error) or type(error).__name__
            yield item.issue(DAMAGED_ARCHIVE, f"what is behind in the tar cannot be read: {reason}{tail.at}")
            return
        yield from _tar_damages(item, damages, "at its end")
        if stream.damage is not None:
            yield item.issue(DAMAGED_ARCHIVE, f"the tar is not whole: {stream.damage}{tail.at}")
        elif not tail.ends_with_zeros:
            yield item.issue(
                DAMAGED_ARCHIVE, level="warning", message=f"the tar has no mark of its end, and may be cut off{tail.at}"
            )

    def _read_tar_member(
        self, tar: tarfile.TarFile, member: tarfile.TarInfo, item: _Item, stream: ByteStream
    ) -> Iterator[Item]:
        name = str(PurePosixPath(member.name))
        inner = item.inner(name)
        if member.isdir():
            return
        if _is_outside(name):
            yield _refusal("error", inner, "its name leads out of the archive", member.offset)
        elif is_hidden(name):
            return
        elif not member.isreg() or (file := tar.extractfile(member)) is None:
            yield _refusal("warning", inner, "it is a link or a device, and no file", member.offset)
        elif member.issparse():  # its holes would be read as zeros, however large it says that it is
            yield _refusal("error", inner, "it is a sparse file: pack it without --sparse", member.offset)
        else:
            yield from self._read_stream(ByteStream(_reading_tar(cast("BinaryIO", file)), stream), inner)

    # WACZ

    def _read_zip(self, stream: ByteStream, item: _Item) -> Iterator[Item]:
        if item.path is None:
            yield item.issue(PACKED_WACZ, "a WACZ or zip within another file cannot be read: unpack that file")
            return
        try:
            with zipfile.ZipFile(item.path) as archive:
                members = [member for member in archive.infolist() if not member.is_dir()]
                if not any(_WACZ_FOLDER in member.filename for member in members):
                    yield item.issue(UNKNOWN_ARCHIVE, "a zip that is no WACZ: unpack it")
                for member in members:
                    where = f"the file at byte {member.header_offset}"
                    yield from _bounded(self._read_zip_member(archive, member, item), item, where)
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
            message = f"the zip is damaged; the WARC records that can be found in it are read: {error}"
            yield item.issue(DAMAGED_ARCHIVE, message)
            yield from self._read_warc(stream, item)

    def _read_zip_member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, item: _Item) -> Iterator[Item]:
        inner = item.inner(member.filename)
        if _is_outside(member.filename):
            yield _refusal("error", inner, "its name leads out of the archive", member.header_offset)
        elif stat.S_ISLNK(member.external_attr >> 16):
            yield _refusal("warning", inner, "it is a link or a device, and no file", member.header_offset)
        elif member.file_size > _MAX_FREE_BYTES + _MAX_ZIP_RATIO * member.compress_size:
            reason = f"it unpacks to more than {_MAX_ZIP_RATIO:,} times its size"
            yield _refusal("error", inner, reason, member.header_offset)
        elif member.filename.startswith(_WACZ_FOLDER):
            with archive.open(member) as file:
                yield from self._read_stream(ByteStream(_reading_zip(cast("BinaryIO", file))), inner)

    # WARC

    def _read_warc(self, stream: ByteStream, item: _Item) -> Iterator[Item]:
        for record in read_third_party_warc(stream):
            if isinstance(record, Damage):
                yield item.issue(DAMAGED_ARCHIVE, f"{record.reason} ({record.place})")
                continue
            is_page = record.kind != "resource" or record.content_type.startswith("text/html")
            is_read = is_page and classify(record.url, self._base) in LAYOUTS
            part = self._page_record(record, item) if is_read else self._other_record(record)
            yield from _bounded(part, item, f"the record {record.place}")

    def _page_record(self, record: ThirdPartyRecord, item: _Item) -> Iterator[Item]:
        if record.captured_at is not None and record.captured_at > self._latest:
            yield self._future(item, record.captured_at, f" ({record.place})")
            record = replace(record, captured_at=None)
        listing = parse_listing_address(record.url, self._base)
        collection = None if listing is None else self._collection_of(listing)
        problem = _problem_of(record)
        if problem is not None:
            kind, message = problem
            yield item.issue(kind, f"{message} ({record.place})", record.url)
            return
        if record.digest_problem is not None:
            message = f"the page is not what it was when it was captured ({record.place})"
            yield item.issue(WRONG_DIGEST, message, record.digest_problem)
        if record.kind == "revisit":
            if record.captured_at is None:
                message = f"the revisit does not say when the page was captured, and is skipped ({record.place})"
                yield item.issue(NO_INSTANT, message, record.url)
            else:
                yield self._revisit(record, collection)
            return
        if record.payload_digest is not None:
            self._digests[record.record_id] = self._digests[record.url, record.captured_at] = record.payload_digest
        yield from self._page_of(record, collection, item)

    def _page_of(self, record: ThirdPartyRecord, collection: Collection | None, item: _Item) -> Iterator[Item]:
        capture = _capture(record, collection)
        if record.kind == "response" and record.captured_at is None:
            message = f"the record does not say when the page was captured ({record.place})"
            yield item.issue(NO_INSTANT, message, record.url)
            try:
                body = decode_body(capture.body, capture.header("content-encoding"))
            except UndecodableError as error:
                message = f"the page's content-encoding cannot be undone: {error} ({record.place})"
                yield item.issue(UNDECODABLE, message, record.url)
                return
            capture = replace(capture, body=body, http_status=None, headers=())
        yield ArchivedPage(capture, collection, record.payload_digest)

    def _revisit(self, record: ThirdPartyRecord, collection: Collection | None) -> ArchivedPage:
        known = self._digests.get(record.refers_to) or self._digests.get(
            (record.refers_to_url, record.refers_to_timestamp)
        )
        # Without a digest, the reference itself says what is missing.
        revisits = known or record.payload_digest or record.refers_to or record.refers_to_url or record.url
        capture = replace(_capture(record, collection), body=b"", http_status=record.status or 200)
        return ArchivedPage(capture, collection, record.payload_digest, revisits)

    def _other_record(self, record: ThirdPartyRecord) -> Iterator[Alias]:
        document = archive_document(record.url, self._base)
        mime = record.content_type.partition(";")[0].strip().lower() or None
        self._skipped[_DOCUMENT if document else kind_of_type(mime)] += 1
        if document is None or record.status is None or record.kind != "response":
            return
        if 300 <= record.status < 400 and record.status != _NOT_MODIFIED:
            target = archive_document(_join(record.url, record.header("location")), self._base)
            yield from self._alias(document, target, "redirect")
        elif record.status in _OK and record.body is not None and mime == "text/html":
            try:
                body = decode_body(record.body, record.header("content-encoding"))
            except UndecodableError:
                return
            yield from self._alias(document, cited_address_of(body), "citation")

    # Saved pages

    def _read_page(self, stream: ByteStream, item: _Item) -> Iterator[Item]:
        head = stream.peek(MARK_BYTES)
        listed = self._listed.pop(item.name, None)
        if listed is not None and listed.captured_at is not None and listed.captured_at > self._latest:
            yield self._future(item, listed.captured_at)
            listed = replace(listed, captured_at=None)
        origin = (listed and listed.origin) or find_origin(item.parts, head, self._base)
        mime = guess_type(item.member, head)
        named = self._catalog.collection_of(item.member)
        if named is None and origin.listing is None and origin.url is None and (origin.is_known or is_no_page(mime)):
            self._skipped[kind_of_type(mime)] += 1
            return
        body = stream.read(MAX_PAGE_BYTES + 1)
        if stream.damage is not None:
            yield item.issue(UNREADABLE_FILE, stream.damage)
        elif len(body) > MAX_PAGE_BYTES:
            yield item.issue(UNREADABLE_FILE, f"more than {MAX_PAGE_BYTES} bytes are no page")
        elif named is None and origin.url is not None and origin.listing is None and classify(origin.url) in LAYOUTS:
            capture = Capture(origin.url, body, mime or "text/html", captured_at=listed.captured_at if listed else None)
            yield ArchivedPage(capture, None)
        elif (
            named is None and origin.listing is None and (origin.url is not None or cited_address_of(body) is not None)
        ):
            self._skipped[_DOCUMENT] += 1
            if not origin.is_marked:
                yield from self._alias(origin.url, cited_address_of(body), "citation")
        else:
            yield self._saved_page(item, body, origin, named, mime, listed.captured_at if listed else None)

    def _saved_page(
        self,
        item: _Item,
        body: bytes,
        origin: Origin,
        named: Collection | None,
        mime: str | None,
        captured_at: dt.datetime | None,
    ) -> ArchivedPage:
        if named is None:
            named = self._own_collection(item) if origin.listing is None else self._collection_of(origin.listing)
        is_listing = origin.listing is not None
        capture = Capture(
            url=origin.url if is_listing and origin.url else file_address(item.name),
            body=body,
            content_type=mime or "application/octet-stream",
            collection_id=named.collection_id,
            captured_at=captured_at,
        )
        return ArchivedPage(capture, named)

    # What all of them need

    def _future(self, item: _Item, captured_at: dt.datetime, place: str = "") -> Issue:
        """A timestamp later than this run, which would make a capture the newest for ever."""
        message = f"the timestamp of the capture lies in the future, and is taken as unknown{place}"
        return item.issue(FUTURE_TIMESTAMP, message, captured_at.isoformat())

    def _collection_of(self, listing: ListingAddress) -> Collection:
        """The result set that a URL asks for, as the catalog has it if it does."""
        known = self._collections.get(listing.collection_id)
        if known is None:
            known = self._collections[listing.collection_id] = listed_collection(listing)
        return known

    def _own_collection(self, item: _Item) -> Collection:
        """The collection of a page of which nothing else is known; named so that no other file has it."""
        if item.own is not None:
            return item.own
        forms = (*name_forms(item.member), item.name)
        form = next((each for each in forms if self._own.setdefault(each, item.name) == item.name), item.name)
        return own_collection(form)

    def _alias(self, url: str | None, other_url: str | None, evidence: str) -> Iterator[Alias]:
        """Two URLs of one document, if they are two and were not met before."""
        if url is None or other_url is None or url == other_url:
            return
        alias = Alias(url, other_url, evidence)
        if alias not in self._aliases:
            self._aliases.add(alias)
            yield alias


def _bounded(part: Iterator[Item], item: _Item, what: str) -> Iterator[Item]:
    """A part of what somebody made; if it fails in any way, that is an issue, and the next part is read."""
    try:
        yield from part
    except (SourceError, UsageError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        yield item.issue(DAMAGED_ARCHIVE, f"{what} cannot be read: {reason}")


class _Tail:
    """A tarball as tarfile reads it, of which the last bytes are kept: a whole one ends with zeros (POSIX, pax)."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._last = _END_OF_TAR
        self._reads_at_end = 0

    @property
    def ends_with_zeros(self) -> bool:
        return self._last == _END_OF_TAR

    @property
    def at(self) -> str:
        """How far it was read, for the end of a message."""
        return f" (at byte {self._stream.offset})"

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._last = (self._last + data)[-_TAR_BLOCK:]
        self._reads_at_end = 0 if data else self._reads_at_end + 1
        if self._reads_at_end > _MAX_READS_AT_END:  # tarfile would go on for as long as a head says
            raise EOFError("the tar ends within a file")
        return data


def _tar_head(damages: list[str]) -> type[tarfile.TarInfo]:
    """What tarfile reads heads with, so that it notes those that are damaged, or would take much memory or time."""
    zeros = 0

    class Head(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            nonlocal zeros
            try:
                head = super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError:
                if any(buf):
                    damages.append("damaged")
                else:  # such blocks are at the end of each tarball
                    zeros += len(buf)
                    if zeros > _MAX_ZEROS:
                        raise tarfile.ReadError(f"more than {_MAX_ZEROS // 1024**2} MiB of zeros") from None
                raise
            zeros = 0
            if head.type in _TAR_HEADS_OF_HEADS and head.size > _MAX_TAR_HEAD:
                damages.append("too large")
                raise tarfile.ReadError(f"a name or a head of {head.size} bytes")
            return head

    return Head


def _tar_damages(item: _Item, damages: list[str], place: str) -> Iterator[Issue]:
    if damages:
        message = f"{len(damages)} blocks of the tar cannot be read as the head of a file ({place})"
        yield item.issue(DAMAGED_ARCHIVE, message)
        damages.clear()


def _kind_of(stream: ByteStream) -> _Kind:
    """What a file is, by its first bytes."""
    head = stream.peek(_HEAD_BYTES)
    if begins_warc(stream):
        return "warc"
    if head.startswith(_ZIP_MAGICS):
        return "zip"
    packed = unpacked(ByteStream(BytesIO(head).read))
    if packed is not None:
        # Of a gzip member that is damaged at once, the next may be whole: only WARC has so many.
        is_damaged = not packed.peek(1) and packed.damage is not None
        return "warc" if is_damaged and head.startswith(GZIP_MAGIC) else "packed"
    try:
        tarfile.TarInfo.frombuf(head[:_TAR_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return "page"
    return "tar"


def _reading_tar(file: BinaryIO) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return file.read(size)
        except tarfile.TarError as error:
            raise DamagedError(f"the tar is cut off: {error}") from error

    return read


def _reading_zip(file: BinaryIO) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return file.read(min(size, _ZIP_STEP))
        except (zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise DamagedError(f"the zip is damaged: {error or 'it ends early'}") from error

    return read


def _is_outside(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts


def _refusal(level: Level, item: _Item, reason: str, offset: int) -> Issue:
    return item.issue(UNSAFE_MEMBER, f"passed over: {reason} (at byte {offset})", level=level)


def _problem_of(record: ThirdPartyRecord) -> tuple[IssueKind, str] | None:
    """Why a record at a URL of the listing shows no page; `None` if it does."""
    status = record.status
    if record.body is None:
        return TOO_LARGE, f"more than {MAX_PAGE_BYTES} bytes are no page"
    if record.kind == "resource" or status in _OK:
        return None
    if record.kind == "revisit" and status in (None, _NOT_MODIFIED):
        return None
    if status is None:
        return NO_HTTP, "the record has no HTTP response"
    if 300 <= status < 400:
        return ARCHIVED_REDIRECT, f"the archived answer is {status}, which leads elsewhere"
    return FAILED_CAPTURE, f"the archived answer is {status}, which is no page"


def _capture(record: ThirdPartyRecord, collection: Collection | None) -> Capture:
    return Capture(
        url=record.url,
        body=record.body or b"",
        content_type=record.content_type,
        collection_id=collection.collection_id if collection else None,
        captured_at=record.captured_at,
        http_status=record.status,
        headers=record.headers,
    )


def _join(url: str, location: str | None) -> str:
    try:
        return urljoin(url, location or "")
    except ValueError:
        return ""
