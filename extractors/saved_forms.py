"""Files that hold one page or several in a form of their own: MHTML, webarchive, JSON of readers, pages in a row.

Each gives the pages in it, with the URL and time that it knows of them; of what a web archive played, those of the
page that it played, which may be in a frame. Pure: bytes in, pages out.
"""

import datetime as dt
import plistlib
import re
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from io import BytesIO
from itertools import pairwise
from typing import Any
from xml.parsers.expat import ExpatError

from extractors.byte_streams import MAX_PAGE_BYTES
from extractors.decoding import in_letters_of_one_byte, with_mark
from extractors.reader_json import ReaderJsonError, begins_reader_json, read_reader_json
from extractors.replays import split_replay
from extractors.saved_marks import MARK_BYTES, read_http_date, read_mark
from schemas.sizes import shown_size

_MHTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:From [^\n]*\n)?(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.IGNORECASE
)
_MHTML_FIELD = re.compile(rb"^(?:MIME-Version|Snapshot-Content-Location)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_CONTENT_FIELD = re.compile(
    rb"^Content-Type[ \t]*:[ \t]*(?:multipart/(?:related|mixed|alternative)|text/html)", re.IGNORECASE | re.MULTILINE
)
_WEBARCHIVE = re.compile(rb"Web(?:MainResource|Subresources|SubframeArchives|ResourceData)")
_PLISTS = (b"bplist00", b"<?xml", b"<!DOCTYPE plist", b"<plist")
# A page begins behind the end of another, or its doctype at the beginning of a line.
_MAYBE_NEXT = re.compile(rb"</html>|\n[ \t]*(?P<line><!doctype\s+html)", re.IGNORECASE)
_BEGIN = re.compile(rb"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_BLANKS = re.compile(rb"\s*")
_MAX_COMMENTS = 16  # between two pages; those that save pages write one or two
_PROLOG = re.compile(rb"(?:\s++|\xef\xbb\xbf|<!--.*?-->|<\?[^>]*+>)*+", re.DOTALL)  # what can stand before a doctype
_MAX_PARTS = 20_000  # of an MHTML file, whose parser takes 0.1 ms for each; a page has some hundred
_MAX_LOCATION = 64 * 1024  # characters of a URL in a head
_HEAD_BYTES = 4096
_END_OF_ZIP, _END_OF_ZIP_BYTES = b"PK\x05\x06", 22


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page in a file.

    Attributes:
        url: Its URL; `None` if the file does not say it.
        captured_at: UTC; `None` likewise.
        content_type: As the file states it, with a charset or without; `None` likewise.
    """

    body: bytes
    url: str | None = None
    captured_at: dt.datetime | None = None
    content_type: str | None = None


class UnreadableFormError(ValueError):
    """A file in one of these forms that cannot be read; the message is the reason."""


def is_form(head: bytes) -> bool:
    """Whether a file is MHTML, a webarchive or the JSON of a reader, by its first bytes."""
    return _is_mhtml(head) or _is_webarchive(head) or begins_reader_json(head)


def pages_in(body: bytes, page_starts: Callable[[str], list[int]]) -> list[FoundPage]:
    """The pages that a file holds; none of JSON of something else.

    Args:
        body: The file.
        page_starts: Where pages begin in plain text; the first is at 0.

    Raises:
        UnreadableFormError: It is in one of these forms, and damaged.
    """
    if _is_mhtml(body[:_HEAD_BYTES]):
        return list(_pages_of_mhtml(body))
    if _is_webarchive(body[:_HEAD_BYTES]):
        return list(_pages_of_webarchive(body))
    if begins_reader_json(body[:MARK_BYTES]):
        return list(_pages_of_reader(body))
    if body.lstrip()[:1] == b"<" and (end := body.rfind(_END_OF_ZIP)) > 0:
        return [_self_extracted(body, end)]
    return [_marked(part) for part in _parted(body, page_starts)]


def _self_extracted(body: bytes, end: int) -> FoundPage:
    """The page of a file of SingleFile that unpacks itself in a browser: HTML around a zip.

    Args:
        body: The file.
        end: Where the zip's last record begins, which has no comment.
    """
    try:
        with zipfile.ZipFile(BytesIO(body[: end + _END_OF_ZIP_BYTES])) as archive:
            member = archive.getinfo("index.html")
            if member.file_size > MAX_PAGE_BYTES:
                raise UnreadableFormError(f"the zip in the page holds one of more than {shown_size(MAX_PAGE_BYTES)}")
            page = _marked(archive.read(member))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, LookupError, EOFError) as error:
        raise UnreadableFormError(f"the zip in the page cannot be read: {error}") from error
    mark = None if page.url else read_mark(body)
    return replace(page, url=mark.url, captured_at=mark.captured_at) if mark else page


def _marked(body: bytes) -> FoundPage:
    mark = read_mark(body)
    return FoundPage(body) if mark is None else FoundPage(body, mark.url, mark.captured_at)


def _parted(body: bytes, page_starts: Callable[[str], list[int]]) -> Iterator[bytes]:
    """The pages that stand one after the other in a file; each in the encoding of the file."""
    narrow, wide = in_letters_of_one_byte(body)
    parts = list(_parted_ascii(narrow, page_starts))
    yield from [body] if len(parts) == 1 else parts if wide is None else (with_mark(part, wide) for part in parts)


def _parted_ascii(body: bytes, page_starts: Callable[[str], list[int]]) -> Iterator[bytes]:
    if not body[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield from _parted_text(body, page_starts)
        return
    begin = 0
    for at in _page_begins(body):
        if not _PROLOG.fullmatch(body, begin, at):
            yield body[begin:at]
            begin = at
    yield body[begin:]


def _page_begins(body: bytes) -> Iterator[int]:
    """Where a page begins behind another; each byte is looked at a few times, whatever stands there."""
    done, comment_end = 0, -1
    for match in _MAYBE_NEXT.finditer(body):
        if match.start() < done:
            continue
        at = behind = match.start("line")
        if match["line"] is None:
            at = behind = _behind_blanks(body, match.end())
            for _ in range(_MAX_COMMENTS):
                if not body.startswith(b"<!--", behind):
                    break
                if comment_end < behind + 4:
                    found = body.find(b"-->", behind + 4)
                    comment_end = found if found >= 0 else len(body)
                behind = _behind_blanks(body, comment_end + 3)
            if not _BEGIN.match(body, behind):
                continue
        done = behind
        yield at


def _behind_blanks(body: bytes, at: int) -> int:
    match = _BLANKS.match(body, at)
    return match.end() if match else at


def _parted_text(body: bytes, page_starts: Callable[[str], list[int]]) -> Iterator[bytes]:
    try:
        text, charset = body.decode(), "utf-8"
    except UnicodeDecodeError:
        text, charset = body.decode("latin-1"), "latin-1"  # of which every byte is one character
    for begin, end in pairwise([*page_starts(text), len(text)]):
        yield text[begin:end].encode(charset)


def _is_mhtml(head: bytes) -> bool:
    match = _MHTML.match(head)
    fields = match[0] if match else b""
    return _MHTML_FIELD.search(fields) is not None and _CONTENT_FIELD.search(fields) is not None


def _pages_of_mhtml(body: bytes) -> Iterator[FoundPage]:
    """The page of an MHTML file (RFC 2557); its frames are no pages of the archive."""
    if body.count(b"\n--") > _MAX_PARTS:
        raise UnreadableFormError(f"the MHTML file has more than {_MAX_PARTS:,} parts, and is no page")
    message = message_from_bytes(body.lstrip())
    location = _location(message["Snapshot-Content-Location"])
    parts = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    if not parts:
        raise UnreadableFormError("the MHTML file holds no page: it is cut off, or damaged")
    urls = [_location(part["Content-Location"]) for part in parts]
    place = _played(urls, urls.index(location) if location in urls else 0)
    payload = parts[place].get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    saved_at = read_http_date(message["Date"] or "")
    yield _as_captured(FoundPage(body, urls[place] or location, saved_at, _content_type(parts[place])))


def _played(urls: list[str | None], main: int) -> int:
    """Which of several pages in a file is the one that was saved: of a replay with frames, that which it played."""
    replayed = [split_replay(url) if url else None for url in urls]
    wanted = replayed[main]
    return max(place for place, each in enumerate(replayed) if each == wanted) if wanted else main


def _as_captured(page: FoundPage) -> FoundPage:
    """A page at its own URL and the time of its capture, if a web archive played it."""
    replayed = split_replay(page.url) if page.url else None
    return replace(page, url=replayed.url, captured_at=replayed.captured_at) if replayed else page


def _location(field: str | None) -> str | None:
    """A URL in a head, which may be folded where it is long, and encoded where it is not ASCII."""
    if not field or len(field) > _MAX_LOCATION:
        return None
    try:
        text = str(make_header(decode_header(str(field))))
    except (ValueError, LookupError):
        text = str(field)
    return "".join(text.split()) or None


def _content_type(part: Message) -> str:
    charset = part.get_content_charset()
    return f"text/html; charset={charset}" if charset else "text/html"


def _is_webarchive(head: bytes) -> bool:
    return head.lstrip().startswith(_PLISTS) and _WEBARCHIVE.search(head) is not None


def _pages_of_webarchive(body: bytes) -> Iterator[FoundPage]:
    """The page of a webarchive, a property list of Safari's."""
    try:
        resources = list(_main_resources(plistlib.loads(body)))
        urls = [str(each.get("WebResourceURL") or "") for each in resources]
        main = resources[_played(list(urls), 0)]
        data, url = main["WebResourceData"], main.get("WebResourceURL")
        if not isinstance(data, bytes):
            raise TypeError("its page is no data")
    except (plistlib.InvalidFileException, ExpatError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise UnreadableFormError(f"the webarchive is damaged: {error or type(error).__name__}") from error
    charset = main.get("WebResourceTextEncodingName")
    content_type = f"text/html; charset={charset}" if charset else "text/html"
    yield _as_captured(FoundPage(data, str(url) if url else None, None, content_type))


def _pages_of_reader(body: bytes) -> Iterator[FoundPage]:
    try:
        for text, url, content_type in read_reader_json(body):
            yield _as_captured(FoundPage(text.encode("utf-8", "replace"), url, None, content_type))
    except ReaderJsonError as error:
        raise UnreadableFormError(str(error)) from error


def _main_resources(archive: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever a property list holds
    """The page of a webarchive, and those of its frames; a property list can hold itself, and one part many times."""
    waiting, met = deque([archive]), set[int]()
    while waiting:
        each = waiting.popleft()
        if id(each) not in met:
            met.add(id(each))
            yield each["WebMainResource"]
            waiting += each.get("WebSubframeArchives") or ()
