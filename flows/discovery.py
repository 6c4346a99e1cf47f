"""Which collections a site has: a catalog from the facets beside its listing."""

import asyncio
from pathlib import Path

from extractors.decoding import charset_of, decode
from extractors.parsing import read_page
from extractors.sources.asking import open_site
from extractors.wilson_center.catalog import Catalog, CatalogEntry, write_catalog
from extractors.wilson_center.layouts.facets import read_facets
from extractors.wilson_center.result_sets import WHOLE_ARCHIVE
from extractors.wilson_center.urls import ListingUrl, listing_url
from flows.request import read_catalog
from schemas.errors import SourceError
from schemas.listings import listing_range


def discover(catalog_path: Path | None, archive: str | None, contact: str | None) -> str:
    """Read the facets of a site; gives a catalog as TOML.

    Args:
        catalog_path: A catalog with the site's URL and politeness, whose collections are kept.
        archive: URL of the site; `None` to take the catalog's.
        contact: Whom the site can write to; `None` to take the catalog's.

    Raises:
        UsageError: The catalog cannot be read, or there is no contact.
        SourceError: The site does not answer, or shows no facets.
    """
    catalog = read_catalog(catalog_path, archive, contact)[1]
    text, total = asyncio.run(_fetch_listing(catalog))
    found = read_entries(text, catalog.archive.url)
    if not found:
        raise SourceError(f"the listing of {catalog.archive.url} shows no facets; its layout may have changed")
    known = {entry.collection.collection_id for entry in catalog.collections}
    whole = WHOLE_ARCHIVE.model_copy(update={"count": total})
    new = [entry for entry in (whole, *found) if entry.collection.collection_id not in known]
    return write_catalog(catalog.model_copy(update={"collections": (*catalog.collections, *new)}))


def read_entries(text: str, base: str) -> list[CatalogEntry]:
    """A catalog entry for each facet of a listing page of the site at a base."""
    return [
        CatalogEntry(name=facet.name, facets=(f"{facet.kind}:{facet.term}",), count=facet.count)
        for facet in read_facets(text, base=base)
    ]


async def _fetch_listing(catalog: Catalog) -> tuple[str, int | None]:
    """The first listing page of the whole archive, as text, and how many documents it reports.

    Raises:
        SourceError: The site does not answer, does not permit it, or sends something else.
    """
    url = listing_url(ListingUrl(), 0, None, catalog.archive.url)
    async with open_site(catalog) as site:
        await site.read_robots()
        fetched = await site.fetch(url)
    content_type = fetched.exchanges[-1].header("content-type")
    page = read_page(fetched.decoded, content_type=content_type)
    text, _ = decode(fetched.decoded, charset_of(content_type))
    if text is None or page.outcome != "listing":
        raise SourceError(f"{url}: {page.issues[0].message if page.issues else 'an empty listing'}")
    line = listing_range(page)
    return text, line.total if line else None
