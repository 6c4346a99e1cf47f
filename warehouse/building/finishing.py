"""From a frame to a published table: columns, types and the order of rows as the table's schema states them."""

import pandas as pd
import pyarrow as pa

from schemas.tables import TABLES


def finish(name: str, frame: pd.DataFrame | None) -> pa.Table:
    """The table as its schema states it: columns without large ones, types, order of rows."""
    table = TABLES[name]
    schema = table.arrow_schema(with_large=False)
    if frame is None or frame.empty:  # pandas loses the types of columns without values
        return schema.empty_table()
    columns = [pa.array(frame[field.name], from_pandas=True).cast(field.type) for field in schema]
    made = pa.Table.from_arrays(columns, schema=schema)
    order = [(column, "ascending") for column in (*table.order, *table.key)]
    return made.sort_by(order)
