"""Undoing a body's content-encoding (RFC 9110, 8.4), within bounds that no body can break.

Raw zone and wire hold bodies as they were sent; whoever reads one undoes that here. No network, no files.
"""

from collections.abc import Callable, Iterator
from typing import cast

import brotli
from isal import isal_zlib  # unpacks as zlib does, in less than half the time

from extractors.byte_streams import GZIP_MAGIC, MAX_PAGE_BYTES, MAX_ZSTD_WINDOW
from schemas.records import Headers

STEP_BYTES = 1024 * 1024  # what is unpacked at once: an ordinary page in one step, a bomb never far beyond the cap
_MAX_GZIP_MEMBERS = 100  # each makes isal copy what is behind it, so that very many small ones would take for ever
_MAX_CODINGS = 5  # one within another
_ZSTD_STEP = 512  # bytes of Zstandard, which can unpack to thirty thousand times as much

_SOMETHING_BEHIND = "its packed data are damaged: something stands behind their end"
_ENDS_EARLY = "its packed data end early"
_TOO_LARGE = f"it unpacks to more than {MAX_PAGE_BYTES // 1024**2} MiB"
_IsalError = cast("type[Exception]", isal_zlib.error)  # its stub takes the class for an instance
_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15  # the largest window, and what is around the data


class UndecodableError(ValueError):
    """A body that cannot be unpacked; the message is the reason."""


class DamagedBodyError(UndecodableError):
    """The packed data are cut off or changed, so that another try may bring them whole."""


def content_encoding_of(headers: Headers) -> str | None:
    """The content-encodings that headers state, in one list; `None` if they state none (RFC 9110, 5.3)."""
    stated = [value for name, value in headers if name.lower() == "content-encoding"]
    return ", ".join(stated) or None


def decode_body(body: bytes, content_encoding: str | None) -> bytes:
    """The body without its content-encodings, the last of which is undone first.

    Args:
        body: As it came.
        content_encoding: Value of the header; `None` if there is none.

    Raises:
        DamagedBodyError: The data are cut off or damaged.
        UndecodableError: A coding is none of identity, gzip, deflate, br and zstd, or more than `MAX_PAGE_BYTES` come
            out.
    """
    named = [coding.strip().lower() for coding in (content_encoding or "").split(",")]
    codings = [coding for coding in named if coding not in ("", "identity")]
    if not codings or not body:
        return body
    unknown = [coding for coding in codings if coding not in _DECODERS]
    if unknown:
        raise UndecodableError(f"its content-encoding is not known: {', '.join(unknown)}")
    if len(codings) > _MAX_CODINGS:
        raise UndecodableError(f"it has more than {_MAX_CODINGS} content-encodings, one within another")
    former = None
    for coding in reversed(codings):
        try:
            body = _DECODERS[coding](body)
        except DamagedBodyError:
            if coding != former:
                raise
            return body  # stated twice, and done once
        former = coding
    return body


def _gunzip(body: bytes) -> bytes:
    """All members of a gzip file (RFC 1952, 2.2), one after the other."""
    pieces: list[bytes] = []
    rest = body
    for _ in range(_MAX_GZIP_MEMBERS):
        rest = _inflate(rest, _GZIP, pieces)
        if not rest.strip(b"\x00"):  # some writers fill the last block of a tape or disk
            return b"".join(pieces)
        if not rest.startswith(GZIP_MAGIC):
            raise DamagedBodyError(_SOMETHING_BEHIND)
    raise UndecodableError(f"it has more than {_MAX_GZIP_MEMBERS} gzip members")


def _inflate_either(body: bytes) -> bytes:
    """Deflate in zlib's frame, as RFC 9110 (8.4.1.2) wants it, or bare, as some servers send it."""
    try:
        return _inflate_whole(body, _ZLIB)
    except DamagedBodyError as error:
        try:
            return _inflate_whole(body, _RAW_DEFLATE)
        except DamagedBodyError:
            raise error from None


def _inflate_whole(body: bytes, window_bits: int) -> bytes:
    pieces: list[bytes] = []
    if _inflate(body, window_bits, pieces):
        raise DamagedBodyError(_SOMETHING_BEHIND)
    return b"".join(pieces)


def _inflate(packed: bytes, window_bits: int, pieces: list[bytes]) -> bytes:
    """Unpack one stream, add it to `pieces`, and give what stands behind it."""
    size = sum(map(len, pieces))
    stream = isal_zlib.decompressobj(window_bits)
    try:
        for piece in _steps(stream, packed):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_PAGE_BYTES:
                raise UndecodableError(_TOO_LARGE)
    except _IsalError as error:
        raise DamagedBodyError(f"its packed data are damaged: {error}") from error
    if not stream.eof:
        raise DamagedBodyError(_ENDS_EARLY)
    return stream.unused_data


def _steps(stream: "isal_zlib.Decompress", packed: bytes) -> Iterator[bytes]:
    """What comes out, piece by piece; the stream may hold some of it back when all that is packed has gone in."""
    while not stream.eof:
        piece = stream.decompress(packed, STEP_BYTES)
        if not piece and not stream.unconsumed_tail:
            return
        packed = stream.unconsumed_tail
        yield piece


def _unbrotli(body: bytes) -> bytes:
    """Brotli (RFC 7932), which has one stream and no checksum."""
    stream = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    packed = body
    try:
        while not stream.is_finished():
            piece = stream.process(packed, output_buffer_limit=STEP_BYTES)
            packed = b""
            pieces.append(piece)
            size += len(piece)
            if size > MAX_PAGE_BYTES:
                raise UndecodableError(_TOO_LARGE)
            if not piece and stream.can_accept_more_data():
                raise DamagedBodyError(_ENDS_EARLY)
    except brotli.error as error:
        raise DamagedBodyError(f"its packed data are damaged: {error}") from error
    return b"".join(pieces)


def _unzstd(body: bytes) -> bytes:
    """All frames of Zstandard (RFC 8878, 3), one after the other."""
    import zstandard  # 30 ms, and few sites pack with it

    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW)
    frame = decompressor.decompressobj()
    pieces: list[bytes] = []
    size = 0
    steps = (body[begin : begin + _ZSTD_STEP] for begin in range(0, len(body), _ZSTD_STEP))
    try:
        for step in steps:
            packed = step
            while packed:
                if frame.eof:
                    frame = decompressor.decompressobj()
                pieces.append(frame.decompress(packed))
                size += len(pieces[-1])
                if size > MAX_PAGE_BYTES:
                    raise UndecodableError(_TOO_LARGE)
                packed = frame.unused_data if frame.eof else b""
    except zstandard.ZstdError as error:
        raise DamagedBodyError(f"its packed data are damaged: {error}") from error
    if not frame.eof:
        raise DamagedBodyError(_ENDS_EARLY)
    return b"".join(pieces)


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_either,
    "br": _unbrotli,
    "zstd": _unzstd,
}
