"""Tarballs, read as a stream: each file that is whole is read, whatever is damaged before or behind it."""

import tarfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Self, cast

from extractors.byte_streams import ByteStream, DamagedError
from extractors.sources.archive_parts import ArchivePart, bounded, is_outside, posix_name, refusal
from extractors.sources.saved import is_hidden
from schemas.issues import DAMAGED_ARCHIVE, Issue
from schemas.records import Item

_TAR_BLOCK = 512
_END_OF_TAR = bytes(_TAR_BLOCK)
_MAX_TAR_HEAD = 1024 * 1024
_MAX_ZEROS = 16 * 1024 * 1024  # behind the files of a tarball, or between two that were put together
_TAR_HEADS_OF_HEADS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_MAX_READS_AT_END = 16  # of a tar, after which what is asked for is not there

Read = Callable[[ByteStream, ArchivePart], Iterator[Item]]
"""Reads a file within another."""


def begins_tar(head: bytes) -> bool:
    """Whether the head of a file in a tarball stands here."""
    try:
        tarfile.TarInfo.frombuf(head[:_TAR_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def read_tar(stream: ByteStream, item: ArchivePart, read: Read) -> Iterator[Item]:
    """What the files of a tarball give, and what is wrong with it.

    Args:
        stream: The tarball, unpacked.
        item: What it is called.
        read: Reads a file of it.
    """
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
                yield from bounded(_read_tar_member(tar, member, item, stream, read), item, where)
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
    tar: tarfile.TarFile, member: tarfile.TarInfo, item: ArchivePart, stream: ByteStream, read: Read
) -> Iterator[Item]:
    name = str(PurePosixPath(posix_name(member.name)))
    inner = item.inner(name)
    if member.isdir():
        return
    if is_outside(name):
        yield refusal("error", inner, "its name leads out of the archive", member.offset)
    elif is_hidden(name):
        return
    elif not member.isreg() or (file := tar.extractfile(member)) is None:
        yield refusal("warning", inner, "it is a link or a device, and no file", member.offset)
    elif member.issparse():  # its holes would be read as zeros, however large it says that it is
        yield refusal("error", inner, "it is a sparse file: pack it without --sparse", member.offset)
    else:
        yield from read(ByteStream(_reading_tar(cast("BinaryIO", file)), stream), inner)


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


def _tar_damages(item: ArchivePart, damages: list[str], place: str) -> Iterator[Issue]:
    if damages:
        message = f"{len(damages)} blocks of the tar cannot be read as the head of a file ({place})"
        yield item.issue(DAMAGED_ARCHIVE, message)
        damages.clear()


def _reading_tar(file: BinaryIO) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return file.read(size)
        except tarfile.TarError as error:
            raise DamagedError(f"the tar is cut off: {error}") from error

    return read
