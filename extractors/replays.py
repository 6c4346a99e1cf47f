"""URLs of web archives that play what they captured: the page's own URL, and when it was captured.

`https://web.archive.org/web/20250301120000if_/https://example.org/a` is a capture of `https://example.org/a`; other web
archives have other words before the timestamp, and links within a played page may lack the host (pywb's manual, "URL
Rewriting"; the Wayback Machine's flags behind the timestamp).
"""

import datetime as dt
import re
from typing import NamedTuple
from urllib.parse import unquote

# A host is never taken in part: the time would grow with the square of its length.
_REPLAY = re.compile(
    r"(?:(?:https?:)?//[^/?#]++)?+/?(?:[^?#]*?/)?(?P<at>[0-9]{4,14}|[0-9]{4}\.[0-9]{2}\.[0-9]{2}-[0-9]{6})(?:[a-z]{2}_)*/"
    r"(?P<url>(?:https?(?::|%3a)(?:/|%2f)+|(?=[a-z0-9-]+\.)).+)",
    re.IGNORECASE | re.DOTALL,
)
_SCHEME = re.compile(r"(https?):/+", re.IGNORECASE)
_ENCODED = re.compile(r"https?(?:%3a|:(?:%2f)+)", re.IGNORECASE)
_EXACT = "%Y%m%d%H%M%S"


class Replayed(NamedTuple):
    """What was captured, and when; `None` where the URL is less exact than a second."""

    url: str
    captured_at: dt.datetime | None


def split_replay(url: str) -> Replayed | None:
    """What a URL of a replay is a capture of; `None` for any other URL."""
    match = _REPLAY.fullmatch(url.strip())
    if match is None:
        return None
    url = unquote(match["url"]) if _ENCODED.match(match["url"]) else match["url"]
    scheme = _SCHEME.match(url)
    rest = url[scheme.end() :] if scheme else url
    original = f"{scheme[1].lower() if scheme else 'http'}://{rest}"
    return Replayed(original, read_replay_timestamp(re.sub(r"[.-]", "", match["at"])))


def original_url(href: str) -> str:
    """What a link of a page leads to, without the web archive that plays the page; most links as they are."""
    replayed = split_replay(href) if "/http" in href else None
    return replayed.url if replayed is not None else href


def read_replay_timestamp(digits: str) -> dt.datetime | None:
    """The time that fourteen digits name, UTC; `None` for anything else."""
    if len(digits) != 14 or not digits.isdecimal():
        return None
    try:
        return dt.datetime.strptime(digits, _EXACT).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
