"""A listing page as its layouts give it."""

from collections.abc import Iterable

from schemas.issues import Issue
from schemas.records import Entry, Outcome, ParsedPage, Range


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
    return ParsedPage(layout, outcome, "listing", page_range, {"entries": rows} if rows else {}, found)
