"""A listing page as its layouts give it."""

from collections.abc import Iterable, Sequence

from schemas.issues import Issue
from schemas.listings import Entry, ListingFrame, Range
from schemas.records import Outcome, ParsedPage, ParsedRow


def listing_page(
    layout: str,
    outcome: Outcome,
    page_range: Range | None = None,
    entries: Iterable[Entry] = (),
    issues: Iterable[Issue] = (),
) -> ParsedPage:
    """What a listing page holds, with an issue for each entry whose date cannot be read."""
    rows = tuple(entries)
    found = (*(issue for row in rows for issue in row.issues()), *issues)
    tables: dict[str, Sequence[ParsedRow]] = {"listings": (ListingFrame(page_range, len(rows)),), "entries": rows}
    return ParsedPage(layout, outcome, "listing", tables, found)
