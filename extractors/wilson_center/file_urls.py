"""URLs of the files that a document's page shows: absolute ones of the web, whatever played or saved the page."""

from urllib.parse import parse_qsl, urljoin, urlsplit

from extractors.replays import original_url
from extractors.wilson_center import ARCHIVE_URL

_WEB = ("http://", "https://")
_VIEWED_BY = ("file", "url", "src")
"""Names under which a viewer of PDF files is told which to show."""


def file_url(source: str) -> str | None:
    """Where a file is on the web, as a frame or an image of a page names it.

    `None` for what has no URL: what is written into the page (`data:`), and copies beside a saved page, whose links
    are relative, while the site's own all begin at its root.
    """
    if not source.lower().startswith(("/", *_WEB)):
        return None
    plain = original_url(source)
    try:
        viewed = _viewed(plain)
        url = urljoin(ARCHIVE_URL, viewed or plain)
    except ValueError:  # an unclosed bracket: kept as it is printed
        return source
    return url if url.lower().startswith(_WEB) else None


def _viewed(url: str) -> str | None:
    """The PDF file that a viewer is told to show."""
    parts = urlsplit(url)
    if parts.path.lower().endswith(".pdf") or ".pdf" not in parts.query.lower():
        return None
    return next((value for name, value in parse_qsl(parts.query) if name in _VIEWED_BY and _is_file(value)), None)


def _is_file(value: str) -> bool:
    return value.lower().startswith(("/", *_WEB)) and urlsplit(value).path.lower().endswith(".pdf")
