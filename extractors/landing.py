"""Landing the records of one run: each is written to the raw zone first, and then read."""

from collections.abc import Iterator
from contextlib import contextmanager

from extractors.parsed_cache import ParsedCache
from extractors.parsing import SegmentParser
from extractors.raw_zone import RawZone
from extractors.warc.landed import ExchangeKind, Landed, LandedCapture
from extractors.warc.writer import UnwritableError, WarcWriter
from schemas.errors import without_password
from schemas.issues import NOT_LANDED, UNSAFE_URL, Issue
from schemas.records import Alias, ArchivedPage, Collection, FetchedPage, Item, Plan, RunEnd

_MAX_QUOTE = 200


class Landing:
    """Lands the records of a run, in batches, and keeps what its finished segments yielded.

    Args:
        raw_zone: Recovered, so that no segment of the run is open.
        cache: Where to keep what is read.
        run_id: The run.
    """

    def __init__(self, raw_zone: RawZone, cache: ParsedCache, run_id: str) -> None:
        self.run_id = run_id
        self._raw_zone = raw_zone
        self._cache = cache
        self._parser = SegmentParser()
        self._open: WarcWriter | None = None
        self._collections: set[str] = set()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What is landed within the block is on disk when the block ends."""
        with self._raw_zone.write(self.run_id) as self._open:
            yield
        self._open = None
        if self._raw_zone.is_full(self.run_id):
            self.finish()

    def finish(self) -> None:
        """Close the open segment, and keep what it yielded."""
        segment = self._raw_zone.finish(self.run_id)
        if segment is not None:
            self._cache.keep(self._raw_zone, segment, self._parser.tables())
        self._parser = SegmentParser()

    def land_plan(self, plan: Plan, catalog_text: str | None) -> None:
        """Land what the run sets out to do, and the catalog that it uses."""
        self._collections = {collection.collection_id for collection in plan.collections}
        self._read(self._writer.land_plan(plan))
        if catalog_text is not None:
            self._writer.land_catalog(catalog_text)

    def land(self, item: Item) -> None:
        """Land what a source gives, and read it; what cannot be written is an issue."""
        match item:
            case ArchivedPage():
                with self._refusing(item.capture.url):
                    self.land_archived_page(item)
            case FetchedPage():
                with self._refusing(item.exchange.url):
                    self.land_fetched_page(item)
            case Alias():
                self.land_alias(item)
            case Issue():
                self.land_issue(item)

    def land_archived_page(self, page: ArchivedPage) -> None:
        """Land and read a page that a web archive has, and its collection when that is met first."""
        if page.collection is not None:
            self._land_collection(page.collection)
        capture = page.capture
        if capture.http_status is None:
            landed = self._writer.land_saved_page(capture)
        else:
            landed = self._writer.land_archived_page(capture, page.revisits, page.record_id, page.payload_digest)
        self._read(self._landed(capture.url, landed))

    def land_alias(self, alias: Alias) -> None:
        """Land that two URLs are one document's."""
        self._read(self._writer.land_alias(alias))

    def land_fetched_page(self, page: FetchedPage) -> None:
        """Land what the site answered, and read it if it is a page with a body of its own."""
        exchange = page.exchange
        landed = self._landed(exchange.url, self._land_exchange(page))
        if page.is_page:
            self._parser.add(landed, None if page.known else page.body, page.page)

    def _land_exchange(self, page: FetchedPage) -> LandedCapture:
        kind: ExchangeKind | None = "file" if page.is_file else "page" if page.is_page else None
        return self._writer.land_exchange(page.exchange, page.collection_id, page.known, kind)

    def land_issue(self, issue: Issue) -> None:
        """Land what could not be done."""
        self._read(self._writer.land_issue(issue))

    def land_end(self, end: RunEnd) -> None:
        """Land the end of the run."""
        self._read(self._writer.land_end(end))

    def _land_collection(self, collection: Collection) -> None:
        """Land a collection of which more is known than that a page of it was there, which may be none."""
        if collection.collection_id not in self._collections and collection != Collection(collection.collection_id):
            self._collections.add(collection.collection_id)
            self._read(self._writer.land_collection(collection))

    @contextmanager
    def _refusing(self, url: str) -> Iterator[None]:
        try:
            yield
        except UnwritableError as error:
            self.land_issue(NOT_LANDED.issue(f"the capture was not landed: {error}", found=url[:_MAX_QUOTE]))

    def _landed(self, url: str, landed: LandedCapture) -> LandedCapture:
        """What was landed; that its URL had to be changed is an issue."""
        if landed.capture.url != url:
            message = (
                "the URL holds what no URL of a page has: blanks and control characters are percent-encoded, user and "
            )
            message += "password left out"
            found = without_password(repr(url[:_MAX_QUOTE]))
            self.land_issue(UNSAFE_URL.issue(message, found=found, url=landed.capture.url))
        return landed

    @property
    def _writer(self) -> WarcWriter:
        if self._open is None:
            raise RuntimeError("records are landed within a batch")
        return self._open

    def _read(self, record: Landed) -> None:
        self._parser.add(record)
