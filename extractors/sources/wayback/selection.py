"""Which captures of a web archive's index are asked for."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from extractors.sources import Choice
from extractors.sources.archive_context import MAX_CLOCK_SKEW
from extractors.sources.wayback.cdx import NO_STATUS, CdxLine, shown_instant
from extractors.wilson_center.catalog import Catalog
from extractors.wilson_center.layouts import LAYOUTS
from extractors.wilson_center.urls import classify, parse_listing_url
from schemas.issues import FAILED_CAPTURE, FUTURE_TIMESTAMP, Issue

_MAX_TRIES = 10  # captures of one page, until one is a page that can be read


class WebPage(NamedTuple):
    """What is one page, however its URL was written.

    Attributes:
        collection_id: Of a listing; `None` for a page of another kind.
        place: Number and size of a listing's page; of a page of another kind, its path.
    """

    collection_id: str | None
    place: tuple[int, int | None] | str


class Wanted(NamedTuple):
    """Captures of a page, the best to ask for first: those that have one body, or those of which one is wanted."""

    page: WebPage
    lines: tuple[CdxLine, ...]
    is_choice: bool = False


class Selection:
    """The captures to ask for, chosen from those of the index."""

    def __init__(self, catalog: Catalog, choice: Choice, skipped: Counter[str]) -> None:
        self._base = catalog.archive.url
        self._choice = choice
        self._skipped = skipped
        self._latest = dt.datetime.now(dt.UTC) + MAX_CLOCK_SKEW
        self._pages: dict[WebPage, list[CdxLine]] = {}

    def add(self, lines: Iterable[CdxLine]) -> Iterator[Issue]:
        """Look at captures; gives an issue for each of a page that failed when it was captured."""
        for line in lines:
            page = page_at(line.url, self._base)
            if page is None:
                self._skipped["not a page that is read"] += 1
            elif page.collection_id is None or self._choice.has(page.collection_id):
                yield from self._add(line, page)

    def wanted(self) -> Iterator[Wanted]:
        """What to ask for, a page after the other."""
        for page, lines in self._pages.items():
            bodies: dict[str, list[CdxLine]] = {}
            for line in self._chosen(lines):
                bodies.setdefault(line.digest or f"{line.timestamp} {line.url}", []).append(line)
            if self._choice.captures != "all":
                yield Wanted(page, tuple(same[0] for same in bodies.values())[:_MAX_TRIES], is_choice=True)
                continue
            for same in bodies.values():
                # A capture that is a reference itself is the last to be asked for.
                yield Wanted(page, tuple(sorted(same, key=lambda line: (line.status == NO_STATUS, line))))

    def _add(self, line: CdxLine, page: WebPage) -> Iterator[Issue]:
        if line.instant > self._latest:  # the index gives what it was not asked for
            message = (
                f"the index dates this capture {shown_instant(line)}, which is in the future; it was not asked for"
            )
            yield FUTURE_TIMESTAMP.issue(message, url=line.url, collection_id=page.collection_id)
            return
        match line.status[0]:
            case "3":
                self._skipped["redirect"] += 1
            case "4" | "5":
                yield failed_capture(line, page, f"HTTP {line.status}")
            case _ if line.status in ("200", NO_STATUS):
                self._pages.setdefault(page, []).append(line)
            case _:
                self._skipped[f"HTTP {line.status}"] += 1

    def _chosen(self, lines: list[CdxLine]) -> list[CdxLine]:
        return sorted(lines, reverse=self._choice.captures == "latest")


def page_at(url: str, base: str) -> WebPage | None:
    """The page of the archive that a URL names; `None` if that is none of a kind that is read."""
    kind = classify(url, base)
    if kind not in LAYOUTS:
        return None
    listing = parse_listing_url(url, base)
    if listing is not None:
        return WebPage(listing.collection_id, (listing.page, listing.items_per_page))
    return WebPage(None, urlsplit(url.strip()).path.rstrip("/"))


def failed_capture(line: CdxLine, page: WebPage, status: str) -> Issue:
    """That a capture is of a page which the site could not give."""
    message = f"the page had failed when it was captured at {shown_instant(line)}: {status}"
    return FAILED_CAPTURE.issue(message, url=line.url, collection_id=page.collection_id)
