"""The statement of the tables: complete, consistent within itself, and the one that the design promises."""

import pyarrow as pa
import pytest

from schemas.columns import Column, ForeignKey, Table
from schemas.parsed import PARSED_TABLES
from schemas.tables import TABLES

DESIGN: dict[str, tuple[str, str]] = {
    # table: (key, further columns), to the letter of the design
    "documents": (
        "document_id",
        "title, date_text, date_edtf, date_start, date_end, date_precision, date_approximate, title_date_edtf, "
        "summary, url, collection_count, first_seen_at, last_seen_at, last_changed_at, record_id, node_id, "
        "document_type, source, original_archive, original_classification, rights, credits, uploaded_on, languages, "
        "page_captured_at",
    ),
    "collections": ("collection_id", "kind, name, query, url, reported_total, observed_total, coverage, complete"),
    "memberships": ("document_id, collection_id", "rank, first_seen_at, last_seen_at"),
    "entries": ("page_id, position", "document_id, rule, date_text, date_edtf, title, summary, url"),
    "pages": ("page_id", "collection_id, layout, outcome, range_first, range_last, range_total, entry_count"),
    "captures": (
        "capture_id",
        "page_id, run_id, source, url, captured_at, http_status, warc_file, warc_offset",
    ),
    "readings": (
        "reading_id",
        "collection_id, run_id, started_at, ended_at, reported_total, observed_total, complete, reason",
    ),
    "document_keys": ("key, document_id", "kind"),
    "candidate_pairs": ("left_id, right_id", "score, evidence, decision"),
    "revisions": ("document_id, revision", "date_text, title, summary, url, first_seen_at, last_seen_at"),
    "terms": ("term_id", "kind, name, url, facet_id, description"),
    "document_terms": ("document_id, role, position", "term_id"),
    # Its position tells a text from all others of its document, whatever their kinds and languages.
    "texts": (
        "document_id, position",
        "kind, language, language_basis, text, character_count, word_count, page_id",
    ),
    "files": ("document_id, position", "kind, language, url, media_type"),
    "relations": ("document_id, position", "related_id, node_id, url, date_text, title"),
    "issues": ("issue_id", "level, kind, message, expected, found, url, collection_id, page_id, run_id"),
    "runs": ("run_id", "started_at, ended_at, source, outcome"),
}

ALL_TABLES = [*TABLES.values(), *PARSED_TABLES.values()]
ALL_COLUMNS = [(table, column) for table in ALL_TABLES for column in table.columns]
COLUMN_IDS = [f"{table.name}.{column.name}" for table, column in ALL_COLUMNS]
FOREIGN_KEYS = [(table, key) for table in TABLES.values() for key in table.foreign_keys]
FOREIGN_KEY_IDS = [f"{table.name}.{'-'.join(key.columns)}" for table, key in FOREIGN_KEYS]

INSTANT = pa.timestamp("us", tz="UTC")
DATE = pa.timestamp("ms")
DAYS = {"documents.date_start", "documents.date_end", "documents.uploaded_on"}


def names(listed: str) -> list[str]:
    return listed.split(", ")


def field(table: Table, name: str) -> pa.Field:
    return table.arrow_schema().field(name)


def test_the_tables_are_those_of_the_design_in_its_order() -> None:
    assert list(TABLES) == list(DESIGN)


@pytest.mark.parametrize("name", DESIGN)
def test_a_table_has_the_key_and_the_columns_of_the_design(name: str) -> None:
    key, further = DESIGN[name]
    table = TABLES[name]
    extra = set(table.column_names) - {*names(key), *names(further)}

    assert list(table.key) == names(key)
    assert set(table.column_names) >= {*names(key), *names(further)}
    assert all(column.endswith("_count") for column in extra) if name == "runs" else not extra


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_no_column_of_a_table_has_the_name_of_another(table: Table) -> None:
    assert len(set(table.column_names)) == len(table.columns)


@pytest.mark.parametrize(("table", "column"), ALL_COLUMNS, ids=COLUMN_IDS)
def test_a_column_says_what_it_is_and_where_it_comes_from_in_the_arrow_field_too(table: Table, column: Column) -> None:
    arrow = field(table, column.name)

    assert column.description.strip()
    assert column.source.strip()
    assert arrow.metadata == {b"description": column.description.encode(), b"source": column.source.encode()}
    assert arrow.nullable == column.nullable


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_the_arrow_schema_has_the_columns_in_order_and_the_table_s_name_and_description(table: Table) -> None:
    schema = table.arrow_schema()

    assert tuple(schema.names) == table.column_names
    assert schema.metadata == {b"table": table.name.encode(), b"description": table.description.encode()}


@pytest.mark.parametrize(("table", "column"), ALL_COLUMNS, ids=COLUMN_IDS)
def test_instants_are_utc_microseconds_and_dates_are_milliseconds(table: Table, column: Column) -> None:
    arrow = field(table, column.name).type

    assert (arrow == INSTANT) == (column.name.endswith("_at") or column.name == "at")
    assert (arrow == DATE) == (f"{table.name}.{column.name}" in DAYS)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_key_columns_exist_and_are_never_null(table: Table) -> None:
    assert table.key
    assert [field(table, name).nullable for name in table.key] == [False] * len(table.key)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_rows_are_ordered_by_columns_that_exist(table: Table) -> None:
    assert set(table.order) <= set(table.column_names)


@pytest.mark.parametrize(("table", "key"), FOREIGN_KEYS, ids=FOREIGN_KEY_IDS)
def test_a_foreign_key_names_the_key_of_a_table_with_equal_types(table: Table, key: ForeignKey) -> None:
    target = TABLES[key.table]

    assert key.reference == target.key
    assert [field(table, name).type for name in key.columns] == [field(target, name).type for name in key.reference]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_column_named_after_another_table_s_key_is_a_foreign_key(table: Table) -> None:
    keys = {other.key[0] for other in TABLES.values() if len(other.key) == 1} - {*table.key[: len(table.key) == 1]}
    pointing = {name for key in table.foreign_keys for name in key.columns}

    assert keys & set(table.column_names) <= pointing


@pytest.mark.parametrize(("table", "column"), ALL_COLUMNS, ids=COLUMN_IDS)
def test_counts_are_never_null(table: Table, column: Column) -> None:
    counts = column.name.endswith("_count") or column.name == "observed_total"

    assert not (counts and field(table, column.name).nullable)


@pytest.mark.parametrize(("table", "column"), ALL_COLUMNS, ids=COLUMN_IDS)
def test_only_text_has_a_list_of_allowed_values(table: Table, column: Column) -> None:
    assert not column.allowed or field(table, column.name).type == pa.string()
    assert "" not in column.allowed


def test_bookkeeping_is_volatile_and_nothing_else() -> None:
    volatile = {f"{t.name}.{c.name}" for t in TABLES.values() if not t.volatile for c in t.columns if c.volatile}

    assert {name for name, table in TABLES.items() if table.volatile} == {"captures", "readings", "runs"}
    assert volatile == {
        "documents.first_seen_at",
        "documents.last_seen_at",
        "documents.last_changed_at",
        "documents.page_captured_at",
        "memberships.first_seen_at",
        "memberships.last_seen_at",
        "revisions.first_seen_at",
        "revisions.last_seen_at",
        "issues.run_id",
    }


def test_lasting_columns_are_all_but_the_volatile_ones() -> None:
    assert TABLES["memberships"].lasting_columns == ("document_id", "collection_id", "rank")
