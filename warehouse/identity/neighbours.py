"""Which contents are near each other: neighbours within sorted blocks, so that the cost grows with their number.

The sorted neighbourhood method (Hernández and Stolfo 1995), in four orders, and likeness as rapidfuzz measures it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from warehouse.identity.nodes import Content, Ints

_WINDOW = 4
"""Neighbours that each content is compared with, in each order."""


def find_neighbours(codes: Ints, contents: Sequence[Content], ties: tuple[Ints, ...]) -> tuple[Ints, Ints]:
    """Pairs of places in `codes` that are near each other in a sorted block and whose dates do not contradict.

    `ties` settles the order of what is equal, the strongest last.
    """
    dates, titles, summaries = (
        _sorted_codes([getattr(content, part) for content in contents], codes)
        for part in ("plain_date", "plain_title", "plain_summary")
    )
    found: list[Ints] = []
    count = len(codes)
    for block, *order in (
        (titles, dates, summaries),
        (titles, summaries, dates),
        (summaries, dates, titles),
        (dates, titles, summaries),
    ):
        sorted_places = np.lexsort((*ties, *reversed(order), block))
        block_codes = block[sorted_places]
        for step in range(1, min(_WINDOW, count - 1) + 1):
            same = (block_codes[:-step] == block_codes[step:]) & (block_codes[step:] >= 0)
            one, other = sorted_places[:-step][same], sorted_places[step:][same]
            found.append(np.minimum(one, other) * count + np.maximum(one, other))
    pairs = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
    left, right = pairs // max(count, 1), pairs % max(count, 1)
    agree = (dates[left] == dates[right]) | (dates[left] < 0) | (dates[right] < 0)
    return left[agree], right[agree]


def text_order(contents: Sequence[Content]) -> Ints:
    """Place of each content among all, sorted by their texts."""
    ranks = np.empty(len(contents), np.int64)
    texts = [(content.date or "", content.title or "", content.summary or "") for content in contents]
    ranks[sorted(range(len(contents)), key=texts.__getitem__)] = np.arange(len(contents))
    return ranks


def _sorted_codes(texts: list[str], codes: Ints) -> Ints:
    """A number for each text that keeps their order; -1 for the empty text."""
    ranks = {text: rank for rank, text in enumerate(sorted(set(texts) - {""}))}
    return np.array([ranks.get(text, -1) for text in texts], np.int64)[codes]


def likeness(texts: list[str], left: Ints, right: Ints, least: int) -> npt.NDArray[np.float32]:
    """Likeness of pairs of texts, of 100; 0 below `least`."""
    if not len(left):
        return np.empty(0, np.float32)
    ours, theirs = [texts[place] for place in left], [texts[place] for place in right]
    return cpdist(ours, theirs, scorer=fuzz.ratio, score_cutoff=least)
