"""Which result sets of the present site a catalog means, and how the pages of one are asked for."""

from extractors.planning import CollectionPlan
from extractors.wilson_center.catalog import Catalog, CatalogEntry
from extractors.wilson_center.urls import DEFAULT_SIZE, LARGE_SIZE, ListingUrl, listing_url
from schemas.errors import UsageError

WHOLE_ARCHIVE = CatalogEntry(name="The whole archive", address="/search")
"""What is harvested where the catalog names no result set."""


def with_result_sets(catalog: Catalog) -> tuple[CatalogEntry, ...]:
    """The entries of a catalog; with the whole archive where they name no result set."""
    if any(_is_asked_for(entry) for entry in catalog.collections):
        return catalog.collections
    return (*catalog.collections, WHOLE_ARCHIVE)


def requested_entries(catalog: Catalog, collections: tuple[str, ...]) -> list[CatalogEntry]:
    """The result sets that a request means: of the catalog, or the whole archive where it names none.

    Args:
        catalog: What there is.
        collections: Ids to which the request is limited; empty for all.

    Raises:
        UsageError: A collection is not in the catalog.
    """
    entries = [entry for entry in with_result_sets(catalog) if _is_asked_for(entry)]
    known = {entry.collection.collection_id: entry for entry in entries}
    for collection in collections:
        if collection not in known:
            raise UsageError(f"{collection}: the catalog has no such collection of the present site")
    return [entry for key, entry in known.items() if not collections or key in collections]


def plan_of(entry: CatalogEntry, base: str) -> CollectionPlan:
    """How a result set of the site at a base is read."""
    listing = entry.listing or ListingUrl()

    def url_of(page: int, items_per_page: int | None) -> str:
        return listing_url(listing, page, items_per_page, base)

    return CollectionPlan(listing.collection_id, url_of, LARGE_SIZE, DEFAULT_SIZE)


def _is_asked_for(entry: CatalogEntry) -> bool:
    """Whether the present site lists the collection: saved pages are no listing, and the old site's are in archives."""
    return entry.listing is not None and entry.listing.old_set is None
