"""Grouping, sorting and looking up rows of frames whose columns are Arrow's.

Arrow does it in place; pandas would first make a number of each text, column by column, at some ten times the cost.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.codes import Ints, codes_of, combine


def where(frame: pd.DataFrame, mask: "pd.Series[bool]") -> pd.DataFrame:
    """The rows that a mask marks; the frame itself if that is all of them, since texts take memory."""
    rows: pd.DataFrame = frame if bool(mask.all()) else frame[mask]
    return rows


def group(frame: pd.DataFrame, by: list[str], **aggregates: tuple[str, str]) -> pd.DataFrame:
    """One row for each group, in order of first sight, with the key and each aggregate (a column, a function of Arrow).

    Nulls are a key of their own, and do not count among the values.
    """
    table = _table(frame, [*by, *(column for column, _ in aggregates.values())])
    # One thread keeps the order of rows, on which `first` and `last` depend.
    groups = table.group_by(by, use_threads=False).aggregate([*aggregates.values()])
    names = [*by, *(f"{column}_{function}" for column, function in aggregates.values())]
    return _frame(groups.select(names).rename_columns([*by, *aggregates]))


def count(frame: pd.DataFrame, by: list[str], name: str) -> pd.DataFrame:
    """How many rows each group has; nulls are a key of their own."""
    groups = _table(frame, by).group_by(by, use_threads=False).aggregate([([], "count_all")])
    return _frame(groups.rename_columns([*by, name]))


def sort(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows sorted by columns, nulls first; equal ones stay in their order."""
    keys = [(column, "ascending", "at_start") for column in by]
    order = pc.sort_indices(_table(frame, by), sort_keys=keys).to_numpy()
    ordered = frame if np.array_equal(order, np.arange(len(order))) else frame.take(order)
    return ordered.reset_index(drop=True)


def number(frame: pd.DataFrame, by: list[str]) -> Ints:
    """A number for each distinct combination of values, in order of first sight."""
    return combine(*(codes_of(column)[0] for column in _table(frame, by).columns))


def ordinal(frame: pd.DataFrame, by: list[str]) -> Ints:
    """Place of each row among those with the same values, from 0."""
    codes = number(frame, by)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-2))
    places = np.arange(len(codes))
    ordinals = np.empty(len(codes), np.int64)
    ordinals[order] = places - np.repeat(places[starts], np.diff(np.append(starts, len(codes))))
    return ordinals


def look_up(frame: pd.DataFrame, other: pd.DataFrame, on: str) -> pd.DataFrame:
    """The rows of a frame with the columns of another, in which each value stands once; null where it does not stand.

    Null is a value like others.
    """
    place = pc.index_in(_array(frame[on]), value_set=_array(other[on]))
    columns = [str(column) for column in other.columns if column != on]
    found = {column: _series(_array(other[column]).take(place)) for column in columns}
    return frame.assign(**{column: values.array for column, values in found.items()})


def _array(column: "pd.Series[Any]") -> pa.Array:
    """A column as one piece."""
    array = pa.array(column, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _series(array: pa.Array) -> "pd.Series[Any]":
    return pd.Series(array, dtype=pd.ArrowDtype(array.type))


def _table(frame: pd.DataFrame, columns: list[str]) -> pa.Table:
    table = pa.table({column: pa.array(frame[column], from_pandas=True) for column in dict.fromkeys(columns)})
    return table.unify_dictionaries()


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
