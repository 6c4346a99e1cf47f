"""Export of the tables as one SQLite database: keys, indices, full-text search and views."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from schemas.columns import Table
from schemas.errors import WarehouseError
from schemas.tables import SCHEMA_VERSION, TABLES
from warehouse.products.selection import Selection, select
from warehouse.products.tabular import LIST_MARK, batches
from wcda.snapshots import Snapshot

SEARCHED = {"documents": ("title", "summary"), "texts": ("text",)}
"""Columns that a full-text index is over, by table; the index of a table is named TABLE_fts."""

ROLES = {
    "authors": "author",
    "participants": "participant",
    "people": "person",
    "places": "place",
    "topics": "topic",
    "subjects": "subject",
    "donors": "donor",
    "archives": "repository",
    "languages": "language",
}
"""Columns of `document_terms_wide`, and the role whose terms each holds."""

_BY_COLLECTION = """
CREATE VIEW documents_by_collection AS
SELECT
  memberships.collection_id,
  coalesce(collections.name, memberships.collection_id) AS collection,
  memberships.rank,
  documents.document_id,
  documents.title,
  documents.date_text,
  documents.date_start,
  documents.date_end,
  CASE WHEN substr(date_start, 1, 4) = substr(date_end, 1, 4) THEN CAST(date_start AS INTEGER) END AS year,
  documents.date_precision,
  documents.summary,
  documents.url,
  documents.collection_count,
  documents.rowid AS document_number
FROM memberships
JOIN documents USING (document_id)
JOIN collections USING (collection_id)
"""

_APPLICATION = 0x77636461  # "wcda"
_START = re.compile(rb"SQLite format 3\x00.{8}\x00\x00\x00\x01.{40}wcda", re.DOTALL)
"""https://sqlite.org/fileformat.html: the counter of changes is at byte 24, the id of the application at byte 68."""


def write_sqlite(snapshot: Snapshot, path: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """One SQLite file of all tables, with keys, foreign keys, an index on each of these, full-text search and views.

    Raises:
        WarehouseError: A key or foreign key does not hold, or the file cannot be written.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            return _fill(database, snapshot, select(snapshot, collections)), []
    except sqlite3.Error as error:
        raise WarehouseError(f"{path}: cannot be written: {error}") from error


def is_sqlite_export(path: Path) -> bool:
    """Whether a file is such a database, and nobody has written to it since."""
    with path.open("rb") as file:
        return _START.match(file.read(100)) is not None


def _fill(database: sqlite3.Connection, snapshot: Snapshot, selection: Selection | None) -> int:
    rows = 0
    # Nobody else reads it before it is whole, so there is nothing to roll back to.
    for setting in ("journal_mode = OFF", "synchronous = OFF"):
        database.execute(f"PRAGMA {setting}")
    database.execute("BEGIN")  # one change, so that a later one is seen
    database.execute(f"PRAGMA application_id = {_APPLICATION}")
    database.execute(f"PRAGMA user_version = {int(SCHEMA_VERSION.partition('.')[0])}")
    for table in TABLES.values():
        database.execute(_create(table))
        marks = ", ".join("?" * len(table.columns))
        for batch in batches(snapshot, table.name, selection, with_large=True):
            values = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            database.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', values)  # noqa: S608 (our own names)
            rows += batch.num_rows
        for statement in _indices(table):
            database.execute(statement)
    for statement in (*_full_text(), _BY_COLLECTION, _terms_wide()):
        database.execute(statement)
    database.execute("COMMIT")
    broken = database.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise WarehouseError(f"{snapshot.path.name}: a row of {broken[0]} refers to none of {broken[2]}")
    return rows


def _create(table: Table) -> str:
    types = {"int": "INTEGER", "float": "REAL", "bool": "INTEGER"}
    columns = [
        f'"{column.name}" {types.get(column.type, "TEXT")}{"" if column.nullable else " NOT NULL"}'
        for column in table.columns
    ]
    keys = [f"PRIMARY KEY ({_quoted(table.key)})"]
    keys += [
        f'FOREIGN KEY ({_quoted(key.columns)}) REFERENCES "{key.table}" ({_quoted(key.reference)})'
        for key in table.foreign_keys
    ]
    return f'CREATE TABLE "{table.name}" (\n  ' + ",\n  ".join(columns + keys) + "\n)"


def _indices(table: Table) -> list[str]:
    """An index on each foreign key with which the primary key does not begin, as that has one."""
    return [
        f'CREATE INDEX "{table.name}_{"_".join(key.columns)}" ON "{table.name}" ({_quoted(key.columns)})'
        for key in table.foreign_keys
        if table.key[: len(key.columns)] != key.columns
    ]


def _full_text() -> Iterator[str]:
    """Indices that keep no copy of the texts (sqlite.org/fts5.html, external content tables).

    A letter with an accent is found without it too. Datasette knows such an index by content="TABLE".
    """
    for table, columns in SEARCHED.items():
        yield (
            f'CREATE VIRTUAL TABLE {table}_fts USING fts5({", ".join(columns)}, content="{table}", '
            "tokenize='unicode61 remove_diacritics 2')"
        )
        yield f"INSERT INTO {table}_fts({table}_fts) VALUES ('rebuild')"  # noqa: S608 (our own names)


def _terms_wide() -> str:
    """One row for each document, with the names of its terms of each role in the order of the page."""
    columns = [
        f"(SELECT group_concat(name, '{LIST_MARK}') FROM (SELECT coalesce(terms.name, terms.term_id) AS name "  # noqa: S608
        "FROM document_terms JOIN terms USING (term_id) WHERE document_terms.document_id = documents.document_id "
        f"AND role = '{role}' ORDER BY position)) AS {column}"
        for column, role in ROLES.items()
    ]
    kept = ["document_id", "title", "date_text", "date_start", "date_end", *columns]
    listed = ",\n  ".join([*kept, "url", "rowid AS document_number"])
    return f"CREATE VIEW document_terms_wide AS\nSELECT\n  {listed}\nFROM documents"


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
