"""From a frame to a published table: columns, types and the order of rows as the table's schema states them."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.tables import TABLES

_ROWS = 4096
"""Rows that are put in order at a time: of a table that is wide, all of them took 12 MiB with 8,375 pages."""


def finish(name: str, frame: pd.DataFrame | None) -> Iterator[pa.RecordBatch]:
    """The table as its schema states it, some rows at a time: columns without large ones, types, order of rows."""
    table = TABLES[name]
    schema = table.arrow_schema(with_large=False)
    if frame is None or frame.empty:  # pandas loses the types of columns without values
        return
    columns = [pa.array(frame[field.name], from_pandas=True).cast(field.type) for field in schema]
    made = pa.Table.from_arrays(columns, schema=schema)
    order = pc.sort_indices(made, sort_keys=[(column, "ascending") for column in (*table.order, *table.key)])
    for start in range(0, len(order), _ROWS):
        yield from made.take(order.slice(start, _ROWS)).combine_chunks().to_batches()
