"""Canonical URLs: the many forms in which one page, document or collection is addressed become one.

The forms are those that public code and saved pages show (the archive itself documents none). Of the old site
(2013 to 2022) pages are stored under `/search-results/300/%5B%5D?recordType=Record`, under searches such as
`{"subject":"658"}`, `{"repository":"25"}` and `{"start_date":"19790101","end_date":"19791231","coverage":"21"}`, some
without `recordType` or with plain colons and commas, and under `/collection/81/todor-zhivkov-collection/4`.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from extractors.replays import split_replay
from extractors.wilson_center import ARCHIVE_URL
from schemas.identifiers import stable_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.records import PageKind

ARCHIVE_HOST = ARCHIVE_URL.removeprefix("https://")

DEFAULT_SIZE = 10
"""Entries to a page of a listing, unless its URL asks for another number."""

LARGE_SIZE = 100
"""Entries to a page that the site gives where it is asked to."""

PATH_PREFIXES: "Mapping[PageKind, tuple[str, ...]]" = {
    "listing": ("/search", "/collection/"),  # the first is also the beginning of `/search-results/`
    "document": ("/document/",),
    "term": ("/people/", "/places/", "/topics/"),
}
"""What the path of every page of a kind begins with, to ask an index for them."""

ARCHIVE_HOSTS = frozenset(
    {
        ARCHIVE_HOST,
        # Staging copies of the same site that were crawled too: the same documents under other names.
        "wilson-center.drivingcreative.com",
        "wilson-center-digital-archive.dvincitest.com",
    }
)

_DOCUMENT_PATH = re.compile(r"/document/([^/]+)/?")
_TERM_PATH = re.compile(r"/(?:people|places|topics)/[^/]+/?")
_PLAIN_ADDRESS = re.compile(rf"(?:{re.escape(ARCHIVE_URL)})?(/document/[A-Za-z0-9-]+)")
"""The usual form of a document's URL, of which all characters stand for themselves."""
_LISTING_PATH = re.compile(r"/search/?")
# Of the old site, where pages are counted from 1.
_OLD_COLLECTION_PATH = re.compile(r"/collection/([1-9][0-9]{0,8})(?:/(?![0-9]+/?$)([^/]+))?(?:/([0-9]{1,6}))?/?")
_OLD_SEARCH_PATH = re.compile(r"/search-results/([0-9]{1,6})(?:/(.*?))?/?")
_OLD_COLLECTION, _OLD_SEARCH = "collection", "old-search"
_EVERYTHING = "[]"
_A_SEARCH = '{"term":"cuba"}'
_MAX_SEARCH_LENGTH = 2000  # characters
_MAX_BRACKETS = 50  # of a search; it nests no deeper

_FACET_FIELD = re.compile(r"f\[[0-9]*\]")
# A kind without a dash, an id without a plus: so that a collection's id can be read in one way only.
_FACET = re.compile(r"(?!(?:text|collection|old):)([a-z][a-z0-9_]*):([A-Za-z0-9_.-]+)")
FACET_KINDS = ("topics", "people", "places", "subjects", "languages", "contributors", "original_repositories")
"""Kinds of facets that the site is known to have; it may have others."""
_FIELDS = frozenset({"search_api_fulltext", "page", "items_per_page"})
# A shadow of the facets, the order of the result, and what advertisers add: none changes the result set.
_OTHER_FIELD = re.compile(
    r"""fo\[[0-9]*\] | sort_(?:by|order|bef_combine)
    # what advertisers, mailers and social networks add to follow a reader
    | (?:utm|gad|hsa|mc|mtm|pk|piwik|matomo|oly|guce|vero)_\w+
    | (?:fb|g|d|tw|tt|y|ys)clid | msclkid | irclickid | gclsrc | [gw]braid | rdt_cid | sccid
    | _g(?:a|ac|l) | _hs(?:enc|mi) | __hs(?:tc|sc|fp) | hsctatracking | mkt_tok | srsltid | igsh(?:id)? | li_fat_id
    | s_cid | cmpid | ncid | epik | wickedid | _openstat | ref_(?:src|url)""",
    re.IGNORECASE | re.VERBOSE,
)
_COUNT = re.compile(r"[0-9]{1,6}")
_MAX_ENCODINGS = 3  # beside the one that every URL has
_MAX_SLUG_LENGTH = 60
_MAX_ID_LENGTH = 100
_USUAL_PORTS = frozenset({80, 443})


