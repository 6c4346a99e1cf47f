"""What a document's own page, and that of a person, place or topic, holds: rows of the parsed tables of these kinds."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import Field, dataclass
from typing import Any, ClassVar, Literal, get_args

from schemas.dates import read_date
from schemas.issues import UNREADABLE_DATE, Issue
from schemas.records import ParsedPage

TermRole = Literal["author", "participant", "person", "place", "topic", "subject", "donor", "repository", "language"]
"""What a term is to a document. The last three come from fields, which `DocumentFields` has too."""

PageTermRole = Literal["author", "participant", "person", "place", "topic", "subject"]
"""Roles that the page itself gives a term."""

TermKind = Literal["people", "places", "topics", "subjects", "donors", "repositories", "languages"]
"""What a term is, whatever page names it."""

TextKind = Literal["original", "transcript", "translation", "other"]
"""What a text or a file is of the document; `other` where the page has a pane of an unknown kind."""

LanguageBasis = Literal["stated", "derived"]
"""Whether a page states the language of a text, or it follows from the document's one language."""


_ISO_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9]{2}:[0-9]{2}.*)?")


class _Row:
    """A row whose columns are its attributes; an empty text is none, since tables have no empty strings."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # `fields` makes a tuple of it at each call

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if getattr(self, name) == "":
                object.__setattr__(self, name, None)

    def to_row(self) -> dict[str, Any]:
        """Its columns but `page_id` (`schemas.parsed`)."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}

    def issues(self) -> Iterator[Issue]:
        """What is doubtful about its values: of most rows, nothing."""
        yield from ()


def day_of(text: str) -> str | None:
    """The day (YYYY-MM-DD) that a text names, in ISO form, with a time of day or not, or in words; `None` if none."""
    match = _ISO_DAY.fullmatch(text.strip())
    day = match[1] if match is not None else _edtf(text)
    try:
        return dt.date.fromisoformat(day).isoformat() if day is not None and len(day) == len("YYYY-MM-DD") else None
    except ValueError:
        return None


def _edtf(text: str | None) -> str | None:
    reading = read_date(text) if text is not None else None
    return reading.edtf if reading else None


@dataclass(frozen=True, slots=True)
class DocumentFields(_Row):
    """The fields of a document's own page, as printed.

    Attributes:
        url: Canonical URL that the page gives itself (`rel=canonical`).
        cited_url: Canonical URL by which the page wants to be cited.
        record_id: The archive's number for citation.
        node_id: The number of the page in the site's own database.
        summary: Paragraphs joined by an empty line; a line break within one is kept.
        credits: The line that thanks donors.
        uploaded_on: As printed, in ISO form.
        download_url: Of the file that the page offers.
        own_url: Canonical URL at which the page was captured; `None` where nobody knows.
        is_whole: Whether the page did not end early.
    """

    url: str | None = None
    cited_url: str | None = None
    record_id: str | None = None
    node_id: str | None = None
    date_text: str | None = None
    title: str | None = None
    summary: str | None = None
    credits: str | None = None
    source: str | None = None
    original_archive: tuple[str, ...] = ()
    rights: str | None = None
    uploaded_on: str | None = None
    document_type: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    original_classification: str | None = None
    donors: tuple[str, ...] = ()
    download_url: str | None = None
    own_url: str | None = None
    is_whole: bool = True

    def is_at(self, url: str) -> bool:
        """Whether the page may be the one at a canonical URL: it names that as its own, or none at all."""
        is_node = self.node_id is not None and url.endswith(f"/{self.node_id}")
        return self.url is None or url in (self.url, self.cited_url) or is_node

    def to_row(self) -> dict[str, Any]:
        """Its columns but `page_id`, with the date in EDTF beside the text of it."""
        return {**_Row.to_row(self), "date_edtf": _edtf(self.date_text)}

    def issues(self) -> Iterator[Issue]:
        """An issue for each of its dates that cannot be read."""
        if self.date_text is not None and read_date(self.date_text) is None:
            yield UNREADABLE_DATE.issue("the document's date cannot be read; its text is kept", found=self.date_text)
        if self.uploaded_on is not None and day_of(self.uploaded_on) is None:
            message = "the day on which the document was uploaded cannot be read; it is in no table"
            yield UNREADABLE_DATE.issue(message, expected="YYYY-MM-DD", found=self.uploaded_on)


