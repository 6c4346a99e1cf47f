"""A page's text from its bytes, as browsers decode it (WHATWG Encoding Standard, and HTML Standard 13.2.3).

A byte-order mark decides, then what HTTP says, then what the page says of itself, then whether it is in UTF-8; what is
left is read as Windows-1252. Bytes that an encoding does not have become U+FFFD each, and never cost the page. What is
said to be in UTF-8, and has more bytes that are not than letters that are, is read as Windows-1252 too. What is said to
be in an older encoding, and is UTF-8 to the last byte beyond ASCII, is read as UTF-8: servers state the wrong one.
UTF-16 without a mark is told by the null that every letter of ASCII has. UTF-32, which browsers do not have, is read
too, since it cannot be mistaken for anything else.
"""

import codecs
import re
from email.message import Message
from functools import lru_cache
from typing import NamedTuple

import webencodings

from schemas.issues import BINARY_FILE, CUT_OFF, EMPTY_FILE, ENCODING, Issue

_UTF8, _UTF16, _UTF32 = "utf-8", ("utf-16le", "utf-16be"), ("utf-32le", "utf-32be")
_WIDE = (*_UTF16, *_UTF32)
# That of UTF-32 begins as that of UTF-16 does, and no text begins with a null.
_MARKS = (
    (codecs.BOM_UTF8, _UTF8),
    *zip((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), _UTF32, strict=True),
    *zip((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), _UTF16, strict=True),
)
_REPLACEMENT, _NULL = "\ufffd", "\x00"

