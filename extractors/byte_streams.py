"""Bytes that come once, from a file or out of a packed one: with a look ahead, and a way back that costs little memory.

Nothing is unpacked to disk, and nothing that unpacks to very much is ever in memory as a whole.
"""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from isal import isal_zlib

if TYPE_CHECKING:
    import zstandard

GZIP_MAGIC = b"\x1f\x8b\x08"
"""RFC 1952, 2.3.1; the third byte is the one method that there is."""

MAX_PAGE_BYTES = 32 * 1024 * 1024
"""A listing page has some 100 kB, one saved by a browser 700 kB, a long text 20 MB; what is larger is no page."""

MAX_WAY_BACK = MAX_PAGE_BYTES
"""How far back a stream can go, in bytes."""

_ZSTD_MAGIC = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)  # RFC 8878, 3.1.1 and 3.1.2
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_DICTIONARY = b"\x5d\x2a\x4d\x18"  # the skippable frame that leads a `.warc.zst` (IIPC, Zstandard in WARC)
_MAX_DICTIONARY = 8 * 1024 * 1024
_BZIP2_MAGIC = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", re.DOTALL)
_XZ_MAGIC = b"\xfd7zXZ\x00"
MAX_ZSTD_WINDOW = 128 * 1024 * 1024  # that of `zstd --long`
_CHUNK_BYTES = 64 * 1024
# Gzip can unpack to a thousand times as much, Zstandard to thirty thousand times.
_GZIP_STEP, _ZSTD_STEP, _XZ_STEP, _BZIP2_STEP = 16 * 1024, 512, 512, 512
_GZIP_FORMAT = 31
_MAX_RATIO = 1000  # pages that are nearly alike pack to a few hundredths; more than this means harm
_FREE_UNPACKED_BYTES = 32 * 1024 * 1024  # that even the smallest file may unpack to
_PACKING_ERRORS = (
    zlib.error,
    lzma.LZMAError,
    OSError,
    cast("type[Exception]", isal_zlib.error),
)  # bz2 has none of its own


class DamagedError(ValueError):
    """The rest of a stream cannot be read; the message is the reason."""


class ByteStream:
    """A stream of bytes that can look ahead, and go back to its mark while that is near.

    Args:
        read: Gives at most as many bytes as it is asked for, none at the end; may raise `DamagedError`.
        outer: The stream that these bytes come out of; `None` for a file.

    Attributes:
        damage: Why the stream ends where it does not end; `None` if that is not so, or not known yet.
    """

    def __init__(self, read: Callable[[int], bytes], outer: "ByteStream | None" = None) -> None:
        self.damage: str | None = None
        self._file: ByteStream | None = (outer._file or outer) if outer else None
        self._unpacked = 0  # bytes that were unpacked from a file, through all that it is packed in
        self._source = read
        self._buffer = bytearray()
        self._begin = 0  # offset of the buffer
        self._at = 0  # place in the buffer
        self._mark: int | None = None
        self._ended = False

    @property
    def offset(self) -> int:
        """Of the next byte."""
        return self._begin + self._at

    def peek(self, size: int) -> bytes:
        """The next bytes; fewer only at the end."""
        while len(self._buffer) - self._at < size and not self._ended:
            self._fill()
        return bytes(self._buffer[self._at : self._at + size])

    def read(self, size: int) -> bytes:
        """The next bytes, and go behind them."""
        data = self.peek(size)
        self._at += len(data)
        return data

    def skip(self, size: int) -> int:
        """Go behind the next bytes; gives how many there were."""
        begin = self.offset
        while (rest := size - (self.offset - begin)) and self.read(min(rest, _CHUNK_BYTES)):
            pass
        return self.offset - begin

    def mark(self) -> int:
        """Remember this place, and forget what is before; gives its offset."""
        self._mark = offset = self.offset
        return offset

    def go_back(self, offset: int) -> None:
        """Go back to an offset behind the mark or of what was read last; or as near to it as the stream still knows."""
        self._at = max(0, offset - self._begin)

    def count_unpacked(self, size: int) -> None:
        """Note that as many bytes were unpacked.

        Raises:
            DamagedError: They are out of all proportion to what was read of the file.
        """
        file = self._file or self
        file._unpacked += size
        if file._unpacked > _FREE_UNPACKED_BYTES + _MAX_RATIO * file.offset:
            raise DamagedError(f"it unpacks to more than {_MAX_RATIO:,} times its size")

    def _fill(self) -> None:
        known = self.offset if self._mark is None else max(self._mark, self.offset - MAX_WAY_BACK)
        forgotten = min(known, self.offset) - self._begin
        if forgotten > _CHUNK_BYTES:
            del self._buffer[:forgotten]
            self._begin += forgotten
            self._at -= forgotten
        try:
            data = self._source(_CHUNK_BYTES)
        except DamagedError as error:
            data, self.damage = b"", str(error)
        self._ended = not data
        self._buffer += data


