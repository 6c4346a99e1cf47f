"""The tables as a Data Package (specs.frictionlessdata.io): what other tools need to read and prove a snapshot."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from schemas.archive import Archive
from schemas.columns import Column, Table
from schemas.tables import SCHEMA_VERSION, TABLES

DATA_PACKAGE = "datapackage.json"
"""Name of the file, as the specification has it."""

DESCRIPTION = (
    "Documents, collections and memberships as the archive's pages show them. The code that made the "
    "tables is under the MIT licence; the records are the archive's and its contributors', under its terms."
)

_TYPES = {"string": "string", "int": "integer", "float": "number", "bool": "boolean", "date": "datetime"}
_TYPES |= {"instant": "datetime", "strings": "any"}


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
        "title": title(archive),
        "description": DESCRIPTION,
        "created": created_at.isoformat(),
        "version": SCHEMA_VERSION,
        "sources": [{"title": archive.name, "path": archive.url}],
        "resources": [_resource(table, digests[f"{table.name}.parquet"]) for table in TABLES.values()],
    }


def bundle_package(
    snapshot_id: str, created_at: dt.datetime, digests: Mapping[str, str], archive: Archive
) -> dict[str, Any]:
    """The descriptor of a folder that has each table twice: in Parquet, and in CSV under the table's name with `_csv`.

    Args:
        snapshot_id: Of the tables.
        created_at: UTC.
        digests: SHA-256 of each file, by its name.
        archive: Whose listings the tables hold.
    """
    package = data_package(snapshot_id, created_at, digests, archive)
    texts = [_csv_resource(table, digests[f"{table.name}.csv"]) for table in TABLES.values()]
    return {**package, "resources": [*package["resources"], *texts]}


def title(archive: Archive) -> str:
    """What the tables are called."""
    return f"Listings of the {archive.name}, normalized"


def _resource(table: Table, digest: str) -> dict[str, Any]:
    return {
        "name": table.name,
        "path": f"{table.name}.parquet",
        "description": table.description,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "hash": f"sha256:{digest}",
        "schema": _schema(table, "", [_field(column) for column in table.columns]),
    }


def _csv_resource(table: Table, digest: str) -> dict[str, Any]:
    return {
        "name": f"{table.name}_csv",
        "path": f"{table.name}.csv",
        "description": table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "dialect": {"delimiter": ",", "quoteChar": '"', "lineTerminator": "\r\n", "doubleQuote": True},
        "hash": f"sha256:{digest}",
        "schema": _schema(table, "_csv", [_csv_field(column) for column in table.columns if not column.large]),
    }


def _schema(table: Table, suffix: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Fields and keys of a table, whose resource and those that it refers to have this suffix to their names."""
    keys = [
        {
            "fields": list(key.columns),
            # Within a table the specification names it by nothing.
            "reference": {
                "resource": "" if key.table == table.name else key.table + suffix,
                "fields": list(key.reference),
            },
        }
        for key in table.foreign_keys
    ]
    return {"fields": fields, "primaryKey": list(table.key), **({"foreignKeys": keys} if keys else {})}


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    # Readers of Parquet that go through pandas, such as frictionless, meet an integer that is absent as a float, and a
    # list as an array of numpy, which is no array to them.
    is_float = column.type == "int" and column.nullable
    return {
        "name": column.name,
        "type": "number" if is_float else _TYPES[column.type],
        "description": f"{column.description} Source: {column.source}.",
        **({"constraints": constraints} if constraints else {}),
    }


def _csv_field(column: Column) -> dict[str, Any]:
    """A column as the CSV files have it: days, whole numbers and joined lists, each as one text."""
    written = {"int": {"type": "integer"}, "date": {"type": "date"}, "strings": {"type": "string"}}
    written["instant"] = {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%S.%fZ"}
    return {**_field(column), **written.get(column.type, {})}
