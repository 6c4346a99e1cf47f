"""What a harvest would ask of a site, before anything is asked."""

from dataclasses import dataclass

from extractors.catalog import CatalogEntry
from extractors.planning import DEFAULT_SIZE, LARGE_SIZE
from flows.crawl import requested_entries
from flows.harvest import SITE_SOURCE, HarvestRequest
from schemas.errors import UsageError
from warehouse.folder import WarehouseFolder


@dataclass(frozen=True, slots=True)
class Estimate:
    """Requests that a harvest would take.

    Attributes:
        collections: That are asked for.
        unknown: Collections of which neither the catalog nor the last snapshot says a count; each is one request here.
        requests: Where the site gives a hundred entries a page.
        hours: That these take at the permitted rate.
        most_requests: Where the site gives ten.
        most_hours: That those take.
        requests_per_second: The permitted rate.
    """

    collections: int
    unknown: int
    requests: int
    hours: float
    most_requests: int
    most_hours: float
    requests_per_second: float


def estimate(request: HarvestRequest) -> Estimate:
    """Count the requests that a harvest of a site would take; asks nobody.

    Raises:
        UsageError: The source is no site, the catalog cannot be read, or a collection is not in it.
    """
    if request.source != SITE_SOURCE:
        raise UsageError("--dry-run is about requests to a site, and this source is none")
    catalog = request.read_catalog()[1]
    entries = requested_entries(catalog, request.collections)
    seen = _reported_totals(WarehouseFolder(request.warehouse))
    counts = [_count(entry, seen) for entry in entries]
    rate = catalog.politeness.requests_per_second
    fewest, most = (1 + sum(_pages(count, size) for count in counts) for size in (LARGE_SIZE, DEFAULT_SIZE))
    return Estimate(
        collections=len(entries),
        unknown=counts.count(None),
        requests=fewest,
        hours=fewest / rate / 3600,
        most_requests=most,
        most_hours=most / rate / 3600,
        requests_per_second=rate,
    )


def _count(entry: CatalogEntry, seen: dict[str, int]) -> int | None:
    """Documents of a collection: as the last snapshot says, or else the catalog."""
    return seen.get(entry.collection.collection_id, entry.count)


def _pages(count: int | None, size: int) -> int:
    return max(1, -(-(count or 0) // size))


def _reported_totals(folder: WarehouseFolder) -> dict[str, int]:
    from warehouse.publishing import former_snapshot

    snapshot = former_snapshot(folder)
    if snapshot is None:
        return {}
    collections = snapshot.read("collections")
    totals = zip(collections["collection_id"].to_pylist(), collections["reported_total"].to_pylist(), strict=True)
    return {collection_id: total for collection_id, total in totals if total is not None}
