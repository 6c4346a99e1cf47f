"""All that only the Wilson Center Digital Archive has: hosts, addresses, facets, page layouts, samples."""

from extractors.wilson_center.addresses import ARCHIVE_URL, document_address
from schemas.archive import Archive


def _document_slug(url: str) -> str | None:
    address = document_address(url)
    return None if address is None else address.rpartition("/")[2]


ARCHIVE = Archive(
    name="Wilson Center Digital Archive",
    url=ARCHIVE_URL,
    document_slug=_document_slug,
    collection_kinds=("topics", "people", "places", "text", "mixed", "all", "collection", "old-search", "unknown"),
)