class _Unpacker(Protocol):
    """One member or frame that is being unpacked."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def gzip_member(packed: ByteStream) -> ByteStream:
    """What the gzip member that begins here unpacks to; at its end, `packed` is behind the member."""
    return _piecewise(packed, _member(packed, isal_zlib.decompressobj(_GZIP_FORMAT), _GZIP_STEP))


def unpacked(packed: ByteStream) -> ByteStream | None:
    """What data packed with gzip, Zstandard, xz or bzip2 unpack to, all that follow one another; `None` for others."""
    if _is_gzip(packed):
        begin = partial(isal_zlib.decompressobj, _GZIP_FORMAT)
        return _piecewise(packed, _members(packed, _is_gzip, begin, _GZIP_STEP))
    if _is_zstd(packed):
        return _piecewise(packed, _members(packed, _is_zstd, _ZstdFrames(packed).begin, _ZSTD_STEP))
    if _is_xz(packed):
        begin_xz = partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, MAX_ZSTD_WINDOW)
        return _piecewise(packed, _members(packed, _is_xz, begin_xz, _XZ_STEP))
    if _is_bzip2(packed):
        return _piecewise(packed, _members(packed, _is_bzip2, bz2.BZ2Decompressor, _BZIP2_STEP))
    return None


def _members(
    packed: ByteStream, is_next: Callable[[ByteStream], bool], begin: Callable[[], _Unpacker], step: int
) -> Iterator[bytes]:
    while is_next(packed):
        yield from _member(packed, begin(), step)
    while rest := packed.read(_CHUNK_BYTES):
        if rest.strip(b"\x00"):  # some writers fill the last block of a tape or disk
            raise DamagedError("something stands behind the end of its packed data")


def _member(packed: ByteStream, unpacker: _Unpacker, step: int) -> Iterator[bytes]:
    while not unpacker.eof:
        data = packed.read(step)
        if not data:
            raise DamagedError(packed.damage or "its packed data end early")
        try:
            piece = unpacker.decompress(data)
        except _packing_errors() as error:
            raise DamagedError(f"its packed data are damaged: {error}") from error
        packed.count_unpacked(len(piece))
        yield piece
    packed.go_back(packed.offset - len(unpacker.unused_data))


def _packing_errors() -> tuple[type[Exception], ...]:
    import zstandard  # 30 ms, and few archives are packed with it

    return (*_PACKING_ERRORS, zstandard.ZstdError)


def _is_gzip(packed: ByteStream) -> bool:
    return packed.peek(3) == GZIP_MAGIC


def _is_zstd(packed: ByteStream) -> bool:
    return _ZSTD_MAGIC.match(packed.peek(4)) is not None


def _is_xz(packed: ByteStream) -> bool:
    return packed.peek(len(_XZ_MAGIC)) == _XZ_MAGIC


def _is_bzip2(packed: ByteStream) -> bool:
    return _BZIP2_MAGIC.match(packed.peek(10)) is not None


class _ZstdFrames:
    """Begins the frames of Zstandard data, each with the dictionary that stands before it, if one does."""

    def __init__(self, packed: ByteStream) -> None:
        self._packed = packed
        self._dictionary: zstandard.ZstdCompressionDict | None = None

    def begin(self) -> "zstandard.ZstdDecompressionObj":
        import zstandard  # as above

        while self._packed.peek(4) == _DICTIONARY:
            self._dictionary = zstandard.ZstdCompressionDict(self._read_dictionary())
        return zstandard.ZstdDecompressor(self._dictionary, max_window_size=MAX_ZSTD_WINDOW).decompressobj()

    def _read_dictionary(self) -> bytes:
        """A dictionary, which may be packed itself."""
        import zstandard  # as above

        size = int.from_bytes(self._packed.read(8)[4:], "little")
        data = self._packed.read(size) if size <= _MAX_DICTIONARY else b""
        if len(data) != size:
            raise DamagedError("its dictionary is cut off, or too large")
        if not data.startswith(_ZSTD_FRAME):
            return data
        try:
            unpacked_data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        except zstandard.ZstdError as error:
            raise DamagedError(f"its dictionary is damaged: {error}") from error
        self._packed.count_unpacked(len(unpacked_data))
        return unpacked_data


def _piecewise(packed: ByteStream, pieces: Iterator[bytes]) -> ByteStream:
    """A stream of pieces, of which some may be empty."""
    return ByteStream(lambda _size: next(filter(None, pieces), b""), packed)
