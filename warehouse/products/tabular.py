"""Exports of the tables as tables: CSV for spreadsheets, JSON lines, Parquet by collection, SQLite."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from schemas.columns import Table
from schemas.errors import WarehouseError
from schemas.tables import MEMBERSHIPS, SCHEMA_VERSION, TABLES
from wcda.snapshots import Snapshot

BATCH_ROWS = 4096
LARGE_ROWS = 64  # full texts at a time
LIST_MARK = "; "
"""Between the texts of a list where a cell has one text only."""

CSV_RULES = """\
CSV, one file for each table (RFC 4180, UTF-8 with a byte order mark, lines end with CR LF).

- Absent is an empty cell without quotes; a text of no characters is an empty cell in quotes ("").
- Days are YYYY-MM-DD, timestamps YYYY-MM-DDThh:mm:ss.ffffffZ (UTC). The texts of a list are joined by "; ".
- The full texts of documents are left out, as no spreadsheet holds them: JSON lines, SQLite and Parquet have them.
- A spreadsheet takes some texts for formulas. A text that begins with = + - @, their full-width forms, a tab, a
  carriage return or a line feed, with or without apostrophes before it, has one more apostrophe before it (as OWASP
  advises, "CSV Injection"). To undo it: where one or more apostrophes and then one of these characters stand at the
  beginning of a text, take away the first apostrophe. As a regular expression, at the beginning of the text only:
  ^'(?='*[=+\\-@\\t\\r\\n＝＋－＠]) becomes nothing.
"""
JSONL_RULES = """\
JSON lines, one file for each table, one object a line, UTF-8.

- Absent is null. Days are YYYY-MM-DD, timestamps YYYY-MM-DDThh:mm:ss.ffffffZ (UTC).
- An export that was limited to some collections has their documents alone.
"""
PARQUET_RULES = """\
Parquet, one file for each collection, with its documents in the order of the listing; those without a rank come last.

- The columns are those of the table documents, after collection_id and rank.
- A file is named by the collection's id; if that has other characters than a-z, 0-9, _ and -, or is long, by what is
  left of it and a hash.
"""

# https://owasp.org/www-community/attacks/CSV_Injection; apostrophes before it, so that undoing it loses none.
_FORMULA = r"\A('*[=+\-@\t\r\n＝＋－＠])"

# An index over the texts that keeps no copy of them (sqlite.org/fts5.html, external content tables). A letter with
# an accent is found without it too.
_FULL_TEXT = (
    "CREATE VIRTUAL TABLE texts_fts USING fts5(text, content='texts', tokenize='unicode61 remove_diacritics 2')",
    "INSERT INTO texts_fts(texts_fts) VALUES ('rebuild')",
)

_SQLITE_APPLICATION = 0x77636461  # "wcda"
_SQLITE_START = re.compile(rb"SQLite format 3\x00.{8}\x00\x00\x00\x01.{40}wcda", re.DOTALL)
"""https://sqlite.org/fileformat.html: the counter of changes is at byte 24, the id of the application at byte 68."""


def batches(
    snapshot: Snapshot, name: str, wanted: pa.Array | None = None, *, with_large: bool = False, with_lists: bool = False
) -> Iterator[pa.RecordBatch]:
    """Rows of a table, some thousand at a time; days and timestamps as text (ISO 8601).

    Args:
        snapshot: Published.
        name: The table.
        wanted: Ids of the documents that are wanted; `None` for all rows.
        with_large: Whether columns that are too large for memory are there too; then fewer rows come at a time.
        with_lists: Whether lists stay lists; else each is one text.
    """
    table = TABLES[name]
    names = table.arrow_schema(with_large=with_large).names
    is_large = with_large and table.is_large
    held = snapshot.batches(name, LARGE_ROWS) if is_large else snapshot.read(name).to_batches(BATCH_ROWS)
    for batch in held:
        rows = batch if wanted is None else batch.filter(pc.is_in(batch["document_id"], value_set=wanted))
        columns = [_plain(rows[each.name], each.type, with_lists) for each in table.columns if each.name in names]
        yield pa.RecordBatch.from_arrays(columns, names=names)


def _plain(column: pa.Array, kind: str, with_lists: bool) -> pa.Array:
    if kind in {"date", "instant"}:
        return _iso(column, kind)
    return pc.binary_join(column, LIST_MARK) if kind == "strings" and not with_lists else column


def document_ids(snapshot: Snapshot, collections: tuple[str, ...]) -> pa.Array | None:
    """Ids of the documents that one of the collections lists; `None`, for all documents, if none is named."""
    if not collections:
        return None
    members = snapshot.read("memberships", ["document_id", "collection_id"])
    listed = members.filter(pc.is_in(members["collection_id"], value_set=pa.array(collections, pa.string())))
    return listed["document_id"].unique()


def write_csv(snapshot: Snapshot, folder: Path) -> tuple[int, list[str]]:
    """One CSV file for each table, by `CSV_RULES`."""
    folder.mkdir()
    rows = 0
    # So written, texts and numbers stand in quotes and nulls do not, which distinguishes null from empty text.
    options = csv.WriteOptions(quoting_style="all_valid", eol="\r\n")
    for table in TABLES.values():
        with (folder / f"{table.name}.csv").open("wb") as file:
            file.write(b"\xef\xbb\xbf")
            schema = _text_schema(table)
            with csv.CSVWriter(file, schema, write_options=options) as writer:
                for batch in batches(snapshot, table.name):
                    writer.write_batch(pa.RecordBatch.from_arrays([_guard(column) for column in batch], schema=schema))
                    rows += batch.num_rows
    return rows, []


