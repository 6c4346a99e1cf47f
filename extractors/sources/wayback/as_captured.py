"""A body and its headers as they were captured, from how a web archive replays them."""

from extractors.byte_streams import GZIP_MAGIC
from extractors.sources.site import Fetched
from schemas.records import Headers, first_header

_ORIGINAL = "x-archive-orig-"
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
# What pywb and the server that it runs in say of the replay; most of these it renames where they were captured.
_OF_PYWB = frozenset(
    {
        "cache-control",
        "content-location",
        "content-security-policy",
        "date",
        "memento-datetime",
        "preference-applied",
        "server",
        "vary",
    }
)


def as_captured(fetched: Fetched, *, is_pywb: bool) -> tuple[Headers, bytes]:
    """Headers and body that were captured.

    The Internet Archive renames all headers that were captured, so that all others are its own; pywb renames some. A
    body that was captured packed comes packed, with or without a header that says so, but that pywb unpacks what we do
    not ask for. The Internet Archive may pack one for the way alone.
    """
    exchange = fetched.exchanges[-1]
    headers = [
        (name[len(_ORIGINAL) :] if _is_renamed(name) else name, value)
        for name, value in exchange.headers
        if _is_renamed(name) or (is_pywb and not _is_of_pywb(name, value))
    ]
    if first_header(headers, "content-type") is None and (content_type := exchange.header("content-type")) is not None:
        headers.append(("Content-Type", content_type))
    was_packed = is_pywb or _coding(first_header(headers, "content-encoding")) is not None
    body = exchange.body if was_packed else fetched.decoded
    is_packed = _coding(exchange.header("content-encoding")) if was_packed else None
    coding = "gzip" if body.startswith(GZIP_MAGIC) else is_packed
    kept = tuple([(name, value) for name, value in headers if _is_true(name.lower(), value, coding, len(body))])
    if coding is not None and first_header(kept, "content-encoding") is None:
        kept = (*kept, ("Content-Encoding", coding))
    return kept, body


def _is_of_pywb(name: str, value: str) -> bool:
    # A page may have been captured with a Link of its own.
    return name.lower() in _OF_PYWB or (name.lower() == "link" and 'rel="timegate"' in value)


def _is_true(name: str, value: str, coding: str | None, length: int) -> bool:
    """Whether a header holds for the body as it came, whose chunks are undone."""
    match name:
        case "content-encoding":
            return coding is not None and _coding(value) == coding
        case "content-length":
            return value == str(length)
        case _:
            return name not in _HOP_BY_HOP


def _is_renamed(name: str) -> bool:
    return name.lower().startswith(_ORIGINAL)


def _coding(value: str | None) -> str | None:
    """A content-encoding; the Internet Archive is known to send an empty one, or one with a comma before it."""
    return (value or "").strip(", ").lower() or None
