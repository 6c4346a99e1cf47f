"""What the readers of records and of saved pages share: the catalog, what was met before, and what is counted."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase

from extractors.sources.archive_parts import ArchivePart
from extractors.wilson_center.catalog import Catalog, listed_collection
from extractors.wilson_center.urls import ListingUrl
from schemas.issues import FUTURE_TIMESTAMP, UNMATCHED_FILES, Issue
from schemas.records import Alias, Collection

MAX_CLOCK_SKEW = dt.timedelta(minutes=5)
"""Of the machine that captured, against this one."""


class ArchiveContext:
    """What is known while one archive is read.

    Args:
        catalog: Says where the archive is, and which files belong to which collection.
        skipped: Counts what is no page of a listing.

    Attributes:
        base: Where the catalog says that the archive is.
        catalog_ids: Of the collections that the catalog names.
        latest: The latest time at which a page can have been captured.
    """

    def __init__(self, catalog: Catalog, skipped: Counter[str]) -> None:
        self.catalog = catalog
        self.base = catalog.archive.url
        self.skipped = skipped
        self.latest = dt.datetime.now(dt.UTC) + MAX_CLOCK_SKEW
        self._collections = {
            entry.collection.collection_id: entry.collection for entry in catalog.collections if entry.listing
        }
        self.catalog_ids = frozenset(entry.collection.collection_id for entry in catalog.collections)
        self._aliases: set[Alias] = set()
        self._patterns = {
            (pattern, entry.collection.collection_id) for entry in catalog.collections for pattern in entry.files
        }
        self._has_files = False

    def future_issue(self, item: ArchivePart, captured_at: dt.datetime, place: str = "") -> Issue:
        """A timestamp later than this run, which would make a capture the newest for ever."""
        message = f"the timestamp of the capture lies in the future, and is taken as unknown{place}"
        return item.issue(FUTURE_TIMESTAMP, message, captured_at.isoformat())

    def collection_of(self, listing: ListingUrl) -> Collection:
        """The result set that a URL asks for, as the catalog has it if it does."""
        known = self._collections.get(listing.collection_id)
        if known is None:
            known = self._collections[listing.collection_id] = listed_collection(listing)
        return known

    def note_file(self, name: str) -> None:
        """A file that can belong to a collection was met."""
        self._has_files = True
        self._patterns = {each for each in self._patterns if not fnmatchcase(name, each[0])}

    def unmatched_patterns(self) -> Iterator[Issue]:
        """An issue for each pattern of the catalog that no file matched; none where no file was a saved page."""
        for pattern, collection_id in sorted(self._patterns) if self._has_files else ():
            message = f"the pattern {pattern!r} under files of the collection {collection_id} matches no file"
            yield UNMATCHED_FILES.issue(message, collection_id=collection_id)

    def alias(self, url: str | None, other_url: str | None, evidence: str) -> Iterator[Alias]:
        """Two URLs of one document, if they are two and were not met before."""
        if url is None or other_url is None or url == other_url:
            return
        alias = Alias(url, other_url, evidence)
        if alias not in self._aliases:
            self._aliases.add(alias)
            yield alias
