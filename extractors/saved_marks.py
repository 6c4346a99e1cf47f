"""What programs that save pages write into them: the page's URL, and when it was saved.

Browsers' "mark of the web", the comments of SingleFile and HTTrack, what the Wayback Machine adds to a page that it
plays, and the first lines of text that readers for language models give.
"""

import datetime as dt
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from html import unescape

from extractors.replays import Replayed, read_replay_timestamp, split_replay

MARK_BYTES = 8 * 1024
"""Of a page, at its beginning: marks stand before or soon behind the doctype."""

_BROWSER = re.compile(rb"<!-- saved from url=\([0-9]{4,}\)(\S+) -->")
_SINGLEFILE = re.compile(
    rb"<!--\s*Page saved with SingleFile\s+url:\s*(?P<url>\S+)\s+saved date:\s*(?P<at>[^\n<]+)", re.IGNORECASE
)
_HTTRACK = re.compile(
    rb"<!-- Mirrored from (?P<url>\S+) by HTTrack Website Copier/[^,>]*(?:\[[^\]>]*\])?, (?P<at>[^>]+?) -->"
)
_WAYBACK = re.compile(rb"""__wm\.wombat\(\s*["'](?P<url>https?:[^"']+)["']\s*,\s*["'](?P<at>[0-9]{14})["']""")
_READER = re.compile(rb"(?:\xef\xbb\xbf)?(?:Title: [^\n]*\r?\n\s*)?URL Source: (?P<url>\S+)\s*\n")
_DATE = re.compile(r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2} [0-9]{2} [0-9]{4} [0-9:]{8}) GMT([+-][0-9]{4})")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def read_mark(head: bytes) -> Replayed | None:
    """Address and time that are written into a page; `None` if there is no mark.

    Of a page that a web archive played, its own URL and the time of its capture.

    Args:
        head: The page's first bytes, at least `MARK_BYTES` if it has so many.
    """
    head = head[:MARK_BYTES]
    for pattern, read_time in _MARKS:
        match = pattern.match(head) if pattern is _READER else pattern.search(head, 0, _WITHIN.get(pattern, MARK_BYTES))
        if match is None:
            continue
        groups = match.groupdict()
        url = unescape((groups.get("url") or match[1]).decode("latin-1"))
        at = read_time(groups["at"].decode("latin-1").strip()) if "at" in groups else None
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


_WITHIN = {_BROWSER: 1024}  # before the page or behind its doctype, where no text of the page can be
_MARKS: tuple[tuple[re.Pattern[bytes], Callable[[str], dt.datetime | None]], ...] = (
    (_SINGLEFILE, _read_script_date),
    (_HTTRACK, read_http_date),
    (_BROWSER, _no_time),
    (_WAYBACK, read_replay_timestamp),
    (_READER, _no_time),
)
