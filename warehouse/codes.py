"""Numbers in place of values: what is the same has the same number, so that whole columns are compared at once."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def codes_of(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """A number for each distinct value, null being -1, and the values."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # a column without chunks
        encoded = pa.array([], column.type).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary


def ranks_of(texts: pa.Array) -> Ints:
    """Place of each text among the distinct ones, sorted, from 0."""
    ranks: Ints = pc.rank(texts, "ascending", tiebreaker="dense").to_numpy().astype(np.int64)
    return ranks - 1


def combine(*columns: Ints) -> Ints:
    """A number for each distinct combination, in order of first sight; a column has no number below -1."""
    code = columns[0]
    for column in columns[1:]:
        code = pd.factorize(code * (int(column.max(initial=0)) + 2) + column + 1)[0].astype(np.int64)
    return code


def extremes(groups: Ints, numbers: Ints, count: int) -> tuple[Ints, Ints]:
    """The least and the greatest number of each group, -1 not counted; without any the greatest is below the least."""
    there = numbers >= 0
    least, greatest = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(least, groups[there], numbers[there])
    np.maximum.at(greatest, groups[there], numbers[there])
    return least, greatest
