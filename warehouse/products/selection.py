"""Which rows of each table belong to some collections, so that each row still refers to what is there."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns import Table
from schemas.tables import TABLES
from wcda.snapshots import Snapshot

SELECTION_RULES = """\
An export of some collections has them, the documents that they list now, and of every other table the rows that refer
to nothing else. Counts, such as collection_count, stay those of the whole snapshot.
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of each table that belong to some collections.

    Attributes:
        kept: Keys of the rows that others refer to, by table.
    """

    kept: Mapping[str, pa.Array]

    def of(self, table: Table, rows: pa.RecordBatch | pa.Table) -> pa.RecordBatch | pa.Table:
        """Those of some rows of a table that belong to the collections.

        A row belongs if it and all that it refers to does, and if it refers to anything.
        """
        keys = {key.columns[0]: key.table for key in table.foreign_keys if key.table in self.kept}
        if table.name in self.kept:
            keys[table.key[0]] = table.name
        belongs, refers = pa.scalar(True), pa.scalar(False)
        for column, parent in keys.items():
            absent = pc.is_null(rows[column])
            belongs = pc.and_(belongs, pc.or_(absent, pc.is_in(rows[column], value_set=self.kept[parent])))
            refers = pc.or_(refers, pc.invert(absent))
        return rows.filter(pc.and_(belongs, refers))


def select(snapshot: Snapshot, collections: tuple[str, ...]) -> Selection | None:
    """The rows that belong to some collections; `None`, for all rows, if none is named."""
    if not collections:
        return None
    kept = {"collections": pa.array(collections, pa.string())}
    kept["documents"] = _referred(snapshot, kept, "memberships", "document_id")
    kept["terms"] = _referred(snapshot, kept, "document_terms", "term_id")
    # A page that lists no collection is one of a document.
    shown = [_referred(snapshot, {"documents": kept["documents"]}, name, "page_id") for name in ("entries", "texts")]
    pages = snapshot.read("pages", ["page_id", "collection_id"])
    listing = pc.is_in(pages["collection_id"], value_set=kept["collections"])
    of_document = pc.and_(pc.is_null(pages["collection_id"]), pc.is_in(pages["page_id"], value_set=_union(shown)))
    kept["pages"] = pages["page_id"].filter(pc.or_(listing, of_document)).combine_chunks()
    kept["runs"] = _union([_referred(snapshot, kept, name, "run_id") for name in ("captures", "readings", "issues")])
    return Selection(kept)


def _referred(snapshot: Snapshot, kept: Mapping[str, pa.Array], name: str, column: str) -> pa.Array:
    """What a column of the rows that belong so far refers to."""
    table = TABLES[name]
    known = [key.columns[0] for key in table.foreign_keys if key.table in kept]
    rows = snapshot.read(name, list(dict.fromkeys([*known, column])))
    return _union([Selection(kept).of(table, rows)[column]])


def _union(columns: list[pa.Array | pa.ChunkedArray]) -> pa.Array:
    values = pa.chunked_array(
        [chunk for each in columns for chunk in (each.chunks if isinstance(each, pa.ChunkedArray) else [each])],
        pa.string(),
    )
    return values.drop_null().unique()
