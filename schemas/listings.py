"""What a listing page holds: its range line and its entries."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from schemas.dates import read_date
from schemas.issues import UNREADABLE_DATE, Issue
from schemas.records import ParsedPage


@dataclass(frozen=True, slots=True)
class Range:
    """The range line of a listing page, `11 - 20 of 89`: the page's own checksum."""

    first: int
    last: int
    total: int

    @property
    def count(self) -> int:
        """How many entries the page must hold."""
        return self.last - self.first + 1 if self.first else 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One block of date, title and summary as it stands on a listing, as text, to the letter.

    Attributes:
        position: Place on the page, from 1.
        summary: Paragraphs joined by an empty line.
        url: Canonical URL of the document, where the page gives one.
    """

    position: int
    date_text: str | None
    title: str | None
    summary: str | None
    url: str | None = None

    def __post_init__(self) -> None:
        """An empty text is none: tables have no empty strings."""
        for name in ("date_text", "title", "summary", "url"):
            if getattr(self, name) == "":
                object.__setattr__(self, name, None)

    @property
    def key(self) -> int:
        """A number of 64 bits that distinguishes the entry from others: of its document's URL, or else of its text."""
        parts = (self.url,) if self.url else (self.date_text, self.title, self.summary)
        digest = blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)

    @property
    def values(self) -> dict[str, Any]:
        """The entry as plain values, with its date in EDTF beside the text of it."""
        reading = read_date(self.date_text) if self.date_text is not None else None
        return {
            "position": self.position,
            "date_text": self.date_text,
            "date_edtf": reading.edtf if reading else None,
            "title": self.title,
            "summary": self.summary,
            "url": self.url,
        }

    def to_row(self) -> dict[str, Any]:
        """Its columns but `page_id` (`schemas.parsed`)."""
        return {**self.values, "entry_key": self.key}

    def issues(self) -> Iterator[Issue]:
        """An issue if its date cannot be read."""
        if self.date_text is not None and read_date(self.date_text) is None:
            yield UNREADABLE_DATE.issue(
                f"the date of entry {self.position} cannot be read; its text is kept",
                found=self.date_text,
            )


@dataclass(frozen=True, slots=True)
class ListingFrame:
    """What a listing page says of itself, beside its entries.

    Attributes:
        range: Of its range line; `None` where it has none.
        entry_count: Entries that were read.
    """

    range: Range | None
    entry_count: int

    def to_row(self) -> dict[str, Any]:
        """Its columns but `page_id` (`schemas.parsed`)."""
        first, last, total = (self.range.first, self.range.last, self.range.total) if self.range else (None,) * 3
        return {"range_first": first, "range_last": last, "range_total": total, "entry_count": self.entry_count}

    def issues(self) -> Iterator[Issue]:
        """None: what contradicts the range line is found while the page is read."""
        yield from ()


def listing_range(page: ParsedPage) -> Range | None:
    """The range line of a listing page; `None` where it has none, and for any other page."""
    return next((row.range for row in page.rows.get("listings", ()) if isinstance(row, ListingFrame)), None)


def listing_entries(page: ParsedPage) -> tuple[Entry, ...]:
    """The entries of a listing page; none of any other page."""
    return tuple(row for row in page.rows.get("entries", ()) if isinstance(row, Entry))
