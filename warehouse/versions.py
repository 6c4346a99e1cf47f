"""Snapshots of other versions of the schema, as an update of wcda leaves them: what of them is read, and what is said.

What a minor version adds can be null (`schemas.tables.SCHEMA_VERSION`), so null stands for what a snapshot lacks.
"""

from typing import TYPE_CHECKING

from schemas.errors import WarehouseError
from schemas.tables import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse.snapshots import Snapshot


def is_of_this_version(snapshot: "Snapshot") -> bool:
    """Whether it has the tables and columns that this code states, and no others."""
    return snapshot.manifest.schema_version == SCHEMA_VERSION


def is_readable(snapshot: "Snapshot") -> bool:
    """Whether this code can read it: it is of the same major version."""
    return _major(snapshot.manifest.schema_version) == _major(SCHEMA_VERSION)


def read_other_version(snapshot: "Snapshot", table: str, columns: list[str] | None) -> "pa.Table":
    """A table, or some columns of it, as this code states them; null in those that the snapshot lacks.

    Raises:
        WarehouseError: It is of another major version.
    """
    import pyarrow.parquet as pq

    if not is_readable(snapshot):
        raise WarehouseError(
            f"{version_note(snapshot)}, which reads no other major version; wcda rebuild makes another"
        )
    file, schema = snapshot.path / f"{table}.parquet", TABLES[table].arrow_schema()
    if not file.exists():
        return schema.empty_table().select(columns or schema.names)
    return pq.read_table(file, columns=columns, schema=schema)


def missing_columns(snapshot: "Snapshot") -> list[str]:
    """Columns that this code states and a snapshot of another version lacks, as `table.column`."""
    import pyarrow.parquet as pq

    if is_of_this_version(snapshot):
        return []
    files = {name: snapshot.path / f"{name}.parquet" for name in TABLES}
    held = {name: pq.read_schema(file).names if file.exists() else [] for name, file in files.items()}
    return [
        f"{name}.{column}"
        for name, table in TABLES.items()
        for column in table.column_names
        if column not in held[name]
    ]


def version_note(snapshot: "Snapshot") -> str | None:
    """A line for a person on a snapshot of another version, and what it lacks; null if it is of this one."""
    if is_of_this_version(snapshot):
        return None
    versions = f"snapshot {snapshot.manifest.snapshot_id} has schema version {snapshot.manifest.schema_version}"
    missing = missing_columns(snapshot)
    return f"{versions}, and this wcda {SCHEMA_VERSION}" + (f"; it has no {', '.join(missing)}" if missing else "")


def _major(version: str) -> str:
    return version.partition(".")[0]
