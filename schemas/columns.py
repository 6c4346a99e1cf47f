"""How a table and a column are stated: the vocabulary of `schemas.tables`."""

from dataclasses import dataclass

import pyarrow as pa

from wcda.schema import ColumnType, arrow_type


@dataclass(frozen=True, slots=True)
class Column:
    """One column: everything about it is stated here.

    Attributes:
        source: Where on the page, or from which rule, the value comes.
        nullable: Absent is null, never an empty string; counts are never null.
        volatile: Differs from run to run by its nature: left out of comparisons and of `changes`.
        allowed: The only values that the column can have; empty for any.
        large: Texts that together are too large for memory: written in batches, and in no CSV, report or changes.
    """

    name: str
    type: ColumnType
    description: str
    source: str
    nullable: bool = False
    volatile: bool = False
    allowed: tuple[str, ...] = ()
    large: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Each value of `columns` stands in `reference`; nulls are left out."""

    columns: tuple[str, ...]
    table: str
    reference: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        key: Columns whose values name a row.
        order: Columns by which rows are sorted, before the key.
        volatile: The whole table is bookkeeping of runs: left out of comparisons and of `changes`.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    order: tuple[str, ...] = ()
    volatile: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def is_large(self) -> bool:
        """Whether the table has a column that is too large for memory."""
        return any(column.large for column in self.columns)

    @property
    def lasting_columns(self) -> tuple[str, ...]:
        """Names of the columns that comparisons look at."""
        return tuple(column.name for column in self.columns if not column.volatile)

    def arrow_schema(self, *, with_large: bool = True) -> pa.Schema:
        """The Arrow schema; each field's metadata has its description and source.

        Args:
            with_large: Whether large columns are in it.
        """
        fields = [
            pa.field(
                column.name,
                arrow_type(column.type),
                nullable=column.nullable,
                metadata={"description": column.description, "source": column.source},
            )
            for column in self.columns
            if with_large or not column.large
        ]
        return pa.schema(fields, metadata={"table": self.name, "description": self.description})
