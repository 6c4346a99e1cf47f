"""Where WARC records begin and end in a file, whoever wrote it: each that is whole is found, whatever is not.

Found here and not by fastwarc, which ends at the first damage without a word, and reads no head of more than 32 KiB.
Records are plain, gzip members of their own, or a whole file in one member, also mixed.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from extractors.byte_streams import GZIP_MAGIC, ByteStream, gzip_member

MAX_HEAD_BYTES = 64 * 1024
"""A record whose WARC headers are longer is not read."""

_MAGIC = b"WARC/"
_VERSION_LINE = re.compile(rb"WARC/[0-9.]+[ \t]*\r?\n", re.IGNORECASE)
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_CONTENT_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*([0-9]{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_BEGIN = re.compile(rb"(?i:WARC)/[0-9]\.[0-9]+\r?\n(?=[A-Za-z-]+[ \t]*:)")
_BEGIN_BEHIND_TEXT = re.compile(rb"(?:[\t\x20-\x7e]*\r?\n)+" + _BEGIN.pattern)
_BEGIN_OR_GZIP = re.compile(_BEGIN.pattern + b"|" + re.escape(GZIP_MAGIC), re.DOTALL)
_LOOK_AHEAD = 16  # bytes behind a record, to see that it ends there
_CHUNK_BYTES = 64 * 1024
_FALSE_GZIP_BYTES = 4 * 1024  # what it takes to see that a gzip member has no record, as bytes that are read
_FREE_SEARCH_BYTES = 128 * 1024 * 1024
_MAX_READINGS = 4
_NEWLINES = b"\r\n"
_BEFORE_RECORDS = b"\xef\xbb\xbf" + _NEWLINES  # what editors and careless tools leave there
_GLIMPSE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a file that cannot be read.

    Attributes:
        place: Where it begins, `at byte 1234`.
        offset: Of what cannot be read, or of the gzip member that it is in.
    """

    place: str
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class RawRecord:
    """The bytes of a record; of one that is too large, those with which it begins.

    Attributes:
        place: Where it stands in the file, `at byte 1234`.
        offset: Of the record, or of the gzip member that it is in.
    """

    place: str
    offset: int
    head: bytes
    block: bytes
    is_whole: bool


class _Search:
    """How much of a file was read in vain, where a record seemed to begin: a small one could cost minutes.

    Attributes:
        is_over: Whether it was several times the file itself, so that no more records are looked for.
    """

    def __init__(self, file: ByteStream) -> None:
        self._file = file
        self._spent = 0

    @property
    def is_over(self) -> bool:
        return self._spent > _FREE_SEARCH_BYTES + _MAX_READINGS * self._file.offset

    def spend(self, size: int) -> None:
        self._spent += size


def begins_warc(stream: ByteStream) -> bool:
    """Whether a WARC record begins here, plain or packed with gzip; goes nowhere."""
    head = stream.peek(_GLIMPSE_BYTES)
    is_plain = _is_magic(head.lstrip(_BEFORE_RECORDS)) or _BEGIN_BEHIND_TEXT.match(head) is not None
    return is_plain or (head.startswith(GZIP_MAGIC) and _packs_record(head))


def raw_records(stream: ByteStream, max_block: int) -> Iterator[RawRecord | Damage]:
    """The records of a file, and each part of it that cannot be read.

    Args:
        stream: The file.
        max_block: Bytes of a block that are read; a larger one is not whole.
    """
    yield from _records(stream, max_block, None, _Search(stream))


def _records(stream: ByteStream, max_block: int, member: int | None, search: _Search) -> Iterator[RawRecord | Damage]:
    """The records of a file, or of the gzip member at an offset of it."""
    is_reported = False  # why a damaged file ends
    if stream.peek(len(BOM_UTF8)) == BOM_UTF8:
        stream.skip(len(BOM_UTF8))
    while True:
        while stream.peek(1) in (b"\r", b"\n"):
            stream.skip(1)
        begin = stream.mark()
        place, offset = _place(begin, member), begin if member is None else member
        head = stream.peek(len(_MAGIC))
        if not head:
            break
        if search.is_over:
            if member is None:
                reason = "too many places only look like the beginning of a record; the rest is not read"
                yield Damage(place, offset, reason)
            return
        if _is_magic(head):
            item = _read_raw(stream, max_block, member, search)
            is_reported = isinstance(item, Damage) and stream.damage is not None
            yield item
        elif head.startswith(GZIP_MAGIC) and member is None:
            yield from _member_records(stream, max_block, begin, search)
            is_reported = stream.damage is not None
        else:
            yield Damage(place, offset, "no WARC record begins here")
            _find_next(stream, begin + 1, search, is_packed=member is not None)
    if stream.damage is not None and member is None and not is_reported:
        yield Damage(place, offset, stream.damage)


