"""Canonical addresses: the many forms in which one page, document or collection is addressed become one.

The forms are those that public code and saved pages show (the archive itself documents none).
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from schemas.identifiers import stable_id

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
_LISTING_PATH = re.compile(r"/search/?")

_FACET_FIELD = re.compile(r"f\[[0-9]*\]")
# A kind without a dash, an id without a plus: so that a collection's id can be read in one way only.
_FACET = re.compile(r"(?!text:)([a-z][a-z0-9_]*):([A-Za-z0-9_.-]+)")
_FIELDS = frozenset({"search_api_fulltext", "page", "items_per_page"})
# A shadow of the facets, the order of the result, and what advertisers add: none changes the result set.
_OTHER_FIELD = re.compile(r"fo\[[0-9]*\]|sort_(?:by|order|bef_combine)|utm_\w+|fbclid|gclid")
_COUNT = re.compile(r"[0-9]{1,6}")
_MOST_ENCODINGS = 3  # beside the one that every address has
_LONGEST_SLUG = 60


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
    slug = quote(unquote(match[1]), safe="", errors="surrogatepass")
    return f"https://{ARCHIVE_HOST}/document/{slug}"


def file_address(name: str) -> str:
    """Address of a saved page of which only the file's name is known, relative to its folder."""
    return "urn:wcda:file:" + quote(name, errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class ListingAddress:
    """What an address of the archive's listing asks for: a result set, and a page of it.

    Attributes:
        facets: Kinds and ids of terms, sorted, none twice.
        text: What is searched for, with single blanks; empty if nothing is.
        page: From 0.
        items_per_page: Null where the address leaves it to the site.
    """

    facets: tuple[tuple[str, str], ...] = ()
    text: str = ""
    page: int = 0
    items_per_page: int | None = None

    @property
    def collection_id(self) -> str:
        """Id of the result set, the same for all its addresses: `topics-86494`, `people-12+text-cuba`, `all`."""
        parts = [f"{kind}-{term}" for kind, term in self.facets]
        if self.text:
            parts.append(_text_id(self.text))
        return "+".join(parts) or "all"

    @property
    def query(self) -> str | None:
        """Canonical facets and text for a person to read, `f[0]=topics:86494`; null if everything is asked for."""
        return urlencode(self.criteria, quote_via=quote, safe="[]:") or None

    @property
    def criteria(self) -> list[tuple[str, str]]:
        """Names and values of the query that asks for the result set, in canonical order."""
        facets = [(f"f[{index}]", f"{kind}:{term}") for index, (kind, term) in enumerate(self.facets)]
        return [*facets, ("search_api_fulltext", self.text)] if self.text else facets


def parse_listing_address(url: str) -> ListingAddress | None:
    """What an address of the listing asks for; null if it is none, or asks for something that is not understood.

    A parameter of unknown meaning may narrow the result, so that an address with one is not taken for the whole set.
    """
    try:
        url.encode()  # half of a surrogate pair has no address
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https") or (parts.hostname or ARCHIVE_HOST) not in ARCHIVE_HOSTS:
        return None
    is_pager_link = not parts.netloc and not parts.scheme and not parts.path and parts.query
    if _LISTING_PATH.fullmatch(parts.path) is None and not is_pager_link:
        return None
    return _read_query(parts.query)


def listing_url(address: ListingAddress, page: int, items_per_page: int | None) -> str:
    """Canonical address of a page, from 0, of the result set that `address` asks for."""
    paging = [("items_per_page", items_per_page), ("page", page or None)]
    fields = [*address.criteria, *((name, str(value)) for name, value in paging if value is not None)]
    query = urlencode(fields, quote_via=quote)
    return f"https://{ARCHIVE_HOST}/search" + (f"?{query}" if query else "")


def _read_query(query: str) -> ListingAddress | None:
    facets: set[tuple[str, str]] = set()
    values: dict[str, str] = {}
    for name, value in parse_qsl(query):
        field = _plain(name)
        if _FACET_FIELD.fullmatch(field):
            facet = _FACET.fullmatch(_plain(value))
            if facet is None:
                return None
            facets.add((facet[1], facet[2]))
        elif field in _FIELDS:
            values[field] = value
        elif _OTHER_FIELD.fullmatch(field) is None:
            return None
    page, size = values.get("page", ""), values.get("items_per_page", "")
    return ListingAddress(
        facets=tuple(sorted(facets)),
        text=" ".join(values.get("search_api_fulltext", "").split()),
        page=int(page) if _COUNT.fullmatch(page) else 0,
        items_per_page=int(size) if _COUNT.fullmatch(size) and int(size) else None,
    )


def _plain(text: str) -> str:
    """The text without the encodings that crawlers left in it, one around the other."""
    for _ in range(_MOST_ENCODINGS):
        text = unquote(text)
    return text


def _text_id(text: str) -> str:
    """The text as a slug; where the slug alone could stand for another text too, a digest tells them apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower())[:_LONGEST_SLUG].strip("-")
    if slug.replace("-", " ") == text:
        return f"text-{slug}"
    # No slug has two dashes side by side.
    return f"text-{slug + '-' if slug else ''}-{stable_id(text)[:8]}"
