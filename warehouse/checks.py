"""What must hold of a set of tables, read from their schemas: columns, nulls, values, keys, foreign keys, counts."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns import ForeignKey, Table
from schemas.identifiers import file_sha256
from schemas.tables import TABLES
from warehouse.codes import codes_of, combine
from wcda.manifest import FileNote
from wcda.snapshots import Snapshot
from wcda.versions import is_of_this_version


def snapshot_problems(snapshot: Snapshot) -> list[str]:
    """A line for each thing that is not as it was published, or breaks a rule of the schemas."""
    report = [snapshot.manifest.report] if snapshot.manifest.report else []
    problems = file_problems(snapshot, [*snapshot.manifest.tables, *report])
    if problems or not is_of_this_version(
        snapshot.manifest
    ):  # the rules of another version were checked as it was published
        return problems
    tables = {name: snapshot.read(name) for name in TABLES}
    rows = {note.name: note.rows for note in snapshot.manifest.tables}
    problems += [
        f"{name}: {table.num_rows} rows, and {rows.get(f'{name}.parquet')} were published"
        for name, table in tables.items()
        if table.num_rows != rows.get(f"{name}.parquet")
    ]
    return problems + table_problems(tables)


def file_problems(snapshot: Snapshot, notes: Iterable[FileNote]) -> list[str]:
    """A line for each file of a snapshot that is not as it was published.

    Args:
        snapshot: Published.
        notes: The files to look at, from its manifest.
    """
    problems = []
    for note in notes:
        file = snapshot.path / note.name
        if not file.is_file():
            problems.append(f"{note.name}: the file is missing")
        elif file_sha256(file) != note.sha256:
            problems.append(f"{note.name}: the file is not what was published (its SHA-256 differs)")
    return problems


def table_problems(tables: Mapping[str, pa.Table]) -> list[str]:
    """A line for each rule that the tables break; empty if they are sound.

    Args:
        tables: By name; all of `schemas.tables.TABLES`, with or without large columns.
    """
    missing = [f"{name}: the table is missing" for name in TABLES if name not in tables]
    if missing:
        return missing
    problems = [problem for table in TABLES.values() for problem in _own(table, tables[table.name])]
    if problems:  # what follows looks columns up that may not be there
        return problems
    for table in TABLES.values():
        for key in table.foreign_keys:
            problems += _foreign_key(table, key, tables)
    return problems + list(_counts(tables))


def _own(table: Table, rows: pa.Table) -> Iterator[str]:
    schemas = table.arrow_schema(with_large=False), table.arrow_schema()
    if not any(rows.schema.equals(schema) for schema in schemas):
        yield f"{table.name}: the columns are not those of the schema"
        return
    for column in (each for each in table.columns if each.name in rows.column_names):
        values = rows[column.name]
        if not column.nullable and values.null_count:
            yield f"{table.name}.{column.name}: {values.null_count} nulls where none may be"
        if column.type == "string":
            empty = pc.sum(pc.equal(values, "")).as_py()
            if empty:
                yield f"{table.name}.{column.name}: {empty} empty strings (absent is null)"
        if column.allowed:
            unknown = set(pc.unique(values).to_pylist()) - {*column.allowed, None}
            if unknown:
                yield f"{table.name}.{column.name}: not one of its values: {sorted(unknown)[0]!r}"
    repeated = rows.num_rows - _count_distinct(rows, table.key)
    if repeated:
        yield f"{table.name}: {repeated} rows repeat the key ({', '.join(table.key)})"


def _foreign_key(table: Table, key: ForeignKey, tables: Mapping[str, pa.Table]) -> Iterator[str]:
    rows = tables[table.name].select(key.columns)
    places = dangling_rows(rows, key, tables)
    if places:
        lost = sorted({tuple(map(str, row.values())) for row in rows.take(pa.array(places)).to_pylist()})
        yield f"{table.name}: {len(lost)} rows point to no row of {key.table}, such as {', '.join(lost[0])}"


def dangling_rows(rows: pa.Table, key: ForeignKey, tables: Mapping[str, pa.Table]) -> list[int]:
    """Places of the rows whose foreign key, of one column or several, has all its values and stands nowhere."""
    known = tables[key.table]
    pairs = zip((rows[name] for name in key.columns), (known[name] for name in key.reference), strict=True)
    # Both sides numbered together: a join of Arrow's takes some ten times the memory.
    codes = [codes_of(pa.chunked_array([*own.chunks, *other.chunks], own.type))[0] for own, other in pairs]
    code, whole = combine(*codes), np.logical_and.reduce([each >= 0 for each in codes])
    own, other = code[: len(rows)], code[len(rows) :]
    places: list[int] = np.flatnonzero(whole[: len(rows)] & ~np.isin(own, other)).tolist()
    return places


def _counts(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    """Counts that are stored must be those that can be counted."""
    for table, key, column, counted in (
        ("documents", "document_id", "collection_count", "memberships"),
        ("collections", "collection_id", "observed_total", "memberships"),
    ):
        counts = _counts_of(tables[table][key], tables[counted][key])
        wrong = pc.sum(pc.not_equal(tables[table][column], pc.fill_null(counts, 0))).as_py()
        if wrong:
            yield f"{table}.{column}: {wrong} rows differ from the count of {counted}"
    counts = _counts_of(tables["pages"]["page_id"], tables["entries"]["page_id"])
    wrong = pc.sum(pc.not_equal(tables["pages"]["entry_count"], counts)).as_py()
    if wrong:
        yield f"pages.entry_count: {wrong} rows differ from the count of entries"


def _counts_of(keys: pa.ChunkedArray, counted: pa.ChunkedArray) -> pa.ChunkedArray:
    """How often each key stands in a column; null where it does not."""
    found = pc.value_counts(counted)
    return found.field("counts").take(pc.index_in(keys, value_set=found.field("values")))


def _count_distinct(rows: pa.Table, columns: tuple[str, ...]) -> int:
    """How many combinations of values there are."""
    return len(np.unique(combine(*(codes_of(rows[name])[0] for name in columns))))
