"""HAR files, in which browsers' developer tools save a session (HTTP Archive 1.2)."""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from extractors.byte_streams import ByteStream
from extractors.third_party_warc import ThirdPartyRecord, record_of_body
from extractors.warc_records import Damage
from schemas.timestamps import parse_timestamp

MAX_HAR_BYTES = 256 * 1024 * 1024
"""A larger one is not read: it must be in memory as a whole."""

_UNDONE = frozenset({"content-encoding", "transfer-encoding", "content-length", "content-type"})


def begins_har(head: bytes) -> bool:
    """Whether a file is a HAR, by its first bytes."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"{") and text[1:].lstrip().startswith(b'"log"')


def read_har(stream: ByteStream) -> Iterator[ThirdPartyRecord | Damage]:
    """The responses of a HAR, and each part of it that cannot be read."""
    data = bytearray()
    while len(data) <= MAX_HAR_BYTES and (piece := stream.read(1024 * 1024)):
        data += piece
    if len(data) > MAX_HAR_BYTES:
        yield Damage("at byte 0", 0, f"a HAR of more than {MAX_HAR_BYTES // 1024**2} MiB is not read: save it in parts")
        return
    try:
        entries = json.loads(data.decode("utf-8-sig", "replace"))["log"]["entries"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        yield Damage("at byte 0", 0, f"the HAR is damaged: {stream.damage or error}")
        return
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        place = f"entry {number + 1}"
        try:
            yield _record(entry, place)
        except (ValueError, LookupError, TypeError, AttributeError, binascii.Error) as error:
            yield Damage(place, 0, f"an entry of the HAR cannot be read: {error}")


def _record(entry: Any, place: str) -> ThirdPartyRecord:  # noqa: ANN401 - whatever JSON holds
    response, content = entry["response"], entry["response"].get("content") or {}
    text = content.get("text") or ""
    body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode("utf-8", "replace")
    status = int(response.get("status") or 0)
    stated = content.get("mimeType") or "text/html"
    is_text = content.get("encoding") != "base64"
    content_type = f"{stated.partition(';')[0].strip()}; charset=utf-8" if is_text else stated
    kept = [
        (str(field["name"]), str(field["value"]))
        for field in response.get("headers") or ()
        if field["name"].lower() not in _UNDONE
    ]
    return record_of_body(
        str(entry["request"]["url"]),
        parse_timestamp(str(entry.get("startedDateTime"))),
        200 if status == 304 and body else status or None,  # the browser shows what it had
        (("Content-Type", content_type), *kept),
        body,
        place,
    )