@dataclass(frozen=True, slots=True)
class PageTerm(_Row):
    """A term that a document's page names.

    Attributes:
        position: Place on the page among all terms, from 1.
        term_id: The same whatever page names the term.
        url: Canonical URL of the term's page, or of the search that stands for it.
        facet_id: The term's number in the facets of listings, where the link shows it.
    """

    position: int
    role: TermRole
    term_id: str
    kind: TermKind
    name: str | None
    url: str | None = None
    facet_id: str | None = None


@dataclass(frozen=True, slots=True)
class PageText(_Row):
    """A text of a document.

    Attributes:
        position: Place on the page among all texts, from 1.
        language: English name, as the page has it; `None` where it is not known.
        text: Plain, its paragraphs parted by an empty line.
    """

    position: int
    kind: TextKind
    language: str | None
    language_basis: LanguageBasis | None
    text: str

    def to_row(self) -> dict[str, Any]:
        """Its columns but `page_id`, with the size of the text."""
        counts = {"character_count": len(self.text), "word_count": len(self.text.split())}
        return {**_Row.to_row(self), **counts}


@dataclass(frozen=True, slots=True)
class PageFile(_Row):
    """A file that a document's page shows or offers.

    Attributes:
        position: Place on the page among all files, from 1.
        url: Absolute.
    """

    position: int
    kind: TextKind
    language: str | None
    url: str | None
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class RelatedDocument(_Row):
    """Another document of which a page shows a row, as listings do: evidence that it exists.

    Attributes:
        position: Place on the page, from 1.
        node_id: The number of its page in the site's own database, where the row shows it.
    """

    position: int
    date_text: str | None
    title: str | None
    summary: str | None
    url: str | None
    node_id: str | None = None

    def to_row(self) -> dict[str, Any]:
        """Its columns but `page_id`, with the date in EDTF beside the text of it."""
        return {**_Row.to_row(self), "date_edtf": _edtf(self.date_text)}

    def issues(self) -> Iterator[Issue]:
        """An issue if its date cannot be read."""
        if self.date_text is not None and read_date(self.date_text) is None:
            yield UNREADABLE_DATE.issue(
                f"the date of related document {self.position} cannot be read; its text is kept", found=self.date_text
            )


@dataclass(frozen=True, slots=True)
class TermFields(_Row):
    """The page of a person, place or topic.

    Attributes:
        term_id: The same whatever page names the term.
        url: Canonical.
        description: Paragraphs joined by an empty line.
    """

    term_id: str
    kind: TermKind
    url: str | None
    name: str | None
    description: str | None


_DOCUMENT = (
    *("url", "record_id", "node_id", "date_text", "date_edtf", "title", "summary", "credits", "source"),
    *("original_archive", "rights", "uploaded_on", "document_type", "languages", "original_classification"),
    *("donors", "download_url"),
)
_LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "terms": ("page_terms", ("role", "name", "url")),
    "texts": ("page_texts", ("kind", "language", "text")),
    "files": ("page_files", ("kind", "language", "url")),
    "related": ("page_relations", ("date_text", "title", "summary", "url", "node_id")),
}


def document_values(page: ParsedPage) -> dict[str, Any]:
    """What the page of a document or a term holds, as plain values: its fields, and lists of what else stands there.

    Of terms only those that the page names as such, and not those that its fields name.
    """
    if page.kind == "term":
        terms = [term.to_row() for term in page.rows.get("term_pages", ())]
        return {"term": terms[0] if terms else None, "related": _values(page, *_LISTS["related"])}
    (document,) = page.rows["document_pages"]
    values = document.to_row()
    lists = {name: _values(page, *held) for name, held in _LISTS.items()}
    lists["terms"] = [term for term in lists["terms"] if term["role"] in get_args(PageTermRole)]
    return {"document": {name: values[name] for name in _DOCUMENT}, **lists}


def _values(page: ParsedPage, table: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = [row.to_row() for row in page.rows.get(table, ())]
    return [{column: row[column] for column in columns} for row in rows]
