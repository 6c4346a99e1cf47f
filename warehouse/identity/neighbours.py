"""Which contents are near each other: neighbours within sorted blocks, so that the cost grows with their number.

The sorted neighbourhood method (Hernández and Stolfo 1995), in four orders, and similarity as rapidfuzz measures it.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from warehouse.codes import Floats, Ints

MAX_COMPARED = 10_000
"""Characters of each text: comparing takes the product of the lengths, and the longest summary seen has 3,000."""

_WINDOW = 4
"""Neighbours that each content is compared with, in each order."""

_BATCH = 1024
"""Pairs whose texts are strings of Python's at a time."""


def find_neighbours(dates: Ints, titles: Ints, summaries: Ints) -> tuple[Ints, Ints]:
    """Pairs of places that are near each other in a sorted block and whose dates do not contradict.

    Given are ranks, -1 for what is absent; what has equal ones stays in the order given.
    """
    found: list[Ints] = []
    count = len(dates)
    for block, *order in (
        (titles, dates, summaries),
        (titles, summaries, dates),
        (summaries, dates, titles),
        (dates, titles, summaries),
    ):
        sorted_places = np.lexsort((*reversed(order), block))
        block_codes = block[sorted_places]
        for step in range(1, min(_WINDOW, count - 1) + 1):
            same = (block_codes[:-step] == block_codes[step:]) & (block_codes[step:] >= 0)
            one, other = sorted_places[:-step][same], sorted_places[step:][same]
            found.append(np.minimum(one, other) * count + np.maximum(one, other))
    pairs = np.sort(np.concatenate([np.empty(0, np.int64), *found]))
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # each once; `np.unique`, which hashes, takes much longer
    left, right = pairs // max(count, 1), pairs % max(count, 1)
    agree = (dates[left] == dates[right]) | (dates[left] < 0) | (dates[right] < 0)
    return left[agree], right[agree]


def similarity(texts: pa.Array, left: Ints, right: Ints, least: int) -> Floats:
    """Similarity of pairs of texts, of 100; 0 below `least`. Of long texts, their beginnings are compared.

    Args:
        texts: Each once.
        left: Places of texts, one of each pair.
        right: Places of the others.
        least: From 0 to 100.
    """
    scores = [np.empty(0)]
    for start in range(0, len(left), _BATCH):
        sides = (texts.take(pa.array(places[start : start + _BATCH])) for places in (left, right))
        ours, theirs = (pc.utf8_slice_codeunits(side, 0, MAX_COMPARED).to_pylist() for side in sides)
        scores.append(cpdist(ours, theirs, scorer=fuzz.ratio, score_cutoff=least).astype(np.float64))
    return np.concatenate(scores)
