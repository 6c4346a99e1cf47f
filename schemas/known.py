"""What `wcda` knows of the tables, from the one statement of each. `make dictionary` writes wcda/schema.json."""

import json
from dataclasses import asdict
from typing import Any

from schemas.columns import Table
from schemas.tables import SCHEMA_VERSION, TABLES
from wcda.schema import KnownColumn, KnownTable


def known_schema() -> str:
    """All tables and columns as JSON."""
    tables = [_known(table) for table in TABLES.values()]
    return json.dumps({"version": SCHEMA_VERSION, "tables": tables}, indent=1) + "\n"


def _known(table: Table) -> dict[str, Any]:
    columns = tuple(
        KnownColumn(column.name, column.type, column.nullable, column.volatile, column.allowed, column.large)
        for column in table.columns
    )
    return asdict(KnownTable(table.name, table.key, columns))


if __name__ == "__main__":
    print(known_schema(), end="")  # noqa: T201 (it is the output)
