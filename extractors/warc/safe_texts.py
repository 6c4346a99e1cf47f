"""Texts that a record can have: what cannot be written so that it can be read back is percent-encoded or replaced."""

import re
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote

from schemas.records import (
    Capture,
    Exchange,
    Headers,
    Reference,
)

_UNSAFE_IN_URL = re.compile("[\x00-\x20\x7f-\x9f\ud800-\udfff]")
_USER_IN_URL = re.compile(r"(?<=://)[^/?#]*@")
_UNSAFE_IN_FIELD = re.compile("[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")
BLANKS = " \t"
ASCII = "".join(map(chr, range(0x21, 0x7F)))
_S = TypeVar("_S", str, str | None)


def safe_capture(capture: Capture) -> Capture:
    """A capture of which each text can be written."""
    return replace(
        capture,
        url=_safe_url(capture.url),
        content_type=_safe_field(capture.content_type),
        collection_id=safe_text(capture.collection_id),
        headers=_safe_fields(capture.headers),
    )


def safe_exchange(exchange: Exchange) -> Exchange:
    """An exchange of which each text can be written."""
    return replace(
        exchange,
        url=_safe_url(exchange.url),
        request_headers=_safe_fields(exchange.request_headers),
        reason=_safe_field(exchange.reason),
        headers=_safe_fields(exchange.headers),
    )


def safe_reference(reference: Reference | None) -> Reference | None:
    """A reference of which each text can be written."""
    if reference is None:
        return None
    return replace(
        reference,
        record_id=safe_value(reference.record_id),
        url=safe_value(reference.url),
        digest=safe_value(reference.digest),
    )


def _safe_url(url: str) -> str:
    """The URL without user and password, and with what no URL can have, and no line of a head, percent-encoded."""
    url = _USER_IN_URL.sub("", url)
    return _UNSAFE_IN_URL.sub(lambda match: quote(match[0].encode("utf-8", "surrogatepass")), url)


def safe_text(text: _S) -> _S:
    """The text without surrogates, which are no characters."""
    return text if text is None or text.isprintable() else text.encode("utf-8", "replace").decode()


def _safe_fields(headers: Headers) -> Headers:
    return tuple([(_safe_field(name).replace(":", " ").strip(BLANKS), _safe_field(value)) for name, value in headers])


def _safe_field(text: str) -> str:
    """A name or value of HTTP with blanks for control characters (RFC 9110, 5.5), and for what is not in Latin-1."""
    if text.isascii() and text.isprintable():  # nearly all are, and a pattern takes ten times as long
        return text.strip(BLANKS)
    return _UNSAFE_IN_FIELD.sub(" ", text).strip(BLANKS)


def safe_value(text: str | None) -> str | None:
    """What a head can have in one line, without what no URL, id or digest has; `None` for nothing."""
    return None if text is None else _safe_url(text.strip()) or None


quoted = lru_cache(quote)  # a run lands thousands of pages of few collections
