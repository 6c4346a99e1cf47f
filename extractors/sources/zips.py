"""WACZ, which are zips of WARC files, and other zips, of WARC files or of pages."""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from extractors.byte_streams import MAX_PAGE_BYTES, ByteStream, DamagedError
from extractors.sources.archive_parts import ArchivePart, bounded, is_outside, posix_name, refusal
from extractors.sources.saved import is_hidden
from extractors.sources.tarballs import Read
from schemas.files import open_file
from schemas.issues import DAMAGED_ARCHIVE, PACKED_WACZ, UNKNOWN_ARCHIVE, UNREADABLE_FILE
from schemas.records import Item

_ZIP_STEP = 4096  # zipfile keeps back the piece at whose end it finds the checksum wrong
_MAX_ZIP_RATIO, _MAX_FREE_BYTES = 1000, 2 * MAX_PAGE_BYTES  # as of other packed files
_MAX_PACKED, _COPY_STEP = 1 << 30, 1 << 20  # bytes of a zip within another file, which is copied to be read
_WARC_FOLDER = "archive"  # WACZ 1.1.1, 5.2.1: where its WARC files are
_WACZ_PACKAGE = "datapackage.json"  # beside that folder
_HOLDS_RECORDS = re.compile(r"\.(?:w?arc|wacz)(?:\.|$)", re.IGNORECASE)  # wherever a tool has put it
_ENCRYPTED = 0x1  # APPNOTE, 4.4.4
_OF_DOCUMENTS = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF")
_OF_MACOS = "__MACOSX"


def read_zip(stream: ByteStream, item: ArchivePart, read: Read, read_warc: Read) -> Iterator[Item]:
    """What the files of a WACZ or another zip give, and what is wrong with it.

    Args:
        stream: The zip.
        item: What it is called.
        read: Reads a file of it.
        read_warc: Reads what can be found of WARC in a zip that is damaged.
    """
    if item.path is not None:
        with open_file(item.path) as file:
            yield from _read_open_zip(file, item, read, read_warc)
        return
    with TemporaryFile() as file:
        if _copy(stream, file):
            yield from _read_open_zip(file, item, read, read_warc)
        else:
            message = f"a WACZ or zip within another file has more than {_MAX_PACKED >> 30} GiB: unpack that file"
            yield item.issue(PACKED_WACZ, message)


def _copy(stream: ByteStream, file: BinaryIO) -> bool:
    """Copy a zip to where it can be read from its end; whether it was no larger than allowed."""
    while piece := stream.read(min(_COPY_STEP, _MAX_PACKED + 1 - file.tell())):
        file.write(piece)
    return file.tell() <= _MAX_PACKED


def _read_open_zip(file: BinaryIO, item: ArchivePart, read: Read, read_warc: Read) -> Iterator[Item]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if any(member.filename in _OF_DOCUMENTS for member in members):
                yield item.issue(UNKNOWN_ARCHIVE, "a document of an office program, or a program, and no pages")
                return
            roots = _wacz_roots(members)
            for member in members:
                where = f"the file at byte {member.header_offset}"
                yield from bounded(_read_zip_member(archive, member, item, read, roots), item, where)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
        message = f"the zip is damaged; the WARC records that can be found in it are read: {error}"
        yield item.issue(DAMAGED_ARCHIVE, message)
        file.seek(0)
        yield from read_warc(ByteStream(file.read), item)


def _wacz_roots(members: list[zipfile.ZipInfo]) -> set[PurePosixPath]:
    """The folders that are a WACZ: one that was zipped again has a folder above it."""
    paths = [PurePosixPath(member.filename) for member in members]
    with_warcs = {parent.parent for path in paths for parent in path.parents if parent.name == _WARC_FOLDER}
    return {path.parent for path in paths if path.name == _WACZ_PACKAGE} & with_warcs


def _read_zip_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, item: ArchivePart, read: Read, roots: set[PurePosixPath]
) -> Iterator[Item]:
    path = PurePosixPath(posix_name(member.filename))
    inner = item.inner(str(path))
    root = next((parent for parent in path.parents if parent in roots), None)
    if is_outside(str(path)):
        yield refusal("error", inner, "its name leads out of the archive", member.header_offset)
    elif is_hidden(str(path)) or _OF_MACOS in path.parts:
        return
    elif root is not None and path.relative_to(root).parts[0] != _WARC_FOLDER and not _HOLDS_RECORDS.search(path.name):
        return  # what a WACZ says of itself
    elif member.flag_bits & _ENCRYPTED:
        message = "it is encrypted: unpack the zip with its password, and harvest the folder"
        yield inner.issue(UNREADABLE_FILE, message)
    elif stat.S_ISLNK(member.external_attr >> 16):
        yield refusal("warning", inner, "it is a link or a device, and no file", member.header_offset)
    elif member.file_size > _MAX_FREE_BYTES + _MAX_ZIP_RATIO * member.compress_size:
        reason = f"it unpacks to more than {_MAX_ZIP_RATIO:,} times its size"
        yield refusal("error", inner, reason, member.header_offset)
    else:
        with archive.open(member) as file:
            yield from read(ByteStream(_reading_zip(cast("BinaryIO", file))), inner)


def _reading_zip(file: BinaryIO) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return file.read(min(size, _ZIP_STEP))
        except (zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise DamagedError(f"the zip is damaged: {error or 'it ends early'}") from error

    return read
