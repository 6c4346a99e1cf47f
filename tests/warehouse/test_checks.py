"""The checks before publishing: each rule, broken alone, is reported, and nothing else is."""

import pyarrow as pa
import pytest

from schemas.columns import Column, ForeignKey, Table
from schemas.tables import TABLES
from tests.warehouse.conftest import Tables
from warehouse.checks import table_problems

COLUMNS = [(table, column) for table in TABLES.values() for column in table.columns]
FOREIGN_KEYS = [(table, key) for table in TABLES.values() for key in table.foreign_keys]


def ids(cases: list[tuple[Table, Column]]) -> list[str]:
    return [f"{table.name}.{column.name}" for table, column in cases]


def changed(table: pa.Table, column: str, value: object, row: int = 0) -> pa.Table:
    """The table with one value changed, though its schema may forbid it."""
    rows = table.to_pylist()
    rows[row][column] = value
    arrays = [pa.array([each[field.name] for each in rows], field.type) for field in table.schema]
    return pa.Table.from_arrays(arrays, schema=table.schema)


def extended(table: pa.Table, **row: object) -> pa.Table:
    return pa.concat_tables([table, pa.Table.from_pylist([row], schema=table.schema)])


@pytest.fixture
def sound(tables: Tables) -> Tables:
    """The tables of the samples, with a row in those that the samples leave empty."""
    left, right, *_ = tables["documents"]["document_id"].to_pylist()
    page = tables["pages"].to_pylist()[0]
    tables["candidate_pairs"] = extended(
        tables["candidate_pairs"], left_id=left, right_id=right, score=0.9, evidence="title", decision=None
    )
    tables["issues"] = extended(
        tables["issues"],
        issue_id="i",
        level="warning",
        kind="k",
        message="m",
        expected="e",
        found="f",
        url="urn:a",
        collection_id=page["collection_id"],
        page_id=page["page_id"],
        run_id=tables["runs"]["run_id"].to_pylist()[0],
    )
    return {**tables, **{name: extended(tables[name], **row) for name, row in _of_a_page(left, right, page).items()}}


def _of_a_page(document: str, other: str, page: dict[str, object]) -> dict[str, dict[str, object]]:
    """A row for each table that pages of documents fill."""
    place = {"document_id": document, "position": 1}
    text = {"kind": "transcript", "language": "Russian"}
    sizes = {"character_count": 1, "word_count": 1}
    return {
        "terms": {
            "term_id": "people/x",
            "kind": "people",
            "name": "x",
            "url": "urn:a",
            "facet_id": "1",
            "description": "d",
        },
        "document_terms": {**place, "role": "author", "term_id": "people/x"},
        "texts": {**place, **text, **sizes, "language_basis": "derived", "page_id": page["page_id"], "text": "x"},
        "files": {**place, **text, "url": "urn:a", "media_type": "application/pdf"},
        "relations": {
            **place,
            "related_id": other,
            "node_id": "1",
            "url": "urn:a",
            "date_text": "1956",
            "title": "t",
        },
    }


def test_sound_tables_have_no_problems(sound: Tables) -> None:
    assert all(table.num_rows for table in sound.values())
    assert table_problems(sound) == []


def test_tables_without_rows_have_no_problems() -> None:
    assert table_problems({name: table.arrow_schema().empty_table() for name, table in TABLES.items()}) == []


NEVER_NULL = [case for case in COLUMNS if not case[1].nullable]


@pytest.mark.parametrize(("table", "column"), NEVER_NULL, ids=ids(NEVER_NULL))
def test_a_null_where_none_may_be_is_reported(table: Table, column: Column, sound: Tables) -> None:
    sound[table.name] = changed(sound[table.name], column.name, None)

    assert table_problems(sound) == [f"{table.name}.{column.name}: 1 nulls where none may be"]


NULLABLE = [case for case in COLUMNS if case[1].nullable]


@pytest.mark.parametrize(("table", "column"), NULLABLE, ids=ids(NULLABLE))
def test_a_null_where_one_may_be_is_none(table: Table, column: Column, sound: Tables) -> None:
    sound[table.name] = changed(sound[table.name], column.name, None)

    assert table_problems(sound) == []


TEXTS = [case for case in COLUMNS if case[1].type == "string"]


@pytest.mark.parametrize(("table", "column"), TEXTS, ids=ids(TEXTS))
def test_an_empty_string_is_reported(table: Table, column: Column, sound: Tables) -> None:
    sound[table.name] = changed(sound[table.name], column.name, "")

    assert table_problems(sound) == [
        f"{table.name}.{column.name}: 1 empty strings (absent is null)",
        *([f"{table.name}.{column.name}: not one of its values: ''"] if column.allowed else []),
    ]


LISTED = [case for case in COLUMNS if case[1].allowed]