def document_url(href: str) -> str | None:
    """Canonical URL of a document's page, or `None` if `href` is no document of the archive.

    Relative and absolute, secure and plain, any known host, encoded or not, as a web archive plays it: one URL.
    """
    plain = _PLAIN_ADDRESS.fullmatch(href)
    if plain is not None:
        return ARCHIVE_URL + plain[1]
    replayed = split_replay(href)
    if replayed is not None:
        href = replayed.url
    try:
        parts = urlsplit(href.strip())
    except ValueError:  # an unclosed bracket, say: text that no browser would follow either
        return None
    if parts.scheme not in ("", "http", "https") or (parts.netloc and not is_archive_site(parts)):
        return None
    match = _DOCUMENT_PATH.fullmatch(parts.path)
    if match is None:
        return None
    slug = quote(unquote(match[1]), safe="", errors="surrogatepass")
    return f"{ARCHIVE_URL}/document/{slug}"


def is_archive_site(parts: SplitResult) -> bool:
    """Whether a URL names a known host of the archive; one with a user or an unusual port is somebody else's server."""
    try:
        port = parts.port
    except ValueError:
        return False
    return parts.hostname in ARCHIVE_HOSTS and "@" not in parts.netloc and port in {None, *_USUAL_PORTS}


def classify(url: str, base: str = ARCHIVE_URL) -> "PageKind | None":
    """What the page at a URL of the archive is; `None` for every other URL. Raises nothing.

    `/search` and the listings of the old site, `/document/…`, and `/people/…`, `/places/…`, `/topics/…`.

    Args:
        url: As it stands in a page or a browser.
        base: Where the archive is, if not at one of its known hosts.
    """
    if parse_listing_url(url, base) is not None:
        return "listing"
    try:
        parts = urlsplit(url.strip())
        if not _is_of_archive(parts, urlsplit(base)):
            return None
    except ValueError:
        return None
    if _DOCUMENT_PATH.fullmatch(parts.path) is not None:
        return "document"
    return "term" if _TERM_PATH.fullmatch(parts.path) is not None else None


@dataclass(frozen=True, slots=True)
class ListingUrl:
    """What a URL of the archive's listing asks for: a result set, and a page of it.

    Attributes:
        facets: Kinds and ids of terms, sorted, none twice.
        text: What is searched for, with single blanks; empty if nothing is.
        page: From 0, on the old site too.
        items_per_page: Null where the URL leaves it to the site.
        old_set: Of the old site, and then neither facets nor text: `collection` and its number, or `old-search` and
            what is searched for as canonical JSON; `None` for the present site.
        slug: Of an old collection, where the URL has one; it has no meaning.
    """

    facets: tuple[tuple[str, str], ...] = ()
    text: str = ""
    page: int = 0
    items_per_page: int | None = None
    old_set: tuple[str, str] | None = None
    slug: str = ""

    @property
    def collection_id(self) -> str:
        """Id of the result set, the same for all its URLs: `topics-86494`, `people-12+text-cuba`, `all`.

        At most 100 characters. An id that would be longer has its first parts, `+`, and a digest of the whole, 16
        hexadecimal digits. Every other part has a dash, so that no id of the one kind is one of the other.
        Of the old site `collection-31`, `old-search-all`, or `old-search-` and a digest: no facet is of such a kind.
        """
        if self.old_set is not None:
            return _old_id(*self.old_set)
        parts = [f"{kind}-{term}" for kind, term in self.facets]
        if self.text:
            parts.append(_text_id(self.text))
        whole = "+".join(parts) or "all"
        return whole if len(whole) <= _MAX_ID_LENGTH else _shortened(whole, stable_id(self.query))

    @property
    def kind(self) -> str:
        """The facet's kind if there is one facet and no text; else `mixed`, `text`, or `all` for the whole archive.

        Of the old site `collection` or `old-search`.
        """
        if self.old_set is not None:
            return self.old_set[0]
        if len(self.facets) == 1 and not self.text:
            return self.facets[0][0]
        if self.facets:
            return "mixed"
        return "text" if self.text else "all"

    @property
    def query(self) -> str | None:
        """Canonical facets and text for a person to read, `f[0]=topics:86494`; `None` if everything is asked for.

        Of the old site `collection=31`, or `old-search={"subject":"658"}`; `old-search=[]` for everything.
        """
        if self.old_set is not None:
            return "=".join(self.old_set)
        return urlencode(self.criteria, quote_via=quote, safe="[]:") or None

    @property
    def criteria(self) -> tuple[tuple[str, str], ...]:
        """Names and values of the query that asks for the result set, in canonical order."""
        facets = [(f"f[{index}]", f"{kind}:{term}") for index, (kind, term) in enumerate(self.facets)]
        return (*facets, ("search_api_fulltext", self.text)) if self.text else tuple(facets)