def _place(offset: int, member: int | None) -> str:
    if member is None:
        return f"at byte {offset}"
    return f"at byte {member}, unpacked byte {offset}" if offset else f"at byte {member}"


def _member_records(packed: ByteStream, max_block: int, begin: int, search: _Search) -> Iterator[RawRecord | Damage]:
    stream = gzip_member(packed)
    was_read = False
    for item in _records(stream, max_block, begin, search):
        # What a member that is damaged seems to hold is no damage of its own.
        if isinstance(item, RawRecord) or stream.damage is None:
            was_read = True
            yield item
    if stream.damage is not None:
        what = "what is behind in this gzip member" if was_read else "this gzip member"
        yield Damage(_place(begin, None), begin, f"{what} cannot be read: {stream.damage}")
        _find_next(packed, begin + 1, search, is_packed=False)


def _read_raw(stream: ByteStream, max_block: int, member: int | None, search: _Search) -> RawRecord | Damage:
    """The record that begins here; in its place, the stream is behind it, or at what may be the next."""
    begin, is_packed = stream.offset, member is not None
    place, offset = _place(begin, member), begin if member is None else member
    head = _head(stream.peek(MAX_HEAD_BYTES))
    length = _CONTENT_LENGTH.search(head) if head else None
    if head is None or length is None:
        reason = "its head has no end" if head is None else "it has no Content-Length that is a number"
        search.spend(MAX_HEAD_BYTES)
        _find_next(stream, begin + 1, search, is_packed=is_packed)
        return Damage(place, offset, f"a WARC record cannot be read: {reason}")
    stream.skip(len(head))
    size = int(length[1])
    block = stream.peek(min(size, max_block))
    is_whole = len(block) == size
    behind = stream.offset
    holds_others = not is_whole and _BEGIN.search(block) is not None  # what is behind is near no longer once it is read
    if not holds_others and stream.skip(size) == size and _ends_here(stream):
        return RawRecord(place, offset, head, block, is_whole)
    reason = stream.damage or f"it does not end where its Content-Length says, after {size} bytes"
    search.spend(MAX_HEAD_BYTES + len(block))
    _find_next(stream, behind, search, is_packed=is_packed)
    return Damage(place, offset, f"a WARC record cannot be read: {reason}")


def _head(data: bytes) -> bytes | None:
    """The WARC headers that the data begin with, to the empty line; `None` if they have no end."""
    first = _VERSION_LINE.match(data)
    end = _EMPTY_LINE.search(data, first.end()) if first else None
    return _MAGIC + data[len(_MAGIC) : end.end()] if end else None


def _ends_here(stream: ByteStream) -> bool:
    """Whether a record can end here: before an empty line, the next record, or the end of a stream without damage.

    Some tools write one line end between records in place of two.
    """
    rest = stream.peek(_LOOK_AHEAD)
    if len(rest) < _LOOK_AHEAD and stream.damage is not None:
        return False
    behind = rest.lstrip(_NEWLINES)
    is_next = _is_magic(behind) or behind.startswith(GZIP_MAGIC)
    return not behind or rest.startswith((b"\r\n\r\n", b"\n\n")) or is_next


def _is_magic(data: bytes) -> bool:
    """Whether data begin as a record does, in any case."""
    return data[: len(_MAGIC)].upper() == _MAGIC


def _find_next(stream: ByteStream, offset: int, search: _Search, *, is_packed: bool) -> None:
    """Go to the first place from an offset on where a record begins, plain or packed, or to the end."""
    stream.go_back(offset)
    pattern = _BEGIN if is_packed else _BEGIN_OR_GZIP
    while data := stream.peek(_CHUNK_BYTES):
        is_last = len(data) < _CHUNK_BYTES
        limit = len(data) if is_last else len(data) - _GLIMPSE_BYTES
        for match in pattern.finditer(data):
            if match.start() > limit:
                break
            if match[0] != GZIP_MAGIC or _packs_record(data[match.start() : match.start() + _GLIMPSE_BYTES]):
                stream.skip(match.start())
                return
            search.spend(_FALSE_GZIP_BYTES)
            if search.is_over:
                return
        stream.skip(limit)


def _packs_record(head: bytes) -> bool:
    """Whether the gzip member that begins so has a WARC record."""
    return _is_magic(gzip_member(ByteStream(BytesIO(head).read)).peek(len(_MAGIC)))