@pytest.mark.parametrize(("table", "column"), LISTED, ids=ids(LISTED))
def test_a_value_that_is_not_listed_is_reported(table: Table, column: Column, sound: Tables) -> None:
    sound[table.name] = changed(sound[table.name], column.name, "Other")

    assert table_problems(sound) == [f"{table.name}.{column.name}: not one of its values: 'Other'"]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_repeated_key_is_reported(table: Table, sound: Tables) -> None:
    rows = sound[table.name]
    sound[table.name] = pa.concat_tables([rows, rows.slice(0, 1)])

    assert table_problems(sound) == [f"{table.name}: 1 rows repeat the key ({', '.join(table.key)})"]


# A row that points nowhere is missing where it is counted, too.
CONSEQUENCES = {
    ("memberships", "document_id"): ["documents.collection_count: 1 rows differ from the count of memberships"],
    ("memberships", "collection_id"): ["collections.observed_total: 1 rows differ from the count of memberships"],
    ("entries", "page_id"): ["pages.entry_count: 1 rows differ from the count of entries"],
}


@pytest.mark.parametrize(
    ("table", "key"), FOREIGN_KEYS, ids=[f"{table.name}.{'-'.join(key.columns)}" for table, key in FOREIGN_KEYS]
)
def test_a_row_that_points_nowhere_is_reported(table: Table, key: ForeignKey, sound: Tables) -> None:
    (column,) = key.columns
    sound[table.name] = changed(sound[table.name], column, "nowhere", row=sound[table.name].num_rows - 1)

    assert table_problems(sound) == [
        f"{table.name}: 1 rows point to no row of {key.table}, such as nowhere",
        *CONSEQUENCES.get((table.name, column), []),
    ]


@pytest.mark.parametrize(
    ("table", "column", "counted"),
    [
        ("documents", "collection_count", "memberships"),
        ("collections", "observed_total", "memberships"),
        ("pages", "entry_count", "entries"),
    ],
)
@pytest.mark.parametrize("by", [-1, 1])
def test_a_count_that_differs_from_what_is_counted_is_reported(
    table: str, column: str, counted: str, by: int, sound: Tables
) -> None:
    sound[table] = changed(sound[table], column, sound[table][column][0].as_py() + by)

    assert table_problems(sound) == [f"{table}.{column}: 1 rows differ from the count of {counted}"]


def test_what_nothing_is_counted_for_has_the_count_0(sound: Tables) -> None:
    memberships = sound["memberships"].to_pylist()
    alone = next(row for row in sound["documents"].to_pylist() if row["collection_count"] == 1)
    kept = [row for row in memberships if row["document_id"] != alone["document_id"]]
    sound["memberships"] = pa.Table.from_pylist(kept, schema=sound["memberships"].schema)

    assert table_problems(sound) == [
        "documents.collection_count: 1 rows differ from the count of memberships",
        "collections.observed_total: 1 rows differ from the count of memberships",
    ]


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_is_reported(name: str, sound: Tables) -> None:
    del sound[name]

    assert table_problems(sound) == [f"{name}: the table is missing"]


def test_every_missing_table_is_reported() -> None:
    assert table_problems({}) == [f"{name}: the table is missing" for name in TABLES]


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_column_is_reported(name: str, sound: Tables) -> None:
    sound[name] = sound[name].drop_columns([sound[name].schema.names[0]])

    assert table_problems(sound) == [f"{name}: the columns are not those of the schema"]


def cast(table: pa.Table, column: str, to: pa.DataType, *, nullable: bool | None = None) -> pa.Table:
    at = table.schema.get_field_index(column)
    former = table.schema.field(at)
    field = former.with_type(to).with_nullable(former.nullable if nullable is None else nullable)
    return table.set_column(at, field, table[column].cast(to))


WRONG = {
    "a narrower number": lambda t: cast(t, "collection_count", pa.int32()),
    "a number as text": lambda t: cast(t, "collection_count", pa.string()),
    "long text": lambda t: cast(t, "title", pa.large_string()),
    "a date without a time": lambda t: cast(t, "date_start", pa.date32()),
    "a date in nanoseconds": lambda t: cast(t, "date_start", pa.timestamp("ns")),
    "a timestamp without a zone": lambda t: cast(t, "first_seen_at", pa.timestamp("us")),
    "nulls allowed where they are not": lambda t: cast(t, "document_id", pa.string(), nullable=True),
    "columns in another order": lambda t: t.select(t.schema.names[::-1]),
    "a column more": lambda t: t.append_column("more", t["title"]),
    "a column of another name": lambda t: t.rename_columns(["id", *t.schema.names[1:]]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_columns_that_are_not_as_stated_are_reported(wrong, sound: Tables) -> None:
    sound["documents"] = wrong(sound["documents"])

    assert table_problems(sound) == ["documents: the columns are not those of the schema"]


def test_every_broken_rule_is_reported(sound: Tables) -> None:
    documents = changed(sound["documents"], "date_precision", "eon")
    sound["documents"] = changed(documents, "date_approximate", None)
    sound["runs"] = changed(sound["runs"], "source", "")

    assert table_problems(sound) == [
        "documents.date_precision: not one of its values: 'eon'",
        "documents.date_approximate: 1 nulls where none may be",
        "runs.source: 1 empty strings (absent is null)",
    ]