def read_facet(text: str) -> tuple[str, str]:
    """Kind and id of a facet such as `topics:86494`, however often it is encoded.

    Raises:
        ValueError: It is none.
    """
    match = _FACET.fullmatch(_plain(text))
    if match is None:
        raise ValueError(f"{text!r} is no facet such as 'topics:86494'")
    return match[1], match[2]


def read_listing_url(url: str, base: str = ARCHIVE_URL) -> ListingUrl:
    """What a URL of the listing asks for, be it the present site's or the old one's.

    A parameter of unknown meaning may narrow the result, so that a URL with one is not taken for the whole set.

    Args:
        url: As it stands in a page or a browser; without a host, it is one of the archive.
        base: Where the archive is, if not at one of its known hosts.

    Raises:
        ValueError: It is none, or asks for something that is not understood.
    """
    url.encode()  # half of a surrogate pair has no URL
    parts = urlsplit(url.strip())
    if not _is_of_archive(parts, urlsplit(base)):
        raise ValueError(f"{url!r} is not on a host of the archive")
    old = _read_old_path(parts.path)
    if old is not None:
        _check_old_query(parts.query)
        return old
    is_pager_link = not parts.netloc and not parts.scheme and not parts.path and parts.query
    if _LISTING_PATH.fullmatch(parts.path) is None and not is_pager_link:
        raise ValueError(
            f"{url!r} is no address of the archive's listing, such as {ARCHIVE_URL}/search?f[0]=topics:86494"
        )
    return _read_query(parts.query)


def parse_listing_url(url: str, base: str = ARCHIVE_URL) -> ListingUrl | None:
    """As `read_listing_url`; `None` where that raises an error."""
    try:
        return read_listing_url(url, base)
    except ValueError:
        return None


def listing_url(address: ListingUrl, page: int, items_per_page: int | None, base: str = ARCHIVE_URL) -> str:
    """Address of a page, from 0, of the result set that `address` asks for; canonical but for another base.

    The old site lets nobody say how many entries a page has.
    """
    if address.old_set is not None:
        return base + _old_path(*address.old_set, address.slug, page + 1)
    paging = [("items_per_page", items_per_page), ("page", page or None)]
    fields = [f"{name}={value}" for name, value in paging if value is not None]
    query = "&".join(filter(None, [_query_of(address.criteria), *fields]))
    return f"{base}/search" + (f"?{query}" if query else "")


@lru_cache(maxsize=16)  # a page that did not change has the URL of the one that it refers to
def address_key(url: str) -> str:
    """The same for all forms of one URL, whatever its host; raises nothing."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        listing = parse_listing_url(url, f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        return url
    if not host:
        return url
    if listing is not None:
        return host + listing_url(listing, listing.page, listing.items_per_page, "")
    document = document_url(parts.path)
    path = document.removeprefix(ARCHIVE_URL) if document else unquote(parts.path).rstrip("/")
    return f"{host}{path}?{parts.query}" if parts.query else host + path


@lru_cache
def _query_of(criteria: tuple[tuple[str, str], ...]) -> str:
    """What asks for a result set: the same for all its pages."""
    return urlencode(criteria, quote_via=quote)


def _is_of_archive(parts: SplitResult, base: SplitResult) -> bool:
    if parts.scheme not in ("", "http", "https"):
        return False
    if not parts.netloc or is_archive_site(parts):
        return True
    return "@" not in parts.netloc and _host_and_port(parts) == _host_and_port(base)


def _host_and_port(parts: SplitResult) -> tuple[str | None, int | None]:
    """Host and port; the usual ports of either scheme are as none."""
    return parts.hostname, None if parts.port in _USUAL_PORTS else parts.port


def _read_query(query: str) -> ListingUrl:
    facets: set[tuple[str, str]] = set()
    values: dict[str, str] = {}
    for name, value in parse_qsl(query):
        field = _plain(name)
        if _FACET_FIELD.fullmatch(field):
            facets.add(read_facet(value))
        elif field in _FIELDS:
            values[field] = value
        elif _OTHER_FIELD.fullmatch(field) is None:
            raise ValueError(f"the parameter {field!r} is not understood, and may narrow what is listed")
    page, size = values.get("page", ""), values.get("items_per_page", "")
    return ListingUrl(
        facets=tuple(sorted(facets)),
        text=" ".join(values.get("search_api_fulltext", "").split()),
        page=int(page) if _COUNT.fullmatch(page) else 0,
        items_per_page=int(size) if _COUNT.fullmatch(size) and int(size) else None,
    )


def _read_old_path(path: str) -> ListingUrl | None:
    """What a path of the old site's listing asks for; `None` if it is none."""
    if (match := _OLD_COLLECTION_PATH.fullmatch(path)) is not None:
        slug = quote(_decoded(match[2] or ""), safe="")
        return ListingUrl(page=_old_page(match[3]), old_set=(_OLD_COLLECTION, match[1]), slug=slug)
    if (match := _OLD_SEARCH_PATH.fullmatch(path)) is not None:
        return ListingUrl(page=_old_page(match[1]), old_set=(_OLD_SEARCH, _old_search(match[2] or _EVERYTHING)))
    return None


