"""Terms of the archive: people, places, topics and subjects, each with one id, whatever page names it."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple, get_args
from urllib.parse import quote, unquote, urlsplit

from extractors.replays import original_url
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.urls import (
    ARCHIVE_HOST,
    ARCHIVE_HOSTS,
    ListingUrl,
    listing_url,
    parse_listing_url,
)
from schemas.document_records import TermKind

_TERM_PATH = re.compile(r"/(people|places|topics)/([^/]+)/?")
_FACET = re.compile(r"[?&]f\[[0-9]*\]=([a-z_]+):([0-9]+)")
_MAX_KNOWN = 4096
"""Terms that are remembered, since thousands of pages name the same."""
_KINDS: dict[str, TermKind] = {kind: kind for kind in get_args(TermKind)}


class Term(NamedTuple):
    """A term as its link shows it.

    Attributes:
        url: Canonical URL of its page, or of the search that stands for it.
        facet_id: Its number in the facets of listings, where the link shows it.
    """

    term_id: str
    kind: TermKind
    url: str | None
    facet_id: str | None = None


@lru_cache(_MAX_KNOWN)
def term_of(href: str | None, name: str, kind: TermKind) -> Term:
    """The term that a link on a document's page leads to.

    Args:
        href: Of the link; `None` where the name is no link.
        name: As the link has it.
        kind: What the page says that it is.
    """
    href = original_url(href) if href else None
    own = term_page(href) if href else None
    if own is not None:
        return own
    facet = _FACET.search(unquote(href)) if href else None
    if facet is not None and facet[1] == kind:  # what else such a link asks for can be a slip of the site's own
        listing: ListingUrl | None = ListingUrl(facets=((facet[1], facet[2]),))
    else:
        facet, listing = None, parse_listing_url(href) if href else None
    url = listing_url(listing, 0, None) if listing is not None else None
    return Term(named_id(kind, name), kind, url, facet[2] if facet is not None else None)


def term_page(url: str) -> Term | None:
    """The term whose page is at a URL; `None` if it is no such page of the archive."""
    try:
        parts = urlsplit(original_url(url).strip())
        if parts.scheme not in ("", "http", "https") or (parts.hostname or ARCHIVE_HOST) not in ARCHIVE_HOSTS:
            return None
    except ValueError:
        return None
    match = _TERM_PATH.fullmatch(parts.path)
    if match is None:
        return None
    slug = quote(unquote(match[2]), safe="", errors="surrogatepass")
    return Term(f"{match[1]}/{slug}", _KINDS[match[1]], f"{ARCHIVE_URL}/{match[1]}/{slug}")


def named_id(kind: TermKind, name: str) -> str:
    """Id of a term that has no page of its own: of its name, composed and with single blanks."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    return f"{kind}/{quote(plain, safe='', errors='surrogatepass')}"
