"""Which collections share documents. Counts on whole columns, as there are many thousand pairs of collections."""

from itertools import count

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WHOLE_ARCHIVE_KIND = "all"
"""Kind of the collection that lists every document."""


def theme_memberships(memberships: pa.Table, collections: pa.Table) -> pa.Table:
    """Memberships in collections by theme: in all but the list of the whole archive, which overlaps with each of them.

    Args:
        memberships: With the columns document_id and collection_id, which are given.
        collections: With the columns collection_id and kind.
    """
    whole = collections["collection_id"].filter(pc.equal(collections["kind"], WHOLE_ARCHIVE_KIND))
    members = memberships.select(["document_id", "collection_id"])
    return members.filter(pc.invert(pc.is_in(members["collection_id"], value_set=whole.combine_chunks())))


def find_overlaps(memberships: pa.Table) -> pa.Table:
    """Pairs of collections that share documents, the largest overlap first.

    Args:
        memberships: With the columns document_id and collection_id; no pair of them twice.

    Returns:
        Columns: left_id, right_id (left_id sorts first); shared (documents in both); left_total and right_total
        (documents in each); jaccard (shared by those in either, from 0 to 1).
    """
    ids = pc.unique(memberships["collection_id"]).sort()
    collections = pc.index_in(memberships["collection_id"], value_set=ids).to_numpy().astype(np.int64)
    distinct = pc.unique(memberships["document_id"])
    documents = pc.index_in(memberships["document_id"], value_set=distinct).to_numpy().astype(np.int64)
    order = np.lexsort((collections, documents))
    collections, documents = collections[order], documents[order]
    found = [np.empty(0, np.int64)]
    for step in count(1):  # each document's collections, with the one that comes so many places after it
        same = np.flatnonzero(documents[step:] == documents[:-step])
        if not len(same):
            break
        found.append(collections[same] * len(ids) + collections[same + step])
    pairs, shared = np.unique(np.concatenate(found), return_counts=True)
    left, right = np.divmod(pairs, max(len(ids), 1))
    totals = np.bincount(collections, minlength=len(ids))
    overlaps = pa.table(
        {
            "left_id": ids.take(pa.array(left)),
            "right_id": ids.take(pa.array(right)),
            "shared": pa.array(shared, pa.int64()),
            "left_total": pa.array(totals[left], pa.int64()),
            "right_total": pa.array(totals[right], pa.int64()),
            "jaccard": pa.array(shared / (totals[left] + totals[right] - shared), pa.float64()),
        }
    )
    return overlaps.sort_by([("shared", "descending"), ("left_id", "ascending"), ("right_id", "ascending")])
