"""Which result sets of the present site a catalog means, and how the pages of one are asked for."""

from extractors.planning import CollectionPlan
from extractors.wilson_center.catalog import Catalog, CatalogEntry
from extractors.wilson_center.urls import DEFAULT_SIZE, LARGE_SIZE, ListingUrl, listing_url
from wcda.naming import find_named, match_named

WHOLE_ARCHIVE = CatalogEntry(name="The whole archive", address="/search")
"""What is harvested where the catalog names no result set."""

ARCHIVE_DOCUMENTS = 17_000
"""How many documents the whole archive has, roughly: what an estimate takes where no count is known."""


def with_result_sets(catalog: Catalog) -> tuple[CatalogEntry, ...]:
    """The entries of a catalog; with the whole archive where they name no result set."""
    if any(_is_asked_for(entry) for entry in catalog.collections):
        return catalog.collections
    return (*catalog.collections, WHOLE_ARCHIVE)


def requested_entries(catalog: Catalog, collections: tuple[str, ...]) -> list[CatalogEntry]:
    """The result sets that a request means: of the catalog, or the whole archive where it names none.

    Args:
        catalog: What there is.
        collections: Ids or names to which the request is limited; empty for all.

    Raises:
        UsageError: A collection is not in the catalog, or several have the name.
    """
    entries = [entry for entry in with_result_sets(catalog) if _is_asked_for(entry)]
    known = {entry.collection.collection_id: entry for entry in entries}
    names = {key: entry.name for key, entry in known.items()}
    wanted = {find_named(each, names, "the catalog has no such collection of the present site") for each in collections}
    return [entry for key, entry in known.items() if not collections or key in wanted]


def collection_ids(catalog: Catalog, collections: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of collections that a person named; one that the catalog does not have can be an id in an archive.

    Raises:
        UsageError: Several collections of the catalog have the name.
    """
    names = {entry.collection.collection_id: entry.name for entry in with_result_sets(catalog)}
    known = [find_named(each, names, "") if match_named(each, names) else each for each in collections]
    return tuple(dict.fromkeys(known))


def plan_of(entry: CatalogEntry, base: str) -> CollectionPlan:
    """How a result set of the site at a base is read."""
    listing = entry.listing or ListingUrl()

    def url_of(page: int, items_per_page: int | None) -> str:
        return listing_url(listing, page, items_per_page, base)

    return CollectionPlan(listing.collection_id, url_of, LARGE_SIZE, DEFAULT_SIZE, entry.count)


def _is_asked_for(entry: CatalogEntry) -> bool:
    """Whether the present site lists the collection: saved pages are no listing, and the old site's are in archives."""
    return entry.listing is not None and entry.listing.old_set is None
