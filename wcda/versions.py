"""Snapshots of other versions of the schema, as an update of wcda leaves them: what of them is read.

What a minor version adds can be null, so null stands for what a snapshot lacks. Version 2 added tables, columns that
can be null, and allowed values, so that snapshots of version 1 are read likewise.
"""

import pyarrow as pa

from wcda.manifest import Manifest
from wcda.schema import SCHEMA_VERSION, TABLES

_READ_TOO = {"2": ("1",)}
"""Former major versions that each major version reads."""


def is_of_this_version(manifest: Manifest) -> bool:
    """Whether the snapshot has the tables and columns that this version of wcda knows, and no others."""
    return manifest.schema_version == SCHEMA_VERSION


def is_readable(manifest: Manifest) -> bool:
    """Whether this version of wcda can read the snapshot: it is of the same major version, or of one that it reads."""
    own, other = _major(SCHEMA_VERSION), _major(manifest.schema_version)
    return other == own or other in _READ_TOO.get(own, ())


def unreadable(manifest: Manifest) -> str | None:
    """Why the snapshot cannot be read, and what to do; `None` if it can."""
    if is_readable(manifest):
        return None
    return f"{versions(manifest)}, which reads no other major version; wcda rebuild makes another"


def versions(manifest: Manifest) -> str:
    """The schema's version of the snapshot, and that of this wcda."""
    return (
        f"snapshot {manifest.snapshot_id} has schema version {manifest.schema_version}, and this wcda {SCHEMA_VERSION}"
    )


def with_known_columns(rows: pa.Table, table: str) -> pa.Table:
    """Rows with the columns of this version, in its order; null in those that they lack."""
    schema = TABLES[table].arrow_schema()
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _major(version: str) -> str:
    return version.partition(".")[0]
