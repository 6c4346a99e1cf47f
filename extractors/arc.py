"""ARC files, as web archives wrote them before WARC (Internet Archive, "ARC File Format", versions 1 and 2)."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator

from extractors.byte_streams import MAX_PAGE_BYTES, ByteStream
from extractors.replays import read_replay_timestamp
from extractors.third_party_warc import ThirdPartyRecord, record_of_response
from extractors.warc_records import Damage

_MAGIC = b"filedesc://"
_BEFORE_RECORDS = BOM_UTF8 + b"\r\n"

_HEAD = re.compile(
    rb"(?P<url>[a-z][a-z0-9+.-]*:\S+(?: \S+){0,8}?) \S+ (?P<at>[0-9]{8,14}) "
    rb"\S+(?: [^\n]*?)? (?P<size>[0-9]{1,18})\r?\n",
    re.IGNORECASE,
)
_MAX_HEAD = 16 * 1024
_CHUNK_BYTES = 64 * 1024


def begins_arc(head: bytes) -> bool:
    """Whether a file is an ARC, by its first bytes; one that was cut in pieces lacks the record of the file itself."""
    begin = head.lstrip(_BEFORE_RECORDS)
    return begin.startswith(_MAGIC) or _HEAD.match(begin) is not None


def read_arc(stream: ByteStream) -> Iterator[ThirdPartyRecord | Damage]:
    """The responses of an ARC file, and each part of it that cannot be read."""
    if stream.peek(len(BOM_UTF8)) == BOM_UTF8:
        stream.skip(len(BOM_UTF8))
    while True:
        while stream.peek(1) in (b"\r", b"\n"):
            stream.skip(1)
        offset = stream.offset
        place = f"at byte {offset}"
        head = _HEAD.match(stream.peek(_MAX_HEAD))
        if head is None:
            if stream.peek(1):
                yield Damage(place, offset, "no ARC record begins here")
            elif stream.damage is not None:
                yield Damage(place, offset, stream.damage)
            if not _find_next(stream):
                return
            continue
        stream.skip(head.end())
        size = int(head["size"])
        block = stream.peek(min(size, MAX_PAGE_BYTES))
        if stream.skip(size) < size:
            yield Damage(place, offset, f"an ARC record ends early: {stream.damage or f'it should have {size} bytes'}")
            return
        if not head["url"].lower().startswith((_MAGIC, b"dns:")):
            at = read_replay_timestamp(head["at"].decode())
            url = head["url"].decode("utf-8", "replace")
            yield record_of_response(url, at, block, place, is_whole=len(block) == size)


def _find_next(stream: ByteStream) -> bool:
    """Go to the next line that may be the head of a record; gives whether there is one."""
    while data := stream.peek(_CHUNK_BYTES):
        end = data.find(b"\n")
        while end >= 0:
            if _HEAD.match(data, end + 1):
                stream.skip(end + 1)
                return True
            end = data.find(b"\n", end + 1)
        stream.skip(max(1, len(data) - _MAX_HEAD) if len(data) == _CHUNK_BYTES else len(data))
    return False
