"""The tables as a Data Package (specs.frictionlessdata.io): what other tools need to read and prove a snapshot."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from schemas.archive import Archive
from schemas.columns import Column, Table
from schemas.tables import SCHEMA_VERSION, TABLES

DATA_PACKAGE = "datapackage.json"
"""Name of the file, as the specification has it."""

_TYPES = {"string": "string", "int": "integer", "float": "number", "bool": "boolean", "date": "datetime"}
_TYPES |= {"instant": "datetime", "strings": "array"}


def data_package(
    snapshot_id: str, created_at: dt.datetime, digests: Mapping[str, str], archive: Archive
) -> dict[str, Any]:
    """The descriptor of a snapshot, as JSON values.

    Args:
        snapshot_id: Its id.
        created_at: UTC.
        digests: SHA-256 of each file, by its name.
        archive: Whose listings the tables hold.
    """
    return {
        "name": "wcda",
        "id": snapshot_id,
        "title": f"Listings of the {archive.name}, normalized",
        "description": (
            "Documents, collections and memberships as the archive's pages show them. The code that made the "
            "tables is under the MIT licence; the records are the archive's and its contributors', under its terms."
        ),
        "created": created_at.isoformat(),
        "version": SCHEMA_VERSION,
        "sources": [{"title": archive.name, "path": archive.url}],
        "resources": [_resource(table, digests[f"{table.name}.parquet"]) for table in TABLES.values()],
    }


def _resource(table: Table, digest: str) -> dict[str, Any]:
    keys = [
        {
            "fields": list(key.columns),
            # Within a table the specification names it by nothing.
            "reference": {"resource": "" if key.table == table.name else key.table, "fields": list(key.reference)},
        }
        for key in table.foreign_keys
    ]
    return {
        "name": table.name,
        "path": f"{table.name}.parquet",
        "description": table.description,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "hash": f"sha256:{digest}",
        "schema": {
            "fields": [_field(column) for column in table.columns],
            "primaryKey": list(table.key),
            **({"foreignKeys": keys} if keys else {}),
        },
    }


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    # Readers of Parquet that go through pandas, such as frictionless, meet an integer that is absent as a float.
    is_float = column.type == "int" and column.nullable
    return {
        "name": column.name,
        "type": "number" if is_float else _TYPES[column.type],
        "description": f"{column.description} Source: {column.source}.",
        **({"constraints": constraints} if constraints else {}),
    }
