"""From a frame to a published table: columns, types and the order of rows as the table's schema states them."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.tables import TABLES

_ROWS = 1024
"""Rows that are made at a time: of all documents of 8,375 pages, the columns in order would take 12 MiB."""


def finish(name: str, frame: pd.DataFrame | None) -> Iterator[pa.RecordBatch]:
    """The table as its schema states it, some rows at a time: columns without large ones, types, order of rows."""
    table = TABLES[name]
    schema = table.arrow_schema(with_large=False)
    if frame is None or frame.empty:  # pandas loses the types of columns without values
        return
    made = pa.table({field.name: pa.array(frame[field.name], from_pandas=True) for field in schema}).combine_chunks()
    by = dict.fromkeys((*table.order, *table.key))
    keys = pa.table(
        {column: made[column].cast(schema.field(column).type) for column in by}
    )  # numbered texts do not sort
    order = pc.sort_indices(keys, sort_keys=[(column, "ascending") for column in by])
    del keys
    for start in range(0, len(order), _ROWS):
        rows = made.take(order.slice(start, _ROWS))
        yield from (
            pa.table([rows[field.name].cast(field.type) for field in schema], schema).combine_chunks().to_batches()
        )
