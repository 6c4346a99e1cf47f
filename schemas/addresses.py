"""Canonical addresses: the many forms in which one page, document or collection is addressed become one.

The forms are those that public code and saved pages show (the archive itself documents none).
"""

import re
from urllib.parse import quote, unquote, urlsplit

ARCHIVE_HOST = "digitalarchive.wilsoncenter.org"

ARCHIVE_HOSTS = frozenset(
    {
        ARCHIVE_HOST,
        # Staging copies of the same site that were crawled too: the same documents under other names.
        "wilson-center.drivingcreative.com",
        "wilson-center-digital-archive.dvincitest.com",
    }
)

_DOCUMENT_PATH = re.compile(r"/document/([^/]+)/?")


def document_address(href: str) -> str | None:
    """Canonical address of a document's page, or null if `href` is no document of the archive.

    Relative and absolute, secure and plain, any known host, encoded or not: one address.
    """
    try:
        parts = urlsplit(href.strip())
    except ValueError:  # an unclosed bracket, say: text that no browser would follow either
        return None
    if parts.scheme not in ("", "http", "https") or (parts.hostname or ARCHIVE_HOST) not in ARCHIVE_HOSTS:
        return None
    match = _DOCUMENT_PATH.fullmatch(parts.path)
    if match is None:
        return None
    return f"https://{ARCHIVE_HOST}/document/{quote(unquote(match[1]))}"


def file_address(name: str) -> str:
    """Address of a saved page of which only the file's name is known, relative to its folder."""
    return "urn:wcda:file:" + quote(name, errors="surrogateescape")
