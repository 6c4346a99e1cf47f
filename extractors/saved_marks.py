"""What programs that save pages write into them: the page's URL, and when it was saved.

Browsers' "mark of the web", what SingleFile, HTTrack, monolith, Save Page WE and WebScrapBook write, what the Wayback
Machine and pywb add to a page that they play, and the first lines of text that readers for language models give.
"""

import datetime as dt
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from html import unescape

from extractors.decoding import in_letters_of_one_byte
from extractors.replays import Replayed, read_replay_timestamp, split_replay
from schemas.timestamps import parse_timestamp

MARK_BYTES = 8 * 1024
"""Of a page, at its beginning: marks stand before or soon behind the doctype."""

_BROWSER = re.compile(rb"<!-- saved from url=\([0-9]{4,}\)(\S+) -->")
_SINGLEFILE = re.compile(
    rb"<!--\s*Page saved with SingleFileZ?\s+url:\s*(?P<url>\S+)\s+saved date:\s*(?P<at>[^\n<]+)", re.IGNORECASE
)
_HTTRACK = re.compile(
    rb"<!-- (?:Page )?[Mm]irrored from (?P<url>\S+) by HTTrack\b"
    rb"(?: Website Copier/[^,>]*(?:\[[^\]>]*\])?, (?P<at>[^>]+?)|[^,>]*?) ?-->"
)
_MONOLITH = re.compile(rb"<!-- Saved from (?P<url>\S+) at (?P<at>\S+) using monolith\b")
_SCRAPBOOK = re.compile(
    rb"""<html\s[^>]*?data-scrapbook-source="(?P<url>[^"]+)"(?:[^>]*?\sdata-scrapbook-create="(?P<at>[0-9]{14}))?"""
)
_SAVE_PAGE_WE = re.compile(
    rb"""<meta name="savepage-url" content="(?P<url>[^"]+)">"""
    rb"""(?:\s*<meta name="savepage-(?!date)[a-z]+" content="[^"]*">)*"""
    rb"""(?:\s*<meta name="savepage-date" content="(?P<at>[^"]+)">)?"""
)
_WAYBACK = re.compile(rb"""__wm\.wombat\(\s*["'](?P<url>https?:[^"']+)["']\s*,\s*["'](?P<at>[0-9]{14})["']""")
_PYWB = re.compile(
    rb"""wbinfo\.url\s*=\s*["'](?P<url>https?:[^"']+)["'];\s*wbinfo\.timestamp\s*=\s*["'](?P<at>[0-9]{14})["']"""
)
_READER = re.compile(rb"(?:\xef\xbb\xbf)?(?:Title: [^\n]*\r?\n\s*)?URL Source: (?P<url>\S+)\s*\n")
_FRONT_MATTER = re.compile(
    rb"""(?:\xef\xbb\xbf)?---[ \t]*\r?\n(?:(?!---)[^\n]*\n){0,30}?(?:source|url):[ \t]*["']?(?P<url>https?://[^\s"']+)"""
)
_DATE = re.compile(r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2} [0-9]{2} [0-9]{4} [0-9:]{8}) GMT([+-][0-9]{4})")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def read_mark(head: bytes) -> Replayed | None:
    """Address and time that are written into a page; `None` if there is no mark.

    Of a page that a web archive played, its own URL and the time of its capture.

    Args:
        head: The page, or its first bytes, at least `MARK_BYTES` if it has so many.
    """
    head, _ = in_letters_of_one_byte(head)
    for pattern, read_time in _MARKS:
        is_of_text = pattern in (_READER, _FRONT_MATTER)
        match = pattern.match(head) if is_of_text else pattern.search(head, 0, _WITHIN.get(pattern, MARK_BYTES))
        if match is None:
            continue
        groups = match.groupdict()
        url = unescape((groups.get("url") or match[1]).decode("latin-1"))
        at = read_time(groups["at"].decode("latin-1").strip()) if groups.get("at") else None
        if pattern is _HTTRACK and _WEB.match(url) is None:
            url = f"https://{url}"
        replayed = split_replay(url)
        # A page that was saved from a replay was captured earlier than it was saved.
        return replayed or Replayed(url, at)
    return None


def read_http_date(text: str) -> dt.datetime | None:
    """A date as HTTP and e-mail write it, UTC; `None` for anything else."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at.astimezone(dt.UTC) if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _read_script_date(text: str) -> dt.datetime | None:
    """A date as JavaScript writes it: `Sat Mar 01 2025 12:00:00 GMT+0000 (Coordinated Universal Time)`."""
    match = _DATE.match(text)
    if match is None:
        return None
    try:
        return dt.datetime.strptime(f"{match[1]} {match[2]}", "%b %d %Y %H:%M:%S %z").astimezone(dt.UTC)
    except ValueError:
        return None


def _no_time(_text: str) -> None:
    return None


# Before the page or behind its doctype, where no text of the page can be; or behind all styles and scripts of its head.
_WITHIN = {_BROWSER: 1024, _SAVE_PAGE_WE: 8 * 1024 * 1024}
_MARKS: tuple[tuple[re.Pattern[bytes], Callable[[str], dt.datetime | None]], ...] = (
    (_SINGLEFILE, _read_script_date),
    (_HTTRACK, read_http_date),
    (_MONOLITH, parse_timestamp),
    (_SCRAPBOOK, read_replay_timestamp),
    (_SAVE_PAGE_WE, _read_script_date),
    (_BROWSER, _no_time),
    (_WAYBACK, read_replay_timestamp),
    (_PYWB, read_replay_timestamp),
    (_READER, _no_time),
    (_FRONT_MATTER, _no_time),
)
