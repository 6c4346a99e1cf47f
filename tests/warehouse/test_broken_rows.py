"""A row that breaks a rule of the tables is set aside with an issue, and the rest can be published."""

import pyarrow as pa
import pytest

from schemas.columns import Column, ForeignKey, Table
from schemas.tables import TABLES
from tests.warehouse.conftest import Tables
from tests.warehouse.test_checks import changed, ids
from warehouse.broken_rows import set_aside_broken_rows
from warehouse.checks import dangling_rows, table_problems

BREAKABLE = [
    (table, column)
    for table in TABLES.values()
    for column in table.columns
    if table.name not in ("runs", "candidate_pairs") and (column.type == "string" or not column.nullable)
]


@pytest.mark.parametrize(("table", "column"), BREAKABLE, ids=ids(BREAKABLE))
def test_any_value_that_may_not_be_costs_no_more_than_its_row(table: Table, column: Column, tables: Tables) -> None:
    if not tables[table.name].num_rows:
        pytest.skip("the samples have no such row")
    tables[table.name] = changed(tables[table.name], column.name, "" if column.type == "string" else None)
    assert table_problems(tables) != []

    sound = set_aside_broken_rows(tables)

    assert table_problems(sound) == []
    broken = [row for row in sound["issues"].to_pylist() if row["kind"] == "broken-row"]
    assert any(f"the table {table.name} " in row["message"] and column.name in row["message"] for row in broken)
    lost = sum(tables[name].num_rows - sound[name].num_rows for name in TABLES)
    assert lost == 0  # each row is in its table, or is an issue


def test_a_row_that_repeats_a_key_is_set_aside(tables: Tables) -> None:
    tables["documents"] = pa.concat_tables([tables["documents"], tables["documents"].slice(0, 1)])

    sound = set_aside_broken_rows(tables)

    assert table_problems(sound) == []
    assert sound["documents"].num_rows == tables["documents"].num_rows - 1


def test_sound_tables_stay_as_they_are(tables: Tables) -> None:
    assert set_aside_broken_rows(tables) == tables


def test_a_foreign_key_of_several_columns_is_checked_as_a_whole() -> None:
    key = ForeignKey(("a", "b"), "others", ("x", "y"))
    others = pa.table({"x": ["1", "2"], "y": ["p", "q"]})
    rows = pa.table({"a": ["1", "1", None, "2"], "b": ["p", "q", "q", "q"]})

    assert dangling_rows(rows, key, {"others": others}) == [1]