def write_jsonl(snapshot: Snapshot, folder: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """One file of JSON lines for each table; if collections are named, their documents alone."""
    folder.mkdir()
    rows = 0
    wanted = document_ids(snapshot, collections)
    names = list(TABLES) if wanted is None else ["documents"]
    for name in names:
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            for batch in batches(snapshot, name, wanted, with_large=True, with_lists=True):
                file.writelines(f"{json_line(row)}\n" for row in batch.to_pylist())
                rows += batch.num_rows
    return rows, [] if wanted is None else ["the documents of the named collections, without the other tables"]


def json_line(value: dict[str, Any]) -> str:
    """A value as JSON on one line, also for those who part lines where Unicode does (U+0085, U+2028, U+2029)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def write_parquet(snapshot: Snapshot, folder: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """One Parquet file for each collection, by `PARQUET_RULES`; also for those that list no document."""
    folder.mkdir()
    documents, members = snapshot.read("documents"), snapshot.read("memberships")
    members = members.sort_by([("rank", "ascending"), ("document_id", "ascending")])  # nulls come last
    place = pc.index_in(members["document_id"], value_set=documents["document_id"].combine_chunks())
    fields = [MEMBERSHIPS.arrow_schema().field(name) for name in ("collection_id", "rank")]
    rows = 0
    for name in collections or snapshot.read("collections", ["collection_id"])["collection_id"].to_pylist():
        mask = pc.equal(members["collection_id"], name)
        listed = documents.take(place.filter(mask))
        for at, field in enumerate(fields):
            listed = listed.add_column(at, field, members[field.name].filter(mask))
        pq.write_table(listed, folder / f"{file_stem(name)}.parquet", compression="zstd")
        rows += listed.num_rows
    return rows, []


def file_stem(collection_id: str) -> str:
    """A name for a file on any system: the id if it is plain, else what is plain of it and 16 digits of its SHA-256.

    An id that looks as if it were so made is not plain, so that no two ids have one name.
    """
    if re.fullmatch(r"(?!.*-[0-9a-f]{16}$)[a-z0-9][a-z0-9_-]{0,99}", collection_id):
        return collection_id
    plain = re.sub(r"[^a-z0-9]+", "-", collection_id.lower())[:60].strip("-")
    return f"{plain or 'collection'}-{sha256(collection_id.encode()).hexdigest()[:16]}"


def write_sqlite(snapshot: Snapshot, path: Path) -> tuple[int, list[str]]:
    """One SQLite file of all tables, with keys, foreign keys and an index on each of these.

    Raises:
        WarehouseError: A key or foreign key does not hold, or the file cannot be written.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            return _fill(database, snapshot), []
    except sqlite3.Error as error:
        raise WarehouseError(f"{path}: cannot be written: {error}") from error


def is_sqlite_export(path: Path) -> bool:
    """Whether a file is such a database, and nobody has written to it since."""
    with path.open("rb") as file:
        return _SQLITE_START.match(file.read(100)) is not None


def _fill(database: sqlite3.Connection, snapshot: Snapshot) -> int:
    rows = 0
    # Nobody else reads it before it is whole, so there is nothing to roll back to.
    for setting in ("journal_mode = OFF", "synchronous = OFF"):
        database.execute(f"PRAGMA {setting}")
    database.execute("BEGIN")  # one change, so that a later one is seen
    database.execute(f"PRAGMA application_id = {_SQLITE_APPLICATION}")
    database.execute(f"PRAGMA user_version = {int(SCHEMA_VERSION.partition('.')[0])}")
    for table in TABLES.values():
        database.execute(_create(table))
        marks = ", ".join("?" * len(table.columns))
        for batch in batches(snapshot, table.name, with_large=True):
            values = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            database.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', values)  # noqa: S608 (our own names)
            rows += batch.num_rows
        for statement in _indices(table):
            database.execute(statement)
    for statement in _FULL_TEXT:
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


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _iso(column: pa.Array, kind: str) -> pa.Array:
    """Days and timestamps as ISO 8601. By casts: `strftime` would want the system's time zones, for UTC too."""
    if kind == "date":
        return column.cast(pa.date32()).cast(pa.string())
    text = column.cast(pa.timestamp("us")).cast(pa.string())
    return pc.binary_join_element_wise(pc.replace_substring(text, " ", "T"), "Z", "")


def _text_schema(table: Table) -> pa.Schema:

    kinds = {column.name: pa.string() for column in table.columns if column.type in {"date", "instant", "strings"}}
    fields = table.arrow_schema(with_large=False)
    return pa.schema([(field.name, kinds.get(field.name, field.type)) for field in fields])


def _guard(column: pa.Array) -> pa.Array:
    """Texts that a spreadsheet would take for formulas, with an apostrophe before them; other columns as they are."""
    if not pa.types.is_string(column.type):
        return column
    return pc.replace_substring_regex(column, _FORMULA, r"'\1")
