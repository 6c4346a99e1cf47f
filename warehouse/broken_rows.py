"""Rows that break a rule of our own tables are set aside with an issue each, so that the rest is published."""

import json
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns import Table
from schemas.errors import CheckError
from schemas.identifiers import stable_id
from schemas.issues import BROKEN_ROW
from schemas.tables import TABLES
from warehouse.checks import dangling_rows, table_problems

_MAX_QUOTE = 500
_MAX_ROUNDS = 10  # a row that is set aside can leave others pointing nowhere; no chain of our tables is as long

_Tables = dict[str, pa.Table]


def set_aside_broken_rows(tables: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
    """The tables without the rows that break a rule of their schemas, and with an issue for each.

    Tables that are sound are given as they are.

    Args:
        tables: By name; all of `schemas.tables.TABLES`, with the columns that their schemas state.

    Raises:
        CheckError: They break a rule for which no row can be blamed.
    """
    if not table_problems(tables):
        return tables
    sound = _without_broken_rows(tables)
    if problems := table_problems(sound):
        raise CheckError(problems)
    return sound


def _without_broken_rows(tables: Mapping[str, pa.Table]) -> _Tables:
    sound = dict(tables)
    issues: list[dict[str, object]] = []
    for _ in range(_MAX_ROUNDS):
        found = [issue for name in TABLES for issue in _set_aside(name, sound)]
        issues += found
        if not found:
            break
    runs = tables["runs"]["run_id"].to_pylist()
    if issues and runs and sound["runs"].num_rows:
        run_id = max(sound["runs"]["run_id"].to_pylist())
        made = pa.Table.from_pylist([{**issue, "run_id": run_id} for issue in issues], sound["issues"].schema)
        sound["issues"] = _ordered(TABLES["issues"], pa.concat_tables([sound["issues"], made]))
    return _recounted(sound)


def _set_aside(name: str, tables: _Tables) -> Iterator[dict[str, object]]:
    """Take the broken rows out of one table; gives the issue of each."""
    table, rows = TABLES[name], tables[name]
    reasons = dict(sorted([*_dangling(table, tables), *_broken(table, rows)], reverse=True))
    if not reasons:
        return
    for place, reason in sorted(reasons.items()):
        row = {key: value for key, value in rows.slice(place, 1).to_pylist()[0].items() if value is not None}
        shown = json.dumps(row, ensure_ascii=False, default=str)
        message = f"a row of the table {name} was set aside: {reason}"
        found = shown if len(shown) <= _MAX_QUOTE else shown[: _MAX_QUOTE - 1] + "…"
        yield {
            "issue_id": stable_id(BROKEN_ROW.name, name, reason, shown, str(place)),
            "level": BROKEN_ROW.level,
            "kind": BROKEN_ROW.name,
            "message": message,
            "found": found,
        }
    kept = [place for place in range(rows.num_rows) if place not in reasons]
    tables[name] = rows.take(pa.array(kept, pa.int64()))


def _broken(table: Table, rows: pa.Table) -> Iterator[tuple[int, str]]:
    """Places of rows with a value that may not be, or that repeat a key; and why."""
    for column in (each for each in table.columns if each.name in rows.column_names):  # large ones are not here
        values = rows[column.name]
        if not column.nullable and values.null_count:
            yield from ((place, f"{column.name} is absent") for place in _places(pc.is_null(values)))
        if column.type == "string":
            yield from ((place, f"{column.name} is an empty text") for place in _places(pc.equal(values, "")))
        if column.allowed:
            listed = pc.is_in(values, value_set=pa.array([*column.allowed], pa.string()))
            unlisted = pc.and_(pc.invert(listed), pc.is_valid(values))
            yield from ((place, f"{column.name} has a value that is none of its own") for place in _places(unlisted))
    met: set[tuple[object, ...]] = set()
    for place, key in enumerate(zip(*(rows[name].to_pylist() for name in table.key), strict=True)):
        if key in met:
            yield place, f"another has the same key ({', '.join(table.key)})"
        met.add(key)


def _dangling(table: Table, tables: _Tables) -> Iterator[tuple[int, str]]:
    for key in table.foreign_keys:
        for place in dangling_rows(tables[table.name], key, tables):
            yield place, f"{', '.join(key.columns)} points to no row of {key.table}"


def _places(mask: pa.ChunkedArray) -> list[int]:
    places: list[int] = pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()
    return places


def _recounted(tables: _Tables) -> _Tables:
    """The tables with the counts that are stored as they are now."""
    for name, key, column, counted in (
        ("documents", "document_id", "collection_count", "memberships"),
        ("collections", "collection_id", "observed_total", "memberships"),
    ):
        tables[name] = _with_counts(tables[name], key, column, tables[counted], absent=0)
    tables["pages"] = _with_counts(tables["pages"], "page_id", "entry_count", tables["entries"], absent=None)
    collections = tables["collections"]
    totals = zip(collections["observed_total"].to_pylist(), collections["reported_total"].to_pylist(), strict=True)
    coverage = [None if of is None else 1.0 if of == 0 else seen / of for seen, of in totals]
    tables["collections"] = _replaced(collections, "coverage", coverage)
    return tables


def _with_counts(table: pa.Table, key: str, column: str, counted: pa.Table, *, absent: int | None) -> pa.Table:
    """A table with how often each key stands in another; where it does not, `absent`, or what was there."""
    counts = {row["values"]: row["counts"] for row in pc.value_counts(counted[key].combine_chunks()).to_pylist()}
    rows = zip(table[key].to_pylist(), table[column].to_pylist(), strict=True)
    return _replaced(table, column, [counts.get(value, former if absent is None else absent) for value, former in rows])


def _replaced(table: pa.Table, column: str, values: list[object] | list[float | None]) -> pa.Table:
    field = table.schema.field(column)
    return table.set_column(table.schema.get_field_index(column), field, pa.array(values, field.type))


def _ordered(table: Table, rows: pa.Table) -> pa.Table:
    return rows.sort_by([(column, "ascending") for column in (*table.order, *table.key)])