def _check_old_query(query: str) -> None:
    """Raise an error if the query of an old URL may narrow what is listed, or asks for other things."""
    for name, value in parse_qsl(query):
        if (name, value) != ("recordType", "Record") and _OTHER_FIELD.fullmatch(name) is None:
            raise ValueError(f"the parameter {name!r} is not understood, and may narrow what is listed")


def _old_page(number: str | None) -> int:
    return max(0, int(number or 1) - 1)


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:  # put in one for another, they would make two sets one
        raise ValueError(f"{text[:60]!r} has letters that are not in UTF-8") from error


def _old_search(text: str) -> str:
    """What an old search asks for, as JSON in one form, whatever the order of its keys and however often encoded."""
    for _ in range(_MAX_ENCODINGS + 1):
        text = _decoded(text)
        if text.startswith(("{", "[")):
            return _canonical_search(text)
    raise ValueError(f"{text!r} is no search of the old site, such as {_A_SEARCH}")


def _canonical_search(text: str) -> str:
    _check_size(text)
    try:
        asked = json.loads(text)
        if not asked:
            return _EVERYTHING
        canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise ValueError(f"{text!r} is no search of the old site, such as {_A_SEARCH}: {error}") from error
    if not isinstance(asked, dict):
        raise ValueError(f"{text!r} is no search of the old site, such as {_A_SEARCH}")
    _check_size(canonical)
    return canonical


def _check_size(search: str) -> None:
    """Raise an error for what would take long to read, or nests deeply."""
    if len(search) > _MAX_SEARCH_LENGTH or search.count("[") + search.count("{") > _MAX_BRACKETS:
        raise ValueError(f"the search begins with {search[:60]!r} and is too long to be one of the old site")


def _old_id(kind: str, value: str) -> str:
    if kind == _OLD_COLLECTION:
        return f"{kind}-{value}"
    return f"{kind}-all" if value == _EVERYTHING else f"{kind}-{stable_id(value)}"


def _old_path(kind: str, value: str, slug: str, page: int) -> str:
    if kind == _OLD_SEARCH:
        return f"/search-results/{page}/{quote(value, safe='')}?recordType=Record"
    is_page_told = page > 1 or slug.isdecimal()  # a slug of digits alone would be read as the page
    return "/".join(["/collection", value, *([slug] if slug else []), *([str(page)] if is_page_told else [])])


def _shortened(whole: str, digest: str) -> str:
    start = whole[: _MAX_ID_LENGTH - len(digest) - 1]
    # A part that is cut would look like the id of another term.
    return f"{start.rpartition('+')[0] or start}+{digest}"


def _plain(text: str) -> str:
    """The text without the encodings that crawlers left in it, one around the other."""
    for _ in range(_MAX_ENCODINGS):
        text = unquote(text)
    return text


def _text_id(text: str) -> str:
    """The text as a slug; where the slug alone could stand for another text too, a digest distinguishes them."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower())[:_MAX_SLUG_LENGTH].strip("-")
    if slug.replace("-", " ") == text:
        return f"text-{slug}"
    # No slug has two dashes side by side.
    return f"text-{slug + '-' if slug else ''}-{stable_id(text)[:8]}"