# The standard looks at 1024 bytes; savers and replays write what is theirs before that.
_DECLARED_WITHIN = 16 * 1024
_UNSEEN = re.compile(rb"<!--.*?-->|<(script|style)\b.*?</\1", re.DOTALL | re.IGNORECASE)
_META = re.compile(rb"<meta[\s/][^>]*", re.IGNORECASE)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([^\s"'/>;]+)""", re.IGNORECASE)
_XML = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")

_BINARY_SHARE = 0.05
_ASCII_SHARE = 0.1  # of a text in any script: its white space, digits and punctuation
_MIN_NULLS = 4  # of a text in UTF-16 or UTF-32; fewer are slips of one in letters of one byte
_GLIMPSE = 4096
_CONTROL = bytes([*range(9), *range(14, 32)])


class _Choice(NamedTuple):
    """An encoding, and whether anything states it."""

    encoding: str
    is_declared: bool


@lru_cache  # all pages of a site state the same few
def charset_of(content_type: str | None) -> str | None:
    """Canonical name of the encoding that a `Content-Type` states; `None` if it states none that browsers know."""
    message = Message()
    message["Content-Type"] = content_type or ""
    stated = message.get_param("charset")
    return _known_label(stated) if isinstance(stated, str) else None


def decode(body: bytes, charset: str | None = None) -> tuple[str | None, list[Issue]]:
    """A page's text, and what is doubtful about it; `None` as text for a page that is empty or no text at all.

    Args:
        body: The page, without its content-encoding.
        charset: The encoding that HTTP states; `None` if it states none.
    """
    mark = _mark_of(body)
    data = body.removeprefix(mark[0]) if mark else body
    if not data or data.isspace():
        return None, [EMPTY_FILE.issue("the page is empty", found=f"{len(data)} bytes")]
    unmarked = None if mark or _known_label(charset or "") in _UTF16 else _wide_without_mark(data)
    if unmarked is not None:
        text, issues = _decoded(data, _Choice(unmarked, is_declared=False))
        message = f"the page does not say that it is in {unmarked}, and was read as that"
        return text, [ENCODING.issue(message, expected="a byte-order mark", found=unmarked), *issues]
    choice = _Choice(mark[1], is_declared=True) if mark else _declared(data, charset)
    if choice.encoding not in _WIDE and not _is_text(data[:_GLIMPSE].decode("latin-1")):
        return None, [BINARY_FILE.issue("the page is no text", found=body[:8].hex(" "))]
    if choice.encoding not in (_UTF8, *_WIDE) and _is_in_utf8(data):
        message = f"the page is stated to be in {choice.encoding}, and is in UTF-8; it was read as that"
        return data.decode(), [ENCODING.issue(message, expected=choice.encoding, found=_UTF8)]
    text, issues = _decoded(data, choice)
    if choice.encoding in _WIDE and not _is_text(text[:_GLIMPSE]):
        return None, [BINARY_FILE.issue("the page is no text", found=body[:8].hex(" "))]
    if (nulls := text.count(_NULL)) == 0:
        return text, issues
    message = f"the page has {nulls} null {'character' if nulls == 1 else 'characters'}; U+FFFD stands for each"
    return text.replace(_NULL, _REPLACEMENT), [*issues, ENCODING.issue(message, expected=choice.encoding)]


def in_letters_of_one_byte(body: bytes) -> tuple[bytes, str | None]:
    """A text in UTF-8 instead of UTF-16 or UTF-32, and which it was in; a text in any other as it is, and `None`."""
    mark = _mark_of(body)
    name = mark[1] if mark else _wide_without_mark(body)
    if name not in _WIDE:
        return body, None
    return body.removeprefix(mark[0] if mark else b"").decode(name, "replace").encode(), name


def with_mark(text: bytes, encoding: str) -> bytes:
    """A text of UTF-8 in UTF-16 or UTF-32, with the mark of that."""
    mark = next(mark for mark, name in _MARKS if name == encoding)
    return mark + text.decode().encode(encoding)


def _mark_of(body: bytes) -> tuple[bytes, str] | None:
    """The byte-order mark with which a page begins, and what it says."""
    return next(((mark, name) for mark, name in _MARKS if body.startswith(mark)), None)


def _wide_without_mark(data: bytes) -> str | None:
    """Which kind of UTF-16 or UTF-32 a text is in that does not say it; `None` if it is in none."""
    return _utf32_without_mark(data[:_GLIMPSE]) or _utf16_without_mark(data[:_GLIMPSE])


def _utf32_without_mark(head: bytes) -> str | None:
    """Letters of four bytes have a first or a last one that is always null; one behind it nearly always."""
    letters = len(head) // 4
    if letters < _MIN_NULLS:
        return None
    nulls = [head[place : 4 * letters : 4].count(0) for place in range(4)]
    name = _UTF32[0] if nulls[3] == letters else _UTF32[1]
    outer, inner, lowest = (nulls[3], nulls[2], nulls[0]) if name == _UTF32[0] else (nulls[0], nulls[1], nulls[3])
    if outer < letters or inner < (1 - _BINARY_SHARE) * letters or lowest:
        return None
    return name if _is_text(head[: 4 * letters].decode(name, "replace")) else None


def _utf16_without_mark(head: bytes) -> str | None:
    """Letters of ASCII have a null, always in the same place."""
    high, low = head[0::2].count(0), head[1::2].count(0)
    name, nulls, others = (_UTF16[0], low, high) if low > high else (_UTF16[1], high, low)
    if others or nulls < max(_MIN_NULLS, _ASCII_SHARE * len(head) / 2):
        return None
    return name if _is_text(head.decode(name, "replace")) else None


def _declared(body: bytes, charset: str | None) -> _Choice:
    """The encoding that HTTP or the page states, else UTF-8 without a source."""
    label = _known_label(charset) if charset else None
    if label is not None:
        return _Choice(label, is_declared=True)
    head = _UNSEEN.sub(b"", body[:_DECLARED_WITHIN])
    stated = next((found[1] for meta in _META.finditer(head) if (found := _CHARSET.search(meta[0]))), None)
    if stated is None and (xml := _XML.match(head)) is not None:
        stated = xml[1]
    label = _known_label(stated.decode("latin-1")) if stated else None
    # What states that it is in UTF-16, in letters of one byte, is not (HTML Standard, 13.2.3.2).
    return _Choice(_UTF8 if label is None or label in _UTF16 else label, is_declared=label is not None)


def _decoded(body: bytes, choice: _Choice) -> tuple[str, list[Issue]]:
    is_of_browsers = choice.encoding not in _UTF32
    codec = webencodings.lookup(choice.encoding).codec_info if is_of_browsers else codecs.lookup(choice.encoding)
    try:
        return codec.decode(body)[0], []
    except UnicodeDecodeError as error:
        first = error
    if choice.encoding == _UTF8 and _is_cut(first, body):
        cut = CUT_OFF.issue("the page ends within a character; what is before it was read")
        return body[: first.start].decode(), [cut]
    text = codec.decode(body, "replace")[0]
    unknown = text.count(_REPLACEMENT) - (body.count(_REPLACEMENT.encode()) if choice.encoding == _UTF8 else 0)
    place = f"{first.reason} at byte {first.start}"
    if choice.encoding == _UTF8 and unknown > max(choice.is_declared, _count_long_characters(text)):
        message = "the page is not in UTF-8; it was read as Windows-1252"
        return body.decode("cp1252", "replace"), [ENCODING.issue(message, expected=_UTF8, found=place)]
    what = "1 byte or sequence of bytes" if unknown == 1 else f"{unknown} bytes or sequences of bytes"
    message = f"{what} of the page cannot be read in its encoding; U+FFFD stands for each"
    return text, [ENCODING.issue(message, expected=choice.encoding, found=place)]


def _is_in_utf8(body: bytes) -> bool:
    """Whether a body has characters beyond ASCII, all in UTF-8: no text in another encoding has them by chance."""
    try:
        return not body.isascii() and bool(body.decode())
    except UnicodeDecodeError:
        return False


def _count_long_characters(text: str) -> int:
    """Characters of more than one byte that stand in UTF-8: hardly any do by chance."""
    return len(text) - len(text.encode("ascii", "ignore")) - text.count(_REPLACEMENT)


def _is_cut(error: UnicodeDecodeError, body: bytes) -> bool:
    return error.end == len(body) and error.reason == "unexpected end of data"


def _known_label(label: str) -> str | None:
    encoding = webencodings.lookup(label)
    return None if encoding is None else str(encoding.name)


def _is_text(head: str) -> bool:
    """Whether a text has few control characters."""
    letters = head.encode("latin-1", "replace")  # bytes are translated ten times as fast
    control = len(letters) - len(letters.translate(None, _CONTROL))
    return control <= _BINARY_SHARE * len(head)
