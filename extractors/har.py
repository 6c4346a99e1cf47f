"""HAR files, in which browsers' developer tools save a session (HTTP Archive 1.2)."""

import base64
import binascii
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from extractors.byte_streams import ByteStream
from extractors.decoding import in_letters_of_one_byte
from extractors.third_party_warc import ThirdPartyRecord, record_of_body, true_headers
from extractors.warc_records import Damage
from schemas.timestamps import parse_timestamp

MAX_HAR_BYTES = 256 * 1024 * 1024
"""A larger one is not read: it must be in memory as a whole."""

_UNDONE = frozenset({"transfer-encoding", "content-length", "content-type"})
_LOG = re.compile(rb'"log"\s*:\s*\{')
_ENTRIES = re.compile(r'"entries"\s*:\s*\[')
_PARTING = re.compile(r"[\s,]*")


def begins_har(head: bytes) -> bool:
    """Whether a file is a HAR, by its first bytes."""
    text = in_letters_of_one_byte(head)[0].removeprefix(BOM_UTF8).lstrip()
    return text.startswith(b"{") and _LOG.search(text) is not None


def read_har(stream: ByteStream) -> Iterator[ThirdPartyRecord | Damage]:
    """The responses of a HAR, and each part of it that cannot be read."""
    data = bytearray()
    while len(data) <= MAX_HAR_BYTES and (piece := stream.read(1024 * 1024)):
        data += piece
    if len(data) > MAX_HAR_BYTES:
        yield Damage("at byte 0", 0, f"a HAR of more than {MAX_HAR_BYTES // 1024**2} MiB is not read: save it in parts")
        return
    text = in_letters_of_one_byte(bytes(data))[0].decode("utf-8-sig", "replace")
    damage: Exception | None = None
    try:
        entries = json.loads(text)["log"]["entries"]
    except ValueError as error:
        damage, entries = error, _whole_entries(text)
    except (LookupError, TypeError, RecursionError) as error:
        damage, entries = error, []
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        place = f"entry {number + 1}"
        try:
            yield _record(entry, place)
        except (ValueError, LookupError, TypeError, AttributeError, binascii.Error):
            yield Damage(place, 0, "an entry of the HAR has no request or response that can be read")
    if damage is not None:
        reason = stream.damage or damage
        yield Damage("at byte 0", 0, f"the HAR is damaged; the entries before that are read: {reason}")


def _whole_entries(text: str) -> list[Any]:
    """The entries that are whole of a HAR that is cut off or damaged."""
    entries: list[Any] = []
    begin = _ENTRIES.search(text)
    at = begin.end() if begin else len(text)
    decoder = json.JSONDecoder()
    with suppress(ValueError, RecursionError):
        while text.startswith("{", at := _PARTING.match(text, at).end()):  # type: ignore[union-attr]
            entry, at = decoder.raw_decode(text, at)
            entries.append(entry)
    return entries


def _record(entry: Any, place: str) -> ThirdPartyRecord:  # noqa: ANN401 - whatever JSON holds
    response, content = entry["response"], entry["response"].get("content") or {}
    text = content.get("text") or ""
    is_text = str(content.get("encoding") or "").lower() != "base64"
    body = text.encode("utf-8", "replace") if is_text else base64.b64decode(text)
    status = int(response.get("status") or 0)
    stated = content.get("mimeType") or "text/html"
    content_type = f"{stated.partition(';')[0].strip()}; charset=utf-8" if is_text else stated
    kept = [
        (str(field["name"]), str(field["value"]))
        for field in response.get("headers") or ()
        if field["name"].lower() not in (_UNDONE if not is_text else {*_UNDONE, "content-encoding"})
    ]
    return record_of_body(
        str(entry["request"]["url"]),
        parse_timestamp(str(entry.get("startedDateTime"))),
        200 if status in (0, 304) and body else status or None,  # the browser shows what it had
        true_headers((("Content-Type", content_type), *kept), body),
        body,
        place,
    )
