"""Exports of the tables as tables: CSV for spreadsheets, JSON lines, Parquet by collection."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from schemas.columns import Table
from schemas.tables import MEMBERSHIPS, TABLES
from warehouse.products.selection import Selection, select
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
"""
PARQUET_RULES = """\
Parquet, one file for each collection, with its documents in the order of the listing; those without a rank come last.

- The columns are those of the table documents, after collection_id and rank.
- A file is named by the collection's id; if that has other characters than a-z, 0-9, _ and -, or is long, by what is
  left of it and a hash.
"""

# https://owasp.org/www-community/attacks/CSV_Injection; apostrophes before it, so that undoing it loses none.
_FORMULA = r"\A('*[=+\-@\t\r\n＝＋－＠])"


def batches(
    snapshot: Snapshot,
    name: str,
    selection: Selection | None = None,
    *,
    with_large: bool = False,
    with_lists: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Rows of a table, some thousand at a time; days and timestamps as text (ISO 8601).

    Args:
        snapshot: Published.
        name: The table.
        selection: Rows that are wanted; `None` for all.
        with_large: Whether columns that are too large for memory are there too; then fewer rows come at a time.
        with_lists: Whether lists stay lists; else each is one text.
    """
    table = TABLES[name]
    names = table.arrow_schema(with_large=with_large).names
    for rows in selected(snapshot, name, selection, with_large=with_large):
        columns = [_plain(rows[each.name], each.type, with_lists) for each in table.columns if each.name in names]
        yield pa.RecordBatch.from_arrays(columns, names=names)


def selected(
    snapshot: Snapshot, name: str, selection: Selection | None, *, with_large: bool
) -> Iterator[pa.RecordBatch]:
    """Rows of a table as it holds them, some thousand at a time; the arguments are those of `batches`."""
    table = TABLES[name]
    is_large = with_large and table.is_large
    held = snapshot.batches(name, LARGE_ROWS) if is_large else snapshot.read(name).to_batches(BATCH_ROWS)
    for batch in held:
        yield batch if selection is None else selection.of(table, batch)


def _plain(column: pa.Array, kind: str, with_lists: bool) -> pa.Array:
    if kind in {"date", "instant"}:
        return _iso(column, kind)
    return pc.binary_join(column, LIST_MARK) if kind == "strings" and not with_lists else column


def write_csv(snapshot: Snapshot, folder: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """One CSV file for each table, by `CSV_RULES`."""
    folder.mkdir()
    return write_csv_files(snapshot, folder, select(snapshot, collections)), []


def write_csv_files(snapshot: Snapshot, folder: Path, selection: Selection | None) -> int:
    """CSV files in a folder that is there; gives the number of rows."""
    rows = 0
    # So written, texts and numbers stand in quotes and nulls do not, which distinguishes null from empty text.
    options = csv.WriteOptions(quoting_style="all_valid", eol="\r\n")
    for table in TABLES.values():
        with (folder / f"{table.name}.csv").open("wb") as file:
            file.write(b"\xef\xbb\xbf")
            schema = _text_schema(table)
            with csv.CSVWriter(file, schema, write_options=options) as writer:
                for batch in batches(snapshot, table.name, selection):
                    writer.write_batch(pa.RecordBatch.from_arrays([_guard(column) for column in batch], schema=schema))
                    rows += batch.num_rows
    return rows


def write_jsonl(snapshot: Snapshot, folder: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """One file of JSON lines for each table."""
    folder.mkdir()
    rows = 0
    selection = select(snapshot, collections)
    for name in TABLES:
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            for batch in batches(snapshot, name, selection, with_large=True, with_lists=True):
                file.writelines(f"{json_line(row)}\n" for row in batch.to_pylist())
                rows += batch.num_rows
    return rows, []


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
