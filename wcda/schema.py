"""The tables as this version of wcda knows them: what a snapshot of another minor version is read as.

`schema.json` is made from the one statement of each column in `schemas.tables` (`make dictionary`).
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import pyarrow as pa

ColumnType = Literal["string", "int", "float", "bool", "date", "instant", "strings"]
"""strings is a list; date is `timestamp[ms]` (pandas reads date32 as objects); instant is `timestamp[us, tz=UTC]`."""


@dataclass(frozen=True, slots=True)
class KnownColumn:
    """One column.

    Attributes:
        nullable: Whether the value can be absent.
        volatile: Differs from run to run by its nature: left out of changes.
        allowed: The only values that the column can have; empty for any.
        large: Texts that together are too large for memory: left out of changes.
    """

    name: str
    type: ColumnType
    nullable: bool
    volatile: bool
    allowed: tuple[str, ...]
    large: bool


@dataclass(frozen=True, slots=True)
class KnownTable:
    """One table.

    Attributes:
        key: Columns whose values name a row.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[KnownColumn, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def small_column_names(self) -> tuple[str, ...]:
        """Names of the columns but large ones, in order."""
        return tuple(column.name for column in self.columns if not column.large)

    @property
    def lasting_columns(self) -> tuple[str, ...]:
        """Names of the columns that comparisons look at."""
        return tuple(column.name for column in self.columns if not column.volatile)

    def arrow_schema(self) -> pa.Schema:
        """Names, types and nullability of the columns."""
        return pa.schema(
            [pa.field(column.name, arrow_type(column.type), nullable=column.nullable) for column in self.columns]
        )


def arrow_type(name: ColumnType) -> pa.DataType:
    """The Arrow type of a column."""
    types = {
        "string": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.timestamp("ms"),
        "instant": pa.timestamp("us", tz="UTC"),
        "strings": pa.list_(pa.field("element", pa.string())),
    }
    return types[name]


def _table(stated: dict[str, Any]) -> KnownTable:
    columns = tuple(KnownColumn(**{**column, "allowed": tuple(column["allowed"])}) for column in stated["columns"])
    return KnownTable(stated["name"], tuple(stated["key"]), columns)


_STATED = json.loads(files("wcda").joinpath("schema.json").read_text(encoding="utf-8"))

SCHEMA_VERSION: str = _STATED["version"]
"""Version of the schema, major.minor."""

TABLES = {table.name: table for table in map(_table, _STATED["tables"])}
"""The tables, by name."""
