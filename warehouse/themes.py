"""Collections by theme: all but the list of the whole archive, which shares every document with each of them."""

from collections.abc import Mapping

import pyarrow as pa

from wcda.overlaps import theme_memberships


def theme_counts(tables: Mapping[str, pa.Table]) -> pa.ChunkedArray:
    """In how many collections by theme each document stands that is in one at all.

    Args:
        tables: With memberships and collections.
    """
    members = theme_memberships(tables["memberships"], tables["collections"])
    grouped = members.group_by("document_id").aggregate([([], "count_all")])
    return grouped["count_all"]
