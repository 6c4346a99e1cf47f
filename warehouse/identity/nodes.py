"""What identity compares: distinct contents, and nodes, which need no rule to be one document.

All is done on codes, a number for each distinct text; what needs Python is done once for each distinct value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.dates import read_date
from schemas.identifiers import stable_id
from warehouse.identity.wording import normalise

Ints = npt.NDArray[np.int64]

_NUMERIC_ADDRESS = r"/document/[0-9]+$"


@dataclass(frozen=True, slots=True)
class Content:
    """A distinct date, title and summary, and what is compared of it."""

    date: str | None
    title: str | None
    summary: str | None
    plain_date: str
    plain_title: str
    plain_summary: str

    @property
    def plain(self) -> tuple[str, str, str]:
        """All of it, normalised."""
        return self.plain_date, self.plain_title, self.plain_summary

    @property
    def text(self) -> tuple[str, str]:
        """Title and summary, normalised."""
        return self.plain_title, self.plain_summary

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much it tells: parts that are there, then length."""
        parts = (self.date is not None) + (self.title is not None) + (self.summary is not None)
        return parts, len(self.summary or ""), len(self.title or "")


@dataclass(frozen=True, slots=True)
class Nodes:
    """What needs no rule to be one document.

    Attributes:
        of_entry: Node of each entry.
        keys: Natural key of each node.
        slugs: Present-day address of each node, if it has one.
        addressed: Whether each node has an address of any kind.
        repeated: Whether each node is an equal block, other than the first, of a page.
        contents: Content codes of each node; one, unless an address shows several.
    """

    of_entry: Ints
    keys: list[str]
    slugs: list[str | None]
    addressed: list[bool]
    repeated: list[bool]
    contents: list[list[int]]


def find_contents(entries: pa.Table) -> tuple[Ints, list[Content]]:
    """The content of each entry, as a number, and the distinct contents."""
    parts = [codes_of(entries[name]) for name in ("date_text", "title", "summary")]
    code = _group(*(codes for codes, _ in parts))
    first = np.unique(code, return_index=True)[1]
    values = [dictionary.to_pylist() for _, dictionary in parts]
    plain = [
        [_plain_date(value) for value in values[0]],
        [normalise(value) for value in values[1]],
        [normalise(value) for value in values[2]],
    ]
    for texts, plains in zip(values, plain, strict=True):
        texts.append(None)  # what code -1 finds
        plains.append("")
    at = [codes[first].tolist() for codes, _ in parts]
    columns = [map(texts.__getitem__, codes) for kind in (values, plain) for texts, codes in zip(kind, at, strict=True)]
    return code, list(map(Content, *columns))


def _plain_date(text: str) -> str:
    """What a date means, whatever way it is written; empty where the text says that there is none."""
    reading = read_date(text)
    return normalise(text) if reading is None else reading.edtf or ""


def find_nodes(urls: pa.ChunkedArray, page: Ints, position: Ints, content: Ints, contents: list[Content]) -> Nodes:
    """The nodes of entries, given the codes of their pages and contents: one for each address, and each equal block."""
    url_codes, url_values = codes_of(urls)
    addressed = url_codes >= 0
    ordinal = _ordinals(page, position, content, addressed)
    node = _group(addressed.astype(np.int64), np.where(addressed, url_codes, content), ordinal)
    first = np.unique(node, return_index=True)[1]
    slugs = pc.invert(pc.match_substring_regex(url_values, _NUMERIC_ADDRESS)).to_pylist()
    addresses = url_values.to_pylist()
    keys: list[str] = []
    present: list[str | None] = []
    for url, shown, number in zip(
        url_codes[first].tolist(), content[first].tolist(), ordinal[first].tolist(), strict=True
    ):
        if url >= 0:
            keys.append("address:" + addresses[url])
            present.append(addresses[url] if slugs[url] else None)
        else:
            which = contents[shown]
            keys.append("content:" + stable_id(which.date, which.title, which.summary, str(number)))
            present.append(None)
    variants: list[list[int]] = [[] for _ in keys]
    distinct = pd.DataFrame({"node": node, "content": content}).drop_duplicates()
    for owner, variant in zip(distinct["node"].tolist(), distinct["content"].tolist(), strict=True):
        variants[owner].append(variant)
    return Nodes(
        of_entry=node,
        keys=keys,
        slugs=present,
        addressed=addressed[first].tolist(),
        repeated=(ordinal[first] > 0).tolist(),
        contents=variants,
    )


def _ordinals(page: Ints, position: Ints, content: Ints, addressed: npt.NDArray[np.bool_]) -> Ints:
    """Place of each block without an address among the equals of its page, from 0."""
    frame = pd.DataFrame({"page": page, "content": content, "position": position})[~addressed]
    counted = frame.sort_values(["page", "position"]).groupby(["page", "content"], sort=False).cumcount()
    ordinal = np.zeros(len(page), np.int64)
    ordinal[counted.index.to_numpy()] = counted.to_numpy()
    return ordinal


def pages_of(node: Ints, page: Ints, count: int) -> Callable[[int], frozenset[int]]:
    """A function that tells the pages on which a node stands."""
    order = np.argsort(node, kind="stable")
    bounds = np.searchsorted(node[order], np.arange(count + 1))
    pages = page[order]
    return lambda which: frozenset(pages[bounds[which] : bounds[which + 1]].tolist())


def dates_of(nodes: Nodes, contents: Sequence[Content]) -> list[str | None]:
    """The one date of each node; null if it has none, or if listings of one address differ."""
    dates = []
    for variants in nodes.contents:
        found = {contents[variant].plain_date for variant in variants} - {""}
        dates.append(found.pop() if len(found) == 1 else None)
    return dates


def codes_of(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """A number for each distinct value, null being -1, and the values."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # a column without chunks
        encoded = pa.array([], column.type).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary


def _group(*columns: Ints) -> Ints:
    """A number for each distinct combination, in order of first sight."""
    code = columns[0]
    for column in columns[1:]:
        code = pd.factorize(code)[0] * (int(column.max(initial=0)) + 2) + column + 1
    return pd.factorize(code)[0].astype(np.int64)
