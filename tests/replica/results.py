"""What a search address asks for, and what the archive answers: result sets, pages of them, counts of facets.

The archive can gain and lose documents while it is being read, since that is what moves documents between pages.
"""

import re
from calendar import month_name
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote

from tests.replica.details import related_numbers
from tests.replica.records import TEXT_KIND, Collection, Document, Truth, added_document

PAGE_SIZES = (10, 100)

_FACET_KEY = re.compile(r"f\[\d*\]")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[0-9]{1,9}")
_MONTHS = {name: number for number, name in enumerate(month_name) if name}


@dataclass(frozen=True, slots=True)
class Query:
    """A search address, read: which result set, in which order, and which page of it."""

    facets: frozenset[tuple[str, str]] = frozenset()
    text: str = ""
    sort: str = ""
    page: int = 0
    page_size: int = 10

    @property
    def result_set(self) -> tuple[frozenset[tuple[str, str]], str]:
        """What was asked for, whatever the order and the page."""
        return self.facets, self.text


def read_query(query: str, *, honour_page_size: bool = True) -> Query:
    """Read the query of a search address in any of the forms that were seen; what is unknown is ignored."""
    facets: set[tuple[str, str]] = set()
    values: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        plain = _fully_unquoted(key)
        if _FACET_KEY.fullmatch(plain):
            kind, _, number = _fully_unquoted(value).partition(":")
            facets.add((kind, number))
        else:
            values[plain] = value
    size = values.get("items_per_page", "")
    honoured = honour_page_size and size in map(str, PAGE_SIZES)
    return Query(
        facets=frozenset(facets),
        text=" ".join(values.get("search_api_fulltext", "").casefold().split()),
        sort=_sort(values),
        page=int(page) if _NUMBER.fullmatch(page := values.get("page", "0")) else 0,
        page_size=int(size) if honoured else PAGE_SIZES[0],
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a result set: what the range line says, and the rows."""

    query: Query
    first: int
    last: int
    total: int
    rows: tuple[Document, ...]
    markup: str | None = None
    """How to lay the page out, where it is not as the rest of the site."""

    @property
    def last_page(self) -> int:
        """Number of the last page, from 0."""
        return max(0, self.total - 1) // self.query.page_size


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One line of the sidebar: a term, and how many documents of the result set have it."""

    collection: Collection
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Sidebar:
    """All lines of the sidebar of one result set; one object as long as nothing changes, so that it can be a key."""

    lines: tuple[FacetCount, ...]


@dataclass
class Archive:
    """The records, as a search sees them; it starts as the generator's truth and can change."""

    start: Truth
    _documents: dict[str, Document] = field(init=False)
    _by_number: dict[int, Document] = field(init=False)
    _collections: dict[tuple[str, str], Collection] = field(init=False)
    _members: dict[tuple[str, str], frozenset[str]] = field(init=False)
    _words: dict[str, frozenset[str]] = field(init=False)
    _sidebars: dict[tuple[frozenset[tuple[str, str]], str], Sidebar] = field(init=False)
    _added: int = field(init=False)
    _restored_version: int = field(init=False, default=0)
    version: int = field(init=False, default=0)
    """Grows with every change; what was rendered from another version is out of date."""

    def __post_init__(self) -> None:
        self._take(self.start)
        self._added = 0

    @property
    def truth(self) -> Truth:
        """What a complete harvest finds now."""
        return Truth(tuple(self._documents.values()), tuple(self._collections.values()))

    def restore(self) -> None:
        """As it was at the start; costs nothing if it still is."""
        if self.version != self._restored_version:
            self._take(self.start)
            self._added = 0
            self.version += 1
            self._restored_version = self.version

    def listing(self, query: Query) -> Listing:
        """One page of what is asked for; past the last page there are no rows."""
        addresses = self._sorted(self.addresses(query), query.sort)
        begin = query.page * query.page_size
        shown = addresses[begin : begin + query.page_size]
        return Listing(
            query=query,
            first=begin + 1 if shown else 0,
            last=begin + len(shown) if shown else 0,
            total=len(addresses),
            rows=tuple(self._documents[address] for address in shown),
        )

    def addresses(self, query: Query) -> tuple[str, ...]:
        """All of a result set: documents that have every facet and are found by the text."""
        if not query.facets:
            return self._found(query.text) if query.text else tuple(self._documents)
        if len(query.facets) == 1 and not query.text:
            one = self._collections.get(next(iter(query.facets)))
            return one.addresses if one else ()
        wanted = [self._members.get(facet, frozenset()) for facet in query.facets]
        found = self._found(query.text) if query.text else tuple(self._documents)
        return tuple(address for address in found if all(address in members for members in wanted))

    def sidebar(self, query: Query) -> Sidebar:
        """The terms that documents of the result set have, with counts, most frequent first."""
        if query.result_set not in self._sidebars:
            self._sidebars[query.result_set] = self._counted(frozenset(self.addresses(query)))
        return self._sidebars[query.result_set]

    def document(self, address: str) -> Document | None:
        """The document at an address, by slug or by record id."""
        return self._documents.get(address) or self._by_record_id(address)

    def related_to(self, document: Document) -> list[Document]:
        """The documents that the page of a document names as related, as long as they are there."""
        return [self._by_number[number] for number in related_numbers(document) if number in self._by_number]

    def add_first(self, query: Query) -> Document:
        """A new document comes first in the archive and in the result set: everything else moves on by one."""
        self._added += 1
        document = added_document(self._added, datetime.now(UTC))
        gaining = {*query.facets, (TEXT_KIND, query.text)}
        self._take(
            Truth(
                (document, *self._documents.values()),
                tuple(
                    _with_members(one, (document.address, *one.addresses)) if key in gaining else one
                    for key, one in self._collections.items()
                ),
            )
        )
        self.version += 1
        return document

    def remove_first(self, query: Query) -> str | None:
        """The first document of the result set leaves the archive; null if there is none."""
        address = next(iter(self._sorted(self.addresses(query), query.sort)), None)
        if address is None:
            return None
        self._take(
            Truth(
                tuple(one for one in self._documents.values() if one.address != address),
                tuple(
                    _with_members(one, tuple(member for member in one.addresses if member != address))
                    for one in self._collections.values()
                ),
            )
        )
        self.version += 1
        return address

    def _take(self, truth: Truth) -> None:
        self._documents = {document.address: document for document in truth.documents}
        self._by_number = {document.record_id: document for document in truth.documents}
        # Texts are found whatever the case of their letters, and so are ids, which have none.
        self._collections = {(one.kind, one.id.casefold()): one for one in truth.collections}
        self._members = {key: frozenset(one.addresses) for key, one in self._collections.items()}
        self._words = {}
        self._sidebars = {}

    def _counted(self, found: frozenset[str]) -> Sidebar:
        counts = [
            FacetCount(collection, len(found & self._members[key]))
            for key, collection in self._collections.items()
            if collection.kind != TEXT_KIND
        ]
        present = [count for count in counts if count.count]
        return Sidebar(tuple(sorted(present, key=lambda one: (-one.count, one.collection.name))))

    def _found(self, text: str) -> tuple[str, ...]:
        """A text of the catalog is found in full texts, which nobody sees; any other in what listings show."""
        known = self._collections.get((TEXT_KIND, text))
        if known is not None:
            return known.addresses
        if not self._words:
            self._words = {
                address: frozenset(_words(f"{document.title} {document.summary or ''}"))
                for address, document in self._documents.items()
            }
        wanted = frozenset(_words(text))
        return tuple(address for address, words in self._words.items() if wanted and wanted <= words)

    def _sorted(self, addresses: tuple[str, ...], sort: str) -> tuple[str, ...]:
        """Documents without a date come last in both orders of the date, as nulls do."""
        if sort not in _SORT_KEYS:
            return addresses
        key, descending = _SORT_KEYS[sort]
        found = [self._documents[address] for address in addresses]
        dated = sorted((one for one in found if key(one)), key=key, reverse=descending)
        return tuple(one.address for one in (*dated, *(one for one in found if not key(one))))

    def _by_record_id(self, address: str) -> Document | None:
        number = address.removeprefix("/document/")
        return self._by_number.get(int(number)) if number.isdecimal() else None


def date_key(document: Document) -> str:
    """Year, month and day as sortable digits; empty without a date."""
    words = (document.date_text or "").replace(",", "").split()
    if not words:
        return ""
    month = _MONTHS.get(words[0], 0)
    day = int(words[1]) if len(words) == 3 else 0
    return f"{words[-1]}{month:02}{day:02}"


_SORT_KEYS: dict[str, tuple[Callable[[Document], str], bool]] = {
    "created_DESC": (lambda document: document.created, True),
    "created_ASC": (lambda document: document.created, False),
    "field_document_date_unix_DESC": (date_key, True),
    "field_document_date_unix_ASC": (date_key, False),
}


def _sort(values: dict[str, str]) -> str:
    if "sort_bef_combine" in values:
        return values["sort_bef_combine"]
    return f"{values['sort_by']}_{values.get('sort_order', 'ASC')}" if "sort_by" in values else ""


def _fully_unquoted(text: str) -> str:
    while (plain := unquote(text)) != text:
        text = plain
    return text


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _with_members(collection: Collection, addresses: tuple[str, ...]) -> Collection:
    return Collection(collection.kind, collection.id, collection.name, addresses)
