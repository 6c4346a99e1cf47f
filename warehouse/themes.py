"""Collections by theme: all but the list of the whole archive, which shares every document with each of them."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

WHOLE_ARCHIVE_KIND = "all"
"""Kind of the collection that lists every document."""


def theme_memberships(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Memberships in collections by theme: document_id, collection_id.

    Args:
        tables: With memberships and collections.
    """
    collections = tables["collections"]
    whole = collections["collection_id"].filter(pc.equal(collections["kind"], WHOLE_ARCHIVE_KIND))
    members = tables["memberships"].select(["document_id", "collection_id"])
    return members.filter(pc.invert(pc.is_in(members["collection_id"], value_set=whole.combine_chunks())))


def theme_counts(tables: Mapping[str, pa.Table]) -> pa.ChunkedArray:
    """In how many collections by theme each document stands that is in one at all."""
    grouped = theme_memberships(tables).group_by("document_id").aggregate([([], "count_all")])
    return grouped["count_all"]
